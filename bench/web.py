"""What pages cost: Today, the work table, an assignment, the heatmap, with many assignments and eight readers at once.

    python -m bench.web [--size 1000000] [--database postgresql|sqlite] [--readers 8] [--seconds 6] [--pause 0]
        [--workers 1]

The store is made by the product's own `adopt_directive` over the real registry, for ministries and provinces; the
rows and the entries of one province are then copied to every commune, which SQL does in a minute and the product
in many (the chain of the copies does not hold: no page of these looks). What has become of the assignments is
drawn from a seed and written into their rows: the shares of the official report (of what fell due, 9 in 10
completed on time), nothing left to be looked at. The pages are served by a process of its own, or by several, started
as `tracker web` starts them; the readers are threads of this process, each somebody of their own.

Beside each page, in the same run and by turns: a bare FastAPI "hello" served the same way, and the very statements of
drawing the page, counts remembered, recorded once and sent through the bare driver by as many readers. `moved` is the
page while something is recorded twice a second (three times the rate of a year with a million tasks), so that what it
remembers is of an earlier position. `all sql` are the statements of a page that remembers nothing, sent by one
reader alone. `cpu` is what the serving processes spent a request: what other work on this machine touches least.
"""

import argparse
import http.client
import os
import platform
import random
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import event, text
from starlette.testclient import TestClient

from bench.figures import Figure, tell
from bench.shape import THINGS, WORDS, draw
from bench.sweep import REGISTRY, Databases, Files, Place
from tests.builders import a_directive, a_task
from tests.integration.links import AMPLE
from tests.integration.postgres import free_port, running_cluster
from tracker import clock
from tracker.domain.deadline import By, Due
from tracker.domain.directive import Directive, ForEach
from tracker.domain.errors import Conflict
from tracker.domain.text import Text
from tracker.files.registry import read_registry
from tracker.operations import acknowledge, adopt_directive, adopt_registry, init, open_store
from tracker.operations.accounts import known, make_account
from tracker.operations.sessions import begin
from tracker.settings import Settings
from tracker.store.assignments import ASSIGNMENT
from tracker.store.ledger import ENTRY as ENTRY_TABLE
from tracker.store.store import Store
from tracker.web.app import create_app
from tracker.web.guard import Guard
from tracker.web.warmth import warm as warm_up

SEED = 6
COMMUNES = 3_321
TASKS_A_FILE = 12
COOKIE = "tracker"
COPIED = """
SELECT {columns} FROM assignment t JOIN entry e ON e.assignment = t.ref AND e.kind = 'assigned' CROSS JOIN agency c
CROSS JOIN head h WHERE t.agency = (SELECT min(code) FROM agency WHERE kind = 'province') AND c.kind = 'commune'
"""
ENTRY = {
    "seq": "h.seq + row_number() OVER (ORDER BY t.ref, c.code)",
    "assignment": "t.task || '/' || c.code",
    "body": "replace(e.body, t.ref, t.task || '/' || c.code)",
}
ASSIGNMENT_OF = {"ref": "t.task || '/' || c.code", "agency": "c.code"}


# ── The store ────────────────────────────────────────────────────────────────────────────────────────────────


def directives(size: int, today: date) -> Iterator[Directive]:
    """Yield directives whose tasks make about `size` assignments, their last days from a year ago to a year ahead."""
    rng = random.Random(SEED)
    count = max(12, round(size / COMMUNES / 0.9))
    for first in range(0, count, TASKS_A_FILE):
        plain = a_directive(number=f"{first // TASKS_A_FILE + 1}/QĐ-TTg", issued=today - timedelta(days=400))
        tasks = []
        for n in range(first, min(count, first + TASKS_A_FILE)):
            verb, thing = rng.choice(WORDS), rng.choice(THINGS)
            title = Text(
                vi=f"{verb[0]} {thing[0]} ({n})", en=f"{verb[1]} {thing[1]} ({n})", fr=f"{verb[2]} {thing[2]} ({n})"
            )
            due = Due(rule=By(today + timedelta(days=rng.randrange(-365, 365))))
            whom = "ministries" if n % 10 == 7 else "provinces"
            tasks.append(
                a_task(
                    f"task-{n:04d}",
                    directive=plain.key,
                    title=title,
                    for_each=ForEach(agencies=whom),
                    due=due,
                    remind="none",
                )
            )
        yield replace(plain, tasks=tuple(tasks))


def prepare(place: Place, size: int) -> tuple[str, int]:
    """Make the store and return its URL and how many assignments it has."""
    registry, _ = read_registry(REGISTRY)
    assert registry is not None
    now = clock.now()
    at = now - timedelta(days=395)
    url = place.make(f"web_{size}")
    store = init(url, rehearsal=False, at=at, actor="bench")
    adopt_registry(store, registry, at=at, actor="bench")
    start = time.perf_counter()
    for directive in directives(size, registry.calendar.civil_day(now)):
        adopt_directive(store, directive, at=at, actor="bench")
    _copy(store)
    took = time.perf_counter() - start
    draw(store, now)
    with store.read() as connection:
        made = int(connection.execute(text("SELECT count(*) FROM assignment")).scalar_one())
    store.close()
    print(f"{place.name}: {made:,} assignments, made in {took:.0f} s", flush=True)
    return url, made


def _copy(store: Store) -> None:
    """Give every commune what one province has: its rows and its entries."""
    with store.write() as db:
        for table, own, made in ((ENTRY_TABLE, "e", ENTRY), (ASSIGNMENT, "t", ASSIGNMENT_OF)):
            names = [column.name for column in table.c]
            columns = ", ".join(made.get(name, f"{own}.{name}") for name in names)
            db.execute(text(f"INSERT INTO {table.name} ({', '.join(names)}) {COPIED.format(columns=columns)}"))
        db.execute(text("UPDATE head SET seq = (SELECT max(seq) FROM entry)"))


# ── What is asked for ────────────────────────────────────────────────────────────────────────────────────────


def pages(url: str) -> dict[str, str]:
    """Return the pages measured, by name."""
    store = open_store(url)
    with store.read() as connection:
        ref = connection.execute(text("SELECT ref FROM assignment WHERE cell = 'open_overdue' LIMIT 1")).scalar_one()
        agency = connection.execute(text("SELECT max(agency) FROM assignment WHERE length(agency) = 5")).scalar_one()
    store.close()
    return {
        "Today": "/",
        "work table": "/tasks",
        "… overdue": "/tasks?cell=open_overdue",
        "… one agency": f"/tasks?agency={agency}",
        "… searched": "/tasks?q=quyet+dinh&cell=open_in_time",
        "assignment": f"/tasks/{ref}",
        "heatmap": "/heatmap",
        "obligations": f"/agencies/{agency}",
    }


Statement = tuple[str, Any]


def recorded(
    url: str, settings: Settings, token: str, paths: dict[str, str], *, warm: bool
) -> dict[str, list[Statement]]:
    """Return the statements of each page, as the driver is given them; `warm`: of a page asked for the second time."""
    from tracker.views import cubes, tally, work
    from tracker.web.shelf import Shelf

    store = open_store(url)
    client = TestClient(create_app(store, settings, AMPLE), base_url=settings.base_url)
    client.cookies.set(COOKIE, token)
    heard: list[Statement] = []

    @event.listens_for(store.engine, "before_cursor_execute")
    def _(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if not many and statement.lstrip().upper().startswith("SELECT"):
            heard.append((statement, parameters))

    found = {}
    kept, Shelf.page = Shelf.page, lambda _, __, print_: print_()  # type: ignore[method-assign]
    for name, path in paths.items():
        client.get(path)
        if not warm:
            cubes.forget()
            work._KNOWN.clear()
            tally._SHELVES.clear()
        heard.clear()
        answer = client.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:500])
        found[name] = list(heard)
    Shelf.page = kept  # type: ignore[method-assign]
    store.close()
    return found


# ── Measuring ────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Measured:
    """What a reader waited, in milliseconds, and what the server spent on a request."""

    waits: tuple[float, ...]
    cpu: float | None

    def said(self) -> str:
        """Return p50, p95 and processor time."""
        cpu = f"{self.cpu:7.1f}" if self.cpu is not None else f"{'':7}"
        return f"{statistics.median(self.waits):8.1f} {self.cuts()[18]:8.1f} {cpu}"

    def cuts(self) -> list[float]:
        """Return the nineteen cuts between twentieths."""
        return statistics.quantiles(self.waits, n=20) if len(self.waits) > 1 else [self.waits[0]] * 19


def readers(count: int, seconds: float, pause: float, ask: Callable[[], Callable[[], None]]) -> tuple[float, ...]:
    """Return how long each request took, of so many readers who ask one after the other until the time is over."""
    waits: list[float] = []
    wrong: list[BaseException] = []
    until = time.perf_counter() + seconds

    def read(number: int) -> None:
        try:
            one = ask()
            rng = random.Random(number)
            time.sleep(rng.random() * pause)
            while time.perf_counter() < until:
                start = time.perf_counter()
                one()
                waits.append((time.perf_counter() - start) * 1000)
                time.sleep(pause * (0.5 + rng.random()))
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=read, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise wrong[0]
    return tuple(waits)


def over_http(port: int, path: str, tokens: Sequence[str]) -> Callable[[], Callable[[], None]]:
    """Return what gives each reader a kept connection and a session of their own, to ask for one page."""
    given = cycle(tokens)

    def ask() -> Callable[[], None]:
        token = next(given)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

        def one() -> None:
            connection.request("GET", path, headers={"Cookie": f"{COOKIE}={token}"})
            answer = connection.getresponse()
            content = answer.read()
            assert answer.status == 200, (path, answer.status, content[:300])

        return one

    return ask


def over_driver(url: str, statements: Sequence[Statement]) -> Callable[[], Callable[[], None]]:
    """Return what gives each reader a connection that sends the statements of a page in one transaction."""

    def ask() -> Callable[[], None]:
        if url.startswith("sqlite"):
            lite = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False)
            begin_, db = "BEGIN", lite
        else:
            db = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)  # type: ignore[assignment]
            begin_ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

        def one() -> None:
            db.execute(begin_)
            for statement, parameters in statements:
                db.execute(statement, parameters).fetchall()
            db.execute("COMMIT")

        return one

    return ask


@contextmanager
def served(arguments: list[str], port: int, environment: dict[str, str]) -> Iterator[int]:
    """Serve on a port in a process of its own, and yield its id."""
    process = subprocess.Popen([sys.executable, *arguments], env={**os.environ, **environment})
    try:
        until = time.monotonic() + 300
        while time.monotonic() < until:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        yield process.pid
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def family(pid: int) -> list[int]:
    """Return a process and those it started."""
    return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]


def cpu_of(pid: int) -> float:
    """Return how many seconds of processor time a process and those it started have spent."""
    fields = [Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split() for one in family(pid)]
    return sum(int(each[11]) + int(each[12]) for each in fields) / os.sysconf("SC_CLK_TCK")


def memory_of(pid: int) -> float:
    """Return the most memory one process has had, of those that serve, in MB."""
    lines = [line for one in family(pid) for line in Path(f"/proc/{one}/status").read_text().splitlines()]
    return max(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


@contextmanager
def moving(url: str) -> Iterator[None]:
    """Record something twice a second: an agency takes note of a task."""
    store = open_store(url)
    with store.read() as connection:
        asked = "SELECT ref, agency FROM assignment WHERE progress = 'assigned' ORDER BY ref LIMIT 20000"
        refs = iter([(row[0], row[1]) for row in connection.execute(text(asked))])
    stop = threading.Event()

    def move() -> None:
        for ref, agency in refs:
            if stop.wait(0.5):
                return
            acknowledge(store, ref, at=clock.now(), actor=f"{agency}:bench")

    thread = threading.Thread(target=move)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        store.close()


HELLO = """
import sys, uvicorn
from fastapi import FastAPI
app = FastAPI()
@app.get("/")
def hello() -> str:
    return "hello"
uvicorn.run(app, port=int(sys.argv[1]), access_log=False, log_level="warning")
"""


def ample() -> Guard:
    """Return the app as `tracker web` makes it, but for how often an address may ask."""
    settings = Settings.of(os.environ)
    store = open_store(settings.database_url)
    app = create_app(store, settings, AMPLE)
    warm_up(store, settings)
    return app


def server(port: int, workers: int) -> list[str]:
    """Return what serves that app, with the options of `tracker web`."""
    options = ["--no-access-log", "--log-level", "warning", "--no-server-header", "--timeout-worker-healthcheck", "60"]
    app = ["-m", "uvicorn", "bench.web:ample", "--factory", "--port", str(port), "--workers", str(workers)]
    return [*app, *options]


def measure(url: str, made: int, args: argparse.Namespace, folder: Path) -> None:
    """Print what each page costs beside its floors."""
    port, hello = free_port(), free_port()
    settings = Settings(
        database_url=url,
        base_url=f"http://127.0.0.1:{port}",
        evidence=str(folder / "evidence"),
        key=str(folder / "k"),
        secret=str(folder / "s"),
    )
    tokens = _sessions(url, settings, args.readers)
    paths = pages(url)
    warm = recorded(url, settings, tokens[0], paths, warm=True)
    cold = recorded(url, settings, tokens[0], paths, warm=False)
    environment = {
        "TRACKER_DATABASE_URL": url,
        "TRACKER_BASE_URL": settings.base_url,
        "TRACKER_EVIDENCE": settings.evidence,
        "TRACKER_KEY": settings.key,
        "TRACKER_SECRET": settings.secret,
        "PYTHONPATH": str(Path(__file__).parent.parent),
    }
    print(f"\n{args.database}, {made:,} assignments, {args.readers} readers, pause {args.pause} s,"
          f" {args.workers} processes; milliseconds, load {os.getloadavg()[0]:.1f}")  # fmt: skip
    print(f"{'':14} {'page p50':>8} {'p95':>8} {'cpu':>7} {'moved p50':>9} {'p95':>8} {'cpu':>7}"
          f" {'sql p50':>8} {'p95':>8} {'all sql':>8} {'hello p95':>9} {'kB':>5}")  # fmt: skip
    with ExitStack() as stack:
        pid = stack.enter_context(served(server(port, args.workers), port, environment))
        stack.enter_context(served(["-c", HELLO, str(hello)], hello, environment))
        for name, path in paths.items():
            page = over_http(port, path, tokens)
            size = _weight(port, path, tokens[0])
            page()()
            run = lambda ask: readers(args.readers, args.seconds, args.pause, ask)  # noqa: E731
            plain = _with_cpu(pid, lambda: run(page))  # noqa: B023
            with moving(url):
                moved = _with_cpu(pid, lambda: run(page))  # noqa: B023
            sql = Measured(run(over_driver(url, warm[name])), None)
            bare = _once(over_driver(url, cold[name]))
            greeting = Measured(run(over_http(hello, "/", tokens)), None)
            print(
                f"{name:14} {plain.said()} {moved.said():>26} {sql.said().rstrip()} {bare:8.1f}"
                f" {greeting.said().split()[1]:>9} {size / 1000:5.0f}",
                flush=True,
            )
            tell_page(name, made, args, plain, moved, greeting)
        most = memory_of(pid)
        print(f"memory of a serving process: {most:.0f} MB at most; load {os.getloadavg()[0]:.1f}")
        what = f"the process that serves pages, {made:,} assignments, {args.database}"
        tell(Figure(goal="P9", what=what, figure=f"{most:.0f} MB", floor="≤ 250 MB", met=most <= 250))


def tell_page(
    name: str, made: int, args: argparse.Namespace, plain: Measured, moved: Measured, greeting: Measured
) -> None:
    """Tell of the goal: what a reader of a page waits, and of one while something is recorded."""
    waited, while_moving, hello = (one.cuts()[18] for one in (plain, moved, greeting))
    what = f"{name}, {args.readers} readers, {made:,} assignments, {args.database}"
    figure = f"p95 {waited:.0f} ms, while something is recorded {while_moving:.0f} ms"
    floor = f"hello {hello:.0f} ms, goal ≤ 150 ms"
    tell(Figure(goal="P5", what=what, figure=figure, floor=floor, met=max(waited, while_moving) <= 150))


def _once(ask: Callable[[], Callable[[], None]]) -> float:
    """Return how many milliseconds it takes a single reader, at the second time."""
    one = ask()
    one()
    start = time.perf_counter()
    one()
    return (time.perf_counter() - start) * 1000


def _sessions(url: str, settings: Settings, count: int) -> list[str]:
    """Return the sessions of as many people of the secretariat."""
    store, tokens, now = open_store(url), [], clock.now()
    for name in [f"reader-{number}" for number in range(count)]:
        with suppress(Conflict):
            make_account(store, name, "secretariat", language="vi", at=now, actor="cli")
        with store.write() as connection:
            account = known(connection, name)[0]
            tokens.append(begin(connection, settings, account, way="password", agent="bench", before="", at=now).token)
    store.close()
    return tokens


def _weight(port: int, path: str, token: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", path, headers={"Cookie": f"{COOKIE}={token}"})
    return len(connection.getresponse().read())


def _with_cpu(pid: int, run: Callable[[], tuple[float, ...]]) -> Measured:
    before = cpu_of(pid)
    waits = run()
    return Measured(waits, (cpu_of(pid) - before) / len(waits) * 1000)


def main() -> int:
    """Read the arguments, make the store, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int)
    parser.add_argument("--database", choices=("postgresql", "sqlite"), default="postgresql")
    parser.add_argument("--readers", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--workers", type=int, default=1, help="processes that serve, as of `tracker web --workers`")
    parser.add_argument("--pause", type=float, default=0, help="how long a reader looks at a page, on average")
    args = parser.parse_args()
    size = args.size or (1_000_000 if args.database == "postgresql" else 100_000)
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tracker-bench-")))
        place: Place = Files(folder) if args.database == "sqlite" else Databases(stack.enter_context(running_cluster()))
        url, made = prepare(place, size)
        measure(url, made, args, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
