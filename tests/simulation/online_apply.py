"""Apply a directive to every commune while two sweeps, a delivery and a person are at work on the same store.

    python -m tests.simulation.online_apply [--offices 3321] [--database sqlite|postgresql|both]

Whoever writes locks the end of the ledger first, so writers wait in a queue and none for another in a circle.
The adoption is one transaction: a directive is in force for everybody or for nobody. What that costs the others:

    apply s     how long the adoption took, and the processor's time of its process
    waited s    the longest that anybody had to wait for the end of the ledger while it went on, and before
    mails       that left meanwhile
    refused     work that could not be
    lost        assignments, reminders or mails that are missing; twice: those that are there twice
"""

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from tests.builders import a_directive, a_task
from tests.integration.postgres import roomy_memory, running_cluster
from tests.simulation.a_store import ADOPTED, SOON, Recorder
from tests.simulation.many_offices import a_crowd, codes, freely, row
from tracker.domain.deadline import By, Due
from tracker.domain.directive import ForEach
from tracker.domain.errors import TrackerError
from tracker.operations import adopt_directive, deliver, open_store, rebuild, sweep
from tracker.operations import verify as verified
from tracker.settings import Settings
from tracker.store import assignments, ledger, outbox
from tracker.store.store import Store

HEADS = ("database", "apply s", "cpu s", "waited s", "before s", "mails", "refused", "lost", "twice")
SECOND_KEY = "8/CT-TTg"
Work = Callable[[Store, Settings], Any]


def sweeping(store: Store, _: Settings) -> list[str]:
    sweep(store, at=ADOPTED, batch=100)
    return []


def delivering(store: Store, settings: Settings) -> list[str]:
    sender = Recorder()
    deliver(store, sender, settings=settings, clock=lambda: ADOPTED, limit=100)
    return [reference for _, reference in sender.sent]


def asking(store: Store, _: Settings) -> float:
    """Return for how long one who writes waits for the end of the ledger."""
    began = time.monotonic()
    with store.write() as connection:
        ledger.position(connection, lock=True)
    return time.monotonic() - began


def again_and_again(work: Work, url: str, settings: Settings, stop: Event, out: Path) -> None:
    """Work until told to stop; write down when each piece ended, what came of it, and why one could not be."""
    store = open_store(url)
    with out.open("w") as stream:
        while not stop.is_set():
            try:
                said, why = work(store, settings), None
            except TrackerError as error:
                said, why = None, f"{error.code}: {error}"
            stream.write(json.dumps([time.monotonic(), said, why]) + "\n")
            time.sleep(0.01)
    store.close()


@contextmanager
def a_crowd_at_work(url: str, settings: Settings, folder: Path) -> Iterator[dict[str, Path]]:
    """Let two sweeps, a delivery and one who only waits go on beside; yield where they write down what they did."""
    context = multiprocessing.get_context("fork")
    stop = context.Event()
    roles: dict[str, Work] = {"sweep": sweeping, "another": sweeping, "deliver": delivering, "asks": asking}
    files = {name: folder / name for name in roles}
    children = [
        context.Process(target=again_and_again, args=(work, url, settings, stop, files[name]), daemon=True)
        for name, work in roles.items()
    ]
    for child in children:
        child.start()
    try:
        yield files
    finally:
        stop.set()
        for child in children:
            child.join(60)
            child.kill()


@dataclass(frozen=True, slots=True)
class Story:
    """What came of one run."""

    seconds: float
    cpu: float
    waited: float
    before: float
    mails: int
    refused: tuple[str, ...]
    lost: int
    twice: int
    holds: bool

    @property
    def kept(self) -> bool:
        """Return whether nothing was lost, refused or done twice."""
        return self.holds and not (self.refused or self.lost or self.twice)


def story(url: str, offices: int, folder: Path) -> Story:
    """Return what came of applying a directive to so many offices while others are at work on the store."""
    settings = freely("smtp://127.0.0.1:9", journal=str(folder / "sends"))
    store = a_crowd(url, offices, swept=False)
    plain = a_directive(number=SECOND_KEY)
    everybody = ForEach(agencies=tuple(codes(offices)))
    duty = a_task("more", directive=plain.key, for_each=everybody, due=Due(rule=By(SOON)))
    with a_crowd_at_work(url, settings, folder) as files:
        while not all(path.exists() and path.read_text().count("\n") for path in files.values()):
            time.sleep(0.01)
        began, cpu = time.monotonic(), time.process_time()
        adopt_directive(store, replace(plain, tasks=(duty,)), at=ADOPTED, actor="test")
        ended, cpu = time.monotonic(), time.process_time() - cpu
        while sweep(store, at=ADOPTED).claimed:
            pass
    said = {name: [json.loads(line) for line in path.read_text().splitlines()] for name, path in files.items()}
    waits = [(at, float(took)) for at, took, _ in said["asks"] if took is not None]
    sent = Counter(ref for _, refs, _ in said["deliver"] for ref in refs or ())
    meanwhile = sum(len(refs or ()) for at, refs, _ in said["deliver"] if began <= at <= ended)
    while (left := delivering(store, settings)) or sweep(store, at=ADOPTED).claimed:
        sent.update(left)
    with store.read() as connection:
        refs = [one.ref for task in ("duty", "more") for one in owed(connection, task)]
        told = [one.reference for one in outbox.reminders(connection)]
    found = Story(
        seconds=ended - began,
        cpu=cpu,
        waited=max((took for at, took in waits if began <= at <= ended + took), default=0.0),
        before=max((took for at, took in waits if at < began), default=0.0),
        mails=meanwhile,
        refused=tuple(why for lines in said.values() for _, _, why in lines if why),
        lost=2 * offices - len(refs) + 2 * offices - len(told) + len(set(told) - sent.keys()),
        twice=sum(count - 1 for count in sent.values()) + len(refs) - len(set(refs)),
        holds=verified(store).holds and rebuild(store, keep=False).differing == (),
    )
    store.close()
    return found


def owed(connection: Any, task: str) -> Sequence[Any]:
    keys = {"duty": a_directive().key, "more": a_directive(number=SECOND_KEY).key}
    return assignments.of_tasks(connection, [f"{keys[task]}/{task}"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for, print a line a database, and return 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.online_apply", description=__doc__.split("\n")[0])
    parser.add_argument("--offices", type=int, default=3321, metavar="N", help="offices the directive is for (3321)")
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both", help="which (both)")
    asked = parser.parse_args(arguments)
    kept = True
    print(row(*HEADS))
    for database in ["sqlite", "postgresql"] if asked.database == "both" else [asked.database]:
        with tempfile.TemporaryDirectory(prefix="tracker-apply-", dir=roomy_memory()) as name:
            folder = Path(name)
            if database == "sqlite":
                one = story(f"sqlite:///{folder}/tracker.db", asked.offices, folder)
            else:
                with running_cluster() as cluster, cluster.database() as url:
                    one = story(url, asked.offices, folder)
        figures = (f"{n:.2f}" for n in (one.seconds, one.cpu, one.waited, one.before))
        print(row(database, *figures, one.mails, len(one.refused), one.lost, one.twice), flush=True)
        kept = kept and one.kept
        if not one.kept:
            print(one)
    print("every promise kept" if kept else "A PROMISE WAS BROKEN")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
