"""A policy at work: who is told what, what a cap keeps back, and that entries alone tell it again."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from tests.builders import a_directive, a_ladder, a_registry, a_task
from tests.simulation.a_store import ADOPTED, mailboxes
from tracker.domain.agency import Registry
from tracker.domain.calendar import Span
from tracker.domain.deadline import By, Due
from tracker.domain.entry import Entry
from tracker.domain.ladder import Ladder, Level, Quiet, Rung
from tracker.operations import acknowledge, adopt_directive, adopt_registry, init, rebuild, set_channel, sweep
from tracker.operations.recipients import recipient
from tracker.store import assignments, ledger, outbox
from tracker.store.outbox import Reminder
from tracker.store.store import Store

WORKING = "working days"
KEY = "2025/412-tb-vpcp"
REPORT = f"{KEY}/report/BNV"
LAST = date(2025, 8, 29)  # a Friday before the break of National Day
CLOSE = replace(
    a_ladder(),
    rungs=(
        Rung("assigned", to=("lead", "with")),
        Rung("share", share=50),
        Rung("due", to=("lead", "secretariat")),
        Rung("after", Span(1, WORKING)),
    ),
    then_every=None,
    daily_after=Span(5, WORKING),
    escalate=(Level(Span(5, WORKING), ("parent",)), Level(Span(7, WORKING), ("head", "secretariat"))),
    quiet=Quiet(time(17, 30), time(7, 30)),
    working_days=True,
)


def a_policy(ladder: Ladder = CLOSE, **more: object) -> Registry:
    return a_registry(ladders={"standard": ladder}, secretariat="VPCP", head="BTC", **more)


def a_store(url: str, registry: Registry, *tasks: str) -> Store:
    """Return a rehearsal in which the Ministry of Home Affairs owes some tasks with the Ministry of Education."""
    store = init(url, rehearsal=True, at=ADOPTED, actor="test")
    adopt_registry(store, registry, at=ADOPTED, actor="test")
    set_channel(store, mailboxes("BNV", "BGDDT", "CP", "VPCP", "BTC"), at=ADOPTED, actor="test")
    due = Due(rule=By(LAST))
    duties = (a_task(name, due=due, supporting=("BGDDT",)) for name in tasks or ("report",))
    adopt_directive(store, a_directive(*duties), at=ADOPTED, actor="test")
    return store


def at(day: int, month: int = 8, hour: int = 8, minute: int = 0) -> datetime:
    return datetime(2025, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=7)


def swept_until(store: Store, end: datetime, *, start: datetime = ADOPTED) -> None:
    """Sweep at every whole half hour in which something may come."""
    while start <= end:
        sweep(store, at=start)
        start += timedelta(minutes=30)


def made(store: Store) -> list[Reminder]:
    with store.read() as connection:
        return sorted(outbox.reminders(connection), key=lambda one: (one.made_at, one.agency))


def to(store: Store) -> list[tuple[str, str, str]]:
    return [(one.rung, one.agency, one.state) for one in made(store)]


def looks(store: Store) -> list[Entry]:
    with store.read() as connection:
        return [entry for entry in ledger.entries(connection) if entry.kind == "swept" and entry.payload["rung"]]


def holds(store: Store) -> bool:
    return rebuild(store, keep=False).differing == ()


def test_each_rung_goes_to_those_it_is_meant_for_and_entries_alone_tell_it_again(database_url: str) -> None:
    store = a_store(database_url, a_policy())
    for moment in (at(11), at(20), at(29), at(3, 9), at(9, 9), at(10, 9), at(11, 9)):
        sweep(store, at=moment)
    assert to(store) == [
        ("assigned", "BGDDT", "pending"),
        ("assigned", "BNV", "pending"),
        ("half", "BNV", "pending"),
        ("due", "BNV", "pending"),
        ("due", "VPCP", "pending"),
        ("after-1wd", "BNV", "pending"),
        ("daily-2025-09-09", "BNV", "pending"),
        ("escalate-5wd-parent", "CP", "pending"),
        ("daily-2025-09-10", "BNV", "pending"),
        ("daily-2025-09-11", "BNV", "pending"),
        ("escalate-7wd-head+secretariat", "BTC", "pending"),
        ("escalate-7wd-head+secretariat", "VPCP", "pending"),
    ]
    assert {one.stage for one in made(store) if one.rung.startswith("escalate")} == {"escalated"}
    assert holds(store)


def test_an_entry_says_what_was_told_besides_and_to_whom(database_url: str) -> None:
    store = a_store(database_url, a_policy())
    for moment in (at(11), at(9, 9)):  # nobody swept in between
        sweep(store, at=moment)
    first, last = looks(store)
    assert first.payload["to"] == ["BNV", "BGDDT"]
    assert last.payload == {
        "rung": "daily-2025-09-09",
        "moment": "2025-09-09T01:00:00.000000Z",
        "skipped": ["half", "after-1wd"],
        "also": [
            {"rung": "escalate-5wd-parent", "moment": "2025-09-09T01:00:00.000000Z", "to": ["CP"]},
            {"rung": "due", "moment": "2025-08-29T01:00:00.000000Z", "to": ["VPCP"]},
        ],
    }
    assert holds(store)


@pytest.mark.parametrize("answer", [at(9, 9, 7, 59), at(9, 9, 8, 0), at(9, 9, 8, 1)])
def test_an_answer_stops_what_has_not_come_and_the_next_level_counts_from_it(
    database_url: str, answer: datetime
) -> None:
    store = a_store(database_url, a_policy())
    for moment in (at(11), at(20), at(29), at(3, 9)):
        sweep(store, at=moment)
    if answer > at(9, 9):
        sweep(store, at=at(9, 9))
    acknowledge(store, REPORT, at=answer, actor="BNV:an")
    swept_until(store, at(19, 9), start=answer)
    escalated = [(one.rung, one.agency, one.moment) for one in made(store) if one.stage == "escalated"]
    after = [("escalate-7wd-head+secretariat", office, at(18, 9)) for office in ("BTC", "VPCP")]
    if answer < at(9, 9):  # neither had come: both count from the answer
        assert escalated == [("escalate-5wd-parent", "CP", at(16, 9)), *after]
    elif answer == at(9, 9):  # the level's moment itself: it is answered, and nobody had been told
        assert escalated == after
    else:
        assert escalated == [("escalate-5wd-parent", "CP", at(9, 9)), *after]
    assert holds(store)


def test_two_sweeps_do_the_work_of_one(database_url: str) -> None:
    store = a_store(database_url, a_policy())
    for moment in (at(11), at(29), at(9, 9)):
        sweep(store, at=moment)
        before = to(store)
        assert sweep(store, at=moment).reminders == 0
        assert to(store) == before


def test_an_office_that_is_told_in_two_roles_hears_once(database_url: str) -> None:
    ladder = replace(CLOSE, rungs=(Rung("due", to=("lead", "with", "parent", "secretariat", "head")),))
    registry = a_registry(ladders={"standard": ladder}, secretariat="BNV", head="BGDDT")
    store = a_store(database_url, registry)
    sweep(store, at=at(29))
    assert to(store) == [("due", "BGDDT", "pending"), ("due", "BNV", "pending"), ("due", "CP", "pending")]
    assert looks(store)[0].payload["to"] == ["BNV", "BGDDT", "CP"]
    assert holds(store)


def test_a_level_that_nobody_is_there_to_hear_is_dealt_with_and_told_to_nobody(database_url: str) -> None:
    registry = a_policy()
    bnv = replace(registry.agencies["BNV"], parent=None)
    store = a_store(database_url, replace(registry, agencies={**registry.agencies, "BNV": bnv}))
    for moment in (at(29), at(8, 9), at(9, 9)):
        sweep(store, at=moment)
    assert [one.agency for one in made(store) if one.stage == "escalated"] == []
    assert holds(store)


def test_who_hears_of_a_rung_still_does_when_it_is_sent(database_url: str) -> None:
    store = a_store(database_url, a_policy())
    with store.read() as connection:
        (report,) = assignments.get(connection, [REPORT])
        roles: Mapping[str, str | None] = {
            code: found.role if (found := recipient(connection, report, code, on=LAST)) else None
            for code in ("BNV", "BGDDT", "CP", "VPCP", "BTC", "01")
        }
    assert roles == {
        "BNV": "lead", "BGDDT": "with", "CP": "parent", "VPCP": "secretariat", "BTC": "head", "01": None,
    }  # fmt: skip


# ── Caps ────────────────────────────────────────────────────────────────────────────────────────────────────


def capped(cap: int) -> Registry:
    return a_policy(a_ladder(cap=cap))


@pytest.mark.parametrize(("cap", "kept"), [(1, 1), (2, 2), (3, 3), (4, 3)])
def test_a_cap_keeps_back_the_first_mail_too_many_of_a_day_and_says_so(database_url: str, cap: int, kept: int) -> None:
    store = a_store(database_url, capped(cap))
    sweep(store, at=at(11))
    for n, number in enumerate(("7/CT-TTg", "8/CT-TTg"), 1):
        more = a_directive(number=number)
        task = a_task(directive=more.key, due=Due(rule=By(LAST)))
        adopt_directive(store, replace(more, tasks=(task,)), at=at(11, hour=9, minute=n), actor="test")
        sweep(store, at=at(11, hour=9, minute=n))
    states = [one.state for one in made(store)]
    assert states == ["pending"] * kept + ["suppressed"] * (3 - kept)
    for one in made(store)[kept:]:
        assert one.due_at is None
        assert one.why == f"suppressed: {cap} mail{'s' * (cap > 1)} a day {'are' if cap > 1 else 'is'} the most"
    said = [entry.payload.get("suppressed") for entry in looks(store)]
    assert said[kept:] == [[{"agency": "BNV", "channel": "mail", "cap": cap}]] * (3 - kept)
    assert holds(store)


def test_a_cap_never_cuts_a_digest_short_and_begins_anew_each_day(database_url: str) -> None:
    store = a_store(database_url, capped(1), *(f"report-{n}" for n in range(5)))
    for moment in (at(11), at(15)):
        sweep(store, at=moment, batch=2)
    assert [one.state for one in made(store)] == ["pending"] * 10
    assert holds(store)


def test_what_is_suppressed_is_shown_as_it_was(database_url: str) -> None:
    from tracker.operations.recording import registry_in_force
    from tracker.views import reminder_list

    store = a_store(database_url, capped(1))
    sweep(store, at=at(11))
    directive = a_directive(number="7/CT-TTg")
    directive = replace(directive, tasks=(a_task(directive=directive.key),))
    adopt_directive(store, directive, at=at(11, hour=9), actor="test")
    sweep(store, at=at(11, hour=9))
    sweep(store, at=at(15))
    with store.read() as connection:
        registry = registry_in_force(connection)
        for when in (at(11, hour=10), at(15)):
            found = reminder_list(connection, at=when, registry=registry, state="suppressed")
            assert [row.rung for row in found.reminders] == ["assigned"]
