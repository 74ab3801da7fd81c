"""Delivery: reminders leave the outbox, each attempt written before it is made, lane by lane.

One transaction ends an attempt and begins the next, so at any moment at most one message of a lane
is between the server's acceptance and our commit. A worker that dies leaves its attempt visible;
when the lease ends it is recorded as unknown and tried again with the same Message-ID: a rare copy
is preferred to a rare silence.

Every server has a lane of its own (`lanes`), and several work at once: one that is slow or away
holds up nobody else's mail. Their transactions take turns, since the ledger has one end.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from tracker.notify.digest import Digest
from tracker.notify.message import message_id
from tracker.notify.notice import Notice
from tracker.notify.outcome import Outcome
from tracker.notify.send import Sender
from tracker.notify.way import To
from tracker.operations import guard
from tracker.operations.attempting import LEASE, UNMADE, Job, Turn, begin, end
from tracker.operations.clocks import Uptime, look_at_clock
from tracker.operations.holding import hold_back
from tracker.operations.journal import Journal
from tracker.operations.lanes import LOOKED_AT, Circuit, circuits, lane_of
from tracker.operations.watching import attend
from tracker.operations.ways import Ways
from tracker.settings import Settings
from tracker.store import lanes, ledger, watches
from tracker.store.lanes import Lane
from tracker.store.store import Store

__all__ = ["LEASE", "Delivered", "Sends", "deliver", "open_sender"]

TOGETHER = 8  # lanes that work at once
GLANCE = 0.5  # seconds between two looks for lanes that have got something to do meanwhile
RATE_OVER = timedelta(minutes=10)


class Sends(Protocol):
    """What delivery needs of a sender: several threads send at once, each by a way of its own."""

    def send(self, channel: To, notice: Notice | Digest) -> Outcome:
        """Return what became of one notice to one channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """How many attempts ended in which way, and how many reminders were set aside before an attempt."""

    accepted: int = 0
    temporary: int = 0
    permanent: int = 0
    unknown: int = 0
    cancelled: int = 0
    failed: int = 0
    known: int = 0  # had left already, as the journal of sends knew

    def plus(self, what: str) -> "Delivered":
        """Return the counts with one more of a kind."""
        counts = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return Delivered(**{**counts, what: counts[what] + 1})

    @property
    def attempts(self) -> int:
        """Return how many messages were tried."""
        return self.accepted + self.temporary + self.permanent + self.unknown


@dataclass(frozen=True, slots=True)
class _Ended:
    job: Job
    outcome: Outcome


def deliver(
    store: Store,
    sender: Sends,
    *,
    settings: Settings,
    clock: Callable[[], datetime],
    actor: str = "deliver",
    limit: int | None = None,
    patience: timedelta | None = None,
    uptime: Uptime | None = None,
) -> Delivered:
    """Send every reminder that is due and return how the attempts ended; `limit` bounds their number.

    Nothing is begun any more once the run has taken as long as `patience`: what is left is for the next.
    By `uptime`, how long this machine has been up, a jump of the clock is told from a pause. Raises Refused,
    with the code on-hold, where the store may send nothing: see `guard`.
    """
    journal = guard.check(store, settings, at=clock(), actor=actor)
    run = _Run(store, sender, settings, clock, actor, journal, limit=limit, patience=patience)
    run.open(uptime)
    while ready := run.ready():
        if len(ready) == 1:
            run.work(ready[0])
        else:
            _together(run, ready)
    return run.total


def _together(run: "_Run", ready: list[Lane]) -> None:
    """Work several lanes at once, and those that get something to do meanwhile, until all have nothing left."""
    with ThreadPoolExecutor(max_workers=TOGETHER, thread_name_prefix="lane") as pool:
        working: dict[Lane, Future[None]] = {}
        while True:
            for lane in ready:
                if lane not in working:
                    working[lane] = pool.submit(run.work, lane)
            if not working:
                return
            done, _ = wait(working.values(), timeout=GLANCE, return_when=FIRST_COMPLETED)
            for lane in [lane for lane, future in working.items() if future in done]:
                working.pop(lane).result()  # raises what the lane raised
            ready = run.ready()


class _Run:
    """One run of delivery: what its lanes share. Whoever changes it, or the store, holds its lock."""

    def __init__(
        self,
        store: Store,
        sender: Sends,
        settings: Settings,
        clock: Callable[[], datetime],
        actor: str,
        journal: Journal,
        *,
        limit: int | None,
        patience: timedelta | None,
    ) -> None:
        self.store, self.sender, self.settings, self.clock = store, sender, settings, clock
        self.actor, self.journal, self.limit, self.patience = actor, journal, limit, patience
        self.total, self.under_way = Delivered(), 0
        self.lock = threading.Lock()
        self.ways = Ways(store, settings)
        self.steal, self.started, self.allowed = True, clock(), 0
        self.live, self.circuits = False, dict[Lane, Circuit]()

    def open(self, uptime: Uptime | None) -> None:
        """Look at the clock, at how long nobody delivered, and at which servers did not answer."""
        with self.store.write() as connection:
            head = ledger.position(connection, lock=True)  # before anything else, as in `ledger.settle`
            read = self.clock()
            at = head.settle(read)
            last = watches.last(connection, "deliver")
            trust = look_at_clock(connection, head, read, uptime=uptime, actor=self.actor)
            every, above = self.settings.watch_limit, self.settings.hold_limit
            head = attend(connection, "deliver", head=trust.head, at=at, actor=self.actor, every=every)
            # a clock set forward is no pause
            since = last and last + max(trust.jumped, timedelta())
            hold_back(connection, head, at=at, last=since, above=above, actor=self.actor)
            self.started, self.steal, self.live = at, trust.steal, not head.is_rehearsal
            self.circuits = dict(circuits(lanes.last_ends(connection, limit=LOOKED_AT)))
            rate = self.settings.rate_limit
            self.allowed = rate - lanes.begun_since(connection, at - RATE_OVER, limit=rate)

    def ready(self) -> list[Lane]:
        """Return the lanes by which something is due, but for those that rest; none where nothing more is begun."""
        with self.lock, self.store.read() as connection:
            at = ledger.position(connection).go_on(self.clock())
            if not self.may_begin(at):
                return []
            found = {lane_of(*one) for one in lanes.due(connection, at=at, steal=self.steal)}
            return sorted((lane for lane in found if not self.rests(lane, at)), key=str)

    def may_begin(self, at: datetime) -> bool:
        """Return whether another attempt may begin: by the limit, the rate and the patience of this run."""
        begun = self.total.attempts + self.under_way
        late = self.live and self.patience is not None and at - self.started >= self.patience
        return not late and (self.limit is None or begun < self.limit) and (not self.live or begun < self.allowed)

    def rests(self, lane: Lane, at: datetime) -> bool:
        """Return whether the server of a lane is left alone."""
        return self.live and self.circuits.get(lane, Circuit()).is_open(at)

    def work(self, lane: Lane) -> None:
        """Send what is due by one lane, one message after the other."""
        ended: _Ended | None = None
        while True:
            with self.lock:
                with self.store.write() as connection:
                    head = ledger.position(connection, lock=True)
                    at = head.go_on(self.clock())
                    turn = Turn(connection, head, at, self.actor, self.settings, self.ways, self.journal)
                    if ended:
                        end(turn, ended.job, ended.outcome)
                    job, aside = self._next(turn, lane)
                for what in aside:  # it is committed
                    self.total = self.total.plus(what)
                self.under_way += job is not None
            if job is None:
                return
            outcome = self._send(job, turn)
            with self.lock:
                self.under_way -= 1
                self.total = self.total.plus(outcome.kind)
                self.circuits[lane] = self.circuits.get(lane, Circuit()).after(outcome, turn.at)
            ended = _Ended(job, outcome)

    def _next(self, turn: Turn, lane: Lane) -> tuple[Job | None, list[str]]:
        """Return the next attempt of a lane, written down, and how reminders were set aside on the way to it."""
        aside: list[str] = []
        while self.may_begin(turn.at) and not self.rests(lane, turn.at):
            reminder = lanes.claim_next(turn.connection, lane, at=turn.at, steal=self.steal)
            if reminder is None:
                break
            begun = begin(turn, reminder)
            aside += begun.aside
            if begun.job is not None:
                return begun.job, aside
        return None, aside

    def _send(self, job: Job, turn: Turn) -> Outcome:
        mail = message_id(job.notice)
        self.journal.about_to_send(job.members, attempt=job.attempt, message_id=mail, head=turn.head, at=turn.at)
        try:
            outcome = self.sender.send(job.way, job.notice)
        except Exception as error:  # one notice that cannot be written must not hold up the others
            outcome = Outcome("temporary", None, f"{UNMADE}: {type(error).__name__}: {error}")
        self.journal.ended(job.members, attempt=job.attempt, outcome=outcome.kind)
        return outcome


@contextmanager
def open_sender(store: Store, settings: Settings) -> Iterator[Sender]:
    """Yield the sender of a store: what a rehearsal sends never leaves this machine."""
    rehearsal = store.position().is_rehearsal
    with Sender(settings.smtp_url, rehearsal=rehearsal, intranet=settings.intranet_hosts) as sender:
        yield sender
