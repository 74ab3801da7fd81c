"""What one reminder says, already reckoned.

A notice holds values only, so that it can be kept, rendered again and compared years later;
what the domain has to say comes as its phrases, still in no language. It refuses to know where
its values came from, and it never looks at a clock.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from tracker.domain.phrase import Phrase
from tracker.domain.text import Text

STAGES = ("assigned", "before", "half", "due", "overdue", "escalated", "review")
# what tells of an entry, at once; the ladders have no part in it
NEWS = ("unblocked", "returned", "accepted", "received", "date_changed", "decided", "ended")
LANGUAGES = ("vi", "en", "fr")


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A task that this one waits for, or that waits for this one."""

    title: str
    agency: str
    last_day: date | None
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What happened, where a notice tells of an entry: which kind and position, when, by whom, in which words."""

    kind: str
    seq: int
    at: datetime
    by: str
    missing: str | None = None
    why: str | None = None
    instrument: str | None = None
    document: str | None = None
    done_on: date | None = None
    agreed_by: str | None = None
    new_owner: str | None = None
    along: str | None = None
    instead: str | None = None  # the directive that took the place of the one it was owed under
    heir: Peer | None = None  # what is owed under that one, and where it is seen
    heir_url: str | None = None
    files: tuple[str, ...] = ()
    done: tuple[Peer, ...] = ()
    old: date | None = None
    new: date | None = None
    first: date | None = None
    asked: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A mail that went out before: its stage and when it was accepted."""

    stage: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Everything one reminder says, in one language, to one office.

    `key` is the frozen once-only key of the reminder: the identity on the wire is derived from
    it, so a second copy of the same reminder is recognisable as such by any mailbox.
    """

    reference: str
    key: str
    language: str
    stage: str
    days: int | None
    directive_key: str
    directive_number: str
    directive_title: str
    issued: date
    issuer: str
    task: str
    task_title: str
    assignment: str
    agency: str
    agency_name: str
    last_day: date | None
    minute: time | None
    zone: str
    late_from: datetime | None
    words: str | None
    explanation: tuple[Phrase, ...]
    source: str | None
    sentence: int | None
    reason: Phrase
    deliverable: str | None
    evidence_required: bool
    waiting_for: tuple[Peer, ...]
    waited_by: tuple[Peer, ...]
    url: str
    report_url: str
    extension_url: str
    contest_url: str
    next_reminder: date | None
    office: str
    contact: str
    sender: str
    seq: int
    head: str
    as_of: datetime
    rehearsal: bool
    # who reads it, and as what: the lead itself, a unit it delegated to, or a deputy for some time
    recipient_name: str = ""
    role: str = "lead"
    covers_for: str | None = None
    covers_until: date | None = None
    # where a click takes note, or puts reminders off, without a login; None where it is not open
    late_by: timedelta | None = None  # how long after its moment it leaves, where that is more than an hour
    acknowledge_url: str | None = None
    snooze_url: str | None = None
    # which deadline it is about, counted from 1; the first one's last day; when somebody above hears of it
    version: int = 1
    first_day: date | None = None
    escalates_on: date | None = None
    # what was told before, for who hears of it over the head of the lead
    told: tuple[Told, ...] = ()
    news: News | None = None


def folded(text: str) -> str:
    r"""Return the text on one line, with nothing in it that could steer a header or a reader.

    Controls and line separators become a space; direction overrides, which can make an address
    read backwards, vanish; half a surrogate pair, which no mail can carry, becomes U+FFFD.

    >>> folded('Report\r\nBcc: everyone@example.org')
    'Report Bcc: everyone@example.org'
    """
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    return _folded(text)


@lru_cache(maxsize=4096)  # titles and names are in many mails
def _folded(text: str) -> str:
    return _SPACES.sub(" ", "".join(map(_harmless, text))).strip()


@lru_cache(maxsize=4096)
def _harmless(char: str) -> str:
    kind = unicodedata.category(char)
    if kind in ("Cc", "Zl", "Zp"):
        return " "
    if kind == "Cs":
        return "\N{REPLACEMENT CHARACTER}"
    return "" if char in _DIRECTION else char


_SPACES = re.compile(" {2,}")
_DIRECTION = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def cleaned(notice: Notice) -> Notice:
    """Return the notice with every text in it folded to one harmless line.

    The key is left as it is: it is only ever hashed or folded where it is shown, and changing
    it here would change the identity of a reminder already recorded.
    """
    changes = {field.name: _clean(getattr(notice, field.name)) for field in fields(notice) if field.name != "key"}
    return replace(notice, **changes)


def _clean(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, date)):
        return value
    match value:
        case str():
            return folded(value)
        case Peer() | News() | Told():
            return replace(value, **{field.name: _clean(getattr(value, field.name)) for field in fields(value)})
        case tuple():
            return tuple(_clean(item) for item in value)
        case Mapping():
            return {name: _clean(item) for name, item in value.items()}
        case Phrase():
            return Phrase(value.code, _clean(value.values))
        case Text():
            return Text(vi=folded(value.vi), en=folded(value.en), fr=folded(value.fr))
    return value
