"""What delivery costs: our engine beside bare smtplib on one kept connection, and Apprise's own mail plugin.

    python -m bench.deliver [--runs 15] [--mails 200] [--database sqlite|postgresql] [--profile]

Every contender hands the same notices to the same local server, a bare one in a process of its own, which
takes all mail and keeps none. "smtplib, kept" is a loop over one connection that lays out each notice with our
templates, builds it as the standard library does (`EmailMessage`) and sends it; "with our builder" is the same loop
with our message builder. Neither writes anything down. Ours is `deliver`, on a SQLite file (synchronous FULL) and on
PostgreSQL: attempts are committed, and on the disk in the journal of sends, before the first mail of a group of sixteen
at most leaves; each answer is told to the journal at once, and committed with the group. Each contender is a process
of its own, so that its memory is its own, and warms up before its clock starts; they take turns of a second or less.
Processor time is told beside the clock's: on a busy machine it is the steadier of the two.
"""

import argparse
import json
import os
import pickle
import platform
import resource
import shutil
import signal
import smtplib
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from bench.figures import Figure, tell
from bench.sweep import REGISTRY, show
from tests.builders import a_directive, a_task
from tests.integration.postgres import PostgresUnavailable, running_cluster
from tracker.clock import uptime
from tracker.domain.directive import ForEach
from tracker.files.registry import read_registry
from tracker.notify.digest import Digest
from tracker.notify.message import build, message_id, reply_to, thread_id
from tracker.notify.notice import Notice
from tracker.notify.outcome import Outcome
from tracker.notify.render import render
from tracker.notify.send import Prepared, Sender
from tracker.notify.way import To, public_address
from tracker.notify.wire import octets
from tracker.operations import adopt_directive, adopt_registry, deliver, init, open_store, set_channel, sweep
from tracker.operations.journal import Journal
from tracker.settings import Settings
from tracker.store.adopted import Channel
from tracker.store.store import Store

AT = datetime(2025, 8, 11, 1, tzinfo=UTC)
WARM = 20  # mails before the clock starts: templates are read, statements compiled
FEW = 10  # a slow contender sends a tenth as many
SENDER = "tracker@directives.example"


# ── The server ───────────────────────────────────────────────────────────────────────────────────────────────


def sink() -> None:
    """Take every mail on a free port, printed first, until ended."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_take, args=(connection,), daemon=True).start()


def _take(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    say = connection.sendall
    say(b"220 sink\r\n")
    with suppress(OSError):
        while heard := connection.recv(65536):
            asked = heard.upper().splitlines()
            say(b"".join(_ANSWERS.get(line[:4], b"250 ok\r\n") for line in asked))
            if asked[-1] == b"QUIT":
                break
            if asked[-1] == b"DATA":
                mail = connection.recv(65536)
                while mail[-5:] != b"\r\n.\r\n":
                    mail = mail[-5:] + connection.recv(65536)
                say(b"250 taken\r\n")
    connection.close()


_ANSWERS = {
    b"EHLO": b"250-sink\r\n250-SIZE 10000000\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
    b"DATA": b"354 go\r\n",
    b"QUIT": b"221 bye\r\n",
}


@contextmanager
def running_sink() -> Iterator[int]:
    """Yield the port of a sink in a process of its own."""
    command = [sys.executable, "-m", "bench.deliver", "--one", "sink", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGKILL)


# ── The contenders ───────────────────────────────────────────────────────────────────────────────────────────
#
# Each is opened once and then sends so many mails at a time, as often as it is told to. What it answers are the
# milliseconds from each acceptance to the note of it in the journal, and to its commit, where there are such.

Told = dict[str, Any]
Run = Callable[[int], Sequence[tuple[float, float]]]


def looped(told: Told, send: Callable[[Notice, str], object]) -> Run:
    """Return a plain loop over the notices that ours sends too."""
    letters = iter(pickle.loads(Path(told["notices"]).read_bytes()))

    def run(mails: int) -> Sequence[tuple[float, float]]:
        for address, notice in islice(letters, mails):
            send(notice, address)
        return ()

    return run


@contextmanager
def bare(told: Told) -> Iterator[Run]:
    """The server's own limit: octets prepared beforehand, the same four questions, nothing else."""
    letters: list[tuple[str, Notice]] = pickle.loads(Path(told["notices"]).read_bytes())
    ready = iter([octets(build(notice, to), international=False) + b".\r\n" for to, notice in letters])
    with socket.create_connection(("127.0.0.1", told["port"])) as connection:
        connection.recv(1000)

        def run(mails: int) -> Sequence[tuple[float, float]]:
            for mail in islice(ready, mails):
                for words in (f"MAIL FROM:<{SENDER}>\r\n".encode(), b"RCPT TO:<a@b.example>\r\n", b"DATA\r\n", mail):
                    connection.sendall(words)
                    connection.recv(1000)
            return ()

        yield run


def standard(notice: Notice, recipient: str) -> EmailMessage:
    """Return a notice as whoever uses the standard library would build it, with the same headers and parts as ours."""
    laid_out = render(notice)
    message = EmailMessage()
    message["From"] = f"{notice.office} <{notice.sender}>"
    message["To"] = recipient
    message["Reply-To"] = reply_to(notice)
    message["Subject"] = laid_out.subject
    message["Date"] = format_datetime(notice.as_of)
    message["Message-ID"] = message_id(notice)
    message["In-Reply-To"] = message["References"] = thread_id(notice)
    message["List-Id"] = f"<{notice.directive_key.replace('/', '.')}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message["Content-Language"] = notice.language
    message["X-Directive-Number"], message["X-Directive-Task"] = notice.directive_number, notice.task
    message["X-Directive-Stage"], message["X-Reminder-Reference"] = notice.stage, notice.reference
    message["X-Reminder-Key"] = notice.key
    message["X-Ledger-Seq"], message["X-Ledger-Head"] = str(notice.seq), notice.head
    message.set_content(laid_out.text, cte="base64")
    message.add_alternative(laid_out.html, subtype="html", cte="base64")
    return message


@contextmanager
def kept(told: Told) -> Iterator[Run]:
    with smtplib.SMTP("127.0.0.1", told["port"]) as client:
        yield looped(told, lambda notice, to: client.send_message(standard(notice, to)))


@contextmanager
def kept_ours(told: Told) -> Iterator[Run]:
    with smtplib.SMTP("127.0.0.1", told["port"]) as client:
        yield looped(
            told, lambda notice, to: client.sendmail(SENDER, [to], octets(build(notice, to), international=False))
        )


@contextmanager
def dialled(told: Told) -> Iterator[Run]:
    def send(notice: Notice, to: str) -> None:
        with smtplib.SMTP("127.0.0.1", told["port"]) as client:
            client.send_message(standard(notice, to))

    yield looped(told, send)


@contextmanager
def apprise(told: Told) -> Iterator[Run]:
    from apprise import Apprise, NotifyFormat

    def send(notice: Notice, to: str) -> None:
        laid_out = render(notice)
        service = Apprise()
        where = f"mailto://127.0.0.1:{told['port']}/?from={SENDER}&to={to}&mode=insecure&format=html"
        assert service.add(where)
        assert service.notify(title=laid_out.subject, body=laid_out.html, body_format=NotifyFormat.HTML)

    yield looped(told, send)


class Timekeeper(Store):
    """A store and a sender in one, which notes how long after each acceptance the journal and the store knew it."""

    def __init__(self, store: Store, sender: Sender) -> None:
        super().__init__(store.engine)
        self.sender, self.waits = sender, list[tuple[float, float]]()
        self.taken, self.noted = list[float](), list[float]()
        plain: Any = Journal.ended

        def ended(*given: Any, **named: Any) -> Any:
            told = plain(*given, **named)
            if named["outcome"] == "accepted":  # and not put back, as where this machine is slow
                self.noted.append(time.perf_counter())
            return told

        Journal.ended = ended  # type: ignore[method-assign]

    @contextmanager
    def write(self) -> Iterator[Any]:
        with super().write() as connection:
            yield connection
        kept = time.perf_counter()
        known = zip(self.taken, self.noted, strict=True)
        self.waits += [((noted - taken) * 1e3, (kept - taken) * 1e3) for taken, noted in known]
        self.taken, self.noted = [], []

    def prepare(self, channel: To, notice: Notice | Digest) -> Prepared | None:
        return self.sender.prepare(channel, notice)

    def send(self, channel: To, what: Notice | Digest | Prepared) -> Outcome:
        outcome = self.sender.send(channel, what)
        self.taken.append(time.perf_counter())
        return outcome


def unheld(**settings: str) -> Settings:
    """Return settings under which so many mails at once neither wait for an operator nor for ten minutes to pass."""
    return Settings(rate="1000000", hold_above="1000000", **settings)


@contextmanager
def ours(told: Told, database: str) -> Iterator[Run]:
    journal = str(Path(told["notices"]).with_name(f"{database}.sends"))
    store, settings = open_store(told[database]), unheld(database_url=told[database], journal=journal)
    with Sender(f"smtp://127.0.0.1:{told['port']}", rehearsal=False) as sender:
        keeper = Timekeeper(store, sender)

        def run(mails: int) -> Sequence[tuple[float, float]]:
            keeper.waits.clear()
            done = deliver(keeper, keeper, settings=settings, clock=lambda: AT, limit=mails, uptime=uptime)
            assert done.accepted == mails, done
            return keeper.waits

        yield run
    store.close()


CONTENDERS: dict[str, tuple[str, Callable[[Told], AbstractContextManager[Run]]]] = {
    "bare": ("the server's limit: prepared octets", bare),
    "kept": ("smtplib, kept, EmailMessage", kept),
    "kept-ours": ("smtplib, kept, with our builder", kept_ours),
    "sqlite": ("ours, SQLite", partial(ours, database="sqlite")),
    "postgresql": ("ours, PostgreSQL", partial(ours, database="postgresql")),
    "dialled": ("smtplib, a connection a mail", dialled),
    "apprise": ("Apprise mailto://, as shipped", apprise),
}


# ── The stores ───────────────────────────────────────────────────────────────────────────────────────────────


class Keeper:
    """A sender that takes everything and keeps it."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, Notice]] = []

    def send(self, channel: To, notice: Notice | Digest) -> Outcome:
        assert isinstance(notice, Notice), "every office is owed one reminder: nothing leaves in a bundle"
        self.letters.append((public_address(channel), notice))
        return Outcome("accepted", 250, "")


def prepare(url: str) -> int:
    """Make a live store in which every commune owes one task and waits to hear of it; return how many there are."""
    registry, _ = read_registry(REGISTRY)
    assert registry is not None
    store = init(url, rehearsal=False, at=AT, actor="bench")
    adopt_registry(store, registry, at=AT, actor="bench")
    communes = registry.members("communes", on=AT.date())
    ways = [Channel(agency=c, name="mail", address=f"office-{c}@agencies.example", language="vi") for c in communes]
    set_channel(store, ways, at=AT, actor="bench")
    plain = a_directive()
    task = a_task("survey", directive=plain.key, for_each=ForEach(agencies="communes"))
    adopt_directive(store, replace(plain, tasks=(task,)), at=AT, actor="bench")
    made = sweep(store, at=AT).reminders
    store.close()
    return made


def keep_notices(folder: Path, mails: int) -> Path:
    """Return the file of the notices that our engine would send, for those that have no engine."""
    copy, keeper = folder / "copy.db", Keeper()
    shutil.copyfile(folder / "tracker.db", copy)
    store = open_store(f"sqlite:///{copy}")
    deliver(store, keeper, settings=unheld(), clock=lambda: AT, limit=mails)
    store.close()
    (folder / "notices").write_bytes(pickle.dumps(keeper.letters))
    return folder / "notices"


# ── Measuring ────────────────────────────────────────────────────────────────────────────────────────────────


def peak() -> float:
    """Return the most memory this process ever had, in MB; getrusage alone would count its parent's as well."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024


def serve(name: str, told: Told) -> None:
    """Be a contender: warm up, then for each number read send so many mails and print what that took."""
    with CONTENDERS[name][1](told) as run:
        run(WARM)
        print(json.dumps({}), flush=True)
        if told["profile"]:
            show(lambda: run(told["mails"]))
            return
        for line in sys.stdin:
            mails = int(line)
            start, busy = time.perf_counter(), time.process_time()
            waits = list(run(mails))
            busy, seconds = time.process_time() - busy, time.perf_counter() - start
            print(json.dumps([mails, seconds, busy, peak(), waits]), flush=True)


class Child:
    """A contender in a process of its own, and what it has told so far."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.slices: list[tuple[int, float, float, float, list[tuple[float, float]]]] = []
        command = [sys.executable, "-m", "bench.deliver", "--one", name, str(folder / "told.json")]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._hear()

    def send(self, mails: int) -> None:
        assert self.process.stdin is not None
        print(mails, file=self.process.stdin, flush=True)
        self.slices.append(self._hear())

    def rest(self) -> str:
        """Return whatever it still prints, once it has ended."""
        return self.process.communicate()[0]

    def _hear(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"'{self.name}' ended early"
        return json.loads(line)

    @property
    def rate(self) -> float:
        """Mails a second over all slices."""
        return sum(one[0] for one in self.slices) / sum(one[1] for one in self.slices)

    @property
    def cost(self) -> float:
        """Processor milliseconds a mail."""
        return sum(one[2] for one in self.slices) * 1e3 / sum(one[0] for one in self.slices)

    def quartiles(self) -> tuple[float, float]:
        found = statistics.quantiles([one[0] / one[1] for one in self.slices], n=4)
        return found[0], found[2]


def measure(folder: Path, names: Sequence[str], *, runs: int, mails: int) -> None:
    """Let the contenders take turns, and print the table."""
    children = {name: Child(name, folder) for name in names}
    for _ in range(runs):
        for name, child in children.items():
            child.send(max(1, mails // FEW) if name == "apprise" else mails)
    for child in children.values():
        child.rest()
    print("| contender | mails/s (quartiles) | × smtplib | × Apprise | CPU ms | × | × | MB | noted, ms | kept, ms |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    slow, bare = children["apprise"], children["kept"]
    for child in children.values():
        least, most = child.quartiles()
        rates = f"{child.rate:,.0f} ({least:,.0f}–{most:,.0f})"
        ratios = f"{child.rate / bare.rate:.2f} | {child.rate / slow.rate:.1f}"
        costs = f"{child.cost:.2f} | {bare.cost / child.cost:.2f} | {slow.cost / child.cost:.1f}"
        waits = [wait for one in child.slices for wait in one[4]]
        window = " | ".join(_halves([wait[n] for wait in waits]) for n in (0, 1))
        print(f"| {CONTENDERS[child.name][0]} | {rates} | {ratios} | {costs} | {child.slices[-1][3]:.0f} | {window} |")
        if child.name in ("sqlite", "postgresql"):
            tell_rate(child, bare, slow)
    print("\n×: beside smtplib, kept, and beside Apprise, by the clock and by processor time. Noted, kept: from the")
    print("server's acceptance to our note of it, and to our commit, half and 99 of 100: only a worker that is killed")
    print("before the note, or a machine that loses its power before the commit, makes a copy.")


def tell_rate(ours: Child, bare: Child, slow: Child) -> None:
    """Tell of the goal, by processor time, which others on the machine disturb least."""
    kept, apprise = bare.cost / ours.cost, slow.cost / ours.cost
    figure = f"{ours.rate:,.0f} a second, {ours.cost:.2f} CPU ms: {kept:.2f} × smtplib"
    floor, peer = f"{bare.cost:.2f} CPU ms, goal ≥ 0.8 ×", f"Apprise {slow.cost:.1f} CPU ms: {apprise:.1f} ×, goal ≥ 12"
    met = kept >= 0.8 and apprise >= 12
    tell(Figure(goal="P3", what=CONTENDERS[ours.name][0], figure=figure, floor=floor, peer=peer, met=met))


def _halves(waits: Sequence[float]) -> str:
    cuts = statistics.quantiles(waits, n=100) if waits else []
    return f"{cuts[49]:.2f}, {cuts[98]:.2f}" if cuts else ""


@contextmanager
def databases(asked: str | None, folder: Path) -> Iterator[dict[str, str]]:
    """Yield the URLs of the databases asked for; PostgreSQL is left out, with a word, where it cannot be started."""
    with ExitStack() as stack:
        urls = {"sqlite": f"sqlite:///{folder / 'tracker.db'}"}
        if asked != "sqlite":
            try:
                cluster = stack.enter_context(running_cluster())
                urls["postgresql"] = stack.enter_context(cluster.database())
            except PostgresUnavailable as error:
                print(f"without PostgreSQL: {error}")
        yield urls


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m bench.deliver", description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=15, help="turns of each contender (15)")
    parser.add_argument("--mails", type=int, default=200, help="mails in a turn (200)")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], help="one database only; both by default")
    parser.add_argument("--profile", action="store_true", help="show where the time goes instead")
    parser.add_argument("--one", nargs=2, metavar=("CONTENDER", "FILE"), help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.one:
        name, file = asked.one
        sink() if name == "sink" else serve(name, json.loads(Path(file).read_text()))
        return 0
    needed = WARM + asked.runs * asked.mails
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {asked.runs} turns of {asked.mails} mails\n")
    with tempfile.TemporaryDirectory(prefix="tracker-bench-") as place, running_sink() as port:
        folder = Path(place)
        with databases(asked.database, folder) as urls:
            if (waiting := min(prepare(url) for url in urls.values())) < needed:
                parser.error(f"only {waiting:,} reminders wait: fewer turns, or fewer mails")
            told = {**urls, "port": port, "mails": asked.mails, "profile": asked.profile}
            told["notices"] = str(keep_notices(folder, needed))
            (folder / "told.json").write_text(json.dumps(told))
            own = [name for name in urls if asked.database in (None, name)]
            if asked.profile:
                for name in own:
                    print(Child(name, folder).rest())
            else:
                skipped = {"sqlite", "postgresql"} - set(own)
                measure(
                    folder, [name for name in CONTENDERS if name not in skipped], runs=asked.runs, mails=asked.mails
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
