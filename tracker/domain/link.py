"""Links of a mail: a signed token by which its reader may do one small thing without a login.

Token = version.key-id.payload.signature: base64url without padding, HMAC-SHA256 over the text before the
last dot. It says for which assignment, which office, by which channel and reminder, which action, under
which version of the deadline, and until when. Whoever holds it has had the mail; who they are it does not say.
"""

import hmac
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from tracker.domain.calendar import Calendar

VERSION = "1"
LONGEST = 1024  # characters of a token; nobody's time is spent on more
AFTER_LAST_DAY = timedelta(days=30)
UNDATED = timedelta(days=60)
PAGE_LASTS = timedelta(hours=12)

_TOKEN = re.compile(rf"{VERSION}\.([0-9a-f]{{8}})\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{{43}})", re.ASCII)
_PAGE = re.compile(r"([0-9]{1,12})\.([A-Za-z0-9_-]{43})", re.ASCII)
_SIGNED = re.compile(rb"(1\.([0-9a-f]{8})\.[A-Za-z0-9_-]+)\.[A-Za-z0-9_-]{43}")
_VEIL = b"x" * 43
_NO_KEY = bytes(32)  # an unknown key id costs as much time as a wrong signature


class Action(StrEnum):
    """What a link does: nothing else can be asked of one."""

    ACKNOWLEDGE = "acknowledge"
    SNOOZE = "snooze"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a token says. The reminder's reference follows from its once-only key: the same reminder, the same link."""

    assignment: str
    office: str
    channel: str
    action: Action
    version: int
    expires: datetime
    reminder: str


def expiry(last_day: date | None, moment: datetime, calendar: Calendar) -> datetime:
    """Return when a reminder's links end: 30 days after the last day, or 60 after the moment where there is none.

    >>> from tests.builders import a_calendar
    >>> expiry(date(2025, 8, 31), datetime(2025, 8, 15, 1, tzinfo=UTC), a_calendar()).isoformat()
    '2025-09-29T17:00:00+00:00'
    """
    if last_day is None:
        return (moment + UNDATED).replace(microsecond=0)
    return calendar.instant(last_day + AFTER_LAST_DAY)


def sign(link: Link, key: bytes) -> str:
    """Return the token of a link.

    >>> until = datetime(2025, 9, 30, tzinfo=UTC)
    >>> link = Link(assignment="2025/412-tb-vpcp/report/BNV", office="BNV", channel="mail",
    ...             action=Action.SNOOZE, version=1, expires=until, reminder="abc")
    >>> token = sign(link, bytes(32))
    >>> read(token, [bytes(32)], at=until) is None, read(token, [bytes(32)], at=until - UNDATED) == link
    (True, True)
    """
    said = [link.assignment, link.office, link.channel, str(link.action), link.version, _seconds(link.expires)]
    payload = _text(json.dumps([*said, link.reminder], ensure_ascii=False, separators=(",", ":")).encode())
    signed = f"{VERSION}.{key_id(key)}.{payload}"
    return f"{signed}.{_mac(key, signed)}"


def read(token: str, keys: Sequence[bytes], *, at: datetime) -> Link | None:
    """Return what a token says; None for one that was altered, is of a key that is not accepted, or has ended.

    The signature is compared as text: a token has one spelling only.
    """
    found = _TOKEN.fullmatch(token) if len(token) <= LONGEST else None
    if found is None:
        return None
    number, payload, signature = found.groups()
    key = next((one for one in keys if key_id(one) == number), None)
    right = hmac.compare_digest(_mac(key or _NO_KEY, token.rpartition(".")[0]), signature)
    if key is None or not right:
        return None
    link = _link(json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))
    return link if at < link.expires else None


def key_id(key: bytes) -> str:
    """Return the name of a key in tokens: eight hex digits that tell nothing of it."""
    return sha256(b"link key\n" + key).hexdigest()[:8]


def veiled(octets: bytes) -> bytes:
    """Return octets in which the signature of every token is as many x: they say what they said, and act no more.

    >>> veiled(b"see /l/1.01234567.cGF5bG9hZA." + b"s" * 43).endswith(b"cGF5bG9hZA." + b"x" * 43)
    True
    """
    return _SIGNED.sub(rb"\1." + _VEIL, octets)


def unveiled(octets: bytes, keys: Sequence[bytes]) -> bytes:
    """Return octets with every token signed again by the key it names; without that key it stays veiled."""
    known = {key_id(key).encode(): key for key in keys}

    def signed(found: re.Match[bytes]) -> bytes:
        key = known.get(found[2])
        return found[1] + b"." + (_mac(key, found[1].decode()).encode() if key else _VEIL)

    return _SIGNED.sub(signed, octets)


def page_stamp(token: str, key: bytes, *, at: datetime) -> str:
    """Return what the form of a page carries beside its token, so that no form made elsewhere will do."""
    shown = _seconds(at)
    return f"{shown}.{_mac(key, f'page {shown} {token}')}"


def is_of_page(stamp: str, token: str, keys: Sequence[bytes], *, at: datetime) -> bool:
    """Return whether a form came from a page that was shown for this token, and not too long ago."""
    found = _PAGE.fullmatch(stamp)
    if found is None:
        return False
    shown, signature = found.groups()
    right = [hmac.compare_digest(_mac(key, f"page {shown} {token}"), signature) for key in keys]
    return any(right) and timedelta() <= at - datetime.fromtimestamp(int(shown), UTC) <= PAGE_LASTS


def _link(said: Sequence[str | int]) -> Link:
    assignment, office, channel, action, version, expires, reminder = said
    return Link(
        assignment=str(assignment),
        office=str(office),
        channel=str(channel),
        action=Action(str(action)),
        version=int(version),
        expires=datetime.fromtimestamp(int(expires), UTC),
        reminder=str(reminder),
    )


def _mac(key: bytes, signed: str) -> str:
    return _text(hmac.digest(key, signed.encode(), "sha256"))


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
