"""Two people act on one assignment at once: one wins, the other hears clearly why not, and nothing is lost."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.builders import a_directive, a_task
from tests.simulation.a_store import ADOPTED, a_store
from tracker.domain.assignment import Assignment
from tracker.domain.deadline import By, Due
from tracker.domain.errors import TrackerError
from tracker.domain.outbox import BUNDLED
from tracker.operations import accept, rebuild, send_back, submit, sweep, verify
from tracker.operations.extensions import ask, grant, refuse, suspend
from tracker.operations.ownership import contest, delegate, discontinue, transfer, uphold
from tracker.operations.progress import start
from tracker.store import assignments, ledger, outbox
from tracker.store.engine import make_engine
from tracker.store.store import Store

TIMES = 50
LEAD, OVER = "01:an", "secretariat:le"
FIRST = date(2025, 8, 31)
MORE = date(2026, 3, 31)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)

# what one person does: with a store, an assignment as it was before both, an instant
Act = Callable[[Store, Assignment, datetime], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """Two acts that cannot both be, what came before them, and what the one who comes second hears."""

    before: Sequence[Act] = ()
    one: Act
    other: Act
    one_hears: str
    other_hears: str
    written: tuple[int, int] = (1, 1)  # how many entries about the assignment the winner writes


def reported(store: Store, a: Assignment, at: datetime) -> None:
    submit(store, a.ref, at=at, actor=LEAD, words="done")


def asked(store: Store, a: Assignment, at: datetime) -> None:
    ask(store, a.ref, MORE, at=at, actor=LEAD, why="floods")


def contested(store: Store, a: Assignment, at: datetime) -> None:
    contest(store, a.ref, at=at, actor=LEAD, why="not ours")


def accepted(store: Store, a: Assignment, at: datetime) -> None:
    accept(store, a.ref, at=at, actor=OVER)


def accepted_as_seen(store: Store, a: Assignment, at: datetime) -> None:
    accept(store, a.ref, at=at, actor=OVER, seen=a.changed)


CLASHES = {
    "accept or return": Clash(
        before=[reported],
        one=accepted,
        other=lambda store, a, at: send_back(store, a.ref, at=at, actor=OVER, missing="annex 2"),
        one_hears="Refused: {ref} is returned: it cannot be completed from there",
        other_hears="Refused: {ref} is completed: it cannot be returned from there",
    ),
    "two reports": Clash(
        one=reported,
        other=lambda store, a, at: submit(store, a.ref, at=at, actor="CP:binh", words="done by us"),
        one_hears="Refused: {ref} is submitted: it cannot be submitted from there",
        other_hears="Refused: {ref} is submitted: it cannot be submitted from there",
    ),
    "grant or refuse": Clash(
        before=[asked],
        one=lambda store, a, at: grant(store, a.ref, at=at, actor=OVER, instrument="99/VPCP"),
        other=lambda store, a, at: refuse(store, a.ref, at=at, actor=OVER, why="no"),
        one_hears="Refused: {ref} asks for no extension",
        other_hears="Refused: {ref} asks for no extension",
    ),
    "two grants": Clash(
        before=[asked],
        one=lambda store, a, at: grant(store, a.ref, at=at, actor=OVER, instrument="99/VPCP"),
        other=lambda store, a, at: grant(store, a.ref, at=at, actor=OVER, instrument="98/VPCP", seen=a.changed),
        one_hears="Refused: {ref} asks for no extension",
        other_hears="Conflict: {ref} has changed since you looked at it: entry {seq}, extension_granted by " + OVER,
    ),
    "accept what was seen, or delegate": Clash(
        before=[reported],
        one=accepted_as_seen,
        other=lambda store, a, at: delegate(store, a.ref, "01004", at=at, actor=LEAD),
        one_hears="Conflict: {ref} has changed since you looked at it: entry {seq}, delegated by " + LEAD,
        other_hears="Refused: {ref} is completed: it cannot be delegated from there",
    ),
    "two who accept what they saw": Clash(
        before=[reported],
        one=accepted_as_seen,
        other=accepted_as_seen,
        one_hears="Conflict: {ref} has changed since you looked at it: entry {seq}, completed by " + OVER,
        other_hears="Conflict: {ref} has changed since you looked at it: entry {seq}, completed by " + OVER,
    ),
    "report or suspend": Clash(
        one=reported,
        other=lambda store, a, at: suspend(store, a.ref, at=at, actor=OVER, why="the law changes", instrument="9/CP"),
        one_hears="Refused: {ref} is suspended: it cannot be submitted from there",
        other_hears="Refused: {ref} is submitted: it cannot be suspended from there",
    ),
    "report or transfer what was seen": Clash(
        one=reported,
        other=lambda store, a, at: transfer(store, a.ref, "04", at=at, actor=OVER, why="merged", seen=a.changed),
        one_hears="Refused: {ref} is superseded: it cannot be submitted from there",
        other_hears="Conflict: {ref} has changed since you looked at it: entry {seq}, submitted by " + LEAD,
    ),
    "uphold or give up": Clash(
        before=[contested],
        one=lambda store, a, at: uphold(store, a.ref, at=at, actor=OVER, why="it is yours", seen=a.changed),
        other=lambda store, a, at: discontinue(
            store, a.ref, at=at, actor=OVER, why="done", instrument="1/CP", seen=a.changed
        ),
        one_hears="Conflict: {ref} has changed since you looked at it: entry {seq}, discontinued by " + OVER,
        other_hears="Conflict: {ref} has changed since you looked at it: entry {seq}, contest_refused by " + OVER,
    ),
}


@pytest.mark.parametrize("name", CLASHES)
def test_of_two_at_once_one_wins_and_the_other_hears_why_not(
    database_url: str, name: str, record_property: Callable[[str, object], None]
) -> None:
    clash = CLASHES[name]
    store = a_store(database_url, some_duties())
    won = Counter[str]()
    with two(database_url) as both:
        for number in range(TIMES):
            ref, at = ref_of(number), ADOPTED + number * SECOND
            for act in clash.before:
                act(store, the(store, ref), at)
            before, end = the(store, ref), store.position().seq
            heard = both(number, (clash.one, before, at), (clash.other, before, at))
            assert heard.count(None) == 1, f"one wins: {heard}"
            winner = heard.index(None)
            written = entries(store, ref, after=end)
            assert len(written) == clash.written[winner]
            sentence = (clash.other_hears, clash.one_hears)[winner].format(ref=ref, seq=written[-1].seq)
            assert str(heard[1 - winner]).startswith(sentence)
            won[f"{('one', 'other')[winner]}"] += 1
    assert whole(store)
    record_property("told", f"{name}: {dict(won)} of {TIMES}")


def test_at_a_cut_off_either_the_report_or_the_sweep_wins(
    database_url: str, record_property: Callable[[str, object], None]
) -> None:
    store = a_store(database_url, some_duties(cutoff=True))
    won = Counter[str]()
    with two(database_url) as both:
        for number in range(TIMES):
            ref = ref_of(number)
            before, end = the(store, ref), store.position().seq
            assert before.facts.limit is not None
            at = before.facts.limit.late_from
            heard = both(number, (reported, before, at - SECOND), (swept, before, at))
            kinds = [entry.kind for entry in entries(store, ref, after=end)]
            if heard[0] is None:
                assert kinds == ["submitted"]
                assert the(store, ref).standing == "open"
            else:
                # before the sweep closes it out, the time it has come to is enough
                late = (f"Refused: {ref} is expired: it cannot be submitted", f"Refused: {ref} is void: its cut-off")
                assert heard[0].startswith(late)
                assert kinds == ["cut_off"]
            won[kinds[0]] += 1
    assert whole(store)
    record_property("told", f"report or cut-off: {dict(won)} of {TIMES}")


def test_a_report_and_a_sweep_on_the_last_day_lose_nothing_and_leave_no_reminder(database_url: str) -> None:
    store = a_store(database_url, some_duties(remind="standard"))
    with two(database_url) as both:
        for number in range(TIMES):
            ref = ref_of(number)
            before, end = the(store, ref), store.position().seq
            assert before.facts.limit is not None
            at = before.facts.limit.late_from
            assert both(number, (reported, before, at - SECOND), (swept, before, at)) == [None, None]
            kinds = [entry.kind for entry in entries(store, ref, after=end)]
            assert kinds in (["submitted"], ["swept", "submitted"])
    with store.read() as connection:
        reminder = outbox.REMINDER
        reported_on = [ref_of(number) for number in range(TIMES)]
        left = select(func.count()).where(reminder.c.assignment.in_(reported_on), reminder.c.state == "pending")
        left = left.where(reminder.c.stage.in_(BUNDLED))  # the receipts are owed all the same
        assert connection.execute(left).scalar_one() == 0
    assert whole(store)


def test_work_begun_while_another_looks_is_no_reason_to_decide_on_what_was_seen(database_url: str) -> None:
    store = a_store(database_url, some_duties())
    before = the(store, ref_of(0))
    start(store, before.ref, at=ADOPTED, actor=LEAD)
    reported(store, before, ADOPTED)
    with pytest.raises(TrackerError, match="look again, then decide") as refused:
        accepted_as_seen(store, before, ADOPTED)
    assert refused.value.code == "conflict"
    accepted_as_seen(store, the(store, before.ref), ADOPTED)
    assert whole(store)


# ── Two at once ──────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def two(url: str) -> Iterator[Callable[..., list[str | None]]]:
    """Yield what lets two people, each with connections of their own, act at one moment.

    It returns what each heard: None where it was accepted, else the kind of refusal and its sentence.
    """
    gate, stores = Barrier(2), (Store(make_engine(url)), Store(make_engine(url)))

    def act(who: int, number: int, what: Act, before: Assignment, at: datetime) -> str | None:
        gate.wait(timeout=60)
        if number % 5 == who * 2:  # most often at once; at times one is a little later, so that each wins some
            time.sleep(0.004)
        try:
            what(stores[who], before, at)
        except TrackerError as error:
            return f"{type(error).__name__}: {error}"
        return None

    with ThreadPoolExecutor(2) as pool:

        def both(number: int, one: tuple[Any, ...], other: tuple[Any, ...]) -> list[str | None]:
            acts = [pool.submit(act, who, number, *each) for who, each in enumerate((one, other))]
            return [each.result(timeout=120) for each in acts]

        yield both
    for store in stores:
        store.close()


def swept(store: Store, _: Assignment, at: datetime) -> None:
    sweep(store, at=at)


def some_duties(*, cutoff: bool = False, remind: str = "none") -> Any:
    """Return a directive of fifty duties of one province, each due a day after the one before."""
    return a_directive(
        *(
            a_task(
                f"duty-{n:02d}", lead="01", remind=remind, due=Due(rule=By(FIRST + timedelta(days=n)), cutoff=cutoff)
            )
            for n in range(TIMES)
        )
    )


def ref_of(number: int) -> str:
    return f"2025/412-tb-vpcp/duty-{number:02d}/01"


def the(store: Store, ref: str) -> Assignment:
    with store.read() as connection:
        return assignments.get(connection, [ref])[0]


def entries(store: Store, ref: str, *, after: int) -> list[Any]:
    with store.read() as connection:
        return list(ledger.entries(connection, assignment=ref, after=after))


def whole(store: Store) -> bool:
    return verify(store).holds and rebuild(store, keep=False).differing == ()
