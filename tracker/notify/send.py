"""The one door out: a channel and a notice in, what truly became of it back."""

import re
import threading
from collections import OrderedDict
from dataclasses import replace
from types import TracebackType

from apprise import Apprise

from tracker.notify import service
from tracker.notify.letter import Letter, build_letter
from tracker.notify.message import build, message_id
from tracker.notify.notice import Notice
from tracker.notify.outcome import Outcome
from tracker.notify.plugin import TrackerMail, mail_service, post
from tracker.notify.relay import is_loopback
from tracker.notify.render import render
from tracker.notify.smtp import Lane

REHEARSAL_ONLY = "rehearsal delivers only to loopback"
_KEPT = 4096  # recipients whose Apprise object is kept; there are some 3,400 offices
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


class Sender:
    """Sends notices and letters one by one; keeps its mail connection until closed.

    In a rehearsal nothing leaves the machine, and every message says that it is an exercise;
    either the sender or the notice may ask for one. One thread at a time: a worker that wants
    more opens more senders.
    """

    def __init__(
        self, smtp_url: str, *, rehearsal: bool, connect_timeout: float = 10, read_timeout: float = 30
    ) -> None:
        self._lane = Lane(smtp_url, connect_timeout=connect_timeout, read_timeout=read_timeout)
        self._rehearsal = rehearsal
        self._services: OrderedDict[str, tuple[Apprise, TrackerMail]] = OrderedDict()
        self._lock = threading.Lock()

    def send(self, channel: str, notice: Notice) -> Outcome:
        """Return what became of one notice to one channel; no server's behaviour raises."""
        notice = replace(notice, rehearsal=True) if self._rehearsal else notice
        if wrong := self._refusal(channel, rehearsal=notice.rehearsal):
            return Outcome("permanent", None, wrong)
        if "://" in channel:
            said = render(notice)
            return service.notify(channel, title=said.subject, body=said.text, identity=message_id(notice).strip("<>"))
        with self._lock:
            return self._mail(channel, notice)

    def write(self, channel: str, letter: Letter) -> Outcome:
        """Return what became of one letter to one channel; no server's behaviour raises."""
        letter = replace(letter, rehearsal=True) if self._rehearsal else letter
        if wrong := self._refusal(channel, rehearsal=letter.rehearsal):
            return Outcome("permanent", None, wrong)
        if "://" in channel:
            return service.notify(channel, title=letter.title, body=letter.text, identity=letter.identity)
        with self._lock:
            apprise, mail = self._service(channel)
            return post(apprise, mail, build_letter(letter, channel), title=letter.title, body=letter.text)

    def close(self) -> None:
        """Take leave of the mail server."""
        self._lane.close()

    def __enter__(self) -> "Sender":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _refusal(self, channel: str, *, rehearsal: bool) -> str | None:
        if rehearsal and self._leaves(channel):
            return REHEARSAL_ONLY
        if "://" not in channel and channel in self._services:
            return None
        wrong = check_channel(channel)
        return f"configuration: {wrong}" if wrong else None

    def _leaves(self, channel: str) -> bool:
        if "://" in channel:
            return service.leaves_the_machine(channel)
        return not is_loopback(self._lane.relay.host)

    def _mail(self, address: str, notice: Notice) -> Outcome:
        apprise, mail = self._service(address)
        message = build(notice, address)
        return post(apprise, mail, message, title=str(notice.reference), body=notice.task_title or "–")

    def _service(self, address: str) -> tuple[Apprise, TrackerMail]:
        """Return Apprise for one address; building it costs more than sending through it."""
        if address not in self._services:
            self._services[address] = mail_service(self._lane, address, asset=service.ASSET)
            if len(self._services) > _KEPT:
                self._services.popitem(last=False)
        return self._services[address]
