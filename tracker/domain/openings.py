"""Openings: the moves an actor may make now, for a page to offer; the verbs ask the same table again."""

from collections.abc import Collection, Mapping
from datetime import date, datetime

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment, check_move
from tracker.domain.authority import Standpoint, may
from tracker.domain.errors import Refused
from tracker.domain.extension import check_request
from tracker.domain.lifecycle import TRANSITIONS, Transition, Who

Deputies = Mapping[str, Collection[str]]  # by the office they cover for
_NOBODY: Deputies = {}


def covered(transition: Transition, assignment: Assignment) -> frozenset[str]:
    """Return the offices whose deputies may make a move in their place.

    A unit's deputy may do what the unit may: not what is for the lead alone.
    """
    unit = assignment.delegate if transition.who == Who.AGENCY else None
    return frozenset({assignment.agency, unit or assignment.agency})


def covering(transition: Transition, assignment: Assignment, deputies: Deputies) -> frozenset[str]:
    """Return the deputies who may make a move."""
    return frozenset(one for office in covered(transition, assignment) for one in deputies.get(office, ()))


def openings(
    assignment: Assignment, who: Standpoint, registry: Registry, deputies: Deputies = _NOBODY, *, at: datetime
) -> tuple[Transition, ...]:
    """Return the moves open to a standpoint at an instant, in the order of the table; none that follows by a rule.

    `deputies` are those of the lead and of its unit at that instant.
    """
    return tuple(
        each
        for each in TRANSITIONS
        if each.who != Who.SYSTEM
        and may(each, assignment, who, registry, covering(each, assignment, deputies))
        and _is_open(each, assignment, at=at)
    )


def _is_open(transition: Transition, assignment: Assignment, *, at: datetime) -> bool:
    try:
        check_move(transition.kind, assignment, dict.fromkeys(transition.needs, "said"), at=at)
    except Refused:
        return False
    return True


def refusal_of_day(assignment: Assignment, day: date, *, at: datetime, registry: Registry) -> Refused | None:
    """Return why more time may not be asked for up to a day; None where it may."""
    rule = registry.extensions.of(assignment.task.rpartition("/")[0])
    try:
        check_request(rule, assignment, day, at=at, calendar=registry.calendar)
    except Refused as error:
        return error
    return None
