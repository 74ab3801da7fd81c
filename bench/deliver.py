"""What delivery costs: our engine beside bare smtplib on one kept connection, and Apprise's own mail plugin.

    python -m bench.deliver [--runs 5] [--mails 500] [--database sqlite|postgresql] [--profile]

Every contender hands the same notices to the same local server, a bare one in a process of its own, which
takes all mail and keeps none. "smtplib, kept" is a loop over one connection that lays out each notice with our
templates, builds it as the standard library does (`EmailMessage`) and sends it; "with our builder" is the same loop
with our message builder. Neither writes anything down. Ours is `deliver`: claim and outcome committed message by
message, on a SQLite file (synchronous FULL) and on PostgreSQL. Each run of each contender is a process
of its own, so that its memory is its own; they take turns, and each warms up before its clock starts.
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
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from bench.sweep import REGISTRY, Null, show
from tests.builders import a_directive, a_task
from tests.integration.postgres import PostgresUnavailable, running_cluster
from tracker.domain.directive import ForEach
from tracker.files.registry import read_registry
from tracker.notify.message import build, message_id, reply_to, thread_id
from tracker.notify.notice import Notice
from tracker.notify.outcome import Outcome
from tracker.notify.render import render
from tracker.notify.send import Sender
from tracker.notify.wire import octets
from tracker.operations import adopt_directive, adopt_registry, deliver, init, open_store, set_channel, sweep
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
            verb = heard[:4].upper()
            if verb == b"DATA":
                say(b"354 go\r\n")
                mail = connection.recv(65536)
                while mail[-5:] != b"\r\n.\r\n":
                    mail = mail[-5:] + connection.recv(65536)
                say(b"250 taken\r\n")
            elif verb == b"EHLO":
                say(b"250-sink\r\n250-SIZE 10000000\r\n250 8BITMIME\r\n")
            elif verb == b"QUIT":
                say(b"221 bye\r\n")
                break
            else:
                say(b"250 ok\r\n")
    connection.close()


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


def timed(warm: Callable[[], object], work: Callable[[], int]) -> dict[str, Any]:
    """Return mails a second after a warm-up, processor milliseconds a mail, and the peak memory in MB."""
    warm()
    start, busy = time.perf_counter(), time.process_time()
    sent = work()
    busy, took = time.process_time() - busy, time.perf_counter() - start
    return {"rate": sent / took, "busy": busy * 1e3 / sent, "peak": peak()}


def peak() -> float:
    """Return the most memory this process ever had, in MB; getrusage alone would count its parent's as well."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024


def loop(told: dict[str, Any], send: Callable[[Notice, str], object], *, mails: int) -> dict[str, Any]:
    """Measure a plain loop over the notices that ours sends too."""
    letters: list[tuple[str, Notice]] = pickle.loads(Path(told["notices"]).read_bytes())

    def run(some: Sequence[tuple[str, Notice]]) -> int:
        for address, notice in some:
            send(notice, address)
        return len(some)

    return timed(lambda: run(letters[:WARM]), lambda: run(letters[WARM : WARM + mails]))


def bare(told: dict[str, Any]) -> dict[str, Any]:
    """The server's own limit: octets prepared beforehand, the same four questions, nothing else."""
    letters: list[tuple[str, Notice]] = pickle.loads(Path(told["notices"]).read_bytes())
    notices = letters[: told["mails"]]
    ready = [octets(build(notice, address), international=False) + b".\r\n" for address, notice in notices]
    with socket.create_connection(("127.0.0.1", told["port"])) as connection:
        connection.recv(1000)

        def run() -> int:
            for mail in ready:
                for words in (f"MAIL FROM:<{SENDER}>\r\n".encode(), b"RCPT TO:<a@b.example>\r\n", b"DATA\r\n", mail):
                    connection.sendall(words)
                    connection.recv(1000)
            return len(ready)

        return timed(lambda: None, run)


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


def kept(told: dict[str, Any]) -> dict[str, Any]:
    with smtplib.SMTP("127.0.0.1", told["port"]) as client:
        return loop(told, lambda notice, to: client.send_message(standard(notice, to)), mails=told["mails"])


def kept_ours(told: dict[str, Any]) -> dict[str, Any]:
    with smtplib.SMTP("127.0.0.1", told["port"]) as client:

        def send(notice: Notice, to: str) -> None:
            client.sendmail(SENDER, [to], octets(build(notice, to), international=False))

        return loop(told, send, mails=told["mails"])


def dialled(told: dict[str, Any]) -> dict[str, Any]:
    def send(notice: Notice, to: str) -> None:
        with smtplib.SMTP("127.0.0.1", told["port"]) as client:
            client.send_message(standard(notice, to))

    return loop(told, send, mails=told["mails"])


def apprise(told: dict[str, Any]) -> dict[str, Any]:
    from apprise import Apprise, NotifyFormat

    def send(notice: Notice, to: str) -> None:
        laid_out = render(notice)
        service = Apprise()
        where = f"mailto://127.0.0.1:{told['port']}/?from={SENDER}&to={to}&mode=insecure&format=html"
        assert service.add(where)
        assert service.notify(title=laid_out.subject, body=laid_out.html, body_format=NotifyFormat.HTML)

    return loop(told, send, mails=max(1, told["mails"] // FEW))


class Timekeeper:
    """A store and a sender in one, which notes how long after each acceptance its outcome was kept."""

    def __init__(self, store: Store, sender: Sender) -> None:
        self.store, self.sender, self.waits, self.taken = store, sender, list[float](), 0.0

    @contextmanager
    def write(self) -> Iterator[Any]:
        with self.store.write() as connection:
            yield connection
        if self.taken:
            self.waits.append((time.perf_counter() - self.taken) * 1e3)
            self.taken = 0.0

    def send(self, channel: str, notice: Notice) -> Outcome:
        outcome = self.sender.send(channel, notice)
        self.taken = time.perf_counter()
        return outcome


def ours(told: dict[str, Any], database: str) -> dict[str, Any]:
    store, settings = open_store(told[database]), Settings()
    with Sender(f"smtp://127.0.0.1:{told['port']}", rehearsal=False) as sender:
        keeper = Timekeeper(store, sender)

        def run(mails: int) -> int:
            done = deliver(keeper, keeper, settings=settings, clock=lambda: AT, limit=mails)  # type: ignore[arg-type]
            assert done.accepted == mails, done
            return mails

        if told.get("profile"):
            run(WARM)
            show(lambda: run(told["mails"]))
            return {}
        found = timed(lambda: run(WARM), lambda: run(told["mails"]))
    store.close()
    waits = statistics.quantiles(keeper.waits[WARM:], n=100)
    return {**found, "p50": waits[49], "p99": waits[98]}


CONTENDERS: dict[str, tuple[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "bare": ("the server's limit: prepared octets", bare),
    "kept": ("smtplib, kept, EmailMessage", kept),
    "kept-ours": ("smtplib, kept, with our builder", kept_ours),
    "sqlite": ("ours, SQLite", lambda told: ours(told, "sqlite")),
    "postgresql": ("ours, PostgreSQL", lambda told: ours(told, "postgresql")),
    "dialled": ("smtplib, a connection a mail", dialled),
    "apprise": ("Apprise mailto://, as shipped", apprise),
}


# ── The stores ───────────────────────────────────────────────────────────────────────────────────────────────


class Keeper(Null):
    """A sender that takes everything and keeps it."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, Notice]] = []

    def send(self, channel: str, notice: Notice) -> Outcome:
        self.letters.append((channel, notice))
        return super().send(channel, notice)


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
    deliver(store, keeper, settings=Settings(), clock=lambda: AT, limit=WARM + mails)
    store.close()
    (folder / "notices").write_bytes(pickle.dumps(keeper.letters))
    return folder / "notices"


# ── Measuring ────────────────────────────────────────────────────────────────────────────────────────────────


def in_a_process(contender: str, folder: Path) -> dict[str, Any]:
    """Return what a contender printed last."""
    command = [sys.executable, "-m", "bench.deliver", "--one", contender, str(folder / "told.json")]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    said, _, last = printed.strip().rpartition("\n")
    print(said, end="\n" if said else "", flush=True)
    found: dict[str, Any] = json.loads(last)
    return found


def measure(folder: Path, names: Sequence[str], runs: int) -> None:
    """Print the table."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for _ in range(runs):
        for name, results in found.items():
            results.append(in_a_process(name, folder))

    def middle(name: str, what: str) -> float:
        return statistics.median(one[what] for one in found[name])

    print("| contender | mails/s (least–most) | × smtplib, kept | × Apprise | CPU ms | peak MB | accepted → kept, ms |")
    print("|---|---|---|---|---|---|---|")
    for name in names:
        rates = [one["rate"] for one in found[name]]
        rate = statistics.median(rates)
        ratios = f"{rate / middle('kept', 'rate'):.2f} | {rate / middle('apprise', 'rate'):.1f}"
        waits = f"{middle(name, 'p50'):.1f}, {middle(name, 'p99'):.1f}" if "p50" in found[name][0] else ""
        told = f"{rate:,.0f} ({min(rates):,.0f}–{max(rates):,.0f})"
        cost = f"{middle(name, 'busy'):.2f} | {middle(name, 'peak'):.0f}"
        print(f"| {CONTENDERS[name][0]} | {told} | {ratios} | {cost} | {waits} |")


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
    parser.add_argument("--runs", type=int, default=5, help="interleaved runs of each contender (5)")
    parser.add_argument("--mails", type=int, default=500, help="mails in a run (500)")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], help="one database only; both by default")
    parser.add_argument("--profile", action="store_true", help="show where the time goes instead")
    parser.add_argument("--one", nargs=2, metavar=("CONTENDER", "FILE"), help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.one:
        name, file = asked.one
        if name == "sink":
            sink()
        print(json.dumps(CONTENDERS[name][1](json.loads(Path(file).read_text()))))
        return 0
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {asked.runs} runs of {asked.mails} mails\n")
    with tempfile.TemporaryDirectory(prefix="tracker-bench-") as place, running_sink() as port:
        folder = Path(place)
        with databases(asked.database, folder) as urls:
            waiting = min(prepare(url) for url in urls.values())
            if waiting < asked.runs * (asked.mails + WARM):
                parser.error(f"only {waiting:,} reminders wait: fewer runs, or fewer mails")
            notices = keep_notices(folder, asked.mails)
            told = {**urls, "port": port, "mails": asked.mails, "notices": str(notices), "profile": asked.profile}
            (folder / "told.json").write_text(json.dumps(told))
            own = [name for name in urls if asked.database in (None, name)]
            if asked.profile:
                for name in own:
                    in_a_process(name, folder)
            else:
                skipped = {"sqlite", "postgresql"} - set(own)
                measure(folder, [name for name in CONTENDERS if name not in skipped], asked.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
