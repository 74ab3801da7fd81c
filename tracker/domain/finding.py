"""Findings: mistakes in files as values, each with its place, so that one run shows them all."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands: a file, and its line and column counted from 1.

    >>> str(Place("2025/412-tb-vpcp.yaml", 14, 3))
    '2025/412-tb-vpcp.yaml:14:3'
    """

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One mistake: where, its stable code, what is wrong in a sentence, and what to do.

    >>> print(Finding(Place("a.yaml", 2, 1), "unknown-key", "'taks' is no key", "write 'tasks'"))
    a.yaml:2:1: unknown-key: 'taks' is no key (write 'tasks')
    """

    place: Place
    code: str
    sentence: str
    remedy: str
    severity: Severity = "error"

    def __str__(self) -> str:
        return f"{self.place}: {self.code}: {self.sentence} ({self.remedy})"


def errors(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings that forbid applying, in the order of their places."""
    return tuple(sorted(finding for finding in findings if finding.severity == "error"))
