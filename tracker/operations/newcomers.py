"""Newcomers: the five people a demo can be looked at as, each with a password made for them; in a rehearsal only."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tracker.domain.errors import Refused
from tracker.operations.accounts import make_account, set_password
from tracker.store.store import Store

# login name -> role, office, name, language
FIVE: Mapping[str, tuple[str, str | None, str, str]] = {
    "le": ("secretariat", None, "Lê Thị Hoa", "vi"),
    "anna": ("agency", "BNV", "Anna Nguyễn", "en"),
    "binh": ("agency", "BTC", "Trần Bình", "fr"),
    "pham": ("auditor", None, "Phạm Văn Minh", "vi"),
    "root": ("admin", None, "Root", "en"),
}
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """Somebody who may log in; the password is said this once."""

    name: str
    role: str
    office: str | None
    password: str = field(repr=False)


def make_five(store: Store, *, at: datetime, actor: str) -> tuple[Newcomer, ...]:
    """Make five accounts with passwords; raises Refused for a live store, whose people are its own."""
    if not store.position().is_rehearsal:
        raise Refused("a live store has its own people: only a rehearsal is given five", code="not-a-rehearsal")
    made = []
    for name, (role, office, shown, language) in FIVE.items():
        password = a_password()
        make_account(store, name, role, office=office, shown=shown, language=language, at=at, actor=actor)
        set_password(store, name, password, at=at, actor=actor)
        made.append(Newcomer(name=name, role=role, office=office, password=password))
    return tuple(made)


def a_password() -> str:
    """Return a password that can be read out: four groups of four, 79 bits."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))
