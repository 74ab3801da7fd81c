"""The page behind a mail's links: GET shows and changes nothing, POST acts once.

It needs the token in its body and the stamp of a page of ours. There is no session, no cookie and no script.
"""

import asyncio
from datetime import date
from functools import partial
from urllib.parse import parse_qs

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from tracker import clock
from tracker.domain.errors import NotFound, Refused
from tracker.notify.notice import LANGUAGES
from tracker.operations.acting import Sight, act, instant_of, look
from tracker.operations.links import Keys, keys_of
from tracker.settings import Settings
from tracker.views import Store
from tracker.web.page import task_page

BODY_LIMIT = 4096
BODY_SECONDS = 10
FORM = "application/x-www-form-urlencoded"


class LinkDesk:
    """Answers those who come through a link of a mail."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store, self.settings = store, settings

    def show(self, token: str, lang: str | None = None) -> Response:
        """Return the page behind a link."""
        return self._page(token, _language(lang))

    async def do(self, request: Request) -> Response:
        """Do what a link says, and return the receipt."""
        if not _is_own(request):
            raise HTTPException(403, "stale")
        form = _form(await _body(request))
        return await run_in_threadpool(self._act, form)

    def _act(self, form: dict[str, str]) -> Response:
        token, keys = form.get("token", ""), self._keys()
        at = instant_of(self.store.position(), clock.now())
        if not keys.are_of_page(form.get("page", ""), token, at=at):
            raise HTTPException(403, "stale")
        language = _language(form.get("lang"))
        try:
            act(self.store, token, keys=keys, until=_day(form.get("until")), at=at)
        except NotFound:
            raise
        except Refused as error:
            return self._page(token, language, refused=error.code, status=409)
        return self._page(token, language)

    def _page(self, token: str, language: str | None, *, refused: str | None = None, status: int = 200) -> Response:
        keys = self._keys()
        sight = look(self.store, token, keys=keys, settings=self.settings, language=language, at=clock.now())
        return HTMLResponse(self._rendered(sight, token, keys, refused), status)

    def _rendered(self, sight: Sight, token: str, keys: Keys, refused: str | None) -> str:
        stamp = partial(keys.stamp, at=sight.at)
        return task_page(sight, here=token, stamp=stamp, refused=refused)

    def _keys(self) -> Keys:
        keys = keys_of(self.store, self.settings)  # each time: a key that was taken away is accepted no more
        if keys is None:
            raise NotFound("no secret was made here", code="dead-link")
        return keys


async def _body(request: Request) -> bytes:
    """Return the body of a form; 413 for a long one, 408 for a slow one, 415 for anything else."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise HTTPException(415, "stale")
    body = b""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > BODY_LIMIT:
                    raise HTTPException(413, "stale")
    except TimeoutError:
        raise HTTPException(408, "stale") from None
    return body


def _form(body: bytes) -> dict[str, str]:
    """Return the fields of a form; none of one that cannot be read or says a thing twice."""
    try:
        found = parse_qs(body.decode("ascii"), keep_blank_values=True, strict_parsing=True, max_num_fields=8)
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items() if len(values) == 1}


def _is_own(request: Request) -> bool:
    """Return whether a form was sent by a page of ours, as far as the browser says where it comes from."""
    return request.headers.get("sec-fetch-site", "same-origin") == "same-origin"


def _language(said: str | None) -> str | None:
    return said if said in LANGUAGES else None


def _day(said: str | None) -> date | None:
    try:
        return date.fromisoformat(said) if said and len(said) == len("2025-08-31") else None
    except ValueError:
        return None
