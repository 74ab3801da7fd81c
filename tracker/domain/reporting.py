"""Periods that are reported on: a week, a month, a quarter by any of its days, or from one day to another."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, get_args

from tracker.domain.calendar import ONE_DAY, Calendar
from tracker.domain.errors import Invalid

Kind = Literal["week", "month", "quarter", "dates"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """The days a report is about, both included."""

    kind: Kind
    first: date
    last: date

    def instants(self, calendar: Calendar, now: datetime) -> tuple[datetime, datetime]:
        """Return when the first day begins and when the last has ended; now, where that is still to come.

        Raises Invalid for a period that has not begun.
        """
        begin, end = calendar.instant(self.first), calendar.instant(self.last + ONE_DAY)
        if begin > now:
            raise Invalid(f"the period from {self.first} has not begun yet", code="bad-period")
        return begin, min(end, now)


def reported(kind: str, day: date, last: date | None = None) -> Reported:
    """Return the period a day lies in, or from it to another; raises Invalid.

    >>> found = [reported(kind, date(2025, 8, 20)) for kind in ("week", "month", "quarter")]
    >>> [(str(one.first), str(one.last)) for one in found]
    [('2025-08-18', '2025-08-24'), ('2025-08-01', '2025-08-31'), ('2025-07-01', '2025-09-30')]
    """
    match kind:
        case "week":
            first = day - timedelta(days=day.weekday())
            return Reported(kind="week", first=first, last=first + timedelta(days=6))
        case "month":
            first = day.replace(day=1)
            return Reported(kind="month", first=first, last=_month_after(first, 1) - ONE_DAY)
        case "quarter":
            first = date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
            return Reported(kind="quarter", first=first, last=_month_after(first, 3) - ONE_DAY)
        case "dates":
            if last is None or last < day:
                raise Invalid("a period has a first day and a last one, which is not before it", code="bad-period")
            return Reported(kind="dates", first=day, last=last)
    raise Invalid(f"'{kind[:40]}' is no kind of period: {', '.join(KINDS)}", code="bad-period")


def _month_after(first: date, months: int) -> date:
    month = first.month - 1 + months
    return date(first.year + month // 12, month % 12 + 1, 1)
