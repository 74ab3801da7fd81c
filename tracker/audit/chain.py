"""The chain: every entry's hash binds its text to the hash before it; here that is checked again from the text."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from tracker.domain.entry import GENESIS, Entry, canonical, link, stamp


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of the chain found: how many entries hold, the last hash, and the first that does not hold.

    Where seals were checked too: how many of them held, of how many entries the last one is, and how
    many seals and receipts from outside were compared.
    """

    entries: int
    head: str
    broken_at: int | None = None
    why: str | None = None
    seals: int = 0
    sealed: int = 0
    outside: int = 0

    @property
    def holds(self) -> bool:
        """Return whether every entry held."""
        return self.broken_at is None


def verify(entries: Iterable[Entry], *, seq: int, head: str, after: int = 0, previous: str = GENESIS) -> Verdict:
    """Return whether entries, in order, form the whole chain that ends at position `seq` with hash `head`.

    It starts after position `after`, whose hash is `previous`: by default at the very beginning.
    A chain alone does not show a ledger rewritten from some entry on to its end: compare the
    position and hash with one that was seen outside (every mail carries them).
    """
    count = after
    for entry in entries:
        count += 1
        if why := _fault(entry, count, previous):
            return Verdict(count - 1, previous, count, why)
        previous = entry.hash
    if (count, previous) != (seq, head):
        return Verdict(count, previous, count + 1, f"the head says {seq} entries, the ledger has {count}")
    return Verdict(count, previous)


def _fault(entry: Entry, expected: int, previous: str) -> str | None:
    if entry.seq != expected:
        return f"entry {expected} is missing: {entry.seq} follows"
    if entry.previous != previous:
        return "it does not name the hash of the entry before it"
    if link(previous, entry.body) != entry.hash:
        return "its text does not give its hash"
    try:
        said = json.loads(entry.body)
    except ValueError:
        return "its text cannot be read"
    if canonical(said) != entry.body or _columns(entry) != said:
        return "its columns do not say what its hashed text says"
    return None


def _columns(entry: Entry) -> dict[str, object]:
    return {
        "actor": entry.actor,
        "assignment": entry.assignment,
        "effective_at": stamp(entry.effective_at),
        "kind": entry.kind,
        "payload": entry.payload,
        "recorded_at": stamp(entry.recorded_at),
        "seq": entry.seq,
    }
