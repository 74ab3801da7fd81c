"""An export is a whole, reproducible bag, and the verifier that goes along finds what is wrong with it."""

import csv
import io
import json
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.simulation.a_store import ADOPTED, DUE, a_store, minutes, six_duties
from tracker.audit.kit import verify as verifier
from tracker.domain.deadline import By, Due
from tracker.domain.errors import Conflict
from tracker.domain.evidence import Proof
from tracker.operations import accept, adopt_directive, submit, sweep
from tracker.operations.evidence import EvidenceFolder, add_evidence
from tracker.operations.exporting import Exported, export
from tracker.operations.extensions import ask, grant
from tracker.operations.keys import make_key, rotate_key
from tracker.operations.proving import receipt_of
from tracker.operations.sealing import seal
from tracker.store import ledger
from tracker.store.store import Store

REF = "2025/412-tb-vpcp/duty-bnv/BNV"
OTHER = "2025/412-tb-vpcp/duty-btc/BTC"
FILE = b"%PDF-1.4\n%a report\n%%EOF\n"
END = DUE + timedelta(days=1)


@pytest.fixture
def folder(tmp_path: Path) -> EvidenceFolder:
    return EvidenceFolder(tmp_path / "evidence", limit=1000)


@pytest.fixture
def store(tmp_path: Path, folder: EvidenceFolder) -> Iterator[Store]:
    """A life with everything an export tells of: two keys, seals, evidence, an extension, an amendment."""
    made = a_store(f"sqlite:///{tmp_path}/tracker.db")
    make_key(made, tmp_path / "key", at=ADOPTED, actor="cli:root")
    sweep(made, at=ADOPTED)
    assert seal(made, at=ADOPTED, keyfile=tmp_path / "key", force=True)
    added = add_evidence(made, folder, io.BytesIO(FILE), name="=report.pdf", at=minutes_in(10), actor="BNV:anna")
    proofs = (Proof(added.sha256, "12/BC-BNV", date(2025, 8, 11)), Proof(number="-13/BC-BNV"))
    submit(made, REF, at=minutes_in(20), actor="BNV:anna", words="done", proofs=proofs)
    accept(made, REF, at=minutes_in(30), actor="secretariat:le")
    rotate_key(made, tmp_path / "key", at=minutes_in(40), actor="cli:root")
    ask(made, OTHER, date(2025, 9, 15), at=minutes_in(50), actor="BTC:binh", why="=the figures come late")
    grant(made, OTHER, at=minutes_in(60), actor="secretariat:le", instrument="55/VPCP")
    changed = six_duties()
    later = tuple(
        replace(task, due=Due(rule=By(date(2026, 1, 31)))) if task.id == "duty-04" else task for task in changed.tasks
    )
    adopt_directive(made, replace(changed, tasks=later), at=minutes_in(70), actor="test")
    assert seal(made, at=DUE, keyfile=tmp_path / "key", force=True)
    yield made
    made.close()


def minutes_in(count: int) -> datetime:
    return ADOPTED + minutes(count)


def exported(store: Store, tmp_path: Path, folder: EvidenceFolder | None = None, name: str = "bag") -> Path:
    return export(store, tmp_path / name, at=END, evidence=folder).folder


def checked(bag: Path, *words: object) -> tuple[int, str]:
    """Return what the verifier inside the bag says of it, run as an auditor does: alone, away from the tracker."""
    command = [sys.executable, "-I", bag / "data/verify.py", "bag", bag, *words]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, cwd=bag, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout


def rows(bag: Path, name: str) -> list[dict[str, str]]:
    raw = (bag / "data" / name).read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


def test_a_sound_export_holds(store: Store, tmp_path: Path, folder: EvidenceFolder) -> None:
    status, said = checked(exported(store, tmp_path, folder))
    assert (status, said.splitlines()[-1]) == (0, "✓ HOLDS")


def test_the_bag_is_a_bag_to_who_knows_only_rfc_8493(store: Store, tmp_path: Path, folder: EvidenceFolder) -> None:
    bag = exported(store, tmp_path, folder)
    assert (bag / "bagit.txt").read_text() == "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        for line in (bag / manifest).read_text().splitlines():
            found = re.fullmatch(r"([0-9a-f]{64})  (\S+)", line)
            assert found
            assert sha256((bag / found[2]).read_bytes()).hexdigest() == found[1]
    files = [path for path in (bag / "data").rglob("*") if path.is_file()]
    named = [line.split("  ")[1] for line in (bag / "manifest-sha256.txt").read_text().splitlines()]
    assert sorted(str(path.relative_to(bag)) for path in files) == named
    info = dict(line.split(": ", 1) for line in (bag / "bag-info.txt").read_text().splitlines())
    assert info["Payload-Oxum"] == f"{sum(path.stat().st_size for path in files)}.{len(files)}"
    assert info["Bagging-Date"] == "2025-08-16"


def test_the_same_store_at_the_same_instant_gives_the_same_bytes(
    store: Store, tmp_path: Path, folder: EvidenceFolder
) -> None:
    def contents(bag: Path) -> dict[str, bytes]:
        return {str(path.relative_to(bag)): path.read_bytes() for path in bag.rglob("*") if path.is_file()}

    first = contents(exported(store, tmp_path, folder))
    with store.write() as connection:  # what comes later changes nothing of what was
        ledger.append(connection, [], at=END)
    sweep(store, at=END + timedelta(days=30))
    assert contents(exported(store, tmp_path, folder, "again")) == first


def test_an_earlier_instant_exports_what_was_recorded_by_then(store: Store, tmp_path: Path) -> None:
    found = export(store, tmp_path / "bag", at=minutes_in(25))
    assert found.keys == 1
    assert {row["progress"] for row in rows(found.folder, "assignments.csv")} == {"assigned", "submitted"}
    assert rows(found.folder, "deadlines.csv") == []
    assert checked(found.folder)[0] == 0


def test_an_export_overwrites_nothing(store: Store, tmp_path: Path) -> None:
    (tmp_path / "bag").mkdir()
    with pytest.raises(Conflict, match="never overwrites"):
        exported(store, tmp_path)
    assert list((tmp_path / "bag").iterdir()) == []


def test_a_failed_export_leaves_nothing_behind(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sorted(tmp_path.iterdir())
    monkeypatch.setattr("tracker.operations.exporting.assignment_cells", lambda *_: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        exported(store, tmp_path)
    assert sorted(tmp_path.iterdir()) == before


def test_every_changed_date_is_listed_with_its_reason(store: Store, tmp_path: Path) -> None:
    amended, granted = rows(exported(store, tmp_path), "deadlines.csv")
    assert (granted["assignment"], granted["old"], granted["new"]) == (OTHER, "2025-08-31", "2025-09-15")
    assert (granted["reason"], granted["instrument"]) == ("'=the figures come late", "55/VPCP")
    assert (granted["by"], granted["first"], granted["days"]) == ("secretariat:le", "2025-08-31", "15")
    assert (amended["old"], amended["new"], amended["reason"]) == (
        "2025-12-31",
        "2026-01-31",
        "the directive was amended",
    )


def test_no_cell_is_a_formula(store: Store, tmp_path: Path, folder: EvidenceFolder) -> None:
    bag = exported(store, tmp_path, folder)
    for name in ("assignments.csv", "deadlines.csv", "evidence.csv"):
        for row in rows(bag, name):
            for cell in row.values():
                assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert [row["number"] for row in rows(bag, "evidence.csv")] == ["", "12/BC-BNV", "'-13/BC-BNV"]


def test_the_provenance_names_every_entry_its_agent_and_what_it_is_about(store: Store, tmp_path: Path) -> None:
    bag = exported(store, tmp_path)
    said = json.loads((bag / "data/prov.json").read_text())
    count = len((bag / "data/entries.jsonl").read_text().splitlines())
    assert set(said["activity"]) == {f"entry:{n}" for n in range(1, count + 1)}
    assert len(said["wasAssociatedWith"]) == count
    defined = said["entity"].keys() | said["activity"].keys() | said["agent"].keys()
    relations = {"wasAssociatedWith", "wasGeneratedBy", "wasDerivedFrom", "wasInfluencedBy", "used"}
    assert said.keys() == relations | {"prefix", "entity", "activity", "agent"}
    for relation in relations:
        assert said[relation]
        assert {end for record in said[relation].values() for end in record.values()} <= defined
    assert "actor:BNV%3Aanna" in said["agent"]


def test_a_seal_and_a_receipt_from_outside_are_compared(store: Store, tmp_path: Path) -> None:
    receipt, held = tmp_path / "receipt.json", tmp_path / "seal.txt"
    found = receipt_of(store, REF, at=END, keyfile=tmp_path / "key")
    receipt.write_text(json.dumps(found.document()))
    held.write_text(found.note.text())
    bag = exported(store, tmp_path)
    status, said = checked(bag, "--seal", held, "--receipt", receipt, "--vkey", found.vkey.text())
    assert (status, "held outside: 2 seals" in said) == (0, True)
    assert verifier.main(["receipt", str(receipt), "--vkey", found.vkey.text()]) == 0
    held.write_text(f"Dear auditor,\r\n\r\n{found.note.text()}\r\nthe office\r\n".replace("\n", "\r\n"), newline="")
    assert verifier.main(["seal", str(held), "--vkey", found.vkey.text()]) == 0
    held.write_text("Dear auditor,\n\nno seal today\n")
    assert verifier.main(["seal", str(held), "--vkey", found.vkey.text()]) == 1


def test_a_key_that_the_ledger_does_not_know_is_a_fault(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = receipt_of(store, REF, at=END, keyfile=tmp_path / "key")
    (tmp_path / "seal.txt").write_text(found.note.text())
    (tmp_path / "receipt.json").write_text(json.dumps(found.document()))
    stranger = another_key(tmp_path)
    assert checked(exported(store, tmp_path), "--vkey", stranger)[0] == 1
    assert verifier.main(["seal", str(tmp_path / "seal.txt"), "--vkey", stranger]) == 1
    assert verifier.main(["receipt", str(tmp_path / "receipt.json"), "--vkey", stranger]) == 1
    assert "not signed by" in capsys.readouterr().out


def another_key(tmp_path: Path) -> str:
    other = a_store(f"sqlite:///{tmp_path}/other.db")
    made = make_key(other, tmp_path / "other.key", at=ADOPTED, actor="cli:root")
    other.close()
    return made.vkey.text()


def change_line(bag: Path, name: str, number: int, old: str, new: str) -> None:
    path = bag / "data" / name
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    assert old in lines[number]
    lines[number] = lines[number].replace(old, new, 1)
    path.write_text("".join(lines), encoding="utf-8")


def remake_manifests(bag: Path) -> None:
    """Make the manifests fit again, as anybody can who holds the bag."""
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        names = [line.split("  ")[1] for line in (bag / manifest).read_text().splitlines()]
        lines = [f"{sha256((bag / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
        (bag / manifest).write_text("".join(lines))
    files = [path for path in (bag / "data").rglob("*") if path.is_file()]
    info = (bag / "bag-info.txt").read_text()
    oxum = f"Payload-Oxum: {sum(path.stat().st_size for path in files)}.{len(files)}"
    (bag / "bag-info.txt").write_text(re.sub(r"Payload-Oxum: .*", oxum, info))
    tags = ("bag-info.txt", "bagit.txt", "manifest-sha256.txt")
    lines = [f"{sha256((bag / name).read_bytes()).hexdigest()}  {name}\n" for name in tags]
    (bag / "tagmanifest-sha256.txt").write_text("".join(lines))


def test_a_bag_changed_on_its_way_is_named_by_its_manifest(
    store: Store, tmp_path: Path, folder: EvidenceFolder
) -> None:
    bag = exported(store, tmp_path, folder)
    change_line(bag, "assignments.csv", 1, "assigned", "completed")
    (bag / "data/more.txt").write_text("x")
    (bag / "data/prov.json").unlink()
    status, said = checked(bag)
    assert status == 1
    assert "✗ data/assignments.csv: its bytes are not those of which manifest-sha256.txt was made" in said
    assert "✗ data/more.txt: no manifest names it" in said
    assert "✗ data/prov.json: manifest-sha256.txt names it, and it is not there" in said


def test_no_byte_of_entries_seals_or_keys_can_be_changed_unnoticed(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bag, chosen = exported(store, tmp_path), random.Random(2025)
    for name in ("entries.jsonl", "seals.jsonl", "keys.json"):
        path = bag / "data" / name
        sound = path.read_bytes()
        for _ in range(25):
            spoilt = bytearray(sound)
            spoilt[chosen.randrange(len(sound) - 1)] ^= 1 << chosen.randrange(8)
            path.write_bytes(spoilt)
            remake_manifests(bag)
            assert verifier.main(["bag", str(bag)]) == 1, (name, spoilt)
        path.write_bytes(sound)
        remake_manifests(bag)
    capsys.readouterr()
    assert verifier.main(["bag", str(bag)]) == 0


def test_a_changed_entry_is_named_though_the_manifests_fit(store: Store, tmp_path: Path) -> None:
    bag = exported(store, tmp_path)
    change_line(bag, "entries.jsonl", 4, "test", "tset")
    remake_manifests(bag)
    status, said = checked(bag)
    assert (status, said.count("✗")) == (1, 1)
    assert "✗ entry 5: its text does not give its hash" in said


def test_changed_or_missing_evidence_is_named(store: Store, tmp_path: Path, folder: EvidenceFolder) -> None:
    digest = sha256(FILE).hexdigest()
    bag = exported(store, tmp_path, folder)
    (bag / "data/evidence" / digest).write_bytes(b"x")
    (bag / "data/evidence" / ("0" * 64)).write_bytes(b"y")
    _, said = checked(bag)
    assert f"evidence {digest}: its bytes are not those that the entry names" in said
    assert f"evidence {'0' * 64}: no entry names it" in said


def test_evidence_that_is_spoilt_in_the_store_is_listed_and_missed(
    store: Store, tmp_path: Path, folder: EvidenceFolder
) -> None:
    add_evidence(store, folder, io.BytesIO(FILE + b"%more\n"), name="b.pdf", at=DUE, actor="BNV:anna")
    digest = sha256(FILE).hexdigest()
    path = folder.root / digest[:2] / digest
    path.chmod(0o600)
    path.write_bytes(b"another report")
    found = export(store, tmp_path / "bag", at=END, evidence=folder)
    assert (found.lost, found.evidence) == ((digest,), 1)
    status, said = checked(found.folder)
    assert (status, f"evidence {digest}: it is not in the bag" in said) == (1, True)


def test_a_ledger_without_seals_holds_and_is_said_to_be_under_none(tmp_path: Path) -> None:
    store = a_store(f"sqlite:///{tmp_path}/tracker.db")
    status, said = checked(exported(store, tmp_path))
    store.close()
    assert (status, "under a seal: 0 entries" in said) == (0, True)


def test_columns_that_differ_from_the_hashed_text_are_counted_and_not_believed(store: Store, tmp_path: Path) -> None:
    with store.write() as connection:
        connection.execute(text("DROP TRIGGER entry_no_update"))
        connection.execute(text("UPDATE entry SET actor = 'nobody' WHERE kind = 'extension_granted'"))
    found: Exported = export(store, tmp_path / "bag", at=END)
    assert found.disagreeing == 1
    assert {row["by"] for row in rows(found.folder, "deadlines.csv")} == {"secretariat:le", "test"}


def test_both_databases_export_the_same_bytes(tmp_path: Path, postgres_url: str) -> None:
    def contents(url: str, name: str) -> dict[str, bytes]:
        made = a_store(url)
        sweep(made, at=ADOPTED)
        ask(made, OTHER, date(2025, 9, 15), at=minutes_in(1), actor="BTC:binh", why="floods")
        grant(made, OTHER, at=minutes_in(2), actor="secretariat:le", instrument="55/VPCP")
        bag = exported(made, tmp_path, name=name)
        made.close()
        return {str(path.relative_to(bag)): path.read_bytes() for path in bag.rglob("*") if path.is_file()}

    assert contents(f"sqlite:///{tmp_path}/one.db", "one") == contents(postgres_url, "other")
