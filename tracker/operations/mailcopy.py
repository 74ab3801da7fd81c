"""The copy of a mail: what one reminder, or all that left with it, said; and nothing in it that acts.

It is written again from the store, with the reader, the language, the instant and the position of its last
attempt. What became known of the task since shows in it too, and then `changed` says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tracker.domain.agency import Registry
from tracker.domain.assignment import FOLDED, Assignment
from tracker.domain.entry import Entry
from tracker.domain.errors import NotFound
from tracker.domain.outbox import reference_of
from tracker.domain.scope import EVERYTHING, Scope
from tracker.notify.digest import Digest, Item
from tracker.notify.message import build
from tracker.notify.notice import Notice
from tracker.notify.render import render
from tracker.operations.digests import digest_of, item_of, late_by, list_of
from tracker.operations.in_force import registry_in_force
from tracker.operations.notices import notice_of
from tracker.operations.recipients import Recipient, reader_of
from tracker.settings import Settings
from tracker.store import adopted, assignments, ledger, mailbook, outbox, queries
from tracker.store.ledger import Position
from tracker.store.outbox import Delivery, Reminder
from tracker.store.store import Connection, Store

NO_ADDRESS = "undisclosed-recipients:;"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A mail as it reads: its headers and two bodies; `at` is when it was last tried, None where it never was.

    `changed`: something was recorded about its task after that, so that it may read otherwise than what was sent.
    """

    reference: str
    at: datetime | None
    subject: str
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    changed: bool


@dataclass(frozen=True, slots=True)
class _Scene:
    """What a mail is written from: the registry, whose language, when, and where the ledger ended."""

    connection: Connection
    registry: Registry
    settings: Settings
    language: str
    at: datetime
    head: Position


def copy_of(
    store: Store,
    reference: str,
    *,
    settings: Settings,
    at: datetime,
    language: str | None = None,
    scope: Scope = EVERYTHING,
) -> Copy:
    """Return the copy of the mail of a reminder; raises NotFound for one nobody knows, or that is not in scope.

    Also where its task is no longer in force.
    """
    with store.read() as connection:
        found = [one for one in outbox.by_reference(connection, [reference]) if scope.covers(one.agency)]
        if not found:
            raise NotFound(f"there is no reminder '{reference}'")
        first = found[0]
        tried = outbox.deliveries(connection, [first.id])
        last = tried[-1] if tried else None
        scene = _scene(connection, first, settings, last.started_at if last else at, language)
        made = mailbook.mates(connection, first.bundle) if first.bundle else (first,)
        notice = _notice(scene, first, made)
        return Copy(
            reference=reference_of(first.bundle) if first.bundle else reference,
            at=last.started_at if last else None,
            headers=_headers(notice, last),
            changed=last is not None and _is_changed(connection, made, scene),
            **_said(notice),
        )


def _scene(
    connection: Connection, reminder: Reminder, settings: Settings, at: datetime, language: str | None
) -> _Scene:
    registry, head = registry_in_force(connection), ledger.position(connection)
    channel = adopted.channel(connection, reminder.agency, reminder.channel)
    agency = registry.agencies.get(reminder.agency)
    spoken = language or (channel and channel.language) or (agency.language if agency else "vi")
    seq, digest = queries.end_at(connection, at)
    return _Scene(connection, registry, settings, spoken, at, replace(head, seq=seq, hash=digest))


def _notice(scene: _Scene, first: Reminder, made: Sequence[Reminder]) -> Notice | Digest:
    if not first.assignment:
        found = list_of(
            scene.connection,
            first,
            registry=scene.registry,
            settings=scene.settings,
            head=scene.head,
            language=scene.language,
            at=scene.at,
        )
        return _harmless(found)
    if first.bundle is None:
        return _alone(scene, first)
    found = digest_of(
        [_item(scene, one) for one in made],
        key=first.bundle,
        agency=first.agency,
        language=scene.language,
        late=max(scene.at - one.moment for one in made),
        registry=scene.registry,
        settings=scene.settings,
        head=scene.head,
        at=scene.at,
    )
    return _harmless(found)


def _alone(scene: _Scene, reminder: Reminder) -> Notice:
    about, reader = _about(scene, reminder)
    notice = notice_of(
        scene.connection,
        reminder,
        about,
        reader,
        registry=scene.registry,
        settings=scene.settings,
        head=scene.head,
        language=scene.language,
        at=scene.at,
    )
    return replace(notice, acknowledge_url=None, snooze_url=None, late_by=late_by(reminder, scene.at))


def _item(scene: _Scene, reminder: Reminder) -> Item:
    about, reader = _about(scene, reminder)
    return item_of(
        scene.connection,
        reminder,
        about,
        reader,
        registry=scene.registry,
        settings=scene.settings,
        language=scene.language,
        at=scene.at,
    )


def _about(scene: _Scene, reminder: Reminder) -> tuple[Assignment, Recipient]:
    found = assignments.get(scene.connection, [reminder.assignment])
    if not found:
        raise NotFound(f"there is no assignment '{reminder.assignment}'")
    today = scene.registry.calendar.civil_day(scene.at)
    reader = reader_of(scene.connection, found[0], reminder.agency, stage=reminder.stage, on=today)
    return found[0], reader or Recipient(reminder.agency, "reporter")


def _harmless(digest: Digest) -> Digest:
    """Return a digest without the links that act for whoever holds them."""
    return replace(digest, items=tuple(replace(item, act_url=None) for item in digest.items))


def _said(notice: Notice | Digest) -> dict[str, str]:
    made = render(notice)
    return {"subject": made.subject, "text": made.text, "html": made.html}


def _headers(notice: Notice | Digest, last: Delivery | None) -> tuple[tuple[str, str], ...]:
    address = last.address if last and "@" in last.address and "://" not in last.address else NO_ADDRESS
    message = build(notice, address)
    return tuple((name, str(value)) for name, value in message.items())


def _is_changed(connection: Connection, made: Sequence[Reminder], scene: _Scene) -> bool:
    """Return whether anything was recorded since that the mail could tell: of its tasks, their text, the registry."""
    refs = {one.assignment for one in made if one.assignment}
    if any(entry.seq > scene.head.seq for ref in refs for entry in _newest(connection, ref)):
        return True
    keys = {ref.rpartition("/")[0].rpartition("/")[0] for ref in refs}
    versions = [adopted.registry(connection), *(adopted.directive(connection, key) for key in keys)]
    return any(version is not None and version.seq > scene.head.seq for version in versions)


def _newest(connection: Connection, ref: str) -> tuple[Entry, ...]:
    kinds = FOLDED - {"swept"}  # a look at a task tells nothing new of it
    return queries.entries_where(connection, assignment=ref, kinds=kinds, limit=1)
