"""Lateness: what the late days of each assignment are charged to, and what each agency owes of them to whom.

The causes of an assignment add up to its days late, those of the assignments of an agency to the
agency's, and the days caused to others to the days suffered from others: exactly, in fractions where
several agencies share a day. The arithmetic stands in `domain/fairness.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from tracker.domain.agency import Registry
from tracker.domain.fairness import Attribution, Cause, attribute
from tracker.domain.phrase import Phrase
from tracker.domain.standing import Cell
from tracker.store.queries import Wanted
from tracker.store.store import Connection
from tracker.views.rows import TaskRow, agency_name, rows
from tracker.views.sight import Seen, Sight, sight
from tracker.views.stamp import Stamp
from tracker.views.timelines import Texts, timelines

EVERYTHING = 10**9
_LATE = (Cell.OVERDUE, Cell.LATE)


@dataclass(frozen=True, slots=True)
class Share:
    """A number of days, exact: agencies that were late on the same day share it."""

    numerator: int
    denominator: int

    @classmethod
    def of(cls, days: Fraction) -> "Share":
        """Return a fraction as a share."""
        return cls(days.numerator, days.denominator)

    def __str__(self) -> str:
        """Return it as people write it.

        >>> str(Share(7, 3)), str(Share(4, 1)), str(Share(1, 2))
        ('2 1/3', '4', '1/2')
        """
        whole, rest = divmod(self.numerator, self.denominator)
        part = f"{rest}/{self.denominator}" if rest else ""
        return " ".join(filter(None, (f"{whole:,}" if whole or not rest else "", part)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Late days by their cause; the six add up to `days`."""

    days: int = 0
    impossible: int = 0
    suspended: int = 0
    delivery: int = 0
    review: int = 0
    upstream: int = 0
    own: int = 0

    @classmethod
    def of(cls, found: Iterable[Attribution]) -> "Days":
        """Return the days of some assignments together."""
        counts = [one.counts() for one in found]
        sums = {str(cause): sum(each[cause] for each in counts) for cause in Cause}
        return cls(days=sum(sums.values()), **sums)


@dataclass(frozen=True, slots=True, kw_only=True)
class LateTask:
    """One late assignment: its days by cause, who caused the upstream ones, and the same in sentences.

    Late by less than a day, it has no days.
    """

    row: TaskRow
    days: Days
    caused_by: Mapping[str, Share]
    explanation: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyLateness:
    """The late days of one agency's assignments by cause, and the days of delay it caused to others, by agency.

    `days.upstream` are those it suffered from others.
    """

    agency: str
    name: str
    assignments: int
    days: Days
    caused: Share
    caused_to: Mapping[str, Share]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """The late assignments at an instant, the agencies they belong to or were delayed by, and the sum of it all.

    With `agency`, the assignments are its own and `delayed` are others' that it delayed; `total` is of
    `assignments`, also of those that were cut off (`more`).
    """

    stamp: Stamp
    agency: str | None
    assignments: tuple[LateTask, ...]
    delayed: tuple[LateTask, ...]
    agencies: tuple[AgencyLateness, ...]
    late: int
    total: Days
    more: bool


def lateness(
    connection: Connection,
    *,
    at: datetime,
    registry: Registry,
    texts: Texts,
    known: datetime | None = None,
    agency: str | None = None,
    language: str = "en",
    limit: int = EVERYTHING,
) -> Lateness:
    """Return what the late days at an instant are charged to, of all assignments or of one agency's.

    `texts` gives a directive by its key as it was in force then; at most `limit` assignments are listed.
    """
    seen = sight(connection, at=at, registry=registry, known=known)
    # whom an agency delayed is known from the others: all of them are judged, whoever asks
    late = [one for cell in _LATE for one in seen.find(Wanted(cell=cell), limit=EVERYTHING).seen]
    found = attributions(seen, connection, late, texts)
    own = [one for one in late if agency in (None, one[0].agency)]
    delayed = [one for one in late if agency is not None and agency in found[one[0].ref].shares()]
    lister = _Lister(seen, connection, found, language)
    return Lateness(
        stamp=seen.stamp,
        agency=agency,
        assignments=lister.listed(own[:limit]),
        delayed=lister.listed(delayed[:limit]),
        agencies=_agencies(found.values(), registry, language, only=agency),
        late=len(own),
        total=Days.of(found[one[0].ref] for one in own),
        more=len(own) > limit or len(delayed) > limit,
    )


def attributions(seen: Sight, connection: Connection, late: Sequence[Seen], texts: Texts) -> Mapping[str, Attribution]:
    """Return the attribution of each of some late assignments by reference."""
    lines = timelines(seen, connection, (assignment for assignment, _ in late), texts)
    found = attribute(lines)
    return {assignment.ref: found[assignment.ref] for assignment, _ in late}


def explanation(seen: Sight, connection: Connection, one: Seen, texts: Texts) -> tuple[Phrase, ...]:
    """Return what the late days of one assignment are charged to, line by line; nothing of one that is not late."""
    if one[1].cell not in _LATE:
        return ()
    return attributions(seen, connection, [one], texts)[one[0].ref].explanation()


@dataclass(frozen=True, slots=True)
class _Lister:
    seen: Sight
    connection: Connection
    found: Mapping[str, Attribution]
    language: str

    def listed(self, chosen: Sequence[Seen]) -> tuple[LateTask, ...]:
        shown = rows(self.seen, self.connection, chosen, language=self.language)
        return tuple(self._late(row, self.found[row.ref]) for row in shown)

    def _late(self, row: TaskRow, found: Attribution) -> LateTask:
        return LateTask(
            row=row,
            days=Days.of([found]),
            caused_by=_shares(found.shares()),
            explanation=found.explanation(),
        )


def _agencies(
    found: Iterable[Attribution], registry: Registry, language: str, *, only: str | None
) -> tuple[AgencyLateness, ...]:
    own: dict[str, list[Attribution]] = {}
    caused: dict[str, dict[str, Fraction]] = {}
    for one in found:
        own.setdefault(one.agency, []).append(one)
        for code, days in one.shares().items():
            to = caused.setdefault(code, {})
            to[one.agency] = to.get(one.agency, Fraction()) + days
    made = (
        AgencyLateness(
            agency=code,
            name=agency_name(registry, code, language),
            assignments=len(own.get(code, ())),
            days=Days.of(own.get(code, ())),
            caused=Share.of(sum(caused.get(code, {}).values(), Fraction())),
            caused_to=_shares(caused.get(code, {})),
        )
        for code in sorted({*own, *caused})
        if only in (None, code)
    )
    return tuple(sorted(made, key=_answered_for, reverse=True))


def _answered_for(one: AgencyLateness) -> Fraction:
    """Return the days an agency answers for: its own, and those it caused to others."""
    return one.days.own + Fraction(one.caused.numerator, one.caused.denominator)


def _shares(days: Mapping[str, Fraction]) -> dict[str, Share]:
    return {code: Share.of(part) for code, part in sorted(days.items())}
