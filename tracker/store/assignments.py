"""Assignments in the store: claimed, read, written; a row is the domain's `Assignment` flattened."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, time
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    bindparam,
    case,
    func,
    select,
    type_coerce,
    update,
)
from sqlalchemy.types import NullType

from tracker.domain.assignment import Assignment
from tracker.domain.limit import Limit
from tracker.domain.rule import anchor_from
from tracker.domain.standing import SETTLED, Cell, Facts, Progress
from tracker.domain.terms import span_from
from tracker.store import bulk
from tracker.store.tables import AssignmentRow, NeedRow

ASSIGNMENT = AssignmentRow.__table__  # type: ignore[attr-defined]
NEED = NeedRow.__table__  # type: ignore[attr-defined]

# statements of every message are built once: building one takes longer than running it
_BY_REF = select(ASSIGNMENT).where(ASSIGNMENT.c.ref.in_(bindparam("refs"))).order_by(ASSIGNMENT.c.ref)
_BY_TASK = select(ASSIGNMENT).where(ASSIGNMENT.c.task.in_(bindparam("tasks"))).order_by(ASSIGNMENT.c.ref)
_BY_TASK_AND_AGENCY = _BY_TASK.where(ASSIGNMENT.c.agency == bindparam("owner"))
_DIRECT = select(NEED.c.task).where(NEED.c.needs.in_(bindparam("tasks")))
_NEEDING = select(NEED.c.task, NEED.c.needs).where(NEED.c.task.in_(_DIRECT)).order_by(NEED.c.task, NEED.c.needs)


@dataclass(frozen=True, slots=True)
class Claimed:
    """Assignments in their order, each by reference, agency and the number of the kind that it is one of.

    Those of a kind are the same in all that a look at them depends on: reckon one, and all are reckoned.
    """

    rows: Sequence[tuple[str, str, int]]
    kinds: Sequence[Assignment]


_UNDATED = ASSIGNMENT.c.late_from.is_(None)
# what moments and standings of something open are reckoned from, and what a look goes by or writes
_ALIKE: tuple[ColumnElement[Any], ...] = (
    *(ASSIGNMENT.c[name] for name in ("remind", "progress", "version", "delegate", "rung", "told", "cell")),
    *(ASSIGNMENT.c[name] for name in ("last_day", "minute", "zone", "late_from", "opens_at", "cutoff", "review")),
    *(ASSIGNMENT.c[name] for name in ("assigned_at", "next_moment", "suspended_at", "snoozed_until")),
    # a date takes the place of these; whether it waits and was returned matters, not for what and when
    *(case((_UNDATED, ASSIGNMENT.c[name])) for name in ("touched_at", "anchor", "anchored_on")),
    ASSIGNMENT.c.waiting_for == "[]",
    ASSIGNMENT.c.returned_at.is_(None),
    case((ASSIGNMENT.c.answered_at >= ASSIGNMENT.c.late_from, ASSIGNMENT.c.answered_at)),
)
_CLAIM = (
    # as the driver gives them: most are never looked at, only compared
    select(ASSIGNMENT.c.ref, ASSIGNMENT.c.agency, *(type_coerce(each, NullType()) for each in _ALIKE))
    .where(ASSIGNMENT.c.next_moment <= bindparam("at", type_=ASSIGNMENT.c.next_moment.type))
    .order_by(ASSIGNMENT.c.next_moment, ASSIGNMENT.c.ref)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
)


def claim_due(connection: Connection, *, at: datetime, limit: int) -> Claimed:
    """Return up to `limit` assignments whose next moment has come, held for this transaction alone.

    On PostgreSQL rows that another sweep holds are skipped; on SQLite the transaction is the only writer.
    """
    numbers: dict[tuple[Any, ...], int] = {}
    firsts: list[str] = []
    rows = []
    for ref, agency, *alike in connection.execute(_CLAIM, {"at": at, "most": limit}):
        kind = numbers.setdefault(tuple(alike), len(firsts))
        if kind == len(firsts):
            firsts.append(ref)
        rows.append((ref, agency, kind))
    known = {one.ref: one for one in get(connection, firsts)} if firsts else {}
    return Claimed(rows, [known[ref] for ref in firsts])


def looked_at(
    connection: Connection, found: Sequence[tuple[Assignment, Assignment, Sequence[tuple[int, str]]]]
) -> None:
    """Write what a look changed: one of some assignments alike before and after it, and the seq and ref of each."""
    kept = bulk.keeper(connection)
    moved: list[bulk.Row] = []
    stayed: list[bulk.Row] = []
    for before, after, members in found:
        shared = (after.rung, kept(after.told), kept(after.next_moment), after.standing)
        if after.cell == before.cell:
            stayed += [(*shared, *member) for member in members]
        else:
            moved += [(*shared, str(after.cell), *member) for member in members]
    # a column that stays is left out: SQLite would write its index anew
    bulk.update(connection, ASSIGNMENT, (*_LOOKED, "seq"), ("ref",), stayed)
    bulk.update(connection, ASSIGNMENT, (*_LOOKED, "cell", "seq"), ("ref",), moved)


_LOOKED = ("rung", "told", "next_moment", "standing")


def get(connection: Connection, refs: Iterable[str], *, lock: bool = False) -> tuple[Assignment, ...]:
    """Return assignments by reference, in the order of the references; those unknown are left out."""
    return read_assignments(connection, _BY_REF.with_for_update() if lock else _BY_REF, refs=sorted(refs))


def of_tasks(connection: Connection, tasks: Iterable[str], *, lock: bool = False) -> tuple[Assignment, ...]:
    """Return every assignment of some tasks, in the order of the references."""
    return read_assignments(connection, _BY_TASK.with_for_update() if lock else _BY_TASK, tasks=sorted(tasks))


def of_agency(connection: Connection, tasks: Iterable[str], agency: str) -> tuple[Assignment, ...]:
    """Return what one agency owes of some tasks, in the order of the references."""
    return read_assignments(connection, _BY_TASK_AND_AGENCY, tasks=sorted(tasks), owner=agency)


def of_directive(connection: Connection, directive: str, *, lock: bool = False) -> tuple[Assignment, ...]:
    """Return every assignment of a directive, in the order of the references."""
    question = select(ASSIGNMENT).where(ASSIGNMENT.c.task.startswith(f"{directive}/", autoescape=True))
    question = question.order_by(ASSIGNMENT.c.ref)
    return read_assignments(connection, question.with_for_update() if lock else question)


def unsettled(connection: Connection, *, lock: bool = False) -> tuple[Assignment, ...]:
    """Return every assignment that is still to be settled, in the order of the references."""
    settled = [str(progress) for progress in SETTLED]
    question = select(ASSIGNMENT).where(ASSIGNMENT.c.progress.not_in(settled)).order_by(ASSIGNMENT.c.ref)
    return read_assignments(connection, question.with_for_update() if lock else question)


def find(
    connection: Connection,
    *,
    cell: str | None = None,
    agency: str | None = None,
    directive: str | None = None,
    limit: int | None = None,
) -> tuple[Assignment, ...]:
    """Return assignments by cached cell, agency and directive, the earliest deadline first."""
    question = select(ASSIGNMENT).order_by(ASSIGNMENT.c.late_from.is_(None), ASSIGNMENT.c.late_from, ASSIGNMENT.c.ref)
    if cell is not None:
        question = question.where(ASSIGNMENT.c.cell == cell)
    if agency is not None:
        question = question.where(ASSIGNMENT.c.agency == agency)
    if directive is not None:
        question = question.where(ASSIGNMENT.c.task.startswith(f"{directive}/", autoescape=True))
    return read_assignments(connection, question.limit(limit) if limit is not None else question)


def refs_ending(connection: Connection, ending: str) -> tuple[str, ...]:
    """Return the references that end with these words: how a person may shorten one."""
    question = select(ASSIGNMENT.c.ref).where(ASSIGNMENT.c.ref.endswith(f"/{ending}", autoescape=True))
    return tuple(connection.execute(question.order_by(ASSIGNMENT.c.ref).limit(20)).scalars())


def add(connection: Connection, found: Sequence[Assignment]) -> None:
    """Write new assignments."""
    if found:
        columns = tuple(row_of(found[0]))
        bulk.insert(connection, ASSIGNMENT, columns, list(_new_rows(connection, found, columns)))


def _new_rows(connection: Connection, found: Sequence[Assignment], columns: Sequence[str]) -> Iterator[bulk.Row]:
    """Yield the rows of new assignments; one that is like the one before takes its columns."""
    own = [(columns.index(name), name) for name in _OWN]
    last: Assignment | None = None
    row: list[Any] = []
    for one in found:
        if last is None or _shared(one) != _shared(last):
            row = list(bulk.plain(connection, [row_of(one).values()])[0])
        for place, name in own:
            row[place] = getattr(one, name)
        last = one
        yield tuple(row)


# what tells the assignments of a fan-out apart, and what they share
_OWN = ("ref", "agency", "seq", "changed")
_shared = attrgetter(*(field.name for field in fields(Assignment) if field.name not in _OWN))


def save(connection: Connection, found: Sequence[Assignment]) -> None:
    """Write what has changed of assignments already known."""
    if not found:
        return
    columns = [column.name for column in ASSIGNMENT.c if column.name != "ref"]
    statement = (
        update(ASSIGNMENT)
        .where(ASSIGNMENT.c.ref == bindparam("b_ref"))
        .values({c: bindparam(f"b_{c}") for c in columns})
    )
    connection.execute(statement, [{f"b_{k}": v for k, v in row_of(assignment).items()} for assignment in found])


def rows(connection: Connection) -> Mapping[str, Mapping[str, Any]]:
    """Return every cached row as plain columns by reference."""
    return {row["ref"]: dict(row) for row in connection.execute(select(ASSIGNMENT)).mappings()}


def open_counts(connection: Connection, tasks: Iterable[str]) -> Mapping[str, tuple[int, int]]:
    """Return for each task how many assignments it has, and how many of them are not settled."""
    settled = func.count().filter(ASSIGNMENT.c.progress.in_([str(p) for p in SETTLED]))
    question = (
        select(ASSIGNMENT.c.task, func.count(), settled)
        .where(ASSIGNMENT.c.task.in_(sorted(tasks)))
        .group_by(ASSIGNMENT.c.task)
    )
    return {task: (total, total - done) for task, total, done in connection.execute(question)}


def open_by_agency(connection: Connection) -> Mapping[str, int]:
    """Return how many assignments of each agency are not settled, by its code; agencies without any are left out."""
    question = select(ASSIGNMENT.c.agency, func.count()).where(ASSIGNMENT.c.progress.not_in([str(p) for p in SETTLED]))
    rows = connection.execute(question.group_by(ASSIGNMENT.c.agency).order_by(ASSIGNMENT.c.agency))
    return {row[0]: row[1] for row in rows}


def needing(connection: Connection, tasks: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Return the tasks that directly need one of `tasks`, each with everything it needs itself."""
    found: dict[str, list[str]] = {}
    for task, needed in connection.execute(_NEEDING, {"tasks": sorted(tasks)}):
        found.setdefault(task, []).append(needed)
    return {task: tuple(needed) for task, needed in found.items()}


def row_of(assignment: Assignment) -> dict[str, Any]:
    """Return an assignment as the columns of its row."""
    facts, limit = assignment.facts, assignment.facts.limit
    return {
        "ref": assignment.ref,
        "task": assignment.task,
        "agency": assignment.agency,
        "remind": assignment.remind,
        "progress": str(facts.progress),
        "assigned_at": facts.assigned_at,
        "touched_at": facts.touched_at,
        "version": assignment.version,
        "first_day": assignment.first_day,
        "last_day": limit.last_day if limit else None,
        "minute": f"{limit.minute:%H:%M}" if limit and limit.minute else None,
        "zone": limit.zone if limit else None,
        "late_from": limit.late_from if limit else None,
        "review": str(facts.review) if facts.review else None,
        "received_at": facts.received_at,
        "returned_at": facts.returned_at,
        "missing": facts.missing,
        "why": facts.why,
        "waiting_for": canonical_list(facts.waiting_for),
        "rung": assignment.rung,
        "told": assignment.told,
        "standing": assignment.standing,
        "cell": str(assignment.cell),
        "next_moment": assignment.next_moment,
        "seq": assignment.seq,
        "occurrence": assignment.occurrence,
        "opens_at": limit.opens_at if limit else None,
        "cutoff": bool(limit and limit.cutoff),
        "anchor": str(facts.anchor) if facts.anchor else None,
        "anchored_on": facts.anchored_on,
        "changed": assignment.changed,
        "ordered_day": assignment.ordered_day,
        "done_on": facts.done_on,
        "accepted_at": facts.accepted_at,
        "suspended_at": facts.suspended_at,
        "contested_at": assignment.contested_at,
        "asked_at": assignment.asked_at,
        "asked_day": assignment.asked_day,
        "extensions": assignment.extensions,
        "delegate": assignment.delegate,
        "answered_at": facts.answered_at,
        "snoozed_until": facts.snoozed_until,
    }


def canonical_list(items: Sequence[str]) -> str:
    """Return a list of texts as canonical JSON."""
    return json.dumps(list(items), ensure_ascii=False, separators=(",", ":"))


def read_assignments(connection: Connection, question: Select[Any], **asked: Any) -> tuple[Assignment, ...]:
    """Return the assignments a question about their table finds, in its order."""
    return tuple(_assignment(row) for row in connection.execute(question, asked))


def _assignment(row: Row[Any]) -> Assignment:
    limit = None
    if row.late_from is not None:
        minute = time.fromisoformat(row.minute) if row.minute else None
        limit = Limit(
            last_day=row.last_day,
            zone=row.zone,
            late_from=row.late_from,
            minute=minute,
            opens_at=row.opens_at,
            cutoff=row.cutoff,
        )
    facts = Facts(
        progress=Progress(row.progress),
        assigned_at=row.assigned_at,
        touched_at=row.touched_at,
        limit=limit,
        review=span_from(row.review),
        received_at=row.received_at,
        returned_at=row.returned_at,
        missing=row.missing,
        why=row.why,
        waiting_for=tuple(json.loads(row.waiting_for)) if row.waiting_for != "[]" else (),
        anchor=anchor_from(row.anchor),
        anchored_on=row.anchored_on,
        done_on=row.done_on,
        accepted_at=row.accepted_at,
        suspended_at=row.suspended_at,
        answered_at=row.answered_at,
        snoozed_until=row.snoozed_until,
    )
    return Assignment(
        ref=row.ref,
        task=row.task,
        agency=row.agency,
        remind=row.remind,
        facts=facts,
        version=row.version,
        first_day=row.first_day,
        rung=row.rung,
        told=row.told,
        standing=row.standing,
        cell=Cell(row.cell),
        next_moment=row.next_moment,
        seq=row.seq,
        occurrence=row.occurrence,
        changed=row.changed,
        ordered_day=row.ordered_day,
        asked_at=row.asked_at,
        asked_day=row.asked_day,
        contested_at=row.contested_at,
        extensions=row.extensions,
        delegate=row.delegate,
    )
