"""What an auditor asks of the ledger: changed deadlines, differences, what is worth a look, samples."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from tracker.domain.agency import Registry
from tracker.domain.errors import Invalid
from tracker.domain.standing import Cell
from tracker.operations.in_force import registry_at
from tracker.views.changes import Filter, deadlines, difference, patterns
from tracker.views.past import Vantage
from tracker.views.samples import SampleView, sample_of_assignments, sample_of_entries
from tracker.web.desk import Desk, Reading, Viewer, instant_of, require
from tracker.web.entries import kind_name
from tracker.web.forms import day_of
from tracker.web.pages.history import TABS, WATCHERS
from tracker.web.tokens import N_

LISTED = 120
LARGEST = 1_000
RULES: Mapping[str, str] = {
    "closing-burst": N_("Many tasks closed by people on one day"),
    "closing-before-report": N_("Many tasks closed just before a report"),
    "serial-extension": N_("A deadline moved to a later day again and again"),
    "moved-after-expiry": N_("A deadline moved after it had passed"),
    "quick-acceptances": N_("Many reports accepted within a minute"),
}


def routes(desk: Desk) -> APIRouter:
    """Return the auditor's questions; each is answered from the entries alone, as of the day that is looked at."""
    router = APIRouter()
    Who = Annotated[Viewer, Depends(desk.viewer)]

    @router.get("/history/deadlines")
    def dates(request: Request, viewer: Who) -> Response:
        """Show every changed date, the latest first."""
        require(viewer, *WATCHERS)
        with desk.reading(request) as reading:
            found = deadlines(
                reading.connection,
                at=_heard(reading),
                zone=reading.zone,
                since=_instant(request, "since"),
                wanted=_filter(request),
            )
            return desk.page(
                request,
                "history_deadlines.html",
                viewer=viewer,
                reading=reading,
                tabs=TABS,
                changes=tuple(reversed(found.changes))[:LISTED],
                all=len(found.changes),
                wanted=_filter(request),
                since=request.query_params.get("since", ""),
            )

    @router.get("/history/diff")
    def diff(request: Request, viewer: Who) -> Response:
        """Show what became different between a day and the one that is looked at."""
        require(viewer, *WATCHERS)
        with desk.reading(request) as reading:
            since = _instant(request, "since")
            found = None
            if since is not None:
                ends = Vantage(since, since), Vantage(reading.at, _heard(reading))
                found = difference(
                    reading.connection, *ends, registries=lambda end: _registry(reading, end), wanted=_filter(request)
                )
            return desk.page(
                request,
                "history_diff.html",
                viewer=viewer,
                reading=reading,
                tabs=TABS,
                found=found,
                wanted=_filter(request),
                since=request.query_params.get("since", ""),
                listed=LISTED,
            )

    @router.get("/history/patterns")
    def worth(request: Request, viewer: Who) -> Response:
        """Show where an auditor may want to begin."""
        require(viewer, *WATCHERS)
        with desk.reading(request) as reading:
            named = request.query_params.get("report", "")
            days = [day_of(named)] if named else []
            if None in days:
                raise Invalid(f"'{named[:40]}' is no day", code="bad-day")
            found = patterns(
                reading.connection,
                at=_heard(reading),
                zone=reading.zone,
                reports=[day for day in days if day],
                wanted=_filter(request),
            )
            return desk.page(
                request,
                "history_patterns.html",
                viewer=viewer,
                reading=reading,
                tabs=TABS,
                found=found,
                wanted=_filter(request),
                report=named,
                rules=RULES,
            )

    @router.get("/history/sample")
    def drawn(request: Request, viewer: Who) -> Response:
        """Draw a sample that anybody can draw again."""
        require(viewer, *WATCHERS)
        asked = request.query_params
        with desk.reading(request) as reading:
            return desk.page(
                request,
                "history_sample.html",
                viewer=viewer,
                reading=reading,
                tabs=TABS,
                found=_sample(request, reading) if asked.get("seed") else None,
                kind_name=lambda kind: kind_name(kind, viewer.language),
                typed={name: asked.get(name, "") for name in ("seed", "size", "of", "cell", "kind")},
                wanted=_filter(request),
                cells=[str(cell) for cell in Cell],
            )

    return router


def _sample(request: Request, reading: Reading) -> SampleView:
    asked = request.query_params
    size = _number(asked.get("size", ""))
    if asked.get("of") == "entries":
        return sample_of_entries(
            reading.connection,
            at=_heard(reading),
            zone=reading.zone,
            size=size,
            seed=asked["seed"],
            kind=asked.get("kind") or None,
        )
    cell = asked.get("cell", "")
    if cell and cell not in set(Cell):
        raise Invalid(f"'{cell[:40]}' is none of the six cells", code="bad-cell")
    return sample_of_assignments(
        reading.connection,
        at=_heard(reading),
        registry=reading.registry,
        size=size,
        seed=asked["seed"],
        wanted=_filter(request),
        cell=Cell(cell) if cell else None,
    )


def _number(said: str) -> int:
    if not (said.isascii() and said.isdigit() and 1 <= int(said) <= LARGEST):
        raise Invalid(f"a sample here has 1 to {LARGEST:,} members", code="bad-size")
    return int(said)


def _registry(reading: Reading, end: Vantage) -> Registry:
    return registry_at(reading.connection, end.adopted_by)


def _heard(reading: Reading) -> datetime:
    """Return up to when entries are heard: what is asked of the ledger is asked of what was recorded by then."""
    return min(reading.at, reading.known or reading.at)


def _instant(request: Request, name: str) -> datetime | None:
    said = request.query_params.get(name, "")
    return instant_of(said) if said else None


def _filter(request: Request) -> Filter:
    asked = request.query_params
    return Filter(agency=asked.get("agency") or None, directive=asked.get("directive") or None)
