"""Accounts and tokens of everybody: who looks after them, and what a token may."""

import re
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.integration.links import every_row
from tests.integration.web.a_site import HOST, KEY, NOW, Site
from tests.integration.web.every_page import routes
from tracker import clock
from tracker.domain.errors import Conflict, Refused
from tracker.operations import acknowledge, rebuild
from tracker.operations.accounts import disable_account, make_account, set_password
from tracker.operations.ownership import contest
from tracker.operations.sessions import digest_of
from tracker.operations.tokens import bearer, make_token, revoke_token
from tracker.store import ledger
from tracker.store.door_tables import TokenRow

API = "/api/v1"


def post(site: Site, path: str, who: str = "root", **form: str) -> Any:
    return site.as_(who).post(path, data={"csrf": site.csrf(who), **form})


def secret_of(html: str) -> str:
    found = re.search(r'<code class="secret">([^<]+)</code>', html)
    assert found
    return found[1]


def kinds(site: Site, after: int) -> list[str]:
    with site.store.read() as connection:
        return [entry.kind for entry in ledger.entries(connection, after=after)]


# ── Who may ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_nobody_but_an_administrator_opens_a_page_of_accounts_or_sends_a_form_of_them(site: Site) -> None:
    below = ("/admin/accounts", "/admin/tokens")
    paths = [(method, path) for method in ("GET", "POST") for path in routes(site, method) if path.startswith(below)]
    mine = [(method, path.format(name="anna", id="0" * 8)) for method, path in paths]
    assert len(mine) >= 12
    site.session("root")
    for who in ("le", "anna", "pham"):
        client, stamp = site.as_(who), site.csrf(who)
        before = every_row(site.store)
        for method, path in mine:
            assert client.request(method, path, data={"csrf": stamp}).status_code == 403, (who, method, path)
        assert every_row(site.store) == before
    for method, path in mine:
        assert site.nobody().request(method, path).status_code == 303, path


def test_an_administrator_moves_nothing(site: Site) -> None:
    for verb, said in ((acknowledge, {}), (contest, {"why": "x"})):
        with pytest.raises(Refused, match="admin:root may not"):
            verb(site.store, f"{KEY}/report/BNV", at=NOW, actor="admin:root", **said)  # type: ignore[operator]


# ── Accounts ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_account_is_made_given_a_password_and_used(site: Site) -> None:
    made = post(site, "/admin/accounts", name="Moi", role="agency", office="BNV", shown="Mới <b>", language="en")
    assert made.headers["location"] == "/admin/accounts/moi?done=made"
    page = site.as_("root").get("/admin/accounts?lang=en").text
    assert "Mới &lt;b&gt;" in page
    assert "nothing yet" in page
    fresh = secret_of(post(site, "/admin/accounts/moi/password").text)
    client = site.nobody()
    stamp = re.search(r'name="csrf" value="([^"]+)"', client.get("/login").text)
    assert stamp
    client.post("/login", data={"name": "moi", "password": fresh, "csrf": stamp[1]})
    own = re.search(r'name="csrf" value="([^"]+)"', client.get("/account/new-password").text)
    assert own
    chosen = "what moi alone knows"
    client.post("/account/new-password", data={"new": chosen, "again": chosen, "csrf": own[1]})
    assert "BNV:moi" in client.get("/account").text


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": "anna", "role": "auditor"}, "There is an account of this name already"),
        ({"name": "moi", "role": "agency", "office": "NOPE"}, "There is no such agency today"),
        ({"name": "moi", "role": "agency"}, "A login name is of small letters"),
        ({"name": "m i", "role": "auditor"}, "A login name is of small letters"),
        ({"name": "moi", "role": "king"}, "A login name is of small letters"),
        ({}, "A login name is of small letters"),
    ],
)
def test_what_is_no_account_is_explained_with_what_was_typed(site: Site, form: dict[str, str], said: str) -> None:
    before = site.store.position()
    answer = post(site, "/admin/accounts?lang=en", shown="Somebody New", **form)
    assert answer.status_code == 422
    assert said in answer.text
    assert "Somebody New" in answer.text
    assert site.store.position() == before


def test_nobody_disables_or_promotes_themselves(site: Site) -> None:
    before = site.store.position()
    for path, form in (("/disable", {}), ("", {"role": "secretariat"})):
        answer = post(site, f"/admin/accounts/root{path}?lang=en", **form)
        assert answer.status_code == 409
        assert "Nobody does this to their own account" in answer.text
    assert site.store.position() == before


def test_disabling_is_recorded_once_and_said_where_it_cannot_be(site: Site) -> None:
    end = site.store.position().seq
    assert post(site, "/admin/accounts/anna/disable").status_code == 303
    assert post(site, "/admin/accounts/anna/disable?lang=en").status_code == 409
    assert post(site, "/admin/accounts/anna/enable").status_code == 303
    assert kinds(site, end) == ["account_disabled", "account_enabled"]
    assert site.as_("root").get("/admin/accounts/nobody").status_code == 404
    assert post(site, "/admin/accounts/nobody/disable").status_code == 404


def test_an_account_that_was_put_into_the_database_by_hand_is_found(site: Site) -> None:
    with site.store.write() as connection:
        connection.exec_driver_sql("UPDATE account SET role = 'admin', office = NULL WHERE name = 'anna'")
        connection.exec_driver_sql(
            "INSERT INTO account (name, role, made_at, seq) VALUES ('eve', 'admin', '2025-08-20 02:00:00.000000', 1)"
        )
    assert rebuild(site.store, keep=False).differing == ("account anna", "account eve")


def test_what_is_recorded_of_accounts_says_nothing_personal(site: Site) -> None:
    end = site.store.position().seq
    make_account(site.store, "moi", "auditor", shown="Moi Nguyen", email="moi@agency.example", at=NOW, actor="test")
    set_password(site.store, "moi", "a password nobody has", at=NOW, actor="test")
    make_token(site.store, "moi", ["read"], label="Moi's own", at=NOW, actor="test")
    with site.store.read() as connection:
        entries = list(ledger.entries(connection, after=end))
    assert [entry.kind for entry in entries] == ["account_made", "password_set", "token_made"]
    said = " ".join(str(entry.payload) for entry in entries)
    assert not [word for word in ("Nguyen", "@", "own", "argon2", "nobody has") if word in said]


# ── Tokens ────────────────────────────────────────────────────────────────────────────────────────────────────


def asks(site: Site, secret: str, path: str = "/tasks", method: str = "GET") -> int:
    client = TestClient(site.app, base_url=HOST, follow_redirects=False)
    return client.request(method, f"{API}{path}", headers={"Authorization": f"Bearer {secret}"}).status_code


def a_token(site: Site, *scopes: str, who: str = "anna", **more: Any) -> str:
    more.setdefault("wall", clock.now())
    return make_token(site.store, who, scopes, label="test", at=NOW, actor="test", **more)[0]


def test_a_token_is_shown_once_and_only_its_hash_is_kept(site: Site) -> None:
    page = post(site, "/account/tokens", "anna", label="a script", may="read", days="30")
    secret = secret_of(page.text)
    assert asks(site, secret) == 200
    again = site.as_("anna").get("/account?lang=en").text
    assert secret not in again
    assert "a script" in again
    with site.store.read() as connection:
        (row,) = connection.execute(TokenRow.__table__.select()).mappings()  # type: ignore[attr-defined]
    assert row["hash"] == digest_of(secret)
    assert secret not in str(dict(row))
    (id,) = re.findall(r"/account/tokens/([0-9a-f]{8})/revoke", again)
    assert post(site, f"/account/tokens/{id}/revoke", "binh").status_code == 404
    assert asks(site, secret) == 200
    assert post(site, f"/account/tokens/{id}/revoke", "anna").status_code == 303
    assert asks(site, secret) == 401


@pytest.mark.parametrize(
    ("scopes", "get", "change"), [(("read",), 200, 403), (("feed",), 403, 403), (("write",), 403, 0)]
)
def test_a_token_may_what_it_was_made_for(site: Site, scopes: tuple[str, ...], get: int, change: int) -> None:
    secret = a_token(site, *scopes)
    assert asks(site, secret) == get
    found = asks(site, secret, f"/tasks/{KEY}/report/BNV/contests", "POST")
    assert found == change if change else found not in (401, 403)


def test_a_token_is_heard_until_its_end_and_not_at_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    start = clock.now()
    secret = a_token(site, "read", lasts=timedelta(days=1), wall=start)
    for more, status in ((-1, 200), (0, 401), (1, 401)):
        monkeypatch.setattr(clock, "now", lambda more=more: start + timedelta(days=1, seconds=more))
        assert asks(site, secret) == status


@pytest.mark.parametrize("secret", ["", "x", "tracker_", "tracker_" + "x" * 43, "x" * 5_000, "tracker_é"])
def test_what_is_no_token_is_not_heard(site: Site, secret: str) -> None:
    a_token(site, "read")
    assert bearer(site.store, secret, at=clock.now()) is None


def test_a_wrong_token_is_not_made_good_by_a_session_nor_the_other_way_round(site: Site) -> None:
    client = site.as_("anna")
    assert client.get(f"{API}/tasks", headers={"Authorization": "Bearer nonsense"}).status_code == 401
    secret = a_token(site, "read", "write")
    page = TestClient(site.app, base_url=HOST, follow_redirects=False)
    for path in ("/account", "/tasks", "/"):
        assert page.get(path, headers={"Authorization": f"Bearer {secret}"}).status_code == 303, "pages want a session"
    page.cookies.set("tracker", secret, domain="127.0.0.1")
    assert page.get("/account").status_code == 303


def test_a_token_ends_with_its_account_and_comes_back_with_it(site: Site) -> None:
    secret = a_token(site, "read")
    disable_account(site.store, "anna", at=NOW, actor="test")
    assert asks(site, secret) == 401
    with pytest.raises(Conflict):
        a_token(site, "read")


def test_an_office_narrows_a_token_and_never_widens_it(site: Site) -> None:
    for who, office, sees in (("le", "BNV", "BNV"), ("anna", "BNV-TC", "BNV-TC"), ("anna", "BTC", None)):
        found = bearer(site.store, a_token(site, "feed", who=who, office=office), at=clock.now())
        assert found is not None
        assert found.scope.offices is not None
        assert (sees in found.scope.offices) if sees else not found.scope.offices
        assert "BTC" not in found.scope.offices


def test_an_administrator_revokes_the_token_of_anybody_and_others_do_not_learn_of_it(site: Site) -> None:
    secret, token = make_token(site.store, "anna", ["read"], label="x", at=NOW, actor="test", wall=clock.now())
    listed = site.as_("root").get("/admin/tokens?lang=en").text
    assert token.id in listed
    assert secret not in listed
    for actor in ("BTC:binh", "secretariat:le"):
        with pytest.raises(Exception, match="there is no token"):
            revoke_token(site.store, token.id, at=NOW, actor=actor)
        with pytest.raises(Refused):
            make_token(site.store, "anna", ["read"], label="x", at=NOW, actor=actor)
    assert post(site, f"/admin/tokens/{token.id}/revoke").headers["location"] == "/admin/tokens?done=revoked"
    assert asks(site, secret) == 401


def test_an_administrator_makes_a_token_for_an_account_and_sees_it_once(site: Site) -> None:
    form = {"account": "le", "label": "calendar", "may": "feed", "office": "BNV", "days": "366"}
    secret = secret_of(post(site, "/admin/tokens", **form).text)
    found = bearer(site.store, secret, at=clock.now())
    assert found is not None
    assert (found.account.name, found.may) == ("le", frozenset({"feed"}))
    assert post(site, "/admin/tokens", **{**form, "office": "NOPE"}).status_code == 422
    assert post(site, "/admin/tokens", **{**form, "days": "9999"}).status_code == 422
    assert post(site, "/admin/tokens", **{**form, "account": "nobody"}).status_code == 422


# ── Headers ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["/login", "/account", "/account/codes", "/admin/accounts", "/admin/tokens"])
def test_no_page_about_accounts_is_kept_framed_or_runs_anything_of_others(site: Site, path: str) -> None:
    answer = (site.nobody() if path == "/login" else site.as_("root")).get(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
