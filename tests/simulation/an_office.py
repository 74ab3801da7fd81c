"""An office to play a life in: ministries with units below them, one directive, everybody with a mailbox."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.builders import a_directive, a_registry, an_agency
from tests.simulation.a_store import ADOPTED, mailboxes
from tracker.domain.announcement import NEWS
from tracker.domain.assignment import Assignment
from tracker.domain.directive import Directive
from tracker.domain.outbox import BUNDLED
from tracker.operations import adopt_directive, adopt_registry, init, rebuild, set_channel, verify
from tracker.store import assignments, ledger, outbox
from tracker.store.outbox import Reminder
from tracker.store.store import Store

KEY = "2025/412-tb-vpcp"
UNITS = ("BNV-TC", "BNV-VP", "BTC-NS")
OFFICES = ("BNV", "BTC", "BGDDT", "VPCP", "01", "04", "22", *UNITS)
LAST_DAY = date(2025, 8, 31)
SECRETARIAT = "secretariat:le"


def the_registry(**changes: Any) -> Any:
    """Return the small registry with two units below one ministry and one below another."""
    return a_registry(*(an_agency(code, "unit", parent=code[:3]) for code in UNITS), **changes)


def an_office(url: str, directive: Directive | None = None, **changes: Any) -> Store:
    """Return a store with one directive in force since 11 August 2025, 08:00; nothing was swept yet."""
    store = init(url, rehearsal=False, at=ADOPTED, actor="test")
    adopt_registry(store, the_registry(**changes), at=ADOPTED, actor="test")
    set_channel(store, mailboxes(*OFFICES), at=ADOPTED, actor="test")
    adopt_directive(store, directive or a_directive(), at=ADOPTED, actor="test")
    return store


def on(day: date, hour: int = 9, minute: int = 0, second: int = 0, micro: int = 0) -> datetime:
    """Return an instant of a day in Ha Noi, 09:00 by default."""
    return datetime(day.year, day.month, day.day, hour, minute, second, micro, tzinfo=UTC) - timedelta(hours=7)


def the(store: Store, ref: str = "report/BNV") -> Assignment:
    """Return an assignment of the directive."""
    with store.read() as connection:
        return assignments.get(connection, [f"{KEY}/{ref}"])[0]


def kinds(store: Store, after: int = 0) -> list[str]:
    """Return the kinds of the entries after a position."""
    with store.read() as connection:
        return [entry.kind for entry in ledger.entries(connection, after=after)]


def reminders(store: Store) -> Sequence[Reminder]:
    """Return every reminder of a ladder, the oldest first."""
    with store.read() as connection:
        return sorted((r for r in outbox.reminders(connection) if r.stage in BUNDLED), key=lambda one: one.id)


def notices(store: Store, state: str | None = None) -> list[tuple[str, str, str]]:
    """Return (agency, stage, state) of every notice that tells of an entry, or of those in one state, in order."""
    with store.read() as connection:
        found = sorted((r for r in outbox.reminders(connection) if r.stage in NEWS), key=lambda one: one.id)
    return [(r.agency, r.stage, r.state) for r in found if state in (None, r.state)]


def told(store: Store, state: str | None = None) -> list[tuple[str, str, str]]:
    """Return (agency, rung, state) of every reminder, or of those in one state."""
    return [(r.agency, r.rung, r.state) for r in reminders(store) if state in (None, r.state)]


def holds(store: Store) -> bool:
    """Return whether the ledger holds, and every row is what it says, bit for bit."""
    found = rebuild(store, keep=False)
    assert found.differing == (), found.differing
    return verify(store).holds
