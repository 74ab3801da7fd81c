"""The working calendar: which days state offices work, and when a civil day begins.

Days are civil dates in the calendar's zone. Days off and make-up days are data of the
registry, each with its authority; nothing here knows a holiday by itself.
"""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal

import pendulum

from tracker.domain.errors import Invalid
from tracker.domain.text import Text

Unit = Literal["days", "working days", "weeks", "months"]
Roll = Literal["forward", "back", "none"]
Certainty = Literal["decided", "predicted"]
ONE_DAY = timedelta(days=1)
WEEKLY_DAY_OFF = Text(vi="ngày nghỉ hằng tuần", en="weekly day off", fr="jour de repos hebdomadaire")


@dataclass(frozen=True, slots=True)
class Span:
    """A number of calendar days, of working days, of weeks or of months.

    >>> str(Span(1, "working days")), str(Span(20, "days")), str(Span(1, "months"))
    ('1 working day', '20 days', '1 month')
    """

    count: int
    unit: Unit

    def __str__(self) -> str:
        return f"{self.count} {self.unit if self.count != 1 else self.unit[:-1]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialDay:
    """A day off, or a make-up day on which offices work, and on whose authority.

    `known_on` is the first day the public could know it; None where nobody wrote that down. What no
    authority has decided yet is `predicted`, and says so wherever it is told.
    """

    day: date
    name: Text
    source: str
    known_on: date | None = None
    certainty: Certainty = "decided"

    def why(self) -> Text:
        """Return its name with its authority, since when it is known, and whether it is only predicted.

        >>> name = Text(vi="Quốc khánh", en="National Day", fr="Fête nationale")
        >>> print(SpecialDay(day=date(2027, 9, 3), name=name, source="almanac", certainty="predicted").why())
        National Day, almanac, predicted: not decided yet
        """
        vi, en, fr = (f"{name}, {self.source}" for name in (self.name.vi, self.name.en, self.name.fr))
        if self.known_on is not None:
            local = f"{self.known_on:%d/%m/%Y}"
            vi, en = f"{vi}, công bố ngày {local}", f"{en}, made known on {self.known_on}"
            fr = f"{fr}, publié le {local}"
        if self.certainty == "predicted":
            vi, en = f"{vi}, dự kiến: chưa có quyết định", f"{en}, predicted: not decided yet"
            fr = f"{fr}, prévu : pas encore décidé"
        return Text(vi=vi, en=en, fr=fr)

    def before(self) -> "SpecialDay":
        """Return a day that was taken out as it stood before: expected, on nobody's decision."""
        return replace(self, source=f"expected before {self.source}", known_on=None, certainty="predicted")

    def was_known(self, on: date) -> bool:
        """Return whether the public could know it on a day; where nobody wrote down since when, it could."""
        return self.known_on is None or self.known_on <= on


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The zone, the weekly days off (Monday is 0), the days off and the make-up days.

    `removed` are days that were expected here and have been taken out, on whose authority. `roll`
    says where the law moves the end of a computed period that falls on a day off: forward in Viet
    Nam (Civil Code 2015, art. 148), back in Russia.
    """

    zone: str
    weekend: frozenset[int]
    days_off: Mapping[date, SpecialDay]
    make_up_days: Mapping[date, SpecialDay]
    roll: Roll = "forward"
    removed: Mapping[date, SpecialDay] = field(default_factory=dict)

    def as_known(self, on: date) -> "Calendar":
        """Return the calendar as the public knew it on a day: what was decided later is not in it yet."""
        back = {day: special.before() for day, special in self.removed.items() if not special.was_known(on)}
        return replace(
            self,
            # what was taken out of the weekend can only have been a make-up day
            days_off=_known(self.days_off, {d: s for d, s in back.items() if d.weekday() not in self.weekend}, on),
            make_up_days=_known(self.make_up_days, {d: s for d, s in back.items() if d.weekday() in self.weekend}, on),
            removed={day: special for day, special in self.removed.items() if day not in back},
        )

    def is_working(self, day: date) -> bool:
        """Return whether state offices work on that day; a make-up day wins over everything."""
        return day in self.make_up_days or (day.weekday() not in self.weekend and day not in self.days_off)

    def why_off(self, day: date) -> Text | None:
        """Return the name and authority of a day off, 'weekly day off', or None for a working day."""
        if self.is_working(day):
            return None
        special = self.days_off.get(day)
        return special.why() if special else WEEKLY_DAY_OFF

    def on_or_after(self, day: date) -> date:
        """Return the first working day that is not before `day`."""
        while not self.is_working(day):
            day += ONE_DAY
        return day

    def on_or_before(self, day: date) -> date:
        """Return the last working day that is not after `day`."""
        while not self.is_working(day):
            day -= ONE_DAY
        return day

    def walk(self, day: date, step: int) -> Iterator[date]:
        """Yield the days after `day` (step 1) or before it (step -1), without end."""
        while True:
            day += step * ONE_DAY
            yield day

    def shift(self, day: date, span: Span, *, sign: int = 1) -> date:
        """Return the day that lies `span` after `day`, or before it with `sign=-1`.

        The start day is not counted (Civil Code 2015, art. 147). Working days count make-up
        days and leave out weekly days off and days off. Months end on the corresponding day, or
        on the last of a month that has none. Nothing rolls here.
        """
        match span.unit:
            case "days" | "weeks":
                return day + sign * span.count * (7 if span.unit == "weeks" else 1) * ONE_DAY
            case "months":
                return add_months(day, sign * span.count)
        left = span.count
        for candidate in self.walk(day, sign):
            left -= self.is_working(candidate)
            if left <= 0:
                return candidate
        raise AssertionError("walk never ends")  # pragma: no cover

    def working_days_between(self, start: date, end: date) -> int:
        """Return how many working days lie after `start` up to and including `end`; 0 when `end` is not later."""
        return sum(self.is_working(start + n * ONE_DAY) for n in range(1, (end - start).days + 1))

    def instant(self, day: date, at: time = time.min) -> datetime:
        """Return the UTC instant of a civil time in the zone; see `civil_instant`."""
        return civil_instant(self.zone, day, at)

    def civil_day(self, at: datetime) -> date:
        """Return the civil day of an instant in the zone."""
        return civil_day(self.zone, at)


def _known(days: Mapping[date, SpecialDay], back: Mapping[date, SpecialDay], on: date) -> dict[date, SpecialDay]:
    known = {day: special for day, special in days.items() if special.was_known(on)}
    return dict(sorted((known | dict(back)).items()))


def add_months(day: date, count: int) -> date:
    """Return the corresponding day some months later, or the last day of a month that has none.

    >>> add_months(date(2026, 1, 31), 1).isoformat(), add_months(date(2026, 3, 31), -13).isoformat()
    ('2026-02-28', '2025-02-28')
    """
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@lru_cache(maxsize=8192)
def civil_instant(zone: str, day: date, at: time = time.min) -> datetime:
    """Return the UTC instant of a civil time; a missing or repeated hour resolves to the later instant.

    So nobody's time is shortened by a clock change.

    >>> civil_instant("Asia/Ho_Chi_Minh", date(2025, 9, 1)).isoformat()
    '2025-08-31T17:00:00+00:00'
    """
    # pendulum's fold=1 takes the later of a repeated hour and moves a missing one forward
    local = pendulum.datetime(day.year, day.month, day.day, at.hour, at.minute, at.second, tz=zone, fold=1)
    return datetime.fromtimestamp(local.timestamp(), UTC)


@lru_cache(maxsize=64)
def _zone(name: str) -> pendulum.Timezone | pendulum.FixedTimezone:
    try:
        return pendulum.timezone(name)
    except (ValueError, LookupError, OSError) as error:
        raise Invalid(f"there is no time zone '{name}'") from error


def civil_day(zone: str, at: datetime) -> date:
    """Return the civil day of an instant in a zone.

    >>> civil_day("Asia/Ho_Chi_Minh", datetime(2025, 8, 31, 17, tzinfo=UTC)).isoformat()
    '2025-09-01'
    """
    return civil_time(zone, at).date()


def civil_time(zone: str, at: datetime) -> datetime:
    """Return the instant as the clocks of a zone show it.

    >>> civil_time("Asia/Ho_Chi_Minh", datetime(2025, 8, 31, 17, tzinfo=UTC)).isoformat()
    '2025-09-01T00:00:00+07:00'
    """
    return at.astimezone(_zone(zone))


def exists(zone: str, day: date) -> bool:
    """Return whether a civil day happened at all in a zone (Samoa had no 30 December 2011).

    >>> exists("Pacific/Apia", date(2011, 12, 30)), exists("Pacific/Apia", date(2011, 12, 31))
    (False, True)
    """
    return civil_day(zone, civil_instant(zone, day)) == day
