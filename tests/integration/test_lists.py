"""On Monday every agency hears what it has open, and the secretariat how all stands: once a week, with the figures."""

import io
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl
import pytest

from tests.builders import a_directive, a_task, a_text
from tests.simulation.an_office import KEY, SECRETARIAT, an_office, holds, on
from tracker.domain.deadline import By, Due
from tracker.domain.directive import Directive
from tracker.notify.bulletin import Bulletin
from tracker.notify.message import build
from tracker.notify.notice import LANGUAGES
from tracker.notify.outcome import Outcome
from tracker.notify.render import render
from tracker.operations import deliver, sweep
from tracker.operations.holding import release
from tracker.operations.lists import lists
from tracker.operations.progress import accept, submit
from tracker.settings import Settings
from tracker.store import ledger
from tracker.store.store import Store

EIGHT = time(8)
MONDAY, NEXT, AFTER = date(2025, 8, 18), date(2025, 8, 25), date(2025, 9, 1)
TICK = timedelta(microseconds=1)


def many(number: int = 12) -> Directive:
    tasks = [a_task(f"task-{n:02}", due=Due(rule=By(date(2025, 8, 15) + timedelta(days=n)))) for n in range(number)]
    return a_directive(*tasks, a_task("survey", lead="BTC", title=a_text("=1+1"), due=None))


def office(url: str, **changes: Any) -> Store:
    return an_office(url, many(), **{"lists": EIGHT, "secretariat": "VPCP", **changes})


def sent(store: Store, at: datetime) -> dict[tuple[str, str], Bulletin]:
    """Return the lists that leave at an instant, by stage and agency."""
    found: list[Bulletin] = []

    class Post:
        def send(self, channel: object, notice: object) -> Outcome:
            if isinstance(notice, Bulletin):
                found.append(notice)
            return Outcome("accepted", 250, "taken")

    deliver(store, Post(), settings=Settings(), clock=lambda: at)
    return {(one.kind, one.agency): one for one in found}


@pytest.mark.parametrize(
    ("at", "made"),
    [
        (on(MONDAY, 8) - TICK, 0),
        (on(MONDAY, 8), 3),
        (on(MONDAY, 8) + TICK, 3),
        (on(date(2025, 8, 24), 23), 3),  # the whole week long, where the morning was missed
    ],
)
def test_they_are_made_from_monday_at_the_hour_of_the_registry(database_url: str, at: datetime, made: int) -> None:
    store = office(database_url)
    assert lists(store, at=at) == made
    assert lists(store, at=at + timedelta(minutes=1)) == (0 if made else 3)
    assert holds(store)


WEDNESDAY = on(date(2025, 9, 3), 8)


@pytest.mark.parametrize(("at", "made"), [(on(AFTER, 23), 0), (WEDNESDAY - TICK, 0), (WEDNESDAY, 3)])
def test_where_monday_is_a_day_off_they_wait_for_a_working_day(database_url: str, at: datetime, made: int) -> None:
    assert lists(office(database_url), at=at) == made


def test_who_began_after_that_morning_waits_for_the_next(database_url: str) -> None:
    store = office(database_url)  # opened on Monday 11 August at 08:00 sharp
    assert lists(store, at=on(date(2025, 8, 12))) == 0
    assert lists(store, at=on(MONDAY)) == 3


def test_a_registry_that_names_no_hour_has_no_lists(database_url: str) -> None:
    assert lists(an_office(database_url, many()), at=on(MONDAY)) == 0


def test_an_agency_reads_ten_rows_by_date_and_how_many_more(database_url: str) -> None:
    store = office(database_url)
    sweep(store, at=on(MONDAY, 8))
    lists(store, at=on(MONDAY, 8))
    told = sent(store, on(MONDAY, 8))
    assert set(told) == {("weekly", "BNV"), ("weekly", "BTC"), ("monday", "VPCP")}
    mine = told["weekly", "BNV"]
    assert (mine.count, mine.late, len(mine.items)) == (12, 3, 10)
    assert [item.assignment[-11:] for item in mine.items[:4]] == [f"task-{n:02}/BNV" for n in range(4)]
    rendered = render(mine)
    assert rendered.subject == "[Weekly list] 18 August 2025 – 12 open tasks, 3 overdue"
    assert "3 days overdue – due 15 August 2025" in rendered.text
    assert "and 2 more: http://127.0.0.1:8000/tasks?agency=BNV" in rendered.text
    assert holds(store)


def test_the_secretariat_reads_each_figure_with_its_whole_and_what_led_to_it(database_url: str) -> None:
    store = office(database_url)
    lists(store, at=on(MONDAY, 8))
    first = sent(store, on(MONDAY, 8))["monday", "VPCP"]
    assert first.since is None
    for n in (0, 9):
        submit(store, f"{KEY}/task-{n:02}/BNV", at=on(date(2025, 8, 19)), actor="BNV:anna", words="done")
        accept(store, f"{KEY}/task-{n:02}/BNV", at=on(date(2025, 8, 20)), actor=SECRETARIAT)
    lists(store, at=on(NEXT, 8))
    assert sent(store, on(NEXT, 8)) == {}  # nobody had delivered for a week: an operator is asked first
    release(store, None, at=on(NEXT, 8), actor="cli:root")
    second = sent(store, on(NEXT, 8))["monday", "VPCP"]
    assert second.since == MONDAY
    for figure in second.figures:
        assert figure.closing == figure.opening + figure.new + figure.come - figure.gone - figure.left
    closing = {figure.cell: figure.closing for figure in second.figures}
    assert closing == {
        "completed_on_time": 1, "completed_late": 1, "open_in_time": 2, "open_overdue": 8, "undated": 1,
        "closed_out": 0,
    }  # fmt: skip
    text = render(second).text
    for said in (
        "1 of 2 completed",
        "8 of 10 open with a date",
        "8 = 3 + 0 new + 6 come − 1 gone − 0 no longer counted",
    ):
        assert said in text, said
    assert "what moved since 18 August 2025" in text
    assert holds(store)


def test_a_week_in_which_nothing_was_written_ends_as_it_began(database_url: str) -> None:
    store = office(database_url)
    for monday in (MONDAY, NEXT):
        lists(store, at=on(monday, 8))
    with store.read() as connection:
        last = [e.payload for e in ledger.entries(connection, kinds=["listed"]) if e.payload["stage"] == "monday"][-1]
    assert last["said"]["since"]
    assert sum(cell["new"] for cell in last["said"]["cells"].values()) == 0
    assert sum(cell["opening"] for cell in last["said"]["cells"].values()) == 13


def test_the_workbook_has_dates_and_no_formula_and_its_header_stays(database_url: str) -> None:
    store = office(database_url)
    lists(store, at=on(MONDAY, 8))
    report = sent(store, on(MONDAY, 8))["monday", "VPCP"]
    book = openpyxl.load_workbook(io.BytesIO(report.workbook))
    figures, tasks = book.worksheets
    assert [sheet.freeze_panes for sheet in book.worksheets] == ["A2", "A2"]
    rows = list(tasks.iter_rows(min_row=2))
    assert len(rows) == 13
    assert {row[3].is_date for row in rows if row[3].value} == {True}
    (survey,) = [row for row in rows if row[6].value.endswith("survey/BTC")]
    assert (survey[1].value, survey[1].data_type) == ("=1+1", "s")
    assert sum(row[6].value for row in figures.iter_rows(min_row=2)) == 13
    mail = build(report, "vpcp@moha.example")
    (attached,) = [part for part in mail.walk() if "spreadsheetml" in part.get_content_type()]
    assert attached.get_payload(decode=True) == report.workbook
    assert 'filename="monday-2025-08-18.xlsx"' in str(attached["Content-Disposition"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_are_written_in_the_readers_language(database_url: str, language: str) -> None:
    from dataclasses import replace

    store = office(database_url)
    lists(store, at=on(MONDAY, 8))
    told = sent(store, on(MONDAY, 8))
    stems = {
        "vi": ("[Tổng hợp tuần]", "[Báo cáo tuần]"),
        "en": ("[Weekly list]", "[Weekly report]"),
        "fr": ("[Point hebdomadaire]", "[Rapport hebdomadaire]"),
    }[language]
    both = [told["weekly", "BNV"], told["monday", "VPCP"]]
    subjects = [render(replace(one, language=language)).subject for one in both]
    assert [subject.startswith(stem) for subject, stem in zip(subjects, stems, strict=True)] == [True, True]
