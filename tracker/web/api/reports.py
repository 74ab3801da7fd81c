"""The summary: figures that reconcile, with a fingerprint by which they are known again."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from tracker.operations.in_force import registry_at
from tracker.views.past import Vantage
from tracker.views.summary import Asked, document, summary
from tracker.web.api.counter import At, Caller, Counter, Look, Who
from tracker.web.api.models import Answer
from tracker.web.api.problems import Problem
from tracker.web.api.rules import reads
from tracker.web.api.shape import AgencyCode, DirectiveKey
from tracker.web.desk import instant_of

PERIOD = r"^(19|20|21)[0-9]{2}(-(0[1-9]|1[0-2])|-Q[1-4])?$"


class End(Answer):
    """One end of a report: as of when, as known when, and where the ledger ended."""

    as_of: str
    known_at: str
    seq: int
    head: str


class Figures(Answer):
    """The six cells and their sum."""

    completed_on_time: int
    completed_late: int
    open_in_time: int
    open_overdue: int
    undated: int
    closed_out: int
    total: int


class Share(Answer):
    """A share with both its numbers and how it is reckoned."""

    numerator: int
    denominator: int
    percent: str | None
    formula: str


class AgencyFigures(Answer):
    """The figures of an agency."""

    agency: str
    cells: Figures
    rates: dict[str, Share]


class DirectiveFigures(Answer):
    """The figures of a directive."""

    directive: str
    cells: Figures
    rates: dict[str, Share]


class BridgeLine(Answer):
    """How one cell came from its opening to its closing figure."""

    opening: int
    new: int
    come: int
    gone: int
    left: int
    closing: int


class Movement(Answer):
    """Assignments that moved from one cell to another; null is where they came new, or left."""

    origin: str | None = Field(alias="from")
    to: str | None
    count: int
    assignments: list[str]


class BridgeOf(Answer):
    """What leads from the figures of the earlier instant to those of the later."""

    lines: dict[str, BridgeLine]
    movements: list[Movement]


class SummaryOf(Answer):
    """The figures at an instant by agency and directive; with `from`, what leads there from an earlier one."""

    report: Literal["summary"]
    form: int
    asked: dict[str, str | bool | None]
    to: End
    since: End | None = Field(alias="from")
    zone: str
    rehearsal: bool
    invented: bool
    cells: Figures
    rates: dict[str, Share]
    agencies: list[AgencyFigures]
    directives: list[DirectiveFigures]
    bridge: BridgeOf | None
    fingerprint: str


def add_to(router: APIRouter, counter: Counter) -> None:
    """Add these operations."""

    @router.get("/reports/summary", response_model=SummaryOf, tags=["reports"], **reads(owned=True))
    def report(
        who: Who,
        when: At,
        period: Annotated[
            str | None, Query(pattern=PERIOD, description="Figures at its end, with the bridge from its beginning.")
        ] = None,
        since: Annotated[
            date | None, Query(alias="from", description="Or the day whose opening the bridge leads from.")
        ] = None,
        agency: AgencyCode = None,
        below: Annotated[bool, Query(description="With `agency`: and every office below it.")] = False,
        directive: DirectiveKey = None,
    ) -> dict[str, Any]:
        """Return the six cells by agency and directive. An agency's member has those of its own offices."""
        if period and (since or when.as_of):
            raise Problem("bad-parameter", "a period has both its ends: leave from and as_of away")
        if below and agency is None and who.office is None:
            raise Problem("bad-parameter", "below says more of agency: name one")
        asked = _asked(who, agency, below, directive)
        with counter.looking(who, when) as look:
            to, start = _ends(look, period, since)
            found = summary(
                look.connection,
                to,
                since=start,
                asked=asked,
                registries=lambda vantage: registry_at(look.connection, vantage.adopted_by),
            )
            return document(found)


def _asked(who: Caller, agency: str | None, below: bool, directive: str | None) -> Asked:
    if who.office is None:
        return Asked(agency=agency, below=below, directive=directive)
    if agency is not None and not who.scope.covers(agency):
        raise Problem("not-found", f"the registry has no agency '{agency}'")
    # what lies below one's own office is one's own; below another that one covers for, it is not
    whole = agency in (None, who.office)
    return Asked(agency=agency or who.office, below=whole and (below or agency is None), directive=directive)


def _ends(look: Look, period: str | None, since: date | None) -> tuple[Vantage, Vantage | None]:
    now = Vantage(look.at, look.known)
    if period is not None:
        first, last = bounds_of(period)
        calendar = look.registry.calendar
        end = min(calendar.instant(last + timedelta(days=1)) - timedelta(microseconds=1), look.at)
        return _vantage(look, end), _vantage(look, calendar.instant(first))
    return now, _vantage(look, instant_of(since.isoformat())) if since else None


def _vantage(look: Look, at: datetime) -> Vantage:
    return Vantage(at, min(at, look.known))


def bounds_of(period: str) -> tuple[date, date]:
    """Return the first and the last day of a year, quarter or month.

    >>> bounds_of("2026-Q4")
    (datetime.date(2026, 10, 1), datetime.date(2026, 12, 31))
    """
    year, _, part = period.partition("-")
    months = 12 if not part else 3 if part.startswith("Q") else 1
    start = 1 if not part else int(part[1:]) * 3 - 2 if part.startswith("Q") else int(part)
    ends = start + months
    after = date(int(year) + 1, 1, 1) if ends > 12 else date(int(year), ends, 1)
    return date(int(year), start, 1), after - timedelta(days=1)
