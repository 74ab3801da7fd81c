"""Reports: a week, a month, a quarter or any two days, as a page and as files with the same figures."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from threading import BoundedSemaphore
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response

from tracker.domain.directive import Directive
from tracker.domain.errors import Invalid, NotFound, TryLater
from tracker.domain.reporting import KINDS, Reported, reported
from tracker.operations.in_force import registry_at
from tracker.operations.printing import MEDIA_TYPES, print_as, shown
from tracker.operations.reading import directive_at
from tracker.views.fingerprint import as_bytes
from tracker.views.report import report
from tracker.web.desk import Desk, Reading, Viewer
from tracker.web.forms import day_of
from tracker.web.refusals import why_not
from tracker.web.reporting import Layout
from tracker.web.tokens import N_

Suffix = Literal["xlsx", "pdf", "docx", "json"]
SUFFIXES: tuple[Suffix, ...] = ("xlsx", "pdf", "docx", "json")
WORDS = {"week": N_("Week"), "month": N_("Month"), "quarter": N_("Quarter"), "dates": N_("Two days")}
MOST = 60  # rows of a table on the page; the files have them all
AT_ONCE = 2  # a report reads the whole ledger: so many are made at a time
_ROOM = BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for, as the form has it."""

    kind: str
    first: str
    last: str
    agency: str

    @property
    def is_asked(self) -> bool:
        """Return whether anything was asked for."""
        return bool(self.kind)

    def query(self) -> str:
        """Return the same as the parameters of an address."""
        named = {"kind": self.kind, "from": self.first, "to": self.last, "agency": self.agency}
        return urlencode({name: value for name, value in named.items() if value})


def routes(desk: Desk) -> APIRouter:
    """Return the builder of reports, and its files."""
    router = APIRouter()
    Who = Annotated[Viewer, Depends(desk.viewer)]

    @router.get("/reports")
    def build(request: Request, viewer: Who) -> Response:
        """Show the builder, and the report that is asked for."""
        asked = _asked(request, viewer)
        with desk.reading(request) as reading:
            found, problem, status = None, "", 200
            if asked.is_asked:
                try:
                    found = _layout(desk, reading, viewer, asked)
                except Invalid as error:
                    problem, status = why_not(error, viewer.language), 422
            return desk.page(
                request,
                "reports.html",
                viewer=viewer,
                reading=reading,
                status=status,
                asked_for=asked,
                found=found,
                most=MOST,
                shown=lambda value: shown(value, viewer.language),
                kinds=[(kind, WORDS[kind]) for kind in KINDS],
                problems={"from": problem} if problem else {},
                files=[(suffix, f"/reports/report.{suffix}?{asked.query()}") for suffix in SUFFIXES],
                today=reading.registry.calendar.civil_day(reading.at).isoformat(),
            )

    @router.get("/reports/report.{suffix}")
    def file(request: Request, viewer: Who, suffix: Suffix) -> Response:
        """Return the report as a file."""
        asked = _asked(request, viewer)
        with desk.reading(request) as reading:
            layout = _layout(desk, reading, viewer, asked)
        if suffix == "json":
            content, kind = as_bytes(layout.report.document), "application/json"
        else:
            content, kind = print_as(suffix, layout.printed(whole=suffix == "xlsx")), MEDIA_TYPES[suffix]
        name = f"report-{layout.period.first}-{layout.period.last}.{suffix}"
        return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})

    return router


def _asked(request: Request, viewer: Viewer) -> Asked:
    said = request.query_params
    # a member reports on what is theirs
    agency = viewer.office or "" if viewer.role == "agency" else said.get("agency", "").strip()
    return Asked(said.get("kind", ""), said.get("from", ""), said.get("to", ""), agency)


def _layout(desk: Desk, reading: Reading, viewer: Viewer, asked: Asked) -> Layout:
    period = _period(asked, reading)
    begin, end = period.instants(reading.registry.calendar, reading.at)
    if not _ROOM.acquire(timeout=20):
        raise TryLater("several reports are being made: try again in a minute", code="busy")
    try:
        made = report(
            reading.connection,
            begin=begin,
            end=end,
            registry=registry_at(reading.connection, end),
            registries=lambda vantage: registry_at(reading.connection, vantage.adopted_by),
            texts=_texts(reading, end),
            agency=asked.agency or None,
            scope=reading.scope,
            language=viewer.language,
        )
    finally:
        _ROOM.release()
    return Layout(made, period, desk.settings, viewer.language)


def _period(asked: Asked, reading: Reading) -> Reported:
    first = _day(asked.first) or reading.registry.calendar.civil_day(reading.at)
    return reported(asked.kind, first, _day(asked.last))


def _day(said: str) -> date | None:
    found = day_of(said)
    if said and found is None:
        raise Invalid(f"'{said[:40]}' is no day", code="bad-day")
    return found


def _texts(reading: Reading, at: object) -> Callable[[str], Directive | None]:
    def text(key: str) -> Directive | None:
        try:
            return directive_at(reading.connection, key, at)  # type: ignore[arg-type]
        except NotFound:
            return None

    return text
