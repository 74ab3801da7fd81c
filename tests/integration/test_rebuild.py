"""Rebuild: every row that entries determine is made again from them alone; on both databases."""

import json
import re
import tracemalloc
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Connection, Date, Integer, delete, insert, select, text, update
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import UTCDateTime
from typer.testing import CliRunner

from tests.builders import a_directive, a_registry, a_task
from tests.simulation.a_store import ADOPTED, Recorder, a_store
from tests.simulation.a_walk import KEY, MONTHLY, PROVINCES, PowerCut, Walk, a_chat, second
from tracker.cli.main import app
from tracker.domain.entry import Draft
from tracker.domain.errors import Broken
from tracker.domain.evidence import Proof
from tracker.notify.notice import Notice
from tracker.notify.outcome import Outcome
from tracker.operations import (
    adopt_directive,
    adopt_registry,
    deliver,
    init,
    rebuild,
    record_event,
    submit,
    sweep,
    verify,
)
from tracker.operations.accounts import disable_account, make_account
from tracker.operations.channels import rekey
from tracker.operations.deliver import LEASE
from tracker.operations.deputies import name_deputy
from tracker.operations.evidence import add_evidence
from tracker.operations.folder import adopt_folder
from tracker.operations.rebuild import UNDETERMINED
from tracker.settings import Settings
from tracker.store import ledger
from tracker.store.adopted import Channel, set_channels
from tracker.store.engine import make_engine
from tracker.store.store import Store

DETERMINED = (
    "head", "registry", "agency", "channel", "directive", "task", "need", "event", "deputy", "evidence", "proof",
    "account", "assignment", "reminder", "delivery",
)  # fmt: skip
LEFT = {
    *("entry", "seal", "witness", "watch", "credential", "session", "token", "login_attempt"),
    *("hook", "hook_delivery", "idempotency", "mail"),
}
KEYS: Mapping[str, tuple[str, ...]] = {
    "reminder": ("key",), "delivery": ("reminder", "attempt"), "proof": ("seq", "position"),
}  # fmt: skip
# nothing else in the store has the documents: see the tests about them
INPUTS = {("registry", "document"), ("directive", "document")}
# what tells that the end of a ledger was cut is not put right without being asked
ENDS = {("head", "hash")}


def table(name: str) -> Any:
    return SQLModel.metadata.tables[name]


def columns() -> Iterator[tuple[str, str]]:
    """Yield every column that entries determine."""
    for name in DETERMINED:
        yield from ((name, column.name) for column in table(name).c if column.name != "id")


COLUMNS = [one for one in columns() if one not in INPUTS | ENDS]


def contents(store: Store) -> dict[str, list[Any]]:
    """Return every row of the determined tables; of ids only what they join."""
    with store.read() as connection:
        found = {name: [dict(row) for row in connection.execute(select(table(name))).mappings()] for name in DETERMINED}
    references = {row["id"]: row["reference"] for row in found["reminder"]}
    for row in found["delivery"]:
        row["reminder"] = references.get(row["reminder"])
    for rows in found.values():
        for row in rows:
            row.pop("id", None)
    return {name: sorted(rows, key=repr) for name, rows in found.items()}


# ── Whatever happened ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seed", range(2))
def test_whatever_happened_the_entries_say_it_bit_for_bit(database_url: str, tmp_path: Path, seed: int) -> None:
    store = Walk(database_url, tmp_path / "evidence", seed).go(150).store
    found = rebuild(store, keep=False)
    assert (found.differing, found.lost) == ((), ())
    assert verify(store).holds


def test_the_small_store_has_a_row_in_every_table(walked: Store) -> None:
    rows = {one.table: one.rows for one in rebuild(walked, keep=False).tables}
    assert tuple(sorted(rows)) == tuple(sorted(DETERMINED))
    assert min(rows.values()) > 0


def test_every_table_is_either_made_again_or_named_as_one_that_cannot_be() -> None:
    assert {one.name for one in SQLModel.metadata.sorted_tables} == {*DETERMINED, *LEFT}
    said = " ".join(what for what, _ in UNDETERMINED)
    assert all(name in said for name in (*LEFT - {"entry"}, "leases", "ids", "documents"))


def test_an_empty_table_is_filled_again_and_a_full_one_emptied_of_inventions(walked: Store) -> None:
    before = contents(walked)
    with walked.write() as connection:
        for name in DETERMINED[2:]:
            if name != "channel":
                connection.execute(delete(table(name)).where(*_not_an_input(name)))
    found = rebuild(walked)
    assert found.lost == ()
    assert contents(walked) == before
    assert rebuild(walked, keep=False).differing == ()


def _not_an_input(name: str) -> list[Any]:
    return [text("1 = 0")] if name == "directive" else []


# ── One column, one row ───────────────────────────────────────────────────────────────────────────────────────


def furnished(url: str, folder: Path) -> Store:
    """Return a small store with a row in every table, and nothing under way."""
    walk = Walk(url, folder, 0)
    store, chance = walk.store, Random(6)
    adopt_directive(store, second(chance), at=ADOPTED, actor="test")
    record_event(store, KEY, "shortage", date(2025, 8, 11), at=ADOPTED, actor="test")
    name_deputy(
        store, "BNV", "BTC", first=date(2025, 8, 11), last=date(2025, 8, 20), at=ADOPTED, actor="test", why="away"
    )
    make_account(store, "anna", "agency", office="BNV", at=ADOPTED, actor="test")
    disable_account(store, "anna", at=ADOPTED, actor="test")
    added = add_evidence(store, walk.files, BytesIO(b"%PDF-1.4\n%%EOF\n"), name="a.pdf", at=ADOPTED, actor="test")
    sweep(store, at=ADOPTED)
    deliver(store, Recorder(), settings=Settings(), clock=lambda: ADOPTED, limit=9)
    submit(
        store, f"{KEY}/duty-bgddt/BGDDT", at=ADOPTED, actor="test", words="done", proofs=[Proof(sha256=added.sha256)]
    )
    return store


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of such a store."""
    home = tmp_path_factory.mktemp("furnished")
    furnished(f"sqlite:///{home}/t.db", home / "evidence").close()
    return home / "t.db"


@pytest.fixture
def walked(small: Path, tmp_path: Path) -> Iterator[Store]:
    """Yield a copy of that store."""
    copy = tmp_path / "copy.db"
    copy.write_bytes(small.read_bytes())
    store = Store(make_engine(f"sqlite:///{copy}"))
    yield store
    store.close()


@pytest.fixture
def elsewhere(postgres_url: str, tmp_path: Path) -> Iterator[Store]:
    """Yield such a store on PostgreSQL."""
    store = furnished(postgres_url, tmp_path / "evidence")
    yield store
    store.close()


def another(column: "Column[Any]", value: Any, n: int = 0) -> Any:
    """Return a value of a column that is not the one it has."""
    match column.type:
        case Boolean():
            return not value
        case UTCDateTime():
            return datetime(2031, 1, 1, tzinfo=UTC) + timedelta(minutes=n)
        case Date():
            return date(2031, 1, 1)
        case Integer():
            return 987_654 + n
        case _:
            return f"changed {n}"


def tamper(connection: Connection, name: str, column: str) -> None:
    """Change a column of the first row of a table behind the program's back."""
    its = table(name)
    row = connection.execute(select(its).order_by(*its.primary_key).limit(1)).mappings().one()
    mine = [key == row[key.name] for key in its.primary_key]
    connection.execute(update(its).where(*mine).values({column: another(its.c[column], row[column])}))


@pytest.mark.parametrize(("name", "column"), COLUMNS, ids=[f"{name}.{column}" for name, column in COLUMNS])
def test_a_column_changed_by_hand_is_found_and_put_right(walked: Store, name: str, column: str) -> None:
    before = contents(walked)
    with walked.write() as connection:
        tamper(connection, name, column)
    assert contents(walked) != before
    found = rebuild(walked, keep=False)
    assert {one.split(" ")[0] for one in found.differing} >= {name}
    assert rebuild(walked).differing == found.differing
    assert contents(walked) == before


def test_on_postgresql_too_every_column_changed_by_hand_is_found_and_put_right(elsewhere: Store) -> None:
    before = contents(elsewhere)
    for name, column in COLUMNS:
        with elsewhere.write() as connection:
            tamper(connection, name, column)
        assert {one.split(" ")[0] for one in rebuild(elsewhere).differing} >= {name}, (name, column)
        assert contents(elsewhere) == before, (name, column)


@pytest.mark.parametrize("name", [name for name in DETERMINED if name not in ("head", "registry", "directive")])
def test_rows_removed_or_invented_are_found_and_put_right(walked: Store, name: str) -> None:
    before, its = contents(walked), table(name)
    with walked.write() as connection:
        row = dict(connection.execute(select(its).order_by(*its.primary_key).limit(1)).mappings().one())
        connection.execute(delete(its).where(*(key == row[key.name] for key in its.primary_key)))
        strange = {column.name: another(column, row[column.name], 1) for column in its.c if column.name != "id"}
        connection.execute(insert(its), [strange])
    found = rebuild(walked, keep=False)
    assert len([one for one in found.differing if one.startswith(f"{name} ")]) == 2
    assert found.lost == ()
    rebuild(walked)
    assert contents(walked) == before


# ── What only the ledger's own evidence can settle ────────────────────────────────────────────────────────────


def broken(store: Store, **how: Any) -> Broken:
    with pytest.raises(Broken) as refusal:
        rebuild(store, **how)
    return refusal.value


def cut(store: Store) -> None:
    """Take the last entry away behind the program's back."""
    with store.write() as connection:
        connection.execute(text("DROP TRIGGER entry_no_delete"))
        connection.execute(text("DELETE FROM entry WHERE seq = (SELECT max(seq) FROM entry)"))


def test_where_the_head_names_another_end_nothing_is_put_right_unless_a_person_says_so(walked: Store) -> None:
    cut(walked)
    before = contents(walked)
    found = rebuild(walked, keep=False)
    assert "head 1" in found.differing
    assert "its head says" in str(broken(walked))
    assert contents(walked) == before
    assert rebuild(walked, head=True).differing == found.differing
    assert rebuild(walked, keep=False).differing == ()
    assert verify(walked).holds


def test_nothing_is_made_again_from_entries_that_do_not_hold(walked: Store) -> None:
    with walked.write() as connection:
        connection.execute(text("DROP TRIGGER entry_no_update"))
        connection.execute(text("UPDATE entry SET body = replace(body, 'BNV', 'BTC') WHERE kind = 'assigned'"))
        connection.execute(update(table("assignment")).values(cell="completed_on_time"))
    before = contents(walked)
    assert "its text does not give its hash" in str(broken(walked))
    assert "its text does not give its hash" in str(broken(walked, keep=False))
    assert contents(walked) == before


@pytest.mark.parametrize("name", ["registry", "directive"])
def test_a_document_is_held_against_its_fingerprint_and_put_right_from_the_files_it_came_from(
    walked: Store, name: str
) -> None:
    before = contents(walked)
    documents = {sha256(row["document"].encode()).hexdigest(): row["document"] for row in before[name]}
    with walked.write() as connection:
        tamper(connection, name, "document")
    refused = broken(walked)
    assert refused.code == "broken-document"
    assert next(iter(documents)) in str(refused) or len(documents) > 1
    found = rebuild(walked, documents=documents)
    assert ({one.split(" ")[0] for one in found.differing}, found.lost) == ({name}, ())
    assert contents(walked) == before


def test_an_old_version_whose_document_is_lost_is_named_and_left(walked: Store) -> None:
    adopt_directive(walked, a_directive(), at=ADOPTED, actor="test")
    its = table("directive")
    with walked.write() as connection:
        mine = its.c.key == KEY, its.c.version == 1
        connection.execute(update(its).where(*mine).values(document="{}"))
    found = rebuild(walked)
    assert found.differing == found.lost == (f"directive {KEY}/1",)


def test_a_document_under_another_row_is_found_by_its_fingerprint(walked: Store) -> None:
    before = contents(walked)
    with walked.write() as connection:
        connection.execute(update(table("registry")).values(version=9))
    assert rebuild(walked).differing == ("registry 1", "registry 9")
    assert contents(walked) == before


# ── What entries do not say ───────────────────────────────────────────────────────────────────────────────────


def test_an_attempt_under_way_is_neither_a_difference_nor_lost_when_its_reminder_is_put_right(
    database_url: str,
) -> None:
    store = a_store(database_url)
    sweep(store, at=ADOPTED)
    with pytest.raises(PowerCut):
        deliver(store, Dying(), settings=Settings(), clock=lambda: ADOPTED)
    assert rebuild(store, keep=False).differing == ()
    before = contents(store)
    with store.write() as connection:
        held = table("reminder").c.state == "sending"
        connection.execute(update(table("reminder")).where(held).values(stage="due", agency="04", attempts=1))
    (key,) = rebuild(store).differing
    assert key.startswith("reminder r1|")
    assert contents(store) == before
    told = deliver(store, Recorder(), settings=Settings(), clock=lambda: ADOPTED + LEASE)
    assert (told.accepted, rebuild(store, keep=False).differing) == (6, ())


class Dying(Recorder):
    """A sender in whose hands the power goes."""

    def send(self, channel: str, notice: Notice) -> Outcome:
        raise PowerCut


def test_of_a_secret_the_fingerprint_is_compared_and_the_rest_kept(walked: Store, tmp_path: Path) -> None:
    settings = Settings(secret=str(tmp_path / "secret"))
    a_chat(walked, "04", settings, at=ADOPTED)
    its, mine = table("channel"), table("channel").c.name == "chat"
    before = contents(walked)
    for change in ({"language": "fr"}, {"kind": "ntfy"}, {"address": "gotify:evil.example"}):
        with walked.write() as connection:
            connection.execute(update(its).where(mine).values(**change))
        assert rebuild(walked).differing == ("channel 04/chat",)
        assert contents(walked) == before
    for damage in (update(its).where(mine).values(secret="1.a.b.c"), delete(its).where(mine)):
        with walked.write() as connection:
            connection.execute(damage)
        found = rebuild(walked)
        assert found.differing == found.lost == ("channel 04/chat",)
    a_chat(walked, "04", settings, at=ADOPTED)
    rekey(walked, settings=settings, at=ADOPTED, actor="test")
    assert rebuild(walked, keep=False).differing == ()


def test_an_address_from_before_secrets_were_sealed_is_kept_and_its_kind_compared(walked: Store) -> None:
    old = Channel(agency="04", name="chat", address="json://office:secret@127.0.0.1:9/a", language="vi", kind="apprise")
    said = {"agency": "04", "channel": "chat", "address": "json://…", "language": "vi"}
    with walked.write() as connection:
        set_channels(connection, [old])
        ledger.append(
            connection, [Draft(kind="channel_set", effective_at=ADOPTED, actor="old", payload=said)], at=ADOPTED
        )
    assert rebuild(walked, keep=False).differing == ()
    with walked.write() as connection:
        connection.execute(update(table("channel")).where(table("channel").c.name == "chat").values(address="xml://a"))
    found = rebuild(walked)
    assert found.differing == found.lost == ("channel 04/chat",)


def test_entries_from_before_a_word_was_added_still_tell_what_they_always_told(walked: Store) -> None:
    """A store whose entries say neither the language of a channel nor how an attempt began."""
    said = {"agency": "01", "channel": "mail", "address": "old@agencies.example"}
    with walked.write() as connection:
        ledger.append(
            connection, [Draft(kind="channel_set", effective_at=ADOPTED, actor="old", payload=said)], at=ADOPTED
        )
        connection.execute(
            update(table("channel")).where(table("channel").c.agency == "01").values(address=said["address"])
        )
    assert rebuild(walked, keep=False).differing == ()


def test_a_recurring_task_that_came_round_for_nobody_says_when_it_does_so_next(database_url: str) -> None:
    store = a_store(database_url, a_directive(a_task("monthly", for_each=PROVINCES, due=MONTHLY)))
    ended = {
        code: replace(agency, valid_to=date(2025, 9, 1)) if agency.kind == "province" else agency
        for code, agency in a_registry().agencies.items()
    }
    adopt_registry(store, replace(a_registry(), agencies=ended), at=ADOPTED, actor="test")
    assert sweep(store, at=ADOPTED + timedelta(days=90)).occurrences == 0
    with store.read() as connection:
        (note,) = ledger.notes(connection, "looked_ahead")
    assert note.payload == {"tasks": [f"{KEY}/monthly"], "until": "2026-01-08"}
    assert rebuild(store, keep=False).differing == ()


def test_what_is_held_while_rebuilding_grows_with_the_tables_not_with_the_ledger(tmp_path: Path) -> None:
    store = a_store(f"sqlite:///{tmp_path}/t.db")
    sweep(store, at=ADOPTED)
    said = {"work": "sweep", "from": "2025-08-11T01:00:00.000000Z", "to": "x" * 800}
    draft = Draft(kind="watch_gap", effective_at=ADOPTED, actor="test", payload=said)
    peaks = []
    for entries in (6_000, 12_000):
        with store.write() as connection:
            ledger.append(connection, [draft] * entries, at=ADOPTED)
        peaks.append(_peak(store))
    assert peaks[1] < 1.1 * peaks[0], "three times the entries, and tables as they were"


def _peak(store: Store) -> int:
    tracemalloc.start()
    assert rebuild(store, keep=False).differing == ()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


# ── At the terminal ───────────────────────────────────────────────────────────────────────────────────────────


def run(store: Store, *words: str) -> Any:
    return CliRunner().invoke(app, ["--database", str(store.engine.url), "db", "rebuild", *words])


def test_the_command_shows_every_table_the_rows_that_differ_and_what_no_entry_says(walked: Store) -> None:
    assert run(walked, "--check").exit_code == 0
    with walked.write() as connection:
        tamper(connection, "task", "position")
        connection.execute(delete(table("event")))
    said = run(walked, "--check")
    assert said.exit_code == 5
    assert all(f"\n{name} " in f"\n{said.stdout}" for name in DETERMINED)
    assert re.search(r"^event +1 rows +1 differ$", said.stdout, re.MULTILINE)
    assert "differs: task 2025/412-tb-vpcp/answer" in said.stdout
    assert "leases: an attempt under way" in said.stdout
    found = json.loads(run(walked, "--format", "json").stdout)
    assert [one["table"] for one in found["tables"] if one["differing"]] == ["task", "event"]
    assert found["kept"] is True
    assert len(found["undetermined"]) == len(UNDETERMINED)
    assert run(walked, "--check").exit_code == 0


def test_the_command_leaves_with_5_where_something_cannot_be_put_right(walked: Store) -> None:
    cut(walked)
    assert run(walked).exit_code == 5
    assert run(walked, "--head").exit_code == 0
    adopt_directive(walked, a_directive(), at=ADOPTED, actor="test")
    with walked.write() as connection:
        old = table("directive").c.key == KEY, table("directive").c.version == 1
        connection.execute(update(table("directive")).where(*old).values(document="{}"))
    said = run(walked)
    assert said.exit_code == 5
    assert "cannot be put right: directive" in said.stdout


def test_lost_documents_are_found_again_in_the_folder_that_was_adopted(tmp_path: Path) -> None:
    store = init(f"sqlite:///{tmp_path}/t.db", rehearsal=True, at=ADOPTED, actor="test")
    folder = Path(__file__).parents[2] / "directives"
    adopt_folder(store, folder, at=datetime(2026, 1, 1, tzinfo=UTC), actor="test", only=[KEY])
    before = contents(store)
    with store.write() as connection:
        connection.execute(update(table("directive")).values(document="{}"))
        connection.execute(update(table("registry")).values(document="{}"))
    assert run(store).exit_code == 5
    assert run(store, "--from", str(folder)).exit_code == 0
    assert contents(store) == before
