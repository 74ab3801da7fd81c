"""What a webhook costs: our own ways to call one, beside a kept http.client, requests, and Apprise's json://.

    python -m bench.webhooks [--runs 10] [--calls 40]

Everybody posts to the same receiver on loopback, a process of its own that answers 200 and keeps nothing, and they take
turns. "a channel" is what delivery does with a notice to a channel of the kind webhook: it is laid out in Vietnamese,
signed by Standard Webhooks, its host looked up and judged, and posted on a connection of its own. "a hook" is what
tells other systems of entries: each is read, signed and posted, and what became of it is committed in the store before
the next. Apprise is as shipped, an object a call, which lays nothing out: it is given the same title and text.
"""

import argparse
import http.client
import json
import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

from bench.figures import Figure, tell
from bench.sweep import REGISTRY
from tests.builders import a_directive, a_task
from tests.unit.notify.a_notice import a_notice
from tracker.domain.directive import ForEach
from tracker.files.registry import read_registry
from tracker.notify.message import message_id
from tracker.notify.notice import Notice
from tracker.notify.render import render
from tracker.notify.send import Sender
from tracker.notify.way import WEBHOOK, Way
from tracker.operations import adopt_directive, adopt_registry, init
from tracker.operations import telling as hooks
from tracker.operations.hooks import add_hook
from tracker.settings import Settings

AT = datetime(2025, 8, 11, 1, tzinfo=UTC)
SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU="
FEW = 4  # a slow contender calls a quarter as often


def sink() -> None:
    """Answer every post on a free port, printed first, until ended."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_take, args=(connection,), daemon=True).start()


def _take(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    heard = b""
    with suppress(OSError), connection:
        while piece := connection.recv(65536):
            heard += piece
            head, found, body = heard.partition(b"\r\n\r\n")
            if not found:
                continue
            length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
            if len(body) >= length:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                heard = body[length:]


@contextmanager
def running_sink() -> Iterator[int]:
    """Yield the port of a receiver in a process of its own."""
    with subprocess.Popen([sys.executable, "-m", "bench.webhooks", "--sink"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGKILL)


@dataclass
class Contender:
    """Somebody who calls: how, how often in a turn, and what each turn took by the clock and the processor."""

    name: str
    call: Callable[[], object]
    calls: int
    turns: list[tuple[float, float]] = field(default_factory=list)

    def turn(self, times: int) -> None:
        start, busy = time.perf_counter(), time.process_time()
        for _ in range(times):
            self.call()
        self.turns.append(((time.perf_counter() - start) / self.calls, (time.process_time() - busy) / self.calls))

    @property
    def rate(self) -> float:
        """Calls a second, half of the turns."""
        return 1 / statistics.median(turn[0] for turn in self.turns)

    @property
    def cost(self) -> float:
        """Processor milliseconds a call, half of the turns."""
        return statistics.median(turn[1] for turn in self.turns) * 1e3


def notices() -> Iterator[Notice]:
    """Yield notices, each another."""
    for number in cycle(range(1_000_000)):
        yield replace(a_notice(language="vi"), key=f"r1|{number}", reference=f"ntf-{number}")


def kept(port: int) -> Callable[[], object]:
    """The floor: one kept connection, the same octets each time."""
    client = http.client.HTTPConnection("127.0.0.1", port)
    body = json.dumps({"title": "a title", "text": render(a_notice(language="vi")).text}).encode()

    def call() -> None:
        client.request("POST", "/hook", body, {"Content-Type": "application/json"})
        client.getresponse().read()

    return call


def session(port: int) -> Callable[[], object]:
    from requests import Session

    kept_session, some = Session(), notices()

    def call() -> None:
        laid_out = render(next(some))
        kept_session.post(f"http://127.0.0.1:{port}/hook", json={"title": laid_out.subject, "text": laid_out.text})

    return call


def channel(port: int, sender: Sender) -> Callable[[], object]:
    way = Way(WEBHOOK, "webhook:127.0.0.1", {"url": f"http://127.0.0.1:{port}/hook", "secret": SECRET})
    some = notices()

    def call() -> None:
        outcome = sender.send(way, next(some))
        assert outcome.kind == "accepted", outcome

    return call


def hook(port: int, folder: Path) -> Callable[[], object]:
    """Tell one hook of as many entries as `tell` does at once."""
    url = f"sqlite:///{folder / 'tracker.db'}"
    settings = Settings(database_url=url)
    registry, _ = read_registry(REGISTRY)
    assert registry is not None
    store = init(url, rehearsal=True, at=AT, actor="bench")
    adopt_registry(store, registry, at=AT, actor="bench")
    add_hook(store, f"http://127.0.0.1:{port}/hook", ["assigned"], settings=settings, at=AT, actor="bench")
    plain = a_directive()
    task = a_task("survey", directive=plain.key, for_each=ForEach(agencies="communes"))
    adopt_directive(store, replace(plain, tasks=(task,)), at=AT, actor="bench")

    def call() -> None:
        done = hooks.tell(store, settings=settings, clock=lambda: AT)
        assert done.accepted == hooks.BATCH, done

    return call


def apprise(port: int) -> Callable[[], object]:
    from apprise import Apprise, NotifyFormat

    some = notices()

    def call() -> None:
        notice = next(some)
        laid_out, service = render(notice), Apprise()
        assert service.add(f"json://127.0.0.1:{port}/hook?+Idempotency-Key={message_id(notice).strip('<>')}")
        assert service.notify(title=laid_out.subject, body=laid_out.text, body_format=NotifyFormat.TEXT)

    return call


def measure(contenders: Sequence[Contender], *, runs: int) -> None:
    """Let the contenders take turns, and print the table."""
    for one in contenders:
        one.call()  # templates are read, statements compiled
    for _ in range(runs):
        for one in contenders:
            one.turn(1 if one.name == HOOK else one.calls)
    slow = contenders[-1]
    print("| contender | posts/s | × Apprise | CPU ms | × |")
    print("|---|---|---|---|---|")
    for one in contenders:
        print(f"| {one.name} | {one.rate:,.0f} | {one.rate / slow.rate:.1f} | ", end="")
        print(f"{one.cost:.2f} | {slow.cost / one.cost:.1f} |")
    print("\n×: beside Apprise, by the clock and by processor time.")
    for one in contenders[2:4]:
        ratio = one.rate / slow.rate
        tell(Figure(goal="P3", what=one.name, figure=f"{one.rate:,.0f}/s", floor=f"{ratio:.1f}×", met=ratio >= 2.5))


HOOK = "ours, a hook told of entries, each outcome committed"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m bench.webhooks", description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=10, help="turns of each contender (10, at most 15)")
    parser.add_argument("--calls", type=int, default=40, help="calls in a turn (40)")
    parser.add_argument("--sink", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.sink:
        sink()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {asked.runs} turns of {asked.calls} posts\n")
    with (
        tempfile.TemporaryDirectory(prefix="tracker-bench-") as place,
        running_sink() as port,
        Sender("smtp://127.0.0.1:25", rehearsal=True) as sender,
    ):
        contenders = [
            Contender("http.client, kept, the same octets", kept(port), asked.calls),
            Contender("requests.Session, laid out", session(port), asked.calls),
            Contender("ours, a channel: laid out, signed, host judged", channel(port, sender), asked.calls),
            Contender(HOOK, hook(port, Path(place)), hooks.BATCH),
            Contender("Apprise json://, as shipped", apprise(port), max(1, asked.calls // FEW)),
        ]
        measure(contenders, runs=asked.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
