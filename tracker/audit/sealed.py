"""The whole check of a ledger in one pass: chain, keys, every seal of its own, and seals and receipts from outside.

A root is reckoned from the entries at the size of every seal. That is more than a consistency
proof shows: each sealed tree is the beginning of the tree of the entries that are here now.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf

from tracker.audit import chain, seal
from tracker.audit.chain import Verdict
from tracker.audit.keys import MADE, ROTATED, Ring, Vkey
from tracker.audit.merkle import Frontier, leaf_hash
from tracker.audit.seal import Note, origin_of
from tracker.domain.entry import Entry, Record
from tracker.domain.errors import Broken, Invalid

_PENDING = 1024
_KEYS = frozenset({MADE, ROTATED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What was kept outside: seals, the (position, hash) of entries that receipts name, and a key."""

    notes: tuple[Note, ...] = ()
    entries: tuple[tuple[int, str], ...] = ()
    vkey: Vkey | None = None

    def __len__(self) -> int:
        """Return how many things there are to compare."""
        return len(self.notes) + len(self.entries) + (self.vkey is not None)


class Growth:
    """The tree of entries that pass by, a state to go on from, and leaves not yet folded into it."""

    __slots__ = ("_frontier", "_pending")

    def __init__(self, frontier: Frontier | None = None) -> None:
        self._frontier = frontier or Frontier()
        self._pending: list[str] = []

    def take(self, entry_hash: str) -> None:
        """Add the hash of the next entry."""
        self._pending.append(entry_hash)
        if len(self._pending) >= _PENDING:
            self.frontier()

    def frontier(self) -> Frontier:
        """Return the tree of everything taken so far."""
        self._frontier.extend(leaf_hash(bytes.fromhex(one)) for one in self._pending)
        self._pending.clear()
        return self._frontier


def verify(
    entries: Iterable[Entry | Record],
    *,
    seq: int,
    head: str,
    seals: Iterable[tuple[int, str]] = (),
    outside: Outside | None = None,
) -> Verdict:
    """Return whether a whole ledger holds: see `chain.verify`; `seals` are (size, note), the smallest first.

    The first fault is named, whichever kind it is of; memory does not grow with the ledger.
    """
    outside = outside or Outside()
    pass_ = _Pass(seals, outside)
    found = chain.verify(pass_.follow(entries), seq=seq, head=head)
    if found.holds:
        pass_.finish(found.entries)
    found = replace(found, seals=pass_.held, sealed=pass_.sealed, outside=len(outside))
    if pass_.fault and (found.broken_at is None or pass_.fault[0] <= found.broken_at):
        found = replace(found, broken_at=pass_.fault[0], why=pass_.fault[1], entries=pass_.fault[0] - 1)
    return found


class _Pass:
    """One pass over the entries, with everything that is compared on the way."""

    def __init__(self, seals: Iterable[tuple[int, str]], outside: Outside) -> None:
        self.held = self.sealed = 0
        self.fault: tuple[int, str] | None = None
        self._seals = iter(seals)
        self._next = next(self._seals, None)
        self._growth = Growth()
        self._ring = Ring("")
        self._vkey = outside.vkey
        self._notes: dict[int, list[Note]] = {}
        for note in outside.notes:
            self._notes.setdefault(note.seal.size, []).append(note)
        self._entries: dict[int, set[str]] = {}
        for seq, digest in outside.entries:
            self._entries.setdefault(seq, set()).add(digest)
        self._due: float = 1  # the position from which on something has to be looked at

    def follow(self, entries: Iterable[Entry | Record]) -> Iterator[Entry | Record]:
        """Yield the entries; one is taken into the tree only when the next is asked for: then it has held."""
        take = self._growth.take
        for entry in entries:
            yield entry
            take(entry.hash)
            # most entries are only counted: nothing is said of the ledger at their place
            if entry.seq >= self._due or entry.kind in _KEYS:
                self._look(entry)

    def finish(self, entries: int) -> None:
        """Compare what speaks of more entries than there are, and the key from elsewhere."""
        beyond = [self._next[0]] if self._next else []
        for what, sizes in (("a seal", beyond), ("a seal from outside", self._notes), ("a receipt", self._entries)):
            if sizes:
                self._say(entries + 1, f"{what} speaks of {max(sizes):,} entries, the ledger has {entries:,}")
        if self._vkey and self._vkey not in (key for _, key in self._ring.keys):
            self._say(self._ring.keys[0][0] if self._ring.keys else 1, f"the ledger has no key {self._vkey.text()}")

    def _look(self, entry: Entry | Record) -> None:
        if entry.seq == 1:
            self._ring = Ring(origin_of(entry.hash))
        if entry.kind in _KEYS:
            self._key(entry)
        if entry.seq in self._entries and self._entries.pop(entry.seq) != {entry.hash}:
            self._say(entry.seq, "a receipt from outside names another entry at this place")
        for note in self._notes.pop(entry.seq, ()):
            if why := self._why_not(note, entry):
                self._say(entry.seq, f"a seal from outside, of {entry.seq:,} entries, does not hold: {why}")
        while self._next and self._next[0] <= entry.seq:
            self._own(self._next, entry)
            self._next = next(self._seals, None)
        self._due = min([*self._notes, *self._entries, *([self._next[0]] if self._next else [])], default=inf)

    def _own(self, row: tuple[int, str], entry: Entry | Record) -> None:
        size, text = row
        try:
            note = seal.parse(text)
        except Invalid as error:
            why: str | None = str(error)
        else:
            why = self._why_not(note, entry)
        if why:
            self._say(entry.seq, f"the seal of {size:,} entries does not hold: {why}")
            return
        self.held, self.sealed = self.held + 1, size

    def _why_not(self, note: Note, entry: Entry | Record) -> str | None:
        said, vkey = note.seal, self._ring.in_force(entry.seq)
        if vkey is None:
            return "no key of this ledger was made before it"
        if said.origin != self._ring.origin:
            return f"it is a seal of another ledger, {said.origin}"
        if why := note.why_not_by(vkey):
            return why
        if said.size != entry.seq:
            return f"it speaks of {said.size:,} entries"
        frontier = self._growth.frontier()
        if said.root != frontier.root():
            return "the entries do not give its root: one of them, or their order, has changed since"
        return None if said.head == entry.hash else "the last of them does not have the hash it names"

    def _key(self, entry: Entry | Record) -> None:
        try:
            self._ring = self._ring.with_entry(entry.seq, entry.kind, entry.payload)
        except Broken as error:
            self._say(entry.seq, str(error))

    def _say(self, seq: int, why: str) -> None:
        if self.fault is None or seq < self.fault[0]:
            self.fault = (seq, why)


def read_outside(texts: Sequence[str], *, vkey: Vkey | None = None) -> Outside:
    """Return what texts kept outside hold: receipts, and seals wherever they stand in a mail or in a file of many.

    Raises Invalid for a text with neither.
    """
    from tracker.audit import receipt

    notes: list[Note] = []
    entries: list[tuple[int, str]] = []
    for text in texts:
        if text.lstrip().startswith("{"):
            found = receipt.parse(text)
            notes.append(found.note)
            entries.append((found.seq, found.hash))
        elif seals := seal.find(text):
            notes += seals
        else:
            raise Invalid("this file holds neither a seal nor a receipt", code="bad-note")
    return Outside(notes=tuple(notes), entries=tuple(entries), vkey=vkey)
