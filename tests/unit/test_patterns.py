"""Patterns worth a look: each rule at its threshold, just below it and just above."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tracker.domain.changes import DateChange, Trail
from tracker.domain.entry import GENESIS, Entry
from tracker.domain.patterns import BACK, LEAST, RULES, Deed, Pattern, patterns

START = datetime(2025, 12, 1, 2, tzinfo=UTC)
DAY = timedelta(days=1)


def deeds(*moments: datetime, actor: str = "secretariat:le", kind: str = "completed") -> list[Deed]:
    return [Deed(ref=f"2025/1/duty-{n}/BNV", seq=n, kind=kind, actor=actor, at=at) for n, at in enumerate(moments, 1)]


def spread(count: int, start: datetime = START, *, apart: timedelta = timedelta(hours=1)) -> list[datetime]:
    return [start + n * apart for n in range(count)]


def a_change(days: int = 10, **changes: object) -> DateChange:
    change = DateChange(
        ref="2025/1/duty/BNV",
        seq=7,
        kind="extension_granted",
        recorded_at=START,
        effective_at=START,
        actor="secretariat:le",
        old=date(2025, 12, 20),
        new=date(2025, 12, 20) + days * DAY,
        first=date(2025, 12, 20),
        why="late figures",
        instrument="5/VPCP",
        expired=False,
    )
    return replace(change, **changes)  # type: ignore[arg-type]


def of(rule: str, found: Iterable[Pattern]) -> list[Pattern]:
    return [pattern for pattern in found if pattern.rule == rule]


@pytest.mark.parametrize(("count", "told"), [(LEAST - 1, 0), (LEAST, 1), (LEAST + 1, 1)])
def test_a_burst_has_five_closings_on_one_day(count: int, told: int) -> None:
    found = of("closing-burst", patterns(deeds(*spread(count)), ()))
    assert [len(pattern.refs) for pattern in found] == [count] * told


@pytest.mark.parametrize(("before", "told"), [(55, 1), (56, 1), (57, 0)])
def test_a_burst_is_three_times_the_daily_average_of_28_days(before: int, told: int) -> None:
    # 6 on the day: three times the average is 6 with 56 in the 28 days before it
    earlier = [START - DAY - (n % BACK) * DAY for n in range(before)]
    found = of("closing-burst", patterns(deeds(*earlier, *spread(6)), ()))
    assert len([pattern for pattern in found if pattern.numbers["first"] == START.date()]) == told


@pytest.mark.parametrize(("first", "told"), [(3, 0), (2, 1), (1, 1), (0, 1), (-1, 0)])
def test_closings_count_before_a_report_from_three_days_up_to_its_own(first: int, told: int) -> None:
    done = deeds(*spread(5, START - first * DAY, apart=timedelta(minutes=1)))
    found = of("closing-before-report", patterns(done, (), reports=[START.date()]))
    assert len(found) == told


def test_what_follows_by_a_rule_is_no_burst() -> None:
    assert patterns(deeds(*spread(9), kind="cut_off"), ()) == ()


@pytest.mark.parametrize(("times", "told"), [(1, 0), (2, 1), (3, 1)])
def test_an_extension_is_serial_from_the_second_on(times: int, told: int) -> None:
    found = of("serial-extension", patterns((), [a_change(n + 1, seq=n) for n in range(times)]))
    assert [pattern.numbers["times"] for pattern in found] == [times] * told


def test_a_date_that_came_earlier_is_no_extension() -> None:
    assert patterns((), [a_change(-1), a_change(-2), a_change(expired=True, new=None)]) == ()


def test_a_date_moved_after_it_had_passed_is_told_with_who_moved_it() -> None:
    (found,) = patterns((), [a_change(expired=True)])
    assert found.rule == "moved-after-expiry"
    assert str(found.sentence) == (
        "the last day of 2025/1/duty/BNV was 2025-12-20; after it had passed, secretariat:le moved it to 2025-12-30"
    )


@pytest.mark.parametrize(("seconds", "told"), [(59, 1), (60, 0), (61, 0)])
def test_acceptances_are_quick_within_a_minute(seconds: int, told: int) -> None:
    moments = [*spread(LEAST - 1, apart=timedelta(seconds=1)), START + timedelta(seconds=seconds)]
    assert len(of("quick-acceptances", patterns(deeds(*moments), ()))) == told


def test_acceptances_of_two_people_are_not_added_up() -> None:
    moments = spread(3, apart=timedelta(seconds=1))
    both = [*deeds(*moments), *deeds(*moments, actor="secretariat:mai")]
    assert of("quick-acceptances", patterns(both, ())) == []


def test_a_long_run_of_acceptances_is_told_once_for_each_minute() -> None:
    found = of("quick-acceptances", patterns(deeds(*spread(120, apart=timedelta(seconds=1))), ()))
    assert [len(pattern.refs) for pattern in found] == [60, 60]


def test_no_sentence_says_that_anybody_did_wrong() -> None:
    words = " ".join(RULES.values()).lower()
    assert not any(word in words for word in ("fraud", "suspicious", "guilty", "cheat", "violation"))


def an_entry(seq: int, kind: str, payload: dict[str, object], *, at: datetime = START) -> Entry:
    return Entry(
        seq=seq,
        recorded_at=at,
        effective_at=at,
        actor="secretariat:le",
        assignment="2025/1/duty/BNV",
        kind=kind,
        payload=payload,
        body="",
        previous=GENESIS,
        hash=GENESIS,
    )


def a_limit(day: str) -> dict[str, str]:
    return {"last_day": day, "late_from": f"{day}T17:00:00.000000Z"}


def trail(*entries: Entry) -> list[DateChange]:
    walked = Trail()
    return [change for entry in entries if (change := walked.take(entry))]


@pytest.mark.parametrize(
    ("entries", "why", "instrument"),
    [
        (
            [("extension_requested", {"why": "floods", "day": "x"}), ("extension_granted", {"instrument": "5/VPCP"})],
            "floods",
            "5/VPCP",
        ),
        ([("suspended", {"why": "law changes", "instrument": "6/VPCP"}), ("resumed", {})], "law changes", "6/VPCP"),
        (
            [("moved_along", {"with": "2025/1/other/BTC", "instrument": "5/VPCP"})],
            "it moves with 2025/1/other/BTC",
            "5/VPCP",
        ),
        ([("date_set", {"why": "the calendar changed"})], "the calendar changed", None),
        ([("date_set", {})], "the directive was amended", None),
        ([("reinstated", {})], "the directive holds it again", None),
    ],
)
def test_a_changed_date_has_the_reason_its_entries_give(
    entries: list[tuple[str, dict[str, object]]], why: str, instrument: str | None
) -> None:
    last = len(entries) - 1
    steps = [
        an_entry(n + 2, kind, {**payload, **({"limit": a_limit("2025-12-31")} if n == last else {})})
        for n, (kind, payload) in enumerate(entries)
    ]
    (change,) = trail(an_entry(1, "assigned", {"limit": a_limit("2025-12-20")}), *steps)
    assert (change.why, change.instrument, change.days) == (why, instrument, 11)
    assert (change.old, change.first) == (date(2025, 12, 20), date(2025, 12, 20))


@pytest.mark.parametrize(("microseconds", "expired"), [(-1, False), (0, True), (1, True)])
def test_a_date_has_passed_from_its_first_late_instant_on(microseconds: int, expired: bool) -> None:
    late_from = datetime(2025, 12, 20, 17, tzinfo=UTC)
    moved = an_entry(
        2, "date_set", {"limit": a_limit("2025-12-31")}, at=late_from + timedelta(microseconds=microseconds)
    )
    (change,) = trail(an_entry(1, "assigned", {"limit": a_limit("2025-12-20")}), moved)
    assert change.expired is expired


def test_a_date_that_is_set_later_counts_from_its_anchor() -> None:
    later = an_entry(
        2, "date_set", {"limit": a_limit("2025-12-31"), "anchor": "event:order", "anchored_on": "2025-12-01"}
    )
    (change,) = trail(an_entry(1, "assigned", {"limit": None}), later)
    assert (change.old, change.days, change.why) == (None, None, "it counts from event:order on 2025-12-01")


def test_the_same_date_again_is_no_change() -> None:
    same = [an_entry(n, kind, {"limit": a_limit("2025-12-20")}) for n, kind in enumerate(("assigned", "date_set"), 1)]
    assert trail(*same) == []
