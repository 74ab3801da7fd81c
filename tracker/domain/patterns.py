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
    """What somebody did to an assignment, and on which civil day."""

    ref: str
    seq: int
    kind: str
    actor: str
    at: datetime
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """Something worth a look: by which rule, in a sentence, with its numbers and the assignments."""

    rule: str
    sentence: str
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
            words = f"{daily[day]} assignments were closed on {day}; on the {BACK} days before it {_average(before, 1)}"
            yield _of_days("closing-burst", words, closed, day, 1, before)


def before_reports(closed: Sequence[Deed], reports: Collection[date]) -> Iterator[Pattern]:
    """Yield the reports before which many more assignments were closed than usual."""
    daily = Counter(deed.day for deed in closed)
    for day in sorted(set(reports)):
        first = day - timedelta(days=BEFORE_REPORT - 1)
        found = _count(daily, first, BEFORE_REPORT)
        before = _count(daily, first - timedelta(days=BACK), BACK)
        if _is_unusual(found, before, days=BEFORE_REPORT):
            words = (
                f"{found} assignments were closed from {first} to {day}, the day of a report; in {BEFORE_REPORT} days "
            )
            words += f"of the {BACK} before {_average(before, BEFORE_REPORT)}"
            yield _of_days("closing-before-report", words, closed, first, BEFORE_REPORT, before)


def serial(changes: Iterable[DateChange]) -> Iterator[Pattern]:
    """Yield the assignments whose last day was moved to a later one again and again."""
    for ref, found in _by_ref(change for change in changes if (change.days or 0) > 0):
        if len(found) >= SERIAL:
            first, last = found[0].first, found[-1].new
            words = f"the last day of {ref} was moved {len(found)} times, from {first} to {last}"
            numbers = {"times": len(found), "first": first, "last": last, "entries": [each.seq for each in found]}
            yield Pattern(rule="serial-extension", sentence=words, numbers=numbers, refs=(ref,))


def after_expiry(changes: Iterable[DateChange]) -> Iterator[Pattern]:
    """Yield the assignments whose last day was moved to a later one when it had passed already."""
    for ref, found in _by_ref(each for each in changes if each.expired and (each.days or 0) > 0):
        for change in found:
            words = (
                f"the last day of {ref} was {change.old}; after it had passed, {change.actor} moved it to {change.new}"
            )
            numbers = {"old": change.old, "new": change.new, "recorded_at": change.recorded_at, "entry": change.seq}
            yield Pattern(rule="moved-after-expiry", sentence=words, numbers=numbers, refs=(ref,))


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
                words = f"{actor} accepted {len(found)} reports within a minute, from {found[0].at.isoformat()}"
                refs = tuple(deed.ref for deed in found)
                span = {"count": len(found), "first": found[0].at, "last": found[-1].at, "actor": actor}
                yield Pattern(rule="quick-acceptances", sentence=words, numbers=span, refs=refs)
            start = end if len(found) >= LEAST else start + 1


def _by_ref(changes: Iterable[DateChange]) -> Iterator[tuple[str, list[DateChange]]]:
    ordered = sorted(changes, key=lambda change: (change.ref, change.seq))
    for ref, found in groupby(ordered, key=lambda change: change.ref):
        yield ref, list(found)


def _count(daily: Mapping[date, int], first: date, days: int) -> int:
    return sum(daily.get(first + timedelta(days=n), 0) for n in range(days))


def _is_unusual(found: int, before: int, *, days: int) -> bool:
    return found >= LEAST and found * BACK >= TIMES * before * days


def _average(before: int, days: int) -> str:
    return f"{before * days / BACK:.1f} on average"


def _of_days(rule: str, words: str, closed: Iterable[Deed], first: date, days: int, before: int) -> Pattern:
    last = first + timedelta(days=days - 1)
    refs = tuple(deed.ref for deed in closed if first <= deed.day <= last)
    numbers = {"first": first, "last": last, "closed": len(refs), "closed_in_the_days_before": before, "days": BACK}
    return Pattern(rule=rule, sentence=words, numbers=numbers, refs=refs)
