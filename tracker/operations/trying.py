"""A channel tried: one message that says it is a test, and what became of it, written down like any other."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tracker.domain.entry import Draft
from tracker.domain.errors import NotFound
from tracker.notify.letter import Letter
from tracker.notify.outcome import Outcome
from tracker.notify.send import Sender
from tracker.notify.way import To, public_address
from tracker.operations.ways import Ways
from tracker.settings import Settings
from tracker.store import adopted, ledger
from tracker.store.adopted import Channel
from tracker.store.store import Store

_SUBJECT = "Thử kênh · Test · Essai"
_WORDS = """\
Đây là thư thử kênh nhận tin "{name}" của {agency}, gửi bởi {office}. Không cần làm gì.

This is a test of the channel "{name}" of {agency}, sent by {office}. Nothing need be done.

Ceci est un essai du canal « {name} » de {agency}, envoyé par {office}. Il n'y a rien à faire.
"""


class Writes(Protocol):
    """What a test needs of a sender."""

    def write(self, channel: To, letter: Letter) -> Outcome:
        """Return what became of one letter to one channel."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A channel as it may be shown, and what became of the test."""

    channel: Channel
    address: str
    outcome: Outcome


def try_channel(
    store: Store,
    agency: str,
    name: str,
    *,
    settings: Settings,
    at: datetime,
    actor: str,
    sender: Writes | None = None,
) -> Tried:
    """Send a test to one channel and return what became of it; raises NotFound where there is none."""
    with store.read() as connection:
        channel, end = adopted.channel(connection, agency, name), ledger.position(connection)
    if channel is None:
        raise NotFound(f"{agency} has no channel '{name}'")
    letter = Letter(
        key=f"test/{end.hash}/{agency}/{name}/{at.isoformat()}",
        subject=_SUBJECT,
        text=_WORDS.format(name=name, agency=agency, office=settings.office),
        office=settings.office,
        sender=settings.sender,
        at=at,
        seq=end.seq,
        head=end.hash,
        rehearsal=end.is_rehearsal,
    )
    to = Ways(store, settings).of(channel)
    if sender is None:
        with Sender(settings.smtp_url, rehearsal=end.is_rehearsal, intranet=settings.intranet_hosts) as own:
            outcome = own.write(to, letter)
    else:
        outcome = sender.write(to, letter)
    _write_down(store, channel, outcome, at=at, actor=actor)
    return Tried(channel, public_address(to), outcome)


def _write_down(store: Store, channel: Channel, outcome: Outcome, *, at: datetime, actor: str) -> None:
    payload = {
        "agency": channel.agency,
        "channel": channel.name,
        "kind": channel.kind,
        "address": public_address(channel.address),
        "outcome": outcome.kind,
        "code": outcome.code,
        "detail": outcome.detail,
    }
    with store.write() as connection:
        at = ledger.settle(connection, at)
        draft = Draft(kind="channel_tested", effective_at=at, actor=actor, payload=payload)
        ledger.append(connection, [draft], at=at)
