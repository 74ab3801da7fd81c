"""Coverage: the account of all source sentences in a file, the claims of tasks and indicators, the real texts."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tracker.domain.coverage import Account, Book, Claim, Expected, Text, compare
from tracker.domain.directive import Directive
from tracker.domain.finding import Finding, Place
from tracker.domain.indicator import Indicator
from tracker.files import scalars
from tracker.files.form import Form, form, several, table
from tracker.files.nodes import Mapping, Node, Scalar, Sequence, parse
from tracker.files.reader import files, read_bytes
from tracker.files.report import At, Report, Spot
from tracker.files.words import clip

MAX_BYTES = 4 * 1024 * 1024
MAX_TEXT_BYTES = 16 * 1024 * 1024
_MAX_NODES = 500_000
_RECORD = re.compile(r"([A-Z0-9]{1,12})-([0-9]{2,4})(?:\.\.([0-9]{2,4}))?")
_START = Spot(1, 1)
_ids = several(scalars.line, "a list of records")


def read_coverage(path: Path) -> tuple[Book, tuple[Finding, ...]]:
    """Return the accounts of a coverage file, as far as it can be read, and the findings."""
    report = Report(path.as_posix())
    data = read_bytes(path, report, max_bytes=MAX_BYTES)
    book = Book() if data is None else _read(data, report)
    return book, tuple(sorted(report.findings))


def read_coverage_text(data: bytes, name: str) -> tuple[Book, tuple[Finding, ...]]:
    """Return the accounts of a document's bytes, and the findings, placed in the file `name`."""
    report = Report(name)
    return _read(data, report), tuple(sorted(report.findings))


def _read(data: bytes, report: Report) -> Book:
    root = parse(data, report, max_bytes=MAX_BYTES, max_nodes=_MAX_NODES)
    fields = None if root is None else form(report, root, ("records", "sources"), needed="a mapping of accounts")
    if fields is None:
        return Book()
    texts = [_text(report, key, node) for key, node in _entries(fields, "sources")]
    return Book(tuple(text for text in texts if text), fields.need("records", _records) or ())


def _entries(fields: Form, key: str) -> list[tuple[Scalar, Node]]:
    mapping = fields.need(key, lambda report, node: table(report, node, needed=f"a mapping of {key}"))
    return list(mapping.entries.values()) if mapping else []


def _text(report: Report, key: Scalar, node: Node) -> Text | None:
    name = scalars.identifier(report, key)
    fields = form(report, node, ("file", "language", "sha256", "sentences"), at=key, needed="a source")
    if fields is None:
        return None
    file, language = fields.need("file", scalars.file_name), fields.need("language", scalars.language)
    sha256 = fields.need("sha256", scalars.sha256)
    accounts = [_account(report, number, node) for number, node in _entries(fields, "sentences")]
    if not (name and file and language and sha256):
        return None
    return Text(
        id=name,
        file=file,
        language=language,
        sha256=sha256,
        place=report.place(key),
        accounts=tuple(sorted((one for one in accounts if one), key=lambda one: one.sentence)),
    )


def _account(report: Report, key: Scalar, node: Node) -> Account | None:
    number = scalars.number(report, key)
    fields = form(report, node, ("sha256", "context", "indicators", "restates"), at=key, needed="a sentence")
    if fields is None:
        return None
    sha256, context = fields.need("sha256", scalars.sha256), fields.get("context", scalars.note)
    indicators, restates = fields.get("indicators", _ids) or (), fields.get("restates", _ids) or ()
    if number is None or sha256 is None:
        return None
    place = report.place(key)
    return Account(
        sentence=number, sha256=sha256, place=place, context=context, indicators=indicators, restates=restates
    )


def _records(report: Report, node: Node) -> tuple[Expected, ...]:
    """Return the expected records: each item is one, or the first and last of several, as TB412-01..14."""
    if not isinstance(node, Sequence):
        report.error(node, "wrong-type", "a list of records is needed here", "write a list: [TB412-01..14, CV16-01]")
        return ()
    found: dict[str, Expected] = {}
    for item in node.items:
        for record in _range(report, item):
            if record in found:
                report.error(item, "duplicate-item", f"'{record}' stands here twice", "delete one of the two")
            found.setdefault(record, Expected(record=record, place=report.place(item)))
    return tuple(found.values())


def _range(report: Report, item: Node) -> tuple[str, ...]:
    words = scalars.scalar(report, item, needed="a record")
    if words is None:
        return ()
    match = _RECORD.fullmatch(words)
    if match and (match[3] is None or (len(match[2]) == len(match[3]) and match[2] < match[3])):
        first, last = int(match[2]), int(match[3] or match[2])
        return tuple(f"{match[1]}-{number:0{len(match[2])}}" for number in range(first, last + 1))
    remedy = "write a record or the first and last of several: CV16-01, TB412-01..14"
    report.error(item, "bad-id", f"'{clip(words)}' is no record", remedy)
    return ()


# ── What tasks and indicators say of themselves ───────────────────────────────────────────────────────────────


def task_claims(path: Path, directives: Iterable[Directive]) -> tuple[Claim, ...]:
    """Return the claims of all tasks of the directives read below a folder, each with its place there."""
    at = {"/".join(file.absolute().with_suffix("").parts[-2:]): file for file in files(path)}
    return tuple(claim for directive in directives for claim in _claims_of(directive, at.get(directive.key, path)))


def _claims_of(directive: Directive, file: Path) -> Iterator[Claim]:
    places = _Places(file)
    sources = {source.id: source for source in directive.sources}
    for task in directive.tasks:
        source = sources.get(task.source.source) if task.source else None
        yield Claim(
            kind="task",
            key=task.key,
            records=task.records,
            place=places.of("tasks", task.id, "source"),
            file=source.file if source else None,
            file_sha256=source.sha256 if source else None,
            sentence=task.source.sentence if task.source else None,
            sha256=task.source.sha256 if task.source else None,
        )


def indicator_claims(path: Path, indicators: Iterable[Indicator]) -> tuple[Claim, ...]:
    """Return a claim for each sentence that an indicator of a file was read from."""
    places = _Places(path)
    found: list[Claim] = []
    for one in indicators:
        target = [one.target.source] if one.target and one.target.source else []
        for reading in [*target, *(observation.source for observation in one.observations)]:
            if reading.origin.file is None:
                continue  # a page that nobody holds has no sentences to account for
            found.append(
                Claim(
                    kind="indicator",
                    key=one.id,
                    records=one.records,
                    place=places.reading("indicators", one.id, sentence=reading.sentence),
                    file=reading.origin.file,
                    file_sha256=reading.origin.sha256,
                    sentence=reading.sentence,
                    sha256=reading.sha256,
                )
            )
    return tuple(dict.fromkeys(found))


class _Places:
    """Where things stand in a file that was read before; the file is read again, for few ever ask."""

    def __init__(self, file: Path) -> None:
        self.report = Report(file.as_posix())
        data = read_bytes(file, self.report, max_bytes=MAX_BYTES) if file.is_file() else None
        self.root = None if data is None else parse(data, self.report, max_bytes=MAX_BYTES, max_nodes=_MAX_NODES)

    def of(self, *path: str) -> Place:
        """Return the place of a value, or of the last key on the way to it."""
        at: At = _START
        node: Node | None = self.root
        for step in path:
            entry = node.entries.get(step) if isinstance(node, Mapping) else None
            if entry is None:
                break
            key, node = entry
            at = key
        return self.report.place(at)

    def reading(self, *path: str, sentence: int | None) -> Place:
        """Return the place below a value where a sentence of that number is named."""
        node: Node | None = self.root
        for step in path:
            node = node.get(step) if isinstance(node, Mapping) else None
        found = (one for one in _below(node) if _names(one, sentence))
        first = next(found, None)
        return self.report.place(first) if first else self.of(*path)


def _below(node: Node | None) -> Iterator[Mapping]:
    waiting = [node]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, Mapping):
            yield one
            waiting += [value for _, value in one.entries.values()]
        elif isinstance(one, Sequence):
            waiting += one.items


def _names(node: Mapping, sentence: int | None) -> bool:
    value = node.get("sentence")
    return isinstance(value, Scalar) and value.text.strip() == str(sentence)


# ── The real texts ────────────────────────────────────────────────────────────────────────────────────────────


def check_texts(book: Book, folder: Path) -> tuple[Finding, ...]:
    """Return where the real texts in a folder are not those that the accounts were made of."""
    return tuple(sorted(finding for text in book.texts for finding in _check_text(text, folder / text.file)))


def _check_text(text: Text, file: Path) -> Iterator[Finding]:
    report = Report(file.as_posix())
    data = read_bytes(file, report, max_bytes=MAX_TEXT_BYTES)
    yield from report.findings
    if data is None:
        return
    if len(data) > MAX_TEXT_BYTES:
        sentence = f"{text.file} is larger than {MAX_TEXT_BYTES:,} bytes"
        yield Finding(text.place, "too-large", sentence, "give the text that the account was made of")
        return
    digest = hashlib.sha256(data).hexdigest()
    if digest != text.sha256:
        sentence = f"{text.file} has another fingerprint than the account: it was changed, or is another version"
        yield Finding(
            text.place, "wrong-fingerprint", sentence, f"compare the text; the sha256 of this one is {digest}"
        )
    try:
        yield from compare(text, data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        yield Finding(text.place, "not-utf8", f"{text.file} is not UTF-8", "give the text that was read")
