"""Standing: the boundary table. Before, at and after each instant at which something turns."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from tests.builders import a_calendar, a_ladder
from tracker.domain.calendar import Span
from tracker.domain.limit import Limit
from tracker.domain.rule import Anchor
from tracker.domain.standing import CLOSED_OUT, Cell, Facts, Policy, Progress, next_moment, soon_from, standing

TICK = timedelta(microseconds=1)
POLICY = Policy(calendar=a_calendar(), due_soon=Span(3, "working days"), ladder=a_ladder())
ASSIGNED = datetime(2025, 8, 11, 1, tzinfo=UTC)  # Mon 11 Aug 08:00 in Hanoi
LIMIT = Limit(last_day=date(2025, 8, 31), zone="Asia/Ho_Chi_Minh", late_from=datetime(2025, 8, 31, 17, tzinfo=UTC))
LATE = LIMIT.late_from
SOON = datetime(2025, 8, 25, 17, tzinfo=UTC)  # Tue 26 Aug 00:00: three working days before Fri 29


def facts(**changes: object) -> Facts:
    dated = Facts(progress=Progress.ASSIGNED, assigned_at=ASSIGNED, touched_at=ASSIGNED, limit=LIMIT)
    return replace(dated, **changes)  # type: ignore[arg-type]


def undated(**changes: object) -> Facts:
    return facts(**{"limit": None, "review": Span(14, "days"), **changes})


def name(known: Facts, at: datetime) -> str:
    return standing(known, at=at, policy=POLICY).name


def cell(known: Facts, at: datetime) -> Cell:
    return standing(known, at=at, policy=POLICY).cell


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (ASSIGNED, "open"),
        (SOON - TICK, "open"),
        (SOON, "due_soon"),
        (SOON + TICK, "due_soon"),
        (LATE - TICK, "due_soon"),
        (LATE, "overdue"),
        (LATE + TICK, "overdue"),
    ],
)
def test_an_open_task_turns_due_soon_and_overdue_at_the_instant(at: datetime, expected: str) -> None:
    assert name(facts(), at) == expected


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (SOON, "due soon: the last day is 2025-08-31, 3 working days left"),
        (datetime(2025, 8, 28, 5, tzinfo=UTC), "due soon: the last day is 2025-08-31, 1 working day left"),
        (datetime(2025, 8, 29, 5, tzinfo=UTC), "the last day is 2025-08-31: no working day is left after today"),
        (LATE, "overdue by 1 day: the last day was 2025-08-31"),
        (LATE + timedelta(days=1), "overdue by 2 days: the last day was 2025-08-31"),
    ],
)
def test_the_reason_counts_what_is_left_and_what_is_late(at: datetime, said: str) -> None:
    assert str(standing(facts(), at=at, policy=POLICY).reason) == said


def test_a_minute_missed_on_the_last_day_is_late_by_less_than_a_day() -> None:
    limit = replace(LIMIT, minute=time(17), late_from=datetime(2025, 8, 31, 10, 1, tzinfo=UTC))
    received = limit.late_from + timedelta(hours=1)
    for progress in (Progress.SUBMITTED, Progress.COMPLETED):
        known = facts(progress=progress, limit=limit, received_at=received)
        assert "late by less than a day" in str(standing(known, at=LATE, policy=POLICY).reason)
    found = standing(facts(limit=limit), at=received, policy=POLICY)
    assert str(found.reason) == "overdue: it was due by 17:00 today"


def test_due_soon_counts_back_from_the_last_working_day() -> None:
    assert soon_from(LIMIT, POLICY) == SOON


@pytest.mark.parametrize(
    ("received", "expected"),
    [(LATE - TICK, Cell.ON_TIME), (LATE, Cell.LATE), (LATE + TICK, Cell.LATE)],
)
def test_lateness_is_measured_on_the_report_received_not_on_its_acceptance(received: datetime, expected: Cell) -> None:
    done = facts(progress=Progress.COMPLETED, received_at=received, touched_at=received + timedelta(days=30))
    assert cell(done, LATE + timedelta(days=60)) == expected


@pytest.mark.parametrize(
    ("received", "expected"),
    [(LATE - TICK, Cell.IN_TIME), (LATE, Cell.OVERDUE), (LATE + TICK, Cell.OVERDUE)],
)
def test_a_timely_report_awaiting_review_is_never_overdue(received: datetime, expected: Cell) -> None:
    reported = facts(progress=Progress.SUBMITTED, received_at=received)
    assert cell(reported, LATE + timedelta(days=60)) == expected


def test_a_returned_report_leaves_the_deadline_running() -> None:
    returned = facts(progress=Progress.RETURNED, returned_at=SOON, missing="the signed annex")
    assert name(returned, SOON + TICK) == "due_soon"
    assert "the signed annex" in str(standing(returned, at=SOON, policy=POLICY).reason)
    assert name(returned, LATE) == "overdue"


def test_a_task_that_waits_cannot_start_yet_but_its_deadline_still_passes() -> None:
    waiting = facts(waiting_for=("2025/412-tb-vpcp/legal-review", "2025/412-tb-vpcp/survey"))
    assert name(waiting, SOON) == "waiting"
    assert str(standing(waiting, at=SOON, policy=POLICY).reason).endswith("legal-review and 1 more")
    assert name(waiting, LATE) == "overdue"


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2025, 8, 24, 17, tzinfo=UTC) - TICK, "undated"),  # 14 days after Mon 11 Aug: Mon 25 Aug 00:00
        (datetime(2025, 8, 24, 17, tzinfo=UTC), "review_due"),
        (datetime(2025, 8, 24, 17, tzinfo=UTC) + TICK, "review_due"),
    ],
)
def test_an_undated_task_turns_review_due_when_nothing_was_heard(at: datetime, expected: str) -> None:
    assert name(undated(), at) == expected
    assert cell(undated(), at) == Cell.UNDATED


def test_a_sign_of_life_starts_the_review_interval_again() -> None:
    heard = undated(progress=Progress.ACKNOWLEDGED, touched_at=ASSIGNED + timedelta(days=10))
    assert name(heard, ASSIGNED + timedelta(days=15)) == "undated"


def test_an_undated_task_cannot_be_completed_late() -> None:
    done = undated(progress=Progress.COMPLETED, received_at=LATE + timedelta(days=400))
    assert cell(done, LATE + timedelta(days=500)) == Cell.ON_TIME


@pytest.mark.parametrize("progress", sorted(CLOSED_OUT))
def test_what_is_closed_out_stands_outside_the_rates(progress: Progress) -> None:
    assert cell(facts(progress=progress, why="superseded by 316/NQ-CP"), LATE) == Cell.CLOSED_OUT


@pytest.mark.parametrize("limit", [LIMIT, None])
@pytest.mark.parametrize("progress", list(Progress))
def test_every_progress_has_a_standing_a_cell_and_a_reason(progress: Progress, limit: Limit | None) -> None:
    known = facts(progress=progress, limit=limit, review=None if limit else Span(30, "days"), returned_at=ASSIGNED)
    for at in (ASSIGNED, SOON, LATE, LATE + timedelta(days=30)):
        found = standing(known, at=at, policy=POLICY)
        assert found.cell in Cell
        assert str(found.reason)


def test_the_next_moment_is_never_missed_by_a_turn_of_the_standing() -> None:
    known, at, told = facts(), ASSIGNED, ASSIGNED
    turns = []
    while (at_next := next_moment(known, at=at, policy=POLICY, told=told)) is not None and at_next <= LATE:
        assert at_next > at
        turns.append(name(known, at_next))
        assert name(known, at_next - TICK) == name(known, at)
        at = told = at_next
    assert turns[-1] == "overdue"


def test_a_settled_or_submitted_assignment_needs_no_further_look() -> None:
    for progress in (Progress.SUBMITTED, Progress.COMPLETED, *CLOSED_OUT):
        assert next_moment(facts(progress=progress, received_at=SOON), at=SOON, policy=POLICY, told=None) is None


def test_a_new_assignment_needs_a_look_at_once() -> None:
    assert next_moment(facts(), at=ASSIGNED, policy=POLICY, told=None) == ASSIGNED


CUT = replace(LIMIT, cutoff=True)


@pytest.mark.parametrize("progress", [Progress.ASSIGNED, Progress.ACKNOWLEDGED, Progress.RETURNED])
@pytest.mark.parametrize(
    ("at", "expected"), [(LATE - TICK, Cell.IN_TIME), (LATE, Cell.CLOSED_OUT), (LATE + TICK, Cell.CLOSED_OUT)]
)
def test_after_a_cut_off_what_is_open_is_void_and_never_late(at: datetime, expected: Cell, progress: Progress) -> None:
    assert cell(facts(progress=progress, limit=CUT, returned_at=SOON), at) == expected


def test_a_report_that_came_before_the_cut_off_still_counts() -> None:
    for progress, expected in ((Progress.SUBMITTED, Cell.IN_TIME), (Progress.COMPLETED, Cell.ON_TIME)):
        assert cell(facts(progress=progress, limit=CUT, received_at=LATE - TICK), LATE + timedelta(days=9)) == expected


def test_nobody_is_reminded_of_what_is_void() -> None:
    known, at = facts(limit=CUT), ASSIGNED
    looks = []
    while (at_next := next_moment(known, at=at, policy=POLICY, told=at)) is not None and len(looks) < 20:
        at = at_next
        looks.append(at)
        if at == LATE:
            break
    assert looks[-1] == LATE
    # after it, only the look that closes it out is owed
    assert next_moment(known, at=LATE, policy=POLICY, told=LATE) == LATE


def test_a_date_that_waits_is_undated_with_that_reason_even_while_another_task_is_needed() -> None:
    waiting = undated(review=None, anchor=Anchor("event", "shortage"), waiting_for=("2025/412-tb-vpcp/survey",))
    found = standing(waiting, at=LATE, policy=POLICY)
    assert (found.name, found.cell) == ("undated", Cell.UNDATED)
    assert str(found.reason) == "no date yet: it is set when the event 'shortage' is recorded"
    assert next_moment(waiting, at=LATE, policy=POLICY, told=ASSIGNED) is None


OPENS = datetime(2025, 8, 19, 17, tzinfo=UTC)  # Wed 20 Aug 00:00
WINDOW = replace(LIMIT, opens_at=OPENS)


@pytest.mark.parametrize(
    ("at", "code"), [(OPENS - TICK, "not_open_yet"), (OPENS, "open"), (OPENS + TICK, "open"), (SOON, "due_soon")]
)
def test_a_window_that_is_not_open_yet_is_open_work_with_another_reason(at: datetime, code: str) -> None:
    found = standing(facts(limit=WINDOW), at=at, policy=POLICY)
    assert found.reason.code == code
    assert found.cell == Cell.IN_TIME


def test_nothing_is_due_soon_before_it_opens() -> None:
    late_window = replace(LIMIT, opens_at=LATE - timedelta(days=1))
    assert soon_from(late_window, POLICY) == LATE - timedelta(days=1)


def test_no_rung_comes_before_a_window_opens_and_its_notice_comes_in_the_first_office_hours() -> None:
    found = next_moment(facts(limit=WINDOW), at=ASSIGNED, policy=POLICY, told=None)
    assert found == datetime(2025, 8, 20, 1, tzinfo=UTC)
