"""Tasks: lists of assignments, everything about one, and why it stands where it stands."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment
from tracker.domain.deadline import Deadline, Unresolved, reckon_due, rule_text
from tracker.domain.directive import Directive, Locator
from tracker.domain.entry import Entry
from tracker.domain.errors import NotFound
from tracker.domain.phrase import Phrase
from tracker.domain.scope import EVERYTHING, Scope
from tracker.domain.standing import SETTLED
from tracker.domain.waiting import above
from tracker.store import assignments
from tracker.store.queries import Wanted
from tracker.store.store import Connection
from tracker.views.evidence import ProofRow, evidence_of
from tracker.views.history import EntryRow, entry_row
from tracker.views.lateness import explanation as lateness_of
from tracker.views.life import Life, entries_of, life_of
from tracker.views.reminders import ReminderRow, reminder_rows
from tracker.views.rows import TaskRow, rows
from tracker.views.sight import Seen, Sight, sight
from tracker.views.stamp import Stamp
from tracker.views.timelines import Texts

SET_DATES = ("date_set", "extension_granted", "moved_along", "resumed")
PEERS = 40  # so many assignments that wait, or are waited for, are named; the rest is counted


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskList:
    """Some assignments, the earliest deadline first; `more` says that the list was cut."""

    stamp: Stamp
    tasks: tuple[TaskRow, ...]
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskView:
    """Everything about one assignment."""

    stamp: Stamp
    row: TaskRow
    directive_title: str
    issued: str
    lead_basis: str
    supporting: tuple[str, ...]
    deliverable: str | None
    evidence_required: bool
    source: Locator | None
    records: tuple[str, ...]
    note: str | None
    version: int
    assigned_at: datetime
    next_moment: datetime | None
    life: Life
    proofs: tuple[ProofRow, ...]
    entries: tuple[EntryRow, ...]
    reminders: tuple[ReminderRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What both `shown` and `explained` say of one assignment: its row, its life, the entries that count."""

    row: TaskRow
    life: Life
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Peers:
    """Assignments on the other end of a need, and how many there are in all."""

    rows: tuple[TaskRow, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DateSet:
    """A later date of an assignment: the entry that set it, when that was recorded, the last day, and why it moved."""

    seq: int
    kind: str
    recorded_at: datetime
    last_day: date | None
    why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why one assignment stands where it stands.

    `rule` is the rule as the directive states it and `words` the words as printed; `deadline` leads from one to
    the date, line by line. `moved` says that the date in force is not the one these lines give; `dates` are
    those it was given after the first. `lateness` says what each late day is charged to.
    """

    stamp: Stamp
    row: TaskRow
    rule: str | None
    words: str | None
    scope: str | None
    deadline: tuple[Phrase, ...]
    moved: bool
    dates: tuple[DateSet, ...]
    life: Life
    lateness: tuple[Phrase, ...]
    waits_for: Peers
    waited_by: Peers


def task_list(
    connection: Connection,
    *,
    at: datetime,
    registry: Registry,
    known: datetime | None = None,
    wanted: Wanted | None = None,
    language: str = "en",
    scope: Scope = EVERYTHING,
    limit: int = 100,
) -> TaskList:
    """Return the assignments wanted as they are at an instant, all by default, at most `limit` of them."""
    seen = sight(connection, at=at, registry=registry, known=known, scope=scope)
    found = seen.find(wanted or Wanted(), limit=limit)
    return TaskList(stamp=seen.stamp, tasks=rows(seen, connection, found.seen, language=language), more=found.more)


def resolve(connection: Connection, ref: str) -> str:
    """Return the full reference a person may have shortened to its end; raises NotFound."""
    if assignments.get(connection, [ref]):
        return ref
    endings = assignments.refs_ending(connection, ref)
    if len(endings) == 1:
        return endings[0]
    if endings:
        raise NotFound(f"'{ref}' may be {', '.join(endings[:3])}: write more of it", code="ambiguous")
    raise NotFound(f"there is no assignment '{ref}'")


def task_show(
    connection: Connection,
    ref: str,
    *,
    at: datetime,
    registry: Registry,
    directive: Directive,
    known: datetime | None = None,
    language: str = "en",
    scope: Scope = EVERYTHING,
) -> TaskView:
    """Return everything about one assignment; `directive` is its directive as in force at that instant."""
    seen = sight(connection, at=at, registry=registry, known=known, scope=scope)
    return shown(seen, connection, get_seen(seen, ref), directive=directive, language=language)


def gathered(seen: Sight, connection: Connection, found: Seen, *, language: str) -> Gathered:
    """Return what is said of one assignment more than once; it is read once."""
    entries = tuple(entries_of(seen, connection, found[0].ref))
    return Gathered(
        row=rows(seen, connection, [found], language=language)[0],
        life=life_of(seen, connection, found[0], language=language, entries=entries),
        entries=entries,
    )


def shown(
    seen: Sight,
    connection: Connection,
    found: Seen,
    *,
    directive: Directive,
    language: str,
    known: Gathered | None = None,
) -> TaskView:
    """Return everything about one assignment of a sight."""
    known = known or gathered(seen, connection, found, language=language)
    assignment = found[0]
    task = directive.task(assignment.task)
    return TaskView(
        stamp=seen.stamp,
        row=known.row,
        directive_title=directive.title.in_language(language),
        issued=directive.issued.isoformat(),
        lead_basis=task.lead_basis if task else "named",
        supporting=task.supporting if task else (),
        deliverable=task.deliverable if task else None,
        evidence_required=task.evidence_required if task else False,
        source=task.source if task else None,
        records=task.records if task else (),
        note=task.note if task else None,
        version=assignment.version,
        assigned_at=assignment.facts.assigned_at,
        next_moment=_next(seen, connection, assignment),
        life=known.life,
        proofs=evidence_of(connection, assignment.ref, until=seen.stamp.seq),
        entries=tuple(map(entry_row, known.entries)),
        reminders=reminder_rows(seen, seen.reminders(ref=assignment.ref)),
    )


def explain(
    connection: Connection,
    ref: str,
    *,
    at: datetime,
    registry: Registry,
    directive: Directive,
    texts: Texts | None = None,
    known: datetime | None = None,
    language: str = "en",
    scope: Scope = EVERYTHING,
) -> Explanation:
    """Return why one assignment stands where it stands; `directive` is its directive as in force at that instant.

    `texts` gives the directives of what it waited for, which matter where it is late.
    """
    seen = sight(connection, at=at, registry=registry, known=known, scope=scope)
    texts = texts or {directive.key: directive}.get
    return explained(seen, connection, get_seen(seen, ref), directive=directive, texts=texts, language=language)


def explained(
    seen: Sight,
    connection: Connection,
    found: Seen,
    *,
    directive: Directive,
    texts: Texts,
    language: str,
    known: Gathered | None = None,
) -> Explanation:
    """Return why one assignment of a sight stands where it stands."""
    known = known or gathered(seen, connection, found, language=language)
    assignment = found[0]
    task = directive.task(assignment.task)
    due = task.due if task else None
    reckoned = None
    if due is not None:
        reckoned = reckon_due(
            due,
            issued=directive.issued,
            calendar=seen.registry.calendar,
            anchors=assignment.anchors,
            occurrence=assignment.occurrence,
        )
    deadline = reckoned if isinstance(reckoned, Deadline) else None
    limit = assignment.facts.limit
    waits_for, waited_by = _peers(
        seen, connection, _waits_for(seen, assignment), _waited_by(seen, connection, assignment), language
    )
    return Explanation(
        stamp=seen.stamp,
        row=known.row,
        rule=rule_text(due.rule) if due else None,
        words=due.words if due else None,
        scope=due.scope if due else None,
        deadline=_steps(reckoned),
        moved=(limit and limit.late_from) != (deadline and deadline.late_from),
        dates=_dates(known.entries),
        life=known.life,
        lateness=lateness_of(seen, connection, found, texts),
        waits_for=waits_for,
        waited_by=waited_by,
    )


def _steps(reckoned: Deadline | Unresolved | None) -> tuple[Phrase, ...]:
    match reckoned:
        case Deadline():
            return reckoned.explanation
        case Unresolved():
            return (reckoned.reason,)
    return ()


def _dates(entries: Sequence[Entry]) -> tuple[DateSet, ...]:
    moving = (entry for entry in entries if entry.kind in SET_DATES)
    set_later = (entry for entry in moving if entry.kind == "date_set" or entry.payload.get("limit"))
    return tuple(
        DateSet(
            seq=entry.seq,
            kind=entry.kind,
            recorded_at=entry.recorded_at,
            last_day=date.fromisoformat(entry.payload["limit"]["last_day"]) if entry.payload["limit"] else None,
            why=_moved_by(entry),
        )
        for entry in set_later
    )


def _moved_by(entry: Entry) -> str | None:
    """Return why a date moved: the words of its entry, or whose decision it follows."""
    said = entry.payload
    match entry.kind:
        case "extension_granted":
            return f"extension granted by {said['instrument']}"
        case "moved_along":
            return f"moved along with {said['with']}, {said['instrument']}"
        case "resumed":
            return f"set when work was resumed, {said.get('instrument')}"
    why: str | None = said.get("why")
    return why


def get_seen(seen: Sight, ref: str) -> Seen:
    """Return one assignment of a sight; raises NotFound."""
    found = seen.get(ref)
    if found is None:
        raise NotFound(f"at {seen.at.isoformat()} there was no assignment '{ref}'")
    return found


def _next(seen: Sight, connection: Connection, assignment: Assignment) -> datetime | None:
    """Return when the assignment next needs a look, as the cache has it; the past knew no other future."""
    current = assignments.get(connection, [assignment.ref])
    return current[0].next_moment if current and current[0].seq == assignment.seq else None


def _waits_for(seen: Sight, assignment: Assignment) -> list[Seen]:
    found = []
    for task in assignment.facts.waiting_for:
        # an agency's own comes first, and need not be looked for among those of thousands
        own = _unsettled(seen.beside(task, assignment.agency)) if task != assignment.task else []
        if not own:
            owed = _unsettled(seen.beside(task))
            own = [one for one in owed if assignment.agency in above(one[0].agency, seen.registry)] or owed
        found += own
    return found


def _waited_by(seen: Sight, connection: Connection, assignment: Assignment) -> list[Seen]:
    waiting = assignments.needing(connection, [assignment.task])

    def held(agency: str | None) -> list[Seen]:
        owed = (one for task in waiting for one in seen.beside(task, agency))
        return [one for one in owed if assignment.task in one[0].facts.waiting_for]

    return held(assignment.agency) or held(None)


def _unsettled(found: Iterable[Seen]) -> list[Seen]:
    return [one for one in found if one[0].facts.progress not in SETTLED]


def _peers(
    seen: Sight, connection: Connection, before: Sequence[Seen], after: Sequence[Seen], language: str
) -> tuple[Peers, Peers]:
    """Return what an assignment waits for, and what waits for it; what both name is read at once."""
    named = [*before[:PEERS], *after[:PEERS]]
    found = rows(seen, connection, named, language=language) if named else ()
    cut = min(len(before), PEERS)
    return Peers(found[:cut], len(before)), Peers(found[cut:], len(after))


def directive_of(ref: str) -> str:
    """Return the key of the directive an assignment belongs to.

    >>> directive_of("2025/412-tb-vpcp/service-portal/BNV")
    '2025/412-tb-vpcp'
    """
    return ref.rsplit("/", 2)[0]
