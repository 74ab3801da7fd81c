"""The one door out: a channel and a notice in, what truly became of it back."""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import TracebackType
from typing import Any

from apprise import Apprise

from tracker.notify import service, webhook
from tracker.notify.digest import Digest, Item
from tracker.notify.kinds import host_of, wrong_with
from tracker.notify.letter import Letter, build_letter
from tracker.notify.message import build, message_id
from tracker.notify.notice import Notice
from tracker.notify.outcome import Outcome
from tracker.notify.plugin import TrackerMail, mail_service, post
from tracker.notify.reach import Reach, stays
from tracker.notify.relay import is_loopback
from tracker.notify.render import render
from tracker.notify.smtp import Envelope, Lane, envelope
from tracker.notify.way import APPRISE, MAIL, WEBHOOK, To, Way, way_to

REHEARSAL_ONLY = "rehearsal delivers only to loopback"
_KEPT = 4096  # addresses checked once; there are some 3,400 offices
_LOCAL = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,64}")
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")


def check_channel(channel: str) -> str | None:
    """Return the sentence saying what is wrong with a channel, None when it is fine.

    >>> check_channel("bnv@moha.example") is None
    True
    >>> check_channel("bnv@moha.example, tp@moj.example")
    'the e-mail address is not of the form name@host'
    """
    if "://" in channel:
        return service.wrong_with(channel)
    local, at, domain = channel.rpartition("@")
    dots = ".." in local or local.startswith(".") or local.endswith(".")
    labels = all(_LABEL.fullmatch(label) for label in domain.split("."))
    if not at or dots or not labels or len(channel) > 254 or not channel.isprintable():
        return "the e-mail address is not of the form name@host"
    return None if _LOCAL.fullmatch(local) else "the e-mail address is not of the form name@host"


@dataclass(frozen=True, slots=True)
class Message:
    """What is told by any way but mail: a title, a text, and what makes every copy of it known as one."""

    title: str
    text: str
    identity: str
    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Prepared:
    """A mail that is ready to leave: the notice it tells, and its octets."""

    notice: Notice | Digest
    mail: Envelope


def more_of(notice: Notice | Digest) -> dict[str, Any]:
    """Return what a program wants of a notice besides its words."""
    about = {"items": [_about(item) for item in notice.items]} if isinstance(notice, Digest) else _about(notice)
    return {
        "reference": notice.reference,
        **about,
        "agency": notice.agency,
        "stage": notice.stage,
        "url": notice.url,
        "language": notice.language,
        "ledger": {"seq": notice.seq, "head": notice.head},
        "rehearsal": notice.rehearsal,
    }


def _about(one: Notice | Item) -> dict[str, Any]:
    return {
        "reference": one.reference,
        "assignment": one.assignment,
        "directive": one.directive_number,
        "stage": one.stage,
        "last_day": one.last_day.isoformat() if one.last_day else None,
    }


class Sender:
    """Sends notices and letters one by one; keeps its mail connection until closed.

    In a rehearsal nothing leaves the machine, and every message says that it is an exercise;
    either the sender or the notice may ask for one. Several threads may send at once: mail waits
    for mail, since there is one connection, but not for any other service.
    """

    def __init__(
        self,
        smtp_url: str,
        *,
        rehearsal: bool,
        connect_timeout: float = 10,
        read_timeout: float = 30,
        intranet: frozenset[str] = frozenset(),
    ) -> None:
        self._lane = Lane(smtp_url, connect_timeout=connect_timeout, read_timeout=read_timeout)
        self._rehearsal = rehearsal
        self._intranet = intranet
        self._service: tuple[Apprise, TrackerMail] | None = None
        self._checked = set[str]()  # addresses that are fine
        self._lock = threading.Lock()

    def prepare(self, channel: To, notice: Notice | Digest) -> Prepared | None:
        """Return the mail that a notice to a channel leaves as, and nothing else will; None where it is no mail."""
        notice, way = replace(notice, rehearsal=True) if self._rehearsal else notice, way_to(channel)
        if way.kind != MAIL or self._refusal(way, rehearsal=notice.rehearsal):
            return None
        made = envelope(build(notice, way.address), way.address)
        return Prepared(notice, made) if made else None

    def send(self, channel: To, what: Notice | Digest | Prepared) -> Outcome:
        """Return what became of one notice to one channel; no server's behaviour raises."""
        notice, mail = (what.notice, what.mail) if isinstance(what, Prepared) else (what, None)
        notice, way = replace(notice, rehearsal=True) if self._rehearsal else notice, way_to(channel)
        if refused := self._refusal(way, rehearsal=notice.rehearsal):
            return refused
        if way.kind == MAIL:
            with self._lock:
                return self._mail(way.address, notice, mail)
        identity, said = message_id(notice).strip("<>"), render(notice)
        message = Message(said.subject, said.text, identity, f"reminder.{notice.stage}", notice.as_of)
        return self._tell(way, message, more_of(notice), rehearsal=notice.rehearsal)

    def write(self, channel: To, letter: Letter) -> Outcome:
        """Return what became of one letter to one channel; no server's behaviour raises."""
        letter, way = replace(letter, rehearsal=True) if self._rehearsal else letter, way_to(channel)
        if refused := self._refusal(way, rehearsal=letter.rehearsal):
            return refused
        if way.kind == MAIL:
            with self._lock:
                letter_made = build_letter(letter, way.address)
                return post(*self._mailer(), letter_made, way.address, title=letter.title, body=letter.text)
        message = Message(letter.title, letter.text, letter.identity, "letter", letter.at)
        return self._tell(way, message, {"rehearsal": letter.rehearsal}, rehearsal=letter.rehearsal)

    def close(self) -> None:
        """Take leave of the mail server."""
        self._lane.close()

    def __enter__(self) -> "Sender":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _refusal(self, way: Way, *, rehearsal: bool) -> Outcome | None:
        if way.trouble:  # ours, not the receiver's: it waits for us
            return Outcome("temporary", None, f"configuration: {way.trouble}")
        if rehearsal and self._leaves(way):
            return Outcome("permanent", None, REHEARSAL_ONLY)
        if way.kind == MAIL and way.address in self._checked:
            return None
        if way.kind in (MAIL, APPRISE):
            wrong = check_channel(way.fields.get("url", way.address))
            if wrong is None and way.kind == MAIL and len(self._checked) < _KEPT:
                self._checked.add(way.address)
        else:
            wrong = wrong_with(way.kind, way.fields)
        return Outcome("permanent", None, f"configuration: {wrong}") if wrong else None

    def _leaves(self, way: Way) -> bool:
        if way.kind == MAIL:
            return not is_loopback(self._lane.relay.host)
        if way.kind == APPRISE:
            return service.leaves_the_machine(way.fields["url"])
        # our own hand calls a webhook, through no proxy
        return not (is_loopback(host_of(way)) if way.kind == WEBHOOK else stays(host_of(way)))

    def _tell(self, way: Way, message: Message, more: Mapping[str, Any], *, rehearsal: bool) -> Outcome:
        reach = Reach(rehearsal, self._intranet)
        if way.kind == WEBHOOK:
            data = {"title": message.title, "text": message.text, **more}
            return webhook.post(way, data, kind=message.kind, identity=message.identity, at=message.at, reach=reach)
        if way.kind == APPRISE:
            url = way.fields["url"]
            return service.notify(url, title=message.title, body=message.text, identity=message.identity, reach=reach)
        return service.tell(way, title=message.title, body=message.text, reach=reach)

    def _mail(self, address: str, notice: Notice | Digest, mail: Envelope | None) -> Outcome:
        message = mail or build(notice, address)
        return post(*self._mailer(), message, address, title=str(notice.reference), body=notice.task_title or "–")

    def _mailer(self) -> tuple[Apprise, TrackerMail]:
        self._service = self._service or mail_service(self._lane, asset=service.ASSET)
        return self._service
