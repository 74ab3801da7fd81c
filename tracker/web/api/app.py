"""The API of a store: an app of its own, so that whatever goes wrong in it is told as a problem, never as a page."""

import logging
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from tracker.domain.errors import TrackerError
from tracker.web.api import (
    agencies,
    calendar,
    decisions,
    deputies,
    directives,
    entries,
    evidence,
    reminders,
    reports,
    tasks,
)
from tracker.web.api.counter import Counter, language_of
from tracker.web.api.description import describe
from tracker.web.api.door import Door
from tracker.web.api.problems import MEDIA, Problem, Said, of_status, said_of
from tracker.web.desk import Desk

LOG = logging.getLogger("tracker.web.api")
PREFIX = "/api/v1"
NOUNS: tuple[Callable[[APIRouter, Counter], None], ...] = (
    directives.add_to,
    tasks.add_to,
    decisions.add_to,
    evidence.add_to,
    agencies.add_to,
    deputies.add_to,
    calendar.add_to,
    reminders.add_to,
    entries.add_to,
    reports.add_to,
)


def create_api(desk: Desk) -> FastAPI:
    """Return the API of a desk."""
    counter = Counter(desk)
    api = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    router = APIRouter(route_class=type("DoorOfStore", (Door,), {"counter": counter}))
    for add_to in NOUNS:
        add_to(router, counter)
    api.include_router(router)
    describe(api, router, counter)
    for trouble in (Problem, HTTPException, TrackerError, RequestValidationError, Exception):
        api.add_exception_handler(trouble, Troubles(counter))
    return api


class Troubles:
    """Turns what was raised into a problem."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter

    async def __call__(self, request: Request, error: Exception) -> Response:
        """Return the problem of an error, in the language that was asked for."""
        said = _said(request, error)
        language = getattr(getattr(request.state, "caller", None), "language", None) or language_of(request)
        document = said.document(self.counter.settings.base_url.rstrip("/"), language, request.url.path)
        headers = {**said.headers, "Content-Language": language}
        return JSONResponse(document, said.status, headers=headers, media_type=MEDIA)


def _said(request: Request, error: Exception) -> Said:
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
        found.append({"in": str(place), "name": ".".join(map(str, rest)), "detail": one["msg"]})
    if "path" in places:
        return Said("not-found", 404)
    if "body" in places:
        return Said("invalid", 422, more={"errors": found})
    return Said("bad-parameter", 400, more={"errors": found})
