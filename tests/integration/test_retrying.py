"""Dead letters: what failed is let go once more by a person, and every face and the ledger tell it alike."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.simulation.an_office import ADOPTED, an_office, holds
from tracker.domain.errors import NotFound, Refused
from tracker.domain.outbox import RELEASED
from tracker.notify.outcome import Outcome
from tracker.operations import deliver, sweep
from tracker.operations.in_force import registry_in_force
from tracker.operations.retrying import retry
from tracker.settings import Settings
from tracker.store import ledger, outbox
from tracker.store.store import Store
from tracker.views import reminder_list


class Says:
    """A sender that answers every mail alike."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome, self.sent = outcome, 0

    def send(self, channel: object, notice: object) -> Outcome:
        self.sent += 1
        return self.outcome


REFUSED = Outcome("permanent", 550, "550 no such user")
TAKEN = Outcome("accepted", 250, "250 ok")


@pytest.fixture
def failed(database_url: str) -> Iterator[Store]:
    """A store whose reminders were all refused."""
    store = an_office(database_url)
    sweep(store, at=ADOPTED + timedelta(hours=2), actor="test")
    deliver(store, Says(REFUSED), settings=Settings(), clock=lambda: ADOPTED + timedelta(hours=2))
    yield store
    store.close()


def states(store: Store) -> dict[str, str]:
    with store.read() as connection:
        return {one.reference: one.state for one in outbox.reminders(connection) if one.stage != "alarm"}


def test_what_failed_is_tried_once_more_and_arrives(failed: Store) -> None:
    reference = next(iter(states(failed)))
    at = ADOPTED + timedelta(days=1, hours=2)
    assert retry(failed, [reference], at=at, actor="secretariat:le") >= 1
    assert states(failed)[reference] == "pending"
    assert holds(failed)
    deliver(failed, Says(TAKEN), settings=Settings(), clock=lambda: at + timedelta(minutes=1))
    assert states(failed)[reference] == "accepted"
    assert holds(failed)


def test_what_fails_again_has_failed_again(failed: Store) -> None:
    reference = next(iter(states(failed)))
    at = ADOPTED + timedelta(days=1, hours=2)
    retry(failed, [reference], at=at, actor="secretariat:le")
    deliver(failed, Says(REFUSED), settings=Settings(), clock=lambda: at + timedelta(minutes=1))
    assert states(failed)[reference] == "failed"


def test_of_an_earlier_day_it_is_told_as_it_was(failed: Store) -> None:
    reference = next(iter(states(failed)))
    at = ADOPTED + timedelta(days=1, hours=2)
    retry(failed, [reference], at=at, actor="secretariat:le")
    deliver(failed, Says(TAKEN), settings=Settings(), clock=lambda: at + timedelta(minutes=5))
    seen = []
    with failed.read() as connection:
        registry = registry_in_force(connection)
        for when in (at - timedelta(minutes=1), at + timedelta(minutes=1), at + timedelta(minutes=6)):
            rows = reminder_list(connection, at=when, registry=registry).reminders
            seen.append(next(row.state for row in rows if row.reference == reference))
    assert seen == ["failed", "pending", "accepted"]


def test_only_what_failed_is_let_go(failed: Store) -> None:
    reference = next(iter(states(failed)))
    at = ADOPTED + timedelta(days=1, hours=2)
    retry(failed, [reference], at=at, actor="secretariat:le")
    with pytest.raises(Refused):
        retry(failed, [reference], at=at, actor="secretariat:le")
    with pytest.raises(NotFound):
        retry(failed, ["ntf-nowhere"], at=at, actor="secretariat:le")
    with failed.read() as connection:
        assert [entry.actor for entry in ledger.entries(connection, kinds=[RELEASED])] == ["secretariat:le"]
