"""How often a program may call: by its token, not by the address that it shares with others."""

from tests.integration.web.a_site import HOST, Site
from tests.integration.web.an_api import API, token_line
from tracker.web.app import create_app
from tracker.web.guard import Limits

SLOW = 0.001


def strict(site: Site) -> Site:
    """Return the site with limits that are soon reached."""
    limits = Limits(looks=2, looks_a_second=SLOW, acts=2, acts_a_second=SLOW, calls=4, calls_a_second=SLOW)
    return Site(site.store, site.settings, create_app(site.store, site.settings, limits), site.sessions)


def test_each_token_has_calls_of_its_own_and_an_address_without_one_has_fewer(site: Site) -> None:
    site = strict(site)
    lines = [token_line(site, name, "read") for name in ("le", "pham")]
    for line in lines:
        answers = [line.get("/agencies") for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200] * 4 + [429]
        assert answers[-1].json()["code"] == "too-many-requests"
        assert int(answers[-1].headers["retry-after"]) > 0
    nobody = site.nobody()
    assert [nobody.get(f"{API}/agencies").status_code for _ in range(3)] == [401, 401, 429]


def test_who_makes_tokens_up_is_not_heard_with_any(site: Site) -> None:
    site = strict(site)
    client = site.nobody()
    said = [
        client.get(f"{API}/agencies", headers={"Authorization": f"Bearer made-up-{n}"}).status_code for n in range(4)
    ]
    assert said == [401, 401, 429, 429]
    assert token_line(site, "le", "read").get("/agencies").status_code == 429
    # pages are not held up by it
    assert client.get(f"{HOST}/login").status_code == 200
