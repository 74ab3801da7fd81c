"""Searching: what tasks and agencies say, folded once for each adopted text, and the ways to say some words."""

from collections.abc import Mapping
from threading import Lock

from tracker.domain.agency import Registry
from tracker.domain.search import Way, folded, ways, words_of
from tracker.domain.text import LANGUAGES
from tracker.store import queries
from tracker.store.store import Connection
from tracker.views.sight import Sight

_ROOM = 4_096
_QUERIES = 64
_SAID: dict[tuple[tuple[str, ...], tuple[tuple[str, str, str], ...]], tuple[Registry, tuple[Way, ...]]] = {}
_LOCK = Lock()
_TASKS: dict[tuple[str, str], Mapping[str, str]] = {}
_AGENCIES: list[tuple[Registry, Mapping[str, str]]] = []


def said(seen: Sight, connection: Connection, query: str) -> tuple[Way, ...] | None:
    """Return the ways in which the words of a query are said at that instant; None where it has none."""
    words = words_of(query)
    if not words:
        return None
    marks = tuple(seen.marks())
    known = _SAID.get((words, marks))
    if known is not None and known[0] is seen.registry:
        return known[1]
    tasks: dict[str, str] = {}
    for key, number, mark in marks:
        tasks.update(_tasks(seen, connection, key, number, mark))
    found = ways(words, tasks=tasks, agencies=_agencies(seen.registry))
    with _LOCK:
        while len(_SAID) >= _QUERIES:
            _SAID.pop(next(iter(_SAID)))
        _SAID[words, marks] = seen.registry, found
    return found


def _tasks(seen: Sight, connection: Connection, key: str, number: str, mark: str) -> Mapping[str, str]:
    """Return what each task of a directive says: its titles, its reference, the number and title of its directive."""
    if (known := _TASKS.get((key, mark))) is not None:
        return known
    document = queries.document_at(connection, key, seen.adopted_by) or {}
    heading = [key, number, *_words(document.get("title", {}))]
    found = {
        f"{key}/{name}": folded(" ".join([name, *heading, *_words(task["title"])]))
        for name, task in document.get("tasks", {}).items()
    }
    with _LOCK:
        while len(_TASKS) >= _ROOM:
            _TASKS.pop(next(iter(_TASKS)))
        _TASKS[key, mark] = found
    return found


def _words(text: Mapping[str, str]) -> list[str]:
    return [text[language] for language in LANGUAGES if text.get(language)]


def _agencies(registry: Registry) -> Mapping[str, str]:
    for known, found in tuple(_AGENCIES):
        if known is registry:
            return found
    found = {
        agency.code: folded(
            " ".join([agency.code, agency.symbol or "", agency.name.vi, agency.name.en, agency.name.fr])
        )
        for agency in registry.agencies.values()
    }
    with _LOCK:
        _AGENCIES[:] = [(registry, found), *_AGENCIES[:3]]
    return found
