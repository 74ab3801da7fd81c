"""Ladders: which rungs there are, when they come, and that only the latest is owed."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, takewhile

import pytest

from tests.builders import a_calendar, a_ladder
from tracker.domain.assignment import Assignment, rungs_owed
from tracker.domain.calendar import Span
from tracker.domain.ladder import Moment
from tracker.domain.limit import Limit
from tracker.domain.moments import dated_moments, review_moments
from tracker.domain.standing import Facts, Policy, Progress

TICK = timedelta(microseconds=1)
ASSIGNED = datetime(2025, 8, 11, 1, tzinfo=UTC)
LIMIT = Limit(last_day=date(2025, 8, 31), zone="Asia/Ho_Chi_Minh", late_from=datetime(2025, 8, 31, 17, tzinfo=UTC))
POLICY = Policy(calendar=a_calendar(), due_soon=Span(3, "working days"), ladder=a_ladder())
ONE = Assignment(
    ref="2025/412-tb-vpcp/report/BNV",
    task="2025/412-tb-vpcp/report",
    agency="BNV",
    remind="standard",
    facts=Facts(progress=Progress.ASSIGNED, assigned_at=ASSIGNED, touched_at=ASSIGNED, limit=LIMIT),
)


def moments(limit: Limit = LIMIT, assigned: datetime = ASSIGNED) -> list[Moment]:
    found = dated_moments(a_ladder(), limit, assigned_at=assigned, calendar=a_calendar())
    return list(islice(found, 9))


def hanoi(moment: Moment) -> str:
    return f"{moment.at + timedelta(hours=7):%a %d %b %H:%M} {moment.rung}"


def test_the_standard_ladder_of_a_deadline_in_the_break_of_national_day() -> None:
    assert [hanoi(moment) for moment in moments()] == [
        "Mon 11 Aug 08:00 assigned",
        "Fri 15 Aug 08:00 before-10wd",
        "Tue 26 Aug 08:00 before-3wd",
        "Thu 28 Aug 08:00 before-1wd",
        "Fri 29 Aug 08:00 due",
        "Wed 03 Sep 08:00 after-1wd",
        "Wed 10 Sep 08:00 after-1wd+7d",
        "Wed 17 Sep 08:00 after-1wd+14d",
        "Wed 24 Sep 08:00 after-1wd+21d",
    ]


def test_rungs_before_the_assignment_are_not_owed() -> None:
    late = datetime(2025, 8, 27, 1, tzinfo=UTC)
    assert [moment.rung for moment in moments(assigned=late)][:3] == ["assigned", "before-1wd", "due"]


def test_a_deadline_before_the_hour_of_reminders_is_announced_the_working_day_before() -> None:
    early = replace(
        LIMIT, minute=time(7, 30), last_day=date(2025, 8, 29), late_from=datetime(2025, 8, 29, 0, 31, tzinfo=UTC)
    )
    due = next(moment for moment in moments(early) if moment.rung == "due")
    assert hanoi(due) == "Thu 28 Aug 08:00 due"


@pytest.mark.parametrize(
    ("at", "owed"),
    [
        (ASSIGNED - TICK, ()),
        (ASSIGNED, ("assigned",)),
        (datetime(2025, 8, 15, 1, tzinfo=UTC) - TICK, ("assigned",)),
        (datetime(2025, 8, 15, 1, tzinfo=UTC), ("assigned", "before-10wd")),
        (datetime(2025, 8, 15, 1, tzinfo=UTC) + TICK, ("assigned", "before-10wd")),
    ],
)
def test_a_rung_is_owed_from_its_moment_on(at: datetime, owed: tuple[str, ...]) -> None:
    assert tuple(moment.rung for moment in rungs_owed(ONE, at=at, policy=POLICY)) == owed


def test_after_an_outage_every_missed_rung_is_named_so_that_the_last_can_be_told_and_the_rest_recorded() -> None:
    told = replace(ONE, rung="assigned", told=ASSIGNED)
    at = datetime(2025, 9, 5, 1, tzinfo=UTC)
    assert [moment.rung for moment in rungs_owed(told, at=at, policy=POLICY)] == [
        "before-10wd",
        "before-3wd",
        "before-1wd",
        "due",
        "after-1wd",
    ]


@pytest.mark.parametrize(
    "progress", [Progress.SUBMITTED, Progress.COMPLETED, Progress.DISCONTINUED, Progress.SUSPENDED]
)
def test_nothing_is_owed_to_who_has_reported_or_is_released(progress: Progress) -> None:
    done = replace(ONE, facts=replace(ONE.facts, progress=progress))
    assert rungs_owed(done, at=datetime(2026, 1, 1, tzinfo=UTC), policy=POLICY) == ()


def test_without_a_ladder_nobody_is_reminded() -> None:
    assert rungs_owed(ONE, at=datetime(2026, 1, 1, tzinfo=UTC), policy=replace(POLICY, ladder=None)) == ()


def test_an_undated_task_is_looked_at_each_interval_on_working_days_until_something_is_heard() -> None:
    found = review_moments(
        a_ladder(), Span(11, "days"), assigned_at=ASSIGNED, touched_at=ASSIGNED, calendar=a_calendar()
    )
    assert [hanoi(moment) for moment in takewhile(lambda m: m.at < datetime(2025, 9, 20, tzinfo=UTC), found)] == [
        "Mon 11 Aug 08:00 assigned",
        "Fri 22 Aug 08:00 review-2025-08-22",
        "Wed 03 Sep 08:00 review-2025-09-03",  # 2 September is National Day
        "Mon 15 Sep 08:00 review-2025-09-15",  # 13 September is a Saturday
    ]
