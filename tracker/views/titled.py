"""Titles in reasons: the domain knows the task waited for by its key alone; who reads knows it by its title."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tracker.domain.phrase import Phrase
from tracker.views.rows import TaskRow
from tracker.views.sight import Sight


def titled(seen: Sight, phrases: Iterable[Phrase], language: str) -> tuple[Phrase, ...]:
    """Return sentences with the titles of the tasks they name; one that has none keeps its key."""
    found = tuple(phrases)
    names = _names(seen, found, language)
    return tuple(_with(phrase, names) for phrase in found)


def with_titles(seen: Sight, rows: Iterable[TaskRow], language: str) -> tuple[TaskRow, ...]:
    """Return rows whose reasons name the tasks waited for by their titles."""
    found = tuple(rows)
    names = _names(seen, (row.reason for row in found), language)
    return tuple(replace(row, reason=_with(row.reason, names)) for row in found)


def _names(seen: Sight, phrases: Iterable[Phrase], language: str) -> Mapping[str, str]:
    keys = {first for phrase in phrases if isinstance(first := phrase.values.get("first"), str)}
    return seen.titles(frozenset(keys), language) if keys else {}


def _with(phrase: Phrase, names: Mapping[str, str]) -> Phrase:
    first = phrase.values.get("first")
    if not isinstance(first, str) or first not in names:
        return phrase
    return replace(phrase, values={**phrase.values, "first": names[first]})
