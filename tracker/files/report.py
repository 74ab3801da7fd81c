"""Report: the findings of one file as they are made, each with its place."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from tracker.domain.finding import Finding, Place, Severity
from tracker.files.lexicon import Lexicon
from tracker.files.words import nearest, visible

_MAX_GUESSES = 50


@dataclass(frozen=True, slots=True)
class Spot:
    """A line and a column, counted from 1."""

    line: int
    column: int


class At(Protocol):
    """Anything that knows where in its file it stands."""

    @property
    def line(self) -> int:
        """Return the line, counted from 1."""

    @property
    def column(self) -> int:
        """Return the column, counted from 1."""


class Report:
    """The findings of one file, and the registry's lexicon where names are to be checked."""

    def __init__(self, file: str, lexicon: Lexicon | None = None) -> None:
        self.file = visible(file)
        self.lexicon = lexicon
        self.findings: list[Finding] = []
        self._guesses = 0

    def error(self, at: At, code: str, sentence: str, remedy: str) -> None:
        """Note a mistake that forbids applying the file."""
        self._add(at, code, sentence, remedy, "error")

    def warning(self, at: At, code: str, sentence: str, remedy: str) -> None:
        """Note something worth a second look."""
        self._add(at, code, sentence, remedy, "warning")

    def guess(self, word: str, candidates: Iterable[str]) -> str | None:
        """Return the candidate most likely meant; None after many guesses, lest a file full of slips take minutes."""
        return nearest(word, candidates) if self.may_guess() else None

    def may_guess(self) -> bool:
        """Return whether one more guess may be made, and count it."""
        self._guesses += 1
        return self._guesses <= _MAX_GUESSES

    def has(self, code: str) -> bool:
        """Return whether a finding of that code was made."""
        return any(finding.code == code for finding in self.findings)

    @property
    def failed(self) -> bool:
        """Return whether a finding forbids applying the file."""
        return any(finding.severity == "error" for finding in self.findings)

    def place(self, at: At) -> Place:
        """Return a place in this file."""
        return Place(self.file, at.line, at.column)

    def _add(self, at: At, code: str, sentence: str, remedy: str, severity: Severity) -> None:
        self.findings.append(Finding(self.place(at), code, sentence, remedy, severity))
