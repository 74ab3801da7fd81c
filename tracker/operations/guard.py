"""The guard: before anything is sent, the store is held against what is known of it outside.

A database put back from a backup knows nothing of what was sent since, and would send it all
again. The journal of sends and the seals at witnesses know better: where they are ahead of the
ledger, or tell another story, the store goes on hold, and stays so until a person has looked
(`tracker db reconcile`). A rehearsal, which reaches nobody, is never on hold.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tracker.audit.seal import Seal, origin_of
from tracker.domain.entry import Draft
from tracker.domain.errors import Invalid, Refused
from tracker.operations import journal as journals
from tracker.operations import places
from tracker.operations.journal import Journal, Line, Member
from tracker.settings import Settings
from tracker.store import guards, ledger, seals
from tracker.store.guards import Hold, State
from tracker.store.store import Connection, Store

CODE = "on-hold"
REMEDY = "see: tracker db reconcile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A store held against what is outside: what its notes say, the journal's file and end, why it may not send.

    `why` is what is wrong outside now, whether or not the hold has been written down; `ahead` the
    seals outside that the ledger does not have.
    """

    origin: str
    rehearsal: bool
    file: Path
    tail: tuple[Line, ...] | None
    state: State
    why: str | None
    ahead: tuple[Seal, ...]

    @property
    def held(self) -> str | None:
        """Return why nothing is sent; None where reminders may leave."""
        return self.state.hold.why if self.state.hold else self.why


def check(store: Store, settings: Settings, *, at: datetime, actor: str) -> Journal:
    """Return the journal to send by; raises Refused where the store is on hold, or goes on hold now."""
    seen = look(store, settings)
    if seen.rehearsal:
        return Journal(None)
    if seen.held:
        hold(store, seen, at=at, actor=actor)
        raise Refused(f"nothing is sent, the store is on hold: {seen.held}; {REMEDY}", code=CODE)
    state = seen.state
    if state.journal is None:
        state = _begin(store, seen, at=at, actor=actor)
    assert state.journal is not None
    return Journal(seen.file, state.journal, state.epoch, before=_before(store, state))


def look(store: Store, settings: Settings) -> Look:
    """Return how a store stands against what is outside of it; changes nothing.

    File and ledger cannot be read at one instant: where another worker begins the journal between the
    two, they do not go together. What is wrong is still wrong when one looks again.
    """
    found = _look(store, settings)
    return _look(store, settings) if found.why and not found.state.hold else found


def _look(store: Store, settings: Settings) -> Look:
    with store.read() as connection:
        rehearsal, origin = ledger.position(connection).is_rehearsal, _origin(connection)
        known = seals.witnesses(connection)
    file = journals.file_of(store, settings, origin.rpartition("/")[2])
    # outside first: what stands there was in the ledger before it was written there
    tail = None if rehearsal else journals.tail(file)
    outside = () if rehearsal else tuple(_outside([one.place for one in known], origin))
    with store.read() as connection:
        state = guards.state(connection)
        ahead = _ahead(connection, outside, state)
        why = None if rehearsal else (_astray(connection, file, tail, state) or _rewound(ahead))
    return Look(origin=origin, rehearsal=rehearsal, file=file, tail=tail, state=state, why=why, ahead=ahead)


def hold(store: Store, seen: Look, *, at: datetime, actor: str) -> Hold:
    """Write down that a store is on hold, unless that is so already, and return the hold."""
    if seen.state.hold:
        return seen.state.hold
    assert seen.why is not None
    with store.write() as connection:
        at = ledger.settle(connection, at)
        if found := guards.on_hold(connection):
            return found
        head = ledger.append(connection, [_held(seen.why, at, actor)], at=at)
    return Hold(seq=head.seq, since=at, why=seen.why)


def mark_restored(store: Store, *, at: datetime, actor: str, said: dict[str, object]) -> None:
    """Write into a restored store that it is one; a live one goes on hold."""
    with store.write() as connection:
        head = ledger.position(connection, lock=True)
        at = head.go_on(head.high_water if head.is_rehearsal else at)
        drafts = [Draft(kind=guards.RESTORED, effective_at=at, actor=actor, payload=said)]
        if not head.is_rehearsal:
            why = f"it was restored from a backup that ends at entry {head.seq:,}; what was sent later it does not know"
            drafts.append(_held(why, at, actor))
        ledger.append(connection, drafts, at=at, head=head)


def new_name() -> str:
    """Return a name for a new journal."""
    return secrets.token_hex(8)


def _begin(store: Store, seen: Look, *, at: datetime, actor: str) -> State:
    """Begin the journal of a store that never had one, or note the one a crash left without its note."""
    with store.write() as connection:
        head = ledger.position(connection, lock=True)
        at = head.settle(at)
        state = guards.state(connection)
        if state.journal is not None:
            return state  # another worker was quicker
        tail = journals.tail(seen.file)  # read again under the lock
        name, epoch = (tail[-1].journal, tail[-1].epoch) if tail else (new_name(), 1)
        if not tail:
            journals.begin(seen.file, name=name, epoch=epoch, origin=seen.origin, head=head, at=at)
        payload = {"journal": name, "epoch": epoch}
        ledger.append(
            connection, [Draft(kind=guards.BEGAN, effective_at=at, actor=actor, payload=payload)], at=at, head=head
        )
    return State(journal=name, epoch=epoch, passed=state.passed, told=state.told)


def _before(store: Store, state: State) -> dict[str, tuple[Member, str]]:
    if not state.told:
        return {}
    with store.read() as connection:
        found = {}
        for entry in guards.told_elsewhere(connection, state.told):
            said = entry.payload
            member = Member(
                reference=said["reminder"], key=said["key"], assignment=said["about"], moment=said["moment"]
            )
            found[member.reference] = (member, said["why"])
        return found


def _origin(connection: Connection) -> str:
    first = seals.entry_at(connection, 1)
    return origin_of(first.hash if first else "")


def _astray(connection: Connection, file: Path, tail: Sequence[Line] | None, state: State) -> str | None:
    """Return why ledger and journal do not go together, None where they do."""
    if tail is None:
        return f"the journal of sends is not at {file}: what was sent from here is not known" if state.journal else None
    if not tail:
        return f"the journal of sends at {file} is empty or spoilt" if state.journal else None
    last = tail[-1]
    if state.journal is not None and last.journal != state.journal:
        return f"the journal of sends at {file} is another one than entry journal_began names"
    if state.journal is not None and last.epoch < state.epoch:
        return f"the journal of sends at {file} is older than the ledger: its epoch is {last.epoch}, not {state.epoch}"
    if state.journal is not None and last.epoch > state.epoch:
        return "the database is older than the journal of sends: a restore was reconciled since"
    mine = [line for line in tail if line.epoch == last.epoch]
    newest = max((line for line in mine if line.head), key=lambda line: line.seq, default=None)
    if newest and not _holds(connection, newest.seq, newest.head):
        end = ledger.position(connection).seq
        return (
            f"mail was sent from entry {newest.seq:,} of this ledger at {newest.at}, and that entry is not in it "
            f"(it ends at {end:,}): an older copy was put back"
        )
    sends = [(line.members[0].reference, line.attempt) for line in mine if line.said == journals.SENDING]
    if gone := set(sends) - guards.attempts_known(connection, sends):
        return f"{len(gone):,} of the last mails that left are not in the database: an older copy was put back"
    return None


def _outside(witnesses: Sequence[str], origin: str) -> list[Seal]:
    found = []
    for text in witnesses:
        kind, _, where = text.partition(":")
        if kind in ("folder", "git"):
            try:
                note = places.newest(Path(where), origin)
            except (Invalid, OSError):
                continue  # a place that cannot be read is for the push to say
            if note is not None:
                found.append(note.seal)
    return found


def _ahead(connection: Connection, outside: Sequence[Seal], state: State) -> tuple[Seal, ...]:
    return tuple(s for s in outside if s.head not in state.passed and not _holds(connection, s.size, s.head))


def _rewound(ahead: Sequence[Seal]) -> str | None:
    if not ahead:
        return None
    most = max(ahead, key=lambda seal: seal.size)
    return f"a witness holds a seal of {most.size:,} entries that this ledger does not have: an older copy was put back"


def _holds(connection: Connection, seq: int, head: str) -> bool:
    entry = seals.entry_at(connection, seq)
    return entry is not None and entry.hash == head


def _held(why: str, at: datetime, actor: str) -> Draft:
    return Draft(kind=guards.HELD, effective_at=at, actor=actor, payload={"why": why})
