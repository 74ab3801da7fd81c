"""Fan-out: the agencies a task becomes assignments of."""

from datetime import date

from tracker.domain.agency import Registry
from tracker.domain.directive import Task


def fan_out(task: Task, registry: Registry, on: date) -> tuple[str, ...]:
    """Return the codes of the agencies that owe a task, in the order of the codes.

    A lead answers alone; `for_each` asks every agency of its set or list that exists on the
    day, less the exempt ones; an untracked task is owed by nobody.
    Raises NotFound for a name the registry does not have.
    """
    if not task.tracked:
        return ()
    if task.lead is not None:
        return (task.lead,)
    if task.for_each is None:
        return ()
    agencies = task.for_each.agencies
    named = (agencies,) if isinstance(agencies, str) else agencies
    asked = {code for name in named for code in registry.members(name, on=on)}
    valid = {code for code in asked if registry.agencies[code].is_valid(on)}
    return tuple(sorted(valid - set(task.for_each.exempt)))
