"""Forecasts in the terminal: the mails to come, each with what it says and to whom; and two policies side by side."""

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from tracker.domain.forecast import Figures, Foretold, ForetoldMail, Preview, Trial
from tracker.terminal.page import table
from tracker.terminal.words import counted, day, minute, place

# why an office hears of it
_ROLES = {
    "lead": "answers for it",
    "delegate": "it was delegated to",
    "deputy": "covers for another",
    "with": "cooperates",
    "parent": "stands above the lead",
    "secretariat": "follows it up",
    "head": "heads the office",
}
_NOT_SENT = {"suppressed": "suppressed by a cap", "failed": "no channel"}


def show_preview(view: Preview, out: Console, *, limit: int) -> None:
    """Write the mails that would go out."""
    period = f"from {minute(view.begin, view.zone)} to {minute(view.end, view.zone)} ({place(view.zone)})"
    policy = f"by {view.policy}" if view.policy else "by the policy in force"
    out.print(Text.assemble(("Reminders to come", "bold"), f" {period}, {policy}, if nobody acts"))
    out.print()
    for mail in view.mails[:limit]:
        _mail(mail, view.zone, out)
    if len(view.mails) > limit:
        out.print(f"and {counted(len(view.mails) - limit, 'mail')} more (--limit)")
    if view.not_sent:
        _not_sent(view.not_sent, view.zone, out, limit=limit)
    out.print(_figures(view.figures))
    if view.unseen:
        coming = counted(view.unseen, "recurring task")
        out.print(f"Not in it: the next occurrence of {coming}, which comes into sight in this time.")


def show_trial(view: Trial, out: Console) -> None:
    """Write what two policies would have sent."""
    out.print(Text.assemble(("What would have been sent", "bold"), f" from {minute(view.begin, view.zone)}"), end=" ")
    out.print(f"to {minute(view.end, view.zone)} ({place(view.zone)})")
    out.print()
    made = table("", "in force", view.policy, right=("in force", view.policy))
    was, now = view.in_force, view.tried
    for name in ("mails", "reminders", "suppressed", "unreachable", "recipients"):
        made.add_row(name, f"{getattr(was, name):,}", f"{getattr(now, name):,}")
    for stage in sorted({*was.stages, *now.stages}):
        made.add_row(f"  {stage}", f"{was.stages.get(stage, 0):,}", f"{now.stages.get(stage, 0):,}")
    out.print(made)
    out.print(
        f"{view.policy} would have sent {counted(now.mails, 'mail')} instead of {was.mails:,};"
        f" {counted(view.made, 'reminder')} were made in fact."
    )


def _mail(mail: ForetoldMail, zone: str, out: Console) -> None:
    about = counted(len(mail.reminders), "reminder")
    out.print(Text.assemble(minute(mail.at, zone), "  ", (f"{mail.agency}/{mail.channel}", "bold"), f"  {about}"))
    for one in mail.reminders:
        out.print(_line(one), markup=False, soft_wrap=True)


def _line(one: Foretold) -> str:
    due = f", last day {day(one.last_day)}" if one.last_day else ""
    made = ", made already" if one.state == "waiting" else ""
    return f"    {one.rung}: {one.assignment}{due} ({_ROLES.get(one.role, one.role)}{made})"


def _not_sent(found: Iterable[Foretold], zone: str, out: Console, *, limit: int) -> None:
    rows = list(found)
    made = table("at", "to", "about", "why not", title="Not sent", whole=("at",))
    for one in rows[:limit]:
        to = one.agency if one.state == "failed" else f"{one.agency}/{one.channel}"
        made.add_row(minute(one.at, zone), to, f"{one.assignment} {one.rung}", _NOT_SENT[one.state])
    out.print(made)
    if len(rows) > limit:
        out.print(f"and {len(rows) - limit:,} more (--limit)")


def _figures(of: Figures) -> str:
    stages = ", ".join(f"{stage} {number:,}" for stage, number in of.stages.items())
    told = f"{counted(of.mails, 'mail')} with {counted(of.reminders, 'reminder')} to {counted(of.recipients, 'office')}"
    more = [f"{of.suppressed:,} suppressed"] * bool(of.suppressed)
    more += [f"{of.unreachable:,} without a channel"] * bool(of.unreachable)
    return "; ".join([f"{told}{f': {stages}' if stages else ''}", *more])
