"""The canary: once an hour a mail leaves for a mailbox of our own by the road all reminders take.

While nothing is due nothing would show that the road is blocked. A canary that the relay did not take for
longer than that is an alarm of the watchdog. Without an address (TRACKER_CANARY) there is none.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from tracker.domain.entry import stamp
from tracker.notify.letter import Letter
from tracker.notify.outcome import Outcome
from tracker.notify.send import Sender, check_channel
from tracker.settings import Settings
from tracker.store import ledger, watches
from tracker.store.ledger import Position
from tracker.store.store import Connection, Store

EVERY = timedelta(hours=1)
WORK = "canary"


def sing(store: Store, sender: Sender, *, settings: Settings, at: datetime) -> Outcome | None:
    """Send a canary where the last one was taken an hour ago, and return what became of it; None where none is due."""
    if not settings.canary:
        return None
    if "://" in settings.canary or check_channel(settings.canary):
        return Outcome("permanent", None, "configuration: TRACKER_CANARY is no mailbox")
    with store.read() as connection:
        head, last = ledger.position(connection), watches.last(connection, WORK)
    if head.is_rehearsal or (last is not None and timedelta() <= at - last < EVERY):
        return None
    outcome = sender.write(settings.canary, _letter(settings, head, at))
    if outcome.kind == "accepted":
        with store.write() as connection:
            watches.note(connection, WORK, at)
    return outcome


def missing(connection: Connection, *, settings: Settings, at: datetime) -> Iterator[str]:
    """Yield a sentence where a canary is set and none was taken for an hour and the limit of watching."""
    if not settings.canary:
        return
    last = watches.last(connection, WORK)
    if last is None:
        yield "no canary has left yet: nobody knows whether mail does"
    elif abs(at - last) > EVERY + settings.watch_limit:
        yield f"no canary has left since {stamp(last)}: mail does not"


def _letter(settings: Settings, head: Position, at: datetime) -> Letter:
    return Letter(
        key=f"canary/{head.hash}/{stamp(at)}",
        subject=f"Thư kiểm tra hằng giờ · Hourly canary · Courriel témoin ({settings.office})",
        text=_WORDS,
        office=settings.office,
        sender=settings.sender,
        at=at,
        seq=head.seq,
        head=head.hash,
    )


_WORDS = """\
Thư tự động: đường gửi thư nhắc việc còn hoạt động.
Sent by itself: the road that reminders take is open.
Envoi automatique : la voie qu'empruntent les rappels est ouverte.
"""
