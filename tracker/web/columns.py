"""Columns of lists of tasks: their words, their values as text, days and numbers, and the words of a filter."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from gettext import NullTranslations

from tracker.domain.agency import Registry
from tracker.notify.reasons import sentence
from tracker.notify.tongue import catalogue, day
from tracker.operations.listing import Column, Kind, Value
from tracker.views.rows import TaskRow, agency_name
from tracker.views.sought import Sought
from tracker.web.tokens import N_, token


@dataclass(frozen=True, slots=True)
class Field:
    """A column: the words above it, what kind of values it has, and its value in a row for a reader."""

    title: str
    kind: Kind
    value: Callable[[TaskRow, str], Value]


def _word(table: str, name: str, language: str) -> str:
    return catalogue(language).gettext(token(table, name).word)


FIELDS: Mapping[str, Field] = {
    "title": Field(N_("Task"), "long", lambda row, _: row.title),
    "agency": Field(N_("Agency"), "long", lambda row, _: row.agency_name),
    "number": Field(N_("Directive"), "text", lambda row, _: row.number),
    "last_day": Field(N_("Last day"), "day", lambda row, _: row.last_day),
    "standing": Field(N_("Standing"), "text", lambda row, language: _word("standing", row.standing, language)),
    "late": Field(N_("Days late"), "number", lambda row, _: row.days_late),
    "left": Field(N_("Working days left"), "number", lambda row, _: row.working_days_left),
    "progress": Field(N_("Progress"), "text", lambda row, language: _word("progress", row.progress, language)),
    "reason": Field(N_("Why"), "long", lambda row, language: sentence(row.reason, language)),
    "first_day": Field(N_("First date"), "day", lambda row, _: row.first_day),
    "done_on": Field(N_("Done on"), "day", lambda row, _: row.done_on),
    "asked_day": Field(N_("Asks for"), "day", lambda row, _: row.asked_day),
    "waiting": Field(N_("Waits for"), "long", lambda row, _: "; ".join(row.waiting_for)),
    "delegate": Field(N_("Unit"), "text", lambda row, _: row.delegate),
    "code": Field(N_("Agency code"), "text", lambda row, _: row.agency),
    "ref": Field(N_("Reference"), "long", lambda row, _: row.ref),
}
SHOWN = ("title", "agency", "number", "last_day", "standing", "late")

FACETS: Mapping[str, str] = {
    "q": N_("Search"),
    "cell": N_("Cell"),
    "standing": N_("Standing"),
    "directive": N_("Directive"),
    "agency": N_("Agency"),
    "kind": N_("Kind of agency"),
    "province": N_("Province"),
    "month": N_("Month of the last day"),
    "progress": N_("Progress"),
    "due_from": N_("Last day from"),
    "due_to": N_("Last day up to"),
    "late": N_("Overdue by at least (days)"),
    "open": N_("Question"),
}
KINDS: Mapping[str, str] = {
    "ministry": N_("Ministries"),
    "ministerial-agency": N_("Ministerial agencies"),
    "government-agency": N_("Government agencies"),
    "province": N_("Provinces"),
    "commune": N_("Communes"),
    "unit": N_("Units"),
    "party": N_("Party bodies"),
    "state": N_("State bodies"),
    "leader": N_("Leaders"),
}
QUESTIONS: Mapping[str, str] = {
    "asking": N_("More time is asked for"),
    "contested": N_("An agency says that it is not theirs"),
    "undecided": N_("Awaits a decision"),
}


def columns(names: Iterable[str], language: str) -> tuple[Column, ...]:
    """Return columns by their names, in a language."""
    words = catalogue(language)
    return tuple(Column(words.gettext(FIELDS[name].title), FIELDS[name].kind) for name in names)


def values(rows: Iterable[TaskRow], names: tuple[str, ...], language: str) -> Iterator[tuple[Value, ...]]:
    """Yield the values of these columns, row by row."""
    fields = [FIELDS[name] for name in names]
    for row in rows:
        yield tuple(field.value(row, language) for field in fields)


def chosen(names: Iterable[str]) -> tuple[str, ...]:
    """Return the columns a reader chose, in their usual order; those usually shown, where none is known.

    >>> chosen(["standing", "title", "nonsense"]), chosen([]) == SHOWN
    (('title', 'standing'), True)
    """
    wanted = set(names)
    return tuple(name for name in FIELDS if name in wanted) or SHOWN


def label(facet: str, value: str, words: NullTranslations, *, named: str | None = None) -> str:
    """Return what a value of a filter is called.

    >>> label("month", "2025-08", NullTranslations()), label("month", "none", NullTranslations())
    ('08/2025', 'No date')
    """
    match facet:
        case "cell" | "standing" | "progress":
            return words.gettext(token(facet, value).word)
        case "kind":
            return words.gettext(KINDS[value]) if value in KINDS else value.replace("-", " ").capitalize()
        case "month":
            return words.gettext("No date") if value == "none" else f"{value[5:]}/{value[:4]}"
        case "open":
            return words.gettext(QUESTIONS[value])
    return named or value


@dataclass(frozen=True, slots=True)
class Part:
    """A value that a filter asks for, in words; `name` and `value` are those of the URL."""

    name: str
    value: str
    title: str
    words: str


def parts(sought: Sought, registry: Registry, language: str) -> tuple[Part, ...]:
    """Return a filter in words, value by value."""
    words = catalogue(language)
    found = []
    for name, value in sought.params():
        said: str = value
        if name in ("agency", "province"):
            said = agency_name(registry, value, language)
        elif name in ("due_from", "due_to"):
            said = day(date.fromisoformat(value), language)
        found.append(Part(name, value, words.gettext(FACETS[name]), label(name, value, words, named=said)))
    return tuple(found)


def in_words(found: Iterable[Part], language: str) -> str:
    """Return a filter as one line, as files and prints have it."""
    said: dict[str, list[str]] = {}
    for part in found:
        said.setdefault(part.title, []).append(part.words)
    return "; ".join(f"{title}: {', '.join(values)}" for title, values in said.items()) or catalogue(language).gettext(
        "none: all tasks"
    )
