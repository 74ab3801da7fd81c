"""The domain's sentences in the reader's language.

The domain says why something is so as a `Phrase`: a code and the values that fill it. Its
English wording is the message id; only the values are written here, each by its kind.
"""

from datetime import date, datetime, time

from babel.numbers import format_decimal

from tracker.domain.calendar import Span
from tracker.domain.phrase import ENGLISH, Phrase, Value
from tracker.domain.text import Text
from tracker.notify.tongue import catalogue, clock, day, instant, span


def sentence(phrase: Phrase, language: str) -> str:
    """Return the phrase as one sentence in `language`, with its capital and its full stop.

    >>> left = Phrase("due_soon", {"last_day": date(2025, 8, 29), "left": Span(1, "working days")})
    >>> sentence(left, "en")
    'Due soon: the last day is 29 August 2025, 1 working day left.'
    """
    pattern = catalogue(language).gettext(ENGLISH[phrase.code])
    said = pattern.format_map({name: _shown(value, language) for name, value in phrase.values.items()})
    return said[:1].upper() + said[1:] + ("" if said.endswith((".", "!", "?", "…")) else ".")


def _shown(value: Value, language: str) -> str:
    match value:
        case datetime():  # before `date`, of which it is a kind
            return instant(value, str(value.tzinfo), language)
        case date():
            return day(value, language)
        case time():
            return clock(value, language)
        case Span():
            return span(value, language)
        case Text():
            return value.in_language(language)
        case float():
            return format_decimal(value, format="0.0", locale=language)
    return str(value)
