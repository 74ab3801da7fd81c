"""Registry: the reference data of a folder, from agencies.yaml, communes.csv, calendar.yaml and ladders.yaml.

And from extensions.yaml, where that is there: without it the rule holds that the tracker brings along.
"""

import csv
import re
import unicodedata
from collections.abc import Iterable
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from pathlib import Path

from tracker.domain.agency import Agency, AgencySet, Registry
from tracker.domain.extension import NO_RULES, ExtensionRules
from tracker.domain.finding import Finding
from tracker.domain.text import Text
from tracker.files import scalars
from tracker.files.calendar import KEYS as CALENDAR_KEYS
from tracker.files.calendar import read_calendar
from tracker.files.extensions import KEYS as EXTENSION_KEYS
from tracker.files.extensions import read_extensions
from tracker.files.form import Form, form, several, table, text
from tracker.files.ladders import KEYS as LADDER_KEYS
from tracker.files.ladders import Reminding, read_ladders
from tracker.files.nodes import Node, Sequence, decode, parse
from tracker.files.reader import read_bytes
from tracker.files.report import Report, Spot
from tracker.files.words import clip, meant

MAX_BYTES = 4 * 1024 * 1024
_MAX_NODES = 500_000
_COLUMNS = ("code", "name_vi", "type", "province_code")
_CODE = re.compile(r"[0-9A-Za-z-]{1,20}")
_AGENCY_KEYS = (
    "code", "kind", "name", "parent", "symbol", "language", "valid_from", "valid_to", "absorbed", "note",
)  # fmt: skip
_names = several(scalars.line, "a list of names")
_kinds = several(scalars.identifier, "a list of kinds")
_codes = several(scalars.agency_code, "a list of agencies")


@dataclass(slots=True)
class _Book:
    """The agencies found so far, and where the codes they refer to stand."""

    agencies: dict[str, Agency] = field(default_factory=dict)
    places: dict[str, tuple[Report, Spot]] = field(default_factory=dict)
    parents: dict[str, tuple[Report, Spot]] = field(default_factory=dict)


def read_registry(folder: Path) -> tuple[Registry | None, tuple[Finding, ...]]:
    """Return the registry of a folder, or None where a finding forbids using it, and the findings."""
    reports: list[Report] = []
    book, sets = _Book(), dict[str, AgencySet]()
    calendar, ladders = None, None
    if fields := _open(folder / "agencies.yaml", ("files", "agencies", "sets"), reports):
        _read_agencies(fields, book)
        _read_files(fields, folder, book, reports)
        _check_parents(book)
        sets = fields.need("sets", lambda report, node: _sets(report, node, book.agencies)) or {}
    if fields := _open(folder / "calendar.yaml", CALENDAR_KEYS, reports):
        calendar = read_calendar(fields)
    if fields := _open(folder / "ladders.yaml", LADDER_KEYS, reports):
        ladders = read_ladders(fields, _offices(book.agencies))
    extensions = _extensions(folder, reports)
    findings = tuple(sorted(finding for report in reports for finding in report.findings))
    if calendar is None or ladders is None or extensions is None or any(report.failed for report in reports):
        return None, findings
    found = Registry(
        agencies=book.agencies,
        sets=sets,
        calendar=calendar,
        ladders=ladders.ladders,
        due_soon=ladders.due_soon,
        extensions=extensions,
        secretariat=ladders.secretariat,
        head=ladders.head,
        lists=ladders.lists,
    )
    return found, findings


def read_policy(file: Path, registry: Registry) -> tuple[Reminding | None, tuple[Finding, ...]]:
    """Return a ladders.yaml of its own, to be tried with the agencies of a registry, and the findings."""
    reports: list[Report] = []
    fields = _open(file, LADDER_KEYS, reports)
    found = read_ladders(fields, _offices(registry.agencies)) if fields else None
    findings = tuple(sorted(finding for report in reports for finding in report.findings))
    return None if any(report.failed for report in reports) else found, findings


def _extensions(folder: Path, reports: list[Report]) -> ExtensionRules | None:
    file = folder / "extensions.yaml"
    if not file.exists() and not file.is_symlink():
        return NO_RULES
    fields = _open(file, EXTENSION_KEYS, reports)
    if fields is None:
        return None
    return read_extensions(fields, is_known=lambda key: (folder.parent / f"{key}.yaml").is_file())


def _open(file: Path, keys: Iterable[str], reports: list[Report]) -> Form | None:
    report = Report(file.as_posix())
    reports.append(report)
    data = read_bytes(file, report, max_bytes=MAX_BYTES)
    root = None if data is None else parse(data, report, max_bytes=MAX_BYTES, max_nodes=_MAX_NODES)
    return None if root is None else form(report, root, keys, needed="a mapping")


def _read_agencies(fields: Form, book: _Book) -> None:
    node = fields.node.get("agencies")
    if not isinstance(node, Sequence):
        fields.need("agencies", several(scalars.line, "a list of agencies"))
        return
    for item in node.items:
        _read_agency(fields.report, item, book)


def _read_agency(report: Report, node: Node, book: _Book) -> None:
    fields = form(report, node, _AGENCY_KEYS, needed="an agency")
    if fields is None:
        return
    code = fields.need("code", scalars.agency_code)
    kind = fields.need("kind", scalars.identifier)
    name = fields.need("name", text)
    parent = fields.get("parent", scalars.agency_code)
    fields.get("absorbed", _names)
    agency = Agency(
        code=code or "",
        kind=kind or "",
        name=name or Text(vi="", en="", fr=""),
        parent=parent,
        symbol=fields.get("symbol", scalars.line),
        language=fields.get("language", scalars.language) or "vi",
        valid_from=fields.get("valid_from", scalars.day),
        valid_to=fields.get("valid_to", scalars.day),
    )
    if agency.valid_from and agency.valid_to and agency.valid_from >= agency.valid_to:
        at = fields.node.entries["valid_to"][1]
        report.error(at, "bad-date", "the agency ends before it begins", "valid_to is the first day without it")
    if code:
        _enter(book, agency, report, _spot(fields, "code"))
    if code and parent:
        book.parents[code] = (report, _spot(fields, "parent"))


def _spot(fields: Form, key: str) -> Spot:
    node = fields.node.get(key) or fields.node
    return Spot(node.line, node.column)


def _enter(book: _Book, agency: Agency, report: Report, spot: Spot) -> None:
    if other := book.places.get(agency.code):
        sentence = f"the code '{agency.code}' stands in {other[0].place(other[1])} too"
        report.error(spot, "duplicate-agency", sentence, "give each agency a code of its own")
        return
    book.agencies[agency.code] = agency
    book.places[agency.code] = (report, spot)


def _read_files(fields: Form, folder: Path, book: _Book, reports: list[Report]) -> None:
    node = fields.node.get("files")
    files = None if node is None else form(fields.report, node, ("communes",), needed="a mapping of files")
    name = files.get("communes", scalars.file_name) if files else None
    if name is None:
        return
    report = Report((folder / name).as_posix())
    reports.append(report)
    data = read_bytes(folder / name, report, max_bytes=MAX_BYTES)
    words = None if data is None else decode(data, report, max_bytes=MAX_BYTES)
    if words is not None:
        _read_communes(words, report, book)


def _read_communes(words: str, report: Report, book: _Book) -> None:
    lines = re.split(r"\r\n|\r|\n", unicodedata.normalize("NFC", words))
    rows = csv.reader(lines, strict=True)
    line = 1
    try:
        header = next(rows, [])
        if tuple(header) != _COLUMNS:
            remedy = "write " + ",".join(_COLUMNS)
            report.error(Spot(1, 1), "bad-header", "the first line does not name the columns", remedy)
            return
        line = rows.line_num + 1
        for row in rows:
            if row:
                _commune(row, line, report, book, lines)
            line = rows.line_num + 1
    except csv.Error as error:
        report.error(Spot(line, 1), "bad-row", f"this is no CSV: {error}", "mend the quotes")


def _commune(row: list[str], line: int, report: Report, book: _Book, lines: list[str]) -> None:
    if len(row) != len(_COLUMNS):
        sentence = f"the row has {len(row)} columns, not {len(_COLUMNS)}"
        report.error(Spot(line, 1), "bad-row", sentence, "write " + ",".join(_COLUMNS))
        return
    for index, value in enumerate(row):
        if not value.strip():
            at = Spot(line, _column(row, index, lines[line - 1]))
            report.error(at, "empty-value", f"'{_COLUMNS[index]}' is empty", "write it, or delete the row")
            return
    code, name, _, province = row
    if not _CODE.fullmatch(code):
        report.error(Spot(line, 1), "bad-id", f"'{clip(code)}' is not a code", "write digits or letters A-Z")
        return
    commune = Agency(code=code, kind="commune", name=Text(vi=name, en=name, fr=name), parent=province)
    _enter(book, commune, report, Spot(line, 1))
    if province not in book.agencies:
        book.parents[code] = (report, Spot(line, _column(row, 3, lines[line - 1])))


def _column(row: list[str], index: int, line: str) -> int:
    """Return where a value begins in its line; with quotes about, the line itself is where it stands."""
    return 1 if '"' in line else 1 + sum(len(value) + 1 for value in row[:index])


def _check_parents(book: _Book) -> None:
    for code, (report, spot) in book.parents.items():
        parent = book.agencies[code].parent or ""
        if parent not in book.agencies:
            remedy = meant(report.guess(parent, _offices(book.agencies)), "add the parent, or delete the key")
            report.error(spot, "unknown-agency", f"there is no agency '{clip(parent)}'", remedy)
        elif _leads_back(code, book.agencies):
            sentence = f"following the parents of '{code}' leads back to it"
            report.error(spot, "cycle", sentence, "give one of them another parent")


def _leads_back(code: str, agencies: Table[str, Agency]) -> bool:
    seen: set[str] = set()
    at = code
    while at in agencies and at not in seen:
        seen.add(at)
        at = agencies[at].parent or ""
    return at == code


def _sets(report: Report, node: Node, agencies: Table[str, Agency]) -> dict[str, AgencySet] | None:
    mapping = table(report, node, needed="a mapping of sets")
    if mapping is None:
        return None
    found = {}
    for key, value in mapping.entries.values():
        name = scalars.identifier(report, key)
        if name in agencies:
            report.error(key, "duplicate-agency", f"'{name}' is the code of an agency", "give the set another name")
        fields = form(report, value, ("kind", "codes"), at=key, needed="a set {kind: […], codes: […]}")
        if fields is None:
            continue
        kinds = fields.get("kind", _kinds_of({agency.kind for agency in agencies.values()})) or ()
        codes = fields.get("codes", several(_code_of(agencies), "a list of agencies")) or ()
        if not fields.node.entries:
            report.error(key, "missing-key", "the set has neither 'kind' nor 'codes'", "add one of them")
        if name:
            found[name] = AgencySet(kinds=kinds, codes=codes)
    return found


def _kinds_of(kinds: set[str]) -> scalars.Reader[tuple[str, ...]]:
    def read(report: Report, node: Node) -> str | None:
        kind = scalars.identifier(report, node)
        if kind is None or kind in kinds:
            return kind
        report.error(
            node, "unknown-kind", f"no agency is a '{clip(kind)}'", meant(report.guess(kind, kinds), "see 'kind'")
        )
        return None

    return several(read, "a list of kinds")


def _code_of(agencies: Table[str, Agency]) -> scalars.Reader[str]:
    def read(report: Report, node: Node) -> str | None:
        code = scalars.agency_code(report, node)
        if code is None or code in agencies:
            return code
        remedy = meant(report.guess(code, _offices(agencies)), "add the agency, or delete the code")
        report.error(node, "unknown-agency", f"there is no agency '{clip(code)}'", remedy)
        return None

    return read


def _offices(agencies: Table[str, Agency]) -> list[str]:
    return [agency.code for agency in agencies.values() if agency.kind != "commune"]
