"""A notice as the mail that goes on the wire: headers, text and HTML.

The same notice to the same recipient gives the same bytes, Message-ID and all, so that a copy
sent again after an unknown outcome is recognisable to the mailbox and to an auditor.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256

from tracker.notify.bulletin import Bulletin
from tracker.notify.digest import Digest, Item, cleaned_digest
from tracker.notify.event import MEDIA_TYPE, NAME, Event, calendar
from tracker.notify.notice import Notice, cleaned, folded
from tracker.notify.render import Rendered, laid_out, laid_out_digest
from tracker.notify.wire import POLICY, ascii_domain, encoded, lined, mailbox

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that goes with a mail; its name is plain ASCII."""

    name: str
    media_type: str
    content: bytes


def build(notice: Notice | Digest, recipient: str) -> EmailMessage:
    """Return the whole mail for one recipient."""
    if isinstance(notice, Digest):
        digest = cleaned_digest(notice)
        rendered = laid_out_digest(digest)
        headers = _digest_headers(digest, recipient, subject=rendered.subject)
        return _mail(headers, rendered, _attached(digest), key=digest.key)
    notice = cleaned(notice)
    rendered = laid_out(notice)
    return _mail(_headers(notice, recipient, subject=rendered.subject), rendered, _attached(notice), key=notice.key)


def _mail(headers: list[tuple[str, str]], rendered: Rendered, files: Sequence[Attached], *, key: str) -> EmailMessage:
    message = EmailMessage(policy=POLICY)
    for name, value in headers:  # each once: to ask the policy would take longer than the headers themselves
        message.set_raw(*POLICY.header_store_parse(name, value))
    message["MIME-Version"] = "1.0"
    boundary = f"=_{_digest(key)}"  # "_" is no letter of base64
    if not files:
        return _filled(message, "alternative", boundary, [_part("plain", rendered.text), _part("html", rendered.html)])
    words = [_part("plain", rendered.text), _part("html", rendered.html)]
    body = _filled(EmailMessage(policy=POLICY), "alternative", f"{boundary}_b", words)
    return _filled(message, "mixed", boundary, [body, *map(_file, files)])


def _filled(message: EmailMessage, kind: str, boundary: str, parts: Sequence[EmailMessage]) -> EmailMessage:
    message["Content-Type"] = f'multipart/{kind}; boundary="{boundary}"'
    for part in parts:
        message.attach(part)
    return message


def _attached(notice: Notice | Digest) -> tuple[Attached, ...]:
    """Return what goes with a mail: the deadlines it sets, for the reader's own calendar."""
    if isinstance(notice, Bulletin):
        named = f"{notice.kind}-{notice.of_day}.xlsx"
        return (Attached(named, XLSX, notice.workbook),) if notice.workbook else ()
    if isinstance(notice, Digest):
        events = [_event(item, notice) for item in notice.items if item.stage == "assigned" and item.last_day]
    else:
        events = [_event(notice, notice)] if notice.stage in ("assigned", "date_changed") and notice.last_day else []
    if not events:
        return ()
    content = calendar(events, language=notice.language, at=notice.as_of)
    return (Attached(NAME, f'{MEDIA_TYPE}; charset="utf-8"', content.encode()),)


def _event(one: Notice | Item, notice: Notice | Digest) -> Event:
    assert one.last_day is not None
    return Event(
        uid=f"{_digest(one.assignment)}@{_domain(notice)}",
        version=one.version,
        last_day=one.last_day,
        title=one.task_title,
        number=one.directive_number,
        url=one.url,
        rehearsal=notice.rehearsal,
    )


def message_id(notice: Notice | Digest) -> str:
    """Return the identity of the reminder on the wire; every copy of it carries the same."""
    return f"<{_digest(notice.key)}@{_domain(notice)}>"


def thread_id(notice: Notice) -> str:
    """Return the identity that gathers all mails about one assignment in one conversation."""
    return f"<task.{_digest(notice.assignment)}@{_domain(notice)}>"


def reply_to(notice: Notice) -> str:
    """Return the address replies go to, which names the assignment without showing it."""
    return f"task+{_digest(notice.assignment)[:16]}@{_domain(notice)}"


def _headers(notice: Notice, recipient: str, *, subject: str) -> list[tuple[str, str]]:
    return [
        ("From", mailbox(notice.office, ascii_domain(notice.sender))),
        ("To", ascii_domain(folded(recipient))),
        ("Reply-To", reply_to(notice)),
        ("Subject", encoded(subject)),
        ("Date", format_datetime(notice.as_of)),
        ("Message-ID", message_id(notice)),
        ("In-Reply-To", thread_id(notice)),
        ("References", thread_id(notice)),
        ("List-Id", f"<{_list_id(notice)}>"),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        ("Content-Language", notice.language),
        ("X-Directive-Number", encoded(notice.directive_number)),
        ("X-Directive-Task", encoded(notice.task)),
        ("X-Directive-Stage", notice.stage),
        ("X-Reminder-Reference", encoded(notice.reference)),
        ("X-Reminder-Key", encoded(folded(notice.key))),
        ("X-Ledger-Seq", str(notice.seq)),
        ("X-Ledger-Head", encoded(notice.head)),
    ]


def _digest_headers(digest: Digest, recipient: str, *, subject: str) -> list[tuple[str, str]]:
    # about no task in particular: the digests of one office are one conversation
    thread = f"<office.{_digest(digest.agency)}@{_domain(digest)}>"
    return [
        ("From", mailbox(digest.office, ascii_domain(digest.sender))),
        ("To", ascii_domain(folded(recipient))),
        ("Subject", encoded(subject)),
        ("Date", format_datetime(digest.as_of)),
        ("Message-ID", message_id(digest)),
        ("In-Reply-To", thread),
        ("References", thread),
        ("List-Id", f"<digests.{_domain(digest)}>"),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        ("Content-Language", digest.language),
        ("X-Directive-Stage", digest.stage),
        ("X-Reminder-Reference", encoded(digest.reference)),
        ("X-Reminder-Key", encoded(folded(digest.key))),
        ("X-Ledger-Seq", str(digest.seq)),
        ("X-Ledger-Head", encoded(digest.head)),
    ]


def _part(subtype: str, content: str) -> EmailMessage:
    part = EmailMessage(policy=POLICY)
    part["Content-Type"] = f'text/{subtype}; charset="utf-8"'
    part["Content-Transfer-Encoding"] = "base64"
    part.set_payload(lined(content.replace("\n", "\r\n").encode("utf-8"), end=b"\n").decode("ascii"))
    return part


def _file(file: Attached) -> EmailMessage:
    part = EmailMessage(policy=POLICY)
    part["Content-Type"] = f'{file.media_type}; name="{file.name}"'
    part["Content-Disposition"] = f'attachment; filename="{file.name}"'
    part["Content-Transfer-Encoding"] = "base64"
    part.set_payload(lined(file.content, end=b"\n").decode("ascii"))
    return part


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _domain(notice: Notice | Digest) -> str:
    return ascii_domain(notice.sender).rpartition("@")[2]


def _list_id(notice: Notice) -> str:
    year, _, number = notice.directive_key.partition("/")
    labels = (re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-") for label in (number, year))
    return ".".join([*filter(None, labels), _domain(notice)])
