"""What an adoption writes into the tables: pure, so that `rebuild` makes the same rows from the same entries."""

from collections.abc import Collection, Iterator
from datetime import date, datetime
from typing import Any

from tracker.domain.agency import Registry
from tracker.domain.deadline import Anchor
from tracker.domain.directive import Directive, Task
from tracker.domain.entry import canonical
from tracker.files.documents import directive_document
from tracker.operations.duties import HORIZON, next_look
from tracker.operations.following import Following, follow


def directive_row(directive: Directive, version: int, mark: str) -> dict[str, Any]:
    """Return a version of a directive as the columns of its row, but for where the ledger records it."""
    return {
        "key": directive.key,
        "version": version,
        "number": directive.number,
        "issued": directive.issued,
        "issuer": directive.issuer,
        "fingerprint": mark,
        "document": canonical(directive_document(directive)),
    }


def task_rows(directive: Directive, registry: Registry, at: datetime, known: Following) -> list[dict[str, Any]]:
    """Return the tasks of a directive adopted at an instant as the columns of their rows."""
    after = registry.calendar.civil_day(at) + HORIZON
    return [
        {
            "key": task.key,
            "directive": directive.key,
            "position": position,
            "title_vi": task.title.vi,
            "title_en": task.title.en,
            "title_fr": task.title.fr,
            "anchor": _anchor(task, known),
            "materialise_at": look(task, directive, registry, after=after, known=known),
        }
        for position, task in enumerate(directive.tasks, 1)
    ]


def look(task: Task, directive: Directive, registry: Registry, *, after: date, known: Following) -> datetime | None:
    """Return when the first occurrence after a day comes into sight; what is out of force comes round no more."""
    return None if directive.key in known.out_of_force else next_look(task, directive, registry, after=after)


def edges(directive: Directive, known: Following) -> list[tuple[str, str]]:
    """Return the edges of a directive's graph: to what its text names, and to what took the place of that."""
    named = {(task.key, need.task): None for task in directive.tasks for need in task.needs}
    tasks = follow({task.key: task for task in directive.tasks}, known)
    return list(named | {(task.key, need.task): None for task in tasks.values() for need in task.needs})


def heirs_edges(needs: Collection[tuple[str, str]], was: str, now: str) -> list[tuple[str, str]]:
    """Return the edges that come because a task goes on under another key: who needed the one needs the other."""
    known = set(needs)
    return sorted((task, now) for task, needed in known if needed == was and (task, now) not in known)


def agency_rows(registry: Registry) -> Iterator[dict[str, Any]]:
    """Yield the agencies of a registry as the columns of their rows."""
    for agency in registry.agencies.values():
        yield {
            "code": agency.code,
            "kind": agency.kind,
            "name_vi": agency.name.vi,
            "name_en": agency.name.en,
            "name_fr": agency.name.fr,
            "parent": agency.parent,
            "language": agency.language,
        }


def _anchor(task: Task, known: Following) -> str | None:
    """Return what a task's period is counted from: what its text names, or what took the place of that."""
    anchor = task.due.anchor if task.due else None
    if anchor is None or anchor.kind != "task":
        return str(anchor) if anchor else None
    return str(Anchor("task", known.of(anchor.name)))
