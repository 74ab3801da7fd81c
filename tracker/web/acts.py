"""The acts of an assignment as forms: what each asks for, and the verb that does it. Who may is for the domain to say.

The table has one act for each move of `domain/lifecycle.py` that a form can make; reporting a result
and asking for more time have pages of their own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tracker.domain.errors import Invalid
from tracker.operations import extensions, ownership, progress
from tracker.views import Store
from tracker.web.forms import Form, day_of
from tracker.web.tokens import N_


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a form: how it is asked for, and the word of the payload it becomes.

    `kind` is line, area, date, office (one of the registry), unit (below the lead) or snooze (a day offered).
    """

    name: str
    label: str
    kind: str = "line"
    hint: str = ""
    required: bool = True
    says: str = ""

    @property
    def word(self) -> str:
        """Return the word of the entry's payload that the field becomes."""
        return self.says or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What is to be done: to which assignment, when, by whom, as seen when, and what was typed."""

    store: Store
    ref: str
    at: datetime
    actor: str
    seen: int | None
    said: Mapping[str, Any]

    @property
    def who(self) -> dict[str, Any]:
        """Return what every verb takes."""
        return {"at": self.at, "actor": self.actor, "seen": self.seen}


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act: the kind of entry it makes, its address, its words, its fields and its verb."""

    kind: str
    slug: str
    button: str
    means: str
    done: str
    do: Callable[[Deed], object]
    fields: tuple[Field, ...] = ()
    tone: str = ""

    @property
    def is_plain(self) -> bool:
        """Return whether its button alone says everything."""
        return not self.fields


WHY = Field(name="why", label=N_("Why"), kind="area", hint=N_("In a sentence: it stands in the journal for ever."))
INSTRUMENT = Field(
    name="instrument", label=N_("Instrument"), hint=N_("By which document: number and date, or who ordered it.")
)
OFFICE = Field(name="office", label=N_("Office"), kind="office")


def _reason(verb: Callable[..., object], *names: str) -> Callable[[Deed], object]:
    """Return what calls a verb with some fields of a form under their own names."""
    return lambda deed: verb(deed.store, deed.ref, **{name: deed.said[name] for name in names}, **deed.who)


AGENCY_ACTS = (
    Act(
        kind="acknowledged",
        slug="acknowledge",
        button=N_("Acknowledge"),
        means=N_("Records that your office has taken note. It does not report the task done, and reminders go on."),
        done=N_("Recorded: your office has taken note."),
        do=_reason(progress.acknowledge),
    ),
    Act(
        kind="started",
        slug="start",
        button=N_("Start work"),
        means=N_("Records that your office works on it. It does not report the task done."),
        done=N_("Recorded: work has begun."),
        do=_reason(progress.start),
    ),
    Act(
        kind="noted",
        slug="note",
        button=N_("Remind me later"),
        means=N_("Records that your office has taken note. The deadline stays as it is."),
        done=N_("Recorded: no reminder comes before the day you chose."),
        do=_reason(progress.note, "until"),
        fields=(Field(name="until", label=N_("No reminder up to the end of:"), kind="snooze"),),
    ),
    Act(
        kind="contested",
        slug="contest",
        button=N_("Say that it is not ours"),
        means=N_(
            "The secretariat decides whose task it is. Until then it stays yours, and the deadline goes on running."
        ),
        done=N_("Recorded: the secretariat decides whose task it is."),
        do=lambda deed: ownership.contest(
            deed.store, deed.ref, why=deed.said["why"], proposed=deed.said["office"], **deed.who
        ),
        fields=(
            Field(
                name="why",
                label=N_("Why is it not yours?"),
                kind="area",
                hint=N_("Name the text that says whose it is."),
            ),
            Field(
                name="office",
                label=N_("Whose task is it, in your view?"),
                kind="office",
                required=False,
                says="proposed",
            ),
        ),
    ),
    Act(
        kind="delegated",
        slug="delegate",
        button=N_("Delegate"),
        means=N_("A unit below you does the work, reports and is reminded too. You stay answerable."),
        done=N_("Recorded: the work is delegated."),
        do=lambda deed: ownership.delegate(
            deed.store, deed.ref, deed.said["office"], words=deed.said["words"], **deed.who
        ),
        fields=(
            Field(name="office", label=N_("Unit"), kind="unit", says="to"),
            Field(name="words", label=N_("What the unit is told"), kind="area", required=False),
        ),
    ),
    Act(
        kind="delegation_ended",
        slug="take-back",
        button=N_("Take back"),
        means=N_("Your office does the work itself again. The unit is reminded no more."),
        done=N_("Recorded: the lead does the work itself again."),
        do=_reason(ownership.take_back),
    ),
)

SECRETARIAT_ACTS = (
    Act(
        kind="completed",
        slug="accept",
        button=N_("Accept"),
        means=N_("Records that you verified the report. The task is completed, and what waited for it may start."),
        done=N_("Recorded: the report is accepted."),
        do=_reason(progress.accept),
        tone="main",
    ),
    Act(
        kind="returned",
        slug="return",
        button=N_("Return"),
        means=N_("The report lacks something. The deadline goes on running."),
        done=N_("Recorded: the report is returned."),
        do=_reason(progress.send_back, "missing"),
        fields=(
            Field(
                name="missing",
                label=N_("What exactly is missing?"),
                kind="area",
                hint=N_("The office reads these words: name the document, the page, the signature."),
            ),
        ),
    ),
    Act(
        kind="reopened",
        slug="reopen",
        button=N_("Open again"),
        means=N_("What was accepted does not hold. The deadline counts again as if nothing had been received."),
        done=N_("Recorded: the task is open again."),
        do=_reason(progress.reopen, "why"),
        fields=(WHY,),
    ),
    Act(
        kind="extension_granted",
        slug="grant",
        button=N_("Grant more time"),
        means=N_("The date moves; the first date stays for ever."),
        done=N_("Recorded: more time is granted."),
        do=lambda deed: extensions.grant(
            deed.store,
            deed.ref,
            instrument=deed.said["instrument"],
            day=deed.said["day"],
            along=deed.said.get("along"),
            **deed.who,
        ),
        fields=(
            INSTRUMENT,
            Field(
                name="day",
                label=N_("Another day than was asked for"),
                kind="date",
                hint=N_("Leave it empty to grant the day that was asked for."),
                required=False,
            ),
        ),
    ),
    Act(
        kind="extension_refused",
        slug="refuse",
        button=N_("Refuse more time"),
        means=N_("The date stays."),
        done=N_("Recorded: more time is refused."),
        do=_reason(extensions.refuse, "why"),
        fields=(WHY,),
    ),
    Act(
        kind="contest_refused",
        slug="uphold",
        button=N_("Leave it with the office"),
        means=N_("The task stays with the agency."),
        done=N_("Recorded: the task stays with the agency."),
        do=_reason(ownership.uphold, "why"),
        fields=(WHY,),
    ),
    Act(
        kind="transferred",
        slug="transfer",
        button=N_("Transfer"),
        means=N_("Another office owes it from now on, with its progress and its first date."),
        done=N_("Recorded: the task is with another office."),
        do=lambda deed: ownership.transfer(deed.store, deed.ref, deed.said["office"], why=deed.said["why"], **deed.who),
        fields=(Field(name="office", label=N_("Who owes it from now on?"), kind="office", says=""), WHY),
    ),
    Act(
        kind="excused",
        slug="excuse",
        button=N_("Excuse"),
        means=N_("The task does not apply to this office, and somebody agreed."),
        done=N_("Recorded: the task does not apply to this office."),
        do=_reason(ownership.excuse, "why", "agreed_by"),
        fields=(WHY, Field(name="agreed_by", label=N_("Agreed by"), hint=N_("An office or a person."))),
    ),
    Act(
        kind="discontinued",
        slug="discontinue",
        button=N_("Discontinue"),
        means=N_("The task is given up on somebody's authority. It stays listed for ever."),
        done=N_("Recorded: the task is given up."),
        do=_reason(ownership.discontinue, "why", "instrument"),
        fields=(WHY, INSTRUMENT),
        tone="danger",
    ),
    Act(
        kind="suspended",
        slug="suspend",
        button=N_("Suspend"),
        means=N_("Work is ordered to rest: no reminders, and no day of it counts as the agency's delay."),
        done=N_("Recorded: work rests."),
        do=_reason(extensions.suspend, "why", "instrument"),
        fields=(WHY, INSTRUMENT),
    ),
    Act(
        kind="resumed",
        slug="resume",
        button=N_("Resume"),
        means=N_("Work goes on, by the old date or by a new one."),
        done=N_("Recorded: work goes on."),
        do=_reason(extensions.resume, "day", "instrument"),
        fields=(
            Field(
                name="day",
                label=N_("New last day"),
                kind="date",
                hint=N_("Empty: the old date stands."),
                required=False,
            ),
            Field(name="instrument", label=N_("Instrument"), hint=N_("Needed for a new date."), required=False),
        ),
    ),
)
ACTS = (*AGENCY_ACTS, *SECRETARIAT_ACTS)
BY_SLUG: Mapping[str, Act] = {act.slug: act for act in ACTS}
# told on the page of the task after what has a page of its own
ALSO_DONE: Mapping[str, str] = {"ask": N_("Recorded: the secretariat decides about more time.")}


def read(act: Act, form: Form) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what a form says by its fields' names, and what is wrong with it: the message ids by field."""
    said: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for field in act.fields:
        typed = form.one(field.name)
        said[field.name] = typed or None
        if not typed and field.required:
            wrong[field.name] = N_("Please fill this in.")
        elif typed and field.kind in ("date", "snooze"):
            said[field.name] = day_of(typed)
            if said[field.name] is None:
                wrong[field.name] = N_("Write a day as 31/12/2025.")
        elif len(typed) > _LONGEST.get(field.kind, 40):
            wrong[field.name] = N_("This is too long.")
    return said, wrong


_LONGEST: Mapping[str, int] = {"line": 300, "area": 4000}


def along_of(form: Form) -> dict[str, date]:
    """Return the dependents that move along with a grant, each with its new last day; raises Invalid for no day."""
    found: dict[str, date] = {}
    for name in form.fields:
        ref = name.removeprefix("along:")
        if ref == name or not form.one(name):
            continue
        new_day = day_of(form.one(name))
        if new_day is None:
            raise Invalid(f"'{form.one(name)}' is no day", code="bad-day")
        found[ref] = new_day
    return found


def payload_of(act: Act, said: Mapping[str, Any]) -> dict[str, object]:
    """Return the words of the entry that an act records, as far as the form says them: to know it again by."""
    if act.kind == "transferred":  # it records where the task went, not only to whom
        return {}
    found: dict[str, object] = {}
    for field in act.fields:
        value = said.get(field.name)
        if isinstance(value, date):
            found[field.word] = value.isoformat()
        elif value is not None:
            found[field.word] = value
    return found
