"""Nodes: the tree of a YAML file, every scalar kept as text with its place; what is not plain is a finding.

PyYAML's event stream is read in a loop, so neither depth nor size can exhaust a stack (its
composer crashes on 120 kB of brackets), and no scalar is ever guessed to be a number or a date.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

import yaml

from tracker.files.report import Report, Spot
from tracker.files.words import clip

_ScalarEvent, _MappingStart, _SequenceStart = yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent

MAX_DEPTH = 20
MAX_NODES = 50_000
MAX_BYTES = 256 * 1024
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_HIGH = re.compile("[\u0300-\U0010ffff]{31,}")
MAX_MARKS = 30  # upon one letter, as in Unicode's stream-safe text; to put many more in order takes minutes
# control characters, line breaks no editor counts, marks that turn the reading direction
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")


@dataclass(slots=True)
class Scalar:
    """A text and where it stands; `absent` for an unquoted null, ~ or nothing at all."""

    line: int
    column: int
    text: str
    absent: bool = False


@dataclass(slots=True)
class Sequence:
    """A list."""

    line: int
    column: int
    items: "list[Node]" = field(default_factory=list)


@dataclass(slots=True)
class Mapping:
    """Keys with their values, in the order of the file; of two equal keys the first."""

    line: int
    column: int
    entries: "dict[str, tuple[Scalar, Node]]" = field(default_factory=dict)

    def get(self, key: str) -> "Node | None":
        """Return the value of a key, or None."""
        entry = self.entries.get(key)
        return entry[1] if entry else None


@dataclass(slots=True)
class Unread:
    """Something refused; the finding is made already, so readers pass over it."""

    line: int
    column: int


Node = Scalar | Sequence | Mapping | Unread


def parse(data: bytes, report: Report, *, max_bytes: int = MAX_BYTES, max_nodes: int = MAX_NODES) -> Node | None:
    """Return the tree of a file's bytes, or None where it cannot be read; the findings go to `report`."""
    text = decode(data, report, max_bytes=max_bytes)
    if text is None or not _is_harmless(text, report):
        return None
    builder = _Builder(report, max_nodes=max_nodes, text=text)
    loader = yaml.CSafeLoader(text.encode())
    try:
        next_event, take = loader.get_event, builder.take
        while take(next_event()):
            pass
    except yaml.MarkedYAMLError as error:
        _note_syntax(error, text, report)
        return None
    except yaml.YAMLError as error:
        report.error(Spot(1, 1), "yaml-syntax", f"this is no YAML: {error}", "see directives/README.md")
        return None
    return builder.result()


def decode(data: bytes, report: Report, *, max_bytes: int) -> str | None:
    """Return bytes as text without its byte order mark, or None with a finding: too large, not UTF-8, not text."""
    if len(data) > max_bytes:
        report.error(Spot(1, 1), "too-large", f"the file is larger than {max_bytes:,} bytes", "split it")
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig", "replace")
        report.error(_spot_after(before), "not-utf8", "from here on the file is not UTF-8", "save it as UTF-8")
        return None
    if match := _FORBIDDEN.search(text):
        sentence = f"the character U+{ord(match[0]):04X} is not allowed"
        report.error(_spot_after(text[: match.start()]), "control-character", sentence, "delete it")
        return None
    if (at := _stacked(text)) is not None:
        _note_marks(report, _spot_after(text[:at]))
        return None
    return text


def _stacked(text: str) -> int | None:
    """Return where more accents stand upon one letter than any language has, or None."""
    for run in _HIGH.finditer(text):
        marks = 0
        for at, letter in enumerate(run[0], run.start()):
            marks = marks + 1 if unicodedata.combining(letter) else 0
            if marks > MAX_MARKS:
                return at
    return None


def _note_marks(report: Report, spot: Spot) -> None:
    sentence = f"more than {MAX_MARKS} accents stand upon one letter"
    report.error(spot, "too-many-marks", sentence, "write the letter with its own")


def _is_harmless(text: str, report: Report) -> bool:
    # libyaml compares every %TAG line with all before it: thousands of them are a bomb
    if bomb := re.search(r"^%TAG", text, re.MULTILINE):
        report.error(_spot_after(text[: bomb.start()]), "tag", "%TAG lines are not read", "delete the line")
        return False
    return True


def _spot_after(before: str) -> Spot:
    lines = re.split(r"\r\n|\r|\n", before)
    return Spot(len(lines), len(lines[-1]) + 1)


def _note_syntax(error: yaml.MarkedYAMLError, text: str, report: Report) -> None:
    lines = re.split(r"\r\n|\r|\n", text)
    problem = error.problem or "unreadable"
    # what was never closed, and a key without its colon, are mended where they begin
    begun = "end of stream" in problem or "expected ':'" in problem
    mark = error.context_mark if begun and error.context_mark else error.problem_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    if line >= len(lines):
        line, column = len(lines) - 1, len(lines[-1])
    spot = Spot(line + 1, column + 1)
    if lines[line][column : column + 1] == "\t":
        report.error(spot, "tab", "a tab stands where YAML needs spaces", "indent with spaces")
        return
    report.error(spot, "yaml-syntax", f"this is no YAML: {problem}", _syntax_remedy(problem))


def _syntax_remedy(problem: str) -> str:
    if "mapping values" in problem:
        return "put quotes around a text that holds ': ', and check the indentation"
    if "end of stream" in problem:
        return "close what is opened here"
    return "check quotes, brackets and indentation here and on the line above"


class _Builder:
    """Puts events together to a tree; `take` says whether to go on.

    The stubs of PyYAML know no anchors, tags and marks on events: here they are Any.
    """

    def __init__(self, report: Report, *, max_nodes: int, text: str) -> None:
        self.report = report
        self.max_nodes = max_nodes
        self.end = _spot_after(text)
        self.last = self.end.line
        self.loose = not unicodedata.is_normalized("NFC", text)
        self.root: Node | None = None
        self.documents = 0
        self.count = 0
        self.failed = False
        self.stack: list[Sequence | Mapping] = []
        # for each open mapping: its pending key, False while its value is to be dropped, None before a key
        self.keys: list[Scalar | bool | None] = []

    def result(self) -> Node | None:
        if self.root is None and not self.failed:
            self.report.error(Spot(1, 1), "empty-file", "the file is empty", "write the directive, or delete the file")
        return None if self.failed else self.root

    def take(self, event: Any) -> bool:
        kind = type(event)
        if kind is _ScalarEvent or kind is _MappingStart or kind is _SequenceStart:
            return self._node(event)
        if kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            self.stack.pop()
            self.keys.pop()
        elif kind is yaml.AliasEvent:
            spot = self._spot(event)
            self._refuse_alias(spot, event.anchor)
            self._put(Unread(spot.line, spot.column))
        elif kind is yaml.StreamEndEvent:
            return False
        elif kind is yaml.DocumentStartEvent:
            self.documents += 1
            if self.documents > 1:
                remedy = "put each directive in a file of its own"
                self.report.error(self._spot(event), "several-documents", "a second document starts here", remedy)
                return False
        return True

    def _node(self, event: Any) -> bool:
        mark = event.start_mark
        line, column = mark.line + 1, mark.column + 1
        if line > self.last:
            line, column = self.end.line, self.end.column
        if event.anchor is not None:
            self._refuse_alias(Spot(line, column), event.anchor)
        if event.tag is not None:
            self.report.error(Spot(line, column), "tag", f"the tag '{clip(event.tag)}' is not read", "delete it")
        self.count += 1
        if self.count > self.max_nodes:
            sentence = f"the file has more than {self.max_nodes:,} values"
            return self._fail(Spot(line, column), "too-large", sentence, "split it")
        if type(event) is _ScalarEvent:
            self._put(self._scalar(event, line, column))
            return True
        if len(self.stack) >= MAX_DEPTH:
            sentence = f"lists and mappings are nested more than {MAX_DEPTH} deep"
            return self._fail(Spot(line, column), "too-deep", sentence, "close the brackets before")
        opened: Sequence | Mapping
        opened = Mapping(line, column) if type(event) is yaml.MappingStartEvent else Sequence(line, column)
        self._put(opened)
        self.stack.append(opened)
        self.keys.append(None)
        return True

    def _scalar(self, event: Any, line: int, column: int) -> Scalar | Unread:
        text: str = event.value
        if not self.loose and event.style != '"':
            return Scalar(line, column, text, text in _NULLS and event.implicit[0])
        if event.style == '"' and (match := _FORBIDDEN.search(text)):
            sentence = f"the text holds the character U+{ord(match[0]):04X}, which is not allowed"
            self.report.error(Spot(line, column), "control-character", sentence, "delete it")
            return Unread(line, column)
        if event.style == '"' and _stacked(text) is not None:
            _note_marks(self.report, Spot(line, column))
            return Unread(line, column)
        if (self.loose or event.style == '"') and not unicodedata.is_normalized("NFC", text):
            if not self.report.has("not-nfc"):
                sentence = "letters and accents stand apart here (not NFC); they are read as composed letters"
                self.report.warning(Spot(line, column), "not-nfc", sentence, "save the file in Unicode form NFC")
            text = unicodedata.normalize("NFC", text)
        return Scalar(line, column, text, event.implicit[0] and text in _NULLS)

    def _put(self, node: Node) -> None:
        if not self.stack:
            self.root = node
            return
        top, key = self.stack[-1], self.keys[-1]
        if isinstance(top, Sequence):
            top.items.append(node)
        elif key is None:
            self.keys[-1] = self._key(top, node)
        else:
            if isinstance(key, Scalar):
                top.entries[key.text] = (key, node)
            self.keys[-1] = None

    def _key(self, mapping: Mapping, node: Node) -> Scalar | bool:
        if not isinstance(node, Scalar):
            if not isinstance(node, Unread):
                self.report.error(node, "wrong-type", "a key must be a text", "write 'key: value'")
            return False
        node.text = node.text.strip()  # a quoted " lead" is the key lead, here and in every look-up
        if node.text == "<<":
            self.report.error(node, "merge-key", "merge keys (<<) are not read", "write the keys out")
            return False
        if node.absent:
            self.report.error(node, "empty-value", "a key is missing before the ':'", "write the key")
            return False
        if first := mapping.entries.get(node.text):
            sentence = f"'{clip(node.text)}' stands here already, in line {first[0].line}"
            self.report.error(node, "duplicate-key", sentence, "rename one of the two, or delete it")
            return False
        return node

    def _refuse_alias(self, spot: Spot, name: str) -> None:
        remedy = "write the value out, or put quotes around it"
        self.report.error(spot, "alias", f"anchors and aliases are not read: '{clip(name)}'", remedy)

    def _fail(self, spot: Spot, code: str, sentence: str, remedy: str) -> bool:
        self.report.error(spot, code, sentence, remedy)
        self.failed = True
        return False

    def _spot(self, event: Any) -> Spot:
        mark = event.start_mark
        # an empty value at the very end stands, for libyaml, in a line after the last
        return self.end if mark.line >= self.end.line else Spot(mark.line + 1, mark.column + 1)
