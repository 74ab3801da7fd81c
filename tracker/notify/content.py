"""What a reminder says, in reading order, before it is laid out as text or as HTML.

The order answers an officer's questions in thirty seconds: what must I do, by when, on what
basis, with what proof, who waits for whom, where do I click, what if I cannot, what happens
next, whom do I call. Both parts of a mail are laid out from one `Sheet`, so they cannot differ.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from tracker.notify import reasons
from tracker.notify.digest import late_sentence
from tracker.notify.happened import Row, asks_nothing, facts, happened, oversees, time_left, told_first
from tracker.notify.notice import NEWS, Notice, Peer
from tracker.notify.tongue import catalogue, clock, day, instant, weekday, zone_name

SUBJECT_MAX = 200
PEERS_MAX = 10
HEAD_SHOWN = 16


@dataclass(frozen=True, slots=True)
class Link:
    """Somewhere to go, named."""

    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One reminder in reading order; every text is plain and on one line."""

    language: str
    stage: str
    subject: str
    badge: str
    banner: str | None
    addressed: str
    opening: str
    rows: tuple[Row, ...]
    working: Row | None
    button: Link
    acts: tuple[Link, ...]
    ways: tuple[Link, ...]
    following: tuple[str, ...]
    office: str
    footer: tuple[str, ...]
    colon: str


def sheet(notice: Notice) -> Sheet:
    """Return the notice as a sheet; its texts must already be cleaned."""
    words = catalogue(notice.language)
    return Sheet(
        language=notice.language,
        stage=notice.stage,
        subject=subject(notice),
        badge=badge(notice),
        banner=_banner(notice),
        addressed=_addressed(notice),
        opening=_opening(notice),
        rows=tuple(_rows(notice)),
        working=_working(notice),
        button=Link(_button(notice), notice.url if asks_nothing(notice) or oversees(notice) else notice.report_url),
        acts=tuple(_acts(notice)),
        ways=tuple(_ways(notice)),
        following=tuple(_following(notice)),
        office=notice.office,
        footer=tuple(_footer(notice)),
        colon=words.gettext(":"),  # French sets a space before it
    )


def _addressed(notice: Notice) -> str:
    words, reader = catalogue(notice.language), notice.recipient_name
    match notice.role:
        case "delegate":
            pattern = words.gettext("To: {reader} (the work was delegated to it by {agency}, the lead)")
            return pattern.format(reader=reader, agency=notice.agency_name)
        case "deputy" if notice.covers_until is not None:
            pattern = words.gettext("To: {reader} (deputy for {covered} until {day})")
            until = day(notice.covers_until, notice.language)
            return pattern.format(reader=reader, covered=notice.covers_for, day=until)
        case "reporter" | "with" | "parent" | "secretariat" | "head" if reader:
            pattern = words.gettext("To: {reader} (the lead is {agency})")
            return pattern.format(reader=reader, agency=notice.agency_name)
    return words.gettext("To: {agency} (lead)").format(agency=notice.agency_name)


def _because(notice: Notice) -> str:
    """Return why the reader gets the mail, and who answers for the task."""
    words = catalogue(notice.language)
    match notice.role:
        case "delegate":
            pattern = words.gettext(
                "You receive it because {agency}, which stays answerable, delegated the work to you."
            )
            return pattern.format(agency=notice.agency_name)
        case "deputy" if notice.covers_until is not None:
            pattern = words.gettext(
                "You receive it as deputy for {covered} until {day}; {agency} stays answerable for this task."
            )
            until = day(notice.covers_until, notice.language)
            return pattern.format(covered=notice.covers_for, day=until, agency=notice.agency_name)
        case "reporter":
            pattern = words.gettext("You receive it because the report came from you; {agency} answers for this task.")
            return pattern.format(agency=notice.agency_name)
        case "with":
            pattern = words.gettext("You receive it because you cooperate; {agency} answers for this task.")
            return pattern.format(agency=notice.agency_name)
        case "parent":
            pattern = words.gettext("You receive it as the office above {agency}, which answers for this task.")
            return pattern.format(agency=notice.agency_name)
        case "secretariat":
            pattern = words.gettext("You receive it because you follow all tasks up; {agency} answers for this one.")
            return pattern.format(agency=notice.agency_name)
        case "head":
            pattern = words.gettext("You receive it as head of the office; {agency} answers for this task.")
            return pattern.format(agency=notice.agency_name)
    return words.gettext("You receive it as the lead for this task: {agency}.").format(agency=notice.agency_name)


def subject(notice: Notice) -> str:
    """Return the subject: the stage, which directive, what, by when.

    The task's title gives way when it is too long; the stage and the date never do.
    """
    words = catalogue(notice.language)
    marks = [words.gettext("REHEARSAL")] if notice.rehearsal else []
    marks.append(badge(notice))
    before = " ".join(f"[{mark}]" for mark in marks) + f" {_cut(notice.directive_number, 60)} – "
    after = f" – {_due(notice.last_day, notice.language)}" if notice.last_day else ""
    room = SUBJECT_MAX - len(before) - len(after)
    return before + _cut(notice.task_title, room) + after


def badge(notice: Notice) -> str:
    """Return the stage in two or three words."""
    words, days = catalogue(notice.language), notice.days
    if notice.stage in NEWS:
        return happened(notice)
    if notice.stage == "before" and days == 0:
        return words.gettext("No working day left")
    if notice.stage == "before" and days is not None:
        left = words.ngettext("{days} working day left", "{days} working days left", days)
        return left.format(days=days)
    if notice.stage == "overdue" and days is not None:
        return words.ngettext("{days} day overdue", "{days} days overdue", days).format(days=days)
    return stage_name(notice.stage, notice.language)


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: max(room - 1, 0)].rstrip() + "…"


def _due(last_day: date, language: str) -> str:
    return catalogue(language).gettext("due {day}").format(day=day(last_day, language))


def _banner(notice: Notice) -> str | None:
    if not notice.rehearsal:
        return None
    return catalogue(notice.language).gettext("REHEARSAL: this message is an exercise; nothing need be done.")


def _opening(notice: Notice) -> str:
    words = catalogue(notice.language)
    if notice.stage in NEWS:
        return told_first(notice)
    return {
        "assigned": words.gettext("The following task has been assigned to your office."),
        "before": words.gettext("The following task is coming due."),
        "half": words.gettext("Half of the time for the following task is gone. Please say where it stands."),
        "due": words.gettext("The following task is due today."),
        "overdue": words.gettext("The following task is overdue. Please report its result or what delays it."),
        "escalated": words.gettext(
            "The following task of {agency} is overdue. It is reported to you because no answer came in time."
        ).format(agency=notice.agency_name),
        "review": words.gettext("The following task has no date. Please say where it stands."),
    }[notice.stage]


def _rows(notice: Notice) -> Iterator[Row]:
    words = catalogue(notice.language)
    yield from facts(notice)
    over = asks_nothing(notice) or oversees(notice)
    yield Row(words.gettext("Task") if over else words.gettext("Do this"), (notice.task_title,))
    yield Row(words.gettext("By"), (_deadline(notice),))
    if notice.stage in ("overdue", "escalated") and notice.first_day and notice.first_day != notice.last_day:
        yield Row(words.gettext("First date"), (weekday(notice.first_day, notice.language),))
    if notice.stage not in ("accepted", "received", "returned", "ended"):
        yield Row(words.gettext("Standing"), (reasons.sentence(notice.reason, notice.language),))
    yield Row(words.gettext("Basis"), _basis(notice))
    if notice.words:
        quoted = words.gettext("“{words}”").format(words=notice.words)
        yield Row(words.gettext("Date as printed"), (quoted,))
    if notice.told:
        yield Row(words.gettext("Told so far"), tuple(_told(notice)))
    if asks_nothing(notice):
        return
    if proof := _proof(notice):
        yield Row(words.gettext("Send"), proof)
    if notice.waiting_for:
        yield Row(words.gettext("Waiting for"), _peers(notice.waiting_for, notice))
    if notice.waited_by:
        yield Row(words.gettext("Waiting for you"), _peers(notice.waited_by, notice))


def _told(notice: Notice) -> Iterator[str]:
    """Yield what the lead was told before, each with when."""
    for one in notice.told[-PEERS_MAX:]:
        when = instant(one.at, notice.zone, notice.language)
        yield f"{stage_name(one.stage, notice.language)} – {when}"


def stage_name(stage: str, language: str) -> str:
    """Return what a stage is called where no days are counted."""
    words = catalogue(language)
    return {
        "assigned": words.gettext("New task"),
        "before": words.gettext("Due soon"),
        "half": words.gettext("Half of the time is gone"),
        "due": words.gettext("Due today"),
        "overdue": words.gettext("Overdue"),
        "escalated": words.gettext("Escalated"),
        "review": words.gettext("Review due"),
    }.get(stage, stage)


def _deadline(notice: Notice) -> str:
    words = catalogue(notice.language)
    if notice.last_day is None:
        return words.gettext("no date has been set")
    values = {
        "day": weekday(notice.last_day, notice.language),
        "zone": zone_name(notice.zone, notice.language),
    }
    if notice.minute is None:
        shown = words.gettext("{day}, end of day ({zone})").format(**values)
    else:
        hour = clock(notice.minute, notice.language)
        shown = words.gettext("{day}, {clock} ({zone})").format(clock=hour, **values)
    if notice.stage in ("before", "due", "overdue"):
        left = badge(notice)
        return f"{shown} – {left[0].lower()}{left[1:]}"
    if notice.stage in ("half", "escalated", "date_changed") and notice.days is not None:
        left = time_left(notice)
        return f"{shown} – {left[0].lower()}{left[1:]}"
    return shown


def _basis(notice: Notice) -> tuple[str, ...]:
    signed = (
        catalogue(notice.language)
        .gettext("{number} of {day}, {issuer}")
        .format(number=notice.directive_number, day=day(notice.issued, notice.language), issuer=notice.issuer)
    )
    place = _place(notice)
    clause = f"{signed} – {place}" if place else signed
    return (clause, notice.directive_title) if notice.directive_title else (clause,)


def _place(notice: Notice) -> str | None:
    """Return where the task was read; the sentence itself stays in its source."""
    if notice.source is None or notice.sentence is None:
        return notice.source
    words = catalogue(notice.language)
    return words.gettext("{source}, sentence {number}").format(source=notice.source, number=notice.sentence)


def _proof(notice: Notice) -> tuple[str, ...]:
    lines = [notice.deliverable] if notice.deliverable else []
    if notice.evidence_required:
        lines.append(catalogue(notice.language).gettext("Evidence is required."))
    return tuple(lines)


def _peers(peers: tuple[Peer, ...], notice: Notice) -> tuple[str, ...]:
    lines = [_peer(peer, notice) for peer in peers[:PEERS_MAX]]
    if (more := len(peers) - PEERS_MAX) > 0:
        words = catalogue(notice.language)
        lines.append(words.ngettext("and {count} more", "and {count} more", more).format(count=more))
    return tuple(lines)


def _peer(peer: Peer, notice: Notice) -> str:
    parts = [f"{peer.agency} – {peer.title}"]
    if peer.last_day:
        parts.append(_due(peer.last_day, notice.language))
    if peer.late:
        parts.append(catalogue(notice.language).gettext("late"))
    return ", ".join(parts)


def _working(notice: Notice) -> Row | None:
    """Return how the date was set; told once, when the task is handed over."""
    words = catalogue(notice.language)
    lines = [reasons.sentence(step, notice.language) for step in notice.explanation]
    told = {step.values.get("late_from") for step in notice.explanation}
    if notice.late_from and notice.late_from not in told:  # the directive's own words set another, or none
        when = instant(notice.late_from, notice.zone, notice.language)
        lines.append(words.gettext("Counts as late from {instant}.").format(instant=when))
    if notice.stage != "assigned" or not lines:
        return None
    return Row(words.gettext("How this date was set"), tuple(lines))


def _button(notice: Notice) -> str:
    words = catalogue(notice.language)
    if asks_nothing(notice) or oversees(notice):
        return words.gettext("SEE THE TASK")
    if notice.stage in ("review", "half"):
        return words.gettext("REPORT PROGRESS")
    return words.gettext("REPORT THE RESULT")


def _acts(notice: Notice) -> Iterator[Link]:
    """Yield what can be done by a click and without a login."""
    words = catalogue(notice.language)
    if notice.acknowledge_url:
        yield Link(words.gettext("Acknowledge"), notice.acknowledge_url)
    if notice.snooze_url:
        yield Link(words.gettext("Remind me later"), notice.snooze_url)


def _ways(notice: Notice) -> Iterator[Link]:
    words = catalogue(notice.language)
    if asks_nothing(notice) or oversees(notice):
        return
    if notice.last_day:
        yield Link(words.gettext("Need more time"), notice.extension_url)
    yield Link(words.gettext("Not your task"), notice.contest_url)
    yield Link(words.gettext("The whole task"), notice.url)


def _following(notice: Notice) -> Iterator[str]:
    words = catalogue(notice.language)
    if notice.late_by is not None:
        yield late_sentence(notice.late_by, notice.language)
    if notice.stage == "received":
        yield words.gettext("You hear when it is accepted, or what is still missing.")
    elif asks_nothing(notice):
        pass
    elif notice.next_reminder:
        shown = day(notice.next_reminder, notice.language)
        yield words.gettext("Next reminder: {day}.").format(day=shown)
    else:
        yield words.gettext("No further reminder is planned.")
    if notice.escalates_on and notice.stage in ("due", "overdue"):
        told = day(notice.escalates_on, notice.language)
        yield words.gettext("Without an answer it is reported further up on {day}.").format(day=told)
    if notice.contact:
        yield words.gettext("Contact: {contact}").format(contact=notice.contact)


def _footer(notice: Notice) -> Iterator[str]:
    words = catalogue(notice.language)
    yield words.gettext("Automatic message {reference}, about the task {assignment}.").format(
        reference=notice.reference, assignment=notice.assignment
    )
    yield _because(notice)
    yield words.gettext("As of {instant}; ledger position ({seq}, {head}).").format(
        instant=instant(notice.as_of, notice.zone, notice.language),
        seq=notice.seq,
        head=notice.head[:HEAD_SHOWN],
    )
