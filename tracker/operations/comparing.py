"""Comparing two versions of a directive that were adopted: what the plan of the second would have said."""

from dataclasses import dataclass
from datetime import datetime

from tracker.domain.agency import Registry
from tracker.domain.directive import Directive
from tracker.files.plan import Plan, plan
from tracker.operations.reading import directive_version
from tracker.store import versions
from tracker.store.store import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two versions of a directive and what differs; `old` is 0 where everything is new."""

    old: int
    new: int
    plan: Plan
    before: Directive | None
    after: Directive


def compared(
    connection: Connection,
    key: str,
    *,
    at: datetime,
    registry: Registry,
    old: int | None = None,
    new: int | None = None,
) -> Compared:
    """Return what differs between two versions adopted by an instant: the last two, where none are named.

    Raises NotFound for a version there is not. Version 0 is the blank sheet before the first.
    """
    found = [one.version for one in versions.adoptions(connection, key, at=at)]
    second = new if new is not None else found[-1] if found else 1
    first = old if old is not None else max(second - 1, 0)
    before = directive_version(connection, key, first, at=at) if first else None
    after = directive_version(connection, key, second, at=at)
    on = registry.calendar.civil_day(at)
    return Compared(
        old=first, new=second, plan=plan(before, after, registry=registry, on=on), before=before, after=after
    )
