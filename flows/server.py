"""A Prefect server of one's own: a process with its own home, quiet, gone when it is no longer needed."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

# a first start makes an empty database: 10 s alone, much more in company
PATIENCE = 180.0
QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    "PREFECT_SERVER_UI_ENABLED": "false",
}


class Server:
    """A Prefect server on a free loopback port; use it as a context manager, then wait until it is `ready`.

    It is started as Prefect starts its own temporary ones, which is 3 s faster than `prefect server start`.
    """

    def __init__(self, home: Path, *, options: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.port = free_port()
        self.options = dict(options or {})
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return the address for PREFECT_API_URL."""
        return f"http://127.0.0.1:{self.port}/api"

    @property
    def pid(self) -> int:
        """Return its process, once it was started."""
        assert self._process is not None
        return self._process.pid

    @property
    def environment(self) -> dict[str, str]:
        """Return what a client of this server needs in its environment, and nothing of another server."""
        return {**QUIET, "PREFECT_HOME": str(self.home), "PREFECT_API_URL": self.url}

    def __enter__(self) -> "Server":
        self.home.mkdir(parents=True, exist_ok=True)
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        environment = {**clean, **QUIET, **self.options, "PREFECT_HOME": str(self.home)}
        command = [sys.executable, "-m", "uvicorn", "--factory", "prefect.server.api.server:create_app"]
        command += ["--host", "127.0.0.1", "--port", str(self.port), "--log-level", "error"]
        command += ["--timeout-graceful-shutdown", "2"]
        with (self.home / "server.log").open("ab") as log:
            # a session of its own: Ctrl-C goes to us, and we end it in order
            self._process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        stop(self._process)

    def ready(self) -> None:
        """Return once the server answers; raises RuntimeError when it dies or takes too long."""
        end = time.monotonic() + PATIENCE
        while not answers(self.url):
            if self._process is None or self._process.poll() is not None:
                raise RuntimeError(f"the Prefect server ended while starting: see {self.home / 'server.log'}")
            if time.monotonic() > end:
                raise RuntimeError(f"the Prefect server did not answer in {PATIENCE:.0f} s")
            time.sleep(0.05)


def answers(api_url: str, *, timeout: float = 5) -> bool:
    """Return whether a Prefect server answers behind an API address."""
    # a proxy of the environment has no business between this machine and itself
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{api_url.rstrip('/')}/health", timeout=timeout) as response:
            return bool(response.status == 200)
    except (OSError, ValueError):
        return False


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def stop(process: "subprocess.Popen[bytes] | subprocess.Popen[str] | None", *, patience: float = 10) -> None:
    """End a process of ours, first kindly, then surely."""
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
