"""A digest: all that one office is owed on one channel, in one mail.

Like a notice it holds values only. Its rows are in the order in which they are to be acted on:
what went over the head of the office first, then what is late, then by date. Ten are shown; the
page it leads to has them all.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta

from tracker.notify.happened import ended
from tracker.notify.notice import folded
from tracker.notify.tongue import catalogue, day, instant

SHOWN = 10
SUBJECT_MAX = 200
HEAD_SHOWN = 16
# the order in which stages are counted and shown; a mail carries the colour of the first it has
ALARM = "alarm"  # a list of reminders that failed, for who follows all up
OVER = "ended"  # what is owed no longer: it asks for nothing
GROUPS = (ALARM, "escalated", "overdue", "due", "before", "assigned", "review", OVER)
_GROUP = {"half": "before"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One reminder of a digest; `agency` and `covers_for` say for whom, where the reader is not the lead.

    Of one that failed, `agency` is who was not reached, by which `way`, and `why`.
    """

    reference: str
    stage: str
    days: int | None
    directive_number: str
    task_title: str
    assignment: str
    last_day: date | None
    agency: str | None
    covers_for: str | None
    url: str
    version: int = 1
    way: str = ""
    why: str = ""
    ended: str = ""  # how it came to be owed no longer, and what took its place
    instead: str = ""
    act_url: str | None = None  # where a click takes note, or puts reminders off, without a login

    @property
    def group(self) -> str:
        """Return the stage it is counted under."""
        return _GROUP.get(self.stage, self.stage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """Everything one digest says, in one language, to one office.

    `key` is made of the keys of its reminders and stays through every retry, whatever became of
    some of them meanwhile: the identity on the wire is derived from it.
    """

    reference: str
    key: str
    language: str
    agency: str
    recipient_name: str
    items: tuple[Item, ...]
    url: str
    late_by: timedelta | None
    zone: str
    office: str
    contact: str
    sender: str
    seq: int
    head: str
    as_of: datetime
    rehearsal: bool

    @property
    def stage(self) -> str:
        """Return the gravest stage in it."""
        return min((item.group for item in self.items), key=GROUPS.index)

    @property
    def task_title(self) -> str:
        """Return what stands for a title where there is room for one alone."""
        return self.items[0].task_title


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row as it is read: what to do, by when, on what basis, for whom, where to click."""

    title: str
    when: str
    basis: str
    url: str
    late: bool
    act_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One digest in reading order; every text is plain and on one line."""

    language: str
    stage: str
    subject: str
    badge: str
    banner: str | None
    addressed: str
    opening: str
    lines: tuple[Line, ...]
    more: str | None
    button: str
    url: str
    act: str
    following: tuple[str, ...]
    office: str
    footer: tuple[str, ...]
    colon: str
    numbered: bool = True


def cleaned_digest(digest: Digest) -> Digest:
    """Return the digest with every text in it folded to one harmless line; the key stays as it is."""
    texts = {
        f.name: folded(getattr(digest, f.name)) for f in fields(digest) if f.type in (str, "str") and f.name != "key"
    }
    return replace(digest, **texts, items=tuple(map(_cleaned, digest.items)))  # type: ignore[arg-type]


def _cleaned(item: Item) -> Item:
    return replace(
        item,
        directive_number=folded(item.directive_number),
        task_title=folded(item.task_title),
        agency=item.agency and folded(item.agency),
        covers_for=item.covers_for and folded(item.covers_for),
        url=folded(item.url),
        way=folded(item.way),
        why=folded(item.why),
        instead=folded(item.instead),
        act_url=item.act_url and folded(item.act_url),
    )


def page(digest: Digest) -> Page:
    """Return the digest as a page; its texts must already be cleaned."""
    words, items = catalogue(digest.language), ordered(digest.items)
    hidden = len(items) - SHOWN
    more = words.ngettext("and {count} more:", "and {count} more:", hidden).format(count=hidden) if hidden > 0 else None
    return Page(
        language=digest.language,
        stage=digest.stage,
        subject=digest_subject(digest),
        badge=counted(digest),
        banner=_banner(digest),
        addressed=words.gettext("To: {reader}").format(reader=digest.recipient_name),
        opening=_opening(digest),
        lines=tuple(_line(item, digest) for item in items[:SHOWN]),
        more=more,
        button=words.gettext("SEE WHAT FAILED") if digest.stage == ALARM else words.gettext("SEE ALL TASKS"),
        url=digest.url,
        act=words.gettext("Acknowledge, or be reminded later"),
        following=tuple(_following(digest)),
        office=digest.office,
        footer=tuple(_footer(digest)),
        colon=words.gettext(":"),
    )


def ordered(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """Return items in the order they are to be acted on: what is late first, then by date, undated last."""
    late = ("escalated", "overdue")
    return tuple(
        sorted(
            items,
            key=lambda item: (
                (item.stage == OVER, item.stage not in late, item.last_day or date.max, item.assignment, item.reference)
            ),
        )
    )


def counted(digest: Digest) -> str:
    """Return how many reminders there are of each stage, the gravest first."""
    counts = Counter(item.group for item in digest.items)
    said = [_count(group, counts[group], digest.language) for group in GROUPS if counts[group]]
    return ", ".join(said)


def _count(group: str, n: int, language: str) -> str:
    words = catalogue(language)
    match group:
        case "alarm":
            pattern = words.ngettext("{count} reminder not delivered", "{count} reminders not delivered", n)
        case "escalated":
            pattern = words.ngettext("{count} escalated", "{count} escalated", n)
        case "overdue":
            pattern = words.ngettext("{count} overdue", "{count} overdue", n)
        case "due":
            pattern = words.ngettext("{count} due today", "{count} due today", n)
        case "before":
            pattern = words.ngettext("{count} due soon", "{count} due soon", n)
        case "assigned":
            pattern = words.ngettext("{count} new task", "{count} new tasks", n)
        case "ended":
            pattern = words.ngettext("{count} no longer owed", "{count} no longer owed", n)
        case _:
            pattern = words.ngettext("{count} to review", "{count} to review", n)
    return pattern.format(count=n)


def digest_subject(digest: Digest) -> str:
    """Return the subject: how many of each stage, and the task to begin with."""
    words = catalogue(digest.language)
    marks = [words.gettext("REHEARSAL")] if digest.rehearsal else []
    marks.append(counted(digest))
    first = ordered(digest.items)[0]
    said = " ".join(f"[{mark}]" for mark in marks)
    said += " " + words.gettext("first: {number} – {task}").format(number=first.directive_number, task=first.task_title)
    return said if len(said) <= SUBJECT_MAX else said[: SUBJECT_MAX - 1].rstrip() + "…"


def _banner(digest: Digest) -> str | None:
    if not digest.rehearsal:
        return None
    return catalogue(digest.language).gettext("REHEARSAL: this message is an exercise; nothing need be done.")


def _opening(digest: Digest) -> str:
    words, n = catalogue(digest.language), sum(item.stage != OVER for item in digest.items)
    if not n:
        return words.gettext("You no longer owe these tasks. Nothing need be done.")
    if digest.stage == ALARM:
        return words.gettext(
            "These reminders did not reach their offices and are not tried again: please look into it."
        )
    pattern = words.ngettext(
        "{count} task needs your attention: {counts}.", "{count} tasks need your attention: {counts}.", n
    )
    return pattern.format(count=n, counts=counted(digest))


def _line(item: Item, digest: Digest) -> Line:
    words = catalogue(digest.language)
    basis = item.directive_number
    if item.stage == ALARM:
        when = words.gettext("not delivered to {agency} by {way}: {why}")
        when = when.format(agency=item.agency, way=item.way, why=item.why)
        return Line(
            title=item.task_title, when=when, basis=f"{basis} {item.reference}".strip(), url=item.url, late=True
        )
    if item.covers_for and item.agency:
        basis += " – " + words.gettext("{agency} answers; you are deputy for {covered}").format(
            agency=item.agency, covered=item.covers_for
        )
    elif item.agency:
        basis += " – " + words.gettext("{agency} answers").format(agency=item.agency)
    return Line(
        title=item.task_title,
        when=_when(item, digest.language),
        basis=basis,
        url=item.url,
        late=item.group in ("overdue", "escalated"),
        act_url=item.act_url,
    )


def _when(item: Item, language: str) -> str:
    words = catalogue(language)
    if item.stage == OVER:
        return f"{ended(item.ended, language)}: {item.instead}" if item.instead else ended(item.ended, language)
    told = _told(item, language)
    if item.last_day is None:
        return f"{told} – {words.gettext('no date has been set')}"
    return f"{told} – {words.gettext('due {day}').format(day=day(item.last_day, language))}"


def _told(item: Item, language: str) -> str:
    """Return the stage of a row in two or three words."""
    words, days = catalogue(language), item.days
    if days is not None and item.stage in ("overdue", "escalated"):
        late = words.ngettext("{days} day overdue", "{days} days overdue", days).format(days=days)
        return words.gettext("Escalated: {late}").format(late=late) if item.stage == "escalated" else late
    if days is not None and item.stage in ("before", "half"):
        left = words.ngettext("{days} working day left", "{days} working days left", days)
        return left.format(days=days) if days else words.gettext("No working day left")
    return {
        "assigned": words.gettext("New task"),
        "due": words.gettext("Due today"),
        "overdue": words.gettext("Overdue"),
        "escalated": words.gettext("Overdue"),
        "review": words.gettext("Review due"),
    }.get(item.stage, words.gettext("Due soon"))


def _following(digest: Digest) -> Iterator[str]:
    words = catalogue(digest.language)
    if digest.late_by is not None:
        yield late_sentence(digest.late_by, digest.language)
    if digest.contact:
        yield words.gettext("Contact: {contact}").format(contact=digest.contact)


def late_sentence(late: timedelta, language: str) -> str:
    """Return the sentence that says how late a message is."""
    words, hours = catalogue(language), int(late.total_seconds()) // 3600
    if hours < 48:
        pattern = words.ngettext(
            "This message is late: it should have come {count} hour ago.",
            "This message is late: it should have come {count} hours ago.",
            hours,
        )
        return pattern.format(count=hours)
    pattern = words.ngettext(
        "This message is late: it should have come {count} day ago.",
        "This message is late: it should have come {count} days ago.",
        hours // 24,
    )
    return pattern.format(count=hours // 24)


def _footer(digest: Digest) -> Iterator[str]:
    words, n = catalogue(digest.language), len(digest.items)
    pattern = words.ngettext(
        "Automatic message {reference}, about {count} task.", "Automatic message {reference}, about {count} tasks.", n
    )
    yield pattern.format(reference=digest.reference, count=n)
    yield ending(digest)


def ending(digest: Digest) -> str:
    """Return as of when a mail was written, and by which position of the ledger."""
    words = catalogue(digest.language)
    return words.gettext("As of {instant}; ledger position ({seq}, {head}).").format(
        instant=instant(digest.as_of, digest.zone, digest.language), seq=digest.seq, head=digest.head[:HEAD_SHOWN]
    )
