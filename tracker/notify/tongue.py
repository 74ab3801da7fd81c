"""One language at a time: its catalogue, and how it writes days, hours and zones.

English is the message id itself. The others are read from the `.po` files as they are, so that
a corrected wording needs no build step.
"""

import gettext
from collections.abc import Callable
from datetime import date, datetime, time
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_date, get_day_names, get_timezone_location
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from tracker.domain.calendar import Span

LOCALE = Path(__file__).parent.parent / "locale"


@lru_cache
def catalogue(language: str) -> gettext.NullTranslations:
    """Return the translations of a language; English needs none, an unknown one reads English."""
    files = catalogue_files(language)
    if not files:
        return gettext.NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, messages(language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def catalogue_files(language: str) -> tuple[Path, ...]:
    """Return the files of a language: that of mails first, then one for each area of the pages."""
    found = sorted((LOCALE / language / "LC_MESSAGES").glob("*.po")) if language.isalpha() else []
    return tuple(sorted(found, key=lambda path: (path.name != "tracker.po", path.name)))


def messages(language: str) -> Catalog:
    """Return every message of a language; where two files have the same one, the first of them stands."""
    merged = Catalog(locale=language)
    for path in catalogue_files(language):
        with path.open("rb") as source:
            for message in read_po(source, locale=language):
                if message.id and message.id not in merged:
                    merged[message.id] = message
    return merged


@lru_cache(maxsize=4096)
def day(when: date, language: str) -> str:
    """Return a day as the language writes it inside a sentence.

    >>> day(date(2026, 12, 1), "en"), day(date(2026, 12, 1), "vi"), day(date(2026, 12, 1), "fr")
    ('1 December 2026', '01/12/2026', '1er décembre 2026')
    """
    return _DAY.get(language, _english)(when)


@lru_cache(maxsize=4096)
def weekday(when: date, language: str) -> str:
    """Return a day with its weekday.

    >>> weekday(date(2026, 12, 1), "vi"), weekday(date(2026, 12, 1), "fr")
    ('thứ Ba, 01/12/2026', 'mardi 1er décembre 2026')
    """
    name = format_date(when, "EEEE", locale=_locale(language))
    if language == "vi":  # CLDR writes "Thứ Ba", "Chủ Nhật"; running text does not
        return f"{name.replace('Thứ', 'thứ').replace('Nhật', 'nhật')}, {day(when, 'vi')}"
    return f"{name} {day(when, language)}"


def weekday_names(language: str) -> tuple[str, ...]:
    """Return the names of the days of a week, Monday first, as running text writes them.

    >>> weekday_names("vi")[0], weekday_names("fr")[6]
    ('thứ Hai', 'dimanche')
    """
    names = get_day_names("wide", locale=_locale(language))
    said = tuple(names[number] for number in range(7))
    # CLDR writes "Thứ Ba", "Chủ Nhật"; running text does not
    return (
        tuple(name.replace("Thứ", "thứ").replace("Chủ Nhật", "chủ nhật") for name in said) if language == "vi" else said
    )


def clock(when: time, language: str) -> str:
    """Return the hour and minute.

    >>> clock(time(17), "en"), clock(time(17), "fr"), clock(time(8, 30), "fr")
    ('17:00', '17 h', '8 h 30')
    """
    if language != "fr":
        return f"{when:%H:%M}"
    return f"{when.hour} h {when.minute:02}" if when.minute else f"{when.hour} h"


def span(length: Span, language: str) -> str:
    """Return a number of days, of working days, of weeks or of months.

    >>> span(Span(1, "working days"), "fr"), span(Span(2, "working days"), "fr"), span(Span(2, "days"), "vi")
    ('1 jour ouvré', '2 jours ouvrés', '2 ngày')
    """
    words, count = catalogue(language), length.count
    match length.unit:
        case "working days":
            said = words.ngettext("{count} working day", "{count} working days", count)
        case "weeks":
            said = words.ngettext("{count} week", "{count} weeks", count)
        case "months":
            said = words.ngettext("{count} month", "{count} months", count)
        case "days":
            said = words.ngettext("{count} day", "{count} days", count)
    return said.format(count=count)


@lru_cache
def zone_name(zone: str, language: str) -> str:
    """Return the name people give to a zone's hour.

    >>> zone_name("Asia/Ho_Chi_Minh", "en"), zone_name("Asia/Ho_Chi_Minh", "fr")
    ('Hanoi time', 'heure de Hanoï')
    """
    words = catalogue(language)
    if zone in ("Asia/Ho_Chi_Minh", "Asia/Saigon"):  # the zone's city is not where the State sits
        return words.gettext("Hanoi time")
    place = get_timezone_location(zone, locale=_locale(language), return_city=True)
    return words.gettext("{place} time").format(place=place)


def instant(when: datetime, zone: str, language: str) -> str:
    """Return an instant in full: day, hour and whose hour it is."""
    local = when.astimezone(ZoneInfo(zone))
    return (
        catalogue(language)
        .gettext("{day}, {clock} ({zone})")
        .format(
            day=weekday(local.date(), language),
            clock=clock(local.time(), language),
            zone=zone_name(zone, language),
        )
    )


def civil(when: datetime, zone: str) -> date:
    """Return the day an instant falls on in a zone."""
    return when.astimezone(ZoneInfo(zone)).date()


def _locale(language: str) -> str:
    return language if language in _DAY else "en"


def _english(when: date) -> str:
    return format_date(when, "d MMMM y", locale="en")


def _french(when: date) -> str:
    return ("1er" if when.day == 1 else str(when.day)) + format_date(when, " MMMM y", locale="fr")


def _vietnamese(when: date) -> str:
    return format_date(when, "dd/MM/y", locale="vi")


_DAY: dict[str, Callable[[date], str]] = {"en": _english, "fr": _french, "vi": _vietnamese}
