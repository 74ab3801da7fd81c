"""What a notice says that tells of an entry: a receipt, a return, an acceptance, a new date, a decision.

The fact that must not be missing comes first, large, before the task it is about.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from tracker.notify import reasons
from tracker.notify.notice import News, Notice
from tracker.notify.tongue import catalogue, instant, weekday

REFUSED = "extension_refused"
# what asks for nothing: there is no result to report
FINISHED = frozenset({"accepted", "received", "ended"})
_OVER = frozenset({"transferred", "excused", "discontinued", "suspended"})


@dataclass(frozen=True, slots=True)
class Row:
    """A label with what stands beside it, line by line."""

    label: str
    lines: tuple[str, ...]


def asks_nothing(notice: Notice) -> bool:
    """Return whether the reader has nothing to do for the task, at least for the time being."""
    return notice.stage in FINISHED or (notice.news is not None and notice.news.kind in _OVER)


def oversees(notice: Notice) -> bool:
    """Return whether somebody else answers for the task: there is nothing for the reader to report."""
    return notice.role not in ("lead", "delegate", "deputy")


def happened(notice: Notice) -> str:
    """Return what happened, in two or three words."""
    words, kind = catalogue(notice.language), notice.news.kind if notice.news else ""
    match notice.stage:
        case "unblocked":
            return words.gettext("You can start")
        case "returned":
            return words.gettext("Returned")
        case "accepted":
            return words.gettext("Accepted")
        case "received":
            return words.gettext("Received")
        case "date_changed":
            return words.gettext("More time refused") if kind == REFUSED else words.gettext("Date changed")
        case "ended":
            return ended(kind, notice.language)
    return {
        "contest_refused": words.gettext("The task stays yours"),
        "transferred": words.gettext("Transferred"),
        "excused": words.gettext("Does not apply to you"),
        "discontinued": words.gettext("Discontinued"),
        "suspended": words.gettext("Suspended"),
        "resumed": words.gettext("Resumed"),
        "reopened": words.gettext("Reopened"),
    }.get(kind, words.gettext("Decision"))


def ended(kind: str, language: str) -> str:
    """Return how a task came to be owed no longer, in two or three words."""
    words = catalogue(language)
    return {
        "withdrawn": words.gettext("Withdrawn"),
        "superseded": words.gettext("Superseded"),
        "carried": words.gettext("Goes on elsewhere"),
        "handed_on": words.gettext("Handed on"),
        "released": words.gettext("Done by another agency"),
    }.get(kind, words.gettext("No longer owed"))


def told_first(notice: Notice) -> str:
    """Return what happened and what to do, in one or two sentences."""
    words, kind = catalogue(notice.language), notice.news.kind if notice.news else ""
    match notice.stage:
        case "unblocked":
            return words.gettext("What the following task waited for has been settled. Please start.")
        case "returned":
            return words.gettext("Your report was returned: something is missing. Please add it and report again.")
        case "accepted":
            return words.gettext("Your report was verified and accepted. Nothing more need be done.")
        case "received":
            return words.gettext("Your report has been received and will be verified. Nothing need be done until then.")
        case "date_changed" if kind == REFUSED:
            return words.gettext("The request for more time was refused. The deadline stays.")
        case "date_changed":
            return words.gettext("The deadline of the following task has changed.")
        case "ended":
            return _told_over(kind, notice.language)
    return {
        "contest_refused": words.gettext("The task was contested; it stays with your office."),
        "transferred": words.gettext("The following task has been given to another agency. You no longer owe it."),
        "excused": words.gettext("The following task does not apply to your office. You no longer owe it."),
        "discontinued": words.gettext("The following task has been given up. Nothing more need be done."),
        "suspended": words.gettext("Work on the following task rests until further notice, and no day of it is delay."),
        "resumed": words.gettext("Work on the following task goes on."),
        "reopened": words.gettext("The following task was accepted and has been opened again. Please complete it."),
    }.get(kind, words.gettext("Something was decided about the following task."))


def _told_over(kind: str, language: str) -> str:
    words = catalogue(language)
    return {
        "withdrawn": words.gettext(
            "The directive was amended and asks the following task of your office no more. You no longer owe it."
        ),
        "superseded": words.gettext("Another directive took the place of this one. You no longer owe this task."),
        "carried": words.gettext(
            "Another directive took the place of this one. You owe the task under that one, and no longer under this."
        ),
        "handed_on": words.gettext(
            "The following task was handed on to the agency that succeeds yours. You no longer owe it."
        ),
        "released": words.gettext(
            "Another agency has completed the following task for all who could. You no longer owe it."
        ),
    }.get(kind, words.gettext("You no longer owe the following task."))


def facts(notice: Notice) -> Iterator[Row]:
    """Yield what must not be missing: nothing where the notice tells of no entry."""
    if notice.news is not None:
        yield from _ROWS[notice.stage](notice, notice.news)


def _unblocked(notice: Notice, news: News) -> Iterator[Row]:
    words = catalogue(notice.language)
    done = tuple(f"{peer.agency} – {peer.title}" if peer.agency else peer.title for peer in news.done)
    yield Row(words.gettext("No longer waited for"), done)
    if notice.last_day:
        yield Row(words.gettext("Time left"), (time_left(notice),))


def _returned(notice: Notice, news: News) -> Iterator[Row]:
    words = catalogue(notice.language)
    yield Row(words.gettext("Still missing"), (news.missing or "",))
    goes_on = words.gettext("It goes on running. A report counts as received on the day it comes complete.")
    yield Row(words.gettext("The deadline"), (goes_on, *([time_left(notice)] if notice.last_day else [])))
    yield Row(words.gettext("Returned by"), (_by(notice, news),))


def _accepted(notice: Notice, news: News) -> Iterator[Row]:
    words = catalogue(notice.language)
    yield Row(words.gettext("Result"), (reasons.sentence(notice.reason, notice.language),))
    rule = words.gettext("By the day the report was received, not the day it was accepted.")
    lines = [rule]
    if notice.late_from:
        when = instant(notice.late_from, notice.zone, notice.language)
        lines.append(words.gettext("Counts as late from {instant}.").format(instant=when))
    yield Row(words.gettext("How it was counted"), tuple(lines))
    yield Row(words.gettext("Accepted by"), (_by(notice, news),))


def _received(notice: Notice, news: News) -> Iterator[Row]:
    words = catalogue(notice.language)
    yield Row(words.gettext("Receipt number"), (str(news.seq),))
    yield Row(words.gettext("Received on"), (instant(news.at, notice.zone, notice.language),))
    yield Row(words.gettext("Reported by"), (news.by,))
    if news.done_on:
        yield Row(words.gettext("Done on"), (weekday(news.done_on, notice.language),))
    if news.document:
        yield Row(words.gettext("Document"), (news.document,))
    files = news.files or (words.gettext("No file came with it."),)
    yield Row(words.gettext("Files (SHA-256)"), files)


def _date_changed(notice: Notice, news: News) -> Iterator[Row]:
    words = catalogue(notice.language)
    if news.kind == REFUSED:
        if news.asked:
            yield Row(words.gettext("Asked for"), (weekday(news.asked, notice.language),))
        yield Row(words.gettext("The date stays"), (_shown(news.new, notice.language),))
    else:
        yield Row(words.gettext("New date"), (_shown(news.new, notice.language),))
        yield Row(words.gettext("Old date"), (_shown(news.old, notice.language),))
    if news.first and news.first not in (news.old, news.new):
        yield Row(words.gettext("First date"), (_shown(news.first, notice.language),))
    yield from _why(notice, news)


def _decided(notice: Notice, news: News) -> Iterator[Row]:
    words = catalogue(notice.language)
    if news.new_owner:
        yield Row(words.gettext("Now with"), (news.new_owner,))
    yield from _why(notice, news)


def _ended(notice: Notice, news: News) -> Iterator[Row]:
    words = catalogue(notice.language)
    if news.instead:
        lines = [news.instead]
        if news.heir:
            last_day = _shown(news.heir.last_day, notice.language)
            lines += [f"{news.heir.title} – {last_day}", *([news.heir_url] if news.heir_url else [])]
        yield Row(words.gettext("Replaced by"), tuple(lines))
    if news.new_owner:
        label = words.gettext("Completed by") if news.kind == "released" else words.gettext("Now with")
        yield Row(label, (news.new_owner,))
    if news.kind == "withdrawn":
        amended = words.gettext("{number}, as it reads now").format(number=notice.directive_number)
        yield Row(words.gettext("Instrument"), (amended,))
    if news.instrument:
        yield Row(words.gettext("Instrument"), (news.instrument,))
    yield Row(words.gettext("Owed no longer since"), (instant(news.at, notice.zone, notice.language),))


def _why(notice: Notice, news: News) -> Iterator[Row]:
    words = catalogue(notice.language)
    if news.why:
        yield Row(words.gettext("Why"), (news.why,))
    if news.along:
        yield Row(words.gettext("Why"), (words.gettext("It moves with the task “{task}”.").format(task=news.along),))
    if news.kind == "calendar":
        yield Row(words.gettext("Instrument"), (words.gettext("the official calendar, as it reads now"),))
    if news.kind == "date_set":
        amended = words.gettext("{number}, as it reads now").format(number=notice.directive_number)
        yield Row(words.gettext("Instrument"), (amended,))
    if news.instrument:
        yield Row(words.gettext("Instrument"), (news.instrument,))
    if news.agreed_by:
        yield Row(words.gettext("Agreed by"), (news.agreed_by,))
    yield Row(words.gettext("Decided by"), (_by(notice, news),))


def time_left(notice: Notice) -> str:
    """Return how many working days are left, or how many days late it is."""
    words, days = catalogue(notice.language), notice.days or 0
    if notice.late_from is not None and notice.as_of >= notice.late_from:
        return words.ngettext("{days} day overdue", "{days} days overdue", days).format(days=days)
    if not days:
        return words.gettext("No working day left")
    return words.ngettext("{days} working day left", "{days} working days left", days).format(days=days)


def _by(notice: Notice, news: News) -> str:
    return f"{news.by}, {instant(news.at, notice.zone, notice.language)}"


def _shown(when: date | None, language: str) -> str:
    return weekday(when, language) if when else catalogue(language).gettext("no date has been set")


_ROWS: dict[str, Callable[[Notice, News], Iterator[Row]]] = {
    "unblocked": _unblocked,
    "returned": _returned,
    "accepted": _accepted,
    "received": _received,
    "date_changed": _date_changed,
    "decided": _decided,
    "ended": _ended,
}
