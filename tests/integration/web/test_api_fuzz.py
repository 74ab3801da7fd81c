"""A short run of what `python -m tests.simulation.api` does at length: calls nobody thought of, as everybody."""

from pathlib import Path

import pytest

from tests.browser.conftest import serving
from tests.integration.web.a_site import a_site
from tests.simulation.api import ROLES, play


@pytest.mark.parametrize("role", ROLES)
def test_no_call_breaks_the_server_its_description_or_a_permission(tmp_path: Path, role: str) -> None:
    site = a_site(tmp_path)
    with serving(site) as base:
        played = play(site, base, role, examples=1, number=7)
    site.store.close()
    assert played.complaints == {}
    assert played.calls > 60
