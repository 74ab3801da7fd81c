"""Seals go outside: to a folder, a git repository and a mailbox; what fails is written down and made up for."""

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.integration.smtp import DROP, SmtpServer
from tests.simulation.a_store import ADOPTED, a_store
from tracker.audit.seal import Note, find, parse
from tracker.audit.sealed import read_outside
from tracker.domain.entry import Draft
from tracker.domain.errors import Conflict, Invalid, NotFound
from tracker.notify.send import Sender
from tracker.operations import places, verify
from tracker.operations.keys import make_key
from tracker.operations.places import file_name
from tracker.operations.sealing import seal
from tracker.operations.witnessing import Pushed, add_witness, push, remove_witness, witnesses
from tracker.settings import Settings
from tracker.store import ledger
from tracker.store.store import Store

HOUR = timedelta(hours=1)
AUDITOR = "auditor@sav.example"


class House:
    """A store that can be sealed, and a mail server."""

    def __init__(self, url: str, folder: Path, mails: SmtpServer, *, rehearsal: bool = False) -> None:
        self.store: Store = a_store(url, rehearsal=rehearsal)
        self.folder, self.mails, self.at = folder, mails, ADOPTED
        self.key = folder / "house.key"
        make_key(self.store, self.key, at=ADOPTED, actor="cli:root")

    def sealed(self, *, after: timedelta = HOUR) -> Note:
        """Record something, seal it some time later, and return the note."""
        with self.store.write() as connection:
            ledger.append(connection, [Draft(kind="note", effective_at=self.at, actor="x")], at=self.at)
        self.at += after
        made = seal(self.store, at=self.at, keyfile=self.key, force=True)
        assert made is not None
        return parse(made.note)

    def pushed(self, *, force: bool = False) -> tuple[Pushed, ...]:
        settings = Settings(smtp_url=self.mails.url, office="Office", sender="tracker@office.example")
        with Sender(settings.smtp_url, rehearsal=self.store.position().is_rehearsal) as sender:
            return push(self.store, sender, settings=settings, at=self.at, force=force)

    def add(self, place: str) -> None:
        add_witness(self.store, place, at=self.at, actor="cli:root")


@pytest.fixture
def mails() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


@pytest.fixture
def house(database_url: str, tmp_path: Path, mails: SmtpServer) -> House:
    return House(database_url, tmp_path, mails)


@pytest.fixture
def lite(tmp_path: Path, mails: SmtpServer) -> House:
    return House(f"sqlite:///{tmp_path / 'lite.db'}", tmp_path, mails)


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True, text=True, timeout=60)
    return done.stdout


def a_clone(folder: Path) -> tuple[Path, Path]:
    """Return a bare repository and a clone of it."""
    bare, clone = folder / "bare.git", folder / "clone"
    git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    git(folder, "clone", "--quiet", str(bare), str(clone))
    git(clone, "checkout", "--quiet", "-B", "main")
    return bare, clone


def why(house: House) -> str | None:
    return witnesses(house.store)[0].why


# ── A folder ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_folder_gets_each_latest_seal_once_one_after_the_other(house: House, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    house.add(f"folder:{outside}")
    assert house.pushed() == (), "there is no seal yet"
    first = house.sealed()
    assert [(one.size, one.why) for one in house.pushed()] == [(first.seal.size, None)]
    assert house.pushed() == ()
    house.sealed()
    third = house.sealed()
    house.pushed()
    file = outside / file_name(first.seal.origin)
    assert find(file.read_text(encoding="utf-8")) == (first, third), "the latest vouches for those before it"
    held = witnesses(house.store)[0]
    assert (held.size, held.pushed_at, held.why) == (third.seal.size, house.at, None)
    assert verify(house.store, outside=read_outside([file.read_text(encoding="utf-8")])).holds


def test_a_folder_that_is_away_is_told_of_and_made_up_for(lite: House, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    lite.add(f"folder:{outside}")
    note = lite.sealed()
    outside.rename(tmp_path / "elsewhere")
    assert "cannot be written" in str(lite.pushed()[0].why)
    assert "cannot be written" in str(why(lite))
    (tmp_path / "elsewhere").rename(outside)
    assert lite.pushed()[0].why is None
    assert why(lite) is None
    assert find((outside / file_name(note.seal.origin)).read_text(encoding="utf-8")) == (note,)


def test_a_note_torn_by_a_crash_spoils_no_later_one(lite: House, tmp_path: Path) -> None:
    lite.add(f"folder:{tmp_path}")
    first = lite.sealed()
    lite.pushed()
    file = tmp_path / file_name(first.seal.origin)
    second = lite.sealed()
    for end in (1, 20, 30, 90, 200):
        file.write_text(first.text() + second.text()[:end], encoding="utf-8")
        with lite.store.write() as connection:
            connection.execute(text("UPDATE witness SET size = 0"))
        assert lite.pushed()[0].why is None
        assert find(file.read_text(encoding="utf-8")) == (first, second)


def test_of_a_long_file_only_the_end_is_read(lite: House, tmp_path: Path) -> None:
    lite.add(f"folder:{tmp_path}")
    first = lite.sealed()
    file = tmp_path / file_name(first.seal.origin)
    file.write_text(first.text() * 2_000, encoding="utf-8")
    assert file.stat().st_size > 2 * places.TAIL
    second = lite.sealed()
    assert lite.pushed()[0].why is None
    assert find(file.read_text(encoding="utf-8")[-2_000:])[-1] == second


def test_a_store_that_was_rewound_finds_its_own_past_outside(lite: House, tmp_path: Path) -> None:
    lite.add(f"folder:{tmp_path}")
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(tmp_path / "lite.db")) as now, closing(sqlite3.connect(copy)) as then:
        now.backup(then)
    lite.sealed()
    lite.pushed()
    from tracker.operations import open_store

    lite.store = open_store(f"sqlite:///{copy}")
    lite.at = ADOPTED + timedelta(days=1)
    note = lite.sealed()
    assert "was it rewound?" in str(lite.pushed()[0].why)
    file = tmp_path / file_name(note.seal.origin)
    assert len(find(file.read_text(encoding="utf-8"))) == 1, "nothing was added, nothing was lost"


# ── A git repository ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_seal_is_committed_and_pushed_to_the_repository(house: House, tmp_path: Path) -> None:
    bare, clone = a_clone(tmp_path)
    house.add(f"git:{clone}")
    first = house.sealed()
    assert house.pushed()[0].why is None
    second = house.sealed()
    assert house.pushed()[0].why is None
    name = file_name(first.seal.origin)
    assert find(git(bare, "show", f"main:{name}")) == (first, second)
    subjects = git(bare, "log", "--format=%s|%an|%ae", "main").splitlines()
    assert subjects == [f"Seal of {n.seal.size} entries|tracker|tracker@office.example" for n in (second, first)]
    assert witnesses(house.store)[0].size == second.seal.size


def test_a_push_that_failed_is_made_up_for_by_the_next(lite: House, tmp_path: Path) -> None:
    bare, clone = a_clone(tmp_path)
    lite.add(f"git:{clone}")
    first = lite.sealed()
    bare.rename(tmp_path / "away.git")
    assert "git push: " in str(lite.pushed()[0].why)
    second = lite.sealed()
    (tmp_path / "away.git").rename(bare)
    assert lite.pushed()[0].why is None
    assert find(git(bare, "show", f"main:{file_name(first.seal.origin)}")) == (first, second)


def test_what_others_pushed_is_never_written_over(lite: House, tmp_path: Path) -> None:
    bare, clone = a_clone(tmp_path)
    lite.add(f"git:{clone}")
    lite.sealed()
    lite.pushed()
    other = tmp_path / "other"
    git(tmp_path, "clone", "--quiet", str(bare), str(other))
    git(
        other, "-c", "user.name=o", "-c", "user.email=o@x.example", "commit", "--quiet", "--allow-empty", "-m", "theirs"
    )
    git(other, "push", "--quiet", "origin", "HEAD")
    lite.sealed()
    assert "rejected" in str(lite.pushed()[0].why)
    assert git(bare, "log", "-1", "--format=%s", "main").strip() == "theirs"


def test_a_git_that_asks_or_never_ends_is_given_up_and_no_password_is_written_down(
    lite: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, clone = a_clone(tmp_path)
    lite.add(f"git:{clone}")
    lite.sealed()
    git(clone, "remote", "set-url", "origin", "http://someone:hush@127.0.0.1:1/repo.git")
    said = str(lite.pushed()[0].why)
    assert "git push: " in said
    assert "hush" not in said
    hook = clone / ".git/hooks/pre-push"
    git(clone, "remote", "set-url", "origin", str(tmp_path / "bare.git"))
    hook.write_text("#!/bin/sh\nsleep 60\n")
    hook.chmod(0o755)
    monkeypatch.setattr(places, "GIT_SECONDS", 0.5)
    assert "no end within" in str(lite.pushed()[0].why)


def test_a_rehearsal_pushes_to_no_other_machine(tmp_path: Path, mails: SmtpServer) -> None:
    house = House(f"sqlite:///{tmp_path / 'r.db'}", tmp_path, mails, rehearsal=True)
    _, clone = a_clone(tmp_path)
    house.add(f"git:{clone}")
    house.sealed()
    for url in ("https://git.example/x.git", "git@git.example:x.git", "ssh://git.example/x"):
        git(clone, "remote", "set-url", "origin", url)
        assert "rehearsal" in str(house.pushed()[0].why)
    assert git(clone, "status", "--porcelain") == ""
    git(clone, "remote", "set-url", "origin", str(tmp_path / "bare.git"))
    assert house.pushed()[0].why is None


# ── A mailbox ────────────────────────────────────────────────────────────────────────────────────────────────


def words_of(content: bytes) -> str:
    part = message_from_bytes(content, policy=policy.default).get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def test_an_auditor_gets_the_seal_as_words_and_can_hold_it_against_the_ledger(house: House) -> None:
    house.add(AUDITOR)
    note = house.sealed()
    assert house.pushed()[0].why is None
    (mail,) = house.mails.messages
    assert mail.recipients == (AUDITOR,)
    message = message_from_bytes(mail.content, policy=policy.default)
    assert not list(message.iter_attachments())
    assert str(note.seal.size) in message["Subject"]
    assert (message["X-Ledger-Seq"], message["X-Ledger-Head"]) == (str(note.seal.size), note.seal.head)
    assert find(words_of(mail.content)) == (note,)
    for word in ("Xin lưu giữ", "Please keep", "Merci de conserver"):
        assert word in words_of(mail.content)
    assert verify(house.store, outside=read_outside([words_of(mail.content)])).holds


@pytest.mark.parametrize(("minutes", "mails_then"), [(59, 1), (60, 2), (61, 2)])
def test_a_mailbox_gets_one_seal_an_hour_at_most(lite: House, minutes: int, mails_then: int) -> None:
    lite.add(AUDITOR)
    lite.sealed()
    lite.pushed()
    lite.sealed(after=timedelta(minutes=minutes))
    lite.pushed()
    assert len(lite.mails.messages) == mails_then
    lite.pushed(force=True)
    assert len(lite.mails.messages) == 2


def test_a_mail_that_could_not_be_sent_is_sent_at_the_next_tick(lite: House) -> None:
    lite.add(AUDITOR)
    lite.sealed()
    lite.mails.rule("RCPT", "451 later", times=1)
    assert "later" in str(lite.pushed()[0].why)
    assert "later" in str(why(lite))
    assert lite.pushed()[0].why is None
    assert len(lite.mails.messages) == 1


def test_a_mailbox_that_does_not_exist_is_not_asked_every_minute(lite: House) -> None:
    lite.add(AUDITOR)
    lite.sealed()
    lite.mails.rule("RCPT", "550 5.1.1 no such user")
    assert "refused for good" in str(lite.pushed()[0].why)
    lite.at += timedelta(minutes=59)
    assert lite.pushed() == ()
    lite.at += timedelta(minutes=1)
    lite.mails.behave()
    assert lite.pushed()[0].why is None


def test_a_copy_of_a_seal_whose_fate_is_unknown_bears_the_same_message_id(lite: House) -> None:
    lite.add(AUDITOR)
    lite.sealed()
    lite.mails.rule("END", DROP, times=1)
    assert lite.pushed()[0].why
    lite.mails.rule("END", "take then drop", times=1)
    assert lite.pushed()[0].why
    assert lite.pushed()[0].why is None
    first, second = lite.mails.messages
    assert first.content == second.content


def test_one_place_that_fails_holds_up_no_other(lite: House, tmp_path: Path) -> None:
    lite.mails.rule("RCPT", "451 later")
    for place in (AUDITOR, f"folder:{tmp_path}", "zweite@sav.example"):
        lite.add(place)
    lite.sealed()
    assert {one.place: one.why is None for one in lite.pushed()} == {
        AUDITOR: False, f"folder:{tmp_path}": True, "zweite@sav.example": False,
    }  # fmt: skip


# ── Naming places ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "place",
    ["", "nobody", "folder:", "folder:/no/such/place", "git:/no/such/place", "a@b, c@d.example", "nonsense://x"],
)
def test_a_place_that_cannot_work_is_refused(lite: House, place: str) -> None:
    before = lite.store.position()
    with pytest.raises(Invalid, match=r"folder|git|mail|recipients|service"):
        lite.add(place)
    assert lite.store.position() == before


def test_a_folder_that_is_no_clone_is_no_repository(lite: House, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    with pytest.raises(Invalid, match="no clone"):
        lite.add(f"git:{plain}")


def test_a_place_is_named_and_forgotten_in_the_ledger_without_its_secret(lite: House) -> None:
    lite.add("json://user:hush@127.0.0.1/path")
    with pytest.raises(Conflict, match="already"):
        lite.add("json://user:hush@127.0.0.1/path")
    remove_witness(lite.store, "json://…", at=lite.at, actor="cli:root")
    with pytest.raises(NotFound, match="no witness"):
        remove_witness(lite.store, AUDITOR, at=lite.at, actor="cli:root")
    with lite.store.read() as connection:
        said = [(e.kind, e.payload) for e in ledger.entries(connection) if e.kind.startswith("witness")]
    assert said == [("witness_added", {"place": "json://…"}), ("witness_removed", {"place": "json://…"})]
