"""Codes from an authenticator: offered with a secret that is in no database yet, taken once a code of it is right."""

from dataclasses import dataclass, field
from datetime import datetime

from tracker.audit import passwords
from tracker.domain.errors import Invalid
from tracker.operations.accounts import known, set_totp
from tracker.operations.secrets import vault_made
from tracker.settings import Settings
from tracker.store import accounts
from tracker.store.store import Store


@dataclass(frozen=True, slots=True)
class Offer:
    """A secret to put into an authenticator, and the same sealed: what the form carries until a code was typed."""

    secret: str = field(repr=False)
    link: str = field(repr=False)
    sealed: str = field(repr=False)


def offer_codes(store: Store, settings: Settings, name: str, *, sealed: str = "") -> Offer:
    """Return a new secret for an account, or the one offered before."""
    vault, bound = vault_made(store, settings), _bound(name)
    secret = vault.open(sealed, bound=bound) if sealed else passwords.new_secret()
    return Offer(secret, passwords.link_of(secret, name, settings.office), sealed or vault.seal(secret, bound=bound))


def take_codes(
    store: Store,
    settings: Settings,
    name: str,
    *,
    sealed: str,
    code: str,
    wall: datetime,
    at: datetime,
    actor: str,
    but: str | None = None,
) -> None:
    """Ask for codes of an offered secret from now on; raises Invalid where the code is not one of it."""
    secret = vault_made(store, settings).open(sealed, bound=_bound(name))
    step = passwords.step_of(secret, code, wall)
    if step is None:
        raise Invalid("this is not the code of this moment", code="wrong-code")
    set_totp(store, settings, name, secret, at=at, actor=actor, but=but)
    with store.write() as connection:
        accounts.use_step(connection, name, step)


def has_codes(store: Store, name: str) -> bool:
    """Return whether an account is asked for a code."""
    with store.read() as connection:
        return known(connection, name)[1].totp is not None


def _bound(name: str) -> tuple[str, ...]:
    return ("account", name, "codes offered")
