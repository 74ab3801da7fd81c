"""The pages about reminders: what was sent is found, what failed has a remedy, and everybody sees their own mail."""

import re
from hashlib import sha256

from tests.integration.smtp import SmtpServer
from tests.integration.web.a_site import NOW, Site
from tracker.notify.keeping import copy_in, keep
from tracker.notify.send import Sender
from tracker.operations import deliver
from tracker.operations.retrying import retry
from tracker.store import outbox


def references(site: Site, **sought: str) -> list[str]:
    with site.store.read() as connection:
        return [one.reference for one in outbox.reminders(connection, **sought)]


def test_the_ledger_lists_every_reminder_and_narrows_by_a_facet(site: Site) -> None:
    client = site.as_("le")
    page = client.get("/reminders")
    assert page.status_code == 200
    assert f"{len(references(site)):,} reminders" in page.text
    failed = client.get("/reminders?state=failed").text
    assert len(set(re.findall(r"/reminders/(ntf-\w+)", failed))) == len(references(site, state="failed"))
    assert "correct the address" in failed


def test_a_page_goes_on_where_the_one_before_ended(site: Site) -> None:
    with site.store.read() as connection:
        ids = [one.id for one in outbox.reminders(connection)]
    page = site.as_("le").get(f"/reminders?after={sorted(ids)[3]}").text
    assert len(set(re.findall(r"/reminders/(ntf-\w+)", page))) == 3


def test_an_earlier_day_is_shown_as_it_was(site: Site) -> None:
    tuesday = site.as_("le").get("/reminders?at=2025-08-12").text
    assert "Pending" in tuesday
    assert "Taken by the mail server</span>" not in tuesday
    assert "Try once more" not in site.as_("le").get("/reminders?at=2025-08-12&state=failed").text


def test_one_reminder_shows_its_mail_without_what_acts(site: Site) -> None:
    reference = references(site, agency="BNV", state="accepted")[0]
    page = site.as_("pham").get(f"/reminders/{reference}")
    assert page.status_code == 200
    assert "frame-src 'self'" in page.headers["content-security-policy"]
    framed = site.as_("pham").get(f"/reminders/{reference}/mail.html")
    assert "sandbox" in framed.headers["content-security-policy"]
    assert framed.headers["x-frame-options"] == "SAMEORIGIN"
    for text in (page.text, framed.text):
        assert "/l/" not in text


def test_a_member_sees_what_their_office_was_told_and_no_more(site: Site) -> None:
    mine, theirs = references(site, agency="BNV"), references(site, agency="BTC")
    page = site.as_("anna").get("/reminders").text
    assert set(re.findall(r"/reminders/(ntf-\w+)", page)) == set(mine)
    assert site.as_("anna").get(f"/reminders/{theirs[0]}").status_code == 404
    assert site.as_("anna").get(f"/reminders/{theirs[0]}/mail.html").status_code == 404


def test_what_failed_is_tried_once_more_by_a_button_of_the_secretariat(site: Site) -> None:
    reference = references(site, agency="BTC", state="failed")[0]
    sent = {"csrf": site.csrf("le"), "reference": reference, "from": "one"}
    assert site.as_("pham").post("/reminders/retry", data=sent | {"csrf": site.csrf("pham")}).status_code == 403
    assert site.as_("binh").post("/reminders/retry", data=sent | {"csrf": site.csrf("binh")}).status_code == 403
    done = site.as_("le").post("/reminders/retry", data=sent)
    assert (done.status_code, done.headers["location"]) == (303, f"/reminders/{reference}?done=retried")
    assert reference in references(site, state="pending")
    assert site.as_("le").post("/reminders/retry", data=sent).status_code == 409


def test_a_page_of_dead_letters_is_tried_again_at_once(site: Site) -> None:
    page = site.as_("le").get("/reminders?state=failed").text
    whole = next(part for part in page.split("<form") if "Try all of this page once more" in part)
    chosen = re.findall(r'name="reference" value="(ntf-\w+)"', whole)
    assert len(chosen) > 1
    done = site.as_("le").post("/reminders/retry", data={"csrf": site.csrf("le"), "reference": chosen})
    assert done.status_code == 303
    assert set(chosen) <= set(references(site, state="pending"))


def test_the_forecast_is_what_will_leave(site: Site) -> None:
    page = site.as_("le").get("/reminders/forecast")
    assert page.status_code == 200
    assert "report/BNV" in page.text
    mine = site.as_("binh").get("/reminders/forecast").text
    assert "report/BNV" not in mine
    assert "budget/BTC" in mine


def test_the_mail_of_a_bundle_is_shown_whole(site: Site) -> None:
    deliver(site.store, _Takes(), settings=site.settings, clock=lambda: NOW)
    with site.store.read() as connection:
        bundled = [one for one in outbox.reminders(connection) if one.bundle and one.agency == "BNV"]
    page = site.as_("le").get(f"/reminders/{bundled[0].reference}").text
    for other in bundled[1:]:
        if other.bundle == bundled[0].bundle:
            assert other.reference in page


class _Takes:
    def send(self, channel: object, notice: object) -> object:
        raise AssertionError("everything has left")


def test_the_exact_copy_of_what_was_sent_is_there_for_who_may_see_the_notice(site: Site) -> None:
    reference = references(site, agency="BTC", state="failed")[0]
    assert "No exact copy is kept" in site.as_("le").get(f"/reminders/{reference}").text
    assert site.as_("le").get(f"/reminders/{reference}/sent.eml").status_code == 404
    retry(site.store, [reference], at=NOW, actor="test")
    with SmtpServer() as server, Sender(server.url, rehearsal=True) as sender:
        deliver(site.store, sender, settings=site.settings, clock=lambda: NOW)
        (taken,) = server.messages
    page = site.as_("binh").get(f"/reminders/{reference}").text
    file = re.search(rf'href="(/reminders/{reference}/sent.eml\?attempt=\d)"', page)
    assert file is not None
    answer = site.as_("binh").get(file[1])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "message/rfc822")
    assert answer.content == veiled_mail(taken.content)
    assert sha256(answer.content).hexdigest() in page
    assert sha256(taken.content).hexdigest() in page
    assert site.as_("anna").get(file[1]).status_code == 404


def veiled_mail(octets: bytes) -> bytes:
    return copy_in(keep(octets).content)
