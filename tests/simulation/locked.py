"""Hold the write lock of an SQLite store for long, with a long reader beside it, and see that all mails leave after it.

    python -m tests.simulation.locked [--offices 200] [--seconds 60] [--busy 30000]

A worker ticks all the while. The lock is taken while mails leave, for longer than a statement waits
for it (`busy_timeout`), so that ticks fail and others follow:

    during      mails that left while the store was locked: what was on its way already
    refused     ticks that could not be
    crashes     ticks that ended with anything but a refusal
    after s     seconds from the end of the lock to the last mail: at most ten
    extra, lost copies, and offices that never got theirs
"""

import argparse
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.integration.postgres import roomy_memory
from tests.integration.smtp import SmtpServer
from tests.simulation.many_offices import (
    Clock,
    Judged,
    a_crowd,
    complaints,
    freely,
    judged,
    row,
    tick,
    wait_for,
    worker,
)
from tracker.store import engine

HEADS = ("lock s", "during", "refused", "crashes", "after s", "extra", "lost")
PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Story:
    """What came of one lock."""

    seconds: float
    during: int
    refused: int
    crashes: int
    after: float
    end: Judged

    @property
    def kept(self) -> bool:
        """Return whether every promise was kept."""
        return not self.crashes and self.after <= PATIENCE and self.end.sound and self.end.extra == 0


def story(folder: Path, offices: int, seconds: float, busy: int) -> Story:
    """Return what came of locking a store while a worker mails from it; `busy` is how many ms a statement waits."""
    file, said = folder / "store.db", folder / "said"
    url, before = f"sqlite:///{file}", engine.BUSY_MS
    engine.BUSY_MS = busy  # the worker is a fork of ours
    try:
        with SmtpServer() as server:
            a_crowd(url, offices).close()
            clock = Clock(time.monotonic(), speed=1)
            with worker(url, freely(server.url), clock, said) as kill:
                wait_for(lambda: len(server.messages) >= offices // 4)
                with closing(sqlite3.connect(file, isolation_level=None, timeout=30)) as reader:
                    reader.execute("BEGIN")
                    reader.execute("SELECT count(*) FROM entry").fetchone()
                    during = locked(file, seconds, server)
                    began = time.monotonic()
                    wait_for(lambda: len(server.messages) >= offices, seconds=3 * PATIENCE)
                    after = time.monotonic() - began
                time.sleep(1)
                kill()
            # a mail that was taken while nothing could be recorded: its lease ends, and nobody sends it again
            assert tick(url, freely(server.url), Clock(clock.started - 600, speed=1)) is None
            told = complaints(said)
            crashes = sum(why.startswith("crash") for why in told)
            return Story(seconds, during, len(told) - crashes, crashes, after, judged(server, url, offices))
    finally:
        engine.BUSY_MS = before


def locked(file: Path, seconds: float, server: SmtpServer) -> int:
    """Hold the write lock for so long; return how many mails left meanwhile."""
    with closing(sqlite3.connect(file, isolation_level=None, timeout=30)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        before = len(server.messages)
        time.sleep(seconds)
        writer.execute("ROLLBACK")
        return len(server.messages) - before


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for, print the figures, and return 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.locked", description=__doc__.split("\n")[0])
    parser.add_argument("--offices", type=int, default=200, metavar="N", help="mails in all (200)")
    parser.add_argument("--seconds", type=float, default=60, help="how long the store is locked (60)")
    parser.add_argument("--busy", type=int, default=engine.BUSY_MS, metavar="MS", help="how long a statement waits")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="tracker-locked-", dir=roomy_memory()) as folder:
        one = story(Path(folder), asked.offices, asked.seconds, asked.busy)
    print(row(*HEADS))
    print(row(one.seconds, one.during, one.refused, one.crashes, f"{one.after:.2f}", one.end.extra, one.end.lost))
    if not one.kept:
        print(one)
    print("every promise kept" if one.kept else "A PROMISE WAS BROKEN")
    return 0 if one.kept else 1


if __name__ == "__main__":
    sys.exit(main())
