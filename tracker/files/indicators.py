"""Indicators: the file of quantities, to indicators and findings, all mistakes in one run.

The arithmetic that figures must pass is in `indicator_checks.py`; what one observation holds in `observation.py`.
"""

from collections.abc import Collection
from collections.abc import Mapping as Table
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import cast

from tracker.domain.agency import Registry
from tracker.domain.finding import Finding
from tracker.domain.indicator import (
    Direction,
    Exemption,
    Indicator,
    Kind,
    Origin,
    Reading,
    Target,
    TargetBasis,
    Unit,
    Universe,
)
from tracker.domain.text import Text
from tracker.files import figures, names, scalars
from tracker.files.form import Form, form, one_or_several, several, table, text
from tracker.files.indicator_checks import check_indicator, check_records
from tracker.files.lexicon import Lexicon
from tracker.files.nodes import Node, Scalar, Sequence, parse
from tracker.files.observation import Seen, read_observation, read_reading
from tracker.files.reader import read_bytes
from tracker.files.report import Report
from tracker.files.scalars import choice
from tracker.files.words import clip, meant, nearest

Result = tuple[tuple[Indicator, ...], tuple[Finding, ...]]

MAX_BYTES = 4 * 1024 * 1024
_MAX_NODES = 500_000
KEYS = (
    "record", "title", "unit", "kind", "direction", "universe", "exempt", "target", "observations", "tasks",
    "obligations", "note",
)  # fmt: skip
KINDS = ("count", "coverage", "ratio", "funnel", "stock", "flow", "gap", "delta", "qualitative")

_kind = choice(KINDS, "a kind of indicator")
_direction = choice(("up", "down", "none"), "a direction")
_basis = choice(("stated", "derived", "implied", "none"), "a basis")
_records = one_or_several(scalars.line, "an id or a list of them")
_ids = several(scalars.line, "a list of ids")
_tasks = several(scalars.task_reference, "a list of tasks")
_agencies = several(names.agency, "a list of agencies")
_NO_TEXT = Text(vi="", en="", fr="")  # never leaves: a file that needs it has findings


@dataclass(frozen=True, slots=True)
class _Book:
    """What the entries of a file share: a source or unit with mistakes is there, but None."""

    origins: Table[str, Origin | None]
    units: Table[str, Unit | None]
    tasks: Collection[str] | None


def read_indicators(path: Path, *, registry: Registry | None = None, tasks: Collection[str] | None = None) -> Result:
    """Return the indicators of a file in the order of their ids, and the findings; none where one forbids it.

    With a registry the agencies, sets and sizes are checked; with the keys of all `tasks`, those named here.
    """
    report = Report(path.as_posix(), Lexicon(registry) if registry else None)
    data = read_bytes(path, report, max_bytes=MAX_BYTES)
    return _read(data, report, tasks) if data is not None else ((), tuple(report.findings))


def read_indicator_text(
    data: bytes, name: str, *, registry: Registry | None = None, tasks: Collection[str] | None = None
) -> Result:
    """Return the indicators of a document's bytes and the findings, placed in the file `name`."""
    return _read(data, Report(name, Lexicon(registry) if registry else None), tasks)


def _read(data: bytes, report: Report, tasks: Collection[str] | None) -> Result:
    root = parse(data, report, max_bytes=MAX_BYTES, max_nodes=_MAX_NODES)
    found: tuple[Indicator, ...] = ()
    if root is not None and (fields := form(report, root, ("sources", "units", "indicators"), needed="a mapping")):
        found = _indicators(fields, tasks)
    return () if report.failed else found, tuple(sorted(report.findings))


def _indicators(fields: Form, tasks: Collection[str] | None) -> tuple[Indicator, ...]:
    report = fields.report
    origins = {name: _origin(report, key, node) for name, (key, node) in _table(fields, "sources").items()}
    units = {name: _unit(report, key, node) for name, (key, node) in _table(fields, "units").items()}
    book = _Book(origins, units, tasks)
    entries = _table(fields, "indicators")
    found = [(key, one) for key, node in entries.values() if (one := _indicator(report, key, node, book))]
    check_records(report, found)
    return tuple(sorted((indicator for _, indicator in found), key=lambda indicator: indicator.id))


def _table(fields: Form, key: str) -> dict[str, tuple[Scalar, Node]]:
    mapping = fields.need(key, lambda report, node: table(report, node, needed=f"a mapping of {key}"))
    return mapping.entries if mapping else {}


def _origin(report: Report, key: Scalar, node: Node) -> Origin | None:
    name = scalars.identifier(report, key)
    fields = form(report, node, ("file", "language", "sha256", "url"), at=key, needed="a source")
    if fields is None:
        return None
    language = fields.need("language", scalars.language)
    if "url" in fields.node.entries:
        for other in ("file", "sha256"):
            if other in fields.node.entries:
                sentence = f"a page has an address and no '{other}'; a text that we hold has no 'url'"
                report.error(fields.node.entries[other][0], "wrong-source", sentence, "delete one of the two")
        url = fields.get("url", scalars.line)
        return Origin(id=name, language=language, url=url) if name and language and url else None
    file, sha256 = fields.need("file", scalars.file_name), fields.need("sha256", scalars.sha256)
    if name and language and file and sha256:
        return Origin(id=name, language=language, file=file, sha256=sha256)
    return None


def _unit(report: Report, key: Scalar, node: Node) -> Unit | None:
    code, name = scalars.identifier(report, key), text(report, node)
    return Unit(code=code, name=name) if code and name else None


def _indicator(report: Report, key: Scalar, node: Node, book: _Book) -> Indicator | None:
    name = scalars.identifier(report, key)
    fields = form(report, node, KEYS, at=key, needed="an indicator")
    if fields is None or name is None:
        return None
    kind = fields.need("kind", _kind)
    title, unit = fields.need("title", text), fields.need("unit", lambda report, node: _known_unit(report, node, book))
    indicator = Indicator(
        id=name,
        title=title or _NO_TEXT,
        unit=unit or Unit(code="", name=_NO_TEXT),
        kind=cast(Kind, kind or "count"),
        direction=cast(Direction, fields.need("direction", _direction) or "none"),
        records=fields.get("record", _records) or (),
        universe=fields.get("universe", _universe),
        exempt=fields.get("exempt", _exempt),
        target=fields.get("target", lambda report, node: _target(report, node, book)),
        tasks=_known_tasks(fields, book),
        obligations=fields.get("obligations", _ids) or (),
        note=fields.get("note", scalars.note),
    )
    seen = _observations(fields, kind or "", book)
    if kind:
        check_indicator(indicator, seen, fields)
    observations = sorted((one.observation for one in seen), key=lambda one: (one.last, one.first))
    return replace(indicator, observations=tuple(observations))


def _known_unit(report: Report, node: Node, book: _Book) -> Unit | None:
    name = scalars.scalar(report, node, needed="a unit")
    if name is not None and name not in book.units:
        remedy = meant(nearest(name, book.units), "add it under 'units' in three languages")
        report.error(node, "unknown-unit", f"there is no unit '{clip(name)}'", remedy)
    return book.units.get(name) if name else None


def _known_tasks(fields: Form, book: _Book) -> tuple[str, ...]:
    keys = fields.get("tasks", _tasks) or ()
    node = fields.node.get("tasks")
    for item in node.items if isinstance(node, Sequence) else ():
        key = item.text.strip() if isinstance(item, Scalar) else ""
        if key not in keys:
            continue
        if "/" not in key:
            remedy = "write its full key, for example 2025/412-tb-vpcp/service-portal"
            fields.report.error(item, "bad-id", f"'{clip(key)}' is the id of a task in no directive", remedy)
        elif book.tasks is not None and key not in book.tasks:
            remedy = meant(nearest(key, book.tasks), "write year/number/id of a task")
            fields.report.error(item, "unknown-task", f"no directive has the task '{clip(key)}'", remedy)
    return keys


def _universe(report: Report, node: Node) -> Universe | None:
    fields = form(report, node, ("set", "text", "size"), needed="a universe {set: …, size: …}")
    if fields is None:
        return None
    name, words = fields.get("set", names.agency_set), fields.get("text", text)
    size = fields.get("size", figures.whole)
    if ("set" in fields.node.entries) == ("text" in fields.node.entries):
        sentence = "a universe is a set of the registry or a text, one of the two"
        report.error(node, "bad-universe", sentence, "write set: communes, or text: {en: …, vi: …, fr: …}")
        return None
    return Universe(set=name, text=words, size=size) if name or words else None


def _exempt(report: Report, node: Node) -> Exemption | None:
    fields = form(report, node, ("agencies", "size"), needed="exemptions {agencies: […]}")
    if fields is None:
        return None
    agencies, size = fields.need("agencies", _agencies), fields.get("size", figures.whole)
    return Exemption(agencies=agencies, size=size or len(agencies)) if agencies else None


def _target(report: Report, node: Node, book: _Book) -> Target | None:
    fields = form(report, node, ("value", "basis", "as_of", "source", "note"), needed="a target {value: …, basis: …}")
    if fields is None:
        return None
    basis = fields.need("basis", _basis)
    if basis == "none":
        if "value" in fields.node.entries:
            sentence = "a target without a basis has no value"
            report.error(fields.node.entries["value"][0], "bad-target", sentence, "say what the value rests on")
        return None
    value: Decimal | None = fields.need("value", figures.figure)
    reader = lambda report, node: read_reading(report, node, origins=book.origins)  # noqa: E731
    source: Reading | None = fields.need("source", reader) if basis == "stated" else fields.get("source", reader)
    as_of, note = fields.get("as_of", scalars.day), fields.get("note", scalars.note)
    if value is None or basis is None:
        return None
    return Target(value=value, basis=cast(TargetBasis, basis), as_of=as_of, source=source, note=note)


def _observations(fields: Form, kind: str, book: _Book) -> list[Seen]:
    node = fields.node.get("observations")
    if node is None:
        if "target" not in fields.node.entries:
            remedy = "add 'observations', or a target to be observed"
            fields.report.error(fields.at, "no-observations", "nothing is known of this indicator", remedy)
        return []
    if not isinstance(node, Sequence) or not node.items:
        fields.report.error(node, "wrong-type", "a list of observations is needed here", "write - {value: …, as_of: …}")
        return []
    report = fields.report
    found = (read_observation(report, item, kind=kind, origins=book.origins) for item in node.items)
    return [seen for seen in found if seen]
