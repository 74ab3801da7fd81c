"""Health: what `tracker doctor` asks of a store."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tracker.store import adopted, guards, ledger, outbox, queries, watches
from tracker.store.guards import Hold
from tracker.store.store import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The figures by which a person sees whether the tracker is at work.

    `watched` says when each kind of work was last done, whether or not there was anything to do;
    `clock_stepped` when delivery last saw the clock jump.
    """

    mode: str
    seq: int
    head: str
    high_water: datetime
    agencies: int
    directives: int
    assignments: int
    last_sweep: datetime | None
    oldest_moment: datetime | None
    oldest_unsent: datetime | None
    failed_reminders: int
    held_reminders: int
    clock_stepped: datetime | None
    unreachable: tuple[str, ...]
    watched: Mapping[str, datetime]
    hold: Hold | None = None


def health(connection: Connection, *, at: datetime) -> Health:
    """Return the figures of a store at an instant, which is not before its high-water mark."""
    head = ledger.position(connection)
    counts = outbox.counts(connection, troubled=True)
    swept = queries.entries_where(connection, kinds=("swept",), limit=1)
    return Health(
        mode=head.mode,
        seq=head.seq,
        head=head.hash,
        high_water=head.high_water,
        agencies=adopted.count_agencies(connection),
        directives=len(adopted.directive_list(connection)),
        assignments=queries.count_assignments(connection),
        last_sweep=swept[0].recorded_at if swept else None,
        oldest_moment=queries.oldest_moment(connection),
        oldest_unsent=queries.oldest_unsent(connection, at=at),
        failed_reminders=counts.get("failed", 0),
        held_reminders=counts.get("held", 0),
        clock_stepped=watches.last(connection, "clock"),
        unreachable=queries.unreachable(connection),
        watched=watches.every(connection),
        hold=guards.on_hold(connection),
    )
