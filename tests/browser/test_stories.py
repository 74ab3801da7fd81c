"""Three people who never open a terminal: from a mail to a receipt, an acceptance, a proof; scripts on and off."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Served, serving
from tests.builders import a_directive, a_task
from tests.integration.smtp import SmtpServer
from tests.integration.web.a_site import HOST, NOW, SECRETARIAT, a_site
from tests.simulation.a_store import ADOPTED, mailboxes
from tests.simulation.an_office import KEY, OFFICES, the_registry
from tracker.domain.directive import Need
from tracker.operations import adopt_directive, adopt_registry, init, set_channel, submit, sweep, verify
from tracker.operations.accounts import set_password
from tracker.operations.deliver import deliver, open_sender
from tracker.operations.keys import keyfile_of, make_key
from tracker.operations.proving import check_receipt
from tracker.operations.sealing import seal
from tracker.store import ledger
from tracker.store.store import Store

REPORT, PLAN = f"{KEY}/report/BNV", f"{KEY}/plan/BTC"
PASSWORD = "one tall ship and a star"
BNV, BTC = "office-bnv@agencies.example", "office-btc@agencies.example"
PDF = b"%PDF-1.7\nthe report of the ministry\n"


def a_small_office(url: str) -> Store:
    """Return a rehearsal with one report, which a plan waits for."""
    store = init(url, rehearsal=True, at=ADOPTED, actor="test")
    adopt_registry(store, the_registry(secretariat="VPCP"), at=ADOPTED, actor="test")
    set_channel(store, mailboxes(*OFFICES), at=ADOPTED, actor="test")
    tasks = (
        a_task("report", evidence_required=True),
        a_task("plan", lead="BTC", needs=(Need(f"{KEY}/report"),)),
    )
    adopt_directive(store, a_directive(*tasks), at=ADOPTED, actor="test")
    return store


@dataclass(slots=True)
class Office:
    """The pages of a small office over HTTP, its mails over SMTP, and a browser."""

    served: Served
    mails: SmtpServer
    read: int = 0

    @property
    def store(self) -> Store:
        return self.served.site.store

    def post(self) -> None:
        """Send what is owed, through a real mail server."""
        settings = replace(self.served.site.settings, smtp_url=self.mails.url)
        at = self.store.position().high_water
        sweep(self.store, at=at)
        with open_sender(self.store, settings) as sender:
            deliver(self.store, sender, settings=settings, clock=lambda: at)

    def mail_to(self, address: str, subject: str) -> str:
        """Return the text of the newest mail to somebody whose subject has some words."""
        for taken in reversed(self.mails.messages):
            found = message_from_bytes(taken.content, policy=policy.default)
            if address in taken.recipients and subject in str(found["subject"]):
                part = found.get_body(("plain",))
                assert part is not None
                return str(part.get_content())
        raise AssertionError([(m.recipients, message_from_bytes(m.content)["subject"]) for m in self.mails.messages])

    def kinds(self, ref: str) -> list[str]:
        with self.store.read() as connection:
            return [entry.kind for entry in ledger.entries(connection, assignment=ref)]


@pytest.fixture
def office(browser: Browser, tmp_path: Path) -> Iterator[Office]:
    site = a_site(tmp_path, a_small_office(f"sqlite:///{tmp_path}/tracker.db"))
    for name in ("anna", "le", "pham"):
        set_password(site.store, name, PASSWORD, at=NOW, actor="test")
    make_key(site.store, keyfile_of(site.store, site.settings), at=NOW, actor="test")
    with serving(site) as base, SmtpServer() as mails:
        made = Served(site, base, browser)
        yield Office(made, mails)
        made.close()
    site.store.close()


def follow(page: Page, mail: str, ending: str) -> None:
    """Open the link of a mail that ends so, as somebody who clicks on it."""
    url = next(url for url in re.findall(r"https?://\S+", mail) if url.endswith(ending))
    page.goto(url.removeprefix(HOST))


def log_in(page: Page, name: str) -> None:
    """Fill in the page that asks who it is."""
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    page.get_by_label("Login name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in").click()


def report(page: Page, words: str, file: Path | None) -> None:
    """Report a result, page by page."""
    page.get_by_label("What was done").fill(words)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="What shows it?")).to_be_visible()
    if file is not None:
        page.get_by_label("File", exact=True).set_input_files(file)
    else:
        page.get_by_label("report.pdf").check()
    page.get_by_role("main").get_by_role("button", name="Go on").last.click()
    expect(page.get_by_role("heading", name="Check your answers")).to_be_visible()
    expect(page.get_by_text("report.pdf")).to_be_visible()
    page.get_by_role("button", name="Send the report").click()
    expect(page.get_by_role("heading", name=re.compile(r"^Receipt no\. \d+$"))).to_be_visible()


def decide(page: Page) -> None:
    """Open the one decision that waits."""
    page.goto("/reviews")
    page.locator("summary", has_text="Decide").click()


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without"])
def test_a_mail_becomes_a_report_a_receipt_an_acceptance_and_a_proof(
    office: Office, tmp_path: Path, script: bool
) -> None:
    file = tmp_path / "report.pdf"
    file.write_bytes(PDF)
    office.post()

    # anna, at the ministry, has a mail and clicks on its link
    anna = office.served.login(None, java_script_enabled=script)
    follow(anna, office.mail_to(BNV, "412/TB-VPCP"), "/report")
    log_in(anna, "anna")
    expect(anna.get_by_role("heading", name="What was done?")).to_be_visible()
    report(anna, "Every office has reported.", file)
    number = re.search(r"/receipt/(\d+)", anna.url)[1]  # type: ignore[index]
    office.post()
    assert number in office.mail_to(BNV, "Received")

    # le, at the secretariat, finds that something is missing, and says exactly what
    le = office.served.login(None, java_script_enabled=script)
    le.goto("/reviews")
    log_in(le, "le")
    decide(le)
    le.get_by_label("What exactly is missing?").fill("The signature on page 2.")
    le.get_by_role("button", name=re.compile("^Return")).click()
    expect(le.get_by_role("status")).to_contain_text("the report is returned")
    office.post()

    # anna reads it in a mail; the file need not be sent again
    mail = office.mail_to(BNV, "Returned")
    assert "The signature on page 2." in mail
    follow(anna, mail, "/report")
    expect(anna.get_by_text("The signature on page 2.")).to_be_visible()
    report(anna, "Every office has reported; signed.", None)
    receipt = anna.url.partition("?")[0]

    # le accepts, and what waited for it may start
    decide(le)
    le.get_by_role("button", name=re.compile("^Accept")).click()
    expect(le.get_by_role("status")).to_contain_text("the report is accepted")
    expect(le.get_by_text("Nothing waits for a decision.")).to_be_visible()
    office.post()
    assert "report" in office.mail_to(BTC, "You can start").lower()
    assert office.kinds(REPORT).count("submitted") == 2
    assert "waiting" in office.kinds(PLAN)

    # a seal comes; anna keeps the proof of her report, and it holds on its own
    keyfile = keyfile_of(office.store, office.served.site.settings)
    seal(office.store, at=office.store.position().high_water, keyfile=keyfile, force=True)
    anna.goto(receipt)
    with anna.expect_download() as coming:
        anna.get_by_role("link", name="Download the proof of this report").click()
    proof = Path(coming.value.path()).read_text(encoding="utf-8")
    checked = check_receipt(proof)
    assert checked.faults == ()
    assert checked.says["payload"]["words"] == "Every office has reported; signed."

    # pham, the auditor, sees every entry with its hash, and can do nothing
    pham = office.served.login(None, java_script_enabled=script)
    pham.goto(f"/tasks/{REPORT}")
    log_in(pham, "pham")
    for said in ("Result reported", "Report returned", "Report accepted"):
        expect(pham.get_by_text(said).first).to_be_visible()
    expect(pham.get_by_text(checked.receipt.hash)).to_be_visible()
    expect(pham.get_by_role("heading", name="What you can do")).to_have_count(0)
    with pham.expect_download() as coming:
        pham.get_by_role("link", name="report.pdf").first.click()
    assert Path(coming.value.path()).read_bytes() == PDF
    kept = tmp_path / "receipt.json"
    kept.write_text(proof, encoding="utf-8")
    pham.goto("/history/receipt")
    pham.get_by_label("Receipt (a JSON file)").set_input_files(kept)
    pham.get_by_role("button", name="Check").click()
    expect(pham.get_by_role("status")).to_contain_text("The receipt holds")
    assert verify(office.store).holds


def test_two_at_the_secretariat_meet_and_the_second_is_shown_what_the_first_did(office: Office) -> None:
    submit(office.store, PLAN, at=NOW, actor="BTC:binh", words="Done.")
    first, second = (office.served.login("le") for _ in range(2))
    for page in (first, second):
        page.goto(f"/tasks/{PLAN}/do/return")
    first.get_by_label("What exactly is missing?").fill("The annex.")
    first.get_by_role("main").get_by_role("button", name="Return").click()
    expect(first.get_by_role("status")).to_contain_text("the report is returned")
    second.get_by_label("What exactly is missing?").fill("The stamp.")
    second.get_by_role("main").get_by_role("button", name="Return").click()
    expect(second.get_by_role("heading", name="What changed since you looked")).to_be_visible()
    expect(second.get_by_text("The annex.").first).to_be_visible()
    assert office.kinds(PLAN).count("returned") == 1


def test_the_reviews_are_gone_through_by_keys(looked_at: Served) -> None:
    page = looked_at.login("le")
    page.goto("/reviews")
    expect(page.get_by_text("J next, K previous")).to_be_visible()
    focused = "document.activeElement.id"
    page.locator("#review-1").focus()
    page.keyboard.press("j")
    assert page.evaluate(focused) == "review-2"
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.locator("#review-1 details")).to_have_attribute("open", "")
    page.keyboard.press("Tab")
    page.keyboard.type("jk")
    assert page.evaluate("document.activeElement.value") == "jk"


@pytest.mark.parametrize("day", [date(2025, 9, 30)])
def test_more_time_is_asked_for_with_its_effect_in_sight_and_granted(served: Served, day: date) -> None:
    anna = served.login("anna")
    anna.goto(f"/tasks/{REPORT}")
    anna.get_by_role("link", name="Ask for more time").click()
    anna.get_by_label("Which last day do you ask for?").fill(day.isoformat())
    anna.get_by_label("Why").fill("The law is late.")
    anna.get_by_role("button", name="See the effect").click()
    expect(anna.get_by_role("img", name="The dates before and after")).to_be_visible()
    anna.get_by_role("button", name="Ask for more time").click()
    expect(anna.get_by_role("status")).to_contain_text("decides about more time")
    le = served.login("le")
    le.goto(f"/tasks/{REPORT}/do/grant")
    le.get_by_label("Instrument").fill("Letter 9")
    le.get_by_role("main").get_by_role("button", name="Grant more time").click()
    expect(le.get_by_text("Tuesday 30 September 2025").first).to_be_visible()
    assert SECRETARIAT in le.content()
