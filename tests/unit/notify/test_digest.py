"""Digests as they are read: golden files in each language, what comes first, and what is cut."""

import re
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

import pytest

from tests.unit.notify.a_digest import a_digest, an_item
from tests.unit.notify.test_render import GOLDEN, _Read, _same
from tracker.notify.digest import SHOWN, SUBJECT_MAX, Digest
from tracker.notify.message import build, message_id
from tracker.notify.notice import LANGUAGES
from tracker.notify.render import render


def mail(digest: Digest) -> EmailMessage:
    return build(digest, "bnv@moha.example")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_digest_reads_as_agreed_in_each_language(language: str) -> None:
    rendered = render(a_digest(language=language))
    _same(GOLDEN / f"digest-{language}.txt", f"Subject: {rendered.subject}\n\n{rendered.text}")
    _same(GOLDEN / f"digest-{language}.html", rendered.html)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_long_digest_that_comes_late_reads_as_agreed(language: str) -> None:
    items = [an_item("overdue", n, language=language) for n in range(1, 23)]
    rendered = render(a_digest(*items, language=language, late_by=timedelta(hours=75), rehearsal=True))
    _same(GOLDEN / f"digest-long-{language}.txt", f"Subject: {rendered.subject}\n\n{rendered.text}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_row_leads_to_what_can_be_done_by_a_click(language: str) -> None:
    token = "1.0123abcd.WyIyMDI1LzQxMi10Yi12cGNwL3JlcG9ydC9CTlYiXQ." + "A" * 43
    first, second = (an_item(stage, n, language=language) for n, stage in enumerate(("before", "overdue")))
    first = replace(first, act_url=f"https://directives.example/l/{token}")
    rendered = render(a_digest(first, second, language=language))
    _same(GOLDEN / f"digest-links-{language}.txt", f"Subject: {rendered.subject}\n\n{rendered.text}")
    _same(GOLDEN / f"digest-links-{language}.html", rendered.html)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_html_says_what_the_text_says(language: str) -> None:
    rendered = render(a_digest(language=language, late_by=timedelta(hours=3)))
    shown = re.sub(r"[ \n]+", " ", " ".join(_Read(rendered.html).said))
    for line in rendered.text.splitlines():
        assert line.strip(" -[]") in shown, line


def test_the_subject_counts_the_stages_and_names_the_first_task() -> None:
    items = [an_item("before", n) for n in (1, 2)] + [an_item("overdue", n) for n in (3, 4, 5)]
    assert render(a_digest(*items)).subject == "[3 overdue, 2 due soon] first: 412/TB-VPCP – Legal review 3"


def test_half_of_the_time_counts_as_due_soon() -> None:
    assert render(a_digest(an_item("half"), an_item("before"))).subject.startswith("[2 due soon] ")


def test_what_is_late_comes_first_then_the_earlier_date_then_what_has_none() -> None:
    text = render(a_digest()).text
    found = re.findall(r"^   https://\S+/([a-z]+)-\d/BNV$", text, re.MULTILINE)
    assert found == ["escalated", "overdue", "overdue", "due", "before", "half", "assigned", "review"]


@pytest.mark.parametrize(("count", "shown", "hidden"), [(9, 9, 0), (10, 10, 0), (11, 10, 1), (22, 10, 12)])
def test_ten_rows_are_shown_and_the_rest_is_a_link(count: int, shown: int, hidden: int) -> None:
    text = render(a_digest(*(an_item("due", n) for n in range(count)))).text
    assert (len(re.findall(r"^\d+\. ", text, re.MULTILINE)), SHOWN) == (shown, 10)
    assert (f"and {hidden} more: https://directives.example/tasks?agency=BNV" in text) == (hidden > 0)
    assert f"{count} tasks need your attention" in text


def test_every_retry_has_the_same_identity_though_its_rows_differ() -> None:
    whole = a_digest()
    rest = replace(whole, items=whole.items[1:])
    assert message_id(whole) == message_id(rest) == mail(rest)["Message-ID"]
    assert render(whole).text != render(rest).text


def test_the_digests_of_an_office_are_one_conversation() -> None:
    first, second = mail(a_digest()), mail(a_digest(key="b1|other"))
    assert first["Message-ID"] != second["Message-ID"]
    assert first["References"] == second["References"] == second["In-Reply-To"]


def test_no_text_of_a_digest_can_steer_a_header_or_a_reader() -> None:
    evil = "Report\r\nBcc: everyone@example.org\u202e<script>alert(1)</script>"
    digest = a_digest(an_item(task_title=evil, url="javascript:alert(1)"), office=evil, recipient_name=evil, url=evil)
    made, rendered = mail(digest), render(digest)
    assert made["Bcc"] is None
    assert "<script>" not in rendered.html
    assert 'href="javascript' not in rendered.html
    assert "\u202e" not in rendered.text


def test_a_subject_is_never_too_long() -> None:
    assert len(render(a_digest(an_item(task_title="x" * 500), an_item("due"))).subject) <= SUBJECT_MAX
