"""Proving: the path from one entry to a sealed root, and the receipt that its holder can check alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tracker.audit import receipt as receipts
from tracker.audit import seal as notes
from tracker.audit.keys import Vkey
from tracker.audit.merkle import Frontier, Range, inclusion_ranges, leaf_hash
from tracker.audit.receipt import Receipt
from tracker.audit.sealed import Outside, read_outside
from tracker.domain.errors import Broken, NotFound, Refused
from tracker.domain.phrase import Phrase
from tracker.operations.keys import ring_at
from tracker.operations.sealing import seal
from tracker.store import ledger, seals
from tracker.store.store import Connection, Store


def prove(store: Store, seq: int) -> Receipt:
    """Return the proof that an entry is under the last seal; raises Refused for one that is newer than that.

    It is read in one pass over the hashes before that seal, and checked before it is handed out.
    """
    with store.read() as connection:
        entry, last = seals.entry_at(connection, seq), seals.last(connection)
        if entry is None:
            raise NotFound(f"the ledger has no entry {seq}; its last is {ledger.position(connection).seq}")
        if last is None or last.size < seq:
            raise Refused(f"no seal holds entry {seq} yet: run 'tracker history seal'", code="unsealed")
        vkey = ring_at(connection, until=last.size).in_force(last.size)
        if vkey is None:
            raise Broken(f"the seal of {last.size:,} entries names a key that the ledger does not")
        found = Receipt(
            seq=seq,
            body=entry.body,
            previous=entry.previous,
            hash=entry.hash,
            proof=_roots(connection, inclusion_ranges(seq - 1, last.size)),
            note=notes.parse(last.note),
            vkey=vkey,
        )
    if wrong := receipts.faults(found):
        raise Broken(f"entry {seq} cannot be proven: {wrong[0]}")
    return found


def receipt_of(store: Store, ref: str, *, at: datetime, keyfile: Path) -> Receipt:
    """Return the receipt of an assignment's latest report, which is sealed now where no seal holds it yet."""
    with store.read() as connection:
        entry, last = seals.last_of_kind(connection, ref, "submitted"), seals.last(connection)
    if entry is None:
        raise NotFound(f"nothing was reported for {ref} yet: there is no receipt", code="no-report")
    if last is None or last.size < entry.seq:
        seal(store, at=at, keyfile=keyfile, force=True)
    return prove(store, entry.seq)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A receipt, what does not hold in it, what its entry says, and whether a key from elsewhere was given."""

    receipt: Receipt
    faults: tuple[Phrase, ...]
    says: Mapping[str, Any]
    pinned: bool


def check_receipt(text: str, *, vkey: str | None = None) -> Checked:
    """Return what a receipt proves, by itself and by the public key given; raises Invalid for what is none."""
    found, pinned = receipts.parse(text), Vkey.of(vkey) if vkey else None
    wrong = receipts.faults(found, vkey=pinned)
    return Checked(receipt=found, faults=wrong, says=receipts.said_by(found), pinned=pinned is not None)


def outside_of(texts: Sequence[str], *, vkey: str | None = None) -> Outside:
    """Return what the texts of seals, mails and receipts kept elsewhere say, for `verify` to compare."""
    return read_outside(texts, vkey=Vkey.of(vkey) if vkey else None)


def _roots(connection: Connection, ranges: Iterable[Range]) -> tuple[bytes, ...]:
    """Return the roots of subtrees, each read and folded as it comes: memory does not grow with the ledger."""
    found = []
    for start, end in ranges:
        frontier = Frontier()
        frontier.extend(leaf_hash(bytes.fromhex(one)) for one in seals.hashes(connection, start, end))
        found.append(frontier.root())
    return tuple(found)
