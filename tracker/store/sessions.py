"""Sessions, tokens and attempts to log in: of what a browser or a program holds only the hash is here."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, select, update

from tracker.domain.sign_in import OF_A_PAIR, OF_MANY, REMEMBERED, Record, Tries
from tracker.store.door_tables import AttemptRow, SessionRow, TokenRow

SESSION = SessionRow.__table__  # type: ignore[attr-defined]
TOKEN = TokenRow.__table__  # type: ignore[attr-defined]
ATTEMPT = AttemptRow.__table__  # type: ignore[attr-defined]
TRIED, IN, HELD = "tried", "in", "held"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One browser that is logged in."""

    hash: str = field(repr=False)
    account: str
    csrf: str = field(repr=False)
    way: str
    made_at: datetime
    seen_at: datetime
    ends_at: datetime
    rotated_from: str | None = field(default=None, repr=False)
    agent: str = ""

    @property
    def id(self) -> str:
        """Return what the session is called on a page: enough to end it, too little to be it."""
        return self.hash[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A key for a program, as it may be shown."""

    id: str
    account: str
    label: str
    hash: str = field(repr=False)
    scopes: str
    office: str | None = None
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None

    @property
    def may(self) -> frozenset[str]:
        """Return what it may: read, write, feed."""
        return frozenset(self.scopes.split())

    def works(self, at: datetime) -> bool:
        """Return whether it is neither revoked nor over."""
        return self.revoked_at is None and at < self.expires_at


def begin(connection: Connection, session: Session) -> None:
    """Write a session; those that are over are forgotten."""
    connection.execute(delete(SESSION).where(SESSION.c.ends_at <= session.made_at))
    connection.execute(insert(SESSION), [asdict(session)])


def session(connection: Connection, digest: str) -> Session | None:
    """Return a session by its hash."""
    row = connection.execute(select(SESSION).where(SESSION.c.hash == digest)).mappings().one_or_none()
    return Session(**row) if row else None


def sessions_of(connection: Connection, account: str) -> tuple[Session, ...]:
    """Return the sessions of an account, the one seen last first."""
    question = select(SESSION).where(SESSION.c.account == account).order_by(SESSION.c.seen_at.desc(), SESSION.c.hash)
    return tuple(Session(**row) for row in connection.execute(question).mappings())


def touch(connection: Connection, digest: str, at: datetime) -> None:
    """Note that a session gave a sign of life."""
    connection.execute(update(SESSION).where(SESSION.c.hash == digest).values(seen_at=at))


def end(connection: Connection, digest: str) -> bool:
    """Forget a session; False where it was not there."""
    return connection.execute(delete(SESSION).where(SESSION.c.hash == digest)).rowcount > 0


def end_all(connection: Connection, account: str, *, but: str | None = None) -> int:
    """Forget the sessions of an account, all but one, and return how many."""
    others = SESSION.c.account == account if but is None else and_(SESSION.c.account == account, SESSION.c.hash != but)
    return connection.execute(delete(SESSION).where(others)).rowcount


def end_everything(connection: Connection) -> None:
    """Forget every session."""
    connection.execute(delete(SESSION))


def add_token(connection: Connection, token: Token) -> None:
    """Write a token."""
    connection.execute(insert(TOKEN), [asdict(token)])


def token_of(connection: Connection, digest: str) -> Token | None:
    """Return a token by its hash."""
    row = connection.execute(select(TOKEN).where(TOKEN.c.hash == digest)).mappings().one_or_none()
    return Token(**row) if row else None


def token(connection: Connection, id: str) -> Token | None:
    """Return a token by what it is called."""
    row = connection.execute(select(TOKEN).where(TOKEN.c.id == id)).mappings().one_or_none()
    return Token(**row) if row else None


def tokens(connection: Connection, account: str | None = None) -> tuple[Token, ...]:
    """Return the tokens of an account or of all, the newest first."""
    question = select(TOKEN).order_by(TOKEN.c.made_at.desc(), TOKEN.c.id)
    if account is not None:
        question = question.where(TOKEN.c.account == account)
    return tuple(Token(**row) for row in connection.execute(question).mappings())


def change_token(connection: Connection, id: str, **columns: Any) -> None:
    """Write when a token was used, or revoked."""
    connection.execute(update(TOKEN).where(TOKEN.c.id == id).values(**columns))


def one_by_one(connection: Connection, who: str) -> None:
    """Let attempts with a name wait for each other until this transaction ends; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"login {who}", 0))))


def try_once(connection: Connection, *, at: datetime, who: str, address: str, outcome: str) -> int:
    """Write an attempt and return its id; those of long ago are forgotten."""
    connection.execute(delete(ATTEMPT).where(ATTEMPT.c.at < at - REMEMBERED))
    row = {"at": at, "who": who, "address": address, "outcome": outcome}
    return int(connection.execute(insert(ATTEMPT).returning(ATTEMPT.c.id), row).scalar_one())


def got_in(connection: Connection, attempt: int) -> None:
    """Write that an attempt was right."""
    connection.execute(update(ATTEMPT).where(ATTEMPT.c.id == attempt).values(outcome=IN))


def record_of(connection: Connection, *, who: str, address: str, at: datetime) -> Record:
    """Return how often a name and an address went wrong lately, together and each alone."""
    both = and_(ATTEMPT.c.who == who, ATTEMPT.c.address == address)
    last_in = select(func.max(ATTEMPT.c.id)).where(both, ATTEMPT.c.outcome == IN)
    since: int | None = connection.execute(last_in).scalar_one()
    return Record(
        pair=_tries(connection, both, ATTEMPT.c.id > (since or 0), ATTEMPT.c.at > at - OF_A_PAIR),
        name=_tries(connection, ATTEMPT.c.who == who, ATTEMPT.c.at > at - OF_MANY),
        address=_tries(connection, ATTEMPT.c.address == address, ATTEMPT.c.at > at - OF_MANY),
        known=since is not None,
    )


def _tries(connection: Connection, *conditions: Any) -> Tries:
    question = select(func.count(), func.max(ATTEMPT.c.at)).where(*conditions, ATTEMPT.c.outcome == TRIED)
    row = connection.execute(question).one()
    return Tries(failures=row[0], last=row[1])
