"""What a benchmark tells besides its table: figures held against the goals, and points of its plot.

One line of JSON each goes to the end of the file that BENCH_FIGURES names; without one nothing is kept, and a
benchmark that runs alone prints its table as ever. `python -m bench` names the file, and makes of it the summary
and the plots in var/bench.
"""

import json
import os
from dataclasses import asdict, dataclass
from math import exp, log
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of a goal: what was measured, beside its floor or its peer, and whether that is enough."""

    goal: str  # P1 … P13
    what: str
    figure: str
    floor: str = ""
    peer: str = ""
    met: bool | None = None  # None: there is no goal for it, or the machine cannot tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One point of a plot: a line of the question's plot, and where the point lies."""

    plot: str
    line: str
    x: float
    y: float
    of: str = "assignments"  # what x counts
    unit: str = "ms"  # what y is in


def tell(*told: Figure | Point) -> None:
    """Keep figures and points for the summary; without BENCH_FIGURES nothing happens."""
    if not (name := os.environ.get("BENCH_FIGURES")):
        return
    with Path(name).open("a", encoding="utf-8") as file:
        for one in told:
            file.write(json.dumps(asdict(one), ensure_ascii=False) + "\n")


def read(file: Path) -> tuple[list[Figure], list[Point]]:
    """Return the figures and the points that were told, in their order."""
    told = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [Figure(**one) for one in told if "goal" in one], [Point(**one) for one in told if "plot" in one]


def exponent(points: list[tuple[float, float]]) -> float:
    """Return how y grows with x: the slope of the line through the logarithms, by least squares.

    >>> round(exponent([(1_000, 5.0), (10_000, 5.0), (100_000, 5.0)]), 2)
    0.0
    >>> round(exponent([(1_000, 2.0), (10_000, 20.0), (100_000, 200.0)]), 2)
    1.0
    """
    return _line(points)[0]


def fitted(points: list[tuple[float, float]], x: float) -> float:
    """Return what the fitted line says of a size that was not measured.

    >>> round(fitted([(1_000, 2.0), (10_000, 20.0)], 100_000))
    200
    """
    slope, start = _line(points)
    return exp(start + slope * log(x))


def _line(points: list[tuple[float, float]]) -> tuple[float, float]:
    logs = [(log(x), log(y)) for x, y in points]
    middle_x, middle_y = (sum(one[n] for one in logs) / len(logs) for n in (0, 1))
    over = sum((x - middle_x) ** 2 for x, _ in logs)
    slope = sum((x - middle_x) * (y - middle_y) for x, y in logs) / over
    return slope, middle_y - slope * middle_x
