"""Secrets at rest: what opens a sealed text, what does not, and what can be learnt without the key."""

import re

import pytest

from tracker.audit.vault import Vault, fingerprint_of, key_of, new_key
from tracker.domain.errors import Invalid, Refused

BOUND = ("channel", "BNV", "hook", "webhook", "webhook:hooks.moha.example")
PLAIN = '{"url": "https://hooks.moha.example/s3cr3t", "name": "Bộ Nội vụ"}'


@pytest.fixture
def vault() -> Vault:
    return Vault([new_key()])


@pytest.mark.parametrize("plain", ["", "a", PLAIN, "x" * 100_000])
def test_what_was_sealed_opens_with_its_key_and_in_its_place(vault: Vault, plain: str) -> None:
    assert vault.open(vault.seal(plain, bound=BOUND), bound=BOUND) == plain


@pytest.mark.parametrize("moved", range(len(BOUND)))
def test_a_secret_moved_to_another_row_opens_no_more(vault: Vault, moved: int) -> None:
    elsewhere = tuple(part + "x" if n == moved else part for n, part in enumerate(BOUND))
    with pytest.raises(Refused, match="moved here from elsewhere"):
        vault.open(vault.seal(PLAIN, bound=BOUND), bound=elsewhere)


def test_the_parts_of_a_place_cannot_be_shifted_against_each_other(vault: Vault) -> None:
    sealed = vault.seal(PLAIN, bound=("a", "bc"))
    for other in (("ab", "c"), ("abc",), ("a", "b", "c"), ('a", "bc',)):
        with pytest.raises(Refused):
            vault.open(sealed, bound=other)


def test_no_character_of_a_sealed_text_can_be_changed(vault: Vault) -> None:
    sealed = vault.seal("short", bound=BOUND)
    for place, char in enumerate(sealed):
        other = "A" if char != "A" else "B"
        try:
            opened = vault.open(sealed[:place] + other + sealed[place + 1 :], bound=BOUND)
        except Refused:
            continue
        assert opened == "short"  # the last bits of base64 may stand for nothing


@pytest.mark.parametrize("text", ["", ".", "1.a.b", "1.a.b.c.d", "no sealed text", "2.0000.00.AAAA"])
def test_what_is_no_sealed_text_is_refused(vault: Vault, text: str) -> None:
    with pytest.raises(Refused):
        vault.open(text, bound=BOUND)


def test_another_key_is_named_and_opens_nothing(vault: Vault) -> None:
    sealed = vault.seal(PLAIN, bound=BOUND)
    with pytest.raises(Refused, match=f"sealed with the key {key_of(sealed)}, which is not here"):
        Vault([new_key()]).open(sealed, bound=BOUND)


def test_the_newest_key_seals_and_the_older_ones_still_open() -> None:
    old, new = new_key(), new_key()
    before = Vault([old]).seal(PLAIN, bound=BOUND)
    both = Vault([new, old])
    assert both.open(before, bound=BOUND) == PLAIN
    assert key_of(both.seal(PLAIN, bound=BOUND)) == both.key_ids[0] == Vault([new]).key_ids[0]


def test_the_same_secret_set_again_has_the_same_fingerprint_and_another_text(vault: Vault) -> None:
    first, second = vault.seal(PLAIN, bound=BOUND), vault.seal(PLAIN, bound=BOUND)
    assert first != second
    assert fingerprint_of(first) == fingerprint_of(second)
    assert fingerprint_of(first) != fingerprint_of(vault.seal(PLAIN + " ", bound=BOUND))
    assert fingerprint_of(first) != fingerprint_of(vault.seal(PLAIN, bound=("elsewhere",)))
    assert fingerprint_of(first) != fingerprint_of(Vault([new_key()]).seal(PLAIN, bound=BOUND))


def test_a_fingerprint_put_in_the_place_of_another_is_found(vault: Vault) -> None:
    sealed, other = vault.seal(PLAIN, bound=BOUND), vault.seal("another", bound=BOUND)
    with pytest.raises(Refused, match="fingerprint"):
        vault.open(sealed.replace(fingerprint_of(sealed), fingerprint_of(other)), bound=BOUND)


def test_keys_for_other_purposes_differ_and_come_newest_first() -> None:
    old, new = new_key(), new_key()
    vault = Vault([new, old])
    assert vault.derived("links") == (Vault([new]).derive("links"), Vault([old]).derive("links"))
    assert vault.derive("links") != vault.derive("seal") != new
    assert len(vault.derive("links")) == 32


def test_nothing_of_a_key_shows() -> None:
    key = new_key()
    vault = Vault([key])
    assert re.fullmatch(r"<Vault [0-9a-f]{8}>", repr(vault))
    assert key.hex()[:8] not in repr(vault)
    assert not hasattr(vault, "__dict__")


@pytest.mark.parametrize("keys", [[], [b""], [b"x" * 31], [b"x" * 33]])
def test_a_vault_without_a_whole_key_is_refused(keys: list[bytes]) -> None:
    with pytest.raises(Invalid):
        Vault(keys)
