"""Tasks: assignments as lists show them, one with everything about it, and why it stands where it stands."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from tracker.domain.cells import Cells
from tracker.domain.phrase import Phrase
from tracker.domain.standing import Cell, Progress
from tracker.views.life import Life
from tracker.views.rows import TaskRow
from tracker.views.sight import sight
from tracker.views.sought import sought_from
from tracker.views.stamp import Stamp
from tracker.views.tasks import DateSet, Explanation, TaskView, directive_of, explained, get_seen, shown
from tracker.views.work import Turn, work_table
from tracker.web.api.counter import At, Caller, Counter, Look, When, Who
from tracker.web.api.models import model_of, paged, said
from tracker.web.api.problems import Problem
from tracker.web.api.rules import reads
from tracker.web.api.shape import TASK, Code, Cursor, Limit, Ref, page, tag

Names = Annotated[list[str], Query(max_length=200)]
TURN = ("order", "limit", "cursor", "as_of", "known")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPage:
    """Assignments that fit, in the order asked for: how many in all, in which cells, and one page of them."""

    stamp: Stamp
    total: int
    cells: Cells
    tasks: tuple[TaskRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A task on the other end of a need, as far as it is shown to whoever waits: what, whose, until when, how far."""

    task: str
    title: str
    agency: str
    agency_name: str
    last_day: date | None
    standing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why an assignment stands where it stands: its date line by line, what it waits for, who waits for it."""

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
    waits_for: tuple[Peer, ...]
    waits_for_total: int
    waited_by: tuple[Peer, ...]
    waited_by_total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """The filter of a list, as in the address of the page of tasks; several values of one kind are alternatives."""

    given: tuple[tuple[str, str], ...]
    order: Literal["due", "-due", "ref"]


def sought_of(
    request: Request,
    q: Annotated[str | None, Query(max_length=200, description="Words, with or without their marks.")] = None,
    directive: Names = [],  # noqa: B006 - FastAPI copies it
    agency: Names = [],  # noqa: B006
    kind: Names = [],  # noqa: B006
    province: Names = [],  # noqa: B006
    cell: Annotated[list[Cell], Query(max_length=200)] = [],  # noqa: B006
    standing: Names = [],  # noqa: B006
    progress: Annotated[list[Progress], Query(max_length=200)] = [],  # noqa: B006
    month: Annotated[list[str], Query(max_length=200, description="Of the last day: `2025-08`, or `none`.")] = [],  # noqa: B006
    due_from: date | None = None,
    due_to: date | None = None,
    late: Annotated[int | None, Query(ge=0, le=100_000, description="Overdue by at least so many days.")] = None,
    open: Annotated[
        Literal["asking", "contested", "undecided"] | None, Query(description="Where a question is open.")
    ] = None,
    order: Annotated[Literal["due", "-due", "ref"], Query(description="By the last day, or by reference.")] = "due",
) -> Sought:
    """Return the filter of a request: the parameters declared here, as the page of tasks reads them."""
    given = [(name, value) for name, value in request.query_params.multi_items() if name not in TURN]
    return Sought(given=tuple(given), order=order)


def add_to(router: APIRouter, counter: Counter) -> None:
    """Add these operations."""
    from fastapi import Depends

    Filter = Annotated[Sought, Depends(sought_of)]

    @router.get("/tasks", response_model=paged("Tasks", TaskPage), tags=["tasks"], **reads())
    def list_tasks(
        request: Request,
        response: Response,
        who: Who,
        when: At,
        sought: Filter,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> dict[str, Any]:
        """List assignments."""
        return listed(counter, request, response, who, when, sought, limit, cursor)

    @router.get(
        "/agencies/{code}/tasks", response_model=paged("AgencyTasks", TaskPage), tags=["agencies"], **reads(owned=True)
    )
    def list_tasks_of(
        request: Request,
        response: Response,
        code: Code,
        who: Who,
        when: At,
        sought: Filter,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> dict[str, Any]:
        """List the assignments of an agency."""
        if not who.scope.covers(code):
            raise Problem("not-found")
        return listed(counter, request, response, who, when, sought, limit, cursor, agency=code)

    @router.get(TASK, response_model=model_of(TaskView), tags=["tasks"], **reads(owned=True))
    def one_task(ref: Ref, response: Response, who: Who, when: At) -> dict[str, Any]:
        """Show everything about one assignment. Its ETag is what a change is decided by."""
        with counter.looking(who, when) as look:
            found = task_of(look, ref)
            tag(response, found.row.changed)
            return said(found, who.language)

    @router.get(f"{TASK}/explain", response_model=model_of(Why), tags=["tasks"], **reads(owned=True))
    def explain(ref: Ref, response: Response, who: Who, when: At) -> dict[str, Any]:
        """Say why an assignment stands where it stands."""
        with counter.looking(who, when) as look:
            found = why_of(look, ref)
            tag(response, found.row.changed)
            return said(found, who.language)


def listed(
    counter: Counter,
    request: Request,
    response: Response,
    who: Caller,
    when: When,
    sought: Sought,
    limit: int,
    cursor: str | None,
    *,
    agency: str | None = None,
) -> dict[str, Any]:
    """Return a page of the assignments that fit."""
    given = sought.given if agency is None else (*_without(sought, "agency"), ("agency", agency))
    with counter.looking(who, when) as look:
        table = work_table(
            look.connection,
            sought_from(given),
            Turn(order=sought.order, after=cursor, limit=limit),
            language=look.language,
            **look.within,
        )
        found = TaskPage(stamp=table.stamp, total=table.total, cells=table.cells, tasks=table.rows)
        return page(counter, request, response, said(found, who.language), table.after)


def _without(sought: Sought, name: str) -> tuple[tuple[str, str], ...]:
    return tuple(one for one in sought.given if one[0] != name)


def task_of(look: Look, ref: str) -> TaskView:
    """Return everything about one assignment within the scope of whoever looks; raises NotFound."""
    seen = sight(look.connection, **look.within)
    one = get_seen(seen, ref)
    directive = look.text(directive_of(ref))
    assert directive is not None  # an assignment has its directive
    found = shown(seen, look.connection, one, directive=directive, language=look.language)
    life = _within(look, found.life)
    entries = tuple(
        replace(entry, payload={name: value for name, value in entry.payload.items() if name not in _OTHERS})
        if look.scope.offices is not None
        else entry
        for entry in found.entries
    )
    proofs = tuple(
        replace(proof, also_closes=tuple(other for other in proof.also_closes if seen.get(other)))
        for proof in found.proofs
    )
    return replace(found, life=life, entries=entries, proofs=proofs)


# what an entry says of other agencies' work: whom it was told to, whose dates would move
_OTHERS = frozenset({"notice", "would_move"})


def _within(look: Look, life: Life) -> Life:
    """Return a life without the references of assignments that whoever looks may not see."""
    if look.scope.offices is None:
        return life
    seen = sight(look.connection, **look.within)
    extensions = (
        replace(one, would_move=tuple(ref for ref in one.would_move if seen.get(ref))) for one in life.extensions
    )
    return replace(life, extensions=tuple(extensions))


def why_of(look: Look, ref: str) -> Why:
    """Return why an assignment stands where it stands; raises NotFound outside the scope of whoever looks."""
    seen = sight(look.connection, **look.within)
    one = get_seen(seen, ref)
    directive = look.text(directive_of(ref))
    assert directive is not None
    found: Explanation = explained(
        seen, look.connection, one, directive=directive, texts=look.text, language=look.language
    )
    return Why(
        stamp=found.stamp,
        row=found.row,
        rule=found.rule,
        words=found.words,
        scope=found.scope,
        deadline=found.deadline,
        moved=found.moved,
        dates=found.dates,
        life=_within(look, found.life),
        lateness=found.lateness,
        waits_for=tuple(map(_peer, found.waits_for.rows)),
        waits_for_total=found.waits_for.total,
        waited_by=tuple(map(_peer, found.waited_by.rows)),
        waited_by_total=found.waited_by.total,
    )


def _peer(row: TaskRow) -> Peer:
    return Peer(
        task=f"{row.directive}/{row.task}",
        title=row.title,
        agency=row.agency,
        agency_name=row.agency_name,
        last_day=row.last_day,
        standing=row.standing,
    )
