"""Accounts in the store: what entries determine of them, and beside it what is personal or secret."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, or_, select, update

from tracker.domain.account import Account
from tracker.store.door_tables import AccountRow, CredentialRow

ACCOUNT = AccountRow.__table__  # type: ignore[attr-defined]
CREDENTIAL = CredentialRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """How somebody proves who they are; nothing of it shows in a repr."""

    password: str | None = field(default=None, repr=False)
    password_at: datetime | None = None
    totp: str | None = field(default=None, repr=False)
    totp_step: int | None = None
    issuer: str | None = None
    subject: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)

    @property
    def is_once(self) -> bool:
        """Return whether the password lets in once, to choose another: nobody chose it for themselves yet."""
        return self.password is not None and self.password_at is None


Known = tuple[Account, Credential]
_BOTH = select(
    ACCOUNT, *(column for column in CREDENTIAL.c if column.name != "account")
).outerjoin(CREDENTIAL, CREDENTIAL.c.account == ACCOUNT.c.name)  # fmt: skip


def known(connection: Connection, name: str) -> Known | None:
    """Return an account by its login name, and how it proves who it is."""
    row = connection.execute(_BOTH.where(ACCOUNT.c.name == name)).one_or_none()
    return _known(row) if row else None


def of_subject(connection: Connection, issuer: str, subject: str) -> Known | None:
    """Return the account that a single sign-on is linked to."""
    found = _BOTH.where(CREDENTIAL.c.issuer == issuer, CREDENTIAL.c.subject == subject)
    row = connection.execute(found).one_or_none()
    return _known(row) if row else None


def of_email(connection: Connection, email: str) -> tuple[Known, ...]:
    """Return the accounts of a mailbox."""
    rows = connection.execute(_BOTH.where(func.lower(CREDENTIAL.c.email) == email.lower()).order_by(ACCOUNT.c.name))
    return tuple(map(_known, rows))


def listed(connection: Connection) -> tuple[Known, ...]:
    """Return every account, those that may log in first, by name."""
    rows = connection.execute(_BOTH.order_by(ACCOUNT.c.disabled_at.is_not(None), ACCOUNT.c.name))
    return tuple(map(_known, rows))


def is_any(connection: Connection) -> bool:
    """Return whether there is an account."""
    return connection.execute(select(ACCOUNT.c.name).limit(1)).first() is not None


def add(connection: Connection, account: Account, *, email: str | None) -> None:
    """Write a new account, which cannot prove yet who it is."""
    row = {"name": account.name, "role": account.role, "office": account.office, "made_at": account.made_at}
    connection.execute(insert(ACCOUNT), [{**row, "seq": account.changed}])
    personal = {"account": account.name, "shown": account.shown, "language": account.language, "email": email}
    connection.execute(insert(CREDENTIAL), [personal])


def change(connection: Connection, name: str, **columns: Any) -> None:
    """Write what entries determine of an account anew."""
    connection.execute(update(ACCOUNT).where(ACCOUNT.c.name == name).values(**columns))


def keep(connection: Connection, name: str, **columns: Any) -> None:
    """Write what is personal or secret of an account anew; one that `rebuild` made again gets its row here."""
    done = connection.execute(update(CREDENTIAL).where(CREDENTIAL.c.account == name).values(**columns))
    if done.rowcount == 0:
        connection.execute(insert(CREDENTIAL), [{"account": name, "shown": name, "language": "vi", **columns}])


def use_step(connection: Connection, name: str, step: int) -> bool:
    """Note that a code of a step was used; False where it, or a later one, was used already."""
    fresh = or_(CREDENTIAL.c.totp_step.is_(None), CREDENTIAL.c.totp_step < step)
    statement = update(CREDENTIAL).where(CREDENTIAL.c.account == name, fresh).values(totp_step=step)
    return connection.execute(statement).rowcount == 1


def _known(row: Row[Any]) -> Known:
    said = row._mapping
    account = Account(
        name=said["name"],
        shown=said["shown"] or said["name"],
        role=said["role"],
        office=said["office"],
        language=said["language"] or "vi",
        made_at=said["made_at"],
        disabled_at=said["disabled_at"],
        changed=said["seq"],
    )
    return account, Credential(**{name: said[name] for name in Credential.__dataclass_fields__})
