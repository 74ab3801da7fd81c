"""Table: the task table of a printed plan, row by row, to a directive: the columns that Vietnam's own plans have.

What a cell says is matched exactly, accents and case apart; nothing is guessed. What does not match
is a finding at its cell, with the guess as a question.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from tracker.domain.agency import Registry
from tracker.domain.deadline import By, Due
from tracker.domain.directive import Directive, ForEach, Task, directive_key, fold
from tracker.domain.finding import Finding
from tracker.domain.text import Text
from tracker.files.draft_file import issuer_of, number_of, title_of
from tracker.files.lexicon import Lexicon
from tracker.files.offices import are_concerned, codes_of
from tracker.files.sheet import Row, SheetCell, read_csv, read_sheet
from tracker.files.wording import rule_of
from tracker.files.words import clip

# column -> how its head may read, folded; the first words count ("sản phẩm, kết quả" is a product)
HEADS: dict[str, tuple[str, ...]] = {
    "task": ("nhiem-vu", "noi-dung", "ten-nhiem-vu", "cong-viec", "task", "duty", "content", "tache", "mission"),
    "host": (
        "co-quan-chu-tri", "don-vi-chu-tri", "co-quan-don-vi-chu-tri", "chu-tri", "co-quan-thuc-hien",
        "don-vi-thuc-hien", "host", "lead", "responsible",
        "organisme-responsable", "organisme-pilote", "pilote", "chef-de-file", "responsable",
    ),
    "with": (
        "co-quan-phoi-hop", "don-vi-phoi-hop", "phoi-hop", "cooperating", "cooperation", "coordinating", "with",
        "organismes-associes", "organismes-cooperants", "en-cooperation", "cooperants", "associes",
    ),
    "product": (
        "san-pham", "ket-qua", "hinh-thuc", "product", "deliverable", "output", "result", "produit", "livrable",
    ),
    "deadline": (
        "thoi-han", "thoi-gian", "han-hoan-thanh", "tien-do", "deadline", "due", "time", "echeance", "delai",
        "date-limite",
    ),
}  # fmt: skip
_NEEDED = ("task", "host")
_HEAD_ROWS = 30
_ID_LENGTH = 40


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """A row as it was understood: its cell, and the task it became."""

    place: str
    task: Task


@dataclass(frozen=True, slots=True)
class Imported:
    """A table as a directive; None where a finding forbids it."""

    directive: Directive | None
    rows: tuple[ImportedRow, ...]
    findings: tuple[Finding, ...]


def read_table(
    path: Path,
    words: str,
    issued: date,
    *,
    registry: Registry,
    issuer: str | None = None,
    sheet: str | None = None,
) -> Imported:
    """Return the directive that a task table describes, and what cannot be understood, cell by cell.

    Raises Invalid or NotFound for the number, the issuer or the file itself.
    """
    number = number_of(words)
    head = Directive(
        number=number.text,
        issued=issued,
        issuer=issuer_of(number.issuer, registry, given=issuer),
        title=title_of(number),
    )
    reading = _Reading(Lexicon(registry), directive_key(number.text, issued))
    reading.read(read_csv(path) if path.suffix.lower() == ".csv" else read_sheet(path, sheet))
    failed = any(finding.severity == "error" for finding in reading.findings)
    tasks = tuple(sorted((row.task for row in reading.rows), key=lambda task: task.id))
    return Imported(None if failed else replace(head, tasks=tasks), tuple(reading.rows), tuple(reading.findings))


class _Reading:
    """A table being read: its columns, rows and findings."""

    def __init__(self, lexicon: Lexicon, key: str) -> None:
        self.lexicon = lexicon
        self.key = key
        self.rows: list[ImportedRow] = []
        self.findings: list[Finding] = []
        self.ids: set[str] = set()

    def read(self, rows: tuple[Row, ...]) -> None:
        """Read the rows below the head."""
        for at, row in enumerate(rows[:_HEAD_ROWS]):
            columns = _columns(row)
            if all(name in columns for name in _NEEDED):
                for below in rows[at + 1 :]:
                    self._row(below, columns)
                self._check_any(rows[at])
                return
        if rows and rows[0]:
            remedy = "name the columns: task (nhiệm vụ), host agency (cơ quan chủ trì), deadline (thời hạn)"
            self._note(rows[0][0], "no-table-head", "no row names the columns of a task and of its host agency", remedy)

    def _check_any(self, head: Row) -> None:
        if not self.rows and not self.findings:
            self._note(head[0], "no-rows", "no task stands below the head", "check which sheet is meant")
        elif self.rows:
            self._warn(head[0], "one-language", "the titles stand in one language three times", "translate them")

    def _row(self, row: Row, columns: dict[str, int]) -> None:
        cells = {name: row[at] for name, at in columns.items()}
        if not any(cell.text for cell in cells.values()):
            return
        for cell in cells.values():
            if cell.formula:
                remedy = "put the value in the cell instead (copy, paste as value)"
                self._note(cell, "formula", f"the cell is computed: '{clip(cell.text)}'", remedy)
        cells = {name: cell for name, cell in cells.items() if not cell.formula}
        title = cells.get("task")
        if title is None:
            self._check(cells)
        elif _is_numbering(cells.values()):
            return
        elif not title.text:
            self._note(title, "no-task", "the row has no task", "write it, or empty the row")
            self._check(cells)
        elif not any(cell.text for cell in cells.values() if cell.text != title.text):
            self._warn(title, "heading-row", f"'{clip(title.text)}' has no host agency: taken as a heading", "check it")
        else:
            self._task(title, cells)

    def _check(self, cells: dict[str, SheetCell]) -> None:
        """Note what is wrong in the other cells of a row that becomes no task."""
        self._host(cells.get("host"))
        self._cooperating(cells)
        if cells.get("deadline"):
            self._due(cells["deadline"], cells["deadline"])

    def _task(self, title: SheetCell, cells: dict[str, SheetCell]) -> None:
        lead, fan_out = self._host(cells.get("host"))
        name = self._id(title.text)
        line = " ".join(title.text.split())
        product = cells["product"].text if "product" in cells else ""
        task = Task(
            key=f"{self.key}/{name}",
            id=name,
            title=Text(vi=line, en=line, fr=line),
            lead=lead,
            for_each=fan_out,
            supporting=self._cooperating(cells),
            due=self._due(cells.get("deadline"), title),
            deliverable=" ".join(product.split()) or None,
        )
        self.rows.append(ImportedRow(str(title.place), task))

    def _id(self, words: str) -> str:
        name = re.sub(r"^[^a-z]+", "", fold(words))[:_ID_LENGTH]
        name = (name.rpartition("-")[0] if len(name) == _ID_LENGTH and "-" in name else name).strip("-") or "task"
        free = name
        number = 2
        while free in self.ids:
            free, number = f"{name}-{number}", number + 1
        self.ids.add(free)
        return free

    def _cooperating(self, cells: dict[str, SheetCell]) -> tuple[str, ...]:
        return self._agencies(cells["with"]) if "with" in cells else ()

    def _host(self, cell: SheetCell | None) -> tuple[str | None, ForEach | None]:
        if cell is None:  # it was computed
            return None, None
        if not cell.text:
            self._note(cell, "no-owner", "the task has no host agency", "name one")
            return None, None
        found = self._agencies(cell)
        if not found:
            if not any(finding.place == cell.place and finding.severity == "error" for finding in self.findings):
                self._note(cell, "no-owner", "the cell names no host agency", "name one")
            return None, None
        sets = [name for name in found if self.lexicon.is_set(name)]
        if len(found) == 1 and not sets:
            return found[0], None
        if sets:
            return None, ForEach(agencies=found[0] if len(found) == 1 else found)
        sentence = f"the task has {len(found)} host agencies: {', '.join(found)}"
        self._note(cell, "several-leads", sentence, "keep one, and move the others to the cooperating agencies")
        return None, None

    def _agencies(self, cell: SheetCell) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for words in re.split(r"[;\n]", cell.text):
            if words.strip():
                found |= dict.fromkeys(self._listed(cell, words.strip(" .,-+")))
        return tuple(found)

    def _listed(self, cell: SheetCell, words: str) -> Iterator[str]:
        """Yield the agencies of words; names may hold the commas and the 'and' that also part them."""
        pieces = re.split(r"(,|\s+(?:và|and|et)\s+)", words)
        while pieces:
            for count in range(len(pieces), 0, -2):
                joined = "".join(pieces[:count])
                if codes := codes_of(joined, self.lexicon):
                    yield from codes
                    break
                if are_concerned(joined):
                    sentence = f"'{clip(joined.strip())}' names nobody, and is left out"
                    self._warn(cell, "agencies-concerned", sentence, "name them when you know them")
                    break
            else:
                count = 1
                self._note_stranger(cell, pieces[0].strip())
            pieces = pieces[count + 1 :]

    def _note_stranger(self, cell: SheetCell, words: str) -> None:
        guess = self.lexicon.guess(words)
        name = self.lexicon.registry.agencies[guess].name.vi if guess and self.lexicon.is_agency(guess) else guess
        remedy = f"did you mean {guess} ({name})?" if guess else "write its code or its name as the registry has it"
        self._note(cell, "unknown-agency", f"the registry has no agency or set '{clip(words)}'", remedy)

    def _due(self, cell: SheetCell | None, title: SheetCell) -> Due | None:
        if cell is None or not cell.text:
            self._warn(cell or title, "no-deadline", "the task has no deadline", "add one, or a review interval")
            return None
        if cell.day:
            return Due(rule=By(cell.day))
        words = " ".join(cell.text.split())
        try:
            return Due(rule=rule_of(words), words=words)
        except ValueError as error:
            remedy = "write for example 31/8/2025, trước 31/8/2025, tháng 9/2025, quý III/2025 or thường xuyên"
            self._note(cell, "unread-deadline", f"'{clip(words)}' is no deadline: {error}", remedy)
            return None

    def _note(self, cell: SheetCell, code: str, sentence: str, remedy: str) -> None:
        self.findings.append(cell.finding(code, sentence, remedy))

    def _warn(self, cell: SheetCell, code: str, sentence: str, remedy: str) -> None:
        self.findings.append(cell.finding(code, sentence, remedy, severity="warning"))


def _columns(row: Row) -> dict[str, int]:
    """Return which column is what, as far as the row's words say; of two alike the first."""
    found: dict[str, int] = {}
    for at, cell in enumerate(row):
        words = fold(cell.text)
        name = next((name for name, heads in HEADS.items() if _starts(words, heads)), None)
        if name:
            found.setdefault(name, at)
    return found


def _starts(words: str, heads: Iterable[str]) -> bool:
    return any(words == head or words.startswith(head + "-") or words == head + "s" for head in heads)


def _is_numbering(cells: Iterable[SheetCell]) -> bool:
    """Return whether a row only numbers its columns: (1), (2), (3)."""
    texts = [cell.text for cell in cells if cell.text]
    return all(re.fullmatch(r"\(?[0-9]{1,2}\)?", text) for text in texts)
