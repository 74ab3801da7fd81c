"""Calendar: calendar.yaml, the days state offices work, each exception with its authority."""

from collections.abc import Mapping as Table
from datetime import UTC, date, datetime
from typing import cast

from tracker.domain.calendar import Calendar, Roll, SpecialDay, civil_day
from tracker.domain.errors import Invalid
from tracker.domain.text import Text
from tracker.files import scalars
from tracker.files.form import Form, form, several, text
from tracker.files.nodes import Node, Sequence
from tracker.files.report import Report
from tracker.files.scalars import choice
from tracker.files.words import clip

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ROLLS = ("forward", "back", "none")
_roll = choice(ROLLS, "forward, back or none")
_weekdays = several(choice(WEEKDAYS, "a day of the week"), "a list of days")


def read_calendar(fields: Form) -> Calendar | None:
    """Return the calendar of calendar.yaml, or None with findings."""
    zone = fields.need("zone", _zone)
    weekend = fields.need("weekend", _weekend)
    roll = fields.get("roll", _roll) or "forward"
    days_off = fields.get("days_off", lambda report, node: _days(report, node, {})) or {}
    make_up_days = fields.get("make_up_days", lambda report, node: _days(report, node, days_off)) or {}
    if zone is None or weekend is None:
        return None
    return Calendar(zone=zone, weekend=weekend, days_off=days_off, make_up_days=make_up_days, roll=cast(Roll, roll))


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


def _days(report: Report, node: Node, swapped: Table[date, SpecialDay]) -> dict[date, SpecialDay]:
    found: dict[date, SpecialDay] = {}
    if not isinstance(node, Sequence):
        several(scalars.line, "a list of days")(report, node)
        return found
    for item in node.items:
        day = _day(report, item, swapped)
        if day is None:
            continue
        if day.day in found:
            report.error(item, "duplicate-day", f"{day.day} stands here twice", "delete one of the two")
        found[day.day] = day
    return found


def _day(report: Report, node: Node, swapped: Table[date, SpecialDay]) -> SpecialDay | None:
    fields = form(report, node, ("date", "name", "source", "known_on", "for"), needed="a day {date: …, source: …}")
    if fields is None:
        return None
    day = fields.need("date", scalars.day)
    source = fields.need("source", scalars.line)
    known_on = fields.get("known_on", scalars.day)
    instead_of = fields.get("for", scalars.day)
    if instead_of and instead_of not in swapped:
        at = fields.node.entries["for"][1]
        report.error(at, "unknown-day", f"{instead_of} is no day off", "add it under 'days_off'")
    # a make-up day may go without a name: it is told by the day it makes up for
    if instead_of and "name" not in fields.node.entries:
        name: Text | None = _made_up(instead_of)
    else:
        name = fields.need("name", text)
    return SpecialDay(day=day, name=name, source=source, known_on=known_on) if day and name and source else None


def _made_up(day: date) -> Text:
    local = f"{day:%d/%m/%Y}"
    return Text(vi=f"làm bù cho ngày {local}", en=f"worked instead of {day}", fr=f"travaillé au lieu du {local}")
