"""Migrations with what a store holds: down to an older revision and up again, on both databases.

A store of an older revision is one that was taken down to it. What that revision has no place for is lost from
the tables, never from the ledger: `rebuild` makes it again.
"""

from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.integration.test_rowlevel import lived_in
from tests.simulation.a_store import ADOPTED, DUE, Recorder, a_store
from tests.simulation.an_office import LAST_DAY, on
from tracker.domain.entry import Entry
from tracker.operations import accept, acknowledge, deliver, rebuild, submit, sweep, upgrade, verify
from tracker.settings import Settings
from tracker.store import ledger, migrate
from tracker.store.engine import make_engine
from tracker.store.store import HEAD_REVISION, Store, open_store

BNV = "2025/412-tb-vpcp/duty-bnv/BNV"
LATER = "reminder "  # which reminders left together, and what news says, is kept since 0005
OLDER = ["0001", "0004", "0008"]


def a_simple_life(url: str) -> Store:
    """Return a store in which nothing was done that the first program could not do, but for what mails tell."""
    store = a_store(url)
    for at in (ADOPTED, DUE):
        sweep(store, at=at)
        deliver(store, Recorder(), settings=Settings(), clock=lambda at=at: at)  # type: ignore[misc]
    acknowledge(store, BNV, at=DUE, actor="BNV:an")
    submit(store, BNV, at=DUE, actor="BNV:an", words="done")
    accept(store, BNV, at=DUE, actor="secretariat:le")
    return store


@pytest.mark.parametrize("older", OLDER)
def test_a_store_of_an_older_revision_is_brought_up_with_all_it_holds(database_url: str, older: str) -> None:
    before = there_and_back(a_simple_life(database_url), older)
    store = open_store(database_url)
    assert entries(store) == before
    assert verify(store).holds
    assert [one for one in rebuild(store, keep=False).differing if not one.startswith(LATER)] == []
    sweep(store, at=on(LAST_DAY + timedelta(days=1)))
    assert [one for one in rebuild(store, keep=False).differing if not one.startswith(LATER)] == []
    store.close()


def test_what_an_older_revision_had_no_place_for_comes_back_from_the_ledger(database_url: str) -> None:
    before = there_and_back(lived_in(database_url), "0001")
    store = open_store(database_url)
    assert entries(store) == before
    assert verify(store).holds
    rebuild(store, keep=True)
    assert rebuild(store, keep=False).differing == ()
    store.close()


def there_and_back(store: Store, older: str) -> list[Entry]:
    """Take a store down to an older revision and up again; return the entries that were there before."""
    before, url = entries(store), store.engine.url.render_as_string(hide_password=False)
    store.close()
    engine = make_engine(url)
    migrate.downgrade(engine, older)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == older
        assert connection.execute(text("SELECT count(*) FROM entry")).scalar_one() == len(before)
    engine.dispose()
    assert upgrade(url) == HEAD_REVISION
    return before


def entries(store: Store) -> list[Entry]:
    with store.read() as connection:
        return list(ledger.entries(connection))
