"""Sessions: logging in, staying logged in, going. Of what the browser holds only the SHA-256 is kept.

An attempt is counted before anything is tried, so that many at once are not heard more often than one after
the other; names nobody has are counted, and cost, the same.
"""

import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from tracker.audit import passwords
from tracker.audit.vault import Vault
from tracker.domain.account import LONGEST_PASSWORD, Account
from tracker.domain.errors import Conflict, Refused, TryLater
from tracker.domain.scope import EVERYTHING, Scope, scope_of
from tracker.domain.sign_in import held_until
from tracker.operations.accounts import bound_to, office_works, registry_if_any
from tracker.operations.secrets import vault_made
from tracker.settings import Settings
from tracker.store import accounts, deputies, ledger
from tracker.store import sessions as kept
from tracker.store.accounts import Credential
from tracker.store.sessions import HELD, TRIED, Session
from tracker.store.store import Connection, Store

TOUCH = timedelta(minutes=1)  # a sign of life is written no more often than this
PASSWORD, SIGN_ON, ONCE = "password", "sign-on", "once"
LONGEST_TYPED = 200
NOT_YOU = "the name, the password or the code is not right"


class Slow(TryLater):
    """Somebody was wrong too often: how many seconds to wait."""

    code = "too-often"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"that was wrong too often: wait {seconds} seconds")
        self.seconds = seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who is at the door and may come in: the account, what it sees today, and by what it came.

    Who came by a password that is good `once` chooses another before anything else.
    """

    account: Account
    scope: Scope
    csrf: str = ""
    session: str = ""
    once: bool = False
    may: frozenset[str] = frozenset({"read", "write", "feed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A session that began: what the browser is to hold, said this once."""

    token: str
    account: Account
    ends_at: datetime


def log_in(
    store: Store,
    settings: Settings,
    *,
    name: str,
    password: str,
    code: str = "",
    address: str,
    agent: str = "",
    before: str = "",
    at: datetime,
) -> Begun:
    """Begin a session for who knows the password, and the code where the account asks for one.

    `before` is what the browser held: that session ends. Raises Slow for who was wrong too often, Refused, with
    one sentence whatever was wrong, for who is not known.
    """
    vault = vault_made(store, settings)
    typed = name.strip().casefold()[:LONGEST_TYPED]
    attempt = _heard(store, vault, typed, address, at)
    with store.read() as connection:
        found = accounts.known(connection, typed)
        works = found is not None and _works(connection, found[0], at)
    account, credential = found or (None, Credential())
    right = passwords.fits(credential.password, password[: LONGEST_PASSWORD + 1])
    secret = vault.open(credential.totp, bound=bound_to(typed)) if credential.totp else None
    step = passwords.step_of(secret, code, at, after=credential.totp_step)
    coded = credential.totp is None or step is not None
    if account is None or not (right and coded and works):
        raise Refused(NOT_YOU, code="not-you")
    fresh = (
        passwords.hashed(password)
        if not credential.is_once and passwords.is_outdated(credential.password or "")
        else None
    )
    with store.write() as connection:
        _still(connection, account, credential)
        if step is not None and not accounts.use_step(connection, account.name, step):
            raise Refused(NOT_YOU, code="not-you")  # the same code twice at once
        if fresh:
            accounts.keep(connection, account.name, password=fresh)
        kept.got_in(connection, attempt)
        if credential.is_once:
            accounts.keep(connection, account.name, password=None)
        way = ONCE if credential.is_once else PASSWORD
        return begin(connection, settings, account, way=way, agent=agent, before=before, at=at)


def begin(
    connection: Connection, settings: Settings, account: Account, *, way: str, agent: str, before: str, at: datetime
) -> Begun:
    """Begin a session for an account that proved who it is; the one the browser held before ends."""
    token = secrets.token_urlsafe(32)
    old = digest_of(before) if before else None
    if old is not None and not kept.end(connection, old):
        old = None
    session = Session(
        hash=digest_of(token),
        account=account.name,
        csrf=secrets.token_urlsafe(24),
        way=way,
        made_at=at,
        seen_at=at,
        ends_at=at + settings.stay.longest,
        rotated_from=old,
        agent="".join(c for c in agent if c.isprintable())[:120],
    )
    kept.begin(connection, session)
    return Begun(token=token, account=account, ends_at=session.ends_at)


def rotate(store: Store, settings: Settings, token: str, *, at: datetime) -> Begun:
    """Go on with a session under another token: what proves who somebody is has changed. It ends when it would have.

    Raises Conflict where the session is over meanwhile.
    """
    with store.write() as connection:
        old = kept.session(connection, digest_of(token))
        found = accounts.known(connection, old.account) if old else None
        if old is None or found is None:
            raise Conflict("this session is over: log in again", code="session-over")
        fresh = secrets.token_urlsafe(32)
        kept.end(connection, old.hash)
        way = PASSWORD if old.way == ONCE else old.way  # another was chosen: nothing else is rotated in such a session
        csrf = secrets.token_urlsafe(24)
        session = replace(old, hash=digest_of(fresh), csrf=csrf, way=way, rotated_from=old.hash, seen_at=at)
        kept.begin(connection, session)
        return Begun(token=fresh, account=found[0], ends_at=session.ends_at)


def visitor_of(store: Store, settings: Settings, token: str, *, at: datetime) -> Visitor | None:
    """Return who holds a session at an instant; None where it is over, or the account lets nobody in any more."""
    digest = digest_of(token)
    with store.read() as connection:
        session = kept.session(connection, digest)
        if session is None:
            return None
        made, seen, ends = session.made_at, session.seen_at, session.ends_at
        if settings.stay.is_over(made=made, seen=seen, ends=ends, at=at):
            return None
        found = visitor_for(connection, session.account, at=at)
    if found is None:
        return None
    if at - session.seen_at >= TOUCH:
        _touch(store, digest, at)
    return replace(found, csrf=session.csrf, session=digest, once=session.way == ONCE)


def visitor_for(connection: Connection, name: str, *, at: datetime) -> Visitor | None:
    """Return what an account sees; None where it lets nobody in: it is disabled, or its office is no more."""
    found = accounts.known(connection, name)
    if found is None:
        return None
    if found[0].role != "agency" and found[0].office is None and found[0].disabled_at is None:
        return Visitor(account=found[0], scope=EVERYTHING)  # whatever offices there are
    account, registry, present = found[0], registry_if_any(connection), _present(connection, at)
    if account.disabled_at is not None or not office_works(account.office, registry, present):
        return None
    if registry is None:
        return Visitor(account=account, scope=Scope(None if account.role != "agency" else frozenset()))
    today = registry.calendar.civil_day(present)
    covered = deputies.covered_by(connection, account.office, today) if account.office else ()
    return Visitor(account=account, scope=scope_of(account.role, account.office, registry, covered))


def was_asked_by(store: Store, token: str, csrf: str) -> str | None:
    """Return whose session a form was given to, though it is over by now; None for a form of nobody we remember."""
    with store.read() as connection:
        session = kept.session(connection, digest_of(token))
    same = session is not None and hmac.compare_digest(session.csrf.encode(), csrf.encode("utf-8", "surrogatepass"))
    return session.account if session and same else None


def log_out(store: Store, token: str) -> None:
    """End a session."""
    with store.write() as connection:
        kept.end(connection, digest_of(token))


def sessions_of(store: Store, account: str, settings: Settings, *, at: datetime) -> tuple[Session, ...]:
    """Return the sessions of an account that are not over."""
    with store.read() as connection:
        found = kept.sessions_of(connection, account)
    stay = settings.stay
    return tuple(s for s in found if not stay.is_over(made=s.made_at, seen=s.seen_at, ends=s.ends_at, at=at))


def end_session(store: Store, account: str, id: str) -> bool:
    """End a session of an account by what it is called on the page; False where it is over already."""
    with store.write() as connection:
        found = [one for one in kept.sessions_of(connection, account) if one.id == id]
        return any(kept.end(connection, one.hash) for one in found)


def end_sessions(store: Store, account: str, *, but: str | None = None) -> int:
    """End the sessions of an account, all but one, and return how many."""
    with store.write() as connection:
        return kept.end_all(connection, account, but=but)


def end_everything(store: Store) -> None:
    """End every session there is."""
    with store.write() as connection:
        kept.end_everything(connection)


def is_password(store: Store, settings: Settings, account: str, password: str, *, address: str, at: datetime) -> bool:
    """Return whether a password is an account's, for who is logged in already; counted like an attempt to log in."""
    attempt = _heard(store, vault_made(store, settings), account, address, at)
    with store.read() as connection:
        found = accounts.known(connection, account)
    right = passwords.fits(found[1].password if found else None, password[: LONGEST_PASSWORD + 1])
    if right:
        with store.write() as connection:
            kept.got_in(connection, attempt)
    return right


def digest_of(token: str) -> str:
    """Return what is kept of a token."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _heard(store: Store, vault: Vault, typed: str, address: str, at: datetime) -> int:
    """Write an attempt and return its number; raises Slow for one that is not heard."""
    who = hmac.digest(vault.derive("attempts"), typed.encode("utf-8", "surrogatepass"), "sha256").hex()[:32]
    with store.write() as connection:
        kept.one_by_one(connection, who)
        held = held_until(kept.record_of(connection, who=who, address=address, at=at))
        if held is None or held <= at:
            return kept.try_once(connection, at=at, who=who, address=address, outcome=TRIED)
        kept.try_once(connection, at=at, who=who, address=address, outcome=HELD)
    raise Slow(int((held - at).total_seconds()) + 1)


def _works(connection: Connection, account: Account, at: datetime) -> bool:
    registry = registry_if_any(connection)
    return account.disabled_at is None and office_works(account.office, registry, _present(connection, at))


def _present(connection: Connection, at: datetime) -> datetime:
    """Return the instant a store is at: a rehearsal where it has got to."""
    head = ledger.position(connection)
    return head.high_water if head.is_rehearsal else head.go_on(at)


def _still(connection: Connection, account: Account, credential: Credential) -> None:
    """Raise Refused where an account, or what proves it, changed while the password was being checked."""
    now = accounts.known(connection, account.name)
    if now is None or now[0] != account or now[1].password != credential.password:
        raise Refused(NOT_YOU, code="not-you")


def _touch(store: Store, digest: str, at: datetime) -> None:
    try:
        with store.write(haste=True) as connection:
            kept.touch(connection, digest, at)
    except TryLater:  # a sweep is writing: the next request says it
        pass
