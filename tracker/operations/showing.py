"""Showing: a mail is written again from the store, as it would leave now, and is not sent."""

from datetime import datetime

from tracker.domain.errors import NotFound
from tracker.notify.digest import Digest
from tracker.notify.notice import Notice
from tracker.notify.render import Rendered, render
from tracker.operations.digests import list_of
from tracker.operations.in_force import registry_in_force
from tracker.operations.notices import notice_of
from tracker.operations.recipients import Recipient, reader_of
from tracker.settings import Settings
from tracker.store import adopted, assignments, ledger, outbox
from tracker.store.outbox import Reminder
from tracker.store.store import Connection, Store


def show(store: Store, reference: str, *, settings: Settings, at: datetime, language: str | None = None) -> Rendered:
    """Return the mail of a reminder as it reads at an instant, in a language or in its reader's own.

    One that leaves with others in one mail is shown alone. Raises NotFound for a reference nobody knows,
    and where its task is no longer in force.
    """
    with store.read() as connection:
        found = outbox.by_reference(connection, [reference])
        if not found:
            raise NotFound(f"there is no reminder '{reference}': see tracker reminder list")
        return render(_notice(connection, found[0], settings, at, language))


def _notice(
    connection: Connection, reminder: Reminder, settings: Settings, at: datetime, language: str | None
) -> Notice | Digest:
    registry, head = registry_in_force(connection), ledger.position(connection)
    channel = adopted.channel(connection, reminder.agency, reminder.channel)
    agency = registry.agencies.get(reminder.agency)
    spoken = language or (channel and channel.language) or (agency.language if agency else "vi")
    if not reminder.assignment:
        return list_of(connection, reminder, registry=registry, settings=settings, head=head, language=spoken, at=at)
    about = assignments.get(connection, [reminder.assignment])
    if not about:
        raise NotFound(f"there is no assignment '{reminder.assignment}'")
    today = registry.calendar.civil_day(at)
    reader = reader_of(connection, about[0], reminder.agency, stage=reminder.stage, on=today)
    return notice_of(
        connection,
        reminder,
        about[0],
        reader or Recipient(reminder.agency, "reporter"),
        registry=registry,
        settings=settings,
        head=head,
        language=spoken,
        at=at,
    )
