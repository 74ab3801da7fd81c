"""Calendar: calendar.yaml, the days state offices work, each exception with its authority.

A `base` is expanded by a library; what stands in the file is laid over it, day by day, and wins.
"""

import re
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import cast

from tracker.domain.calendar import Calendar, Certainty, Roll, SpecialDay, civil_day
from tracker.domain.errors import Invalid
from tracker.domain.text import Text
from tracker.files import scalars
from tracker.files.expansion import Expansion, countries, expand, made_up
from tracker.files.form import Form, form, several, text
from tracker.files.nodes import Node, Sequence
from tracker.files.report import Report
from tracker.files.scalars import choice, matching
from tracker.files.words import clip, meant

KEYS = ("zone", "weekend", "roll", "base", "days_off", "make_up_days", "removed")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ROLLS = ("forward", "back", "none")
CERTAINTIES = ("decided", "predicted")
LIBRARIES = ("holidays",)
MOST_YEARS = 30
_weekdays = several(choice(WEEKDAYS, "a day of the week"), "a list of days")
_roll = choice(ROLLS, "forward, back or none")
_certainty = choice(CERTAINTIES, "decided or predicted")
_library = choice(LIBRARIES, "a library of days off")
_YEARS = re.compile("[0-9]{4}(-[0-9]{4})?")
_years = matching(_YEARS, "some years", code="bad-date", remedy="write the first and the last, for example 2024-2027")
_NOTHING = Expansion({}, {})


@dataclass(frozen=True, slots=True)
class _Kind:
    """A list of days being read: those the base has, and the days off that days worked may make up for.

    `said`: these days are taken out, so each must be in the base and none among those the file puts in.
    """

    base: Table[date, SpecialDay]
    days_off: Table[date, SpecialDay] = field(default_factory=dict)
    said: Table[date, SpecialDay] | None = None


def read_calendar(fields: Form) -> Calendar | None:
    """Return the calendar of calendar.yaml, or None with findings."""
    zone = fields.need("zone", _zone)
    weekend = fields.need("weekend", _weekend)
    roll = fields.get("roll", _roll) or "forward"
    base = fields.get("base", lambda report, node: _base(report, node, weekend or frozenset())) or _NOTHING
    days_off = fields.get("days_off", lambda report, node: _days(report, node, _Kind(base.days_off))) or {}
    all_off = base.days_off | days_off
    worked = _Kind(base.make_up_days, all_off)
    make_up_days = fields.get("make_up_days", lambda report, node: _days(report, node, worked)) or {}
    gone = _Kind(base.days_off | base.make_up_days, said=days_off | make_up_days)
    removed = fields.get("removed", lambda report, node: _days(report, node, gone)) or {}
    if zone is None or weekend is None:
        return None
    return Calendar(
        zone=zone,
        weekend=weekend,
        days_off=_without(all_off, removed),
        make_up_days=_without(base.make_up_days | make_up_days, removed),
        removed=removed,
        roll=cast(Roll, roll),
    )


def _without(days: Table[date, SpecialDay], removed: Table[date, SpecialDay]) -> dict[date, SpecialDay]:
    return {day: special for day, special in sorted(days.items()) if day not in removed}


def _zone(report: Report, node: Node) -> str | None:
    name = scalars.line(report, node)
    if name is None:
        return None
    try:
        civil_day(name, datetime(2025, 1, 1, tzinfo=UTC))
    except Invalid:
        report.error(node, "bad-zone", f"there is no time zone '{clip(name)}'", "write for example Asia/Ho_Chi_Minh")
        return None
    return name


def _weekend(report: Report, node: Node) -> frozenset[int] | None:
    days = _weekdays(report, node)
    if days is None:
        return None
    if len(days) == len(WEEKDAYS):
        report.error(node, "bad-choice", "no working day is left in the week", "leave one out")
        return None
    return frozenset(WEEKDAYS.index(day) for day in days)


def _base(report: Report, node: Node, weekend: frozenset[int]) -> Expansion | None:
    keys = ("library", "country", "years", "decided_until")
    fields = form(report, node, keys, needed="a base {library: holidays, country: VN, years: 2024-2027}")
    if fields is None:
        return None
    library = fields.need("library", _library)
    country = fields.need("country", _country)
    years = fields.need("years", _range)
    decided_until = fields.get("decided_until", scalars.day)
    if library is None or country is None or years is None:
        return None
    return expand(country, years, weekend=weekend, decided_until=decided_until)


def _country(report: Report, node: Node) -> str | None:
    code = scalars.line(report, node)
    if code is None or code in countries():
        return code
    remedy = meant(report.guess(code, countries()), "write two letters, for example VN")
    report.error(node, "bad-choice", f"the library knows no country '{clip(code)}'", remedy)
    return None


def _range(report: Report, node: Node) -> range | None:
    words = _years(report, node)
    if words is None:
        return None
    first, _, last = words.partition("-")
    found = range(int(first), int(last or first) + 1)
    if 0 < len(found) <= MOST_YEARS:
        return found
    remedy = f"write the first and the last, {MOST_YEARS} years at most"
    report.error(node, "bad-date", f"'{clip(words)}' holds {len(found) or 'no'} years", remedy)
    return None


def _days(report: Report, node: Node, kind: _Kind) -> dict[date, SpecialDay]:
    found: dict[date, SpecialDay] = {}
    if not isinstance(node, Sequence):
        several(scalars.line, "a list of days")(report, node)
        return found
    for item in node.items:
        day = _day(report, item, kind)
        if day is None:
            continue
        if day.day in found:
            report.error(item, "duplicate-day", f"{day.day} stands here twice", "delete one of the two")
        if kind.said is not None and day.day in kind.said:
            report.error(item, "duplicate-day", f"{day.day} is put in and taken out", "delete one of the two")
        elif kind.said is not None and day.day not in kind.base:
            report.error(item, "unknown-day", f"{day.day} is no day of the base", "delete it")
        found[day.day] = day
    return found


def _day(report: Report, node: Node, kind: _Kind) -> SpecialDay | None:
    keys = ("date", "name", "source", "known_on", "certainty", "for")
    fields = form(report, node, keys, needed="a day {date: …, source: …}")
    if fields is None:
        return None
    day = fields.need("date", scalars.day)
    source = fields.need("source", scalars.line)
    known_on = fields.get("known_on", scalars.day)
    certainty = cast(Certainty, fields.get("certainty", _certainty) or "decided")
    name = _day_name(fields, day, kind)
    if day is None or name is None or source is None:
        return None
    return SpecialDay(day=day, name=name, source=source, known_on=known_on, certainty=certainty)


def _day_name(fields: Form, day: date | None, kind: _Kind) -> Text | None:
    """Return the name a day is given, or what it makes up for, or the name its base knows it by."""
    instead_of = fields.get("for", scalars.day)
    if instead_of and instead_of not in kind.days_off:
        at = fields.node.entries["for"][1]
        fields.report.error(at, "unknown-day", f"{instead_of} is no day off", "add it under 'days_off'")
    if "name" not in fields.node.entries:
        if instead_of:
            return made_up(instead_of)
        if day and (known := kind.base.get(day)):
            return known.name
    return fields.need("name", text)
