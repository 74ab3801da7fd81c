"""Row-level security: on PostgreSQL the database itself keeps other offices' rows from a reading of some."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from tests.builders import a_directive, a_task
from tests.integration.postgres import Cluster
from tests.integration.test_scope import LATER, NOON, SCOPES
from tests.simulation.a_store import Recorder
from tests.simulation.an_office import KEY, LAST_DAY, an_office, on, the_registry
from tracker.domain.directive import ForEach
from tracker.domain.evidence import Proof
from tracker.domain.scope import Scope
from tracker.operations import deliver, init, rebuild, submit, sweep, upgrade, verify
from tracker.operations.accounts import known, make_account, set_password
from tracker.operations.backup import backup, restore
from tracker.operations.ownership import delegate
from tracker.operations.sessions import begin
from tracker.settings import Settings
from tracker.store import rowlevel
from tracker.store.engine import make_engine
from tracker.store.store import Store, open_store
from tracker.views import Wanted
from tracker.views.sight import sight

BNV = frozenset({"BNV"})


def lived_in(url: str) -> Store:
    """Return a store with something of several offices in every table that has a policy."""
    tasks = (a_task("report"), a_task("publish", for_each=ForEach(agencies="ministries")))
    made = an_office(url, a_directive(*tasks))
    delegate(made, f"{KEY}/publish/BTC", "BTC-NS", at=on(LAST_DAY - timedelta(days=12)), actor="BTC:binh")
    for at in (on(LAST_DAY - timedelta(days=12), 10), on(LAST_DAY - timedelta(days=1), 10)):
        sweep(made, at=at)
        deliver(made, Recorder(), settings=Settings(), clock=lambda at=at: at)  # type: ignore[misc]
    for code in ("BNV", "BTC"):
        proof = Proof(number=f"1/{code}", dated=LAST_DAY - timedelta(days=2))
        at = on(LAST_DAY - timedelta(days=1), 11)
        submit(made, f"{KEY}/publish/{code}", at=at, actor=f"{code}:x", words="Done", proofs=[proof])
    make_account(made, "anna", "agency", office="BNV", at=NOON, actor="test")
    set_password(made, "anna", "a password of some length", at=NOON, actor="test")
    return made


@pytest.fixture
def store(postgres_url: str) -> Iterator[Store]:
    made = lived_in(postgres_url)
    yield made
    made.close()


def found(store: Store, offices: frozenset[str] | None, question: str) -> list[str]:
    with store.read(offices) as connection:
        return [str(value) for value in connection.execute(text(question)).scalars()]


def test_a_bare_select_finds_only_the_rows_of_the_offices_it_is_for(store: Store) -> None:
    assert store.is_protected
    assert set(found(store, None, "SELECT agency FROM assignment")) == {"BNV", "BTC", "BGDDT"}
    assert set(found(store, BNV, "SELECT agency FROM assignment")) == {"BNV"}
    assert found(store, frozenset({"BTC-NS"}), "SELECT ref FROM assignment") == [f"{KEY}/publish/BTC"]
    assert found(store, frozenset(), "SELECT ref FROM assignment") == []
    assert found(store, frozenset({"BNV' OR true --"}), "SELECT ref FROM assignment") == []


def test_what_hangs_on_an_assignment_is_kept_with_it(store: Store) -> None:
    assert set(found(store, BNV, "SELECT agency FROM reminder")) == {"BNV"}
    mine = found(store, None, "SELECT d.id FROM delivery d JOIN reminder r ON r.id = d.reminder WHERE r.agency = 'BNV'")
    assert mine
    assert sorted(found(store, BNV, "SELECT id FROM delivery")) == sorted(mine)
    assert set(found(store, BNV, "SELECT assignment FROM proof")) == {f"{KEY}/publish/BNV"}
    assert set(found(store, BNV, "SELECT agency FROM channel")) == {"BNV"}
    told = set(found(store, BNV, "SELECT DISTINCT assignment FROM entry WHERE assignment IS NOT NULL"))
    assert told == {f"{KEY}/report/BNV", f"{KEY}/publish/BNV"}
    silent = set(found(store, BNV, "SELECT DISTINCT kind FROM entry WHERE assignment IS NULL"))
    assert {"registry_adopted", "directive_adopted"} <= silent
    assert not {kind for kind in silent if kind.startswith(("channel", "account", "password", "token"))}


def test_every_table_is_kept_by_row_or_open_to_all_or_closed(store: Store) -> None:
    """A table that a migration adds is of none of these until it is put where it belongs."""
    tables = set(found(store, None, "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"))
    groups = (set(rowlevel.POLICIES), set(rowlevel.OPEN), set(rowlevel.CLOSED), {"alembic_version"})
    assert tables == set().union(*groups)
    assert sum(map(len, groups)) == len(tables)
    for table in sorted(groups[0] | groups[1]):
        rows, mine = (int(found(store, who, f"SELECT count(*) FROM {table}")[0]) for who in (None, BNV))
        assert mine < rows if table in groups[0] and rows else mine == rows, table
    for table in sorted(groups[2]):
        with pytest.raises(ProgrammingError, match="permission denied"):
            found(store, BNV, f"SELECT count(*) FROM {table}")


def test_a_reading_of_some_offices_writes_nothing(store: Store) -> None:
    with pytest.raises(DBAPIError, match=r"permission denied|read-only"):
        found(store, BNV, "UPDATE assignment SET progress = 'completed' RETURNING ref")


def test_the_next_reading_of_the_same_connection_sees_everything_again(store: Store) -> None:
    store.engine.dispose()
    assert set(found(store, BNV, "SELECT agency FROM assignment")) == {"BNV"}
    assert len(set(found(store, None, "SELECT agency FROM assignment"))) == 3
    assert store.engine.pool.checkedin() == 1  # type: ignore[attr-defined]  # it was one and the same
    sweep(store, at=LATER)
    assert rebuild(store, keep=False).differing == ()
    assert verify(store).holds


@pytest.mark.parametrize("past", [False, True], ids=["present", "past"])
@pytest.mark.parametrize("scope", SCOPES, ids=lambda scope: "+".join(sorted(scope.offices)) or "nothing")
def test_a_sight_says_the_same_with_the_second_lock_as_without(store: Store, past: bool, scope: Scope) -> None:
    if past:
        sweep(store, at=LATER)
    told = []
    for offices in (None, scope.offices):
        with store.read(offices) as connection:
            seen = sight(connection, at=NOON, registry=the_registry(), scope=scope)
            reminders = seen.reminders()
            told.append(
                (
                    seen.stamp,
                    seen.find(Wanted(), limit=99),
                    seen.cells(),
                    seen.beside(f"{KEY}/publish"),
                    reminders,
                    seen.deliveries([one.id for one in reminders]),
                    seen.titles(frozenset({f"{KEY}/report"}), "en"),
                )
            )
    assert told[0] == told[1]


# ── A user of the database that may not make roles ────────────────────────────────────────────────────────────


@pytest.fixture
def humble(postgres_url: str) -> Iterator[str]:
    """Yield the URL of the database as its owner, who is nobody else on the server."""
    url = make_engine(postgres_url).url
    name = f"humble_{url.database}"
    plain = postgres_url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN")  # type: ignore[arg-type]
        connection.execute(f"GRANT CREATE ON SCHEMA public TO {name}")  # type: ignore[arg-type]
    yield str(url.set(username=name).render_as_string(hide_password=False))
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"DROP OWNED BY {name}")  # type: ignore[arg-type]
        connection.execute(f"DROP ROLE {name}")  # type: ignore[arg-type]


def test_a_store_whose_user_may_not_make_roles_works_without_and_with_once_it_is_given(
    humble: str, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rowlevel, "ROLE", role := f"reader_{make_engine(humble).url.database}")
    store = lived_in(humble)
    assert not store.is_protected
    assert len(set(found(store, BNV, "SELECT agency FROM assignment"))) == 3, "the scope of the query layer is all"
    store.close()
    plain = postgres_url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} NOLOGIN")  # type: ignore[arg-type]
        connection.execute(f"GRANT {role} TO humble_{make_engine(humble).url.database}")  # type: ignore[arg-type]
    upgrade(humble)
    store = open_store(humble)
    assert store.is_protected
    assert set(found(store, BNV, "SELECT agency FROM assignment")) == {"BNV"}
    # the policies are forced, and hold for the owner of the tables as for others; who is not the reader sees all
    assert len(set(found(store, None, "SELECT agency FROM assignment"))) == 3
    sweep(store, at=LATER)
    assert rebuild(store, keep=False).differing == ()
    store.close()
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"DROP OWNED BY {role}")  # type: ignore[arg-type]
        connection.execute(f"DROP ROLE {role}")  # type: ignore[arg-type]


def test_without_its_setting_the_role_sees_nothing(store: Store) -> None:
    with store.read() as connection:
        connection.execute(text("SET LOCAL ROLE tracker_reader"))
        assert connection.execute(text("SELECT count(*) FROM assignment")).scalar_one() == 0


def test_sqlite_reads_on_as_it_did(tmp_path_factory: pytest.TempPathFactory) -> None:
    store = init(f"sqlite:///{tmp_path_factory.mktemp('s')}/t.db", rehearsal=True, at=NOON, actor="test")
    assert not store.is_protected
    assert found(store, BNV, "SELECT ref FROM assignment") == []


def test_a_copy_of_a_humble_owner_is_whole_and_goes_back_where_the_role_is_unknown(
    humble: str, postgres_cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rowlevel, "ROLE", role := f"reader_{make_engine(humble).url.database}")
    name = make_engine(humble).url.username
    server = f"postgresql://postgres@127.0.0.1:{postgres_cluster.port}/postgres"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} NOLOGIN")  # type: ignore[arg-type]
        connection.execute(f"GRANT {role} TO {name}")  # type: ignore[arg-type]
    store = lived_in(humble)
    assert store.is_protected
    with store.write() as connection:
        begin(connection, Settings(), known(connection, "anna")[0], way="test", agent="", before="", at=LATER)
    file = tmp_path / "copy.pgdump"
    backup(store, file, Settings(), at=LATER)
    monkeypatch.setattr(rowlevel, "ROLE", "a_role_of_nobody")
    monkeypatch.setattr(rowlevel, "_role", lambda connection: False)
    with postgres_cluster.database() as empty:
        restore(file, empty, at=LATER, actor="test")
        back = open_store(empty)
        assert not back.is_protected
        question = "SELECT count(*) FROM assignment"
        assert found(back, None, question) == found(store, None, question)
        assert found(back, None, "SELECT count(*) FROM session") == ["0"], "nobody is logged in to a copy"
        assert rebuild(back, keep=False).differing == ()
        back.close()
    store.close()
    own = server.removesuffix("postgres") + str(make_engine(humble).url.database)
    with psycopg.connect(own, autocommit=True) as connection:
        connection.execute(f"DROP OWNED BY {role}")  # type: ignore[arg-type]
        connection.execute(f"DROP ROLE {role}")  # type: ignore[arg-type]
