"""Calendar documents: every day of a calendar as JSON values and back, so that what was adopted stays as it was.

The days stand here one by one, also those a library expanded: another version of it changes nothing adopted.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from tracker.domain.calendar import Calendar, SpecialDay
from tracker.domain.text import Text
from tracker.files.scalars import day_of

Document = dict[str, Any]


def calendar_document(calendar: Calendar) -> Document:
    """Return a calendar as JSON values; `calendar_from` reads it back equal."""
    found = {
        "zone": calendar.zone,
        "weekend": sorted(calendar.weekend),
        "days_off": _days(calendar.days_off),
        "make_up_days": _days(calendar.make_up_days),
    }
    # what most calendars do not have is left out, so that it changes no old fingerprint
    if calendar.removed:
        found["removed"] = _days(calendar.removed)
    if calendar.roll != "forward":
        found["roll"] = calendar.roll
    return found


def calendar_from(document: Mapping[str, Any]) -> Calendar:
    """Return the calendar of a document."""
    return Calendar(
        zone=document["zone"],
        weekend=frozenset(document["weekend"]),
        days_off=_days_from(document["days_off"]),
        make_up_days=_days_from(document["make_up_days"]),
        removed=_days_from(document.get("removed", ())),
        roll=document.get("roll", "forward"),
    )


def day_document(day: SpecialDay) -> Document:
    """Return one day off or make-up day as JSON values."""
    name = day.name
    found = {
        "date": day.day.isoformat(),
        "name": {"vi": name.vi, "en": name.en, "fr": name.fr},
        "source": day.source,
        "known_on": day.known_on.isoformat() if day.known_on else None,
        "certainty": None if day.certainty == "decided" else day.certainty,
    }
    return {key: value for key, value in found.items() if value is not None}


def _days(days: Mapping[date, SpecialDay]) -> list[Document]:
    return [day_document(day) for _, day in sorted(days.items())]


def _days_from(documents: Any) -> dict[date, SpecialDay]:
    days = [
        SpecialDay(
            day=day_of(document["date"]),
            name=Text(**document["name"]),
            source=document["source"],
            known_on=day_of(document["known_on"]) if "known_on" in document else None,
            certainty=document.get("certainty", "decided"),
        )
        for document in documents
    ]
    return {day.day: day for day in days}
