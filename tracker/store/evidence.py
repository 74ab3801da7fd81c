"""Evidence in the store: a row for each file, a row for each proof a report names, and the way back from both."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, exists, insert, or_, select

from tracker.domain.evidence import Mark, Proof, marks
from tracker.store.tables import AssignmentRow, EntryRow, EvidenceRow, ProofRow

EVIDENCE = EvidenceRow.__table__  # type: ignore[attr-defined]
PROOF = ProofRow.__table__  # type: ignore[attr-defined]
ENTRY = EntryRow.__table__  # type: ignore[attr-defined]
ASSIGNMENT = AssignmentRow.__table__  # type: ignore[attr-defined]

ADDED = "evidence_added"
# what takes a report back: its documents no longer close anything
_UNDONE = ("submitted", "returned", "reopened")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A file that was kept: its hash, size, kind and safe name, and the entry that added it first."""

    sha256: str
    size: int
    media_type: str
    name: str
    stored_at: datetime
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A proof where it was named: the report's entry, the assignment and its agency; whether the report stands."""

    seq: int
    position: int
    recorded_at: datetime
    assignment: str
    agency: str
    proof: Proof
    stands: bool

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Return what the same document would bear elsewhere."""
        return marks(self.proof, self.agency)


def get(connection: Connection, digest: str) -> Evidence | None:
    """Return what is known of a file."""
    row = connection.execute(select(EVIDENCE).where(EVIDENCE.c.sha256 == digest)).one_or_none()
    return Evidence(**row._mapping) if row else None


def find(connection: Connection, digests: Iterable[str]) -> Mapping[str, Evidence]:
    """Return what is known of some files by their hash; those unknown are left out."""
    question = select(EVIDENCE).where(EVIDENCE.c.sha256.in_(sorted(digests)))
    return {row.sha256: Evidence(**row._mapping) for row in connection.execute(question)}


def every(connection: Connection, *, until: int | None = None, limit: int | None = None) -> Iterator[Evidence]:
    """Yield files, the newest first: all, or those added up to a position of the ledger."""
    question = select(EVIDENCE).order_by(EVIDENCE.c.seq.desc()).limit(limit)
    if until is not None:
        question = question.where(EVIDENCE.c.seq <= until)
    for row in connection.execute(question.execution_options(yield_per=1_000)):
        yield Evidence(**row._mapping)


def add(connection: Connection, found: Sequence[Evidence]) -> None:
    """Write files that are new here; their bytes lie in the folder already."""
    if found:
        connection.execute(insert(EVIDENCE), [asdict(one) for one in found])


def adders(connection: Connection, digest: str) -> frozenset[str]:
    """Return the actors who have added a file: whoever brings the same bytes later is one of them."""
    question = select(ENTRY.c.actor).where(
        # the index of entries by assignment and position leads to those about none
        ENTRY.c.assignment.is_(None),
        ENTRY.c.seq >= select(EVIDENCE.c.seq).where(EVIDENCE.c.sha256 == digest).scalar_subquery(),
        ENTRY.c.kind == ADDED,
        ENTRY.c.body.contains(f'"sha256":"{digest}"', autoescape=True),
    )
    return frozenset(connection.execute(question).scalars())


def refs_naming(connection: Connection, digest: str) -> frozenset[str]:
    """Return the assignments whose reports name a file."""
    return frozenset(connection.execute(select(PROOF.c.assignment).where(PROOF.c.sha256 == digest)).scalars())


def keep_proofs(connection: Connection, seq: int, ref: str, proofs: Sequence[Proof]) -> None:
    """Write the proofs that the report recorded at a position names."""
    if proofs:
        connection.execute(insert(PROOF), proof_rows(seq, ref, proofs))


def proof_rows(seq: int, ref: str, proofs: Sequence[Proof]) -> list[dict[str, Any]]:
    """Return the proofs of a report as the columns of their rows."""
    return [
        {"seq": seq, "position": n, "assignment": ref, "sha256": p.sha256, "number": p.number, "dated": p.dated}
        for n, p in enumerate(proofs, 1)
    ]


def uses_of(connection: Connection, ref: str, *, until: int) -> tuple[Use, ...]:
    """Return what the reports of an assignment named up to a position of the ledger, in their order."""
    return _uses(connection, _USES.where(PROOF.c.assignment == ref), until)


def uses_alike(connection: Connection, found: Sequence[Use], *, until: int) -> tuple[Use, ...]:
    """Return every use of the documents of some uses, theirs included, in the order of the ledger."""
    wanted = {mark for use in found for mark in use.marks}
    digests = sorted({mark.sha256 for mark in wanted if mark.sha256})
    question = _USES.where(or_(PROOF.c.sha256.in_(digests), PROOF.c.id.in_(_numbered(connection, wanted))))
    return _uses(connection, question, until)


def _numbered(connection: Connection, wanted: set[Mark]) -> list[int]:
    """Return the proofs that bear one of these numbers: read by number and date alone, for an agency has many."""
    agencies = sorted({mark.agency for mark in wanted if mark.agency})
    days = [mark.dated for mark in wanted if mark.agency and mark.dated]
    question = (
        select(PROOF.c.id, PROOF.c.number, PROOF.c.dated, ASSIGNMENT.c.agency)
        .join(ASSIGNMENT, ASSIGNMENT.c.ref == PROOF.c.assignment)
        .where(ASSIGNMENT.c.agency.in_(agencies), PROOF.c.number.is_not(None))
        .where(or_(PROOF.c.dated.in_(days), PROOF.c.dated.is_(None)))
    )
    return [
        row.id
        for row in (connection.execute(question) if agencies else ())
        if wanted.intersection(marks(Proof(None, row.number, row.dated), row.agency))
    ]


def every_use(connection: Connection, *, until: int) -> tuple[Use, ...]:
    """Return every use of every document, in the order of the ledger."""
    return _uses(connection, _USES, until)


def uses_of_files(connection: Connection, digests: Iterable[str], *, until: int) -> tuple[Use, ...]:
    """Return the uses of some files, in the order of the ledger."""
    return _uses(connection, _USES.where(PROOF.c.sha256.in_(sorted(digests))), until)


_REPORT = ENTRY.alias("report")
_LATER = ENTRY.alias("later")
_USES = (
    select(
        PROOF.c.seq,
        PROOF.c.position,
        PROOF.c.assignment,
        PROOF.c.sha256,
        PROOF.c.number,
        PROOF.c.dated,
        ASSIGNMENT.c.agency,
        _REPORT.c.recorded_at,
        exists()
        .where(
            _LATER.c.assignment == PROOF.c.assignment,
            _LATER.c.seq > PROOF.c.seq,
            _LATER.c.seq <= bindparam("end"),
            _LATER.c.kind.in_(_UNDONE),
        )
        .label("undone"),
    )
    .join(ASSIGNMENT, ASSIGNMENT.c.ref == PROOF.c.assignment)
    .join(_REPORT, _REPORT.c.seq == PROOF.c.seq)
    .where(PROOF.c.seq <= bindparam("end"))
    .order_by(PROOF.c.seq, PROOF.c.position)
)


def _uses(connection: Connection, question: Select[Any], until: int) -> tuple[Use, ...]:
    return tuple(
        Use(
            seq=row.seq,
            position=row.position,
            recorded_at=row.recorded_at,
            assignment=row.assignment,
            agency=row.agency,
            proof=Proof(row.sha256, row.number, row.dated),
            stands=not row.undone,
        )
        for row in connection.execute(question, {"end": until})
    )
