"""The work table: what is sought, found by keyset, counted by facets; now as in the past, on both databases."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise, product

import pytest

from tests.builders import a_directive, a_registry, a_task
from tests.simulation.an_office import KEY, SECRETARIAT, UNITS, an_agency, mailboxes, on
from tracker.domain.agency import Registry
from tracker.domain.deadline import By, Due
from tracker.domain.directive import ForEach
from tracker.domain.errors import Invalid
from tracker.domain.scope import EVERYTHING, Scope
from tracker.domain.text import Text
from tracker.operations import adopt_directive, adopt_registry, init, set_channel, sweep
from tracker.operations.progress import accept, submit
from tracker.store.store import Store
from tracker.views.paging import place_from
from tracker.views.rows import TaskRow
from tracker.views.sought import Sought, sought_from
from tracker.views.work import Turn, WorkTable, work_rows, work_table

BEGIN = on(date(2025, 8, 11), 8)
NOW = on(date(2025, 9, 5))
TICK = timedelta(microseconds=1)


def named(code: str, vi: str) -> Text:
    return Text(vi=vi, en=f"Office {code}", fr=f"Service {code}")


def registry() -> Registry:
    made = a_registry(*(an_agency(code, "unit", parent=code[:3]) for code in UNITS))
    agencies = dict(made.agencies)
    agencies["BNV"] = replace(agencies["BNV"], name=named("BNV", "Bộ Nội vụ"))
    agencies["22"] = replace(agencies["22"], name=named("22", "Tỉnh Điện Biên"))
    return replace(made, agencies=agencies)


REGISTRY = registry()
OTHER = "2025/90-nq-cp"


def fill(url: str) -> Store:
    """Return a store with 37 assignments, looked at last on 20 August."""
    store = init(url, rehearsal=False, at=BEGIN, actor="test")
    adopt_registry(store, REGISTRY, at=BEGIN, actor="test")
    set_channel(store, mailboxes("BNV", "BTC", "01"), at=BEGIN, actor="test")
    days = [date(2025, 8, 15) + timedelta(days=4 * n) for n in range(8)]
    adopt_directive(
        store,
        a_directive(
            *(
                a_task(
                    f"task-{n}",
                    title=Text(vi=f"Báo cáo số {n} về quyết định", en=f"Report {n}", fr=f"Rapport {n}"),
                    for_each=ForEach(agencies=("BNV", "BTC", "01", "22")),
                    due=Due(rule=By(day)),
                )
                for n, day in enumerate(days)
            ),
            a_task("survey", lead="BGDDT", due=None),
        ),
        at=BEGIN,
        actor="test",
    )
    adopt_directive(
        store,
        a_directive(
            a_task("plan", directive=OTHER, for_each=ForEach(agencies="communes"), due=Due(rule=By(date(2025, 9, 30)))),
            a_task("unit", directive=OTHER, lead="BNV-TC", due=Due(rule=By(date(2025, 8, 31)))),
            number="90/NQ-CP",
        ),
        at=BEGIN,
        actor="test",
    )
    sweep(store, at=BEGIN)
    for ref, day in (("task-0/BNV", 14), ("task-0/BTC", 16), ("task-3/BNV", 18)):
        submit(store, f"{KEY}/{ref}", words="done", at=on(date(2025, 8, day)), actor=f"{ref[-3:]}:anna")
    for ref in ("task-0/BNV", "task-0/BTC"):
        accept(store, f"{KEY}/{ref}", at=on(date(2025, 8, 19)), actor=SECRETARIAT)
    sweep(store, at=on(date(2025, 8, 20)))
    return store


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    made = fill(database_url)
    yield made
    made.close()


def table(store: Store, sought: Sought | None = None, at: datetime = NOW, **turn: object) -> WorkTable:
    with store.read() as connection:
        return work_table(connection, sought or Sought(), Turn(**turn), at=at, registry=REGISTRY)  # type: ignore[arg-type]


def every(store: Store, sought: Sought | None = None, at: datetime = NOW, scope: Scope = EVERYTHING) -> list[TaskRow]:
    with store.read() as connection:
        stamp, total, rows = work_rows(connection, sought or Sought(), at=at, registry=REGISTRY, scope=scope)
        found = list(rows)
    assert (total, stamp.as_of) == (len(found), at)
    return found


def refs(rows: object) -> list[str]:
    return [row.ref for row in rows]  # type: ignore[attr-defined]


KINDS: dict[str, Callable[[TaskRow], bool]] = {
    "cell=open_overdue": lambda row: row.cell == "open_overdue",
    "cell=completed_late&cell=undated": lambda row: row.cell in ("completed_late", "undated"),
    "standing=due_soon": lambda row: row.standing == "due_soon",
    "progress=submitted": lambda row: row.progress == "submitted",
    "agency=BNV&agency=22": lambda row: row.agency in ("BNV", "22"),
    "kind=commune": lambda row: row.agency in ("01004", "04273", "22652"),
    "province=22": lambda row: row.agency in ("22", "22652"),
    f"directive={OTHER}": lambda row: row.directive == OTHER,
    "month=2025-08": lambda row: row.last_day is not None and row.last_day < date(2025, 9, 1),
    "month=none": lambda row: row.last_day is None,
    "due_from=2025-08-31&due_to=2025-09-04": lambda row: (
        row.last_day is not None and date(2025, 8, 31) <= row.last_day <= date(2025, 9, 4)
    ),
    "late=9": lambda row: row.cell == "open_overdue" and (row.days_late or 0) >= 9,
    "open=undecided": lambda row: row.progress == "submitted",
    "q=quyet+dinh": lambda row: row.task.startswith("task-"),
    "q=QUYẾT+noi+vu": lambda row: row.task.startswith("task-") and row.agency == "BNV",
    "q=dien+bien": lambda row: row.agency == "22",
    "q=90/nq": lambda row: row.directive == OTHER,
    "q=nothing+says+this": lambda row: False,
    "cell=open_overdue&agency=BTC&q=bao": lambda row: row.cell == "open_overdue" and row.agency == "BTC",
}


def of(query: str) -> Sought:
    return sought_from(tuple(part.replace("+", " ").split("=")) for part in query.split("&"))  # type: ignore[arg-type,misc]


@pytest.mark.parametrize("at", [NOW, on(date(2025, 8, 17)), on(date(2025, 8, 25), 0), on(date(2026, 1, 2))])
def test_each_filter_leaves_what_it_says_and_every_number_is_of_what_it_leaves(store: Store, at: datetime) -> None:
    rows = every(store, at=at)
    assert len(rows) == 37
    for query, fits in KINDS.items():
        expected = [row.ref for row in rows if fits(row)]
        assert refs(every(store, of(query), at)) == expected, query
        found = table(store, of(query), at, limit=500)
        assert refs(found.rows) == expected, query
        assert found.total == len(expected) == found.cells.total
        assert found.cells.open_overdue == sum(row.cell == "open_overdue" for row in rows if fits(row))


def test_a_facet_counts_what_each_choice_would_leave(store: Store) -> None:
    chosen = of("cell=open_overdue&agency=BTC&q=bao")
    for facet in table(store, chosen).facets:
        for choice in facet.choices:
            assert choice.count == len(every(store, chosen.only(facet.name, choice.value))), (facet.name, choice)
            assert choice.chosen == (choice.value in getattr(chosen, facet.name))


def test_facets_of_everything_add_up_to_everything(store: Store) -> None:
    for facet in table(store).facets:
        whole = 19 if facet.name == "province" else 37  # of two provinces and three communes
        assert sum(choice.count for choice in facet.choices) == whole, facet


def test_pages_lead_through_all_and_back_without_a_gap_or_a_repetition(store: Store) -> None:
    for query in ("", "cell=open_overdue", "q=task", "standing=overdue&standing=undated"):
        sought = of(query) if query else Sought()
        for order, limit in product(("due", "-due", "ref"), (1, 5, 36, 37, 38)):
            whole = refs(table(store, sought, order=order, limit=500).rows)
            pages = [table(store, sought, order=order, limit=limit)]
            while pages[-1].after:
                pages.append(table(store, sought, order=order, limit=limit, after=pages[-1].after))
            assert [ref for page in pages for ref in refs(page.rows)] == whole
            assert pages[0].before is None
            for earlier, later in pairwise(pages):
                back = table(store, sought, order=order, limit=limit, before=later.before)
                assert refs(back.rows) == refs(earlier.rows)
                assert (back.before is None) == (earlier is pages[0])


def test_a_page_stays_in_its_place_whatever_is_reported_meanwhile(store: Store) -> None:
    first = table(store, limit=10)
    whole = refs(table(store, limit=500).rows)
    reported = first.rows[-1]
    submit(store, reported.ref, words="done", at=NOW - TICK, actor=f"{reported.agency}:x")
    second = table(store, limit=10, after=first.after)
    assert refs(second.rows) == whole[10:20]


def test_the_past_is_filtered_counted_and_leafed_through_as_it_was(store: Store) -> None:
    then = on(date(2025, 8, 20))
    before = {query: (refs(every(store, of(query), then)), table(store, of(query), then)) for query in KINDS}
    sweep(store, at=NOW)
    submit(store, f"{KEY}/task-1/BTC", words="done", at=NOW, actor="BTC:binh")
    for query, (rows, found) in before.items():
        assert refs(every(store, of(query), then)) == rows, query
        again = table(store, of(query), then)
        assert (again.facets, again.cells, again.after) == (found.facets, found.cells, found.after), query


def test_nothing_outside_a_scope_is_found_counted_or_grouped(store: Store) -> None:
    scope = Scope(frozenset({"BNV", "BNV-TC"}))
    assert {row.agency for row in every(store, scope=scope)} == {"BNV", "BNV-TC"}
    for query in ("q=bao", "agency=BTC", "cell=open_overdue"):
        with store.read() as connection:
            found = work_table(connection, of(query), Turn(group="agency"), at=NOW, registry=REGISTRY, scope=scope)
        said = {
            choice.value for facet in found.facets if facet.name == "agency" for choice in facet.choices if choice.count
        }
        assert said <= {"BNV", "BNV-TC"}
        assert {group.value for group in found.groups} <= {"BNV", "BNV-TC"}


def test_groups_hold_all_each_with_its_first_rows(store: Store) -> None:
    rows = every(store, of("q=task"))
    for name in ("directive", "agency", "cell", "standing", "progress", "month"):
        found = table(store, of("q=task"), group=name)
        counts = Counter(
            getattr(row, name) if name != "month" else f"{row.last_day:%Y-%m}" if row.last_day else "none"
            for row in rows
        )
        assert {group.value: group.count for group in found.groups} == counts
        for group in found.groups:
            assert len(group.rows) == min(5, group.count)
        assert found.rows == ()
        assert found.groups_total == len(counts)


@pytest.mark.parametrize(
    "cursor", ["x", "W10", "WyJkdWUiLG51bGwsMV0", "eyJhIjoxfQ", "ÿ", "WyJyZWYiLG51bGwsIngiXQ", "W1tbW1tb" * 900]
)
def test_a_cursor_that_is_none_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid, match="start again"):
        place_from("due", cursor)


@pytest.mark.parametrize(
    "query",
    [
        "cell=late",
        "month=2025-13",
        "month=0000-01",
        "late=-1",
        "late=x",
        "due_from=yesterday",
        "open=all",
        "progress=done",
    ],
)
def test_a_filter_that_cannot_be_understood_is_refused_and_never_ignored(query: str) -> None:
    with pytest.raises(Invalid):
        of(query)


def test_a_filter_is_its_url() -> None:
    for query in KINDS:
        assert of("&".join(f"{name}={value}" for name, value in of(query).params())) == of(query)
