"""What travels in the headers, and that nothing else can be made to."""

import random
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.notify.a_notice import a_notice
from tracker.notify.message import build, message_id, reply_to, thread_id
from tracker.notify.notice import LANGUAGES, NEWS, STAGES, Notice
from tracker.notify.render import render
from tracker.notify.wire import octets

TO = "bnv@moha.example"
NAMES = [
    "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "List-Id",
    "Auto-Submitted", "X-Auto-Response-Suppress", "Content-Language", "X-Directive-Number", "X-Directive-Task",
    "X-Directive-Stage", "X-Reminder-Reference", "X-Reminder-Key", "X-Ledger-Seq", "X-Ledger-Head",
    "MIME-Version", "Content-Type",
]  # fmt: skip


def received(notice: Notice, to: str = TO) -> EmailMessage:
    """Return the mail as a mailbox reads it: from its octets, by the standard parser."""
    parsed = message_from_bytes(octets(build(notice, to), international=False), policy=default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_every_header_says_its_one_thing() -> None:
    notice = a_notice()
    message = received(notice)
    digest = sha256(notice.key.encode()).hexdigest()[:32]
    assert message.keys() == NAMES
    assert message["From"] == "Government Office <tracker@directives.example>"
    assert message["To"] == TO
    assert message["Message-ID"] == f"<{digest}@directives.example>" == message_id(notice)
    assert message["In-Reply-To"] == message["References"] == thread_id(notice)
    assert message["Reply-To"] == reply_to(notice)
    assert message["Date"] == "Wed, 27 Aug 2025 01:35:00 +0000"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["List-Id"] == "<412-tb-vpcp.2025.directives.example>"
    assert message["Content-Language"] == "en"
    assert message["X-Directive-Number"] == "412/TB-VPCP"
    assert message["X-Directive-Task"] == "service-portal"
    assert message["X-Directive-Stage"] == "before"
    assert message["X-Reminder-Reference"] == notice.reference
    assert message["X-Reminder-Key"] == notice.key
    assert message["X-Ledger-Seq"] == "1234"
    assert message["X-Ledger-Head"] == notice.head


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stage", [*STAGES, *NEWS])
def test_a_mailbox_reads_the_subject_and_both_parts_as_they_were_rendered(stage: str, language: str) -> None:
    notice = a_notice(stage=stage, language=language)
    rendered, message = render(notice), received(notice)
    assert message["Subject"] == rendered.subject
    assert message["From"].addresses[0].display_name == notice.office
    assert message["Content-Language"] == language
    assert _part(message, "plain") == rendered.text
    assert _part(message, "html") == rendered.html
    assert not message.defects


def test_all_mails_about_one_assignment_are_one_conversation() -> None:
    first, second = a_notice(stage="assigned"), a_notice(stage="overdue")
    other = a_notice(assignment="2025/412-tb-vpcp/service-portal/BTP")
    assert thread_id(first) == thread_id(second) != thread_id(other)
    assert reply_to(first) == reply_to(second) != reply_to(other)
    assert message_id(first) != message_id(second)


def test_the_same_notice_is_the_same_octets() -> None:
    assert build(a_notice(), TO).as_bytes() == build(a_notice(), TO).as_bytes()


def test_the_short_way_to_octets_is_the_standard_one() -> None:
    for language in LANGUAGES:
        message = build(a_notice(language=language), TO)
        assert octets(message, international=False) == message.as_bytes()


def test_no_line_is_longer_than_a_mail_server_takes() -> None:
    notice = a_notice(task_title="ă" * 5000, key="k" * 5000, office="Ồ" * 500, directive_number="x" * 3000)
    assert max(map(len, build(notice, TO).as_bytes().split(b"\r\n"))) <= 998


def test_a_second_message_id_is_a_mistake_at_once() -> None:
    with pytest.raises(ValueError, match="may be at most 1 Message-ID"):
        build(a_notice(), TO)["Message-ID"] = "<another@directives.example>"


@pytest.mark.parametrize("value", ["a\r\nBcc: x@y.example", "a\nb", "a\rb", "a\r\n\r\nbody"])
def test_a_header_with_a_line_break_is_a_mistake_at_once(value: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        build(a_notice(), TO)["X-Extra"] = value


@pytest.mark.parametrize(
    "office", ["Văn phòng Chính phủ", 'Office "A", <b>', "a@b.example", "Dr. (M)", "=?utf-8?b?QQ==?=", "O'Neil"]
)
def test_the_office_is_a_name_never_an_address(office: str) -> None:
    (mailbox,) = received(a_notice(office=office))["From"].addresses
    assert (mailbox.display_name, mailbox.addr_spec) == (office, "tracker@directives.example")


def _injections() -> list[str]:
    """A hundred titles, each trying to begin a header or a body of its own."""
    draw = random.Random(412)
    breaks = ["\r\n", "\n", "\r", "\x00\r\n", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\x1c", "\x1d", "\x1e"]
    goals = ["Bcc: all@moha.example", "X-Evil: 1", "\r\n<b>body</b>", "Subject: other", "To: x@y.example", ".\r\nQUIT"]
    folds = ["", " ", "\t"]
    return [f"Report{draw.choice(breaks)}{draw.choice(folds)}{draw.choice(goals)}" for _ in range(100)]


@pytest.mark.parametrize("title", _injections())
def test_a_title_cannot_add_a_header_and_still_arrives(title: str) -> None:
    notice = a_notice(
        task_title=title, directive_number=title, reference=title, task=title, office=title, head=title,
        key=title, directive_key=f"2025/{title}", directive_title=title, agency_name=title,
    )  # fmt: skip
    message = received(notice)
    assert message.keys() == NAMES
    assert len(message["From"].addresses) == 1
    assert message["Subject"].startswith("[3 working days left] Report")
    assert not any(ord(char) < 32 for value in message.values() for char in str(value))
    plain = [line for line in _part(message, "plain").splitlines() if line.startswith("Do this:")]
    assert len(plain) == 1


@given(title=st.text(st.characters(), max_size=300), office=st.text(st.characters(), max_size=120))
def test_any_title_in_any_script_builds_a_mail_that_reads_back(title: str, office: str) -> None:
    notice = a_notice(task_title=title, office=office, words=title, key=title + "k")
    rendered, message = render(notice), received(notice)
    assert message.keys() == NAMES
    assert " ".join(message["Subject"].split()) == " ".join(rendered.subject.split())
    assert _part(message, "plain") == rendered.text
    assert message["From"].addresses[0].addr_spec == "tracker@directives.example"
    assert len(rendered.subject) <= 200
