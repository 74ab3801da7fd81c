"""Evidence: files are kept before their entry is written, and handed out only to who may have them."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from tracker.domain.agency import Registry
from tracker.domain.authority import may_read, standpoint
from tracker.domain.entry import Draft
from tracker.domain.errors import Broken, Invalid, NotFound, Refused
from tracker.domain.evidence import NUMBER_LENGTH, Proof, is_hash
from tracker.domain.waiting import above
from tracker.operations.recording import registry_in_force
from tracker.store import assignments, deputies, evidence, ledger
from tracker.store.blobs import EvidenceFolder, evidence_folder
from tracker.store.evidence import Evidence, keep_proofs
from tracker.store.media import EXTENSIONS, TAKEN, judge
from tracker.store.store import Connection, Store

__all__ = [
    "ENDINGS",
    "TAKEN",
    "Added",
    "Checked",
    "EvidenceFolder",
    "add_evidence",
    "check_evidence",
    "check_proofs",
    "evidence_folder",
    "fetch",
    "glance",
    "held",
    "keep_proofs",
    "tidy",
]

# what the name of a file that is taken may end with
ENDINGS = tuple(f".{extension}" for known in EXTENSIONS.values() for extension in known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A file as it is kept; `again` says that the same bytes were known already and nothing was written."""

    sha256: str
    size: int
    media_type: str
    name: str
    seq: int
    again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check of the folder found.

    `missing` are entries without their file, `broken` files whose bytes are not those of their name. `orphans` are
    whole files that no entry of this store speaks of, `unfinished` uploads that never ended, `strays` what
    has no business in the folder: they cost room, and prove nothing wrong.
    """

    files: int
    missing: tuple[str, ...]
    broken: tuple[str, ...]
    orphans: tuple[str, ...]
    unfinished: tuple[str, ...]
    strays: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Return whether every entry has its file, and every file the bytes of its name."""
        return not self.missing and not self.broken


def add_evidence(
    store: Store, folder: EvidenceFolder, stream: BinaryIO, *, name: str, at: datetime, actor: str
) -> Added:
    """Keep the bytes of a stream as evidence and return what they are now known as.

    Bytes that the same office has brought before are recognised and change nothing; another office's bringing
    them is recorded, for it now has them too. Raises Refused for what is empty, too large or of a kind not
    taken. A crash on the way leaves at most a file without an entry, never an entry without a file.
    """
    with folder.receive(stream) as incoming:
        media_type, safe = judge(incoming.file, name)
        folder.place(incoming)
        found: dict[str, Any] = {
            "sha256": incoming.sha256,
            "size": incoming.size,
            "media_type": media_type,
            "name": safe,
        }
        with store.write() as connection:
            at = ledger.settle(connection, at)
            known = evidence.get(connection, incoming.sha256)
            if known and _has_brought(connection, incoming.sha256, actor):
                return Added(**{part: getattr(known, part) for part in (*found, "seq")}, again=True)
            draft = Draft(kind=evidence.ADDED, effective_at=at, actor=actor, payload=found)
            seq = ledger.append(connection, [draft], at=at).seq
            if known is None:
                evidence.add(connection, [Evidence(**found, stored_at=at, seq=seq)])
            return Added(**found, seq=seq, again=False)


@contextmanager
def fetch(
    store: Store, folder: EvidenceFolder, sha256: str, *, at: datetime, actor: str
) -> Iterator[tuple[Evidence, BinaryIO]]:
    """Yield what is known of a file and its bytes, checked against the hash; only to who may have it.

    Everybody else is refused in the very words for a file that does not exist. Raises Broken where
    the bytes are not those that were kept.
    """
    with store.read() as connection:
        known = evidence.get(connection, sha256) if is_hash(sha256) else None
        if known is None or not _may_have(connection, sha256, at=at, actor=actor):
            raise Refused("there is no such evidence, or it is not yours to have", code="no-such-evidence")
    with folder.open(known.sha256) as file:
        yield known, file


def held(connection: Connection, digests: Sequence[str], *, at: datetime, actor: str) -> Mapping[str, Evidence]:
    """Return what is known of some files by their hash; of those an actor may not have, nothing."""
    known = evidence.find(connection, [digest for digest in digests if is_hash(digest)])
    return {digest: one for digest, one in known.items() if _may_have(connection, digest, at=at, actor=actor)}


def check_proofs(connection: Connection, proofs: Sequence[Proof], *, at: datetime, actor: str) -> tuple[Proof, ...]:
    """Return the proofs of a report as they are recorded; the same one twice is one.

    Raises Invalid for one that names nothing or bears the date of a day to come, Refused for a file that was never
    added, or that this actor could not have: knowing a hash is not having the file.
    """
    found: dict[Proof, None] = {}
    for proof in proofs:
        number = " ".join(unicodedata.normalize("NFC", proof.number or "").split()) or None
        clean = Proof((proof.sha256 or "").strip().lower() or None, number, proof.dated)
        _check_document(connection, clean, at=at)
        if clean.sha256 is not None:
            _check_file(connection, clean.sha256, at=at, actor=actor)
        found[clean] = None
    return tuple(found)


def check_evidence(store: Store, folder: EvidenceFolder) -> Checked:
    """Return whether every entry has its file and every file the bytes of its name; reads them all."""
    return _checked(store, folder, whole=True)


def glance(store: Store, folder: EvidenceFolder) -> Checked:
    """Return what `check_evidence` does, by the sizes alone: what a daily look can afford."""
    return _checked(store, folder, whole=False)


def tidy(store: Store, folder: EvidenceFolder) -> tuple[Checked, tuple[str, ...]]:
    """Remove uploads that never ended, and return what is left with the names of those removed.

    An orphan stays: another store may keep its evidence in the same folder, and its entry may be about to come.
    """
    removed = folder.clear(folder.inventory().unfinished)
    return glance(store, folder), removed


def _has_brought(connection: Connection, sha256: str, actor: str) -> bool:
    """Return whether an actor's bringing a known file is nothing new: its office has, or it needs no such right."""
    try:
        registry = registry_in_force(connection)
    except NotFound:  # before the first registry there are no offices
        return True
    office = standpoint(actor, registry).office
    return office is None or office in _bringing(connection, sha256, registry)


def _bringing(connection: Connection, sha256: str, registry: Registry) -> frozenset[str]:
    found = (standpoint(actor, registry).office for actor in evidence.adders(connection, sha256))
    return frozenset(office for office in found if office is not None)


def _may_have(connection: Connection, sha256: str, *, at: datetime, actor: str) -> bool:
    """Return whether an actor may have a file: it may read a report that names it, or its office brought it."""
    registry = registry_in_force(connection)
    who = standpoint(actor, registry)
    if who.office is None:
        return True
    found = assignments.get(connection, evidence.refs_naming(connection, sha256))
    bringing = _bringing(connection, sha256, registry)
    day = registry.calendar.civil_day(at)
    covering = deputies.on_day(connection, {*bringing, *(one.agency for one in found)}, day)
    reads = any(may_read(one, who, registry, covering.get(one.agency, ())) for one in found)
    return reads or any(
        who.office in (office, *above(office, registry), *covering.get(office, ())) for office in bringing
    )


def _check_document(connection: Connection, proof: Proof, *, at: datetime) -> None:
    if proof.sha256 is None and proof.number is None:
        raise Invalid("a proof names a file, or the number of a document", code="no-proof")
    if proof.number is not None and len(proof.number) > NUMBER_LENGTH:
        raise Invalid(f"a document's number has at most {NUMBER_LENGTH} characters", code="bad-proof")
    if proof.dated is not None and proof.dated > registry_in_force(connection).calendar.civil_day(at):
        raise Invalid(f"a document dated {proof.dated} is still to come", code="bad-proof")


def _check_file(connection: Connection, sha256: str, *, at: datetime, actor: str) -> None:
    known = is_hash(sha256) and evidence.get(connection, sha256) is not None
    if not known or not _may_have(connection, sha256, at=at, actor=actor):
        raise Refused("no such file was added as evidence: run 'tracker evidence add FILE'", code="no-such-evidence")


def _checked(store: Store, folder: EvidenceFolder, *, whole: bool) -> Checked:
    with store.read() as connection:
        rows = {row.sha256: row.size for row in evidence.every(connection)}
    inventory = folder.inventory()
    there = set(inventory.hashes)
    broken = [one for one in inventory.hashes if not _is_sound(folder, one, rows.get(one), whole=whole)]
    with store.read() as connection:  # what was added while we looked is no orphan
        known = rows.keys() | evidence.find(connection, there - rows.keys()).keys()
    return Checked(
        files=len(there),
        missing=tuple(sorted(rows.keys() - there)),
        broken=tuple(broken),
        orphans=tuple(sorted(there - known)),
        unfinished=inventory.unfinished,
        strays=inventory.strays,
    )


def _is_sound(folder: EvidenceFolder, sha256: str, size: int | None, *, whole: bool) -> bool:
    if size is not None and folder.size_of(sha256) != size:
        return False
    if whole:
        try:
            folder.open(sha256).close()
        except Broken:
            return False
    return True
