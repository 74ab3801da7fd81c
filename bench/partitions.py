"""Is the ledger better kept in one table, or split by month? A million entries of two years on PostgreSQL, three ways.

    python -m bench.partitions [--entries 1000000]

`one` is the product's table. `by time` is split by month of the instant of recording, which a unique position cannot
be promised for; `by seq` has the positions of a month in each part, whose instants a check tells the planner.
Figures are milliseconds of the server's processor for one question, so that a busy machine changes them little.
"""

import argparse
import os
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg

from tests.integration.postgres import running_cluster

WAYS = ("one", "by time", "by seq")
MONTHS = [datetime(2025 + n // 12, n % 12 + 1, 1, tzinfo=UTC) for n in range(25)]
COLUMNS = """seq bigint NOT NULL, recorded_at timestamptz NOT NULL, effective_at timestamptz NOT NULL,
    actor varchar NOT NULL, assignment varchar, kind varchar NOT NULL, body text NOT NULL, previous varchar NOT NULL,
    hash varchar NOT NULL"""
FILL = """INSERT INTO entry SELECT n, at, at, 'sweep', '2025/412-tb-vpcp/task-' || n * 7919 % 4000 || '/' ||
    lpad((n * 104729 % 3321)::text, 5, '0'), (ARRAY['swept', 'assigned', 'completed', 'delivery'])[n % 4 + 1],
    repeat('x', 430), repeat(md5(n::text), 2), repeat(md5((n + 1)::text), 2)
    FROM generate_series(1::bigint, {entries}) n,
    LATERAL (SELECT timestamptz '2025-01-01Z' + make_interval(secs => n * {step})) AS said(at)"""
KNOWN = "(SELECT seq FROM entry WHERE recorded_at <= %s ORDER BY recorded_at DESC, seq DESC LIMIT 1)"
Asked = tuple[str, Sequence[tuple[Any, ...]]]


def make(server: psycopg.Connection, way: str, entries: int) -> None:
    """Make the table of a way and fill it."""
    step = (MONTHS[-1] - MONTHS[0]).total_seconds() / (entries + 1)
    key = "recorded_at, seq" if way == "by time" else "seq"
    split = {"one": "", "by time": "PARTITION BY RANGE (recorded_at)", "by seq": "PARTITION BY RANGE (seq)"}[way]
    run(server, f"CREATE TABLE entry ({COLUMNS}, PRIMARY KEY ({key})) {split}")
    for first, after in pairwise(MONTHS if split else ()):
        bounds: list[Any] = [f"'{first}'", f"'{after}'"]
        if way == "by seq":
            bounds = [int((at - MONTHS[0]).total_seconds() / step) + 1 for at in (first, after)]
        run(
            server,
            f"CREATE TABLE entry_{first:%Y_%m} PARTITION OF entry FOR VALUES FROM ({bounds[0]}) TO ({bounds[1]})",
        )
    run(server, "CREATE INDEX ON entry (assignment, seq)")
    run(server, "CREATE INDEX ON entry (recorded_at, seq)")
    if way == "by time":
        run(server, "CREATE INDEX ON entry (seq)")
    run(server, FILL.format(entries=entries, step=step))
    for first, _ in pairwise(MONTHS if way == "by seq" else ()):
        part = f"entry_{first:%Y_%m}"
        least, most = run(server, f"SELECT min(recorded_at), max(recorded_at) FROM {part}")[0]
        run(server, f"ALTER TABLE {part} ADD CHECK (recorded_at BETWEEN '{least}' AND '{most}')")
    run(server, "VACUUM ANALYZE entry")


def questions(server: psycopg.Connection, entries: int) -> Iterator[tuple[str, Asked]]:
    """Yield what is asked of the table, with what it is asked about."""
    chance = random.Random(7)
    some = [chance.randrange(1, entries + 1) for _ in range(100)]
    refs = [run(server, "SELECT assignment FROM entry WHERE seq = %s", seq)[0] for seq in some]
    months = list(pairwise(MONTHS))[::8]
    page = "SELECT * FROM entry WHERE seq <= {} ORDER BY seq DESC LIMIT 50"
    yield "an entry by its position", ("SELECT hash FROM entry WHERE seq = %s", [(seq,) for seq in some] * 10)
    yield (
        "the history of an assignment",
        ("SELECT * FROM entry WHERE assignment = %s ORDER BY seq", [tuple(ref) for ref in refs] * 10),
    )
    yield "a page of the journal", (page.format("%s"), [(seq,) for seq in some] * 5)
    yield "a page as it was known", (page.format(KNOWN), [(at,) for at in MONTHS[1:]] * 10)
    in_a_month = "recorded_at >= %s AND recorded_at < %s"
    yield "the kinds of a month", (f"SELECT kind, count(*) FROM entry WHERE {in_a_month} GROUP BY 1", months)
    yield "all in their order, for verify", ("SELECT seq, body, previous, hash FROM entry ORDER BY seq", [()])


def appended(server: psycopg.Connection, entries: int) -> None:
    """Append entries one by one, each in a transaction of its own."""
    statement = "INSERT INTO entry SELECT %s, recorded_at, effective_at, actor, assignment, kind, body, previous, hash"
    for n in range(1_000):
        run(server, f"{statement} FROM entry WHERE seq = %s", -n, entries)


def processor(server: psycopg.Connection, work: Callable[[], object]) -> float:
    """Return how many milliseconds of processor time a session of the server spends on some work."""
    file, tick = Path(f"/proc/{server.info.backend_pid}/stat"), os.sysconf("SC_CLK_TCK")
    before = file.read_text().rpartition(")")[2].split()[11:13]
    work()
    after = file.read_text().rpartition(")")[2].split()[11:13]
    return (sum(map(int, after)) - sum(map(int, before))) / tick * 1_000


def run(server: psycopg.Connection, statement: str, *given: Any) -> list[Any]:
    """Return what a statement finds."""
    cursor = server.execute(statement.encode(), given or None)
    return cursor.fetchall() if cursor.description else []


def measured(way: str, entries: int) -> Iterator[tuple[str, float]]:
    """Yield what each question costs one way."""
    with ExitStack() as stack:
        cluster = stack.enter_context(running_cluster())
        url = stack.enter_context(cluster.database()).replace("+psycopg", "")
        server = stack.enter_context(psycopg.connect(url, autocommit=True))
        run(server, "SET max_parallel_workers_per_gather = 0")
        make(server, way, entries)
        for what, (statement, given) in list(questions(server, entries)):
            each = processor(server, lambda s=statement, g=given: [run(server, s, *one) for one in g])  # type: ignore[misc]
            yield what, each / len(given)
        if way != "by seq":  # there its bounds would have to be moved first
            yield "an entry appended", processor(server, lambda: appended(server, entries)) / 1_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line a question."""
    parser = argparse.ArgumentParser(prog="python -m bench.partitions", description=__doc__.split("\n")[0])
    parser.add_argument("--entries", type=int, default=1_000_000, metavar="N", help="entries of two years (1000000)")
    asked = parser.parse_args(arguments)
    found = {way: dict(measured(way, asked.entries)) for way in WAYS}
    print(f"| {asked.entries:,} entries, ms of the server's processor |", " | ".join(WAYS), "|")
    for what in found["one"]:
        print(f"| {what} |", " | ".join(f"{found[way][what]:.2f}" if what in found[way] else "" for way in WAYS), "|")
    return 0


if __name__ == "__main__":
    sys.exit(main())
