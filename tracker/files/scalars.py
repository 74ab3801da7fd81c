"""Scalars: one text of a file to one value, or a finding that says what is wrong with it.

Every reader has one shape: it takes the report and a node, and returns the value, or None when
it made a finding. The plain functions beneath (`span_of` …) raise ValueError; stored documents use them too.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date, time
from typing import TypeVar

from tracker.domain.calendar import Span, Unit
from tracker.domain.directive import fold
from tracker.domain.recurrence import rrule_text
from tracker.files.nodes import Mapping, Node, Scalar, Sequence
from tracker.files.report import Report
from tracker.files.words import clip, meant

T = TypeVar("T")
Reader = Callable[[Report, Node], T | None]

ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_CODE = re.compile(r"[A-Za-z0-9]+([-_.][A-Za-z0-9]+)*")
_TASK_KEY = re.compile(r"[0-9]{4}/[a-z0-9]+(-[a-z0-9]+)*/[a-z][a-z0-9-]*")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_MINUTE = re.compile(r"([0-9]{2}):([0-9]{2})")
_QUARTER = re.compile(r"([0-9]{4})-Q([1-4])")
_YEAR = re.compile(r"[0-9]{4}")
_SPAN = re.compile(r"([1-9][0-9]{0,3}) (working )?days?")
_PERIOD = re.compile(r"([1-9][0-9]{0,2}) (week|month)s?")
_MOST_WORKING_DAYS = 999  # four years; they are counted one by one, and each day left out is told
_FIRST_YEAR, _LAST_YEAR = 1900, 2200  # beyond them a date is a slip, and reckoning could leave the calendar


def scalar(report: Report, node: Node, *, needed: str = "a text") -> str | None:
    """Return the text of a scalar, trimmed."""
    match node:
        case Scalar(absent=True):
            report.error(node, "empty-value", f"the value is empty, {needed} is needed", "write it, or delete the key")
            return None
        case Scalar():
            if words := node.text.strip():
                return words
            report.error(node, "empty-value", f"the value is empty, {needed} is needed", "write it, or delete the key")
        case Mapping() | Sequence():
            was = "a list" if isinstance(node, Sequence) else "a mapping"
            report.error(node, "wrong-type", f"{needed} is needed here, not {was}", f"write {needed}")
    return None


def line(report: Report, node: Node) -> str | None:
    """Return a text of one line."""
    words = scalar(report, node)
    if words and ("\n" in words or "\t" in words):
        report.error(node, "line-break", "the text must stand on one line", "write it without line breaks and tabs")
        return None
    return words


def note(report: Report, node: Node) -> str | None:
    """Return a text that may have several lines."""
    return scalar(report, node)


def choice(names: Iterable[str], what: str) -> Reader[str]:
    """Return a reader that takes one of some words."""
    known = tuple(names)

    def read(report: Report, node: Node) -> str | None:
        word = scalar(report, node, needed=what)
        if word is None or word in known:
            return word
        remedy = meant(report.guess(word, known), "write one of: " + ", ".join(known))
        report.error(node, "bad-choice", f"'{clip(word)}' is not {what}", remedy)
        return None

    return read


def matching(pattern: re.Pattern[str], what: str, *, code: str, remedy: str) -> Reader[str]:
    """Return a reader that takes a word of a certain form."""

    def read(report: Report, node: Node) -> str | None:
        word = scalar(report, node, needed=what)
        if word is None or (len(word) <= 200 and pattern.fullmatch(word)):
            return word
        report.error(node, code, f"'{clip(word)}' is not {what}", remedy)
        return None

    return read


identifier = matching(ID, "an id", code="bad-id", remedy="write small letters a-z, digits and hyphens, a letter first")
event_name = matching(
    ID, "the name of an event", code="bad-id", remedy="write small letters a-z, digits and hyphens, a letter first"
)
agency_code = matching(_CODE, "a code", code="bad-id", remedy="write letters A-Z without accents, digits, hyphens")
sha256 = matching(
    re.compile("[0-9a-f]{64}"), "a SHA-256", code="bad-sha256", remedy="write its 64 digits 0-9 a-f in small letters"
)
language = matching(
    re.compile("[a-z]{2}"), "a language", code="bad-choice", remedy="write two letters, for example vi, en or fr"
)
file_name = matching(
    re.compile(r"(?!\.)[^/\\:\x00]+"), "the name of a file", code="bad-file", remedy="write the name without a folder"
)


def directive_number(report: Report, node: Node) -> str | None:
    """Return the number of a directive; some of it must survive in a key."""
    number = line(report, node)
    if number is None or (fold(number) and len(number) <= 80):
        return number
    sentence = f"'{clip(number)}' is no number of a directive"
    report.error(node, "bad-id", sentence, "write it as printed, for example 412/TB-VPCP")
    return None


def task_reference(report: Report, node: Node) -> str | None:
    """Return a task's id, or the full key of a task in another directive."""
    word = scalar(report, node, needed="a task")
    if word is None or ID.fullmatch(word) or _TASK_KEY.fullmatch(word):
        return word
    remedy = "write the id of a task in this file, or year/number/id, for example 2025/412-tb-vpcp/report"
    report.error(node, "bad-id", f"'{clip(word)}' names no task", remedy)
    return None


def number(report: Report, node: Node) -> int | None:
    """Return a whole number from 1."""
    word = scalar(report, node, needed="a number")
    if word is None:
        return None
    if re.fullmatch("[1-9][0-9]{0,5}", word):
        return int(word)
    report.error(node, "bad-number", f"'{clip(word)}' is no whole number from 1", "write digits only, for example 5")
    return None


def truth(report: Report, node: Node) -> bool | None:
    """Return true or false."""
    word = choice(("true", "false"), "true or false")(report, node)
    return None if word is None else word == "true"


def day(report: Report, node: Node) -> date | None:
    """Return a date."""
    return _read(report, node, day_of, "a date", "bad-date", "write YYYY-MM-DD, for example 2025-08-31")


def clock_time(report: Report, node: Node) -> time | None:
    """Return a time of day."""
    return _read(report, node, minute_of, "a time", "bad-time", 'write "HH:MM", for example "08:00"')


def day_and_minute(report: Report, node: Node) -> tuple[date, time | None] | None:
    """Return a date, with the minute where one is written."""
    remedy = "write YYYY-MM-DD, or YYYY-MM-DDTHH:MM for a time of day"
    return _read(report, node, day_and_minute_of, "a date", "bad-date", remedy)


def month(report: Report, node: Node) -> tuple[int, int] | None:
    """Return a year and a month."""
    return _read(report, node, month_of, "a month", "bad-date", "write YYYY-MM, for example 2025-08")


def calendar_unit(report: Report, node: Node) -> tuple[int, int | None, int | None] | None:
    """Return a year, with the month or the quarter where one is written."""
    remedy = "write a month, a quarter or a year: 2025-08, 2025-Q3 or 2025"
    return _read(report, node, calendar_unit_of, "a month, quarter or year", "bad-date", remedy)


def period(report: Report, node: Node) -> Span | None:
    """Return a number of days, working days, weeks or months."""
    remedy = "write for example '30 days', '20 working days', '2 weeks' or '3 months'"
    return _read(report, node, period_of, "a period", "bad-span", remedy)


def recurrence(report: Report, node: Node) -> str | None:
    """Return a recurrence rule (RFC 5545) in its plain form."""
    remedy = "write for example 'FREQ=MONTHLY;BYMONTHDAY=25', and time, first and until beside it"
    return _read(report, node, rrule_text, "a recurrence rule", "bad-rrule", remedy)


def span(report: Report, node: Node) -> Span | None:
    """Return a number of days."""
    remedy = "write for example '30 days' or '20 working days'"
    return _read(report, node, span_of, "a number of days", "bad-span", remedy)


def _read(report: Report, node: Node, of: Callable[[str], T], what: str, code: str, remedy: str) -> T | None:
    words = scalar(report, node, needed=what)
    if words is None:
        return None
    try:
        return of(words)
    except ValueError as error:
        report.error(node, code, f"'{clip(words)}' is not {what}: {error}", remedy)
        return None


def day_of(words: str) -> date:
    """Return the date written as YYYY-MM-DD; raises ValueError.

    >>> day_of("2026-02-28").isoformat()
    '2026-02-28'
    """
    if not _DAY.fullmatch(words):
        raise ValueError("it is not written YYYY-MM-DD")
    year, month_number, day_number = (int(part) for part in words.split("-"))
    _within_reach(year)
    try:
        return date(year, month_number, day_number)
    except ValueError:
        raise ValueError("the calendar has no such day") from None


def minute_of(words: str) -> time:
    """Return the time written as HH:MM; raises ValueError."""
    match = _MINUTE.fullmatch(words)
    if not match or int(match[1]) > 23 or int(match[2]) > 59:
        raise ValueError("it is not from 00:00 to 23:59")
    return time(int(match[1]), int(match[2]))


def day_and_minute_of(words: str) -> tuple[date, time | None]:
    """Return the date and, where given, the minute; raises ValueError."""
    first, mark, rest = words.partition("T")
    return day_of(first), minute_of(rest) if mark else None


def month_of(words: str) -> tuple[int, int]:
    """Return year and month written as YYYY-MM; raises ValueError."""
    match = _MONTH.fullmatch(words)
    if not match:
        raise ValueError("it is not written YYYY-MM")
    _within_reach(int(match[1]))
    if not 1 <= int(match[2]) <= 12:
        raise ValueError("a year has 12 months")
    return int(match[1]), int(match[2])


def calendar_unit_of(words: str) -> tuple[int, int | None, int | None]:
    """Return year, month and quarter of YYYY-MM, YYYY-QN or YYYY; raises ValueError.

    >>> calendar_unit_of("2025-08"), calendar_unit_of("2025-Q3"), calendar_unit_of("2025")
    ((2025, 8, None), (2025, None, 3), (2025, None, None))
    """
    if match := _QUARTER.fullmatch(words):
        _within_reach(int(match[1]))
        return int(match[1]), None, int(match[2])
    if _YEAR.fullmatch(words):
        _within_reach(int(words))
        return int(words), None, None
    year, month_number = month_of(words)
    return year, month_number, None


def period_of(words: str) -> Span:
    """Return the span written as 'N weeks', 'N months' or as `span_of` has it; raises ValueError.

    >>> period_of("1 month")
    Span(count=1, unit='months')
    """
    match = _PERIOD.fullmatch(words)
    if match is None:
        return span_of(words)
    unit: Unit = "weeks" if match[2] == "week" else "months"
    return Span(int(match[1]), unit)


def span_of(words: str) -> Span:
    """Return the span written as 'N days' or 'N working days'; raises ValueError.

    >>> span_of("1 working day")
    Span(count=1, unit='working days')
    """
    match = _SPAN.fullmatch(words)
    if not match or (match[2] and int(match[1]) > _MOST_WORKING_DAYS):
        raise ValueError(f"it is not from 1 to 9999 days, or to {_MOST_WORKING_DAYS} working days")
    unit: Unit = "working days" if match[2] else "days"
    return Span(int(match[1]), unit)


def _within_reach(year: int) -> None:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise ValueError(f"its year is not from {_FIRST_YEAR} to {_LAST_YEAR}")
