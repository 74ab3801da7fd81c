"""Checking the whole ledger of a store."""

from tracker.audit import chain
from tracker.audit.chain import Verdict
from tracker.store import ledger
from tracker.store.store import Store


def verify(store: Store) -> Verdict:
    """Return whether every entry of a store holds, up to the end its head names."""
    with store.read() as connection:
        head = ledger.position(connection)
        return chain.verify(ledger.entries(connection), seq=head.seq, head=head.hash)
