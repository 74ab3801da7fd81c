"""Every benchmark in its short form, one after the other; a table of the goals, and a plot a question.

    python -m bench                  all of them, in less than twenty minutes on two quiet cores
    python -m bench sweep growth     some of them
    python -m bench --long           as each runs when it is called alone: hours

Each runs in a process of its own and prints its own tables. What they tell of the goals (bench/figures.py) is laid
down in var/bench: figures.jsonl, summary.md, and an SVG file for each question.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.figures import Figure, Point, read
from bench.plot import plot

FOLDER = Path(__file__).parent.parent / "var" / "bench"
# What each is given in its short form; alone, a benchmark takes its time.
SHORT: dict[str, tuple[str, ...]] = {
    "sweep": ("--runs", "3"),
    "load": (),
    "growth": (),
    "language": ("--tasks", "10000", "100000", "--rounds", "1"),
    "ledger": ("--entries", "200000", "--runs", "1"),
    "deliver": ("--runs", "6"),
    "webhooks": ("--runs", "6"),
    "web": ("--database", "sqlite", "--size", "100000", "--seconds", "2"),
    "start": ("--runs", "3"),
    "peers": (),
    "workers": ("--runs", "2", "--mails", "200", "--ticks", "8"),
}
GOALS = {
    "P1": "sweep with 10,000 due",
    "P2": "growth",
    "P3": "mails a second",
    "P4": "verifying the ledger",
    "P5": "pages",
    "P6": "directive check",
    "P7": "critical path",
    "P8": "applying a fan-out",
    "P9": "memory",
    "P10": "whole processes",
    "P11": "four workers beside one",
    "P12": "Prefect's own cost",
    "P13": "1,000 kills: `python -m tests.simulation kills`",
}
TITLES = {
    "growth-sqlite": "How each operation grows, SQLite",
    "growth-postgresql": "How each operation grows, PostgreSQL",
    "growth-check": "How `directive check` grows",
    "directive-check": "Checking a tree of directives",
    "critical-path": "The critical path with slack",
}


def main(arguments: Sequence[str]) -> int:
    """Run benchmarks one after the other; return 1 if one failed."""
    long = "--long" in arguments
    names = [name for name in arguments if name != "--long"] or list(SHORT)
    if unknown := set(names) - set(SHORT):
        print(f"no benchmark '{min(unknown)}': there are {', '.join(SHORT)}", file=sys.stderr)
        return 2
    FOLDER.mkdir(parents=True, exist_ok=True)
    told = FOLDER / "figures.jsonl"
    told.write_text("", encoding="utf-8")
    began, failed = time.monotonic(), []
    for name in names:
        print(f"\n══ {name}", flush=True)
        start = time.monotonic()
        command = [sys.executable, "-W", "ignore", "-m", f"bench.{name}", *(() if long else SHORT[name])]
        if subprocess.run(command, check=False, env={**os.environ, "BENCH_FIGURES": str(told)}).returncode:
            failed.append(name)
        print(f"── {name}: {time.monotonic() - start:.0f} s", flush=True)
    figures, points = read(told)
    summary = "\n".join(table(figures))
    took = f"{(time.monotonic() - began) / 60:.1f} minutes, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    (FOLDER / "summary.md").write_text(f"{summary}\n\n{took}\n", encoding="utf-8")
    print(f"\n══ the goals\n\n{summary}\n\n{took}\n{draw(points)}")
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


def table(figures: Sequence[Figure]) -> Iterator[str]:
    """Yield the lines of the table: every goal, also those that this run did not measure."""
    yield "| goal | what | figure | floor and goal | peer | met? |"
    yield "|---|---|---|---|---|---|"
    for goal, words in GOALS.items():
        found = [figure for figure in figures if figure.goal == goal]
        for one in found:
            met = {True: "yes", False: "no", None: ""}[one.met]
            yield f"| {goal} | {one.what} | {one.figure} | {one.floor} | {one.peer} | {met} |"
        if not found:
            yield f"| {goal} | {words} | not measured in this run | | | |"


def draw(points: Sequence[Point]) -> str:
    """Write a picture for each question, and say where they are."""
    names = list(dict.fromkeys(point.plot for point in points))
    for name in names:
        picture = plot(TITLES.get(name, name), [point for point in points if point.plot == name])
        (FOLDER / f"{name}.svg").write_text(picture, encoding="utf-8")
    return f"in var/bench: summary.md, {', '.join(f'{name}.svg' for name in names)}" if names else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
