"""Back a store up while it sends, go on, put the older copy back, and count what is sent again.

    python -m tests.simulation.restore [--database sqlite|postgresql] [--offices 300] [--rounds 5] [--seed 17]

In each round a worker mails many offices. A backup is made at some moment of that, the worker is
killed outright at a later one, and the copy is put back where the store was. For each round:

    behind      mails that had left since the backup, which a naive restore would send again
    early       mails that left before somebody reconciled
    unknown     mails the journal says were about to leave when the worker was killed
    extra       mails sent a second time in the whole round: at most the unknown ones
    lost        offices that never got theirs
    backup, restore   seconds; the second until reminders may leave again
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.integration.postgres import Cluster, roomy_memory, running_cluster
from tests.integration.smtp import SmtpServer
from tests.simulation.many_offices import (
    Clock,
    Judged,
    a_crowd,
    freely,
    judged,
    row,
    tick,
    wait_for,
    worker,
)
from tracker.operations import open_store
from tracker.operations.backup import backup, restore
from tracker.operations.reconciling import reconcile

HEADS = ("database", "behind", "early", "unknown", "extra", "lost", "backup s", "restore s")
WIDTHS = (12, 9, 9, 9, 9, 9, 10, 11)
# a place for a store: where it is, and what makes that place empty again
Place = tuple[str, Callable[[], str]]
Places = Callable[[], AbstractContextManager[tuple[Place, Path]]]


@dataclass(frozen=True, slots=True)
class Round:
    """What came of one round."""

    behind: int
    early: int
    unknown: int
    backup: float
    restore: float
    end: Judged

    @property
    def kept(self) -> bool:
        """Return whether every promise was kept."""
        return self.end.sound and self.early == 0 and self.end.extra <= self.unknown


def one_round(place: Place, folder: Path, offices: int, chance: random.Random) -> Round:
    """Return what came of one backup, one kill and one restore."""
    url, emptied = place
    first, last = sorted(chance.sample(range(1, offices), 2))
    copy, settings, clock = folder / "copy", None, Clock(time.monotonic())
    with SmtpServer() as server:
        settings = freely(server.url, journal=str(folder / "sends"))
        a_crowd(url, offices).close()
        with worker(url, settings, clock, folder / "said") as kill:
            wait_for(lambda: len(server.messages) >= first)
            store = open_store(url)
            began = time.perf_counter()
            backup(store, copy, settings, at=clock())
            backed_up, held = time.perf_counter() - began, len(server.messages)
            store.close()
            wait_for(lambda: len(server.messages) >= max(last, min(held + 5, offices)))
            kill()
        time.sleep(0.1)
        before = len(server.messages)
        began = time.perf_counter()
        url = emptied()
        restore(copy, url, at=clock(), actor="operator")
        for _ in range(3):
            tick(url, settings, clock)
        early = len(server.messages) - before
        store = open_store(url)
        found = reconcile(store, settings, at=clock(), actor="operator", lift=True)
        restored = time.perf_counter() - began
        store.close()
        late = Clock(clock.started - 600 / clock.speed)  # past every lease of the copy
        for _ in range(3):
            assert tick(url, settings, late) is None
        end = judged(server, url, offices)
    behind = len(found.marked) + len(found.elsewhere)
    return Round(behind, early, len(found.unknown), backed_up, restored, end)


@contextmanager
def sqlite_place() -> Iterator[tuple[Place, Path]]:
    with tempfile.TemporaryDirectory(prefix="tracker-restore-", dir=roomy_memory()) as name:
        folder = Path(name)

        def emptied() -> str:
            for file in folder.glob("store.db*"):
                file.unlink()
            return f"sqlite:///{folder / 'store.db'}"

        yield (emptied(), emptied), folder


@contextmanager
def postgres_place(cluster: Cluster) -> Iterator[tuple[Place, Path]]:
    with ExitStack() as stack, tempfile.TemporaryDirectory(prefix="tracker-restore-", dir=roomy_memory()) as name:

        def emptied() -> str:
            return stack.enter_context(cluster.database())

        yield (emptied(), emptied), Path(name)


def rounds(
    place: Callable[[], AbstractContextManager[tuple[Place, Path]]], count: int, offices: int, seed: int
) -> Iterator[Round]:
    """Yield what came of each round."""
    chance = random.Random(seed)
    for _ in range(count):
        with place() as (where, folder):
            yield one_round(where, folder, offices, chance)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for, print a line a round, and return 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.restore", description=__doc__.split("\n")[0])
    parser.add_argument("--database", choices=["sqlite", "postgresql"], help="one database only; both by default")
    parser.add_argument("--offices", type=int, default=300, metavar="N", help="mails of a round (300)")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="rounds on each database (5)")
    parser.add_argument("--seed", type=int, default=17, help="what the moments are drawn by (17)")
    asked = parser.parse_args(arguments)
    print(row(*HEADS, widths=WIDTHS))
    kept = True
    with ExitStack() as stack:
        names = [asked.database] if asked.database else ["sqlite", "postgresql"]
        for name in names:
            cluster = stack.enter_context(running_cluster()) if name == "postgresql" else None
            place = sqlite_place if cluster is None else lambda cluster=cluster: postgres_place(cluster)
            for one in rounds(place, asked.rounds, asked.offices, asked.seed):
                figures = (one.behind, one.early, one.unknown, one.end.extra, one.end.lost)
                print(row(name, *figures, f"{one.backup:.2f}", f"{one.restore:.2f}", widths=WIDTHS), flush=True)
                kept = kept and one.kept
                if not one.kept:
                    print(one)
    print("every promise kept" if kept else "A PROMISE WAS BROKEN")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
