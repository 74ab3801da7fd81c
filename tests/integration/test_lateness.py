"""Fair lateness over a real store, on both databases: the figures reconcile, now and at a past instant."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from fractions import Fraction

import pytest

from tests.builders import a_directive, a_registry, a_task
from tests.integration.test_cli import Office, empty, office
from tracker import operations, views
from tracker.domain.calendar import Span
from tracker.domain.deadline import By, Due
from tracker.domain.directive import Directive, ForEach, Need
from tracker.domain.fairness import Cause
from tracker.domain.standing import Cell
from tracker.operations.extensions import resume, suspend
from tracker.operations.ownership import transfer
from tracker.store.store import Store
from tracker.views import Wanted
from tracker.views.lateness import Days, Lateness, Share, lateness
from tracker.views.timelines import Texts

__all__ = ["empty", "office"]

KEY = "2025/412-tb-vpcp"
REGISTRY = a_registry()
DIRECTIVE = a_directive(
    a_task("draft", lead="BNV", due=Due(rule=By(date(2025, 8, 20))), records=("TB412-01",)),
    a_task("publish", lead="BTC", needs=(Need(f"{KEY}/draft"),), takes=Span(10, "days")),
    a_task("survey", for_each=ForEach(agencies="provinces"), due=Due(rule=By(date(2025, 8, 25)))),
    a_task("report", lead="BGDDT", needs=(Need(f"{KEY}/survey"),)),
)


def day(month: int, number: int, hour: int = 1) -> datetime:
    return datetime(2025, month, number, hour, tzinfo=UTC)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    made = operations.init(database_url, rehearsal=True, at=day(8, 11), actor="test")
    operations.adopt_registry(made, REGISTRY, at=day(8, 11), actor="test")
    operations.adopt_directive(made, DIRECTIVE, at=day(8, 11), actor="test")
    yield made
    made.close()


def done(store: Store, ref: str, at: datetime) -> None:
    operations.submit(store, ref, at=at, actor="test", words="done")
    operations.accept(store, ref, at=at, actor="test")


def the_example(store: Store) -> None:
    """Play what the docstring of `fairness` tells, and provinces that finish one after the other."""
    done(store, "survey/01", day(8, 20))
    done(store, "draft/BNV", day(8, 25))
    done(store, "survey/04", day(8, 27))
    done(store, "survey/22", day(8, 29))
    operations.submit(store, "publish/BTC", at=day(9, 4), actor="test", words="done")
    operations.send_back(store, "publish/BTC", at=day(9, 6), actor="test", missing="annex")
    operations.submit(store, "publish/BTC", at=day(9, 9), actor="test", words="done")
    done(store, "report/BGDDT", day(9, 10))


def seen(store: Store, at: datetime, *, agency: str | None = None, texts: Texts | None = None) -> Lateness:
    with store.read() as connection:
        known: dict[str, Directive] = {KEY: DIRECTIVE}
        return lateness(connection, at=at, registry=REGISTRY, texts=texts or known.get, agency=agency)


def test_the_worked_example_holds_in_a_store(store: Store) -> None:
    the_example(store)
    found = {task.row.ref.removeprefix(f"{KEY}/"): task for task in seen(store, day(9, 20)).assignments}
    assert found["publish/BTC"].days == Days(days=9, upstream=4, review=2, own=3)
    assert found["publish/BTC"].caused_by == {"BNV": Share(4, 1)}
    # 26 and 27 August are shared by two provinces, 28 and 29 are 22's alone
    assert found["report/BGDDT"].days == Days(days=10, upstream=4, own=6)
    assert found["report/BGDDT"].caused_by == {"04": Share(1, 1), "22": Share(3, 1)}
    assert found["draft/BNV"].days == Days(days=5, own=5)


@pytest.mark.parametrize(
    "at", [day(8, 19), day(8, 26), day(8, 31, 16), day(8, 31, 17), day(9, 5), day(9, 7), day(9, 20)]
)
def test_the_days_of_every_late_task_and_agency_reconcile_with_the_board_at_any_instant(
    store: Store, at: datetime
) -> None:
    the_example(store)
    found = seen(store, at)
    with store.read() as connection:
        rows = [
            row
            for cell in (Cell.OVERDUE, Cell.LATE)
            for row in views.task_list(connection, at=at, registry=REGISTRY, wanted=Wanted(cell=cell)).tasks
        ]
    assert {task.row.ref: task.days.days for task in found.assignments} == {row.ref: row.days_late for row in rows}
    assert found.total.days == sum(row.days_late or 0 for row in rows) == sum(one.days.days for one in found.agencies)
    for days in (found.total, *(one.days for one in found.agencies), *(task.days for task in found.assignments)):
        assert sum(getattr(days, cause) for cause in Cause) == days.days
    caused = sum((Fraction(one.caused.numerator, one.caused.denominator) for one in found.agencies), Fraction())
    assert caused == found.total.upstream


def test_a_past_instant_is_told_as_it_was_told_then(store: Store) -> None:
    done(store, "draft/BNV", day(8, 25))
    operations.submit(store, "publish/BTC", at=day(9, 4), actor="test", words="done")
    then = seen(store, day(9, 5))
    operations.send_back(store, "publish/BTC", at=day(9, 6), actor="test", missing="annex")
    assert seen(store, day(9, 5)) == then
    assert seen(store, day(9, 6)).total.review == 2


def test_one_agencys_report_names_what_it_owes_and_whom_it_delayed(store: Store) -> None:
    the_example(store)
    found = seen(store, day(9, 20), agency="BNV")
    assert [task.row.agency for task in found.assignments] == ["BNV"]
    assert [task.row.agency for task in found.delayed] == ["BTC"]
    (row,) = found.agencies
    assert (row.days, row.caused, row.caused_to) == (Days(days=5, own=5), Share(4, 1), {"BTC": Share(4, 1)})
    assert found.total == row.days


def test_an_order_that_came_after_the_issue_is_given_back(database_url: str) -> None:
    store = operations.init(database_url, rehearsal=True, at=day(8, 14), actor="test")
    operations.adopt_registry(store, REGISTRY, at=day(8, 14), actor="test")
    operations.adopt_directive(store, DIRECTIVE, at=day(8, 14), actor="test")
    found = {task.row.ref: task.days for task in seen(store, day(8, 25)).assignments}
    store.close()
    assert found == {f"{KEY}/draft/BNV": Days(days=5, delivery=3, own=2)}


def test_without_the_text_nothing_is_said_of_the_order_or_the_time_it_takes(store: Store) -> None:
    the_example(store)
    found = {task.row.ref: task.days for task in seen(store, day(9, 20), texts=lambda key: None).assignments}
    assert found[f"{KEY}/draft/BNV"] == Days(days=5, own=5)


def test_a_task_that_was_renamed_while_it_was_waited_for_still_answers(store: Store) -> None:
    needs = (Need(f"{KEY}/drafting"),)
    (draft,) = (one for one in DIRECTIVE.tasks if one.id == "draft")
    text = a_directive(
        a_task("drafting", lead="BNV", due=draft.due, records=draft.records),
        a_task("publish", lead="BTC", needs=needs, takes=Span(10, "days")),
    )
    operations.adopt_directive(store, text, at=day(8, 23), actor="test")
    done(store, "draft/BNV", day(8, 25))
    found = {task.row.ref: task.days for task in seen(store, day(9, 4), texts={KEY: text}.get).assignments}
    assert found[f"{KEY}/publish/BTC"] == Days(days=4, upstream=4)


@pytest.mark.parametrize(("resumed", "days"), [(day(8, 21), 0), (day(8, 22), 1), (day(8, 30), 9)])
def test_days_under_a_suspension_are_given_back(store: Store, resumed: datetime, days: int) -> None:
    done(store, "draft/BNV", day(8, 12))
    suspend(store, "publish/BTC", at=day(8, 15), actor="test", why="the law is being changed", instrument="5/CT-TTg")
    resume(store, "publish/BTC", at=resumed, actor="test")
    done(store, "publish/BTC", day(9, 12))
    (late,) = seen(store, day(9, 20), agency="BTC").assignments
    assert late.days == Days(days=12, suspended=days, own=12 - days)


def test_an_order_reaches_an_agency_when_the_task_is_transferred_to_it(store: Store) -> None:
    transfer(store, "draft/BNV", "BTC", at=day(8, 23), actor="test", why="within its field")
    late = {task.row.ref: task.days for task in seen(store, day(9, 20), agency="BTC").assignments}
    # nobody keeps a date that has passed when the order comes; then the days up to it are given back
    assert late[f"{KEY}/draft/BTC"] == Days(days=31, impossible=3, delivery=9, own=19)
    assert f"{KEY}/draft/BNV" not in {task.row.ref for task in seen(store, day(9, 20)).assignments}


def test_a_suspension_goes_on_when_a_task_is_transferred(store: Store) -> None:
    done(store, "draft/BNV", day(8, 12))
    suspend(store, "publish/BTC", at=day(8, 15), actor="test", why="the law is being changed", instrument="5/CT-TTg")
    transfer(store, "publish/BTC", "BGDDT", at=day(8, 18), actor="test", why="within its field")
    resume(store, "publish/BGDDT", at=day(8, 26), actor="test")
    late = {task.row.ref: task.days for task in seen(store, day(9, 4)).assignments}
    assert late[f"{KEY}/publish/BGDDT"] == Days(days=4, suspended=4)


def test_a_province_that_waits_for_its_communes_is_late_because_of_them(store: Store) -> None:
    rule = ForEach(agencies="provinces", then="communes")
    due = Due(rule=By(date(2025, 8, 20)))
    text = a_directive(a_task("count", directive="2025/5-ct-ttg", for_each=rule, due=due), number="5/CT-TTg")
    operations.adopt_directive(store, text, at=day(8, 11, 2), actor="test")
    done(store, f"{text.key}/count/01004", day(8, 23))
    done(store, f"{text.key}/count/01", day(8, 24))
    late = {task.row.ref: task for task in seen(store, day(9, 4), texts={text.key: text}.get).assignments}
    assert late[f"{text.key}/count/01004"].days == Days(days=3, own=3)
    assert late[f"{text.key}/count/01"].days == Days(days=4, upstream=3, own=1)
    assert late[f"{text.key}/count/01"].caused_by == {"01004": Share(3, 1)}


# ── The command line ────────────────────────────────────────────────────────────────────────────────────────


def test_the_report_says_it_in_words_and_as_json(office: Office) -> None:
    said = office.run("report", "lateness", "--at", "2025-09-18").stdout
    assert "= 21 late days of 2 assignments" in said
    # publish waits for report, late since 1 September: its own three days are BNV's
    assert "18 own + 3 upstream" in said
    found = office.ask("report", "lateness", "--at", "2025-09-18", "--agency", "BTC")
    assert found["as_of"] == "2025-09-18T01:00:00Z"
    assert found["total"]["days"] == found["total"]["upstream"] == 3
    assert found["assignments"][0]["caused_by"] == {"BNV": {"numerator": 3, "denominator": 1}}
    assert json.dumps(found)


def test_a_late_task_is_explained_day_by_day_and_one_in_time_is_not(office: Office) -> None:
    said = office.run("task", "explain", "publish/BTC", "--at", "2025-09-18").stdout
    assert "What the late days are charged to\n  3 days, up to 2025-09-18: it waited for BNV, who was late" in said
    found = office.ask("task", "explain", "publish/BTC", "--at", "2025-09-18")
    assert [line["code"] for line in found["lateness"]] == ["late_upstream"]
    assert office.ask("task", "explain", "publish/BTC", "--at", "2025-09-15")["lateness"] == []
