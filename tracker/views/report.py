"""A report of a period: its figures and where they came from, by agency, and what is overdue and why."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tracker.domain.agency import Registry
from tracker.domain.scope import EVERYTHING, Scope, with_those_below
from tracker.domain.standing import Cell
from tracker.store.store import Connection
from tracker.views.lateness import LateTask, lateness
from tracker.views.past import Vantage
from tracker.views.rows import agency_name
from tracker.views.summary import Asked, Registries, Summary, document, summary
from tracker.views.timelines import Texts

OVERDUE = 500  # overdue tasks that a report lists


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The summary between two instants, its document with the fingerprint, and the overdue tasks, the latest first.

    `overdue` holds some of them where there are many: `overdue_all` is how many there are.
    """

    summary: Summary
    document: Mapping[str, Any]
    overdue: tuple[LateTask, ...]
    overdue_all: int
    names: Mapping[str, str]

    @property
    def fingerprint(self) -> str:
        """Return what the report is known by."""
        return str(self.document["fingerprint"])


def report(
    connection: Connection,
    *,
    begin: datetime,
    end: datetime,
    registry: Registry,
    registries: Registries,
    texts: Texts,
    agency: str | None = None,
    scope: Scope = EVERYTHING,
    language: str = "en",
) -> Report:
    """Return the report between two instants, each as it was known on its own day: so reports join.

    Of an agency it is about what it and the offices below it owe. Whoever has a narrower scope asks for an agency.
    """
    ends = Vantage(begin, begin), Vantage(end, end)
    asked = Asked(agency=agency, below=agency is not None)
    found = summary(connection, ends[1], since=ends[0], registries=registries, asked=asked)
    mine = Scope(with_those_below(agency, registry)) if agency else EVERYTHING
    late = lateness(connection, at=end, registry=registry, texts=texts, language=language)
    overdue = [
        one for one in late.assignments if one.row.cell == Cell.OVERDUE and (mine & scope).covers(one.row.agency)
    ]
    overdue.sort(key=lambda one: (-(one.row.days_late or 0), one.row.ref))
    codes = {group.key for group in found.agencies} | _blamed(overdue)
    return Report(
        summary=found,
        document=document(found),
        overdue=tuple(overdue[:OVERDUE]),
        overdue_all=len(overdue),
        names={code: agency_name(registry, code, language) for code in codes},
    )


def _blamed(overdue: Collection[LateTask]) -> set[str]:
    return {code for one in overdue for code in one.caused_by}
