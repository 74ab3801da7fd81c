"""Checking the whole ledger of a store."""

from pathlib import Path

from tracker.audit import exported, sealed
from tracker.audit.chain import Verdict
from tracker.audit.sealed import Outside
from tracker.store import ledger, seals
from tracker.store.store import Store


def verify(store: Store, *, outside: Outside | None = None) -> Verdict:
    """Return whether every entry of a store holds, up to the end its head names, and so does every seal.

    `outside` is what was kept elsewhere: without it nobody sees a ledger that was rewritten, or
    rolled back, together with its seals by somebody who holds the key.
    """
    with store.read() as connection:
        head = ledger.position(connection)
        return sealed.verify(
            ledger.records(connection),
            seq=head.seq,
            head=head.hash,
            seals=seals.notes(connection),
            outside=outside,
        )


def verify_export(folder: Path, *, outside: Outside | None = None) -> Verdict:
    """Return whether an export holds: every file of it, and the ledger in it, held against what was kept outside."""
    return exported.verify(folder, outside=outside)
