"""Today: what the secretariat opens in the morning, and what an auditor may look at too."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from tracker.domain.errors import Invalid
from tracker.views.today import today
from tracker.web.desk import Desk, Reading, Viewer
from tracker.web.entries import kind_name


def routes(desk: Desk) -> APIRouter:
    """Return the first page: Today for who oversees, for everybody else their own."""
    router = APIRouter()
    Who = Annotated[Viewer, Depends(desk.viewer)]

    @router.get("/")
    def first(request: Request, viewer: Who, since: str = "") -> Response:
        """Show Today; an agency's member goes to what the agency owes, an administrator to the administration."""
        if viewer.role == "agency":
            return RedirectResponse(f"/agencies/{viewer.office}", 303)
        if viewer.role == "admin":
            return RedirectResponse("/admin", 303)
        day = _day(since)
        with desk.reading(request) as reading:
            return desk.shared(request, viewer, reading, lambda who: _drawn(desk, request, who, reading, day))

    return router


def _drawn(desk: Desk, request: Request, viewer: Viewer, reading: Reading, since: date | None) -> HTMLResponse:
    found = today(
        reading.connection,
        at=reading.at,
        known=reading.known,
        registry=reading.registry,
        since=since,
        scope=reading.scope,
        language=reading.language,
    )
    return desk.page(
        request,
        "today.html",
        viewer=viewer,
        reading=reading,
        today=found,
        most=max((bar.cells.total for bar in found.bars), default=0),
        kind_name=lambda kind: kind_name(kind, viewer.language),
    )


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        raise Invalid(f"'{said[:40]}' is no day: 2025-08-11", code="bad-day") from None
