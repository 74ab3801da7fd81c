"""A backup is one whole checked state; it goes back only where nothing is, and then nothing leaves before a look."""

import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.integration.postgres import Cluster
from tests.integration.smtp import SmtpServer
from tests.simulation.a_store import ADOPTED, LAST_DAYS, Recorder, a_store, mailboxes, minutes
from tracker.cli.main import app
from tracker.domain.errors import Broken, Conflict, Invalid, Refused
from tracker.operations import backup as backups
from tracker.operations import deliver, open_store, rebuild, set_channel, sweep, verify
from tracker.operations.backup import backup, restore
from tracker.operations.keys import make_key
from tracker.operations.reconciling import reconcile
from tracker.settings import Settings
from tracker.store import copies, outbox
from tracker.store.store import Store

BACK = ADOPTED + minutes(30)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        journal=str(tmp_path / "sends.jsonl"), key=str(tmp_path / "the.key"), evidence=str(tmp_path / "evidence")
    )


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    found = a_store(database_url)
    sweep(found, at=ADOPTED)
    yield found
    found.close()


@pytest.fixture
def elsewhere(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty database of the same kind."""
    if database_url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path / 'elsewhere.db'}"
        return
    cluster: Cluster = request.getfixturevalue("postgres_cluster")
    with cluster.database() as url:
        yield url


def sent(store: Store, settings: Settings, *, at: Any = ADOPTED) -> list[tuple[str, str]]:
    sender = Recorder()
    deliver(store, sender, settings=settings, clock=lambda: at)
    return sender.sent


def test_a_copy_put_back_is_whole_and_sends_nothing_until_it_is_reconciled(
    store: Store, elsewhere: str, settings: Settings, tmp_path: Path
) -> None:
    made = backup(store, tmp_path, settings, at=ADOPTED)
    assert made.file.parent == tmp_path
    assert made.file.stat().st_mode & 0o077 == 0
    assert (made.entries, made.head) == (store.position().seq, store.position().hash)
    assert len(sent(store, settings)) == 6
    put_back = restore(made.file, elsewhere, at=BACK, actor="operator")
    assert (put_back.entries, put_back.on_hold) == (made.entries, True)
    again = open_store(elsewhere)
    assert verify(again).holds
    with pytest.raises(Refused, match="restored from a backup"):
        sent(again, settings, at=BACK)
    found = reconcile(again, settings, at=BACK, actor="operator", lift=True)
    assert (len(found.marked), found.remaining) == (6, 0)
    assert sent(again, settings, at=BACK) == []
    assert rebuild(again, keep=False).differing == ()
    again.close()


def test_a_copy_made_while_others_write_is_one_state(
    store: Store, elsewhere: str, settings: Settings, tmp_path: Path
) -> None:
    done = threading.Event()

    def write() -> None:
        while not done.is_set():
            set_channel(store, mailboxes(*LAST_DAYS), at=ADOPTED, actor="test")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = [backup(store, tmp_path / f"copy-{n}", settings, at=ADOPTED) for n in range(3)]
    finally:
        done.set()
        writer.join()
    assert made[0].entries < made[-1].entries <= store.position().seq
    assert restore(made[-1].file, elsewhere, at=BACK, actor="operator").entries == made[-1].entries


def test_nothing_is_written_over(store: Store, settings: Settings, tmp_path: Path) -> None:
    made = backup(store, tmp_path / "copy", settings, at=ADOPTED)
    before = made.file.read_bytes()
    with pytest.raises(Conflict, match="nothing is written over"):
        backup(store, made.file, settings, at=ADOPTED)
    with pytest.raises(Conflict, match=r"is there already|something in this database"):
        restore(made.file, store.engine.url.render_as_string(hide_password=False), at=BACK, actor="operator")
    assert made.file.read_bytes() == before
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]
    with pytest.raises(Invalid, match="is no folder"):
        backup(store, tmp_path / "nowhere" / "copy", settings, at=ADOPTED)


def test_a_ledger_that_does_not_hold_is_not_taken_for_a_backup(tmp_path: Path, settings: Settings) -> None:
    file = tmp_path / "tracker.db"
    store = a_store(f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("DROP TRIGGER IF EXISTS entry_no_update")
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {name}")
        raw.execute("UPDATE entry SET body = replace(body, 'test', 'tost') WHERE seq = 2")
        raw.commit()
    with pytest.raises(Broken, match="from entry 2"):
        backup(store, tmp_path / "copy", settings, at=ADOPTED)
    assert not [one for one in tmp_path.iterdir() if "copy" in one.name]
    store.close()


def test_what_is_no_backup_or_one_of_the_other_kind_is_refused(elsewhere: str, tmp_path: Path) -> None:
    (tmp_path / "words").write_text("Dear diary")
    with pytest.raises(Invalid, match="no backup"):
        restore(tmp_path / "words", elsewhere, at=BACK, actor="operator")
    other = b"PGDMP" if elsewhere.startswith("sqlite") else b"SQLite format 3\0"
    (tmp_path / "other").write_bytes(other)
    with pytest.raises(Invalid, match="is a copy for"):
        restore(tmp_path / "other", elsewhere, at=BACK, actor="operator")


def test_keys_and_evidence_are_listed_and_copied_on_request_with_their_modes(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    make_key(store, Path(settings.key), at=ADOPTED, actor="test")
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "abc").write_bytes(b"shown")
    os.chmod(tmp_path / "evidence" / "abc", 0o640)
    made = backup(store, tmp_path / "copy", settings, at=ADOPTED, files=True)
    assert {(one.what, one.here) for one in made.beside} == {
        ("evidence", True), ("sealing key", True), ("secrets", False),
    }  # fmt: skip
    assert made.files is not None
    assert made.files.stat().st_mode & 0o777 == 0o700
    assert (made.files / "the.key").stat().st_mode & 0o777 == 0o600
    assert (made.files / "evidence" / "abc").stat().st_mode & 0o777 == 0o640
    assert (made.files / "evidence" / "abc").read_bytes() == b"shown"


def test_a_program_that_is_missing_is_named(
    postgres_url: str, tmp_path: Path, settings: Settings, monkeypatch: Any
) -> None:
    store = a_store(postgres_url)
    monkeypatch.setattr(copies, "_PLACES", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Refused, match="pg_dump is not installed"):
        backup(store, tmp_path / "copy", settings, at=ADOPTED)
    store.close()


def test_a_rehearsal_put_back_is_marked_and_goes_on(tmp_path: Path, settings: Settings) -> None:
    store = a_store(f"sqlite:///{tmp_path}/r.db", rehearsal=True)
    made = backups.backup(store, tmp_path / "copy", settings, at=ADOPTED)
    put_back = restore(made.file, f"sqlite:///{tmp_path}/s.db", at=BACK, actor="operator")
    assert not put_back.on_hold
    again = open_store(f"sqlite:///{tmp_path}/s.db")
    sweep(again, at=ADOPTED)
    assert len(sent(again, settings)) == 6


def test_at_the_terminal(tmp_path: Path, monkeypatch: Any) -> None:
    def run(name: str, *words: str, status: int = 0) -> str:
        done = CliRunner().invoke(app, ["--database", f"sqlite:///{tmp_path}/{name}.db", *words])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        assert done.exit_code == status, done.output
        return done.output

    store = a_store(f"sqlite:///{tmp_path}/a.db")
    sweep(store, at=ADOPTED)
    store.close()
    with SmtpServer() as server:
        monkeypatch.setenv("TRACKER_SMTP_URL", server.url)
        assert "entries that hold" in run("a", "db", "backup", str(tmp_path / "copy"))
        run("a", "deliver")
        assert len(server.messages) == 6
        assert "tracker db reconcile" in run("b", "db", "restore", str(tmp_path / "copy"))
        assert "on hold" in run("b", "deliver", status=7)
        assert "ON HOLD" in run("b", "board")
        assert "sends: ON HOLD" in run("b", "doctor", status=1)
        said = run("b", "db", "reconcile")
        assert "name the journal of before with --journal" in said
        shown = json.loads(
            run("b", "db", "reconcile", "--journal", str(tmp_path / "a.db.sends"), "--lift", "-f", "json")
        )
        assert (len(shown["marked"]), shown["remaining"], shown["lifted"]) == (6, 0, True)
        run("b", "deliver")
        assert len(server.messages) == 6
        assert "ON HOLD" not in run("b", "board")
        run("b", "db", "reconcile", "--lift", status=1)
        run("b", "db", "restore", str(tmp_path / "copy"), status=6)
    with closing(sqlite3.connect(tmp_path / "copy")) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with open_store(f"sqlite:///{tmp_path}/b.db").read() as connection:
        assert dict(outbox.counts(connection)) == {"accepted": 6}
