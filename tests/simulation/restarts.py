"""Stop PostgreSQL outright while mails leave, start it again, several times, and count what was lost or sent twice.

    python -m tests.simulation.restarts [--offices 400] [--restarts 6] [--runs 1] [--seed 7] [--sessions]

The server of these runs waits for its log (`synchronous_commit`), as a real one does, and is stopped as by
`pg_ctl stop -m immediate`: every connection breaks, and it recovers when it starts. With `--sessions` it goes on, and
ends the sessions alone (`pg_terminate_backend`), as an administrator does. A worker ticks all the while, and is told
nothing:

    refused     ticks that could not be
    crashes     ticks that ended with anything but a refusal
    extra       mails sent a second time: at most one a restart, the one that was under way
    lost        offices that never got theirs
    away s      the longest time the server was away
    seconds     of the whole run
"""

import argparse
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.integration.postgres import (
    free_port,
    make_data_directory,
    plain_surroundings,
    program,
    roomy_memory,
    server_account,
    stop,
)
from tests.integration.smtp import SmtpServer
from tests.simulation.many_offices import (
    Clock,
    Judged,
    a_crowd,
    all_sent,
    complaints,
    freely,
    judged,
    row,
    wait_for,
    worker,
)

HEADS = ("restarts", "refused", "crashes", "extra", "lost", "away s", "seconds")


class Server:
    """A PostgreSQL server that can be stopped outright and started again where it was."""

    def __init__(self, home: Path) -> None:
        self.home, self.port = home, free_port()
        make_data_directory(home)
        self.process = self._started()

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"

    def restart(self) -> float:
        """Stop it outright, start it again, and return for how many seconds it was away."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()
        self.process = self._started()
        return time.monotonic() - began

    def end_sessions(self) -> float:
        """End every session but our own, and return for how many seconds the server was away: none."""
        with psycopg.connect(host="127.0.0.1", port=self.port, user="postgres", dbname="postgres") as ours:
            ours.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        return 0.0

    def _started(self) -> subprocess.Popen[bytes]:
        settings = ("listen_addresses=127.0.0.1", f"unix_socket_directories={self.home}", "fsync=off")
        herald = ["setpriv", "--pdeathsig", "INT", "--"] if shutil.which("setpriv") else []
        command = [*herald, program("postgres"), "-D", str(self.home / "data"), "-p", str(self.port)]
        with (self.home / "log").open("ab") as log:
            process = subprocess.Popen(
                [*command, *(word for setting in settings for word in ("-c", setting))],
                **plain_surroundings(self.home),
                stdout=log,
                stderr=log,
            )
        if not wait_for(self._answers, step=0.02):
            raise RuntimeError((self.home / "log").read_text()[-2000:])
        return process

    def _answers(self) -> bool:
        with suppress(psycopg.OperationalError):
            psycopg.connect(host="127.0.0.1", port=self.port, user="postgres", dbname="postgres").close()
            return True
        return False


@contextmanager
def a_server() -> Iterator[Server]:
    """Yield a server, and leave neither its processes nor its files behind."""
    home = Path(tempfile.mkdtemp(prefix="tracker-restarts-", dir=roomy_memory()))
    if account := server_account():
        shutil.chown(home, account.pw_uid, account.pw_gid)
    server = None
    try:
        server = Server(home)
        yield server
    finally:
        if server is not None:
            stop(server.process)
        shutil.rmtree(home, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Story:
    """What came of one run."""

    restarts: int
    refused: int
    crashes: int
    away: float
    seconds: float
    end: Judged

    @property
    def kept(self) -> bool:
        """Return whether every promise was kept."""
        return not self.crashes and self.end.sound and self.end.extra <= self.restarts


def story(offices: int, restarts: int, chance: random.Random, *, sessions: bool = False) -> Story:
    """Return what came of restarting a server, or ending its sessions, so many times while a worker mails from it."""
    began, away = time.monotonic(), 0.0
    with (
        a_server() as server,
        SmtpServer() as mail,
        tempfile.TemporaryDirectory(prefix="tracker-restarts-", dir=roomy_memory()) as folder,
    ):
        a_crowd(server.url, offices).close()
        said = Path(folder) / "said"
        settings = freely(mail.url, journal=str(Path(folder) / "sends"))
        with worker(server.url, settings, Clock(time.monotonic()), said) as kill:
            for moment in sorted(chance.sample(range(1, offices - 10), restarts)):
                wait_for(lambda moment=moment: len(mail.messages) >= moment)  # type: ignore[misc]
                time.sleep(chance.random() * 0.02)
                away = max(away, server.end_sessions() if sessions else server.restart())
            wait_for(lambda: all_sent(server.url), step=0.1)
            kill()
        told = complaints(said)
        crashes = [why for why in told if why.startswith("crash")]
        for why in crashes[:1]:
            print(why)
        end = judged(mail, server.url, offices)
    return Story(restarts, len(told) - len(crashes), len(crashes), away, time.monotonic() - began, end)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for, print a line a run, and return 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.restarts", description=__doc__.split("\n")[0])
    parser.add_argument("--offices", type=int, default=400, metavar="N", help="mails of a run (400)")
    parser.add_argument("--restarts", type=int, default=6, metavar="N", help="restarts of a run (6)")
    parser.add_argument("--runs", type=int, default=1, metavar="N", help="runs (1)")
    parser.add_argument("--seed", type=int, default=7, help="what the moments are drawn by (7)")
    parser.add_argument("--sessions", action="store_true", help="end the sessions, not the server")
    asked = parser.parse_args(arguments)
    chance, kept = random.Random(asked.seed), True
    print(row(*HEADS))
    for _ in range(asked.runs):
        one = story(asked.offices, asked.restarts, chance, sessions=asked.sessions)
        figures = (one.restarts, one.refused, one.crashes, one.end.extra, one.end.lost)
        print(row(*figures, f"{one.away:.2f}", f"{one.seconds:.1f}"), flush=True)
        kept = kept and one.kept
        if not one.kept:
            print(one)
    print("every promise kept" if kept else "A PROMISE WAS BROKEN")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
