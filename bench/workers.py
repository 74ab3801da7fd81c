"""What several workers carry, and what Prefect itself costs: goals P11 and P12.

    python -m bench.workers [--runs 5] [--mails 200] [--ticks 15] [--latency 20]

Four runs of the flow `deliver` beside one, each in a process of its own that is warm, on one PostgreSQL database
and one Prefect server, all by one mail server that takes 20 ms over each mail. One and four take turns. And a tick of
the flow `monitor` that finds nothing due beside the same work done without Prefect (`go_round` and the board), turn by
turn in one process; the difference is what Prefect costs a tick, by the clock and in processor time (of its server,
less what that takes idle). On a machine busy with other work four workers wait for a processor, not for the mail
server: `--latency 200` tells then whether they wait for each other.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.figures import Figure, tell
from flows.server import Server
from tests.integration.postgres import running_cluster
from tests.simulation.distributed import SlowServer
from tests.simulation.many_offices import a_crowd
from tracker.clock import now
from tracker.operations import open_store
from tracker.operations.rounds import go_round
from tracker.operations.ticking import registry_of
from tracker.settings import Settings
from tracker.views import board

LATENCY = 20  # ms
WORKERS = 4
WARM = 10
IDLE_SECONDS = 10.0
GOAL_RATIO, GOAL_SECONDS = 3.0, 0.4
TICK = os.sysconf("SC_CLK_TCK")


# ── A worker ─────────────────────────────────────────────────────────────────────────────────────────────────


def serve() -> None:
    """Be a worker: for each number read, deliver so many mails in one run of the flow and say what that took."""
    from flows.deliver import deliver

    for line in sys.stdin:
        start, busy = time.perf_counter(), time.process_time()
        done = asyncio.run(deliver(None, None, 600, int(line)))
        print(json.dumps([done["accepted"], time.perf_counter() - start, time.process_time() - busy]), flush=True)


def tick() -> None:
    """Be a monitor: for each line read, tick with and without Prefect and say what each took."""
    from flows.monitor import monitor

    settings = Settings.of(os.environ)

    def bare() -> None:
        done = go_round(settings, wall=now)
        assert not done.troubles, done
        store = open_store(settings.database_url)
        with store.read() as connection:
            board(connection, at=now(), registry=registry_of(store), limit=0)
        store.close()

    def flow() -> None:
        asyncio.run(monitor())

    for _ in sys.stdin:
        told = []
        for work in (bare, flow):
            start, busy = time.perf_counter(), time.process_time()
            work()
            told.append((time.perf_counter() - start, time.process_time() - busy))
        print(json.dumps(told), flush=True)


class Child:
    """A process that answers a line with a line."""

    def __init__(self, role: str, environment: Mapping[str, str]) -> None:
        command = [sys.executable, "-m", "bench.workers", "--role", role]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(environment)
        )

    def ask(self, words: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{words}\n")
        self.process.stdin.flush()

    def hear(self) -> list[float]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("a worker has ended: see what it said above")
        heard: list[float] = json.loads(line)
        return heard


@contextmanager
def children(role: str, count: int, environment: Mapping[str, str]) -> Iterator[list[Child]]:
    """Yield processes of a role, and end them."""
    made = [Child(role, environment) for _ in range(count)]
    try:
        yield made
    finally:
        for one in made:
            one.process.kill()
            one.process.wait()


# ── Measuring ────────────────────────────────────────────────────────────────────────────────────────────────


def together(workers: Sequence[Child], mails: int) -> tuple[float, float]:
    """Return how many mails a second some workers sent, and the processor seconds each mail took them."""
    start = time.perf_counter()
    for one in workers:
        one.ask(mails)
    told = [one.hear() for one in workers]
    seconds, sent = time.perf_counter() - start, sum(one[0] for one in told)
    assert sent == mails * len(workers), told
    return sent / seconds, sum(one[2] for one in told) / sent


def busy_of(pid: int) -> float:
    """Return the processor seconds a process has taken so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def p11(environment: Mapping[str, str], runs: int, mails: int, latency: int) -> float:
    """Print what one and four workers carry, and return the median of their ratios."""
    with children("serve", WORKERS, environment) as workers:
        together(workers, WARM)
        one, four = list[tuple[float, float]](), list[tuple[float, float]]()
        for _ in range(runs):
            one.append(together(workers[:1], mails))
            four.append(together(workers, mails))
    ratios = [many[0] / few[0] for few, many in zip(one, four, strict=True)]
    print(f"\n{'P11: workers':<28}{'mails/s':>10}{'CPU ms a mail':>16}")
    for name, told in (("one", one), ("four", four)):
        rate, busy = (statistics.median(column) for column in zip(*told, strict=True))
        print(f"{name:<28}{rate:>10.1f}{busy * 1e3:>16.1f}")
    ratio = statistics.median(ratios)
    print(f"four carry {ratio:.2f} times what one does ({min(ratios):.2f} to {max(ratios):.2f}); goal {GOAL_RATIO:.0f}")
    what = f"four workers beside one, {latency} ms a mail, PostgreSQL"
    tell(Figure(goal="P11", what=what, figure=f"{ratio:.2f} times", floor="≥ 3", met=ratio >= GOAL_RATIO))
    return ratio


def p12(environment: Mapping[str, str], server: int, ticks: int) -> float:
    """Print what a tick costs with Prefect and without, and return the median of the difference in seconds."""
    with children("tick", 1, environment) as (monitor,):
        for _ in range(3):
            monitor.ask("warm")
            monitor.hear()
        before, began = busy_of(server), time.perf_counter()
        time.sleep(IDLE_SECONDS)
        idle = (busy_of(server) - before) / (time.perf_counter() - began)
        told, before, began = [], busy_of(server), time.perf_counter()
        for _ in range(ticks):
            monitor.ask("tick")
            told.append(monitor.hear())
        there = (busy_of(server) - before - idle * (time.perf_counter() - began)) / ticks
    bare, flow = ([tuple(one[n]) for one in told] for n in (0, 1))  # type: ignore[arg-type,index]
    print(f"\n{'P12: a tick, nothing due':<28}{'seconds':>10}{'CPU seconds':>16}")
    for name, column in (("without Prefect", bare), ("as a flow", flow)):
        clock, busy = (statistics.median(part) for part in zip(*column, strict=True))
        print(f"{name:<28}{clock:>10.3f}{busy:>16.3f}")
    costs = [(b[0] - a[0], b[1] - a[1]) for a, b in zip(bare, flow, strict=True)]
    cost, busy = (statistics.median(column) for column in zip(*costs, strict=True))
    print(f"{'Prefect itself':<28}{cost:>10.3f}{busy:>16.3f}   and its server {there:.3f}; goal {GOAL_SECONDS}")
    what = f"Prefect's own cost a tick ({busy:.2f} CPU s in the run, {there:.2f} in its server)"
    tell(Figure(goal="P12", what=what, figure=f"{cost:.2f} s", floor=f"≤ {GOAL_SECONDS} s", met=cost <= GOAL_SECONDS))
    return cost


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure both, and return 1 where a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.workers", description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=5, help="turns of one and of four workers (5)")
    parser.add_argument("--mails", type=int, default=200, help="of each worker a turn (200)")
    parser.add_argument("--ticks", type=int, default=15, help="turns of a tick with and without Prefect (15)")
    parser.add_argument("--latency", type=int, default=LATENCY, metavar="MS", help="of the mail server (20)")
    parser.add_argument("--role", choices=("serve", "tick"), help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.role:
        {"serve": serve, "tick": tick}[asked.role]()
        return 0
    with ExitStack() as stack:
        cluster = stack.enter_context(running_cluster())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tracker-workers-")))
        url = stack.enter_context(cluster.database())
        where = stack.enter_context(cluster.database()).replace("+psycopg", "+asyncpg")
        prefect = stack.enter_context(
            Server(folder / "prefect", options={"PREFECT_SERVER_DATABASE_CONNECTION_URL": where})
        )
        mail = stack.enter_context(SlowServer(asked.latency / 1e3))
        a_crowd(url, WORKERS * WARM + asked.runs * (WORKERS + 1) * asked.mails).close()
        prefect.ready()
        environment = {
            **os.environ,
            **prefect.environment,
            "PREFECT_HOME": str(folder / "home"),
            "TRACKER_DATABASE_URL": url,
            "TRACKER_SMTP_URL": mail.url,
            "TRACKER_JOURNAL": str(folder / "sends"),
            "TRACKER_KEY": str(folder / "key"),
            "TRACKER_RATE": "1000000",
            "TRACKER_HOLD_ABOVE": "1000000",
        }
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; PostgreSQL; {asked.latency} ms a mail")
        ratio = p11(environment, asked.runs, asked.mails, asked.latency)
        cost = p12(environment, prefect.pid, asked.ticks)
        print(f"load {os.getloadavg()[0]:.1f} at the end")
    return int(ratio < GOAL_RATIO or cost > GOAL_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
