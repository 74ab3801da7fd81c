"""A webhook, called by our own hand: HTTPS, one checked address, no redirect, a few seconds, and hardly a byte read.

What is sent follows Standard Webhooks: `webhook-id`, `webhook-timestamp`, and where a secret is set
`webhook-signature`; the id is the same for every copy of one message, and so is `Idempotency-Key`.
Nothing the receiver writes is repeated in an outcome but its status: it may echo what it was sent.
"""

import base64
import binascii
import http.client
import io
import json
import re
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import parsedate_to_datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from standardwebhooks import Webhook

from tracker.notify.outcome import Outcome
from tracker.notify.reach import Forbidden, Reach, call, why_not
from tracker.notify.relay import is_loopback
from tracker.notify.way import Way

Headers = Mapping[str, str] | Message
SECONDS = 5.0
LIMIT = 64 * 1024
LONGEST_WAIT = timedelta(days=1)
_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*")


@dataclass(frozen=True, slots=True)
class Place:
    """A URL taken apart: what is called, and what is asked for there."""

    secure: bool
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """Return the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


@lru_cache(maxsize=256)  # a receiver is called again and again
def place_of(url: str) -> Place:
    """Return a URL taken apart; raises ValueError, with a sentence without the URL, for any but a plain one."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise ValueError("the URL cannot be read") from None
    if parts.scheme not in ("https", "http") or not host:
        raise ValueError("the URL must begin with https:// and name a host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("the URL may hold no name and no password")
    if parts.fragment or "#" in url:
        raise ValueError("the URL may hold no #")
    secure = parts.scheme == "https"
    if not secure and not is_loopback(host):
        raise ValueError("the URL must begin with https://")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not _PATH.fullmatch(target) or not target.startswith("/") or port == 0:
        raise ValueError("the URL holds what no URL may hold")
    return Place(secure, _host(host, bracketed="[" in parts.netloc), port or (443 if secure else 80), target)


def _host(host: str, *, bracketed: bool) -> str:
    try:
        found = ip_address(host)
    except ValueError:
        found = None
    if found is not None and "%" not in host and (found.version == 6) is bracketed:
        return str(found)
    try:
        name = host.encode("idna").decode("ascii") if found is None else ""
    except UnicodeError:
        name = ""
    # a last label of digits, or 0x…, is a number that some systems take for an address
    if bracketed or not re.fullmatch(r"(?:[a-z0-9_-]+\.)*[a-z][a-z0-9-]*", name) or len(name) > 253:
        raise ValueError("the URL names no host that can be called")
    return name


def wrong_url(url: str) -> str | None:
    """Return what is wrong with a webhook's URL, as a sentence without the URL.

    >>> wrong_url("https://hooks.moha.example/a") is None, wrong_url("http://hooks.moha.example/a")
    (True, 'the URL must begin with https://')
    """
    try:
        place_of(url)
    except ValueError as error:
        return str(error)
    return None


def signing_key(secret: str) -> bytes | None:
    """Return the key of a signing secret, `whsec_` and base64; None for what is none."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if 24 <= len(key) <= 64 else None


def post(way: Way, data: Mapping[str, Any], *, kind: str, identity: str, at: datetime, reach: Reach) -> Outcome:
    """Return what became of one message to one webhook; nothing that the receiver does raises."""
    try:
        place = place_of(way.fields["url"])
    except ValueError as error:
        return Outcome("permanent", None, f"configuration: {error}")
    if not place.secure and not reach.rehearsal:
        return Outcome("permanent", None, "configuration: the URL must begin with https://")
    text = json.dumps({"type": kind, "timestamp": at.astimezone(UTC).isoformat(), "data": data}, ensure_ascii=False)
    body = text.encode("utf-8", "replace")
    headers = {
        "Host": place.authority,
        "Content-Type": "application/json; charset=utf-8",
        "Content-Length": str(len(body)),
        "User-Agent": "tracker",
        "Accept": "*/*",
        "Connection": "close",
        "Idempotency-Key": identity,
        **signed(body, identity=identity, at=at, secret=way.fields.get("secret")),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return _send(place, f"POST {place.target} HTTP/1.1\r\n{lines}\r\n".encode("ascii") + body, at=at, reach=reach)


def signed(body: bytes, *, identity: str, at: datetime, secret: str | None) -> dict[str, str]:
    """Return the headers by which a receiver knows the message, and with a secret its sender."""
    moment = str(int(at.timestamp()))
    headers = {"webhook-id": identity, "webhook-timestamp": moment}
    if secret and (key := signing_key(secret)):
        headers["webhook-signature"] = Webhook(key).sign(identity, at.astimezone(UTC), body.decode())
    return headers


def _send(place: Place, request: bytes, *, at: datetime, reach: Reach) -> Outcome:
    until = time.monotonic() + SECONDS
    try:
        connection = _connected(place, reach=reach, until=until)
    except Forbidden as error:
        return Outcome("permanent", None, f"configuration: {error}")
    except ssl.SSLError as error:
        return Outcome("temporary", None, f"no TLS with {place.host}: {_tls(error)}")
    except OSError as error:
        return Outcome("temporary", None, f"no connection to {place.host}: {why_not(error, SECONDS)}")
    with connection:
        try:
            connection.settimeout(max(until - time.monotonic(), 0.01))
            connection.sendall(request)
            answer = http.client.HTTPResponse(_Bounded(connection, until), method="POST")  # type: ignore[arg-type]
            answer.begin()
        except (OSError, http.client.HTTPException, ValueError) as error:
            said = why_not(error, SECONDS) if isinstance(error, OSError) else "an answer that is no HTTP"
            return Outcome("unknown", None, f"{place.host} gave no answer to what was sent: {said}")
        return judged(answer.status, answer.headers, at=at)


def _connected(place: Place, *, reach: Reach, until: float) -> socket.socket:
    plain = call(place.host, place.port, reach=reach, until=until)
    if not place.secure:
        return plain
    try:
        plain.settimeout(max(until - time.monotonic(), 0.01))
        # the time-out of a handshake holds for each read of it: a slow one is ended by the clock
        return _handshake(plain, place.host, until)
    except BaseException:
        plain.close()
        raise


def _handshake(plain: socket.socket, host: str, until: float) -> ssl.SSLSocket:
    wrapped = _context().wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
    wrapped.setblocking(False)
    while True:
        try:
            wrapped.do_handshake()
            return wrapped
        except ssl.SSLWantReadError:
            _wait(wrapped, until, reading=True)
        except ssl.SSLWantWriteError:
            _wait(wrapped, until, reading=False)


def _wait(wrapped: ssl.SSLSocket, until: float, *, reading: bool) -> None:
    import select

    left = max(until - time.monotonic(), 0.0)
    poller = select.poll()
    poller.register(wrapped, select.POLLIN if reading else select.POLLOUT)
    if not left or not poller.poll(left * 1_000):
        raise TimeoutError("no answer in time")


class _Bounded(io.RawIOBase):
    """A socket to read from until an instant, and only so much."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        self._connection, self._until, self._room = connection, until, LIMIT

    def makefile(self, *_: Any, **__: Any) -> io.BufferedReader:
        return io.BufferedReader(self, 4096)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("no answer in time")
        if self._room <= 0:
            raise ValueError("too long")
        self._connection.settimeout(left)
        read = self._connection.recv_into(buffer, min(len(buffer), self._room))
        self._room -= read
        return read


def judged(status: int, headers: Headers, *, at: datetime) -> Outcome:
    """Return what a status means for a reminder."""
    said = f"{status} {http.client.responses.get(status, '')}".strip()
    if 200 <= status < 300:
        return Outcome("accepted", status, f"the receiver answered {said}")
    if status in (408, 429) or status >= 500:
        return Outcome("temporary", status, f"the receiver answered {said}", waits(headers, at=at))
    if 300 <= status < 400:
        return Outcome("permanent", status, f"the receiver answered {said}: a redirect, which is not followed")
    if status < 200:
        return Outcome("unknown", status, f"the receiver answered {said} and nothing more")
    return Outcome("permanent", status, f"the receiver answered {said}")


def waits(headers: Headers, *, at: datetime) -> timedelta | None:
    """Return how long the receiver asks to be left alone; None where it does not, or nobody can tell.

    >>> when = datetime(2025, 8, 11, 1, tzinfo=UTC)
    >>> [waits({"Retry-After": said}, at=when) for said in ("120", "Mon, 11 Aug 2025 01:01:00 GMT", "soon", "-1")]
    [datetime.timedelta(seconds=120), datetime.timedelta(seconds=60), None, None]
    """
    said = (headers.get("Retry-After") or "").strip()
    if re.fullmatch(r"[0-9]{1,12}", said):
        return min(timedelta(seconds=min(int(said), 10**6)), LONGEST_WAIT)
    try:
        then, now = parsedate_to_datetime(said), headers.get("Date")
        left = then - (parsedate_to_datetime(now) if now else at)
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(left, timedelta()), LONGEST_WAIT)


@lru_cache(maxsize=1)
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()  # building one takes 20 ms


def _tls(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    return (error.reason or "the handshake failed").replace("_", " ").lower()
