"""What is said when a page cannot be shown or a form was not taken: what happened, and what to do now.

To whom is logged in, in their language; to anybody else in all of them, and never why a link is dead.
"""

import logging
from dataclasses import dataclass

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from tracker.domain.errors import Broken, Conflict, Invalid, NotFound, Refused, TrackerError, TryLater
from tracker.notify.tongue import catalogue
from tracker.web.api.answers import answer_of, said_by
from tracker.web.desk import Desk
from tracker.web.doorman import API, Doorman
from tracker.web.forms import form_of
from tracker.web.page import problem_page
from tracker.web.pages.login import log_in_page
from tracker.web.refusals import why_not
from tracker.web.tokens import N_
from tracker.web.typed import Typed

LOG = logging.getLogger("tracker.web")
STATUSES: tuple[tuple[type[TrackerError], int], ...] = (
    (NotFound, 404),
    (Refused, 409),
    (Conflict, 409),
    (Invalid, 400),
    (TryLater, 503),
    (Broken, 500),
)
# a heading and what to do, by status
SAID = {
    400: (N_("This request cannot be understood"), N_("Please check the address, or what you typed, and try again.")),
    403: (N_("This is not for your account"), N_("Nothing was recorded. Ask the secretariat if you need it.")),
    404: (N_("There is no such page"), N_("Check the address. What you may not see is not shown here either.")),
    405: (N_("This is not possible here"), N_("Please go back and use the buttons of the page.")),
    409: (
        N_("Nothing was recorded"),
        N_("Somebody changed this before you, or it can no longer be done. Open the page again and look."),
    ),
    413: (N_("This is too big"), N_("Nothing was recorded. Please send a smaller file.")),
    422: (N_("Something is missing or wrong"), N_("Nothing was recorded. Please go back and check what you typed.")),
    500: (N_("Something went wrong here"), N_("It is our mistake, not yours. Please try again in a few minutes.")),
    503: (N_("Not possible at the moment"), N_("Nothing was recorded. Please try again in a few minutes.")),
}
STALE = (
    N_("Nothing was recorded"),
    N_(
        "This page was open for too long, or you have logged in again since. Go back, load it again, and try once more."
    ),
)
WAIT = {"Retry-After": "60"}


def status_of(error: Exception) -> int:
    """Return the HTTP status of what went wrong."""
    match error:
        case HTTPException(status_code=status):
            return status
        case RequestValidationError():
            return 422
        case TrackerError():
            return next((status for kind, status in STATUSES if isinstance(error, kind)), 409)
    return 500


@dataclass(frozen=True, slots=True)
class Sorry:
    """Turns what was raised into an answer."""

    desk: Desk

    async def __call__(self, request: Request, error: Exception) -> Response:
        """Return the answer to a request that something went wrong with."""
        status = status_of(error)
        headers = dict(getattr(error, "headers", None) or {}) | (WAIT if status == 503 else {})
        if 300 <= status < 400:
            over = request.method == "POST" and getattr(error, "detail", "") == "login"
            kept = await self._kept(request) if over else None
            return kept or Response(status_code=status, headers=headers)
        if request.url.path.startswith(API):
            return answer_of(said_by(request, error), request, self.desk.settings.base_url)
        if request.url.path != "/l" and not request.url.path.startswith("/l/"):
            answer = await run_in_threadpool(self._page, request, status, error)
            if answer is not None:
                answer.headers.update(headers)
                return answer
        return HTMLResponse(problem_page(_kind(status)), status, headers=headers)

    async def _kept(self, request: Request) -> Response | None:
        """Return the page that asks to log in again and keeps what was typed; None where the form is none of ours."""
        if request.url.path.startswith(API):
            return None
        try:
            form = await form_of(request)
        except HTTPException:  # too big, too slow, or no form at all
            return None
        account = await run_in_threadpool(self._doorman().asked_by, request, form.one("csrf"))
        if account is None:
            return None
        fields = {name: said for name, said in form.fields.items() if name != "csrf"}
        typed = Typed(account, request.url.path, fields, files=bool(form.files))
        return await run_in_threadpool(log_in_page, self.desk, request, name=account, typed=typed, status=401)

    def _doorman(self) -> Doorman:
        return Doorman(self.desk.store, self.desk.settings)

    def _page(self, request: Request, status: int, error: Exception) -> HTMLResponse | None:
        """Return the page for whoever is logged in; None for nobody, or where that cannot be told."""
        try:
            viewer = self.desk.who(request)
        except Exception:  # the store may be what is broken
            LOG.warning("who looks cannot be told", exc_info=True)
            return None
        if viewer is None:
            return None
        stale = isinstance(error, HTTPException) and error.detail == "stale"
        title, advice = STALE if stale else SAID.get(status, SAID[500])
        if getattr(error, "code", "") == "in-doubt":
            advice = ""  # whether something was recorded is what nobody knows
        words = catalogue(viewer.language)
        detail = why_not(error, viewer.language) if isinstance(error, TrackerError) and status != 500 else ""
        return self.desk.page(
            request,
            "error.html",
            viewer=viewer,
            status=status,
            title=words.gettext(title),
            advice=advice and words.gettext(advice),
            detail=detail,
        )


def _kind(status: int) -> str:
    if status in (403, 408, 413, 415):
        return "stale"
    return "later" if status >= 500 else "dead"
