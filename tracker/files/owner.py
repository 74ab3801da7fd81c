"""Owner: who answers for a task, one lead, any one of some, or each agency of a fan-out."""

import re

from tracker.domain.directive import ForEach
from tracker.files import names, scalars
from tracker.files.form import Form, form, several
from tracker.files.nodes import Node, Scalar, Sequence
from tracker.files.report import Report
from tracker.files.words import clip

OWNERS = ("lead", "for_each", "any_of")
FOR_EACH_KEYS = ("agencies", "exempt", "on_behalf_of", "then", "complete_when")
COUNT = re.compile(r"([1-9][0-9]{0,4})( ?%)?")
_agencies = several(names.agency, "a list of agencies")
_agencies_and_sets = several(names.agency_or_set, "a list of agencies and sets")


def read_owner(fields: Form, inherited: ForEach | None, *, tracked: bool) -> tuple[str | None, ForEach | None]:
    """Return the lead of a task, or its fan-out; the one of its directive where it names nobody."""
    lead, fan_out = fields.get("lead", names.lead), fields.get("for_each", for_each)
    any_of = fields.get("any_of", _any_of)
    entries = fields.node.entries
    given = sorted((entries[key][0] for key in OWNERS if key in entries), key=lambda key: (key.line, key.column))
    for later in given[1:]:
        sentence = f"a task has one of lead, for_each and any_of, here '{later.text}' stands beside '{given[0].text}'"
        fields.report.error(later, "lead-and-for-each", sentence, "keep one of them")
    if given:
        return lead, fan_out or any_of
    if inherited:
        return None, inherited
    if tracked:
        sentence = f"nobody answers for '{clip(getattr(fields.at, 'text', 'the task'))}'"
        fields.report.error(fields.at, "no-owner", sentence, "add 'lead' or 'for_each', or write track: false")
    return lead, fan_out


def for_each(report: Report, node: Node) -> ForEach | None:
    """Return a fan-out: the name of a set, or a mapping with its exceptions."""
    if isinstance(node, Scalar) and not node.absent:
        name = names.agency_set(report, node)
        return ForEach(agencies=name) if name else None
    fields = form(report, node, FOR_EACH_KEYS, needed="a set of agencies")
    if fields is None:
        return None
    agencies = _agencies_of(fields)
    exempt = fields.get("exempt", _agencies) or ()
    on_behalf_of = fields.get("on_behalf_of", names.agency_set)
    then = fields.get("then", names.agency_set)
    complete_when = fields.get("complete_when", complete_when_of) or "all"
    if not agencies:
        return None
    return ForEach(agencies=agencies, exempt=exempt, on_behalf_of=on_behalf_of, then=then, complete_when=complete_when)


def complete_when_of(report: Report, node: Node) -> str | None:
    """Return when a fan-out is complete: 'all', 'any', a number of agencies, or a share of them."""
    word = scalars.scalar(report, node, needed="all, any, a number or a share")
    if word is None or word in ("all", "any"):
        return word
    match = COUNT.fullmatch(word)
    if match and not (match[2] and int(match[1]) > 100):
        return f"{match[1]} %" if match[2] else match[1]
    sentence = f"'{clip(word)}' does not say when enough agencies have completed"
    report.error(node, "bad-choice", sentence, 'write all, any, a number such as 20, or a share such as "60 %"')
    return None


def _agencies_of(fields: Form) -> str | tuple[str, ...] | None:
    node = fields.node.get("agencies")
    if isinstance(node, Scalar):
        return names.set_or_agency(fields.report, node)
    if isinstance(node, Sequence) and not node.items:
        fields.report.error(node, "empty-value", "the list is empty, agencies are needed", "name them, or a set")
    return fields.need("agencies", _agencies_and_sets)


def _any_of(report: Report, node: Node) -> ForEach | None:
    found = _agencies_and_sets(report, node)
    if found is None:
        return None
    lexicon = report.lexicon
    if isinstance(node, Sequence) and not node.items:
        report.error(node, "empty-value", "the list is empty, agencies are needed", "name two or more, or a set")
        return None
    alone = isinstance(node, Sequence) and len(node.items) == len(found) == 1
    if alone and lexicon and not lexicon.is_set(found[0]):
        sentence = f"any_of names {found[0]} alone, which leaves no choice"
        report.error(node, "any-of-one", sentence, f"write lead: {found[0]}, or name another")
    return ForEach(agencies=found, complete_when="any") if found else None
