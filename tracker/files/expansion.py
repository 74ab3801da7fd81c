"""Expansion: the days off of a country and some years, by the `holidays` library, as days of a calendar.

Only reading files comes here: what is adopted holds the days themselves. A library is no
authority, so a day of a year that nobody has decided yet is `predicted`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import holidays

from tracker.domain.calendar import Certainty, SpecialDay
from tracker.domain.text import Text

# the library speaks Vietnamese and English; a name that is missing here is told in English
_FRENCH = {
    "New Year's Day": "Jour de l'An",
    "29 of Lunar New Year": "Nouvel An lunaire (29e jour du dernier mois)",
    "Lunar New Year's Eve": "Veille du Nouvel An lunaire",
    "Lunar New Year": "Nouvel An lunaire",
    "Second Day of Lunar New Year": "Nouvel An lunaire (2e jour)",
    "Third Day of Lunar New Year": "Nouvel An lunaire (3e jour)",
    "Fourth Day of Lunar New Year": "Nouvel An lunaire (4e jour)",
    "Fifth Day of Lunar New Year": "Nouvel An lunaire (5e jour)",
    "Hung Kings' Commemoration Day": "Commémoration des rois Hùng",
    "Liberation Day/Reunification Day": "Fête de la Réunification",
    "International Labor Day": "Fête internationale du Travail",
    "National Day": "Fête nationale",
    "Vietnam Cultural Day": "Journée de la culture vietnamienne",
}
_OBSERVED = " (observed)"
_SWAPPED = re.compile(r"\(thay cho ngày ([0-9]{2})/([0-9]{2})/([0-9]{4})\)")


@dataclass(frozen=True, slots=True)
class Expansion:
    """The days off of some years that no weekly day off holds already, and the days worked instead of some."""

    days_off: dict[date, SpecialDay]
    make_up_days: dict[date, SpecialDay]


def countries() -> frozenset[str]:
    """Return the codes of the countries the library knows."""
    return frozenset(holidays.list_supported_countries())


def expand(country: str, years: Iterable[int], *, weekend: frozenset[int], decided_until: date | None) -> Expansion:
    """Return the days of a country; those after `decided_until` are predictions, without it all are."""
    wanted = tuple(years)
    vi = holidays.country_holidays(country, years=wanted, language="vi")
    en = holidays.country_holidays(country, years=wanted, language="en_US")
    source = f"the library holidays, {country}"
    swaps = {worked: day for day, name in vi.items() if (worked := _worked_instead(name))}

    def special(day: date, name: Text) -> SpecialDay:
        known = decided_until is not None and day <= decided_until
        certainty: Certainty = "decided" if known else "predicted"
        return SpecialDay(day=day, name=name, source=source, certainty=certainty)

    return Expansion(
        {day: special(day, _name(vi[day], en[day])) for day in sorted(vi) if day.weekday() not in weekend},
        {
            day: special(day, made_up(swaps[day]) if day in swaps else _WORKED)
            for day in sorted(vi.weekend_workdays)
            if day.year in wanted
        },
    )


def made_up(day: date) -> Text:
    """Return the name of a day that is worked instead of another."""
    local = f"{day:%d/%m/%Y}"
    return Text(vi=f"làm bù cho ngày {local}", en=f"worked instead of {day}", fr=f"travaillé au lieu du {local}")


_WORKED = Text(vi="ngày làm bù", en="make-up day", fr="jour travaillé en compensation")


def _worked_instead(name: str) -> date | None:
    found = _SWAPPED.search(name)
    return date(int(found[3]), int(found[2]), int(found[1])) if found else None


def _name(vi: str, en: str) -> Text:
    if worked := _worked_instead(vi):
        local = f"{worked:%d/%m/%Y}"
        return Text(
            vi=f"nghỉ hoán đổi, làm bù ngày {local}",
            en=f"swapped day off, worked on {worked}",
            fr=f"jour de repos échangé, travaillé le {local}",
        )
    plain = en.removesuffix(_OBSERVED)
    french = _FRENCH.get(plain, plain)
    return Text(vi=vi, en=en.replace(_OBSERVED, " (in lieu)"), fr=french if plain == en else f"{french} (report)")
