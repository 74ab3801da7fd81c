"""Bulletins: what is sent on Monday whatever happened: to an agency what it has open, to the secretariat the figures.

Laid out as a digest is. A figure is never alone: it stands with the number it is a part of, and with
what led to it since the last report.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from tracker.notify.digest import SHOWN, SUBJECT_MAX, Digest, Item, Line, Page, ending, late_sentence
from tracker.notify.tongue import catalogue, day

WEEKLY, MONDAY = "weekly", "monday"
COUNTED = ("opening", "new", "come", "gone", "left", "closing")
_DONE, _OPEN = ("completed_on_time", "completed_late"), ("open_in_time", "open_overdue")


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the six cells: what it held, what came and went since, what it holds."""

    cell: str
    opening: int
    new: int
    come: int
    gone: int
    left: int
    closing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulletin(Digest):
    """A weekly list of an agency, or the secretariat's report; `items` are the rows shown, `count` all there are."""

    kind: str
    of_day: date
    count: int = 0
    late: int = 0
    since: date | None = None
    figures: tuple[Figure, ...] = ()
    undelivered: int = 0
    failures_url: str = ""
    workbook: bytes = b""

    @property
    def stage(self) -> str:
        """Return which bulletin it is."""
        return self.kind

    @property
    def task_title(self) -> str:
        """Return what stands for a title where there is room for one alone."""
        return badge(self)


@dataclass(frozen=True, slots=True)
class Columns:
    """What the sheets of a workbook and their columns are called."""

    figures: str
    tasks: str
    counted: tuple[str, ...]
    task: tuple[str, ...]


def columns(language: str) -> Columns:
    """Return the headers of a workbook in a language."""
    words = catalogue(language)
    counted = (
        words.gettext("Before"), words.gettext("New"), words.gettext("Come"), words.gettext("Gone"),
        words.gettext("No longer counted"), words.gettext("Now"),
    )  # fmt: skip
    task = (
        words.gettext("Directive"), words.gettext("Task"), words.gettext("Agency"), words.gettext("Last day"),
        words.gettext("First date"), words.gettext("Days late"), words.gettext("Reference"),
    )  # fmt: skip
    return Columns(words.gettext("Figures"), words.gettext("Open tasks"), counted, task)


def cell_name(cell: str, language: str) -> str:
    """Return what one of the six cells is called."""
    return _meaning(cell, language)[0]


def badge(bulletin: Bulletin) -> str:
    """Return which bulletin it is, in two words."""
    words = catalogue(bulletin.language)
    return words.gettext("Weekly list") if bulletin.kind == WEEKLY else words.gettext("Weekly report")


def bulletin_page(bulletin: Bulletin) -> Page:
    """Return a bulletin as a page; its texts must already be cleaned."""
    words = catalogue(bulletin.language)
    hidden = bulletin.count - len(bulletin.items[:SHOWN])
    more = words.ngettext("and {count} more:", "and {count} more:", hidden).format(count=hidden) if hidden > 0 else None
    banner = words.gettext("REHEARSAL: this message is an exercise; nothing need be done.")
    weekly = bulletin.kind == WEEKLY
    return Page(
        language=bulletin.language,
        stage=bulletin.kind,
        subject=bulletin_subject(bulletin),
        badge=badge(bulletin),
        banner=banner if bulletin.rehearsal else None,
        addressed=words.gettext("To: {reader}").format(reader=bulletin.recipient_name),
        opening=_opening(bulletin),
        lines=tuple(_row(item, bulletin) for item in bulletin.items[:SHOWN]) if weekly else tuple(_figures(bulletin)),
        more=more if weekly else None,
        button=words.gettext("SEE ALL TASKS"),
        url=bulletin.url,
        act=words.gettext("Acknowledge, or be reminded later"),
        following=tuple(_following(bulletin)),
        office=bulletin.office,
        footer=tuple(_footer(bulletin)),
        colon=words.gettext(":"),
        numbered=weekly,
    )


def bulletin_subject(bulletin: Bulletin) -> str:
    """Return the subject: which bulletin, of which day, how much is open and how much of it overdue."""
    words = catalogue(bulletin.language)
    marks = [words.gettext("REHEARSAL")] if bulletin.rehearsal else []
    said = " ".join(f"[{mark}]" for mark in (*marks, badge(bulletin)))
    return f"{said} {day(bulletin.of_day, bulletin.language)} – {_counts(bulletin)}"[:SUBJECT_MAX]


def _counts(bulletin: Bulletin) -> str:
    words = catalogue(bulletin.language)
    pattern = words.ngettext("{count} open task, {late} overdue", "{count} open tasks, {late} overdue", bulletin.count)
    return pattern.format(count=bulletin.count, late=bulletin.late)


def _opening(bulletin: Bulletin) -> str:
    words = catalogue(bulletin.language)
    if bulletin.kind == WEEKLY:
        return words.gettext("What your office has open: {counts}.").format(counts=_counts(bulletin))
    if bulletin.since is None:
        return words.gettext("Where all tasks stand: {counts}.").format(counts=_counts(bulletin))
    since = day(bulletin.since, bulletin.language)
    pattern = words.gettext("Where all tasks stand, and what moved since {day}: {counts}.")
    return pattern.format(day=since, counts=_counts(bulletin))


def _row(item: Item, bulletin: Bulletin) -> Line:
    words, days = catalogue(bulletin.language), item.days or 0
    late = item.stage == "overdue"
    if item.last_day is None:
        when = words.gettext("no date has been set")
    else:
        if late:
            left = words.ngettext("{days} day overdue", "{days} days overdue", days).format(days=days)
        elif days:
            left = words.ngettext("{days} working day left", "{days} working days left", days).format(days=days)
        else:
            left = words.gettext("No working day left")
        when = f"{left} – {words.gettext('due {day}').format(day=day(item.last_day, bulletin.language))}"
    return Line(title=item.task_title, when=when, basis=item.directive_number, url=item.url, late=late)


def _figures(bulletin: Bulletin) -> Iterator[Line]:
    """Yield the six cells, each as a part of what it belongs to, and what was not delivered."""
    words = catalogue(bulletin.language)
    held = {figure.cell: figure.closing for figure in bulletin.figures}
    for figure in bulletin.figures:
        title, pattern, parts = _meaning(figure.cell, bulletin.language)
        whole = sum(held.get(part, 0) for part in parts or held)
        moved = ""
        if bulletin.since is not None:
            moved = words.gettext(
                "{closing} = {opening} + {new} new + {come} come − {gone} gone − {left} no longer counted"
            ).format(
                closing=figure.closing, opening=figure.opening, new=figure.new, come=figure.come, gone=figure.gone,
                left=figure.left,
            )  # fmt: skip
        late = figure.cell == "open_overdue" and figure.closing > 0
        yield Line(title=title, when=pattern.format(part=figure.closing, whole=whole), basis=moved, url="", late=late)
    lost = bulletin.undelivered
    title = words.ngettext("{count} reminder not delivered", "{count} reminders not delivered", lost).format(count=lost)
    told = words.gettext("they did not reach their offices") if lost else words.gettext("every one reached its office")
    yield Line(title=title, when=told, basis="", url=bulletin.failures_url if lost else "", late=lost > 0)


def _meaning(cell: str, language: str) -> tuple[str, str, tuple[str, ...]]:
    """Return what a cell is called, how its number is said, and the cells it is a part of."""
    words = catalogue(language)
    completed = words.gettext("{part} of {whole} completed")
    dated = words.gettext("{part} of {whole} open with a date")
    everything = words.gettext("{part} of {whole} in all")
    return {
        "completed_on_time": (words.gettext("Completed on time"), completed, _DONE),
        "completed_late": (words.gettext("Completed late"), completed, _DONE),
        "open_in_time": (words.gettext("Open, in time"), dated, _OPEN),
        "open_overdue": (words.gettext("Open, overdue"), dated, _OPEN),
        "undated": (words.gettext("Open, no date"), everything, ()),
        "closed_out": (words.gettext("Closed out"), everything, ()),
    }[cell]


def _following(bulletin: Bulletin) -> Iterator[str]:
    words = catalogue(bulletin.language)
    if bulletin.late_by is not None:
        yield late_sentence(bulletin.late_by, bulletin.language)
    if bulletin.workbook:
        yield words.gettext("The attached workbook has the figures and every open task.")
    if bulletin.contact:
        yield words.gettext("Contact: {contact}").format(contact=bulletin.contact)


def _footer(bulletin: Bulletin) -> Iterator[str]:
    words = catalogue(bulletin.language)
    yield words.gettext("Automatic message {reference}.").format(reference=bulletin.reference)
    yield ending(bulletin)
