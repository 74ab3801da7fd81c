"""The demo as a newcomer runs it, checked from outside: the SQLite file, the mails on disk, what was printed."""

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from email import policy
from email.message import Message
from email.parser import BytesParser
from hashlib import sha256
from pathlib import Path

import pytest

from tracker.audit import passwords

ROOT = Path(__file__).parent.parent.parent
WEEKDAYS = {
    "vi": ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
}


@dataclass(frozen=True)
class Played:
    """A demo that was played: how it ended and what it left behind."""

    code: int
    said: str
    complained: str
    folder: Path
    mails: tuple[tuple[Path, Message], ...]

    def ask(self, question: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.folder / "tracker.db")) as database:
            return database.execute(question).fetchall()


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    folder = tmp_path_factory.mktemp("played") / "demo"
    command = [sys.executable, "-m", "flows.demo", "--folder", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=900)
    return Played(done.returncode, done.stdout, done.stderr, folder, tuple(_mails(folder / "mails")))


def _mails(folder: Path) -> Iterator[tuple[Path, Message]]:
    # the older policy reads headers as they stand, and 4,500 mails in seconds
    parser = BytesParser(policy=policy.compat32)
    for file in sorted(folder.glob("*/*.eml")):
        yield file, parser.parsebytes(file.read_bytes())


def _text(message: Message) -> str:
    (part,) = (part for part in message.walk() if part.get_content_type() == "text/plain")
    return bytes(part.get_payload(decode=True)).decode("utf-8")  # type: ignore[arg-type]


def test_it_ends_well_and_complains_of_nothing(played: Played) -> None:
    assert played.code == 0, played.said + played.complained
    assert "every figure agrees" in played.said
    assert "WRONG" not in played.said
    assert "Traceback" not in played.complained


def test_it_says_how_to_look_and_as_whom_and_whoever_it_names_is_let_in(played: Played) -> None:
    folder = played.folder
    assert f"TRACKER_DATABASE_URL=sqlite:///{folder / 'tracker.db'}" in played.said
    told = re.findall(r"^  (\w+) +([a-z0-9-]{19})  (\w+)(?: (\w+))?$", played.said, re.MULTILINE)
    assert [(name, role, office) for name, _, role, office in told] == [
        ("le", "secretariat", ""), ("anna", "agency", "BNV"), ("binh", "agency", "BTC"),
        ("pham", "auditor", ""), ("root", "admin", ""),
    ]  # fmt: skip
    for name, password, _, _ in told:
        ((kept,),) = played.ask(f"SELECT password FROM credential WHERE account = '{name}'")
        assert passwords.fits(str(kept), password)
        assert all(password.encode() not in file.read_bytes() for file in folder.glob("tracker.db*"))


def test_the_board_is_of_20_october_and_its_cells_add_up(played: Played) -> None:
    assert re.search(r"as of Mon 20 Oct 2025 08:00", played.said)
    sums = re.search(r"^([\d,]+(?: \+ [\d,]+){5}) = ([\d,]+) assignments$", played.said, re.MULTILINE)
    assert sums is not None
    parts = [int(part.replace(",", "")) for part in sums[1].split(" + ")]
    counts: dict[object, object] = dict(played.ask("SELECT cell, count(*) FROM assignment GROUP BY cell"))  # type: ignore[arg-type]
    cells = ("completed_on_time", "completed_late", "open_in_time", "open_overdue", "undated", "closed_out")
    assert parts == [counts.get(cell, 0) for cell in cells]
    assert sum(parts) == int(sums[2].replace(",", "")) == played.ask("SELECT count(*) FROM assignment")[0][0]
    assert all(parts[:5])  # something to see in each of the official four, and undated


def test_the_readme_shows_the_board_that_it_ends_with(played: Played) -> None:
    shown = (ROOT / "README.md").read_text(encoding="utf-8").split("What the demo ends with")[1].split("```\n")[1]
    said = "\n".join(" ".join(line.split()) for line in played.said.splitlines())
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert "5 + 3 + 2 + 239 + 933 + 0 = 1,182 assignments" in lines
    # the hash that ends the first line is the ledger's of that one run
    assert [line for line in lines if line.split(" · ledger")[0] not in said] == []


def test_three_directives_were_adopted_each_on_its_day(played: Played) -> None:
    found = played.ask("SELECT key, issued, date(adopted_at, '+7 hours') FROM directive WHERE current ORDER BY issued")
    assert found == [
        ("2025/412-tb-vpcp", "2025-08-11", "2025-08-11"),
        ("2025/268-nq-cp", "2025-08-31", "2025-08-31"),
        ("2025/2179-qd-ttg", "2025-10-06", "2025-10-06"),
    ]


def test_every_reminder_left_in_a_mail_of_its_own_or_with_others(played: Played) -> None:
    assert played.ask("SELECT state, count(*) > 4000 FROM reminder GROUP BY state") == [("accepted", 1)]
    unheard = (
        "SELECT count(*) FROM reminder r WHERE NOT EXISTS"
        " (SELECT 1 FROM delivery d JOIN reminder l ON d.reminder = l.id"
        " WHERE d.outcome = 'accepted' AND (l.id = r.id OR l.bundle = r.bundle))"
    )
    assert played.ask(unheard) == [(0,)]


def test_no_office_hears_twice_of_what_fell_due_together(played: Played) -> None:
    mails = played.ask("SELECT count(*) FROM delivery WHERE outcome = 'accepted'")[0][0]
    told = played.ask("SELECT count(*) FROM (SELECT DISTINCT agency, channel, made_at FROM reminder)")[0][0]
    assert int(str(mails)) < 1500
    assert int(str(mails)) >= int(str(told))  # what concerns an office at once goes alone


def test_every_accepted_delivery_has_its_mail_and_every_mail_its_delivery(played: Played) -> None:
    accepted = [row[0] for row in played.ask("SELECT message_id FROM delivery WHERE outcome = 'accepted'")]
    assert sorted(accepted) == sorted(str(message["Message-ID"]) for _, message in played.mails)  # type: ignore[type-var]
    assert len(set(accepted)) == len(accepted)


def test_every_mail_lies_with_its_recipient_by_its_reference(played: Played) -> None:
    for file, message in played.mails:
        assert file.parent.name == message["To"]
        assert file.name.endswith(f"-{message['X-Reminder-Reference']}.eml")
        assert str(message["To"]).endswith("@agency.example")


def test_every_mail_says_task_date_reason_page_reference_and_place_in_the_ledger(played: Played) -> None:
    known: dict[object, list[tuple[object, ...]]] = {}
    for row in played.ask(
        "SELECT coalesce(r.bundle, r.key), r.assignment, a.last_day, r.stage, t.title_vi, t.title_en, t.title_fr"
        " FROM reminder r JOIN assignment a ON a.ref = r.assignment JOIN task t ON t.key = a.task"
    ):
        known.setdefault(row[0], []).append(row[1:])
    hashes = dict(played.ask("SELECT seq, hash FROM entry"))  # type: ignore[arg-type,var-annotated]
    for file, message in played.mails:
        text, language = " ".join(_text(message).split()), str(message["Content-Language"])
        members = known[message["X-Reminder-Key"]]
        seq, head = int(message["X-Ledger-Seq"]), str(message["X-Ledger-Head"])
        assert str(message["X-Reminder-Reference"]) in text, file
        assert f"({seq}, {head[:16]}" in text, file
        assert hashes[seq] == head, file
        shown = [one for one in members if f"/tasks/{one[0]}" in text]
        assert len(shown) >= min(10, len(members)), file
        for _, _, _, *titles in shown:
            assert str(titles[("vi", "en", "fr").index(language)]) in text, file
        if len(members) == 1 and members[0][2] in ("assigned", "before", "due", "overdue", "review"):
            _says_why_and_when(text, language, members[0], file)


def _says_why_and_when(text: str, language: str, member: tuple[object, ...], file: Path) -> None:
    ref, last_day, *_ = member
    assert {"vi": "Tình trạng:", "en": "Standing:", "fr": "Situation :"}[language] in text, file
    assert f"/tasks/{ref}/report" in text, file
    if last_day is not None:
        day = date.fromisoformat(str(last_day))
        assert re.search(rf"{WEEKDAYS[language][day.weekday()]},? 0?{day.day}\b", text), file


def test_three_languages_are_read(played: Played) -> None:
    assert {str(message["Content-Language"]) for _, message in played.mails} == {"vi", "en", "fr"}


def test_what_was_made_up_is_labelled(played: Played) -> None:
    moved = "('acknowledged', 'submitted', 'completed', 'returned')"
    actors = {row[0] for row in played.ask(f"SELECT DISTINCT actor FROM entry WHERE kind IN {moved}")}
    assert len(actors) > 5
    assert all(str(actor).startswith("demo:") for actor in actors)
    assert "invented for the demo" in played.said


def test_the_chain_holds_for_whoever_reckons_it_again(played: Played) -> None:
    previous = "0" * 64
    for before, body, found in played.ask("SELECT previous, body, hash FROM entry ORDER BY seq"):
        assert before == previous
        previous = sha256(f"{previous}\n{body}".encode()).hexdigest()
        assert previous == found
    assert f"the chain is whole, head {previous[:16]}" in played.said


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    command = [sys.executable, "-m", "flows.demo", "--folder", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 2
    assert "name another folder" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["precious.txt"]
