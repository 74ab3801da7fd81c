"""The monitor of the monitor: a live store nobody watched says so itself, and what came of it; on both databases."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from tests.builders import a_directive, a_task
from tests.simulation.a_store import ADOPTED, DUE, Recorder, a_store, an_empty_store, six_duties
from tracker import clock
from tracker.cli.main import app
from tracker.domain.entry import Entry, stamp
from tracker.domain.errors import Invalid
from tracker.operations import adopt_directive, deliver, rebuild, sweep, verify
from tracker.operations.watching import EVERY, attended
from tracker.settings import Settings
from tracker.store import ledger, watches
from tracker.store.store import Store
from tracker.terminal.watch import show_watch
from tracker.views.plain import document
from tracker.views.watch import Watch, watch

TICK = timedelta(microseconds=1)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ZONE = "Asia/Ho_Chi_Minh"


def send(store: Store, at: datetime, **settings: str) -> Any:
    return deliver(store, Recorder(), settings=Settings(**settings), clock=lambda: at)


def look(store: Store, at: datetime) -> Any:
    return sweep(store, at=at)


WORK: dict[str, Callable[[Store, datetime], Any]] = {"sweep": look, "deliver": send}


def gaps(store: Store) -> list[Entry]:
    with store.read() as connection:
        return list(ledger.notes(connection, "watch_gap"))


def last(store: Store, work: str) -> datetime | None:
    with store.read() as connection:
        return watches.last(connection, work)


def seen(store: Store, at: datetime, *, begin: datetime = ADOPTED - HOUR, end: datetime | None = None) -> Watch:
    with store.read() as connection:
        return watch(connection, at=at, begin=begin, end=end or at, zone=ZONE, every=EVERY)


# ── A gap is an entry ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("work", WORK)
@pytest.mark.parametrize(("late", "entries"), [(-TICK, 0), (timedelta(), 0), (TICK, 1)])
def test_longer_than_five_minutes_without_it_is_a_gap(
    database_url: str, work: str, late: timedelta, entries: int
) -> None:
    store, again = an_empty_store(database_url), ADOPTED + EVERY + late
    WORK[work](store, ADOPTED)
    end = store.position().seq
    WORK[work](store, again)
    assert store.position().seq == end + entries
    for entry in gaps(store):
        assert entry.payload == {"work": work, "from": stamp(ADOPTED), "to": stamp(again)}
        assert (entry.effective_at, entry.recorded_at, entry.assignment) == (ADOPTED, again, None)
    assert verify(store).holds
    assert rebuild(store, keep=False).differing == ()


@pytest.mark.parametrize("work", WORK)
def test_work_with_nothing_to_do_is_noted_all_the_same_and_is_no_entry(database_url: str, work: str) -> None:
    store = an_empty_store(database_url)
    assert last(store, work) is None
    WORK[work](store, ADOPTED)  # the very first delivery says which journal it begins
    end = store.position()
    for minutes in range(1, 4):
        WORK[work](store, ADOPTED + minutes * MINUTE)
        assert last(store, work) == ADOPTED + minutes * MINUTE
    assert store.position() == end


def test_the_first_sweep_of_a_store_ends_no_gap(database_url: str) -> None:
    store = a_store(database_url)
    sweep(store, at=DUE)
    assert gaps(store) == []


@pytest.mark.parametrize("back", [TICK, EVERY, 30 * EVERY])
def test_a_clock_that_stepped_back_is_no_gap_and_makes_none_when_it_is_put_right(
    database_url: str, back: timedelta
) -> None:
    store = an_empty_store(database_url)
    at = ADOPTED + 40 * EVERY
    sweep(store, at=at)
    sweep(store, at=at - back)
    assert last(store, "sweep") == at
    sweep(store, at=at + EVERY)
    assert gaps(store) == []


def test_a_rehearsal_whose_clock_is_chosen_has_no_gaps(database_url: str) -> None:
    store = a_store(database_url, rehearsal=True)
    for at in (ADOPTED, DUE, DUE + 30 * HOUR):
        look(store, at)
        send(store, at)
    assert gaps(store) == []
    assert last(store, "sweep") == last(store, "deliver") == DUE + 30 * HOUR


def test_each_kind_of_work_has_gaps_of_its_own(database_url: str) -> None:
    store = an_empty_store(database_url)
    for minutes in (0, 4, 8):
        look(store, ADOPTED + minutes * MINUTE)
    send(store, ADOPTED)
    send(store, ADOPTED + 8 * MINUTE)
    with store.read() as connection:
        assert watches.every(connection).keys() == {"deliver", "sweep"}
    assert [entry.payload["work"] for entry in gaps(store)] == ["deliver"]
    attended(store, "seal", at=ADOPTED + 8 * MINUTE, actor="seal")
    attended(store, "seal", at=ADOPTED + 14 * MINUTE, actor="seal")
    assert [entry.payload["work"] for entry in gaps(store)] == ["deliver", "seal"]


def test_how_long_is_a_gap_is_a_setting(database_url: str) -> None:
    store = an_empty_store(database_url)
    hour = Settings.of({"TRACKER_WATCH_EVERY": "60 minutes"})
    for at in (ADOPTED, ADOPTED + HOUR):
        sweep(store, at=at, watch_every=hour.watch_limit)
        send(store, at, watch_every=hour.watch_every)
    assert gaps(store) == []
    with pytest.raises(Invalid, match="TRACKER_WATCH_EVERY"):
        send(store, ADOPTED + 2 * HOUR, watch_every="soon")


# ── What came of it ───────────────────────────────────────────────────────────────────────────────────────────


def a_week(store: Store) -> datetime:
    """Watch a store every minute around the moments, but not for three hours around those of DUE; return the end."""
    for at in (ADOPTED, DUE - HOUR, DUE + 2 * HOUR, DUE + 2 * HOUR + MINUTE):
        look(store, at)
        send(store, at + 2 * TICK)
    return DUE + 2 * HOUR + 2 * MINUTE


def test_the_report_says_when_nobody_watched_and_which_reminders_were_late_for_it(database_url: str) -> None:
    store = a_store(database_url)
    found = seen(store, a_week(store))
    spans = [(gap.work, gap.since, gap.until) for gap in found.gaps]
    assert spans == [
        ("sweep", ADOPTED, DUE - HOUR),
        ("deliver", ADOPTED + 2 * TICK, DUE - HOUR + 2 * TICK),
        ("sweep", DUE - HOUR, DUE + 2 * HOUR),
        ("deliver", DUE - HOUR + 2 * TICK, DUE + 2 * HOUR + 2 * TICK),
    ]
    late = {(one.assignment.rpartition("/")[2], one.made_late, one.owed_from) for one in found.late}
    assert late == {(code, 7_200.0, DUE) for code in ("01", "BGDDT", "BNV", "BTC")}
    assert {one.tried_late for one in found.late} == {7_200.000002}
    days = (DUE - HOUR - ADOPTED).total_seconds()
    assert {work: (count, round(seconds)) for work, count, seconds in found.unwatched} == {
        "sweep": (2, round(days) + 10_800), "deliver": (2, round(days) + 10_800), "seal": (0, 0),
    }  # fmt: skip


def test_outside_the_gaps_every_reminder_was_made_and_tried_within_seconds(database_url: str) -> None:
    store = a_store(database_url)
    found = seen(store, a_week(store))
    assert found.reminders == 10
    assert (found.made.reminders, found.made.longest, found.made.percentile_99) == (6, 0.0, 0.0)
    assert (found.tried.reminders, found.tried.longest) == (6, 0.000002)
    assert found.tried.slowest is not None


def test_what_was_made_in_time_and_not_sent_is_late_for_the_delivery_alone(database_url: str) -> None:
    store = a_store(database_url)
    send(store, ADOPTED)
    look(store, ADOPTED)
    send(store, ADOPTED + HOUR)
    found = seen(store, ADOPTED + 2 * HOUR)
    assert {(one.made_late, one.tried_late) for one in found.late} == {(None, 3_600.0)}
    assert (len(found.late), found.made.reminders, found.tried.reminders) == (6, 6, 0)


@pytest.mark.parametrize(("wait", "late"), [(timedelta(), False), (TICK, True), (HOUR, True)])
def test_a_moment_at_the_very_end_of_a_gap_is_in_time_and_one_before_is_late(
    database_url: str, wait: timedelta, late: bool
) -> None:
    store = a_store(database_url)
    look(store, ADOPTED)
    look(store, DUE + wait)
    assert {one.made_late for one in seen(store, DUE + wait).late} == ({wait.total_seconds()} if late else set())


def test_a_gap_that_is_going_on_is_shown_though_nobody_has_recorded_it(database_url: str) -> None:
    store = an_empty_store(database_url)
    look(store, ADOPTED)
    assert seen(store, ADOPTED + EVERY).gaps == ()
    (gap,) = seen(store, ADOPTED + EVERY + TICK).gaps
    assert (gap.work, gap.since, gap.going_on) == ("sweep", ADOPTED, True)
    assert gaps(store) == []


def test_what_was_known_after_its_moment_is_owed_from_when_it_was_known(database_url: str) -> None:
    """A directive adopted late: nothing could be made before, and no sweep is to blame."""
    store = a_store(database_url)
    look(store, ADOPTED)
    more = a_directive(*six_duties().tasks, a_task("one-more", lead="22"))
    adopt_directive(store, more, at=ADOPTED + 3 * MINUTE, actor="test")
    look(store, ADOPTED + 4 * MINUTE)
    found = seen(store, ADOPTED + 4 * MINUTE)
    assert found.late == ()
    assert found.made.longest is not None
    assert found.made.longest <= 60


def test_a_period_without_gaps_or_reminders_says_so(database_url: str) -> None:
    store = a_store(database_url)
    a_week(store)
    begin = DUE + 2 * HOUR + 3 * MINUTE
    found = seen(store, begin + 2 * MINUTE, begin=begin, end=begin + MINUTE)
    assert (found.gaps, found.late, found.reminders, found.made.longest) == ((), (), 0, None)
    assert "No reminder was late" in written(found)


def written(found: Watch) -> str:
    out = StringIO()
    show_watch(found, Console(file=out, width=140))
    return out.getvalue()


def test_the_terminal_and_the_document_say_the_same(database_url: str) -> None:
    store = a_store(database_url)
    found = seen(store, a_week(store))
    said = written(found)
    assert "sweep: 2 gaps, 4 d 2 h unwatched; last done Fri 15 Aug 2025 10:01" in said
    assert "4 reminders of 10 late because nobody watched" in said
    assert "made: 6 reminders, 99 in 100 within 0.000 s" in said
    shown = document(found)
    assert len(shown["late"]) == 4
    assert shown["late"][0]["made_late"] == 7200.0
    assert [gap["work"] for gap in shown["gaps"]] == ["sweep", "deliver", "sweep", "deliver"]


# ── At the terminal ───────────────────────────────────────────────────────────────────────────────────────────


def checks(url: str, at: datetime, monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """Return which of the doctor's checks of the watch are well at an instant."""
    monkeypatch.setattr(clock, "now", lambda: at)
    said = CliRunner().invoke(app, ["--database", url, "doctor", "--format", "json"])
    found = {check["name"]: check["fine"] for check in json.loads(said.stdout)["checks"]}
    return {name: fine for name, fine in found.items() if name.startswith("last ")}


@pytest.mark.parametrize(("late", "fine"), [(-TICK, True), (timedelta(), True), (TICK, False)])
def test_the_doctor_complains_when_a_live_store_was_not_watched_for_more_than_five_minutes(
    database_url: str, monkeypatch: pytest.MonkeyPatch, late: timedelta, fine: bool
) -> None:
    store = an_empty_store(database_url)
    look(store, ADOPTED)
    send(store, ADOPTED)
    store.close()
    found = checks(database_url, ADOPTED + EVERY + late, monkeypatch)
    assert found == {"last sweep": fine, "last deliver": fine, "last seal": False}


def test_the_doctor_asks_nobody_to_watch_a_rehearsal(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    an_empty_store(database_url, rehearsal=True).close()
    assert set(checks(database_url, DUE, monkeypatch).values()) == {True}


def test_the_report_is_a_command(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = a_store(database_url)
    end = a_week(store)
    store.close()
    monkeypatch.setattr(clock, "now", lambda: end)
    said = CliRunner().invoke(app, ["--database", database_url, "history", "watch", "--from", "2025-08-11"])
    assert said.exit_code == 0, said.output
    assert "Hours in which nobody watched" in said.stdout
    wrong = ["--from", "2025-08-12", "--to", "2025-08-11"]
    assert CliRunner().invoke(app, ["--database", database_url, "history", "watch", *wrong]).exit_code == 2
