"""A printed report before it is a file: titles, words and tables, which every writer says with the same numbers."""

from dataclasses import dataclass
from datetime import date, datetime

from babel.dates import format_date
from babel.numbers import format_decimal

Value = str | int | float | date | None
_NOT_TEXT = dict.fromkeys((*range(9), 11, 12, *range(14, 32)), " ")  # what XML cannot carry


@dataclass(frozen=True, slots=True)
class Heading:
    """The title of what follows."""

    text: str


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph; `quiet` is said smaller."""

    text: str
    quiet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table: its name, a column's titles and relative widths, its rows; `total`: the last row is a sum."""

    name: str
    header: tuple[str, ...]
    widths: tuple[int, ...]
    rows: tuple[tuple[Value, ...], ...]
    total: bool = False


Block = Heading | Words | Grid


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What stands around an official letter: who writes, its number and symbol, where, to whom, who signs."""

    office: str
    number: str
    place: str
    day: date
    kind: str
    about: str
    recipients: tuple[str, ...]
    recipients_word: str
    signed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """A whole report; `footer` stands on every page, `mark` above everything where nothing in it is official."""

    title: str
    office: str
    language: str
    at: datetime
    facts: tuple[tuple[str, str], ...]
    blocks: tuple[Block, ...]
    footer: str
    letter: Letter
    mark: str = ""


def shown(value: Value, language: str) -> str:
    """Return a value as text, numbers and days as the language writes them in a table.

    >>> shown(1234, "en"), shown(66.7, "vi"), shown(date(2025, 8, 31), "fr"), shown(None, "en")
    ('1,234', '66,7', '31/08/2025', '–')
    """
    match value:
        case None:
            return "–"
        case date():
            return format_date(value, "dd/MM/yyyy", locale=language)
        case float():
            return str(format_decimal(value, "#,##0.0", locale=language))
        case int():
            return str(format_decimal(value, locale=language))
    return clean(value)


def clean(text: str) -> str:
    """Return a text without what no document can carry."""
    return text.translate(_NOT_TEXT)
