"""Indicators: quantities that tell how far a duty has come, as dated claims of named sources.

Numbers are exact: Decimal where a number was printed, Fraction where one is reckoned. An observation
is a claim, never a truth: who said it, where it was read, for which day or period.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from tracker.domain.calendar import civil_day
from tracker.domain.figure import Portion, ratio
from tracker.domain.text import Text

Kind = Literal["count", "coverage", "ratio", "funnel", "stock", "flow", "gap", "delta", "qualitative"]
Direction = Literal["up", "down", "none"]
TargetBasis = Literal["stated", "derived", "implied"]
DayBasis = Literal["stated", "inherited", "inferred"]
Precision = Literal["exact", "about", "at-least", "at-most"]
Course = Literal["better", "worse", "same", "changed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A text that figures were read from: a file with its fingerprint, or the address of a page we do not hold."""

    id: str
    language: str
    file: str | None = None
    sha256: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Where a figure was read: the text, its sentence counted from 1, the sentence's fingerprint; never its words."""

    origin: Origin
    sentence: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What is counted."""

    code: str
    name: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Universe:
    """All there is to count: a set of the registry or a text. Without a size it grows, and observations carry it."""

    set: str | None = None
    text: Text | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """Agencies for which nothing is owed, and how many members of the universe fall away with them."""

    agencies: tuple[str, ...]
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The value to reach, and how we know it: stated, derived from other figures, or implied by the duty."""

    value: Decimal
    basis: TargetBasis
    as_of: date | None = None
    source: Reading | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One claim about one day, or about a period from `first` to `last`, both included.

    A day known only to its month has `first` and `last` at the month's ends and is no period.
    `alternative` is the day on the other defensible reading; `agency` is whose figure it is, where
    it is not the whole country's; `by` is who said it, where the source names somebody.
    """

    first: date
    last: date
    source: Reading
    is_period: bool = False
    value: Decimal | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    stages: tuple[Portion, ...] = ()
    parts: tuple[Portion, ...] = ()
    claim: Literal["affirmed", "denied"] | None = None
    percent: Decimal | None = None
    since: date | None = None
    reading: Literal["relative", "points"] | None = None
    agency: str | None = None
    by: str | None = None
    as_of_basis: DayBasis = "stated"
    alternative: date | None = None
    precision: Precision = "exact"
    words: str | None = None
    note: str | None = None

    @property
    def figure(self) -> Decimal | None:
        """Return the number a target is compared with: value, numerator, or the last stage of a funnel."""
        if self.stages:
            return self.stages[-1].value
        return self.value if self.numerator is None else self.numerator

    @property
    def share(self) -> Fraction | None:
        """Return numerator by denominator, or the last stage of a funnel by the first; None for other figures."""
        if self.stages:
            return ratio(self.stages[-1].value, self.stages[0].value)
        return ratio(self.numerator, self.denominator)


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """A quantity with its universe, its target and what was claimed of it, in the order of the days."""

    id: str
    title: Text
    unit: Unit
    kind: Kind
    direction: Direction
    records: tuple[str, ...] = ()
    universe: Universe | None = None
    exempt: Exemption | None = None
    target: Target | None = None
    observations: tuple[Observation, ...] = ()
    tasks: tuple[str, ...] = ()
    obligations: tuple[str, ...] = ()
    note: str | None = None

    @property
    def owed(self) -> int | None:
        """Return the size of the universe less what is exempt: 32 of 34 can be complete."""
        if self.universe is None or self.universe.size is None:
            return None
        return self.universe.size - (self.exempt.size if self.exempt else 0)


@dataclass(frozen=True, slots=True)
class Gap:
    """How far the latest figure is from the target; a distance of 0 or less is a target met."""

    observation: Observation
    target: Target
    distance: Decimal

    @property
    def is_met(self) -> bool:
        """Return whether the target is reached or passed."""
        return self.distance <= 0


@dataclass(frozen=True, slots=True)
class Trend:
    """Two comparable observations, the change from one to the other, and whether that is for the better.

    Where the universe changed between them the course is that of the shares, not of the figures.
    """

    earlier: Observation
    later: Observation
    change: Decimal
    course: Course


def latest(indicator: Indicator, at: datetime, *, zone: str, agency: str | None = None) -> Observation | None:
    """Return the observation of the latest day that has come by an instant; of one day, the first in the file.

    Contradicting claims of one day are findings of the reader; the author's order says whom to believe first.
    """
    return max(_come(indicator, at, zone, agency), key=lambda observation: observation.last, default=None)


def gap(indicator: Indicator, at: datetime, *, zone: str) -> Gap | None:
    """Return the distance to the target, or None without a target, a direction or a figure.

    A qualitative figure has none: a list that begins with "such as" is no count.
    """
    observation, target = latest(indicator, at, zone=zone), indicator.target
    if observation is None or target is None or indicator.direction == "none" or indicator.kind == "qualitative":
        return None
    if (figure := observation.figure) is None:
        return None
    return Gap(observation, target, target.value - figure if indicator.direction == "up" else figure - target.value)


def trend(indicator: Indicator, at: datetime, *, zone: str, agency: str | None = None) -> Trend | None:
    """Return the change from the latest comparable observation of an earlier day, or None where there is none.

    As-of figures compare with as-of figures, periods with periods that began on the same day.
    """
    later = latest(indicator, at, zone=zone, agency=agency)
    if later is None or later.figure is None or indicator.kind == "qualitative":
        return None
    before = (one for one in _come(indicator, at, zone, agency) if _precedes(one, later))
    earlier = max(before, key=lambda observation: observation.last, default=None)
    if earlier is None or earlier.figure is None:
        return None
    return Trend(earlier, later, later.figure - earlier.figure, _course(indicator.direction, earlier, later))


def _come(indicator: Indicator, at: datetime, zone: str, agency: str | None) -> list[Observation]:
    today = civil_day(zone, at)
    return [one for one in indicator.observations if one.last <= today and one.agency == agency]


def _precedes(one: Observation, later: Observation) -> bool:
    alike = one.is_period == later.is_period and (not one.is_period or one.first == later.first)
    return alike and one.last < later.last and one.figure is not None


def _course(direction: Direction, earlier: Observation, later: Observation) -> Course:
    was, now = earlier.share, later.share
    if was is None or now is None or earlier.denominator == later.denominator:
        was, now = Fraction(earlier.figure or 0), Fraction(later.figure or 0)
    if was == now:
        return "same"
    if direction == "none":
        return "changed"
    return "better" if (now > was) == (direction == "up") else "worse"
