"""Accounts: who may come in at the front door, as what, and under which name they stand in the ledger."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from tracker.domain.errors import Invalid

Role = Literal["secretariat", "agency", "auditor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
LANGUAGES = ("vi", "en", "fr")

LONGEST_NAME = 40
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 256
_LOGIN = re.compile(rf"[a-z][a-z0-9._-]{{0,{LONGEST_NAME - 1}}}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who may log in: a name to log in with, one to show, a role, and the office of an agency's member.

    `changed` is the entry that changed it last; what proves who they are (password, codes) is not part of it.
    """

    name: str
    shown: str
    role: Role
    office: str | None = None
    language: str = "vi"
    made_at: datetime
    disabled_at: datetime | None = None
    changed: int = 0

    @property
    def actor(self) -> str:
        """Return the name in the ledger.

        >>> from datetime import UTC
        >>> then = datetime(2025, 8, 11, tzinfo=UTC)
        >>> Account(name="anna", shown="Anna", role="agency", office="BNV", made_at=then).actor
        'BNV:anna'
        >>> Account(name="root", shown="Root", role="admin", made_at=then).actor
        'admin:root'
        """
        return f"{self.office if self.role == 'agency' else self.role}:{self.name}"


def check_account(name: str, role: str, office: str | None, language: str) -> None:
    """Raise Invalid where an account cannot be made like this; whether the office exists is for the registry to say."""
    if _LOGIN.fullmatch(name) is None:
        raise Invalid(f"'{name}' is no login name: up to {LONGEST_NAME} of a-z, 0-9, '.', '_' and '-', a letter first")
    if role not in ROLES:
        raise Invalid(f"'{role}' is no role: {', '.join(ROLES)}")
    if (role == "agency") != (office is not None):
        raise Invalid("an account of the role 'agency' has an office, and no other has")
    if language not in LANGUAGES:
        raise Invalid(f"'{language}' is no language: {', '.join(LANGUAGES)}")


def check_password(password: str, name: str = "") -> None:
    """Raise Invalid where a password is too short, too long, the same few characters, or little but the login name."""
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid(f"a password has at least {SHORTEST_PASSWORD} characters", code="weak-password")
    if len(password) > LONGEST_PASSWORD:
        raise Invalid(f"a password has at most {LONGEST_PASSWORD} characters", code="weak-password")
    # a short name stands in many a phrase: what counts is how much is left without it
    left = password.casefold().replace(name, "") if name else password
    if len(left) < SHORTEST_PASSWORD // 2 or len(set(password)) < 5:
        raise Invalid("a password is not one's name, nor the same few characters again", code="weak-password")
