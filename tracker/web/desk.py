"""The desk: what every page asks for. Who looks, one reading of the store at one instant, one act, one page.

A page holds no rule. It takes a `Reading` and gives it to a view; it gives `act` a verb; it hands what
came back to a template. What wants a word of its own on who may, raises through `require`.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from hmac import compare_digest
from typing import Any, TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import HTTPException, Request
from fastapi.responses import HTMLResponse
from markupsafe import escape
from starlette.concurrency import run_in_threadpool

from tracker import clock
from tracker.domain.account import Role
from tracker.domain.agency import Registry
from tracker.domain.errors import Invalid
from tracker.domain.scope import Scope
from tracker.domain.text import LANGUAGES
from tracker.operations.in_force import registry_at
from tracker.settings import Settings
from tracker.views import Connection, Store
from tracker.views.footing import Footing, Ground, footing, ground, now_of
from tracker.web.paper import Paper
from tracker.web.shelf import Shelf

OPENING = time(8)  # a bare date is 08:00 of that day, as everywhere in the tracker
COOKIE = "lang"
A_YEAR = 365 * 24 * 3600
FURTHEST = timedelta(days=3653)
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: made by a session, never by a page."""

    account: str
    name: str
    actor: str
    role: Role
    office: str | None
    language: str
    scope: Scope
    csrf: str


ViewerOf = Callable[[Request], Viewer | None]


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading transaction at one instant; `known` is up to when entries are heard."""

    connection: Connection
    at: datetime
    known: datetime | None
    registry: Registry
    scope: Scope
    language: str
    footing: Footing
    ground: Ground

    @property
    def zone(self) -> str:
        """Return the zone days are shown in."""
        return self.registry.calendar.zone


def require(viewer: Viewer, *roles: Role) -> None:
    """Raise 403 where the viewer has none of these roles."""
    if viewer.role not in roles:
        raise HTTPException(403, "role")


class Desk:
    """What the pages of one store share."""

    def __init__(self, store: Store, settings: Settings, viewer_of: ViewerOf) -> None:
        self.store, self.settings = store, settings
        self._viewer_of = viewer_of
        self._paper = Paper(settings)
        self._shelf = Shelf()
        # what stands for the name and the token of whoever asks, on a page that is printed for more than one
        self._name, self._csrf = secrets.token_hex(16), secrets.token_hex(16)

    def viewer(self, request: Request) -> Viewer:
        """Return who looks; nobody is sent to log in, and to come back here after."""
        found = self.who(request)
        if found is not None:
            return found
        if request.url.path.startswith("/api/"):
            raise HTTPException(401, "login")
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        target = quote(here if request.method in SAFE else "/", safe="")
        raise HTTPException(303, "login", headers={"Location": f"/login?next={target}"})

    def who(self, request: Request) -> Viewer | None:
        """Return who looks, in the language they read in; None for nobody. Asked once a request."""
        if not hasattr(request.state, "viewer"):
            found = self._viewer_of(request)
            request.state.viewer = found and replace(found, language=language_of(request, found.language))
        return request.state.viewer  # type: ignore[no-any-return]

    async def guard(self, request: Request) -> None:
        """Refuse a form that no page of ours gave to whoever sends it. Stands before every page."""
        if request.method in SAFE:
            return
        if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            raise HTTPException(403, "stale")
        viewer = await run_in_threadpool(self.who, request)
        if viewer is None:
            return  # the endpoint itself asks who it is, and /login has a token of its own
        said = (await request.form()).get("csrf")
        if not isinstance(said, str) or not compare_digest(said.encode(), viewer.csrf.encode()):
            raise HTTPException(403, "stale")
        request.state.guarded = True

    @contextmanager
    def reading(self, request: Request) -> Iterator[Reading]:
        """Yield one reading of the store at the instant of `?at=`, as known by `?known=`; now, where they are absent.

        Raises Invalid for what is no instant, NotFound before a registry was adopted.
        """
        viewer = self.who(request)
        scope = viewer.scope if viewer else Scope(frozenset())
        language = viewer.language if viewer else language_of(request)
        wall = clock.now()
        with self.store.read() as connection:
            found = ground(connection, wall)
            self.store.narrow(connection, scope.offices)
            at, known = self._instants(request, found.now(wall))
            registry = registry_at(connection, min(at, known), found)
            foot = footing(connection, at=at, known=known, zone=registry.calendar.zone, found=found)
            yield Reading(connection, at, known, registry, scope, language, foot, found)

    def act(self, request: Request, viewer: Viewer, verb: Callable[[datetime], T]) -> T:
        """Give a verb its instant and return what it returns; what it raises becomes the page that says why not."""
        if request.method in SAFE or not getattr(request.state, "guarded", False):
            raise HTTPException(403, "stale")
        return verb(self.now())

    def now(self) -> datetime:
        """Return the instant pages work at: a rehearsal is where it has got to, whatever the wall clock says."""
        with self.store.read() as connection:
            return now_of(connection, clock.now())

    def page(
        self,
        request: Request,
        template: str,
        *,
        viewer: Viewer | None,
        reading: Reading | None = None,
        status: int = 200,
        **context: Any,
    ) -> HTMLResponse:
        """Return a template as a page, in the viewer's language, with what every page has around it.

        Render inside the reading: the page says as of when, and at which position of the ledger, it is true.
        """
        language = viewer.language if viewer else language_of(request)
        html = self._paper.print(template, request, language, viewer=viewer, reading=reading, **context)
        return self._answer(request, html, language, status)

    def shared(
        self, request: Request, viewer: Viewer, reading: Reading, draw: Callable[[Viewer], HTMLResponse]
    ) -> HTMLResponse:
        """Return what `draw` prints for whoever has the viewer's role and office; printed once while nothing changes.

        That is: no entry, attempt, seal or sweep since, none turned by the clock, and the same minute. `draw` is
        given a viewer without a name of its own, and asks the database through the reading alone: those who wait for
        the page hold a connection each.
        """
        # an actor's moves follow from the office alone
        office = viewer.actor.partition(":")[0]
        common = replace(viewer, account="", name=self._name, actor=f"{office}:", csrf=self._csrf)
        at = reading.at if request.query_params.get("at") else reading.at.replace(second=0, microsecond=0)
        key = request.url.path, request.url.query, common, at, reading.ground
        html = self._shelf.page(key, lambda: bytes(draw(common).body))
        for sign, own in ((self._name, str(escape(viewer.name))), (self._csrf, viewer.csrf)):
            html = html.replace(sign.encode(), own.encode())
        return self._answer(request, html, viewer.language)

    def _answer(self, request: Request, html: str | bytes, language: str, status: int = 200) -> HTMLResponse:
        answer = HTMLResponse(html, status, headers={"Content-Security-Policy": POLICY})
        if request.query_params.get("lang") in LANGUAGES:
            secure = self.settings.base_url.startswith("https://")
            answer.set_cookie(COOKIE, language, max_age=A_YEAR, httponly=True, samesite="lax", secure=secure)
        return answer

    def _instants(self, request: Request, now: datetime) -> tuple[datetime, datetime]:
        asked = request.query_params
        at = bounded(instant_of(asked["at"]), now) if asked.get("at") else now
        if not asked.get("known"):
            return at, min(at, now)
        return at, now if asked["known"] == "now" else min(instant_of(asked["known"]), now)


POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def language_of(request: Request, own: str = "vi") -> str:
    """Return the language of a page: the one asked for, else the one chosen last, else one's own."""
    for said in (request.query_params.get("lang"), request.cookies.get(COOKIE), own):
        if said in LANGUAGES:
            return said
    return "vi"


def bounded(at: datetime, now: datetime) -> datetime:
    """Return an instant that is looked at; raises Invalid for one too far ahead to count days up to."""
    if at > now + FURTHEST:
        raise Invalid(f"{at.date()} is too far ahead: nothing is reckoned beyond ten years", code="bad-instant")
    return at


def instant_of(said: str, zone: str = "Asia/Ho_Chi_Minh") -> datetime:
    """Return an instant as a person writes it; raises Invalid.

    >>> instant_of("2025-08-11").isoformat(), instant_of("2025-08-11T14:30").isoformat()
    ('2025-08-11T01:00:00+00:00', '2025-08-11T07:30:00+00:00')
    """
    try:
        if len(said) == len("2025-08-11"):
            found = datetime.combine(date.fromisoformat(said), OPENING)
        else:
            found = datetime.fromisoformat(said.replace(" ", "+"))  # a plus in an address is a space
        if found.tzinfo is None:
            found = found.replace(tzinfo=ZoneInfo(zone))
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(f"'{said[:40]}' is no instant: 2025-08-11, or 2025-08-11T14:30", code="bad-instant") from None
