"""The page of an assignment and its acts: only what is open to who looks, once, and with every word kept."""

import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape

import pytest

from tests.integration.web.a_site import KEY, Site
from tracker.store import ledger
from tracker.web.acts import ACTS, BY_SLUG
from tracker.web.refusals import SENTENCES

REPORT, SCHOOLS, TRAINING = f"{KEY}/report/BNV", f"{KEY}/schools/BGDDT", f"{KEY}/training/BNV"
ACCOUNTS, ROADS = f"{KEY}/accounts/BTC", f"{KEY}/roads/22"
MARKUP = '<script>alert("1")</script><img src=x onerror=alert(2)>'


def page(site: Site, name: str, ref: str, *more: str, status: int = 200) -> str:
    answer = site.as_(name).get("/".join(["/tasks", ref, *more]))
    assert answer.status_code == status, answer.text
    return unescape(answer.text)


def seen_on(html: str) -> str:
    return re.search(r'name="seen" value="(\d+)"', html)[1]  # type: ignore[index]


def send(site: Site, name: str, ref: str, *more: str, seen: str | None = None, **said: str):  # type: ignore[no-untyped-def]
    path = "/".join(["/tasks", ref, *more])
    fields = {"csrf": site.csrf(name), "seen": seen or str(changed(site, ref)), **said}
    return site.as_(name).post(path, data=fields)


def changed(site: Site, ref: str) -> int:
    from tracker.store import assignments

    with site.store.read() as connection:
        return assignments.get(connection, [ref])[0].changed


def entries(site: Site, ref: str, kind: str) -> list[dict[str, object]]:
    with site.store.read() as connection:
        return [dict(entry.payload) for entry in ledger.entries(connection, assignment=ref, kinds=(kind,))]


def size(site: Site) -> int:
    return site.store.position().seq


# ── What it shows ────────────────────────────────────────────────────────────────────────────────────────────


def test_it_says_what_who_when_why_and_how_the_date_was_set(looked_at: Site) -> None:
    html = page(looked_at, "le", REPORT)
    for said in (
        "Report",
        "412/TB-VPCP",
        "Sunday 31 August 2025",
        "How this date was set",
        "by 31 August 2025' includes that day.",
        "The last day ends at midnight: late from Monday 1 September 2025, 00:00 (Hanoi time).",
        "Journal",
        "Waiting for it",
    ):
        assert said in html


def test_it_shows_every_entry_with_its_position_and_hash(looked_at: Site) -> None:
    html = page(looked_at, "pham", SCHOOLS)
    with looked_at.store.read() as connection:
        found = list(ledger.entries(connection, assignment=SCHOOLS))
    assert found
    assert all(entry.hash in html and f"entry {entry.seq}" in html for entry in found)


def test_what_it_waits_for_is_named_and_for_an_agency_is_no_link(looked_at: Site) -> None:
    assert f'href="/tasks/{SCHOOLS}"' in page(looked_at, "le", TRAINING)
    html = page(looked_at, "anna", TRAINING)
    assert "BGDDT – Schools, last day 31 August 2025" in re.sub(r"\s+", " ", html)
    assert f"/tasks/{SCHOOLS}" not in html


def test_a_reason_names_the_task_waited_for_by_its_title(looked_at: Site) -> None:
    assert "Cannot start yet: waits for Schools." in page(looked_at, "anna", TRAINING)
    vietnamese = unescape(looked_at.as_("anna").get(f"/tasks/{TRAINING}?lang=vi").text)
    assert "Schools (vi)" in vietnamese
    assert "Chưa thể bắt đầu" in vietnamese


def test_another_agencys_page_is_not_there_and_nothing_of_it_is_told(looked_at: Site) -> None:
    for more in ((), ("report",), ("extension",), ("contest",), ("do", "start"), ("receipt", "1")):
        answer = looked_at.as_("anna").get("/".join(["/tasks", ACCOUNTS, *more]))
        assert answer.status_code == 404
        assert "Accounts" not in answer.text
        assert "The books came late" not in answer.text


def test_an_assignment_that_never_was_reads_like_one_that_may_not_be_seen(looked_at: Site) -> None:
    there, never = (looked_at.as_("anna").get(f"/tasks/{ref}") for ref in (ACCOUNTS, f"{KEY}/accounts/XYZ"))
    assert there.status_code == never.status_code == 404
    assert there.text.replace("accounts/BTC", "") == never.text.replace("accounts/XYZ", "")


def test_an_earlier_day_is_shown_without_anything_to_do(looked_at: Site) -> None:
    html = unescape(looked_at.as_("le").get(f"/tasks/{SCHOOLS}?at=2025-08-18").text)
    assert "You are looking at an earlier day" in html
    assert "All schools have water." not in html
    assert "What you can do" not in html


def test_who_may_do_what_is_the_domains_word(looked_at: Site) -> None:
    offered = {
        "le": {"accept", "return", "transfer", "excuse", "discontinue"},
        "pham": set(),
        "root": set(),
    }
    for name, slugs in offered.items():
        html = page(looked_at, name, SCHOOLS)
        assert set(re.findall(rf"/tasks/{SCHOOLS}/do/([a-z-]+)", html)) == slugs
    anna = page(looked_at, "anna", REPORT)
    assert set(re.findall(rf"/tasks/{REPORT}/([a-z]+)\"", anna)) == {"report", "extension", "contest"}
    assert set(re.findall(rf"/tasks/{REPORT}/do/([a-z-]+)", anna)) == {"acknowledge", "start", "note", "delegate"}


def test_every_page_comes_in_three_languages(looked_at: Site) -> None:
    for language in ("vi", "en", "fr"):
        for more in ("", "/report", "/extension", "/contest", "/do/note", "/do/delegate"):
            answer = looked_at.as_("anna").get(f"/tasks/{REPORT}{more}?lang={language}")
            assert answer.status_code == 200
            assert f'<html lang="{language}">' in answer.text


def test_looking_changes_nothing(looked_at: Site) -> None:
    before = size(looked_at)
    for name in ("le", "anna", "pham"):
        for ref in (REPORT, TRAINING):
            for more in ("", "/report", "/extension", "/contest", "/not-ours", "/do/accept", "/do/start", "/do/no"):
                looked_at.as_(name).get(f"/tasks/{ref}{more}")
                looked_at.as_(name).head(f"/tasks/{ref}{more}")
    looked_at.as_("le").get("/reviews")
    assert size(looked_at) == before


# ── Acting ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_agency_takes_note_and_the_page_says_so(site: Site) -> None:
    answer = send(site, "anna", REPORT, "do", "acknowledge")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/tasks/{REPORT}?done=acknowledge")
    assert "Recorded: your office has taken note." in unescape(site.as_("anna").get(answer.headers["location"]).text)
    assert len(entries(site, REPORT, "acknowledged")) == 1


def test_the_same_form_twice_records_once_and_answers_alike(site: Site) -> None:
    seen = str(changed(site, SCHOOLS))
    answers = [send(site, "le", SCHOOLS, "do", "return", seen=seen, missing="the signature") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert [said["missing"] for said in entries(site, SCHOOLS, "returned")] == ["the signature"]


def test_who_decides_on_what_has_changed_is_shown_what_came_and_keeps_the_words(site: Site) -> None:
    seen = str(changed(site, SCHOOLS))
    send(site, "le", SCHOOLS, "do", "return", seen=seen, missing="the signature")
    answer = send(site, "le", SCHOOLS, "do", "excuse", seen=seen, why="No schools here.", agreed_by="the Minister")
    html = unescape(answer.text)
    assert answer.status_code == 409
    assert "What changed since you looked" in html
    assert "Report returned" in html
    assert "the signature" in html
    assert "No schools here." in html
    assert 'value="the Minister"' in html
    again = send(site, "le", SCHOOLS, "do", "excuse", seen=seen_on(html), why="No schools.", agreed_by="the Minister")
    assert again.status_code == 303


def test_what_can_no_longer_be_done_says_so_and_gives_back_what_was_written(site: Site) -> None:
    seen = str(changed(site, SCHOOLS))
    send(site, "le", SCHOOLS, "do", "accept", seen=seen)
    answer = send(site, "le", SCHOOLS, "do", "return", seen=seen, missing="the stamp on page 3")
    html = unescape(answer.text)
    assert answer.status_code == 409
    for said in ("Report accepted", "This cannot be done now", "What you wrote", "the stamp on page 3"):
        assert said in html
    assert "Delivery of a reminder" not in html


def test_more_time_is_offered_only_as_long_as_the_rule_lets_it_be_asked_for(looked_at: Site) -> None:
    assert "Ask for more time" in page(looked_at, "anna", REPORT)
    late = page(looked_at, "binh", f"{KEY}/budget/BTC")
    assert "it is too late" in late
    assert "Ask for more time" not in late


def test_what_is_not_filled_in_is_named_at_its_field_and_the_rest_is_kept(looked_at: Site) -> None:
    answer = send(looked_at, "le", REPORT, "do", "suspend", why="The law changes.", instrument="  ")
    html = unescape(answer.text)
    assert answer.status_code == 422
    assert '<a href="#instrument">Please fill this in.</a>' in html
    assert "The law changes." in html
    assert entries(looked_at, REPORT, "suspended") == []


def test_a_form_without_the_entry_it_was_made_by_is_not_taken(looked_at: Site) -> None:
    for seen in ("", "x", "-1", "9" * 30):
        assert send(looked_at, "anna", REPORT, "do", "acknowledge", seen=seen or " ").status_code == 422
    assert entries(looked_at, REPORT, "acknowledged") == []


@pytest.mark.parametrize("slug", sorted(BY_SLUG))
def test_nobody_makes_a_move_that_is_not_theirs(looked_at: Site, slug: str) -> None:
    before = size(looked_at)
    said = {field.name: "2025-12-31" if field.kind in ("date", "snooze") else "BTC" for field in BY_SLUG[slug].fields}
    for name in ("pham", "root", "binh"):
        answer = send(looked_at, name, REPORT, "do", slug, **said)
        assert answer.status_code == (404 if name == "binh" else 403), (name, answer.text)
    theirs = BY_SLUG[slug] in ACTS[6:]
    answer = send(looked_at, "anna" if theirs else "le", REPORT, "do", slug, **said)
    assert answer.status_code == 403
    assert size(looked_at) == before


def test_a_form_of_nobody_and_one_without_its_token_are_not_taken(looked_at: Site) -> None:
    path = f"/tasks/{REPORT}/do/acknowledge"
    before = size(looked_at)
    assert looked_at.nobody().post(path, data={"seen": "1"}).status_code == 303
    assert looked_at.as_("anna").post(path, data={"seen": "1"}).status_code == 403
    assert looked_at.as_("anna").post(path, data={"seen": "1", "csrf": looked_at.csrf("binh")}).status_code == 403
    assert size(looked_at) == before


def test_markup_is_text_wherever_it_was_typed(site: Site) -> None:
    send(site, "anna", REPORT, "contest", why=MARKUP)
    assert entries(site, REPORT, "contested")[0]["why"] == MARKUP
    for name, path in (("anna", f"/tasks/{REPORT}"), ("le", "/reviews"), ("le", f"/tasks/{REPORT}/do/uphold")):
        html = site.as_(name).get(path).text
        assert MARKUP not in html
        assert "&lt;script&gt;" in html
    answer = send(site, "le", REPORT, "do", "suspend", why=MARKUP, instrument="")
    assert MARKUP not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_not_ours_goes_to_the_secretariat_who_transfers_it(site: Site) -> None:
    assert send(site, "anna", REPORT, "contest", why="It is for finance.", office="BTC").status_code == 303
    assert "It is for finance." in page(site, "le", REPORT)
    answer = send(site, "le", REPORT, "do", "transfer", office="BTC", why="Decree 1")
    assert answer.status_code == 303
    assert "Superseded" in page(site, "le", REPORT)
    assert site.as_("binh").get(f"/tasks/{KEY}/report/BTC").status_code == 200


def test_the_address_of_mails_leads_to_not_ours(looked_at: Site) -> None:
    answer = looked_at.as_("anna").get(f"/tasks/{REPORT}/not-ours")
    assert (answer.status_code, answer.headers["location"]) == (308, f"/tasks/{REPORT}/contest")


def test_an_office_that_is_not_there_is_told_at_its_field(looked_at: Site) -> None:
    answer = send(looked_at, "le", REPORT, "do", "transfer", office="XYZ", why="Decree 1")
    assert answer.status_code == 422
    assert '<a href="#office">There is no such office: “XYZ”.</a>' in unescape(answer.text)


def test_work_is_delegated_to_a_unit_and_taken_back(site: Site) -> None:
    assert send(site, "anna", REPORT, "do", "delegate", office="BNV-TC", words="Please").status_code == 303
    assert "Delegated to" in page(site, "anna", REPORT)
    assert send(site, "anna", REPORT, "do", "take-back").status_code == 303


def test_reminders_are_put_off_to_a_day_that_is_offered(site: Site) -> None:
    html = page(site, "anna", REPORT, "do", "note")
    days = re.findall(r'name="until" type="radio" value="([0-9-]+)"', html)
    assert days
    assert send(site, "anna", REPORT, "do", "note", until=days[0]).status_code == 303
    late = send(site, "anna", REPORT, "do", "note", until="2025-12-31")
    assert late.status_code == 422
    assert "Reminders cannot be put off to this day." in unescape(late.text)


# ── More time ────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_a_later_day_does_is_shown_before_it_is_asked_for(site: Site) -> None:
    first = send(site, "anna", REPORT, "extension", day="2025-09-30", why="The law is late.", go="look")
    html = unescape(first.text)
    assert (first.status_code, entries(site, REPORT, "extension_requested")) == (200, [])
    assert "Check before you ask" in html
    assert "Tuesday 30 September 2025" in html
    assert "<svg" in html
    sent = send(site, "anna", REPORT, "extension", day="2025-09-30", why="The law is late.", go="send")
    assert (sent.status_code, sent.headers["location"]) == (303, f"/tasks/{REPORT}?done=ask")
    assert entries(site, REPORT, "extension_requested")[0]["why"] == "The law is late."


def test_a_task_nobody_waits_for_says_so_before_more_time_is_asked_for(looked_at: Site) -> None:

    alone = unescape(send(looked_at, "anna", REPORT, "extension", day="2025-09-30", why="late", go="look").text)
    assert "No other task depends on this one." in alone


def test_a_day_the_rule_forbids_is_told_at_its_field_before_anything_is_sent(looked_at: Site) -> None:
    for day, said in (("2025-08-31", "Choose a day after the last day in force."), ("31.02.2025", "Write a day as")):
        answer = send(looked_at, "anna", REPORT, "extension", day=day, why="late", go="look")
        assert answer.status_code == 422
        assert said in unescape(answer.text)


def test_a_request_sent_twice_is_one_request(site: Site) -> None:
    seen = str(changed(site, REPORT))
    said = {"day": "2025-09-30", "why": "The law is late.", "go": "send", "seen": seen}
    assert [send(site, "anna", REPORT, "extension", **said).status_code for _ in range(2)] == [303, 303]
    assert len(entries(site, REPORT, "extension_requested")) == 1


def test_more_time_is_granted_by_the_day_asked_for_or_another(site: Site) -> None:
    answer = send(site, "le", ACCOUNTS, "do", "grant", instrument="Letter 9", day="25/09/2025")
    assert answer.status_code == 303
    granted = entries(site, ACCOUNTS, "extension_granted")[0]
    assert (granted["day"], granted["asked"], granted["instrument"]) == ("2025-09-25", "2025-09-30", "Letter 9")
    html = page(site, "le", ACCOUNTS)
    assert "25 September 2025" in html
    assert "Letter 9" in html


# ── Reviews ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_everything_that_waits_is_listed_with_its_age_and_its_forms(looked_at: Site) -> None:
    html = unescape(looked_at.as_("le").get("/reviews").text)
    assert html.count('<article class="review"') == 3
    assert html.count("1 day, 1 working day") == 3
    for slug, ref in (("accept", SCHOOLS), ("return", SCHOOLS), ("grant", ACCOUNTS), ("refuse", ACCOUNTS)):
        assert f'action="/tasks/{ref}/do/{slug}"' in html
    assert f'action="/tasks/{ROADS}/do/uphold"' in html
    only = unescape(looked_at.as_("le").get("/reviews?question=contest").text)
    assert only.count('<article class="review"') == 1


def test_a_review_is_decided_in_place(site: Site) -> None:
    html = site.as_("le").get("/reviews?question=report").text
    answer = send(site, "le", SCHOOLS, "do", "accept", seen=seen_on(html), back="reviews")
    assert (answer.status_code, answer.headers["location"]) == (303, "/reviews?done=accept")
    assert "Recorded: the report is accepted." in unescape(site.as_("le").get("/reviews?done=accept").text)
    assert len(entries(site, SCHOOLS, "completed")) == 1


def test_reviews_are_for_the_secretariat_and_an_auditor_decides_nothing(looked_at: Site) -> None:
    assert looked_at.as_("anna").get("/reviews").status_code == 403
    html = looked_at.as_("pham").get("/reviews").text
    assert html.count('<article class="review"') == 3
    assert "/do/" not in html


def test_what_is_not_required_may_be_left_empty(site: Site) -> None:
    assert send(site, "le", ACCOUNTS, "do", "grant", instrument="Letter 9", day="").status_code == 303
    assert entries(site, ACCOUNTS, "extension_granted")[0]["day"] == "2025-09-30"
    send(site, "le", REPORT, "do", "suspend", why="The law changes.", instrument="Letter 10")
    assert send(site, "le", REPORT, "do", "resume", day="", instrument="").status_code == 303
    assert send(site, "anna", REPORT, "do", "delegate", office="BNV-TC", words="").status_code == 303
    assert send(site, "anna", REPORT, "contest", why="No.", office="").status_code == 303


def test_every_refusal_these_pages_can_meet_is_said_in_three_languages() -> None:
    from tracker.notify.tongue import catalogue

    for language in ("vi", "fr"):
        words = catalogue(language)
        missing = [said for said in SENTENCES.values() if words.gettext(said) == said]
        assert missing == []


def test_a_form_pressed_twice_at_once_records_once(site: Site) -> None:
    seen, token = str(changed(site, SCHOOLS)), site.csrf("le")
    said = {"csrf": token, "seen": seen, "missing": "the signature"}
    clients = [site.as_("le") for _ in range(4)]
    with ThreadPoolExecutor(len(clients)) as pool:
        answers = list(pool.map(lambda client: client.post(f"/tasks/{SCHOOLS}/do/return", data=said), clients))
    assert [answer.status_code for answer in answers] == [303] * 4
    assert len(entries(site, SCHOOLS, "returned")) == 1
