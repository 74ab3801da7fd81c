"""The schedule itself: nobody calls the monitor, and still a mail arrives; and a worker runs what is deployed.

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
from tests.simulation.a_store import ADOPTED, OWED, a_store
from tracker.operations import open_store, sweep, verify
from tracker.operations.keys import keys
from tracker.operations.sealing import last_seal

__all__ = ["prefect_server"]

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 240  # it comes within 40 s on a quiet machine


def test_served_once_the_monitor_runs_and_the_ledger_is_sealed_by_itself(
    prefect_server: Server, tmp_path: Path
) -> None:
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
            store = open_store(url)
            assert _comes(lambda: last_seal(store) is not None, served)
        finally:
            stop(served, patience=20)
    assert not api.paused("monitor")  # a restart finds the schedule as it was
    (key,) = keys(store, tmp_path / "live.db.key")
    said = (tmp_path / "serve.log").read_text()
    assert key.here
    assert "made the first key" in said
    assert key.vkey.text() in said
    verdict = verify(store)
    assert verdict.holds
    assert verdict.seals
    store.close()


def test_a_worker_runs_what_prefect_yaml_deploys(prefect_server: Server, tmp_path: Path) -> None:
    url, api = f"sqlite:///{tmp_path / 'live.db'}", Api(prefect_server.url)
    store = a_store(url)
    sweep(store, at=ADOPTED)
    store.close()
    api.make_pool("tracker", "process")
    with SmtpServer() as mails:
        settings = {"TRACKER_DATABASE_URL": url, "TRACKER_SMTP_URL": mails.url}
        _prefect(prefect_server, settings, "--no-prompt", "deploy", "--name", "deliver")
        run = api.run("deliver/deliver")
        _prefect(prefect_server, settings, "worker", "start", "--pool", "tracker", "--run-once")
        assert api.state(run) == "COMPLETED"
        assert {mail.recipients[0] for mail in mails.messages} >= OWED
        assert len(mails.messages) == 6
    assert "live.db" not in str(api.runs("deliver"))


def _prefect(server: Server, settings: dict[str, str], *words: str) -> None:
    """Run Prefect's own command as a person does, from the folder of prefect.yaml."""
    program = Path(sys.executable).parent / "prefect"
    environment = {**os.environ, **server.environment, **settings, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([program, *words], env=environment, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def _serve(server: Server, log: object, **settings: str) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, **server.environment, **settings, "PREFECT_RUNNER_POLL_FREQUENCY": "2"}
    return subprocess.Popen(
        [sys.executable, "-m", "flows.serve", "--every", "5", "--seal-every", "20"],
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
