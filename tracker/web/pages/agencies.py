"""Agencies: the scoreboard, what one agency owes, and the heatmap of agencies and weeks."""

from collections.abc import Callable
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse

from tracker.domain.directive import Directive
from tracker.domain.errors import Invalid, NotFound
from tracker.notify.tongue import catalogue
from tracker.operations.reading import directive_at
from tracker.views.agencies import scoreboard
from tracker.views.heatmap import MOST_ROWS, heatmap
from tracker.views.obligations import obligations
from tracker.web.columns import KINDS, label
from tracker.web.desk import Desk, Reading, Viewer
from tracker.web.tokens import N_

ORDERED = {
    "name": N_("By name"),
    "overdue": N_("Most overdue first"),
    "rate": N_("Lowest share on time first"),
    "total": N_("Most tasks first"),
}


def routes(desk: Desk) -> APIRouter:
    """Return the pages about agencies."""
    router = APIRouter()
    Who = Annotated[Viewer, Depends(desk.viewer)]

    @router.get("/agencies")
    def board(request: Request, viewer: Who, kind: str = "", province: str = "", order: str = "name") -> Response:
        """Show how agencies stand."""
        with desk.reading(request) as reading:
            return desk.shared(
                request,
                viewer,
                reading,
                lambda who: _board(desk, request, who, reading, kind, province, order or "name"),
            )

    @router.get("/agencies/{code}")
    def one(request: Request, viewer: Who, code: str) -> Response:
        """Show what an agency owes: the first page of its members."""
        with desk.reading(request) as reading:
            return desk.shared(request, viewer, reading, lambda who: _one(desk, request, who, reading, code))

    @router.get("/heatmap")
    def weeks(
        request: Request, viewer: Who, kind: str = "", province: str = "", since: str = "", start: str = "0"
    ) -> Response:
        """Show what falls due for each agency in each week."""
        first = int(start) if start.isascii() and start.isdigit() and len(start) < 6 else 0
        day = _day(since)
        with desk.reading(request) as reading:
            return desk.shared(
                request,
                viewer,
                reading,
                lambda who: _weeks(desk, request, who, reading, kind, province, day, first),
            )

    return router


def _board(
    desk: Desk, request: Request, viewer: Viewer, reading: Reading, kind: str, province: str, order: str
) -> HTMLResponse:
    found = scoreboard(
        reading.connection,
        at=reading.at,
        known=reading.known,
        registry=reading.registry,
        texts=_texts(reading),
        kind=_kind(kind),
        province=province or None,
        order=order,
        after=request.query_params.get("after") or None,
        before=request.query_params.get("before") or None,
        scope=reading.scope,
        language=reading.language,
    )
    return desk.page(
        request, "agencies_board.html", viewer=viewer, reading=reading, board=found, orders=ORDERED,
        kinds=_kinds(reading), kind_name=_kind_name(reading), tasks=_tasks(request),
    )  # fmt: skip


def _one(desk: Desk, request: Request, viewer: Viewer, reading: Reading, code: str) -> HTMLResponse:
    found = obligations(
        reading.connection,
        code,
        at=reading.at,
        known=reading.known,
        registry=reading.registry,
        texts=_texts(reading),
        scope=reading.scope,
        language=reading.language,
    )
    own = viewer.role == "agency" and viewer.office == code
    tasks = _tasks(request)
    return desk.page(
        request, "agencies_one.html", viewer=viewer, reading=reading, mine=found, own=own, tasks=tasks,
        acts=viewer.role == "agency", cell_address=lambda cell: tasks(agency=code, cell=cell),
    )  # fmt: skip


def _weeks(
    desk: Desk,
    request: Request,
    viewer: Viewer,
    reading: Reading,
    kind: str,
    province: str,
    since: date | None,
    start: int,
) -> HTMLResponse:
    found = heatmap(
        reading.connection,
        at=reading.at,
        known=reading.known,
        registry=reading.registry,
        since=since,
        kind=_kind(kind),
        province=province or None,
        start=start,
        scope=reading.scope,
        language=reading.language,
    )
    return desk.page(
        request, "heatmap.html", viewer=viewer, reading=reading, map=found, tasks=_tasks(request),
        kinds=_kinds(reading), page=MOST_ROWS,
        week_queries=[f"&due_from={week.monday}&due_to={week.sunday}" for week in found.weeks],
    )  # fmt: skip


def _texts(reading: Reading) -> Callable[[str], Directive | None]:
    """Return what gives a directive as it was in force at the instant looked at."""
    at = reading.at if reading.known is None else min(reading.at, reading.known)

    def text(key: str) -> Directive | None:
        try:
            return directive_at(reading.connection, key, at)
        except NotFound:
            return None

    return text


def _tasks(request: Request) -> Callable[..., str]:
    """Return what gives the address of the work table with a filter, at the instant looked at."""
    carried = [(name, request.query_params[name]) for name in ("at", "known") if request.query_params.get(name)]

    def address(**sought: object) -> str:
        return "/tasks?" + urlencode([*((name, str(value)) for name, value in sought.items()), *carried])

    return address


def _kind(said: str) -> str:
    if said and said not in KINDS:
        raise Invalid(f"'{said[:60]}' is no kind of agency", code="bad-filter")
    return said


def _kinds(reading: Reading) -> list[tuple[str, str]]:
    words = catalogue(reading.language)
    there = {agency.kind for agency in reading.registry.agencies.values()}
    return [(kind, words.gettext(name)) for kind, name in KINDS.items() if kind in there]


def _kind_name(reading: Reading) -> Callable[[str], str]:
    words = catalogue(reading.language)
    return lambda kind: label("kind", kind, words)


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        raise Invalid(f"'{said[:40]}' is no day: 2025-08-11", code="bad-filter") from None
