"""Tokens: keys for programs and calendars. Shown once, kept as a SHA-256, for some things only, and not for ever."""

import secrets
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from tracker.domain.authority import may_administer, standpoint
from tracker.domain.entry import Draft, stamp
from tracker.domain.errors import Conflict, Invalid, NotFound, Refused, TryLater
from tracker.domain.scope import Scope, with_those_below
from tracker.operations.accounts import known, registry_if_any
from tracker.operations.sessions import TOUCH, Visitor, digest_of, visitor_for
from tracker.store import ledger
from tracker.store import sessions as kept
from tracker.store.sessions import Token
from tracker.store.store import Connection, Store

READ, WRITE, FEED, METRICS = "read", "write", "feed", "metrics"
SCOPES = (READ, WRITE, FEED, METRICS)
PREFIX = "tracker_"  # so that a key that leaked is known for what it is
DEFAULT, LONGEST = timedelta(days=90), timedelta(days=366)


def make_token(
    store: Store,
    account: str,
    scopes: Collection[str],
    *,
    label: str,
    lasts: timedelta = DEFAULT,
    office: str | None = None,
    at: datetime,
    actor: str,
    wall: datetime | None = None,
) -> tuple[str, Token]:
    """Make a token of an account and return it, this once, with what is kept of it.

    `office` narrows what it sees to that office and those below; it never widens it. `wall` is what the
    token's life is counted from where that is not `at`: in a rehearsal. Raises Invalid for unknown scopes, none, a
    token without a label or for longer than a year.
    """
    if not scopes or not set(scopes) <= set(SCOPES):
        raise Invalid(f"a token is for some of: {', '.join(SCOPES)}", code="bad-token")
    if not label.strip() or len(label) > 80:
        raise Invalid("say in up to 80 characters what the token is for", code="bad-token")
    if not timedelta() < lasts <= LONGEST:
        raise Invalid(f"a token lasts a day at least and {LONGEST.days} days at most", code="bad-token")
    secret = PREFIX + secrets.token_urlsafe(32)
    with store.write() as connection:
        at = ledger.settle(connection, at)
        its, _ = known(connection, account)
        _check_own(connection, its.actor, actor)
        _check_office(connection, office)
        if its.disabled_at is not None:
            raise Conflict(f"'{account}' is disabled", code="disabled")
        made = wall or at
        token = Token(
            id=secrets.token_hex(4),
            account=account,
            label=label.strip(),
            hash=digest_of(secret),
            scopes=" ".join(scope for scope in SCOPES if scope in scopes),
            office=office,
            made_at=made,
            expires_at=made + lasts,
        )
        said = {"token": token.id, "account": account, "scopes": token.scopes, "until": stamp(token.expires_at)}
        _note(connection, "token_made", {**said, **({"office": office} if office else {})}, at, actor)
        kept.add_token(connection, token)
        return secret, token


def revoke_token(store: Store, id: str, *, at: datetime, actor: str, wall: datetime | None = None) -> Token:
    """Hear a token no longer; raises NotFound where there is none of the name, or it is another's."""
    with store.write() as connection:
        at = ledger.settle(connection, at)
        token = kept.token(connection, id)
        if token is None:
            raise NotFound(f"there is no token '{id}'", code="no-token")
        _check_own(connection, known(connection, token.account)[0].actor, actor, id=id)
        if token.revoked_at is not None:
            raise Conflict(f"the token '{id}' is revoked already", code="revoked")
        _note(connection, "token_revoked", {"token": id, "account": token.account}, at, actor)
        kept.change_token(connection, id, revoked_at=wall or at)
        return replace(token, revoked_at=wall or at)


def token_list(store: Store, account: str | None = None) -> tuple[Token, ...]:
    """Return the tokens of an account or of all, the newest first."""
    with store.read() as connection:
        return kept.tokens(connection, account)


def bearer(store: Store, secret: str, *, at: datetime) -> Visitor | None:
    """Return who holds a token at an instant, and what it may; None where it is not heard."""
    if not secret.startswith(PREFIX) or len(secret) > 100:
        return None
    with store.read() as connection:
        token = kept.token_of(connection, digest_of(secret))
        if token is None or not token.works(at):
            return None
        found = visitor_for(connection, token.account, at=at)
        registry = registry_if_any(connection)
    if found is None:
        return None
    if token.used_at is None or at - token.used_at >= TOUCH:
        _touch(store, token.id, at)
    narrow = Scope(with_those_below(token.office, registry)) if token.office and registry else Scope(None)
    return replace(found, scope=found.scope & narrow, may=token.may)


def _check_own(connection: Connection, owner: str, actor: str, *, id: str = "") -> None:
    """Raise unless an actor looks after accounts or the token is theirs; of another's they do not learn that it is."""
    registry = registry_if_any(connection)
    if actor == owner or registry is None or may_administer(standpoint(actor, registry)):
        return
    if id:
        raise NotFound(f"there is no token '{id}'", code="no-token")
    raise Refused(f"{actor} does not look after accounts", code="not-yours")


def _check_office(connection: Connection, office: str | None) -> None:
    registry = registry_if_any(connection)
    if office is not None and (registry is None or office not in registry.agencies):
        raise NotFound(f"the registry has no agency '{office}'", code="unknown-agency")


def _note(connection: Connection, kind: str, said: dict[str, str], at: datetime, actor: str) -> None:
    ledger.append(connection, [Draft(kind=kind, effective_at=at, actor=actor, payload=dict(said))], at=at)


def _touch(store: Store, id: str, at: datetime) -> None:
    try:
        with store.write(haste=True) as connection:
            kept.change_token(connection, id, used_at=at)
    except TryLater:  # a sweep is writing: the next request says it
        pass
