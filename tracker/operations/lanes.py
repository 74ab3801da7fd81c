"""Lanes of delivery: which server a channel leads to, and when one that does not answer is left alone.

A server that did not answer three times in a row rests, the longer the more often it did not; then
one message tries it. What rests is told by the attempts in the store, so that every run knows it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tracker.domain.patience import PUT_BACK, UNMADE
from tracker.notify.kinds import KINDS
from tracker.notify.outcome import Outcome
from tracker.operations.ending import STOPPED
from tracker.store.lanes import MAIL, Ended, Lane

FAILURES = 3  # so many in a row, and the server rests
REST, LONGEST_REST = timedelta(seconds=30), timedelta(minutes=15)
LOOKED_AT = 200  # attempts back


@dataclass(frozen=True, slots=True)
class Circuit:
    """How often in a row a server did not answer, and when it was last tried."""

    failures: int = 0
    last: datetime | None = None

    def after(self, outcome: Outcome, at: datetime) -> "Circuit":
        """Return the circuit after one more attempt."""
        return Circuit(self.failures + 1 if is_silence(outcome.kind, outcome.code, outcome.detail) else 0, at)

    @property
    def rests_until(self) -> datetime | None:
        """Return when the server is tried again; None where it need not rest."""
        if self.failures < FAILURES or self.last is None:
            return None
        return self.last + min(REST * int(2 ** min(self.failures - FAILURES, 10)), LONGEST_REST)

    def is_open(self, at: datetime) -> bool:
        """Return whether the server is left alone at an instant."""
        until = self.rests_until
        return until is not None and at < until


def lane_of(kind: str, address: str | None) -> Lane:
    """Return the lane of a channel by its kind and public address.

    >>> lane_of("mail", "bnv@moha.example"), lane_of("telegram", "telegram:412")
    (Lane(kind='mail', address=None), Lane(kind='telegram', address=None))
    >>> lane_of("webhook", "webhook:hooks.moha.example")
    Lane(kind='webhook', address='webhook:hooks.moha.example')
    """
    if kind == MAIL:
        return Lane(MAIL if address is None or "://" not in address else "apprise")
    known = KINDS.get(kind)
    return Lane(kind, address if known is not None and known.hosted else None)


def is_silence(kind: str, code: int | None, detail: str) -> bool:
    """Return whether an attempt got no answer from its server, for which it is not our own mistake to blame.

    >>> is_silence("temporary", None, "connect: timed out"), is_silence("temporary", 451, "RCPT: greylisted")
    (True, False)
    """
    if kind not in ("temporary", "unknown") or detail.startswith((UNMADE, STOPPED, PUT_BACK, "configuration:")):
        return False
    return code is None or detail.startswith("connect:")


def circuits(ends: Iterable[Ended]) -> Mapping[Lane, Circuit]:
    """Return the circuit of every lane that was lately tried, from how its attempts ended, the newest first."""
    found: dict[Lane, Circuit] = {}
    closed: set[Lane] = set()
    for one in ends:
        lane = lane_of(one.kind, one.address)
        known = found.setdefault(lane, Circuit(0, one.finished_at))
        if lane in closed:
            continue
        if is_silence(one.outcome, one.code, one.detail):
            found[lane] = Circuit(known.failures + 1, known.last)
        else:
            closed.add(lane)
    return found
