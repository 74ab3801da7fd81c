"""Due: the deadline rule of a task, as a file writes it; `due_documents` has the form the store keeps.

A file writes exactly one of before, by, in, within, every, from … to, review, done. How 'before D' is
read, with or without D itself, is a habit of the directive (`defaults.before`); `bound` says it for one task.
"""

from datetime import date
from typing import cast, get_args

from tracker.domain.calendar import Roll
from tracker.domain.deadline import ISSUE, Anchor, Before, By, Done, Due, Every, In, Review, Rule, Window, Within
from tracker.domain.recurrence import days_not_in_every_month
from tracker.files import scalars
from tracker.files.form import Form, form
from tracker.files.nodes import Mapping, Node, Scalar
from tracker.files.report import Report
from tracker.files.scalars import choice

RULES = ("before", "by", "in", "within", "every", "from", "review", "done")
# what stands beside a rule -> the rules it belongs to
COMPANIONS = {
    "to": ("from",),
    "of": ("within",),
    "bound": ("before",),
    "time": ("every",),
    "first": ("every",),
    "until": ("every",),
    "roll": ("within", "every"),
    "cutoff": ("before", "by", "in", "from"),
}
KEYS = (*RULES, *COMPANIONS, "words", "scope", "alternative")
BOUNDS = ("exclusive", "inclusive")
ROLLS: tuple[Roll, ...] = get_args(Roll)
_bound = choice(BOUNDS, "exclusive or inclusive")
_scope = choice(("own", "inherited"), "own or inherited")
_roll = choice(ROLLS, "forward, back or none")


def read_due(report: Report, node: Node, *, inclusive: bool, directive: str | None = None) -> Due | None:
    """Return the deadline rule of a task; `inclusive` is how its directive reads 'before'.

    With the key of the directive an anchor task named by its id alone becomes a full key.
    """
    if isinstance(node, Scalar) and not node.absent:
        remedy = "write for example due: {by: 2025-08-31}"
        report.error(node, "wrong-type", "a deadline rule is a mapping", remedy)
        return None
    fields = form(report, node, KEYS, needed="a deadline rule")
    if fields is None:
        return None
    _check_companions(fields)
    rule = _read_rule(fields, inclusive=inclusive, directive=directive)
    words = fields.get("words", scalars.line)
    scope = fields.get("scope", _scope)
    alternative = fields.get("alternative", scalars.day)
    cutoff = fields.get("cutoff", scalars.truth)
    if rule is None:
        return None
    return Due(
        rule=rule,
        words=words,
        scope="inherited" if scope == "inherited" else "own",
        alternative=alternative,
        cutoff=cutoff is True,
    )


def anchor_node(node: Node | None) -> Node | None:
    """Return where a deadline rule names the task its period is counted from, if it does."""
    found = node.get("of") if isinstance(node, Mapping) else None
    return found if isinstance(found, Scalar) and not found.absent and found.text.strip() != "issue" else None


def _check_companions(fields: Form) -> None:
    for key, rules in COMPANIONS.items():
        entry = fields.node.entries.get(key)
        if entry and not any(rule in fields.node.entries for rule in rules):
            named = " or ".join(f"'{rule}'" for rule in rules)
            sentence = f"'{key}' belongs to {named}, which is not here"
            fields.report.error(entry[0], "unknown-key", sentence, f"delete '{key}', or write {named}")
            if key == "of":
                _anchor(fields, None)  # what it says is judged all the same


def _read_rule(fields: Form, *, inclusive: bool, directive: str | None) -> Rule | None:
    given = [key for key in fields.node.entries if key in RULES]
    if not given:
        remedy = "write one of: " + ", ".join(RULES)
        fields.report.error(fields.at, "no-deadline-rule", "the deadline has no rule", remedy)
        return None
    for extra in given[1:]:
        at = fields.node.entries[extra][0]
        sentence = f"the deadline has two rules, '{given[0]}' and '{extra}'"
        fields.report.error(at, "several-deadline-rules", sentence, "keep one of them")
    bound = fields.get("bound", _bound)
    inclusive = inclusive if bound is None else bound == "inclusive"
    return _rule(fields, given[0], inclusive, directive)


def _rule(fields: Form, key: str, inclusive: bool, directive: str | None) -> Rule | None:
    match key:
        case "before":
            day = fields.get(key, scalars.day)
            return Before(day, inclusive) if day else None
        case "by":
            moment = fields.get(key, scalars.day_and_minute)
            return By(*moment) if moment else None
        case "in":
            unit = fields.get(key, scalars.calendar_unit)
            return In(*unit) if unit else None
        case "from":
            return _window(fields)
        case "within":
            span, anchor, roll = fields.get(key, scalars.period), _anchor(fields, directive), _roll_of(fields)
            return Within(span, anchor, roll) if span and anchor else None
        case "every":
            return _every(fields)
        case "done":
            day = fields.get(key, scalars.day)
            return Done(day) if day else None
        case _:
            span = fields.get(key, scalars.span)
            return Review(span) if span else None


def _window(fields: Form) -> Window | None:
    start, end = fields.need("from", scalars.day), fields.need("to", scalars.day)
    if start is None or end is None:
        return None
    if not _in_order(fields, start, end, "to"):
        return None
    return Window(start, end)


def _every(fields: Form) -> Every | None:
    rule = fields.need("every", scalars.recurrence)
    minute = fields.get("time", scalars.clock_time)
    first, until = fields.get("first", scalars.day), fields.get("until", scalars.day)
    roll = _roll_of(fields) or "none"
    if first and until and not _in_order(fields, first, until, "until"):
        return None
    if rule is None:
        return None
    if skipped := days_not_in_every_month(rule):
        sentence = f"months that have no day {skipped[0]} are left out"
        remedy = "write BYMONTHDAY=-1 for the last day of each month, or a day up to 28"
        fields.report.warning(fields.node.entries["every"][1], "skips-months", sentence, remedy)
    return Every(rule, minute, first, until, roll)


def _in_order(fields: Form, start: date, end: date, key: str) -> bool:
    if start <= end:
        return True
    sentence = f"{end} lies before {start}, so no day is left"
    fields.report.error(fields.node.entries[key][1], "window-backwards", sentence, "write the earlier day first")
    return False


def _roll_of(fields: Form) -> Roll | None:
    return cast(Roll | None, fields.get("roll", _roll))


def _anchor(fields: Form, directive: str | None) -> Anchor | None:
    """Return what a period is counted from: its issue where nothing is said; None with a finding."""
    node = fields.node.get("of")
    if node is None:
        return ISSUE
    if isinstance(node, Mapping):
        event = Form(fields.report, node, ("event",)).need("event", scalars.event_name)
        return Anchor("event", event) if event else None
    named = scalars.task_reference(fields.report, node)
    if named is None or named == "issue":
        return ISSUE if named else None
    return Anchor("task", named if "/" in named or directive is None else f"{directive}/{named}")
