"""Names: references of a directive to the registry, each checked where it stands.

Without a lexicon (no registry at hand) every name of the right form passes.
"""

from collections.abc import Callable

from tracker.files import scalars
from tracker.files.lexicon import Lexicon
from tracker.files.nodes import Node, Sequence
from tracker.files.report import Report
from tracker.files.words import clip, meant

_NO_SUCH = "add it to the registry, or write one of its codes"


def agency(report: Report, node: Node) -> str | None:
    """Return the code of one agency."""
    name = _known(report, node, "an agency", "unknown-agency", Lexicon.is_agency, pardon=Lexicon.is_set)
    if name and report.lexicon and not report.lexicon.is_agency(name):
        sentence = f"'{name}' is a set of agencies, one agency is needed"
        report.error(node, "unknown-agency", sentence, "name one agency, or write for_each: {agencies: " + name + "}")
        return None
    return name


def lead(report: Report, node: Node) -> str | None:
    """Return the one answerable agency of a task."""
    if isinstance(node, Sequence):
        remedy = "name one lead and put the others under 'with', or write for_each"
        report.error(node, "several-leads", "a task has one lead, this is a list", remedy)
        return None
    return agency(report, node)


def agency_or_set(report: Report, node: Node) -> str | None:
    """Return the code of an agency or the name of a set."""
    either: Callable[[Lexicon, str], bool] = lambda lexicon, name: lexicon.is_agency(name) or lexicon.is_set(name)  # noqa: E731
    return _known(report, node, "an agency or set", "unknown-agency", either)


def set_or_agency(report: Report, node: Node) -> str | None:
    """Return the name of a set, or the code of an agency, which is a set of itself."""
    return _known(report, node, "a set", "unknown-set", Lexicon.is_set, pardon=Lexicon.is_agency)


def agency_set(report: Report, node: Node) -> str | None:
    """Return the name of a set."""
    name = _known(report, node, "a set", "unknown-set", Lexicon.is_set, pardon=Lexicon.is_agency)
    if name and report.lexicon and not report.lexicon.is_set(name):
        report.error(node, "unknown-set", f"'{name}' is one agency, not a set", f"write [{name}], or lead: {name}")
        return None
    return name


def ladder(report: Report, node: Node) -> str | None:
    """Return the name of a ladder, or 'none'."""
    name = scalars.scalar(report, node, needed="a ladder")
    if name is None or report.lexicon is None or report.lexicon.is_ladder(name):
        return name
    known = ", ".join((*sorted(report.lexicon.registry.ladders), "none"))
    report.error(node, "unknown-ladder", f"the registry has no ladder '{clip(name)}'", f"write one of: {known}")
    return None


def _known(
    report: Report,
    node: Node,
    what: str,
    code: str,
    is_known: Callable[[Lexicon, str], bool],
    *,
    pardon: Callable[[Lexicon, str], bool] | None = None,
) -> str | None:
    """Return a name the lexicon knows; `pardon` lets another kind of name pass for a better sentence."""
    name = scalars.scalar(report, node, needed=what)
    lexicon = report.lexicon
    if name is None or lexicon is None:
        return name
    if is_known(lexicon, name) or (pardon and pardon(lexicon, name)):
        return name
    sentence = f"the registry has no {what.split(' ', 1)[1]} '{clip(name)}'"
    report.error(node, code, sentence, meant(lexicon.guess(name), _NO_SUCH))
    return None
