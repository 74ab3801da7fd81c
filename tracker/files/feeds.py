"""Deadlines as feeds: a calendar to subscribe to (RFC 5545, RFC 7986), and an Atom feed (RFC 4287).

What is told of is the same for ever under the same identity; a later deadline has a higher SEQUENCE, so that
a calendar moves the event it has.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from xml.sax.saxutils import escape, quoteattr

from icalendar import Alarm, Calendar, Event, vDuration

from tracker.files.listing import in_pieces

EVERY = timedelta(hours=6)  # how often whoever subscribed is asked to look again
BEFORE = timedelta(days=-3)
_NOT_XML = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF, *range(0xD800, 0xE000)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """One last day, under an identity that stays; `version` counts the dates it has had, from 1.

    `alarm` says that somebody is to be reminded of it; `gone` that it no longer counts.
    """

    uid: str
    version: int
    last_day: date
    summary: str
    description: str
    url: str
    alarm: bool
    gone: bool
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What a feed is about, by its name, its words, its own address and language."""

    uid: str
    name: str
    description: str
    url: str
    language: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One entry of an Atom feed."""

    uid: str
    title: str
    summary: str
    url: str
    author: str
    changed_at: datetime


def calendar_pieces(feed: Feed, deadlines: Iterable[Deadline]) -> Iterator[bytes]:
    """Yield the deadlines as a calendar: all-day events that take no time of anybody's."""
    head = Calendar()
    for name, value in (
        ("VERSION", "2.0"),
        ("PRODID", "-//tracker//deadlines//EN"),
        ("CALSCALE", "GREGORIAN"),
        ("UID", feed.uid),
        ("NAME", feed.name),
        ("X-WR-CALNAME", feed.name),
        ("DESCRIPTION", feed.description),
        ("X-WR-CALDESC", feed.description),
        ("URL", feed.url),
    ):
        head.add(name, plain(value))
    head.add("LAST-MODIFIED", feed.at.astimezone(UTC))
    head.add("REFRESH-INTERVAL", vDuration(EVERY), parameters={"VALUE": "DURATION"})
    head.add("X-PUBLISHED-TTL", vDuration(EVERY))
    opening, _, closing = head.to_ical(sorted=False).rpartition(b"END:VCALENDAR")
    yield opening
    yield from in_pieces(_event(one, feed).to_ical(sorted=False) for one in deadlines)
    yield b"END:VCALENDAR" + closing


def _event(one: Deadline, feed: Feed) -> Event:
    event = Event()
    event.add("UID", one.uid)
    event.add("SEQUENCE", one.version - 1)
    event.add("DTSTAMP", feed.at.astimezone(UTC))
    event.add("LAST-MODIFIED", one.changed_at.astimezone(UTC))
    event.add("DTSTART", one.last_day)
    event.add("DTEND", one.last_day + timedelta(days=1))
    event.add("SUMMARY", plain(one.summary), parameters={"LANGUAGE": feed.language})
    event.add("DESCRIPTION", plain(one.description), parameters={"LANGUAGE": feed.language})
    event.add("URL", one.url)
    event.add("TRANSP", "TRANSPARENT")
    if one.gone:
        event.add("STATUS", "CANCELLED")
    if one.alarm:
        alarm = Alarm()
        alarm.add("ACTION", "DISPLAY")
        alarm.add("DESCRIPTION", plain(one.summary))
        alarm.add("TRIGGER", BEFORE)
        event.add_component(alarm)
    return event


def atom_pieces(feed: Feed, news: Iterable[News]) -> Iterator[bytes]:
    """Yield an Atom feed."""
    head = (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang={quoteattr(feed.language)}>\n'
        f"<id>{_xml(feed.uid)}</id>\n<title>{_xml(feed.name)}</title>\n<subtitle>{_xml(feed.description)}</subtitle>\n"
        f'<updated>{_instant(feed.at)}</updated>\n<link rel="self" href={quoteattr(plain(feed.url))}/>\n'
        "<generator>tracker</generator>\n"
    )
    yield head.encode()
    yield from in_pieces(_entry(one).encode() for one in news)
    yield b"</feed>\n"


def _entry(one: News) -> str:
    return (
        f"<entry>\n<id>{_xml(one.uid)}</id>\n<title>{_xml(one.title)}</title>\n"
        f"<link href={quoteattr(plain(one.url))}/>\n<updated>{_instant(one.changed_at)}</updated>\n"
        f"<author><name>{_xml(one.author)}</name></author>\n<summary>{_xml(one.summary)}</summary>\n</entry>\n"
    )


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _xml(said: str) -> str:
    return escape(plain(said))


def plain(said: str) -> str:
    r"""Return a text without what neither XML nor a calendar may carry.

    >>> plain("a\x00b\x1f")
    'ab'
    """
    return said.translate(_NOT_XML)
