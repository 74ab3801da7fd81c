"""The questions that are asked all day find what they look for by an index, whatever the size of the tables."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, event

from tests.simulation.a_store import ADOPTED
from tests.simulation.an_office import KEY, an_office
from tracker.domain.standing import Cell
from tracker.operations import sweep
from tracker.store import assignments, ledger, outbox, queries, tallies, worktable
from tracker.store.lanes import Lane, claim
from tracker.store.queries import Wanted
from tracker.store.store import Store
from tracker.store.worktable import Place

REF = f"{KEY}/report/BNV"
Ask = Callable[[Connection], Any]

# question -> how it is asked, and the index that answers it; those of entries have a name of their own in each month
IN_ORDER: dict[str, tuple[Ask, str]] = {
    "what a sweep finds due": (
        lambda c: assignments.claim_due(c, at=ADOPTED, limit=100),
        "ix_assignment_next_moment_ref",
    ),
    "what is to be sent next": (lambda c: claim(c, Lane(), at=ADOPTED, most=1), "ix_reminder_due_at_id"),
    "the first page of the work table": (
        lambda c: worktable.page(c, Wanted(), at=ADOPTED, limit=50),
        "ix_assignment_late_from_ref",
    ),
    "a page of the work table further on": (
        lambda c: worktable.page(c, Wanted(), at=ADOPTED, place=Place(ADOPTED, REF), limit=50),
        "ix_assignment_late_from_ref",
    ),
    "what one agency owes, by date": (
        lambda c: worktable.page(c, Wanted(agency="BNV"), at=ADOPTED, limit=50),
        "ix_assignment_agency_late_from_ref",
    ),
    "what is overdue, by date": (
        lambda c: worktable.page(c, Wanted(cell=Cell.OVERDUE), at=ADOPTED, limit=50),
        "ix_assignment_cell_late_from_ref",
    ),
    "what could not be delivered, the newest first": (
        lambda c: outbox.reminders(c, state="failed", limit=10),
        "ix_reminder_troubled",
    ),
    "the journal of an assignment": (
        lambda c: list(ledger.entries(c, assignment=REF)),
        "assignment_seq",
    ),
}
BY_INDEX: dict[str, tuple[Ask, str]] = {
    "what is overdue of one agency": (
        lambda c: worktable.page(c, Wanted(agency="BNV", cell=Cell.OVERDUE), at=ADOPTED, limit=50),
        "ix_assignment_(agency|cell)_late_from_ref",
    ),
    "assignments by their references": (
        lambda c: assignments.get(c, [REF]),
        "pk_assignment|sqlite_autoindex_assignment_1",
    ),
    "the counts of one agency": (
        lambda c: tallies.lines(c, idle_before=ADOPTED, agencies=["BNV"]),
        "ix_assignment_agency_late_from_ref",
    ),
    "what has turned since it was counted": (
        lambda c: tallies.stale_lines(c, at=ADOPTED),
        "ix_assignment_next_moment_ref",
    ),
    "what became late in a week": (
        lambda c: tallies.late_between(c, after=ADOPTED, upto=ADOPTED),
        "ix_assignment_(late_from_ref|progress_touched_at)",
    ),
    "how many reminders somebody has to look at": (
        lambda c: outbox.counts(c, troubled=True),
        "ix_reminder_troubled",
    ),
    "what is new since a day": (
        lambda c: queries.entries_where(c, kinds=("submitted",), since=ADOPTED, limit=10),
        "ix_entry_recorded_at_seq",
    ),
    "what leaves with a mail": (
        lambda c: outbox.mates(c, ["BNV"], at=ADOPTED),
        "ix_reminder_(agency_channel|due_at_id)",
    ),
}


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A store with something of everything, which plans as if it were large."""
    made = an_office(database_url)
    sweep(made, at=ADOPTED)
    yield made
    made.close()


@contextmanager
def asked(connection: Connection) -> Iterator[list[tuple[str, Any]]]:
    """Yield the statements that are run meanwhile, with their values."""
    found: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        found.append((statement, values))

    event.listen(connection, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(connection, "before_cursor_execute", note)


def plan_of(connection: Connection, ask: Ask, *, sorts: str = "on") -> str:
    """Return how the database goes about what a question first asks it, reading no table whole if it can help it."""
    with asked(connection) as found:
        ask(connection)
    statement, values = found[0]
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        return "\n".join(row[3] for row in rows)
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # as a large table would have it
    connection.exec_driver_sql(f"SET LOCAL enable_sort = {sorts}")
    return "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", values))


def test_hot_questions_are_answered_by_their_index(store: Store) -> None:
    strange: dict[str, str] = {}
    with store.write() as connection:
        for question, (ask, index) in (IN_ORDER | BY_INDEX).items():
            plan = plan_of(connection, ask, sorts="off" if question in IN_ORDER else "on")
            sorts = question in IN_ORDER and ("TEMP B-TREE" in plan or "Sort" in plan)
            scans = "Seq Scan" in plan or "SCAN assignment\n" in f"{plan}\n" or "SCAN reminder\n" in f"{plan}\n"
            if sorts or scans or not re.search(index, plan):
                strange[question] = plan
    assert not strange, "\n\n".join(f"{question}:\n{plan}" for question, plan in strange.items())


def test_a_question_without_an_index_is_caught(store: Store) -> None:
    def ask(connection: Connection) -> None:
        connection.exec_driver_sql("SELECT * FROM assignment WHERE missing = 'x' ORDER BY touched_at")

    with store.write() as connection:
        plan = plan_of(connection, ask)
    assert ("SCAN assignment" in plan and "TEMP B-TREE" in plan) or ("Seq Scan" in plan and "Sort" in plan)
