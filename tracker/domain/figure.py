"""Figures: the arithmetic of printed numbers, exact, and the tests a printed number must pass."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Portion:
    """A named part of a total, or a named stage of a funnel."""

    name: str
    value: Decimal


def ratio(numerator: Decimal | None, denominator: Decimal | None) -> Fraction | None:
    """Return an exact quotient, or None where a number is missing or the denominator is 0."""
    if numerator is None or not denominator:
        return None
    return Fraction(numerator) / Fraction(denominator)


def rounds_to(share: Fraction, percent: Decimal) -> bool:
    """Return whether a share, in percent, can be printed so: no more than half of the last printed digit away.

    A share just between two prints may be rounded to either; the sources do not say by which rule they round.

    >>> share = Fraction(3277718, 4386106)
    >>> rounds_to(share, Decimal("74.7")), rounds_to(share, Decimal("74.70")), rounds_to(share, Decimal("75"))
    (True, False, True)
    """
    return abs(share * 100 - Fraction(percent)) * 2 <= _step(percent)


def printed(share: Fraction, like: Decimal) -> str:
    """Return a share in percent with as many decimals as `like`, half away from zero.

    >>> printed(Fraction(32, 34), Decimal("0.0")), printed(Fraction(1, 8), Decimal("0"))
    ('94.1', '13')
    """
    step = _step(like)
    count = int(abs(share) * 100 / step + Fraction(1, 2))
    sign = "-" if share < 0 and count else ""
    return f"{sign}{Decimal(count).scaleb(_exponent(like)):f}"


def widens(stages: Iterable[Portion]) -> tuple[Portion, Portion] | None:
    """Return the first stage of a funnel that is larger than the one before it, after that one.

    >>> widens([Portion("approved", Decimal(81410)), Portion("paid", Decimal(50345))]) is None
    True
    """
    return next(((before, after) for before, after in pairwise(stages) if after.value > before.value), None)


def difference(total: Decimal, parts: Iterable[Portion]) -> Fraction:
    """Return the total less the sum of its parts: 0 where they add up.

    >>> parts = [Portion("done", Decimal(7892)), Portion("open", Decimal(1602)), Portion("late", Decimal(319))]
    >>> int(difference(Decimal(9831), parts))
    18
    """
    return Fraction(total) - sum((Fraction(part.value) for part in parts), Fraction())


def _step(percent: Decimal) -> Fraction:
    """Return one unit of the last printed digit."""
    return Fraction(10) ** _exponent(percent)


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0  # only finite numbers are ever read
