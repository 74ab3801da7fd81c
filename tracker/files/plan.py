"""Plan: what applying a version of a directive would change, task by task; nothing is applied here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from tracker.domain.agency import Registry
from tracker.domain.amendment import renamed
from tracker.domain.deadline import Deadline, dated_due
from tracker.domain.directive import Directive, Task
from tracker.domain.fanout import fan_out
from tracker.files.documents import directive_document, task_document


@dataclass(frozen=True, slots=True)
class Field:
    """A value that differs: its name as in the file, the old and the new text; '' where there was or is none."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A task that comes (+), changes (~), goes (-) or goes on under another key (→), with the agencies that are told.

    `was` is the key a task had before it was carried over; `stays` are the agencies whose work is
    completed and stays so, which only a store can know.
    """

    sign: Literal["+", "~", "-", "→"]
    task: str
    was: str | None = None
    stays: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    old_deadline: Deadline | None = None
    new_deadline: Deadline | None = None
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The changes of one directive, in the order of its task ids; `fields` are those of its head.

    The tasks of the directives that it supersedes come last.
    """

    directive: str
    changes: tuple[Change, ...] = ()
    fields: tuple[Field, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Return whether applying would change nothing."""
        return not self.changes and not self.fields


@dataclass(frozen=True, slots=True)
class _Side:
    """One version of a directive with the registry it is seen under."""

    directive: Directive | None
    registry: Registry
    on: date

    def tasks(self) -> dict[str, Task]:
        return {task.key: task for task in self.directive.tasks} if self.directive else {}

    def agencies(self, task: Task | None) -> tuple[str, ...]:
        return fan_out(task, self.registry, self.on) if task else ()

    def deadline(self, task: Task | None) -> Deadline | None:
        if task is None or task.due is None or self.directive is None:
            return None
        return dated_due(task.due, issued=self.directive.issued, calendar=self.registry.calendar)


def plan(
    old: Directive | None,
    new: Directive | None,
    *,
    registry: Registry,
    on: date,
    old_registry: Registry | None = None,
    superseded: Sequence[Directive] = (),
) -> Plan:
    """Return what replacing `old` by `new` changes on a day; None stands for not yet, or no longer, adopted.

    With `old_registry` the plan also shows what a new calendar or new agencies do to an unchanged directive.
    `superseded` are the directives that the new one puts out of force for the first time.
    """
    one = new or old
    if one is None or (old and new and old.key != new.key):
        raise ValueError("a plan compares two versions of one directive")
    before, after = _Side(old, old_registry or registry, on), _Side(new, registry, on)
    names = {now: was for was, now in renamed(old, new).items()} if old and new else {}
    gone = set(before.tasks()) - set(names.values())
    elsewhere = [_Side(directive, old_registry or registry, on) for directive in superseded]
    carried = _carried(after, elsewhere, known=set(before.tasks()))
    changes = [
        *(_change(key, before, after, was=names.get(key)) for key in sorted({*gone, *after.tasks()} - set(carried))),
        *(_change(key, side, after, was=was) for key, (side, was) in sorted(carried.items())),
        *_closed(elsewhere, {was for _, was in carried.values()}),
    ]
    head = _fields(_head(old), _head(new)) if old and new else ()
    return Plan(directive=one.key, changes=tuple(change for change in changes if change), fields=head)


def _carried(after: _Side, elsewhere: list[_Side], *, known: set[str]) -> dict[str, tuple[_Side, str]]:
    """Return the new tasks that restate one of a superseded directive, each with where that stands and its key."""
    homes = {key: side for side in elsewhere for key in side.tasks()}
    found: dict[str, tuple[_Side, str]] = {}
    for key, task in after.tasks().items():
        restates = next((was for was in task.restates if was in homes), None)
        if restates is not None and key not in known:
            found[key] = homes[restates], restates
    return found


def _closed(elsewhere: list[_Side], carried: set[str]) -> Iterator[Change | None]:
    for side in elsewhere:
        nowhere = _Side(None, side.registry, side.on)
        yield from (_change(key, side, nowhere) for key in sorted(set(side.tasks()) - carried))


def _change(key: str, before: _Side, after: _Side, *, was: str | None = None) -> Change | None:
    old, new = before.tasks().get(was or key), after.tasks().get(key)
    owed, owing = before.agencies(old), after.agencies(new)
    change = Change(
        sign="→" if was else "~" if old and new else "+" if new else "-",
        task=key,
        was=was,
        added=tuple(code for code in owing if code not in owed),
        removed=tuple(code for code in owed if code not in owing),
        old_deadline=before.deadline(old),
        new_deadline=after.deadline(new),
        fields=_fields(task_document(old), task_document(new)) if old and new else (),
    )
    if change.sign != "~" or change.fields or change.added or change.removed or moved(change):
        return change
    return None


def moved(change: Change) -> bool:
    """Return whether the last day of a task that stays is another one now."""
    old, new = change.old_deadline, change.new_deadline
    return (old and old.late_from) != (new and new.late_from)


def _head(directive: Directive) -> dict[str, Any]:
    return {key: value for key, value in directive_document(directive).items() if key != "tasks"}


def _fields(old: dict[str, Any], new: dict[str, Any]) -> tuple[Field, ...]:
    was, now = dict(_flat(old)), dict(_flat(new))
    names = [*was, *(name for name in now if name not in was)]
    return tuple(Field(name, was.get(name, ""), now.get(name, "")) for name in names if was.get(name) != now.get(name))


def _flat(document: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield each value of a document as text, named by its path: 'due.by', 'title.fr'."""
    for key, value in document.items():
        match value:
            case dict():
                yield from _flat(value, f"{prefix}{key}.")
            case list():
                yield prefix + key, ", ".join(_item(item) for item in value)
            case bool():
                yield prefix + key, "true" if value else "false"
            case _:
                yield prefix + key, str(value)


def _item(item: Any) -> str:
    if not isinstance(item, dict):
        return str(item)
    if "task" not in item:  # a relation: {implements: 183-KL/TW, issued: 2025-08-01}
        return " ".join(value if key == "issued" else f"{key} {value}" for key, value in item.items())
    more = [item[key] for key in ("kind", "lag") if key in item]
    more += ["inferred"] if item["basis"] == "inferred" else []
    return str(item["task"]) + (f" ({', '.join(more)})" if more else "")
