"""The product checks an export as the independent verifier does: neither lets pass what the other finds."""

import random
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.integration.test_export import folder, remake_manifests, store
from tests.simulation.a_store import DUE
from tracker.audit.kit import verify as independent
from tracker.cli.main import app
from tracker.domain.errors import Invalid
from tracker.operations.evidence import EvidenceFolder
from tracker.operations.exporting import export
from tracker.operations.proving import outside_of, receipt_of
from tracker.operations.verify import verify, verify_export
from tracker.store.store import Store

__all__ = ["folder", "store"]
END = DUE + timedelta(days=1)
REF = "2025/412-tb-vpcp/duty-bnv/BNV"


@pytest.fixture
def bag(store: Store, tmp_path: Path, folder: EvidenceFolder) -> Path:
    return export(store, tmp_path / "bag", at=END, evidence=folder).folder


def test_a_sound_export_holds_as_its_store_does(store: Store, bag: Path) -> None:
    assert verify_export(bag) == verify(store)


def test_an_export_is_held_against_what_was_kept_outside(store: Store, bag: Path, tmp_path: Path) -> None:
    found = receipt_of(store, REF, at=END, keyfile=tmp_path / "key")
    outside = outside_of([found.note.text()], vkey=found.vkey.text())
    assert verify_export(bag, outside=outside).holds
    cut = (bag / "data/entries.jsonl").read_text().splitlines(keepends=True)[:-1]
    (bag / "data/entries.jsonl").write_text("".join(cut))
    remake_manifests(bag)
    assert not verify_export(bag).holds


@pytest.mark.parametrize("name", ["entries.jsonl", "seals.jsonl", "keys.json"])
def test_no_byte_can_be_changed_though_every_manifest_fits(bag: Path, name: str) -> None:
    path, chosen = bag / "data" / name, random.Random(412)
    sound = path.read_bytes()
    for _ in range(20):
        spoilt = bytearray(sound)
        spoilt[chosen.randrange(len(sound) - 1)] ^= 1 << chosen.randrange(8)
        path.write_bytes(spoilt)
        remake_manifests(bag)
        assert not verify_export(bag).holds, spoilt
        assert independent.main(["bag", str(bag)]) == 1


@pytest.mark.parametrize("change", ["change", "remove", "add"])
def test_a_file_that_was_changed_removed_or_added_is_named(bag: Path, change: str) -> None:
    path = bag / "data" / "assignments.csv"
    match change:
        case "change":
            path.write_bytes(path.read_bytes().replace(b"assigned", b"finished"))
        case "remove":
            path.unlink()
        case "add":
            path = bag / "data" / "more.txt"
            path.write_text("x")
    found = verify_export(bag)
    assert not found.holds
    assert path.relative_to(bag).as_posix() in str(found.why)


def test_a_folder_that_is_no_export_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="is no export"):
        verify_export(tmp_path)


def test_the_command_leaves_with_0_and_with_5(bag: Path) -> None:
    assert CliRunner().invoke(app, ["history", "verify", "--export", str(bag)]).exit_code == 0
    shutil.rmtree(bag / "data" / "evidence")
    told = CliRunner().invoke(app, ["history", "verify", "--export", str(bag)])
    assert (told.exit_code, "is missing" in told.output) == (5, True)
