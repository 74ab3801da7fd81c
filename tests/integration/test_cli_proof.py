"""Keys, seals, witnesses and receipts at the command line: what is said, and with which status it is left."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.integration.smtp import SmtpServer
from tests.simulation.a_store import ADOPTED, a_store
from tracker.cli.main import app
from tracker.operations import open_store, submit

BNV = "2025/412-tb-vpcp/duty-bnv/BNV"


class Office:
    """A folder with a store in it, and the command line over that."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.url = folder, f"sqlite:///{folder / 'tracker.db'}"
        a_store(self.url, rehearsal=True).close()

    def run(self, *words: object, status: int = 0) -> str:
        said = CliRunner().invoke(app, ["--database", self.url, *map(str, words)])
        assert said.exception is None or isinstance(said.exception, SystemExit), said.exception
        assert said.exit_code == status, said.output
        return said.output

    def ask(self, *words: object, status: int = 0) -> dict:  # type: ignore[type-arg]
        return dict(json.loads(self.run(*words, "-f", "json", status=status)))

    def report(self) -> None:
        store = open_store(self.url)
        submit(store, BNV, at=ADOPTED, actor="BNV:anna", words="xong")
        store.close()

    def sql(self, *statements: str) -> None:
        import sqlite3
        from contextlib import closing

        with closing(sqlite3.connect(self.folder / "tracker.db")) as database, database:
            for statement in statements:
                database.execute(statement)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.chdir(tmp_path)
    return Office(tmp_path)


@pytest.fixture
def keyed(office: Office) -> Office:
    office.run("key", "make")
    return office


def test_sealing_without_a_key_is_refused_with_the_command_that_makes_one(office: Office) -> None:
    assert "tracker key make" in office.run("history", "seal", status=1)
    assert "tracker key make" in office.run("key", "show")


def test_the_key_lies_beside_the_database_unless_a_setting_says_where(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = office.ask("key", "make")
    assert made["file"] == str(office.folder / "tracker.db.key")
    assert office.ask("key", "show") == {"keys": [made]}
    monkeypatch.setenv("TRACKER_KEY", str(office.folder / "elsewhere.key"))
    assert "TRACKER_KEY" in office.run("history", "seal", status=1)
    (office.folder / "tracker.db.key").rename(office.folder / "elsewhere.key")
    assert office.ask("history", "seal")["made"] is True


def test_a_second_first_key_is_refused_and_a_next_one_is_made(keyed: Office) -> None:
    assert "rotate" in keyed.run("key", "make", status=1)
    second = keyed.ask("key", "rotate")
    assert second["file"].endswith("tracker.db.key.2")
    assert [one["here"] for one in keyed.ask("key", "show")["keys"]] == [True, True]
    assert keyed.ask("history", "seal")["key"] == second["key"]


def test_a_seal_is_shown_and_not_made_twice(keyed: Office) -> None:
    first = keyed.ask("history", "seal")
    again = keyed.ask("history", "seal")
    assert (first["made"], again["made"], again["note"]) == (True, False, first["note"])
    assert "nothing is new" in keyed.run("history", "seal")


def test_verify_says_what_is_sealed_and_what_is_not_yet(keyed: Office) -> None:
    size = keyed.ask("history", "seal")["size"]
    keyed.report()
    said = keyed.ask("history", "verify")
    assert (said["holds"], said["seals"], said["sealed"], said["entries"]) == (True, 1, size, size + 1)
    assert "nothing proves them yet: 1" in keyed.run("history", "verify")


@pytest.mark.parametrize("what", ["note", "shown", "receipt"])
def test_a_cut_tail_leaves_with_5_against_what_was_kept_outside(keyed: Office, what: str) -> None:
    keyed.report()
    kept = keyed.folder / "kept"
    if what == "receipt":
        keyed.run("receipt", BNV, "-o", kept)
    else:
        shown = keyed.run("history", "seal") if what == "shown" else str(keyed.ask("history", "seal")["note"])
        kept.write_text(shown, encoding="utf-8")
    assert keyed.ask("history", "verify", "--against", kept)["outside"] >= 1
    keyed.sql(
        "DROP TRIGGER entry_no_delete",
        "DELETE FROM seal",
        "DELETE FROM entry WHERE seq = (SELECT max(seq) FROM entry)",
        "UPDATE head SET seq = seq - 1, hash = (SELECT hash FROM entry ORDER BY seq DESC LIMIT 1)",
    )
    keyed.run("history", "verify")
    assert "the ledger has" in keyed.run("history", "verify", "--against", kept, status=5)


def test_a_mail_as_saved_can_be_held_against_the_ledger(keyed: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    with SmtpServer() as mails:
        monkeypatch.setenv("TRACKER_SMTP_URL", mails.url)
        keyed.run("witness", "add", "auditor@sav.example")
        done = keyed.ask("history", "seal")
        assert done["pushed"] == [{"place": "auditor@sav.example", "holds": True, "why": None}]
        saved = keyed.folder / "seal.eml"
        saved.write_bytes(mails.messages[0].content)
    assert keyed.ask("history", "verify", "--against", saved)["outside"] == 1


def test_a_file_that_holds_neither_seal_nor_receipt_is_a_usage_error(keyed: Office) -> None:
    file = keyed.folder / "x"
    keyed.run("history", "verify", "--against", file, status=2)
    for words in ("nothing", "{}", '{"receipt": 1}'):
        file.write_text(words)
        keyed.run("history", "verify", "--against", file, status=2)
    keyed.run("history", "verify", "--vkey", "nonsense", status=2)


def test_a_published_key_is_held_against_the_ledgers(keyed: Office) -> None:
    (one,) = keyed.ask("key", "show")["keys"]
    keyed.run("history", "verify", "--vkey", one["vkey"])
    other = Office.__new__(Office)
    (keyed.folder / "other").mkdir()
    Office.__init__(other, keyed.folder / "other")
    keyed.run("history", "verify", "--vkey", other.ask("key", "make")["vkey"], status=5)


def test_any_sealed_entry_can_be_proven_and_none_that_is_newer(keyed: Office) -> None:
    size = keyed.ask("history", "seal")["size"]
    file = keyed.folder / "proof.json"
    for seq in (1, 2, size - 1, size):
        file.write_text(keyed.run("history", "proof", seq, "-f", "json"), encoding="utf-8")
        assert keyed.ask("receipt", "check", file)["seq"] == seq
    assert f"entry {size} of {size}" in keyed.run("history", "proof", size)
    keyed.report()
    assert "tracker history seal" in keyed.run("history", "proof", size + 1, status=1)
    keyed.run("history", "proof", size + 2, status=1)


def test_whoever_reported_gets_a_receipt_that_is_checked_without_the_store(keyed: Office) -> None:
    assert "no receipt" in keyed.run("receipt", BNV, status=1)
    keyed.report()
    file = keyed.folder / "receipt.json"
    keyed.run("receipt", "duty-bnv/BNV", "--out", file)
    keyed.run("receipt", BNV, "--out", file, status=1)  # never written over
    vkey = keyed.ask("key", "show")["keys"][0]["vkey"]
    (keyed.folder / "tracker.db").unlink()
    said = keyed.ask("receipt", "check", file, "--vkey", vkey)
    assert (said["holds"], said["pinned"], said["says"]["actor"]) == (True, True, "BNV:anna")
    assert said["says"]["payload"]["words"] == "xong"
    assert vkey in keyed.run("receipt", "check", file), "without a key of one's own the receipt's is shown"


def test_a_receipt_that_was_changed_leaves_with_5(keyed: Office) -> None:
    keyed.report()
    file = keyed.folder / "receipt.json"
    keyed.run("receipt", BNV, "--out", file)
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("xong", "hỏng"), encoding="utf-8")
    assert "does not hold" in keyed.run("receipt", "check", file, status=5)
    file.write_text(text[:-20])
    keyed.run("receipt", "check", file, status=2)


def test_witnesses_are_listed_with_what_they_hold_and_a_failure_is_seen_by_the_doctor(keyed: Office) -> None:
    outside = keyed.folder / "outside"
    outside.mkdir()
    place = keyed.ask("witness", "add", "folder:outside")["place"]
    assert place == f"folder:{outside}", "wherever the next command is run"
    assert "already" in keyed.run("witness", "add", f"folder:{outside}", status=1)
    size = keyed.ask("history", "seal")["size"]
    (row,) = keyed.ask("witness", "list")["witnesses"]
    assert (row["place"], row["size"], row["why"]) == (place, size, None)
    for file in outside.iterdir():
        file.unlink()
    outside.rmdir()
    keyed.report()
    keyed.run("history", "seal", status=1)
    checks = {one["name"]: one for one in keyed.ask("doctor", status=1)["checks"]}
    assert checks["seals"]["fine"]
    assert not checks[f"witness {place}"]["fine"]
    assert "cannot be" in checks[f"witness {place}"]["seen"]
    keyed.run("witness", "remove", place)
    assert keyed.ask("witness", "list")["witnesses"] == []


def test_a_place_that_cannot_work_is_a_usage_error(keyed: Office) -> None:
    keyed.run("witness", "add", "folder:/no/such/folder", status=2)
    keyed.run("witness", "add", "nobody", status=2)


# ── Every reader is a witness ────────────────────────────────────────────────────────────────────────────────

READING = (
    "board", "task list", f"task show {BNV}", f"task explain {BNV}", "history show", "history watch", "reminder list",
    "directive list", "directive show 2025/412-tb-vpcp", "calendar show", "evidence list", "channel list",
    "witness list",
)  # fmt: skip


@pytest.mark.parametrize("words", READING)
def test_what_is_shown_as_json_says_where_the_ledger_stood(office: Office, words: str) -> None:
    store = open_store(office.url)
    end = store.position()
    store.close()
    said = office.ask(*words.split())
    assert (said["seq"], said["head"]) == (end.seq, end.hash)
