"""Witnesses: the latest seal goes to every place outside that was named, and each place's answer is written down.

Only the latest is pushed: it vouches for everything before it. A place that failed is tried again
at the next tick. A mailbox gets one seal an hour at most, whatever happens here meanwhile.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Protocol

from tracker.audit.seal import Note, parse
from tracker.domain.entry import Draft
from tracker.domain.errors import Conflict, NotFound
from tracker.notify.letter import Letter
from tracker.notify.outcome import Outcome
from tracker.operations import places
from tracker.operations.channels import public_address
from tracker.operations.places import Place, place_of
from tracker.settings import Settings
from tracker.store import ledger, seals
from tracker.store.seals import Witness
from tracker.store.store import Store

MAIL_EVERY = timedelta(hours=1)
_FOR_GOOD = "refused for good: "


class Writes(Protocol):
    """What pushing needs of a sender."""

    def write(self, channel: str, letter: Letter) -> Outcome:
        """Return what became of one letter to one channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """A place that was tried: the size of the seal, and why it does not hold it, None when it does."""

    place: str
    size: int
    why: str | None


def add_witness(store: Store, text: str, *, at: datetime, actor: str) -> str:
    """Name a place outside and return it as it may be shown; raises Invalid for one that cannot work."""
    place = place_of(text)
    with store.write() as connection:
        at = ledger.settle(connection, at)
        if not seals.add_witness(connection, place.text):
            raise Conflict(f"{public_place(place.text)} is a witness already", code="witness-known")
        ledger.append(connection, [_draft("witness_added", place.text, at, actor)], at=at)
    return public_place(place.text)


def remove_witness(store: Store, text: str, *, at: datetime, actor: str) -> str:
    """Push nothing to a place from now on and return it; raises NotFound for one that was not named."""
    with store.write() as connection:
        at = ledger.settle(connection, at)
        known = [one.place for one in seals.witnesses(connection)]
        fits = [one for one in known if text in (one, public_place(one), one.partition(":")[2])]
        if len(fits) != 1:
            raise NotFound(f"{'no' if not fits else 'more than one'} witness is called '{public_place(text)}'")
        seals.remove_witness(connection, fits[0])
        ledger.append(connection, [_draft("witness_removed", fits[0], at, actor)], at=at)
    return public_place(fits[0])


def witnesses(store: Store) -> tuple[Witness, ...]:
    """Return the places outside with what each is known to hold."""
    with store.read() as connection:
        return seals.witnesses(connection)


def push(store: Store, sender: Writes, *, settings: Settings, at: datetime, force: bool = False) -> tuple[Pushed, ...]:
    """Push the latest seal to every place that lacks it and return what became of it there.

    With `force` a mailbox gets it however lately it got one.
    """
    with store.read() as connection:
        last, rehearsal = seals.last(connection), ledger.position(connection).is_rehearsal
        wanting = [one for one in seals.witnesses(connection) if last and one.size != last.size]
    if last is None:
        return ()
    note, done = parse(last.note), []
    for one in wanting:
        if not force and _waits(one, at):
            continue
        if one.size > note.seal.size:
            why: str | None = f"it holds a seal of {one.size:,} entries that this store does not have: was it rewound?"
        else:
            why = _try(Place(*_parts(one.place)), note, sender, store, settings, rehearsal)
        _write_down(store, one.place, note.seal.size, why, at)
        done.append(Pushed(place=public_place(one.place), size=note.seal.size, why=why))
    return tuple(done)


def public_place(text: str) -> str:
    """Return what may be shown of a place: of a URL only its kind.

    >>> public_place("folder:/mnt/audit"), public_place("jsons://key@host")
    ('folder:/mnt/audit', 'jsons://…')
    """
    return public_address(text)


def _waits(one: Witness, at: datetime) -> bool:
    if _parts(one.place)[0] != "mail":
        return False
    last = one.tried_at if one.why and one.why.startswith(_FOR_GOOD) else one.pushed_at
    return last is not None and at - last < MAIL_EVERY


def _parts(text: str) -> tuple[str, str]:
    kind, colon, rest = text.partition(":")
    return (kind, rest) if colon and kind in ("folder", "git") else ("mail", text)


def _try(place: Place, note: Note, sender: Writes, store: Store, settings: Settings, rehearsal: bool) -> str | None:
    known = partial(_known, store)
    if place.kind == "folder":
        return places.to_folder(Path(place.where), note, known=known)
    if place.kind == "git":
        return places.to_git(Path(place.where), note, known=known, rehearsal=rehearsal, sender=settings.sender)
    outcome = sender.write(place.where, letter_of(note, settings, rehearsal=rehearsal))
    if outcome.kind == "accepted":
        return None
    return f"{_FOR_GOOD if outcome.kind == 'permanent' else ''}{outcome.detail or outcome.kind}"


def _known(store: Store, size: int) -> str | None:
    with store.read() as connection:
        found = seals.of_size(connection, size)
    return found.note if found else None


def letter_of(note: Note, settings: Settings, *, rehearsal: bool) -> Letter:
    """Return the letter that brings a seal to an auditor: short words in three languages, then the note itself."""
    said = note.seal
    return Letter(
        key=f"seal/{said.origin}/{said.size}/{said.root.hex()}",
        subject=f"Niêm phong · Seal · Scellé: {said.size} ({said.origin})",
        text=f"{_WORDS}\n{note.text()}",
        office=settings.office,
        sender=settings.sender,
        at=said.at,
        seq=said.size,
        head=said.head,
        rehearsal=rehearsal,
    )


_WORDS = """\
Xin lưu giữ thư này. Dấu niêm phong dưới đây cho biết sổ cái có bao nhiêu bản ghi và giá trị băm của toàn bộ sổ cái; \
so với dấu này, mọi thay đổi về sau đối với các bản ghi đó đều bị phát hiện.

Please keep this message. The seal below states how many entries the ledger held and the hash of all of them; \
held against it, any later change to those entries shows: tracker history verify --against FILE

Merci de conserver ce message. Le scellé ci-dessous indique combien d'inscriptions comptait le registre et l'empreinte \
de l'ensemble ; confrontée à lui, toute modification ultérieure de ces inscriptions apparaît.
"""


def _write_down(store: Store, place: str, size: int, why: str | None, at: datetime) -> None:
    with store.write() as connection:
        if why is None:
            seals.held(connection, place, size=size, at=at)
        else:
            seals.not_held(connection, place, why=why, at=at)


def _draft(kind: str, place: str, at: datetime, actor: str) -> Draft:
    return Draft(kind=kind, effective_at=at, actor=actor, payload={"place": public_place(place)})
