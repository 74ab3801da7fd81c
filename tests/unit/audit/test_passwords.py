"""Passwords as the product hashes them: with the work that RFC 9106 advises. Other tests hash lightly."""

import pytest

from tracker.audit import passwords

PASSWORD = "one tall ship and a star"


@pytest.fixture(autouse=True)
def _as_shipped(shipped_hasher: None) -> None:
    """Nothing here is hashed lightly."""


def test_a_hash_says_the_work_that_rfc_9106_advises_where_memory_is_short() -> None:
    kept = passwords.hashed(PASSWORD)
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert not passwords.is_outdated(kept)
    assert passwords.fits(kept, PASSWORD)
    assert not passwords.fits(kept, "no ship and no star at all")


def test_a_hash_made_with_less_work_and_what_is_no_hash_are_outdated() -> None:
    light = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$"
    assert passwords.is_outdated(f"{light}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
    assert passwords.is_outdated("no hash at all")
