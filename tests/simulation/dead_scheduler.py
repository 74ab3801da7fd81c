"""Serve the flows on a Prefect server whose scheduler is off, and see who notices, and who sends.

    python -m tests.simulation.dead_scheduler [--minutes 1]

The server answers that it is well, the flows are served, and no run ever starts. A watchdog of its own
process looks every second, with a limit of so many minutes; then `tracker monitor` is started beside it all:

    healthy     whether Prefect said so to the end
    alarm s     seconds from the last work done to the alarm in a mailbox, by a mail server of its own
    limit s     what it may be, at most: the limit, and ten seconds
    sent s      seconds from the start of the fallback to the last reminder: at most sixty
    all clear   whether the mailbox heard that it was over
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from flows.server import Server, answers, stop
from tests.integration.smtp import SmtpServer
from tests.simulation.many_offices import a_crowd, row, wait_for
from tracker.clock import now
from tracker.operations import open_store
from tracker.operations.watching import attended

DUTY = "duty@office.example"
OFFICES = 20
TRACKER = ("-c", "from tracker.cli.main import main; main()")
HEADS = ("healthy", "alarm s", "limit s", "sent s", "all clear")


@contextmanager
def running(words: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Yield a process of ours, and end it afterwards."""
    with log.open("ab") as stream:
        child = subprocess.Popen([sys.executable, *words], env=dict(environment), stdout=stream, stderr=stream)
    try:
        yield child
    finally:
        stop(child)


def story(folder: Path, minutes: int) -> tuple[bool, float, float, bool]:
    """Return whether Prefect was well, the seconds to the alarm and to the last reminder, and whether it was over."""
    url = f"sqlite:///{folder / 'store.db'}"
    a_crowd(url, OFFICES, swept=False).close()
    with (
        SmtpServer() as offices,
        SmtpServer() as alarms,
        Server(folder / "prefect", options={"PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED": "false"}) as prefect,
    ):
        prefect.ready()
        environment = {
            **os.environ,
            **prefect.environment,
            "TRACKER_DATABASE_URL": url,
            "TRACKER_SMTP_URL": offices.url,
            "TRACKER_ALARM": f"{alarms.url}?to={DUTY}",
            "TRACKER_WATCH_EVERY": f"{minutes} minutes",
        }
        log = folder / "log"
        with running(["-m", "flows.serve", "--every", "5"], environment, log):
            began = last_work(url)
            with running([*TRACKER, "watchdog", "--every", "1"], environment, log):
                wait_for(lambda: bool(alarms.messages), seconds=60 * minutes + 60, step=0.05)
                alarmed = time.monotonic() - began
                healthy = answers(prefect.url) and not offices.messages
                start = time.monotonic()
                with running([*TRACKER, "monitor"], environment, log):
                    wait_for(lambda: len(offices.messages) >= OFFICES, seconds=120)
                    sent = time.monotonic() - start
                    over = wait_for(lambda: len(alarms.messages) > 1, seconds=20)
    return healthy, alarmed, sent, over


def last_work(url: str) -> float:
    """Say that a scheduler swept and delivered until now, and return when that was."""
    store = open_store(url)
    for work in ("sweep", "deliver"):
        attended(store, work, at=now(), actor=work)
    store.close()
    return time.monotonic()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for, print the figures, and return 1 when a promise was broken."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation.dead_scheduler", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--minutes", type=int, default=1, help="the limit of the watchdog (1; the product has 5)")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="tracker-dead-") as name:
        healthy, alarmed, sent, over = story(Path(name), asked.minutes)
        limit = asked.minutes * 60 + 10
        print(row(*HEADS))
        print(row(healthy, f"{alarmed:.1f}", limit, f"{sent:.1f}", over))
        kept = healthy and alarmed <= limit and sent <= 60 and over
        if not kept:
            print((Path(name) / "log").read_text()[-3000:])
    print("every promise kept" if kept else "A PROMISE WAS BROKEN")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
