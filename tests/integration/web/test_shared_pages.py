"""Pages printed for more than one: each reader's own name and token are on it, and nothing old ever is."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.integration.web.a_site import KEY, NOW, Site, a_site
from tests.simulation.an_office import an_office
from tracker.domain.text import LANGUAGES
from tracker.operations import acknowledge, init
from tracker.operations.accounts import make_account
from tracker.store import outbox, watches
from tracker.store.store import Store
from tracker.web.pages import assignment
from tracker.web.warmth import PATHS, warm

PAGES = ("/", "/tasks", "/heatmap", "/agencies", "/agencies/BNV", f"/tasks/{KEY}/report/BNV")


def test_a_page_carries_the_name_and_the_token_of_whoever_asks(site: Site) -> None:
    make_account(site.store, "tran", "secretariat", shown="Trần <b>", language="en", at=NOW, actor="cli")
    people = {"le": "Le", "tran": "Trần &lt;b&gt;"}
    for path in PAGES:
        for name in ("le", "tran", "le"):
            page = site.as_(name).get(path).text
            assert f'<a href="/account">{people[name]}</a>' in page
            assert f'name="csrf" value="{site.csrf(name)}"' in page
            other = next(one for one in people if one != name)
            assert site.csrf(other) not in page


def test_an_assignment_is_drawn_once_for_an_office_and_apart_for_another(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn, dossier_of = [], assignment.dossier_of
    monkeypatch.setattr(assignment, "dossier_of", lambda *asked: drawn.append(asked) or dossier_of(*asked))
    make_account(site.store, "tran", "secretariat", language="en", at=NOW, actor="cli")
    make_account(site.store, "bao", "agency", office="BNV", language="en", at=NOW, actor="cli")
    pages = {who: site.as_(who).get(PAGES[-1]).text for who in ("le", "tran", "anna", "bao", "binh", "pham")}
    offered = {who: ("/do/acknowledge" in page, "/do/transfer" in page) for who, page in pages.items()}
    theirs = {"le": (False, True), "tran": (False, True), "anna": (True, False), "bao": (True, False)}
    assert offered == {**theirs, "binh": (False, False), "pham": (False, False)}
    assert len(drawn) == 4  # for the secretariat, BNV, BTC and the auditors


def _an_entry(store: Store) -> None:
    acknowledge(store, f"{KEY}/report/BNV", at=NOW, actor="BNV:anna")


def _a_sweep(store: Store) -> None:
    with store.write() as connection:
        watches.note(connection, "sweep", NOW + timedelta(minutes=3))


def _an_attempt(store: Store) -> None:
    """Begin an attempt as the delivery engine does: no entry is written before its outcome is known."""
    with store.write() as connection:
        first = outbox.reminders(connection, assignment=f"{KEY}/report/BNV")[0]
        outbox.lease(connection, [((first,), None)], until=NOW)
        began = {"reminder": first.id, "attempt": 9, "address": "nine@example.org", "message_id": "<9>"}
        outbox.begin_attempts(connection, [{**began, "started_at": NOW, "seq": 1}])


@pytest.mark.parametrize("change", [_an_entry, _a_sweep, _an_attempt])
def test_whatever_is_written_is_on_the_page_at_once(site: Site, change: Callable[[Store], None]) -> None:
    client, path = site.as_("le"), f"/tasks/{KEY}/report/BNV"
    before = client.get(path).text
    assert client.get(path).text == before
    change(site.store)
    assert client.get(path).text != before


def test_languages_filters_and_days_are_pages_of_their_own(site: Site) -> None:
    client = site.as_("le")
    asked = ("/tasks", "/tasks?lang=fr", "/tasks?lang=en&cell=open_overdue", "/tasks?lang=en&at=2025-08-12")
    found = [client.get(path).text for path in asked]
    assert len(set(found)) == len(asked)
    assert [client.get(path).text for path in asked] == found


def test_the_first_pages_can_be_asked_for_before_anybody_comes(site: Site, tmp_path: Path) -> None:
    async def by_a_server() -> int:
        return warm(site.store, site.settings)  # which makes its app within a loop of its own

    assert asyncio.run(by_a_server()) == len(LANGUAGES) * len(PATHS) + 1
    empty = init(f"sqlite:///{tmp_path}/empty.db", rehearsal=False, at=NOW, actor="test")
    assert warm(empty, site.settings) == 0
    empty.close()


def test_what_turns_by_the_clock_alone_is_on_the_page_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = an_office(f"sqlite:///{tmp_path}/live.db")
    client = a_site(tmp_path, store).as_("le")
    overdue = []
    midnight = datetime(2025, 8, 31, 17, tzinfo=UTC)  # in Ha Noi
    for at in (midnight - timedelta(seconds=2), midnight - timedelta(seconds=1), midnight):
        monkeypatch.setattr("tracker.web.desk.clock", SimpleNamespace(now=lambda at=at: at))
        overdue.append(client.get("/tasks?cell=open_overdue").text.count(f'href="/tasks/{KEY}/report/BNV"'))
    store.close()
    assert overdue == [0, 0, 1]
