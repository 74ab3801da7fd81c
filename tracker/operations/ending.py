"""Endings: what is written down of attempts that were made, or were not, and of reminders that are set aside."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from tracker.domain.entry import Payload, stamp
from tracker.domain.patience import PUT_BACK, UNMADE, Left, Try, left_by
from tracker.notify.message import message_id
from tracker.notify.outcome import Outcome
from tracker.notify.way import public_address
from tracker.operations.turn import Job, Turn
from tracker.store import mails, outbox
from tracker.store.adopted import Channel
from tracker.store.outbox import Reminder

STOPPED = "the worker stopped before it could say what became of this attempt"
ACCEPTED = "taken by the server, as the journal of sends says: the worker could not record it"
LEFT = ("accepted", "unknown")  # what a server has, or may have
SLOW = Outcome("temporary", None, f"{PUT_BACK} unsent: the server was slow or silent before its turn came")
UNKEPT = Outcome("temporary", None, f"{PUT_BACK} unsent: the journal of sends could not be written")


@dataclass(frozen=True, slots=True)
class Ended:
    """An attempt and what became of it."""

    job: Job
    outcome: Outcome

    @property
    def is_untried(self) -> bool:
        """Return whether nothing was sent."""
        return self.outcome.detail.startswith(PUT_BACK)


@dataclass(frozen=True, slots=True)
class _Began:
    """How an attempt began, which no entry says before it has ended."""

    attempt: int
    address: str
    message_id: str
    started_at: datetime


def end(turn: Turn, ended: Sequence[Ended]) -> None:
    """Record how attempts ended; a worker whose lease was taken over changes only its own attempt."""
    if not ended:
        return
    held = outbox.tokens(turn.connection, [member.id for one in ended for member in one.job.members])
    facts, changes, attempts, untaken = [], [], [], []
    failed: list[Reminder] = []
    for one in ended:
        job, outcome = one.job, one.outcome
        # a mail that could not be made never left: its members go alone from now on, and only one of them fails again
        bundle = None if outcome.detail.startswith(UNMADE) else job.bundle
        left = _left(turn, one)
        mine = all(held.get(member.id) == member.token + 1 for member in job.members)
        began = _Began(job.attempt, public_address(job.way), message_id(job.notice), job.started_at)
        mail = _mail(job, outcome)
        if job.kept and not mail:
            untaken.append((job.reference, job.attempt))
        said = _said(job.members, began, outcome, left, bundle=bundle, late=not mine, mail=mail)
        facts.append(("delivery", job.members[0], said))
        attempts.append((job.members[0].id, job.attempt, outcome))
        if mine:
            changes.append((job.members, {**asdict(left), "bundle": bundle}))
            failed += job.members if left.state == "failed" else ()
    first = turn.record_all(facts)
    outbox.finish_all(turn.connection, changes)
    outbox.end_attempts(turn.connection, [_end(turn, *one, seq=seq) for seq, one in enumerate(attempts, first)])
    mails.drop(turn.connection, untaken)
    if failed:
        turn.alarm(failed)


def could_not(turn: Turn, reminder: Reminder, channel: Channel, error: Exception) -> str:
    """Record an attempt at a reminder of which no mail can be made; it holds up nobody else."""
    outcome = Outcome("temporary", None, f"{UNMADE}: {type(error).__name__}: {error}")
    attempt = reminder.attempts + 1
    began = _Began(attempt, public_address(channel.address), "", turn.at)
    left = left_by(tries_of(turn, reminder, began, outcome), key=reminder.key, attempt=attempt, at=turn.at, asked=None)
    outbox.lease(turn.connection, [((reminder,), None)], until=turn.at)
    row = {"reminder": reminder.id, "attempt": attempt, "address": began.address, "message_id": "", "seq": 0}
    outbox.begin_attempts(turn.connection, [{**row, "started_at": turn.at}])
    outbox.finish(turn.connection, [reminder], state=left.state, due_at=left.due_at, why=left.why)
    seq = turn.record("delivery", reminder, _said([reminder], began, outcome, left))
    outbox.end_attempts(turn.connection, [_end(turn, reminder.id, attempt, outcome, seq=seq)])
    if left.state == "failed":
        turn.alarm([reminder])
    return outcome.kind


def give_up(turn: Turn, members: Sequence[Reminder]) -> str | None:
    """Record how the attempt of a worker that stopped ended: unknown, but where the journal says it was accepted."""
    attempt = outbox.unfinished(turn.connection, [reminder.id for reminder in members])
    if attempt is None:
        return None
    # the attempt is kept with one of them, which the entry names first, as a worker that comes back will
    ordered = sorted(members, key=lambda reminder: reminder.id != attempt.reminder)
    began = _Began(attempt.attempt, attempt.address, attempt.message_id, attempt.started_at)
    bundle = ordered[0].bundle
    if turn.journal.outcome_of(ordered[0].reference, attempt.attempt) == "accepted":
        outcome, left = Outcome("accepted", None, ACCEPTED), Left(state="accepted")
        held = [replace(reminder, token=reminder.token - 1) for reminder in ordered]  # as they were before it
        outbox.finish(turn.connection, held, state="accepted", due_at=None, why=None, bundle=bundle)
    else:
        outcome, left = Outcome("unknown", None, STOPPED), Left(state="pending", due_at=turn.at, why=STOPPED)
        if bundle and _is_deadly(turn, attempt.reminder):  # by one of them, perhaps
            bundle, held = None, [replace(reminder, token=reminder.token - 1) for reminder in ordered]
            outbox.finish(turn.connection, held, state="pending", due_at=turn.at, why=STOPPED, bundle=None)
    mail = mails.hashes(turn.connection, ordered[0].reference, attempt.attempt)
    said = _said(ordered, began, outcome, left, bundle=bundle, mail=mail)
    seq = turn.record("delivery", ordered[0], said)
    outbox.end_attempts(turn.connection, [_end(turn, attempt.reminder, attempt.attempt, outcome, seq=seq)])
    return outcome.kind


def _is_deadly(turn: Turn, reminder: int) -> bool:
    """Return whether several workers stopped before there was a mail, and none ever had one.

    A mail that was made once may have left, and stays what it is: its copies have its Message-ID.
    """
    tried = outbox.deliveries(turn.connection, [reminder])
    died = sum(one.outcome in ("sending", "unknown") for one in tried if not one.message_id)
    return died > 1 and not any(one.message_id for one in tried)


def tries_of(turn: Turn, reminder: Reminder, began: _Began | None = None, outcome: Outcome | None = None) -> list[Try]:
    """Return the attempts at a reminder that ended, and one that ends now."""
    last = began.attempt if began else reminder.attempts + 1
    known = {
        one.attempt: Try(outcome=one.outcome, detail=one.detail or "", started_at=one.started_at)
        for one in outbox.deliveries(turn.connection, [reminder.id])
        if one.attempt < last and one.outcome != "sending"
    }
    first = min((one.started_at for one in known.values()), default=began.started_at if began else turn.at)
    # what left with others in a mail that fell apart has no attempt of its own, and nobody blames it for theirs
    together = Try(outcome="temporary", detail="", started_at=first)
    tries = [known.get(number, together) for number in range(1, last)]
    if began and outcome:
        tries.append(Try(outcome=outcome.kind, detail=outcome.detail, started_at=began.started_at))
    return tries


def fail(turn: Turn, reminders: Sequence[Reminder], why: str) -> list[str]:
    """Set reminders aside for a person to look at, and tell the secretariat."""
    aside = [set_aside(turn, reminder, "failed", why) for reminder in reminders]
    turn.alarm(reminders)
    return aside


def set_aside(turn: Turn, reminder: Reminder, state: str, why: str) -> str:
    """Close a reminder without an attempt, and return its state."""
    outbox.set_aside(turn.connection, reminder.id, state=state, why=why)
    payload = {"reminder": reminder.reference, "rung": reminder.rung, "state": state, "why": why}
    turn.record("reminder_closed", reminder, payload)
    return state


def _left(turn: Turn, ended: Ended) -> Left:
    job, outcome = ended.job, ended.outcome
    if ended.is_untried:  # as though it had never been begun
        return Left(state="pending", due_at=job.due_at, why=outcome.detail)
    tries = [Try(outcome=outcome.kind, detail=outcome.detail, started_at=job.started_at)]
    if outcome.kind not in ("accepted", "permanent"):
        tries = tries_of(turn, job.members[0], _Began(job.attempt, "", "", job.started_at), outcome)
    return left_by(tries, key=job.key, attempt=job.attempt, at=turn.at, asked=outcome.retry_after)


def _mail(job: Job, outcome: Outcome) -> Payload | None:
    """Return the hashes of a mail that a server has, or may have."""
    if job.kept is None or outcome.kind not in LEFT:
        return None
    return {"sent": job.kept.sent, "shown": job.kept.shown}


def _end(turn: Turn, reminder: int, attempt: int, outcome: Outcome, *, seq: int) -> dict[str, object]:
    ended = {"outcome": outcome.kind, "code": outcome.code, "detail": outcome.detail, "finished_at": turn.at}
    return {"of": reminder, "number": attempt, **ended, "seq": seq}


def _said(
    members: Sequence[Reminder],
    began: _Began,
    outcome: Outcome,
    left: Left,
    *,
    bundle: str | None = None,
    late: bool = False,
    mail: Payload | None = None,
) -> Payload:
    """Return what the entry of an attempt says; of a mail that left, or may have, the SHA-256 too."""
    first, *others = members
    together: Payload = {"bundle": bundle, "with": [one.reference for one in others]} if bundle or others else {}
    return {
        "reminder": first.reference,
        "rung": first.rung,
        "agency": first.agency,
        "channel": first.channel,
        "attempt": began.attempt,
        "address": began.address,
        "message_id": began.message_id,
        "started_at": stamp(began.started_at),
        "outcome": outcome.kind,
        "code": outcome.code,
        "detail": outcome.detail,
        "state": left.state,
        "retry_at": stamp(left.due_at) if left.due_at else None,
        "after_lease": late,
        **together,
        **({"mail": mail} if mail else {}),
    }
