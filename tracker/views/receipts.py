"""Receipts: the reports of an assignment as their sender may keep them, and whether a seal holds each already."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from tracker.domain.entry import Entry
from tracker.store import ledger, seals
from tracker.store.store import Connection
from tracker.views.evidence import ProofRow

REPORT = "submitted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was reported, by whom, and what the ledger made of it: position, hash and server time.

    `sealed` says that a seal holds the entry, so that its receipt can be handed out; `sealed_at` is that of the last
    seal, None before the first.
    """

    seq: int
    hash: str
    recorded_at: datetime
    actor: str
    words: str
    document: str | None
    done_on: date | None
    proofs: tuple[ProofRow, ...]
    sealed: bool
    sealed_at: datetime | None


def reports_of(connection: Connection, entries: Sequence[Entry], *, proofs: tuple[ProofRow, ...]) -> tuple[Report, ...]:
    """Return the reports among the entries of an assignment, the newest first; `proofs` are all they named."""
    entries = [entry for entry in entries if entry.kind == REPORT]
    last = seals.last(connection) if entries else None
    size, sealed_at = (last.size, last.sealed_at) if last else (0, None)
    return tuple(
        _report(entry, tuple(p for p in proofs if p.seq == entry.seq), entry.seq <= size, sealed_at)
        for entry in reversed(entries)
    )


def is_done(
    connection: Connection, ref: str, kind: str, *, actor: str, seen: int, says: dict[str, object]
) -> Entry | None:
    """Return the entry that already is what a form would record: same kind, person and words, after what was seen.

    Somebody who presses a button twice, or sends a form again, gets what the first time recorded.
    """
    for entry in ledger.entries(connection, assignment=ref, after=seen, kinds=(kind,)):
        if entry.actor == actor and all(entry.payload.get(name) == value for name, value in says.items()):
            return entry
    return None


def _report(entry: Entry, proofs: tuple[ProofRow, ...], sealed: bool, sealed_at: datetime | None) -> Report:
    said = entry.payload
    return Report(
        seq=entry.seq,
        hash=entry.hash,
        recorded_at=entry.recorded_at,
        actor=entry.actor,
        words=said["words"],
        document=said.get("document"),
        done_on=date.fromisoformat(said["done_on"]) if said.get("done_on") else None,
        proofs=proofs,
        sealed=sealed,
        sealed_at=sealed_at if sealed else None,
    )
