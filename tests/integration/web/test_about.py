"""Help: what the pages that explain say is what is in force."""

import pytest

from tests.integration.web.a_site import Site
from tracker.domain.lifecycle import TRANSITIONS


def test_the_life_of_a_task_is_the_table_it_is_held_to(site: Site) -> None:
    page = site.as_("anna").get("/help").text
    for move in TRANSITIONS:
        assert move.means in page


@pytest.mark.parametrize("path", ["/help", "/accessibility"])
def test_who_cannot_log_in_finds_help(site: Site, path: str) -> None:
    assert site.nobody().get(path).status_code == 200


def test_the_days_off_are_those_of_the_calendar_with_their_authority(site: Site) -> None:
    page = site.as_("anna").get("/help/calendar").text
    assert "Tuesday 2 September 2025" in page
    assert "National Day" in page
    assert "notice" in page


def test_the_rules_of_counting_are_those_of_the_registry(site: Site) -> None:
    page = site.as_("anna").get("/help/counting").text
    assert "from 3 working days before the last day" in page
    assert "at most 2 times; asked for before the last day has ended" in page
    assert "Saturday, Sunday" in page
