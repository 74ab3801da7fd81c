"""The calendar: a month of deadlines and days off, and feeds that one's own calendar subscribes to."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from starlette.exceptions import HTTPException

from tracker import clock
from tracker.domain.errors import Invalid, NotFound, TrackerError
from tracker.operations.in_force import registry_at
from tracker.operations.sessions import Visitor
from tracker.operations.tokens import FEED, bearer, make_token, revoke_token, token_list
from tracker.views.footing import now_of
from tracker.views.month import month, month_from
from tracker.views.rows import agency_name
from tracker.views.sought import Sought
from tracker.views.work import work_rows
from tracker.web.columns import in_words, parts
from tracker.web.desk import Desk, Viewer, language_of
from tracker.web.downloads import Asked, download
from tracker.web.forms import Sent
from tracker.web.refusals import why_not
from tracker.web.tokens import N_

LASTS = timedelta(days=366)
DONE = {"revoked": N_("The address is no longer heard: calendars that use it get nothing more.")}


def routes(desk: Desk) -> APIRouter:
    """Return the calendar, and what subscribes to it."""
    router = APIRouter()
    Who = Annotated[Viewer, Depends(desk.viewer)]

    def page(
        request: Request, viewer: Viewer, *, status: int = 200, secret: str = "", problem: str = "", typed: str = ""
    ) -> Response:
        """Show a month; after a feed was made, with its address, this once."""
        asked = request.query_params
        with desk.reading(request) as reading:
            calendar = reading.registry.calendar
            agency = asked.get("agency") or None
            if agency is not None and agency not in reading.registry.agencies:
                raise NotFound(f"the registry has no agency '{agency[:40]}'", code="unknown-agency")
            found = month(
                reading.connection,
                month_from(asked.get("month", ""), calendar.civil_day(reading.at)),
                at=reading.at,
                known=reading.known,
                registry=reading.registry,
                agency=agency,
                scope=reading.scope,
                language=viewer.language,
            )
            return desk.page(
                request,
                "calendar.html",
                viewer=viewer,
                reading=reading,
                status=status,
                found=found,
                agency=agency or "",
                as_list=asked.get("view") == "list",
                done=DONE.get(asked.get("done", "")),
                secret=secret,
                base=desk.settings.base_url.rstrip("/"),
                problems={"office": problem} if problem else {},
                typed=typed or viewer.office or "",
                feeds=_feeds(desk, viewer),
                name=lambda code: agency_name(reading.registry, code, viewer.language),
            )

    @router.get("/calendar")
    def calendar(request: Request, viewer: Who) -> Response:
        """Show a month of deadlines and days off."""
        return page(request, viewer)

    @router.post("/calendar/feeds")
    def subscribe(request: Request, viewer: Who, form: Sent) -> Response:
        """Make the address of a feed, and show it this once."""
        office = form.one("office") or viewer.office
        try:
            _check_in_sight(viewer, office)
            label = f"calendar {office or '*'}"
            secret, _ = desk.act(
                request,
                viewer,
                lambda at: make_token(
                    desk.store,
                    viewer.account,
                    [FEED],
                    label=label,
                    lasts=LASTS,
                    office=office,
                    at=at,
                    actor=viewer.actor,
                    wall=clock.now(),
                ),
            )
        except TrackerError as error:
            said = why_not(error, viewer.language)
            return page(request, viewer, status=422, problem=said, typed=form.one("office"))
        return page(request, viewer, secret=secret)

    @router.post("/calendar/feeds/{id}/revoke")
    def revoke(request: Request, viewer: Who, id: str) -> Response:
        """Let a feed be heard no longer."""
        desk.act(
            request,
            viewer,
            lambda at: revoke_token(desk.store, id, at=at, actor=viewer.actor, wall=clock.now()),
        )
        return RedirectResponse(f"/calendar?{urlencode({'done': 'revoked'})}#feeds", 303)

    @router.get("/feeds/{token}.ics")
    def feed(request: Request, token: str) -> Response:
        """Return the deadlines that whoever holds a token may see, as a calendar."""
        found = bearer(desk.store, token, at=clock.now())
        if found is None or FEED not in found.may:
            raise HTTPException(404)  # of what is not heard nobody learns why
        return _feed(desk, request, found)

    return router


def _feed(desk: Desk, request: Request, found: Visitor) -> Response:
    with ExitStack() as stack:
        connection = stack.enter_context(desk.store.read(found.scope.offices))
        at = now_of(connection, clock.now())
        registry = registry_at(connection, at)
        language = language_of(request, found.account.language)
        sought = Sought()
        stamp, total, rows = work_rows(
            connection, sought, at=at, registry=registry, scope=found.scope, language=language
        )
        asked = Asked(
            sought=sought,
            filter=in_words(parts(sought, registry, language), language),
            stamp=stamp,
            total=total,
            language=language,
            url=f"{desk.settings.base_url.rstrip('/')}/tasks",  # the address itself is a secret
        )
        made = download("ics", asked, rows, desk.settings)
        pieces = _kept_open(made.pieces, stack.pop_all())
    next(pieces)
    kept = {"Cache-Control": "private, max-age=3600", "Content-Disposition": 'inline; filename="deadlines.ics"'}
    return StreamingResponse(pieces, media_type=made.media_type, headers=kept)


def _kept_open(pieces: Iterator[bytes], stack: ExitStack) -> Iterator[bytes]:
    with stack:
        yield b""
        yield from pieces


def _check_in_sight(viewer: Viewer, office: str | None) -> None:
    """Raise Invalid for an office the viewer does not see; nobody subscribes to what they may not read."""
    if not viewer.scope.covers(office) and viewer.scope.offices is not None:
        raise Invalid(f"'{office}' is no office of yours", code="unknown-agency")


def _feeds(desk: Desk, viewer: Viewer) -> tuple[Any, ...]:
    """Return the feeds that work and are one's own; an admin sees everybody's."""
    known = token_list(desk.store, None if viewer.role == "admin" else viewer.account)
    return tuple(one for one in known if FEED in one.may and one.works(clock.now()))
