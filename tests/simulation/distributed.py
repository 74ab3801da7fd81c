"""The whole on several processes: Prefect's server, four workers, PostgreSQL for both, and each is killed mid-run.

    python -m tests.simulation.distributed [--minutes 5] [--workers 4] [--every 20] [--seed 7]

The deployments are those of `prefect.yaml`, deployed by `prefect deploy --all`; workers are `prefect worker start`.
Whatever ends is started again a second later, as systemd or compose do; nobody looks after anything else. Every few
seconds an order is adopted that some offices owe, whose notices have to leave by a mail server that takes its time.
Meanwhile, in turn: a worker with the runs under it (a machine is lost), Prefect's server, a run alone, PostgreSQL and a
worker alone are killed outright, always while a run is at work.

    blow        what was killed
    went on s   seconds from the blow to the next mail (of those that were owed something): at most sixty
    lost        notices that never came
    extra       second copies: at most one a blow, and one a worker where PostgreSQL was killed under all of them
    zombies     runs that Prefect believes running, whose process is gone: they hold up nobody
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import IO

import psycopg

from flows.server import Server as Prefect
from tests.builders import a_directive, a_registry, a_task, an_agency
from tests.integration.postgres import roomy_memory
from tests.integration.prefect_api import Api
from tests.integration.smtp import SmtpServer
from tests.simulation.a_store import mailboxes
from tests.simulation.many_offices import codes, row, wait_for
from tests.simulation.restarts import Server, a_server
from tests.simulation.soak import heard_in
from tracker.clock import now
from tracker.domain.deadline import By, Due
from tracker.domain.directive import ForEach
from tracker.domain.errors import TrackerError
from tracker.operations import adopt_directive, adopt_registry, init, open_store, set_channel
from tracker.operations import verify as verified
from tracker.operations.keys import make_key

ROOT = Path(__file__).parent.parent.parent
BIN = Path(sys.executable).parent
OFFICES = 12  # that owe each order
GROUPS = 24  # of offices, in turn: a mail shows ten orders at most, and all must be seen here
WAVE_SECONDS = 5.0
SLOW_SECONDS = 0.1  # the mail server's, for each mail
CONTINUE_SECONDS = 60.0
KINDS = ("machine", "server", "run", "database", "worker")


class SlowServer(SmtpServer):
    """A mail server that thinks about each mail."""

    def __init__(self, seconds: float = SLOW_SECONDS) -> None:
        super().__init__()
        self.seconds = seconds

    def _take(self, talk: object, lines: object) -> bool:
        time.sleep(self.seconds)
        return super()._take(talk, lines)  # type: ignore[arg-type]


# ── Processes, and their supervisor ──────────────────────────────────────────────────────────────────────────


def below(pid: int) -> list[int]:
    """Return the processes that a process started, and theirs."""
    with suppress(OSError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [one for child in children for one in (int(child), *below(int(child)))]
    return []


class Mortal(Prefect):
    """Prefect's server, which may be killed and started where it was."""

    @property
    def has_ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def restart(self) -> None:
        self.__enter__()


@dataclass(slots=True)
class Worker:
    """One `prefect worker start`, as on a machine of its own."""

    name: str
    environment: Mapping[str, str]
    log: IO[bytes]
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        command = [str(BIN / "prefect"), "worker", "start", "--pool", "tracker", "--name", self.name, "--limit", "4"]
        self.process = subprocess.Popen(
            command,
            env=dict(self.environment),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )

    @property
    def has_ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    @property
    def runs(self) -> list[int]:
        """Return the processes of the runs under it."""
        return below(self.process.pid) if self.process is not None else []


@dataclass(slots=True)
class Place:
    """Everything that runs, and what starts again whatever ends."""

    database: Server
    prefect: Mortal
    workers: list[Worker]
    restarts: Counter[str] = field(default_factory=Counter)
    _done: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def supervised(self) -> Iterator[None]:
        thread = threading.Thread(target=self._supervise, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._done.set()
            thread.join(30)
            for pid in {
                pid for one in self.workers for pid in (*one.runs, *([one.process.pid] if one.process else []))
            }:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            for one in self.workers:
                if one.process is not None:
                    one.process.wait()

    def _supervise(self) -> None:
        while not self._done.wait(1):
            if self.prefect.has_ended:
                self.restarts["server"] += 1
                self.prefect.restart()
            for one in self.workers:
                if one.has_ended:
                    self.restarts["worker"] += 1
                    one.start()

    @property
    def busy(self) -> list[Worker]:
        """Return the workers with a run under them."""
        return [one for one in self.workers if one.runs]

    def strike(self, kind: str, chance: random.Random) -> None:
        """Kill something outright while a run is at work."""
        wait_for(lambda: bool(self.busy), seconds=90, step=0.05)
        time.sleep(chance.random())
        busy = self.busy or self.workers
        victim = chance.choice(busy)
        assert victim.process is not None
        if kind == "server":
            os.kill(self.prefect.pid, signal.SIGKILL)
        elif kind == "database":
            self.database.restart()
        else:
            doomed = {"machine": [victim.process.pid, *victim.runs], "worker": [victim.process.pid], "run": victim.runs}
            for pid in doomed[kind]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


# ── The work ─────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Work:
    """Orders that are adopted one after the other, and whom they have to reach."""

    url: str
    last_day: date  # far from coming
    owed: set[tuple[str, str]] = field(default_factory=set)
    _done: threading.Event = field(default_factory=threading.Event)

    def prepare(self, key: Path) -> None:
        at = now()
        store = init(self.url, rehearsal=False, at=at, actor="test")
        more = (an_agency(code, "state", parent="CP") for code in codes(OFFICES * GROUPS))
        adopt_registry(store, a_registry(*more), at=at, actor="test")
        set_channel(store, mailboxes(*codes(OFFICES * GROUPS)), at=at, actor="test")
        make_key(store, key, at=at, actor="test")
        store.close()

    @contextmanager
    def coming_in(self) -> Iterator[None]:
        thread = threading.Thread(target=self._come_in, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._done.set()
            thread.join(60)

    def _come_in(self) -> None:
        wave = 0
        while not self._done.is_set():
            wave += 1
            while not self._adopt(wave) and not self._done.wait(0.5):
                pass
            self._done.wait(WAVE_SECONDS)

    def _adopt(self, wave: int) -> bool:
        offices = codes(OFFICES * GROUPS)[wave % GROUPS :: GROUPS]
        plain = a_directive(number=f"{wave}/CT-TTg")
        duty = a_task(
            "duty", directive=plain.key, for_each=ForEach(agencies=tuple(offices)), due=Due(rule=By(self.last_day))
        )
        try:
            store = open_store(self.url)
            try:
                adopt_directive(store, replace(plain, tasks=(duty,)), at=now(), actor="test")
            finally:
                store.close()
        except TrackerError:
            return False
        self.owed |= {(f"office-{code.lower()}@agencies.example", f"{duty.key}/{code}") for code in offices}
        return True


# ── The story ────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Blow:
    """What was killed, and how many seconds later the next mail came."""

    kind: str
    went_on: float


def deployed(environment: Mapping[str, str]) -> None:
    """Make the pool and the deployments, as a person does."""
    for words in (["work-pool", "create", "tracker", "--type", "process"], ["--no-prompt", "deploy", "--all"]):
        done = subprocess.run(
            [str(BIN / "prefect"), *words], env=dict(environment), cwd=ROOT, check=False, capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"prefect {' '.join(words)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")


def blows(place: Place, mail: SmtpServer, seconds: float, every: float, chance: random.Random) -> Iterator[Blow]:
    """Yield each blow, once mail came again."""
    end, n = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        kind, n = KINDS[n % len(KINDS)], n + 1
        place.strike(kind, chance)
        struck, before = time.monotonic(), len(mail.messages)
        wait_for(lambda before=before: len(mail.messages) > before, seconds=300, step=0.05)  # type: ignore[misc]
        yield Blow(kind, time.monotonic() - struck)
        time.sleep(chance.uniform(0.5, 1.5) * every)


def story(folder: Path, wanted: argparse.Namespace, chance: random.Random) -> bool:
    """Go through all of it, print the figures, and return whether every promise was kept."""
    with ExitStack() as stack:
        database = stack.enter_context(a_server())
        with psycopg.connect(
            host="127.0.0.1", port=database.port, user="postgres", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute("CREATE DATABASE prefect")
        where = f"postgresql+asyncpg://postgres@127.0.0.1:{database.port}/prefect"
        prefect = stack.enter_context(
            Mortal(folder / "prefect", options={"PREFECT_SERVER_DATABASE_CONNECTION_URL": where})
        )
        prefect.ready()
        mail, work = stack.enter_context(SlowServer()), Work(database.url, now().date() + timedelta(days=700))
        work.prepare(folder / "key")
        environment = environment_of(prefect, database.url, mail, folder)
        deployed(environment)
        log = stack.enter_context((folder / "workers.log").open("ab"))
        place = Place(database, prefect, [Worker(f"worker-{n}", environment, log) for n in range(wanted.workers)])
        for one in place.workers:
            one.start()
        with place.supervised():
            with work.coming_in():
                if not wait_for(lambda: bool(mail.messages), seconds=300, step=0.1):
                    raise RuntimeError((folder / "workers.log").read_text()[-3000:])
                print(row("blow", "went on s"), flush=True)
                struck = []
                for blow in blows(place, mail, wanted.minutes * 60, wanted.every, chance):
                    struck.append(blow)
                    print(row(blow.kind, f"{blow.went_on:.1f}"), flush=True)
            wait_for(lambda: work.owed <= heard_in(mail.messages)[1], seconds=400, step=2)
            zombies = still_running(prefect, place)
        return tell(struck, work, mail, zombies, database.url, place)


def environment_of(prefect: Prefect, url: str, mail: SmtpServer, folder: Path) -> dict[str, str]:
    """Return the environment of the workers: all that they are told."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "TRACKER_"))},
        **prefect.environment,
        "PREFECT_HOME": str(folder / "workers"),
        "PYTHONPATH": str(ROOT),
        "PREFECT_WORKER_QUERY_SECONDS": "2",
        "TRACKER_DATABASE_URL": url,
        "TRACKER_SMTP_URL": mail.url,
        "TRACKER_JOURNAL": str(folder / "sends"),
        "TRACKER_KEY": str(folder / "key"),
        "TRACKER_RATE": "1000000",
        "TRACKER_HOLD_ABOVE": "1000000",
        # nothing is there: what `adopt` found in the shipped folder would take the place of the offices of this story
        "TRACKER_DIRECTIVES": str(folder / "directives"),
    }


def still_running(prefect: Prefect, place: Place) -> Counter[str]:
    """Return the runs by flow that Prefect believes running though nobody runs any."""
    for one in place.workers:
        if one.process is not None:
            one.process.send_signal(signal.SIGSTOP)  # nothing new begins
    wait_for(lambda: not place.busy, seconds=90, step=0.5)
    api = Api(prefect.url)
    found: Counter[str] = Counter()
    for flow in ("monitor", "deliver", "seal", "adopt"):
        found[flow] = sum(run["state_type"] in ("RUNNING", "PENDING") for run in api.runs(flow))
    return +found


def tell(struck: Sequence[Blow], work: Work, mail: SmtpServer, zombies: Counter[str], url: str, place: Place) -> bool:
    """Print the figures, and return whether every promise was kept."""
    ids, heard = heard_in(mail.messages)
    lost, extra = len(work.owed - heard), ids.total() - len(ids)
    store = open_store(url)
    whole = verified(store).holds
    store.close()
    slowest = max(blow.went_on for blow in struck)
    allowed = len(struck) + sum(blow.kind == "database" for blow in struck) * (len(place.workers) - 1)
    print(f"{len(struck)} blows, {len(work.owed):,} notices owed in {ids.total():,} mails")
    print(f"lost {lost}, extra {extra}, went on within {slowest:.1f} s, chain {'whole' if whole else 'BROKEN'}")
    print(f"zombies at the end: {dict(zombies) or 'none'}; started again: {dict(place.restarts)}")
    held = not lost and extra <= allowed and slowest <= CONTINUE_SECONDS and whole
    print("every promise kept" if held else "A PROMISE WAS BROKEN")
    return held


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for, and return 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.distributed", description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=5, metavar="N", help="of blows (5)")
    parser.add_argument("--workers", type=int, default=4, metavar="N", help="processes (4)")
    parser.add_argument("--every", type=float, default=20, metavar="N", help="seconds between two blows, about (20)")
    parser.add_argument("--keep", metavar="DIR", help="keep what they said here")
    parser.add_argument("--seed", type=int, default=7, help="what the blows are drawn by (7)")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="tracker-distributed-", dir=roomy_memory()) as name:
        try:
            return 0 if story(Path(name), asked, random.Random(asked.seed)) else 1
        finally:
            if asked.keep:
                shutil.copytree(name, asked.keep, dirs_exist_ok=True)


if __name__ == "__main__":
    sys.exit(main())
