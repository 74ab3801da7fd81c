"""Announcements: what an entry has to tell those whose task it is, at once and not by any ladder.

An entry that is to be told says so itself, in `notice`: the stage and the offices. What its notice
says beside the assignment is read from the entry alone, so that `rebuild` comes to the same.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tracker.domain.assignment import Assignment
from tracker.domain.entry import Payload, stamp
from tracker.domain.standing import CLOSED_OUT, SETTLED, Progress

ENDED = "ended"
NEWS = ("unblocked", "returned", "accepted", "received", "date_changed", "decided", ENDED)
# owed no longer, by nobody's decision about the task itself: told to those alone who heard that they owed it
ENDINGS = frozenset({"withdrawn", "superseded", "released"})
# the kinds that set a date; a request refused is told likewise, since the date is what was asked about
_DATING = frozenset({"date_set", "extension_granted", "moved_along", "resumed"})
_DECISIONS = frozenset(
    {"contest_refused", "transferred", "excused", "discontinued", "suspended", "resumed", "reopened"}
)
_WORKING = frozenset({Progress.ASSIGNED, Progress.ACKNOWLEDGED, Progress.IN_PROGRESS, Progress.RETURNED})
# what of an entry its notice repeats
_WORDS = ("missing", "why", "instrument", "document", "done_on", "agreed_by", "with", "by")


def announced(before: Assignment | None, after: Assignment, kind: str) -> str | None:
    """Return as which stage an entry is told to those whose task it is; None where it is not told.

    A first date is not told: the ladder announces it. Nor is a task that was cut off: it is owed no less.
    """
    if before is None:
        return None
    match kind:
        case "submitted":
            return "received"
        case "returned":
            return "returned"
        case "completed":
            return "accepted"
        case "waiting":
            freed = before.facts.waiting_for and not after.facts.waiting_for
            return "unblocked" if freed and after.facts.progress in _WORKING else None
        case "extension_refused":
            return "date_changed"
    if kind in ENDINGS:
        return ENDED
    if kind in _DATING and _moved(before, after):
        return "date_changed"
    return "decided" if kind in _DECISIONS else None


def _moved(before: Assignment, after: Assignment) -> bool:
    old, new = before.facts.limit, after.facts.limit
    if before.facts.is_unresolved or after.facts.progress in SETTLED:
        return False
    if old is None or new is None:
        return old is not new
    return (old.last_day, old.late_from) != (new.last_day, new.late_from)


def news(
    before: Assignment, after: Assignment, kind: str, payload: Payload, *, actor: str, at: datetime, seq: int
) -> Mapping[str, Any]:
    """Return what the notice of an entry says beside the assignment: by whom and when, and in which words."""
    old, new = before.facts.limit, after.facts.limit
    said: dict[str, Any] = {"kind": kind, "actor": actor, "at": stamp(at), "seq": seq}
    said |= {name: payload[name] for name in _WORDS if payload.get(name)}
    match announced(before, after, kind):
        case "received":
            said["files"] = [proof["sha256"] for proof in payload.get("proofs") or () if proof.get("sha256")]
        case "unblocked":
            said["tasks"] = list(before.facts.waiting_for)
        case "date_changed":
            said |= {
                "old": old.last_day.isoformat() if old else None,
                "new": new.last_day.isoformat() if new else None,
                "first": after.first_day.isoformat() if after.first_day else None,
            }
            if kind == "extension_refused" and before.asked_day:
                said["asked"] = before.asked_day.isoformat()
    return said


def moot(stage: str, assignment: Assignment, *, version: int) -> str | None:
    """Return why what an entry had to tell need not be told any more; None where it still must.

    A receipt and a decision are told however late they leave.
    """
    progress = assignment.facts.progress
    match stage:
        case "unblocked" if progress not in _WORKING:
            return f"the assignment is {progress}"
        case "unblocked" if assignment.facts.waiting_for:
            return "the assignment waits again"
        case "returned" if progress != Progress.RETURNED:
            return f"the assignment is {progress}"
        case "accepted" if progress != Progress.COMPLETED:
            return f"the assignment is {progress}"
        case "date_changed" if progress in SETTLED:
            return f"the assignment is {progress}"
        case "date_changed" if assignment.version != version:
            return "the deadline has changed"
        case "ended" if progress not in CLOSED_OUT:
            return f"the assignment is {progress}"
        case "ended" if assignment.version != version:
            return "the assignment was given again meanwhile"
    return None
