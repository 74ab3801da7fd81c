"""A month of a large store in a quarter of an hour: four workers at work, and one after the other is killed.

    python -m tests.simulation.soak [--assignments 100000] [--minutes 15] [--days 30] [--seed 7]

Four processes go round as `tracker sweep --loop` does, on one PostgreSQL database, by a clock that passes a month in
that time: whatever is reckoned by the calendar comes as often as in a month, and a lease lasts as long as it
does for a machine. Every 5 to 40 seconds one of three workers, or now and then the database server, is killed
outright and started again, as a supervisor would; the fourth worker lives from the first day to the last, so that what
it holds can be seen to grow, or not.

    kills       workers killed, and times the server was
    mails       messages the mail server took; of them, extra: a second copy under one Message-ID
    lost        offices that never heard of a task that came due, mails recorded as taken that never came, and
                reminders that were due by the end of the month and have not left
    memory, fds of the worker that lived (MB): flat where the end is within 5 % of the middle of the month
"""

import argparse
import gc
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from sqlalchemy import text

from tests.builders import a_directive, a_ladder, a_registry, a_task, an_agency
from tests.integration.postgres import roomy_memory
from tests.integration.smtp import SmtpServer, Taken
from tests.simulation.a_store import ADOPTED, mailboxes
from tests.simulation.many_offices import codes, freely, wait_for
from tests.simulation.restarts import Server, a_server
from tracker.domain.deadline import By, Due
from tracker.domain.directive import Directive, ForEach
from tracker.domain.errors import TrackerError
from tracker.operations import adopt_directive, adopt_registry, init, open_store, set_channel, sweep
from tracker.operations import verify as verified
from tracker.operations.keys import make_key
from tracker.operations.rounds import go_round
from tracker.settings import Settings
from tracker.store.store import Store

WORKERS = 4
LEASE_SECONDS = 10.0  # of this machine: longer than the slowest mail takes here
TASKS_A_DIRECTIVE = 40
DUE_IN_THE_MONTH = 12  # tasks; the others come due later. A mail shows ten at most, and all must be seen here
ROUND_SECONDS = 1.0
CANARY = "canary@agencies.example"
SETTLE_SECONDS = 60.0  # until memory is worth looking at
DRAIN_SECONDS = 180.0
FLAT = 1.05


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of all processes: from the adoption on, so many times as fast as this machine's."""

    started: float
    speed: float

    def __call__(self) -> datetime:
        return ADOPTED + timedelta(seconds=(time.monotonic() - self.started) * self.speed)


# ── The store ────────────────────────────────────────────────────────────────────────────────────────────────


def last_days(days: int) -> list[date]:
    """Return a day in the month for each task that comes due in it, none at its very end."""
    first = ADOPTED.date() + timedelta(days=3)
    return [first + timedelta(days=n * max(1, days - 6) // DUE_IN_THE_MONTH) for n in range(DUE_IN_THE_MONTH)]


def directives(tasks: int, offices: Sequence[str], days: int) -> list[tuple[Directive, list[date]]]:
    """Return directives whose tasks every office owes, and when those of each are due."""
    soon, later = last_days(days), ADOPTED.date() + timedelta(days=400)
    whens = [soon[n] if n < len(soon) else later for n in range(tasks)]
    made = []
    for first in range(0, tasks, TASKS_A_DIRECTIVE):
        plain = a_directive(number=f"{first // TASKS_A_DIRECTIVE + 1}/QĐ-TTg")
        mine = whens[first : first + TASKS_A_DIRECTIVE]
        duties = (
            a_task(
                f"task-{first + n:04d}",
                directive=plain.key,
                for_each=ForEach(agencies=tuple(offices)),
                due=Due(rule=By(when)),
            )
            for n, when in enumerate(mine)
        )
        made.append((replace(plain, tasks=tuple(duties)), mine))
    return made


def prepare(url: str, assignments: int, days: int, key: Path) -> set[tuple[str, str]]:
    """Make a live store, and return which mailbox has to hear of which assignment within the month."""
    offices = codes(min(500, assignments // 25))
    store = init(url, rehearsal=False, at=ADOPTED, actor="soak")
    more = (an_agency(code, "state", parent="CP") for code in offices)
    rungs = tuple(rung for rung in a_ladder().rungs if rung.side != "assigned")
    adopt_registry(store, a_registry(*more, ladders={"standard": a_ladder(rungs=rungs)}), at=ADOPTED, actor="soak")
    set_channel(store, mailboxes(*offices), at=ADOPTED, actor="soak")
    owed: set[tuple[str, str]] = set()
    for directive, whens in directives(assignments // len(offices), offices, days):
        adopt_directive(store, directive, at=ADOPTED, actor="soak")
        for task, when in zip(directive.tasks, whens, strict=True):
            if when <= ADOPTED.date() + timedelta(days=days - 2):
                owed |= {(f"office-{code.lower()}@agencies.example", f"{task.key}/{code}") for code in offices}
    make_key(store, key, at=ADOPTED, actor="soak")
    sweep(store, at=ADOPTED)
    with store.write() as connection:
        connection.execute(text("ANALYZE"))
    store.close()
    return owed


# ── The workers ──────────────────────────────────────────────────────────────────────────────────────────────


def at_work(url: str, settings: Settings, clock: Clock, log: str) -> None:
    """Go round until told to stop, by the quick clock; one line for what could not be done."""
    by_the_clock(clock)
    stop: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: stop.append(number))
    with open(log, "a", buffering=1, encoding="utf-8") as out:
        while not stop:
            began = time.monotonic()
            done = go_round(replace(settings, database_url=url), wall=clock, stop=lambda: bool(stop))
            for why in done.troubles:
                out.write(f"{clock().isoformat()} {why.splitlines()[0]}\n")
            gc.collect()  # as the loop does
            time.sleep(max(0.05, began + ROUND_SECONDS - time.monotonic()))


def by_the_clock(clock: Clock) -> None:
    """Have this process's stores read the quick clock, and leases last as long as they do for a machine."""
    from tracker.operations import clocks, deliver, rounds, turn

    lease = timedelta(seconds=LEASE_SECONDS * clock.speed)
    for module in (turn, clocks, deliver):
        module.LEASE = lease  # type: ignore[attr-defined]
    rounds.PATIENCE = timedelta(seconds=rounds.PATIENCE.total_seconds() * clock.speed)
    Store.clock = lambda _store, wall: wall  # type: ignore[method-assign]


@dataclass(slots=True)
class Crew:
    """Four workers, each in a process of its own, started again whenever it ends."""

    start: Callable[[], Any]
    workers: list[Any] = field(default_factory=list)

    def __enter__(self) -> "Crew":
        self.workers = [self.start() for _ in range(WORKERS)]
        return self

    def __exit__(self, *_: object) -> None:
        for one in self.workers:
            one.terminate()
        for one in self.workers:
            one.join(15)
            if one.is_alive():
                one.kill()

    @property
    def survivor(self) -> Any:
        return self.workers[0]

    def kill(self, chance: random.Random) -> None:
        """Kill one outright, never the first, and start another in its place."""
        at = chance.randrange(1, WORKERS)
        self.workers[at].kill()
        self.workers[at].join()
        self.workers[at] = self.start()


@dataclass(frozen=True, slots=True)
class Weight:
    """What a process holds: memory in MB, open files."""

    memory: float
    files: int

    @classmethod
    def of(cls, pid: int) -> "Weight":
        status = Path(f"/proc/{pid}/status").read_text()
        return cls(int(status.partition("VmRSS:")[2].split()[0]) / 1024, len(os.listdir(f"/proc/{pid}/fd")))

    def __str__(self) -> str:
        return f"{self.memory:.1f} MB, {self.files} fds"


# ── The month ────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Month:
    """What happened: kills of workers and of the server, and what the worker that lived held, sample by sample."""

    kills: int = 0
    restarts: int = 0
    weights: list[Weight] = field(default_factory=list)

    @property
    def is_flat(self) -> bool:
        """Return whether the worker that lived held no more at the end than it did in the middle of the month."""
        middle, last = self.weights[len(self.weights) // 2], self.weights[-1]
        return last.memory <= middle.memory * FLAT and last.files <= middle.files + 2


def live_through(crew: Crew, server: Server, seconds: float, chance: random.Random) -> Month:
    """Kill somebody every 5 to 40 seconds until the month is over, and weigh the survivor every five."""
    month, began = Month(), time.monotonic()
    blow, weigh = began + chance.uniform(5, 40), began + min(SETTLE_SECONDS, seconds / 4)
    while (now := time.monotonic()) < began + seconds:
        if now >= blow:
            if chance.random() < 1 / 6:
                server.restart()
                month.restarts += 1
            else:
                crew.kill(chance)
                month.kills += 1
            blow = time.monotonic() + chance.uniform(5, 40)
        if now >= weigh:
            month.weights.append(Weight.of(crew.survivor.pid))
            weigh += 5
        time.sleep(0.2)
    return month


def left(url: str, at: datetime) -> int:
    """Return how many reminders were due by an instant and have not left; one where the store cannot say."""
    try:
        store = open_store(url)
        try:
            with store.read() as connection:
                question = text("SELECT count(*) FROM reminder WHERE due_at IS NOT NULL AND moment <= :at")
                return int(connection.execute(question, {"at": at}).scalar_one())
        finally:
            store.close()
    except TrackerError:
        return 1


@dataclass(frozen=True, slots=True)
class Judged:
    """What the mail server saw, held against what had to come."""

    mails: int
    extra: int
    unheard: int
    untaken: int
    left: int
    chain: bool

    @property
    def lost(self) -> int:
        return self.unheard + self.untaken + self.left


def heard_in(mails: Sequence[Taken]) -> tuple[Counter[str], set[tuple[str, str]]]:
    """Return how often each Message-ID came, and which mailbox heard of which assignment."""
    ids, heard = Counter[str](), set[tuple[str, str]]()
    for taken in list(mails):
        message = message_from_bytes(taken.content, policy=policy.default)
        ids[str(message["Message-ID"]).strip()] += 1
        body = message.get_body(("plain",))
        words = body.get_content() if body is not None else ""
        refs = {word.rpartition("/tasks/")[2].rstrip(".,)") for word in words.split() if "/tasks/" in word}
        heard |= {(taken.recipients[0], ref) for ref in refs}
    return ids, heard


def judged(mail: SmtpServer, url: str, owed: set[tuple[str, str]], at: datetime) -> Judged:
    """Return what came of it all."""
    ids, heard = heard_in(mail.messages)
    store = open_store(url)
    with store.read() as connection:
        sent = set(connection.execute(text("SELECT message_id FROM delivery WHERE outcome = 'accepted'")).scalars())
    holds = verified(store).holds
    store.close()
    return Judged(
        mails=ids.total(),
        extra=ids.total() - len(ids),
        unheard=len(owed - heard),
        untaken=len(sent - set(ids)),
        left=left(url, at),
        chain=holds,
    )


def story(assignments: int, seconds: float, days: int, chance: random.Random) -> bool:
    """Live through a month, print what came of it, and return whether every promise was kept."""
    with ExitStack() as stack:
        server = stack.enter_context(a_server())
        mail = stack.enter_context(SmtpServer())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tracker-soak-", dir=roomy_memory())))
        began = time.monotonic()
        owed = prepare(server.url, assignments, days, folder / "key")
        print(
            f"{assignments:,} assignments made in {time.monotonic() - began:.0f} s, {len(owed):,} come due", flush=True
        )
        settings = freely(mail.url, journal=str(folder / "sends"), key=str(folder / "key"), canary=CANARY)
        settings = replace(settings, watch_every="10000 minutes")
        speed = days * 86_400 / seconds
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.simulation.restarts", "tracker.operations.rounds"])
        clock = Clock(time.monotonic(), speed)

        def start() -> Any:
            worker = context.Process(target=at_work, args=(server.url, settings, clock, str(folder / "log")))
            worker.start()
            return worker

        with Crew(start) as crew:
            month = live_through(crew, server, seconds, chance)
            end = ADOPTED + timedelta(days=days)
            quiet = wait_for(lambda: not left(server.url, end), seconds=DRAIN_SECONDS, step=1)
        found = judged(mail, server.url, owed, end)
        return tell(month, found, quiet, folder / "log")


def tell(month: Month, found: Judged, quiet: bool, log: Path) -> bool:
    """Print the figures, and return whether every promise was kept."""
    looks = month.weights
    first, last = looks[0], looks[-1]
    print(f"kills: {month.kills} of workers, {month.restarts} of the database server")
    print(f"mails: {found.mails:,}, extra {found.extra}; chain {'whole' if found.chain else 'BROKEN'}")
    print(f"lost: {found.lost} (unheard {found.unheard}, untaken {found.untaken}, left {found.left})")
    print(f"the worker that lived: first {first}; last {last}")
    print("its memory, in ten looks: " + ", ".join(f"{one.memory:.0f}" for one in looks[:: max(1, len(looks) // 10)]))
    troubles = Counter(line.split(" ", 1)[1][:100] for line in log.read_text().splitlines()) if log.exists() else {}
    for why, times in Counter(troubles).most_common(5):
        print(f"  {times} × {why}")
    held = quiet and not found.lost and found.chain and month.is_flat and found.extra <= month.kills + month.restarts
    print("every promise kept" if held else "A PROMISE WAS BROKEN")
    return held


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for, and return 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.soak", description=__doc__.split("\n")[0])
    parser.add_argument("--assignments", type=int, default=100_000, metavar="N", help="in the store (100000)")
    parser.add_argument("--minutes", type=float, default=15, metavar="N", help="that the month takes (15)")
    parser.add_argument("--days", type=int, default=30, metavar="N", help="of the month (30)")
    parser.add_argument("--seed", type=int, default=7, help="what the kills are drawn by (7)")
    asked = parser.parse_args(arguments)
    print(f"seed {asked.seed}, started {datetime.now(UTC):%H:%M:%S} UTC", flush=True)  # noqa: TID251
    kept = story(asked.assignments, asked.minutes * 60, asked.days, random.Random(asked.seed))
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
