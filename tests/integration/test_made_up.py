"""Whether anything was made up is asked on every page of a rehearsal: an index answers, whatever the ledger holds."""

from pathlib import Path

from sqlalchemy import text

from tests.simulation.a_store import ADOPTED, a_store
from tracker.operations import acknowledge
from tracker.store import queries

REF = "2025/412-tb-vpcp/duty-bnv/BNV"


def test_what_a_demo_made_up_is_found_by_an_index(tmp_path: Path) -> None:
    store = a_store(f"sqlite:///{tmp_path}/tracker.db", rehearsal=True)
    with store.read() as connection:
        assert not queries.is_made_up(connection)
    acknowledge(store, REF, at=ADOPTED, actor="demo:BNV")
    with store.read() as connection:
        end = store.position()
        assert queries.is_made_up(connection, until=end.high_water)
        assert not queries.is_made_up(connection, upto=end.seq - 1)
        asked = "SELECT seq, recorded_at FROM entry WHERE actor >= 'demo' AND actor < 'demp' ORDER BY seq LIMIT 1"
        plan = connection.execute(text(f"EXPLAIN QUERY PLAN {asked}"))
        assert "ix_entry_made_up" in str(plan.all())
    store.close()
