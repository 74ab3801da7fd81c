"""A scope: what lies outside it is found by no question, on both databases, at present and in the past."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from tests.builders import a_directive, a_registry, a_task, an_agency
from tests.simulation.a_store import Recorder
from tests.simulation.an_office import KEY, LAST_DAY, an_office, on, the_registry
from tracker.domain.directive import ForEach
from tracker.domain.scope import EVERYTHING, NOTHING, Scope, exists, scope_of, with_those_below
from tracker.domain.standing import Cell, Progress
from tracker.operations import accept, deliver, submit, sweep
from tracker.operations.ownership import delegate
from tracker.settings import Settings
from tracker.store.store import Connection, Store
from tracker.views import Wanted
from tracker.views.sight import Sight, sight

NOON = on(LAST_DAY - timedelta(days=1), 12)
LATER = on(LAST_DAY + timedelta(days=5))
TASKS = ("report", "publish", "plan")
SCOPES = [
    Scope(frozenset({"BNV"})),
    Scope(frozenset({"BNV-TC"})),  # a unit sees what was passed on to it, though the ministry owes it
    Scope(frozenset({"BTC", "BTC-NS", "01"})),
    Scope(frozenset({"nobody"})),
    NOTHING,
]


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    ministries = ForEach(agencies="ministries")
    tasks = (
        a_task("report"),
        a_task("publish", for_each=ministries),
        a_task("plan", for_each=ForEach(agencies="provinces")),
    )
    made = an_office(database_url, a_directive(*tasks))
    delegate(made, f"{KEY}/report/BNV", "BNV-TC", at=on(LAST_DAY - timedelta(days=12)), actor="BNV:anna")
    for at in (on(LAST_DAY - timedelta(days=12), 10), on(LAST_DAY - timedelta(days=1), 10)):
        sweep(made, at=at)
        deliver(made, Recorder(), settings=Settings(), clock=lambda at=at: at)  # type: ignore[misc]
    submit(made, f"{KEY}/publish/BTC", at=on(LAST_DAY - timedelta(days=1), 11), actor="BTC:binh", words="Done")
    accept(made, f"{KEY}/publish/BTC", at=NOON, actor="secretariat:le")
    yield made
    made.close()


@pytest.fixture(params=["present", "past"])
def at(request: pytest.FixtureRequest, store: Store) -> datetime:
    """Return an instant of the present, whose rows are cached, or of the past, which is replayed."""
    if request.param == "past":
        sweep(store, at=LATER)
    return NOON + timedelta(minutes=1)


def seen_by(connection: Connection, at: datetime, scope: Scope = EVERYTHING) -> Sight:
    return sight(connection, at=at, registry=the_registry(), scope=scope)


@pytest.mark.parametrize("scope", SCOPES, ids=lambda scope: "+".join(sorted(scope.offices)) or "nothing")
def test_every_question_finds_what_lies_within_and_nothing_else(store: Store, at: datetime, scope: Scope) -> None:
    with store.read() as connection:
        whole, part = seen_by(connection, at), seen_by(connection, at, scope)
        every = whole.find(Wanted(), limit=100).seen
        mine = tuple(one for one in every if scope.sees(one[0]))
        assert part.find(Wanted(), limit=100).seen == mine
        assert part.count(Wanted()) == len(mine)
        assert whole.find(Wanted(scope=scope), limit=100).seen == mine
        assert whole.count(Wanted(scope=scope)) == len(mine)
        for one in every:
            assert part.get(one[0].ref) == (one if scope.sees(one[0]) else None)
            same = Wanted(task=one[0].task, agency=one[0].agency)
            assert part.find(same, limit=9).seen == ((one,) if scope.sees(one[0]) else ())
        for task in (f"{KEY}/{name}" for name in TASKS):
            assert part.of_task(task) == tuple(one for one in whole.of_task(task) if scope.sees(one[0]))
            assert part.beside(task) == whole.of_task(task)
        cells: dict[tuple[str, Cell], int] = {}
        for assignment, now in mine:
            cells[assignment.task, now.cell] = cells.get((assignment.task, now.cell), 0) + 1
        assert part.cells() == cells


@pytest.mark.parametrize("scope", SCOPES, ids=lambda scope: "+".join(sorted(scope.offices)) or "nothing")
def test_reminders_are_those_that_offices_of_the_scope_were_told(store: Store, at: datetime, scope: Scope) -> None:
    with store.read() as connection:
        whole, part = seen_by(connection, at), seen_by(connection, at, scope)
        every = whole.reminders()
        mine = tuple(one for one in every if scope.covers(one.agency))
        assert every
        assert whole.deliveries([one.id for one in every])
        assert part.reminders() == mine
        assert part.reminders(limit=1) == mine[:1]
        assert sum(part.reminder_counts().values()) == len(mine)
        told = {one.id for one in mine}
        attempts = whole.deliveries([one.id for one in every])
        assert part.deliveries([one.id for one in every]) == tuple(one for one in attempts if one.reminder in told)
        for ref in {one.assignment for one in every}:
            assert part.reminders(ref=ref) == tuple(one for one in mine if one.assignment == ref)


def test_a_filter_never_widens_a_scope(store: Store, at: datetime) -> None:
    mine = Scope(frozenset({"BNV"}))
    with store.read() as connection:
        part = seen_by(connection, at, mine)
        for wanted in (
            Wanted(agency="BTC"),
            Wanted(scope=EVERYTHING, agency="BTC"),
            Wanted(scope=Scope(frozenset({"BTC"}))),
            Wanted(cell=Cell.ON_TIME),
            Wanted(progress=frozenset({Progress.COMPLETED})),
        ):
            assert part.find(wanted, limit=10).seen == ()
            assert part.narrowed(wanted).scope.offices in (frozenset(), frozenset({"BNV"}))
        assert part.reminders(agency="BTC") == ()


def test_a_member_sees_the_office_and_all_below_it_and_whom_it_covers_for() -> None:
    registry = a_registry(an_agency("BNV-TC", "unit", parent="BNV"), an_agency("BNV-TC-1", "unit", parent="BNV-TC"))
    assert scope_of("agency", "BNV", registry) == Scope(frozenset({"BNV", "BNV-TC", "BNV-TC-1"}))
    assert scope_of("agency", "BNV-TC", registry) == Scope(frozenset({"BNV-TC", "BNV-TC-1"}))
    assert scope_of("agency", "BTC", registry, ["BNV"]) == Scope(frozenset({"BTC", "BNV"}))
    assert scope_of("agency", None, registry) == NOTHING
    for role in ("secretariat", "auditor", "admin"):
        assert scope_of(role, None, registry) == EVERYTHING  # type: ignore[arg-type]


def test_a_circle_of_parents_ends() -> None:
    registry = a_registry(an_agency("A", "unit", parent="B"), an_agency("B", "unit", parent="A"))
    assert with_those_below("A", registry) == {"A", "B"}


def test_an_office_exists_from_its_first_day_to_the_day_before_its_end() -> None:
    day = LAST_DAY
    office = an_agency("X", "unit", valid_from=day, valid_to=day + timedelta(days=2))
    registry = a_registry(office)
    assert [exists("X", registry, day + timedelta(days=n)) for n in (-1, 0, 1, 2)] == [False, True, True, False]
    assert not exists("Y", registry, day)


def test_two_scopes_meet_in_what_lies_within_both() -> None:
    one, other = Scope(frozenset({"A", "B"})), Scope(frozenset({"B", "C"}))
    assert one & other == Scope(frozenset({"B"}))
    assert one & EVERYTHING == EVERYTHING & one == one
    assert EVERYTHING & EVERYTHING == EVERYTHING
    assert one & NOTHING == NOTHING
