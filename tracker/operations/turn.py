"""A turn: one transaction of a worker, in which the attempts of a group of mails begin, or end.

What they ask for is read together, and what was begun is written together: a mail costs a few statements, not ten.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment
from tracker.domain.entry import Draft, Payload
from tracker.domain.outbox import TOGETHER
from tracker.notify.digest import Digest
from tracker.notify.keeping import Kept, keep
from tracker.notify.message import message_id
from tracker.notify.notice import Notice
from tracker.notify.send import Prepared
from tracker.notify.way import To, public_address
from tracker.operations.alarming import alarm
from tracker.operations.in_force import registry_in_force
from tracker.operations.journal import Journal
from tracker.operations.texts import Texts
from tracker.operations.ways import Ways
from tracker.settings import Settings
from tracker.store import adopted, assignments, ledger, mails, outbox
from tracker.store.adopted import Channel
from tracker.store.ledger import Position
from tracker.store.outbox import Reminder
from tracker.store.store import Connection

# longer than the slowest conversation the sender's time-outs allow
LEASE = timedelta(minutes=5)
Prepare = Callable[[To, Notice | Digest], Prepared | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One attempt that has been written down and is about to be made; the first member is the one it is kept with."""

    members: tuple[Reminder, ...]
    bundle: str | None
    attempt: int
    way: To
    notice: Notice | Digest
    started_at: datetime
    prepared: Prepared | None = None
    kept: Kept | None = None

    @property
    def key(self) -> str:
        """Return what the mail is known by: the key of its bundle or of its only reminder."""
        return self.bundle or self.members[0].key

    @property
    def reference(self) -> str:
        """Return the reference its attempt is kept under."""
        return self.members[0].reference

    @property
    def due_at(self) -> datetime:
        """Return since when it has been due."""
        return min((one.due_at for one in self.members if one.due_at), default=self.started_at)


@dataclass(slots=True)
class Turn:
    """One transaction of a worker: the instant it works at, and where the ledger, which it has locked, ends by now."""

    connection: Connection
    head: Position
    at: datetime
    actor: str
    settings: Settings
    ways: Ways
    journal: Journal = field(default_factory=lambda: Journal(None))
    prepare: Prepare = lambda way, notice: None
    alarmed: bool = False  # an alarm was raised since reminders were claimed: one of them may say more by now
    _registry: Registry | None = field(default=None)
    _texts: Texts | None = field(default=None)
    _unwritten: list[Job] = field(default_factory=list)
    _channels: dict[str, Mapping[str, Channel]] = field(default_factory=dict)
    _assignments: dict[str, Assignment] = field(default_factory=dict)
    _mates: dict[tuple[str, str], tuple[Reminder, ...]] = field(default_factory=dict)

    @property
    def registry(self) -> Registry:
        """Return the registry in force."""
        self._registry = self._registry or registry_in_force(self.connection)
        return self._registry

    @property
    def texts(self) -> Texts:
        """Return the texts in force."""
        self._texts = self._texts or Texts(self.connection)
        return self._texts

    def expect(self, claimed: Sequence[Reminder]) -> None:
        """Read at once what attempts at some reminders will ask for."""
        self.alarmed = False
        offices = {reminder.agency for reminder in claimed}
        self._read_channels(offices)
        fresh = {one.agency for one in claimed if not one.attempts and one.stage in TOGETHER}
        self._mates = outbox.mates(self.connection, fresh, at=self.at) if fresh else {}
        found = [*claimed, *(mate for one in claimed for mate in self.mates(one))]
        self._read_assignments({one.assignment for one in found} - {""})

    def mates(self, reminder: Reminder) -> tuple[Reminder, ...]:
        """Return what leaves in the mail of a claimed reminder: itself, and what else its office is owed by then."""
        if reminder.attempts or reminder.stage not in TOGETHER:
            return (reminder,)
        return self._mates.get((reminder.agency, reminder.channel)) or (reminder,)

    def channel(self, agency: str, name: str) -> Channel | None:
        """Return a channel of an office as it is now."""
        if agency not in self._channels:
            self._read_channels([agency])
        return self._channels[agency].get(name)

    def assignments(self, refs: Collection[str]) -> Mapping[str, Assignment]:
        """Return assignments by reference; those that are gone are left out."""
        self._read_assignments(set(refs) - self._assignments.keys())
        return {ref: self._assignments[ref] for ref in refs if ref in self._assignments}

    def begin(self, job: Job) -> Job:
        """Take an attempt as begun, its mail as it will leave; it is written with the others."""
        job = self._prepared(job)
        self._unwritten.append(job)
        return job

    def write_down(self) -> None:
        """Write what was begun: the leases, the attempts, and the copies of the mails."""
        if self._unwritten:
            rows = [_row(job) for job in self._unwritten]
            leases = [(job.members, job.bundle) for job in self._unwritten]
            outbox.lease(self.connection, leases, until=self.at + LEASE)
            outbox.begin_attempts(self.connection, rows)
            mails.keep(self.connection, [_copy(job, job.kept) for job in self._unwritten if job.kept])
        self._unwritten = []

    def record(self, kind: str, reminder: Reminder, payload: Payload) -> int:
        """Append an entry about a reminder's assignment and return its position."""
        return self.record_all([(kind, reminder, payload)])

    def record_all(self, facts: Sequence[tuple[str, Reminder, Payload]]) -> int:
        """Append entries about the assignments of reminders and return the position of the first."""
        drafts = [
            Draft(
                kind=kind,
                effective_at=self.at,
                actor=self.actor,
                assignment=reminder.assignment or None,
                payload=payload,
            )
            for kind, reminder, payload in facts
        ]
        first = self.head.seq + 1
        self.head = ledger.append(self.connection, drafts, at=self.at, head=self.head)
        return first

    def alarm(self, failed: Sequence[Reminder]) -> None:
        """Tell the secretariat of reminders that failed for good."""
        self.write_down()  # an alarm that is leaving is told nothing more
        self.alarmed = True
        self.head = alarm(self.connection, failed, registry=self.registry, head=self.head, at=self.at, actor=self.actor)

    def _prepared(self, job: Job) -> Job:
        try:
            prepared = self.prepare(job.way, job.notice)
            return replace(job, prepared=prepared, kept=keep(prepared.mail.content)) if prepared else job
        except Exception:  # what cannot be made fails when it is sent, and is told then
            return job

    def _read_channels(self, agencies: Collection[str]) -> None:
        found = adopted.channels(self.connection, agencies)
        self._channels |= {code: {one.name: one for one in found.get(code, ())} for code in agencies}

    def _read_assignments(self, refs: Collection[str]) -> None:
        if refs:
            self._assignments |= {one.ref: one for one in assignments.get(self.connection, refs)}


def _copy(job: Job, kept: Kept) -> dict[str, object]:
    hashes = {"sent": kept.sent, "shown": kept.shown}
    return {"reference": job.reference, "attempt": job.attempt, **hashes, "content": kept.content}


def _row(job: Job) -> dict[str, object]:
    return {
        "reminder": job.members[0].id,
        "attempt": job.attempt,
        "address": public_address(job.way),
        "message_id": message_id(job.notice),
        "started_at": job.started_at,
        "seq": job.notice.seq,
    }
