"""The life of an assignment as one table of transitions: who may, from what, to what, and what it needs.

Code, page and tests are drawn from `TRANSITIONS`: `check` refuses what it does not hold,
`docs/life-cycle.md` prints it, and the tests try every other pair. What comes of a transition
beside the progress (a new date, a reason, a delegate) is in `assignment.fold`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tracker.domain.entry import Payload
from tracker.domain.standing import SETTLED, Progress


class Who(StrEnum):
    """Whose move it is. An operator at the machine may make every move in their place, under the operator's name."""

    AGENCY = "agency"  # the lead, an office above it, its delegate, or its deputy for the time of an absence
    LEAD = "lead"  # the lead itself, an office above it or its deputy: what a delegate may not decide
    SECRETARIAT = "secretariat"
    SYSTEM = "system"  # what follows by a rule: nobody asks for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One kind of entry that moves an assignment.

    `target` is None where the progress stays as it is. `needs` are the words of the payload that must
    be said; `pending` is the question that must be open ("asked": more time, "contested": "not
    ours"), or must not be ("no asked").
    """

    kind: str
    verb: str
    who: Who
    sources: frozenset[Progress]
    target: Progress | None = None
    needs: tuple[str, ...] = ()
    pending: str | None = None
    means: str


OPEN = frozenset(Progress) - SETTLED - {Progress.SUBMITTED, Progress.SUSPENDED}
UNSETTLED = frozenset(Progress) - SETTLED

TRANSITIONS: tuple[Transition, ...] = (
    Transition(
        kind="acknowledged",
        verb="acknowledge",
        who=Who.AGENCY,
        sources=frozenset({Progress.ASSIGNED}),
        target=Progress.ACKNOWLEDGED,
        means="the agency has taken note of its task",
    ),
    Transition(
        kind="noted",
        verb="note",
        who=Who.AGENCY,
        sources=OPEN,
        means="the agency has taken note of a reminder, and may ask not to be reminded before a day",
    ),
    Transition(
        kind="started",
        verb="start",
        who=Who.AGENCY,
        sources=frozenset({Progress.ASSIGNED, Progress.ACKNOWLEDGED, Progress.RETURNED}),
        target=Progress.IN_PROGRESS,
        means="the agency works on it",
    ),
    Transition(
        kind="submitted",
        verb="submit",
        who=Who.AGENCY,
        sources=OPEN,
        target=Progress.SUBMITTED,
        needs=("words",),
        means="the agency reports it done; received now, whatever day it names",
    ),
    Transition(
        kind="returned",
        verb="return",
        who=Who.SECRETARIAT,
        sources=frozenset({Progress.SUBMITTED}),
        target=Progress.RETURNED,
        needs=("missing",),
        means="the report lacks something, which is said exactly; the deadline goes on running",
    ),
    Transition(
        kind="completed",
        verb="accept",
        who=Who.SECRETARIAT,
        sources=frozenset({Progress.SUBMITTED}),
        target=Progress.COMPLETED,
        means="the report was verified; on time or late by the day it was received",
    ),
    Transition(
        kind="reopened",
        verb="reopen",
        who=Who.SECRETARIAT,
        sources=frozenset({Progress.COMPLETED}),
        target=Progress.IN_PROGRESS,
        needs=("why",),
        means="what was accepted does not hold; the deadline counts again as if nothing had been received",
    ),
    Transition(
        kind="suspended",
        verb="suspend",
        who=Who.SECRETARIAT,
        sources=OPEN,
        target=Progress.SUSPENDED,
        needs=("why", "instrument"),
        means="work is ordered to rest: no reminders, and no day of it counts as the agency's delay",
    ),
    Transition(
        kind="resumed",
        verb="resume",
        who=Who.SECRETARIAT,
        sources=frozenset({Progress.SUSPENDED}),
        target=Progress.IN_PROGRESS,
        means="work goes on, with a new date where one is given",
    ),
    Transition(
        kind="extension_requested",
        verb="ask",
        who=Who.LEAD,
        sources=OPEN,
        needs=("why", "day"),
        pending="no asked",
        means="the agency asks for more time, before the date has passed",
    ),
    Transition(
        kind="extension_granted",
        verb="grant",
        who=Who.SECRETARIAT,
        sources=UNSETTLED,
        needs=("instrument",),
        pending="asked",
        means="the date moves; the first date stays for ever",
    ),
    Transition(
        kind="extension_refused",
        verb="refuse",
        who=Who.SECRETARIAT,
        sources=UNSETTLED,
        needs=("why",),
        pending="asked",
        means="the date stays",
    ),
    Transition(
        kind="contested",
        verb="contest",
        who=Who.LEAD,
        sources=OPEN,
        needs=("why",),
        pending="no contested",
        means="the agency says that the task is not its own, and perhaps whose it is",
    ),
    Transition(
        kind="contest_refused",
        verb="uphold",
        who=Who.SECRETARIAT,
        sources=UNSETTLED,
        needs=("why",),
        pending="contested",
        means="the task stays with the agency",
    ),
    Transition(
        kind="transferred",
        verb="transfer",
        who=Who.SECRETARIAT,
        sources=UNSETTLED,
        target=Progress.SUPERSEDED,
        needs=("why", "by"),
        means="another agency owes it from now on, with its progress and its first date",
    ),
    Transition(
        kind="excused",
        verb="excuse",
        who=Who.SECRETARIAT,
        sources=UNSETTLED,
        target=Progress.NOT_APPLICABLE,
        needs=("why", "agreed_by"),
        means="the task does not apply to this agency, and somebody agreed",
    ),
    Transition(
        kind="discontinued",
        verb="discontinue",
        who=Who.SECRETARIAT,
        sources=UNSETTLED,
        target=Progress.DISCONTINUED,
        needs=("why", "instrument"),
        means="the task is given up on somebody's authority; it stays listed for ever",
    ),
    Transition(
        kind="delegated",
        verb="delegate",
        who=Who.LEAD,
        sources=UNSETTLED,
        needs=("to",),
        means="a unit below the lead does the work; the lead stays answerable",
    ),
    Transition(
        kind="delegation_ended",
        verb="take back",
        who=Who.LEAD,
        sources=UNSETTLED,
        means="the lead does the work itself again",
    ),
    Transition(
        kind="withdrawn",
        verb="withdraw",
        who=Who.SYSTEM,
        sources=UNSETTLED,
        target=Progress.DISCONTINUED,
        needs=("why",),
        means="an amendment no longer holds the task",
    ),
    Transition(
        kind="released",
        verb="release",
        who=Who.SYSTEM,
        sources=UNSETTLED,
        target=Progress.NOT_APPLICABLE,
        needs=("why",),
        means="another agency did what any one of them could do",
    ),
    Transition(
        kind="superseded",
        verb="supersede",
        who=Who.SYSTEM,
        sources=UNSETTLED,
        target=Progress.SUPERSEDED,
        needs=("why",),
        means="a later directive took its place, or an office that ended handed it on",
    ),
    Transition(
        kind="moved_along",
        verb="move along",
        who=Who.SYSTEM,
        sources=UNSETTLED,
        needs=("with",),
        means="its date moves with the extension of a task it depends on",
    ),
    Transition(
        kind="cut_off",
        verb="cut off",
        who=Who.SYSTEM,
        sources=OPEN | {Progress.SUSPENDED},
        target=Progress.EXPIRED,
        means="its cut-off passed with nothing received",
    ),
)

BY_KIND: Mapping[str, Transition] = {transition.kind: transition for transition in TRANSITIONS}


def unsaid(transition: Transition, payload: Payload) -> tuple[str, ...]:
    """Return the words that a transition needs and that its payload does not say.

    >>> unsaid(BY_KIND["suspended"], {"why": "the law is being changed", "instrument": " "})
    ('instrument',)
    """
    return tuple(word for word in transition.needs if not str(payload.get(word) or "").strip())
