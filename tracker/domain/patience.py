"""Patience: how often and for how long what was not accepted is tried again, and whose fault it was.

One rule. A mail is given up when eight of its tries may have failed by its own fault, or when it was tried for 48
hours and eight times, whoever is to blame. Its own fault may be that it could not be made, and that nobody knows
what became of it: a mail that stops its worker, or that makes its server fall silent, does so each time, and each
time may have left a copy. Everything else that is temporary is not: a server that says "later" (greylisting, a full
mailbox, a limit), that refuses its greeting or our login, that nobody can connect to, a secret of ours that cannot
be read. What was put back untried counts for nothing.

An entry says what its attempt left behind (`state`, `retry_at`), so that other figures here tell no old
entry otherwise; entries before that are told by `after_attempt`, which is frozen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

TRIES = 8
GIVE_UP = timedelta(hours=48)
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
SPREAD = 5  # a wait is longer by up to a fifth, so that what failed together does not come back together
# how the detail of an attempt begins: put back before its turn came; no mail could be made of it
PUT_BACK = "put back"
UNMADE = "the notice could not be made"


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """An attempt as far as patience asks: how it ended, and when it began."""

    outcome: str
    detail: str
    started_at: datetime

    @property
    def is_untried(self) -> bool:
        """Return whether it was put back before anything was sent."""
        return self.outcome == "temporary" and self.detail.startswith(PUT_BACK)

    @property
    def is_its_own(self) -> bool:
        """Return whether it may have failed by the mail's own fault."""
        return self.outcome != "temporary" or self.detail.startswith(UNMADE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What an attempt left its reminder as: its state, when it is tried again, and why."""

    state: str
    due_at: datetime | None = None
    why: str | None = None


def left_by(tries: Sequence[Try], *, key: str, attempt: int, at: datetime, asked: timedelta | None = None) -> Left:
    """Return what the last of some attempts, which ended at an instant without being put back, left behind.

    `key` is the mail's, by which waits are spread; a wait the server `asked` for is granted.
    """
    last = tries[-1]
    if last.outcome == "accepted":
        return Left(state="accepted")
    if last.outcome == "permanent" or is_exhausted(tries, at=at):
        return Left(state="failed", why=last.detail)
    tried = [one for one in tries if not one.is_untried]
    due_at = at + wait(key, attempt=attempt, number=len(tried), asked=asked)
    end = tried[0].started_at + GIVE_UP
    if at < end < due_at:
        due_at = end  # the last try is made when the time is over, and not before
    return Left(state="pending", due_at=due_at, why=last.detail)


def is_exhausted(tries: Sequence[Try], *, at: datetime) -> bool:
    """Return whether attempts that did not succeed are enough."""
    tried = [one for one in tries if not one.is_untried]
    for_long = len(tried) >= TRIES and at - tried[0].started_at >= GIVE_UP
    return for_long or blamed(tried) >= TRIES


def blamed(tries: Sequence[Try]) -> int:
    """Return how many of some attempts may have failed by the mail's own fault."""
    return sum(one.is_its_own for one in tries if not one.is_untried)


def wait(key: str, *, attempt: int, number: int, asked: timedelta | None = None) -> timedelta:
    """Return how long to wait after the n-th try; every reckoning comes to the same.

    The wait grows with the tries and is spread by key and attempt; what a server asked for is granted up to the
    longest wait.
    """
    plain = min(max(wait_after(number), asked or timedelta()), LONGEST_WAIT)
    share = int.from_bytes(sha256(f"{key}|{attempt}".encode()).digest()[:2]) / 2**16
    return plain + timedelta(seconds=int(plain.total_seconds() * share / SPREAD))


def wait_after(attempt: int) -> timedelta:
    """Return how long to wait after an attempt that did not succeed: 1, 4, 16 … minutes, six hours at most.

    >>> [str(wait_after(n)) for n in (1, 2, 3, 8)]
    ['0:01:00', '0:04:00', '0:16:00', '6:00:00']
    """
    return min(FIRST_WAIT * int(4 ** (min(attempt, TRIES) - 1)), LONGEST_WAIT)


def after_attempt(
    kind: str, detail: str | None, *, attempt: int, at: datetime
) -> tuple[str, datetime | None, str | None]:
    """Return state, due time and reason of a reminder after an attempt whose entry does not say them."""
    if kind == "accepted":
        return "accepted", None, None
    if kind == "permanent" or attempt >= TRIES:
        return "failed", None, detail
    return "pending", at + wait_after(attempt), detail
