"""The timeline of a directive at an instant: its assignments as bars on an axis of days, a page at a time.

By agency every assignment is a row; where there are very many, those of a province's communes are taken together. By
task, those of one task that have the same days are one row: a task of every commune would otherwise be thousands of
bars that say the same.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment
from tracker.domain.calendar import civil_day
from tracker.domain.directive import Directive
from tracker.domain.gantt import Gantt, Line, Link, Sizes, gantt
from tracker.domain.scope import EVERYTHING, Scope
from tracker.domain.standing import CLOSED_OUT, SETTLED, Cell, Progress
from tracker.domain.waiting import Scene, marks_of
from tracker.store.store import Connection
from tracker.views.portrait import owed, titles_of
from tracker.views.rows import agency_name
from tracker.views.sight import Seen, Sight, sight
from tracker.views.sought import province_of
from tracker.views.stamp import Stamp

ROWS = 100  # a page on screen
SHEET = 40  # a page that is printed on one A3 sheet
ARROWS = 150
MANY = 500  # assignments; beyond so many, communes stand together by province
By = Literal["agency", "task"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A row: one assignment, or `count` of one task with the same days; `agencies` are theirs, in order.

    `standing` is that of a single one. `received` and `overdue` count those that reported and those that are late.
    """

    line: Line
    task: str
    title: str
    agencies: tuple[str, ...]
    agency_name: str
    count: int
    received: int
    overdue: int
    standing: str | None
    waiting_for: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineView:
    """A page of a timeline: its bars in their order, what each waits for, and the layout.

    `names` are those of the groups. `hidden` arrows are not drawn: so many could not be told apart.
    """

    stamp: Stamp
    key: str
    number: str
    title: str
    own: bool
    by: By
    page: int
    pages: int
    per_page: int
    rows: int
    total: int
    today: date
    bars: Mapping[str, Bar]
    names: Mapping[str, str]
    links: tuple[Link, ...]
    hidden: int
    layout: Gantt


def timeline(
    connection: Connection,
    directive: Directive,
    *,
    at: datetime,
    registry: Registry,
    known: datetime | None = None,
    scope: Scope = EVERYTHING,
    language: str = "en",
    by: By = "task",
    page: int = 1,
    per_page: int = ROWS,
    sizes: Sizes | None = None,
) -> TimelineView:
    """Return a page of the timeline of a directive; `directive` is the version in force at the instant."""
    seen = sight(connection, at=at, registry=registry, known=known, scope=scope)
    found = owed(seen, directive.key)
    bunches = _bunches(found, by, registry)
    ordered = sorted(bunches, key=_by_agency if by == "agency" else _by_task)
    pages = max(-(-len(ordered) // per_page), 1)
    page = min(max(page, 1), pages)
    shown = ordered[(page - 1) * per_page : page * per_page]
    links = list(_links(shown, found, directive, registry))
    today = civil_day(registry.calendar.zone, at)
    titles = titles_of(connection, seen, directive.key, {some[0][0].task for _, some in shown}, language)
    bars = _bars(seen, shown, titles, language)
    return TimelineView(
        stamp=seen.stamp,
        key=directive.key,
        number=directive.number,
        title=directive.title.in_language(language),
        own=scope.offices is not None,
        by=by,
        page=page,
        pages=pages,
        per_page=per_page,
        rows=len(ordered),
        total=len(found),
        today=today,
        bars={bar.line.ref: bar for bar in bars},
        names={bar.line.group: bar.agency_name if by == "agency" else bar.title for bar in bars},
        links=tuple(links[:ARROWS]),
        hidden=len(links[ARROWS:]),
        layout=gantt([bar.line for bar in bars], links[:ARROWS], today=today, sizes=sizes),
    )


# a line, and the assignments it stands for
_Bunch = tuple[Line, tuple[Seen, ...]]


def _bunches(found: Sequence[Seen], by: By, registry: Registry) -> list[_Bunch]:
    zone, many = registry.calendar.zone, len(found) > MANY
    groups: dict[tuple[str, str, date, date | None, date | None], list[Seen]] = {}
    alone: list[_Bunch] = []
    for one in found:
        group = _group(one[0].agency, registry, together=many) if by == "agency" else ""
        line = _line(one[0], one[0].ref, one[0].agency, zone)
        if group == one[0].agency:
            alone.append((line, (one,)))
        else:
            groups.setdefault((group, one[0].task, line.start, line.end, line.first), []).append(one)
    bunched = [(_together([one for one, _ in some], zone, group), tuple(some)) for (group, *_), some in groups.items()]
    return alone + bunched


def _group(agency: str, registry: Registry, *, together: bool) -> str:
    """Return under whom an agency's rows stand: the province, for one of very many communes."""
    if not together or registry.agencies[agency].kind != "commune":
        return agency
    return province_of(agency, registry) or agency


def _line(assignment: Assignment, ref: str, group: str, zone: str) -> Line:
    facts = assignment.facts
    return Line(
        ref=ref,
        group=group,
        start=civil_day(zone, facts.assigned_at),
        end=facts.limit.last_day if facts.limit else None,
        first=assignment.first_day,
        received=civil_day(zone, facts.received_at) if facts.received_at else None,
        closed=civil_day(zone, facts.touched_at) if facts.progress in CLOSED_OUT else None,
        is_open=facts.progress not in SETTLED and facts.progress not in (Progress.SUBMITTED, Progress.SUSPENDED),
    )


def _together(some: Sequence[Assignment], zone: str, group: str) -> Line:
    """Return one line for assignments of a task with the same days; what has come in counts once all of it has."""
    lines = [_line(one, one.ref, one.task, zone) for one in some]
    is_open = any(line.is_open for line in lines)
    received = [line.received for line in lines if line.received]
    closed = [line.closed for line in lines if line.closed]
    first = min(some, key=lambda one: one.ref)
    return Line(
        ref=first.ref,
        group=group,
        start=lines[0].start,
        end=lines[0].end,
        first=lines[0].first,
        received=max(received) if received and not is_open else None,
        closed=max(closed) if closed and not is_open and not received else None,
        is_open=is_open,
    )


def _by_agency(bunch: _Bunch) -> tuple[str, bool, date, str]:
    line = bunch[0]
    return line.group, line.end is None, line.end or date.max, line.ref


def _by_task(bunch: _Bunch) -> tuple[bool, date, str, str]:
    line, some = bunch
    return line.end is None, line.end or date.max, some[0][0].task, line.ref


def _bars(seen: Sight, shown: Sequence[_Bunch], titles: Mapping[str, str], language: str) -> list[Bar]:
    found = []
    for line, some in shown:
        first = min((one for one, _ in some), key=lambda one: one.ref)
        progress = [one.facts.progress for one, _ in some]
        found.append(
            Bar(
                line=line,
                task=first.task,
                title=titles.get(first.task, first.task.rpartition("/")[2]),
                agencies=tuple(sorted(one.agency for one, _ in some)),
                agency_name=agency_name(seen.registry, line.group or first.agency, language),
                count=len(some),
                received=sum(one in (Progress.SUBMITTED, Progress.COMPLETED) for one in progress),
                overdue=sum(now.cell == Cell.OVERDUE for _, now in some),
                standing=some[0][1].name if len(some) == 1 else None,
                waiting_for=tuple(sorted({task for one, _ in some for task in one.facts.waiting_for})),
            )
        )
    return found


def _links(shown: Sequence[_Bunch], found: Iterable[Seen], directive: Directive, registry: Registry) -> Iterator[Link]:
    """Yield what the rows shown wait for, of those shown; what still blocks comes first."""
    tasks = {task.key: task for task in directive.tasks}
    scene = Scene(tasks, marks_of(assignment for assignment, _ in found), registry)
    lines: dict[tuple[str, str], list[str]] = {}
    for line, some in shown:
        for assignment, _ in some:
            lines.setdefault((assignment.task, assignment.agency), []).append(line.ref)
    links: dict[tuple[str, str], Link] = {}
    for line, some in shown:
        for assignment, _ in some:
            task = tasks.get(assignment.task)
            for need in task.needs if task else ():
                blocking = need.task in assignment.facts.waiting_for
                for code in scene.counts_for(assignment.task, assignment.agency, need.task):
                    for needed in lines.get((need.task, code), ()):
                        before = links.get((needed, line.ref))
                        blocks = blocking or (before is not None and before.blocking)
                        links[needed, line.ref] = Link(needed, line.ref, need.basis == "inferred", blocks)
    yield from sorted(links.values(), key=lambda link: (not link.blocking, link.ref, link.needed))
