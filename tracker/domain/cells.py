"""Cells: how many assignments are in each of the six, what they add up to, and the shares made of them.

The four official cells (completed on time, completed late, open in time, open overdue) with
undated and closed out hold every assignment exactly once. A share is never printed without both
its numbers and the formula in words, so that a reader can make it again from the cells beside it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from tracker.domain.errors import Refused
from tracker.domain.figure import printed
from tracker.domain.standing import Cell

_TENTHS = Decimal("0.0")


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of a whole with both its numbers and how it is reckoned; no percentage stands alone."""

    numerator: int
    denominator: int
    formula: str

    def __post_init__(self) -> None:
        if not 0 <= self.numerator <= self.denominator:
            raise Refused(f"{self.numerator:,} is no part of {self.denominator:,} ({self.formula})", code="no-share")

    @property
    def percent(self) -> float | None:
        """Return the share in percent, to one place; None of nothing.

        >>> Rate(2, 3, "done ÷ all").percent, Rate(0, 0, "done ÷ all").percent
        (66.7, None)
        """
        return float(self.printed) if self.printed is not None else None

    @property
    def printed(self) -> str | None:
        """Return the share in percent as it is printed, half away from zero; None of nothing.

        >>> Rate(1, 16, "done ÷ all").printed
        '6.3'
        """
        return printed(Fraction(self.numerator, self.denominator), _TENTHS) if self.denominator else None

    def __str__(self) -> str:
        share = "no rate yet" if self.printed is None else f"{self.printed} %"
        return f"{share}: {self.numerator:,} of {self.denominator:,} ({self.formula})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """How many assignments are in each of the six cells."""

    completed_on_time: int = 0
    completed_late: int = 0
    open_in_time: int = 0
    open_overdue: int = 0
    undated: int = 0
    closed_out: int = 0

    @classmethod
    def of(cls, counts: Mapping[Cell, int]) -> "Cells":
        """Return the cells of some counts; what is not counted is zero."""
        return cls(**{str(cell): counts.get(cell, 0) for cell in Cell})

    @classmethod
    def counted(cls, found: Iterable[Cell]) -> "Cells":
        """Return the cells of assignments, each given by the cell it is in.

        >>> Cells.counted([Cell.LATE, Cell.UNDATED, Cell.LATE]).completed_late
        2
        """
        counts: dict[Cell, int] = {}
        for cell in found:
            counts[cell] = counts.get(cell, 0) + 1
        return cls.of(counts)

    def __getitem__(self, cell: Cell) -> int:
        return int(getattr(self, str(cell)))

    def __add__(self, other: "Cells") -> "Cells":
        return Cells.of({cell: self[cell] + other[cell] for cell in Cell})

    @property
    def total(self) -> int:
        """Return the sum of the six: all assignments."""
        return sum(self[cell] for cell in Cell)

    def adding_up_to(self, total: int) -> "Cells":
        """Return these cells; raises Refused, with the difference, where they do not add up to a total.

        >>> official = Cells(completed_on_time=14_068, completed_late=1_983, open_in_time=5_640, open_overdue=223)
        >>> official.adding_up_to(21_914).total
        21914
        """
        check_sum(total, {str(cell): self[cell] for cell in Cell if self[cell]})
        return self

    @property
    def on_time_rate(self) -> Rate:
        """Return completed on time, of what was completed or is overdue: of all that has an outcome by now.

        >>> str(Cells(completed_on_time=2, completed_late=1, open_overdue=1, open_in_time=9).on_time_rate)
        '50.0 %: 2 of 4 (completed on time ÷ (completed on time + completed late + open, overdue))'
        """
        return self.rates["on_time_of_due"]

    @property
    def rates(self) -> Mapping[str, Rate]:
        """Return every share that is made of the cells, by its name.

        What awaits a date or was closed out is in no denominator but its own; what had no date and was
        completed counts as on time, as it does in the cells.
        """
        completed = self.completed_on_time + self.completed_late
        still_open = self.open_in_time + self.open_overdue
        counts = {
            "on_time_of_completed": (self.completed_on_time, completed),
            "on_time_of_due": (self.completed_on_time, completed + self.open_overdue),
            "completion": (completed, self.total - self.closed_out),
            "overdue_of_open": (self.open_overdue, still_open),
            "closed_out": (self.closed_out, self.total),
        }
        return {name: Rate(part, whole, FORMULAS[name]) for name, (part, whole) in counts.items()}


FORMULAS: Mapping[str, str] = {
    "on_time_of_completed": "completed on time ÷ (completed on time + completed late)",
    "on_time_of_due": "completed on time ÷ (completed on time + completed late + open, overdue)",
    "completion": "(completed on time + completed late) ÷ (all − closed out)",
    "overdue_of_open": "open, overdue ÷ (open, in time + open, overdue)",
    "closed_out": "closed out ÷ all",
}


def check_sum(total: int, parts: Mapping[str, int]) -> None:
    """Raise Refused, naming the difference, where parts do not add up to their total.

    >>> check_sum(9_831, {"done": 7_892, "open": 1_602, "overdue": 319})
    Traceback (most recent call last):
    tracker.domain.errors.Refused: done 7,892 + open 1,602 + overdue 319 = 9,813, not 9,831: 18 are missing
    """
    found = sum(parts.values())
    if found != total:
        told = " + ".join(f"{name.replace('_', ' ')} {number:,}" for name, number in parts.items()) or "nothing"
        raise Refused(f"{told} = {found:,}, not {total:,}: {apart(total - found)}", code="does-not-add-up")


def apart(difference: int) -> str:
    """Return by how much a sum misses its total.

    >>> apart(18), apart(-1)
    ('18 are missing', '1 is too many')
    """
    what = "missing" if difference > 0 else "too many"
    return f"{abs(difference):,} {'is' if abs(difference) == 1 else 'are'} {what}"
