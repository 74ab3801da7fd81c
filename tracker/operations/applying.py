"""Applying one directive that was sent as text: checked, planned, and adopted by who has seen that plan."""

from dataclasses import dataclass
from datetime import date, datetime

from tracker.domain.agency import Registry
from tracker.domain.directive import Directive
from tracker.domain.fanout import fan_out
from tracker.domain.finding import Finding, errors
from tracker.files.plan import Change, Plan, moved
from tracker.files.reader import read_text
from tracker.operations.adopt import Adopted, adopt_directive, plan_directive
from tracker.operations.in_force import registry_in_force
from tracker.store import adopted
from tracker.store.store import Store

NAME = "directive.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A text and what adopting it would change; `directive` and `plan` are None where a finding forbids it.

    `version` is the one in force, 0 for none: the plan is of that one, and of no later.
    """

    directive: Directive | None
    findings: tuple[Finding, ...]
    plan: Plan | None
    told: dict[str, tuple[str, ...]]
    version: int


def prepare(store: Store, text: bytes, *, at: datetime) -> Prepared:
    """Return what adopting a text would change, with everything that was found in it."""
    with store.read() as connection:
        registry = registry_in_force(connection)
        known = frozenset(adopted.task_keys(connection))
        directive, findings = read_text(text, NAME, registry=registry, known=known)
        before = adopted.directive(connection, directive.key) if directive else None
    if directive is None or errors(findings):
        return Prepared(directive=None, findings=findings, plan=None, told={}, version=0)
    found = plan_directive(store, directive, at=at, registry=registry)
    return Prepared(
        directive=directive,
        findings=findings,
        plan=found,
        told=told_of(found, directive, registry, registry.calendar.civil_day(at)),
        version=before.version if before else 0,
    )


def adopt_prepared(store: Store, ready: Prepared, *, at: datetime, actor: str, seen: int | None) -> Adopted:
    """Adopt what was prepared; raises Conflict where another version than the one `seen` is in force by now."""
    assert ready.directive is not None
    return adopt_directive(store, ready.directive, at=at, actor=actor, seen=seen)


def told_of(plan: Plan, directive: Directive, registry: Registry, on: date) -> dict[str, tuple[str, ...]]:
    """Return for each task the agencies that get, lose or see it moved; new words alone tell nobody."""
    return {change.task: _told(change, plan, directive, registry, on) for change in plan.changes}


def _told(change: Change, plan: Plan, directive: Directive, registry: Registry, on: date) -> tuple[str, ...]:
    codes = {*change.added, *change.removed}
    task = directive.task(change.task)
    elsewhere = (change.was or "").rpartition("/")[0] != plan.directive
    if task is not None and (
        (change.sign == "~" and moved(change)) or (change.sign == "→" and (moved(change) or elsewhere))
    ):
        codes |= set(fan_out(task, registry, on))
    return tuple(sorted(codes - set(change.stays)))
