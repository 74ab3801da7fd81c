"""Extensions: extensions.yaml, how often, how late and for how long an agency may ask for more time."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from tracker.domain.calendar import Span
from tracker.domain.extension import ExtensionRule, ExtensionRules
from tracker.files import scalars
from tracker.files.form import Form, form, table
from tracker.files.nodes import Node, Scalar
from tracker.files.report import Report
from tracker.files.words import clip, meant

KEYS = ("rules", "default", "directives")
_RULE_KEYS = ("at_most", "ask_before", "longest")
_KEY = re.compile(r"[0-9]{4}/[a-z0-9]+(-[a-z0-9]+)*")
_NO_TIME = Span(0, "days")


def read_extensions(fields: Form, *, is_known: Callable[[str], bool]) -> ExtensionRules | None:
    """Return the rules of the file, or None with findings; `is_known` says whether a directive's file is there."""
    mapping = fields.need("rules", lambda report, node: table(report, node, needed="a mapping of rules"))
    if mapping is None:
        return None
    rules = [_rule(fields.report, key, node) for key, node in mapping.entries.values()]
    named = {rule.name: rule for rule in rules if rule}
    names = tuple(mapping.entries)

    def name(report: Report, node: Node) -> str | None:
        return _name(report, node, names)

    default = fields.need("default", name)
    of_their_own = fields.get("directives", lambda report, node: _directives(report, node, name, is_known))
    if default is None or default not in named:
        return None
    return ExtensionRules(rules=named, default=default, directives=of_their_own or {})


def rule_document(rule: ExtensionRule) -> dict[str, object]:
    """Return a rule as JSON values, with the keys of its file."""
    longest = {"longest": str(rule.longest)} if rule.longest else {}
    return {"at_most": rule.at_most, "ask_before": str(rule.ask_before), **longest}


def rules_document(rules: ExtensionRules) -> dict[str, object]:
    """Return rules as JSON values; `rules_from` reads them back equal."""
    return {
        "rules": {name: rule_document(rule) for name, rule in rules.rules.items()},
        "default": rules.default,
        "directives": dict(rules.directives),
    }


def rules_from(document: Mapping[str, Any]) -> ExtensionRules:
    """Return the rules of a document."""
    rules = {
        name: ExtensionRule(
            name=name,
            at_most=int(said["at_most"]),
            ask_before=ahead_of(said["ask_before"]),
            longest=scalars.period_of(said["longest"]) if "longest" in said else None,
        )
        for name, said in document["rules"].items()
    }
    return ExtensionRules(rules=rules, default=document["default"], directives=dict(document["directives"]))


def ahead_of(words: str) -> Span:
    """Return how long before its last day one may still ask; 0 days is the last day itself.

    >>> ahead_of("0 days"), ahead_of("5 working days")
    (Span(count=0, unit='days'), Span(count=5, unit='working days'))
    """
    return _NO_TIME if words == "0 days" else scalars.span_of(words)


def _rule(report: Report, key: Scalar, node: Node) -> ExtensionRule | None:
    name = scalars.identifier(report, key)
    fields = form(report, node, _RULE_KEYS, at=key, needed="a rule")
    if fields is None or name is None:
        return None
    at_most = fields.need("at_most", _times)
    ask_before = fields.get("ask_before", _ahead)
    longest = fields.get("longest", scalars.period)
    if at_most is None:
        return None
    return ExtensionRule(name=name, at_most=at_most, ask_before=ask_before or _NO_TIME, longest=longest)


def _times(report: Report, node: Node) -> int | None:
    """Return how often: a whole number; 0 where nothing is extended."""
    if isinstance(node, Scalar) and node.text.strip() == "0":
        return 0
    return scalars.number(report, node)


def _ahead(report: Report, node: Node) -> Span | None:
    if isinstance(node, Scalar) and node.text.strip() == "0 days":
        return _NO_TIME
    return scalars.span(report, node)


def _name(report: Report, node: Node, names: tuple[str, ...]) -> str | None:
    name = scalars.scalar(report, node, needed="the name of a rule")
    if name is None or name in names:
        return name
    remedy = meant(report.guess(name, names), "write one of: " + ", ".join(names))
    report.error(node, "unknown-rule", f"there is no rule '{clip(name)}'", remedy)
    return None


def _directives(
    report: Report, node: Node, name: scalars.Reader[str], is_known: Callable[[str], bool]
) -> dict[str, str] | None:
    mapping = table(report, node, needed="a mapping of directives, each with its rule")
    if mapping is None:
        return None
    found = {}
    for directive, (key, value) in mapping.entries.items():
        if not _KEY.fullmatch(directive):
            remedy = "write the year and the number in ASCII, for example 2025/412-tb-vpcp"
            report.error(key, "bad-id", f"'{clip(directive)}' is no key of a directive", remedy)
        elif not is_known(directive):
            remedy = "write the path of its file below the folder, without .yaml, or delete the line"
            report.error(key, "unknown-directive", f"there is no directive '{clip(directive)}' in this folder", remedy)
        if (rule := name(report, value)) is not None:
            found[directive] = rule
    return found
