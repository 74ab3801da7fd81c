"""What the store promises, on SQLite and on PostgreSQL alike."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from random import Random
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, event, insert, inspect, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlmodel import SQLModel

from tests.builders import a_directive, a_registry, a_task
from tests.made import migrate_for_real
from tests.simulation.a_store import (
    ADOPTED,
    DUE,
    LATER,
    SOON,
    Recorder,
    a_store,
    an_empty_store,
    mailboxes,
    minutes,
    six_duties,
)
from tracker.domain.deadline import By, Due
from tracker.domain.directive import Directive, ForEach, Need
from tracker.domain.entry import Draft
from tracker.domain.errors import Refused, TrackerError
from tracker.domain.standing import Progress
from tracker.notify.notice import Notice
from tracker.notify.outcome import Outcome
from tracker.operations import (
    accept,
    acknowledge,
    adopt_directive,
    adopt_registry,
    deliver,
    init,
    rebuild,
    send_back,
    set_channel,
    submit,
    sweep,
    verify,
)
from tracker.settings import Settings
from tracker.store import assignments, ledger, migrate, outbox
from tracker.store.engine import make_engine
from tracker.store.store import Store

KEY = "2025/412-tb-vpcp"
BNV = f"{KEY}/duty-bnv/BNV"
HANOI = timezone(timedelta(hours=7))
SECOND = timedelta(seconds=1)


def contents(store: Store) -> Mapping[str, list[Any]]:
    """Return every row of every table but `watch`, which says when somebody looked, whatever came of it."""
    with store.read() as connection:
        return {
            table.name: sorted(connection.execute(select(table)).fetchall(), key=repr)
            for table in SQLModel.metadata.sorted_tables
            if table.name != "watch"
        }


def the(store: Store, ref: str) -> Any:
    """Return the assignment of that reference."""
    with store.read() as connection:
        return assignments.get(connection, [ref])[0]


def complete(store: Store, ref: str, *, at: datetime = ADOPTED) -> None:
    submit(store, ref, at=at, actor="office", words="done")
    accept(store, ref, at=at, actor="secretariat")


# ── Migrations ───────────────────────────────────────────────────────────────────────────────────────────────


def test_migrations_go_up_down_and_up_again(database_url: str) -> None:
    engine = make_engine(database_url)
    migrate_for_real(engine)
    tables = set(inspect(engine).get_table_names())
    migrate.downgrade(engine, "base")
    assert set(inspect(engine).get_table_names()) == {"alembic_version"}
    migrate_for_real(engine)
    assert set(inspect(engine).get_table_names()) == tables
    engine.dispose()


def test_the_migrations_make_the_tables_the_program_knows(database_url: str) -> None:
    engine = make_engine(database_url)
    migrate_for_real(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []
    engine.dispose()


# ── Entries are for ever ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "change", ["UPDATE entry SET actor = 'me'", "DELETE FROM entry", "DELETE FROM entry WHERE seq = 4"]
)
def test_the_database_itself_refuses_to_change_or_remove_entries(database_url: str, change: str) -> None:
    refuses(a_store(database_url), change)


def test_postgresql_refuses_to_empty_the_ledger_at_one_stroke(postgres_url: str) -> None:
    refuses(a_store(postgres_url), "TRUNCATE entry")


def refuses(store: Store, change: str) -> None:
    before = contents(store)
    with pytest.raises(DBAPIError, match="never changed or removed"), store.write() as connection:
        connection.execute(text(change))
    assert contents(store) == before


def test_a_chain_of_all_kinds_of_entries_holds(database_url: str) -> None:
    store = a_store(database_url)
    walk(store, Random(0), steps=30)
    verdict = verify(store)
    assert verdict.holds
    assert verdict.entries == store.position().seq


@pytest.mark.parametrize("column", ["body", "actor", "kind", "assignment", "hash", "previous", "recorded_at"])
def test_an_entry_edited_behind_the_programs_back_is_named(database_url: str, column: str) -> None:
    store = a_store(database_url)
    with store.write() as connection:
        drop = "DROP TRIGGER entry_no_update" + (" ON entry" if connection.dialect.name == "postgresql" else "")
        connection.execute(text(drop))
        value = "2001-01-01 00:00:00+00" if column == "recorded_at" else "x"
        if column == "recorded_at" and connection.dialect.name == "sqlite":
            value = "2001-01-01 00:00:00.000000"
        connection.execute(text(f"UPDATE entry SET {column} = :value WHERE seq = 4"), {"value": value})
    verdict = verify(store)
    assert (verdict.holds, verdict.entries, verdict.broken_at) == (False, 3, 4)


def test_a_ledger_whose_tail_was_cut_off_is_seen(database_url: str) -> None:
    store = a_store(database_url)
    end = store.position().seq
    with store.write() as connection:
        on = " ON entry" if connection.dialect.name == "postgresql" else ""
        connection.execute(text(f"DROP TRIGGER entry_no_delete{on}"))
        connection.execute(text("DELETE FROM entry WHERE seq = :end"), {"end": end})
    assert verify(store).broken_at == end


# ── Instants ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_instant_comes_back_aware_in_utc_and_equal(database_url: str) -> None:
    store = an_empty_store(database_url)
    said = datetime(2025, 8, 12, 9, 30, 0, 123456, tzinfo=HANOI)
    with store.write() as connection:
        ledger.append(connection, [Draft(kind="note", effective_at=said, actor="me")], at=said)
    with store.read() as connection:
        *_, entry = ledger.entries(connection)
        high_water = ledger.position(connection).high_water
    for found in (entry.recorded_at, entry.effective_at, high_water):
        assert found == said
        assert found.utcoffset() == timedelta(0)
    assert verify(store).holds


def test_a_naive_instant_is_refused_by_the_ledger_and_by_the_columns(database_url: str) -> None:
    store = an_empty_store(database_url)
    before = contents(store)
    naive = datetime(2025, 8, 12, 9, 30)  # noqa: DTZ001 - the very mistake
    with pytest.raises(ValueError, match="aware"), store.write() as connection:
        ledger.append(connection, [Draft(kind="note", effective_at=naive, actor="me")], at=ADOPTED)
    with pytest.raises(StatementError, match=r"timezone|naive|aware"), store.write() as connection:
        connection.execute(update(ledger.HEAD).values(high_water=naive))
    assert contents(store) == before


# ── The outbox ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_reminder_is_written_once_whoever_writes_it_again(database_url: str) -> None:
    store = a_store(database_url)
    assert sweep(store, at=ADOPTED).reminders == 6
    with store.write() as connection:
        row = connection.execute(select(outbox.REMINDER).limit(1)).mappings().one()
        again = {name: value for name, value in row.items() if name != "id"}
        assert outbox.make(connection, [again]) == 0
        assert outbox.make(connection, [{**again, "key": "another", "version": 2}]) == 1
    with pytest.raises(IntegrityError), store.write() as connection:
        connection.execute(insert(outbox.REMINDER).values(**again))


def test_a_second_sweep_at_the_same_instant_changes_nothing(database_url: str) -> None:
    store = a_store(database_url)
    sweep(store, at=ADOPTED)
    before = contents(store)
    assert sweep(store, at=ADOPTED).claimed == 0
    assert contents(store) == before


# ── One transaction ──────────────────────────────────────────────────────────────────────────────────────────

VERBS: Mapping[str, Callable[[Store], object]] = {
    "sweep": lambda store: sweep(store, at=DUE),
    "accept": lambda store: accept(store, BNV, at=DUE, actor="secretariat"),
    "adopt": lambda store: adopt_directive(store, amended(), at=DUE, actor="secretariat"),
    "channel": lambda store: set_channel(store, mailboxes("04", "22"), at=DUE, actor="secretariat"),
}


ENTRIES = {"sweep": 5, "accept": 2, "adopt": 5, "channel": 2}


class Torn(Exception):
    """The power went, as far as the program can tell."""


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_that_fails_at_any_statement_leaves_nothing_behind(database_url: str, verb: str) -> None:
    store = a_store(database_url, linked())
    submit(store, BNV, at=ADOPTED, actor="office", words="done")
    before, end, countdown = contents(store), store.position().seq, [0]

    def tear(*_: object) -> None:
        countdown[0] -= 1
        if countdown[0] == 0:
            raise Torn

    event.listen(store.engine, "before_cursor_execute", tear)
    event.listen(store.engine, "commit", tear)
    for n in range(1, 200):
        countdown[0] = n
        try:
            VERBS[verb](store)
        except Torn:
            countdown[0] = 0
            if contents(store) != before:
                assert verb == "sweep", "only a sweep is more than one transaction: it looks whether there is more"
                break
        else:
            break
    countdown[0] = 0
    assert n > 5, "the verb was torn at some statements"
    assert store.position().seq == end + ENTRIES[verb]
    assert verify(store).holds
    assert rebuild(store, keep=False).differing == ()


# ── Whose clock ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_rehearsal_refuses_an_earlier_instant_takes_the_same_and_goes_on_to_a_later(database_url: str) -> None:
    store = a_store(database_url, rehearsal=True)
    before = contents(store)
    with pytest.raises(Refused, match="choose that or later"):
        acknowledge(store, BNV, at=ADOPTED - SECOND, actor="office")
    assert contents(store) == before
    assert acknowledge(store, BNV, at=ADOPTED, actor="office").facts.touched_at == ADOPTED
    assert submit(store, BNV, at=ADOPTED + SECOND, actor="office", words="done").facts.received_at == ADOPTED + SECOND


def test_a_live_store_whose_clock_stepped_back_goes_on_where_it_was(database_url: str) -> None:
    store = a_store(database_url)
    acknowledge(store, BNV, at=DUE, actor="office")
    found = submit(store, BNV, at=DUE - timedelta(days=2), actor="office", words="done")
    assert found.facts.received_at == DUE
    assert store.position().high_water == DUE
    assert submit(store, f"{KEY}/duty-btc/BTC", at=DUE + SECOND, actor="office", words="x").facts.received_at == (
        DUE + SECOND
    )


# ── Adoption ─────────────────────────────────────────────────────────────────────────────────────────────────


def amended() -> Directive:
    """The six duties with one later, one sooner, one gone and one new."""
    tasks = [task for task in linked().tasks if task.id != "duty-22"]
    moved = {"duty-bnv": LATER, "duty-04": SOON}
    changed = [replace(t, due=Due(rule=By(moved[t.id]))) if t.id in moved else t for t in tasks]
    return a_directive(*changed, a_task("duty-new", lead="22"))


def linked() -> Directive:
    """The six duties, of which the Ministry of Finance's waits for the Ministry of Home Affairs's."""
    tasks = {task.id: task for task in six_duties().tasks}
    tasks["duty-btc"] = replace(tasks["duty-btc"], needs=(Need(tasks["duty-bnv"].key),))
    return a_directive(*tasks.values())


def test_the_same_registry_and_directive_adopted_again_change_nothing(database_url: str) -> None:
    store = a_store(database_url)
    before = contents(store)
    assert adopt_registry(store, a_registry(), at=DUE, actor="secretariat") is False
    again = adopt_directive(store, six_duties(), at=DUE, actor="secretariat")
    assert (again.unchanged, again.version) == (True, 1)
    assert contents(store) == before


def test_an_amended_directive_adds_changes_and_withdraws_and_leaves_completed_work_alone(database_url: str) -> None:
    store = a_store(database_url, linked())
    sweep(store, at=ADOPTED)
    complete(store, BNV)
    done = the(store, BNV)
    adopted = adopt_directive(store, amended(), at=DUE, actor="secretariat")
    assert (adopted.version, adopted.added, adopted.changed, adopted.withdrawn) == (2, 1, 1, 1)
    assert the(store, BNV) == done
    assert the(store, f"{KEY}/duty-new/22").facts.limit.last_day == SOON
    moved, gone = the(store, f"{KEY}/duty-04/04"), the(store, f"{KEY}/duty-22/22")
    assert (moved.version, moved.facts.limit.last_day, moved.first_day) == (2, SOON, LATER)
    assert (gone.facts.progress, gone.next_moment) == (Progress.DISCONTINUED, None)
    with store.read() as connection:
        states = {r.assignment: r.state for r in outbox.reminders(connection)}
    assert states[moved.ref] == states[gone.ref] == states[BNV] == "cancelled"
    assert states[f"{KEY}/duty-01/01"] == "pending"
    assert rebuild(store, keep=False).differing == ()


# ── What waits for what ──────────────────────────────────────────────────────────────────────────────────────


def test_a_province_waits_for_itself_where_both_tasks_fan_out(database_url: str) -> None:
    survey, report = fanned("survey"), fanned("report", needs=(Need(f"{KEY}/survey"),))
    store = a_store(database_url, a_directive(survey, report))
    waits = [the(store, f"{KEY}/report/{province}").facts.waiting_for for province in ("01", "04")]
    assert waits == [(survey.key,)] * 2
    complete(store, f"{KEY}/survey/01")
    assert the(store, f"{KEY}/report/01").facts.waiting_for == ()
    assert the(store, f"{KEY}/report/04").facts.waiting_for == (survey.key,)


def test_a_ministry_waits_until_the_last_province_is_done(database_url: str) -> None:
    survey, summary = fanned("survey"), a_task("summary", needs=(Need(f"{KEY}/survey"),))
    store = a_store(database_url, a_directive(survey, summary))
    for province in ("01", "04"):
        complete(store, f"{KEY}/survey/{province}")
        assert the(store, f"{KEY}/summary/BNV").facts.waiting_for == (survey.key,)
    complete(store, f"{KEY}/survey/22")
    assert the(store, f"{KEY}/summary/BNV").facts.waiting_for == ()
    assert rebuild(store, keep=False).differing == ()


def test_a_report_alone_releases_nobody_until_it_is_accepted(database_url: str) -> None:
    store, waiting = a_store(database_url, linked()), f"{KEY}/duty-btc/BTC"
    submit(store, BNV, at=ADOPTED, actor="office", words="done")
    assert the(store, waiting).facts.waiting_for == (f"{KEY}/duty-bnv",)
    accept(store, BNV, at=ADOPTED, actor="secretariat")
    assert the(store, waiting).facts.waiting_for == ()


def fanned(id: str, **changes: Any) -> Any:
    return a_task(id, for_each=ForEach(agencies="provinces"), **changes)


# ── Rebuild ──────────────────────────────────────────────────────────────────────────────────────────────────


class Fickle(Recorder):
    """A sender whose servers refuse, time out and accept as the dice fall."""

    def __init__(self, chance: Random) -> None:
        super().__init__()
        self.chance = chance

    def send(self, channel: str, notice: Notice) -> Outcome:
        super().send(channel, notice)
        return self.chance.choice(
            [Outcome("accepted", 250, ""), Outcome("temporary", 451, "later"), Outcome("permanent", 550, "nobody"),
             Outcome("unknown", None, "the line fell silent")]
        )  # fmt: skip


def walk(store: Store, chance: Random, *, steps: int) -> int:
    """Do random things for a quarter of a year and return how many were allowed."""
    at, allowed = ADOPTED, 0
    for _ in range(steps):
        at += minutes(chance.choice([0, 1, 90, 3_000]))
        with store.read() as connection:
            refs = sorted(assignments.rows(connection))
        try:
            step(store, chance, chance.choice(refs), at)
            allowed += 1
        except TrackerError:
            pass
    return allowed


def step(store: Store, chance: Random, ref: str, at: datetime) -> None:
    match chance.randrange(9):
        case 0 | 1:
            sweep(store, at=at, batch=chance.choice([1, 2, 500]))
        case 2:
            deliver(store, Fickle(chance), settings=Settings(), clock=lambda: at)
        case 3:
            acknowledge(store, ref, at=at, actor="office")
        case 4 | 5:
            submit(store, ref, at=at, actor="office", words="đã làm xong")
        case 6:
            accept(store, ref, at=at, actor="secretariat")
        case 7:
            send_back(store, ref, at=at, actor="secretariat", missing="the annex")
        case _:
            adopt_directive(store, some_amendment(chance), at=at, actor="secretariat")


def some_amendment(chance: Random) -> Directive:
    """Return the linked duties, each kept, moved or left out as the dice fall, with one fanned out."""
    days = [SOON, LATER, date(2025, 10, 1)]
    tasks = [fanned("survey", due=Due(rule=By(chance.choice(days))))]
    for task in linked().tasks:
        if task.id == "duty-bnv" or chance.random() < 0.8:
            tasks.append(replace(task, due=Due(rule=By(chance.choice(days)))))
    tasks.append(a_task("summary", needs=(Need(f"{KEY}/survey"), Need(f"{KEY}/duty-bnv"))))
    return a_directive(*tasks)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happened_the_cache_is_what_the_entries_say_bit_for_bit(database_url: str, seed: int) -> None:
    store = a_store(database_url, linked())
    assert walk(store, Random(seed), steps=120) > 40
    assert rebuild(store, keep=False).differing == ()
    assert verify(store).holds


TAMPERED: Mapping[str, object] = {
    "standing": "completed_on_time", "cell": "completed_on_time", "progress": "completed", "version": 9,
    "next_moment": datetime(2031, 1, 1, tzinfo=UTC), "late_from": datetime(2031, 1, 1, tzinfo=UTC), "waiting_for": "[]",
    "first_day": date(2031, 1, 1), "told": None, "rung": None, "seq": 1, "remind": "none",
}  # fmt: skip


@pytest.mark.parametrize("column", TAMPERED)
def test_a_cached_column_changed_by_hand_is_found_and_put_right(database_url: str, column: str) -> None:
    store, ref = a_store(database_url, linked()), f"{KEY}/duty-btc/BTC"
    sweep(store, at=ADOPTED)
    before = contents(store)
    tamper(store, lambda c: c.execute(
        update(assignments.ASSIGNMENT).where(assignments.ASSIGNMENT.c.ref == ref).values({column: TAMPERED[column]})
    ))  # fmt: skip
    assert rebuild(store, keep=False).differing == (f"assignment {ref}",)
    assert rebuild(store).differing == (f"assignment {ref}",)
    assert contents(store) == before


def test_an_assignment_removed_or_invented_by_hand_is_found_and_put_right(database_url: str) -> None:
    store, table = a_store(database_url), assignments.ASSIGNMENT
    before = contents(store)
    tamper(store, lambda c: c.execute(update(table).where(table.c.ref == BNV).values(ref="invented")))
    assert rebuild(store).differing == (f"assignment {BNV}", "assignment invented")
    assert contents(store) == before


def tamper(store: Store, change: Callable[[Connection], object]) -> None:
    with store.write() as connection:
        change(connection)


def test_a_store_says_for_ever_whether_it_is_a_rehearsal(database_url: str) -> None:
    store = init(database_url, rehearsal=True, at=ADOPTED, actor="me")
    with store.read() as connection:
        first, *_ = ledger.entries(connection)
    assert (first.seq, first.kind, first.payload) == (1, "store_made", {"mode": "rehearsal"})
