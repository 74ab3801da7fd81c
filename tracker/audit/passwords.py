"""Passwords as argon2id hashes, and codes of the hour (TOTP). An unknown name costs the same time as a known one."""

import hmac
import threading
import unicodedata
from datetime import datetime

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.profiles import RFC_9106_LOW_MEMORY

STEP = 30  # seconds a code lasts; the one before and the one after are heard too, for clocks that differ
_HASHER = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
_AT_ONCE = threading.BoundedSemaphore(4)  # 64 MiB each: a crowd at the door waits for its turn
_NOBODY: list[str] = []
_NO_SECRET = "A" * 32


def hashed(password: str) -> str:
    """Return the hash to keep of a password."""
    with _AT_ONCE:
        return _HASHER.hash(_plain(password))


def fits(kept: str | None, password: str) -> bool:
    """Return whether a password is the one kept; where none is, after the same work, that it is not."""
    with _AT_ONCE:
        if kept is None and not _NOBODY:
            _NOBODY.append(_HASHER.hash("nobody"))
        try:
            _HASHER.verify(kept if kept is not None else _NOBODY[0], _plain(password))
        except (Argon2Error, InvalidHashError):
            return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Return whether a hash was made with less work than is asked for today."""
    try:
        return _HASHER.check_needs_rehash(kept)
    except InvalidHashError:
        return True


def new_secret() -> str:
    """Return a secret for codes, as text to type into an authenticator."""
    return pyotp.random_base32()


def link_of(secret: str, name: str, office: str) -> str:
    """Return the otpauth link of a secret, which an authenticator opens."""
    return pyotp.TOTP(secret, interval=STEP).provisioning_uri(name=name, issuer_name=office)


def step_of(secret: str | None, code: str, at: datetime, *, after: int | None = None) -> int | None:
    """Return the step of time a code belongs to; None for a wrong one, and one not later than `after`: used already.

    Where there is no secret, None after the same work.
    """
    codes = pyotp.TOTP(secret or _NO_SECRET, interval=STEP)
    now = int(at.timestamp()) // STEP
    given = "".join(code.split())
    found = None
    for step in (now - 1, now, now + 1):
        right = hmac.compare_digest(codes.generate_otp(step).encode(), given.encode("utf-8", "surrogatepass"))
        if right and (after is None or step > after):
            found = step
    return found if secret is not None else None


def _plain(password: str) -> bytes:
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
