"""The guard before every page: how often one address or token may ask, and the headers of every answer."""

import time
from collections import OrderedDict
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from hashlib import sha256
from ipaddress import ip_address, ip_network
from math import ceil
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tracker.web.api.answers import answer_of
from tracker.web.api.problems import Said
from tracker.web.page import problem_page

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
NEVER_LIMITED = frozenset({"/healthz"})
MOST_ADDRESSES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many requests an address may make at once and a second after that: to look, and to act.

    Calls of the API are counted by the token they bring: many programs may work from one address. A token that is
    none counts against its address, which is not heard with any once it has made too many up.
    """

    looks: int = 120
    looks_a_second: float = 2.0
    acts: int = 20
    acts_a_second: float = 0.2
    calls: int = 600
    calls_a_second: float = 20.0


@dataclass(slots=True)
class _Buckets:
    """What is left to each address: full at first, filled again at a rate; who was idle longest is forgotten."""

    size: int
    rate: float
    left: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def take(self, address: str, now: float) -> int:
        """Return 0 where an address may go on, else after how many seconds it may."""
        left = self._left(address, now)
        self.left.pop(address, None)
        if len(self.left) >= MOST_ADDRESSES:
            self.left.popitem(last=False)
        self.left[address] = (left - 1 if left >= 1 else left, now)
        return self._wait(left)

    def wait(self, address: str, now: float) -> int:
        """Return the same, and take nothing."""
        return self._wait(self._left(address, now))

    def _left(self, address: str, now: float) -> float:
        left, since = self.left.get(address, (float(self.size), now))
        return min(float(self.size), left + (now - since) * self.rate)

    def _wait(self, left: float) -> int:
        return 0 if left >= 1 else ceil((1 - left) / self.rate)


class Guard:
    """Answers 429 to an address that asks too often, and puts the headers on every answer."""

    def __init__(
        self, app: ASGIApp, *, limits: Limits, https: bool = False, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self.app, self.ticks = app, ticks
        self.looks = _Buckets(limits.looks, limits.looks_a_second)
        self.acts = _Buckets(limits.acts, limits.acts_a_second)
        self.calls = _Buckets(limits.calls, limits.calls_a_second)
        self.strangers = _Buckets(limits.acts, limits.acts_a_second)
        self.headers = {**HEADERS, **({"Strict-Transport-Security": "max-age=31536000"} if https else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or not."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._dress(message)
                if message["status"] == 401 and _token(scope):
                    self.strangers.take(_household(scope), self.ticks())
            await send(message)

        wait = self._wait(scope)
        if wait:
            await _too_often(scope, wait)(scope, receive, sent)
            return
        if scope["method"] == "HEAD":  # whatever may be read may be asked for without its body
            await self.app({**scope, "method": "GET"}, receive, _bodiless(sent))
            return
        await self.app(scope, receive, sent)

    def _wait(self, scope: MutableMapping[str, Any]) -> int:
        if scope["path"] in NEVER_LIMITED:
            return 0
        address, now = _household(scope), self.ticks()
        if token := _token(scope):
            return self.strangers.wait(address, now) or self.calls.take(token, now)
        buckets = self.looks if scope["method"] in ("GET", "HEAD") else self.acts
        return buckets.take(address, now)

    def _dress(self, message: Message) -> None:
        headers = MutableHeaders(scope=message)
        headers.setdefault("Cache-Control", "no-store")
        for name, value in self.headers.items():
            headers.setdefault(name, value)  # the strictest, where a page does not say what it needs


def _bodiless(send: Send) -> Send:
    async def sent(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return sent


def _too_often(scope: Scope, wait: int) -> Response:
    headers = {"Retry-After": str(wait)}
    if scope["path"].startswith("/api/"):
        return answer_of(Said("too-many-requests", 429, headers=headers), Request(scope), "")
    return HTMLResponse(problem_page("often"), 429, headers=headers)


def _household(scope: MutableMapping[str, Any]) -> str:
    return household(scope["client"][0] if scope.get("client") else "")


def _token(scope: MutableMapping[str, Any]) -> str:
    """Return what stands for the token that a call of the API brings; nothing for any other request."""
    if not scope["path"].startswith("/api/"):
        return ""
    scheme, _, secret = Headers(scope=scope).get("authorization", "").partition(" ")
    return sha256(secret.strip().encode()).hexdigest() if scheme.lower() == "bearer" and secret.strip() else ""


def household(address: str) -> str:
    """Return what stands for an address: of IPv6 its first half, since whoever has one has all that begin so.

    >>> household("192.0.2.7"), household("2001:db8:0:1:2:3:4:5")
    ('192.0.2.7', '2001:db8:0:1::/64')
    """
    try:
        found = ip_address(address)
    except ValueError:  # a socket of this machine has none
        return address
    return address if found.version == 4 else str(ip_network((found, 64), strict=False))
