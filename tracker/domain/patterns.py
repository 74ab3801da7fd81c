"""Patterns worth a look: where an auditor may want to begin. None of them says that anything is wrong.

Each rule is arithmetic over the entries, with its thresholds in its words; each finding gives the
numbers and the assignments, so that who looks can decide.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from tracker.domain.changes import DateChange
from tracker.domain.phrase import Phrase, Value

LEAST = 5  # fewer than so many are no pattern
TIMES = 3  # so many times the usual is unusual
BACK = 28  # what is usual is told by so many days before
BEFORE_REPORT = 3  # the days that end with a report
SERIAL = 2
MINUTE = timedelta(minutes=1)

# what a person closes; what follows by a rule (a cut-off, a new text) comes in crowds by its nature
CLOSING = frozenset({"completed", "excused", "discontinued"})

RULES: Mapping[str, str] = {
    "closing-burst": f"at least {LEAST} assignments were closed by people on one day, and at least {TIMES} times the "
    f"daily average of the {BACK} days before it",
    "closing-before-report": f"at least {LEAST} assignments were closed by people in the {BEFORE_REPORT} days that end "
    f"with a report, and at least {TIMES} times the average of so many days in the {BACK} before them",
    "serial-extension": f"the last day of an assignment was moved to a later one at least {SERIAL} times",
    "moved-after-expiry": "the last day of an assignment was moved to a later one after it had passed",
    "quick-acceptances": f"one person accepted at least {LEAST} reports within one minute",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What somebody did to an assignment, and when: an instant in the zone whose days are counted."""

    ref: str
    seq: int
    kind: str
    actor: str
    at: datetime

    @property
    def day(self) -> date:
        """Return the civil day it was done on."""
        return self.at.date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """Something worth a look: by which rule, in a sentence, with its numbers and the assignments."""

    rule: str
    sentence: Phrase
    numbers: Mapping[str, Any]
    refs: tuple[str, ...]


def patterns(
    deeds: Sequence[Deed], changes: Sequence[DateChange], *, reports: Collection[date] = ()
) -> tuple[Pattern, ...]:
    """Return what is worth a look, rule by rule; `reports` are days on which figures were handed in."""
    closed = [deed for deed in deeds if deed.kind in CLOSING]
    return (
        *bursts(closed),
        *before_reports(closed, reports),
        *serial(changes),
        *after_expiry(changes),
        *quick_acceptances(deeds),
    )


def bursts(closed: Sequence[Deed]) -> Iterator[Pattern]:
    """Yield the days on which many more assignments were closed than usual."""
    daily = Counter(deed.day for deed in closed)
    for day in sorted(daily):
        before = _count(daily, day - timedelta(days=BACK), BACK)
        if _is_unusual(daily[day], before, days=1):
            values: dict[str, Value] = {"count": daily[day], "day": day, "back": BACK, "average": before / BACK}
            yield _of_days("closing-burst", Phrase("closing_burst", values), closed, day, 1, before)


def before_reports(closed: Sequence[Deed], reports: Collection[date]) -> Iterator[Pattern]:
    """Yield the reports before which many more assignments were closed than usual."""
    daily = Counter(deed.day for deed in closed)
    for day in sorted(set(reports)):
        first = day - timedelta(days=BEFORE_REPORT - 1)
        found = _count(daily, first, BEFORE_REPORT)
        before = _count(daily, first - timedelta(days=BACK), BACK)
        if _is_unusual(found, before, days=BEFORE_REPORT):
            values: dict[str, Value] = {"count": found, "start": first, "day": day, "days": BEFORE_REPORT, "back": BACK}
            words = Phrase("closing_before_report", {**values, "average": before * BEFORE_REPORT / BACK})
            yield _of_days("closing-before-report", words, closed, first, BEFORE_REPORT, before)


def serial(changes: Iterable[DateChange]) -> Iterator[Pattern]:
    """Yield the assignments whose last day was moved to a later one again and again."""
    for ref, found in _by_ref(change for change in changes if (change.days or 0) > 0):
        if len(found) >= SERIAL:
            first, last = found[0].first, found[-1].new
            values: dict[str, Value] = {"ref": ref, "times": len(found), "old": _told(first), "new": _told(last)}
            numbers = {"times": len(found), "first": first, "last": last, "entries": [each.seq for each in found]}
            yield Pattern(
                rule="serial-extension", sentence=Phrase("serial_extension", values), numbers=numbers, refs=(ref,)
            )


def after_expiry(changes: Iterable[DateChange]) -> Iterator[Pattern]:
    """Yield the assignments whose last day was moved to a later one when it had passed already."""
    for ref, found in _by_ref(each for each in changes if each.expired and (each.days or 0) > 0):
        for change in found:
            values = {"ref": ref, "old": _told(change.old), "actor": change.actor, "new": _told(change.new)}
            numbers = {"old": change.old, "new": change.new, "recorded_at": change.recorded_at, "entry": change.seq}
            yield Pattern(
                rule="moved-after-expiry", sentence=Phrase("moved_after_expiry", values), numbers=numbers, refs=(ref,)
            )


def quick_acceptances(deeds: Iterable[Deed]) -> Iterator[Pattern]:
    """Yield where one person accepted many reports within a minute; what has been told is not told again."""
    accepted = sorted((deed for deed in deeds if deed.kind == "completed"), key=lambda deed: (deed.actor, deed.seq))
    for actor, all_of in groupby(accepted, key=lambda deed: deed.actor):
        rest = list(all_of)
        start = 0
        while start < len(rest):
            end = start
            while end < len(rest) and rest[end].at - rest[start].at < MINUTE:
                end += 1
            found = rest[start:end]
            if len(found) >= LEAST:
                values = {"actor": actor, "count": len(found), "moment": found[0].at}
                refs = tuple(deed.ref for deed in found)
                span = {"count": len(found), "first": found[0].at, "last": found[-1].at, "actor": actor}
                yield Pattern(
                    rule="quick-acceptances", sentence=Phrase("quick_acceptances", values), numbers=span, refs=refs
                )
            start = end if len(found) >= LEAST else start + 1


def _by_ref(changes: Iterable[DateChange]) -> Iterator[tuple[str, list[DateChange]]]:
    ordered = sorted(changes, key=lambda change: (change.ref, change.seq))
    for ref, found in groupby(ordered, key=lambda change: change.ref):
        yield ref, list(found)


def _count(daily: Mapping[date, int], first: date, days: int) -> int:
    return sum(daily.get(first + timedelta(days=n), 0) for n in range(days))


def _is_unusual(found: int, before: int, *, days: int) -> bool:
    return found >= LEAST and found * BACK >= TIMES * before * days


def _told(day: date | None) -> Value:
    return "–" if day is None else day


def _of_days(rule: str, words: Phrase, closed: Iterable[Deed], first: date, days: int, before: int) -> Pattern:
    last = first + timedelta(days=days - 1)
    refs = tuple(deed.ref for deed in closed if first <= deed.day <= last)
    numbers = {"first": first, "last": last, "closed": len(refs), "closed_in_the_days_before": before, "days": BACK}
    return Pattern(rule=rule, sentence=words, numbers=numbers, refs=refs)
