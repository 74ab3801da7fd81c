"""Run every simulation that has a long form, one after the other: `make chaos`.

    python -m tests.simulation [--quick] [NAME ...]

Each prints its figures as it goes. At the end there is a table: whether each held, the last it said, how long it took
by the clock and how much of a processor, the load of the machine before and after, and what had to hold. `--quick`
asks each for a short form, minutes in all. One that fails stops none of the others; the exit status says whether any
of them failed.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import NamedTuple


class Form(NamedTuple):
    """A simulation: what its long form and its short one are asked for, and what has to hold."""

    name: str
    long: str
    quick: str
    limit: str


FORMS = (
    Form("kill_points", "--triples 300", "--short --triples 10", "0 lost, unexplained, stuck; 1 extra a kill in doubt"),
    Form("kills", "--kills 1000", "--kills 40 --offices 20", "0 lost, twice, unexplained; 1 copy a kill in doubt"),
    Form("faults", "", "--short", "each line says its own"),
    Form("locked", "", "--seconds 5 --offices 40", "0 crashes, extra, lost; all sent 10 s after the lock ends"),
    Form("disk_full", "", "--cycles 2 --offices 60", "0 silent, unrecorded, lost; noticed; 1 extra a cycle"),
    Form("restarts", "", "--restarts 2 --offices 100", "0 crashes, lost; 1 extra a restart"),
    Form("restarts", "--sessions", "--sessions --restarts 2 --offices 100", "0 crashes, lost; 1 extra a restart"),
    Form("online_apply", "", "--offices 100", "0 refused, lost, twice"),
    Form("restore", "", "--rounds 1 --offices 100", "0 early, lost; extra at most what was unknown"),
    Form("dead_scheduler", "", "", "alarm 70 s after the last work, of 60 s allowed; sent 60 s after the fallback"),
    Form(
        "a_year", "--seed 1 --seeds 100 --assignments 100 --days 60", "--seed 1 --seeds 2 --assignments 80 --days 24",
        "0 missing, 0 not allowed",
    ),
    Form("a_year", "--seed 1 --assignments 10000 --days 365", "", "0 missing, 0 not allowed"),
    Form("tamper", "", "--positions 5", "everything noticed with one seal or receipt kept outside"),
    Form("life_cycle", "", "--steps 1000", "0 disagreements of product and model"),
    Form("api", "", "--examples 10", "0 server errors, answers not described, answers to strangers"),
    Form("distributed", "", "--minutes 2 --every 10", "0 lost; went on in 60 s after each blow; 1 extra a blow"),
    Form("soak", "", "--assignments 2000 --minutes 1 --days 8", "0 lost; 1 extra a kill; memory and files flat"),
)  # fmt: skip
WIDTH = 90  # of what a simulation said last


class Done(NamedTuple):
    """What came of one simulation."""

    name: str
    held: bool
    seconds: float
    work: float
    said: str
    limit: str
    loads: tuple[float, float]


def run(form: Form, asked: str) -> Done:
    """Return what came of a simulation, whose figures are passed on as they come; what it remembers goes with it."""
    load = os.getloadavg()[0]
    print(f"── {form.name} {asked} (load {load:.1f}; must hold: {form.limit})", flush=True)
    began, worked, said = time.monotonic(), _work(), ""
    command = [sys.executable, "-u", "-m", f"tests.simulation.{form.name}", *asked.split()]
    with (
        tempfile.TemporaryDirectory(prefix="tracker-state-") as state,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, "XDG_STATE_HOME": state}
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            said = line.strip() or said
    seconds, work, loads = time.monotonic() - began, _work() - worked, (load, os.getloadavg()[0])
    return Done(form.name, process.returncode == 0, seconds, work, said, form.limit, loads)


def _work() -> float:
    """Return how long processes that this one waited for have kept a processor busy, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def table(done: Sequence[Done]) -> str:
    """Return two lines for each, what it said last and what had to hold, and one about all."""
    lines = [f"{'simulation':<16}{'':<8}{'seconds':>9}{'work':>9}{'load':>12}  it said last"]
    for one in done:
        held = "held" if one.held else "FAILED"
        load = f"{one.loads[0]:.1f} → {one.loads[1]:.1f}"
        lines.append(f"{one.name:<16}{held:<8}{one.seconds:>9,.0f}{one.work:>9,.0f}{load:>12}  {one.said[:WIDTH]}")
        lines.append(f"{'':<16}must hold: {one.limit}")
    failed = [one.name for one in done if not one.held]
    told = f"failed: {', '.join(failed)}" if failed else "everything held"
    lines.append(f"{told}, {sum(one.seconds for one in done):,.0f} s, {sum(one.work for one in done):,.0f} s of work")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for and return 1 when any of it failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a short form of each, minutes in all")
    parser.add_argument("names", nargs="*", choices=[*{form.name: 0 for form in FORMS}, []], metavar="NAME", help="all")
    chosen = parser.parse_args(arguments)
    done: list[Done] = []
    for form in FORMS:
        if chosen.names and form.name not in chosen.names:
            continue
        if chosen.quick and form.name in {one.name for one in done}:
            continue  # one of its forms is short enough
        done.append(run(form, form.quick if chosen.quick else form.long))
    print(table(done))
    return 0 if all(one.held for one in done) else 1


if __name__ == "__main__":
    sys.exit(main())
