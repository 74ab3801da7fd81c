"""The pulse: whether the work is done, in a few cheap questions; and the figures that are watched from outside.

Neither names an agency, a task or a person: whoever watches machines is told of the machine.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tracker.domain.agency import Registry
from tracker.store import guards, hooks, ledger, outbox, seals, watches
from tracker.store.queries import Wanted
from tracker.store.store import Connection
from tracker.views.sight import sight

WORKS = ("sweep", "deliver", "seal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A kind of work: how many seconds ago it was last done, None where never, and whether that is too long."""

    age: float | None
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """Whether the tracker is at work; a rehearsal is never late. `unsent` is for how long a reminder has been due."""

    mode: str
    seq: int
    works: Mapping[str, Work]
    hold: bool
    unsent: float | None
    late: bool

    @property
    def beats(self) -> bool:
        """Return whether the work is done."""
        return not self.late


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauges:
    """Figures: assignments by cell, reminders and calls to hooks by state, attempts by outcome, the ledger's length."""

    cells: Mapping[str, int]
    reminders: Mapping[str, int]
    deliveries: Mapping[str, int]
    hooks: Mapping[str, int]
    entries: int
    sealed: int
    pulse: Pulse


def pulse(connection: Connection, *, at: datetime, limit: timedelta) -> Pulse:
    """Return whether the work of a store is done at an instant; `limit` is how long it may not be."""
    head = ledger.position(connection)
    done = dict(watches.every(connection))
    if begun := watches.last_attempt(connection):  # a long run says so by its attempts
        done["deliver"] = max(begun, done.get("deliver", begun))
    due = outbox.next_due(connection)
    live = not head.is_rehearsal
    works = {name: _work(name, done.get(name), at, limit, live=live) for name in WORKS}
    unsent = (at - due).total_seconds() if due is not None and due < at else None
    hold = guards.on_hold(connection) is not None
    stuck = unsent is not None and unsent > limit.total_seconds()
    return Pulse(
        mode=head.mode,
        seq=head.seq,
        works=works,
        hold=hold,
        unsent=unsent,
        late=live and (hold or stuck or any(work.late for work in works.values())),
    )


def gauges(connection: Connection, *, at: datetime, limit: timedelta, registry: Registry) -> Gauges:
    """Return the figures of a store at an instant; a rehearsal's are of where it has got to."""
    head = ledger.position(connection)
    at = head.high_water if head.is_rehearsal else head.go_on(at)
    seen = sight(connection, at=at, registry=registry)
    cells = {key[0]: number for key, number in seen.counts(Wanted(), ("cell",)).items()}
    last = seals.last(connection)
    return Gauges(
        cells=cells,
        reminders=outbox.counts(connection),
        deliveries=outbox.outcomes(connection),
        hooks=hooks.counts(connection),
        entries=seen.stamp.seq,
        sealed=last.size if last else 0,
        pulse=pulse(connection, at=at, limit=limit),
    )


def wrong(found: Pulse) -> Iterator[str]:
    """Yield what is wrong, a word each."""
    if found.late:
        yield from (name for name, work in found.works.items() if work.late)
        if found.hold:
            yield "hold"
        if found.unsent is not None and not found.hold:
            yield "unsent"


def _work(name: str, last: datetime | None, at: datetime, limit: timedelta, *, live: bool) -> Work:
    age = None if last is None else (at - last).total_seconds()
    # nobody has to seal: where it was done once, it goes on
    never = age is None and name != "seal"
    return Work(age=age, late=live and (never or (age is not None and abs(age) > limit.total_seconds())))
