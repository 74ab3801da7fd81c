"""More time: asked for in time and with a reason, decided on an instrument; the first date stays for ever."""

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

import pytest

from tests.builders import a_directive, a_task
from tests.simulation.a_store import ADOPTED
from tests.simulation.an_office import (
    KEY,
    LAST_DAY,
    SECRETARIAT,
    an_office,
    holds,
    kinds,
    on,
    the,
    the_registry,
    told,
)
from tracker.domain.calendar import Span
from tracker.domain.deadline import By, Due
from tracker.domain.directive import Directive, ForEach, Need, Relation
from tracker.domain.errors import Conflict, Refused
from tracker.domain.extension import ExtensionRule, ExtensionRules
from tracker.domain.standing import Progress
from tracker.operations import adopt_directive, adopt_registry, sweep
from tracker.operations.extensions import ask, dependents, grant, refuse, suspend
from tracker.operations.moving import find
from tracker.operations.progress import accept, reopen, submit
from tracker.store import adopted, ledger
from tracker.store.store import Store

REF = f"{KEY}/report/BNV"
ANNA = "BNV:anna"
DAY = timedelta(days=1)
IN_TIME, LATER = on(date(2025, 8, 20)), date(2025, 9, 30)


def code_of(move: Callable[[], Any]) -> str:
    with pytest.raises((Refused, Conflict)) as refusal:
        move()
    return refusal.value.code


def asked(store: Store, day: date = LATER, ref: str = REF, **more: Any) -> Any:
    return ask(store, ref, day, **{"at": IN_TIME, "actor": ANNA, "why": "the survey comes in September", **more})


def granted(store: Store, day: date = LATER, ref: str = REF, **more: Any) -> Any:
    asked(store, day, ref)
    return grant(store, ref, **{"at": IN_TIME, "actor": SECRETARIAT, "instrument": "77/VPCP-TH", **more})


def last_day(store: Store, ref: str = "report/BNV") -> date | None:
    limit = the(store, ref).facts.limit
    return limit.last_day if limit else None


def rules(**rule: Any) -> ExtensionRules:
    return ExtensionRules(rules={"own": ExtensionRule(name="own", **rule)}, default="own", directives={})


# ── Asked, granted, refused ──────────────────────────────────────────────────────────────────────────────────


def test_asking_moves_nothing_and_a_grant_moves_the_date_and_keeps_the_first(database_url: str) -> None:
    store = an_office(database_url)
    asked(store)
    assert (last_day(store), the(store).asked_day, the(store).asked_at) == (LAST_DAY, LATER, IN_TIME)
    (after,) = grant(store, REF, at=IN_TIME, actor=SECRETARIAT, instrument="77/VPCP-TH")
    assert after == the(store)
    assert (last_day(store), after.first_day, after.ordered_day) == (LATER, LAST_DAY, LAST_DAY)
    assert (after.version, after.extensions, after.asked_at, after.asked_day) == (2, 1, None, None)
    with store.read() as connection:
        *_, said = ledger.entries(connection, assignment=REF, kinds=("extension_granted",))
    assert (said.payload["instrument"], said.payload["day"], said.payload["asked"]) == (
        "77/VPCP-TH", "2025-09-30", "2025-09-30",
    )  # fmt: skip
    assert holds(store)


def test_another_day_than_was_asked_for_may_be_granted(database_url: str) -> None:
    store = an_office(database_url)
    asked(store)
    grant(store, REF, at=IN_TIME, actor=SECRETARIAT, instrument="77/VPCP-TH", day=date(2025, 9, 15))
    assert last_day(store) == date(2025, 9, 15)


def test_a_refusal_says_why_and_the_date_stays(database_url: str) -> None:
    store = an_office(database_url)
    asked(store)
    after = refuse(store, REF, at=IN_TIME, actor=SECRETARIAT, why="the survey is not needed")
    assert (last_day(store), after.asked_at, after.extensions, after.version) == (LAST_DAY, None, 0, 1)
    asked(store)
    assert the(store).asked_day == LATER, "one may ask again"
    assert holds(store)


def test_a_grant_without_a_request_or_an_instrument_is_refused(database_url: str) -> None:
    store = an_office(database_url)

    def decide(instrument: str) -> Any:
        return grant(store, REF, at=IN_TIME, actor=SECRETARIAT, instrument=instrument)

    assert code_of(lambda: decide("77/VPCP-TH")) == "nothing-asked"
    asked(store)
    assert code_of(lambda: decide("  ")) == "no-reason"
    assert code_of(lambda: asked(store)) == "asked-already"
    assert last_day(store) == LAST_DAY


def test_a_decision_may_come_after_the_date_and_takes_the_lateness_away(database_url: str) -> None:
    store = an_office(database_url)
    asked(store, at=on(LAST_DAY))
    late = on(date(2025, 9, 5))
    sweep(store, at=late)
    assert the(store).standing == "overdue"
    grant(store, REF, at=late, actor=SECRETARIAT, instrument="77/VPCP-TH")
    assert the(store).standing == "open"
    submit(store, REF, at=on(LATER), actor=ANNA, words="done")
    assert accept(store, REF, at=on(LATER), actor=SECRETARIAT).standing == "completed_on_time"
    assert holds(store)


def test_a_report_under_review_may_still_be_given_the_time_it_asked_for(database_url: str) -> None:
    store = an_office(database_url)
    asked(store)
    submit(store, REF, at=on(date(2025, 9, 5)), actor=ANNA, words="done")
    assert the(store).standing == "overdue"
    grant(store, REF, at=on(date(2025, 9, 6)), actor=SECRETARIAT, instrument="77/VPCP-TH")
    assert (the(store).standing, the(store).facts.progress) == ("open", Progress.SUBMITTED)
    assert holds(store)


# ── The rules are data ───────────────────────────────────────────────────────────────────────────────────────

MIDNIGHT = on(LAST_DAY + DAY, 0)
MICRO = timedelta(microseconds=1)


@pytest.mark.parametrize(("at", "may"), [(MIDNIGHT - MICRO, True), (MIDNIGHT, False), (MIDNIGHT + MICRO, False)])
def test_one_may_ask_until_the_date_has_passed(database_url: str, at: Any, may: bool) -> None:
    store = an_office(database_url)
    if may:
        assert asked(store, at=at).asked_day == LATER
    else:
        assert code_of(lambda: asked(store, at=at)) == "too-late"


@pytest.mark.parametrize(
    ("at", "may"),
    # five working days before Sunday 31 August is Monday 25 August: all of that day is in time
    [(on(date(2025, 8, 26), 0) - MICRO, True), (on(date(2025, 8, 26), 0), False), (on(date(2025, 8, 26)), False)],
)
def test_a_rule_may_ask_for_earlier_requests(database_url: str, at: Any, may: bool) -> None:
    store = an_office(database_url, extensions=rules(ask_before=Span(5, "working days")))
    if may:
        assert asked(store, at=at).asked_day == LATER
    else:
        assert code_of(lambda: asked(store, at=at)) == "too-late"


@pytest.mark.parametrize(("most", "refused"), [(0, 0), (1, 1), (2, 2)])
def test_a_date_is_extended_so_many_times_and_no_more(database_url: str, most: int, refused: int) -> None:
    store = an_office(database_url, extensions=rules(at_most=most))
    for n in range(most):
        granted(store, LATER + n * DAY)
    assert code_of(lambda: asked(store, LATER + 30 * DAY)) == "too-many"
    assert the(store).extensions == refused


@pytest.mark.parametrize(("days", "code"), [(29, None), (30, None), (31, "too-long")])
def test_how_long_at_most_counts_from_the_first_date(database_url: str, days: int, code: str | None) -> None:
    store = an_office(database_url, extensions=rules(longest=Span(30, "days")))
    granted(store, LAST_DAY + 10 * DAY)
    if code is None:
        granted(store, LAST_DAY + days * DAY)
        assert last_day(store) == LAST_DAY + days * DAY
    else:
        assert code_of(lambda: asked(store, LAST_DAY + days * DAY)) == code


@pytest.mark.parametrize("day", [LAST_DAY - DAY, LAST_DAY])
def test_a_new_date_is_a_later_one(database_url: str, day: date) -> None:
    store = an_office(database_url)
    assert code_of(lambda: asked(store, day)) == "not-later"


def test_a_directive_may_have_a_rule_of_its_own(database_url: str) -> None:
    own = {"plain": ExtensionRule(name="plain"), "never": ExtensionRule(name="never", at_most=0)}
    store = an_office(database_url, extensions=ExtensionRules(rules=own, default="plain", directives={KEY: "never"}))
    assert code_of(lambda: asked(store)) == "too-many"


def test_a_registry_that_differs_by_its_extensions_alone_is_adopted(database_url: str) -> None:
    store = an_office(database_url)
    assert not adopt_registry(store, the_registry(), at=IN_TIME, actor="test")
    assert adopt_registry(store, the_registry(extensions=rules(at_most=0)), at=IN_TIME, actor="test")
    with store.read() as connection:
        assert [version.version for version in adopted.registry_versions(connection)] == [1, 2]
    assert code_of(lambda: asked(store)) == "too-many"
    assert holds(store)


def test_what_has_no_date_cannot_be_extended(database_url: str) -> None:
    store = an_office(database_url, a_directive(a_task(due=None)))
    assert code_of(lambda: asked(store)) == "no-date"


# ── Whose work moves with it ─────────────────────────────────────────────────────────────────────────────────


def a_chain() -> Directive:
    return a_directive(
        a_task(),
        a_task("summary", lead="BTC", needs=(Need(f"{KEY}/report"),), due=Due(rule=By(date(2025, 9, 15)))),
        a_task("decree", lead="VPCP", needs=(Need(f"{KEY}/summary"),), due=Due(rule=By(date(2025, 12, 31)))),
        a_task("apart", lead="BGDDT"),
    )


def test_a_request_lists_the_work_it_would_squeeze(database_url: str) -> None:
    store = an_office(database_url, a_chain())
    with store.read() as connection:
        found = dependents(connection, find(connection, REF), LATER)
    assert [(each.ref.removeprefix(f"{KEY}/"), each.squeezed) for each in found] == [
        ("decree/VPCP", False), ("summary/BTC", True),
    ]  # fmt: skip
    asked(store)
    with store.read() as connection:
        *_, entry = ledger.entries(connection, assignment=REF, kinds=("extension_requested",))
    assert entry.payload["would_move"] == [f"{KEY}/summary/BTC"]


def test_dependent_work_moves_along_in_the_same_decision(database_url: str) -> None:
    store = an_office(database_url, a_chain())
    asked(store)
    sweep(store, at=IN_TIME)
    end = store.position().seq
    along = {f"{KEY}/summary/BTC": date(2025, 10, 15)}
    grant(store, REF, at=IN_TIME, actor=SECRETARIAT, instrument="77/VPCP-TH", along=along)
    assert kinds(store, end) == ["extension_granted", "moved_along"]
    moved = the(store, "summary/BTC")
    assert (last_day(store, "summary/BTC"), moved.first_day, moved.extensions) == (
        date(2025, 10, 15), date(2025, 9, 15), 0,
    )  # fmt: skip
    assert {state for agency, _, state in told(store) if agency in ("BNV", "BTC")} == {"cancelled"}
    assert holds(store)


def test_a_decision_that_moves_what_does_not_depend_or_not_later_moves_nothing(database_url: str) -> None:
    store = an_office(database_url, a_chain())
    asked(store)
    end = store.position().seq
    for ref, day, code in (
        ("apart/BGDDT", LATER, "not-dependent"),
        ("summary/BTC", date(2025, 9, 15), "not-later"),
    ):
        along = {f"{KEY}/{ref}": day}
        refused = code_of(
            lambda along=along: grant(store, REF, at=IN_TIME, actor=SECRETARIAT, instrument="77/VPCP-TH", along=along)
        )
        assert refused == code
    assert (store.position().seq, last_day(store)) == (end, LAST_DAY)


# ── What comes after ─────────────────────────────────────────────────────────────────────────────────────────


def test_reminders_go_by_the_new_date_and_old_ones_that_were_not_sent_never_leave(database_url: str) -> None:
    store = an_office(database_url)
    sweep(store, at=IN_TIME)
    assert told(store) == [("BNV", "before-10wd", "pending")]
    granted(store)
    assert told(store) == [("BNV", "before-10wd", "cancelled")]
    sweep(store, at=on(date(2025, 9, 30)))
    assert told(store, "pending") == [("BNV", "due", "pending")]
    assert holds(store)


def amended(store: Store, task: Any, day: date = date(2025, 8, 25)) -> None:
    adopt_directive(store, a_directive(task), at=on(day), actor="test")


def test_an_amendment_that_leaves_the_date_keeps_the_one_that_was_granted(database_url: str) -> None:
    store = an_office(database_url)
    granted(store)
    amended(store, a_task(title=a_task("other").title))
    assert (last_day(store), the(store).version, the(store).ordered_day) == (LATER, 2, LAST_DAY)
    assert holds(store)


def test_an_amendment_of_other_terms_keeps_the_granted_date_too(database_url: str) -> None:
    store = an_office(database_url)
    granted(store)
    amended(store, a_task(remind="none"))
    assert (last_day(store), the(store).remind, the(store).ordered_day) == (LATER, "none", LAST_DAY)
    amended(store, a_task(), date(2025, 8, 26))
    assert (last_day(store), the(store).remind, the(store).ordered_day) == (LATER, "standard", LAST_DAY)
    assert holds(store)


@pytest.mark.parametrize("new", [date(2025, 8, 30), date(2025, 9, 1), date(2025, 10, 31)])
def test_an_amendment_with_another_date_takes_the_place_of_what_was_granted(database_url: str, new: date) -> None:
    store = an_office(database_url)
    granted(store)
    amended(store, a_task(due=Due(rule=By(new))))
    assert (last_day(store), the(store).ordered_day, the(store).first_day) == (new, new, LAST_DAY)
    assert the(store).extensions == 1
    assert holds(store)


def test_an_amendment_that_orders_the_granted_date_itself_changes_nothing_but_the_order(database_url: str) -> None:
    store = an_office(database_url)
    granted(store)
    amended(store, a_task(due=Due(rule=By(LATER))))
    assert (last_day(store), the(store).ordered_day) == (LATER, LATER)
    amended(store, a_task(), date(2025, 8, 26))
    assert (last_day(store), the(store).ordered_day) == (LAST_DAY, LAST_DAY)
    assert holds(store)


@pytest.mark.parametrize(("ordered", "after"), [(LAST_DAY, LATER), (date(2025, 10, 10), date(2025, 10, 10))])
def test_a_later_directive_that_restates_a_task_keeps_what_was_granted_unless_it_sets_another_date(
    database_url: str, ordered: date, after: date
) -> None:
    store = an_office(database_url)
    granted(store)
    key = "2025/500-tb-vpcp"
    task = a_task(directive=key, restates=(f"{KEY}/report",), due=Due(rule=By(ordered)))
    new = a_directive(
        task, number="500/TB-VPCP", issued=date(2025, 8, 22), relations=(Relation("supersedes", "412/TB-VPCP", None),)
    )
    adopt_directive(store, new, at=on(date(2025, 8, 22)), actor="test")
    with store.read() as connection:
        found = find(connection, f"{key}/report/BNV")
    assert found.facts.limit is not None
    assert (found.facts.limit.last_day, found.ordered_day, found.first_day) == (after, ordered, LAST_DAY)
    assert found.extensions == 1
    assert holds(store)


def test_a_request_that_is_pending_goes_on_under_a_directive_that_restates_the_task(database_url: str) -> None:
    store = an_office(database_url)
    asked(store)
    key = "2025/500-tb-vpcp"
    new = a_directive(
        a_task(directive=key, restates=(f"{KEY}/report",)),
        number="500/TB-VPCP",
        issued=date(2025, 8, 22),
        relations=(Relation("supersedes", "412/TB-VPCP", None),),
    )
    adopt_directive(store, new, at=on(date(2025, 8, 22)), actor="test")
    after = grant(store, f"{key}/report/BNV", at=on(date(2025, 9, 5)), actor=SECRETARIAT, instrument="77/VPCP-TH")
    assert after[0].facts.limit is not None
    assert after[0].facts.limit.last_day == LATER
    assert the(store).asked_at is None
    assert holds(store)


def test_a_question_that_is_open_when_a_task_is_settled_is_open_no_more(database_url: str) -> None:
    store = an_office(database_url)
    asked(store)
    submit(store, REF, at=IN_TIME, actor=ANNA, words="done after all")
    accept(store, REF, at=IN_TIME, actor=SECRETARIAT)
    assert the(store).asked_at is None
    reopen(store, REF, at=IN_TIME, actor=SECRETARIAT, why="no")
    assert code_of(lambda: refuse(store, REF, at=IN_TIME, actor=SECRETARIAT, why="late")) == "nothing-asked"
    assert holds(store)


def test_who_was_let_off_with_a_granted_date_owes_it_again_by_that_date(database_url: str) -> None:
    study = a_task("study", for_each=ForEach(agencies="ministries", complete_when="any"))
    store = an_office(database_url, a_directive(study))
    granted(store, ref=f"{KEY}/study/BNV")
    submit(store, f"{KEY}/study/BTC", at=IN_TIME, actor="office", words="done")
    accept(store, f"{KEY}/study/BTC", at=IN_TIME, actor=SECRETARIAT)
    reopen(store, f"{KEY}/study/BTC", at=IN_TIME + DAY, actor=SECRETARIAT, why="not a study")
    assert (last_day(store, "study/BNV"), the(store, "study/BNV").ordered_day) == (LATER, LAST_DAY)
    assert holds(store)


def test_a_suspended_task_can_be_asked_about_no_more_but_what_was_asked_is_decided(database_url: str) -> None:
    store = an_office(database_url)
    asked(store)
    suspend(store, REF, at=IN_TIME, actor=SECRETARIAT, why="a flood", instrument="9/QĐ-TTg")
    assert code_of(lambda: asked(store)) == "refused"
    grant(store, REF, at=ADOPTED + 20 * DAY, actor=SECRETARIAT, instrument="77/VPCP-TH")
    assert (last_day(store), the(store).facts.progress) == (LATER, Progress.SUSPENDED)
    assert holds(store)


def test_the_minute_of_a_date_stays_with_the_new_day(database_url: str) -> None:
    store = an_office(database_url, a_directive(a_task(due=Due(rule=By(LAST_DAY, time(17))))))
    granted(store)
    limit = the(store).facts.limit
    assert limit is not None
    assert (limit.last_day, limit.minute, limit.late_from) == (LATER, time(17), on(LATER, 17, 1))
