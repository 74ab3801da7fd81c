"""Links of a mail: a token says what was signed, and nothing else is heard from it."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.builders import a_calendar
from tracker.domain.link import (
    AFTER_LAST_DAY,
    LONGEST,
    PAGE_LASTS,
    Action,
    Link,
    expiry,
    is_of_page,
    key_id,
    page_stamp,
    read,
    sign,
)

KEY, OTHER = b"k" * 32, b"o" * 32
SECOND = timedelta(seconds=1)
UNTIL = datetime(2025, 9, 29, 17, tzinfo=UTC)
AT = UNTIL - timedelta(days=40)
LINK = Link(
    assignment="2025/412-tb-vpcp/report/BNV", office="BNV", channel="mail", action=Action.ACKNOWLEDGE,
    version=1, expires=UNTIL, reminder="abcdefgh",
)  # fmt: skip
TOKEN = sign(LINK, KEY)


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def with_payload(index: int, value: object) -> Callable[[str], str]:
    """Return what puts another value into the payload and leaves the signature."""

    def forge(token: str) -> str:
        version, number, payload, signature = token.split(".")
        said = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        said[index] = value
        return f"{version}.{number}.{text(json.dumps(said, separators=(',', ':')).encode())}.{signature}"

    return forge


def with_part(index: int, change: Callable[[str], str]) -> Callable[[str], str]:
    def forge(token: str) -> str:
        parts = token.split(".")
        parts[index] = change(parts[index])
        return ".".join(parts)

    return forge


def next_spelling(part: str) -> str:
    """Return base64url with a spare bit set at its end, which decodes to the same bytes."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return part[:-1] + letters[letters.index(part[-1]) ^ 1]


TAMPERINGS: dict[str, Callable[[str], str]] = {
    "nothing at all": lambda token: "",
    "another version": with_part(0, lambda _: "2"),
    "no version": lambda token: token.partition(".")[2],
    "an unknown key": with_part(1, lambda _: "00000000"),
    "the key id in capitals": with_part(1, lambda part: "ABCDEF00"),
    "the id of another key": with_part(1, lambda _: key_id(OTHER)),
    "another assignment": with_payload(0, "2025/412-tb-vpcp/report/BTC"),
    "another office": with_payload(1, "BTC"),
    "another channel": with_payload(2, "chat"),
    "another action": with_payload(3, "snooze"),
    "an action that no link has": with_payload(3, "complete"),
    "another version of the deadline": with_payload(4, 2),
    "a later expiry": with_payload(5, 4102444800),
    "another reminder": with_payload(6, "abcdefgi"),
    "no payload": with_part(2, lambda _: ""),
    "a payload cut short": with_part(2, lambda part: part[:-4]),
    "a payload that goes on": with_part(2, lambda part: part + "AAAA"),
    "a padded payload": with_part(2, lambda part: part + "="),
    "no signature": with_part(3, lambda _: ""),
    "an empty signature's length": with_part(3, lambda _: "A" * 43),
    "a signature cut short": with_part(3, lambda part: part[:-1]),
    "a signature that goes on": with_part(3, lambda part: part + "A"),
    "another spelling of the signature": with_part(3, next_spelling),
    "a padded signature": with_part(3, lambda part: part + "="),
    "a fifth part": lambda token: token + ".AAAA",
    "a line break behind it": lambda token: token + "\n",
    "a space before it": lambda token: " " + token,
    "letters that only look alike": lambda token: token.replace("1.", "１.", 1),
    "a null character": lambda token: token + "\0",
    "half a surrogate pair": lambda token: token + "\ud800",
    "more than anybody reads": lambda token: token + "A" * LONGEST,
}


def test_a_token_says_what_was_signed() -> None:
    assert read(TOKEN, [KEY], at=AT) == LINK


def test_the_same_reminder_has_the_same_link() -> None:
    assert sign(LINK, KEY) == TOKEN
    assert len(TOKEN) < 200  # a line of a mail that no program breaks


@pytest.mark.parametrize("how", TAMPERINGS)
def test_a_token_that_was_altered_says_nothing(how: str) -> None:
    forged = TAMPERINGS[how](TOKEN)
    assert forged != TOKEN
    assert read(forged, [KEY, OTHER], at=AT) is None


@pytest.mark.parametrize("place", range(len(TOKEN)))
def test_not_one_character_can_be_another(place: int) -> None:
    other = "A" if TOKEN[place] != "A" else "B"
    assert read(TOKEN[:place] + other + TOKEN[place + 1 :], [KEY], at=AT) is None


@pytest.mark.parametrize(
    ("at", "heard"), [(UNTIL - SECOND, True), (UNTIL, False), (UNTIL + SECOND, False)], ids=["before", "at", "after"]
)
def test_a_token_ends_at_its_expiry(at: datetime, heard: bool) -> None:
    assert (read(TOKEN, [KEY], at=at) is not None) is heard


@pytest.mark.parametrize(
    ("keys", "heard"), [([KEY], True), ([OTHER, KEY], True), ([OTHER], False), ([], False)],
    ids=["in force", "rotated and accepted", "rotated and revoked", "no key"],
)  # fmt: skip
def test_an_old_key_is_accepted_until_told_otherwise(keys: list[bytes], heard: bool) -> None:
    assert (read(TOKEN, keys, at=AT) is not None) is heard


def test_titles_of_any_script_fit() -> None:
    other = replace(LINK, assignment="2025/412/báo-cáo/Đ", channel="hộp thư")
    assert read(sign(other, KEY), [KEY], at=AT) == other


def test_links_end_30_days_after_the_last_day_or_60_after_the_moment() -> None:
    last = date(2025, 8, 31)
    assert expiry(last, AT, a_calendar()) == a_calendar().instant(last + AFTER_LAST_DAY)
    assert expiry(None, AT, a_calendar()) == AT + timedelta(days=60)


@pytest.mark.parametrize(
    ("passed", "holds"),
    [(-SECOND, False), (timedelta(), True), (PAGE_LASTS, True), (PAGE_LASTS + SECOND, False)],
    ids=["before it was shown", "at once", "at its end", "after its end"],
)
def test_a_page_lasts_half_a_day(passed: timedelta, holds: bool) -> None:
    stamp = page_stamp(TOKEN, KEY, at=AT)
    assert is_of_page(stamp, TOKEN, [OTHER, KEY], at=AT + passed) is holds


@pytest.mark.parametrize(
    "stamp", ["", "1.A", "x", page_stamp(TOKEN, OTHER, at=AT), page_stamp(TOKEN + "x", KEY, at=AT)]
)
def test_a_form_made_elsewhere_will_not_do(stamp: str) -> None:
    assert not is_of_page(stamp, TOKEN, [KEY], at=AT)


def test_a_page_stamp_is_no_token_and_a_token_no_stamp() -> None:
    assert not is_of_page(TOKEN, TOKEN, [KEY], at=AT)
    assert read(page_stamp(TOKEN, KEY, at=AT), [KEY], at=AT) is None
