"""Recurrence: the days of an RFC 5545 rule, by the `dateutil` library.

Only parts whose cost is bounded are taken: `dateutil` looks for the next day of a rule up to
the year 9999, which a rule by days that never comes true would make a long search. A day is
civil; the time of day stands beside the rule and so stays the same by the clock on the wall.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from dateutil.rrule import rrule, rrulestr  # type: ignore[import-untyped]

from tracker.domain.calendar import ONE_DAY, Calendar, exists
from tracker.domain.errors import Invalid
from tracker.domain.period import rolled
from tracker.domain.phrase import Phrase
from tracker.domain.rule import Every

_WEEKDAY = "(MO|TU|WE|TH|FR|SA|SU)"
_MONTHDAY = "-?([1-9]|[12][0-9]|3[01])"
_MONTH = "([1-9]|1[0-2])"
_LISTS = {
    "INTERVAL": "[1-9][0-9]{0,2}",
    "BYDAY": f"([+-]?[1-5])?{_WEEKDAY}(,([+-]?[1-5])?{_WEEKDAY})*",
    "BYMONTHDAY": f"{_MONTHDAY}(,{_MONTHDAY})*",
    "BYMONTH": f"{_MONTH}(,{_MONTH})*",
    "BYSETPOS": f"{_MONTHDAY}(,{_MONTHDAY})*",
    "WKST": _WEEKDAY,
}
_PARTS = {
    "DAILY": frozenset({"INTERVAL"}),
    "WEEKLY": frozenset({"INTERVAL", "BYDAY", "WKST"}),
    "MONTHLY": frozenset({"INTERVAL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS"}),
    "YEARLY": frozenset({"INTERVAL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS"}),
}
_LONGEST = 200
_NEAR_THE_END = datetime.combine(date(9968, 1, 1), time.min)


def rrule_text(words: str) -> str:
    """Return a recurrence rule in its plain form; raises ValueError that says what is wrong with it.

    >>> rrule_text("rrule:freq=monthly;bymonthday=25")
    'FREQ=MONTHLY;BYMONTHDAY=25'
    """
    text = words.strip().upper().removeprefix("RRULE:").removesuffix(";")
    if len(text) > _LONGEST:
        raise ValueError(f"it is longer than {_LONGEST} characters")
    pairs = [part.partition("=") for part in text.split(";")]
    parts = {name: value for name, _, value in pairs}
    if len(parts) != len(pairs):
        raise ValueError("it says one part twice")
    _check_parts(parts)
    _check_days(parts)
    return text


def days_not_in_every_month(text: str) -> tuple[int, ...]:
    """Return the days of a monthly rule that some months do not have, and so leave out.

    >>> days_not_in_every_month("FREQ=MONTHLY;BYMONTHDAY=25,31"), days_not_in_every_month("FREQ=MONTHLY;BYMONTHDAY=-1")
    ((31,), ())
    """
    parts = dict(part.split("=") for part in text.split(";"))
    if parts["FREQ"] != "MONTHLY" or "BYMONTH" in parts:
        return ()
    return tuple(day for day in map(int, parts.get("BYMONTHDAY", "1").split(",")) if abs(day) > 28)


def _check_days(parts: dict[str, str]) -> None:
    if parts["FREQ"] == "MONTHLY" and "BYMONTH" in parts and parts.get("INTERVAL", "1") != "1":
        raise ValueError("INTERVAL and BYMONTH both choose months")
    # whatever its interval: a pattern of days that comes at all comes within the last 28 years there are
    pattern = ";".join(f"{name}={value}" for name, value in parts.items() if name != "INTERVAL")
    try:
        comes = _comes(pattern)
    except ValueError as error:
        raise ValueError(f"it cannot be followed: {error}") from None
    if not comes:
        raise ValueError("no day ever fits it")


@lru_cache(maxsize=1024)
def _comes(pattern: str) -> bool:
    return next(iter(rrulestr(pattern, dtstart=_NEAR_THE_END)), None) is not None


def _check_parts(parts: dict[str, str]) -> None:
    freq = parts.get("FREQ")
    if freq is None:
        raise ValueError("it does not say FREQ")
    if freq not in _PARTS:
        raise ValueError(f"FREQ is one of {', '.join(_PARTS)}")
    for name, value in parts.items():
        if name == "FREQ":
            continue
        if name not in _PARTS[freq]:
            raise ValueError(f"{name or 'an empty part'} has no place beside FREQ={freq}")
        if not re.fullmatch(_LISTS[name], value):
            raise ValueError(f"{name} cannot be '{value}'")
        if name == "BYDAY" and freq == "WEEKLY" and re.search("[0-9]", value):
            raise ValueError("BYDAY counts weekdays only within a month or a year")


def occurrences(rule: Every, *, issued: date, zone: str, since: date) -> Iterator[date]:
    """Yield the days of a recurrence from a day on, in order; without end unless it has one.

    Without `first` it starts after the day of issue. A day that never was in the zone is left out.
    """
    start = rule.first or issued + ONE_DAY
    for day in _after(rule.rrule, start, max(since, start)):
        if rule.until is not None and day > rule.until:
            return
        if exists(zone, day):
            yield day


@lru_cache(maxsize=4096)
def day_before(rule: Every, day: date, *, issued: date, zone: str) -> date | None:
    """Return the occurrence before a day, or None for the first."""
    start = rule.first or issued + ONE_DAY
    found = _days(rule.rrule, start).before(datetime.combine(day, time.min))
    while found is not None and not exists(zone, found.date()):
        found = _days(rule.rrule, start).before(found)
    return None if found is None else found.date()


def occurrence_day(rule: Every, day: date, calendar: Calendar) -> tuple[date, list[Phrase]]:
    """Return the last day of the occurrence that a recurrence names by a day, and the step if it was moved."""
    moved = None if rule.roll == "none" else rolled(day, calendar, roll=rule.roll)
    return moved or (day, [])


def _after(text: str, start: date, since: date) -> Iterator[date]:
    eve = datetime.combine(since, time.min) - timedelta(seconds=1)
    for found in _days(text, start).xafter(eve):
        yield found.date()


@lru_cache(maxsize=512)
def _days(text: str, start: date) -> rrule:
    found = rrulestr(text, dtstart=datetime.combine(start, time.min))
    if not isinstance(found, rrule):
        raise Invalid(f"'{text}' is no single recurrence rule", code="bad-rrule")
    return found
