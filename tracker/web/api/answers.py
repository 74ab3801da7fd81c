"""Answers that are problems, whatever it was that went wrong, and wherever."""

import logging
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request

from tracker.domain.errors import TrackerError
from tracker.web.api.amiss import Amiss
from tracker.web.api.languages import language_of
from tracker.web.api.problems import MEDIA, Problem, Said, of_status, said_of

LOG = logging.getLogger("tracker.web.api")


def answer_of(said: Said, request: Request, base_url: str) -> JSONResponse:
    """Return a problem in the language that was asked for."""
    language = getattr(getattr(request.state, "caller", None), "language", None) or language_of(request)
    document = said.document(base_url.rstrip("/"), language, request.url.path)
    headers = {**said.headers, "Content-Language": language}
    return JSONResponse(document, said.status, headers=headers, media_type=MEDIA)


def said_by(request: Request, error: Exception) -> Said:
    """Return the problem of whatever went wrong with a request."""
    rule = getattr(request.state, "rule", None)
    match error:
        case Problem():
            return error.said
        case TrackerError():
            decided = getattr(request.state, "seen", None) is not None
            said = said_of(error, changing=bool(rule and rule.writes), decided=decided)
            if said.status == 500:
                LOG.error("%s %s: %s", request.method, request.url.path, error)
            return said
        case RequestValidationError():
            return _invalid(error)
        case HTTPException():
            found = of_status(error.status_code)
            headers = {name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"}
            return Said(found.code, found.status, headers=headers)
    return Said("internal", 500)


def _invalid(error: RequestValidationError) -> Said:
    """Return what is wrong with a request: the address is of nothing, a parameter or the body is not understood."""
    found: list[dict[str, Any]] = []
    places = set()
    for one in error.errors():
        place, *rest = one["loc"]
        places.add(place)
        found.append({"in": str(place), "name": ".".join(map(str, rest)), "detail": Amiss.of(one)})
    if "path" in places:
        return Said("not-found", 404)
    if "body" in places:
        return Said("invalid", 422, more={"errors": found})
    return Said("bad-parameter", 400, more={"errors": found})
