"""Checks: what can only be judged when a whole directive, or all of a run, has been read."""

from collections.abc import Collection, Iterable
from collections.abc import Mapping as Table
from dataclasses import dataclass
from datetime import date

from tracker.domain.agency import Agency, Registry
from tracker.domain.deadline import Deadline, Rule, dated
from tracker.domain.directive import ForEach, Task
from tracker.domain.errors import Invalid
from tracker.domain.fanout import cascade, parents
from tracker.domain.graph import Graph
from tracker.files.document import Draft
from tracker.files.lexicon import Lexicon
from tracker.files.links import DIRECTIVE_KEY, Edge
from tracker.files.words import clip, meant

_MAX_CYCLES = 10  # after that many, one more says nothing new


def check(drafts: Collection[Draft], lexicon: Lexicon | None, *, known: Collection[str] = ()) -> None:
    """Add to each draft's report what shows only now: between its tasks, and between the drafts."""
    _check_twins(drafts)
    _check_edges(drafts, known)
    _check_cycles(drafts)
    for draft in drafts:
        _check_undated(draft)
    if lexicon is not None:
        _check_owners(drafts, lexicon.registry)
        _check_deadlines(drafts, lexicon.registry)


def _check_twins(drafts: Iterable[Draft]) -> None:
    first: dict[str, Draft] = {}
    for draft in drafts:
        other = first.setdefault(draft.key, draft)
        if other is not draft and draft.places is not None and other.places is not None:
            sentence = f"the directive {draft.key} stands in {other.report.place(other.number)} too"
            draft.report.error(draft.number, "duplicate-directive", sentence, "delete one of the two files")


def _check_edges(drafts: Collection[Draft], known: Collection[str]) -> None:
    here = {draft.key for draft in drafts}
    # an adopted directive that is read again counts as it is written now
    keys = {key for key in known if key.rpartition("/")[0] not in here}
    keys |= {f"{draft.key}/{path[0]}" for draft in drafts for path in draft.places or ()}
    found = _Found(
        keys=keys,
        directives=here | {key.rpartition("/")[0] for key in keys},
        unread={draft.key for draft in drafts if draft.places is None},
        untracked={task.key for draft in drafts for task in draft.tasks if not task.tracked},
    )
    for draft in drafts:
        for edge in draft.edges:
            _check_edge(draft, edge, found)


@dataclass(frozen=True, slots=True)
class _Found:
    """The keys of all tasks and directives at hand, of directives that could not be read, and of untracked tasks."""

    keys: Collection[str]
    directives: Collection[str]
    unread: Collection[str]
    untracked: Collection[str]


def _check_edge(draft: Draft, edge: Edge, found: _Found) -> None:
    if edge.needs == edge.task:
        _note_itself(draft, edge)
    elif not edge.orders and DIRECTIVE_KEY.fullmatch(edge.needs):
        if edge.needs not in found.directives:
            guess = draft.report.guess(edge.needs, found.directives)
            sentence = f"there is no directive '{clip(edge.needs)}'"
            remedy = meant(guess, "write its key, for example 2025/412-tb-vpcp")
            draft.report.error(edge.at, "unknown-directive", sentence, remedy)
    elif edge.orders and edge.needs in found.untracked:
        sentence = f"'{_short(edge.needs, draft)}' is not tracked, so it never counts as completed"
        draft.report.warning(edge.at, "needs-untracked", sentence, "need a tracked task, or delete this need")
    elif edge.needs not in found.keys and edge.needs.rpartition("/")[0] not in found.unread:
        _note_unknown(draft, edge, found.keys)


def _note_itself(draft: Draft, edge: Edge) -> None:
    if edge.orders:
        draft.report.error(edge.at, "needs-itself", "the task needs itself", "delete this need")
    elif edge.word == "relations":
        draft.report.error(edge.at, "points-at-itself", "the directive is related to itself", "name another document")
    else:
        draft.report.error(edge.at, "points-at-itself", f"the task {edge.word} itself", "name another task")


def _note_unknown(draft: Draft, edge: Edge, keys: Collection[str]) -> None:
    directive, _, name = edge.needs.rpartition("/")
    near = draft.report.guess(name, (key.rpartition("/")[2] for key in keys if key.startswith(directive + "/")))
    guess = _short(f"{directive}/{near}", draft) if near else None
    if guess is None and directive != draft.key:
        guess = draft.report.guess(edge.needs, (key for key in keys if key.endswith("/" + name)))
    sentence = f"there is no task '{clip(_short(edge.needs, draft))}'"
    draft.report.error(edge.at, "unknown-task", sentence, meant(guess, "write the id of a task, or year/number/id"))


def _check_cycles(drafts: Iterable[Draft]) -> None:
    where = {(edge.task, edge.needs): (draft, edge) for draft in drafts for edge in draft.edges if edge.orders}
    needs: dict[str, list[str]] = {}
    for task, needed in where:
        if task != needed:
            needs.setdefault(task, []).append(needed)
    for _ in range(_MAX_CYCLES):
        path = Graph({task: tuple(needed) for task, needed in needs.items()}).cycle()
        if path is None:
            return
        draft, edge = where[path[0], path[1]]
        told = " -> ".join(_short(key, draft) for key in path)
        draft.report.error(edge.at, "cycle", f"these tasks wait for each other: {told}", "delete one of these needs")
        needs[path[0]].remove(path[1])


def _check_undated(draft: Draft) -> None:
    for task in draft.tasks:
        if task.tracked and not draft.has(task, "due"):
            remedy = "add 'due', for example due: {review: 30 days}"
            draft.report.warning(draft.at(task), "no-deadline", f"'{clip(task.id)}' has no deadline", remedy)


def _check_owners(drafts: Iterable[Draft], registry: Registry) -> None:
    asked: dict[tuple[ForEach, date], _Asked] = {}  # the same few sets are asked by thousands of tasks
    for draft in drafts:
        for task in draft.tasks if draft.directive else ():
            assert draft.directive is not None
            issued = draft.directive.issued
            _check_lead(draft, task, registry.agencies.get(task.lead or ""), issued)
            if task.tracked and task.for_each:
                which = (task.for_each, issued)
                if which not in asked:
                    asked[which] = _ask(task, task.for_each, registry, issued)
                _check_asked(draft, task, task.for_each, asked[which])
            if task.for_each and task.for_each.exempt and draft.has(task, "for_each"):
                _check_exempt(draft, task, task.for_each, registry)


@dataclass(frozen=True, slots=True)
class _Asked:
    """How many agencies a fan-out asks on the day of issue, and how many below them."""

    agencies: int
    below: int


def _ask(task: Task, rule: ForEach, registry: Registry, on: date) -> _Asked:
    below = sum(len(codes) for codes in cascade(task, registry, on).values()) if rule.then else 0
    return _Asked(len(parents(rule, registry, on)), below)


def _check_asked(draft: Draft, task: Task, rule: ForEach, asked: _Asked) -> None:
    assert draft.directive is not None
    issued = draft.directive.issued
    if asked.agencies == 0:
        sentence = f"nobody answers for '{clip(task.id)}': no agency of it exists on {issued}"
        draft.report.error(draft.at(task, *_owner(draft, task)), "no-owner", sentence, "name other agencies")
        return
    if rule.complete_when.isdigit() and int(rule.complete_when) > asked.agencies:
        sentence = f"{rule.complete_when} agencies are to complete it, but only {asked.agencies} owe it on {issued}"
        at = draft.at(task, "for_each", "complete_when")
        draft.report.error(at, "too-many-to-complete", sentence, f"write a number up to {asked.agencies}, or all")
    if rule.then and asked.below == 0:
        named = ", ".join(rule.named)
        sentence = f"no agency of '{clip(rule.then)}' stands below '{clip(named)}' on {issued}"
        at = draft.at(task, "for_each", "then")
        draft.report.error(at, "not-below", sentence, "name a set whose agencies have these as their parents")


def _owner(draft: Draft, task: Task) -> tuple[str, ...]:
    return ("any_of",) if draft.has(task, "any_of") else ("for_each",)


def _check_lead(draft: Draft, task: Task, lead: Agency | None, issued: date) -> None:
    if lead and not lead.is_valid(issued):
        sentence = f"{lead.code} does not exist on {issued}, the day of issue"
        draft.report.warning(draft.at(task, "lead"), "agency-not-valid", sentence, "name the agency of that day")


def _check_exempt(draft: Draft, task: Task, rule: ForEach, registry: Registry) -> None:
    assert draft.directive is not None
    named = (*rule.named, rule.then) if rule.then else rule.named
    members = {code for name in named for code in registry.members(name, on=draft.directive.issued)}
    for code in rule.exempt:
        if code not in members:
            sentence = f"{code} is exempt but would not be asked anyway"
            at = draft.at(task, "for_each", "exempt")
            draft.report.warning(at, "needless-exempt", sentence, "delete it, or name the agency meant")


def _check_deadlines(drafts: Collection[Draft], registry: Registry) -> None:
    found: dict[str, Deadline] = {}
    same: dict[tuple[Rule, date], Deadline | None] = {}  # one rule of one day is written many times
    for draft in drafts:
        for task in draft.tasks if draft.directive else ():
            if deadline := _deadline(draft, task, registry, same):
                found[task.key] = deadline
                _check_deadline(draft, task, deadline)
    for draft in drafts:
        for edge in draft.edges:
            _check_order(draft, edge, found)


def _deadline(
    draft: Draft, task: Task, registry: Registry, same: dict[tuple[Rule, date], Deadline | None]
) -> Deadline | None:
    if task.due is None or draft.directive is None:
        return None
    asked = (task.due.rule, draft.directive.issued)
    try:
        if asked not in same:
            same[asked] = dated(task.due.rule, issued=draft.directive.issued, calendar=registry.calendar)
    except Invalid as error:
        draft.report.error(draft.at(task, "due"), "bad-date", str(error), "write another day")
        return None
    return same[asked]


def _check_deadline(draft: Draft, task: Task, deadline: Deadline) -> None:
    assert draft.directive is not None
    assert task.due is not None
    if deadline.last_day < draft.directive.issued:
        sentence = f"the last day, {deadline.last_day}, lies before the day of issue, {draft.directive.issued}"
        draft.report.warning(draft.at(task, "due"), "deadline-before-issue", sentence, "check both dates")
    if task.due.alternative == deadline.last_day:
        sentence = f"the other reading has the same last day, {deadline.last_day}"
        at = draft.at(task, "due", "alternative")
        draft.report.warning(at, "same-alternative", sentence, "delete 'alternative', or write the other day")


def _check_order(draft: Draft, edge: Edge, found: Table[str, Deadline]) -> None:
    if edge.word != "needs" or edge.kind != "finish-start":
        return
    first, then = found.get(edge.needs), found.get(edge.task)
    if first and then and first.late_from > then.late_from:
        needed = _short(edge.needs, draft)
        sentence = f"'{needed}' may take until {first.last_day}, but this task is due on {then.last_day}"
        draft.report.warning(edge.at, "need-due-later", sentence, "check both deadlines")


def _short(key: str, draft: Draft) -> str:
    """Return a task key as the draft's file would write it."""
    return key.removeprefix(draft.key + "/")
