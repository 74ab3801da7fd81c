"""Plans: what a file or folder would change in a store, in words and as a document; and findings, told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracker.cli import sources
from tracker.cli.exits import say
from tracker.cli.options import Format
from tracker.domain.errors import Invalid

if TYPE_CHECKING:
    from tracker.domain.agency import Registry
    from tracker.domain.directive import Directive
    from tracker.domain.finding import Finding
    from tracker.files.plan import Change, Plan
    from tracker.operations import CalendarPlan
    from tracker.operations.agencies import Ended
    from tracker.terminal.directives import PlanLine
    from tracker.views import Store

WORDS_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What is about to be applied: the registry, the directives in their order, a plan for each, who is told."""

    registry: "Registry | None"
    registry_changed: bool
    agencies: int
    directives: "tuple[Directive, ...]"
    plans: "tuple[Plan, ...]"
    told: dict[str, dict[str, tuple[str, ...]]]
    findings: "tuple[Finding, ...]"
    ended: "tuple[Ended, ...]" = ()
    calendar: "CalendarPlan | None" = None

    @property
    def changes(self) -> bool:
        """Return whether applying would change anything."""
        return self.registry_changed or any(not plan.is_empty for plan in self.plans)

    @property
    def all_told(self) -> frozenset[str]:
        """Return every agency that would be told something."""
        return frozenset(code for tasks in self.told.values() for codes in tasks.values() for code in codes)


def prepared(store: "Store", path: Path, *, at: datetime) -> Prepared:
    """Return what applying a path would do; raises Invalid, the findings told, where one forbids it."""
    from tracker.files.documents import registry_document
    from tracker.operations import plan_calendar, plan_directive
    from tracker.operations.agencies import ended
    from tracker.operations.applying import told_of
    from tracker.operations.recording import registry_in_force
    from tracker.views import task_keys

    with store.read() as connection:
        known = task_keys(connection)
        in_force = registry_in_force(connection) if _has_registry(connection) else None
    found = sources.read([path], known=known)
    put_findings(found.findings, len(found.directives), Format.TEXT, out="stderr")
    wrong = sum(finding.severity == "error" for finding in found.findings)
    if wrong:
        raise Invalid(f"{path} cannot be applied: {wrong} errors", code="bad-directive")
    rules = found.registry or in_force
    if rules is None:
        raise Invalid(f"no registry was adopted, and none stands beside or above {path}", code="bad-registry")
    plans = tuple(plan_directive(store, one, at=at, registry=rules) for one in found.directives)
    on = rules.calendar.civil_day(at)
    told = {plan.directive: told_of(plan, one, rules, on) for plan, one in zip(plans, found.directives, strict=True)}
    before = registry_document(in_force) if in_force else None
    with store.read() as connection:
        gone = ended(connection, rules, on=on)
    return Prepared(
        registry=found.registry,
        registry_changed=found.registry is not None and registry_document(found.registry) != before,
        agencies=len(rules.agencies),
        directives=found.directives,
        plans=plans,
        told=told,
        findings=found.findings,
        # the first registry of a store moves nothing: there is no need to tell all its days
        calendar=plan_calendar(store, found.registry, at=at) if found.registry and in_force else None,
        ended=gone,
    )


def put_findings(
    findings: "Sequence[Finding]",
    directives: int,
    shown: Format,
    *,
    out: str = "stdout",
    more: "Mapping[str, Any] | None" = None,
) -> None:
    """Write findings, the errors first, and how many there are; `more` stands beside them in JSON."""
    import sys

    from tracker.terminal.directives import findings_count, show_findings
    from tracker.terminal.page import console, print_json
    from tracker.views.plain import plain

    if shown is Format.JSON:
        errors = sum(finding.severity == "error" for finding in findings)
        counts = {"directives": directives, "errors": errors, "warnings": len(findings) - errors}
        print_json({**counts, "findings": [_flat(plain(finding)) for finding in findings], **(more or {})})
        return
    show_findings(findings, console(sys.stdout if out == "stdout" else sys.stderr))
    if out == "stdout":
        print(findings_count(findings, directives))
    elif findings:
        say(findings_count(findings, directives))


def shown_plan(ready: Prepared) -> None:
    """Write a plan for people: what comes, changes and goes, and how many agencies would be told."""
    from tracker.cli.calendar import calendar_lines
    from tracker.terminal.page import console
    from tracker.terminal.words import counted

    out = console()
    registry = "a new version" if ready.registry_changed else "unchanged"
    out.print(f"registry: {registry} ({counted(ready.agencies, 'agency', 'agencies')})")
    for line in calendar_lines(ready.calendar) if ready.calendar else ():
        out.print(line, markup=False, soft_wrap=True)
    for plan, directive in zip(ready.plans, ready.directives, strict=True):
        shown_changes(plan, directive, ready.told[plan.directive])
    for one in ready.ended:
        out.print(_ended_line(one), markup=False, soft_wrap=True)
    signs: list[str] = [change.sign for plan in ready.plans for change in plan.changes]
    counts = "  ".join(f"{sign} {signs.count(sign)}" for sign in "+~-→" if sign != "→" or sign in signs)
    out.print(f"{counts} tasks · {counted(len(ready.all_told), 'agency', 'agencies')} would be told", markup=False)


def shown_changes(plan: "Plan", directive: "Directive", told: "Mapping[str, tuple[str, ...]]") -> None:
    """Write what changes in one directive; `told` are the agencies told of each task."""
    from tracker.terminal.directives import show_plan
    from tracker.terminal.page import console

    out = console()
    lines = [_line(change, told.get(change.task, ()), plan.directive) for change in plan.changes]
    show_plan(directive.number, directive.title.en, lines, out)
    for field in plan.fields:
        out.print(f"      {field.name}: {_clip(field.old)} → {_clip(field.new)}", markup=False)


def plan_document(ready: Prepared) -> dict[str, Any]:
    """Return a plan as a JSON object."""
    from tracker.cli.calendar import calendar_document
    from tracker.views.plain import plain

    return {
        "registry": "changed" if ready.registry_changed else "unchanged",
        "calendar": calendar_document(ready.calendar) if ready.calendar else None,
        "changes": ready.changes,
        "told": len(ready.all_told),
        "warnings": len(ready.findings),
        "ended": plain(ready.ended),
        "directives": [
            changes_document(plan, directive, ready.told[plan.directive])
            for plan, directive in zip(ready.plans, ready.directives, strict=True)
        ],
    }


def changes_document(plan: "Plan", directive: "Directive", told: "Mapping[str, tuple[str, ...]]") -> dict[str, Any]:
    """Return what changes in one directive as a JSON object."""
    from tracker.views.plain import plain

    tasks = [{**_plain_change(change), "told": len(told.get(change.task, ()))} for change in plan.changes]
    return {"key": plan.directive, "number": directive.number, "fields": plain(plan.fields), "tasks": tasks}


def _plain_change(change: "Change") -> dict[str, Any]:
    from tracker.views.plain import plain

    return {
        "sign": change.sign,
        "task": change.task,
        "was": change.was,
        "stays": list(change.stays),
        "added": list(change.added),
        "removed": list(change.removed),
        "old_last_day": plain(change.old_deadline.last_day) if change.old_deadline else None,
        "new_last_day": plain(change.new_deadline.last_day) if change.new_deadline else None,
        "fields": plain(change.fields),
    }


def _home(task: str | None) -> str:
    return (task or "").rpartition("/")[0]


def _ended_line(one: "Ended") -> str:
    from tracker.terminal.words import counted, day

    when = f"ended on {day(one.valid_to)}" if one.valid_to else "is not in the registry any more"
    heir = one.heirs[0] if len(one.heirs) == 1 else "SUCCESSOR"
    return f"{one.code} {when} and owes {counted(one.open, 'task')}: tracker agency hand-on {one.code} {heir}"


def _line(change: "Change", told: tuple[str, ...], directive: str) -> "PlanLine":
    from tracker.files.plan import moved
    from tracker.terminal.directives import PlanLine
    from tracker.terminal.words import counted, day

    words: list[str] = []
    old, new = change.old_deadline, change.new_deadline
    note = f" · last day {day(new.last_day)}" if change.sign == "+" and new else ""
    if change.was is not None:
        words.append(f"was {change.was}")
    if change.sign in "~→":
        if moved(change):
            words.append(f"last day {day(old.last_day if old else None)} → {day(new.last_day if new else None)}")
        words += [f"{field.name}: {_clip(field.old)} → {_clip(field.new)}" for field in change.fields]
        words += [
            f"{sign} {', '.join(codes[:8])}" for sign, codes in (("+", change.added), ("-", change.removed)) if codes
        ]
    if change.stays:
        words.append(f"completed work of {counted(len(change.stays), 'agency', 'agencies')} stays")
    name = change.task.rpartition("/")[2] if _home(change.task) == directive else change.task
    return PlanLine(sign=change.sign, task=name, note=note, words=tuple(words), told=len(told))


def _clip(text: str) -> str:
    if not text:
        return "nothing"
    return text if len(text) <= WORDS_SHOWN else text[: WORDS_SHOWN - 1] + "…"


def _flat(finding: dict[str, Any]) -> dict[str, Any]:
    return {**finding.pop("place"), **finding}


def _has_registry(connection: Any) -> bool:
    from tracker.domain.errors import NotFound
    from tracker.operations.recording import registry_in_force

    try:
        registry_in_force(connection)
    except NotFound:
        return False
    return True
