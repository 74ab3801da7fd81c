"""A deadline as an event for the reader's own calendar (RFC 5545): all of its last day, taking no time of it.

It asks for no answer: there is no METHOD. The same assignment is the same event for ever, and a later
deadline has a higher SEQUENCE, so that a calendar moves the event it has instead of showing two.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from tracker.notify.tongue import catalogue
from tracker.notify.wire import pieces_of

MEDIA_TYPE = "text/calendar"
NAME = "deadline.ics"
_LINE = 75  # octets, RFC 5545 §3.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The last day of an assignment; `version` counts the deadlines it has had, from 1."""

    uid: str
    version: int
    last_day: date
    title: str
    number: str
    url: str
    rehearsal: bool = False


def calendar(events: Sequence[Event], *, language: str, at: datetime) -> str:
    """Return the events as the text of a calendar file, its lines folded."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//tracker//deadlines//EN", "CALSCALE:GREGORIAN"]
    for event in events:
        lines += _event(event, language, at)
    return "".join(f"{folded}\r\n" for line in [*lines, "END:VCALENDAR"] for folded in _folded(line))


def _event(event: Event, language: str, at: datetime) -> Iterator[str]:
    words = catalogue(language)
    mark = f"[{words.gettext('REHEARSAL')}] " if event.rehearsal else ""
    summary = escaped(f"{mark}{event.number} – {event.title}")
    yield "BEGIN:VEVENT"
    yield f"UID:{event.uid}"
    yield f"SEQUENCE:{event.version - 1}"
    yield f"DTSTAMP:{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    yield f"DTSTART;VALUE=DATE:{event.last_day:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{event.last_day + timedelta(days=1):%Y%m%d}"
    yield f"SUMMARY;LANGUAGE={language}:{summary}"
    told = words.gettext("Last day. The mail about it says more, and the page has it all: {url}").format(url=event.url)
    yield f"DESCRIPTION;LANGUAGE={language}:{escaped(told)}"
    yield f"URL:{event.url}"
    yield "TRANSP:TRANSPARENT"
    yield from ("BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{summary}", "TRIGGER:-P3D", "END:VALARM")
    yield "END:VEVENT"


def escaped(text: str) -> str:
    r"""Return a text as a value of a calendar file.

    >>> escaped("a; b, c\\d\ne")
    'a\\; b\\, c\\\\d\\ne'
    """
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\r\n", "\n").replace("\n", "\\n")


def _folded(line: str) -> Iterator[str]:
    """Yield a line in pieces of at most 75 octets, cut between characters; each but the first begins with a space."""
    first, *others = pieces_of(line.encode(), _LINE, _LINE - 1)
    yield first.decode()
    yield from (f" {piece.decode()}" for piece in others)
