"""The dossier of an assignment: one sight for the whole page, its moves for whoever looks, nothing of others."""

import io
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from tests.builders import a_directive, a_task
from tests.simulation.an_office import KEY, LAST_DAY, SECRETARIAT, an_office, on, the
from tracker.domain.directive import Need
from tracker.domain.errors import NotFound
from tracker.domain.evidence import Proof
from tracker.domain.scope import EVERYTHING, Scope
from tracker.operations import accept, submit
from tracker.operations.deputies import name_deputy
from tracker.operations.evidence import EvidenceFolder, add_evidence
from tracker.operations.extensions import ask
from tracker.operations.ownership import delegate
from tracker.operations.reading import directive_in_force
from tracker.operations.recording import registry_in_force
from tracker.store.store import Store
from tracker.views.dossier import Dossier, dossier, offices_offered
from tracker.views.receipts import is_done

REPORT, PLAN = f"{KEY}/report/BNV", f"{KEY}/plan/BTC"
TODAY = on(date(2025, 8, 12))
BNV, BTC = Scope(frozenset({"BNV", "BNV-TC", "BNV-VP"})), Scope(frozenset({"BTC"}))


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    tasks = a_task("report"), a_task("plan", lead="BTC", needs=(Need(f"{KEY}/report"),))
    made = an_office(database_url, a_directive(*tasks))
    yield made
    made.close()


def of(
    store: Store,
    actor: str = SECRETARIAT,
    *,
    ref: str = REPORT,
    at: Any = TODAY,
    scope: Scope = EVERYTHING,
) -> Dossier:
    with store.read() as connection:
        return dossier(
            connection,
            ref,
            at=at,
            registry=registry_in_force(connection),
            directive=directive_in_force(connection, KEY),
            texts=lambda key: directive_in_force(connection, key),
            actor=actor,
            scope=scope,
        )


def test_it_has_the_task_its_reasons_and_the_moves_of_who_looks(store: Store) -> None:
    found = of(store, "BNV:anna", scope=BNV)
    assert (found.task.row.ref, found.why.rule) == (REPORT, "by 2025-08-31")
    assert "submitted" in found.moves
    assert "completed" not in found.moves
    assert found.units == (("BNV-TC", "BNV-TC"), ("BNV-VP", "BNV-VP"))
    assert of(store, "auditor:pham").moves == frozenset()


def test_what_lies_outside_the_scope_does_not_exist(store: Store) -> None:
    with pytest.raises(NotFound):
        of(store, "BTC:binh", scope=BTC)


def test_another_day_is_looked_at_and_nothing_is_done_to_it(store: Store) -> None:
    submit(store, REPORT, at=TODAY, actor="BNV:anna", words="done")
    assert of(store, at=TODAY - timedelta(hours=5)).moves == frozenset()
    assert "completed" in of(store, at=TODAY + timedelta(hours=1)).moves


def test_who_waits_is_named_and_linked_only_within_the_scope(store: Store) -> None:
    whole, own = of(store), of(store, "BNV:anna", scope=BNV)
    assert [row.ref for row in own.why.waited_by.rows] == [PLAN]
    assert (whole.linked, own.linked) == (frozenset({PLAN}), frozenset())


def test_a_deputy_is_offered_the_moves_of_whom_it_covers_for(store: Store) -> None:
    name_deputy(
        store, "BNV", "BTC", first=TODAY.date(), last=date(2025, 8, 20), at=TODAY, actor=SECRETARIAT, why="leave"
    )
    covering = Scope(frozenset({"BTC", "BNV"}))
    assert "submitted" in of(store, "BTC:binh", scope=covering).moves
    delegate(store, REPORT, "BNV-TC", at=TODAY, actor="BNV:anna")
    unit = of(store, "BNV-TC:tam", scope=Scope(frozenset({"BNV-TC"})))
    assert unit.moves == {"acknowledged", "noted", "started", "submitted"}


def test_reports_come_newest_first_and_evidence_that_closes_others_tasks_is_not_told_to_an_agency(
    store: Store, tmp_path: Any
) -> None:
    folder = EvidenceFolder(tmp_path, limit=1024)
    submit(store, REPORT, at=TODAY, actor="BNV:anna", words="first", proofs=[_file(store, folder, "BNV")])
    accept(store, REPORT, at=TODAY, actor=SECRETARIAT)
    submit(store, PLAN, at=TODAY, actor="BTC:binh", words="plan", proofs=[_file(store, folder, "BTC")])
    [report] = of(store).reports
    assert (report.words, report.actor, report.sealed, len(report.hash)) == ("first", "BNV:anna", False, 64)
    assert report.proofs[0].also_closes == (PLAN,)
    assert of(store, "BNV:anna", scope=BNV).task.proofs[0].also_closes == ()


def test_how_long_more_time_can_be_asked_for(store: Store) -> None:
    found = of(store, "BNV:anna", scope=BNV).asking
    assert found is not None
    assert (found.left, found.over, found.latest) == (2, False, None)
    late = of(store, "BNV:anna", scope=BNV, at=on(date(2025, 9, 1))).asking
    assert late is not None
    assert late.over


def test_a_form_that_is_sent_twice_is_known_by_what_it_recorded(store: Store) -> None:
    seen = the(store).changed
    ask(store, REPORT, date(2025, 9, 30), at=TODAY, actor="BNV:anna", why="slow", seen=seen)
    says: dict[str, object] = {"day": "2025-09-30", "why": "slow"}
    with store.read() as connection:
        kind = "extension_requested"
        done = is_done(connection, REPORT, kind, actor="BNV:anna", seen=seen, says=says)
        other = is_done(connection, REPORT, kind, actor="BNV:binh", seen=seen, says=says)
        else_ = is_done(connection, REPORT, kind, actor="BNV:anna", seen=seen, says={**says, "why": "ill"})
    assert done is not None
    assert (other, else_) == (None, None)


def test_an_office_a_task_may_go_to_is_no_commune_and_no_unit(store: Store) -> None:
    with store.read() as connection:
        offered = offices_offered(registry_in_force(connection), on=LAST_DAY, language="en", besides="BNV")
    assert [code for code, _ in offered] == ["01", "04", "22", "BGDDT", "BTC", "CP", "VPCP"]


def _file(store: Store, folder: EvidenceFolder, office: str) -> Proof:
    stream = io.BytesIO(b"%PDF-1.7\none\n")
    added = add_evidence(store, folder, stream, name="a.pdf", at=TODAY, actor=f"{office}:someone")
    return Proof(sha256=added.sha256)
