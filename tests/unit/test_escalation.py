"""Escalation, shares of the time, quiet hours, daily reminders: when they come, and who hears of them."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

import pytest

from tests.builders import a_calendar, a_ladder
from tracker.domain.assignment import Assignment, rungs_owed
from tracker.domain.calendar import Calendar, Span
from tracker.domain.ladder import Ladder, Level, Moment, Quiet, Rung, calls
from tracker.domain.limit import Limit
from tracker.domain.moments import dated_moments, review_moments
from tracker.domain.standing import Facts, Policy, Progress, moments, next_moment

HANOI = timedelta(hours=7)
TICK = timedelta(microseconds=1)
WORKING = "working days"
ASSIGNED = datetime(2025, 8, 11, 1, tzinfo=UTC)  # Monday, 08:00 in Ha Noi
LIMIT = Limit(last_day=date(2025, 9, 10), zone="Asia/Ho_Chi_Minh", late_from=datetime(2025, 9, 10, 17, tzinfo=UTC))
NIGHT = Quiet(time(17, 30), time(7, 30))
LEVELS = (Level(Span(5, WORKING), ("parent",)), Level(Span(10, WORKING), ("head",)))
FACTS = Facts(progress=Progress.ASSIGNED, assigned_at=ASSIGNED, touched_at=ASSIGNED, limit=LIMIT)


def a_policy(ladder: Ladder, calendar: Calendar | None = None) -> Policy:
    return Policy(calendar=calendar or a_calendar(), due_soon=Span(3, WORKING), ladder=ladder)


def bare(*rungs: Rung, **more: object) -> Ladder:
    return replace(a_ladder(then_every=None), rungs=rungs, **more)


def told(ladder: Ladder, facts: Facts = FACTS, *, count: int = 9) -> list[str]:
    return [hanoi(moment) for moment in islice(moments(facts, a_policy(ladder)), count)]


def hanoi(moment: Moment) -> str:
    return f"{moment.at + HANOI:%a %d %b %H:%M} {moment.rung}"


# ── A share of the time ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (3, []),  # nine tenths of a day are no day
        (4, ["Tue 12 Aug 08:00 share-4pc"]),
        (50, ["Tue 26 Aug 08:00 half"]),
        (65, ["Fri 29 Aug 08:00 share-65pc"]),  # a Saturday: earlier
        (99, ["Tue 09 Sep 08:00 share-99pc"]),
    ],
)
def test_a_share_of_the_time_falls_on_a_working_day_between_the_two_ends(share: int, expected: list[str]) -> None:
    assert told(bare(Rung("share", share=share))) == expected


@pytest.mark.parametrize(("days", "expected"), [(1, []), (2, ["half"]), (3, ["half"])])
def test_half_of_a_day_or_two_is_a_day_only_where_one_lies_between(days: int, expected: list[str]) -> None:
    last = date(2025, 8, 11) + timedelta(days=days)
    limit = replace(LIMIT, last_day=last, late_from=datetime(2025, 8, 11 + days, 17, tzinfo=UTC))
    found = moments(replace(FACTS, limit=limit), a_policy(bare(Rung("share", share=50))))
    assert [moment.rung for moment in found] == expected


def test_half_time_of_a_window_counts_from_the_day_it_opens() -> None:
    window = replace(LIMIT, opens_at=datetime(2025, 8, 31, 17, tzinfo=UTC))
    assert told(bare(Rung("share", share=50)), replace(FACTS, limit=window)) == ["Fri 05 Sep 08:00 half"]


def test_a_share_never_takes_the_place_of_the_last_day() -> None:
    sunday = replace(LIMIT, last_day=date(2025, 9, 14), late_from=datetime(2025, 9, 14, 17, tzinfo=UTC))
    ladder = bare(Rung("share", share=99), Rung("due"))  # both would be Friday
    assert told(ladder, replace(FACTS, limit=sunday)) == ["Fri 12 Sep 08:00 due"]


# ── Escalation ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("answered", "expected"),
    [
        (None, ["Wed 17 Sep 08:00 escalate-5wd-parent", "Wed 24 Sep 08:00 escalate-10wd-head"]),
        # before the deadline: no answer to its passing
        (LIMIT.late_from - TICK, ["Wed 17 Sep 08:00 escalate-5wd-parent", "Wed 24 Sep 08:00 escalate-10wd-head"]),
        # Thursday the 11th, 00:00 in Ha Noi
        (LIMIT.late_from, ["Thu 18 Sep 08:00 escalate-5wd-parent", "Thu 25 Sep 08:00 escalate-10wd-head"]),
        (LIMIT.late_from + TICK, ["Thu 18 Sep 08:00 escalate-5wd-parent", "Thu 25 Sep 08:00 escalate-10wd-head"]),
        # the first level has come, in the moment it comes or before: the next counts from the answer
        (
            datetime(2025, 9, 17, 1, tzinfo=UTC) - TICK,
            ["Wed 24 Sep 08:00 escalate-5wd-parent", "Wed 01 Oct 08:00 escalate-10wd-head"],
        ),
        (datetime(2025, 9, 17, 1, tzinfo=UTC), ["Wed 01 Oct 08:00 escalate-10wd-head"]),
        (datetime(2025, 9, 19, 1, tzinfo=UTC), ["Fri 03 Oct 08:00 escalate-10wd-head"]),
        (datetime(2025, 9, 24, 1, tzinfo=UTC), []),
    ],
)
def test_an_answer_after_the_deadline_stops_a_level_and_the_next_counts_from_it(
    answered: datetime | None, expected: list[str]
) -> None:
    assert told(bare(escalate=LEVELS), replace(FACTS, answered_at=answered)) == expected


def test_after_an_extension_escalation_counts_from_the_new_day() -> None:
    later = replace(LIMIT, last_day=date(2025, 9, 30), late_from=datetime(2025, 9, 30, 17, tzinfo=UTC))
    facts = replace(FACTS, limit=later, answered_at=LIMIT.late_from)  # an answer to the old deadline
    assert told(bare(escalate=LEVELS), facts)[0] == "Tue 07 Oct 08:00 escalate-5wd-parent"


def test_what_the_lead_is_owed_never_takes_the_place_of_a_level() -> None:
    ladder = a_ladder(escalate=LEVELS, daily_after=Span(5, WORKING))
    one = Assignment(
        ref="2025/412-tb-vpcp/report/BNV", task="2025/412-tb-vpcp/report", agency="BNV", remind="standard", facts=FACTS
    )
    before = replace(one, rung="after-1wd", told=datetime(2025, 9, 11, 1, tzinfo=UTC))
    owed = rungs_owed(before, at=datetime(2025, 9, 17, 1, tzinfo=UTC), policy=a_policy(ladder))
    assert [(call.moment.rung, call.to) for call in calls(owed)] == [
        ("daily-2025-09-17", ("lead",)),
        ("escalate-5wd-parent", ("parent",)),
    ]


def test_after_an_outage_each_audience_hears_once_of_the_latest_meant_for_it() -> None:
    at = datetime(2025, 9, 26, 1, tzinfo=UTC)
    owed = tuple(
        Moment(at - timedelta(days=days), rung, "overdue", to)
        for days, rung, to in (
            (9, "before-3wd", ("lead", "with")),
            (5, "escalate-5wd-parent", ("parent", "secretariat")),
            (3, "escalate-10wd-parent", ("parent",)),
            (0, "after-1wd+7d", ("lead",)),
        )
    )
    assert [(call.moment.rung, call.to) for call in calls(owed)] == [
        ("after-1wd+7d", ("lead",)),
        ("escalate-10wd-parent", ("parent",)),
        ("escalate-5wd-parent", ("secretariat",)),
        ("before-3wd", ("with",)),
    ]
    assert calls(()) == ()


# ── Daily reminders ─────────────────────────────────────────────────────────────────────────────────────────


def test_from_some_day_on_the_repeats_come_each_working_day() -> None:
    ladder = bare(Rung("after", Span(1, WORKING)), then_every=Span(2, WORKING), daily_after=Span(5, WORKING))
    assert told(ladder, count=6) == [
        "Thu 11 Sep 08:00 after-1wd",
        "Mon 15 Sep 08:00 after-1wd+2wd",
        "Wed 17 Sep 08:00 daily-2025-09-17",
        "Thu 18 Sep 08:00 daily-2025-09-18",
        "Fri 19 Sep 08:00 daily-2025-09-19",
        "Mon 22 Sep 08:00 daily-2025-09-22",
    ]


@pytest.mark.parametrize("days", [0, 1, 5, 40, 400])
def test_the_next_daily_reminder_is_the_same_from_wherever_one_looks(days: int) -> None:
    policy = a_policy(bare(daily_after=Span(5, WORKING), quiet=Quiet(time(7), time(9))))
    last = datetime(2025, 9, 17, 2, tzinfo=UTC) + timedelta(days=days)
    slow = next(moment.at for moment in moments(FACTS, policy) if moment.at > last)
    assert next_moment(FACTS, at=last, policy=policy, told=last) == slow


# ── Quiet hours and working days ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("assigned", "expected"),
    [
        (time(17, 29), "Fri 15 Aug 17:29 assigned"),
        (time(17, 30), "Mon 18 Aug 07:30 assigned"),
        (time(23, 59), "Mon 18 Aug 07:30 assigned"),
        (time(7, 29), "Fri 15 Aug 07:30 assigned"),
        (time(7, 30), "Fri 15 Aug 07:30 assigned"),
    ],
)
def test_an_assignment_in_quiet_hours_is_announced_when_they_end(assigned: time, expected: str) -> None:
    at = a_calendar().instant(date(2025, 8, 15), assigned)
    ladder = bare(Rung("assigned"), quiet=NIGHT, working_days=True)
    assert told(ladder, replace(FACTS, assigned_at=at)) == [expected]


@pytest.mark.parametrize(("flag", "expected"), [(True, "Mon 18 Aug 08:00"), (False, "Sat 16 Aug 10:00")])
def test_an_assignment_on_a_saturday_waits_for_monday_where_the_ladder_says_so(flag: bool, expected: str) -> None:
    at = a_calendar().instant(date(2025, 8, 16), time(10))
    ladder = bare(Rung("assigned"), working_days=flag)
    assert told(ladder, replace(FACTS, assigned_at=at)) == [f"{expected} assigned"]


def test_a_notice_that_quiet_hours_would_keep_until_it_is_too_late_comes_at_once() -> None:
    at = a_calendar().instant(date(2025, 9, 10), time(18))
    ladder = bare(Rung("assigned"), quiet=NIGHT)
    assert told(ladder, replace(FACTS, assigned_at=at)) == ["Wed 10 Sep 18:00 assigned"]


@pytest.mark.parametrize(
    ("hour", "expected"),
    [
        (time(17, 29), ["Tue 09 Sep 17:29 before-1wd", "Wed 10 Sep 17:29 due", "Thu 11 Sep 17:29 after-1wd"]),
        # earlier to the last open minute; due would be late the next morning, so it too comes before
        (time(18), ["Tue 09 Sep 17:29 before-1wd", "Tue 09 Sep 17:29 due", "Fri 12 Sep 07:30 after-1wd"]),
        (time(7, 29), ["Mon 08 Sep 17:29 before-1wd", "Wed 10 Sep 07:30 due", "Thu 11 Sep 07:30 after-1wd"]),
    ],
)
def test_before_the_deadline_quiet_hours_move_a_rung_earlier_and_else_later(hour: time, expected: list[str]) -> None:
    rungs = (Rung("before", Span(1, WORKING)), Rung("due"), Rung("after", Span(1, WORKING)))
    assert told(bare(*rungs, quiet=NIGHT, time=hour)) == expected


def test_quiet_hours_from_midnight_end_the_day_before_with_its_last_minute() -> None:
    ladder = bare(Rung("before", Span(2, WORKING)), quiet=Quiet(time(0), time(8, 1)))
    assert told(ladder) == ["Fri 05 Sep 23:59 before-2wd"]


def test_a_review_in_quiet_hours_comes_when_they_end() -> None:
    ladder = bare(Rung("assigned"), quiet=Quiet(time(7), time(9)))
    found = review_moments(ladder, Span(11, "days"), assigned_at=ASSIGNED, touched_at=ASSIGNED, calendar=a_calendar())
    assert [hanoi(moment) for moment in islice(found, 2)] == [
        "Mon 11 Aug 09:00 assigned",
        "Fri 22 Aug 09:00 review-2025-08-22",
    ]


# ── A snooze ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("until", "first"),
    [
        (date(2025, 8, 24), "before-10wd"),
        (date(2025, 8, 26), "before-3wd"),  # half time is the 26th
        (date(2025, 8, 25), "half"),
        (date(2025, 9, 4), "before-3wd"),
        (date(2025, 9, 5), "before-1wd"),
        (date(2025, 9, 9), "due"),
        (date(2026, 1, 1), "due"),
    ],
)
def test_a_snooze_puts_off_what_comes_before_the_deadline_and_never_the_rest(until: date, first: str) -> None:
    ladder = a_ladder(rungs=(Rung("share", share=50), *a_ladder().rungs[1:]))
    facts = replace(FACTS, snoozed_until=until, answered_at=ASSIGNED)
    rungs = [moment.rung for moment in islice(moments(facts, a_policy(ladder)), 9)]
    assert rungs[0] == first
    assert [rung for rung in rungs if rung in ("due", "after-1wd")] == ["due", "after-1wd"]


def test_the_moments_of_an_old_ladder_have_not_moved() -> None:
    found = dated_moments(a_ladder(), LIMIT, assigned_at=ASSIGNED, calendar=a_calendar())
    assert [repr(moment) for moment in islice(found, 2)] == [
        repr(Moment(ASSIGNED, "assigned", "assigned")),
        repr(Moment(datetime(2025, 8, 25, 1, tzinfo=UTC), "before-10wd", "before")),
    ]
