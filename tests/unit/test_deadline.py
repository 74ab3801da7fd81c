"""Deadlines: what the words of a directive mean, to the instant, and why."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from tests.builders import a_calendar
from tracker.domain.calendar import Span
from tracker.domain.deadline import Before, By, Deadline, In, Review, Rule, Within, reckon
from tracker.domain.errors import Invalid
from tracker.domain.text import Text

ISSUED = date(2025, 8, 11)


def deadline(rule: Rule, *, issued: date = ISSUED, zone: str = "Asia/Ho_Chi_Minh") -> Deadline:
    found = reckon(rule, issued=issued, calendar=a_calendar(zone=zone))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("rule", "last_day"),
    [
        (Before(date(2025, 10, 15)), date(2025, 10, 14)),
        (Before(date(2025, 10, 15), inclusive=True), date(2025, 10, 15)),
        (By(date(2025, 9, 1)), date(2025, 9, 1)),
        (In(2025, 8), date(2025, 8, 31)),
        (In(2024, 2), date(2024, 2, 29)),
        (Within(Span(10, "days")), date(2025, 8, 21)),
        (Within(Span(3, "working days")), date(2025, 8, 14)),
    ],
)
def test_a_rule_names_its_last_day(rule: Rule, last_day: date) -> None:
    assert deadline(rule).last_day == last_day


def test_a_date_only_deadline_is_late_from_the_midnight_after_its_last_day_in_hanoi() -> None:
    assert deadline(In(2025, 8)).late_from == datetime(2025, 8, 31, 17, tzinfo=UTC)


def test_a_deadline_with_a_minute_is_late_from_the_minute_after() -> None:
    assert deadline(By(date(2025, 8, 31), time(17, 0))).late_from == datetime(2025, 8, 31, 10, 1, tzinfo=UTC)


def test_a_written_date_on_a_day_off_does_not_move_and_says_so() -> None:
    found = deadline(In(2025, 8))
    assert [step.code for step in found.explanation] == ["rule_in", "rule_written", "day_off_written", "late_from_day"]
    assert found.explanation[2].values["working"] == date(2025, 8, 29)


def test_the_last_step_names_the_first_late_instant_as_the_clock_on_the_wall_shows_it() -> None:
    steps = (deadline(rule).explanation[-1] for rule in (By(date(2025, 8, 29)), By(date(2025, 8, 29), time(17))))
    assert [str(step) for step in steps] == [
        "the last day ends at midnight: late from 2025-08-30 00:00 (Asia/Ho_Chi_Minh)",
        "a report at 17:00 is still in time: late from 2025-08-29 17:01 (Asia/Ho_Chi_Minh)",
    ]


def test_a_day_off_is_told_in_three_languages_with_its_authority() -> None:
    holiday = a_calendar().why_off(date(2025, 9, 2))
    weekly = a_calendar().why_off(date(2025, 8, 31))
    assert holiday == Text(vi="Quốc khánh, notice", en="National Day, notice", fr="Fête nationale, notice")
    assert weekly == Text(vi="ngày nghỉ hằng tuần", en="weekly day off", fr="jour de repos hebdomadaire")
    assert a_calendar().why_off(date(2025, 8, 29)) is None


def test_a_computed_period_moves_to_the_next_working_day_and_names_the_authority() -> None:
    found = deadline(Within(Span(20, "days")))
    assert found.last_day == date(2025, 9, 3)
    codes = ["anchor_issue", "count_days", "rolled", "passed_over", "passed_over", "late_from_day"]
    assert [step.code for step in found.explanation] == codes
    assert "art. 148" in str(found.explanation[2])
    assert [str(step) for step in found.explanation[3:5]] == [
        "2025-09-01 is a day off too: National Day, notice",
        "2025-09-02 is a day off too: National Day, notice",
    ]


def test_working_days_name_each_day_that_was_not_counted() -> None:
    found = deadline(Within(Span(2, "working days")), issued=date(2025, 8, 29))
    skipped = [step.values["day"] for step in found.explanation if step.code == "skipped"]
    assert skipped == [date(2025, 8, 30), date(2025, 8, 31), date(2025, 9, 1), date(2025, 9, 2)]
    assert found.last_day == date(2025, 9, 4)


def test_a_review_sets_no_deadline() -> None:
    assert reckon(Review(Span(30, "days")), issued=ISSUED, calendar=a_calendar()) is None


@pytest.mark.parametrize(
    ("zone", "last_day", "late_from"),
    [
        ("Africa/Cairo", date(2025, 4, 24), datetime(2025, 4, 24, 22, tzinfo=UTC)),  # midnight of the 25th is missing
        ("America/Havana", date(2025, 11, 1), datetime(2025, 11, 2, 5, tzinfo=UTC)),  # the second midnight
        ("Pacific/Apia", date(2011, 12, 29), datetime(2011, 12, 30, 10, tzinfo=UTC)),  # the 30th never was
    ],
)
def test_a_missing_or_repeated_midnight_never_shortens_the_last_day(
    zone: str, last_day: date, late_from: datetime
) -> None:
    assert deadline(By(last_day), zone=zone).late_from == late_from


@pytest.mark.parametrize(
    ("minute", "late_from"),
    [
        (time(1, 59), datetime(2025, 3, 30, 1, 0, tzinfo=UTC)),
        (time(2, 30), datetime(2025, 3, 30, 1, 31, tzinfo=UTC)),  # missing: read as 03:30
        (time(3, 0), datetime(2025, 3, 30, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_missing_minute_resolves_to_the_later_instant(minute: time, late_from: datetime) -> None:
    assert deadline(By(date(2025, 3, 30), minute), zone="Europe/Berlin").late_from == late_from


def test_a_repeated_minute_resolves_to_the_second_time_it_comes() -> None:
    found = deadline(By(date(2025, 10, 26), time(2, 30)), zone="Europe/Berlin")
    assert found.late_from == datetime(2025, 10, 26, 1, 31, tzinfo=UTC)


def test_a_day_that_does_not_exist_in_the_zone_is_refused() -> None:
    with pytest.raises(Invalid, match="2011-12-30 does not exist"):
        deadline(By(date(2011, 12, 30)), zone="Pacific/Apia")


def test_the_last_day_is_wholly_in_time_whatever_the_clock_does_that_night() -> None:
    for zone in ("Asia/Ho_Chi_Minh", "Africa/Cairo", "Asia/Beirut", "America/Santiago", "Atlantic/Azores"):
        found = deadline(By(date(2025, 9, 6)), zone=zone)
        assert found.days_late(found.late_from - timedelta(microseconds=1)) == 0
        assert found.days_late(found.late_from) == 1
