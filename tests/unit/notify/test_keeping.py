"""Copies to keep: what is shown is what was sent, but for the signatures of its links."""

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from tests.unit.notify.a_digest import a_digest
from tests.unit.notify.a_notice import a_notice
from tracker.domain.errors import Broken
from tracker.domain.link import Action, Link, read, sign
from tracker.notify.keeping import copy_in, keep, original_of
from tracker.notify.message import build
from tracker.notify.wire import octets

KEY, OTHER = bytes(32), bytes(31) + b"\x01"
AT = datetime(2025, 8, 11, 1, tzinfo=UTC)
LINK = Link(
    assignment="2025/412-tb-vpcp/report/BNV",
    office="BNV",
    channel="mail",
    action=Action.SNOOZE,
    version=1,
    expires=datetime(2025, 9, 30, tzinfo=UTC),
    reminder="ntf-x",
)
TOKEN = sign(LINK, KEY)
LINKED = replace(a_notice(), acknowledge_url=f"https://a.example/l/{TOKEN}", snooze_url=f"https://a.example/l/{TOKEN}")


@pytest.mark.parametrize("notice", [a_notice(), a_notice(stage="assigned"), a_digest()], ids=["one", "ics", "digest"])
@pytest.mark.parametrize("international", [False, True])
def test_a_mail_without_links_is_kept_as_it_left(notice: object, international: bool) -> None:
    mail = octets(build(notice, "bnv@moha.example"), international=international)  # type: ignore[arg-type]
    kept = keep(mail)
    assert copy_in(kept.content) == mail
    assert kept.sent == kept.shown == sha256(mail).hexdigest()
    assert len(kept.content) < len(mail) / 2


def test_no_link_in_a_copy_acts_and_the_key_of_links_makes_it_whole_again() -> None:
    mail = octets(build(LINKED, "bnv@moha.example"), international=False)
    kept = keep(mail)
    copy = copy_in(kept.content)
    assert (kept.sent, kept.shown) == (sha256(mail).hexdigest(), sha256(copy).hexdigest())
    assert len(copy) == len(mail)
    assert kept.sent != kept.shown
    assert original_of(kept.content, [OTHER, KEY]) == mail
    assert original_of(kept.content, [OTHER]) == copy


def test_what_a_copy_shows_of_a_link_is_no_token() -> None:
    shown = copy_in(keep(f"see https://a.example/l/{TOKEN} and act".encode()).content).decode()
    token = shown.split("/l/")[1].split()[0]
    assert read(TOKEN, [KEY], at=AT) == LINK
    assert token[:-43] == TOKEN[:-43]
    assert read(token, [KEY], at=AT) is None


def test_a_copy_that_is_not_whole_is_told_as_such() -> None:
    content = keep(b"Subject: x").content
    for broken in (b"", content[:-4], b"not packed"):
        with pytest.raises(Broken, match="not whole"):
            copy_in(broken)
