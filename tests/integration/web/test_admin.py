"""Administration: health, contacts, deputies and settings, each for who looks after it, and no secret on any page."""

import pytest

from tests.integration.web.a_site import Site
from tracker.store import ledger

PAGES = ("/admin", "/admin/contacts", "/admin/contacts/BNV", "/admin/deputies", "/admin/settings")
MAY = {
    "root": set(PAGES),
    "le": {"/admin/contacts", "/admin/contacts/BNV", "/admin/deputies"},
    "anna": {"/admin/deputies"},
    "pham": set(),
}


@pytest.mark.parametrize("name", MAY)
def test_each_page_is_for_who_looks_after_it(site: Site, name: str) -> None:
    client = site.as_(name)
    for path in PAGES:
        assert client.get(path).status_code == (200 if path in MAY[name] else 403), path


def test_the_first_page_says_what_is_not_well(site: Site) -> None:
    page = site.as_("root").get("/admin").text
    assert "Undelivered mail" in page
    assert "/reminders?state=failed" in page


def test_an_agency_is_found_by_a_name_without_marks(site: Site) -> None:
    page = site.as_("root").get("/admin/contacts?q=bgddt").text
    assert "/admin/contacts/BGDDT" in page
    assert "/admin/contacts/BNV" not in page
    alone = site.as_("root").get("/admin/contacts?only=unreachable").text
    assert "/admin/contacts/CP" in alone
    assert "/admin/contacts/BTC" not in alone


def test_a_mailbox_is_set_and_removed(site: Site) -> None:
    client, sent = site.as_("root"), {"csrf": site.csrf("root")}
    new = sent | {"kind": "mail", "name": "second", "field-address": "cp@office.example", "language": "fr"}
    assert client.post("/admin/contacts/CP/set", data=new).headers["location"] == "/admin/contacts/CP?done=set"
    assert "cp@office.example" in client.get("/admin/contacts/CP").text
    gone = client.post("/admin/contacts/CP/remove", data=sent | {"name": "second"})
    assert gone.status_code == 303
    assert "cp@office.example" not in client.get("/admin/contacts/CP").text
    with site.store.read() as connection:
        last = [entry for entry in ledger.entries(connection) if entry.kind.startswith("channel_")][-2:]
    assert [entry.actor for entry in last] == ["admin:root", "admin:root"]


def test_what_is_wrong_is_said_and_what_was_typed_is_kept_but_for_secrets(site: Site) -> None:
    client, sent = site.as_("root"), {"csrf": site.csrf("root")}
    wrong = sent | {"kind": "gotify", "field-host": "127.0.0.1", "field-token": "no such token!"}
    answer = client.post("/admin/contacts/CP/set", data=wrong)
    assert answer.status_code == 422
    assert "127.0.0.1" in answer.text
    assert "no such token!" not in answer.text


def test_a_secret_is_never_shown_again(site: Site) -> None:
    client, sent = site.as_("root"), {"csrf": site.csrf("root")}
    set_ = sent | {"kind": "gotify", "field-host": "127.0.0.1:9", "field-token": "AbCdEf123456789", "name": "push"}
    assert client.post("/admin/contacts/CP/set", data=set_).status_code == 303
    for path in ("/admin/contacts/CP", "/admin/contacts", "/history?kind=channel_set"):
        assert "AbCdEf123456789" not in client.get(path).text


def test_a_test_says_what_became_of_it(site: Site) -> None:
    client, sent = site.as_("root"), {"csrf": site.csrf("root")}
    tried = client.post("/admin/contacts/BNV/test", data=sent | {"name": "mail"})
    assert tried.status_code == 303
    assert "done=temporary" in tried.headers["location"]  # there is no mail server here
    assert "not taken this time" in client.get(tried.headers["location"]).text
    assert client.post("/admin/contacts/BNV/test", data=sent | {"name": "nothing"}).status_code == 404


def test_a_member_names_a_deputy_for_their_own_office_only(site: Site) -> None:
    client, sent = site.as_("anna"), {"csrf": site.csrf("anna"), "first": "2025-08-21", "last": "2025-08-29"}
    mine = sent | {"agency": "BNV", "deputy": "BTC", "why": "Conference"}
    assert client.post("/admin/deputies", data=mine).status_code == 303
    assert "Conference" in client.get("/admin/deputies").text
    theirs = sent | {"agency": "BGDDT", "deputy": "BNV", "why": "Conference"}
    assert client.post("/admin/deputies", data=theirs).status_code == 422
    assert client.post("/admin/deputies", data=mine | {"last": ""}).status_code == 422


def test_the_settings_are_shown_without_passwords(site: Site) -> None:
    page = site.as_("root").get("/admin/settings").text
    assert "TRACKER_SMTP_URL" in page
    assert "TRACKER_OIDC_SECRET" in page
