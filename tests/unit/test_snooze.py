"""Snoozes: reminders can be put off for a while, a deadline cannot."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.builders import a_calendar
from tracker.domain.deadline import Limit
from tracker.domain.errors import Refused
from tracker.domain.snooze import check_snooze, latest_snooze, snoozes_offered
from tracker.domain.standing import Facts, Progress

CALENDAR = a_calendar()
MONDAY = datetime(2025, 8, 11, 1, tzinfo=UTC)
LAST = date(2025, 8, 31)  # a Sunday: Friday the 29th is the last working day


def facts(last_day: date | None = LAST) -> Facts:
    found = Facts(progress=Progress.ASSIGNED, assigned_at=MONDAY, touched_at=MONDAY)
    if last_day is None:
        return found
    late_from = CALENDAR.instant(last_day + timedelta(days=1))
    return replace(found, limit=Limit(last_day=last_day, late_from=late_from, zone=CALENDAR.zone))


def offered(last_day: date | None, at: datetime) -> list[str]:
    return [f"{day:%d.%m.}" for day in snoozes_offered(facts(last_day), at=at, calendar=CALENDAR)]


@pytest.mark.parametrize(
    ("last_day", "at", "days"),
    [
        (LAST, MONDAY, ["12.08.", "14.08.", "18.08.", "25.08."]),
        (LAST, datetime(2025, 8, 25, 1, tzinfo=UTC), ["26.08.", "28.08.", "29.08."]),
        (LAST, datetime(2025, 8, 28, 1, tzinfo=UTC), ["29.08."]),
        (LAST, datetime(2025, 8, 29, 1, tzinfo=UTC), []),
        (LAST, datetime(2025, 8, 30, 1, tzinfo=UTC), []),
        (LAST, datetime(2025, 9, 5, 1, tzinfo=UTC), []),
        (date(2025, 8, 15), MONDAY, ["12.08.", "14.08."]),
        (date(2025, 8, 12), MONDAY, []),
        (date(2025, 8, 11), MONDAY, []),
        (None, MONDAY, ["12.08.", "14.08.", "18.08.", "25.08."]),
    ],
)
def test_a_few_days_are_offered_that_end_before_the_deadline(
    last_day: date | None, at: datetime, days: list[str]
) -> None:
    assert offered(last_day, at) == days


@pytest.mark.parametrize(
    ("until", "code"),
    [(date(2025, 8, 11), "bad-snooze"), (date(2025, 8, 12), None), (date(2025, 8, 28), None), (date(2025, 8, 29), None),
     (date(2025, 8, 30), "bad-snooze"), (date(2025, 9, 30), "bad-snooze")],
)  # fmt: skip
def test_reminders_are_put_off_to_a_day_ahead_and_before_the_deadline(until: date, code: str | None) -> None:
    if code is None:
        check_snooze(facts(), until, at=MONDAY, calendar=CALENDAR)
        return
    with pytest.raises(Refused) as refusal:
        check_snooze(facts(), until, at=MONDAY, calendar=CALENDAR)
    assert refusal.value.code == code


def test_what_is_overdue_cannot_be_put_off() -> None:
    late = CALENDAR.instant(LAST + timedelta(days=1))
    assert latest_snooze(facts(), at=late, calendar=CALENDAR) is None
    with pytest.raises(Refused) as refusal:
        check_snooze(facts(), date(2025, 9, 8), at=late, calendar=CALENDAR)
    assert refusal.value.code == "no-snooze"


def test_without_a_deadline_it_is_a_month_of_work_at_most() -> None:
    assert latest_snooze(facts(None), at=MONDAY, calendar=CALENDAR) == date(2025, 9, 10)  # two days off in between
