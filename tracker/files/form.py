"""Form: a mapping being read by its keys, so that unknown, missing and empty ones become findings."""

from collections.abc import Iterable
from collections.abc import Mapping as Table
from typing import TypeVar

from tracker.domain.text import LANGUAGES, Text
from tracker.files.nodes import Mapping, Node, Scalar, Sequence, Unread
from tracker.files.report import At, Report
from tracker.files.scalars import Reader, line
from tracker.files.words import clip, meant

T = TypeVar("T")

# what authors of other tools write
_SYNONYMS: Table[str, str] = {
    "owner": "lead", "assignee": "lead", "agency": "lead", "depends_on": "needs", "deps": "needs", "after": "needs",
    "deadline": "due", "due_date": "due", "name": "title", "number": "directive", "date": "issued", "type": "class",
    "reminders": "remind", "ladder": "remind", "support": "with", "product": "deliverable", "estimate": "takes",
}  # fmt: skip


class Form:
    """Hands out the values of a mapping; what is missing is reported at `at`."""

    def __init__(self, report: Report, node: Mapping, keys: Iterable[str], *, at: At | None = None) -> None:
        self.report = report
        self.node = node
        self.at = at or node
        known = tuple(keys)
        for key, (place, _) in node.entries.items():
            if key not in known:
                synonyms = (word for word, meaning in _SYNONYMS.items() if meaning in known)
                near = report.guess(key, (*synonyms, *known))
                guess = _SYNONYMS.get(near, near) if near and near not in known else near
                remedy = meant(guess, "the keys here are: " + ", ".join(known))
                report.error(place, "unknown-key", f"'{clip(key)}' is no key here", remedy)

    def get(self, key: str, reader: Reader[T]) -> T | None:
        """Return the value of a key, or None when it is not there or wrong."""
        node = self.node.get(key)
        return None if node is None else reader(self.report, node)

    def need(self, key: str, reader: Reader[T], *, code: str = "missing-key") -> T | None:
        """Return the value of a key that must be there."""
        node = self.node.get(key)
        if node is None:
            self.report.error(self.at, code, f"'{key}' is missing", f"add the key '{key}'")
            return None
        return reader(self.report, node)


def form(report: Report, node: Node, keys: Iterable[str], *, at: At | None = None, needed: str) -> Form | None:
    """Return a form over a mapping, or None with a finding when the node is none."""
    mapping = table(report, node, needed=needed)
    return None if mapping is None else Form(report, mapping, keys, at=at)


def table(report: Report, node: Node, *, needed: str) -> Mapping | None:
    """Return the node when it is a mapping, or None with a finding."""
    match node:
        case Mapping():
            return node
        case Scalar(absent=True):
            report.error(node, "empty-value", f"the value is empty, {needed} is needed", "write it, or delete the key")
        case Scalar() | Sequence():
            was = "a list" if isinstance(node, Sequence) else f"'{clip(node.text)}'"
            report.error(node, "wrong-type", f"{needed} is needed here, not {was}", f"write {needed}")
    return None


def several(reader: Reader[T], needed: str) -> Reader[tuple[T, ...]]:
    """Return a reader of a list whose items `reader` reads; what stands twice is a finding."""

    def read(report: Report, node: Node) -> tuple[T, ...] | None:
        match node:
            case Sequence():
                return _items(report, node, reader)
            case Scalar(absent=True):
                sentence = f"the value is empty, {needed} is needed"
                report.error(node, "empty-value", sentence, "write it, or delete the key")
            case Scalar() | Mapping():
                report.error(node, "wrong-type", f"{needed} is needed here", "write a list: [first, second]")
        return None

    return read


def _items(report: Report, node: Sequence, reader: Reader[T]) -> tuple[T, ...]:
    found: dict[T, None] = {}
    for item in node.items:
        value = reader(report, item)
        if value is None:
            continue
        if value in found:
            report.error(item, "duplicate-item", f"'{value}' stands here twice", "delete one of the two")
        found[value] = None
    return tuple(found)


def one_or_several(reader: Reader[T], needed: str) -> Reader[tuple[T, ...]]:
    """Return a reader of a single value or of a list of them."""
    listed = several(reader, needed)

    def read(report: Report, node: Node) -> tuple[T, ...] | None:
        if isinstance(node, Scalar) and not node.absent:
            value = reader(report, node)
            return None if value is None else (value,)
        return listed(report, node)

    return read


def text(report: Report, node: Node) -> Text | None:
    """Return a text in the three languages."""
    if isinstance(node, Unread):
        return None
    fields = form(report, node, LANGUAGES, needed="a text in three languages {vi: …, en: …, fr: …}")
    if fields is None:
        return None
    vi, en, fr = (fields.need(name, line, code="missing-language") for name in LANGUAGES)
    return Text(vi=vi, en=en, fr=fr) if vi and en and fr else None
