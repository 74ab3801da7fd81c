"""Reporting a result page by page: nothing typed is lost, nothing sent is kept twice, nothing of others is shown."""

import re
from dataclasses import replace
from hashlib import sha256
from html import unescape
from typing import Any

from httpx import Response

from tests.integration.links import AMPLE
from tests.integration.web.a_site import KEY, SECRETARIAT, Site, a_site, an_office_at_work
from tests.integration.web.test_assignment import MARKUP, changed, entries, page, size
from tracker.operations import send_back
from tracker.operations.keys import keyfile_of, make_key
from tracker.operations.proving import check_receipt
from tracker.operations.sealing import seal
from tracker.store import evidence
from tracker.web.app import create_app
from tracker.web.intake import MARGIN

REPORT, TRAINING, ACCOUNTS = f"{KEY}/report/BNV", f"{KEY}/training/BNV", f"{KEY}/accounts/BTC"
PDF = b"%PDF-1.7\nthe report\n"
SHA = sha256(PDF).hexdigest()
WORDS = "Every office\nhas reported."


def fields_of(answer: Response) -> dict[str, list[str]]:
    """Return what the form of a page would send, without its buttons."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', answer.text):
        found.setdefault(name, []).append(unescape(value))
    return found


def first(site: Site, name: str = "anna", ref: str = REPORT) -> Response:
    return site.as_(name).get(f"/tasks/{ref}/report")


def go_on(site: Site, before: Response, go: str, *, name: str = "anna", file: Any = None, **said: Any) -> Response:
    """Send the form of a page by one of its buttons."""
    answer = site.as_(name).post(
        before.url.path,
        data={**fields_of(before), "go": go, **said},
        files={"file": file} if file else None,
    )
    return answer


def at_evidence(site: Site, **said: str) -> Response:
    found = go_on(site, first(site), "evidence", words=said.pop("words", WORDS), done_on=said.pop("done_on", ""))
    assert found.status_code == 200, found.text
    return found


def at_check(site: Site, file: Any = ("report.pdf", PDF, "application/pdf")) -> Response:
    return go_on(site, at_evidence(site), "check", file=file)


def files_kept(site: Site) -> list[str]:
    with site.store.read() as connection:
        return [one.sha256 for one in evidence.every(connection)]


def documents(html: str) -> list[str]:
    return re.findall(r'name="proof_file" value="([0-9a-f]*)"', html)


# ── From the outcome to the receipt ──────────────────────────────────────────────────────────────────────────


def test_a_report_goes_from_the_outcome_by_its_evidence_and_a_last_look_to_a_receipt(site: Site) -> None:
    start = first(site)
    assert "What was done?" in unescape(start.text)
    second = go_on(site, start, "evidence", words=WORDS, done_on="2025-08-19")
    assert "What shows it?" in unescape(second.text)
    third = go_on(site, second, "check", file=("report.pdf", PDF, "x/y"), number="12/BC-BNV", dated="2025-08-18")
    shown = unescape(third.text)
    assert "Check your answers" in shown
    for said in (WORDS, "Tuesday 19 August 2025", "report.pdf", SHA, "12/BC-BNV", "BNV:anna"):
        assert said in shown
    assert entries(site, REPORT, "submitted") == []

    sent = go_on(site, third, "send")
    assert sent.status_code == 303
    [said_so] = entries(site, REPORT, "submitted")
    assert (said_so["words"], said_so["done_on"]) == (WORDS, "2025-08-19")
    assert said_so["proofs"] == [{"sha256": SHA, "number": "12/BC-BNV", "dated": "2025-08-18"}]

    receipt = unescape(site.as_("anna").get(sent.headers["location"]).text)
    number = re.search(r"/receipt/(\d+)", sent.headers["location"])[1]  # type: ignore[index]
    for told in (f"Receipt no. {number}", "Wednesday 20 August 2025, 09:00", SHA, "BNV:anna", "Ledger position"):
        assert told in receipt
    assert "Your report has been received" in receipt


def test_the_last_page_sent_twice_is_one_report_and_one_receipt(site: Site) -> None:
    last = at_check(site)
    answers = [go_on(site, last, "send") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert len(entries(site, REPORT, "submitted")) == 1


def test_a_file_is_sent_once_and_carried_by_its_hash(site: Site) -> None:
    second = go_on(site, at_evidence(site), "evidence", file=("a.pdf", PDF, ""))
    assert documents(second.text) == [SHA]
    third = go_on(site, second, "evidence", number="13/BC-BNV", dated="19/08/2025")
    assert documents(third.text) == [SHA, ""]
    again = go_on(site, third, "evidence", file=("b.pdf", PDF, ""))
    assert documents(again.text) == [SHA, ""]
    assert files_kept(site) == [SHA]
    fewer = go_on(site, again, "", remove="0")
    assert documents(fewer.text) == [""]
    assert "13/BC-BNV" in fewer.text


def test_going_back_keeps_everything(site: Site) -> None:
    back = go_on(site, at_check(site), "outcome")
    assert WORDS in unescape(back.text)
    assert documents(back.text) == [SHA]
    assert documents(go_on(site, back, "evidence", words="Other words").text) == [SHA]


def test_a_file_of_an_earlier_report_is_offered_and_need_not_be_sent_again(site: Site) -> None:
    go_on(site, at_check(site), "send")
    send_back(site.store, REPORT, at=site.store.position().high_water, actor=SECRETARIAT, missing="the annex")
    page_two = at_evidence(site)
    assert f'name="earlier" type="checkbox" value="{SHA}"' in page_two.text
    last = go_on(site, page_two, "check", earlier=[SHA])
    assert documents(last.text) == [SHA]
    assert go_on(site, last, "send").status_code == 303
    assert files_kept(site) == [SHA]


# ── What is wrong is told where it is, and nothing is lost ───────────────────────────────────────────────────


def test_an_outcome_that_is_not_whole_is_asked_for_again(looked_at: Site) -> None:
    for said, told in (
        ({"words": " "}, '<a href="#words">Say what was done.</a>'),
        ({"words": "x" * 4001}, '<a href="#words">This is too long.</a>'),
        ({"words": "done", "done_on": "31/02/2025"}, '<a href="#done_on">Write a day as 31/12/2025.</a>'),
    ):
        answer = go_on(looked_at, first(looked_at), "evidence", **said)
        assert answer.status_code == 422
        assert told in unescape(answer.text)
        assert said.get("done_on", "") in answer.text


def test_a_day_that_has_not_come_is_told_at_its_field_when_it_is_sent(site: Site) -> None:
    last = go_on(site, at_evidence(site, done_on="2025-08-21"), "check")
    answer = go_on(site, last, "send")
    assert answer.status_code == 422
    assert '<a href="#done_on">This day has not come yet' in unescape(answer.text)
    assert WORDS in unescape(answer.text)


def test_a_file_that_is_not_taken_is_told_and_not_kept(site: Site) -> None:
    before, second = size(site), at_evidence(site)
    for name, content, told in (
        ("run.exe", b"MZ\x90\x00 this is a program", "Files of this kind are not taken."),
        ("page.html", b"<html><script>1</script></html>", "Files of this kind are not taken."),
        ("picture.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "Files of this kind are not taken."),
        ("false.png", PDF, "Files of this kind are not taken."),
        ("empty.pdf", b"", "The file is empty."),
    ):
        answer = go_on(site, second, "check", file=(name, content, "application/pdf"), number="9/BC")
        html = unescape(answer.text)
        assert answer.status_code == 422
        assert f'<a href="#file">{told}' in html
        assert 'value="9/BC"' in html
        assert (files_kept(site), size(site)) == ([], before)


def test_a_file_that_is_too_large_is_told_and_one_far_too_large_is_not_even_read(tmp_path: Any) -> None:
    large = a_site(tmp_path)
    settings = replace(large.settings, evidence_limit="1 kB")
    site = replace(large, settings=settings, app=create_app(large.store, settings, AMPLE))
    answer = go_on(site, at_evidence(site), "check", file=("a.pdf", PDF + b"x" * 1024, ""))
    assert answer.status_code == 422
    assert "The file is too large." in unescape(answer.text)
    far = go_on(site, at_evidence(site), "check", file=("a.pdf", PDF + b"x" * (MARGIN + 2048), ""))
    assert far.status_code == 413
    assert files_kept(site) == []
    large.store.close()


def test_the_name_of_a_file_is_a_label_and_never_a_path(site: Site, tmp_path: Any) -> None:
    second, names = at_evidence(site), []
    for number, (said, kept) in enumerate(
        (
            ("../../../etc/passwd.pdf", "passwd.pdf"),
            ("C:\\Windows\\win.pdf", "win.pdf"),
            ("a\u202efdp.pdf", "afdp.pdf"),
            ("Báo cáo.pdf", "Báo cáo.pdf"),
            ('"><img src=x onerror=alert(1)>.pdf', "%22__img src=x onerror=alert(1)_.pdf"),
        )
    ):
        last = go_on(site, second, "check", file=(said, PDF + bytes([48 + number]), "application/pdf"))
        names.append(kept)
        with site.store.read() as connection:
            assert [one.name for one in evidence.every(connection)] == names[::-1]
        assert "<img src=x" not in last.text
    found = {path.name for path in tmp_path.rglob("*") if path.is_file() and "evidence" in str(path)}
    assert found == set(files_kept(site))


def test_a_document_without_a_number_or_a_file_and_one_of_tomorrow_are_told(site: Site) -> None:
    answer = go_on(site, at_evidence(site), "check", dated="2025-08-19")
    assert "Add a file, or the number of a document." in unescape(answer.text)
    last = go_on(site, at_evidence(site), "check", number="9/BC", dated="2025-08-21")
    late = go_on(site, last, "send")
    assert late.status_code == 422
    assert '<a href="#dated">The document cannot be dated later than today' in unescape(late.text)
    assert entries(site, REPORT, "submitted") == []


def test_who_reports_on_what_has_changed_is_shown_what_came_and_keeps_every_word(site: Site) -> None:
    last = at_check(site)
    other = go_on(site, last, "send", name="anna", words="Somebody else was quicker.")
    assert other.status_code == 303
    answer = go_on(site, last, "send")
    assert answer.status_code == 409
    send_back(site.store, REPORT, at=site.store.position().high_water, actor=SECRETARIAT, missing="the annex")
    answer = go_on(site, last, "send")
    html = unescape(answer.text)
    assert answer.status_code == 409
    for said in ("What changed since you looked", "the annex", WORDS, SHA):
        assert said in html
    assert go_on(site, answer, "send").status_code == 303
    assert len(entries(site, REPORT, "submitted")) == 2


def test_markup_in_a_report_is_text_on_every_page(site: Site) -> None:
    second = go_on(site, first(site), "evidence", words=MARKUP)
    last = go_on(site, second, "check", number='"><script>alert(3)</script>')
    sent = go_on(site, last, "send")
    paths = [sent.headers["location"], f"/tasks/{REPORT}", "/reviews"]
    texts = [second.text, last.text, *(site.as_("le").get(path).text for path in paths)]
    for text in texts:
        assert "<script>alert" not in text
        assert "<img src=x" not in text


# ── Whose it is ──────────────────────────────────────────────────────────────────────────────────────────────


def test_nobody_reports_for_another_office(looked_at: Site) -> None:
    before = size(looked_at)
    for name, status in (("binh", 404), ("pham", 403), ("root", 403), ("le", 403)):
        said = {"csrf": looked_at.csrf(name), "seen": str(changed(looked_at, REPORT)), "words": "done"}
        for step, go in (("outcome", "send"), ("evidence", "check"), ("evidence", "send")):
            answer = looked_at.as_(name).post(
                f"/tasks/{REPORT}/report", data={**said, "step": step, "go": go}, files={"file": ("a.pdf", PDF, "")}
            )
            assert answer.status_code == status, (name, step, go)
    assert (size(looked_at), files_kept(looked_at)) == (before, [])


def test_knowing_a_hash_is_not_having_the_file(site: Site) -> None:
    go_on(site, at_check(site), "send")
    for name, status in (("anna", 200), ("le", 200), ("pham", 200), ("binh", 404)):
        assert site.as_(name).get(f"/evidence/{SHA}").status_code == status
    second = first(site, "binh", ACCOUNTS)
    said = {**fields_of(second), "words": "done", "go": "check", "proof_file": [SHA], "proof_number": [""]}
    shown = site.as_("binh").post(f"/tasks/{ACCOUNTS}/report", data={**said, "proof_dated": [""]})
    assert "report.pdf" not in shown.text
    answer = site.as_("binh").post(f"/tasks/{ACCOUNTS}/report", data={**said, "proof_dated": [""], "go": "send"})
    assert answer.status_code == 422
    assert "This file is not known here, or not yours" in unescape(answer.text)
    assert entries(site, ACCOUNTS, "submitted") == []


def test_a_file_is_handed_out_to_be_kept_and_never_to_be_shown(site: Site) -> None:
    go_on(site, at_check(site, ("Báo cáo.pdf", PDF, "")), "send")
    answer = site.as_("le").get(f"/evidence/{SHA}")
    assert answer.content == PDF
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert "filename*=UTF-8''B%C3%A1o%20c%C3%A1o.pdf" in answer.headers["content-disposition"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_what_is_no_evidence_is_not_there(looked_at: Site) -> None:
    for named in ("0" * 64, "..%2f..%2ftracker.db", "x", SHA.upper(), SHA + "%00"):
        assert looked_at.as_("le").get(f"/evidence/{named}").status_code == 404


def test_a_document_that_closes_two_tasks_is_flagged_to_who_may_see_both(site: Site) -> None:
    go_on(site, at_check(site), "send")
    said = {"csrf": site.csrf("binh"), "seen": str(changed(site, ACCOUNTS)), "words": "done", "step": "evidence"}
    path = f"/tasks/{ACCOUNTS}/report"
    second = site.as_("binh").post(path, data={**said, "go": "check"}, files={"file": ("b.pdf", PDF, "")})
    assert go_on(site, second, "send", name="binh").status_code == 303
    assert "The same document also closes:" in page(site, "le", REPORT)
    assert "The same document also closes:" in unescape(site.as_("le").get("/reviews").text)
    for name, ref in (("anna", REPORT), ("binh", ACCOUNTS)):
        assert "also closes" not in page(site, name, ref)


# ── The proof ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_receipt_has_its_proof_once_a_seal_holds_it(site: Site) -> None:
    keyfile = keyfile_of(site.store, site.settings)
    make_key(site.store, keyfile, at=site.store.position().high_water, actor="test")
    where = go_on(site, at_check(site), "send").headers["location"].partition("?")[0]
    assert "No seal holds this report yet." in unescape(site.as_("anna").get(where).text)
    before = size(site)
    assert site.as_("anna").get(f"{where}/proof.json").status_code == 409
    assert size(site) == before
    seal(site.store, at=site.store.position().high_water, keyfile=keyfile, force=True)
    assert "Download the proof of this report" in unescape(site.as_("anna").get(where).text)
    answer = site.as_("anna").get(f"{where}/proof.json")
    assert answer.headers["content-disposition"].startswith("attachment; ")
    checked = check_receipt(answer.text)
    assert checked.faults == ()
    assert checked.says["payload"]["words"] == WORDS
    assert site.as_("binh").get(f"{where}/proof.json").status_code == 404
    assert site.as_("anna").get(f"/tasks/{REPORT}/receipt/1").status_code == 404
    assert site.as_("anna").get(f"/tasks/{REPORT}/receipt/1/proof.json").status_code == 404


# ── Where the database itself keeps others' rows away ────────────────────────────────────────────────────────


def test_an_office_does_all_of_it_on_postgresql_where_others_rows_are_kept_from_it(
    postgres_url: str, tmp_path: Any
) -> None:
    site = a_site(tmp_path, an_office_at_work(postgres_url))
    waits = page(site, "anna", TRAINING)
    assert "BGDDT" in waits
    assert "Schools" in waits
    sent = go_on(site, at_check(site), "send")
    assert sent.status_code == 303, sent.text
    assert SHA in site.as_("anna").get(sent.headers["location"]).text
    assert site.as_("anna").get(f"/evidence/{SHA}").content == PDF
    send_back(site.store, REPORT, at=site.store.position().high_water, actor=SECRETARIAT, missing="the annex")
    last = go_on(site, at_evidence(site), "check", earlier=[SHA])
    assert "report.pdf" in last.text
    assert go_on(site, last, "send").status_code == 303
    fields = {"csrf": site.csrf("binh"), "seen": str(changed(site, ACCOUNTS)), "words": "x", "go": "send"}
    assert site.as_("binh").post(f"/tasks/{REPORT}/report", data=fields).status_code == 404
    later = {"csrf": site.csrf("anna"), "seen": str(changed(site, TRAINING)), "day": "2025-10-30", "why": "late"}
    answer = site.as_("anna").post(f"/tasks/{TRAINING}/extension", data={**later, "go": "look"})
    assert (answer.status_code, "Check before you ask" in answer.text) == (200, True)
    assert "report.pdf" in site.as_("le").get("/reviews").text
    site.store.close()
