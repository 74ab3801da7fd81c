"""Openings: the moves an actor may make now, for a page to offer; the verbs ask the same table again."""

from collections.abc import Collection
from datetime import datetime

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment, check_move
from tracker.domain.authority import Standpoint, may
from tracker.domain.errors import Refused
from tracker.domain.lifecycle import TRANSITIONS, Transition, Who


def openings(
    assignment: Assignment, who: Standpoint, registry: Registry, deputies: Collection[str] = (), *, at: datetime
) -> tuple[Transition, ...]:
    """Return the moves open to a standpoint at an instant, in the order of the table; none that follows by a rule.

    `deputies` are the offices that cover for the lead at that instant, as in `check_who`.
    """
    return tuple(
        each
        for each in TRANSITIONS
        if each.who != Who.SYSTEM
        and may(each, assignment, who, registry, deputies)
        and _is_open(each, assignment, at=at)
    )


def _is_open(transition: Transition, assignment: Assignment, *, at: datetime) -> bool:
    try:
        check_move(transition.kind, assignment, dict.fromkeys(transition.needs, "said"), at=at)
    except Refused:
        return False
    return True
