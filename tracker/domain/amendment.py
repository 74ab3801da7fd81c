"""Amendments: which task of a new text is which task of the old one, under another id or in another directive."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from tracker.domain.directive import Directive, Relation, Task
from tracker.domain.number import fold


def renamed(old: Directive, new: Directive) -> Mapping[str, str]:
    """Return the new key of each task of the old version that only goes by another id now.

    It is the same task where both come from the same record, else where nothing but the id
    differs. What might be more than one is none: such a task goes, and the others come.
    """
    before, after = {task.key for task in old.tasks}, {task.key for task in new.tasks}
    gone = [task for task in old.tasks if task.key not in after]
    pairs = [(was.key, task.key) for task in new.tasks if task.key not in before for was in _same(task, gone)]
    was, now = Counter(key for key, _ in pairs), Counter(key for _, key in pairs)
    return {one: other for one, other in pairs if was[one] == 1 and now[other] == 1}


def restated(new: Directive, superseded: Iterable[str]) -> Mapping[str, str]:
    """Return for each task of superseded directives that the new text restates the task that does."""
    old = set(superseded)
    return {key: task.key for task in new.tasks for key in task.restates if key.rpartition("/")[0] in old}


def superseded_keys(new: Directive, known: Iterable[tuple[str, str, date]]) -> tuple[str, ...]:
    """Return which of some directives, given as (key, number, date of issue), the new one puts out of force.

    A draft puts nothing out of force. Numbers restart every year: without a date, the latest
    of that number counts that was issued before.
    """
    if new.status != "in_force":
        return ()
    older = [(issued, key, number) for key, number, issued in known if key != new.key and issued <= new.issued]
    found: dict[str, None] = {}
    for relation in new.relations:
        if relation.word == "supersedes":
            found |= dict.fromkeys(named(relation, older))
    return tuple(key for _, key in sorted((issued, key) for issued, key, _ in older if key in found))


def named(relation: Relation, known: Iterable[tuple[date, str, str]]) -> list[str]:
    """Return the key of the directive that a relation means, of some given as (date of issue, key, number), or none."""
    fits = [
        (issued, key)
        for issued, key, number in known
        if relation.number == key or (fold(number) == fold(relation.number) and relation.issued in (None, issued))
    ]
    return [key for _, key in sorted(fits)][-1:]


def _same(task: Task, gone: list[Task]) -> list[Task]:
    by_record = [was for was in gone if set(was.records) & set(task.records)]
    return by_record or [was for was in gone if replace(was, key=task.key, id=task.id) == task]
