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
        ("2026-02-22", "2026-02-13"),  # the break of Tết
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


@pytest.mark.parametrize(
    ("known_on", "works", "last"),
    [
        ("2025-12-24", (True, False), "2026-01-06"),
        ("2025-12-25", (False, True), "2026-01-07"),  # the day of 12729/VPCP-KGVX
        ("2025-12-26", (False, True), "2026-01-07"),
    ],
)
def test_the_swap_of_january_2026_was_not_known_before_it_was_decided(
    calendar: Calendar, known_on: str, works: tuple[bool, bool], last: str
) -> None:
    then = calendar.as_known(date.fromisoformat(known_on))
    assert (then.is_working(date(2026, 1, 2)), then.is_working(date(2026, 1, 10))) == works
    deadline = dated(Within(Span(3, "working days")), issued=date(2025, 12, 31), calendar=then)
    assert deadline is not None
    assert deadline.last_day == date.fromisoformat(last)


def test_every_day_names_its_authority(calendar: Calendar) -> None:
    for special in (*calendar.days_off.values(), *calendar.make_up_days.values()):
        assert special.source.strip()
        assert special.why().en.startswith(f"{special.name.en}, {special.source}")


def test_a_day_nobody_decided_stays_visible_as_such(calendar: Calendar) -> None:
    culture = calendar.days_off[date(2026, 11, 24)]
    assert culture.certainty == "predicted"
    assert culture.why().en == ("Vietnam Culture Day, holidays 0.109 only: UNVERIFIED, predicted: not decided yet")


@pytest.mark.parametrize(
    ("day", "certainty"),
    [
        ("2027-01-01", "decided"),  # the law names the day
        ("2027-02-05", "predicted"),  # Tết: each year by notice
        ("2027-09-02", "decided"),
        ("2027-09-03", "predicted"),  # the day beside it: chosen each year
    ],
)
def test_of_the_year_after_next_only_what_the_law_names_is_decided(
    calendar: Calendar, day: str, certainty: str
) -> None:
    assert calendar.days_off[date.fromisoformat(day)].certainty == certainty


def test_the_file_gives_the_days_of_the_library_their_authority_in_2025_and_2026(calendar: Calendar) -> None:
    special = (*calendar.days_off.values(), *calendar.make_up_days.values())
    assert {s.day.year for s in special if s.source == "the library holidays, VN"} == {2024, 2027}
    assert len([s for s in calendar.days_off.values() if s.day.year in (2025, 2026)]) == 26
    assert sorted(calendar.make_up_days) == [
        date(2024, 5, 4),
        date(2025, 4, 26),
        date(2026, 1, 10),
        date(2026, 8, 22),
    ]
