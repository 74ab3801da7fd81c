"""Questions: reports, requests for more time and "not ours", each known by the entry that asked it.

A question is open until an entry answers it; one that is never answered ends with its assignment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from tracker.domain.agency import Registry
from tracker.domain.entry import Entry
from tracker.domain.errors import NotFound
from tracker.domain.scope import EVERYTHING, Scope
from tracker.domain.standing import Progress
from tracker.store import histories, seals
from tracker.store.queries import Wanted
from tracker.store.store import Connection
from tracker.store.worktable import Place
from tracker.views.evidence import ProofRow, evidence_of
from tracker.views.life import entries_of
from tracker.views.paging import cursor_of, place_from
from tracker.views.past import Vantage
from tracker.views.reviews import Question, questions
from tracker.views.rows import TaskRow, rows
from tracker.views.sight import Seen, Sight, sight
from tracker.views.stamp import Stamp

ASKED: Mapping[Question, str] = {
    "report": "submitted",
    "extension": "extension_requested",
    "contest": "contested",
}
# what an answer makes of each
ANSWERS: Mapping[Question, Mapping[str, str]] = {
    "report": {"completed": "accepted", "returned": "returned"},
    "extension": {"extension_granted": "granted", "extension_refused": "refused"},
    "contest": {"contest_refused": "refused", "transferred": "transferred", "excused": "excused"},
}
_WANTED: Mapping[Question, Wanted] = {
    "report": Wanted(progress=frozenset({Progress.SUBMITTED})),
    "extension": Wanted(asking=True),
    "contest": Wanted(contested=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question: `state` is open, what its answer made of it, or ended where nobody answered.

    `entry` asked it and `answered` answered it; `seen` is the entry a decision is made by.
    """

    entry: int
    hash: str
    question: Question
    ref: str
    asked_at: datetime
    asked_by: str
    words: str | None
    document: str | None
    done_on: date | None
    day: date | None
    proposed: str | None
    proofs: tuple[ProofRow, ...]
    state: str
    answered: int | None
    answered_at: datetime | None
    answered_by: str | None
    why: str | None
    instrument: str | None
    row: TaskRow
    seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OneAsked:
    """One question, at an instant."""

    stamp: Stamp
    asked: Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedList:
    """Questions of one kind that are open, in the order of the references; `after` is where the next page begins."""

    stamp: Stamp
    asked: tuple[Asked, ...]
    after: str | None


def asked(
    connection: Connection,
    seq: int,
    question: Question,
    *,
    at: datetime,
    registry: Registry,
    known: datetime | None = None,
    scope: Scope = EVERYTHING,
    language: str = "en",
) -> OneAsked:
    """Return a question by the entry that asked it; raises NotFound for one outside the scope, as for none."""
    seen = sight(connection, at=at, registry=registry, known=known, scope=scope)
    entry = seals.entry_at(connection, seq)
    mine = entry is not None and entry.kind == ASKED[question] and Vantage(seen.at, seen.known).sees(entry)
    found = seen.get(entry.assignment) if entry is not None and mine and entry.assignment else None
    if entry is None or found is None:
        raise NotFound(f"entry {seq} asks no such question")
    return OneAsked(stamp=seen.stamp, asked=_asked(seen, connection, question, entry, found, language))


def asked_open(
    connection: Connection,
    question: Question,
    *,
    at: datetime,
    registry: Registry,
    known: datetime | None = None,
    scope: Scope = EVERYTHING,
    language: str = "en",
    cursor: str | None = None,
    limit: int = 50,
) -> AskedList:
    """Return the questions of a kind that are open, after a place."""
    seen = sight(connection, at=at, registry=registry, known=known, scope=scope)
    place = place_from("ref", cursor) if cursor else None
    found = seen.page(_WANTED[question], limit=limit, order="ref", place=place)
    refs = [one[0].ref for one in found.seen]
    entries = histories.entries_of(connection, refs, kinds={ASKED[question]}, until=seen.known)
    listed = [
        _asked(seen, connection, question, mine[-1], one, language)
        for one in found.seen
        if (mine := [entry for entry in entries[one[0].ref] if Vantage(seen.at, seen.known).sees(entry)])
    ]
    after = cursor_of("ref", Place.of(found.seen[-1][0])) if found.more else None
    return AskedList(stamp=seen.stamp, asked=tuple(listed), after=after)


def _asked(seen: Sight, connection: Connection, question: Question, entry: Entry, one: Seen, language: str) -> Asked:
    assignment, said = one[0], entry.payload
    kinds = {ASKED[question], *ANSWERS[question]}
    later = [each for each in entries_of(seen, connection, assignment.ref, kinds) if each.seq > entry.seq]
    answer = next((each for each in later if each.kind in ANSWERS[question]), None)
    if answer is not None and any(each.seq < answer.seq and each.kind == ASKED[question] for each in later):
        answer = None  # it answers a later one
    proofs: Sequence[ProofRow] = ()
    if question == "report":
        proofs = [p for p in evidence_of(connection, assignment.ref, until=seen.stamp.seq) if p.seq == entry.seq]
    return Asked(
        entry=entry.seq,
        hash=entry.hash,
        question=question,
        ref=assignment.ref,
        asked_at=entry.recorded_at,
        asked_by=entry.actor,
        words=said.get("words", said.get("why")),
        document=said.get("document"),
        done_on=_day(said.get("done_on")),
        day=_day(said.get("day")),
        proposed=said.get("proposed"),
        proofs=tuple(proofs),
        state=_state(question, one, later, answer),
        answered=answer.seq if answer else None,
        answered_at=answer.recorded_at if answer else None,
        answered_by=answer.actor if answer else None,
        why=answer.payload.get("missing", answer.payload.get("why")) if answer else None,
        instrument=answer.payload.get("instrument") if answer else None,
        row=rows(seen, connection, [one], language=language)[0],
        seen=assignment.changed,
    )


def _state(question: Question, one: Seen, later: Sequence[Entry], answer: Entry | None) -> str:
    if answer is not None:
        return ANSWERS[question][answer.kind]
    asked_again = any(entry.kind == ASKED[question] for entry in later)
    still = question in {name for name, _ in questions(one[0])}
    return "open" if still and not asked_again else "ended"


def _day(said: str | None) -> date | None:
    return date.fromisoformat(said) if said else None
