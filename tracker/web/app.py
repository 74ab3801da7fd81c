"""The app: every page of a store, the page behind a mail's links, and what says whether the tracker is at work.

GET shows and changes nothing, as often as scanners and previews like; POST acts.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from fastapi import APIRouter, Depends, FastAPI, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, PlainTextResponse
from starlette.exceptions import HTTPException

from tracker.domain.errors import TrackerError
from tracker.operations.evidence import evidence_folder
from tracker.operations.links import keys_of
from tracker.settings import Settings
from tracker.views import Store
from tracker.web.api.app import PREFIX as API
from tracker.web.api.app import create_api
from tracker.web.desk import Desk, ViewerOf
from tracker.web.doorman import Doorman
from tracker.web.guard import Guard, Limits
from tracker.web.intake import Intake
from tracker.web.links import LinkDesk
from tracker.web.pages import (
    about,
    account,
    admin,
    admin_accounts,
    agencies,
    assignment,
    author,
    calendar,
    directives,
    extension,
    history,
    history_audit,
    login,
    programs,
    reminders,
    report,
    reports,
    reviews,
    sign_on,
    today,
    work,
)
from tracker.web.paper import assets
from tracker.web.sorry import Sorry
from tracker.web.vitals import Counted, Vitals

FILES = {"/style.css": "text/css", "/icon.svg": "image/svg+xml"}
READ = ["GET", "HEAD"]
# every area: a function that takes the desk and returns its router
AREAS: tuple[Callable[[Desk], APIRouter], ...] = (
    today.routes,
    work.routes,
    agencies.routes,
    about.routes,
    login.routes,
    sign_on.routes,
    account.routes,
    admin_accounts.routes,
    reminders.routes,
    history_audit.routes,
    history.routes,
    calendar.routes,
    reports.routes,
    admin.routes,
    assignment.routes,
    extension.routes,
    report.routes,
    reviews.routes,
    directives.routes,
    author.routes,
    programs.routes,
)


def create_app(
    store: Store, settings: Settings, limits: Limits | None = None, viewer_of: ViewerOf | None = None
) -> Guard:
    """Return the app of a store; the secret that signs links is made where there is none.

    `viewer_of` says who sends a request, where that is not for the sessions to say.
    """
    keys_of(store, settings, make=True)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    desk = Desk(store, settings, viewer_of or Doorman(store, settings))
    links = LinkDesk(store, settings)
    app.add_api_route("/l/{token}", links.show, methods=READ, response_class=HTMLResponse)
    app.add_api_route("/l", links.do, methods=["POST"], response_class=HTMLResponse)
    vitals = Vitals(store, settings)
    app.add_api_route("/healthz", vitals.health, methods=READ)
    app.add_api_route("/readyz", vitals.ready, methods=READ)
    app.add_api_route("/metrics", vitals.metrics, methods=READ)
    app.add_api_route("/static/{name}", _static, methods=READ)
    for path, kind in FILES.items():
        app.add_api_route(path, partial(_file, Path(__file__).parent / path[1:], kind), methods=READ)
    app.add_api_route("/robots.txt", _robots, methods=READ)
    for area in AREAS:
        app.include_router(area(desk), dependencies=[Depends(desk.guard)])
    app.mount(API, create_api(desk))
    for trouble in (HTTPException, TrackerError, RequestValidationError, Exception):
        app.add_exception_handler(trouble, Sorry(desk))
    # outermost, so that an answer to what went wrong carries the headers too
    taking = Intake(app, files=evidence_folder(settings).limit)
    return Guard(Counted(taking, vitals), limits=limits or Limits(), https=settings.base_url.startswith("https://"))


def _static(name: str, v: str = "") -> Response:
    """Return a file of the static folder; asked for by its hash, it may be kept for ever."""
    found = assets().get(name)
    if found is None:
        raise HTTPException(404)
    kept = "public, max-age=31536000, immutable" if v == found.mark else "no-cache"
    return Response(found.content, media_type=found.kind, headers={"Cache-Control": kept, "ETag": f'"{found.mark}"'})


def _file(path: Path, kind: str) -> Response:
    return Response(path.read_bytes(), media_type=kind, headers={"Cache-Control": "max-age=3600"})


def _robots() -> Response:
    return PlainTextResponse("User-agent: *\nDisallow: /\n")
