"""The dossier of an assignment: everything its page shows, seen once, with the moves open to who looks."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment
from tracker.domain.authority import may_read, standpoint
from tracker.domain.directive import Directive
from tracker.domain.errors import Refused
from tracker.domain.extension import ExtensionRule, last_instant_to_ask
from tracker.domain.openings import Deputies, openings
from tracker.domain.scope import EVERYTHING, Scope, exists, with_those_below
from tracker.domain.snooze import snoozes_offered
from tracker.store import deputies, ledger
from tracker.store.store import Connection
from tracker.views.evidence import ProofRow
from tracker.views.receipts import Report, reports_of
from tracker.views.rows import TaskRow, agency_name
from tracker.views.sight import Sight, sight
from tracker.views.stamp import Stamp
from tracker.views.tasks import Explanation, TaskView, directive_of, explained, gathered, get_seen, shown
from tracker.views.timelines import Texts
from tracker.views.titled import titled, with_titles


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Whether more time may be asked for: until when, how often still, and until which day at most."""

    until: datetime
    over: bool
    left: int
    latest: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """One assignment as its page shows it.

    `moves` are the kinds of entry open to who looks, none where a past instant is shown. `reads` says that they may
    have its evidence; of what closes other tasks too only those within their scope are named. `reports` are the
    newest first. `units` are the offices below the lead that work can be delegated to.
    """

    stamp: Stamp
    assignment: Assignment
    task: TaskView
    why: Explanation
    moves: frozenset[str]
    reads: bool
    reports: tuple[Report, ...]
    asking: Asking | None
    snoozes: tuple[date, ...]
    snoozed_until: date | None
    units: tuple[tuple[str, str], ...]
    linked: frozenset[str]


def dossier(
    connection: Connection,
    ref: str,
    *,
    at: datetime,
    registry: Registry,
    directive: Directive,
    texts: Texts,
    actor: str,
    known: datetime | None = None,
    language: str = "en",
    scope: Scope = EVERYTHING,
) -> Dossier:
    """Return the dossier of an assignment for an actor; raises NotFound for one that is not in its scope."""
    seen = sight(connection, at=at, registry=registry, known=known, scope=scope)
    found = get_seen(seen, ref)
    assignment = found[0]
    who, deputed = standpoint(actor, registry), _covering(connection, assignment, registry, at)
    known_once = gathered(seen, connection, found, language=language)
    task = shown(seen, connection, found, directive=directive, language=language, known=known_once)
    proofs = tuple(_within(seen, proof) for proof in task.proofs)
    why = explained(seen, connection, found, directive=directive, texts=texts, language=language, known=known_once)
    moves = openings(assignment, who, registry, deputed, at=at) if _is_present(connection, seen) else ()
    kinds = frozenset(each.kind for each in moves)
    return Dossier(
        stamp=seen.stamp,
        assignment=assignment,
        task=replace(task, proofs=proofs, row=with_titles(seen, [task.row], language)[0]),
        why=replace(
            why,
            deadline=titled(seen, why.deadline, language),
            lateness=titled(seen, why.lateness, language),
        ),
        moves=kinds,
        reads=may_read(assignment, who, registry, deputed.get(assignment.agency, ())),
        reports=reports_of(connection, known_once.entries, proofs=proofs),
        asking=asking_of(assignment, registry, at),
        snoozes=snoozes_offered(assignment.facts, at=at, calendar=registry.calendar),
        snoozed_until=assignment.facts.snoozed_until,
        units=_units(registry, assignment, at, language) if "delegated" in kinds else (),
        linked=_linked(seen, (*why.waits_for.rows, *why.waited_by.rows)),
    )


def asking_of(assignment: Assignment, registry: Registry, at: datetime) -> Asking | None:
    """Return whether and how more time may be asked for; None where there is no date to extend."""
    rule: ExtensionRule = registry.extensions.of(directive_of(assignment.ref))
    try:
        until = last_instant_to_ask(rule, assignment, registry.calendar)
    except Refused:
        return None
    first = assignment.first_day
    latest = registry.calendar.shift(first, rule.longest) if rule.longest is not None and first else None
    left = max(0, rule.at_most - assignment.extensions)
    return Asking(until=until, over=at >= until, left=left, latest=latest)


def offices_offered(registry: Registry, *, on: date, language: str, besides: str = "") -> tuple[tuple[str, str], ...]:
    """Return the offices a task may be given to, each by its code and name, in the order of the names.

    Communes and units are left out: there are thousands, and what is theirs comes through the office above them.
    """
    found = (
        (code, agency.name.in_language(language))
        for code, agency in registry.agencies.items()
        if agency.kind not in _BELOW and code != besides and agency.is_valid(on)
    )
    return tuple(sorted(found, key=lambda each: (each[1], each[0])))


_BELOW = frozenset({"commune", "unit"})


def _covering(connection: Connection, assignment: Assignment, registry: Registry, at: datetime) -> Deputies:
    covered = {assignment.agency, assignment.delegate or assignment.agency}
    return deputies.on_day(connection, covered, registry.calendar.civil_day(at))


def _is_present(connection: Connection, seen: Sight) -> bool:
    """Return whether this is the present: what was so on another day is looked at, and nothing is done to it."""
    return min(seen.at, seen.known) >= ledger.position(connection).high_water


def _within(seen: Sight, proof: ProofRow) -> ProofRow:
    """Return a proof without the tasks it also closes that whoever looks may not see."""
    if seen.scope.offices is None or not proof.also_closes:
        return proof
    return replace(proof, also_closes=tuple(ref for ref in proof.also_closes if seen.get(ref)))


def _units(registry: Registry, assignment: Assignment, at: datetime, language: str) -> tuple[tuple[str, str], ...]:
    below = with_those_below(assignment.agency, registry) - {assignment.agency, assignment.delegate}
    today = registry.calendar.civil_day(at)
    known = (code for code in sorted(below) if exists(code, registry, today))
    return tuple((code, agency_name(registry, code, language)) for code in known)


def _linked(seen: Sight, found: Iterable[TaskRow]) -> frozenset[str]:
    return frozenset(row.ref for row in found if seen.scope.covers(row.agency) or seen.scope.covers(row.delegate))
