"""Two processes sweep and deliver at once and are killed a thousand times: who was not told, and who twice?

    python -m tests.simulation.kills [--database NAME] [--kills 1000] [--minutes N] [--offices 30] [--seed 7]

Week after week every office is owed one reminder. Two workers sweep, seven assignments a transaction, and deliver
beside each other; each is killed with SIGKILL at a boundary drawn by the seed (a statement, a commit, a step of an
SMTP conversation), wherever the other stands, and another takes its place. The clock goes on only while nobody is
at work, past the lease of what the dead held. A real SMTP server counts what arrived.

    lost        reminders of a week that never arrived
    twice       reminders that were made twice, or left under two Message-IDs
    copies      mails sent again; `in doubt` are the kills between the server's acceptance and our note of it
    unexplained copies beyond one for each of those kills
    stuck       reminders neither accepted nor closed at the end
    chain, cache  a ledger that does not hold; rows that `rebuild` finds different

Nothing but copies may be above zero. Where a kill falls depends on how the two take turns; what is owed does not.
"""

import argparse
import gc
import os
import random
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import astuple, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path

from tests.integration.postgres import roomy_memory, running_cluster
from tests.integration.smtp import Taken
from tests.simulation.kill_points import SENT, Boundaries, MailServer
from tests.simulation.many_offices import OPEN_STATES, READ_HEADER, a_crowd, freely, owed, row
from tracker.operations import deliver, rebuild, sweep, verify
from tracker.operations.deliver import open_sender
from tracker.settings import Settings
from tracker.store import outbox
from tracker.store.store import Store

WEEK, LEASE = timedelta(days=7), timedelta(minutes=6)
# due by 31 August 2025, told one working day after (3 September, for the National Day), then every seven days
FIRST = datetime(2025, 9, 10, 1, tzinfo=UTC)
DOUBT = {SENT, "send: accepted, answer unread", "send: returned"}
# boundaries that a worker may pass before it dies: most die soon, and some get through the longest transaction
FURTHEST = (100, 400, 2000)
BATCH = 7


@dataclass(frozen=True, slots=True)
class Found:
    """What came of some weeks."""

    kills: int = 0
    in_doubt: int = 0
    weeks: int = 0
    mails: int = 0
    copies: int = 0
    lost: int = 0
    twice: int = 0
    unexplained: int = 0
    stuck: int = 0
    chain: int = 0
    cache: int = 0

    def __add__(self, other: "Found") -> "Found":
        return Found(*(one + more for one, more in zip(astuple(self), astuple(other), strict=True)))

    @property
    def kept(self) -> bool:
        """Return whether every promise was kept."""
        return not (self.lost or self.twice or self.unexplained or self.stuck or self.chain or self.cache)


@dataclass
class Last(Boundaries):
    """The boundaries of a process, which says at which it dies."""

    into: int = -1
    count: int = 0

    def reach(self, kind: str) -> None:
        self.count += 1
        if self.count == self.die_at:
            os.write(self.into, kind.encode())
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Pair:
    """Two workers on one store; `ends` are how those that were killed died."""

    store: Store
    settings: Settings
    chance: random.Random
    ends: list[str] = field(default_factory=list)

    def work(self, at: datetime, most: int) -> bool:
        """Let two work at an instant until one of them has nothing left; return whether somebody was killed."""
        before = len(self.ends)
        alive = dict(self._start(at, most) for _ in range(2))
        idle = False
        while alive:
            child, status = os.wait()
            pipe = alive.pop(child)
            with os.fdopen(pipe, "rb") as said:
                last = said.read().decode()
            if os.WIFSIGNALED(status):
                self.ends.append(last)
                if not idle:
                    alive |= [self._start(at, most)]
            elif os.waitstatus_to_exitcode(status):
                raise RuntimeError(last)
            else:
                idle = True
        return len(self.ends) > before

    def _start(self, at: datetime, most: int) -> tuple[int, int]:
        die_at = self.chance.randint(1, self.chance.choice(FURTHEST)) if len(self.ends) < most else None
        out, into = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(out)
            self._tick(at, Last(die_at, into=into))
        os.close(into)
        return child, out

    def _tick(self, at: datetime, last: Last) -> None:
        """Sweep and deliver once in a process of its own, and leave without the parent's farewells."""
        code = 1
        with suppress(BaseException):
            try:
                last.watch_database(self.store.engine)
                last.watch_mail()
                sweep(self.store, at=at, batch=BATCH)
                with open_sender(self.store, self.settings) as sender:
                    deliver(self.store, sender, settings=self.settings, clock=lambda: at)
                code = 0
            except BaseException as error:
                os.write(last.into, repr(error).encode()[:4000])
        os._exit(code)


def story(
    url: str, folder: Path, server: MailServer, *, kills: int, offices: int, seed: int, until: float = inf
) -> Found:
    """Return what came of killing one of two workers again and again: so many times, or until an instant."""
    settings = freely(server.url, journal=str(folder / "sends"))
    pair = Pair(a_crowd(url, offices), settings, random.Random(seed))
    _calmly(pair, FIRST - WEEK)
    found, week = Found(), 0
    while len(pair.ends) < kills and time.monotonic() < until:
        found += _week(pair, server, FIRST + week * WEEK, kills=kills, offices=offices)
        week += 1
    with pair.store.read() as connection:
        made = [one for one in outbox.reminders(connection) if one.moment >= FIRST]
    pair.store.close()
    twice = abs(len(made) - week * offices)
    stuck = sum(one.state in OPEN_STATES for one in made)
    broken, differing = int(not verify(pair.store).holds), len(rebuild(pair.store, keep=False).differing)
    pair.store.close()
    return found + Found(twice=twice, stuck=stuck, chain=broken, cache=differing)


def _calmly(pair: Pair, at: datetime) -> None:
    """Deal with all that comes before the first week, in this process: its children inherit what it compiled."""
    sweep(pair.store, at=at)
    with open_sender(pair.store, pair.settings) as sender:
        deliver(pair.store, sender, settings=pair.settings, clock=lambda: at)
    pair.store.close()
    gc.collect()
    gc.freeze()


def _week(pair: Pair, server: MailServer, at: datetime, *, kills: int, offices: int) -> Found:
    """Return what came of one week."""
    server.wait()
    server.messages.clear()
    before = len(pair.ends)
    while pair.work(at, kills):
        at += LEASE  # nobody is at work: what the dead held is free
    server.wait()
    ends = pair.ends[before:]
    doubt = sum(end in DOUBT for end in ends)
    return judged(server.messages, offices, doubt) + Found(kills=len(ends), in_doubt=doubt, weeks=1)


def judged(messages: Sequence[Taken], offices: int, doubt: int) -> Found:
    """Return what the mail server saw in a week in which every office was owed one reminder."""
    names: dict[str, set[str]] = defaultdict(set)
    for mail in messages:
        names[mail.recipients[0]].add(str(READ_HEADER.parsebytes(mail.content)["Message-ID"]))
    wanted = set(owed(offices))
    copies = len(messages) - sum(map(len, names.values()))
    twice = sum(len(found) - 1 for found in names.values()) + len(names.keys() - wanted)
    return Found(
        mails=len(messages),
        copies=copies,
        lost=len(wanted - names.keys()),
        twice=twice,
        unexplained=max(0, copies - doubt),
    )


def databases(names: Sequence[str], stack: ExitStack) -> Iterator[tuple[str, str]]:
    """Yield each database with the URL of an empty one."""
    if "sqlite" in names:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tracker-kills-", dir=roomy_memory()))
        yield "sqlite", f"sqlite:///{folder}/kills.db"
    if "postgresql" in names:
        cluster = stack.enter_context(running_cluster())
        yield "postgresql", f"postgresql+psycopg://postgres@127.0.0.1:{cluster.port}/postgres"


def main(arguments: Sequence[str] | None = None, *, out: Callable[[str], object] = print) -> int:
    """Run what the command line asks for, print a line a database, and return 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.kills", description=__doc__.split("\n")[0])
    parser.add_argument("--database", choices=["sqlite", "postgresql"], help="one database only; both by default")
    parser.add_argument("--kills", type=int, default=1000, metavar="N", help="on each database (1000)")
    parser.add_argument("--minutes", type=float, default=inf, metavar="N", help="begin no week after so long")
    parser.add_argument("--offices", type=int, default=30, metavar="N", help="mails of a week (30)")
    parser.add_argument("--seed", type=int, default=7, help="what the boundaries are drawn by (7)")
    asked = parser.parse_args(arguments)
    kept = True
    out(row("database", *(one.name for one in fields(Found)), "seconds"))
    with ExitStack() as stack, MailServer() as server:
        for name, url in databases([asked.database] if asked.database else ["sqlite", "postgresql"], stack):
            began = time.monotonic()
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tracker-kills-", dir=roomy_memory()))
            asks = {"kills": asked.kills, "offices": asked.offices, "seed": asked.seed}
            found = story(url, Path(folder), server, until=began + 60 * asked.minutes, **asks)
            out(row(name, *astuple(found), f"{time.monotonic() - began:.0f}"))
            kept = kept and found.kept
    out("every promise kept" if kept else "A PROMISE WAS BROKEN")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
