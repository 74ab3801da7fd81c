"""Requests sent again, on both databases: of many at once one is new, and what was given up is forgotten."""

import threading
from datetime import timedelta

import pytest

from tests.simulation.a_store import ADOPTED, an_empty_store
from tests.simulation.an_office import SECRETARIAT
from tracker.domain.entry import Draft
from tracker.operations.repeats import GIVEN_UP, KEPT_FOR, Kept, begin, forget, keep
from tracker.store import hooks, ledger
from tracker.store.store import Store

SECOND = timedelta(seconds=1)


@pytest.fixture
def store(database_url: str) -> Store:
    return an_empty_store(database_url)


def test_an_answer_is_kept_for_a_day(store: Store) -> None:
    assert begin(store, "anna", "k", "asked", at=ADOPTED) is None
    assert begin(store, "anna", "k", "asked", at=ADOPTED) == Kept("asked", None)
    keep(store, "anna", "k", "told")
    assert begin(store, "anna", "k", "asked", at=ADOPTED + KEPT_FOR) == Kept("asked", "told")
    assert begin(store, "binh", "k", "else", at=ADOPTED) is None
    assert begin(store, "anna", "k", "other", at=ADOPTED + KEPT_FOR + SECOND) is None


def test_what_nobody_answers_any_more_may_be_sent_again(store: Store) -> None:
    assert begin(store, "anna", "k", "asked", at=ADOPTED) is None
    assert begin(store, "anna", "k", "asked", at=ADOPTED + GIVEN_UP) == Kept("asked", None)
    assert begin(store, "anna", "k", "asked", at=ADOPTED + GIVEN_UP + SECOND) is None
    forget(store, "anna", "k")
    assert begin(store, "anna", "k", "asked", at=ADOPTED) is None


def test_of_many_at_once_one_is_new(store: Store) -> None:
    found: list[Kept | None] = []
    threads = [
        threading.Thread(target=lambda: found.append(begin(store, "anna", "k", "asked", at=ADOPTED))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(found), found.count(None), found.count(Kept("asked", None))) == (8, 1, 7)


def test_an_entry_is_told_to_hooks_on_either_database(store: Store) -> None:
    rows = {"address": "https://a.example/…", "secret": "x", "made_at": ADOPTED, "made_by": SECRETARIAT, "changed": 1}
    with store.write() as connection:
        hooks.add(connection, {"reference": "hook-1", "kinds": "[]", **rows})
        hooks.add(connection, {"reference": "hook-2", "kinds": '["completed"]', **rows})
        drafts = [
            Draft(kind=kind, effective_at=ADOPTED, actor="test", assignment="2025/1-a/b/BNV")
            for kind in ("started", "swept", "completed")
        ]
        end = ledger.append(connection, drafts, at=ADOPTED)
    with store.read() as connection:
        due = [(one.hook, one.entry - end.seq) for one in hooks.due(connection, ADOPTED, limit=10)]
        assert hooks.counts(connection) == {"pending": 3}
    assert sorted(due) == [("hook-1", -2), ("hook-1", 0), ("hook-2", 0)]
    with store.write() as connection:
        assert hooks.give_up(connection, "hook-1", why="gone") == 2
        hooks.clear(connection, before=ADOPTED + SECOND)
        assert hooks.counts(connection) == {"pending": 1}
