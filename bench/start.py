"""What a whole process costs, from the shell's prompt back to it: a sweep that finds nothing, the board, the help.

    python -m bench.start [--size 100000] [--runs 7]

The floor is a Python process that opens the same SQLite file and asks for what is due by the index; beside it stand
what no program on these libraries is rid of: the interpreter alone, and the import of SQLModel, in which the tables
are written. The store comes from `bench.shape`. By the clock and by processor time, in turns.
"""

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.figures import Figure, tell

BARE = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
question = "SELECT ref FROM assignment WHERE next_moment <= ? ORDER BY next_moment, ref LIMIT 2500"
print(len(db.execute(question, ("2025-08-11 00:00:00.000000",)).fetchall()))
"""
Took = tuple[float, float]


def run(command: Sequence[str]) -> Took:
    """Return the milliseconds a process took, by the clock and of processor time; raises where it failed."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    clock, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return clock * 1e3, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e3


def commands(store: Path) -> dict[str, list[str]]:
    """Return what is run, by name."""
    tracker = [sys.executable, "-c", "from tracker.cli.main import main; main()"]
    on = [*tracker, "--database", f"sqlite:///{store}"]
    return {
        "python, nothing else": [sys.executable, "-c", "pass"],
        "floor: bare sqlite3": [sys.executable, "-c", BARE, str(store)],
        "import sqlmodel": [sys.executable, "-c", "import sqlmodel"],
        "tracker --help": [*tracker, "--help"],
        "tracker sweep, nothing due": [*on, "sweep"],
        "tracker board": [*on, "board"],
    }


def measure(store: Path, size: int, runs: int) -> None:
    """Print the table, and tell of the goals."""
    found: dict[str, list[Took]] = {}
    for _ in range(runs + 1):
        for name, command in commands(store).items():
            found.setdefault(name, []).append(run(command))
    middle = {
        name: tuple(statistics.median(one[n] for one in times[1:]) for n in (0, 1)) for name, times in found.items()
    }
    floor = middle["floor: bare sqlite3"]
    print(f"| whole process, {size:,} assignments | ms | × the floor | CPU ms | × |\n|---|---|---|---|---|")
    for name, (clock, cpu) in middle.items():
        print(f"| {name} | {clock:.0f} | {clock / floor[0]:.1f} | {cpu:.0f} | {cpu / floor[1]:.1f} |")
    goals = {"tracker sweep, nothing due": 3 * floor[0], "tracker board": 600.0, "tracker --help": 300.0}
    for name, goal in goals.items():
        clock, cpu = middle[name]
        said = f"{clock:.0f} ms, {cpu:.0f} ms of processor time"
        beside = f"bare sqlite3 {floor[0]:.0f} ms; ≤ {goal:.0f} ms"
        tell(Figure(goal="P10", what=name, figure=said, floor=beside, met=clock <= goal))


def main() -> int:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m bench.start", description=__doc__.partition("\n")[0])
    parser.add_argument("--size", type=int, default=100_000, help="how many assignments the store has (100,000)")
    parser.add_argument("--runs", type=int, default=7, help="runs of each, in turns, after one that warms up (7)")
    asked = parser.parse_args()
    load = f"load {os.getloadavg()[0]:.1f}"
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {load}\n")
    with tempfile.TemporaryDirectory(prefix="tracker-bench-") as folder:
        store = Path(folder) / "tracker.db"
        made = [sys.executable, "-W", "ignore", "-m", "bench.shape", str(asked.size), f"sqlite:///{store}"]
        subprocess.run(made, check=True)
        measure(store, asked.size, asked.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
