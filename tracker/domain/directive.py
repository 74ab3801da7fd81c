"""Directives: one signed document, its sources, and its tasks as nodes of a graph."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Literal

from tracker.domain.calendar import Span
from tracker.domain.deadline import Due
from tracker.domain.text import Text

Attribution = Literal["explicit", "article-context", "narrator"]
Basis = Literal["named", "inherited", "inferred"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A text a directive was read from: a name, its language, the fingerprint of its bytes."""

    id: str
    file: str
    language: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Locator:
    """Where a task was read: source, sentence counted from 1, and the sentence's fingerprint; never its text."""

    source: str
    sentence: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForEach:
    """A fan-out: one assignment for each agency of a set or list, less the exempt ones."""

    agencies: str | tuple[str, ...]
    exempt: tuple[str, ...] = ()
    on_behalf_of: str | None = None
    complete_when: str = "all"


@dataclass(frozen=True, slots=True)
class Need:
    """A task that must be completed first, as a full task key; inferred where the text only implies it."""

    task: str
    basis: Literal["stated", "inferred"] = "stated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One duty of a directive. `key` is the directive's key and the task's id, unique everywhere."""

    key: str
    id: str
    title: Text
    source: Locator | None = None
    records: tuple[str, ...] = ()
    attribution: Attribution = "explicit"
    modality: str = "must"
    kind: str = "task"
    tracked: bool = True
    lead: str | None = None
    for_each: ForEach | None = None
    lead_basis: Basis = "named"
    supporting: tuple[str, ...] = ()
    via: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
    takes: Span | None = None
    due: Due | None = None
    deliverable: str | None = None
    evidence_required: bool = False
    remind: str = "standard"
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Directive:
    """A signed document. Identity is number and date of issue; `key` is both, fit for paths and links."""

    number: str
    issued: date
    issuer: str
    title: Text
    sources: tuple[Source, ...] = ()
    tasks: tuple[Task, ...] = ()
    note: str | None = None

    @property
    def key(self) -> str:
        """Return the key, for example '2025/412-tb-vpcp'."""
        return directive_key(self.number, self.issued)

    def task(self, key: str) -> Task | None:
        """Return the task with that full key, if the directive has it."""
        return next((task for task in self.tasks if task.key == key), None)


def directive_key(number: str, issued: date) -> str:
    """Return the key of a document: numbers restart every year, so the year leads.

    >>> directive_key("2179/QĐ-TTg", date(2025, 10, 6))
    '2025/2179-qd-ttg'
    """
    return f"{issued.year}/{fold(number)}"


def fold(words: str) -> str:
    """Return words as ASCII for keys and look-ups: no accents, Đ as d, lower case, hyphens between.

    >>> fold("Quyết định 42/QĐ-TTg")
    'quyet-dinh-42-qd-ttg'
    """
    plain = unicodedata.normalize("NFKD", words.replace("Đ", "D").replace("đ", "d"))
    ascii_only = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "-", ascii_only.lower()).strip("-")
