"""Exporting: the whole ledger as a bag that an auditor takes away and checks without us.

The entries and seals go out as they lie there, sound or not: what is wrong with them is for the
verifier to say, which goes along. The lists beside them (assignments, deadlines, provenance) are made
from the hashed texts alone. The same store at the same instant gives the same bytes.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import Any

from tracker import __version__
from tracker.audit import kit
from tracker.audit.bag import Bag, Table, new_bag
from tracker.audit.prov import Provenance
from tracker.domain.agency import Registry
from tracker.domain.assignment import FOLDED, Assignment, fold
from tracker.domain.changes import KINDS, DateChange, Trail
from tracker.domain.entry import Entry, instant, stamp
from tracker.domain.errors import Broken, TrackerError
from tracker.domain.standing import Cell, Policy, standing
from tracker.files.documents import registry_from
from tracker.store import adopted, exported, ledger, queries
from tracker.store.blobs import EvidenceFolder
from tracker.store.store import Connection, Store

ASSIGNMENTS = (
    *("assignment", "directive", "task", "agency", "progress", "standing", "cell", "reason", "first_day"),
    *("last_day", "late_from", "done_on", "received_at", "accepted_at", "days_late", "extensions", "delegate"),
    *("waiting_for", "seq"),
)
DEADLINES = (
    *("assignment", "old", "new", "days", "first", "kind", "reason", "instrument", "recorded_at", "effective_at"),
    *("by", "after_expiry", "seq"),
)
EVIDENCE = ("sha256", "size", "media_type", "name", "assignment", "number", "dated", "seq")
_LINE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
# what reading a text that somebody tampered with may end in
_SPOILT = (TrackerError, KeyError, TypeError, ValueError, AttributeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What went into a bag.

    `sealed` is how many entries the last seal in it covers. `lost` are files of evidence that are not there or
    hold other bytes, `disagreeing` how many entries have columns that differ from their hashed text: each is a
    reason to run `history verify`.
    """

    folder: Path
    as_of: datetime
    rehearsal: bool
    entries: int
    head: str
    seals: int
    sealed: int
    keys: int
    evidence: int
    lost: tuple[str, ...]
    disagreeing: int
    bytes: int


def export(store: Store, folder: Path, *, at: datetime, evidence: EvidenceFolder | None = None) -> Exported:
    """Write everything recorded up to an instant into a new bag and return what went in.

    With an evidence folder its files go in too. Raises Conflict where `folder` is there already.
    """
    with new_bag(folder) as bag, store.read() as connection:
        found = _Export(connection, bag, at)
        found.write_entries()
        found.write_seals()
        found.write_lists()
        if evidence is not None:
            found.write_evidence(evidence)
        with bag.file("verify.py") as out:
            out.write(files(kit).joinpath("verify.py").read_bytes())
        bag.close(found.info())
        return Exported(
            folder=folder,
            as_of=at,
            rehearsal=found.is_rehearsal,
            entries=found.count,
            head=found.head,
            seals=found.seals,
            sealed=found.sealed,
            keys=len(found.keys),
            evidence=found.copied,
            lost=tuple(found.lost),
            disagreeing=found.disagreeing,
            bytes=bag.octets,
        )


@dataclass
class _Export:
    connection: Connection
    bag: Bag
    at: datetime
    count: int = 0
    disagreeing: int = 0
    seals: int = 0
    sealed: int = 0
    copied: int = 0
    keys: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    files: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        position = ledger.position(self.connection)
        self.is_rehearsal = position.is_rehearsal
        if self.at >= position.high_water:
            self.end, self.head = position.seq, position.hash
        else:
            self.end, self.head = queries.end_at(self.connection, self.at)
        first = next(ledger.entries(self.connection, until=self.at), None)
        self.origin = f"tracker/{first.hash[:16]}" if first else "tracker/empty"
        version = adopted.registry(self.connection, seq=self.end)
        self.registry = registry_from(version.document) if version else None

    def info(self) -> list[tuple[str, str]]:
        """Return what the bag says of itself."""
        return [
            ("Bag-Software-Agent", f"tracker {__version__}"),
            ("Bagging-Date", self.at.date().isoformat()),
            ("External-Description", "A ledger of directives: check it with data/verify.py, better with your own copy"),
            ("External-Identifier", self.origin),
            ("Ledger-Mode", "rehearsal: nothing in it is an official record" if self.is_rehearsal else "live"),
            ("Ledger-As-Of", stamp(self.at)),
            ("Ledger-End", f"{self.end} {self.head}"),
        ]

    def write_entries(self) -> None:
        """Write every entry as it lies there, and in the same pass what is gathered from all of them."""
        with (
            self.bag.file("entries.jsonl") as out,
            self.bag.table("evidence.csv", EVIDENCE) as named,
            Provenance(self.origin) as provenance,
        ):
            for entry in ledger.entries(self.connection, until=self.at):
                line = {"body": entry.body, "hash": entry.hash, "previous": entry.previous, "seq": entry.seq}
                out.write(_LINE.encode(line).encode() + b"\n")
                self.count += 1
                said = as_hashed(entry)
                self.disagreeing += said != entry
                with suppress(*_SPOILT):
                    self._note(said, named)
                with suppress(*_SPOILT):
                    provenance.take(said)
            with self.bag.file("prov.json") as document:
                provenance.finish(document)

    def write_seals(self) -> None:
        """Write the seals of what is exported, and the keys that entries name."""
        with self.bag.file("seals.jsonl") as out:
            for size, note in exported.seal_notes(self.connection, size=self.end, until=self.at):
                out.write(_LINE.encode({"note": note, "size": size}).encode() + b"\n")
                self.seals, self.sealed = self.seals + 1, size
        with self.bag.file("keys.json") as out:
            out.write(json.dumps(self.keys, ensure_ascii=False).encode() + b"\n")

    def write_lists(self) -> None:
        """Write where every assignment stands, and every date that was changed; one assignment at a time."""
        kinds = FOLDED | KINDS
        found = exported.entries_by_assignment(self.connection, kinds, until=self.at, upto=self.end)
        with (
            self.bag.table("assignments.csv", ASSIGNMENTS) as assignments,
            self.bag.table("deadlines.csv", DEADLINES) as deadlines,
        ):
            for ref, entries in groupby(map(as_hashed, found), key=lambda entry: entry.assignment):
                assignment, changes = story(ref or "", entries)
                assignments.row(assignment_cells(assignment, self.at, self.registry) if assignment else (ref,))
                for change in changes:
                    deadlines.row(deadline_cells(change))

    def write_evidence(self, folder: EvidenceFolder) -> None:
        """Write the files that entries name, each under its hash; those that are lost or spoilt are listed instead."""
        for digest in sorted(self.files):
            try:
                with folder.open(digest) as source:
                    self.bag.copy(f"evidence/{digest}", source)
                self.copied += 1
            except (Broken, ValueError):
                self.lost.append(digest)

    def _note(self, entry: Entry, named: Table) -> None:
        said = entry.payload
        if entry.kind in {"key_made", "key_rotated"}:
            self.keys.append(said["vkey"])
        if entry.kind == "evidence_added":
            self.files.setdefault(said["sha256"], said)
            named.row((said["sha256"], said["size"], said["media_type"], said["name"], None, None, None, entry.seq))
        for proof in said.get("proofs") or ():
            file = self.files.get(proof.get("sha256") or "", {})
            about = (file.get("size"), file.get("media_type"), file.get("name"))
            named.row((proof["sha256"], *about, entry.assignment, proof["number"], proof["dated"], entry.seq))


def as_hashed(entry: Entry) -> Entry:
    """Return an entry as its hashed text says it: its columns are for queries, and prove nothing.

    An entry whose text cannot be read comes back as it is.
    """
    try:
        said = json.loads(entry.body)
        return replace(
            entry,
            seq=said["seq"],
            recorded_at=instant(said["recorded_at"]),
            effective_at=instant(said["effective_at"]),
            actor=said["actor"],
            assignment=said["assignment"],
            kind=said["kind"],
            payload=said["payload"],
        )
    except (ValueError, KeyError, TypeError):
        return entry


def story(ref: str, entries: Iterator[Entry]) -> tuple[Assignment | None, list[DateChange]]:
    """Return an assignment as its entries leave it, and the changes of its date; as far as they can be read."""
    found: Assignment | None = None
    trail, changes = Trail(), []
    for entry in entries:
        with suppress(*_SPOILT):
            if change := trail.take(entry):
                changes.append(change)
        with suppress(*_SPOILT):
            if entry.kind in FOLDED:
                happened, at = entry.effective_at, entry.recorded_at
                found = fold(found, entry.kind, entry.payload, ref=ref, seq=entry.seq, effective_at=happened, at=at)
    return found, changes


def assignment_cells(assignment: Assignment, at: datetime, registry: Registry | None) -> tuple[Any, ...]:
    """Return the cells of an assignment as it stands at an instant."""
    facts, limit = assignment.facts, assignment.facts.limit
    directive, _, task = assignment.task.rpartition("/")
    name, cell, reason, late = "", "", "", None
    if registry is not None:
        now = standing(facts, at=at, policy=Policy(calendar=registry.calendar, due_soon=registry.due_soon))
        name, cell, reason = now.name, str(now.cell), str(now.reason)
        if limit is not None and now.cell in (Cell.LATE, Cell.OVERDUE):
            late = limit.days_late(facts.received_at or at)
    return (
        *(assignment.ref, directive, task, assignment.agency, str(facts.progress), name, cell, reason),
        *(assignment.first_day, limit.last_day if limit else None, _stamped(limit.late_from if limit else None)),
        *(facts.done_on, _stamped(facts.received_at), _stamped(facts.accepted_at), late, assignment.extensions),
        *(assignment.delegate, " ".join(facts.waiting_for), assignment.seq),
    )


def deadline_cells(change: DateChange) -> tuple[Any, ...]:
    """Return the cells of a changed date."""
    expired = "yes" if change.expired else "no"
    return (
        *(change.ref, change.old, change.new, change.days, change.first, change.kind, change.why, change.instrument),
        *(stamp(change.recorded_at), stamp(change.effective_at), change.actor, expired, change.seq),
    )


def _stamped(at: datetime | None) -> str | None:
    return stamp(at) if at else None
