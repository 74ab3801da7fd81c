"""Other programs at the same question: Taskwarrior counts what is overdue, bean-check reads a tree of files.

    python -m bench.peers [--sizes 1000 10000] [--runs 3]

Taskwarrior is Debian's package, unpacked below var/bench without being installed; beancount is installed from its
package into an environment of its own there. Where one cannot be had (no network, no Debian) one line says so, and
the rest is measured. Every contender is a whole process, as whoever types the command waits for it: seconds by the
clock, seconds of processor time, and its most memory. They take turns.

Ours counts what is overdue with `tracker board`, which shows six cells, every directive, and four lists besides; and
checks with `tracker directive check` files that hold four times the text of a beancount entry.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from bench.figures import Figure, Point, exponent, tell
from bench.growth import child
from bench.language import in_a_process

ROOT = Path(__file__).parent.parent
PLACE = ROOT / "var" / "bench" / "peers"
TRACKER = str(Path(sys.executable).with_name("tracker"))


@dataclass(frozen=True, slots=True)
class Took:
    """What one process took."""

    seconds: float
    busy: float
    megabytes: float


def run(command: Sequence[str], *, cwd: Path, environment: Mapping[str, str] | None = None) -> Took:
    """Run a program to its end, and return what it took; it must succeed."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, cwd=cwd, env={**os.environ, **(environment or {})}, stdout=said, stderr=subprocess.STDOUT
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        took = time.perf_counter() - start
        if process.returncode:
            said.seek(0)
            raise RuntimeError(f"{command[0]} ended with {process.returncode}: {said.read()[-400:].decode()}")
    return Took(took, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def median(times: Sequence[Took]) -> Took:
    """Return the middle one by the clock."""
    return sorted(times, key=lambda one: one.seconds)[len(times) // 2]


# ── Where peers come from ────────────────────────────────────────────────────────────────────────────────────


def taskwarrior() -> str | None:
    """Return Taskwarrior's program: the machine's own, or that of Debian's package, unpacked; None where neither is."""
    if found := shutil.which("task"):
        return found
    program = PLACE / "taskwarrior" / "usr" / "bin" / "task"
    if not program.exists() and shutil.which("apt-get"):
        PLACE.mkdir(parents=True, exist_ok=True)
        with suppress(OSError, subprocess.SubprocessError):
            _fetch("apt-get", "download", "taskwarrior")
            _fetch("dpkg", "-x", next(PLACE.glob("taskwarrior_*.deb")).name, "taskwarrior")
    return str(program) if program.exists() else _missing("Taskwarrior", "Debian's package 'taskwarrior'")


def bean_check() -> str | None:
    """Return bean-check, installed into an environment of its own; None where that cannot be."""
    program = PLACE / "beancount" / "bin" / "bean-check"
    if not program.exists():
        PLACE.mkdir(parents=True, exist_ok=True)
        with suppress(OSError, subprocess.SubprocessError):
            _fetch(sys.executable, "-m", "venv", "beancount")
            _fetch(str(program.with_name("pip")), "install", "--quiet", "beancount")
    return str(program) if program.exists() else _missing("beancount", "its package")


def _fetch(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, cwd=PLACE, timeout=300)


def _missing(what: str, where: str) -> None:
    print(f"{what} is missing, and {where} could not be fetched: it is left out", flush=True)


# ── What they are given ──────────────────────────────────────────────────────────────────────────────────────


def tasks_for_taskwarrior(folder: Path, size: int) -> dict[str, str]:
    """Lay out a Taskwarrior of so many tasks, a third of them overdue, in its own file; return its environment."""
    (folder / "data").mkdir(parents=True)
    settings = {"data.location": folder / "data", "confirmation": "off", "verbose": "nothing", "gc": "off"}
    (folder / "rc").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    now = int(time.time())  # noqa: TID251 - it is Taskwarrior that compares with its own clock
    with (folder / "data" / "pending.data").open("w", encoding="utf-8") as file:
        for n in range(size):
            due = now + (n % 365 - 120) * 86_400
            named = f'description:"Review part {n} of the plan" project:"{n // 40}" tags:"office{n % 3321}"'
            timed = f'due:"{due}" entry:"{now - 20_000_000}" status:"pending"'
            file.write(f'[{named} {timed} uuid:"00000000-0000-4000-8000-{n:012}"]\n')
    return {"TASKRC": str(folder / "rc"), "TASKDATA": str(folder / "data")}


def entries_for_beancount(file: Path, size: int) -> None:
    """Write a beancount file of so many transactions, each with a title in three languages as its words."""
    day = date(2025, 8, 11)
    with file.open("w", encoding="utf-8") as out:
        out.write("2025-01-01 open Assets:Bank VND\n2025-01-01 open Expenses:Duty VND\n\n")
        for n in range(size):
            out.write(
                f'{day + timedelta(days=n % 365)} * "Office {n % 3321}" "Review part {n} / Rà soát phần {n}"\n'
                f'  source: "sentence {n}"\n  Expenses:Duty  {n % 97 + 1} VND\n  Assets:Bank\n\n'
            )


# ── Measuring ────────────────────────────────────────────────────────────────────────────────────────────────


def overdue(sizes: Sequence[int], runs: int) -> None:
    """Print how long it takes to say what is overdue."""
    task = taskwarrior()
    print("How much is overdue, as a whole process:\n")
    print("| assignments | program | seconds | CPU s | MB |\n|---|---|---|---|---|")
    found: dict[str, list[tuple[float, float]]] = {}
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="tracker-bench-") as name:
            folder = Path(name)
            url = f"sqlite:///{folder / 'tracker.db'}"
            child("--make", url, str(size))
            commands = {"tracker board": ([TRACKER, "--database", url, "board", "--format", "json"], {})}
            if task:
                commands["Taskwarrior, no dependencies"] = (
                    [task, "+OVERDUE", "count"],
                    tasks_for_taskwarrior(folder / "tasks", size),
                )
            for program, took in turns(commands, folder, runs).items():
                found.setdefault(program, []).append((size, took.seconds))
                print(
                    f"| {size:,} | {program} | {took.seconds:.2f} | {took.busy:.2f} | {took.megabytes:.0f} |",
                    flush=True,
                )
                tell(Point(plot="peers-overdue", line=program, x=size, y=took.seconds, unit="s"))
    _grown(found)


def checked(sizes: Sequence[int], runs: int) -> None:
    """Print how long it takes to check files."""
    bean = bean_check()
    print("\nFiles checked, as a whole process:\n")
    print("| entries | program | seconds | CPU s | MB |\n|---|---|---|---|---|")
    found: dict[str, list[tuple[float, float]]] = {}
    own: list[dict[str, float]] = []
    for size in sorted(sizes):
        with tempfile.TemporaryDirectory(prefix="tracker-bench-") as name:
            folder = Path(name)
            (folder / "wanted.json").write_text(json.dumps(size))
            in_a_process("tree", folder)
            _own_registry(folder / "directives" / "registry")
            commands = {"tracker directive check": ([TRACKER, "directive", "check", str(folder / "directives")], {})}
            if bean:
                entries_for_beancount(folder / "ledger.beancount", size)
                commands["bean-check"] = ([bean, "--no-cache", str(folder / "ledger.beancount")], {})
            took = turns(commands, folder, runs)
            for program, one in took.items():
                found.setdefault(program, []).append((size, one.seconds))
                print(
                    f"| {size:,} | {program} | {one.seconds:.2f} | {one.busy:.2f} | {one.megabytes:.0f} |", flush=True
                )
                tell(Point(plot="peers-check", line=program, x=size, y=one.seconds, of="entries", unit="s"))
            own.append({program: one.busy for program, one in took.items()})
    if bean and len(sizes) > 1:
        entries = max(sizes) - min(sizes)  # so that the start of the process is nobody's
        names = ("tracker directive check", "bean-check")
        ours, theirs = ((own[-1][name] - own[0][name]) / entries * 1e3 for name in names)
        print(f"\neach entry more: {ours:.2f} CPU ms, bean-check {theirs:.2f}: {ours / theirs:.1f} × (goal ≤ 0.5)")
        figure, peer = f"{ours:.2f} CPU ms: {ours / theirs:.1f} ×", f"bean-check {theirs:.2f} CPU ms, goal ≤ 0.5 ×"
        tell(Figure(goal="P6", what="each task more in a check", figure=figure, peer=peer, met=ours <= 0.5 * theirs))
    _grown(found)


def _own_registry(linked: Path) -> None:
    """Put a copy in the place of the link to the real registry, without the indicators, which name real tasks."""
    real = linked.resolve()
    linked.unlink()
    shutil.copytree(real, linked, ignore=shutil.ignore_patterns("indicators.yaml"))


def turns(commands: Mapping[str, tuple[list[str], dict[str, str]]], folder: Path, runs: int) -> dict[str, Took]:
    """Let programs take turns, and return the median of each."""
    found: dict[str, list[Took]] = {program: [] for program in commands}
    for _ in range(runs):
        for program, (command, environment) in commands.items():
            found[program].append(run(command, cwd=ROOT, environment=environment))
    return {program: median(times) for program, times in found.items()}


def _grown(found: Mapping[str, list[tuple[float, float]]]) -> None:
    said = (f"{program} {exponent(points):.2f}" for program, points in found.items() if len(points) > 1)
    print(f"\nexponents, start of the process included: {', '.join(said)}", flush=True)


def main() -> int:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=(1_000, 10_000))
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    overdue(asked.sizes, asked.runs)
    checked(asked.sizes, asked.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
