"""The life of an assignment beside its progress: its three times, its dates and extensions, and who works on it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment
from tracker.domain.entry import Entry
from tracker.domain.phrase import Phrase
from tracker.domain.standing import CLOSED_OUT
from tracker.store import ledger
from tracker.store.queries import Wanted
from tracker.store.store import Connection
from tracker.views.past import Vantage
from tracker.views.rows import TaskRow, agency_name, days_late_first, measured_at, rows
from tracker.views.sight import Sight, sight
from tracker.views.stamp import Stamp

REQUEST, GRANT, REFUSAL = "extension_requested", "extension_granted", "extension_refused"
MOVED_DATE = ("moved_along", "resumed")
_KINDS = (REQUEST, GRANT, REFUSAL, *MOVED_DATE)
# printed wherever lateness is
MEASURED = Phrase("measured", {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """A later date, asked for or not: the request with its reason, and its decision with its instrument or reason.

    `decision` is pending, granted, refused, moved_along (with `along`, whose extension it follows), resumed, or
    ended: the assignment was settled before anybody decided.
    """

    ref: str
    decision: str
    asked_at: datetime | None = None
    asked_by: str | None = None
    asked_day: date | None = None
    why: str | None = None
    would_move: tuple[str, ...] = ()
    decided_at: datetime | None = None
    decided_by: str | None = None
    day: date | None = None
    instrument: str | None = None
    refusal: str | None = None
    along: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeputyRow:
    """An office that covers for another from one day to another, both included; `seq` is the entry that named it."""

    seq: int
    agency: str
    deputy: str
    deputy_name: str
    from_day: date
    until_day: date
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What an assignment went through.

    `changed` is the entry to decide by (`--seen`). A completion has three times: `done_on` as the agency says,
    `received_at`, `accepted_at`; `measured` says which of them lateness is measured on. `days_late_first` counts
    against the first date, `days_late` against the one in force; None where nothing is late or early.
    """

    changed: int
    done_on: date | None
    received_at: datetime | None
    accepted_at: datetime | None
    measured: Phrase
    first_day: date | None
    ordered_day: date | None
    last_day: date | None
    days_late_first: int | None
    days_late: int | None
    extensions: tuple[Extension, ...]
    asked_day: date | None
    asked_at: datetime | None
    contested_at: datetime | None
    contested_why: str | None
    contested_for: str | None
    suspended_at: datetime | None
    lead: str
    lead_name: str
    delegate: str | None
    delegate_name: str | None
    deputies: tuple[DeputyRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionList:
    """Requests for more time and dates that moved otherwise, the newest first."""

    stamp: Stamp
    extensions: tuple[Extension, ...]
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeputyList:
    """Deputies in the order they were named."""

    stamp: Stamp
    deputies: tuple[DeputyRow, ...]


@dataclass(frozen=True, slots=True)
class Squeezed:
    """What depends on a task, and whether it is due by the day thought of."""

    row: TaskRow
    squeezed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a later last day of a task does to the work that depends on it."""

    stamp: Stamp
    row: TaskRow
    day: date
    dependents: tuple[Squeezed, ...]


def life_of(
    seen: Sight,
    connection: Connection,
    assignment: Assignment,
    *,
    language: str,
    entries: Sequence[Entry] | None = None,
) -> Life:
    """Return what an assignment went through, as seen at an instant; `entries` are all of its own, where known."""
    facts, registry = assignment.facts, seen.registry
    kinds = (*_KINDS, "contested")
    if entries is None:
        entries = tuple(entries_of(seen, connection, assignment.ref, kinds))
    entries = [entry for entry in entries if entry.kind in kinds]
    contest = next((e for e in reversed(entries) if e.kind == "contested"), None) if assignment.contested_at else None
    unit = assignment.delegate
    covered = {assignment.agency, unit or assignment.agency}
    today = registry.calendar.civil_day(seen.at)
    named = _deputies(connection, _vantage(seen), registry, language)
    extensions = _extensions(entries)
    if assignment.asked_at is None:
        extensions = [replace(one, decision="ended") if one.decision == "pending" else one for one in extensions]
    return Life(
        changed=assignment.changed,
        done_on=facts.done_on,
        received_at=facts.received_at,
        accepted_at=facts.accepted_at,
        measured=MEASURED,
        first_day=assignment.first_day,
        ordered_day=assignment.ordered_day,
        last_day=facts.limit.last_day if facts.limit else None,
        days_late_first=days_late_first(assignment, seen.at),
        days_late=days_late_now(assignment, seen.at),
        extensions=tuple(extensions),
        asked_day=assignment.asked_day,
        asked_at=assignment.asked_at,
        contested_at=assignment.contested_at,
        contested_why=contest.payload["why"] if contest else None,
        contested_for=contest.payload.get("proposed") if contest else None,
        suspended_at=facts.suspended_at,
        lead=assignment.agency,
        lead_name=agency_name(registry, assignment.agency, language),
        delegate=unit,
        delegate_name=agency_name(registry, unit, language) if unit else None,
        deputies=tuple(d for d in named if d.agency in covered and d.from_day <= today <= d.until_day),
    )


def extension_list(
    connection: Connection,
    *,
    at: datetime,
    registry: Registry,
    known: datetime | None = None,
    agency: str | None = None,
    directive: str | None = None,
    pending: bool = False,
    limit: int = 50,
) -> ExtensionList:
    """Return requests for more time with their decisions, the newest first; `pending`: only those undecided."""
    seen = sight(connection, at=at, registry=registry, known=known)
    wanted = Wanted(agency=agency, directive=directive, asking=pending)
    about: dict[str, list[Entry]] = {}
    for entry in ledger.entries(connection, until=seen.known, kinds=_KINDS):
        if entry.assignment is not None and _vantage(seen).sees(entry):
            about.setdefault(entry.assignment, []).append(entry)
    found: list[Extension] = []
    for ref, entries in about.items():
        one = seen.get(ref)
        if one is None or not _fits(one[0], wanted):
            continue
        open_still = one[0].asked_at is not None
        found += [
            replace(each, decision="ended") if each.decision == "pending" and not open_still else each
            for each in _extensions(entries)
        ]
    found = [one for one in found if one.decision == "pending" or not pending]
    found.sort(key=lambda one: (one.asked_at or one.decided_at or seen.at, one.ref), reverse=True)
    return ExtensionList(stamp=seen.stamp, extensions=tuple(found[:limit]), more=len(found) > limit)


def deputy_list(
    connection: Connection,
    *,
    at: datetime,
    registry: Registry,
    known: datetime | None = None,
    over: bool = False,
    language: str = "en",
) -> DeputyList:
    """Return who covers for whom at an instant or will, with `over` also those whose time has passed."""
    seen = sight(connection, at=at, registry=registry, known=known)
    today = registry.calendar.civil_day(at)
    named = _deputies(connection, _vantage(seen), registry, language)
    return DeputyList(stamp=seen.stamp, deputies=tuple(d for d in named if over or d.until_day >= today))


def effect_of(
    connection: Connection,
    ref: str,
    day: date,
    others: Sequence[str],
    squeezed: Collection[str],
    *,
    at: datetime,
    registry: Registry,
    language: str = "en",
) -> Effect:
    """Return what a later last day does to some assignments that depend on one; `squeezed` are due by then."""
    seen = sight(connection, at=at, registry=registry)
    found = [one for one in (seen.get(other) for other in (ref, *others)) if one is not None]
    mine, *rest = rows(seen, connection, found, language=language)
    dependents = tuple(Squeezed(row, row.ref in squeezed) for row in rest)
    return Effect(stamp=seen.stamp, row=mine, day=day, dependents=dependents)


def days_late_now(assignment: Assignment, at: datetime) -> int | None:
    """Return by how many days an assignment is late against the date in force; None without one, or closed out."""
    limit = assignment.facts.limit
    if limit is None or assignment.facts.progress in CLOSED_OUT:
        return None
    return max(0, limit.days_late(measured_at(assignment, at)))


def entries_of(seen: Sight, connection: Connection, ref: str, kinds: Collection[str] = ()) -> Iterator[Entry]:
    """Yield the entries about an assignment that count for whom looks, in their order."""
    return filter(_vantage(seen).sees, ledger.entries(connection, assignment=ref, until=seen.known, kinds=kinds))


def _vantage(seen: Sight) -> Vantage:
    return Vantage(seen.at, seen.known)


def _fits(assignment: Assignment, wanted: Wanted) -> bool:
    return (
        (wanted.agency is None or assignment.agency == wanted.agency)
        and (wanted.directive is None or assignment.task.rpartition("/")[0] == wanted.directive)
        and (assignment.asked_at is not None or not wanted.asking)
    )


def _extensions(entries: Iterable[Entry]) -> list[Extension]:
    """Return the later dates of one assignment in their order, each request joined with its decision."""
    found: list[Extension] = []
    for entry in entries:
        said = entry.payload
        ref = entry.assignment or ""
        if entry.kind == REQUEST:
            if found and found[-1].decision == "pending":
                found[-1] = replace(found[-1], decision="ended")
            found.append(
                Extension(
                    ref=ref,
                    decision="pending",
                    asked_at=entry.recorded_at,
                    asked_by=entry.actor,
                    asked_day=date.fromisoformat(said["day"]),
                    why=said["why"],
                    would_move=tuple(said.get("would_move", ())),
                )
            )
        elif entry.kind in (GRANT, REFUSAL):
            before = found.pop() if found and found[-1].decision == "pending" else Extension(ref=ref, decision="")
            found.append(_decided(before, entry))
        elif entry.kind in MOVED_DATE and said.get("limit"):
            found.append(_decided(Extension(ref=ref, decision=""), entry))
    return found


def _decided(before: Extension, entry: Entry) -> Extension:
    said: Mapping[str, str] = entry.payload
    decision = {GRANT: "granted", REFUSAL: "refused"}.get(entry.kind, entry.kind)
    return replace(
        before,
        decision=decision,
        decided_at=entry.recorded_at,
        decided_by=entry.actor,
        day=date.fromisoformat(said["day"]) if said.get("day") else None,
        instrument=said.get("instrument"),
        refusal=said["why"] if entry.kind == REFUSAL else None,
        along=said.get("with"),
    )


def _deputies(connection: Connection, vantage: Vantage, registry: Registry, language: str) -> list[DeputyRow]:
    """Return the deputies that were named by then, each with the last day known by then."""
    found: dict[int, DeputyRow] = {}
    for entry in filter(vantage.sees, ledger.notes(connection, "deputy_named")):
        said = entry.payload
        found[entry.seq] = DeputyRow(
            seq=entry.seq,
            agency=said["agency"],
            deputy=said["deputy"],
            deputy_name=agency_name(registry, said["deputy"], language),
            from_day=date.fromisoformat(said["from"]),
            until_day=date.fromisoformat(said["until"]),
            why=said["why"],
        )
    for entry in filter(vantage.sees, ledger.notes(connection, "deputy_ended")):
        named = entry.payload["named"]
        if named in found:
            found[named] = replace(found[named], until_day=date.fromisoformat(entry.payload["until"]))
    return [found[seq] for seq in sorted(found)]
