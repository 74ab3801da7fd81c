"""A database put back from a backup sends nothing until a person has looked, and then nothing twice."""

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.integration.postgres import program
from tests.simulation.a_store import ADOPTED, Recorder, a_store, a_store_before_the_day, an_empty_store, minutes
from tracker.domain.errors import NotFound, Refused, TryLater
from tracker.notify.outcome import Outcome
from tracker.operations import deliver as delivers
from tracker.operations import guard, open_store, rebuild, sweep, verify
from tracker.operations import journal as journals
from tracker.operations.keys import make_key
from tracker.operations.reconciling import reconcile
from tracker.operations.sealing import seal
from tracker.operations.witnessing import add_witness, push
from tracker.settings import Settings
from tracker.store import guards, ledger, outbox
from tracker.store.store import Store


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(journal=str(tmp_path / "sends.jsonl"))


def deliver(store: Store, settings: Settings, sender: Any = None, *, after: float = 0, limit: int | None = None) -> Any:
    """Deliver some minutes after the adoption and return who was sent what."""
    sender = sender or Recorder()
    delivers(store, sender, settings=settings, clock=lambda: ADOPTED + minutes(after), limit=limit)
    return sender.sent


def states(store: Store) -> dict[str, int]:
    with store.read() as connection:
        return dict(outbox.counts(connection))


def kinds(store: Store) -> list[str]:
    with store.read() as connection:
        return [entry.kind for entry in ledger.entries(connection)]


def whole(store: Store) -> bool:
    return verify(store).holds and rebuild(store, keep=False).differing == ()


class Back:
    """A store that can be put back to what it was when it was kept."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.kept = url, folder / "kept"
        self.store = open_store(url)

    def keep(self) -> None:
        if self.url.startswith("sqlite"):
            with closing(sqlite3.connect(self.url.removeprefix("sqlite:///"))) as raw:
                raw.execute("VACUUM INTO ?", (str(self.kept),))
        else:
            self._run("pg_dump", "--format=custom", f"--file={self.kept}")

    def put_back(self) -> Store:
        self.store.close()
        if self.url.startswith("sqlite"):
            file = Path(self.url.removeprefix("sqlite:///"))
            for one in file.parent.glob(f"{file.name}-*"):
                one.unlink()
            shutil.copyfile(self.kept, file)
        else:
            self._run("pg_restore", "--clean", str(self.kept))
        self.store = open_store(self.url)
        return self.store

    def _run(self, name: str, *words: str) -> None:
        where = self.url.replace("postgresql+psycopg", "postgresql")
        subprocess.run([program(name), f"--dbname={where}", *words], check=True, capture_output=True)


@pytest.fixture
def back(database_url: str, tmp_path: Path) -> Iterator[Back]:
    """A small store with six notices owed, and nothing sent yet."""
    store = a_store(database_url)
    sweep(store, at=ADOPTED)
    store.close()
    found = Back(database_url, tmp_path)
    yield found
    found.store.close()


def test_an_older_copy_put_back_sends_nothing_until_a_person_has_looked_and_then_nothing_twice(
    back: Back, settings: Settings
) -> None:
    deliver(back.store, settings, limit=2)
    back.keep()
    first = deliver(back.store, settings, after=1)
    assert len(first) == 4
    store = back.put_back()
    for _ in range(2):
        with pytest.raises(Refused, match="an older copy was put back") as refused:
            deliver(store, settings, after=2)
        assert refused.value.code == "on-hold"
    assert kinds(store).count("hold_began") == 1

    seen = reconcile(store, settings, at=ADOPTED + minutes(3), actor="operator")
    assert (len(seen.marked), len(seen.unknown), seen.remaining, seen.lifted) == (4, 0, 0, False)
    with pytest.raises(Refused, match="on hold"):
        deliver(store, settings, after=4)
    again = reconcile(store, settings, at=ADOPTED + minutes(5), actor="operator", lift=True)
    assert (len(again.marked), again.known, again.lifted) == (0, 6, True)
    assert deliver(store, settings, after=6) == []
    assert states(store) == {"accepted": 6}
    assert whole(store)


def test_what_is_made_again_after_the_restore_is_not_sent_again(
    database_url: str, tmp_path: Path, settings: Settings
) -> None:
    a_store(database_url).close()
    back = Back(database_url, tmp_path)
    back.keep()
    sweep(back.store, at=ADOPTED)
    assert len(deliver(back.store, settings)) == 6
    store = back.put_back()
    with pytest.raises(Refused):
        deliver(store, settings, after=1)
    seen = reconcile(store, settings, at=ADOPTED + minutes(2), actor="operator", lift=True)
    assert (len(seen.marked), len(seen.elsewhere)) == (0, 6)
    sweep(store, at=ADOPTED + minutes(3))
    assert states(store) == {"pending": 6}
    assert deliver(store, settings, after=3) == []
    assert states(store) == {"accepted": 6}
    assert whole(store)
    store.close()


class Dies:
    """A sender that takes a mail and dies before it can say so."""

    def send(self, channel: str, notice: Any) -> Outcome:
        raise KeyboardInterrupt


def test_a_mail_that_was_about_to_leave_is_sent_again_under_the_same_message_id(back: Back, settings: Settings) -> None:
    back.keep()
    with pytest.raises(KeyboardInterrupt):
        deliver(back.store, settings, Dies(), limit=1)
    store = back.put_back()
    with pytest.raises(Refused, match="put back"):
        deliver(store, settings, after=1)
    seen = reconcile(store, settings, at=ADOPTED + minutes(2), actor="operator", lift=True)
    assert ([one.outcome for one in seen.unknown], seen.remaining) == (["unknown"], 6)
    assert seen.unknown[0].member.reference in [reference for _, reference in deliver(store, settings, after=3)]
    assert whole(store)


class Locked:
    """A store whose transactions fail from the moment the mail is taken."""

    def __init__(self, store: Store) -> None:
        self.store, self.sent = store, 0

    def send(self, channel: str, notice: Any) -> Outcome:
        self.sent += 1
        self.store.write = self.refused  # type: ignore[method-assign]
        return Outcome("accepted", 250, "taken")

    def refused(self) -> Any:
        raise TryLater("the database is away")


def test_a_mail_that_was_taken_but_could_not_be_recorded_is_not_sent_again(back: Back, settings: Settings) -> None:
    sender, url = Locked(back.store), back.url
    with pytest.raises(TryLater):
        delivers(back.store, sender, settings=settings, clock=lambda: ADOPTED, limit=1)
    back.store.close()
    store = back.store = open_store(url)
    assert states(store) == {"pending": 5, "sending": 1}
    assert len(deliver(store, settings, after=6)) == 5
    assert states(store) == {"accepted": 6}
    with store.read() as connection:
        first = min(outbox.deliveries(connection), key=lambda one: one.id)
    assert (first.outcome, sender.sent) == ("accepted", 1)
    assert whole(store)


def test_the_journal_is_read_backwards_as_forwards(back: Back, settings: Settings, monkeypatch: Any) -> None:
    deliver(back.store, settings)
    file = Path(settings.journal)
    for size in (1, 7, 100, 1000):
        monkeypatch.setattr(journals, "TAIL", size)
        assert list(journals.backwards(file, having=b""))[::-1] == list(journals.lines(file))


def test_a_crash_between_commit_and_journal_is_no_hold(back: Back, settings: Settings, monkeypatch: Any) -> None:
    deliver(back.store, settings, limit=1)

    def torn(*_given: Any, **_named: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(journals.Journal, "about_to_send", torn)
        with pytest.raises(KeyboardInterrupt):
            deliver(back.store, settings, after=1)
    assert len(deliver(back.store, settings, after=10)) == 5
    assert states(back.store) == {"accepted": 6}
    assert whole(back.store)


def test_a_line_cut_short_is_no_line_and_the_next_one_stands_by_itself(back: Back, settings: Settings) -> None:
    deliver(back.store, settings, limit=1)
    file = Path(settings.journal)
    with file.open("a") as stream:
        stream.write('{"journal":"x","epoch":9,"said":"send')
    assert len(deliver(back.store, settings, after=1)) == 5
    assert {line.epoch for line in journals.lines(file)} == {1}
    assert len(list(journals.lines(file))) == 1 + 2 * 6


def test_nothing_is_sent_where_the_journal_cannot_be_written(back: Back, settings: Settings, monkeypatch: Any) -> None:
    deliver(back.store, settings, limit=1)

    def full(*_given: Any) -> int:
        raise OSError(28, "No space left on device")

    sender = Recorder()
    with monkeypatch.context() as patched:
        patched.setattr(journals.os, "write", full)
        with pytest.raises(TryLater, match="nothing is sent: No space left"):
            deliver(back.store, settings, sender, after=1)
    assert sender.sent == []
    assert len(deliver(back.store, settings, after=10)) == 5


def test_a_store_without_its_journal_is_on_hold_and_goes_on_with_a_new_one(back: Back, settings: Settings) -> None:
    deliver(back.store, settings, limit=2)
    Path(settings.journal).unlink()
    with pytest.raises(Refused, match="the journal of sends is not at"):
        deliver(back.store, settings, after=1)
    seen = reconcile(back.store, settings, at=ADOPTED + minutes(2), actor="operator", lift=True)
    assert (seen.lines, seen.remaining) == (0, 4)
    assert len(deliver(back.store, settings, after=3)) == 4


def test_the_journal_of_another_store_holds_it(back: Back, settings: Settings, tmp_path: Path) -> None:
    deliver(back.store, settings, limit=2)
    other = tmp_path / "other"
    shutil.copyfile(settings.journal, other)
    other.write_text(other.read_text().replace('"journal":"', '"journal":"f'))
    with pytest.raises(Refused, match="another one"):
        deliver(back.store, replace(settings, journal=str(other)), after=1)


def test_an_older_journal_holds_the_store(back: Back, settings: Settings, tmp_path: Path) -> None:
    deliver(back.store, settings, limit=1)
    shutil.copyfile(settings.journal, tmp_path / "older")
    back.keep()
    deliver(back.store, settings, after=1, limit=1)
    store = back.put_back()
    with pytest.raises(Refused):
        deliver(store, settings, after=2)
    reconcile(store, settings, at=ADOPTED + minutes(3), actor="operator", lift=True)
    with pytest.raises(Refused, match="older than the ledger"):
        deliver(store, replace(settings, journal=str(tmp_path / "older")), after=4)


def test_a_restore_of_what_was_before_an_earlier_restore_is_seen_too(back: Back, settings: Settings) -> None:
    deliver(back.store, settings, limit=1)
    back.keep()
    deliver(back.store, settings, after=1, limit=1)
    for round_ in (10, 20):
        store = back.put_back()
        with pytest.raises(Refused):
            deliver(store, settings, after=round_)
        seen = reconcile(store, settings, at=ADOPTED + minutes(round_ + 1), actor="operator", lift=True)
        assert len(seen.marked) == round_ // 10
        assert len(deliver(store, settings, after=round_ + 2, limit=1)) == 1
        assert whole(store)


def test_a_seal_at_a_witness_that_is_ahead_holds_the_store_and_once_passed_does_so_no_more(
    back: Back, settings: Settings, tmp_path: Path
) -> None:
    outside = tmp_path / "witness"
    outside.mkdir()
    make_key(back.store, tmp_path / "seal.key", at=ADOPTED, actor="test")
    add_witness(back.store, f"folder:{outside}", at=ADOPTED, actor="test")
    back.keep()
    sweep(back.store, at=ADOPTED + minutes(9))  # a gap is an entry
    seal(back.store, at=ADOPTED + minutes(9), keyfile=tmp_path / "seal.key", force=True)
    push(back.store, Recorder(), settings=settings, at=ADOPTED + minutes(9))  # type: ignore[arg-type]
    store = back.put_back()
    with pytest.raises(Refused, match="a witness holds a seal"):
        deliver(store, settings, after=10)
    reconcile(store, settings, at=ADOPTED + minutes(11), actor="operator", lift=True)
    assert len(deliver(store, settings, after=12)) == 6


def test_a_rehearsal_keeps_no_journal_and_is_never_on_hold(tmp_path: Path, settings: Settings) -> None:
    store = a_store(f"sqlite:///{tmp_path}/r.db", rehearsal=True)
    sweep(store, at=ADOPTED)
    assert len(deliver(store, settings)) == 6
    assert not Path(settings.journal).exists()
    with pytest.raises(Refused, match="a rehearsal"):
        reconcile(store, settings, at=ADOPTED, actor="operator")


def test_a_store_in_order_has_nothing_to_lift(back: Back, settings: Settings, tmp_path: Path) -> None:
    deliver(back.store, settings, limit=1)
    assert reconcile(back.store, settings, at=ADOPTED, actor="operator").hold is None
    with pytest.raises(Refused, match="not on hold"):
        reconcile(back.store, settings, at=ADOPTED, actor="operator", lift=True)
    with pytest.raises(NotFound):
        reconcile(back.store, settings, at=ADOPTED, actor="operator", journal=tmp_path / "nowhere")


def test_the_journal_lies_beside_an_sqlite_store_unless_it_is_said_where(tmp_path: Path) -> None:
    store = an_empty_store(f"sqlite:///{tmp_path}/office.db")
    assert journals.file_of(store, Settings(), "5b1c") == tmp_path / "office.db.sends"
    assert journals.file_of(store, Settings(journal=str(tmp_path)), "5b1c") == tmp_path / "5b1c.sends"
    assert journals.file_of(store, Settings(journal="a/b"), "5b1c") == Path("a/b")


def test_before_the_first_send_the_journal_is_begun_and_said_so_once(tmp_path: Path) -> None:
    store = a_store_before_the_day(f"sqlite:///{tmp_path}/office.db")
    deliver(store, Settings(), after=1)
    assert kinds(store).count("journal_began") == 1
    file = tmp_path / "office.db.sends"
    assert file.stat().st_mode & 0o077 == 0
    with store.read() as connection:
        assert guards.state(connection).epoch == 1
    assert guard.look(store, Settings()).held is None


def test_a_journal_that_another_worker_begins_meanwhile_is_no_reason_to_hold(
    database_url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = a_store(database_url)
    read, looks = journals.tail, list[Path]()

    def tail(file: Path) -> Any:
        found = read(file)
        if not looks:  # between this look at the file and the look at the ledger, somebody begins
            looks.append(file)
            deliver(open_store(database_url), settings)
        return found

    monkeypatch.setattr(journals, "tail", tail)
    seen = guard.look(store, settings)
    assert (len(looks), seen.why, kinds(store).count("hold_began")) == (1, None, 0)
    assert seen.state.journal is not None
