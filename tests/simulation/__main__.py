"""Run every simulation that has a long form, one after the other: `make chaos`.

    python -m tests.simulation [--quick] [NAME ...]

Each prints its figures as it goes. At the end there is a table with a line for each: whether it held, the last it
said, how long it took by the clock and how much of a processor. `--quick` asks each for a short form, minutes in
all. One that fails stops none of the others; the exit status says whether any of them failed.
"""

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

# each with what its long form and its short one are asked for
FORMS: tuple[tuple[str, str, str], ...] = (
    ("kill_points", "--triples 300", "--short --triples 10"),
    ("kills", "--kills 1000", "--kills 40 --offices 20"),
    ("faults", "", "--short"),
    ("locked", "", "--seconds 5 --offices 40"),
    ("disk_full", "", "--cycles 2 --offices 60"),
    ("restarts", "", "--restarts 2 --offices 100"),
    ("restarts", "--sessions", "--sessions --restarts 2 --offices 100"),
    ("online_apply", "", "--offices 100"),
    ("restore", "", "--rounds 1 --offices 100"),
    ("dead_scheduler", "", ""),
    ("a_year", "--seed 1 --seeds 100 --assignments 100 --days 60", "--seed 1 --seeds 2 --assignments 80 --days 24"),
    ("a_year", "--seed 1 --assignments 10000 --days 365", ""),
    ("tamper", "", "--positions 5"),
    ("life_cycle", "", "--steps 1000"),
    ("api", "", "--examples 10"),
    ("distributed", "", "--minutes 2 --every 10"),
    ("soak", "", "--assignments 2000 --minutes 1 --days 8"),
)
WIDTH = 90  # of what a simulation said last


class Done(NamedTuple):
    """What came of one simulation."""

    name: str
    held: bool
    seconds: float
    work: float
    said: str


def run(name: str, asked: str) -> Done:
    """Return what came of a simulation, whose figures are passed on as they come."""
    print(f"── {name} {asked}", flush=True)
    began, worked, said = time.monotonic(), _work(), ""
    command = [sys.executable, "-u", "-m", f"tests.simulation.{name}", *asked.split()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            said = line.strip() or said
    return Done(name, process.returncode == 0, time.monotonic() - began, _work() - worked, said)


def _work() -> float:
    """Return how long processes that this one waited for have kept a processor busy, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def table(done: Sequence[Done]) -> str:
    """Return a line for each, and one about all."""
    lines = [f"{'simulation':<16}{'':<8}{'seconds':>9}{'work':>9}  it said last"]
    for one in done:
        held = "held" if one.held else "FAILED"
        lines.append(f"{one.name:<16}{held:<8}{one.seconds:>9,.0f}{one.work:>9,.0f}  {one.said[:WIDTH]}")
    failed = [one.name for one in done if not one.held]
    told = f"failed: {', '.join(failed)}" if failed else "everything held"
    lines.append(f"{told}, {sum(one.seconds for one in done):,.0f} s, {sum(one.work for one in done):,.0f} s of work")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for and return 1 when any of it failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a short form of each, minutes in all")
    parser.add_argument("names", nargs="*", choices=[*{name: 0 for name, *_ in FORMS}, []], metavar="NAME", help="all")
    chosen = parser.parse_args(arguments)
    done: list[Done] = []
    for name, long, quick in FORMS:
        if chosen.names and name not in chosen.names:
            continue
        if chosen.quick and name in {one.name for one in done}:
            continue  # the second of its long forms has no short one
        done.append(run(name, quick if chosen.quick else long))
    print(table(done))
    return 0 if all(one.held for one in done) else 1


if __name__ == "__main__":
    sys.exit(main())
