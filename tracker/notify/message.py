"""A notice as the mail that goes on the wire: headers, text and HTML.

The same notice to the same recipient gives the same bytes, Message-ID and all, so that a copy
sent again after an unknown outcome is recognisable to the mailbox and to an auditor.
"""

import base64
import re
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256

from tracker.notify.digest import Digest, cleaned_digest
from tracker.notify.notice import Notice, cleaned, folded
from tracker.notify.render import Rendered, laid_out, laid_out_digest
from tracker.notify.wire import POLICY, ascii_domain, encoded, mailbox


def build(notice: Notice | Digest, recipient: str) -> EmailMessage:
    """Return the whole mail for one recipient."""
    if isinstance(notice, Digest):
        digest = cleaned_digest(notice)
        rendered = laid_out_digest(digest)
        return _mail(_digest_headers(digest, recipient, subject=rendered.subject), rendered, key=digest.key)
    notice = cleaned(notice)
    rendered = laid_out(notice)
    return _mail(_headers(notice, recipient, subject=rendered.subject), rendered, key=notice.key)


def _mail(headers: list[tuple[str, str]], rendered: Rendered, *, key: str) -> EmailMessage:
    message = EmailMessage(policy=POLICY)
    for name, value in headers:
        message[name] = value
    boundary = f"=_{_digest(key)}"  # "_" is no letter of base64
    message["MIME-Version"] = "1.0"
    message["Content-Type"] = f'multipart/alternative; boundary="{boundary}"'
    message.attach(_part("plain", rendered.text))
    message.attach(_part("html", rendered.html))
    return message


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
    lines = base64.encodebytes(content.replace("\n", "\r\n").encode("utf-8"))
    part.set_payload(lines.decode("ascii"))
    return part


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _domain(notice: Notice | Digest) -> str:
    return ascii_domain(notice.sender).rpartition("@")[2]


def _list_id(notice: Notice) -> str:
    year, _, number = notice.directive_key.partition("/")
    labels = (re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-") for label in (number, year))
    return ".".join([*filter(None, labels), _domain(notice)])
