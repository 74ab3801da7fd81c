"""A letter: words for one mailbox that are no reminder, such as a seal for an auditor. Text alone, nothing attached.

Like a reminder, the same letter to the same recipient gives the same bytes and Message-ID.
"""

import base64
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256

from tracker.notify.notice import folded
from tracker.notify.wire import POLICY, ascii_domain, encoded, mailbox

REHEARSAL = "[DIỄN TẬP · REHEARSAL · EXERCICE]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a letter says, who sends it, and where the ledger ended; `key` is its identity on the wire."""

    key: str
    subject: str
    text: str
    office: str
    sender: str
    at: datetime
    seq: int
    head: str
    rehearsal: bool = False

    @property
    def title(self) -> str:
        """Return the subject, which says so where all this is an exercise."""
        return folded(f"{REHEARSAL} {self.subject}" if self.rehearsal else self.subject)

    @property
    def identity(self) -> str:
        """Return what goes before the @ of its Message-ID."""
        return sha256(self.key.encode()).hexdigest()[:32]


def build_letter(letter: Letter, recipient: str) -> EmailMessage:
    """Return the whole mail for one recipient."""
    message = EmailMessage(policy=POLICY)
    for name, value in _headers(letter, recipient):
        message[name] = value
    message["MIME-Version"] = "1.0"
    message["Content-Type"] = 'text/plain; charset="utf-8"'
    message["Content-Transfer-Encoding"] = "base64"
    text = letter.text.replace("\n", "\r\n").encode()
    message.set_payload(base64.encodebytes(text).decode("ascii"))
    return message


def _headers(letter: Letter, recipient: str) -> list[tuple[str, str]]:
    sender = ascii_domain(folded(letter.sender))
    return [
        ("From", mailbox(folded(letter.office), sender)),
        ("To", ascii_domain(folded(recipient))),
        ("Subject", encoded(letter.title)),
        ("Date", format_datetime(letter.at)),
        ("Message-ID", f"<{letter.identity}@{sender.rpartition('@')[2]}>"),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        ("X-Ledger-Seq", str(letter.seq)),
        ("X-Ledger-Head", letter.head),
    ]
