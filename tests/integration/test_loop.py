"""`tracker sweep --loop`: the work of the flows without Prefect, round after round, until somebody says stop."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integration.smtp import SmtpServer
from tests.simulation.a_store import ADOPTED, DUE, OWED, a_store
from tracker.operations import open_store
from tracker.operations.keys import make_key
from tracker.operations.rounds import go_round
from tracker.operations.sealing import last_seal
from tracker.operations.ticking import tick_lock
from tracker.settings import Settings

ROOT = Path(__file__).parent.parent.parent
CANARY = "canary@office.example"
TRACKER = (sys.executable, "-c", "from tracker.cli.main import main; main()")


@contextmanager
def looping(url: str, mails: SmtpServer) -> Iterator["subprocess.Popen[str]"]:
    settings = {"TRACKER_DATABASE_URL": url, "TRACKER_SMTP_URL": mails.url, "TRACKER_CANARY": CANARY}
    child = subprocess.Popen(
        [*TRACKER, "sweep", "--loop", "--every", "1"],
        env={**os.environ, **settings},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def test_a_loop_does_all_the_work_goes_on_after_an_error_and_stops_when_told(tmp_path: Path) -> None:
    file, away = tmp_path / "live.db", tmp_path / "away.db"
    store = a_store(f"sqlite:///{file}")
    make_key(store, tmp_path / "live.db.key", at=ADOPTED, actor="test")
    store.close()
    file.rename(away)
    with SmtpServer() as mails, looping(f"sqlite:///{file}", mails) as loop:
        assert loop.stdout is not None
        assert loop.stderr is not None
        said = loop.stderr.readline()
        assert "no store here yet" in said
        away.rename(file)
        worked = next(line for line in loop.stdout if "6 accepted" in line)
        idle = loop.stdout.readline()  # a line a round, though there was nothing to do
        loop.send_signal(signal.SIGTERM)
        rest, _ = loop.communicate(timeout=60)
        assert loop.returncode == 0
    assert "sealed" in worked
    assert "0 looked at" in idle
    assert "0 attempts" in idle
    assert "Traceback" not in rest
    assert sorted(mail.recipients[0] for mail in mails.messages if mail.recipients != (CANARY,)) == sorted(
        [f"office-{code}@agencies.example" for code in ("01", "04", "22", "bgddt", "bnv", "btc")]
    )
    assert [mail.recipients for mail in mails.messages].count((CANARY,)) == 1
    assert last_seal(open_store(f"sqlite:///{file}"))


def test_while_one_sweeps_the_others_deliver(database_url: str, tmp_path: Path) -> None:
    store = a_store(database_url)
    with SmtpServer() as mails:
        settings = Settings(database_url=database_url, smtp_url=mails.url, journal=str(tmp_path / "sends"))
        assert go_round(settings, wall=lambda: ADOPTED).alone
        told = len(mails.messages)
        with tick_lock(store) as mine:
            assert mine
            done = go_round(settings, wall=lambda: DUE)
    store.close()
    assert (told, done.alone, done.troubles) == (6, False, [])
    assert done.swept.claimed == 0


def test_once_told_to_stop_a_round_begins_nothing_more(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'live.db'}"
    a_store(url).close()
    with SmtpServer() as mails:
        settings = Settings(database_url=url, smtp_url=mails.url)
        assert go_round(settings, wall=lambda: ADOPTED, stop=lambda: True).swept.claimed == 0
        asked = threading.Event()

        def stop() -> bool:
            """Say so from the first mail on."""
            return bool(mails.messages) or asked.is_set()

        done = go_round(settings, wall=lambda: ADOPTED, stop=stop)
        assert 0 < done.delivered.accepted < len(OWED) + 2
        assert go_round(settings, wall=lambda: ADOPTED).delivered.accepted == 6 - done.delivered.accepted
