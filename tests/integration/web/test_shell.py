"""What every page has around it, and what is said where there is no page."""

import pytest

from tests.integration.web.a_site import Site

LANGUAGES = ("vi", "en", "fr")


def test_nobody_is_sent_to_log_in_and_to_come_back(site: Site) -> None:
    answer = site.nobody().get("/?since=2025-08-18")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2F%3Fsince%3D2025-08-18")


def test_a_page_says_as_of_when_it_is_true(site: Site) -> None:
    position = site.store.position()
    page = site.as_("le").get("/").text
    assert f"As of Wednesday 20 August 2025, 09:00 (Hanoi time); ledger position ({position.seq}, " in page
    assert position.hash[:16] in page
    assert "REHEARSAL" in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_once_chosen_stays(site: Site, language: str) -> None:
    client = site.as_("le")
    first = client.get(f"/?lang={language}")
    assert f'<html lang="{language}">' in first.text
    assert f'<html lang="{language}">' in client.get("/").text
