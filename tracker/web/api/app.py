"""The API of a store: an app of its own, so that whatever goes wrong in it is told as a problem, never as a page."""

from collections.abc import Callable
from functools import partial

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
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
    hooks,
    reminders,
    reports,
    tasks,
)
from tracker.web.api.answers import answer_of, said_by
from tracker.web.api.counter import Counter
from tracker.web.api.description import describe
from tracker.web.api.door import Door
from tracker.web.api.problems import Problem
from tracker.web.desk import Desk

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
    hooks.add_to,
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
        api.add_exception_handler(trouble, partial(_answer, counter))
    return api


async def _answer(counter: Counter, request: Request, error: Exception) -> Response:
    return answer_of(said_by(request, error), request, counter.settings.base_url)
