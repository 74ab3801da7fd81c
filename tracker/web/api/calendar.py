"""The calendar: its days off and make-up days with their authority, and counting days by it."""

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query

from tracker.domain.calendar import Span
from tracker.views.calendar import CalendarView, Count, calendar_days, count_between, count_span
from tracker.web.api.counter import At, Counter, Who
from tracker.web.api.models import model_of, said
from tracker.web.api.problems import Problem
from tracker.web.api.rules import reads

MOST_DAYS = 9999
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)
Public = Annotated[date | None, Query(description="As the public knew it on a day: later decisions are left out.")]


def add_to(router: APIRouter, counter: Counter) -> None:
    """Add these operations."""

    @router.get("/calendar", response_model=model_of(CalendarView), tags=["calendar"], **reads())
    def days(
        who: Who,
        when: At,
        period: Annotated[
            str | None, Query(pattern=r"^(19|20|21)[0-9]{2}(-(0[1-9]|1[0-2]))?$", examples=["2026", "2026-01"])
        ] = None,
        as_known: Public = None,
    ) -> dict[str, Any]:
        """List the days off and make-up days of a year or month: this year's by default."""
        with counter.looking(who, when) as look:
            name = period or f"{look.registry.calendar.civil_day(look.at):%Y}"
            first, last = bounds_of(name)
            found = calendar_days(
                look.connection,
                first,
                last,
                period=name,
                at=look.at,
                known=look.known,
                registry=look.registry,
                as_known=as_known,
                language=look.language,
            )
            return said(found, who.language)

    @router.get("/calendar:count", response_model=model_of(Count), tags=["calendar"], **reads())
    def count(
        who: Who,
        when: At,
        start: Annotated[date, Query(alias="from", description="The day before the first that is counted.")],
        days: Annotated[int | None, Query(ge=1, le=MOST_DAYS, description="How many days to count.")] = None,
        working: Annotated[bool, Query(description="Count working days.")] = False,
        to: Annotated[date | None, Query(description="Or the last day: how many lie between.")] = None,
        as_known: Public = None,
    ) -> dict[str, Any]:
        """Count days as the law counts a period, and name every day that is left out and on whose authority."""
        if (days is None) == (to is None):
            raise Problem("bad-parameter", "say how far to count: days, or to")
        if not EARLIEST <= start <= LATEST - timedelta(days=MOST_DAYS * 2):
            raise Problem("bad-parameter", f"counted is from {EARLIEST} to {LATEST}")
        if to is not None and not 0 <= (to - start).days <= MOST_DAYS:
            raise Problem("bad-parameter", f"{to} does not lie in the {MOST_DAYS:,} days after {start}")
        with counter.looking(who, when) as look:
            common: dict[str, Any] = {
                "at": look.at,
                "known": look.known,
                "registry": look.registry,
                "as_known": as_known,
                "language": look.language,
            }
            if to is not None:
                return said(count_between(look.connection, start, to, **common), who.language)
            span = Span(days or 1, "working days" if working else "days")
            return said(count_span(look.connection, start, span, **common), who.language)


def bounds_of(period: str) -> tuple[date, date]:
    """Return the first and the last day of a year or month.

    >>> bounds_of("2026-02")
    (datetime.date(2026, 2, 1), datetime.date(2026, 2, 28))
    """
    year, _, month = period.partition("-")
    first = date(int(year), int(month or 1), 1)
    after = date(first.year + 1, 1, 1) if not month or month == "12" else date(first.year, first.month + 1, 1)
    return first, after - timedelta(days=1)
