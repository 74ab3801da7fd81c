"""What is sought: the filter of a list, as a URL says it; a saved view is a link, and a file says what made it."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any

from tracker.domain.agency import Registry
from tracker.domain.errors import Invalid
from tracker.domain.search import Way
from tracker.domain.standing import Cell, Progress
from tracker.domain.waiting import above
from tracker.store.queries import Wanted

STANDINGS = (
    "overdue",
    "due_soon",
    "open",
    "waiting",
    "review_due",
    "undated",
    "completed_on_time",
    "completed_late",
    "closed_out",
)
MOST = 200  # values of one kind in a URL
LONGEST = 200  # characters of a search
_MONTH = re.compile(r"(?:(?:19|20|21)[0-9]{2}-(?:0[1-9]|1[0-2])|none)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which assignments are sought. Several values of one kind are alternatives; the kinds must all fit.

    `province` holds it and the offices below it; `month` is that of the last day, "none" without one; `due_from`
    and `due_to` bound the last day, both included; `late` asks for what is overdue by at least so many days.
    `open` names a question: `asking` for more time, `contested`, `undecided` with them and reports that await review.
    """

    q: str = ""
    directive: tuple[str, ...] = ()
    agency: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    province: tuple[str, ...] = ()
    cell: tuple[str, ...] = ()
    standing: tuple[str, ...] = ()
    progress: tuple[str, ...] = ()
    month: tuple[str, ...] = ()
    due_from: date | None = None
    due_to: date | None = None
    late: int | None = None
    open: str | None = None

    @property
    def is_all(self) -> bool:
        """Return whether nothing is left out."""
        return self == Sought()

    def params(self) -> tuple[tuple[str, str], ...]:
        """Return the filter as the parameters of a URL, in their order.

        >>> Sought(q="nội vụ", cell=("open_overdue",), late=30).params()
        (('q', 'nội vụ'), ('cell', 'open_overdue'), ('late', '30'))
        """
        return tuple((field.name, one) for field in fields(self) for one in _texts(getattr(self, field.name)))

    def toggled(self, name: str, value: str) -> "Sought":
        """Return the filter with one value chosen that was not, or not any more.

        >>> Sought(cell=("undated",)).toggled("cell", "undated").is_all
        True
        """
        chosen: tuple[str, ...] = getattr(self, name)
        changed = tuple(one for one in chosen if one != value) if value in chosen else (*chosen, value)
        return self._having(name, changed)

    def only(self, name: str, value: str) -> "Sought":
        """Return the filter with this value of its kind and no other."""
        return self._having(name, (value,))

    def _having(self, name: str, values: tuple[str, ...]) -> "Sought":
        changes: dict[str, Any] = {name: values}
        return replace(self, **changes)

    def wanted(self, registry: Registry, *, today: date, said: tuple[Way, ...] | None) -> Wanted:
        """Return what the filter leaves, in the terms of the store; `said` are the ways to say the words of `q`."""
        cells = {Cell(one) for one in self.cell}
        until = self.due_to
        if self.late is not None:
            cells = {Cell.OVERDUE} & cells if cells else {Cell.OVERDUE}
            late = today - timedelta(days=self.late)
            until = late if until is None else min(until, late)
        return Wanted(
            directives=_some(self.directive),
            agencies=self._offices(registry),
            cells=frozenset(cells) if self.cell or self.late is not None else None,
            standings=_some(self.standing),
            progress=frozenset(Progress(one) for one in self.progress) if self.progress else None,
            months=frozenset("" if one == "none" else one for one in self.month) if self.month else None,
            days=(self.due_from, until),
            said=said,
            asking=self.open == "asking",
            contested=self.open == "contested",
            undecided=self.open == "undecided",
        )

    def _offices(self, registry: Registry) -> frozenset[str] | None:
        if not (self.agency or self.kind or self.province):
            return None
        named = self.agency or tuple(registry.agencies)
        return frozenset(code for code in named if self.holds(code, registry))

    def holds(self, code: str, registry: Registry, *, leaving: str | None = None) -> bool:
        """Return whether an agency is one of those sought; `leaving` is a kind of value that is not looked at."""
        agency = registry.agencies.get(code)
        return (
            (leaving == "agency" or not self.agency or code in self.agency)
            and (leaving == "kind" or not self.kind or (agency is not None and agency.kind in self.kind))
            and (leaving == "province" or not self.province or province_of(code, registry) in self.province)
        )


def province_of(code: str, registry: Registry) -> str | None:
    """Return the province an agency is, or lies in; None of one that is central."""
    return provinces_of(registry).get(code)


_PROVINCES: list[tuple[Registry, Mapping[str, str]]] = []


def provinces_of(registry: Registry) -> Mapping[str, str]:
    """Return the province of each agency that lies in one; reckoned once a registry."""
    for known, found in tuple(_PROVINCES):
        if known is registry:
            return found
    found = {code: province for code in registry.agencies if (province := _province(code, registry))}
    _PROVINCES[:] = [(registry, found), *_PROVINCES[:3]]
    return found


def _province(code: str, registry: Registry) -> str | None:
    chain = (code, *above(code, registry))
    return next((one for one in chain if one in registry.agencies and registry.agencies[one].kind == "province"), None)


def sought_from(given: Iterable[tuple[str, str]]) -> Sought:
    """Return the filter that parameters of a URL make; those it does not know are not its own.

    Raises Invalid for a value that cannot be understood: a list that ignored it would say what is not so.
    """
    found: dict[str, list[str]] = {}
    for name, value in given:
        said = value.strip()
        if name in _READ and said and said not in found.setdefault(name, []):
            found[name].append(said)
    return Sought(**{name: _READ[name](name, values) for name, values in found.items() if values})


def _texts(value: Any) -> Iterator[str]:
    match value:
        case None | "":
            return
        case tuple():
            yield from value
        case date():
            yield value.isoformat()
        case _:
            yield str(value)


def _some(values: tuple[str, ...]) -> frozenset[str] | None:
    return frozenset(values) if values else None


def _bad(name: str, value: str) -> Invalid:
    return Invalid(f"'{value[:60]}' cannot be looked for as {name}", code="bad-filter")


def _text(name: str, values: list[str]) -> str:
    if len(values[-1]) > LONGEST or "\0" in values[-1]:
        raise _bad(name, values[-1])
    return values[-1]


def _names(name: str, values: list[str]) -> tuple[str, ...]:
    bad = next((one for one in values if len(one) > LONGEST or "\0" in one), None)
    if bad is not None or len(values) > MOST:
        raise _bad(name, bad or values[-1])
    return tuple(values)


def _one_of(*known: str) -> Callable[[str, list[str]], tuple[str, ...]]:
    def read(name: str, values: list[str]) -> tuple[str, ...]:
        for value in values:
            if value not in known:
                raise _bad(name, value)
        return tuple(values)

    return read


def _months(name: str, values: list[str]) -> tuple[str, ...]:
    for value in values[:MOST]:
        if not _MONTH.fullmatch(value):
            raise _bad(name, value)
    return _names(name, values)


def _day(name: str, values: list[str]) -> date:
    try:
        return date.fromisoformat(values[-1])
    except ValueError as error:
        raise _bad(name, values[-1]) from error


def _number(name: str, values: list[str]) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", values[-1]):
        raise _bad(name, values[-1])
    return int(values[-1])


def _question(name: str, values: list[str]) -> str:
    if values[-1] not in ("asking", "contested", "undecided"):
        raise _bad(name, values[-1])
    return values[-1]


_READ: Mapping[str, Callable[[str, list[str]], Any]] = {
    "q": _text,
    "directive": _names,
    "agency": _names,
    "kind": _names,
    "province": _names,
    "cell": _one_of(*map(str, Cell)),
    "standing": _one_of(*STANDINGS),
    "progress": _one_of(*map(str, Progress)),
    "month": _months,
    "due_from": _day,
    "due_to": _day,
    "late": _number,
    "open": _question,
}
