"""Single sign-on against a real issuer on loopback: who comes in, and everything that does not let them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.testclient import TestClient

from tests.integration.links import AMPLE
from tests.integration.web.a_site import HOST, NOW, Site
from tests.integration.web.an_issuer import CLIENT, SECRET, AnIssuer
from tracker import clock
from tracker.operations import rebuild
from tracker.operations.accounts import disable_account, link_account, make_account
from tracker.store import ledger
from tracker.web.app import create_app

Open = Callable[..., TestClient]
IN, FAILED, NO_ACCOUNT = "/", "/login?why=sign-on", "/login?why=no-account"


@pytest.fixture
def issuer() -> Iterator[AnIssuer]:
    with AnIssuer() as made:
        yield made


@pytest.fixture
def browser(site: Site, issuer: AnIssuer) -> Open:
    """Return what opens a browser at a site with these settings."""

    def opened(**settings: Any) -> TestClient:
        wanted = {"oidc_issuer": issuer.url, "oidc_client": CLIENT, **settings}
        app = create_app(site.store, replace(site.settings, **wanted), AMPLE)
        return TestClient(app, base_url=HOST, follow_redirects=False)

    return opened


@pytest.fixture
def anna(site: Site, issuer: AnIssuer) -> Site:
    """Return the site, where anna comes in as the subject s-1."""
    link_account(site.store, "anna", issuer.url, "s-1", at=NOW, actor="test")
    return site


def away(client: TestClient, path: str = "/login/sign-on") -> str:
    """Return where the issuer sends the browser back to."""
    sent = client.get(path)
    assert sent.status_code == 303, sent.text
    return httpx.get(sent.headers["location"]).headers["location"]


def home(client: TestClient, path: str = "/login/sign-on") -> str:
    """Go to the issuer and back, and return where one ends up."""
    back = away(client, path)
    return client.get(back.removeprefix(HOST)).headers["location"]


def actor_of(client: TestClient) -> str | None:
    page = client.get("/account?lang=en")
    return page.text.split("In the ledger</dt><dd>")[1].split("<")[0] if page.status_code == 200 else None


# ── Who comes in ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_linked_subject_comes_in_and_goes_where_they_wanted(anna: Site, browser: Open) -> None:
    client = browser(oidc_name="the ministry")
    assert "Log in with the ministry" in client.get("/login?lang=en").text
    assert home(client, "/login/sign-on?next=/account") == "/account"
    assert actor_of(client) == "BNV:anna"
    assert home(browser(), "/login/sign-on?next=https://evil.example") == "/"


def test_what_is_asked_has_state_nonce_and_pkce_new_each_time(anna: Site, browser: Open) -> None:
    client = browser()
    said = []
    for _ in range(2):
        asked = {k: v[0] for k, v in parse_qs(urlsplit(client.get("/login/sign-on").headers["location"]).query).items()}
        assert asked["code_challenge_method"] == "S256"
        assert asked["redirect_uri"] == f"{HOST}/login/sign-on/back"
        assert asked["response_type"] == "code"
        said.append([asked[name] for name in ("state", "nonce", "code_challenge")])
        assert all(len(one) >= 32 for one in said[-1])
        assert "code_verifier" not in asked
    assert not set(said[0]) & set(said[1])


def test_a_client_with_a_secret_proves_itself(anna: Site, browser: Open, issuer: AnIssuer, tmp_path: Path) -> None:
    issuer.public = False
    file = tmp_path / "client"
    file.write_text(SECRET + "\n")
    file.chmod(0o600)
    assert home(browser(oidc_secret=str(file))) == IN
    assert home(browser()) == FAILED
    file.write_text("another")
    assert home(browser(oidc_secret=str(file))) == FAILED


def test_without_an_issuer_there_is_no_such_page(site: Site) -> None:
    assert site.nobody().get("/login/sign-on").status_code == 404
    assert "sign-on" not in site.nobody().get("/login").text


def test_nobody_linked_is_told_so_and_nothing_is_recorded(site: Site, browser: Open) -> None:
    before = site.store.position()
    client = browser()
    assert home(client) == NO_ACCOUNT
    assert "no account here is yours" in client.get(NO_ACCOUNT + "&lang=en").text
    assert site.store.position() == before


def test_a_disabled_account_does_not_come_in(anna: Site, browser: Open) -> None:
    disable_account(anna.store, "anna", at=NOW, actor="test")
    assert home(browser()) == NO_ACCOUNT


# ── The first time ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_verified_mailbox_finds_the_account_once_and_the_subject_is_it_from_then_on(
    site: Site, browser: Open, issuer: AnIssuer
) -> None:
    make_account(site.store, "moi", "auditor", email="Moi@Agency.example", at=NOW, actor="test")
    issuer.person = {"sub": "s-9", "email": "moi@agency.example", "email_verified": True}
    assert home(browser()) == NO_ACCOUNT, "not where no setting allows it"
    client = browser(oidc_match="email")
    assert home(client) == IN
    assert actor_of(client) == "auditor:moi"
    issuer.person = {"sub": "s-9"}
    assert home(browser()) == IN
    issuer.person = {"sub": "s-10", "email": "moi@agency.example", "email_verified": True}
    assert home(browser(oidc_match="email")) == NO_ACCOUNT, "another subject takes no account over"


@pytest.mark.parametrize("verified", [False, "true", 1, None])
def test_a_mailbox_that_is_not_verified_finds_nobody(
    site: Site, browser: Open, issuer: AnIssuer, verified: object
) -> None:
    make_account(site.store, "moi", "auditor", email="moi@agency.example", at=NOW, actor="test")
    issuer.person = {"sub": "s-9", "email": "moi@agency.example", "email_verified": verified}
    assert home(browser(oidc_match="email")) == NO_ACCOUNT


def test_a_name_finds_the_account_where_the_setting_says_so(site: Site, browser: Open, issuer: AnIssuer) -> None:
    issuer.person = {"sub": "s-3", "preferred_username": "Binh"}
    client = browser(oidc_match="preferred_username")
    assert home(client) == IN
    assert actor_of(client) == "BTC:binh"


def test_a_rule_makes_an_account_and_changes_its_role_with_the_claims(
    site: Site, browser: Open, issuer: AnIssuer
) -> None:
    rules = "groups=followers:secretariat, groups=moha:agency/BNV"
    issuer.person = {"sub": "s-5", "preferred_username": "Mới", "name": "Mới", "groups": ["x", "moha"]}
    client = browser(oidc_roles=rules)
    assert home(client) == IN
    assert actor_of(client) == "BNV:m-i"
    issuer.person["groups"] = "followers"
    other = browser(oidc_roles=rules)
    assert home(other) == IN
    assert actor_of(other) == "secretariat:m-i"
    assert actor_of(client) is None, "the role before is over"
    issuer.person["groups"] = []
    assert home(browser(oidc_roles=rules)) == NO_ACCOUNT
    with site.store.read() as connection:
        kinds = [entry.kind for entry in ledger.entries(connection) if entry.payload.get("account") == "m-i"]
    assert kinds == ["account_made", "sign_on_linked", "account_changed"]
    assert rebuild(site.store, keep=False).differing == ()


def test_a_rule_takes_over_no_account_that_is_there(site: Site, browser: Open, issuer: AnIssuer) -> None:
    issuer.person = {"sub": "s-6", "preferred_username": "root", "groups": "followers"}
    assert home(browser(oidc_roles="groups=followers:secretariat")) == NO_ACCOUNT


# ── What does not let anybody in ──────────────────────────────────────────────────────────────────────────────


def changed(**claims: Any) -> Callable[[dict[str, Any]], None]:
    return lambda said: said.update(claims)


def without(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda said: said.pop(name) and None


NOW_SECONDS = int(clock.now().timestamp())
TWISTS: dict[str, Callable[[dict[str, Any]], None]] = {
    "another nonce": changed(nonce="x"),
    "no nonce": without("nonce"),
    "another audience": changed(aud="somebody"),
    "several audiences and no party": changed(aud=["somebody", CLIENT]),
    "another party": changed(aud=["somebody", CLIENT], azp="somebody"),
    "no audience": without("aud"),
    "another issuer": changed(iss="https://evil.example"),
    "no issuer": without("iss"),
    "over": changed(exp=NOW_SECONDS - 3600),
    "never over": without("exp"),
    "from the future": changed(iat=NOW_SECONDS + 3600, nbf=NOW_SECONDS + 3600),
    "no subject": without("sub"),
    "an empty subject": changed(sub=""),
    "a subject that is no text": changed(sub=["s-1"]),
}


@pytest.mark.parametrize("twist", TWISTS.values(), ids=TWISTS)
def test_an_id_token_that_says_something_else_lets_nobody_in(
    anna: Site, browser: Open, issuer: AnIssuer, twist: Callable[[dict[str, Any]], None]
) -> None:
    issuer.twist = twist
    client = browser()
    assert home(client) == FAILED
    assert actor_of(client) is None


@pytest.mark.parametrize("how", ["unsigned", "confused", "forged"])
def test_an_id_token_that_is_not_the_issuers_lets_nobody_in(
    anna: Site, browser: Open, issuer: AnIssuer, how: str
) -> None:
    issuer.sign = getattr(issuer, how)
    assert home(browser()) == FAILED


@pytest.mark.parametrize("text", ["", "x", "x.y.z", "e30.e30.e30"])
def test_what_is_no_token_lets_nobody_in(anna: Site, browser: Open, issuer: AnIssuer, text: str) -> None:
    issuer.sign = lambda claims: text
    assert home(browser()) == FAILED


def test_an_answer_without_its_state_or_to_another_browser_is_not_heard(anna: Site, browser: Open) -> None:
    client, other = browser(), browser()
    back = away(client).removeprefix(HOST)
    assert other.get(back).headers["location"] == FAILED, "nobody asked from there"
    away(other)
    assert other.get(back).headers["location"] == FAILED, "it answers another question"
    client = browser()
    back = away(client).removeprefix(HOST)
    state = parse_qs(urlsplit(back).query)["state"][0]
    assert client.get(back.replace(state, "x")).headers["location"] == FAILED
    assert client.get(back).headers["location"] == FAILED, "the question is asked anew after a wrong answer"
    assert client.get("/login/sign-on/back").headers["location"] == FAILED


def test_an_answer_is_heard_once(anna: Site, browser: Open) -> None:
    client = browser()
    back = away(client).removeprefix(HOST)
    assert client.get(back).headers["location"] == IN
    assert client.get(back).headers["location"] == FAILED


def test_an_answer_that_says_something_twice_or_names_another_issuer_is_not_heard(anna: Site, browser: Open) -> None:
    client = browser()
    back = away(client).removeprefix(HOST)
    assert client.get(f"{back}&state=x").headers["location"] == FAILED
    back = away(client).removeprefix(HOST)
    assert client.get(back.split("&iss=")[0] + "&iss=https://evil.example").headers["location"] == FAILED


def test_a_stolen_code_is_worth_nothing_without_the_verifier(anna: Site, browser: Open) -> None:
    """PKCE: who has the code of another browser does not have what it was asked with."""
    victim, thief = browser(), browser()
    code = parse_qs(urlsplit(away(victim)).query)["code"][0]
    back = away(thief).removeprefix(HOST)
    mine = parse_qs(urlsplit(back).query)["code"][0]
    assert thief.get(back.replace(mine, code)).headers["location"] == FAILED


def test_an_errand_cannot_be_made_or_changed_in_the_browser(anna: Site, browser: Open) -> None:
    client = browser()
    back = away(client).removeprefix(HOST)
    sealed = client.cookies["tracker-errand"]
    assert "nonce" not in sealed
    client.cookies.clear()
    client.cookies.set("tracker-errand", sealed[:-4] + "AAAA", domain="127.0.0.1")
    assert client.get(back).headers["location"] == FAILED


def test_an_issuer_that_calls_itself_something_else_is_not_asked(anna: Site, browser: Open, issuer: AnIssuer) -> None:
    issuer.metadata = {"issuer": "https://evil.example"}
    assert browser().get("/login/sign-on").headers["location"] == FAILED


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
def test_an_issuer_is_never_asked_in_clear_but_on_this_machine(
    anna: Site, browser: Open, issuer: AnIssuer, name: str
) -> None:
    issuer.metadata = {name: "http://sso.example/x"}
    client = browser()
    found = client.get("/login/sign-on").headers["location"]
    if name != "authorization_endpoint":
        found = home(client)
    assert found == FAILED
    assert browser(oidc_issuer="http://sso.example").get("/login/sign-on").headers["location"] == FAILED


def test_an_issuer_that_is_away_is_said_so(anna: Site, browser: Open, issuer: AnIssuer) -> None:
    client = browser(oidc_issuer="http://127.0.0.1:9/realm")
    assert client.get("/login/sign-on").headers["location"] == FAILED
    assert "did not work" in client.get(FAILED + "&lang=en").text


# ── Keys ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_discovery_and_keys_are_asked_for_once(anna: Site, browser: Open, issuer: AnIssuer) -> None:
    client = browser()
    for _ in range(3):
        assert home(client) == IN
        client.cookies.delete("tracker")
    assert sum(path.endswith("openid-configuration") for path in issuer.asked) == 1
    assert sum(path.endswith("/jwks") for path in issuer.asked) == 1


def test_a_new_key_of_the_issuer_is_found_and_a_flood_of_unknown_ones_asks_for_nothing_more(
    anna: Site, browser: Open, issuer: AnIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, start = browser(), clock.now()
    assert home(client) == IN
    client.cookies.delete("tracker")
    issuer.new_key("k2")
    assert home(client) == FAILED, "asked a moment ago"
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(seconds=90))
    issuer.twist = lambda claims: claims.update(exp=claims["exp"] + 90)
    assert home(client) == IN
    client.cookies.delete("tracker")
    before = len(issuer.asked)
    issuer.sign = lambda claims: issuer.signed(claims, kid="nobody-knows")
    for _ in range(3):
        assert home(client) == FAILED
    assert not [path for path in issuer.asked[before:] if path.endswith("/jwks")]
