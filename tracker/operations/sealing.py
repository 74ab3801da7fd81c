"""Sealing: what the ledger holds by now is signed, so that nothing in it can be changed unseen from here on."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

from tracker.audit import chain
from tracker.audit import seal as notes
from tracker.audit.keys import Ring
from tracker.audit.merkle import Frontier
from tracker.audit.seal import Seal
from tracker.audit.sealed import Growth
from tracker.domain.entry import GENESIS, Entry, stamp
from tracker.domain.errors import Broken, Invalid
from tracker.operations.keys import ring_at, signer_of
from tracker.store import ledger, seals
from tracker.store.ledger import Position
from tracker.store.seals import Sealed
from tracker.store.store import Connection, Store

ENTRIES = 1_000
AGE = timedelta(seconds=60)


def seal(store: Store, *, at: datetime, keyfile: Path, force: bool = False) -> Sealed | None:
    """Seal what is new and return the seal; None where nothing is due, or somebody else sealed it first.

    Due are 1,000 new entries, or any that has stood unsealed for a minute; with `force`, any.
    Raises Refused without the private key, and Broken where the entries since the last seal do not
    continue it: what does not hold is not signed.
    """
    with store.read() as connection:
        head = ledger.position(connection)
        at = head.settle(at)
        last = seals.last(connection)
        if not _due(connection, head, last, at=at, force=force):
            return None
        made = _signed(connection, head, last, at=at, keyfile=keyfile)
    with store.write() as connection:
        return made if seals.add(connection, asdict(made)) else None


def last_seal(store: Store) -> Sealed | None:
    """Return the seal of the most entries; None before the first."""
    with store.read() as connection:
        return seals.last(connection)


def unsealed(store: Store) -> tuple[int, datetime | None]:
    """Return how many entries no seal holds yet, and when the first of them was recorded."""
    with store.read() as connection:
        last = seals.last(connection)
        size = last.size if last else 0
        first = seals.entry_at(connection, size + 1)
        return max(ledger.position(connection).seq - size, 0), first.recorded_at if first else None


def _due(connection: Connection, head: Position, last: Sealed | None, *, at: datetime, force: bool) -> bool:
    size = last.size if last else 0
    new = head.seq - size
    if new < 0:
        raise Broken(f"the last seal is of {size:,} entries, the ledger has {head.seq:,}: its end was cut off")
    if new == 0:
        return False
    if force or new >= ENTRIES:
        return True
    first = seals.entry_at(connection, size + 1)
    return first is None or at - first.recorded_at >= AGE  # a missing one is for the check of the chain to name


def _signed(connection: Connection, head: Position, last: Sealed | None, *, at: datetime, keyfile: Path) -> Sealed:
    ring = ring_at(connection, until=head.seq)
    signer, vkey = signer_of(ring, keyfile), ring.keys[-1][1]
    frontier = _continued(connection, head, last, ring)
    said = Seal(origin=ring.origin, size=head.seq, root=frontier.root(), head=head.hash, at=at)
    return Sealed(
        size=said.size,
        root=said.root.hex(),
        head=said.head,
        sealed_at=at,
        key=vkey.name,
        note=notes.sign(said, vkey.name, signer).text(),
        frontier=frontier.text(),
    )


def _continued(connection: Connection, head: Position, last: Sealed | None, ring: Ring) -> Frontier:
    """Return the tree of all entries, made from the state of the last seal; raises Broken where it does not hold."""
    growth = Growth(_state(last, ring) if last else None)
    after, previous = (last.size, last.head) if last else (0, GENESIS)

    def taken() -> Iterator[Entry]:
        for entry in seals.entries_between(connection, after, head.seq):
            yield entry
            growth.take(entry.hash)

    verdict = chain.verify(taken(), seq=head.seq, head=head.hash, after=after, previous=previous)
    if not verdict.holds:
        raise Broken(f"entry {verdict.broken_at} does not hold, so nothing is sealed: {verdict.why}")
    return growth.frontier()


def _state(last: Sealed, ring: Ring) -> Frontier:
    """Return the tree the last seal goes on from, after checking that its note is ours and says the same."""
    vkey = ring.in_force(last.size)
    try:
        note, frontier = notes.parse(last.note), Frontier.of(last.frontier)
    except (Invalid, ValueError) as error:
        raise Broken(f"the seal of {last.size:,} entries cannot be read: {error}") from None
    why = "no key was in force" if vkey is None else note.why_not_by(vkey)
    said = (note.seal.size, note.seal.root, note.seal.head)
    if why is None and said != (last.size, frontier.root(), last.head):
        why = f"its note, of {stamp(note.seal.at)}, says something else than its row"
    if why or frontier.size != last.size:
        raise Broken(f"the seal of {last.size:,} entries does not hold, so none follows it: {why}")
    return frontier
