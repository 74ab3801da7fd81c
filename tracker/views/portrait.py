"""A directive at an instant, as its page shows it: what it is, and to others, its tasks, figures and versions.

Titles are for everybody who has a login. Figures and rows are those of the scope: a ministry sees its own.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tracker.domain.agency import Registry
from tracker.domain.amendment import named
from tracker.domain.cells import Cells
from tracker.domain.deadline import dated_due, rule_text
from tracker.domain.directive import Directive, Locator, Relation, Task
from tracker.domain.errors import NotFound
from tracker.domain.fanout import fan_out
from tracker.domain.number import fold
from tracker.domain.scope import EVERYTHING, Scope
from tracker.domain.standing import SETTLED, Cell, Progress
from tracker.store import adopted, queries, versions
from tracker.store.queries import Head, Wanted
from tracker.store.store import Connection
from tracker.views.rows import TaskRow, agency_name, rows
from tracker.views.sight import Seen, Sight, sight
from tracker.views.stamp import Stamp

MOST = 200_000  # assignments of one directive; every commune of the country owes each of 60 tasks
SOON = 8
_FAR = timedelta(days=3650)
_AWAITED = frozenset(Progress) - SETTLED - {Progress.SUBMITTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """A document this one names, or that names it (`incoming`); `key` and `title` where it is tracked here."""

    word: str
    number: str
    issued: date | None
    incoming: bool
    key: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Abroad:
    """A need across the border of a directive: ours waits for theirs, or (`incoming`) theirs for ours."""

    task: str
    title: str
    other: str
    other_title: str
    number: str
    incoming: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A task as the text has it, with the figures of what became of it.

    `owner` is a code or the name of a set; `agencies` says how many owe it by the text. `agency` is the only one
    that does, where an assignment of it is in sight.
    """

    key: str
    id: str
    title: str
    kind: str
    modality: str
    tracked: bool
    owner: str
    owner_name: str
    agencies: int
    agency: str | None
    last_day: date | None
    rule: str | None
    words: str | None
    needs: tuple[str, ...]
    records: tuple[str, ...]
    source: Locator | None
    cells: Cells


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLine:
    """A version: from when it was in force, who adopted it, and where the ledger says so."""

    version: int
    adopted_at: datetime
    actor: str
    seq: int
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """A directive in the version in force at an instant; `own`: the figures are those of some offices only."""

    stamp: Stamp
    key: str
    number: str
    numbered: bool
    issued: date
    issuer: str
    issuer_name: str
    title: str
    kind: str
    status: str
    note: str | None
    version: int
    own: bool
    cells: Cells
    related: tuple[Related, ...]
    abroad: tuple[Abroad, ...]
    clauses: tuple[Clause, ...]
    former: Cells
    soon: tuple[TaskRow, ...]
    versions: tuple[VersionLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A directive in the list of all: what it is, and its figures."""

    key: str
    number: str
    issued: date
    issuer: str
    issuer_name: str
    title: str
    version: int
    cells: Cells


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """The directives in force at an instant that fit, the newest first; `own` as in a portrait."""

    stamp: Stamp
    own: bool
    total: int
    lines: tuple[Line, ...]
    years: tuple[int, ...]


def portrait(
    connection: Connection,
    directive: Directive,
    *,
    at: datetime,
    registry: Registry,
    known: datetime | None = None,
    scope: Scope = EVERYTHING,
    language: str = "en",
) -> Portrait:
    """Return a directive at an instant; `directive` is the version in force then."""
    seen = sight(connection, at=at, registry=registry, known=known, scope=scope)
    heads = queries.directives_at(connection, seen.adopted_by, language=language)
    head = next((one for one in heads if one.key == directive.key), None)
    if head is None:
        raise NotFound(f"no directive '{directive.key}' had been adopted at {at.isoformat()}")
    cells = cells_by_task(seen, directive.key)
    mine = {task.key for task in directive.tasks}
    return Portrait(
        stamp=seen.stamp,
        key=directive.key,
        number=directive.number,
        numbered=directive.numbered,
        issued=directive.issued,
        issuer=directive.issuer,
        issuer_name=agency_name(registry, directive.issuer, language),
        title=directive.title.in_language(language),
        kind=directive.kind,
        status=directive.status,
        note=directive.note,
        version=head.version,
        own=scope.offices is not None,
        cells=sum(cells.values(), Cells()),
        related=tuple(_related(connection, directive, heads, seen.adopted_by)),
        abroad=tuple(_abroad(connection, seen, directive.key, heads, language)),
        clauses=tuple(
            _clause(task, directive, seen, cells.get(task.key, Cells()), language) for task in directive.tasks
        ),
        former=sum((some for task, some in cells.items() if task not in mine), Cells()),
        soon=rows(seen, connection, _soon(seen, directive.key), language=language),
        versions=version_lines(connection, directive.key, at=seen.adopted_by),
    )


def directive_lines(
    connection: Connection,
    *,
    at: datetime,
    registry: Registry,
    known: datetime | None = None,
    scope: Scope = EVERYTHING,
    language: str = "en",
    search: str = "",
    year: int | None = None,
) -> Lines:
    """Return the directives in force at an instant, the newest first; `search` folds accents away."""
    seen = sight(connection, at=at, registry=registry, known=known, scope=scope)
    heads = queries.directives_at(connection, seen.adopted_by, language=language)
    counts: dict[str, dict[Cell, int]] = {}
    for (task, cell), number in seen.cells().items():
        mine = counts.setdefault(task.rpartition("/")[0], {})
        mine[cell] = mine.get(cell, 0) + number
    asked = fold(search) if search.strip() else ""
    fits = [
        one
        for one in heads
        if year in (None, one.issued.year) and (not asked or asked in fold(f"{one.number} {one.title} {one.issuer}"))
    ]
    return Lines(
        stamp=seen.stamp,
        own=scope.offices is not None,
        total=len(heads),
        years=tuple(sorted({one.issued.year for one in heads}, reverse=True)),
        lines=tuple(
            Line(
                key=one.key,
                number=one.number,
                issued=one.issued,
                issuer=one.issuer,
                issuer_name=agency_name(registry, one.issuer, language),
                title=one.title,
                version=one.version,
                cells=Cells.of(counts.get(one.key, {})),
            )
            for one in sorted(fits, key=lambda one: (-one.issued.toordinal(), one.key))
        ),
    )


def version_lines(connection: Connection, key: str, *, at: datetime) -> tuple[VersionLine, ...]:
    """Return the versions of a directive adopted by an instant, the newest first."""
    found = versions.adoptions(connection, key, at=at)
    notes = [versions.adoption_note(connection, one) for one in found]
    lines = [
        VersionLine(
            version=one.version,
            adopted_at=one.adopted_at,
            actor=note.actor if note else "",
            seq=one.seq,
            fingerprint=one.fingerprint,
        )
        for one, note in zip(found, notes, strict=True)
    ]
    return tuple(reversed(lines))


def titles_of(
    connection: Connection, seen: Sight, directive: str, tasks: Iterable[str], language: str
) -> Mapping[str, str]:
    """Return the titles of tasks of a directive; of those it no longer has, the last they had."""
    wanted = frozenset(tasks)
    found = dict(seen.titles(wanted, language))
    for adoption in reversed(versions.adoptions(connection, directive, at=seen.adopted_by)):
        if not (missing := wanted - set(found)):
            break
        version = adopted.directive_version(connection, directive, adoption.version)
        texts = version.document.get("tasks", {}) if version else {}
        names = {key: key.rpartition("/")[2] for key in missing}
        found |= {key: texts[name]["title"][language] for key, name in names.items() if name in texts}
    return found


def owed(seen: Sight, directive: str) -> tuple[Seen, ...]:
    """Return every assignment of a directive in sight, the earliest deadline first."""
    return seen.find(Wanted(directive=directive), limit=MOST).seen


def cells_by_task(seen: Sight, directive: str) -> Mapping[str, Cells]:
    """Return the cells of each task of a directive, over the assignments in sight."""
    counts: dict[str, dict[Cell, int]] = {}
    for (task, cell), number in seen.counts(Wanted(directive=directive), ("task", "cell")).items():
        counts.setdefault(task, {})[Cell(cell)] = number
    return {task: Cells.of(some) for task, some in counts.items()}


def only_agency(seen: Sight, task: str, cells: Cells) -> str | None:
    """Return the agency that owes a task, where it is one assignment in sight."""
    return seen.of_task(task)[0][0].agency if cells.total == 1 else None


def _soon(seen: Sight, directive: str) -> tuple[Seen, ...]:
    """Return what is to be reported next, and has not been."""
    wanted = Wanted(directive=directive, cell=Cell.IN_TIME, progress=_AWAITED, due=(seen.at, seen.at + _FAR))
    return seen.find(wanted, limit=SOON).seen


def _clause(task: Task, directive: Directive, seen: Sight, cells: Cells, language: str) -> Clause:
    registry = seen.registry
    deadline = None
    if task.due:
        deadline = dated_due(task.due, issued=directive.issued, calendar=registry.calendar)
    owner, name = owner_of(task, registry, language)
    return Clause(
        key=task.key,
        id=task.id,
        title=task.title.in_language(language),
        kind=task.kind,
        modality=task.modality,
        tracked=task.tracked,
        owner=owner,
        owner_name=name,
        agencies=len(_owing(task, registry, directive.issued)),
        agency=only_agency(seen, task.key, cells),
        last_day=deadline.last_day if deadline else None,
        rule=rule_text(task.due.rule) if task.due else None,
        words=task.due.words if task.due else None,
        needs=tuple(need.task for need in task.needs),
        records=task.records,
        source=task.source,
        cells=cells,
    )


def owner_of(task: Task, registry: Registry, language: str) -> tuple[str, str]:
    """Return the code and the name of whoever owes a task; of several, the sets and codes that name them."""
    if task.lead is not None:
        return task.lead, agency_name(registry, task.lead, language)
    if task.for_each is not None:
        named_ = task.for_each.named
        return ", ".join(named_), ", ".join(agency_name(registry, code, language) for code in named_)
    return "", ""


def _owing(task: Task, registry: Registry, on: date) -> tuple[str, ...]:
    try:
        return fan_out(task, registry, on)
    except NotFound:  # the registry in force no longer knows a set that the text names
        return ()


def _related(connection: Connection, directive: Directive, heads: Iterable[Head], at: datetime) -> Iterator[Related]:
    titles = {head.key: head for head in heads}
    known = [(head.issued, head.key, head.number) for head in titles.values()]
    for relation in directive.relations:
        found = next(iter(named(relation, known)), None)
        head = titles.get(found or "")
        yield Related(
            word=relation.word,
            number=head.number if head else relation.number,
            issued=head.issued if head else relation.issued,
            incoming=False,
            key=found,
            title=head.title if head else None,
        )
    for said in versions.said_of_others(connection, at=at):
        for document in said.relations:
            other = _relation(document)
            if said.key == directive.key or other is None or not _may_mean(other, directive):
                continue
            if directive.key in named(other, known):
                yield Related(
                    word=other.word,
                    number=said.number,
                    issued=said.issued,
                    incoming=True,
                    key=said.key,
                    title=titles[said.key].title if said.key in titles else None,
                )


def _may_mean(relation: Relation, directive: Directive) -> bool:
    return relation.number == directive.key or fold(relation.number) == fold(directive.number)


def _relation(document: Mapping[str, str]) -> Relation | None:
    """Return a relation as a document has it: one word with a number, and the date of issue where it is named."""
    issued = document.get("issued")
    for word, number in document.items():
        if word != "issued":
            return Relation(word, number, date.fromisoformat(issued) if issued else None)  # type: ignore[arg-type]
    return None


def _abroad(connection: Connection, seen: Sight, key: str, heads: Iterable[Head], language: str) -> Iterator[Abroad]:
    pairs = versions.needs_abroad(connection, key)
    titles = seen.titles(frozenset(task for pair in pairs for task in pair), language)
    numbers = {head.key: head.number for head in heads}
    for task, needed in pairs:
        incoming = not task.startswith(f"{key}/")
        ours, other = (needed, task) if incoming else (task, needed)
        home = other.rpartition("/")[0]
        if home in numbers:
            yield Abroad(
                task=ours,
                title=titles.get(ours, ours.rpartition("/")[2]),
                other=other,
                other_title=titles.get(other, other.rpartition("/")[2]),
                number=numbers[home],
                incoming=incoming,
            )
