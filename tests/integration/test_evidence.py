"""Evidence: bytes are kept once and for ever, handed out only to who may have them, and never without an entry."""

import io
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from tests.apart import apart
from tests.builders import a_directive, a_registry, a_task, an_agency
from tests.simulation.a_store import ADOPTED, SOON, a_store
from tracker.domain.errors import Broken, Refused, TrackerError, TryLater
from tracker.domain.evidence import Proof
from tracker.operations import rebuild, send_back, submit
from tracker.operations.adopt import adopt_registry
from tracker.operations.evidence import (
    EvidenceFolder,
    add_evidence,
    check_evidence,
    check_proofs,
    evidence_folder,
    fetch,
    glance,
    tidy,
)
from tracker.settings import Settings
from tracker.store import assignments, deputies, evidence, ledger
from tracker.store.deputies import Deputy
from tracker.store.store import Store
from tracker.views.evidence import evidence_of, shared_evidence

PDF = b"%PDF-1.7\nthe report\n"
SHA = sha256(PDF).hexdigest()
OTHER = b"%PDF-1.7\nanother report\n"
KEY = "2025/412-tb-vpcp"
BNV, BTC, HANOI = f"{KEY}/duty-bnv/BNV", f"{KEY}/duty-btc/BTC", f"{KEY}/duty-01/01"
TODAY = ADOPTED.date()
KB = 1024
AS_ROOT = os.geteuid() == 0


@pytest.fixture
def folder(tmp_path: Path) -> EvidenceFolder:
    return EvidenceFolder(tmp_path / "evidence", limit=64 * KB)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    made = a_store(database_url)
    yield made
    made.close()


def add(
    store: Store, folder: EvidenceFolder, content: bytes = PDF, *, name: str = "a.pdf", actor: str = "BNV:anna"
) -> Any:
    return add_evidence(store, folder, io.BytesIO(content), name=name, at=ADOPTED, actor=actor)


def fetched(
    store: Store, folder: EvidenceFolder, digest: str = SHA, *, actor: str = "BNV:anna", at: Any = ADOPTED
) -> bytes:
    with fetch(store, folder, digest, at=at, actor=actor) as (_, file):
        return file.read()


def place_of(folder: EvidenceFolder, digest: str = SHA) -> Path:
    return folder.root / digest[:2] / digest


def seq_of(store: Store) -> int:
    return store.position().seq


def report(store: Store, ref: str, *proofs: Proof, actor: str = "cli:root") -> None:
    submit(store, ref, at=ADOPTED, actor=actor, words="done", proofs=proofs)


def files_in(folder: EvidenceFolder) -> set[str]:
    return {str(path.relative_to(folder.root)) for path in folder.root.rglob("*") if not path.is_dir()}


def nothing_was_kept(store: Store, folder: EvidenceFolder, seq: int) -> bool:
    with store.read() as connection:
        return not list(evidence.every(connection)) and seq_of(store) == seq and not files_in(folder)


# ── Kept once, for ever ──────────────────────────────────────────────────────────────────────────────────────


def test_a_file_lies_under_its_hash_read_only_and_its_entry_says_what_it_is(
    store: Store, folder: EvidenceFolder
) -> None:
    added = add(store, folder, name="../Báo cáo.pdf")
    assert (added.sha256, added.size, added.media_type, added.name) == (SHA, len(PDF), "application/pdf", "Báo cáo.pdf")
    assert files_in(folder) == {f"{SHA[:2]}/{SHA}"}
    assert stat.S_IMODE(place_of(folder).stat().st_mode) == 0o400
    with store.read() as connection:
        *_, entry = ledger.entries(connection)
    assert (entry.kind, entry.actor, entry.assignment) == ("evidence_added", "BNV:anna", None)
    assert entry.payload == {"sha256": SHA, "size": len(PDF), "media_type": "application/pdf", "name": "Báo cáo.pdf"}
    assert fetched(store, folder) == PDF


def test_the_same_bytes_again_are_no_second_file_and_no_second_entry(store: Store, folder: EvidenceFolder) -> None:
    first = add(store, folder)
    inode, seq = place_of(folder).stat().st_ino, seq_of(store)
    again = add(store, folder, name="other.pdf", actor="BNV:binh")
    assert (again.again, again.seq, again.name) == (True, first.seq, "a.pdf")
    assert (place_of(folder).stat().st_ino, seq_of(store), files_in(folder)) == (inode, seq, {f"{SHA[:2]}/{SHA}"})


def test_another_office_that_brings_the_same_bytes_is_recorded_and_told_nothing(
    store: Store, folder: EvidenceFolder
) -> None:
    add(store, folder)
    other = add(store, folder, name="ours.pdf", actor="BTC:chi")
    assert (other.again, other.name) == (False, "ours.pdf")
    assert len(files_in(folder)) == 1
    assert fetched(store, folder, actor="BTC:chi") == PDF
    assert add(store, folder, actor="BTC:chi").again


@pytest.mark.parametrize(
    ("size", "taken"), [(63 * KB, True), (64 * KB - 1, True), (64 * KB, True), (64 * KB + 1, False)]
)
def test_the_limit_itself_is_taken_and_one_byte_more_is_not(
    store: Store, folder: EvidenceFolder, size: int, taken: bool
) -> None:
    seq, content = seq_of(store), PDF.ljust(size, b"x")
    if taken:
        assert add(store, folder, content).size == size
        return
    with pytest.raises(Refused, match="larger than 64 kB") as refused:
        add(store, folder, content)
    assert refused.value.code == "too-large"
    assert nothing_was_kept(store, folder, seq)


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [(b"", "a.pdf", "empty-file"), (b"<html></html>", "a.pdf", "bad-type"), (PDF, "a.html", "bad-type")],
)
def test_what_is_not_taken_leaves_nothing_behind(
    store: Store, folder: EvidenceFolder, content: bytes, name: str, code: str
) -> None:
    seq = seq_of(store)
    with pytest.raises(Refused) as refused:
        add(store, folder, content, name=name)
    assert refused.value.code == code
    assert nothing_was_kept(store, folder, seq)


def test_a_stream_that_breaks_off_leaves_nothing_behind(store: Store, folder: EvidenceFolder) -> None:
    class Cut(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell():
                raise ConnectionError("the client went away")
            return super().read(5)

    seq = seq_of(store)
    with pytest.raises(TrackerError):
        add_evidence(store, folder, Cut(PDF), name="a.pdf", at=ADOPTED, actor="BNV:anna")
    assert nothing_was_kept(store, folder, seq)


def test_a_large_file_passes_through_little_memory(tmp_path: Path) -> None:
    size = 256 * KB * KB
    folder = EvidenceFolder(tmp_path / "evidence", limit=size)
    source = Endless(size)
    tracemalloc.start()
    with folder.receive(source) as incoming:  # type: ignore[arg-type]
        folder.place(incoming)
    folder.open(incoming.sha256).close()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert incoming.size == size
    assert peak < 8 * KB * KB


class Endless:
    """A stream of zeros of a certain length."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int) -> bytes:
        given = bytes(min(size, self.left))
        self.left -= len(given)
        return given


# ── Bytes that are not those ─────────────────────────────────────────────────────────────────────────────────


def swapped(place: Path) -> None:
    place.chmod(0o600)
    place.write_bytes(OTHER)


def truncated(place: Path) -> None:
    place.chmod(0o600)
    os.truncate(place, 5)


def linked(place: Path) -> None:
    place.unlink()
    place.symlink_to("/etc/hostname")


def linked_to_its_own_bytes(place: Path) -> None:
    place.rename(place.parent.parent.parent / "elsewhere")
    place.symlink_to(place.parent.parent.parent / "elsewhere")


def shard_linked(place: Path) -> None:
    outside = place.parent.parent.parent / "outside"
    place.parent.rename(outside)
    place.parent.symlink_to(outside)


def a_pipe(place: Path) -> None:
    place.unlink()
    os.mkfifo(place)


def a_folder(place: Path) -> None:
    place.unlink()
    place.mkdir()


def gone(place: Path) -> None:
    place.unlink()


def all_gone(place: Path) -> None:
    shutil.rmtree(place.parent.parent)


TAMPERED: list[Callable[[Path], None]] = [
    swapped, truncated, linked, linked_to_its_own_bytes, shard_linked, a_pipe, a_folder, gone, all_gone,
]  # fmt: skip


@pytest.mark.parametrize("tamper", TAMPERED)
def test_a_file_that_is_not_what_was_kept_is_never_served_and_the_check_names_it(
    tmp_path: Path, folder: EvidenceFolder, tamper: Callable[[Path], None]
) -> None:
    store = a_store(f"sqlite:///{tmp_path / 'tracker.db'}")
    add(store, folder)
    assert check_evidence(store, folder).holds
    tamper(place_of(folder))
    with pytest.raises(Broken):
        fetched(store, folder)
    found = check_evidence(store, folder)
    assert not found.holds
    assert SHA in (*found.missing, *found.broken)


@pytest.mark.parametrize("tamper", [swapped, truncated, linked, shard_linked, a_pipe, a_folder])
def test_what_lies_in_the_place_of_a_file_is_never_overwritten(
    tmp_path: Path, folder: EvidenceFolder, tamper: Callable[[Path], None]
) -> None:
    store = a_store(f"sqlite:///{tmp_path / 'tracker.db'}")
    add(store, folder)
    tamper(place_of(folder))
    before = place_of(folder).lstat()
    with pytest.raises(Broken):
        add(store, folder, actor="BTC:chi")
    assert place_of(folder).lstat() == before


def test_a_file_that_was_lost_is_kept_again_when_it_is_brought_again(store: Store, folder: EvidenceFolder) -> None:
    add(store, folder)
    place_of(folder).unlink()
    assert add(store, folder).again
    assert check_evidence(store, folder).holds


def test_a_shard_that_points_outside_is_not_followed(store: Store, folder: EvidenceFolder, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    folder.root.mkdir()
    (folder.root / SHA[:2]).symlink_to(outside)
    seq = seq_of(store)
    with pytest.raises(Broken, match="no folder of its own"):
        add(store, folder)
    assert list(outside.iterdir()) == []
    assert seq_of(store) == seq


def test_the_folder_itself_may_be_a_link_for_where_it_lies_is_the_operators_choice(
    store: Store, folder: EvidenceFolder, tmp_path: Path
) -> None:
    (tmp_path / "big-disk").mkdir()
    folder.root.symlink_to(tmp_path / "big-disk")
    add(store, folder)
    assert fetched(store, folder) == PDF
    assert check_evidence(store, folder).holds


def test_what_has_no_business_in_the_folder_is_named(store: Store, folder: EvidenceFolder) -> None:
    add(store, folder)
    (folder.root / "notes.txt").write_text("x")
    (folder.root / "00").mkdir()
    (folder.root / "00" / SHA).write_bytes(PDF)
    (folder.root / SHA[:2] / "..evil").symlink_to("/etc")
    found = check_evidence(store, folder)
    assert found.strays == (f"00/{SHA}", f"{SHA[:2]}/..evil", "notes.txt")
    assert found.holds


def test_a_glance_sees_what_is_gone_or_of_another_size_and_only_the_check_a_swap(
    store: Store, folder: EvidenceFolder
) -> None:
    add(store, folder)
    place_of(folder).chmod(0o600)
    place_of(folder).write_bytes(PDF.upper())
    assert (glance(store, folder).holds, check_evidence(store, folder).broken) == (True, (SHA,))
    truncated(place_of(folder))
    assert glance(store, folder).broken == (SHA,)


# ── Places that cannot be written ────────────────────────────────────────────────────────────────────────────


def test_a_full_disk_is_said_and_leaves_nothing_behind(store: Store, folder: EvidenceFolder) -> None:
    seq, (soft, hard) = seq_of(store), resource.getrlimit(resource.RLIMIT_FSIZE)
    content = PDF.ljust(60 * KB, b"x")
    resource.setrlimit(resource.RLIMIT_FSIZE, (32 * KB, hard))
    try:
        with pytest.raises(TryLater, match="cannot be written: File too large"):
            add(store, folder, content)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert nothing_was_kept(store, folder, seq)
    assert add(store, folder, content).size == 60 * KB


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small"
    place.mkdir()
    mounted = (
        AS_ROOT
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", str(place)], capture_output=True, check=False
        ).returncode
    )
    yield place
    if mounted:
        subprocess.run(["umount", str(place)], check=True)


def test_a_disk_of_32_kilobytes_or_a_limit_like_it_takes_no_file_of_60(store: Store, small_disk: Path) -> None:
    folder, seq = EvidenceFolder(small_disk / "evidence", limit=64 * KB), seq_of(store)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    if not os.path.ismount(small_disk):
        resource.setrlimit(resource.RLIMIT_FSIZE, (32 * KB, limits[1]))
    try:
        with pytest.raises(TryLater, match=r"cannot be written: (No space left on device|File too large)"):
            add(store, folder, PDF.ljust(60 * KB, b"x"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert nothing_was_kept(store, folder, seq)
    assert add(store, folder).sha256 == SHA


@pytest.mark.parametrize("spoilt", ["a file", "nobody's"])
def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, spoilt: str) -> None:
    store, root = a_store(f"sqlite:///{tmp_path / 'tracker.db'}"), tmp_path / "evidence"
    seq = seq_of(store)
    if spoilt == "a file":
        root.write_text("x")
    else:
        # /proc takes no folder from anybody, not even from root
        root.symlink_to("/proc/1/task")
    with pytest.raises(TryLater, match="the evidence folder cannot be written"):
        add(store, EvidenceFolder(root, limit=KB))
    assert seq_of(store) == seq


# ── Several at once, and a kill in between ───────────────────────────────────────────────────────────────────

WRITERS = 6


def writer(url: str, root: str, gate: Any, content: bytes) -> None:
    from tracker.operations import open_store

    store = open_store(url)
    gate.wait()
    add_evidence(
        store,
        EvidenceFolder(Path(root), limit=1 << 30),
        io.BytesIO(content),
        name="a.pdf",
        at=ADOPTED,
        actor="BNV:anna",
    )
    store.close()


def test_several_writers_of_the_same_bytes_at_once_keep_one_file_and_one_entry(
    store: Store, folder: EvidenceFolder, database_url: str
) -> None:
    seq, content = seq_of(store), PDF.ljust(4 * KB * KB, b"x")
    context = apart()
    gate = context.Barrier(WRITERS)
    given = (database_url, str(folder.root), gate, content)
    workers = [context.Process(target=writer, args=given) for _ in range(WRITERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0] * WRITERS
    assert len(files_in(folder)) == 1
    assert seq_of(store) == seq + 1
    assert check_evidence(store, folder).holds


KILLED = """
import io, os, signal, sys
from pathlib import Path
from tests.simulation.a_store import ADOPTED
from tracker.operations import open_store
from tracker.operations.evidence import EvidenceFolder, add_evidence
from tracker.store import blobs, ledger

url, root, where = sys.argv[1:]
die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
match where:
    case "while writing":
        os.fchmod = die
    case "before the name":
        os.link = die
    case "before the entry":
        ledger.settle = die
    case "before the commit":
        from tracker.store import evidence
        evidence.add = die
add_evidence(
    open_store(url), EvidenceFolder(Path(root), limit=1 << 20), io.BytesIO(sys.stdin.buffer.read()),
    name="a.pdf", at=ADOPTED, actor="BNV:anna",
)
"""


@pytest.mark.parametrize(
    ("where", "unfinished", "orphans"),
    [
        ("while writing", 1, ()),
        ("before the name", 1, ()),
        ("before the entry", 1, (SHA,)),
        ("before the commit", 1, (SHA,)),
    ],
)
def test_a_kill_leaves_at_most_a_file_without_an_entry(
    store: Store, folder: EvidenceFolder, database_url: str, where: str, unfinished: int, orphans: tuple[str, ...]
) -> None:
    seq = seq_of(store)
    command = [sys.executable, "-c", KILLED, database_url, str(folder.root), where]
    done = subprocess.run(command, input=PDF, capture_output=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert seq_of(store) == seq
    found = check_evidence(store, folder)
    assert (found.holds, found.orphans, len(found.unfinished)) == (True, orphans, unfinished)
    left, removed = tidy(store, folder)
    assert (len(removed), left.unfinished, left.orphans) == (unfinished, (), orphans)
    assert not add(store, folder).again
    assert check_evidence(store, folder) == glance(store, folder)
    assert glance(store, folder).orphans == ()


def test_an_upload_that_is_still_going_on_is_not_tidied_away(store: Store, folder: EvidenceFolder) -> None:
    with folder.receive(io.BytesIO(PDF)) as incoming:
        left, removed = tidy(store, folder)
        assert (removed, left.unfinished) == ((), (incoming.name,))
        assert folder.place(incoming)
    assert files_in(folder) == {f"{SHA[:2]}/{SHA}"}


# ── Who may have it ──────────────────────────────────────────────────────────────────────────────────────────

NONE = "there is no such evidence, or it is not yours to have"


@pytest.fixture
def proven(store: Store, folder: EvidenceFolder) -> Store:
    """The small store where the Ministry of Home Affairs' report names a file that its own office brought."""
    add(store, folder)
    report(store, BNV, Proof(SHA), actor="BNV:anna")
    with store.write() as connection:
        deputies.add(connection, Deputy(seq=1, agency="BNV", deputy="BTC", from_day=SOON, until_day=SOON))
        connection.execute(
            update(assignments.ASSIGNMENT).values(delegate="04").where(assignments.ASSIGNMENT.c.ref == BNV)
        )
    return store


@pytest.mark.parametrize(
    "actor", ["BNV:anna", "BNV:binh", "04:delegate", "CP:above", "secretariat:le", "auditor:pham", "cli:root"]
)
def test_its_offices_the_secretariat_the_auditor_and_an_operator_may_have_it(
    proven: Store, folder: EvidenceFolder, actor: str
) -> None:
    assert fetched(proven, folder, actor=actor) == PDF


@pytest.mark.parametrize("actor", ["BGDDT:dung", "01:hoa", "04273:below", "VPCP:beside", "BTC:too-early"])
def test_all_others_are_told_what_is_told_of_a_file_that_does_not_exist(
    proven: Store, folder: EvidenceFolder, actor: str
) -> None:
    with pytest.raises(Refused) as refused:
        fetched(proven, folder, actor=actor)
    with pytest.raises(Refused) as unknown:
        fetched(proven, folder, "00" * 32, actor=actor)
    assert (
        (str(refused.value), refused.value.code)
        == (str(unknown.value), unknown.value.code)
        == (NONE, "no-such-evidence")
    )


@pytest.mark.parametrize("digest", ["", "..", "../../etc/passwd", f"{SHA}/../{SHA}", SHA[:63], SHA.upper(), "ab\0"])
def test_what_is_no_hash_is_no_path_either(proven: Store, folder: EvidenceFolder, digest: str) -> None:
    with pytest.raises(Refused, match=NONE):
        fetched(proven, folder, digest, actor="cli:root")


def test_a_deputy_has_it_on_its_days_alone(proven: Store, folder: EvidenceFolder) -> None:
    day = timedelta(days=1)
    noon = ADOPTED + (SOON - ADOPTED.date()) * 1
    answers = []
    for at in (noon - day, noon, noon + day):
        try:
            answers.append(fetched(proven, folder, actor="BTC:chi", at=at) == PDF)
        except Refused:
            answers.append(False)
    assert answers == [False, True, False]


def test_before_any_report_a_file_is_of_the_office_that_brought_it(store: Store, folder: EvidenceFolder) -> None:
    adopt_registry(store, a_registry(an_agency("BNV1", "unit", parent="BNV")), at=ADOPTED, actor="test")
    add(store, folder, actor="BNV1:anna")
    assert fetched(store, folder, actor="BNV1:binh") == fetched(store, folder, actor="BNV:chief") == PDF
    with pytest.raises(Refused):
        fetched(store, folder, actor="BTC:chi")


def test_to_know_a_hash_is_not_to_have_the_file(proven: Store, folder: EvidenceFolder) -> None:
    with proven.read() as connection, pytest.raises(Refused) as refused:
        check_proofs(connection, [Proof(SHA)], at=ADOPTED, actor="BTC:chi")
    assert refused.value.code == "no-such-evidence"
    add(proven, folder, actor="BTC:chi")
    with proven.read() as connection:
        assert check_proofs(connection, [Proof(SHA)], at=ADOPTED, actor="BTC:chi") == (Proof(SHA),)


# ── What reports name ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("proof", "code"),
    [
        (Proof(), "no-proof"),
        (Proof(number="  "), "no-proof"),
        (Proof(number="1" * 81), "bad-proof"),
        (Proof(number="1/BC", dated=SOON), "bad-proof"),
        (Proof("00" * 32), "no-such-evidence"),
        (Proof("../x"), "no-such-evidence"),
    ],
)
def test_a_proof_that_proves_nothing_is_refused(store: Store, proof: Proof, code: str) -> None:
    with store.read() as connection, pytest.raises(TrackerError) as refused:
        check_proofs(connection, [proof], at=ADOPTED, actor="cli:root")
    assert refused.value.code == code


def test_proofs_are_cleaned_and_the_same_one_twice_is_one(store: Store, folder: EvidenceFolder) -> None:
    add(store, folder)
    today = ADOPTED.date()
    said = [Proof(SHA.upper(), " 12/BC-BNV ", today), Proof(SHA, "12/BC-BNV", today), Proof(number="1" * 80)]
    with store.read() as connection:
        found = check_proofs(connection, said, at=ADOPTED, actor="BNV:anna")
    assert found == (Proof(SHA, "12/BC-BNV", today), Proof(number="1" * 80))


def test_the_same_file_closing_two_tasks_is_flagged_at_both(store: Store, folder: EvidenceFolder) -> None:
    add(store, folder)
    report(store, BNV, Proof(SHA))
    with store.read() as connection:
        assert shared_evidence(connection, until=seq_of(store)) == ()
    before = seq_of(store)
    report(store, BTC, Proof(SHA, "7/BC"))
    end = seq_of(store)
    with store.read() as connection:
        (shared,) = shared_evidence(connection, until=end)
        assert (shared.sha256, shared.name, shared.assignments) == (SHA, "a.pdf", (BNV, BTC))
        assert [one.also_closes for one in evidence_of(connection, BNV, until=end)] == [(BTC,)]
        assert [one.also_closes for one in evidence_of(connection, BTC, until=end)] == [(BNV,)]
        assert shared_evidence(connection, until=before) == (), "as it was known then"


@pytest.mark.parametrize(
    ("first", "second", "agencies", "flagged"),
    [
        (
            Proof(number="12/BC", dated=ADOPTED.date()),
            Proof(number="12 /bc", dated=ADOPTED.date()),
            ("BNV", "BNV"),
            True,
        ),
        (Proof(number="12/BC", dated=ADOPTED.date()), Proof(number="12/BC"), ("BNV", "BNV"), False),
        (
            Proof(number="12/BC", dated=ADOPTED.date()),
            Proof(number="12/BC", dated=ADOPTED.date()),
            ("BNV", "BTC"),
            False,
        ),
        (Proof(number="12/BC"), Proof(number="13/BC"), ("BNV", "BNV"), False),
    ],
)
def test_a_number_with_its_date_is_one_document_of_one_agency(
    database_url: str, first: Proof, second: Proof, agencies: tuple[str, str], flagged: bool
) -> None:
    one, other = a_task("one", lead=agencies[0]), a_task("other", lead=agencies[1])
    store = a_store(database_url, a_directive(one, other))
    report(store, f"{KEY}/one/{agencies[0]}", first)
    report(store, f"{KEY}/other/{agencies[1]}", second)
    with store.read() as connection:
        assert bool(shared_evidence(connection, until=seq_of(store))) is flagged
        (proof,) = evidence_of(connection, f"{KEY}/one/{agencies[0]}", until=seq_of(store))
    assert bool(proof.also_closes) is flagged


def test_a_report_that_was_returned_closes_nothing(store: Store, folder: EvidenceFolder) -> None:
    add(store, folder)
    add(store, folder, OTHER)
    report(store, BNV, Proof(SHA))
    report(store, BTC, Proof(SHA))
    send_back(store, BNV, at=ADOPTED, actor="secretariat:le", missing="the annex")
    report(store, BNV, Proof(sha256(OTHER).hexdigest()))
    with store.read() as connection:
        assert shared_evidence(connection, until=seq_of(store)) == ()
        found = evidence_of(connection, BNV, until=seq_of(store))
    assert [(one.sha256, one.stands) for one in found] == [(SHA, False), (sha256(OTHER).hexdigest(), True)]


def test_both_tables_are_rebuilt_from_entries_alone(store: Store, folder: EvidenceFolder) -> None:
    add(store, folder)
    add(store, folder, name="ours.pdf", actor="BTC:chi")
    add(store, folder, OTHER)
    report(store, BNV, Proof(SHA, " 1/BC ", TODAY), Proof(number="2/BC"))
    report(store, HANOI, Proof(sha256(OTHER).hexdigest()))
    assert rebuild(store, keep=False).differing == ()
    with store.write() as connection:
        connection.execute(update(evidence.EVIDENCE).values(name="x").where(evidence.EVIDENCE.c.sha256 == SHA))
        connection.execute(evidence.PROOF.delete().where(evidence.PROOF.c.position == 2))
    assert len(rebuild(store).differing) == 2
    assert rebuild(store, keep=False).differing == ()


@pytest.mark.parametrize(
    ("proof", "code"),
    [(Proof(number="1/BC", dated=SOON), "bad-proof"), (Proof("00" * 32), "no-such-evidence"), (Proof(), "no-proof")],
)
def test_a_report_with_a_proof_that_proves_nothing_is_not_recorded(store: Store, proof: Proof, code: str) -> None:
    seq = seq_of(store)
    with pytest.raises(TrackerError) as refused:
        report(store, BNV, proof)
    assert refused.value.code == code
    assert seq_of(store) == seq


@pytest.mark.parametrize("proof", [Proof(SHA), Proof(number="12/BC-BNV")])
def test_a_task_that_asks_for_evidence_takes_a_file_or_a_number(
    database_url: str, folder: EvidenceFolder, proof: Proof
) -> None:
    store = a_store(database_url, a_directive(a_task("one", evidence_required=True)))
    add(store, folder)
    with pytest.raises(Refused, match="asks for evidence"):
        report(store, f"{KEY}/one/BNV")
    report(store, f"{KEY}/one/BNV", proof, actor="BNV:anna")
    with store.read() as connection:
        (found,) = evidence_of(connection, f"{KEY}/one/BNV", until=seq_of(store))
    assert Proof(found.sha256, found.number, found.dated) == proof


# ── Where it lies ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("database", "said", "root"),
    [
        ("sqlite:////srv/t/tracker.db", "", "/srv/t/evidence"),
        ("sqlite:///tracker.db", "", "evidence"),
        ("postgresql://db/tracker", "", "evidence"),
        ("postgresql://db/tracker", "/srv/e", "/srv/e"),
    ],
)
def test_the_folder_is_the_one_set_or_beside_the_store_or_here(database: str, said: str, root: str) -> None:
    folder = evidence_folder(Settings(database_url=database, evidence=said, evidence_limit="700 kB"))
    assert (folder.root, folder.limit) == (Path(root), 700 * KB)
