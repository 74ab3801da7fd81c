"""Today: the figures of the first page, against the site whose every task is known."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.integration.web.a_site import KEY, Site, a_site
from tests.simulation.an_office import an_office
from tracker.operations import acknowledge
from tracker.views import Connection
from tracker.views.footing import Ground, ground


def _tiles(page: str) -> dict[str, str]:
    found = re.findall(r'<span class="word">(.*?)</span>\s*<strong class="figure"><a[^>]*>([\d.,]+)<', page, re.S)
    return {re.sub(r"<span.*?</span>\s*", "", word, flags=re.S).strip(): number for word, number in found}


def test_the_six_cells_add_up_and_lead_to_their_tasks(site: Site) -> None:
    page = site.as_("le").get("/").text
    for cell in ("open_overdue", "completed_on_time", "undated"):
        assert f'href="/tasks?cell={cell}"' in page
    assert "Sum: 1 + 0 + 7 + 1 + 1 + 0 = 10 tasks of agencies." in page
    assert page.count("of 10") == 6


def test_what_asks_for_the_secretariat_is_counted(site: Site) -> None:
    page = site.as_("le").get("/").text
    assert "more time asked for: 1; “not ours”: 1" in page
    assert "All schools" not in page
    assert "Due this week" in page


@pytest.mark.parametrize(("name", "where"), [("anna", "/agencies/BNV"), ("root", "/admin")])
def test_whoever_does_not_oversee_goes_to_their_own_page(site: Site, name: str, where: str) -> None:
    answer = site.as_(name).get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, where)


def test_an_auditor_sees_the_same_figures(site: Site) -> None:
    assert "Sum: 1 + 0 + 7 + 1 + 1 + 0 = 10" in site.as_("pham").get("/").text


def test_an_earlier_day_is_shown_as_it_was_known(site: Site) -> None:
    page = site.as_("le").get("/?at=2025-08-12").text
    assert "You are looking at an earlier day: Tuesday 12 August 2025, 08:00 (Hanoi time)." in page
    assert "Sum: 0 + 0 + 9 + 0 + 1 + 0 = 10" in page


def test_changes_are_counted_from_any_day(site: Site) -> None:
    since = site.as_("le").get("/?since=2025-08-20").text
    assert "Changed since Wednesday 20 August 2025" in since
    assert f"/tasks/{KEY}/roads/01" not in since
    assert f"/tasks/{KEY}/roads/01" in site.as_("le").get("/?since=2025-08-19").text
    assert site.as_("le").get("/?since=yesterday").status_code == 400


def test_what_is_recorded_while_a_page_is_read_does_not_make_it_a_page_of_the_past(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The instant and what is read at it come from one transaction: else every page is replayed while others write."""
    store = an_office(f"sqlite:///{tmp_path}/live.db")  # live: its instant is the wall clock's
    site = a_site(tmp_path, store)
    client = site.as_("le")

    def and_somebody_writes(connection: Connection, wall: datetime) -> Ground:
        found = ground(connection, wall)
        acknowledge(store, f"{KEY}/report/BNV", at=found.now(wall) + timedelta(seconds=1), actor="BNV:anna")
        return found

    monkeypatch.setattr("tracker.web.desk.ground", and_somebody_writes)
    page = client.get("/")
    assert page.status_code == 200
    assert "You are looking at an earlier day" not in page.text
    store.close()
