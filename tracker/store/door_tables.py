"""The tables of the front door: accounts, how they prove who they are, sessions, tokens, attempts to log in.

Accounts are determined by entries; the rest is personal or secret, and stands in no entry.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from tracker.store.tables import BigKey


class AccountRow(SQLModel, table=True):
    """Somebody who may log in, as what: `seq` is the last entry that says so."""

    __tablename__ = "account"

    name: str = Field(primary_key=True)
    role: str
    office: str | None = Field(default=None, index=True)
    made_at: datetime
    disabled_at: datetime | None = None
    seq: int = Field(sa_type=BigInteger)


class CredentialRow(SQLModel, table=True):
    """What is personal or secret of an account: never in the ledger.

    `password` is an argon2id hash, none where only single sign-on is allowed; `totp` is sealed, and `totp_step`
    the last step of time a code of which was used. `issuer` and `subject` are of the single sign-on.
    """

    __tablename__ = "credential"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    account: str = Field(primary_key=True)
    shown: str
    language: str
    email: str | None = Field(default=None, index=True)
    password: str | None = Field(default=None, sa_type=Text)
    password_at: datetime | None = None
    totp: str | None = Field(default=None, sa_type=Text)
    totp_step: int | None = Field(default=None, sa_type=BigInteger)
    issuer: str | None = None
    subject: str | None = None


class SessionRow(SQLModel, table=True):
    """Somebody who is logged in: only the SHA-256 of what their browser holds; `ends_at` is the latest it can be."""

    __tablename__ = "session"

    hash: str = Field(primary_key=True)
    account: str = Field(index=True)
    csrf: str
    way: str
    made_at: datetime
    seen_at: datetime
    ends_at: datetime = Field(index=True)
    rotated_from: str | None = None
    agent: str = ""


class TokenRow(SQLModel, table=True):
    """A key for programs: only its SHA-256, what it may (`read write feed`), and of which office where not of all."""

    __tablename__ = "token"
    __table_args__ = (UniqueConstraint("hash"),)

    id: str = Field(primary_key=True)
    account: str = Field(index=True)
    label: str
    hash: str
    scopes: str
    office: str | None = None
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None


class AttemptRow(SQLModel, table=True):
    """An attempt to log in: `who` is a keyed hash of the name that was typed; people type passwords there."""

    __tablename__ = "login_attempt"
    __table_args__ = (
        Index("ix_login_attempt_who_at", "who", "at"),
        Index("ix_login_attempt_address_at", "address", "at"),
    )

    id: int | None = Field(default=None, sa_column=Column("id", BigKey, primary_key=True, autoincrement=True))
    at: datetime = Field(index=True)
    who: str
    address: str
    outcome: str
