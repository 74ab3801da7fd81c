"""The counter: what every operation of the API asks for. Who calls, one reading at one instant, one act.

It stands where the desk stands for pages, and asks it; an operation holds no rule either.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query, Request
from pydantic import AfterValidator

from tracker import clock
from tracker.domain.account import Role
from tracker.domain.agency import Registry
from tracker.domain.directive import Directive
from tracker.domain.errors import NotFound
from tracker.domain.scope import Scope
from tracker.operations.in_force import registry_at
from tracker.operations.reading import directive_at
from tracker.settings import Settings
from tracker.views import Connection, Store
from tracker.views.footing import footing, now_of
from tracker.views.stamp import Stamp
from tracker.web.api.amiss import NO_INSTANT
from tracker.web.api.languages import language_of
from tracker.web.api.problems import Problem
from tracker.web.api.rules import Rule
from tracker.web.desk import SAFE, Desk, Viewer, bounded, instant_of

T = TypeVar("T")
CSRF = "X-CSRF-Token"
INSTANT = {
    "anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}],
    "examples": ["2025-08-31", "2025-08-31T17:00:00+07:00"],
}
# a plus that nobody encoded arrives as a space
_SAID = re.compile(r"\d{4}-\d\d-\d\d([Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[-+ ]\d\d:\d\d))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, in which language they are answered."""

    account: str
    actor: str
    role: Role
    office: str | None
    scope: Scope
    language: str


@dataclass(frozen=True, slots=True)
class Look:
    """One reading transaction at one instant, within the scope of whoever looks."""

    connection: Connection
    at: datetime
    known: datetime
    registry: Registry
    scope: Scope
    language: str

    @property
    def within(self) -> dict[str, Any]:
        """Return the keywords that every view of one's own scope takes."""
        return {"at": self.at, "known": self.known, "registry": self.registry, "scope": self.scope}

    @property
    def stamp(self) -> Stamp:
        """Return as of when an answer is true, and at which position of the ledger."""
        return footing(self.connection, at=self.at, known=self.known, zone=self.registry.calendar.zone).stamp

    def text(self, key: str) -> Directive | None:
        """Return a directive as it was in force at the instant; None for one that was not."""
        try:
            return directive_at(self.connection, key, min(self.at, self.known))
        except NotFound:
            return None


@dataclass(frozen=True, slots=True)
class When:
    """At which instant is looked, and as known by which; None is now, and the same."""

    as_of: str | None = None
    known: str | None = None


def _instant(said: str) -> str:
    """Return an instant as it is said; raises ValueError for what is not said as the description has it."""
    if not _SAID.fullmatch(said):
        raise ValueError(NO_INSTANT)
    return said


def _known(said: str) -> str:
    return said if said == "now" else _instant(said)


def when_of(
    as_of: Annotated[
        Annotated[str, AfterValidator(_instant)] | None,
        Query(
            description="The instant looked at; a bare date is 08:00 of that day. Now by default.",
            json_schema_extra={"type": None, **INSTANT},
        ),
    ] = None,
    known: Annotated[
        Annotated[str, AfterValidator(_known)] | None,
        Query(
            description="The instant up to which entries are heard; `as_of` by default, `now` for all there are.",
            json_schema_extra={"anyOf": [*INSTANT["anyOf"], {"const": "now"}]},
        ),
    ] = None,
) -> When:
    """Return the two instants a request asks for."""
    return When(as_of, known)


def caller_of(request: Request) -> Caller:
    """Return who calls: the counter has asked already."""
    found: Caller = request.state.caller
    return found


At = Annotated[When, Depends(when_of)]
Who = Annotated[Caller, Depends(caller_of)]


class Counter:
    """What the operations of one store share."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.store: Store = desk.store
        self.settings: Settings = desk.settings

    def admit(self, request: Request, rule: Rule) -> Caller:
        """Return who calls; raises the problem of somebody unknown, or for whom the operation is not."""
        viewer, scopes = self._known(request)
        needed = "write" if rule.writes else "read"
        if needed not in scopes:
            raise Problem("forbidden", f"this token may not {needed}", headers=_insufficient(needed))
        if viewer.role not in rule.roles:
            raise Problem("forbidden")
        return Caller(
            viewer.account,
            viewer.actor,
            viewer.role,
            viewer.office,
            viewer.scope,
            language_of(request, viewer.language),
        )

    def _known(self, request: Request) -> tuple[Viewer, frozenset[str]]:
        """Return who sends a request and what they may by it; a session may all, a token what it was made for."""
        viewer = self.desk.who(request)
        if viewer is None:
            token = "authorization" in request.headers
            raise Problem("unauthenticated", headers={"WWW-Authenticate": _INVALID if token else _ASKING})
        if not viewer.csrf:
            return viewer, frozenset(getattr(request.state, "may", ()))
        said = request.headers.get(CSRF, "")
        if request.method not in SAFE and not compare_digest(said.encode(), viewer.csrf.encode()):
            raise Problem("forbidden", f"a session sends its csrf token as {CSRF}")
        return viewer, frozenset({"read", "write"})

    @contextmanager
    def looking(self, caller: Caller, when: When | None = None) -> Iterator[Look]:
        """Yield one reading of the store, now or at the instants asked for."""
        when = when or When()
        with self.store.read(caller.scope.offices) as connection:
            now = now_of(connection, clock.now())
            at = bounded(instant_of(when.as_of), now) if when.as_of else now
            known = min(at, now)
            if when.known:
                known = now if when.known == "now" else min(instant_of(when.known), now)
            registry = registry_at(connection, min(at, known))
            yield Look(connection, at, known, registry, caller.scope, caller.language)

    def now(self) -> datetime:
        """Return what the clock on the wall says, which calls to others go by."""
        return clock.now()

    def act(self, verb: Callable[[datetime], T]) -> T:
        """Give a verb its instant and return what it returns."""
        return verb(self.desk.now())


_ASKING = 'Bearer realm="tracker"'
_INVALID = 'Bearer realm="tracker", error="invalid_token"'


def _insufficient(scope: str) -> dict[str, str]:
    return {"WWW-Authenticate": f'Bearer realm="tracker", error="insufficient_scope", scope="{scope}"'}
