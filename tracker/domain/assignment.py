"""Assignments: one (task, agency) pair, folded from its entries and reckoned at the last of them.

The same fold serves the verbs, which record an entry and keep its result, and `rebuild`, which
has the entries only: what is cached is by construction what the ledger says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from itertools import takewhile
from typing import Any

from tracker.domain.calendar import Span
from tracker.domain.entry import Payload, instant, stamp
from tracker.domain.errors import Broken, Refused
from tracker.domain.ladder import Moment
from tracker.domain.limit import Limit
from tracker.domain.rule import Anchor, anchor_from
from tracker.domain.standing import (
    SETTLED,
    Cell,
    Facts,
    Policy,
    Progress,
    moments,
    next_moment,
    standing,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What is known of one task at one agency, with the standing reckoned at its last entry.

    `version` counts the deadlines it has had; `first_day` is the last day of the first, for ever.
    A duty that comes again is one assignment each time; `occurrence` is the day that tells it apart.
    `rung` is the latest rung that was dealt with and `told` its moment; `seq` is the position of the last
    entry.
    """

    ref: str
    task: str
    agency: str
    remind: str
    facts: Facts
    version: int = 1
    first_day: date | None = None
    rung: str | None = None
    told: datetime | None = None
    standing: str = "open"
    cell: Cell = Cell.IN_TIME
    next_moment: datetime | None = None
    seq: int = 0
    occurrence: date | None = None

    @property
    def anchors(self) -> Mapping[Anchor, date]:
        """Return the day its period is counted from, where that was a task or an event that came."""
        facts = self.facts
        return {facts.anchor: facts.anchored_on} if facts.anchor and facts.anchored_on else {}


def assignment_ref(task: str, agency: str, occurrence: date | None = None) -> str:
    """Return the reference of an assignment: the task's key and the agency's code, with the day of an occurrence.

    >>> assignment_ref("2025/412-tb-vpcp/service-portal", "BNV")
    '2025/412-tb-vpcp/service-portal/BNV'
    >>> assignment_ref("2025/412-tb-vpcp/monthly-report", "01", date(2025, 9, 25))
    '2025/412-tb-vpcp/monthly-report/01@2025-09-25'
    """
    return f"{task}/{agency}" if occurrence is None else f"{task}/{agency}@{occurrence}"


OPEN = frozenset(Progress) - SETTLED - {Progress.SUBMITTED, Progress.SUSPENDED}

# kind of entry -> (from which progress, to which); see `fold` for what else each changes
MOVES: Mapping[str, tuple[frozenset[Progress], Progress]] = {
    "acknowledged": (frozenset({Progress.ASSIGNED}), Progress.ACKNOWLEDGED),
    "submitted": (OPEN, Progress.SUBMITTED),
    "completed": (frozenset({Progress.SUBMITTED}), Progress.COMPLETED),
    "returned": (frozenset({Progress.SUBMITTED}), Progress.RETURNED),
    "withdrawn": (frozenset(Progress) - SETTLED, Progress.DISCONTINUED),
    "released": (frozenset(Progress) - SETTLED, Progress.NOT_APPLICABLE),
    "superseded": (frozenset(Progress) - SETTLED, Progress.SUPERSEDED),
    "cut_off": (frozenset(Progress) - SETTLED - {Progress.SUBMITTED}, Progress.EXPIRED),
}


# the kinds of entry that change an assignment; others only speak about it (deliveries)
FOLDED = frozenset({"assigned", "swept", "date_set", "waiting", "renamed", "reinstated", *MOVES})


def check_move(kind: str, assignment: Assignment, *, at: datetime) -> None:
    """Raise Refused when an assignment cannot make a move from where it stands at an instant."""
    allowed, _ = MOVES[kind]
    if assignment.facts.is_void(at) and assignment.facts.limit is not None:
        day = assignment.facts.limit.last_day
        raise Refused(f"{assignment.ref} is void: its cut-off, {day}, has passed", code="cut-off")
    if assignment.facts.progress not in allowed:
        raise Refused(f"{assignment.ref} is {assignment.facts.progress}: it cannot be {kind} from there")


def fold(
    before: Assignment | None,
    kind: str,
    payload: Payload,
    *,
    ref: str,
    seq: int,
    effective_at: datetime,
    at: datetime,
) -> Assignment:
    """Return an assignment after one entry of its own; not yet reckoned (`reckoned`).

    `at` is the instant the entry was recorded. Raises Broken for entries in an order that no
    operation writes.
    """
    if kind == "assigned":
        if before is not None:
            raise Broken(f"{ref} is assigned twice (entry {seq})")
        return _assigned(payload, ref=ref, seq=seq, at=at)
    if before is None:
        raise Broken(f"{ref} has an entry '{kind}' before it was assigned (entry {seq})")
    after = replace(before, seq=seq)
    if kind == "swept":
        if payload["rung"] is None:
            return after
        return replace(after, rung=payload["rung"], told=instant(payload["moment"]))
    if kind == "renamed":
        return replace(after, task=payload["task"])
    if kind == "reinstated":
        after = replace(after, version=payload["version"], remind=payload["remind"], rung=None, told=None)
        return replace(after, facts=_given(payload, at=at))
    if kind == "date_set":
        facts = replace(before.facts, **_terms(payload))
        after = replace(after, facts=facts, version=payload["version"], remind=payload["remind"])
        if before.facts.is_unresolved and facts.limit is not None:
            # its first date, only set later: it is announced like a new assignment
            after = replace(after, first_day=before.first_day or facts.limit.last_day, rung=None, told=None)
        return after
    return replace(after, facts=_facts_after(before.facts, kind, payload, effective_at, at))


def reckoned(assignment: Assignment, *, at: datetime, policy: Policy) -> Assignment:
    """Return an assignment with its standing, cell and next moment as of an instant."""
    found = standing(assignment.facts, at=at, policy=policy)
    coming = next_moment(assignment.facts, at=at, policy=policy, told=assignment.told)
    return replace(assignment, standing=found.name, cell=found.cell, next_moment=coming)


def rungs_owed(assignment: Assignment, *, at: datetime, policy: Policy) -> tuple[Moment, ...]:
    """Return the moments that came since the last rung dealt with, in order; only the last of them is told."""
    come = takewhile(lambda moment: moment.at <= at, moments(assignment.facts, policy))
    return tuple(moment for moment in come if assignment.told is None or moment.at > assignment.told)


def limit_document(limit: Limit | None) -> dict[str, Any] | None:
    """Return a limit as an entry's payload holds it, or None."""
    if limit is None:
        return None
    minute = f"{limit.minute:%H:%M}" if limit.minute else None
    found = {
        "last_day": limit.last_day.isoformat(),
        "late_from": stamp(limit.late_from),
        "minute": minute,
        "zone": limit.zone,
    }
    # entries are for ever: what most limits do not have is not written
    opens = {"opens_at": stamp(limit.opens_at)} if limit.opens_at else {}
    return {**found, **opens, **({"cutoff": True} if limit.cutoff else {})}


def limit_from(document: Mapping[str, Any] | None) -> Limit | None:
    """Return the limit of an entry's payload."""
    if document is None:
        return None
    return Limit(
        last_day=date.fromisoformat(document["last_day"]),
        zone=document["zone"],
        late_from=instant(document["late_from"]),
        minute=time.fromisoformat(document["minute"]) if document["minute"] else None,
        opens_at=instant(document["opens_at"]) if "opens_at" in document else None,
        cutoff=document.get("cutoff", False),
    )


def span_from(text: str | None) -> Span | None:
    """Return the span of a text such as '14 days'.

    >>> span_from("1 working day")
    Span(count=1, unit='working days')
    """
    if text is None:
        return None
    number, unit = text.split(" ", 1)
    return Span(int(number), "working days" if unit.startswith("working") else "days")


def anchor_document(anchor: Anchor | None, anchored_on: date | None) -> dict[str, str]:
    """Return what an entry's payload says of an anchor; nothing where there is none."""
    if anchor is None:
        return {}
    return {"anchor": str(anchor), **({"anchored_on": anchored_on.isoformat()} if anchored_on else {})}


def _terms(payload: Payload) -> dict[str, Any]:
    """Return the facts that the terms of a duty set."""
    anchored_on = payload.get("anchored_on")
    return {
        "limit": limit_from(payload["limit"]),
        "review": span_from(payload["review"]),
        "anchor": anchor_from(payload.get("anchor")),
        "anchored_on": date.fromisoformat(anchored_on) if anchored_on else None,
    }


def _assigned(payload: Payload, *, ref: str, seq: int, at: datetime) -> Assignment:
    facts = _given(payload, at=at)
    if "done_at" in payload:
        done_at = instant(payload["done_at"])
        facts = replace(
            facts, progress=Progress.COMPLETED, received_at=done_at, touched_at=done_at, why=payload["evidence"]
        )
    _, _, occurrence = ref.rpartition("@")
    made = Assignment(
        ref=ref,
        task=payload["task"],
        agency=payload["agency"],
        remind=payload["remind"],
        facts=facts,
        first_day=facts.limit.last_day if facts.limit else None,
        seq=seq,
        occurrence=date.fromisoformat(occurrence) if "@" in ref else None,
    )
    return _continued(made, payload["state"]) if "continues" in payload else made


def _given(payload: Payload, *, at: datetime) -> Facts:
    """Return the facts of a duty that is given to an agency."""
    waiting_for = tuple(payload["waiting_for"])
    return Facts(progress=Progress.ASSIGNED, assigned_at=at, touched_at=at, waiting_for=waiting_for, **_terms(payload))


def state_document(assignment: Assignment, *, version: int) -> dict[str, Any]:
    """Return what an assignment that continues another one takes over from it, as an entry's payload holds it."""
    facts = assignment.facts
    received, returned = facts.received_at, facts.returned_at
    return {
        "progress": str(facts.progress),
        "touched_at": stamp(facts.touched_at),
        "received_at": stamp(received) if received else None,
        "returned_at": stamp(returned) if returned else None,
        "missing": facts.missing,
        "version": version,
        "first_day": assignment.first_day.isoformat() if assignment.first_day else None,
    }


def _continued(made: Assignment, state: Mapping[str, Any]) -> Assignment:
    facts = replace(
        made.facts,
        progress=Progress(state["progress"]),
        touched_at=instant(state["touched_at"]),
        received_at=instant(state["received_at"]) if state["received_at"] else None,
        returned_at=instant(state["returned_at"]) if state["returned_at"] else None,
        missing=state["missing"],
    )
    first_day = date.fromisoformat(state["first_day"]) if state["first_day"] else None
    return replace(made, facts=facts, version=state["version"], first_day=first_day)


def _facts_after(facts: Facts, kind: str, payload: Payload, effective_at: datetime, at: datetime) -> Facts:
    if kind == "waiting":
        return replace(facts, waiting_for=tuple(payload["waiting_for"]))
    if kind not in MOVES:
        raise Broken(f"no assignment knows an entry '{kind}'")
    facts = replace(facts, progress=MOVES[kind][1], touched_at=at)
    match kind:
        case "submitted":
            # lateness is measured on the day a report was received, whatever day it names
            return replace(facts, received_at=at, returned_at=None, missing=None)
        case "returned":
            return replace(facts, returned_at=at, missing=payload["missing"], received_at=None)
        case "withdrawn" | "released" | "superseded":
            return replace(facts, why=payload["why"], waiting_for=())
        case "completed" | "cut_off":
            return replace(facts, waiting_for=())
        case _:
            return facts
