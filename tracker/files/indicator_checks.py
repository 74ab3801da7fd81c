"""Checks of indicators: figures that cannot be are refused, claims that disagree are shown side by side.

One rule, one small function; each gets the indicator, what was observed, and the report with the places.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from tracker.domain.figure import difference, printed, rounds_to, widens
from tracker.domain.indicator import Indicator, Observation
from tracker.files.form import Form
from tracker.files.nodes import Scalar
from tracker.files.observation import Seen
from tracker.files.report import At, Report

# whose figure is some of the universe's members, so never more than all of them
_OF_UNIVERSE = ("coverage", "gap", "funnel", "qualitative")
_WHOLE = ("count", "coverage", "funnel")
# a state has a day, a flow has a period; the others may have either
_STATES = ("count", "coverage", "funnel", "stock", "gap")


def check_indicator(indicator: Indicator, seen: Sequence[Seen], fields: Form) -> None:
    """Note everything that is wrong with an indicator and with each observation, and what they say of each other."""
    report = fields.report
    _check_target(indicator, fields)
    _check_exemption(indicator, fields)
    _check_registry(indicator, seen, fields)
    for one in seen:
        _check_share(one, report)
        _check_universe(indicator, one, report)
        _check_parts(one, report)
        _check_whole(indicator, one, report)
        _check_delta(indicator, one, report)
        _check_day(indicator, one, report)
    _check_company(seen, report)
    _check_mixture(seen, report)


def check_records(report: Report, found: Iterable[tuple[Scalar, Indicator]]) -> None:
    """Note every record that two indicators say they come from."""
    owners: dict[str, str] = {}
    for key, indicator in found:
        for record in indicator.records:
            if record in owners:
                sentence = f"'{owners[record]}' comes from {record} too"
                report.error(key, "duplicate-record", sentence, "give the record to one of the two")
            owners.setdefault(record, indicator.id)


def tell(number: Decimal | int) -> str:
    """Return a number as findings print it.

    >>> tell(Decimal("4386106")), tell(Decimal("74.70"))
    ('4,386,106', '74.70')
    """
    return f"{number:,}"


def _at(fields: Form, *path: str) -> At:
    return next((fields.node.entries[key][1] for key in path if key in fields.node.entries), fields.at)


def _check_target(indicator: Indicator, fields: Form) -> None:
    target, owed = indicator.target, indicator.owed
    if target is None:
        return
    if indicator.direction == "none":
        sentence = "there is a target, but no direction in which to reach it"
        fields.report.error(_at(fields, "target"), "bad-target", sentence, "write direction: up or down")
    if indicator.kind in _OF_UNIVERSE and owed is not None and target.value > owed:
        sentence = f"the target is {tell(target.value)}, but only {tell(owed)} can be reached"
        fields.report.error(_at(fields, "target"), "over-universe", sentence, "check target, universe and exemptions")


def _check_exemption(indicator: Indicator, fields: Form) -> None:
    if indicator.exempt is None or "universe" not in fields.node.entries:
        if indicator.exempt:
            sentence = "nothing says what these are exempt from"
            fields.report.error(_at(fields, "exempt"), "bad-universe", sentence, "add the key 'universe'")
        return
    if indicator.owed is not None and indicator.owed < 1:
        sentence = "everybody is exempt: nothing is left to count"
        fields.report.error(_at(fields, "exempt"), "nobody-is-left", sentence, "check universe and exemptions")


def _check_registry(indicator: Indicator, seen: Sequence[Seen], fields: Form) -> None:
    """Note sizes that are not those of the registry's set on the day of the first observation."""
    universe, lexicon, day = indicator.universe, fields.report.lexicon, _first_day(indicator, seen)
    if universe is None or universe.set is None or lexicon is None or day is None or not lexicon.is_set(universe.set):
        return
    members = lexicon.registry.members(universe.set, on=day)
    if universe.size is not None and universe.size != len(members):
        sentence = f"the set {universe.set} has {tell(len(members))} members on {day}, not {tell(universe.size)}"
        fields.report.error(_at(fields, "universe"), "universe-size", sentence, "correct the size, or write a text")
    if indicator.exempt:
        agencies = lexicon.registry.agencies
        away = sum(code in indicator.exempt.agencies or agencies[code].parent in indicator.exempt.agencies
                   for code in members)  # fmt: skip
        if away != indicator.exempt.size:
            sentence = f"{tell(away)} members of {universe.set} are exempt on {day}, not {tell(indicator.exempt.size)}"
            fields.report.error(_at(fields, "exempt"), "universe-size", sentence, f"write size: {away}")


def _first_day(indicator: Indicator, seen: Sequence[Seen]) -> date | None:
    days = [one.observation.last for one in seen]
    if indicator.target and indicator.target.as_of:
        days.append(indicator.target.as_of)
    return min(days, default=None)


def _check_share(one: Seen, report: Report) -> None:
    seen = one.observation
    if seen.denominator == 0:
        report.error(one.at("denominator"), "bad-figure", "nothing can be divided by 0", "check the denominator")
    elif seen.numerator is not None and seen.denominator is not None and seen.numerator > seen.denominator:
        sentence = f"{tell(seen.numerator)} of {tell(seen.denominator)} is more than there are"
        report.error(one.at("numerator"), "numerator-over-denominator", sentence, "check both numbers in the source")
    if wider := widens(seen.stages):
        (before, after) = wider
        sentence = f"{after.name} is {tell(after.value)}, more than the {tell(before.value)} of {before.name} before it"
        report.error(one.at("stages"), "funnel-widens", sentence, "put the stages in their order, or check the numbers")
    if seen.percent is not None and seen.share is not None and not rounds_to(seen.share, seen.percent):
        sentence = f"{seen.percent} % is printed, but the numbers give {printed(seen.share, seen.percent)} %"
        report.error(one.at("percent"), "percent-mismatch", sentence, "check the three numbers in the source")


def _check_universe(indicator: Indicator, one: Seen, report: Report) -> None:
    seen, universe = one.observation, indicator.universe
    if universe is None or universe.size is None or seen.agency is not None:
        return
    if seen.denominator is not None and seen.denominator not in (universe.size, indicator.owed):
        sentence = f"the denominator is {tell(seen.denominator)}, the universe {tell(universe.size)}"
        remedy = "correct one of the two, or leave out the size of a universe that grows"
        report.error(one.at("denominator"), "denominator-universe", sentence, remedy)
    largest = max((stage.value for stage in seen.stages), default=seen.value)
    if indicator.kind in _OF_UNIVERSE and largest is not None and largest > universe.size:
        sentence = f"{tell(largest)} is more than the {tell(universe.size)} of the universe"
        report.error(one.at("value", "stages"), "over-universe", sentence, "check the number, and what is counted")


def _check_parts(one: Seen, report: Report) -> None:
    seen = one.observation
    if seen.value is None or not seen.parts or not (off := difference(seen.value, seen.parts)):
        return
    total = Decimal(sum(part.value for part in seen.parts))
    away = seen.value - total
    sentence = f"the parts add up to {tell(total)}, the total is {tell(seen.value)}: {tell(abs(away))} "
    sentence += "are missing" if off > 0 else "too many"
    report.error(one.at("parts"), "parts-total", sentence, "check total and parts in the source")


def _check_whole(indicator: Indicator, one: Seen, report: Report) -> None:
    seen = one.observation
    numbers = [seen.value, seen.numerator, seen.denominator, *(part.value for part in (*seen.stages, *seen.parts))]
    broken = [n for n in numbers if n is not None and n != n.to_integral_value()]
    if indicator.kind in _WHOLE and broken:
        sentence = f"{tell(broken[0])} {indicator.unit.code} cannot be counted"
        remedy = "write a whole number; of 3.321 for 3,321 drop the point"
        report.error(one.at("value", "numerator", "stages"), "not-whole", sentence, remedy)


def _check_delta(indicator: Indicator, one: Seen, report: Report) -> None:
    seen = one.observation
    if indicator.kind != "delta":
        for key in ("since", "reading"):
            if key in one.fields.node.entries:
                remedy = "delete it, or write kind: delta"
                report.error(one.at(key), "wrong-figure", f"'{key}' belongs to a delta, this is another kind", remedy)
        return
    if seen.since is None:
        report.error(one.fields.at, "missing-key", "'since' is missing", "add the day that the change counts from")
    elif seen.since >= seen.last:
        sentence = f"the change is of {seen.last}, it cannot count from {seen.since}"
        report.error(one.at("since"), "bad-period", sentence, "write the earlier day under 'since'")
    if indicator.unit.code == "percent" and seen.reading is None:
        sentence = "a change in percent can be relative or in percentage points"
        remedy = "write reading: relative or reading: points once you know; until then nothing is reckoned from it"
        report.warning(one.at("value"), "ambiguous-percent", sentence, remedy)


def _check_day(indicator: Indicator, one: Seen, report: Report) -> None:
    seen = one.observation
    if seen.alternative in (seen.first, seen.last):
        sentence = "the other reading is the same day"
        report.warning(one.at("alternative"), "same-alternative", sentence, "delete it, or write the other day")
    if indicator.kind == "flow" and not seen.is_period:
        sentence = "a flow is of a period, this is the figure of one day"
        report.warning(one.at("as_of"), "as-of-or-period", sentence, "write period: {from: …, to: …}, or kind: stock")
    if indicator.kind in _STATES and seen.is_period:
        sentence = f"a {indicator.kind} is the state of a day, this is the figure of a period"
        report.warning(one.at("period"), "as-of-or-period", sentence, "write as_of: the day it was so, or kind: flow")


def _check_mixture(seen: Sequence[Seen], report: Report) -> None:
    for one in seen[1:]:
        if one.observation.is_period != seen[0].observation.is_period:
            sentence = "figures of a day and figures of a period stand side by side and cannot be compared"
            remedy = "make two indicators of them, or say the day of both"
            report.warning(one.at("as_of", "period"), "as-of-or-period", sentence, remedy)
            return


def _check_company(seen: Sequence[Seen], report: Report) -> None:
    """Note figures of one day: twice from one sentence is a slip, different from two is a contradiction.

    Each is held against one anchor, the first exact figure of the day, so that a long file stays quick.
    """
    days: dict[object, list[Seen]] = {}
    for one in seen:
        claim = one.observation
        days.setdefault((claim.first, claim.last, claim.is_period, claim.agency), []).append(one)
    for company in days.values():
        _check_twice(company, report)
        anchor = next((one for one in company if one.observation.precision == "exact"), company[0])
        for one in company:
            if not _agree(anchor.observation, one.observation) and not _is_one_sentence(anchor, one):
                sentence = f"{_said(one.observation)} contradicts {_said(anchor.observation)} in line "
                sentence += f"{anchor.fields.at.line}, of the same day"
                remedy = "keep both, and say in a note what explains it"
                report.warning(one.fields.at, "contradicting-claims", sentence, remedy)


def _check_twice(company: Sequence[Seen], report: Report) -> None:
    first: dict[object, Seen] = {}
    for one in company:
        claim = one.observation
        # of a page without counted sentences two different figures can be two places
        place = (claim.source, claim.by, None if claim.source.sentence else claim.figure)
        if place in first:
            sentence = f"the figure of this day stands in line {first[place].fields.at.line} too, from the same place"
            report.error(one.fields.at, "duplicate-observation", sentence, "delete one of the two")
        first.setdefault(place, one)


def _is_one_sentence(one: Seen, other: Seen) -> bool:
    claim, another = one.observation, other.observation
    return bool(claim.source.sentence) and (claim.source, claim.by) == (another.source, another.by)


def _agree(one: Observation, other: Observation) -> bool:
    if one.claim and other.claim and one.claim != other.claim:
        return False
    if None not in (one.denominator, other.denominator) and one.denominator != other.denominator:
        return False
    # a funnel ends where its last stage says: one number of two stages is two claims
    if one.stages and other.stages and one.stages[-1].name != other.stages[-1].name:
        return False
    first, second = _range(one), _range(other)
    return first is None or second is None or max(first[0], second[0]) <= min(first[1], second[1])


def _range(one: Observation) -> tuple[Decimal, Decimal] | None:
    """Return the least and the most that a claim says, or None where it says nothing exact."""
    figure, endless = one.figure, Decimal("Infinity")
    if figure is None or one.precision == "about":
        return None
    low = -endless if one.precision == "at-most" else figure
    return low, endless if one.precision == "at-least" else figure


def _said(one: Observation) -> str:
    said = tell(one.figure) if one.figure is not None else f"'{one.claim}'"
    said = f"{said} {one.stages[-1].name}" if one.stages else said
    return f"{said} ({one.source.origin.id})"
