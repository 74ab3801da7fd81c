"""Patience: how often and for how long a mail is tried, by whose fault it failed."""

from datetime import UTC, datetime, timedelta

import pytest

from tracker.domain.patience import GIVE_UP, LONGEST_WAIT, PUT_BACK, TRIES, Left, Try, blamed, left_by, wait_after

BEGAN = datetime(2025, 8, 11, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def a_try(detail: str, outcome: str = "temporary", at: datetime = BEGAN) -> Try:
    return Try(outcome=outcome, detail=detail, started_at=at)


UNREACHED = a_try("connect: timed out")
BUSY = a_try("RCPT: try again later")
BACK = a_try(f"{PUT_BACK} unsent: slow")


def left(*tries: Try, at: datetime = BEGAN) -> Left:
    return left_by(tries, key="r1|x", attempt=len(tries), at=at)


@pytest.mark.parametrize(
    ("passed", "state"), [(GIVE_UP - TICK, "pending"), (GIVE_UP, "failed"), (GIVE_UP + TICK, "failed")]
)
def test_a_server_nobody_can_connect_to_is_tried_for_48_hours(passed: timedelta, state: str) -> None:
    assert left(*[UNREACHED] * 12, at=BEGAN + passed).state == state


def test_the_last_try_comes_when_the_48_hours_are_over_and_not_before() -> None:
    assert left(*[UNREACHED] * 12, at=BEGAN + GIVE_UP - timedelta(hours=1)).due_at == BEGAN + GIVE_UP


@pytest.mark.parametrize(("tries", "state"), [(TRIES - 1, "pending"), (TRIES, "failed"), (TRIES + 1, "failed")])
def test_nobody_who_was_tried_less_than_eight_times_is_given_up_for_the_time_that_passed(
    tries: int, state: str
) -> None:
    assert left(*[UNREACHED] * tries, at=BEGAN + 2 * GIVE_UP).state == state


@pytest.mark.parametrize(("tries", "state"), [(TRIES - 1, "pending"), (TRIES, "failed"), (TRIES + 1, "failed")])
@pytest.mark.parametrize("fault", [BUSY, a_try("the notice could not be made"), a_try("", "unknown")])
def test_what_may_be_the_mails_own_fault_is_tried_eight_times(fault: Try, tries: int, state: str) -> None:
    assert left(*[fault] * tries).state == state


def test_a_server_away_does_not_count_towards_the_eight() -> None:
    assert left(*[UNREACHED] * 7, *[BUSY] * 7).state == "pending"
    assert left(*[UNREACHED] * 7, *[BUSY] * 8).state == "failed"
    assert left(*[BUSY] * 7, *[UNREACHED] * 7).state == "pending"


def test_what_was_put_back_untried_counts_for_nothing() -> None:
    assert blamed([BACK, BUSY, BACK, UNREACHED]) == 1
    after_one, after_three = left(BUSY).due_at, left(BACK, BACK, BUSY).due_at
    assert after_one is not None
    assert after_three is not None
    for due_at in (after_one, after_three):
        assert wait_after(1) <= due_at - BEGAN <= wait_after(1) * 6 / 5


def test_a_refusal_for_good_is_never_tried_again_and_an_acceptance_needs_none() -> None:
    assert left(a_try("no such user", "permanent")) == Left(state="failed", why="no such user")
    assert left(BUSY, a_try("taken", "accepted")) == Left(state="accepted")


@pytest.mark.parametrize("tries", [1, 4, 6, 20, 2_000])
def test_no_wait_is_longer_than_six_hours_and_a_fifth(tries: int) -> None:
    due_at = left(*[UNREACHED] * tries).due_at
    assert due_at is not None
    assert due_at - BEGAN <= LONGEST_WAIT * 6 / 5
