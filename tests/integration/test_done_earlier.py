"""A report may say that its work was done earlier: it counts for that day, and lateness stays as it was."""

from datetime import date, datetime, timedelta

import pytest

from tests.simulation.a_store import ADOPTED, a_store
from tracker.operations import submit
from tracker.store import ledger

REF = "2025/412-tb-vpcp/duty-bnv/BNV"
TWO_DAYS = timedelta(days=2)


@pytest.mark.parametrize(
    ("done_on", "effective_at"),
    [
        # 11 August in Ha Noi began before the duty was there: it counts from the duty on
        (date(2025, 8, 11), ADOPTED),
        (date(2025, 8, 12), datetime.fromisoformat("2025-08-12T00:00+07:00")),
        (date(2025, 8, 13), datetime.fromisoformat("2025-08-13T00:00+07:00")),
        (None, ADOPTED + TWO_DAYS),
    ],
)
def test_a_report_counts_from_the_day_its_work_was_done(
    database_url: str, done_on: date | None, effective_at: datetime
) -> None:
    store = a_store(database_url)
    made = submit(store, REF, at=ADOPTED + TWO_DAYS, actor="BNV:anna", words="done", done_on=done_on)
    with store.read() as connection:
        *_, entry = ledger.entries(connection, assignment=REF)
    assert (entry.kind, entry.effective_at, entry.recorded_at) == ("submitted", effective_at, ADOPTED + TWO_DAYS)
    assert (made.facts.received_at, made.facts.done_on) == (ADOPTED + TWO_DAYS, done_on)
    store.close()
