"""The schedule itself: nobody calls the monitor, and still a mail arrives.

Prefect's scheduler has died without a word before, with another version of a library: only this notices.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from flows.server import Server, stop
from tests.integration.prefect_api import Api, prefect_server
from tests.integration.smtp import SmtpServer
from tests.simulation.a_store import a_store
from tracker.operations import open_store, verify

__all__ = ["prefect_server"]

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 240  # it comes within 40 s on a quiet machine


def test_served_once_the_monitor_runs_by_itself(prefect_server: Server, tmp_path: Path) -> None:
    url, api = f"sqlite:///{tmp_path / 'live.db'}", Api(prefect_server.url)
    a_store(url).close()
    with SmtpServer() as mails, (tmp_path / "serve.log").open("wb") as log:
        served = _serve(prefect_server, log, TRACKER_DATABASE_URL=url, TRACKER_SMTP_URL=mails.url)
        try:
            assert _comes(lambda: len(mails.messages) == 6, served), (tmp_path / "serve.log").read_text()
            assert _comes(lambda: _completed(api) >= 1, served)
            assert _comes(lambda: bool(api.events("tracker.sweep.finished")), served)
            assert api.artifacts("board")
            assert {run["auto_scheduled"] for run in api.runs("monitor")} == {True}
            # a password in a URL would be there for all to read
            assert "live.db" not in str(api.runs("monitor"))
            # a second tick by itself tells nobody again
            assert _comes(lambda: _completed(api) >= 2, served)
            assert len(mails.messages) == 6
        finally:
            stop(served, patience=20)
    assert not api.paused("monitor")  # a restart finds the schedule as it was
    store = open_store(url)
    assert verify(store).broken_at is None
    store.close()


def _serve(server: Server, log: object, **settings: str) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, **server.environment, **settings, "PREFECT_RUNNER_POLL_FREQUENCY": "2"}
    return subprocess.Popen(
        [sys.executable, "-m", "flows.serve", "--every", "5"],
        env=environment,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=log,  # type: ignore[call-overload]
        stderr=log,
    )


def _comes(found: Callable[[], bool], served: "subprocess.Popen[bytes]") -> bool:
    """Return whether something comes true in time, while what is served goes on."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and served.poll() is None:
        if found():
            return True
        time.sleep(0.2)
    return False


def _completed(api: Api) -> int:
    return sum(run["state_type"] == "COMPLETED" for run in api.runs("monitor"))
