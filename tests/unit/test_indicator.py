"""What was last claimed, how far from the target, and whether it got better."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import a_text
from tracker.domain.figure import Portion, difference, printed, ratio, rounds_to, widens
from tracker.domain.indicator import (
    Exemption,
    Gap,
    Indicator,
    Observation,
    Origin,
    Reading,
    Target,
    Trend,
    Unit,
    Universe,
    gap,
    latest,
    trend,
)

ZONE = "Asia/Ho_Chi_Minh"
READING = Reading(origin=Origin(id="page", language="en", url="https://example.org"))


def an_observation(value: int | None = 354, day: int = 15, **changes: Any) -> Observation:
    on = date(2025, 8, day)
    figure = None if value is None else Decimal(value)
    return replace(Observation(first=on, last=on, source=READING, value=figure), **changes)


def a_share(numerator: int, denominator: int, day: int) -> Observation:
    return an_observation(None, day, numerator=Decimal(numerator), denominator=Decimal(denominator))


def a_period(value: int, first: int, last: int) -> Observation:
    return an_observation(value, last, first=date(2025, 8, first), is_period=True)


def an_indicator(*observations: Observation, **changes: Any) -> Indicator:
    indicator = Indicator(
        id="communes-without-vehicles",
        title=a_text("Communes without vehicles"),
        unit=Unit(code="communes", name=a_text("communes")),
        kind="gap",
        direction="down",
        target=Target(value=Decimal(0), basis="implied"),
        observations=observations,
    )
    return replace(indicator, **changes)


def at(day: int, hour: int = 12) -> datetime:
    """Return an hour of a day of August 2025 in Hanoi, seven hours ahead of UTC."""
    return datetime(2025, 8, day, hour, tzinfo=UTC) - timedelta(hours=7)


def latest_at(indicator: Indicator, instant: datetime) -> Observation | None:
    return latest(indicator, instant, zone=ZONE)


def gap_at(indicator: Indicator, instant: datetime) -> Gap | None:
    return gap(indicator, instant, zone=ZONE)


def trend_at(indicator: Indicator, instant: datetime) -> Trend | None:
    return trend(indicator, instant, zone=ZONE)


# ── The latest ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("instant", "value"), [(at(22, 23), 354), (at(23, 0), 200), (at(24), 200)])
def test_a_figure_holds_from_the_midnight_in_which_its_day_begins(instant: datetime, value: int):
    found = latest_at(an_indicator(an_observation(354, 15), an_observation(200, 23)), instant)
    assert found is not None
    assert found.figure == value


def test_before_its_first_day_nothing_is_known():
    indicator = an_indicator(an_observation(day=15))
    assert latest_at(indicator, at(14)) is None
    assert gap_at(indicator, at(14)) is None
    assert trend_at(indicator, at(14)) is None


def test_of_one_day_the_claim_the_author_put_first_is_taken():
    first, second = an_observation(354), an_observation(355)
    assert latest_at(an_indicator(first, second), at(20)) is first


def test_the_figure_of_one_agency_is_not_that_of_the_country():
    country, hanoi = an_observation(354, 15), an_observation(20, 16, agency="01")
    indicator = an_indicator(country, hanoi)
    assert latest_at(indicator, at(20)) is country
    assert latest(indicator, at(20), zone=ZONE, agency="01") is hanoi


# ── The gap ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("value", "distance", "met"), [(31, 1, False), (32, 0, True), (33, -1, True)])
def test_a_target_above_is_met_from_its_value_on(value: int, distance: int, met: bool):
    target = Target(value=Decimal(32), basis="derived")
    found = gap_at(an_indicator(an_observation(value), direction="up", target=target), at(20))
    assert found is not None
    assert (found.distance, found.is_met) == (distance, met)


@pytest.mark.parametrize(("value", "met"), [(11, False), (10, True), (9, True)])
def test_a_target_below_is_met_from_its_value_down(value: int, met: bool):
    found = gap_at(an_indicator(an_observation(value), target=Target(value=Decimal(10), basis="stated")), at(20))
    assert found is not None
    assert (found.distance, found.is_met) == (value - 10, met)


def test_of_a_share_the_numerator_and_of_a_funnel_the_last_stage_is_held_against_the_target():
    share = an_indicator(a_share(354, 3321, 15))
    stages = (Portion("approved", Decimal(81410)), Portion("paid", Decimal(50345)))
    funnel = an_indicator(
        an_observation(None, stages=stages),
        kind="funnel",
        direction="up",
        target=Target(value=Decimal(81410), basis="derived"),
    )
    found = [gap_at(share, at(20)), gap_at(funnel, at(20))]
    assert [one and one.distance for one in found] == [354, 31065]


@pytest.mark.parametrize("changes", [{"target": None}, {"direction": "none"}, {"kind": "qualitative"}])
def test_without_target_direction_or_count_there_is_no_gap(changes: dict[str, Any]):
    assert gap_at(an_indicator(an_observation(), **changes), at(20)) is None


def test_a_claim_without_a_figure_has_neither_gap_nor_trend():
    indicator = an_indicator(an_observation(None, 15, claim="affirmed"), an_observation(None, 16, claim="denied"))
    assert gap_at(indicator, at(20)) is None
    assert trend_at(indicator, at(20)) is None


def test_exempt_members_owe_nothing():
    indicator = an_indicator(universe=Universe(set="provinces", size=34))
    assert indicator.owed == 34
    assert replace(indicator, exempt=Exemption(agencies=("01", "22"), size=2)).owed == 32
    assert an_indicator().owed is None


# ── The trend ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("direction", "value", "course"),
    [("down", 353, "better"), ("down", 354, "same"), ("down", 355, "worse"),
     ("up", 353, "worse"), ("up", 354, "same"), ("up", 355, "better"), ("none", 355, "changed")],
)  # fmt: skip
def test_the_course_follows_the_direction(direction: str, value: int, course: str):
    indicator = an_indicator(an_observation(354, 15), an_observation(value, 23), direction=direction)
    found = trend_at(indicator, at(23))
    assert found is not None
    assert (found.change, found.course) == (value - 354, course)


def test_one_figure_or_two_of_one_day_are_no_trend():
    assert trend_at(an_indicator(an_observation()), at(20)) is None
    assert trend_at(an_indicator(an_observation(354), an_observation(355)), at(20)) is None


def test_where_the_universe_grows_the_share_tells_the_course():
    found = trend_at(an_indicator(a_share(5000, 16124, 15), a_share(6000, 26552, 23)), at(23))
    assert found is not None
    assert (found.change, found.course) == (1000, "better")


def test_periods_compare_when_they_began_on_one_day():
    one, other = a_period(100, 1, 10), a_period(150, 1, 20)
    found = trend_at(an_indicator(one, other, kind="flow", direction="up"), at(20))
    assert found is not None
    assert (found.earlier, found.change) == (one, 50)
    assert trend_at(an_indicator(one, a_period(50, 11, 20)), at(20)) is None


def test_a_period_and_a_day_do_not_compare():
    assert trend_at(an_indicator(a_period(100, 1, 10), an_observation(150, 20)), at(20)) is None


# ── The laws of printed percentages ─────────────────────────────────────────────────────────────────────────

shares = st.integers(1, 10**9).flatmap(lambda below: st.builds(Fraction, st.integers(0, below), st.just(below)))
places = st.integers(0, 4)


def shown(share: Fraction, decimals: int, rounding: str) -> Decimal:
    """Return a share in percent, rounded by the decimal library: another way than the product's."""
    percent = Decimal(share.numerator * 100) / Decimal(share.denominator)
    return percent.quantize(Decimal(1).scaleb(-decimals), rounding)


@given(shares, places)
def test_every_rounded_percentage_recomputes(share: Fraction, decimals: int):
    for rounding in (ROUND_HALF_UP, ROUND_HALF_EVEN):
        assert rounds_to(share, shown(share, decimals, rounding))


@given(shares, places, st.sampled_from([-2, -1, 1, 2]))
def test_a_percentage_a_digit_away_recomputes_only_on_the_edge(share: Fraction, decimals: int, steps: int):
    right = shown(share, decimals, ROUND_HALF_UP)
    step = Decimal(1).scaleb(-decimals)
    is_between = share * 100 == Fraction(right) - Fraction(step) / 2
    assert rounds_to(share, right + steps * step) == (is_between and steps == -1)


@given(shares, places)
def test_a_percentage_cut_off_recomputes_only_where_rounding_does_the_same(share: Fraction, decimals: int):
    cut = shown(share, decimals, ROUND_DOWN)
    rest = share * 100 - Fraction(cut)
    assert rounds_to(share, cut) == (rest * 2 <= Fraction(1, 10**decimals))


@given(shares, places)
def test_what_we_print_recomputes(share: Fraction, decimals: int):
    like = Decimal(1).scaleb(-decimals)
    percent = Decimal(printed(share, like))
    assert rounds_to(share, percent)
    assert percent.as_tuple().exponent == like.as_tuple().exponent


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=8))
def test_a_funnel_widens_unless_it_is_sorted_downwards(numbers: list[int]):
    stages = [Portion(f"stage-{index}", Decimal(number)) for index, number in enumerate(numbers)]
    assert (widens(stages) is None) == (numbers == sorted(numbers, reverse=True))


@given(st.lists(st.decimals(0, 10**12, places=3), max_size=30), st.integers(-5, 5))
def test_parts_are_off_by_exactly_what_was_added(numbers: list[Decimal], added: int):
    parts = [Portion(f"part-{index}", number) for index, number in enumerate(numbers)]
    assert difference(sum(numbers, Decimal()) + added, parts) == added


def test_a_quotient_needs_two_numbers_and_no_zero_below():
    assert ratio(Decimal(1), Decimal(3)) == Fraction(1, 3)
    assert [ratio(None, Decimal(3)), ratio(Decimal(1), None), ratio(Decimal(1), Decimal(0))] == [None] * 3
