"""Warmth: the first pages, asked for before anybody does: nobody waits for what is read, counted and built once."""

import asyncio
import re
from collections.abc import MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from fastapi import FastAPI

from tracker.domain.errors import TrackerError
from tracker.domain.scope import EVERYTHING
from tracker.domain.text import LANGUAGES
from tracker.settings import Settings
from tracker.views import Store
from tracker.web.desk import Desk, Viewer
from tracker.web.pages import agencies, assignment, today, work

PATHS = ("/", "/tasks", "/heatmap", "/agencies")
_A_TASK = re.compile(r'href="(/tasks/[^"?]+)"')


def warm(store: Store, settings: Settings) -> int:
    """Ask for the first pages as somebody who sees everything, and return how many could be shown.

    What cannot be shown yet, without a registry or a database, is left to whoever asks for it.
    """
    overseer = Viewer("", "", "auditor:", "auditor", None, LANGUAGES[0], EVERYTHING, "")
    desk = Desk(store, settings, lambda _: overseer)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    for area in (today, work, agencies, assignment):
        app.include_router(area.routes(desk))
    pages = [_asked(app, path, f"lang={language}") for language in LANGUAGES for path in PATHS]
    if found := _A_TASK.search(pages[0] + pages[1]):
        pages.append(_asked(app, found[1]))
    return sum(map(bool, pages))


def _asked(app: FastAPI, path: str, query: str = "") -> str:
    said = bytearray()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        said.extend(message.get("body", b""))

    scope: dict[str, Any] = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET"}
    scope |= {"scheme": "http", "root_path": "", "headers": []}
    scope |= {"path": path, "raw_path": path.encode(), "query_string": query.encode()}
    with suppress(TrackerError), ThreadPoolExecutor(1) as own:  # a server makes its app within a loop of its own
        own.submit(asyncio.run, app(scope, receive, send)).result()
        return said.decode()
    return ""
