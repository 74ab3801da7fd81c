"""Patience: how often and for how long a mail is tried, by whose fault it failed."""

from datetime import UTC, datetime, timedelta

import pytest

from tracker.domain import patience
from tracker.domain.patience import GIVE_UP, LONGEST_WAIT, PUT_BACK, TRIES, Left, Try, blamed, left_by, wait_after

BEGAN = datetime(2025, 8, 11, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def a_try(detail: str, outcome: str = "temporary", at: datetime = BEGAN) -> Try:
    return Try(outcome=outcome, detail=detail, started_at=at)


AWAY = a_try("connect: timed out")
GREYLISTED = a_try("RCPT: 4.7.1 greylisted, try again later")
LOCKED = a_try("configuration: the secret of this channel cannot be read")
UNMADE = a_try(f"{patience.UNMADE}: LookupError: no such template")
SILENT = a_try("end of data: timed out", "unknown")
BACK = a_try(f"{PUT_BACK} unsent: slow")
NOT_ITS_FAULT = pytest.mark.parametrize("fault", [AWAY, GREYLISTED, LOCKED], ids=["away", "later", "ours"])
ITS_FAULT = pytest.mark.parametrize("fault", [UNMADE, SILENT], ids=["unmade", "silent"])
EIGHT = pytest.mark.parametrize(("tries", "state"), [(TRIES - 1, "pending"), (TRIES, "failed"), (TRIES + 1, "failed")])


def left(*tries: Try, at: datetime = BEGAN) -> Left:
    return left_by(tries, key="r1|x", attempt=len(tries), at=at)


@NOT_ITS_FAULT
@pytest.mark.parametrize(
    ("passed", "state"), [(GIVE_UP - TICK, "pending"), (GIVE_UP, "failed"), (GIVE_UP + TICK, "failed")]
)
def test_what_is_no_fault_of_the_mail_is_tried_for_48_hours(fault: Try, passed: timedelta, state: str) -> None:
    assert left(*[fault] * 12, at=BEGAN + passed).state == state


@NOT_ITS_FAULT
def test_the_last_try_comes_when_the_48_hours_are_over_and_not_before(fault: Try) -> None:
    assert left(*[fault] * 12, at=BEGAN + GIVE_UP - timedelta(hours=1)).due_at == BEGAN + GIVE_UP


def test_a_server_that_says_later_all_the_time_is_asked_a_dozen_times_in_48_hours() -> None:
    at, tries = BEGAN, list[Try]()
    while True:
        tries.append(a_try(GREYLISTED.detail, at=at))
        after = left(*tries, at=at)
        if after.due_at is None:
            break
        at = after.due_at
    assert (after.state, at - BEGAN, len(tries)) == ("failed", GIVE_UP, 13)


@NOT_ITS_FAULT
@EIGHT
def test_nobody_who_was_tried_less_than_eight_times_is_given_up_for_the_time_that_passed(
    fault: Try, tries: int, state: str
) -> None:
    assert left(*[fault] * tries, at=BEGAN + 2 * GIVE_UP).state == state


@ITS_FAULT
@EIGHT
def test_what_may_be_the_mails_own_fault_is_tried_eight_times(fault: Try, tries: int, state: str) -> None:
    assert left(*[fault] * tries).state == state


@NOT_ITS_FAULT
@EIGHT
def test_what_is_no_fault_of_the_mail_does_not_count_towards_the_eight(fault: Try, tries: int, state: str) -> None:
    assert left(*[fault] * 9, *[SILENT] * tries).state == state
    assert left(*[UNMADE] * tries, *[fault] * 9).state == state


def test_what_was_put_back_untried_counts_for_nothing() -> None:
    assert blamed([BACK, SILENT, BACK, AWAY, GREYLISTED]) == 1
    after_one, after_three = left(AWAY).due_at, left(BACK, BACK, AWAY).due_at
    assert after_one is not None
    assert after_three is not None
    for due_at in (after_one, after_three):
        assert wait_after(1) <= due_at - BEGAN <= wait_after(1) * 6 / 5


def test_a_refusal_for_good_is_never_tried_again_and_an_acceptance_needs_none() -> None:
    assert left(a_try("no such user", "permanent")) == Left(state="failed", why="no such user")
    assert left(GREYLISTED, a_try("taken", "accepted")) == Left(state="accepted")


@pytest.mark.parametrize("tries", [1, 4, 6, 20, 2_000])
def test_no_wait_is_longer_than_six_hours_and_a_fifth(tries: int) -> None:
    due_at = left(*[AWAY] * tries).due_at
    assert due_at is not None
    assert due_at - BEGAN <= LONGEST_WAIT * 6 / 5
