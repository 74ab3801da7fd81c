"""Exact copies of mails: the very octets a server was handed, as they were kept before they left.

What is shown has the signatures of its links left out (`keeping`), for everybody: whoever may see a notice may see
its copy, and nobody can act by it in its reader's name. Its SHA-256 stands in the entry of the attempt, beside that of
what was sent; where the key of links is still here, the second is reckoned again from the first.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from tracker.domain.errors import Broken, NotFound, Refused
from tracker.domain.scope import EVERYTHING, Scope
from tracker.notify.keeping import copy_in, original_of
from tracker.operations.links import keys_of
from tracker.settings import Settings
from tracker.store import mailbook, mails, outbox
from tracker.store.mails import Kept
from tracker.store.outbox import Delivery, Reminder
from tracker.store.store import Connection, Store

NO_COPY = "no exact copy is kept: it was not sent as a mail, or before copies were kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact:
    """What a server was handed at one attempt: its octets, and the hashes the entry `seq` names.

    `sent` is that of what left, `shown` that of these octets, where they differ without the signatures of its links.
    `proven`: what left was made again and has its hash; None where the key of its links is not here.
    """

    reference: str
    attempt: int
    at: datetime
    outcome: str
    seq: int
    sent: str
    shown: str
    proven: bool | None
    octets: bytes


def exact_copies(store: Store, reference: str, *, settings: Settings, scope: Scope = EVERYTHING) -> tuple[Exact, ...]:
    """Return the exact copies of the mails of a reminder, the first attempt first.

    Raises NotFound for a reminder nobody knows, or that is not in scope, and Broken where a copy is not what was kept.
    """
    with store.read() as connection:
        found = [one for one in outbox.by_reference(connection, [reference]) if scope.covers(one.agency)]
        if not found:
            raise NotFound(f"there is no reminder '{reference}'")
        return copies_in(connection, found[0], store=store, settings=settings)


def exact_copy(
    store: Store, reference: str, *, settings: Settings, attempt: int | None = None, scope: Scope = EVERYTHING
) -> Exact:
    """Return the exact copy of one attempt at a reminder, of the last one that has a copy where none is named.

    Raises NotFound also where no copy is kept.
    """
    found = exact_copies(store, reference, settings=settings, scope=scope)
    wanted = [one for one in found if attempt in (None, one.attempt)]
    if not wanted:
        raise NotFound(f"{NO_COPY}: see tracker reminder show {reference}")
    return wanted[-1]


def copies_in(connection: Connection, reminder: Reminder, *, store: Store, settings: Settings) -> tuple[Exact, ...]:
    """Return the exact copies of what left for a reminder, alone or with those that left in the same mail."""
    mates = mailbook.mates(connection, reminder.bundle) if reminder.bundle else (reminder,)
    tried = {one.attempt: one for one in outbox.deliveries(connection, [reminder.id]) if one.outcome != "sending"}
    kept = [one for one in mails.of(connection, [mate.reference for mate in mates]) if one.attempt in tried]
    try:
        keys = keys_of(store, settings)
    except Refused:
        keys = None
    accepted = keys.accepted if keys else ()
    return tuple(_exact(one, tried[one.attempt], accepted) for one in kept)


def _exact(kept: Kept, tried: Delivery, keys: tuple[bytes, ...]) -> Exact:
    octets = copy_in(kept.content)
    if sha256(octets).hexdigest() != kept.shown:
        raise Broken(f"the copy of {kept.reference}, attempt {kept.attempt}, is not what was kept")
    if kept.named != {"sent": kept.sent, "shown": kept.shown}:
        raise Broken(f"entry {kept.seq} names another mail than the copy of {kept.reference}, attempt {kept.attempt}")
    proven = True if kept.sent == kept.shown else sha256(original_of(kept.content, keys)).hexdigest() == kept.sent
    return Exact(
        reference=kept.reference,
        attempt=kept.attempt,
        at=tried.started_at,
        outcome=tried.outcome,
        seq=kept.seq,
        sent=kept.sent,
        shown=kept.shown,
        proven=proven or None,
        octets=octets,
    )
