"""At the door again: a password made by somebody else lets in once, and what was typed outlives a session."""

import re
from datetime import datetime, timedelta
from html import unescape

import pytest
from starlette.testclient import TestClient

from tests.integration.web.a_site import KEY, NOW, Site
from tests.integration.web.test_login import PASSWORD, START, enter, logged_in, stamp_of
from tracker import clock
from tracker.operations.accounts import set_password
from tracker.store import ledger
from tracker.web.typed import Typed, typed_of

REPORT = f"/tasks/{KEY}/report/BNV/report"
OWN = "nobody else knows this one"


@pytest.fixture
def hours(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """Return the clock on the wall: its last entry is now."""
    now = [START]
    monkeypatch.setattr(clock, "now", lambda: now[-1])
    return now


def secret_of(html: str) -> str:
    found = re.search(r'<code class="secret">([\w-]{20})</code>', html)
    assert found, html[:2000]
    return found[1]


def typed(client: TestClient, csrf: str) -> str:
    """Send the first page of a report under a session that is over, and return the page that answers."""
    form = {
        "csrf": csrf,
        "step": "outcome",
        "go": "evidence",
        "seen": "1",
        "words": "Every\n<b>office</b> has reported.",
    }
    answer = client.post(REPORT, data=form)
    assert answer.status_code == 401
    assert "what you typed is kept" in answer.text
    return answer.text


def carried(html: str) -> str:
    found = re.search(r'<textarea name="typed" hidden>\n(.*?)</textarea>', html, re.DOTALL)
    assert found
    return unescape(found[1])


def test_a_password_made_by_an_administrator_lets_in_once_to_choose_another(site: Site) -> None:
    root = site.as_("root")
    page = root.post("/admin/accounts/anna/password", data={"csrf": site.csrf("root")})
    secret = secret_of(page.text)
    anna = site.nobody()
    assert enter(anna, password=secret).status_code == 303
    for path in ("/", "/account", "/tasks", "/login"):
        answer = anna.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/account/new-password"), path
    assert anna.get("/api/v1/tasks").status_code == 403
    stamp = stamp_of(anna.get("/account/new-password").text)
    assert anna.post("/account/language", data={"csrf": stamp, "language": "fr"}).status_code == 303
    for new, again in (("short", "short"), (OWN, PASSWORD)):
        answer = anna.post("/account/new-password", data={"csrf": stamp, "new": new, "again": again})
        assert answer.status_code == 422
    # it is used up: nobody gets in by it a second time
    assert enter(site.nobody(), password=secret).status_code == 401
    assert anna.post("/account/new-password", data={"csrf": stamp, "new": OWN, "again": OWN}).status_code == 303
    assert logged_in(anna)
    assert anna.get("/account/new-password").headers["location"] == "/account"
    assert enter(site.nobody(), password=OWN).headers["location"] == "/"


def test_a_password_of_ones_own_is_not_asked_for_again(site: Site) -> None:
    set_password(site.store, "anna", PASSWORD, at=NOW, actor="test")
    client = site.nobody()
    enter(client)
    assert logged_in(client)


def test_what_was_typed_outlives_the_session(site: Site, hours: list[datetime]) -> None:
    set_password(site.store, "anna", PASSWORD, at=NOW, actor="test")
    client = site.nobody()
    client.cookies.set("lang", "en", domain="127.0.0.1")
    enter(client)
    csrf = stamp_of(client.get(REPORT).text)
    hours.append(START + timedelta(minutes=31))  # nobody was heard of for too long
    page = typed(client, csrf)
    assert 'value="anna"' in page
    wrong = client.post(
        "/login", data={"name": "anna", "password": "x", "csrf": stamp_of(page), "typed": carried(page)}
    )
    assert carried(wrong.text) == carried(page)
    answer = client.post(
        "/login",
        data={"name": "anna", "password": PASSWORD, "csrf": stamp_of(wrong.text), "typed": carried(wrong.text)},
    )
    assert answer.status_code == 200
    assert f'action="{REPORT}"' in answer.text
    fields = dict(re.findall(r'<textarea name="(\w+)" hidden>\n(.*?)</textarea>', answer.text, re.DOTALL))
    again = client.post(
        REPORT, data={"csrf": stamp_of(answer.text), **{name: unescape(said) for name, said in fields.items()}}
    )
    assert again.status_code == 200
    assert "What shows it?" in again.text
    assert "Every\n&lt;b&gt;office&lt;/b&gt; has reported." in again.text
    with site.store.read() as connection:
        assert not list(ledger.entries(connection, assignment=f"{KEY}/report/BNV", kinds=["submitted"]))


def test_what_somebody_typed_is_not_given_to_another_who_logs_in_at_their_browser(
    site: Site, hours: list[datetime]
) -> None:
    for name in ("anna", "binh"):
        set_password(site.store, name, PASSWORD, at=NOW, actor="test")
    client = site.nobody()
    client.cookies.set("lang", "en", domain="127.0.0.1")
    enter(client)
    csrf = stamp_of(client.get(REPORT).text)
    hours.append(START + timedelta(minutes=31))
    page = typed(client, csrf)
    form = {"name": "binh", "password": PASSWORD, "csrf": stamp_of(page), "typed": carried(page)}
    answer = client.post("/login", data=form)
    assert (answer.status_code, answer.headers["location"], answer.text) == (303, "/", "")
    assert logged_in(client)


def test_a_form_that_no_session_of_this_browser_was_given_is_not_carried(site: Site, hours: list[datetime]) -> None:
    set_password(site.store, "anna", PASSWORD, at=NOW, actor="test")
    client = site.nobody()
    enter(client)
    hours.append(START + timedelta(minutes=31))
    form = {"csrf": "made elsewhere", "words": "Evil."}
    broken = {"content-type": "multipart/form-data; boundary=x"}
    assert site.nobody().post(REPORT, content=b"no form", headers=broken).status_code == 303
    for sender in (client, site.nobody()):
        answer = sender.post(REPORT, data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2F")


@pytest.mark.parametrize("path", ["https://evil.example/", "//evil.example", "/login", "/api/v1/tasks", "/a?b=c"])
def test_what_is_carried_goes_nowhere_else(path: str) -> None:
    assert typed_of(Typed("anna", path, {"a": ("b",)}).text) is None
