"""Directives: one signed document, its sources, and its tasks as nodes of a graph."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from tracker.domain.calendar import Span
from tracker.domain.deadline import Due
from tracker.domain.number import fold as fold
from tracker.domain.number import kind_of
from tracker.domain.text import Text

Attribution = Literal["explicit", "article-context", "narrator"]
Basis = Literal["named", "inherited", "inferred"]
NeedKind = Literal["finish-start", "start-start", "during"]
RelationWord = Literal["implements", "amends", "supersedes", "restates", "refers_to", "derives_from", "reviews"]
Status = Literal["in_force", "draft", "reported"]


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
    """A fan-out: one assignment for each agency of a set or list, less the exempt ones.

    `complete_when` is 'all', 'any', a number of agencies ('20') or a share of them ('60 %'). With
    `then` it is a cascade: the offices of that set below each agency owe the task as well.
    """

    agencies: str | tuple[str, ...]
    exempt: tuple[str, ...] = ()
    on_behalf_of: str | None = None
    complete_when: str = "all"
    then: str | None = None

    @property
    def named(self) -> tuple[str, ...]:
        """Return the sets and codes it names, as a tuple also where it is one."""
        return (self.agencies,) if isinstance(self.agencies, str) else self.agencies

    def quorum(self, count: int) -> int:
        """Return how many of `count` agencies must have completed for the task as a whole to be complete.

        >>> ForEach(agencies="provinces", complete_when="60 %").quorum(34)
        21
        """
        if self.complete_when == "all":
            return count
        if self.complete_when == "any":
            return min(1, count)
        if self.complete_when.endswith("%"):
            return -(-count * int(self.complete_when.rstrip(" %")) // 100)
        return int(self.complete_when)


@dataclass(frozen=True, slots=True)
class Need:
    """A task that must come first, as a full task key; inferred where the text only implies it.

    By default this one starts when that one is completed. With `start-start` it starts when that one
    starts, with `during` it goes on while that one does. `lag` is the time that must pass between.
    """

    task: str
    basis: Literal["stated", "inferred"] = "stated"
    kind: NeedKind = "finish-start"
    lag: Span | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """What a directive is to another document, which is named by its number, or by the key of a directive."""

    word: RelationWord
    number: str
    issued: date | None = None


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
    indicators: tuple[str, ...] = ()
    restates: tuple[str, ...] = ()
    supervises: tuple[str, ...] = ()
    derives_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Directive:
    """A signed document. Identity is number and date of issue; `key` is both, fit for paths and links.

    What has no official number (a meeting, a practice) goes by a short name: `numbered` is False.
    """

    number: str
    issued: date
    issuer: str
    title: Text
    sources: tuple[Source, ...] = ()
    tasks: tuple[Task, ...] = ()
    note: str | None = None
    numbered: bool = True
    stated_kind: str | None = None
    status: Status = "in_force"
    relations: tuple[Relation, ...] = ()

    @property
    def kind(self) -> str:
        """Return what sort of document it is: as stated, else as its number says."""
        return self.stated_kind or kind_of(self.number) or "practice"

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
