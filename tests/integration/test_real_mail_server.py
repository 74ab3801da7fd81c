"""The same deliveries with a real server at the other end: what Exim does, and what we make of it."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.builders import a_directive, a_registry, a_task
from tests.integration.certificates import make_certificate
from tests.integration.exim import DOMAIN, LIMIT, PASSWORD, USER, Exim, exim, one_exim
from tests.unit.notify.a_notice import a_notice
from tracker import operations
from tracker.notify.message import build, message_id
from tracker.notify.notice import Notice
from tracker.notify.outcome import Outcome
from tracker.notify.render import render
from tracker.notify.send import Sender
from tracker.notify.smtp import Lane
from tracker.operations.attempting import LEASE
from tracker.operations.deliver import Delivered, deliver
from tracker.settings import Settings
from tracker.store import ledger, outbox
from tracker.store.adopted import Channel
from tracker.store.store import Store

__all__ = ["exim", "one_exim"]

AT = datetime(2025, 8, 11, 1, tzinfo=UTC)
GOOD, GREY, NOBODY = (f"{name}@{DOMAIN}" for name in ("bnv", "grey", "nobody"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A rehearsal whose three ministries have boxes on the real server: a good one, a greylisted one, none."""
    made = operations.init(f"sqlite:///{tmp_path / 'tracker.db'}", rehearsal=True, at=AT, actor="test")
    operations.adopt_registry(made, a_registry(), at=AT, actor="test")
    ways = zip(("BNV", "BTC", "BGDDT"), (GOOD, GREY, NOBODY), strict=True)
    channels = [Channel(agency=agency, name="mail", address=address, language="vi") for agency, address in ways]
    operations.set_channel(made, channels, at=AT, actor="test")
    yield made
    made.close()


def owe(store: Store, *agencies: str) -> None:
    """Give each of some agencies a task, of which a reminder waits."""
    tasks = [a_task(f"report-{agency.lower()}", lead=agency) for agency in agencies]
    operations.adopt_directive(store, a_directive(*tasks), at=AT, actor="test")
    operations.sweep(store, at=AT)


def run(store: Store, url: str, at: datetime = AT) -> Delivered:
    with a_sender(url, rehearsal=True) as sender:
        return deliver(store, sender, settings=Settings(), clock=lambda: at)


def a_sender(url: str, *, rehearsal: bool = False) -> Sender:
    return Sender(url, rehearsal=rehearsal, connect_timeout=5, read_timeout=10)


def states(store: Store) -> dict[str, str]:
    with store.read() as connection:
        return {reminder.agency: reminder.state for reminder in outbox.reminders(connection)}


def next_try(store: Store) -> datetime:
    """Return when the one reminder that still waits is tried again."""
    with store.read() as connection:
        (due,) = [reminder.due_at for reminder in outbox.reminders(connection, state="pending")]
    assert due is not None
    return due


def attempts(store: Store) -> list[tuple[str, int | None, str]]:
    """Return how each attempt ended, as the ledger says it."""
    with store.read() as connection:
        said = [entry.payload for entry in ledger.entries(connection, kinds=["delivery"])]
    return [(str(one["outcome"]), one["code"], str(one["message_id"])) for one in said]  # type: ignore[misc]


def parts(mail: EmailMessage) -> list[tuple[str, str]]:
    """Return the parts of a stored mail; text travels with CRLF."""
    return [
        (part.get_content_type(), part.get_content().replace("\r\n", "\n"))  # type: ignore[attr-defined]
        for part in mail.iter_parts()
    ]


@pytest.mark.parametrize("language", ["vi", "en", "fr"])
def test_a_mail_is_stored_as_it_was_meant(exim: Exim, language: str) -> None:
    notice = a_notice(language=language)
    with a_sender(exim.url()) as sender:
        outcome = sender.send(GOOD, notice)
    assert (outcome.kind, outcome.code) == ("accepted", 250)
    (mail,) = exim.stored(1)
    meant = render(notice)
    assert mail.get_all("Message-ID") == [message_id(notice)]
    assert (mail["Subject"], mail["To"], mail["Envelope-to"]) == (meant.subject, GOOD, GOOD)
    assert mail["Return-path"] == "<tracker@directives.example>"
    assert (mail["X-Ledger-Seq"], mail["X-Ledger-Head"]) == ("1234", "9f3c" * 16)
    assert (mail["Auto-Submitted"], mail["Content-Language"]) == ("auto-generated", language)
    assert parts(mail) == [("text/plain", meant.text), ("text/html", meant.html)]
    assert not mail.defects


def test_an_address_in_any_letters_reaches_its_box(exim: Exim) -> None:
    with a_sender(exim.url()) as sender:
        assert sender.send(f"bộ@{DOMAIN}", a_notice()).kind == "accepted"
    (mail,) = exim.stored(1)
    assert mail["Envelope-to"] == f"bộ@{DOMAIN}"


def test_one_conversation_carries_good_and_bad_recipients(exim: Exim) -> None:
    with a_sender(exim.url()) as sender:
        outcomes = [sender.send(to, a_notice(key=f"r1|{to}")) for to in (GOOD, NOBODY, "tp@moj.example", GOOD)]
    assert [(one.kind, one.code) for one in outcomes] == [
        ("accepted", 250), ("permanent", 550), ("permanent", 550), ("accepted", 250),
    ]  # fmt: skip
    assert "relay not permitted" in outcomes[2].detail
    assert len(exim.stored(2)) == 2


def test_of_three_ministries_each_has_its_own_truth(exim: Exim, store: Store) -> None:
    owe(store, "BNV", "BTC", "BGDDT")
    assert run(store, exim.url()) == Delivered(accepted=1, temporary=1, permanent=1)
    assert states(store) == {"BNV": "accepted", "BTC": "pending", "BGDDT": "failed"}
    assert run(store, exim.url(), next_try(store)) == Delivered(accepted=1)
    assert states(store)["BTC"] == "accepted"
    tries = [(outcome, code, identity) for outcome, code, identity in attempts(store) if code in (451, 250)]
    assert [(outcome, code) for outcome, code, _ in tries] == [("accepted", 250), ("temporary", 451), ("accepted", 250)]
    assert tries[1][2] == tries[2][2]  # the greylisted one came again under its own name
    assert {mail["Message-ID"] for mail in exim.stored(2)} == {tries[0][2], tries[2][2]}


def test_a_message_too_large_is_refused_for_good(exim: Exim) -> None:
    large = EmailMessage()
    large["From"] = "tracker@directives.example"
    large.set_content("word " * (LIMIT // 4))
    with Lane(exim.url()) as lane:
        outcome = lane.send(large, GOOD)
        assert lane.send(build(a_notice(), GOOD), GOOD).kind == "accepted"  # and it holds nobody up
    assert (outcome.kind, outcome.code) == ("permanent", 552)
    assert len(exim.stored(1)) == 1


@pytest.mark.parametrize("way", ["smtp", "smtps"])
def test_a_certificate_is_checked_against_the_authority_of_the_setting(exim: Exim, way: str) -> None:
    options = "" if way == "smtps" else "starttls=yes&"
    with a_sender(exim.url(way, options=f"{options}ca={exim.authority}")) as sender:
        assert sender.send(GOOD, a_notice()).kind == "accepted"
    (mail,) = exim.stored(1)
    assert " with esmtps" in " ".join(mail["Received"].split())


@pytest.mark.parametrize("way", ["smtp", "smtps"])
def test_a_server_no_known_authority_vouches_for_gets_nothing(exim: Exim, way: str, tmp_path: Path) -> None:
    make_certificate(tmp_path / "other.pem", authority=tmp_path / "ca.pem")
    for authority in ("", f"ca={tmp_path / 'ca.pem'}"):  # those of the system, and the wrong one
        with a_sender(exim.url(way, options=f"starttls={'no' if way == 'smtps' else 'yes'}&{authority}")) as sender:
            outcome = sender.send(GOOD, a_notice())
        assert outcome.kind == "temporary"
        assert "CERTIFICATE_VERIFY_FAILED" in outcome.detail
    assert exim.stored(0) == []


@pytest.mark.parametrize("way", ["submission", "old"])  # by PLAIN, and by LOGIN where a server knows nothing else
def test_the_right_password_opens_the_door(exim: Exim, way: str) -> None:
    with login(exim, way, PASSWORD) as sender:
        assert [sender.send(GOOD, a_notice(key=f"r1|{n}")).kind for n in range(2)] == ["accepted", "accepted"]
    for mail in exim.stored(2):
        assert " with esmtpsa" in " ".join(mail["Received"].split())


@pytest.mark.parametrize("way", ["submission", "old"])
def test_a_wrong_password_is_our_trouble_and_is_repeated_to_nobody(exim: Exim, way: str) -> None:
    with login(exim, way, "wr0ng-w0rd") as sender:
        outcome = sender.send(GOOD, a_notice())
    assert (outcome.kind, outcome.code) == ("temporary", 535)
    assert "wr0ng" not in outcome.detail
    assert exim.stored(0) == []


def test_no_login_where_one_is_wanted_is_our_trouble(exim: Exim) -> None:
    with a_sender(exim.url("submission", options=f"starttls=yes&ca={exim.authority}")) as sender:
        outcome = sender.send(GOOD, a_notice())
    assert (outcome.kind, outcome.code) == ("temporary", 530)


def test_a_password_never_travels_in_clear(exim: Exim) -> None:
    with a_sender(exim.url("submission", login=f"{USER}:{PASSWORD}")) as sender:
        outcome = sender.send(GOOD, a_notice())
    assert outcome.kind == "temporary"
    assert "AUTH" in outcome.detail


def login(exim: Exim, way: str, password: str) -> Sender:
    return a_sender(exim.url(way, login=f"{USER}:{password}", options=f"starttls=yes&ca={exim.authority}"))


def test_a_server_that_died_between_two_mails_costs_a_retry_and_no_mail(exim: Exim) -> None:
    with a_sender(exim.url()) as sender:
        assert sender.send(GOOD, a_notice()).kind == "accepted"
        exim.stored(1)
        exim.kill()
        assert sender.send(GOOD, a_notice(key="r1|second")).kind == "temporary"
        exim.start()
        assert sender.send(GOOD, a_notice(key="r1|second")).kind == "accepted"
    assert [mail["Message-ID"] for mail in exim.stored(2)].count(message_id(a_notice(key="r1|second"))) == 1


def test_a_server_killed_with_the_whole_message_in_hand_is_unknown_and_tried_again(exim: Exim, store: Store) -> None:
    owe(store, "BNV")
    exim.slow_down()
    ended: list[Delivered] = []
    worker = threading.Thread(target=lambda: ended.append(run(store, exim.url())))
    worker.start()
    give_up = time.monotonic() + 10
    while not exim.has_a_whole_message() and time.monotonic() < give_up:
        time.sleep(0.01)
    exim.kill()
    worker.join(10)
    assert ended == [Delivered(unknown=1)]
    exim.begin_afresh()
    exim.start()
    assert run(store, exim.url(), next_try(store)) == Delivered(accepted=1)
    (first, _, one), (second, _, other) = attempts(store)
    assert (first, second) == ("unknown", "accepted")
    assert one == other == exim.stored(1)[0]["Message-ID"]


def test_a_worker_killed_after_the_server_took_the_mail_sends_one_copy_under_the_same_name(
    exim: Exim, store: Store
) -> None:
    owe(store, "BNV")
    with pytest.raises(Died), a_sender(exim.url(), rehearsal=True) as sender:
        deliver(store, Mortal(sender), settings=Settings(), clock=lambda: AT)
    assert run(store, exim.url(), AT + LEASE) == Delivered(accepted=1)
    first, second = exim.stored(2)
    assert first["Message-ID"] == second["Message-ID"]
    assert [outcome for outcome, _, _ in attempts(store)] == ["unknown", "accepted"]


class Died(BaseException):
    """The worker is gone: nothing after the send is done."""


class Mortal:
    """A sender whose worker dies once the server has taken a mail."""

    def __init__(self, sender: Sender) -> None:
        self.sender = sender

    def send(self, channel: str, notice: Notice) -> Outcome:
        assert self.sender.send(channel, notice).kind == "accepted"
        raise Died
