"""Assignments: one (task, agency) pair, folded from its entries and reckoned at the last of them.

The same fold serves the verbs, which record an entry and keep its result, and `rebuild`, which
has the entries only: what is cached is by construction what the ledger says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import takewhile
from typing import Any

from tracker.domain.entry import Payload, instant, stamp
from tracker.domain.errors import Broken, Refused
from tracker.domain.ladder import Moment
from tracker.domain.lifecycle import BY_KIND, TRANSITIONS, Transition, Who, unsaid
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
from tracker.domain.terms import limit_document, limit_from, span_from


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What is known of one task at one agency, with the standing reckoned at its last entry.

    `version` counts the deadlines it has had; `first_day` is the last day of the first, for ever.
    A duty that comes again is one assignment each time; `occurrence` is the day that tells it apart.
    `rung` is the latest rung that was dealt with and `told` its moment; `seq` is the position of the last
    entry, `changed` that of the last one a person should know before deciding.
    `ordered_day` is the last day the directive itself sets: another one was granted. `asked_at` and
    `asked_day` are of a request for more time that awaits a decision, `contested_at` of a "not ours".
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
    changed: int = 0
    ordered_day: date | None = None
    asked_at: datetime | None = None
    asked_day: date | None = None
    contested_at: datetime | None = None
    extensions: int = 0
    delegate: str | None = None

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


# the moves that change the progress: kind of entry -> (from which, to which)
MOVES: Mapping[str, tuple[frozenset[Progress], Progress]] = {
    each.kind: (each.sources, each.target) for each in TRANSITIONS if each.target is not None
}

# the kinds of entry that change an assignment; others only speak about it (deliveries)
FOLDED = frozenset({"assigned", "swept", "date_set", "waiting", "renamed", "reinstated", *BY_KIND})
# what happens by itself, and is no reason for a person to look again before deciding
_UNNOTICED = frozenset({"swept", "waiting", "renamed"})
# the kinds by which a date moves though the directive does not say so
_GRANTS = frozenset({"extension_granted", "moved_along", "resumed"})


def check_move(kind: str, assignment: Assignment, payload: Payload, *, at: datetime) -> None:
    """Raise Refused when an assignment cannot make a move from where it stands at an instant, or without a word."""
    transition = BY_KIND[kind]
    if assignment.facts.is_void(at) and assignment.facts.limit is not None:
        day = assignment.facts.limit.last_day
        raise Refused(f"{assignment.ref} is void: its cut-off, {day}, has passed", code="cut-off")
    if assignment.facts.progress not in transition.sources:
        raise Refused(f"{assignment.ref} is {assignment.facts.progress}: it cannot be {kind} from there")
    if missing := unsaid(transition, payload):
        raise Refused(f"'{kind}' needs to say: {', '.join(missing)}", code="no-reason")
    _check_pending(transition, assignment)
    if kind == "delegation_ended" and assignment.delegate is None:
        raise Refused(f"{assignment.ref} is with its lead: nothing was delegated", code="nothing-delegated")


def _check_pending(transition: Transition, assignment: Assignment) -> None:
    asked, contested = assignment.asked_at is not None, assignment.contested_at is not None
    match transition.pending:
        case "asked" if not asked:
            raise Refused(f"{assignment.ref} asks for no extension", code="nothing-asked")
        case "no asked" if asked:
            raise Refused(f"{assignment.ref} asks for an extension already: it awaits a decision", code="asked-already")
        case "contested" if not contested:
            raise Refused(f"{assignment.ref} is not contested", code="nothing-contested")
        case "no contested" if contested:
            raise Refused(f"{assignment.ref} is contested already: it awaits a decision", code="contested-already")
        case _:
            return


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
    after = replace(before, seq=seq, changed=before.changed if kind in _UNNOTICED else seq)
    if kind == "swept":
        if payload["rung"] is None:
            return after
        return replace(after, rung=payload["rung"], told=instant(payload["moment"]))
    if kind == "waiting":
        return replace(after, facts=replace(before.facts, waiting_for=tuple(payload["waiting_for"])))
    if kind == "renamed":
        return replace(after, task=payload["task"])
    if kind == "reinstated":
        facts = _given(payload, at=at)
        after = replace(after, version=payload["version"], remind=payload["remind"], rung=None, told=None)
        return replace(after, facts=facts, ordered_day=_ordered(payload, facts), **_NOTHING_PENDING)
    if kind == "date_set":
        facts = replace(before.facts, **_terms(payload))
        after = replace(after, facts=facts, version=payload["version"], remind=payload["remind"])
        after = replace(after, ordered_day=_ordered(payload, facts))
        if before.facts.is_unresolved and facts.limit is not None:
            # its first date, only set later: it is announced like a new assignment
            after = replace(after, first_day=before.first_day or facts.limit.last_day, rung=None, told=None)
        return after
    if kind not in BY_KIND:
        raise Broken(f"no assignment knows an entry '{kind}'")
    after = replace(after, facts=_facts_after(before.facts, kind, payload, at), **_asides(before, kind, payload, at))
    if kind in _GRANTS and payload.get("limit") is not None:
        facts = replace(after.facts, limit=limit_from(payload["limit"]))
        after = replace(after, facts=facts, version=payload["version"])
    return after


def reckoned(assignment: Assignment, *, at: datetime, policy: Policy) -> Assignment:
    """Return an assignment with its standing, cell and next moment as of an instant."""
    found = standing(assignment.facts, at=at, policy=policy)
    coming = next_moment(assignment.facts, at=at, policy=policy, told=assignment.told)
    return replace(assignment, standing=found.name, cell=found.cell, next_moment=coming)


def rungs_owed(assignment: Assignment, *, at: datetime, policy: Policy) -> tuple[Moment, ...]:
    """Return the moments that came since the last rung dealt with, in order; only the last of them is told."""
    come = takewhile(lambda moment: moment.at <= at, moments(assignment.facts, policy, since=assignment.told))
    return tuple(moment for moment in come if assignment.told is None or moment.at > assignment.told)


def grant_document(assignment: Assignment, day: date, *, late_from: datetime) -> dict[str, Any]:
    """Return what an entry's payload says of a granted date: the limit with another last day, and its version.

    `late_from` is the first late instant of that day. A minute the directive names stays.
    """
    limit = assignment.facts.limit
    if limit is None:
        raise Refused(f"{assignment.ref} has no date yet: there is nothing to extend", code="no-date")
    moved = replace(limit, last_day=day, late_from=late_from)
    return {"limit": limit_document(moved), "version": assignment.version + 1}


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
        first_day=_last_day(facts),
        ordered_day=_last_day(facts),
        seq=seq,
        changed=seq,
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
    asked, contested = assignment.asked_at, assignment.contested_at
    ordered = assignment.ordered_day
    return {
        "progress": str(facts.progress),
        "touched_at": stamp(facts.touched_at),
        "received_at": stamp(received) if received else None,
        "returned_at": stamp(returned) if returned else None,
        "missing": facts.missing,
        "version": version,
        "first_day": assignment.first_day.isoformat() if assignment.first_day else None,
        **({"extensions": assignment.extensions} if assignment.extensions else {}),
        **({"done_on": facts.done_on.isoformat()} if facts.done_on else {}),
        **({"accepted_at": stamp(facts.accepted_at)} if facts.accepted_at else {}),
        **({"suspended_at": stamp(facts.suspended_at), "why": facts.why} if facts.suspended_at else {}),
        **({"asked_at": stamp(asked), "asked_day": str(assignment.asked_day)} if asked else {}),
        **({"contested_at": stamp(contested)} if contested else {}),
        **({"delegate": assignment.delegate} if assignment.delegate else {}),
        **({"ordered_day": ordered.isoformat()} if ordered and ordered != _last_day(facts) else {}),
    }


def _continued(made: Assignment, state: Mapping[str, Any]) -> Assignment:
    facts = replace(
        made.facts,
        progress=Progress(state["progress"]),
        touched_at=instant(state["touched_at"]),
        received_at=instant(state["received_at"]) if state["received_at"] else None,
        returned_at=instant(state["returned_at"]) if state["returned_at"] else None,
        missing=state["missing"],
        done_on=date.fromisoformat(state["done_on"]) if "done_on" in state else None,
        accepted_at=instant(state["accepted_at"]) if "accepted_at" in state else None,
        suspended_at=instant(state["suspended_at"]) if "suspended_at" in state else None,
        why=state.get("why", made.facts.why),
    )
    first_day = date.fromisoformat(state["first_day"]) if state["first_day"] else None
    return replace(
        made,
        facts=facts,
        version=state["version"],
        first_day=first_day,
        extensions=state.get("extensions", 0),
        asked_at=instant(state["asked_at"]) if "asked_at" in state else None,
        asked_day=date.fromisoformat(state["asked_day"]) if "asked_day" in state else None,
        contested_at=instant(state["contested_at"]) if "contested_at" in state else None,
        delegate=state.get("delegate"),
        ordered_day=_ordered(state, facts),
    )


_NOTHING_PENDING: Mapping[str, Any] = {"asked_at": None, "asked_day": None, "contested_at": None}


def _last_day(facts: Facts) -> date | None:
    return facts.limit.last_day if facts.limit else None


def _ordered(said: Mapping[str, Any], facts: Facts) -> date | None:
    """Return the last day the directive itself sets: the one in force, unless another was granted."""
    return date.fromisoformat(said["ordered_day"]) if "ordered_day" in said else _last_day(facts)


def _asides(before: Assignment, kind: str, payload: Payload, at: datetime) -> Mapping[str, Any]:
    """Return what a move changes beside the facts: the questions that are open, the delegate."""
    match kind:
        case "extension_requested":
            return {"asked_at": at, "asked_day": date.fromisoformat(payload["day"])}
        case "extension_granted":
            return {"asked_at": None, "asked_day": None, "extensions": before.extensions + 1}
        case "extension_refused":
            return {"asked_at": None, "asked_day": None}
        case "contested":
            return {"contested_at": at}
        case "contest_refused":
            return {"contested_at": None}
        case "delegated":
            return {"delegate": payload["to"]}
        case "delegation_ended":
            return {"delegate": None}
    return _NOTHING_PENDING if BY_KIND[kind].target in SETTLED else {}


def _facts_after(facts: Facts, kind: str, payload: Payload, at: datetime) -> Facts:
    transition = BY_KIND[kind]
    facts = replace(facts, progress=transition.target or facts.progress, touched_at=at)
    if transition.who in (Who.AGENCY, Who.LEAD):
        facts = replace(facts, answered_at=at)
    match kind:
        case "submitted":
            # lateness is measured on the day a report was received, whatever day it names
            done_on = date.fromisoformat(payload["done_on"]) if payload.get("done_on") else None
            return replace(facts, received_at=at, returned_at=None, missing=None, done_on=done_on)
        case "returned":
            return replace(facts, returned_at=at, missing=payload["missing"], received_at=None, done_on=None)
        case "noted":
            until = payload.get("until")
            return replace(facts, snoozed_until=date.fromisoformat(until) if until else None)
        case "completed":
            return replace(facts, waiting_for=(), accepted_at=at)
        case "reopened":
            return replace(facts, received_at=None, accepted_at=None, done_on=None, why=None)
        case "suspended":
            return replace(facts, suspended_at=at, why=payload["why"])
        case "resumed":
            return replace(facts, suspended_at=None, why=None)
        case "withdrawn" | "released" | "superseded" | "transferred" | "excused" | "discontinued":
            return replace(facts, why=payload["why"], waiting_for=(), suspended_at=None)
        case "cut_off":
            return replace(facts, waiting_for=(), suspended_at=None, why=None)
        case _:
            return facts
