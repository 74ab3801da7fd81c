"""Directives: those in force, one with its figures, versions, graph, timeline and burn-up; planned and applied."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Path, Query, Request, Response

from tracker.domain.burnup import Point
from tracker.domain.calendar import Unit
from tracker.domain.errors import NotFound
from tracker.operations.adopt import Adopted
from tracker.operations.applying import Prepared, prepare
from tracker.operations.authoring import adopt_true
from tracker.views.adopted import directive_list
from tracker.views.burnup import Amended, burnup
from tracker.views.gantt import Bar, timeline
from tracker.views.portrait import Portrait, VersionLine, portrait, version_lines
from tracker.views.stamp import Stamp
from tracker.views.task_graph import Arrow, Neck, Node, graph
from tracker.views.versions import Effect, turned
from tracker.web.api.counter import At, Counter, Who
from tracker.web.api.models import model_of, paged, said
from tracker.web.api.problems import Problem
from tracker.web.api.rules import reads, writes
from tracker.web.api.shape import DIRECTIVE, Cursor, Key, Limit, decided_by, page, tag

YAML = "application/yaml"
BIGGEST = 1024 * 1024
Text = Annotated[
    bytes,
    Body(media_type=YAML, description="The directive file, whole.", json_schema_extra={"examples": ["directive: …"]}),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A directive in force, as lists show it."""

    key: str
    number: str
    issued: date
    issuer: str
    title: str
    version: int
    fingerprint: str
    adopted_at: datetime
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Directives in force at an instant, by date of issue."""

    as_of: datetime
    known_at: datetime
    seq: int
    head: str
    directives: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """The versions of a directive in their order."""

    stamp: Stamp
    key: str
    versions: tuple[VersionLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """A version, and what its adoption did with each task: to which agencies of the caller's scope."""

    stamp: Stamp
    key: str
    version: VersionLine
    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphOf:
    """The tasks of a directive and what each needs; the chain that sets its length, and what most others wait for."""

    stamp: Stamp
    key: str
    number: str
    title: str
    own: bool
    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]
    chain: tuple[str, ...]
    length: int | None
    unit: Unit
    necks: tuple[Neck, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineRow:
    """A row of a timeline: assignments of one task with the same days, and those days."""

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
class TimelineOf:
    """A page of the timeline of a directive."""

    stamp: Stamp
    key: str
    number: str
    title: str
    own: bool
    page: int
    pages: int
    total: int
    today: date
    rows: tuple[TimelineRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnUpOf:
    """What was asked, received, accepted and planned, day by day; `amended` says when the text was."""

    stamp: Stamp
    key: str
    own: bool
    today: date
    points: tuple[Point, ...]
    amended: tuple[Amended, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """A value that differs, as in the file."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskChange:
    """What becomes of one task, and how many agencies are told of it."""

    sign: Literal["+", "~", "-", "→"]
    task: str
    was: str | None
    stays: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    old_last_day: date | None
    new_last_day: date | None
    fields: tuple[FieldChange, ...]
    told: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something found in a text: where, its code, what is wrong, and what to do."""

    line: int
    column: int
    code: str
    sentence: str
    remedy: str
    severity: Literal["error", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What adopting a text would change. `version` is the one in force, 0 for none; the ETag says it too."""

    key: str
    number: str
    version: int
    changes: bool
    fields: tuple[FieldChange, ...]
    tasks: tuple[TaskChange, ...]
    told: int
    findings: tuple[Note, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What was planned, and what adopting it did."""

    planned: Planned
    applied: Adopted


def add_to(router: APIRouter, counter: Counter) -> None:
    """Add these operations."""
    _add_texts(router, counter)
    _add_list(router, counter)
    _add_pictures(router, counter)


def _add_list(router: APIRouter, counter: Counter) -> None:
    @router.get("/directives", response_model=paged("Directives", Lines), tags=["directives"], **reads())
    def list_directives(
        request: Request, response: Response, who: Who, when: At, limit: Limit = 50, cursor: Cursor = None
    ) -> dict[str, Any]:
        """List the directives in force."""
        with counter.looking(who, when) as look:
            found = directive_list(look.connection, at=look.at, known=look.known, language=look.language)
        keys = [f"{head.issued}~{head.key}" for head in found.directives]
        rest = [one for key, one in zip(keys, found.directives, strict=True) if cursor is None or key > cursor]
        document = {**said(found, who.language), "directives": [said(one, who.language) for one in rest[:limit]]}
        last = rest[limit - 1] if len(rest) > limit else None
        return page(counter, request, response, document, last and f"{last.issued}~{last.key}")

    @router.get(DIRECTIVE, response_model=model_of(Portrait), tags=["directives"], **reads())
    def one_directive(key: Key, response: Response, who: Who, when: At) -> dict[str, Any]:
        """Show a directive in the version in force, with its figures: an agency's member sees its own."""
        with counter.looking(who, when) as look:
            text = look.text(key)
            if text is None:
                raise NotFound(f"there is no directive '{key}'")
            found = portrait(look.connection, text, language=look.language, **look.within)
            tag(response, found.version)
            return said(found, who.language)

    @router.get(f"{DIRECTIVE}/versions", response_model=model_of(Versions), tags=["directives"], **reads())
    def versions(key: Key, who: Who, when: At) -> dict[str, Any]:
        """List the versions of a directive."""
        with counter.looking(who, when) as look:
            found = version_lines(look.connection, key, at=min(look.at, look.known))
            if not found:
                raise NotFound(f"there is no directive '{key}'")
            return said(Versions(stamp=look.stamp, key=key, versions=found), who.language)

    @router.get(
        f"{DIRECTIVE}/versions/{{version:int}}", response_model=model_of(VersionView), tags=["directives"], **reads()
    )
    def one_version(
        key: Key, version: Annotated[int, Path(ge=1, le=1_000_000)], response: Response, who: Who, when: At
    ) -> dict[str, Any]:
        """Show what the adoption of a version did."""
        with counter.looking(who, when) as look:
            found = turned(look.connection, key, version, at=min(look.at, look.known), scope=look.scope)
            tag(response, found.line.version)
            made = VersionView(stamp=look.stamp, key=key, version=found.line, effects=tuple(found.effects.values()))
            return said(made, who.language)


def _add_pictures(router: APIRouter, counter: Counter) -> None:
    @router.get(f"{DIRECTIVE}/graph", response_model=model_of(GraphOf), tags=["directives"], **reads())
    def graph_of(key: Key, who: Who, when: At) -> dict[str, Any]:
        """Return the graph of a directive, as the page draws it."""
        with counter.looking(who, when) as look:
            text = look.text(key)
            if text is None:
                raise NotFound(f"there is no directive '{key}'")
            found = graph(look.connection, text, language=look.language, **look.within)
            names = ("stamp", "key", "number", "title", "own", "arrows", "chain", "length", "unit", "necks")
            some: Mapping[str, Any] = {name: getattr(found, name) for name in names}
            return said(GraphOf(nodes=tuple(found.nodes.values()), **some), who.language)

    @router.get(f"{DIRECTIVE}/timeline", response_model=model_of(TimelineOf), tags=["directives"], **reads())
    def timeline_of(
        key: Key,
        who: Who,
        when: At,
        by: Literal["task", "agency"] = "task",
        page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    ) -> dict[str, Any]:
        """Return a page of the timeline of a directive, as the page draws it."""
        with counter.looking(who, when) as look:
            text = look.text(key)
            if text is None:
                raise NotFound(f"there is no directive '{key}'")
            found = timeline(look.connection, text, language=look.language, by=by, page=page, **look.within)
            names = ("stamp", "key", "number", "title", "own", "page", "pages", "total", "today")
            some: Mapping[str, Any] = {name: getattr(found, name) for name in names}
            return said(TimelineOf(rows=tuple(map(_row, found.bars.values())), **some), who.language)

    @router.get(f"{DIRECTIVE}/burnup", response_model=model_of(BurnUpOf), tags=["directives"], **reads())
    def burnup_of(key: Key, who: Who, when: At) -> dict[str, Any]:
        """Return the burn-up of a directive."""
        with counter.looking(who, when) as look:
            if look.text(key) is None:
                raise NotFound(f"there is no directive '{key}'")
            found = burnup(look.connection, key, **look.within)
            names = ("stamp", "own", "today", "points", "amended")
            some: Mapping[str, Any] = {name: getattr(found, name) for name in names}
            return said(BurnUpOf(key=key, **some), who.language)


def _add_texts(router: APIRouter, counter: Counter) -> None:
    @router.post(
        "/directives:plan",
        response_model=model_of(Planned),
        tags=["directives"],
        **writes("secretariat", repeats=False),
    )
    def plan(text: Text, response: Response, who: Who) -> dict[str, Any]:
        """Say what adopting a directive file would change. Nothing is recorded; its ETag is what `:apply` wants."""
        ready = counter.act(lambda at: prepare(counter.store, _checked(text), at=at))
        found = _planned(ready)
        tag(response, found.version)
        return said(found, who.language)

    @router.post(
        "/directives:apply",
        response_model=model_of(Applied),
        tags=["directives"],
        **writes("secretariat", decides=True),
    )
    def apply(text: Text, request: Request, response: Response, who: Who) -> dict[str, Any]:
        """Make a directive file the version in force. The same file sent again changes nothing.

        Where a folder of directives is kept, its files are the truth: a text that differs from its file is refused.
        """
        seen = decided_by(request)
        ready = counter.act(lambda at: prepare(counter.store, _checked(text), at=at))
        planned = _planned(ready)
        store, settings = counter.store, counter.settings
        done = counter.act(lambda at: adopt_true(store, settings, ready, text, at=at, actor=who.actor, seen=seen))
        tag(response, done.version)
        return said(Applied(planned=planned, applied=done), who.language)


def _checked(text: bytes) -> bytes:
    if len(text) > BIGGEST:
        raise Problem("too-large", "a directive file has at most 1 MB")
    return text


def _planned(ready: Prepared) -> Planned:
    notes = tuple(
        Note(
            line=one.place.line,
            column=one.place.column,
            code=one.code,
            sentence=one.sentence,
            remedy=one.remedy,
            severity=one.severity,
        )
        for one in ready.findings
    )
    if ready.plan is None or ready.directive is None:
        findings = [said(note, "en") for note in notes]
        raise Problem("invalid", f"the text cannot be adopted: {len(notes)} findings", findings=findings)
    tasks = tuple(
        TaskChange(
            sign=change.sign,
            task=change.task,
            was=change.was,
            stays=change.stays,
            added=change.added,
            removed=change.removed,
            old_last_day=change.old_deadline.last_day if change.old_deadline else None,
            new_last_day=change.new_deadline.last_day if change.new_deadline else None,
            fields=tuple(FieldChange(name=one.name, old=one.old, new=one.new) for one in change.fields),
            told=len(ready.told.get(change.task, ())),
        )
        for change in ready.plan.changes
    )
    return Planned(
        key=ready.directive.key,
        number=ready.directive.number,
        version=ready.version,
        changes=not ready.plan.is_empty,
        fields=tuple(FieldChange(name=one.name, old=one.old, new=one.new) for one in ready.plan.fields),
        tasks=tasks,
        told=len({code for codes in ready.told.values() for code in codes}),
        findings=notes,
    )


def _row(bar: Bar) -> TimelineRow:
    names = (*("task", "title", "agencies", "agency_name", "count", "received", "overdue"), "standing", "waiting_for")
    return TimelineRow(**{name: getattr(bar, name) for name in names})
