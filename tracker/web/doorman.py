"""The doorman: who sends a request, by the cookie of a session or, below /api/, by a token; and the cookies themselves.

A cookie is host-only, for this site alone, and no script reads it. A token is heard below /api/ only: a page
that changes something is asked for with a form that a session was given.
"""

import secrets
from datetime import datetime

from fastapi import HTTPException, Request, Response

from tracker import clock
from tracker.operations.sessions import Begun, Visitor, visitor_of, was_asked_by
from tracker.operations.tokens import READ, WRITE, bearer
from tracker.settings import Settings
from tracker.views import Store
from tracker.web.desk import SAFE, Viewer
from tracker.web.guard import household

API = "/api/"
# where a password that is good once leads, and what else is open to whoever came by one
CHOOSE = "/account/new-password"
OPEN = (CHOOSE, "/logout")
LONGEST = 200  # characters of a cookie or token; nobody's time is spent on more


class Doorman:
    """Knows who is at the door of one store."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store, self.settings = store, settings
        self.https = settings.base_url.startswith("https://")
        prefix = "__Host-" if self.https else ""
        self.session_cookie, self.door_cookie = f"{prefix}tracker", f"{prefix}tracker-door"

    def __call__(self, request: Request) -> Viewer | None:
        """Return who sends a request; None for nobody. Raises 403 for a token that may not do this."""
        said = request.headers.get("authorization", "")
        if said and request.url.path.startswith(API):
            return self._by_token(request, said)
        token = request.cookies.get(self.session_cookie, "")
        found = visitor_of(self.store, self.settings, token, at=self.now()) if 0 < len(token) <= LONGEST else None
        return self._seen(request, found)

    def now(self) -> datetime:
        """Return what time it is: sessions and tokens run by the clock on the wall, in a rehearsal too."""
        return clock.now()

    def let_in(self, answer: Response, begun: Begun) -> None:
        """Give the browser what it is to hold of a session that began."""
        self._set(answer, self.session_cookie, begun.token)
        self.forget_door(answer)

    def asked_by(self, request: Request, csrf: str) -> str | None:
        """Return whose session, over by now, was given the form that a request brings; None for any other form."""
        return was_asked_by(self.store, self.held(request), csrf)

    def see_out(self, answer: Response) -> None:
        """Take it away again."""
        answer.delete_cookie(self.session_cookie, path="/", secure=self.https, httponly=True, samesite="lax")

    def held(self, request: Request) -> str:
        """Return what the browser holds of a session, right or wrong."""
        return request.cookies.get(self.session_cookie, "")[:LONGEST]

    def knock(self, request: Request) -> str:
        """Return what the browser was given with the page before the door; new where it was given nothing."""
        given = request.cookies.get(self.door_cookie, "")
        return given if 20 <= len(given) <= LONGEST else secrets.token_urlsafe(24)

    def has_knocked(self, request: Request) -> bool:
        """Return whether the browser brings what it was given."""
        return self.knock(request) == request.cookies.get(self.door_cookie)

    def at_door(self, answer: Response, knock: str) -> None:
        """Give the browser something to bring along when it logs in: a form made elsewhere comes without."""
        self._set(answer, self.door_cookie, knock)

    def forget_door(self, answer: Response) -> None:
        """Take away what was given before the door."""
        answer.delete_cookie(self.door_cookie, path="/", secure=self.https, httponly=True, samesite="lax")

    def _set(self, answer: Response, name: str, value: str) -> None:
        answer.set_cookie(name, value, path="/", secure=self.https, httponly=True, samesite="lax")

    def _by_token(self, request: Request, said: str) -> Viewer | None:
        scheme, _, secret = said.partition(" ")
        found = bearer(self.store, secret.strip(), at=self.now()) if scheme.lower() == "bearer" else None
        if found is not None and (READ if request.method in SAFE else WRITE) not in found.may:
            raise HTTPException(403, "scope")
        return self._seen(request, found)

    def _seen(self, request: Request, found: Visitor | None) -> Viewer | None:
        if found is None:
            return None
        if found.once and request.url.path not in OPEN:
            status = 403 if request.url.path.startswith(API) else 303
            raise HTTPException(status, "once", headers={"Location": CHOOSE} if status == 303 else None)
        request.state.may, request.state.session, request.state.once = found.may, found.session, found.once
        account = found.account
        return Viewer(
            account=account.name,
            name=account.shown,
            actor=account.actor,
            role=account.role,
            office=account.office,
            language=account.language,
            scope=found.scope,
            csrf=found.csrf,
        )


def address_of(request: Request) -> str:
    """Return from where a request comes, as attempts are counted."""
    return household(request.client.host if request.client else "")


def own_path(said: str) -> str:
    r"""Return a path of ours to go on to; the first page for anything that leads elsewhere.

    >>> own_path("/tasks?agency=BNV"), own_path("//evil.example"), own_path("https://evil.example/"), own_path("/\\x")
    ('/tasks?agency=BNV', '/', '/', '/')
    """
    plain = said.isprintable() and "\\" not in said
    if not plain or not said.startswith("/") or said.startswith("//") or said.startswith(("/login", "/logout", API)):
        return "/"
    return said
