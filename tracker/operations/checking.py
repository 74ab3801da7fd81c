"""Checking the whole ledger while somebody waits: one at a time, timed, with what was kept elsewhere beside it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock

from tracker.audit.chain import Verdict
from tracker.domain.errors import TryLater
from tracker.operations.proving import outside_of
from tracker.operations.verify import verify
from tracker.operations.witnessing import public_place, witnesses
from tracker.store.store import Store

_ONE = Lock()
BUSY = "the ledger is being checked already: wait for that to end, then try again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A place outside that seals are pushed to: the last one it is known to hold, and what was wrong since."""

    place: str
    size: int
    why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What the check of a ledger found, how many seconds it took, and which places hold its seals."""

    verdict: Verdict
    seconds: float
    witnesses: tuple[Held, ...]


def check_ledger(store: Store, texts: Sequence[str] = (), *, ticks: Callable[[], float]) -> Check:
    """Return whether a ledger holds, by itself and against texts that were kept elsewhere: seals, mails, receipts.

    Raises TryLater while another check goes on in this process, Invalid for a text that says nothing.
    """
    outside = outside_of(texts) if texts else None
    if not _ONE.acquire(blocking=False):
        raise TryLater(BUSY, code="busy")
    try:
        began = ticks()
        verdict = verify(store, outside=outside)
        seconds = ticks() - began
    finally:
        _ONE.release()
    held = tuple(Held(place=public_place(one.place), size=one.size, why=one.why) for one in witnesses(store))
    return Check(verdict=verdict, seconds=seconds, witnesses=held)
