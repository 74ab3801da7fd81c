"""Due: the deadline rule of a task, as a file writes it and back.

A file writes exactly one of before, by, in, within, review. How 'before D' is read, with or without
D itself, is a habit of the directive (`defaults.before`); `bound` says it for one task.
"""

from collections.abc import Mapping as Table
from datetime import date, time

from tracker.domain.calendar import Span
from tracker.domain.deadline import Before, By, Due, In, Review, Rule, Within
from tracker.files import scalars
from tracker.files.form import Form, form
from tracker.files.nodes import Node, Scalar
from tracker.files.report import Report
from tracker.files.scalars import choice

RULES = ("before", "by", "in", "within", "review")
KEYS = (*RULES, "of", "bound", "words", "scope", "alternative")
BOUNDS = ("exclusive", "inclusive")
_bound = choice(BOUNDS, "exclusive or inclusive")
_scope = choice(("own", "inherited"), "own or inherited")
_anchor = choice(("issue",), "'issue'")


def read_due(report: Report, node: Node, *, inclusive: bool) -> Due | None:
    """Return the deadline rule of a task; `inclusive` is how its directive reads 'before'."""
    if isinstance(node, Scalar) and not node.absent:
        remedy = "write for example due: {by: 2025-08-31}"
        report.error(node, "wrong-type", "a deadline rule is a mapping", remedy)
        return None
    fields = form(report, node, KEYS, needed="a deadline rule")
    if fields is None:
        return None
    _check_companions(fields)
    rule = _read_rule(fields, inclusive=inclusive)
    words = fields.get("words", scalars.line)
    scope = fields.get("scope", _scope)
    alternative = fields.get("alternative", scalars.day)
    if rule is None:
        return None
    return Due(rule=rule, words=words, scope="inherited" if scope == "inherited" else "own", alternative=alternative)


def _read_rule(fields: Form, *, inclusive: bool) -> Rule | None:
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
    return _rule(fields, given[0], inclusive=inclusive if bound is None else bound == "inclusive")


def _rule(fields: Form, key: str, *, inclusive: bool) -> Rule | None:
    match key:
        case "before":
            day = fields.get(key, scalars.day)
            return Before(day, inclusive) if day else None
        case "by":
            moment = fields.get(key, scalars.day_and_minute)
            return By(*moment) if moment else None
        case "in":
            month = fields.get(key, scalars.month)
            return In(*month) if month else None
        case "within":
            span = fields.get(key, scalars.span)
            return Within(span) if span else None
        case _:
            span = fields.get(key, scalars.span)
            return Review(span) if span else None


def _check_companions(fields: Form) -> None:
    for key, rule in (("of", "within"), ("bound", "before")):
        entry = fields.node.entries.get(key)
        if entry and rule not in fields.node.entries:
            sentence = f"'{key}' belongs to '{rule}', which is not here"
            fields.report.error(entry[0], "unknown-key", sentence, f"delete '{key}', or write '{rule}'")
    fields.get("of", _anchor)


def due_document(due: Due) -> dict[str, str]:
    """Return the rule as a file writes it, key by key."""
    found = {"scope": due.scope, **_rule_document(due.rule)}
    if due.words is not None:
        found["words"] = due.words
    if due.alternative is not None:
        found["alternative"] = due.alternative.isoformat()
    return found


def _rule_document(rule: Rule) -> dict[str, str]:
    match rule:
        case Before(day, inclusive):
            return {"before": day.isoformat(), "bound": "inclusive" if inclusive else "exclusive"}
        case By(day, minute):
            return {"by": day.isoformat() + (f"T{minute:%H:%M}" if minute is not None else "")}
        case In(year, month):
            return {"in": f"{year:04d}-{month:02d}"}
        case Within(span):
            return {"within": str(span)}
        case Review(span):
            return {"review": str(span)}


def due_from(document: Table[str, str]) -> Due:
    """Return the rule that `due_document` wrote; raises KeyError or ValueError for anything else."""
    alternative = document.get("alternative")
    return Due(
        rule=_rule_from(document),
        words=document.get("words"),
        scope="inherited" if document["scope"] == "inherited" else "own",
        alternative=scalars.day_of(alternative) if alternative else None,
    )


def _rule_from(document: Table[str, str]) -> Rule:
    key = next((key for key in RULES if key in document), RULES[-1])
    words = document[key]
    match key:
        case "before":
            return Before(scalars.day_of(words), document["bound"] == "inclusive")
        case "by":
            moment: tuple[date, time | None] = scalars.day_and_minute_of(words)
            return By(*moment)
        case "in":
            return In(*scalars.month_of(words))
        case "within":
            return Within(_span(words))
        case _:
            return Review(_span(words))


def _span(words: str) -> Span:
    return scalars.span_of(words)
