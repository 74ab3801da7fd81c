"""Authority: who may make a move.

An actor is text: `BNV:anna` acts for an office of the registry, `secretariat:le` and
`auditor:pham` for theirs; so does the office that the registry names as its secretariat. `admin:root`
looks after accounts and moves nothing. Anybody
else (`cli:root`, `sweep`) is an operator at the machine itself, who may make every move under that
name; it stands in the ledger.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment
from tracker.domain.errors import Refused
from tracker.domain.lifecycle import Transition, Who
from tracker.domain.waiting import above

Role = Literal["agency", "secretariat", "auditor", "admin", "operator"]


@dataclass(frozen=True, slots=True)
class Standpoint:
    """Whom an actor acts for: the role, and the office where it is an agency's."""

    role: Role
    office: str | None = None


def standpoint(actor: str, registry: Registry) -> Standpoint:
    """Return whom an actor acts for.

    >>> from tests.builders import a_registry
    >>> standpoint("BNV:anna", a_registry())
    Standpoint(role='agency', office='BNV')
    >>> standpoint("cli:root", a_registry()).role
    'operator'
    """
    office = actor.partition(":")[0]
    if office in ("secretariat", registry.secretariat):
        return Standpoint("secretariat")
    if office == "auditor":
        return Standpoint("auditor")
    if office == "admin":
        return Standpoint("admin")
    return Standpoint("agency", office) if office in registry.agencies else Standpoint("operator")


def speaks_for_lead(office: str, assignment: Assignment, registry: Registry, deputies: Collection[str]) -> bool:
    """Return whether an office may speak for the lead: it is it, stands above it, or is its deputy at present."""
    lead = assignment.agency
    return office == lead or office in deputies or office in above(lead, registry)


def check_who(
    transition: Transition, assignment: Assignment, *, actor: str, registry: Registry, deputies: Collection[str] = ()
) -> None:
    """Raise Refused where a move is not this actor's; `deputies` are the offices that cover for the lead today."""
    who = standpoint(actor, registry)
    if who.role == "operator" or may(transition, assignment, who, registry, deputies):
        return
    raise Refused(
        f"{actor} may not {transition.verb} {assignment.ref}: that is for the {_whose(transition, assignment)}",
        code="not-yours",
    )


def may(
    transition: Transition, assignment: Assignment, who: Standpoint, registry: Registry, deputies: Collection[str] = ()
) -> bool:
    """Return whether a move is open to a standpoint."""
    match transition.who:
        case Who.SECRETARIAT:
            return who.role in ("secretariat", "operator")
        case Who.LEAD | Who.AGENCY if who.office is not None:
            if transition.who == Who.AGENCY and who.office == assignment.delegate:
                return True
            return speaks_for_lead(who.office, assignment, registry, deputies)
        case _:
            return who.role == "operator" and transition.who != Who.SYSTEM


def may_administer(who: Standpoint) -> bool:
    """Return whether a standpoint may look after accounts and tokens."""
    return who.role in ("admin", "operator")


def may_read(assignment: Assignment, who: Standpoint, registry: Registry, deputies: Collection[str] = ()) -> bool:
    """Return whether a standpoint may see what an assignment holds: its reports and their evidence."""
    if who.office is None:
        return True  # the secretariat, the auditor and who looks after accounts read everything
    return who.office == assignment.delegate or speaks_for_lead(who.office, assignment, registry, deputies)


def _whose(transition: Transition, assignment: Assignment) -> str:
    match transition.who:
        case Who.SECRETARIAT:
            return "secretariat"
        case Who.LEAD:
            return f"lead, {assignment.agency}"
        case Who.AGENCY:
            return f"agency, {assignment.agency}"
        case _:
            return "tracker alone"
