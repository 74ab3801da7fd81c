"""Delivery: reminders leave the outbox, each attempt written before it is made, lane by lane.

Mails leave in small groups. One transaction begins the attempts of a group, and keeps the exact copy of each
mail; the journal of sends has the whole group on the disk before the first of it leaves, and learns of each mail
as soon as its server answered; another transaction ends them as soon as the last has left. So a worker that is
killed leaves one mail at most of which nobody knows: when the lease ends it is recorded as unknown and tried again
with the same Message-ID: a rare copy is preferred to a rare silence. What else it could not record, the journal
tells. Only a machine that loses its power may lose what the journal was told since the last commit: the mails of
one group.

Every server has a lane of its own (`lanes`), and several work at once: one that is slow or away
holds up nobody else's mail. Their transactions take turns, since the ledger has one end.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from tracker.domain.errors import TryLater
from tracker.domain.patience import UNMADE
from tracker.notify.digest import Digest
from tracker.notify.message import message_id
from tracker.notify.notice import Notice
from tracker.notify.outcome import Outcome
from tracker.notify.send import Prepared, Sender
from tracker.notify.way import To
from tracker.operations import guard
from tracker.operations.attempting import begin
from tracker.operations.clocks import Uptime, look_at_clock
from tracker.operations.ending import SLOW, UNKEPT, Ended, end
from tracker.operations.holding import hold_back
from tracker.operations.journal import Journal, Leaving
from tracker.operations.lanes import LOOKED_AT, Circuit, circuits, is_silence, lane_of
from tracker.operations.reserving import Reserved, reserve, take_back
from tracker.operations.turn import LEASE, Job, Turn
from tracker.operations.watching import attend
from tracker.operations.ways import Ways
from tracker.settings import Settings
from tracker.store import lanes, ledger, watches
from tracker.store.lanes import Lane
from tracker.store.store import Connection, Store

__all__ = ["LEASE", "Delivered", "Sends", "deliver", "open_sender"]

TOGETHER = 8  # lanes that work at once
GLANCE = 0.5  # seconds between two looks for lanes that have got something to do meanwhile
RATE_OVER = timedelta(minutes=10)
GROUP = 16  # mails at most whose outcomes are committed together
SOON = timedelta(seconds=3)  # no mail of a group begins later than this after the first: the others are put back
BRISK = SOON / 4  # a group that took no longer is followed by a larger one


class Sends(Protocol):
    """What delivery needs of a sender: several threads send at once, each by a way of its own."""

    def send(self, channel: To, notice: Notice | Digest) -> Outcome:
        """Return what became of one notice to one channel."""


@runtime_checkable
class Prepares(Protocol):
    """A sender that can say beforehand what a mail will be, so that its copy is kept before it leaves."""

    def prepare(self, channel: To, notice: Notice | Digest) -> Prepared | None:
        """Return the mail that a notice leaves as; None where it is no mail."""

    def send(self, channel: To, what: Notice | Digest | Prepared) -> Outcome:
        """Return what became of it."""


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
    stop: Callable[[], bool] = lambda: False,
) -> Delivered:
    """Send every reminder that is due and return how the attempts ended; `limit` bounds their number.

    Nothing is begun any more once the run has taken as long as `patience`, or `stop` says so: what is left is for
    the next.
    By `uptime`, how long this machine has been up, a jump of the clock is told from a pause, and a slow server
    from a quick one. Raises Refused, with the code on-hold, where the store may send nothing: see `guard`.
    """
    journal = guard.check(store, settings, at=clock(), actor=actor)
    run = _Run(store, sender, settings, clock, actor, journal, limit=limit, patience=patience, uptime=uptime, stop=stop)
    run.open()
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
        uptime: Uptime | None,
        stop: Callable[[], bool],
    ) -> None:
        self.store, self.sender, self.settings, self.clock = store, sender, settings, clock
        self.actor, self.journal, self.limit, self.patience = actor, journal, limit, patience
        self.uptime, self.stop = uptime, stop
        self.total, self.under_way = Delivered(), 0
        self.lock = threading.Lock()
        self.ways = Ways(store, settings)
        self.steal, self.started, self.allowed, self.last = True, clock(), 0, 0
        self.live, self.circuits = False, dict[Lane, Circuit]()

    def open(self) -> None:
        """Look at the clock, at how long nobody delivered, and at which servers did not answer."""
        with self.store.write() as connection:
            head = ledger.position(connection, lock=True)  # before anything else, as in `ledger.settle`
            read = self.clock()
            at = head.settle(read)
            last = watches.last(connection, "deliver")
            trust = look_at_clock(connection, head, read, uptime=self.uptime, actor=self.actor)
            every, above = self.settings.watch_limit, self.settings.hold_limit
            head = attend(connection, "deliver", head=trust.head, at=at, actor=self.actor, every=every)
            # a clock set forward is no pause
            since = last and last + max(trust.jumped, timedelta())
            hold_back(connection, head, at=at, last=since, above=above, actor=self.actor)
            self.started, self.steal, self.live = at, trust.steal, not head.is_rehearsal
            self.circuits = dict(circuits(lanes.last_ends(connection, limit=LOOKED_AT)))
            rate = self.settings.rate_limit
            begun, self.last = lanes.begun_since(connection, at - RATE_OVER, limit=rate)
            self.allowed = rate - begun

    def ready(self) -> list[Lane]:
        """Return the lanes by which something is due, but for those that rest; none where nothing more is begun."""
        with self.lock, self.store.read() as connection:
            at = ledger.position(connection).go_on(self.clock())
            if not self.room(at):
                return []
            found = {lane_of(*one) for one in lanes.due(connection, at=at, steal=self.steal)}
            return sorted((lane for lane in found if not self.rests(lane, at)), key=str)

    def room(self, at: datetime) -> int:
        """Return how many more attempts may begin: by the limit, the rate and the patience of this run."""
        if self.stop():
            return 0
        if self.live and self.patience is not None and at - self.started >= self.patience:
            return 0
        rooms = [GROUP]
        if self.limit is not None:
            rooms.append(self.limit - self.total.attempts - self.under_way)
        if self.live:
            rooms.append(self.allowed)
        return max(0, min(rooms))

    def rests(self, lane: Lane, at: datetime) -> bool:
        """Return whether the server of a lane is left alone."""
        return self.live and self.circuits.get(lane, Circuit()).is_open(at)

    def work(self, lane: Lane) -> None:
        """Send what is due by one lane, one message after the other."""
        ended: list[Ended] = []
        size = 1  # of the next group: it grows while the server is quick
        first = self._reserved(lane)
        while True:
            if ended:  # by itself: what the next group says takes longer to find out
                with self.lock, self.store.write() as connection:
                    end(self._turn(connection), ended)
            with self.lock:
                with self.store.write() as connection:
                    turn = self._turn(connection)
                    # a rehearsal keeps no journal that would know what left
                    most = min(size, self.room(turn.at)) if self.live else min(1, self.room(turn.at))
                    jobs, aside = self._next(turn, lane, most, first)
                    first = None
                for what in aside:  # it is committed
                    self.total = self.total.plus(what)
                self.under_way += len(jobs)
            if not jobs:
                return
            began = self._now()
            self._announce(jobs, turn)
            ended, told = self._send_all(lane, jobs, turn)
            size = self._size_after(ended, self._now() - began) if told else 1

    def _turn(self, connection: Connection) -> Turn:
        head = ledger.position(connection, lock=True)
        at = head.go_on(self.clock())
        if self.live:  # whoever holds the end of the ledger sees all that anybody began, and keeps the rate for all
            begun, self.last = lanes.begun_after(connection, self.last)
            self.allowed -= begun
        turn = Turn(connection, head, at, self.actor, self.settings, self.ways, self.journal)
        if isinstance(self.sender, Prepares):
            turn.prepare = self.sender.prepare
        return turn

    def _reserved(self, lane: Lane) -> Reserved | None:
        """Write down an attempt at the mail a lane begins with, should the making of it kill this process."""
        while True:
            with self.lock:
                with self.store.write() as connection:
                    turn = self._turn(connection)
                    if not self.room(turn.at) or self.rests(lane, turn.at):
                        return None
                    first, known = reserve(turn, lane, steal=self.steal)
                if not known:
                    return first
                self.total = self.total.plus("known")

    def _next(self, turn: Turn, lane: Lane, most: int, first: Reserved | None = None) -> tuple[list[Job], list[str]]:
        """Return the next attempts of a lane, written down, and how reminders were set aside on the way to them."""
        jobs: list[Job] = []
        aside: list[str] = []
        mine = take_back(turn, first) if first else None
        while len(jobs) < most and not self.rests(lane, turn.at):
            left = most - len(jobs)
            claimed = (mine,) if mine else lanes.claim(turn.connection, lane, at=turn.at, most=left, steal=self.steal)
            # where its worker died, it may have been by this mail: the lane begins anew with it, and it goes alone
            orphaned = any(one.state == "sending" for one in claimed)
            turn.expect(claimed)
            dealt: set[int] = set()
            for reminder in claimed:
                if turn.alarmed or reminder.state == "sending":
                    break
                if reminder.id in dealt:
                    continue
                begun = begin(turn, reminder)
                dealt |= begun.dealt
                aside += begun.aside
                jobs += [begun.job] if begun.job else []
            turn.write_down()
            if mine or orphaned or not claimed:
                break
        return jobs, aside

    def _announce(self, jobs: list[Job], turn: Turn) -> None:
        """Have it on the disk that a group leaves; where that cannot be, it waits for better times."""
        mails = [Leaving(job.members, job.attempt, message_id(job.notice)) for job in jobs]
        try:
            self.journal.about_to_send(mails, head=turn.head, at=turn.at)
        except TryLater:
            with self.lock, suppress(TryLater), self.store.write() as connection:
                end(self._turn(connection), [Ended(job, UNKEPT) for job in jobs])
            raise

    def _send_all(self, lane: Lane, jobs: list[Job], turn: Turn) -> tuple[list[Ended], bool]:
        """Send a group and return what became of each, and whether the journal could be told of those that left.

        Behind a slow or silent server, or an end that the journal could not be told, the others are put back.
        """
        ended: list[Ended] = []
        latest, back, told = self._now() + SOON, None, True
        for job in jobs:
            if ended and self._now() > latest:
                back = back or SLOW
            if back is not None:
                self.journal.ended(job.members, attempt=job.attempt, outcome=back.kind)
                ended.append(Ended(job, back))
                continue
            outcome = self._sent(job)
            ended.append(Ended(job, outcome))
            if is_silence(outcome.kind, outcome.code, outcome.detail):
                back = SLOW
            if not self.journal.ended(job.members, attempt=job.attempt, outcome=outcome.kind):
                back, told = UNKEPT, False
            with self.lock:
                self.total = self.total.plus(outcome.kind)
                self.under_way -= 1
                self.circuits[lane] = self.circuits.get(lane, Circuit()).after(outcome, turn.at)
        with self.lock:
            self.under_way -= sum(one.is_untried for one in ended)
        return ended, told

    def _size_after(self, ended: list[Ended], took: timedelta) -> int:
        sent = [one.outcome for one in ended if not one.is_untried]
        if is_silence(sent[-1].kind, sent[-1].code, sent[-1].detail):
            return 1
        if len(sent) < len(ended) or took > BRISK:
            return len(sent)
        return min(4 * len(sent), GROUP)

    def _now(self) -> timedelta:
        return self.uptime() if self.uptime else timedelta()

    def _sent(self, job: Job) -> Outcome:
        try:
            if job.prepared and isinstance(self.sender, Prepares):
                return self.sender.send(job.way, job.prepared)
            return self.sender.send(job.way, job.notice)
        except Exception as error:  # one notice that cannot be written must not hold up the others
            return Outcome("temporary", None, f"{UNMADE}: {type(error).__name__}: {error}")


@contextmanager
def open_sender(store: Store, settings: Settings) -> Iterator[Sender]:
    """Yield the sender of a store: what a rehearsal sends never leaves this machine."""
    rehearsal = store.position().is_rehearsal
    with Sender(settings.smtp_url, rehearsal=rehearsal, intranet=settings.intranet_hosts) as sender:
        yield sender
