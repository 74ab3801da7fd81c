"""A report laid out in a language: the same words and figures for the page and for every file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tracker.domain.cells import Cells
from tracker.domain.reporting import Reported
from tracker.domain.standing import Cell
from tracker.notify.tongue import catalogue, civil, day, instant
from tracker.operations.printing import Block, Grid, Heading, Letter, Printed, Value, Words
from tracker.settings import Settings
from tracker.views.lateness import LateTask
from tracker.views.report import Report
from tracker.views.summary import Group
from tracker.web.tokens import CELLS, N_

RATES: Mapping[str, tuple[str, str]] = {
    "on_time_of_completed": (
        N_("On time, of all completed"),
        N_("completed on time ÷ (completed on time + completed late)"),
    ),
    "on_time_of_due": (
        N_("On time, of all completed or overdue"),
        N_("completed on time ÷ (completed on time + completed late + open, overdue)"),
    ),
    "completion": (
        N_("Completed, of all not closed out"),
        N_("(completed on time + completed late) ÷ (all − closed out)"),
    ),
    "overdue_of_open": (N_("Overdue, of all open"), N_("open, overdue ÷ (open, in time + open, overdue)")),
    "closed_out": (N_("Closed out, of all"), N_("closed out ÷ all")),
}
CAUSES: Mapping[str, str] = {
    "impossible": N_("ordered too late"),
    "suspended": N_("suspended"),
    "delivery": N_("order sent late"),
    "review": N_("under review"),
    "upstream": N_("waited for others"),
    "own": N_("own"),
}
ON_PAPER = 300  # agencies by name; the workbook has them all
_BRIDGE = ("opening", "new", "come", "gone", "left", "closing")


@dataclass(frozen=True, slots=True)
class Layout:
    """Lays one report out for one reader."""

    report: Report
    period: Reported
    settings: Settings
    language: str

    def _(self, said: str) -> str:
        return catalogue(self.language).gettext(said)

    @property
    def title(self) -> str:
        """Return what the report is called."""
        said = {
            "week": N_("Weekly report on the tasks assigned, {first} to {last}"),
            "month": N_("Monthly report on the tasks assigned, {first} to {last}"),
            "quarter": N_("Quarterly report on the tasks assigned, {first} to {last}"),
            "dates": N_("Report on the tasks assigned, {first} to {last}"),
        }[self.period.kind]
        return self._(said).format(
            first=day(self.period.first, self.language), last=day(self.period.last, self.language)
        )

    @property
    def command(self) -> str:
        """Return what makes the figures again, and what checks a file of them."""
        summary, since = self.report.summary, self.report.summary.since
        assert since is not None
        of = f" --agency {summary.asked.agency} --below" if summary.asked.agency else ""
        return f"tracker report summary --from {_utc(since.as_of)} --to {_utc(summary.stamp.as_of)}{of} --format json"

    @property
    def footer(self) -> str:
        """Return what stands on every page: the fingerprint and where the ledger ended."""
        stamp = self.report.summary.stamp
        return self._("Fingerprint {fingerprint}; ledger position ({seq}, {head}…)").format(
            fingerprint=self.report.fingerprint, seq=stamp.seq, head=stamp.head[:16]
        )

    def facts(self) -> tuple[tuple[str, str], ...]:
        """Return what the report is of."""
        summary = self.report.summary
        assert summary.since is not None
        of = self.report.names.get(summary.asked.agency or "") or summary.asked.agency
        whose = self._("{agency} and the offices below it").format(agency=of) if of else self._("all agencies")
        return (
            (self._("Agency"), whose),
            (self._("From"), instant(summary.since.as_of, summary.stamp.zone, self.language)),
            (self._("As of"), instant(summary.stamp.as_of, summary.stamp.zone, self.language)),
        )

    def cells(self) -> Grid:
        """Return the six cells and how each came from what it was."""
        bridge = self.report.summary.bridge
        assert bridge is not None
        heads = (
            N_("At the beginning"),
            N_("New"),
            N_("Came in"),
            N_("Went out"),
            N_("No longer there"),
            N_("At the end"),
        )
        lines = [(self._(CELLS[str(cell)].word), bridge.line(cell)) for cell in Cell]
        lines.append((self._("All"), bridge.total))
        return Grid(
            name=self._("Figures"),
            header=(self._("Cell"), *map(self._, heads)),
            widths=(4, 2, 2, 2, 2, 2, 2),
            rows=tuple((name, *(getattr(line, part) for part in _BRIDGE)) for name, line in lines),
            total=True,
        )

    def rates(self) -> Grid:
        """Return every share with both its numbers and its formula."""
        found = self.report.summary.cells.rates
        rows: list[tuple[Value, ...]] = [
            (self._(words), rate.percent, rate.numerator, rate.denominator, self._(formula))
            for (words, formula), rate in ((RATES[name], rate) for name, rate in found.items())
        ]
        heads = (N_("Share"), N_("Percent"), N_("Of these"), N_("Of so many"), N_("Formula"))
        return Grid(name=self._("Shares"), header=tuple(map(self._, heads)), widths=(5, 2, 2, 2, 7), rows=tuple(rows))

    def agencies(self, most: int | None = None) -> Grid:
        """Return the cells of every agency, or of so many and of the others together: most overdue first."""
        ordered = sorted(self.report.summary.agencies, key=_gravest)
        rows = [_line(self.report.names.get(one.key, one.key), one.cells) for one in ordered[:most]]
        if others := ordered[len(rows) :]:
            name = self._("{count} others").format(count=len(others))
            rows.append(_line(name, sum((one.cells for one in others), Cells())))
        rows.append(_line(self._("All"), self.report.summary.cells))
        heads = (*(self._(CELLS[str(cell)].word) for cell in Cell), self._("All"), self._("On time, %"))
        return Grid(
            name=self._("By agency"),
            header=(self._("Agency"), *heads),
            widths=(5, 2, 2, 2, 2, 2, 2, 2, 2),
            rows=tuple(rows),
            total=True,
        )

    def overdue(self) -> Grid:
        """Return the overdue tasks with the causes of their late days."""
        heads = (N_("Agency"), N_("Directive"), N_("Task"), N_("Last day"), N_("Days late"), N_("Late days by cause"))
        return Grid(
            name=self._("Overdue"),
            header=tuple(map(self._, heads)),
            widths=(4, 3, 6, 3, 2, 5),
            rows=tuple(self._late(one) for one in self.report.overdue),
        )

    def _late(self, one: LateTask) -> tuple[Value, ...]:
        row = one.row
        return row.agency_name, row.number, row.title, row.last_day, row.days_late, self.causes(one)

    def causes(self, one: LateTask) -> str:
        """Return what the late days of a task are charged to; nothing where it is late by less than a day."""
        told = []
        for cause, words in CAUSES.items():
            if days := getattr(one.days, cause):
                whom = ", ".join(one.caused_by) if cause == "upstream" and one.caused_by else ""
                told.append(f"{self._(words)} {days}" + (f" ({whom})" if whom else ""))
        return "; ".join(told)

    def printed(self, *, whole: bool = True) -> Printed:
        """Return the report ready to be a file; for paper, with the gravest agencies and the others together."""
        stamp = self.report.summary.stamp
        return Printed(
            title=self.title,
            office=self.settings.office,
            language=self.language,
            at=stamp.as_of,
            facts=self.facts(),
            blocks=tuple(self._blocks(None if whole else ON_PAPER)),
            footer=self.footer,
            letter=self._letter(),
            mark=self._("REHEARSAL") + ". " + self._("Nothing here is real, and no mail leaves this machine.")
            if stamp.rehearsal
            else "",
        )

    def _blocks(self, most: int | None) -> Iterator[Block]:
        yield Heading(self._("Figures"))
        yield self.cells()
        yield Words(self._("At the beginning + new + came in − went out − no longer there = at the end."), quiet=True)
        yield Heading(self._("Shares"))
        yield self.rates()
        yield Heading(self._("By agency"))
        yield self.agencies(most)
        yield Heading(self._("Overdue"))
        if self.report.overdue:
            yield self.overdue()
        else:
            yield Words(self._("Nothing is overdue."))
        if self.report.overdue_all > len(self.report.overdue):
            cut = self._("The {shown} latest of {all} are listed; the figures above are of all.")
            yield Words(cut.format(shown=len(self.report.overdue), all=self.report.overdue_all), quiet=True)
        yield Heading(self._("How to check it"))
        yield Words(self._("These figures are made from the ledger alone. Made again they have the same fingerprint:"))
        yield Words(self.command, quiet=True)
        yield Words(f"{self._('Fingerprint')}: {self.report.fingerprint}", quiet=True)

    def _letter(self) -> Letter:
        stamp = self.report.summary.stamp
        return Letter(
            office=self.settings.office,
            number=self._("No.:        /BC-"),
            place=self._("Hanoi"),
            day=civil(stamp.as_of, stamp.zone),
            kind=self._("Written report"),
            about=self.title,
            recipients=(self._("As above"), self._("Kept: the office")),
            recipients_word=self._("Recipients"),
            signed_by=self._("HEAD OF THE OFFICE"),
        )


def _line(name: str, cells: Cells) -> tuple[Value, ...]:
    return name, *(cells[cell] for cell in Cell), cells.total, cells.on_time_rate.percent


def _gravest(group: Group) -> tuple[int, int, str]:
    return -group.cells.open_overdue, -group.cells.total, group.key


def _utc(at: object) -> str:
    return str(at).replace(" ", "T").replace("+00:00", "Z")
