"""Evidence: the files kept, what a report named, and documents that close more than one task."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from tracker.domain.evidence import Mark
from tracker.store import evidence
from tracker.store.evidence import Evidence, Use
from tracker.store.store import Connection
from tracker.views.history import history
from tracker.views.stamp import Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofRow:
    """A proof that a report named.

    `stands` is false where the report was returned, replaced or reopened. `also_closes` are the other
    assignments that the same document closes: the same bytes, or the same number and date at this agency.
    """

    seq: int
    recorded_at: datetime
    assignment: str
    agency: str
    sha256: str | None
    name: str | None
    media_type: str | None
    size: int | None
    number: str | None
    dated: date | None
    stands: bool
    also_closes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """A file that was kept, and the assignments whose reports name it."""

    sha256: str
    size: int
    media_type: str
    name: str
    stored_at: datetime
    seq: int
    assignments: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileList:
    """Some files, the newest first; `more` says that the list was cut."""

    stamp: Stamp
    files: tuple[FileRow, ...]
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofList:
    """What the reports of one assignment named, in their order."""

    stamp: Stamp
    assignment: str
    proofs: tuple[ProofRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """One document that closes several assignments: known by its bytes, or by its number and date at one agency."""

    sha256: str | None
    number: str | None
    dated: date | None
    name: str | None
    assignments: tuple[str, ...]
    agencies: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedList:
    """Every document that closes more than one assignment, in the order they were first named."""

    stamp: Stamp
    documents: tuple[Shared, ...]


def evidence_list(connection: Connection, *, at: datetime, zone: str, limit: int = 100) -> FileList:
    """Return the newest files kept up to an instant."""
    stamp = _stamp(connection, at, zone)
    found = list(evidence.every(connection, until=stamp.seq, limit=limit + 1))
    named: dict[str, dict[str, None]] = {}
    shown = found[:limit]
    for use in evidence.uses_of_files(connection, [one.sha256 for one in shown], until=stamp.seq):
        named.setdefault(use.proof.sha256 or "", {})[use.assignment] = None
    files = tuple(
        FileRow(
            sha256=one.sha256,
            size=one.size,
            media_type=one.media_type,
            name=one.name,
            stored_at=one.stored_at,
            seq=one.seq,
            assignments=tuple(named.get(one.sha256, ())),
        )
        for one in shown
    )
    return FileList(stamp=stamp, files=files, more=len(found) > limit)


def proof_list(connection: Connection, ref: str, *, at: datetime, zone: str) -> ProofList:
    """Return what the reports of an assignment named up to an instant."""
    stamp = _stamp(connection, at, zone)
    return ProofList(stamp=stamp, assignment=ref, proofs=evidence_of(connection, ref, until=stamp.seq))


def evidence_of(connection: Connection, ref: str, *, until: int) -> tuple[ProofRow, ...]:
    """Return what the reports of an assignment named up to a position of the ledger, in their order."""
    found = evidence.uses_of(connection, ref, until=until)
    standing = [use for use in found if use.stands]
    alike = evidence.uses_alike(connection, standing, until=until) if standing else ()
    elsewhere = _by_mark(use for use in alike if use.stands and use.assignment != ref)
    files = evidence.find(connection, _files(found))
    return tuple(_row(use, files.get(use.proof.sha256 or ""), elsewhere) for use in found)


def shared_list(connection: Connection, *, at: datetime, zone: str) -> SharedList:
    """Return every document that closed more than one assignment at an instant."""
    stamp = _stamp(connection, at, zone)
    return SharedList(stamp=stamp, documents=shared_evidence(connection, until=stamp.seq))


def shared_evidence(connection: Connection, *, until: int) -> tuple[Shared, ...]:
    """Return every document that closes more than one assignment, as known at a position of the ledger."""
    groups = _by_mark(use for use in evidence.every_use(connection, until=until) if use.stands)
    found: dict[tuple[str, ...], tuple[Mark, Sequence[Use]]] = {}
    # bytes say more than a number: where both make the same group, it is told once
    for mark, uses in sorted(groups.items(), key=lambda item: item[0].sha256 is None):
        refs = tuple(dict.fromkeys(use.assignment for use in uses))
        if len(refs) > 1:
            found.setdefault(refs, (mark, uses))
    files = evidence.find(connection, (mark.sha256 for mark, _ in found.values() if mark.sha256))
    told = sorted(found.items(), key=lambda item: (item[1][1][0].seq, item[1][1][0].position))
    return tuple(_shared(refs, mark, uses, files.get(mark.sha256 or "")) for refs, (mark, uses) in told)


def _shared(refs: tuple[str, ...], mark: Mark, uses: Sequence[Use], file: Evidence | None) -> Shared:
    return Shared(
        sha256=mark.sha256,
        number=None if mark.sha256 else uses[0].proof.number,
        dated=None if mark.sha256 else mark.dated,
        name=file.name if file else None,
        assignments=refs,
        agencies=tuple(sorted({use.agency for use in uses})),
    )


def _row(use: Use, file: Evidence | None, elsewhere: dict[Mark, list[Use]]) -> ProofRow:
    also = [other.assignment for mark in use.marks for other in elsewhere.get(mark, ())] if use.stands else []
    return ProofRow(
        seq=use.seq,
        recorded_at=use.recorded_at,
        assignment=use.assignment,
        agency=use.agency,
        sha256=use.proof.sha256,
        name=file.name if file else None,
        media_type=file.media_type if file else None,
        size=file.size if file else None,
        number=use.proof.number,
        dated=use.proof.dated,
        stands=use.stands,
        also_closes=tuple(dict.fromkeys(also)),
    )


def _by_mark(uses: Iterable[Use]) -> dict[Mark, list[Use]]:
    found: dict[Mark, list[Use]] = {}
    for use in uses:
        for mark in use.marks:
            found.setdefault(mark, []).append(use)
    return found


def _files(uses: Iterable[Use]) -> set[str]:
    return {use.proof.sha256 for use in uses if use.proof.sha256}


def _stamp(connection: Connection, at: datetime, zone: str) -> Stamp:
    # the stamp of a view of entries: neither needs the assignments of that instant
    return history(connection, at=at, zone=zone, limit=1).stamp
