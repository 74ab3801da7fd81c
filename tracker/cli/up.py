"""`tracker up`: a Prefect server, the served flows and the pages, started, watched and stopped together."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import IO, Annotated, Any

import typer

from tracker.cli.exits import FAILED, OK, TRY_LATER, say
from tracker.cli.opened import opened, settings_of

STARTUP_SECONDS = 180.0  # a first start migrates an empty database
STOP_SECONDS = 20.0
LOOK_SECONDS = 0.5
FIRST_ACCOUNT = "nobody may log in at the pages yet; make the first account: tracker account add NAME --role admin"


def up(
    ctx: typer.Context,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port of the Prefect server.")] = 4200,
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="Where Prefect keeps its own files.")] = Path(
        ".tracker"
    ),
    web_port: Annotated[
        int, typer.Option("--web-port", min=0, max=65535, help="Port of the pages behind the links of mails; 0: none.")
    ] = 8000,
) -> None:
    """Start the Prefect server, the flows and the pages, and keep them running; Ctrl-C stops them all."""
    from tracker.operations.accounts import has_accounts

    with opened(ctx) as store:  # no server for a store that is not there
        kind = "a rehearsal" if store.position().is_rehearsal else "live"
        nobody = not has_accounts(store)
    environment = _environment(settings_of(ctx).database_url, port, data)
    api = environment["PREFECT_API_URL"]
    log = data / "prefect-server.log"
    stop = on_signals()
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        server = ["-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
        with log.open("ab") as stream:  # its banner and its talk are nobody's data
            running["Prefect server"] = _start(server, environment, stream)
        if not _healthy(f"{api}/health", running["Prefect server"], stop):
            if stop.is_set():
                raise typer.Exit(OK)
            say(f"tracker: try-later: what the server said is in {log}")
            raise typer.Exit(TRY_LATER)
        running["flows"] = _start(["-m", "flows.serve"], environment, sys.stderr)
        if web_port:
            pages = ["-m", "tracker.web", "--port", str(web_port)]
            running["pages"] = _start(pages, environment, sys.stderr)
        print(f"flows and history of runs: http://127.0.0.1:{port}", flush=True)
        print(f"API: {api}", flush=True)
        if web_port:
            print(f"pages: http://127.0.0.1:{web_port}", flush=True)
        if web_port and nobody:
            say(FIRST_ACCOUNT)
        say(f"the store is {kind}; Ctrl-C stops everything")
        raise typer.Exit(_watch(running, stop))
    finally:
        _stop(running)


def _environment(database: str, port: int, data: Path) -> dict[str, str]:
    home = data.absolute() / "prefect"
    home.mkdir(parents=True, exist_ok=True)
    return {
        **os.environ,
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_HOME": str(home),
        "TRACKER_DATABASE_URL": database,
    }


def on_signals() -> threading.Event:
    """Return an event that SIGTERM and SIGINT set: both children are stopped in an orderly way, by us."""
    stop = threading.Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask)
    return stop


def _start(arguments: list[str], environment: Mapping[str, str], talk: IO[Any]) -> subprocess.Popen[bytes]:
    # a session of its own: Ctrl-C reaches us alone, and what a child starts can be ended with it
    return subprocess.Popen(
        [sys.executable, *arguments], env=dict(environment), stdout=talk, stderr=talk, start_new_session=True
    )


def _healthy(url: str, server: subprocess.Popen[bytes], stop: threading.Event) -> bool:
    from urllib.request import urlopen

    deadline = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < deadline and not stop.is_set():
        if server.poll() is not None:
            say(f"tracker: the Prefect server ended with {server.returncode} before it was ready (is the port taken?)")
            return False
        # URLError is an OSError: refused, reset, or not yet healthy
        with contextlib.suppress(OSError), urlopen(url, timeout=2) as answer:
            if answer.status == 200:
                return True
        stop.wait(LOOK_SECONDS)
    if not stop.is_set():
        say(f"tracker: the Prefect server was not ready within {STARTUP_SECONDS:.0f} s")
    return False


def _watch(running: Mapping[str, subprocess.Popen[bytes]], stop: threading.Event) -> int:
    while not stop.wait(LOOK_SECONDS):
        for name, child in running.items():
            if child.poll() is not None:
                say(f"tracker: {name} ended with {child.returncode}; stopping the rest")
                return FAILED
    return OK


def _stop(running: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """End the flows first, then the server they talk to; outright where one will not go."""
    for child in reversed(list(running.values())):
        if child.poll() is None:
            child.send_signal(signal.SIGINT if sys.platform != "win32" else signal.SIGTERM)
            try:
                child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        _sweep_up(child.pid)


def _sweep_up(group: int) -> None:
    """End whatever a child left behind in its session."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
