"""Reminders: the delivery ledger, what one mail said and what became of it, and what is coming."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from tracker.domain.account import Role
from tracker.domain.errors import Invalid, NotFound, TryLater
from tracker.domain.forecast import Preview
from tracker.operations.exactcopy import Exact, exact_copies, exact_copy
from tracker.operations.forecast import preview
from tracker.operations.holding import drop, release
from tracker.operations.mailcopy import Copy, copy_of
from tracker.operations.retrying import retry
from tracker.views.mailbook import Sought, day_bounds, mail_book, mail_page, volume
from tracker.views.rows import agency_name
from tracker.web.desk import POLICY, Desk, Reading, Viewer, require
from tracker.web.forms import Sent, day_of
from tracker.web.refusals import why_not
from tracker.web.tokens import N_

MAY: tuple[Role, ...] = ("secretariat", "admin")
AHEAD = timedelta(days=30)
FORETOLD = 200  # mails of a forecast that are listed
MOST = 50_000  # assignments a forecast goes through while somebody waits
# what stands in the frame comes from mails: nothing in it runs, is fetched, or is sent
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'; base-uri 'none'"
FRAMED = f"{POLICY}; frame-src 'self'"
STAGES: Mapping[str, str] = {
    "assigned": N_("New task"),
    "before": N_("Before the deadline"),
    "half": N_("Half of the time is over"),
    "due": N_("Due today"),
    "overdue": N_("Overdue"),
    "escalated": N_("Told to the office above"),
    "review": N_("Review due"),
    "unblocked": N_("Can start now"),
    "returned": N_("Report returned"),
    "accepted": N_("Report accepted"),
    "received": N_("Report received"),
    "date_changed": N_("Deadline changed"),
    "decided": N_("Decision on a request"),
    "ended": N_("No longer owed"),
    "weekly": N_("Weekly list"),
    "monday": N_("Weekly report"),
    "alarm": N_("Undelivered mail"),
}
REMEDIES: Mapping[str, str] = {
    "set-channel": N_("This office has no channel: set one, and the next reminder goes there."),
    "fix-channel": N_("The channel is not set up rightly: set it again, test it, then try once more."),
    "fix-address": N_("The other side refused it: correct the address, then try once more."),
    "try-again": N_("The other side could not be reached: try once more when it is back."),
    "decide": N_("It waits for a decision: release it, or drop it and say why."),
    "none": "",
}
DONE: Mapping[str, str] = {
    "retried": N_("It will be tried once more."),
    "released": N_("Released: it leaves with the next delivery."),
    "dropped": N_("Dropped: it is not sent."),
}


def routes(desk: Desk) -> APIRouter:
    """Return the pages about reminders."""
    router = APIRouter()
    Who = Annotated[Viewer, Depends(desk.viewer)]

    @router.get("/reminders")
    def ledger(request: Request, viewer: Who, after: int | None = None) -> Response:
        """Show the reminders that fit, page by page."""
        asked = request.query_params
        with desk.reading(request) as reading:
            sought = _sought(request, reading)
            book = mail_book(
                reading.connection,
                sought,
                at=reading.at,
                known=reading.known,
                registry=reading.registry,
                scope=reading.scope,
                language=viewer.language,
                after=after,
            )
            sent = volume(reading.connection, at=reading.at, calendar=reading.registry.calendar, scope=reading.scope)
            return desk.page(
                request,
                "reminders.html",
                viewer=viewer,
                reading=reading,
                book=book,
                sent=sent,
                sought=sought,
                paged=after is not None,
                first=asked.get("from", ""),
                last=asked.get("to", ""),
                may=viewer.role in MAY and not reading.footing.is_past,
                done=DONE.get(asked.get("done", "")),
                stages=STAGES,
                remedies=REMEDIES,
            )

    @router.get("/reminders/forecast")
    def forecast(request: Request, viewer: Who) -> Response:
        """Show what would leave in the next thirty days if nobody acted."""
        with desk.reading(request) as reading:
            found, why = _foretold(desk, reading, viewer)
            return desk.page(
                request,
                "reminders_forecast.html",
                viewer=viewer,
                reading=reading,
                found=found,
                why=why,
                names=lambda code: agency_name(reading.registry, code, viewer.language),
                shown=FORETOLD,
                stages=STAGES,
            )

    @router.get("/reminders/{reference}")
    def one(request: Request, viewer: Who, reference: str) -> Response:
        """Show one reminder: its mail, its attempts, and what left with it."""
        with desk.reading(request) as reading:
            page = mail_page(
                reading.connection,
                reference,
                at=reading.at,
                known=reading.known,
                registry=reading.registry,
                scope=reading.scope,
                language=viewer.language,
            )
            answer = desk.page(
                request,
                "reminders_one.html",
                viewer=viewer,
                reading=reading,
                page=page,
                mail=_mail(desk, reference, reading),
                copies=exact_copies(desk.store, reference, settings=desk.settings, scope=reading.scope),
                may=viewer.role in MAY and not reading.footing.is_past,
                done=DONE.get(request.query_params.get("done", "")),
                stages=STAGES,
                remedies=REMEDIES,
            )
            answer.headers["Content-Security-Policy"] = FRAMED
            return answer

    @router.get("/reminders/{reference}/mail.html")
    def as_html(request: Request, viewer: Who, reference: str) -> Response:
        """Return the HTML of a mail for the frame it is shown in."""
        mail = copy_of(desk.store, reference, settings=desk.settings, at=desk.now(), scope=viewer.scope)
        return HTMLResponse(
            mail.html, headers={"Content-Security-Policy": MAIL_POLICY, "X-Frame-Options": "SAMEORIGIN"}
        )

    @router.get("/reminders/{reference}/sent.eml")
    def as_sent(viewer: Who, reference: str, attempt: int | None = None) -> Response:
        """Return what a server was handed, octet for octet but for the signatures of links."""
        found = exact_copy(desk.store, reference, settings=desk.settings, attempt=attempt, scope=viewer.scope)
        return downloaded(found)

    _acts(router, desk)
    return router


def downloaded(copy: Exact) -> Response:
    """Return an exact copy as a file to keep: nothing opens it here."""
    said = {
        "Content-Disposition": f'attachment; filename="{copy.reference}-{copy.attempt}.eml"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": MAIL_POLICY,
    }
    return Response(copy.octets, media_type="message/rfc822", headers=said)


def _acts(router: APIRouter, desk: Desk) -> None:
    """Add what the secretariat and an admin can do about reminders."""
    Who = Annotated[Viewer, Depends(desk.viewer)]
    verbs: Mapping[str, tuple[str, Callable[..., int]]] = {
        "retry": ("retried", retry),
        "release": ("released", release),
        "drop": ("dropped", drop),
    }

    @router.post("/reminders/{verb}")
    def act(request: Request, viewer: Who, verb: str, form: Sent) -> Response:
        """Let go, release or drop some reminders, and go back to where the button was."""
        require(viewer, *MAY)
        if verb not in verbs:
            raise HTTPException(404)
        word, does = verbs[verb]
        references = form.every("reference")
        if not references:
            raise Invalid("name the reminders", code="no-reference")
        more = {"why": form.one("why")} if verb == "drop" else {}
        desk.act(request, viewer, lambda at: does(desk.store, references, at=at, actor=viewer.actor, **more))
        path = f"/reminders/{references[0]}" if form.one("from") == "one" else "/reminders"
        return RedirectResponse(f"{path}?{urlencode({'done': word})}", 303)


def _sought(request: Request, reading: Reading) -> Sought:
    asked = request.query_params
    first, last = (_day(asked.get(name, "")) for name in ("from", "to"))
    since, until = day_bounds(reading.registry.calendar, first, last)
    chosen = {name: asked.get(name) or None for name in ("state", "stage", "agency")}
    return Sought(since=since, until=until, **chosen)


def _day(said: str) -> date | None:
    found = day_of(said)
    if said and found is None:
        raise Invalid(f"'{said[:40]}' is no day", code="bad-day")
    return found


def _foretold(desk: Desk, reading: Reading, viewer: Viewer) -> tuple[Preview | None, str]:
    at = max(reading.at, desk.now())
    try:
        return preview(desk.store, at=at, end=at + AHEAD, scope=viewer.scope, most=MOST), ""
    except TryLater as error:
        return None, why_not(error, viewer.language)


def _mail(desk: Desk, reference: str, reading: Reading) -> Copy | None:
    """Return the mail of a reminder; None where its task is no longer in force, so that it cannot be written."""
    try:
        return copy_of(desk.store, reference, settings=desk.settings, at=reading.at, scope=reading.scope)
    except (NotFound, Invalid):
        return None
