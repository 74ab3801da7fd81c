"""The shipped calendar and the reckoning give the dates that a person counted with the law in hand."""

from datetime import date
from pathlib import Path

import pytest

from tracker.domain.calendar import Calendar, Span
from tracker.domain.deadline import Within, dated
from tracker.files.registry import read_registry

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def calendar() -> Calendar:
    registry, findings = read_registry(ROOT / "directives" / "registry")
    assert registry is not None
    assert [finding for finding in findings if finding.severity == "error"] == []
    return registry.calendar


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2025-04-26", True),  # a Saturday worked for Friday 2 May
        ("2025-05-02", False),
        ("2025-08-30", False),
        ("2025-09-01", False),
        ("2025-09-03", True),
        ("2026-01-02", False),
        ("2026-01-10", True),
        ("2026-08-22", True),
        ("2026-08-31", False),
    ],
)
def test_offices_work_on_make_up_saturdays_and_not_on_swapped_days(calendar: Calendar, day: str, works: bool) -> None:
    assert calendar.is_working(date.fromisoformat(day)) is works


@pytest.mark.parametrize(
    ("day", "last"),
    [
        ("2025-08-30", "2025-08-29"),
        ("2025-08-31", "2025-08-29"),
        ("2025-09-01", "2025-08-29"),
        ("2025-09-30", "2025-09-30"),
        ("2025-10-14", "2025-10-14"),
    ],
)
def test_the_last_working_day_on_or_before_a_day(calendar: Calendar, day: str, last: str) -> None:
    assert calendar.on_or_before(date.fromisoformat(day)) == date.fromisoformat(last)


@pytest.mark.parametrize(
    ("issued", "span", "last"),
    [
        ("2025-08-02", Span(30, "days"), "2025-09-03"),  # the start is not counted, then the break of National Day
        ("2025-08-11", Span(20, "days"), "2025-09-03"),  # 31 August is the Sunday of the break
        ("2026-01-31", Span(1, "months"), "2026-03-02"),  # there is no 31 February, and the 28th is a Saturday
        ("2025-04-25", Span(2, "working days"), "2025-04-28"),  # Saturday 26 April counts
        ("2025-04-29", Span(3, "working days"), "2025-05-07"),
        ("2025-08-28", Span(5, "working days"), "2025-09-08"),
        ("2026-02-13", Span(5, "working days"), "2026-02-27"),  # across Tết
        ("2025-12-31", Span(3, "working days"), "2026-01-07"),  # across the year, 2 January swapped
    ],
)
def test_a_period_ends_where_the_civil_code_says(calendar: Calendar, issued: str, span: Span, last: str) -> None:
    deadline = dated(Within(span), issued=date.fromisoformat(issued), calendar=calendar)
    assert deadline is not None
    assert deadline.last_day == date.fromisoformat(last)
