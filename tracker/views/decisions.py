"""Decisions: what waits for the secretariat, with what is needed to decide it there and then."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tracker.domain.agency import Registry
from tracker.domain.scope import EVERYTHING, Scope
from tracker.store.store import Connection
from tracker.views.evidence import ProofRow, evidence_of
from tracker.views.reviews import Review, review_list
from tracker.views.rows import agency_name
from tracker.views.stamp import Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One question with what it is decided by: the documents of a report, and whom the office would give it to."""

    review: Review
    proofs: tuple[ProofRow, ...]
    proposed_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What waits, the longest first; `totals` counts all of each kind, `earlier` and `later` are the pages around."""

    stamp: Stamp
    waiting: tuple[Decision, ...]
    totals: Mapping[str, int]
    earlier: str | None
    later: str | None


def decisions(
    connection: Connection,
    *,
    at: datetime,
    registry: Registry,
    known: datetime | None = None,
    agency: str | None = None,
    directive: str | None = None,
    question: str | None = None,
    language: str = "en",
    limit: int = 25,
    after: str | None = None,
    before: str | None = None,
    scope: Scope = EVERYTHING,
) -> Decisions:
    """Return what waits for a decision at an instant, the longest first, with what it is decided by."""
    found = review_list(
        connection,
        at=at,
        registry=registry,
        known=known,
        agency=agency,
        directive=directive,
        question=question,
        language=language,
        limit=limit,
        after=after,
        before=before,
        scope=scope,
    )
    waiting = tuple(_decision(connection, one, registry, language, until=found.stamp.seq) for one in found.reviews)
    return Decisions(stamp=found.stamp, waiting=waiting, totals=found.totals, earlier=found.earlier, later=found.later)


def _decision(connection: Connection, one: Review, registry: Registry, language: str, *, until: int) -> Decision:
    report = one.question == "report"
    proofs = evidence_of(connection, one.row.ref, until=until) if report else ()
    return Decision(
        review=one,
        proofs=tuple(proof for proof in proofs if proof.seq == one.seq),
        proposed_name=agency_name(registry, one.proposed, language) if one.proposed else None,
    )
