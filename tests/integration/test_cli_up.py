"""`tracker up` over small doubles of the server and the flows: what is started together is stopped together."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.simulation.a_store import ADOPTED
from tracker.operations import init

SERVER = """\
import json, os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

class Health(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/api/health" else 404)
        self.end_headers()

    def log_message(self, *words):
        pass

names = ("DO_NOT_TRACK", "PREFECT_SERVER_ANALYTICS_ENABLED", "PREFECT_API_URL", "PREFECT_HOME")
Path("server.json").write_text(json.dumps({"pid": os.getpid(), **{name: os.environ[name] for name in names}}))
assert sys.argv[1:5] == ["server", "start", "--host", "127.0.0.1"]
if Path("broken").exists():
    sys.exit("the port is taken")
print("a banner")
HTTPServer(("127.0.0.1", int(sys.argv[6])), Health).serve_forever()
"""
FLOWS = """\
import os, time
from pathlib import Path

Path("flows.pid").write_text(str(os.getpid()))
while not Path("die").exists():
    time.sleep(0.05)
raise SystemExit(3)
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a store, and a server and flows that start in no time."""
    for package, module, text in (("prefect", "__main__", SERVER), ("flows", "serve", FLOWS)):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
        (tmp_path / package / f"{module}.py").write_text(text)
    init(f"sqlite:///{tmp_path}/tracker.db", rehearsal=True, at=ADOPTED, actor="test").close()
    return tmp_path


class Up:
    """`tracker up`, running in a folder."""

    def __init__(self, folder: Path, web_port: int = 0) -> None:
        self.folder = folder
        self.port = free_port()
        code = "from tracker.cli.main import main; main()"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, "up", "--port", str(self.port), "--web-port", str(web_port)],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{Path(__file__).parent.parent.parent}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ready(self) -> None:
        assert self.process.stdout is not None
        assert f"http://127.0.0.1:{self.port}" in self.process.stdout.readline()
        until = time.monotonic() + 20
        while not (self.folder / "flows.pid").exists() and time.monotonic() < until:
            time.sleep(0.05)

    def ended(self) -> tuple[int, str]:
        _, stderr = self.process.communicate(timeout=30)
        return self.process.returncode, stderr

    def server(self) -> dict[str, str]:
        return dict(json.loads((self.folder / "server.json").read_text()))

    def nobody_is_left(self) -> bool:
        return not any(map(alive, (int(self.server()["pid"]), int((self.folder / "flows.pid").read_text()))))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def up(folder: Path) -> Iterator[Up]:
    running = Up(folder)
    yield running
    if running.process.poll() is None:
        running.process.send_signal(signal.SIGTERM)
        running.process.communicate(timeout=30)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_server_and_the_flows_and_is_no_failure(up: Up, number: signal.Signals) -> None:
    up.ready()
    up.process.send_signal(number)
    status, _ = up.ended()
    assert status == 0
    assert up.nobody_is_left()


def test_when_the_flows_end_the_server_is_stopped_and_the_status_is_1(up: Up, folder: Path) -> None:
    up.ready()
    (folder / "die").touch()
    status, stderr = up.ended()
    assert status == 1
    assert "flows ended with 3" in stderr
    assert up.nobody_is_left()


def test_a_server_that_does_not_start_is_75_and_its_words_are_kept(folder: Path) -> None:
    (folder / "broken").touch()
    status, stderr = Up(folder).ended()
    assert status == 75
    assert "prefect-server.log" in stderr
    assert "the port is taken" in (folder / ".tracker/prefect-server.log").read_text()
    assert not (folder / "flows.pid").exists()


def test_prefect_is_told_not_to_count_us_and_keeps_its_files_in_the_data_folder(up: Up, folder: Path) -> None:
    up.ready()
    told = up.server()
    assert (told["DO_NOT_TRACK"], told["PREFECT_SERVER_ANALYTICS_ENABLED"]) == ("1", "false")
    assert told["PREFECT_API_URL"] == f"http://127.0.0.1:{up.port}/api"
    assert told["PREFECT_HOME"] == str(folder / ".tracker" / "prefect")


def test_without_a_store_nothing_is_started(folder: Path) -> None:
    (folder / "tracker.db").unlink()
    status, stderr = Up(folder).ended()
    assert status == 1
    assert "tracker init" in stderr
    assert not (folder / "server.json").exists()


def test_the_pages_are_served_beside_the_flows_and_stop_with_them(folder: Path) -> None:
    port = free_port()
    running = Up(folder, port)
    running.ready()
    assert answers(f"http://127.0.0.1:{port}/healthz")
    running.process.send_signal(signal.SIGTERM)
    status, stderr = running.ended()
    assert status == 0
    assert "tracker account add NAME --role admin" in stderr  # nobody could log in
    assert running.nobody_is_left()
    assert not answers(f"http://127.0.0.1:{port}/healthz", patience=0)


def answers(url: str, patience: float = 60) -> bool:
    until = time.monotonic() + patience
    while True:
        try:
            with urlopen(url, timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            if time.monotonic() >= until:
                return False
            time.sleep(0.1)
