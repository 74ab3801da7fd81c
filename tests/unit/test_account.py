"""What a password has to be, at its boundaries."""

import pytest

from tracker.domain.account import LONGEST_PASSWORD, SHORTEST_PASSWORD, check_password
from tracker.domain.errors import Invalid

LETTERS = "abcdefghijklmnopqrstuvwxyz" * 20


@pytest.mark.parametrize("length", [SHORTEST_PASSWORD, SHORTEST_PASSWORD + 1, LONGEST_PASSWORD - 1, LONGEST_PASSWORD])
def test_a_password_of_a_length_between_the_two_limits_is_taken(length: int) -> None:
    check_password(LETTERS[:length])


@pytest.mark.parametrize("length", [0, SHORTEST_PASSWORD - 1, LONGEST_PASSWORD + 1])
def test_a_password_too_short_or_too_long_is_refused(length: int) -> None:
    with pytest.raises(Invalid) as refused:
        check_password(LETTERS[:length])
    assert refused.value.code == "weak-password"


@pytest.mark.parametrize("password", ["phamphamX1234", "PhamPhamPham1", "pham-pham-pha", "abcdabcdabcdabcd"])
def test_little_but_the_name_or_the_same_few_characters_is_refused(password: str) -> None:
    with pytest.raises(Invalid):
        check_password(password, "pham")


@pytest.mark.parametrize("password", ["phamphamX12345", "phamphamX123456", "correct horse battery staple"])
def test_enough_beside_the_name_is_taken(password: str) -> None:
    check_password(password, "pham")
    check_password(password, "le")  # stands in "staple"
