"""What a sweep costs: 100 due of 100,000 assignments beside 100 due of 1,000, and bare SQL doing the same work.

    python -m bench.sweep [--runs 7] [--database sqlite|postgresql] [--large 100000] [--profile]

The stores are made by the product's own `adopt_directive` over the real registry: 25 provinces
owe each of 40 or 4,000 tasks, and every notice of assignment was sent. Each run gets a copy of
its own; the contenders take turns, so a busy machine is busy for all. The floor is the same work
without the product: find what is due by the partial index, write one hash-chained entry and one
unique reminder each, change the state, move the head, in one transaction (SQLite: synchronous FULL).
"""

import argparse
import cProfile
import gc
import json
import os
import platform
import pstats
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

import psycopg
from psycopg import sql
from sqlalchemy import create_engine, text

from bench.figures import Figure, tell
from tests.builders import a_directive, a_task
from tests.integration.postgres import Cluster, PostgresUnavailable, running_cluster
from tracker.domain.deadline import By, Due
from tracker.domain.directive import Directive, ForEach
from tracker.files.registry import read_registry
from tracker.notify.notice import Notice
from tracker.notify.outcome import Outcome
from tracker.operations import adopt_directive, adopt_registry, init, open_store, set_channel, sweep
from tracker.store.adopted import Channel
from tracker.store.store import Store

REGISTRY = Path(__file__).parent.parent / "directives" / "registry"
ADOPTED = datetime(2025, 8, 11, 1, tzinfo=UTC)
FIRST, SECOND, LAST = date(2025, 9, 15), date(2025, 11, 14), date(2026, 6, 30)
TASKS_A_FILE, PROVINCES = 40, 25
SMALL, LARGE = 1_000, 100_000
FEW, MANY = 100, 10_000
GOALS = {"sqlite": 1.8, "postgresql": 2.0}  # times the floor


class Null:
    """A sender that takes everything and does nothing."""

    def send(self, channel: str, notice: Notice) -> Outcome:
        return Outcome("accepted", 250, "")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A prepared store: its name, how many assignments it has, and the instants at which few and many are due."""

    name: str
    size: int
    few_at: datetime
    many_at: datetime | None


class Place(Protocol):
    """A database in which stores are prepared and copied."""

    name: str

    def make(self, name: str) -> str:
        """Return the URL under which a new store may be made."""

    def copy(self, name: str) -> AbstractContextManager[str]:
        """Yield the URL of a copy of a store, always the same one."""

    def floor(self, url: str, at: datetime) -> int:
        """Do a sweep's work in bare SQL, and return how many nanoseconds it took."""


# ── The floors ───────────────────────────────────────────────────────────────────────────────────────────────


def bare_rows(due: Sequence[tuple[Any, ...]], seq: int, head: str, at: str) -> tuple[list[Any], list[Any], list[Any]]:
    """Return the entries, reminders and changes that a sweep writes for (ref, agency, next_moment), as plain rows."""
    entries, reminders, changes = [], [], []
    for ref, agency, moment in due:
        seq += 1
        payload = {"moment": str(moment), "rung": "before-10wd", "skipped": []}
        facts = {"actor": "sweep", "assignment": ref, "effective_at": str(moment), "kind": "swept"}
        document = {**facts, "payload": payload, "recorded_at": at, "seq": seq}
        body = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        digest = sha256(f"{head}\n{body}".encode()).hexdigest()
        entries.append((seq, at, moment, "sweep", ref, "swept", body, head, digest))
        key = f"r1|{ref}|before-10wd|1|{agency}|mail"
        reference = "ntf-" + sha256(key.encode()).hexdigest()[:13]
        reminders.append((reference, key, ref, "before-10wd", agency, moment, at, at))
        changes.append((moment, "before-10wd", seq, ref))
        head = digest
    return entries, reminders, changes


ENTRY = "entry (seq, recorded_at, effective_at, actor, assignment, kind, body, previous, hash)"
REMINDER = """reminder (reference, key, assignment, rung, agency, moment, made_at, due_at,
    stage, version, channel, state, token, attempts)"""
FIND = "SELECT ref, agency, next_moment FROM assignment WHERE next_moment <= {} ORDER BY next_moment, ref"
HEAD = "SELECT seq, hash FROM head"


def sqlite_floor(path: str, at: datetime) -> int:
    """Return the nanoseconds of the bare work on a SQLite file."""
    db = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        db.execute(f"PRAGMA {pragma}")
    instant = f"{at:%Y-%m-%d %H:%M:%S.%f}"
    start = time.perf_counter_ns()
    db.execute("BEGIN IMMEDIATE")
    due = db.execute(FIND.format("?"), (instant,)).fetchall()
    entries, reminders, changes = bare_rows(due, *db.execute(HEAD).fetchone(), instant)
    db.executemany(f"INSERT INTO {ENTRY} VALUES (?,?,?,?,?,?,?,?,?)", entries)
    constants = "'before', 1, 'mail', 'pending', 0, 0"
    db.executemany(f"INSERT INTO {REMINDER} VALUES (?,?,?,?,?,?,?,?,{constants}) ON CONFLICT DO NOTHING", reminders)
    change = "UPDATE assignment SET next_moment = NULL, told = ?, rung = ?, seq = ? WHERE ref = ?"
    db.executemany(change, changes)
    db.execute("UPDATE head SET seq = ?, hash = ?, high_water = ?", (entries[-1][0], entries[-1][-1], instant))
    db.execute("COMMIT")
    took = time.perf_counter_ns() - start
    db.close()
    return took


def postgres_floor(where: str, at: datetime) -> int:
    """Return the nanoseconds of the bare work on PostgreSQL: COPY, and sets of rows in one statement each."""
    with psycopg.connect(where) as db:
        db.execute("SELECT 1")
        db.commit()
        start = time.perf_counter_ns()
        due = db.execute(FIND.format("%s") + " FOR UPDATE SKIP LOCKED", (at,)).fetchall()
        seq, head = db.execute(f"{HEAD} FOR UPDATE").fetchone()  # type: ignore[misc]
        entries, reminders, changes = bare_rows(due, seq, head, at.isoformat())
        with db.cursor().copy(sql.SQL(f"COPY {ENTRY} FROM STDIN")) as copy:  # type: ignore[arg-type]
            for row in entries:
                copy.write_row(row)
        kinds = "text[], text[], text[], text[], text[], timestamptz[], timestamptz[], timestamptz[]"
        arrays = ", ".join(f"%s::{kind.strip()}" for kind in kinds.split(","))
        constants = "'before', 1, 'mail', 'pending', 0, 0"
        made = f"INSERT INTO {REMINDER} SELECT *, {constants} FROM unnest({arrays}) ON CONFLICT DO NOTHING"
        db.execute(made, [list(column) for column in zip(*reminders, strict=True)])  # type: ignore[arg-type]
        change = """UPDATE assignment SET next_moment = NULL, told = new.told, rung = new.rung, seq = new.seq
            FROM unnest(%s::timestamptz[], %s::text[], %s::bigint[], %s::text[]) AS new (told, rung, seq, ref)
            WHERE assignment.ref = new.ref"""
        db.execute(change, [list(column) for column in zip(*changes, strict=True)])  # type: ignore[arg-type]
        db.execute("UPDATE head SET seq = %s, hash = %s, high_water = %s", (entries[-1][0], entries[-1][-1], at))
        db.commit()
        return time.perf_counter_ns() - start


# ── Where stores are kept ────────────────────────────────────────────────────────────────────────────────────


class Files:
    """SQLite files in a temporary folder on a disk."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self, name: str) -> str:
        return f"sqlite:///{self.folder / name}"

    @contextmanager
    def copy(self, name: str) -> Iterator[str]:
        copy = self.folder / f"{name}-copy"
        shutil.copyfile(self.folder / name, copy)
        with copy.open("rb") as file:
            os.fsync(file.fileno())  # or the first commit would pay for the copy
        yield f"sqlite:///{copy}"
        for file in self.folder.glob(f"{copy.name}*"):
            file.unlink()

    def floor(self, url: str, at: datetime) -> int:
        return sqlite_floor(url.removeprefix("sqlite:///"), at)


class Databases:
    """Databases of a PostgreSQL server of our own, which does not wait for a disk."""

    name = "postgresql"

    def __init__(self, cluster: Cluster) -> None:
        self.where = f"host=127.0.0.1 port={cluster.port} user=postgres"
        self.url = f"postgresql+psycopg://postgres@127.0.0.1:{cluster.port}"
        self.admin = psycopg.connect(f"{self.where} dbname=postgres", autocommit=True)

    def make(self, name: str) -> str:
        self._run(f"CREATE DATABASE {name} TEMPLATE template0")
        return f"{self.url}/{name}"

    @contextmanager
    def copy(self, name: str) -> Iterator[str]:
        self._run(f"CREATE DATABASE {name}_copy TEMPLATE {name} STRATEGY file_copy")
        self._run("CHECKPOINT")
        yield f"{self.url}/{name}_copy"
        self._run(f"DROP DATABASE {name}_copy WITH (FORCE)")

    def floor(self, url: str, at: datetime) -> int:
        return postgres_floor(f"{self.where} dbname={url.rsplit('/', 1)[1]}", at)

    def _run(self, statement: str) -> None:
        self.admin.execute(sql.SQL(statement))  # type: ignore[arg-type]


# ── The stores ───────────────────────────────────────────────────────────────────────────────────────────────


def directives(size: int, exempt: tuple[str, ...]) -> Iterator[Directive]:
    """Yield directives whose tasks make `size` assignments, the first due sooner than the rest."""
    for first in range(0, size // PROVINCES, TASKS_A_FILE):
        plain = a_directive(number=f"{first // TASKS_A_FILE + 1}/QĐ-TTg")
        tasks = (
            a_task(
                f"task-{n:04d}",
                directive=plain.key,
                for_each=ForEach(agencies="provinces", exempt=exempt),
                due=Due(rule=By(FIRST if n * PROVINCES < FEW else SECOND if n * PROVINCES < MANY else LAST)),
            )
            for n in range(first, first + TASKS_A_FILE)
        )
        yield replace(plain, tasks=tuple(tasks))


def prepare(place: Place, size: int) -> Prepared:
    """Make a store of `size` assignments with every notice of assignment sent, and say how long that took."""
    registry, _ = read_registry(REGISTRY)
    assert registry is not None
    name = f"store_{size}"
    url = place.make(name)
    store = init(url, rehearsal=False, at=ADOPTED, actor="bench")
    adopt_registry(store, registry, at=ADOPTED, actor="bench")
    provinces = registry.members("provinces", on=ADOPTED.date())
    ways = [Channel(agency=p, name="mail", address=f"office-{p}@agencies.example", language="vi") for p in provinces]
    set_channel(store, ways, at=ADOPTED, actor="bench")
    start = time.perf_counter()
    for directive in directives(size, provinces[PROVINCES:]):
        adopt_directive(store, directive, at=ADOPTED, actor="bench")
    adopted = time.perf_counter()
    sweep(store, at=ADOPTED)
    swept = time.perf_counter()
    rates = f"adopted at {size / (adopted - start):,.0f}/s, first notices made at {size / (swept - adopted):,.0f}/s"
    print(f"{place.name}: {size:,} assignments {rates}", flush=True)
    few_at, many_at = _send_and_look(store, size)
    store.close()
    return Prepared(name, size, few_at, many_at)


def _send_and_look(store: Store, size: int) -> tuple[datetime, datetime | None]:
    """Call every reminder sent (ten minutes of work that is measured elsewhere), and find the instants to sweep at."""
    engine = create_engine(store.engine.url)
    with engine.begin() as db:
        db.execute(text("UPDATE reminder SET state = 'accepted', due_at = NULL, attempts = 1"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        with suppress(Exception):
            db.execute(text("VACUUM" if store.engine.dialect.name == "sqlite" else "VACUUM ANALYZE"))
        db.execute(text("ANALYZE"))
    engine.dispose()
    from tracker.store.assignments import ASSIGNMENT, func, select

    with store.read() as db:

        def first(day: date) -> datetime:
            found: datetime = db.execute(
                select(func.min(ASSIGNMENT.c.next_moment)).where(ASSIGNMENT.c.last_day == day)
            ).scalar_one()
            return found

        def due(at: datetime) -> int:
            return int(db.execute(select(func.count()).where(ASSIGNMENT.c.next_moment <= at)).scalar_one())

        few_at, many_at = first(FIRST), first(SECOND) if size >= MANY else None
        assert due(few_at) == FEW, due(few_at)
        assert many_at is None or due(many_at) == MANY, many_at and due(many_at)
    return few_at, many_at


# ── Measuring ────────────────────────────────────────────────────────────────────────────────────────────────


# milliseconds by the clock, and of this process's processor time
Took = tuple[float, float]


class Contender:
    """Our sweep on copies of one store, in a process that has swept before: its statements are compiled."""

    def __init__(self, place: Place, prepared: Prepared) -> None:
        self.place, self.prepared = place, prepared
        with place.copy(prepared.name) as url:
            self.store = open_store(url)
            sweep(self.store, at=prepared.few_at)
            self.store.close()

    def sweep(self, at: datetime, due: int) -> Took:
        """Return what our sweep took on a fresh copy."""
        with self.place.copy(self.prepared.name):
            took = self._sweep(at, due)
            self.store.close()
        return took

    def floor(self, at: datetime) -> Took:
        """Return what the bare work took on a fresh copy."""
        with self.place.copy(self.prepared.name) as url:
            gc.collect()
            busy = time.process_time_ns()
            took = self.place.floor(url, at)
            return took / 1e6, (time.process_time_ns() - busy) / 1e6

    def _sweep(self, at: datetime, due: int) -> Took:
        sweep(self.store, at=ADOPTED)  # opens the connection; nothing is due yet
        gc.collect()
        start, busy = time.perf_counter_ns(), time.process_time_ns()
        done = sweep(self.store, at=at)
        took = (time.perf_counter_ns() - start) / 1e6, (time.process_time_ns() - busy) / 1e6
        assert (done.claimed, done.reminders) == (due, due), done
        return took


def line(place: str, size: int, due: int, ours: Sequence[Took], floor: Sequence[Took]) -> str:
    """Return one line of the table: medians, with the least and the most in brackets, then processor time."""

    def told(times: Sequence[Took]) -> str:
        clock = [one for one, _ in times]
        return f"{statistics.median(clock):.1f} ({min(clock):.1f}–{max(clock):.1f})"

    by_clock, by_cpu = factors(ours, floor)
    busy = " | ".join(f"{statistics.median(cpu for _, cpu in times):.1f}" for times in (ours, floor))
    return f"| {place} | {size:,} | {due:,} | {told(ours)} | {told(floor)} | {by_clock:.1f} | {busy} | {by_cpu:.1f} |"


def factors(ours: Sequence[Took], floor: Sequence[Took]) -> Took:
    """Return how many times the floor ours took, by the clock and by processor time."""
    clock, cpu = (statistics.median(t[n] for t in ours) / statistics.median(t[n] for t in floor) for n in (0, 1))
    return clock, cpu


def measure(place: Place, runs: int, size: int) -> None:
    """Print the table of one database."""
    small, large = (Contender(place, prepare(place, each)) for each in (SMALL, size))
    times: dict[str, list[Took]] = {name: [] for name in ("small", "large", "small floor", "large floor")}
    for _ in range(runs):
        for name, contender in (("small", small), ("large", large)):
            times[name].append(contender.sweep(contender.prepared.few_at, FEW))
            times[f"{name} floor"].append(contender.floor(contender.prepared.few_at))
    assert large.prepared.many_at is not None
    many = [(large.sweep(large.prepared.many_at, MANY), large.floor(large.prepared.many_at)) for _ in range(3)]
    print("| database | assignments | due | ours, ms | bare SQL, ms | ours/bare | ours, CPU ms | bare, CPU ms | × |")
    print("|---|---|---|---|---|---|---|---|---|")
    print(line(place.name, SMALL, FEW, times["small"], times["small floor"]))
    print(line(place.name, size, FEW, times["large"], times["large floor"]))
    ours, bare = [one for one, _ in many], [one for _, one in many]
    print(line(place.name, size, MANY, ours, bare))
    grown, floor = (
        statistics.median(t for t, _ in times[f"large{what}"]) / statistics.median(t for t, _ in times[f"small{what}"])
        for what in ("", " floor")
    )
    print(f"\n{place.name}: {FEW} of {size:,} cost {grown:.2f} × {FEW} of {SMALL:,} (bare SQL: {floor:.2f}; goal ≤ 2)")
    print(flush=True)
    goal, (by_clock, by_cpu) = GOALS[place.name], factors(ours, bare)
    tell(
        Figure(
            goal="P1",
            what=f"sweep, {MANY:,} due of {size:,}, {place.name}",
            figure=f"{by_clock:.1f} × the floor, {by_cpu:.1f} × by processor time",
            floor=f"{statistics.median(clock for clock, _ in bare):,.0f} ms; ≤ {goal} ×",
            met=by_clock <= goal,
        )
    )


def profile(place: Place) -> None:
    """Print the hottest functions of a sweep in which all of a store is due."""
    full = Contender(place, prepare(place, MANY))
    at = full.prepared.many_at
    assert at is not None
    with place.copy(full.prepared.name):
        show(lambda: sweep(full.store, at=at))
        full.store.close()


def show(work: Callable[[], object]) -> None:
    profiler = cProfile.Profile()
    profiler.runcall(work)
    found = pstats.Stats(profiler)
    found.sort_stats("tottime").print_stats(10)
    found.sort_stats("cumulative").print_stats("tracker/", 16)


@contextmanager
def places(asked: str | None) -> Iterator[list[Place]]:
    """Yield the databases asked for; PostgreSQL is left out, with a word, where it cannot be started."""
    with ExitStack() as stack:
        found: list[Place] = []
        if asked != "postgresql":
            found.append(Files(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tracker-bench-")))))
        if asked != "sqlite":
            try:
                found.append(Databases(stack.enter_context(running_cluster())))
            except PostgresUnavailable as error:
                print(f"without PostgreSQL: {error}")
        yield found


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m bench.sweep", description=__doc__.split("\n")[0])
    parser.add_argument("--database", choices=["sqlite", "postgresql"], help="one database only; both by default")
    parser.add_argument("--runs", type=int, default=7, help="interleaved runs of each contender (7)")
    parser.add_argument("--large", type=int, default=LARGE, help="how many assignments the large store has (100,000)")
    parser.add_argument("--profile", action="store_true", help="show where the time goes instead")
    asked = parser.parse_args(arguments)
    print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {os.cpu_count()} cores\n")
    with places(asked.database) as found:
        for place in found:
            profile(place) if asked.profile else measure(place, asked.runs, asked.large)
    return 0


if __name__ == "__main__":
    sys.exit(main())
