"""What the pages of a directive read: identity, figures, burn-up, graph, timeline, versions; for all, and for one."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.builders import a_directive, a_registry, a_task
from tests.simulation.a_store import mailboxes
from tracker import operations
from tracker.domain.calendar import Span
from tracker.domain.cells import Cells
from tracker.domain.deadline import By, Due, Review
from tracker.domain.directive import Directive, ForEach, Need, Relation
from tracker.domain.errors import NotFound
from tracker.domain.scope import Scope
from tracker.operations.comparing import compared
from tracker.operations.reading import directive_at
from tracker.store.store import Connection, Store
from tracker.views.burnup import burnup
from tracker.views.gantt import timeline
from tracker.views.portrait import directive_lines, portrait
from tracker.views.task_graph import graph
from tracker.views.versions import turned

AT = datetime(2025, 8, 11, 1, tzinfo=UTC)
KEY, OTHER = "2025/412-tb-vpcp", "2025/500-qd-ttg"
REGISTRY = a_registry()
BNV = Scope(frozenset({"BNV"}))
DIRECTIVE = a_directive(
    a_task("report"),
    a_task(
        "publish",
        lead="BTC",
        takes=Span(5, "days"),
        needs=(Need(f"{KEY}/report"),),
        due=Due(rule=By(date(2025, 9, 15))),
    ),
    a_task("visit", for_each=ForEach(agencies="provinces"), needs=(Need(f"{KEY}/report", "inferred"),)),
    a_task("review", lead="BTC", due=Due(rule=Review(Span(14, "days")))),
    relations=(Relation("refers_to", "999/NQ-CP"),),
)
LATER = a_directive(
    a_task("implement", directive=OTHER, needs=(Need(f"{KEY}/publish"),)),
    number="500/QĐ-TTg",
    issued=date(2025, 8, 12),
    relations=(Relation("amends", "412/TB-VPCP"),),
)
NOW = datetime(2025, 9, 3, 5, tzinfo=UTC)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    made = operations.init(database_url, rehearsal=True, at=AT, actor="test")
    operations.adopt_registry(made, REGISTRY, at=AT, actor="test")
    operations.set_channel(made, mailboxes("BNV", "BTC", "01", "04", "22"), at=AT, actor="test")
    operations.adopt_directive(made, DIRECTIVE, at=AT, actor="secretariat:le")
    operations.adopt_directive(made, LATER, at=AT + timedelta(days=1), actor="secretariat:le")
    operations.submit(made, f"{KEY}/report/BNV", at=AT + timedelta(days=3), actor="BNV:anna", words="done")
    operations.accept(made, f"{KEY}/report/BNV", at=AT + timedelta(days=9), actor="secretariat:le")
    yield made
    made.close()


def amended(store: Store, *, at: datetime = AT + timedelta(days=14)) -> Directive:
    """Adopt a second version: one task goes, one comes, one moves."""
    kept = [task for task in DIRECTIVE.tasks if task.id in ("report", "visit")]
    moved = replace(kept[1], due=Due(rule=By(date(2025, 9, 30))))
    found = replace(DIRECTIVE, tasks=(a_task("extra", lead="BGDDT"), kept[0], moved))
    operations.adopt_directive(store, found, at=at, actor="secretariat:le")
    return found


def test_a_portrait_says_what_a_directive_is_and_what_it_is_to_others(store: Store) -> None:
    with store.read() as connection:
        found = portrait(connection, DIRECTIVE, at=NOW, registry=REGISTRY)
    assert (found.number, found.issuer_name, found.version, found.kind) == ("412/TB-VPCP", "VPCP", 1, "notice")
    assert [(one.word, one.number, one.key, one.incoming) for one in found.related] == [
        ("refers_to", "999/NQ-CP", None, False),
        ("amends", "500/QĐ-TTg", OTHER, True),
    ]
    assert [(one.task, one.other, one.incoming) for one in found.abroad] == [
        (f"{KEY}/publish", f"{OTHER}/implement", True)
    ]
    assert [(line.version, line.actor) for line in found.versions] == [(1, "secretariat:le")]


def test_the_figures_of_a_portrait_add_up(store: Store) -> None:
    with store.read() as connection:
        found = portrait(connection, DIRECTIVE, at=NOW, registry=REGISTRY)
    assert found.cells == Cells(completed_on_time=1, open_in_time=1, open_overdue=3, undated=1)
    assert sum((clause.cells for clause in found.clauses), found.former) == found.cells
    assert [row.ref for row in found.soon] == [f"{KEY}/publish/BTC"]
    assert {clause.id: clause.agencies for clause in found.clauses} == {
        "report": 1,
        "publish": 1,
        "visit": 3,
        "review": 1,
    }


def test_an_agency_sees_every_title_and_only_its_own_figures(store: Store) -> None:
    with store.read() as connection:
        found = portrait(connection, DIRECTIVE, at=NOW, registry=REGISTRY, scope=BNV)
        lines = directive_lines(connection, at=NOW, registry=REGISTRY, scope=BNV)
        drawn = graph(connection, DIRECTIVE, at=NOW, registry=REGISTRY, scope=BNV)
        bars = timeline(connection, DIRECTIVE, at=NOW, registry=REGISTRY, scope=BNV)
        burnt = burnup(connection, KEY, at=NOW, registry=REGISTRY, scope=BNV)
    assert found.own
    assert len(found.clauses) == 4
    assert found.cells == Cells(completed_on_time=1)
    assert found.soon == ()
    assert {line.key: line.cells.total for line in lines.lines} == {KEY: 1, OTHER: 1}
    assert len(drawn.nodes) == 4
    assert sum(node.cells.total for node in drawn.nodes.values()) == 1
    assert [bar.agencies for bar in bars.bars.values()] == [("BNV",)]
    assert burnt.points[-1].scope == 1


def test_the_database_itself_lets_an_agency_read_no_more_and_no_less(store: Store) -> None:
    amended(store)
    with store.read() as connection:
        expected = _all_views(connection)
    with store.read(BNV.offices) as connection:
        assert _all_views(connection) == expected


def _all_views(connection: Connection) -> list[object]:
    text = directive_at(connection, KEY, NOW)
    found = portrait(connection, text, at=NOW, registry=REGISTRY, scope=BNV)
    return [
        replace(found, versions=()),
        [line.version for line in found.versions],
        directive_lines(connection, at=NOW, registry=REGISTRY, scope=BNV),
        burnup(connection, KEY, at=NOW, registry=REGISTRY, scope=BNV),
        graph(connection, text, at=NOW, registry=REGISTRY, scope=BNV),
        timeline(connection, text, at=NOW, registry=REGISTRY, scope=BNV),
        turned(connection, KEY, 2, at=NOW, scope=BNV).effects,
    ]


def test_nothing_was_in_force_before_it_was_adopted(store: Store) -> None:
    with store.read() as connection:
        with pytest.raises(NotFound):
            portrait(connection, DIRECTIVE, at=AT - timedelta(days=1), registry=REGISTRY)
        assert [line.key for line in directive_lines(connection, at=AT, registry=REGISTRY).lines] == [KEY]


@pytest.mark.parametrize(
    ("search", "year", "keys"),
    [
        ("", None, [OTHER, KEY]),
        ("quyet 500", None, []),
        ("500 qd", None, [OTHER]),
        ("", 2025, [OTHER, KEY]),
        ("", 2024, []),
    ],
)
def test_the_list_is_searched_without_accents(store: Store, search: str, year: int | None, keys: list[str]) -> None:
    with store.read() as connection:
        found = directive_lines(connection, at=NOW, registry=REGISTRY, search=search, year=year)
    assert [line.key for line in found.lines] == keys
    assert (found.total, found.years) == (2, (2025,))


def test_the_last_point_of_a_burn_up_is_what_the_cells_say(store: Store) -> None:
    amended(store)
    with store.read() as connection:
        text = directive_at(connection, KEY, NOW)
        cells = portrait(connection, text, at=NOW, registry=REGISTRY).cells
        found = burnup(connection, KEY, at=NOW, registry=REGISTRY)
    today = next(point for point in found.points if point.day == date(2025, 9, 3))
    assert today.scope == cells.total - cells.closed_out
    assert today.accepted == cells.completed_on_time + cells.completed_late
    assert [(one.day, one.version) for one in found.amended] == [(date(2025, 8, 25), 2)]


def test_the_scope_line_moves_with_an_amendment_and_weeks_that_are_over_stay(store: Store) -> None:
    with store.read() as connection:
        before = burnup(connection, KEY, at=NOW, registry=REGISTRY)
    assert [(one.day.isoformat(), one.scope, one.received, one.accepted) for one in before.points[:4]] == [
        ("2025-08-10", 0, 0, 0),
        ("2025-08-17", 6, 1, 0),
        ("2025-08-24", 6, 1, 1),
        ("2025-08-31", 6, 1, 1),
    ]
    amended(store)
    with store.read() as connection:
        after = burnup(connection, KEY, at=NOW, registry=REGISTRY)
    assert [one.scope for one in after.points[:4]] == [0, 6, 6, 5]


def test_an_earlier_day_has_the_burn_up_it_had(store: Store) -> None:
    day = AT + timedelta(days=5)
    with store.read() as connection:
        found = burnup(connection, KEY, at=day, registry=REGISTRY)
    assert [(one.scope, one.received, one.accepted) for one in found.points if one.scope is not None][-1] == (6, 1, 0)


def test_a_graph_knows_its_longest_chain_and_what_most_wait_for(store: Store) -> None:
    with store.read() as connection:
        found = graph(connection, DIRECTIVE, at=AT + timedelta(days=1), registry=REGISTRY)
    assert (found.chain, found.length, found.unit) == (
        (f"{KEY}/report", f"{KEY}/publish"),
        5,
        "days",
    )
    assert [(neck.key, neck.waiting) for neck in found.necks] == [(f"{KEY}/report", (f"{KEY}/publish", f"{KEY}/visit"))]
    assert [
        (arrow.start.rpartition("/")[2], arrow.end.rpartition("/")[2], arrow.inferred) for arrow in found.arrows
    ] == [
        ("report", "publish", False),
        ("report", "visit", True),
    ]
    assert [(branch.key.rpartition("/")[2], branch.depth) for branch in found.tree] == [
        ("report", 0),
        ("publish", 1),
        ("visit", 1),
        ("review", 0),
    ]


def test_what_is_done_is_no_bottleneck(store: Store) -> None:
    with store.read() as connection:
        assert graph(connection, DIRECTIVE, at=NOW, registry=REGISTRY).necks == ()


def test_tasks_elsewhere_stand_in_the_graph_in_a_lane_of_their_own(store: Store) -> None:
    with store.read() as connection:
        found = graph(connection, LATER, at=NOW, registry=REGISTRY)
    assert [(node.id, node.elsewhere, node.title) for node in found.nodes.values()] == [
        ("implement", False, "Implement"),
        ("publish", True, "Publish"),
    ]


def test_a_large_graph_is_taken_together(store: Store) -> None:
    with store.read() as connection:
        found = graph(connection, DIRECTIVE, at=NOW, registry=REGISTRY, most=3)
    assert found.is_collapsed
    assert sorted(key for node in found.groups.values() for key in node.tasks) == sorted(found.nodes)
    assert sum((node.cells for node in found.groups.values()), Cells()).total == 6


def test_a_timeline_by_task_takes_those_with_the_same_days_together(store: Store) -> None:
    with store.read() as connection:
        found = timeline(connection, DIRECTIVE, at=NOW, registry=REGISTRY)
        each = timeline(connection, DIRECTIVE, at=NOW, registry=REGISTRY, by="agency")
    assert [(bar.task.rpartition("/")[2], bar.count, bar.received, bar.overdue) for bar in found.bars.values()] == [
        ("report", 1, 1, 0),
        ("visit", 3, 0, 3),
        ("publish", 1, 0, 0),
        ("review", 1, 0, 0),
    ]
    assert (found.total, found.rows, each.rows) == (6, 4, 6)
    assert [head.group for head in each.layout.heads] == ["01", "04", "22", "BNV", "BTC"]


def test_arrows_of_a_timeline_are_solid_where_they_block(store: Store) -> None:
    day = AT + timedelta(days=1)
    with store.read() as connection:
        then = timeline(connection, DIRECTIVE, at=day, registry=REGISTRY)
        now = timeline(connection, DIRECTIVE, at=NOW, registry=REGISTRY)
    assert [(link.ref, link.blocking, link.inferred) for link in then.links] == [
        (f"{KEY}/publish/BTC", True, False),
        (f"{KEY}/visit/01", True, True),
    ]
    assert [link.blocking for link in now.links] == [False, False]


@pytest.mark.parametrize(("page", "shown"), [(0, 1), (1, 1), (2, 1)])
def test_a_page_that_is_not_there_is_the_nearest_one(store: Store, page: int, shown: int) -> None:
    with store.read() as connection:
        assert timeline(connection, DIRECTIVE, at=NOW, registry=REGISTRY, page=page).page == shown


def test_a_version_says_whom_its_adoption_gave_took_and_told(store: Store) -> None:
    amended(store)
    with store.read() as connection:
        first, second = (turned(connection, KEY, n, at=NOW) for n in (1, 2))
        mine = turned(connection, KEY, 2, at=NOW, scope=Scope(frozenset({"01"})))
        with pytest.raises(NotFound):
            turned(connection, KEY, 3, at=NOW)
    assert first.effects[f"{KEY}/visit"].given == ("01", "04", "22")
    assert first.told == ()
    assert second.effects[f"{KEY}/extra"].given == ("BGDDT",)
    assert second.effects[f"{KEY}/publish"].taken == ("BTC",)
    assert second.effects[f"{KEY}/visit"].dated == ("01", "04", "22")
    assert second.effects[f"{OTHER}/implement"].told == ("BNV",)  # it waited for what was withdrawn
    assert second.told == ("01", "04", "22", "BNV")
    assert mine.told == ("01",)


def test_two_versions_are_compared_as_their_plan_was(store: Store) -> None:
    amended(store)
    with store.read() as connection:
        found = compared(connection, KEY, at=NOW, registry=REGISTRY)
        first = compared(connection, KEY, at=NOW, registry=REGISTRY, new=1)
        with pytest.raises(NotFound):
            compared(connection, KEY, at=NOW, registry=REGISTRY, old=1, new=3)
    signs = [(change.sign, change.task.rpartition("/")[2]) for change in found.plan.changes]
    assert (found.old, found.new) == (1, 2)
    assert signs == [("+", "extra"), ("-", "publish"), ("-", "review"), ("~", "visit")]
    assert (first.old, first.new, {change.sign for change in first.plan.changes}) == (0, 1, {"+"})


def test_very_many_communes_stand_together_by_province(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    below = {code: replace(REGISTRY.agencies[code], kind="commune", parent="01") for code in ("04", "22")}
    registry = replace(REGISTRY, agencies={**REGISTRY.agencies, **below})
    with store.read() as connection:
        few = timeline(connection, DIRECTIVE, at=NOW, registry=registry, by="agency")
        monkeypatch.setattr("tracker.views.gantt.MANY", 5)
        many = timeline(connection, DIRECTIVE, at=NOW, registry=registry, by="agency")
    assert [head.group for head in few.layout.heads] == ["01", "04", "22", "BNV", "BTC"]
    assert [head.group for head in many.layout.heads] == ["01", "BNV", "BTC"]
    (together,) = (bar for bar in many.bars.values() if bar.count > 1)
    assert (together.agencies, together.agency_name, together.overdue) == (("04", "22"), many.names["01"], 2)
    assert (many.total, many.rows) == (6, 5)
