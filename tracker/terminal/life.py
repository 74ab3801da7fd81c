"""The life of an assignment in the terminal: its times, extensions and owners; reviews, deputies, effects."""

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from tracker.terminal.page import WIDE, heading, table
from tracker.terminal.words import counted, day, minute
from tracker.views.life import DeputyList, Effect, Extension, ExtensionList, Life
from tracker.views.reviews import Review, ReviewList

QUESTIONS = {"report": "a report", "extension": "more time", "contest": "not ours"}


def times(life: Life, zone: str) -> Iterator[tuple[str, str]]:
    """Yield the three times of a completion, each with its name, and the rule by which it is late."""
    if life.done_on:
        yield "done", f"{day(life.done_on)}, as the agency says"
    if life.received_at:
        yield "received", minute(life.received_at, zone)
    if life.accepted_at:
        yield "accepted", minute(life.accepted_at, zone)
    if life.received_at:
        yield "rule", str(life.measured)
    if life.suspended_at:
        yield "suspended", f"since {minute(life.suspended_at, zone)}"


def late(life: Life) -> Iterator[tuple[str, str]]:
    """Yield by how much it is late against the first date and the one in force, where either is the case."""
    if not (life.days_late_first or life.days_late):
        return
    if life.first_day == life.last_day:
        yield "late", f"by {counted(life.days_late or 0, 'day')}"
        return
    first = counted(life.days_late_first or 0, "day")
    now = counted(life.days_late or 0, "day")
    yield "late", f"by {first} against the first date, {day(life.first_day)}"
    yield "", f"by {now} against the date in force, {day(life.last_day)}"


def owners(life: Life) -> Iterator[tuple[str, str]]:
    """Yield who works on it beside the lead, who stays answerable."""
    if life.delegate:
        yield "delegated to", f"{life.delegate}, {life.delegate_name}; {life.lead} stays answerable"
    for named in life.deputies:
        until = f"{day(named.from_day)} – {day(named.until_day)}"
        yield f"deputy of {named.agency}", f"{named.deputy}, {named.deputy_name}: {until}, {named.why}"


def questions(life: Life, zone: str) -> Iterator[tuple[str, str]]:
    """Yield what awaits a decision."""
    if life.asked_at:
        yield "asks for", f"{day(life.asked_day)}, since {minute(life.asked_at, zone)}: awaits a decision"
    if life.contested_at:
        whose = f" (it is for {life.contested_for})" if life.contested_for else ""
        since = minute(life.contested_at, zone)
        yield "not ours", f"{life.contested_why}{whose}, since {since}: awaits a decision"


def extension_lines(life: Life, out: Console, zone: str) -> None:
    """Write each extension of an assignment: what was asked for and why, what was decided and by what."""
    if not life.extensions:
        return
    out.print()
    out.print(Text("More time", style="bold"))
    for one in life.extensions:
        for line in _told(one, zone):
            out.print(f"  {line}", markup=False)


def show_extensions(view: ExtensionList, out: Console) -> None:
    """Write requests for more time with their decisions."""
    heading(out, "More time", view.stamp)
    out.print()
    if not view.extensions:
        out.print("Nobody asks for more time.")
        return
    for one in view.extensions:
        out.print(Text(one.ref, style="bold"))
        for line in _told(one, view.stamp.zone):
            out.print(f"  {line}", markup=False)
    shown = counted(len(view.extensions), "extension")
    out.print(f"the newest {shown}; there are more (--limit)" if view.more else shown)


def show_reviews(view: ReviewList, out: Console) -> None:
    """Write what waits for a decision, and for how long."""
    heading(out, "Awaiting a decision", view.stamp)
    out.print()
    if not view.reviews:
        out.print("Nothing waits for a decision.")
        return
    wide = out.width >= WIDE
    numbers = ("days", "working days") if wide else ("days", "work")
    made = table(
        "asked", "since", *numbers, "task", *(["what is said"] if wide else []), right=numbers, whole=("asked",)
    )
    for one in view.reviews:
        title = Text.assemble(one.row.title, "\n", (one.row.ref, "bright_black"))
        said = [_said(one)] if wide else []
        figures = f"{one.days:,}", f"{one.working_days:,}"
        made.add_row(QUESTIONS[one.question], minute(one.since, view.stamp.zone), *figures, title, *said)
    out.print(made)
    parts = (f"{QUESTIONS[name]}: {number:,}" for name, number in view.totals.items())
    out.print(", ".join(parts) + ("; there are more (--limit)" if view.more else ""))
    out.print("days since it came: all of them, and the working ones; the day it came is not counted")


def show_deputies(view: DeputyList, out: Console) -> None:
    """Write who covers for whom."""
    heading(out, "Deputies", view.stamp)
    out.print()
    if not view.deputies:
        out.print("Nobody covers for anybody.")
        return
    made = table("entry", "agency", "deputy", "from", "until", "why", right=("entry",), whole=("agency", "deputy"))
    for one in view.deputies:
        made.add_row(str(one.seq), one.agency, one.deputy, day(one.from_day), day(one.until_day), one.why)
    out.print(made)


def show_effect(view: Effect, out: Console) -> None:
    """Write whose work a later date would squeeze."""
    heading(out, f"If {view.row.ref} had until {day(view.day)}", view.stamp)
    out.print()
    out.print(f"Its last day now: {day(view.row.last_day)}")
    if not view.dependents:
        out.print("Nothing depends on it.")
        return
    made = table("last day", "agency", "task", "", whole=("last day", "agency"))
    for one in view.dependents:
        title = Text.assemble(one.row.title, "\n", (one.row.ref, "bright_black"))
        made.add_row(day(one.row.last_day), one.row.agency, title, "due by then" if one.squeezed else "")
    out.print(made)
    squeezed = sum(one.squeezed for one in view.dependents)
    out.print(f"{squeezed:,} of {counted(len(view.dependents), 'dependent task')} would have to move along (--along)")


def _told(one: Extension, zone: str) -> Iterator[str]:
    if one.asked_at:
        yield f"asked for {day(one.asked_day)} on {minute(one.asked_at, zone)} by {one.asked_by}: {one.why}"
        if one.would_move:
            yield f"  due by then, and dependent: {', '.join(one.would_move)}"
    when = f"on {minute(one.decided_at, zone)} by {one.decided_by}"
    match one.decision:
        case "pending":
            yield "awaits a decision"
        case "ended":
            yield "was settled otherwise before a decision"
        case "granted":
            yield f"granted until {day(one.day)} {when}: {one.instrument}"
        case "refused":
            yield f"refused {when}: {one.refusal}"
        case "moved_along":
            yield f"moved to {day(one.day)} {when} with {one.along}: {one.instrument}"
        case _:
            yield f"set to {day(one.day)} {when}, when work was resumed: {one.instrument}"


def _said(one: Review) -> str:
    asked = f"until {day(one.asked_day)}: " if one.asked_day else ""
    whose = f" ({one.proposed}?)" if one.proposed else ""
    return f"{asked}{one.words or ''}{whose}"
