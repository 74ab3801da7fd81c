"""Layout: a directive file in the order of the format, two spaces a level, every comment beside what it is about.

The lines themselves are kept: only entries change places and indents, so no quote, brace or line
break of the author is lost. A comment above a key belongs to it and moves with it. What stands in
braces or brackets is left as it is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import yaml

from tracker.domain.errors import Refused
from tracker.domain.finding import Finding
from tracker.files import document, due, owner, task
from tracker.files.document import read_document
from tracker.files.documents import fingerprint
from tracker.files.report import Report

_SOURCE = ("file", "language", "sha256")
_LOCATOR = ("in", "sentence", "sha256")
# the keys above a mapping, * for an id -> the order of its own
_ORDERS: dict[tuple[str, ...], tuple[str, ...]] = {
    (): document.KEYS,
    ("sources", "*"): _SOURCE,
    ("tasks", "*"): task.KEYS,
    ("tasks", "*", "source"): _LOCATOR,
    ("tasks", "*", "for_each"): owner.FOR_EACH_KEYS,
    ("tasks", "*", "due"): due.KEYS,
    ("defaults", "for_each"): owner.FOR_EACH_KEYS,
}
_NAMED_FREELY = (("sources",), ("tasks",))
STEP = 2


@dataclass(frozen=True, slots=True)
class Laid:
    """A file laid out, or the findings that stand in the way; `text` is None then."""

    text: str | None
    findings: tuple[Finding, ...] = ()


def lay_out(data: bytes, name: str) -> Laid:
    """Return the bytes of a directive file as canonical text that says the same, which its fingerprint proves.

    Raises Refused should the layout ever say something else.
    """
    report = Report(name)
    before = read_document(data, report).directive
    if before is None:
        return Laid(None, tuple(sorted(report.findings)))
    text = _laid(data.decode("utf-8-sig"))
    after = read_document(text.encode(), Report(name)).directive
    if after is None or fingerprint(after) != fingerprint(before):
        raise Refused(f"{name} cannot be laid out without changing what it says", code="layout-changes-meaning")
    return Laid(text)


def _laid(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    root = yaml.compose("\n".join(lines), Loader=yaml.CSafeLoader)
    assert isinstance(root, yaml.MappingNode)  # it was read as a directive
    if root.flow_style:
        return "\n".join(lines).rstrip() + "\n"
    first, last = root.value[0][0].start_mark.line, root.value[-1][0].start_mark.line
    end = next((at for at in range(last, len(lines)) if lines[at].startswith("...")), len(lines))
    end = _lead(lines, last, end, 0)  # remarks at the very end stay there
    body = _mapping(root, lines, (first, end), indent=0, path=())
    whole = [*_single_gaps(lines[:first]), *body, *_single_gaps(lines[end:])]
    return "\n".join(whole).strip("\n") + "\n"


def _mapping(
    node: yaml.MappingNode, lines: list[str], region: tuple[int, int], *, indent: int, path: tuple[str, ...]
) -> list[str]:
    """Return the lines of a block mapping within its region, in order and with its new indent."""
    entries = list(_entries(node, lines, region))
    order = _ORDERS.get(path, ())
    if order:
        entries.sort(key=lambda entry: order.index(entry.name) if entry.name in order else len(order))
    found: list[str] = []
    for entry in entries:
        lead = (line.strip() for line in lines[entry.lead : entry.start])
        found += [" " * indent + line if line else "" for line in _single_gaps(lead)]
        below = (*path, "*" if path in _NAMED_FREELY else entry.name)
        found += _entry(entry, lines, indent=indent, path=below)
    return found


@dataclass(frozen=True, slots=True)
class _Entry:
    """A key with its value: where its comments, its own line and what follows it start and end."""

    name: str
    column: int
    value: yaml.Node
    lead: int
    start: int
    end: int


def _entries(node: yaml.MappingNode, lines: list[str], region: tuple[int, int]) -> Iterator[_Entry]:
    keys = [key for key, _ in node.value]
    starts = [key.start_mark.line for key in keys]
    leads = [region[0]]
    for above, start in pairwise(starts):
        leads.append(_lead(lines, above, start, keys[0].start_mark.column))
    ends = [*leads[1:], region[1]]
    for (key, value), lead, start, end in zip(node.value, leads, starts, ends, strict=True):
        yield _Entry(key.value.strip(), key.start_mark.column, value, lead, start, end)


def _lead(lines: list[str], above: int, start: int, column: int) -> int:
    """Return where the comments and gaps above a key begin; comments further right belong to what is above."""
    lead = start
    while lead - 1 > above:
        line = lines[lead - 1]
        inner = line.lstrip(" ")
        if inner.strip() and not (inner.startswith("#") and len(line) - len(inner) <= column):
            break
        lead -= 1
    return lead


def _entry(entry: _Entry, lines: list[str], *, indent: int, path: tuple[str, ...]) -> list[str]:
    value, own = entry.value, [_moved(lines[entry.start], indent - entry.column, indent)]
    if isinstance(value, yaml.MappingNode) and not value.flow_style:
        return own + _mapping(value, lines, (entry.start + 1, entry.end), indent=indent + STEP, path=path)
    shift, rest = indent - entry.column, lines[entry.start + 1 : entry.end]
    if isinstance(value, yaml.SequenceNode) and not value.flow_style:
        shift = indent + STEP - value.start_mark.column
    if isinstance(value, yaml.ScalarNode) and value.style in ("|", ">"):
        return own + [_moved(line, shift, indent, strip=False) for line in rest]
    return own + [_moved(line, shift, indent) for line in rest]


def _moved(line: str, shift: int, indent: int, *, strip: bool = True) -> str:
    """Return a line with its indent moved, never left of what it belongs to."""
    inner = line.lstrip(" ")
    if not inner.strip():
        return ""
    spaces = len(line) - len(inner) + shift
    least = indent if spaces == indent else indent + 1
    bare = inner.rstrip()
    # in quotes, a backslash before the blank at a line's end keeps that blank
    return " " * max(spaces, least) + (bare if strip and not bare.endswith("\\") else inner)


def _single_gaps(lines: Iterable[str]) -> Iterator[str]:
    """Yield comments with one empty line where several stood."""
    above = "."
    for line in lines:
        trimmed = line.rstrip()
        if trimmed or above:
            yield trimmed
        above = trimmed
