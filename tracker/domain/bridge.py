"""The bridge between two instants: opening + new + come − gone − left = closing, for each of the six cells.

Every number between the two ends is a list of assignments. A bridge that does not close cannot be
made: the difference is named instead.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tracker.domain.cells import Cells, apart
from tracker.domain.errors import Refused
from tracker.domain.standing import Cell

_CELLS = tuple(Cell)


@dataclass(frozen=True, slots=True)
class Movement:
    """The assignments that went from one cell to another; no `origin`: they are new; no `target`: they left."""

    origin: Cell | None
    target: Cell | None
    refs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One cell of a bridge, or all of them: what it held, what came and went, what it holds."""

    opening: int
    new: int
    come: int
    gone: int
    left: int
    closing: int

    @property
    def difference(self) -> int:
        """Return what the closing number has more than the movements explain: 0 where the line adds up."""
        return self.closing - (self.opening + self.new + self.come - self.gone - self.left)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """What led from the cells of one instant to those of another; raises Refused where it does not close."""

    opening: Cells
    movements: tuple[Movement, ...]
    closing: Cells

    def __post_init__(self) -> None:
        _check_movements(self.movements)
        for cell in _CELLS:
            _check_line(str(cell).replace("_", " "), self.line(cell))

    @classmethod
    def between(cls, before: Mapping[str, Cell], after: Mapping[str, Cell]) -> "Bridge":
        """Return the bridge from where assignments were to where they are, each given by reference and cell."""
        moved: dict[tuple[Cell | None, Cell | None], list[str]] = {}
        for ref in sorted(before.keys() | after.keys()):
            origin, target = before.get(ref), after.get(ref)
            if origin != target:
                moved.setdefault((origin, target), []).append(ref)
        movements = (Movement(*ends, tuple(moved[ends])) for ends in sorted(moved, key=_order))
        return cls(
            opening=Cells.counted(before.values()), movements=tuple(movements), closing=Cells.counted(after.values())
        )

    def line(self, cell: Cell) -> Line:
        """Return what one cell held, what came and went, and what it holds."""
        new = come = gone = left = 0
        for movement in self.movements:
            number = len(movement.refs)
            if movement.target == cell:
                new, come = (new + number, come) if movement.origin is None else (new, come + number)
            elif movement.origin == cell:
                left, gone = (left + number, gone) if movement.target is None else (left, gone + number)
        return Line(opening=self.opening[cell], new=new, come=come, gone=gone, left=left, closing=self.closing[cell])

    @property
    def total(self) -> Line:
        """Return the line of all six together; what only moved between them has come as often as it has gone."""
        lines = [self.line(cell) for cell in _CELLS]
        return Line(**{name: sum(getattr(line, name) for line in lines) for name in Line.__slots__})


def _check_movements(movements: Iterable[Movement]) -> None:
    seen: set[str] = set()
    for movement in movements:
        if movement.origin == movement.target:
            raise Refused(f"a movement from {_name(movement.origin)} to itself moves nothing", code="no-movement")
        for ref in movement.refs:
            if ref in seen:
                raise Refused(f"{ref} cannot move twice between two instants", code="moved-twice")
            seen.add(ref)


def _check_line(name: str, line: Line) -> None:
    if line.difference:
        sum_of = f"{line.opening:,} + {line.new:,} new + {line.come:,} come − {line.gone:,} gone − {line.left:,} left"
        found = line.closing - line.difference
        told = f"{name}: {sum_of} = {found:,}, not {line.closing:,}: {apart(line.difference)}"
        raise Refused(told, code="does-not-add-up")


def _order(ends: tuple[Cell | None, Cell | None]) -> tuple[int, int]:
    origin, target = ends
    return (-1 if origin is None else _CELLS.index(origin)), (len(_CELLS) if target is None else _CELLS.index(target))


def _name(cell: Cell | None) -> str:
    return "nowhere" if cell is None else str(cell)
