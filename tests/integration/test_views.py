"""Views over a real store, on both databases: right at the instant itself, and the past as it was said then."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.builders import a_directive, a_registry, a_task
from tests.simulation.a_store import mailboxes
from tracker import operations, views
from tracker.domain.calendar import Span
from tracker.domain.deadline import By, Due, Review
from tracker.domain.directive import ForEach, Need
from tracker.domain.errors import NotFound
from tracker.domain.standing import Cell
from tracker.notify.notice import Notice
from tracker.notify.outcome import Outcome
from tracker.settings import Settings
from tracker.store.store import Store
from tracker.views import Wanted

AT = datetime(2025, 8, 11, 1, tzinfo=UTC)
LATE_FROM = datetime(2025, 8, 31, 17, tzinfo=UTC)  # midnight after 31 August in Hanoi
TICK = timedelta(microseconds=1)
KEY = "2025/412-tb-vpcp"
REGISTRY = a_registry()
DIRECTIVE = a_directive(
    a_task("report"),
    a_task("publish", lead="BTC", needs=(Need(f"{KEY}/report"),), due=Due(rule=By(date(2025, 9, 15)))),
    a_task("review", for_each=ForEach(agencies="provinces"), due=Due(rule=Review(Span(14, "days")))),
)


class Post:
    """A sender that refuses one mailbox for good and takes every other notice."""

    def send(self, channel: str, notice: Notice) -> Outcome:
        if channel.startswith("office-btc"):
            return Outcome("permanent", 550, "no such mailbox")
        return Outcome("accepted", 250, "taken")


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    made = operations.init(database_url, rehearsal=True, at=AT, actor="test")
    operations.adopt_registry(made, REGISTRY, at=AT, actor="test")
    operations.set_channel(made, mailboxes("BNV", "BTC"), at=AT, actor="test")
    operations.adopt_directive(made, DIRECTIVE, at=AT, actor="test")
    yield made
    made.close()


def board(store: Store, at: datetime) -> views.Board:
    with store.read() as connection:
        return views.board(connection, at=at, registry=REGISTRY)


def tasks(store: Store, at: datetime, wanted: Wanted) -> list[str]:
    with store.read() as connection:
        return [row.ref for row in views.task_list(connection, at=at, registry=REGISTRY, wanted=wanted).tasks]


def deliver(store: Store, at: datetime) -> None:
    operations.deliver(store, Post(), settings=Settings(), clock=lambda: at)


@pytest.mark.parametrize(("at", "overdue"), [(LATE_FROM - TICK, 0), (LATE_FROM, 1), (LATE_FROM + TICK, 1)])
def test_a_task_is_overdue_on_the_board_from_its_first_late_instant_though_nobody_swept(
    store: Store, at: datetime, overdue: int
) -> None:
    found = board(store, at)
    assert found.cells.open_overdue == overdue
    assert found.overdue.total == len(found.overdue.rows) == overdue
    assert found.cells.total == 5


@pytest.mark.parametrize(("at", "overdue"), [(LATE_FROM - TICK, 0), (LATE_FROM, 1), (LATE_FROM + TICK, 1)])
def test_the_past_turns_at_the_same_instant_as_the_present_did(store: Store, at: datetime, overdue: int) -> None:
    operations.sweep(store, at=datetime(2025, 9, 20, 1, tzinfo=UTC))
    assert board(store, at).cells.open_overdue == overdue


def test_the_cells_of_the_directives_add_up_to_those_of_the_board(store: Store) -> None:
    other = a_directive(a_task("b", directive="2025/5-ct-ttg"), number="5/CT-TTg")
    operations.adopt_directive(store, other, at=AT, actor="test")
    found = board(store, LATE_FROM)
    assert [(one.key, one.cells.total) for one in found.directives] == [("2025/412-tb-vpcp", 5), ("2025/5-ct-ttg", 1)]
    for cell in Cell:
        assert sum(getattr(one.cells, cell) for one in found.directives) == getattr(found.cells, cell)


def test_the_board_of_a_past_instant_is_the_one_that_was_shown_then(store: Store) -> None:
    seen: list[views.Board] = []

    def look(at: datetime) -> None:
        seen.append(board(store, at))

    def day(month: int, number: int, hour: int = 1) -> datetime:
        return datetime(2025, month, number, hour, tzinfo=UTC)

    operations.sweep(store, at=day(8, 11))
    look(day(8, 11))
    deliver(store, day(8, 11, 2))
    look(day(8, 11, 3))
    operations.sweep(store, at=day(8, 15))  # a reminder that is made and never leaves
    look(day(8, 15, 2))
    operations.submit(store, "report/BNV", at=day(8, 20), actor="demo:BNV", words="done")
    look(day(8, 20, 2))
    operations.send_back(store, "report/BNV", at=day(8, 25), actor="test", missing="the annex")
    look(day(8, 25, 2))
    operations.sweep(store, at=day(9, 2))
    deliver(store, day(9, 2, 2))
    look(day(9, 2, 3))
    operations.submit(store, "report/BNV", at=day(9, 3), actor="test", words="done again")
    operations.accept(store, "report/BNV", at=day(9, 4), actor="test")
    look(day(9, 4, 2))
    changed = a_directive(a_task("report"), a_task("publish", lead="BTC", due=Due(rule=By(date(2025, 10, 15)))))
    operations.adopt_directive(store, changed, at=day(9, 10), actor="test")
    look(day(9, 10, 2))
    operations.sweep(store, at=day(11, 1))
    assert {state for one in seen for state in one.reminders} == {"pending", "accepted", "failed", "cancelled"}
    for then in seen:
        assert board(store, then.stamp.as_of) == then


def test_lists_of_a_past_instant_are_those_of_then(store: Store) -> None:
    operations.submit(store, "report/BNV", at=datetime(2025, 9, 3, 1, tzinfo=UTC), actor="test", words="done")
    wanted = Wanted(agency="BNV", cell=Cell.OVERDUE)
    assert tasks(store, LATE_FROM - TICK, wanted) == []
    assert tasks(store, LATE_FROM, wanted) == [f"{KEY}/report/BNV"]


def test_a_list_by_standing_is_reckoned_and_in_the_order_of_the_deadlines(store: Store) -> None:
    everything = tasks(store, AT, Wanted())
    assert everything[:2] == [f"{KEY}/report/BNV", f"{KEY}/publish/BTC"]
    assert tasks(store, AT, Wanted(standing="waiting")) == [f"{KEY}/publish/BTC"]
    assert tasks(store, LATE_FROM, Wanted(standing="overdue", directive=KEY)) == [f"{KEY}/report/BNV"]
    assert tasks(store, AT, Wanted(directive="2025/412")) == []


def test_a_cut_list_says_that_there_is_more(store: Store) -> None:
    with store.read() as connection:
        found = [views.task_list(connection, at=AT, registry=REGISTRY, limit=n) for n in (4, 5, 6)]
    assert [(len(one.tasks), one.more) for one in found] == [(4, True), (5, False), (5, False)]


def test_what_is_due_by_sunday_is_due_this_week_and_what_was_reported_is_not(store: Store) -> None:
    monday = datetime(2025, 8, 25, 1, tzinfo=UTC)
    assert board(store, monday - timedelta(days=1)).due_this_week.total == 0
    assert [row.ref for row in board(store, monday).due_this_week.rows] == [f"{KEY}/report/BNV"]
    operations.submit(store, "report/BNV", at=monday, actor="test", words="done")
    found = board(store, monday)
    assert found.due_this_week.total == 0
    assert [(one.row.ref, one.age_days) for one in found.awaiting_review] == [(f"{KEY}/report/BNV", 0)]
    assert board(store, monday + timedelta(days=2)).awaiting_review[0].age_days == 2


def test_what_the_demo_moved_is_marked_and_nothing_else(store: Store) -> None:
    assert not board(store, AT).stamp.invented
    operations.submit(store, "report/BNV", at=AT, actor="demo:BNV", words="done")
    with store.read() as connection:
        found = views.task_list(connection, at=AT, registry=REGISTRY)
    assert found.stamp.invented
    assert [row.ref for row in found.tasks if row.invented] == [f"{KEY}/report/BNV"]


def test_an_explanation_tells_the_rule_the_steps_and_who_waits(store: Store) -> None:
    with store.read() as connection:
        first = views.explain(connection, f"{KEY}/report/BNV", at=AT, registry=REGISTRY, directive=DIRECTIVE)
        then = views.explain(connection, f"{KEY}/publish/BTC", at=AT, registry=REGISTRY, directive=DIRECTIVE)
    assert first.rule == "by 2025-08-31"
    assert first.deadline[0].code == "rule_by"
    assert not first.moved
    assert [row.ref for row in first.waited_by.rows] == [f"{KEY}/publish/BTC"]
    assert [row.ref for row in then.waits_for.rows] == [f"{KEY}/report/BNV"]
    assert first.waits_for.total == then.waited_by.total == 0


def test_one_task_shows_its_entries_and_what_became_of_its_reminders(store: Store) -> None:
    operations.sweep(store, at=AT)
    deliver(store, AT)
    with store.read() as connection:
        found = views.task_show(connection, f"{KEY}/publish/BTC", at=AT, registry=REGISTRY, directive=DIRECTIVE)
    assert [entry.kind for entry in found.entries] == ["assigned", "swept", "delivery"]
    (reminder,) = found.reminders
    assert reminder.state == "failed"
    assert [(one.outcome, one.code) for one in reminder.attempts] == [("permanent", 550)]


def test_undelivered_reminders_are_counted_and_listed(store: Store) -> None:
    operations.sweep(store, at=AT)
    deliver(store, AT)
    assert board(store, AT).undelivered == 4  # the refused mailbox, and three provinces without any
    with store.read() as connection:
        found = views.reminder_list(connection, at=AT, registry=REGISTRY, state="failed")
    assert {row.agency for row in found.reminders} == {"BTC", "01", "04", "22"}


def test_a_shortened_reference_is_resolved_where_it_is_unique(store: Store) -> None:
    with store.read() as connection:
        assert views.resolve(connection, "report/BNV") == f"{KEY}/report/BNV"
        assert views.resolve(connection, f"{KEY}/report/BNV") == f"{KEY}/report/BNV"
        with pytest.raises(NotFound):
            views.resolve(connection, "report/BTC")


def test_titles_and_names_come_in_the_language_asked_for_also_of_the_past(store: Store) -> None:
    operations.sweep(store, at=datetime(2025, 9, 20, 1, tzinfo=UTC))
    for at in (AT, datetime(2025, 9, 20, 1, tzinfo=UTC)):
        with store.read() as connection:
            found = views.board(connection, at=at, registry=REGISTRY, language="vi")
            rows = views.task_list(connection, at=at, registry=REGISTRY, language="fr").tasks
        assert found.directives[0].title == "Conclusions on local government (vi)"
        assert rows[0].title == "Report (fr)"


def test_history_is_the_newest_first_and_as_it_was(store: Store) -> None:
    operations.acknowledge(store, "report/BNV", at=LATE_FROM, actor="test")
    with store.read() as connection:
        now = views.history(connection, at=LATE_FROM, zone="Asia/Ho_Chi_Minh", limit=1)
        then = views.history(connection, at=AT, zone="Asia/Ho_Chi_Minh", kind="assigned")
    assert [entry.kind for entry in now.entries] == ["acknowledged"]
    assert now.more
    assert len(then.entries) == 5
    assert then.stamp.seq == now.stamp.seq - 1


def test_health_sees_what_waits_for_a_sweep_and_who_cannot_be_reached(store: Store) -> None:
    with store.read() as connection:
        found = views.health(connection, at=AT)
    assert found.oldest_moment == AT
    assert found.last_sweep is None
    assert found.unreachable == ("01", "04", "22")
