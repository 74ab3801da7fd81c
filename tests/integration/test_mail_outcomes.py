"""Of each mail the truth is told, whatever the server does: one real server, every way to fail."""

from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default

import pytest

from tests.integration.smtp import DROP, GARBLE, HANG, TAKE_THEN_DROP, SmtpServer
from tests.unit.notify.a_notice import a_notice
from tracker.notify.message import message_id
from tracker.notify.send import Sender

GOOD = "bnv@moha.example"
BAD = "nobody@moha.example"


@pytest.fixture(params=[(), ("PIPELINING",)], ids=["one by one", "in one breath"])
def server(request: pytest.FixtureRequest) -> Iterator[SmtpServer]:
    """A server that is asked for sender, recipient and data one by one, and one that takes them in one breath."""
    with SmtpServer(extensions=("SIZE 10000000", "8BITMIME", *request.param)) as server:
        yield server


@pytest.fixture
def sender(server: SmtpServer) -> Iterator[Sender]:
    with Sender(server.url, rehearsal=False, connect_timeout=0.5, read_timeout=0.5) as sender:
        yield sender


def test_a_mail_the_server_takes_is_accepted(server: SmtpServer, sender: Sender) -> None:
    outcome = sender.send(GOOD, a_notice())
    assert (outcome.kind, outcome.code, outcome.detail) == ("accepted", 250, "2.0.0 queued")
    assert [(taken.sender, taken.recipients) for taken in server.messages] == [("tracker@directives.example", (GOOD,))]


MODES = [
    ("CONNECT", DROP, "temporary", None),
    ("CONNECT", HANG, "temporary", None),
    ("CONNECT", GARBLE, "temporary", None),
    ("CONNECT", "421 too busy", "temporary", 421),
    ("CONNECT", "554 not for you", "temporary", 554),
    ("EHLO", DROP, "temporary", None),
    ("EHLO", HANG, "temporary", None),
    ("EHLO", "421 going down", "temporary", None),
    ("EHLO", "550 who are you", "temporary", 550),
    ("MAIL", DROP, "temporary", None),
    ("MAIL", HANG, "temporary", None),
    ("MAIL", GARBLE, "temporary", None),
    ("MAIL", "421 going down", "temporary", 421),
    ("MAIL", "451 later", "temporary", 451),
    ("MAIL", "550 sender refused", "permanent", 550),
    ("MAIL", "530 log in first", "temporary", 530),
    ("RCPT", DROP, "temporary", None),
    ("RCPT", HANG, "temporary", None),
    ("RCPT", "421 going down", "temporary", 421),
    ("RCPT", "450 greylisted", "temporary", 450),
    ("RCPT", "550 no such user", "permanent", 550),
    ("DATA", DROP, "temporary", None),
    ("DATA", HANG, "temporary", None),
    ("DATA", "250 what", "temporary", 250),
    ("DATA", "451 later", "temporary", 451),
    ("DATA", "554 never", "permanent", 554),
    ("END", DROP, "unknown", None),
    ("END", HANG, "unknown", None),
    ("END", GARBLE, "unknown", None),
    ("END", TAKE_THEN_DROP, "unknown", None),
    ("END", "354 more?", "unknown", 354),
    ("END", "421 going down", "temporary", 421),
    ("END", "452 disk full", "temporary", 452),
    ("END", "552 too large", "permanent", 552),
    ("END", "250 queued", "accepted", 250),
]


@pytest.mark.parametrize(("verb", "act", "kind", "code"), MODES)
def test_each_answer_has_one_meaning(
    server: SmtpServer, sender: Sender, verb: str, act: str, kind: str, code: int | None
) -> None:
    server.rule(verb, act)
    if verb == "EHLO" and act.startswith("5"):
        server.rule("HELO", act)  # a client may fall back to the older greeting
    outcome = sender.send(GOOD, a_notice())
    assert (outcome.kind, outcome.code) == (kind, code), outcome
    assert outcome.detail


@pytest.mark.parametrize(("verb", "act", "kind", "code"), MODES)
def test_a_failure_on_a_kept_connection_means_what_it_means_on_a_new_one(
    server: SmtpServer, sender: Sender, verb: str, act: str, kind: str, code: int | None
) -> None:
    assert sender.send(GOOD, a_notice()).kind == "accepted"
    if verb in ("CONNECT", "EHLO"):
        server.hang_up()
    server.rule(verb, act)
    if verb == "EHLO" and act.startswith("5"):
        server.rule("HELO", act)
    outcome = sender.send(GOOD, a_notice())
    assert (outcome.kind, outcome.code) == (kind, code), outcome


@pytest.mark.parametrize(("verb", "act", "kind", "code"), MODES)
def test_after_any_failure_the_next_mail_arrives(
    server: SmtpServer, sender: Sender, verb: str, act: str, kind: str, code: int | None
) -> None:
    server.rule(verb, act)
    sender.send(GOOD, a_notice())
    server.behave()
    assert sender.send(GOOD, a_notice(key="r1|another")).kind == "accepted"
    last = message_from_bytes(server.messages[-1].content, policy=default)
    assert last["Message-ID"] == message_id(a_notice(key="r1|another"))


def test_no_server_at_all_is_temporary() -> None:
    with SmtpServer() as server:
        url = server.url
    with Sender(url, rehearsal=False, connect_timeout=0.5) as sender:
        outcome = sender.send(GOOD, a_notice())
    assert outcome.kind == "temporary"
    assert "refused" in outcome.detail.lower()


def test_a_host_without_an_address_is_temporary() -> None:
    with Sender("smtp://mail.invalid:25", rehearsal=False, connect_timeout=0.5) as sender:
        assert sender.send(GOOD, a_notice()).kind == "temporary"


def test_one_bad_recipient_delays_nobody(server: SmtpServer, sender: Sender) -> None:
    server.rule("RCPT", "550 5.1.1 no such user", when=BAD)
    kinds = [sender.send(to, a_notice()).kind for to in (GOOD, BAD, "btp@moj.example")]
    assert kinds == ["accepted", "permanent", "accepted"]
    assert [taken.recipients for taken in server.messages] == [(GOOD,), ("btp@moj.example",)]
    assert server.connections == 1


@pytest.mark.parametrize("verb", ["MAIL", "RCPT"])
def test_a_server_that_wants_the_message_of_whom_it_refused_is_left(verb: str) -> None:
    with SmtpServer(extensions=("PIPELINING",)) as server, Sender(server.url, rehearsal=False) as sender:
        server.rule(verb, "550 not you", times=1)
        server.rule("RCPT", "250 ok", times=1 if verb == "MAIL" else 0)
        server.rule("DATA", "354 go ahead all the same", times=1)
        assert sender.send(GOOD, a_notice()).kind == "permanent"
        assert sender.send(GOOD, a_notice()).kind == "accepted"
        assert (server.connections, len(server.messages)) == (2, 1)


def test_a_message_travels_only_after_the_server_asked_for_it() -> None:
    with SmtpServer(extensions=("PIPELINING",)) as server, Sender(server.url, rehearsal=False) as sender:
        server.rule("DATA", "451 not now")
        assert sender.send(GOOD, a_notice()).kind == "temporary"
        assert server.verbs == ["EHLO", "MAIL", "RCPT", "DATA"]


def test_one_connection_carries_many_mails(server: SmtpServer, sender: Sender) -> None:
    for number in range(50):
        assert sender.send(GOOD, a_notice(key=f"r1|{number}")).kind == "accepted"
    assert (server.connections, len(server.messages)) == (1, 50)


def test_after_a_refusal_the_server_is_asked_to_forget_it(server: SmtpServer, sender: Sender) -> None:
    server.rule("RCPT", "550 no such user", when=BAD)
    for to in (GOOD, GOOD, BAD, GOOD):
        sender.send(to, a_notice())
    assert server.verbs.count("RSET") == 1
    assert server.verbs.index("RSET") > server.verbs.index("RCPT")


@pytest.mark.parametrize("farewell", ["", "421 4.4.2 idle too long"])
def test_a_connection_closed_while_idle_is_opened_again(server: SmtpServer, sender: Sender, farewell: str) -> None:
    for number in range(3):
        assert sender.send(GOOD, a_notice(key=f"r1|{number}")).kind == "accepted"
        server.hang_up(farewell)
    assert (server.connections, len(server.messages)) == (3, 3)


def test_a_server_that_ends_a_long_connection_at_mail_is_dialled_again(server: SmtpServer, sender: Sender) -> None:
    assert sender.send(GOOD, a_notice()).kind == "accepted"
    server.rule("MAIL", "421 enough for one connection", times=1)
    assert sender.send(GOOD, a_notice(key="r1|second")).kind == "accepted"
    assert server.connections == 2


def test_dialling_again_happens_once_not_for_ever(server: SmtpServer, sender: Sender) -> None:
    assert sender.send(GOOD, a_notice()).kind == "accepted"
    server.rule("MAIL", DROP)
    assert sender.send(GOOD, a_notice()).kind == "temporary"
    assert server.connections == 2


def test_nothing_is_sent_twice_once_the_message_was_begun(server: SmtpServer, sender: Sender) -> None:
    server.rule("END", TAKE_THEN_DROP)
    assert sender.send(GOOD, a_notice()).kind == "unknown"
    assert (server.connections, server.verbs.count("DATA"), len(server.messages)) == (1, 1, 1)


def test_a_retry_is_the_same_message_to_the_octet(server: SmtpServer, sender: Sender) -> None:
    server.rule("END", TAKE_THEN_DROP, times=1)
    assert sender.send(GOOD, a_notice()).kind == "unknown"
    assert sender.send(GOOD, a_notice()).kind == "accepted"
    first, second = server.messages
    assert first.content == second.content
    parsed = message_from_bytes(second.content, policy=default)
    assert parsed.get_all("Message-ID") == [message_id(a_notice())]


def test_a_line_that_is_a_lone_dot_does_not_end_the_mail(server: SmtpServer) -> None:
    from email.message import EmailMessage

    from tracker.notify.smtp import Lane

    message = EmailMessage()
    message["From"] = "tracker@directives.example"
    message.set_content("before\n.\n..after\n")
    with Lane(server.url) as lane:
        assert lane.send(message, GOOD).kind == "accepted"
    received = message_from_bytes(server.messages[0].content, policy=default)
    assert received.get_content().splitlines() == ["before", ".", "..after"]


def test_an_address_in_letters_the_server_does_not_know_is_permanent(server: SmtpServer, sender: Sender) -> None:
    assert sender.send("bộ@moha.example", a_notice()).kind == "permanent"
    assert server.messages == []


def test_an_address_in_any_letters_is_served_where_the_server_knows_them() -> None:
    with (
        SmtpServer(extensions=("SMTPUTF8", "8BITMIME")) as server,
        Sender(server.url, rehearsal=False) as sender,
    ):
        assert sender.send("bộ@moha.example", a_notice()).kind == "accepted"
        assert server.messages[0].recipients == ("bộ@moha.example",)


def test_a_domain_in_any_letters_is_served_everywhere(server: SmtpServer, sender: Sender) -> None:
    assert sender.send("bnv@nội-vụ.example", a_notice()).kind == "accepted"
    assert server.messages[0].recipients[0].startswith("bnv@xn--")


@pytest.mark.parametrize("address", ["", "bnv", "a@b\r\nRCPT TO:<c@d>", "a b@c.example", "<a@b>", "a@b, c@d", "@b"])
def test_what_is_no_address_never_reaches_the_server(server: SmtpServer, sender: Sender, address: str) -> None:
    outcome = sender.send(address, a_notice())
    assert (outcome.kind, server.connections) == ("permanent", 0)
    assert outcome.detail.startswith("configuration: ")
