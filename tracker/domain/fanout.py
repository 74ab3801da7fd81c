"""Fan-out: the agencies a task becomes assignments of."""

from collections.abc import Mapping
from datetime import date

from tracker.domain.agency import Registry
from tracker.domain.directive import ForEach, Task


def fan_out(task: Task, registry: Registry, on: date) -> tuple[str, ...]:
    """Return the codes of the agencies that owe a task, in the order of the codes.

    A lead answers alone; `for_each` asks every agency of its sets or list that exists on the
    day, less the exempt ones, and in a cascade the offices below them too; an untracked task is
    owed by nobody. Raises NotFound for a name the registry does not have.
    """
    if not task.tracked:
        return ()
    if task.lead is not None:
        return (task.lead,)
    if task.for_each is None:
        return ()
    asked = parents(task.for_each, registry, on)
    if task.for_each.then is None:
        return asked
    below = cascade(task, registry, on).values()
    return tuple(sorted({*asked, *(code for codes in below for code in codes)}))


def parents(rule: ForEach, registry: Registry, on: date) -> tuple[str, ...]:
    """Return the codes a fan-out asks by itself, without those below them in a cascade."""
    asked = {code for name in rule.named for code in registry.members(name, on=on)}
    valid = {code for code in asked if registry.agencies[code].is_valid(on)}
    return tuple(sorted(valid - set(rule.exempt)))


def cascade(task: Task, registry: Registry, on: date) -> Mapping[str, tuple[str, ...]]:
    """Return for each agency of a cascade the offices below it that owe the task too: it waits for them.

    Every agency asked stands here, also one with nobody below it. An exempt agency takes those
    below it out as well. Empty for a task that is no cascade.
    """
    rule = task.for_each
    if not task.tracked or rule is None or rule.then is None:
        return {}
    found: dict[str, list[str]] = {code: [] for code in parents(rule, registry, on)}
    for code in registry.members(rule.then, on=on):
        above = _above(code, found, registry)
        if above and code not in rule.exempt and registry.agencies[code].is_valid(on):
            found[above].append(code)
    return {code: tuple(sorted(below)) for code, below in found.items()}


def _above(code: str, asked: Mapping[str, list[str]], registry: Registry) -> str | None:
    """Return the nearest agency above an office that is asked; None for one that is asked itself."""
    if code in asked:
        return None
    seen: set[str] = set()
    parent = registry.agencies[code].parent
    while parent and parent not in seen:
        if parent in asked:
            return parent
        seen.add(parent)
        parent = registry.agencies[parent].parent if parent in registry.agencies else None
    return None
