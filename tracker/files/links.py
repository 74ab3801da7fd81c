"""Links: what a task or a directive points at: tasks it needs, restates or watches, and other documents."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

from tracker.domain.directive import Need, NeedKind, Relation, RelationWord
from tracker.domain.number import mend, parse
from tracker.files import scalars
from tracker.files.form import Form, form, several
from tracker.files.nodes import Mapping, Node, Scalar, Sequence
from tracker.files.report import At, Report
from tracker.files.scalars import choice
from tracker.files.words import clip, meant

NEED_KEYS = ("task", "kind", "lag", "basis")
NEED_KINDS = ("finish-start", "start-start", "during")
RELATIONS = ("implements", "amends", "supersedes", "restates", "refers_to", "derives_from", "reviews")
RELATION_KEYS = (*RELATIONS, "issued")
DIRECTIVE_KEY = re.compile(r"[0-9]{4}/[a-z0-9]+(-[a-z0-9]+)*")
_need_basis = choice(("stated", "inferred"), "a basis")
_need_kind = choice(NEED_KINDS, "a kind of need")


@dataclass(frozen=True, slots=True)
class Edge:
    """A reference as written: which task points at what, by full keys, by which word, and where that stands.

    `orders` where the one must wait for the other: such edges may not lead in a circle.
    """

    task: str
    needs: str
    at: At
    word: str = "needs"
    kind: str = "finish-start"

    @property
    def orders(self) -> bool:
        """Return whether the one task waits for the other."""
        return self.word in ("needs", "due")


def read_needs(fields: Form, full: str, directive: str) -> tuple[tuple[Need, ...], tuple[Edge, ...]]:
    """Return the needs of a task and where each stands."""
    found = list(_unique(fields, "needs", directive, read=_need))
    edges = tuple(Edge(full, need.task, item, kind=need.kind) for item, need in found)
    return tuple({need.task: need for _, need in found}.values()), edges


def read_tasks(fields: Form, key: str, full: str, *, directive: str) -> tuple[tuple[str, ...], tuple[Edge, ...]]:
    """Return the tasks that a key lists, by full keys, and where each stands; `supervises` takes directives too."""
    read = _task_or_directive if key == "supervises" else _task
    found = list(_unique(fields, key, directive, read=read))
    edges = tuple(Edge(full, need.task, item, word=key) for item, need in found)
    return tuple(dict.fromkeys(need.task for _, need in found)), edges


def document_number(report: Report, node: Node) -> str | None:
    """Return the number of another document, or the key of a directive that has none."""
    number = scalars.line(report, node)
    if number is None or DIRECTIVE_KEY.fullmatch(number) or check_number(report, node, number):
        return number
    return None


document_numbers = several(document_number, "a list of document numbers")


def check_number(report: Report, node: Node, number: str, *, otherwise: str | None = None) -> bool:
    """Return whether a number follows a grammar; a finding with the mend where it does not."""
    if parse(number):
        return True
    sentence = f"'{clip(number)}' follows neither the grammar of the State (412/TB-VPCP) nor the Party's (183-KL/TW)"
    remedy = otherwise or "write the number as printed, or the key of a directive: 2025/412-tb-vpcp"
    report.error(node, "bad-number", sentence, meant(mend(number) if report.may_guess() else None, remedy))
    return False


def named_directives(node: Node | None, word: str, source: str) -> tuple[Edge, ...]:
    """Return the documents of a list that are named by the key of a directive, which must then exist."""
    found = []
    for item in node.items if isinstance(node, Sequence) else ():
        given = (inner for _, inner in item.entries.values()) if isinstance(item, Mapping) else (item,)
        found += [Edge(source, _text(one), one, word) for one in given if DIRECTIVE_KEY.fullmatch(_text(one))]
    return tuple(found)


def read_relations(report: Report, node: Node) -> tuple[Relation, ...] | None:
    """Return what a directive is to other documents."""
    return several(_relation, "a list of relations")(report, node)


def _relation(report: Report, node: Node) -> Relation | None:
    fields = form(report, node, RELATION_KEYS, needed='a relation {implements: "183-KL/TW"}')
    if fields is None:
        return None
    given = [key for key in fields.node.entries if key in RELATIONS]
    if not given and not set(fields.node.entries) - {"issued"}:
        remedy = "write one of: " + ", ".join(RELATIONS)
        report.error(node, "no-relation", "no word says what the directive is to the other document", remedy)
    for extra in given[1:]:
        sentence = f"'{extra}' stands beside '{given[0]}', a relation has one word"
        report.error(fields.node.entries[extra][0], "several-relations", sentence, "make it an item of its own")
    issued = fields.get("issued", scalars.day)
    number = fields.get(given[0], document_number) if given else None
    return Relation(cast(RelationWord, given[0]), number, issued) if number else None


_ReadNeed = Callable[[Report, Node], Need | None]


def _unique(fields: Form, key: str, directive: str, *, read: _ReadNeed) -> Iterator[tuple[Node, Need]]:
    node = fields.node.get(key)
    if not isinstance(node, Sequence):
        if node is not None:
            several(scalars.task_reference, "a list of tasks")(fields.report, node)
        return
    seen: set[str] = set()
    for item in node.items:
        found = read(fields.report, item)
        if found is None:
            continue
        full = found.task if "/" in found.task else f"{directive}/{found.task}"
        if full in seen:
            fields.report.error(item, "duplicate-item", f"'{found.task}' stands here twice", "delete one of the two")
            continue
        seen.add(full)
        yield item, Need(full, found.basis, found.kind, found.lag)


def _need(report: Report, item: Node) -> Need | None:
    if not isinstance(item, Mapping):
        return _task(report, item)
    fields = Form(report, item, NEED_KEYS)
    task = fields.need("task", scalars.task_reference)
    basis = fields.get("basis", _need_basis)
    kind = fields.get("kind", _need_kind) or "finish-start"
    lag = fields.get("lag", scalars.span)
    return Need(task, "inferred" if basis == "inferred" else "stated", cast(NeedKind, kind), lag) if task else None


def _task(report: Report, item: Node) -> Need | None:
    task = scalars.task_reference(report, item)
    return Need(task) if task else None


def _task_or_directive(report: Report, item: Node) -> Need | None:
    name = _text(item)
    return Need(name) if DIRECTIVE_KEY.fullmatch(name) else _task(report, item)


def _text(node: Node) -> str:
    return node.text.strip() if isinstance(node, Scalar) else ""
