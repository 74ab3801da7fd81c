"""What it costs to apply directives that fan out to very many: a row, its indexes and a chained entry for each.

    python -m bench.load [--size 100000] [--database sqlite|postgresql] [--tasks 3] [--profile]

Each directive gives some tasks to all 3,321 communes, and is applied in one transaction of its own. The floor writes
the same rows into the same tables with the same indexes, in as many transactions: canonical JSON, the chain of
hashes, `executemany` (SQLite) or COPY (PostgreSQL); it reads no directive, reckons no date and looks for nothing
that waits. Each in a process of its own, for its memory.
"""

import argparse
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from bench.figures import Figure, Point, tell
from bench.sweep import REGISTRY, Databases, Files, Place, show
from tests.builders import a_directive, a_task
from tests.integration.postgres import PostgresUnavailable, running_cluster
from tracker.domain.deadline import By, Due
from tracker.domain.directive import Directive, ForEach
from tracker.files.registry import read_registry
from tracker.operations import adopt_directive, adopt_registry, init, open_store

AT = datetime(2025, 8, 11, 1, tzinfo=UTC)
COMMUNES, TASKS = 3_321, 3
GOAL = 1.5
ENTRY = ("seq", "recorded_at", "effective_at", "actor", "assignment", "kind", "body", "previous", "hash")


def directives(size: int, tasks: int) -> Iterator[Directive]:
    """Yield directives that make `size` assignments or some more, each for all communes."""
    for number in range(-(-size // (tasks * COMMUNES))):
        plain = a_directive(number=f"{number + 1}/QĐ-TTg")
        found = (
            a_task(
                f"task-{n:02d}",
                directive=plain.key,
                for_each=ForEach(agencies="communes"),
                due=Due(rule=By(date(2026, 6, 1 + n))),
            )
            for n in range(tasks)
        )
        yield replace(plain, tasks=tuple(found))


def ours(url: str, size: int, tasks: int) -> None:
    """Apply the directives."""
    store = open_store(url)
    for directive in directives(size, tasks):
        adopt_directive(store, directive, at=AT, actor="bench")
    store.close()


# ── The floor ────────────────────────────────────────────────────────────────────────────────────────────────


def rows(
    model: dict[str, Any], number: int, tasks: int, communes: Sequence[str], seq: int, head: str, stamp: Any
) -> tuple[list[Any], list[Any]]:
    """Return the entries and the assignments of a directive, as plain rows like the model."""
    columns = list(model)
    ref, task, agency, at_seq, changed = (columns.index(n) for n in ("ref", "task", "agency", "seq", "changed"))
    limit = {
        "last_day": "2026-06-01",
        "late_from": "2026-06-01T17:00:00.000000Z",
        "minute": None,
        "zone": "Asia/Saigon",
    }
    entries, assignments = [], []
    for n in range(tasks):
        key = f"2025/{number}-floor/task-{n:02d}"
        for code in communes:
            seq += 1
            name = f"{key}/{code}"
            payload = {"agency": code, "limit": limit, "remind": "standard", "review": None, "task": key}
            facts = {"actor": "bench", "assignment": name, "effective_at": str(AT), "kind": "assigned"}
            document = {**facts, "payload": {**payload, "waiting_for": []}, "recorded_at": str(AT), "seq": seq}
            body = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            digest = sha256(f"{head}\n{body}".encode()).hexdigest()
            entries.append((seq, stamp, stamp, "bench", name, "assigned", body, head, digest))
            row = list(model.values())
            row[ref], row[task], row[agency], row[at_seq], row[changed] = name, key, code, seq, seq
            assignments.append(tuple(row))
            head = digest
    return entries, assignments


def sqlite_floor(url: str, size: int, tasks: int) -> None:
    """Write the rows through `sqlite3`."""
    db = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        db.execute(f"PRAGMA {pragma}")
    model = dict(zip(*_first(db.execute("SELECT * FROM assignment LIMIT 1")), strict=True))
    communes = [code for (code,) in db.execute("SELECT code FROM agency WHERE kind = 'commune' ORDER BY code")]
    put = "INSERT INTO {} ({}) VALUES ({})"
    for number in range(-(-size // (tasks * COMMUNES))):
        db.execute("BEGIN IMMEDIATE")
        seq, head = db.execute("SELECT seq, hash FROM head").fetchone()
        entries, assignments = rows(model, number, tasks, communes, seq, head, f"{AT:%Y-%m-%d %H:%M:%S.%f}")
        db.executemany(put.format("entry", ", ".join(ENTRY), ", ".join("?" * len(ENTRY))), entries)
        db.executemany(put.format("assignment", ", ".join(model), ", ".join("?" * len(model))), assignments)
        db.execute("UPDATE head SET seq = ?, hash = ?", (entries[-1][0], entries[-1][-1]))
        db.execute("COMMIT")
    db.close()


def postgres_floor(url: str, size: int, tasks: int) -> None:
    """Write the rows through psycopg, by COPY."""
    import psycopg
    from psycopg import sql

    with psycopg.connect(url.replace("+psycopg", "")) as db:
        model = dict(zip(*_first(db.execute("SELECT * FROM assignment LIMIT 1")), strict=True))
        communes = [c for (c,) in db.execute("SELECT code FROM agency WHERE kind = 'commune' ORDER BY code").fetchall()]
        for number in range(-(-size // (tasks * COMMUNES))):
            seq, head = db.execute("SELECT seq, hash FROM head FOR UPDATE").fetchone()  # type: ignore[misc]
            entries, assignments = rows(model, number, tasks, communes, seq, head, AT)
            for table, columns, found in (("entry", ENTRY, entries), ("assignment", tuple(model), assignments)):
                into = sql.SQL(f"COPY {table} ({', '.join(columns)}) FROM STDIN")  # type: ignore[arg-type]
                with db.cursor().copy(into) as copy:
                    for row in found:
                        copy.write_row(row)
            db.execute("UPDATE head SET seq = %s, hash = %s", (entries[-1][0], entries[-1][-1]))
            db.commit()


def _first(cursor: Any) -> tuple[list[str], Any]:
    return [column[0] for column in cursor.description], cursor.fetchone()


# ── Measuring ────────────────────────────────────────────────────────────────────────────────────────────────

WORK: dict[str, Callable[[str, int, int], None]] = {
    "ours": ours,
    "floor-sqlite": sqlite_floor,
    "floor-postgresql": postgres_floor,
}


def prepare(place: Place, name: str) -> str:
    """Return the URL of a new store with the registry and one directive, like which the floor makes its rows."""
    registry, _ = read_registry(REGISTRY)
    assert registry is not None
    url = place.make(name)
    store = init(url, rehearsal=False, at=AT, actor="bench")
    adopt_registry(store, registry, at=AT, actor="bench")
    one = a_directive(number="9999/QĐ-TTg")
    task = a_task("model", directive=one.key, lead="BNV", due=Due(rule=By(date(2026, 6, 1))))
    adopt_directive(store, replace(one, tasks=(task,)), at=AT, actor="bench")
    store.close()
    return url


def child(what: str, url: str, size: int, tasks: int) -> dict[str, float]:
    """Return what one contender took in a process of its own."""
    more = ["--child", what, url, "--size", str(size), "--tasks", str(tasks)]
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "bench.load", *more], check=True, capture_output=True, text=True
    )
    found: dict[str, float] = json.loads(told.stdout.splitlines()[-1])
    return found


def measure(place: Place, size: int, tasks: int) -> None:
    """Print the lines of one database."""
    made = -(-size // (tasks * COMMUNES)) * tasks * COMMUNES
    told = {
        what: child(what, prepare(place, f"load_{what.replace('-', '_')}"), size, tasks)
        for what in (f"floor-{place.name}", "ours")
    }
    floor = told[f"floor-{place.name}"]
    print(
        f"| {place.name}, {made:,} assignments | s | × | CPU s | × | µs each | peak MB |\n|---|---|---|---|---|---|---|"
    )
    for what, one in told.items():
        times = f"{one['clock']:.1f} | {one['clock'] / floor['clock']:.1f}"
        busy = f"{one['cpu']:.1f} | {one['cpu'] / floor['cpu']:.1f}"
        print(f"| {what} | {times} | {busy} | {one['clock'] / made * 1e6:.0f} | {one['peak']:.0f} |", flush=True)
        tell(Point(plot="load", line=f"{what}, {place.name}", x=made, y=one["clock"] * 1e3))
    mine, factor = told["ours"], told["ours"]["clock"] / floor["clock"]
    figure = f"{factor:.1f} × the floor ({mine['cpu'] / floor['cpu']:.1f} × by processor time), {mine['peak']:.0f} MB"
    goal = f"{floor['clock']:.1f} s; ≤ {GOAL} ×, ≤ 300 MB"
    met = factor <= GOAL and mine["peak"] <= 300
    tell(Figure(goal="P8", what=f"apply to {made:,} assignments, {place.name}", figure=figure, floor=goal, met=met))


def alone(what: str, url: str, size: int, tasks: int) -> None:
    """Do one contender's work and print what it took."""
    start, busy = time.perf_counter(), time.process_time()
    WORK[what](url, size, tasks)
    took = {"clock": time.perf_counter() - start, "cpu": time.process_time() - busy}
    print(json.dumps({**took, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def main() -> int:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__.partition("\n")[0])
    parser.add_argument("--size", type=int, default=100_000, help="how many assignments (100,000)")
    parser.add_argument("--tasks", type=int, default=TASKS, help="how many tasks a directive has (3)")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], help="one database only; both by default")
    parser.add_argument("--profile", action="store_true", help="show where the time goes instead, on SQLite")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        alone(*asked.child, asked.size, asked.tasks)
        return 0
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tracker-bench-")))
        if asked.profile:
            url = prepare(Files(folder), "profile")
            show(lambda: ours(url, asked.size, asked.tasks))
            return 0
        if asked.database != "postgresql":
            measure(Files(folder), asked.size, asked.tasks)
        if asked.database != "sqlite":
            try:
                measure(Databases(stack.enter_context(running_cluster())), asked.size, asked.tasks)
            except PostgresUnavailable as error:
                print(f"without PostgreSQL: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
