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


def assignment_ref(task: str, agency: str) -> str:
    """Return the reference of an assignment: the task's key and the agency's code.

    >>> assignment_ref("2025/412-tb-vpcp/service-portal", "BNV")
    '2025/412-tb-vpcp/service-portal/BNV'
    """
    return f"{task}/{agency}"


OPEN = frozenset(Progress) - SETTLED - {Progress.SUBMITTED, Progress.SUSPENDED}

# kind of entry -> (from which progress, to which); see `fold` for what else each changes
MOVES: Mapping[str, tuple[frozenset[Progress], Progress]] = {
    "acknowledged": (frozenset({Progress.ASSIGNED}), Progress.ACKNOWLEDGED),
    "submitted": (OPEN, Progress.SUBMITTED),
    "completed": (frozenset({Progress.SUBMITTED}), Progress.COMPLETED),
    "returned": (frozenset({Progress.SUBMITTED}), Progress.RETURNED),
    "withdrawn": (frozenset(Progress) - SETTLED, Progress.DISCONTINUED),
}


# the kinds of entry that change an assignment; others only speak about it (deliveries)
FOLDED = frozenset({"assigned", "swept", "date_set", "waiting", *MOVES})


def check_move(kind: str, assignment: Assignment) -> None:
    """Raise Refused when an assignment cannot make a move from where it stands."""
    allowed, _ = MOVES[kind]
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
    if kind == "date_set":
        facts = replace(before.facts, limit=limit_from(payload["limit"]), review=span_from(payload["review"]))
        return replace(after, facts=facts, version=payload["version"], remind=payload["remind"])
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
    return {
        "last_day": limit.last_day.isoformat(),
        "late_from": stamp(limit.late_from),
        "minute": minute,
        "zone": limit.zone,
    }


def limit_from(document: Mapping[str, Any] | None) -> Limit | None:
    """Return the limit of an entry's payload."""
    if document is None:
        return None
    return Limit(
        last_day=date.fromisoformat(document["last_day"]),
        zone=document["zone"],
        late_from=instant(document["late_from"]),
        minute=time.fromisoformat(document["minute"]) if document["minute"] else None,
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


def _assigned(payload: Payload, *, ref: str, seq: int, at: datetime) -> Assignment:
    limit = limit_from(payload["limit"])
    facts = Facts(
        progress=Progress.ASSIGNED,
        assigned_at=at,
        touched_at=at,
        limit=limit,
        review=span_from(payload["review"]),
        waiting_for=tuple(payload["waiting_for"]),
    )
    return Assignment(
        ref=ref,
        task=payload["task"],
        agency=payload["agency"],
        remind=payload["remind"],
        facts=facts,
        first_day=limit.last_day if limit else None,
        seq=seq,
    )


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
        case "withdrawn":
            return replace(facts, why=payload["why"], waiting_for=())
        case "completed":
            return replace(facts, waiting_for=())
        case _:
            return facts
