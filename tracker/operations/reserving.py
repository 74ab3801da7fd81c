"""Reserving: the mail a lane begins with is written down as being tried before anything of it is made.

What is begun in one transaction is made in it too, so a mail that kills its process while it is made leaves no
trace. But whatever its process was doing, the next one begins with the mail that is due longest: it writes an
attempt at that one alone, commits, and takes it back as it makes the mail. If the process dies of it, the attempt
stands as one of which nobody knows what became, the others go on, and after eight of those it is given up. What a
worker that died left behind is told in the same breath. It costs a commit a run and lane, and nothing a mail.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tracker.domain.outbox import bundle_of
from tracker.notify.way import public_address
from tracker.operations.ending import give_up
from tracker.operations.turn import LEASE, Turn
from tracker.store import lanes, outbox, reserved
from tracker.store.lanes import Lane
from tracker.store.outbox import Reminder


@dataclass(frozen=True, slots=True)
class Reserved:
    """The reminder that a lane begins with, and those that leave in its mail, as they were before."""

    one: Reminder
    members: Sequence[Reminder]


def reserve(turn: Turn, lane: Lane, *, steal: bool) -> tuple[Reserved | None, bool]:
    """Write an attempt at what is due longest; return it, and whether it had left already, as the journal knew."""
    claimed = lanes.claim(turn.connection, lane, at=turn.at, most=1, steal=steal)
    if not claimed:
        return None, False
    (one,) = claimed
    turn.expect(claimed)
    members = _members(turn, one)
    if one.state == "sending":
        if give_up(turn, members) == "accepted":
            return None, True
        (one,) = outbox.by_reference(turn.connection, [one.reference])
        members = _members(turn, one)
    bundle = one.bundle or (bundle_of(member.key for member in members) if len(members) > 1 else None)
    channel = turn.channel(one.agency, one.channel)
    address = public_address(channel.address) if channel else ""
    row = {"reminder": one.id, "attempt": one.attempts + 1, "address": address, "message_id": "", "seq": turn.head.seq}
    outbox.lease(turn.connection, [(members, bundle)], until=turn.at + LEASE)
    outbox.begin_attempts(turn.connection, [{**row, "started_at": turn.at}])
    return Reserved(one, members), False


def _members(turn: Turn, one: Reminder) -> Sequence[Reminder]:
    return (outbox.members(turn.connection, one.bundle) if one.bundle else ()) or turn.mates(one)


def take_back(turn: Turn, found: Reserved) -> Reminder | None:
    """Undo the attempt that was written, now that the mail is made, and return the reminder; None: another has it."""
    return reserved.undo(turn.connection, found.one, found.members)
