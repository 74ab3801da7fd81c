"""How each operation grows with the number of assignments: one store a size, and the exponent that fits.

    python -m bench.growth [--sizes 1000 10000 100000] [--size N] [--database sqlite|postgresql] [--keep DIR]

The stores come from `bench.shape`; each size is measured in a process of its own, which has nothing remembered from
another. In every round a hundred assignments fall due and are swept, fifty of the mails leave to a sender that does
nothing, one fact is recorded, and then each page is read, so that none finds everything as it was. The first round
warms up. The exponent is the slope of the logarithms, by least squares: 0 is flat, 1 is linear. It is given by the
clock and, for SQLite, where all work is done in the process, by processor time, which others on the machine disturb
least. Floors are bare SQL on a copy of the same store: a sweep (`bench.sweep`), a row by its key with its entries,
fifty overdue of one agency by the index, a count of all cells.
"""

import argparse
import json
import os
import platform
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bench.figures import Figure, Point, exponent, tell

SIZES = (1_000, 10_000, 100_000)
ROUNDS = 5  # batches of a hundred, the first of which warms up
FEW, MANY, MAILS = 100, (1_000, 3_000), 50
FLAT = 0.25  # the most that a sweep and a delivery may grow by
TIMES = dict[str, list[tuple[float, float]]]
ROWS = {
    "sweep, 100 due": "≤ 0.25",
    "floor: bare sweep": "",
    "deliver 50 mails": "≤ 0.25",
    "record one fact": "",
    "board": "",
    "floor: count the cells": "",
    "Today": "",
    "work table, first page": "≤ 0.05",
    "… overdue of one agency": "≤ 0.05",
    "floor: fifty by the index": "",
    "one assignment": "≤ 0.05",
    "floor: by its key": "",
    "verify the whole ledger": "1",
}


class Watch:
    """Takes times by name: by the clock, and of this process's processor time, in milliseconds."""

    def __init__(self) -> None:
        self.times: TIMES = {}

    @contextmanager
    def over(self, name: str) -> Iterator[None]:
        """Take the time of what happens within."""
        busy, start = time.process_time(), time.perf_counter()
        yield
        took = (time.perf_counter() - start) * 1e3, (time.process_time() - busy) * 1e3
        self.times.setdefault(name, []).append(took)


# ── One size, in a process of its own ────────────────────────────────────────────────────────────────────────


def serve(url: str, floor: str, moments: Sequence[datetime]) -> dict[str, Any]:
    """Measure one store, and return the times by name, and the most memory that sweeping and sending took."""
    from bench.deliver import peak, unheld
    from bench.sweep import Null
    from tracker.operations import acknowledge, deliver, open_store, sweep, verify

    store, watch, settings = open_store(url), Watch(), unheld()
    bare = _Floors(floor)
    refs = iter(bare.refs())
    for number, moment in enumerate(moments[:ROUNDS]):
        kept = watch if number else Watch()
        with kept.over("sweep, 100 due"):
            assert sweep(store, at=moment).claimed == FEW
        with kept.over("floor: bare sweep"):
            bare.sweep(moment)
        send = lambda limit, at=moment: deliver(store, Null(), settings=settings, clock=lambda: at, limit=limit)  # noqa: E731
        with kept.over("deliver 50 mails"):
            assert send(MAILS).accepted == MAILS
        send(None)
        with kept.over("record one fact"):
            acknowledge(store, next(refs), at=moment, actor="bench")
        if number == ROUNDS - 1:
            memory = peak()
        _read(store, bare, kept, at=moment + timedelta(minutes=1))
    for count, moment in zip(MANY, moments[ROUNDS:], strict=False):
        with watch.over(f"sweep, {count} due"):
            assert sweep(store, at=moment).claimed == count
    with watch.over("verify the whole ledger"):
        assert verify(store).holds
    store.close()
    return {"times": watch.times, "sweeping": memory, "peak": peak()}


def _read(store: Any, bare: "_Floors", watch: Watch, *, at: datetime) -> None:
    """Read each page once, as it is after something was recorded."""
    from tracker.files.documents import directive_from
    from tracker.operations.in_force import registry_in_force
    from tracker.store import adopted
    from tracker.views import board, explain
    from tracker.views.sought import Sought
    from tracker.views.today import today
    from tracker.views.work import work_table

    ref, agency = bare.one()
    with store.read() as connection:
        told: dict[str, Any] = {"at": at, "registry": registry_in_force(connection)}
        with watch.over("board"):
            board(connection, **told)
        with watch.over("Today"):
            today(connection, **told)
        with watch.over("work table, first page"):
            work_table(connection, Sought(), **told)
        with watch.over("… overdue of one agency"):
            work_table(connection, Sought(agency=(agency,), cell=("open_overdue",)), **told)
        with watch.over("one assignment"):
            version = adopted.directive(connection, ref.rsplit("/", 2)[0])
            assert version is not None
            directive = directive_from(version.document)
            explain(connection, ref, directive=directive, **told)
    for name, ask in bare.questions(ref, agency).items():
        with watch.over(f"floor: {name}"):
            ask()


class _Floors:
    """Bare SQL on a copy of the store, through the database's own driver."""

    def __init__(self, url: str) -> None:
        from bench import sweep

        self.lite = url.startswith("sqlite:///")
        self.path = url.removeprefix("sqlite:///")
        where = url.replace("+psycopg", "")
        self.sweep: Callable[[datetime], int] = lambda at: (
            sweep.sqlite_floor(self.path, at) if self.lite else sweep.postgres_floor(where, at)
        )
        if self.lite:
            self.ask = sqlite3.connect(self.path, isolation_level=None).execute
        else:
            import psycopg

            self.ask = psycopg.connect(where, autocommit=True).execute  # type: ignore[assignment]

    def refs(self) -> list[str]:
        """Return some assignments on which nothing was recorded yet."""
        found = self.ask("SELECT ref FROM assignment WHERE progress = 'assigned' ORDER BY ref DESC LIMIT 50")
        return [row[0] for row in found]

    def one(self) -> tuple[str, str]:
        """Return an assignment that is late, and the agency of some others."""
        found = self.ask("SELECT ref, agency FROM assignment WHERE cell = 'open_overdue' ORDER BY ref LIMIT 1")
        ref, agency = found.fetchone()
        return str(ref), str(agency)

    def questions(self, ref: str, agency: str) -> dict[str, Callable[[], object]]:
        """Return what is asked of the database alone, by the name of its row."""
        owed = f"agency = '{agency}' AND cell = 'open_overdue' ORDER BY late_from, ref LIMIT 50"
        return {
            "count the cells": lambda: self.ask("SELECT cell, count(*) FROM assignment GROUP BY cell").fetchall(),
            "fifty by the index": lambda: self.ask(f"SELECT * FROM assignment WHERE {owed}").fetchall(),
            "by its key": lambda: (
                self.ask(f"SELECT * FROM assignment WHERE ref = '{ref}'").fetchall(),
                self.ask(f"SELECT * FROM entry WHERE assignment = '{ref}' ORDER BY seq").fetchall(),
            ),
        }


# ── All sizes ────────────────────────────────────────────────────────────────────────────────────────────────


def child(*arguments: str) -> dict[str, Any]:
    """Return what a process of our own answered."""
    command = [sys.executable, "-W", "ignore", "-m", "bench.growth", *arguments]
    answer: dict[str, Any] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return answer


def make(url: str, size: int) -> dict[str, Any]:
    """Make a store in the real shape, and return how it is called and when its batches are due."""
    from bench.shape import make as shaped

    batches = (FEW,) * ROUNDS + (MANY if size > sum(MANY) * 2 else ())
    made = shaped(url, size, batches=batches)
    return {**asdict(made), "moments": [moment.isoformat() for moment in made.moments]}


def measure(size: int, folder: Path, place: Any) -> dict[str, Any]:
    """Return what one size took; its store is gone afterwards."""
    began = time.perf_counter()
    name = f"growth_{size}"
    made = child("--make", place.make(name), str(size))
    print(f"{size:,} assignments made in {time.perf_counter() - began:.0f} s", flush=True)
    with place.copy(name) as copy:
        told = folder / f"{name}.json"
        told.write_text(json.dumps([made["url"], copy, made["moments"]]))
        found = child("--one", str(told))
    if place.name == "sqlite":
        for file in folder.glob(f"{name}*"):
            file.unlink()
    return found


def show(found: dict[int, dict[str, Any]], database: str) -> None:
    """Print the table, and tell the figures and the points."""
    sizes = sorted(found)
    heads = " | ".join(f"{size:,}" for size in sizes)
    own = ", in brackets of processor time" if database == "sqlite" else ""
    print(f"\nGrowth, {database}: milliseconds{own}; medians of {ROUNDS - 1}\n")
    print(f"| operation | {heads} | exponent | by CPU | goal |\n|---|{'---|' * (len(sizes) + 3)}")
    for name, goal in ROWS.items():
        wall, busy = (
            [statistics.median(took[n] for took in found[size]["times"][name]) for size in sizes] for n in (0, 1)
        )
        slopes = [exponent(list(zip(sizes, [max(one, 1e-3) for one in of], strict=True))) for of in (wall, busy)]
        told = " | ".join(
            f"{_short(one)} ({_short(own)})" if database == "sqlite" else _short(one)
            for one, own in zip(wall, busy, strict=True)
        )
        by_cpu = f"{slopes[1]:.2f}" if database == "sqlite" else ""
        print(f"| {name} | {told} | {slopes[0]:.2f} | {by_cpu} | {goal} |")
        tell(*(Point(plot=f"growth-{database}", line=name, x=x, y=y) for x, y in zip(sizes, wall, strict=True)))
        if name in ("sweep, 100 due", "deliver 50 mails"):
            least = slopes[1 if database == "sqlite" else 0]
            words = (
                f"{name}: exponent {sizes[0]:,} → {sizes[-1]:,}, {database}{', by CPU' if database == 'sqlite' else ''}"
            )
            tell(Figure(goal="P2", what=words, figure=f"{least:.2f}", floor=f"≤ {FLAT}", met=least <= FLAT))
    _memory(found, sizes)
    _linear(found[sizes[-1]]["times"], sizes[-1], 1 if database == "sqlite" else 0)


def _short(milliseconds: float) -> str:
    return f"{milliseconds:,.1f}" if milliseconds >= 1 else f"{milliseconds:.2f}"


def _memory(found: dict[int, dict[str, Any]], sizes: Sequence[int]) -> None:
    for name, words in (("sweeping", "sweeping and sending"), ("peak", "pages and the verification as well")):
        print(f"memory at most, {words}: " + ", ".join(f"{found[size][name]:.0f} MB at {size:,}" for size in sizes))
    most = max(found[size]["sweeping"] for size in sizes)
    words = f"sweep and delivery, memory at {sizes[-1]:,} (pages read between)"
    tell(Figure(goal="P9", what=words, figure=f"{most:.0f} MB", floor="≤ 150 MB", met=most <= 150))


def _linear(times: TIMES, size: int, which: int) -> None:
    due = [(count, times.get(f"sweep, {count} due")) for count in (FEW, *MANY)]
    points = [(float(count), statistics.median(took[which] for took in of)) for count, of in due if of]
    if len(points) < 2:
        return
    slope = exponent(points)
    said = ", ".join(f"{y:,.0f} ms for {x:,.0f}" for x, y in points)
    told = f"of {size:,}{', by processor time' if which else ''}: {said}"
    print(f"a sweep by what is due, {told}: exponent {slope:.2f} (goal ≤ 1.1)")
    tell(
        Figure(goal="P2", what="sweep in what is due: exponent", figure=f"{slope:.2f}", floor="≤ 1.1", met=slope <= 1.1)
    )


def checks(sizes: Sequence[int]) -> None:
    """Print how `directive check` grows with the tasks of a tree."""
    from bench.language import best, in_a_process

    points: dict[str, list[tuple[float, float]]] = {"check": [], "compose": []}
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "wanted.json").write_text(json.dumps(size))
            in_a_process("tree", folder)
            for contender, of in points.items():
                of.append((size, best([in_a_process(contender, folder) for _ in range(2)])["seconds"]))
    print("\n`directive check`, seconds by tasks (floor: libyaml composes the same files):")
    for contender, of in points.items():
        said = ", ".join(f"{y:.2f} at {x:,.0f}" for x, y in of)
        print(f"  {contender:8} {said}: exponent {exponent(of):.2f}")
        told = (Point(plot="growth-check", line=contender, x=x, y=y, of="tasks", unit="s") for x, y in of)
        tell(*told)


@contextmanager
def place_of(database: str, folder: Path) -> Iterator[Any]:
    """Yield where the stores are made and copied."""
    from bench.sweep import Databases, Files
    from tests.integration.postgres import running_cluster

    with ExitStack() as stack:
        yield Files(folder) if database == "sqlite" else Databases(stack.enter_context(running_cluster()))


def main() -> int:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--size", type=int, help="one size more, such as 1000000")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--make", nargs=2, metavar=("URL", "SIZE"), help=argparse.SUPPRESS)
    parser.add_argument("--one", metavar="FILE", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.make:
        print(json.dumps(make(asked.make[0], int(asked.make[1]))))
        return 0
    if asked.one:
        url, copy, moments = json.loads(Path(asked.one).read_text())
        print(json.dumps(serve(url, copy, [datetime.fromisoformat(moment) for moment in moments])))
        return 0
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    sizes = sorted({*asked.sizes, *([asked.size] if asked.size else [])})
    with tempfile.TemporaryDirectory(prefix="tracker-bench-") as name, place_of(asked.database, Path(name)) as place:
        found = {size: measure(size, Path(name), place) for size in sizes}
    show(found, asked.database)
    checks([size for size in sizes if size <= 100_000])
    return 0


if __name__ == "__main__":
    sys.exit(main())
