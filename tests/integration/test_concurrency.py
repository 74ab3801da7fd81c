"""Several processes on one store: nobody is told twice, nobody waits for ever, and the ledger stays whole."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.apart import apart
from tests.simulation import workers
from tests.simulation.a_store import ADOPTED, a_store, mailboxes, many_duties
from tracker.domain.deadline import Due, Every
from tracker.domain.directive import Directive, Need
from tracker.operations import rebuild, set_channel, submit, sweep, verify
from tracker.operations.sweep import Swept
from tracker.store import assignments, ledger, outbox
from tracker.store.store import Store

PROCESSES = 8
PROVINCES = ("01", "04", "22")

Together = Callable[..., list[Any]]


@pytest.fixture(scope="module")
def together() -> Iterator[Together]:
    """Run one function in eight processes that all start at the same moment, and return their answers."""
    context = apart()
    gate = context.Barrier(PROCESSES)
    with context.Pool(PROCESSES, initializer=workers.at_the_gate, initargs=(gate,)) as pool:

        def run(work: Callable[..., Any], *each: tuple[Any, ...]) -> list[Any]:
            assert len(each) == PROCESSES, "the gate opens when all have come"
            return pool.starmap_async(work, each, chunksize=1).get(timeout=120)

        yield run


def everything_holds(store: Store) -> bool:
    return verify(store).holds and rebuild(store, keep=False).differing == ()


def kinds(store: Store) -> Counter[str]:
    with store.read() as connection:
        return Counter(entry.kind for entry in ledger.entries(connection))


def test_eight_sweeps_at_one_instant_make_each_reminder_once(database_url: str, together: Together) -> None:
    store = a_store(database_url, many_duties(280))
    made = together(workers.sweeping, *[(database_url, 20)] * PROCESSES)
    with store.read() as connection:
        written = outbox.reminders(connection)
    assert sum(made) == len(written) == 840
    assert len({reminder.assignment for reminder in written}) == 840
    assert kinds(store)["swept"] == 840
    assert sweep(store, at=ADOPTED) == Swept()
    assert everything_holds(store)


def test_eight_sweeps_that_come_back_at_once_record_one_gap(database_url: str, together: Together) -> None:
    store = a_store(database_url, many_duties(8))
    sweep(store, at=ADOPTED)
    together(workers.making_occurrences, *[(database_url, ADOPTED + timedelta(minutes=6))] * PROCESSES)
    assert kinds(store)["watch_gap"] == 1
    assert everything_holds(store)


def test_eight_sweeps_make_each_occurrence_of_a_recurring_duty_once(database_url: str, together: Together) -> None:
    monthly = Due(rule=Every("FREQ=MONTHLY;BYMONTHDAY=25"))
    plain = many_duties(70)
    store = a_store(database_url, replace(plain, tasks=tuple(replace(task, due=monthly) for task in plain.tasks)))
    at = ADOPTED + timedelta(days=80)  # 30 October: the 25ths of October, November and December come into sight
    made = together(workers.making_occurrences, *[(database_url, at)] * PROCESSES)
    assert sum(occurrences for occurrences, _ in made) == 70 * 3 * 3
    with store.read() as connection:
        found = [a.ref for task in plain.tasks for a in assignments.of_tasks(connection, [task.key])]
    assert len(found) == len(set(found)) == 70 * 3 * 5
    assert kinds(store)["assigned"] == len(found)
    assert sweep(store, at=at) == Swept()
    assert everything_holds(store)


@pytest.mark.parametrize("working", [1, 2, 8])
def test_however_many_deliver_each_reminder_is_told_once_and_each_mail_sent_once(
    database_url: str, together: Together, working: int
) -> None:
    store = a_store(database_url, many_duties(7))
    boxes = [replace(one, name=f"box-{n}") for one in mailboxes(*PROVINCES) for n in range(24)]
    set_channel(store, boxes, at=ADOPTED, actor="test")
    sweep(store, at=ADOPTED)
    each = [(database_url, n < working) for n in range(PROCESSES)]
    sent = Counter(reference for part in together(workers.delivering, *each) for reference in part)
    with store.read() as connection:
        states, attempts = outbox.counts(connection), outbox.deliveries(connection)
    mails = 3 * (24 + 1)
    assert (len(sent), set(sent.values()), states) == (7 * mails, {1}, {"accepted": 7 * mails})
    assert Counter(attempt.outcome for attempt in attempts) == {"accepted": mails}
    assert len({attempt.message_id for attempt in attempts}) == kinds(store)["delivery"] == mails
    assert everything_holds(store)


def test_of_eight_who_accept_one_report_one_does_and_seven_are_refused(database_url: str, together: Together) -> None:
    store = a_store(database_url)
    ref = "2025/412-tb-vpcp/duty-bnv/BNV"
    submit(store, ref, at=ADOPTED, actor="office", words="done")
    answers = Counter(together(workers.accepting, *[(database_url, ref)] * PROCESSES))
    assert answers == {"accepted": 1, "Refused": 7}
    assert kinds(store)["completed"] == 1
    assert everything_holds(store)


def test_verbs_sweeps_deliveries_moves_and_rebuilds_never_lock_each_other_out(
    database_url: str, together: Together
) -> None:
    directive = a_chain(30)
    store = a_store(database_url, directive)
    tasks = [task.key for task in directive.tasks]
    roles = [*(("verbs", agency) for agency in PROVINCES), ("sweeps", ""), ("sweeps", ""), ("delivers", ""),
             ("moves", "22"), ("rebuilds", "")]  # fmt: skip
    done = together(workers.one_of_a_crowd, *[(database_url, role, tasks, 30) for role in roles])
    assert done[:3] == [90] * 3
    assert done[-1] == 0, "a rebuild saw a cache that was not what the entries say"
    assert kinds(store)["completed"] == 90
    assert everything_holds(store)


def a_chain(length: int) -> Directive:
    """Return a directive whose every task, at each of three provinces, waits for the one before it."""
    plain = many_duties(length)
    linked = [
        replace(task, needs=(Need(before.key),)) for before, task in zip(plain.tasks, plain.tasks[1:], strict=False)
    ]
    return replace(plain, tasks=(plain.tasks[0], *linked))
