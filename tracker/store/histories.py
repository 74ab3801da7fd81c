"""Histories: the entries of some assignments, each assignment's in their order."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from tracker.domain.entry import Entry
from tracker.store.ledger import ENTRY, read_entries

CHUNK = 500


def entries_of(
    connection: Connection, refs: Collection[str], *, kinds: Collection[str], until: datetime
) -> Mapping[str, list[Entry]]:
    """Return the entries of some kinds by assignment, recorded up to an instant; every reference has a list."""
    found: dict[str, list[Entry]] = {ref: [] for ref in refs}
    wanted = sorted(found)
    for start in range(0, len(wanted), CHUNK):
        question = select(ENTRY).where(ENTRY.c.assignment.in_(wanted[start : start + CHUNK]))
        question = question.where(ENTRY.c.kind.in_(sorted(kinds)), ENTRY.c.recorded_at <= until)
        for entry in read_entries(connection, question.order_by(ENTRY.c.seq)):
            if entry.assignment is not None:
                found[entry.assignment].append(entry)
    return found
