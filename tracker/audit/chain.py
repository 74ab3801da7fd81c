"""The chain: every entry's hash binds its text to the hash before it; here that is checked again from the text."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from tracker.domain.entry import GENESIS, Entry, Record, link, stamp, written


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


def verify(
    entries: Iterable[Entry | Record], *, seq: int, head: str, after: int = 0, previous: str = GENESIS
) -> Verdict:
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


def _fault(entry: Entry | Record, expected: int, previous: str) -> str | None:
    if entry.seq != expected:
        return f"entry {expected} is missing: {entry.seq} follows"
    if entry.previous != previous:
        return "it does not name the hash of the entry before it"
    if link(previous, entry.body) != entry.hash:
        return "its text does not give its hash"
    return _misread(entry)


def _misread(entry: Entry | Record) -> str | None:
    """Return why the hashed text is not the canonical text of what the columns say, or None.

    Around the payload that text is known from the columns; only the payload is read and written again.
    """
    effective_at, recorded_at = _stamped(entry.effective_at), _stamped(entry.recorded_at)
    actor, assignment, kind = _quoted(entry.actor), _quoted(entry.assignment), _quoted(entry.kind)
    body = entry.body
    start = f'{{"actor":{actor},"assignment":{assignment},"effective_at":"{effective_at}","kind":{kind},"payload":{{'
    end = f'}},"recorded_at":"{recorded_at}","seq":{entry.seq}}}'
    if not (body.startswith(start) and body.endswith(end)):
        return "its columns do not say what its hashed text says"
    payload = body[len(start) - 1 : len(body) - len(end) + 1]
    try:
        said = json.loads(payload)
    except ValueError:
        return "its text cannot be read"
    return None if written(said) == payload else "its text is not in canonical form"


def _stamped(at: datetime | str) -> str:
    return at if isinstance(at, str) else stamp(at)


@lru_cache(maxsize=65_536)
def _quoted(text: str | None) -> str:
    return written(text)
