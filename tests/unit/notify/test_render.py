"""Mails as they are read: one golden file for each stage and language, and what none may lack."""

import difflib
import os
import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.unit.notify.a_notice import a_notice, ended
from tracker.domain.phrase import Phrase
from tracker.domain.text import Text
from tracker.notify.happened import asks_nothing, oversees
from tracker.notify.notice import LANGUAGES, NEWS, STAGES, News, Notice, Peer
from tracker.notify.render import render

DAY = timedelta(days=1)
GOLDEN = Path(__file__).parents[2] / "golden" / "mail"
EVERY = [(stage, language) for stage in (*STAGES, *NEWS) for language in LANGUAGES]


def _same(path: Path, text: str) -> None:
    """Compare with the golden file; GOLDEN=write in the environment writes it anew."""
    if os.environ.get("GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    kept = path.read_text(encoding="utf-8")
    difference = "\n".join(difflib.unified_diff(kept.splitlines(), text.splitlines(), "golden", "now", lineterm=""))
    assert kept == text, difference


class _Read(HTMLParser):
    """What a reader of the HTML sees and may click."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.said.append(data)


@pytest.mark.parametrize(("stage", "language"), EVERY)
def test_each_stage_reads_as_agreed_in_each_language(stage: str, language: str) -> None:
    rendered = render(a_notice(stage=stage, language=language))
    _same(GOLDEN / f"{stage}-{language}.txt", f"Subject: {rendered.subject}\n\n{rendered.text}")
    _same(GOLDEN / f"{stage}-{language}.html", rendered.html)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["withdrawn", "superseded", "handed_on", "released"])
def test_however_a_task_ended_its_mail_says_how_and_asks_for_nothing(kind: str, language: str) -> None:
    rendered = render(a_notice(stage="ended", language=language, news=ended(kind, language)))
    _same(GOLDEN / f"ended-{kind}-{language}.txt", f"Subject: {rendered.subject}\n\n{rendered.text}")
    assert "/report" not in rendered.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_can_be_done_by_a_click_stands_after_the_report(language: str) -> None:
    token = "1.0123abcd.WyIyMDI1LzQxMi10Yi12cGNwL3JlcG9ydC9CTlYiXQ." + "A" * 43
    acts = {f"{action}_url": f"https://directives.example/l/{token}" for action in ("acknowledge", "snooze")}
    rendered = render(a_notice(stage="before", language=language, **acts))
    _same(GOLDEN / f"links-{language}.txt", f"Subject: {rendered.subject}\n\n{rendered.text}")
    _same(GOLDEN / f"links-{language}.html", rendered.html)
    for part in (rendered.text, rendered.html):
        assert part.count(token) >= 2  # where a button leads is there to be read


@pytest.mark.parametrize(("stage", "language"), EVERY)
def test_both_parts_show_every_address_in_clear(stage: str, language: str) -> None:
    notice = a_notice(stage=stage, language=language)
    rendered = render(notice)
    read = _Read(rendered.html)
    shown = " ".join(read.said)
    for url in _addresses(notice):
        assert re.search(rf"{re.escape(url)}\s", rendered.text)
        assert re.search(rf"{re.escape(url)}(\s|$)", shown)
        assert url in read.links


def _addresses(notice: Notice) -> list[str]:
    if asks_nothing(notice) or oversees(notice):
        return [notice.url]
    urls = [notice.url, notice.report_url, notice.contest_url]
    return [*urls, notice.extension_url] if notice.last_day else urls


@pytest.mark.parametrize(("stage", "language"), EVERY)
def test_the_html_says_what_the_text_says(stage: str, language: str) -> None:
    rendered = render(a_notice(stage=stage, language=language))
    shown = re.sub(r"[ \n]+", " ", " ".join(_Read(rendered.html).said))
    for line in rendered.text.splitlines():
        for said in filter(None, (part.strip(" -[]") for part in re.split(r" {2,}|(?<=:) ", line))):
            assert said.rstrip(":\u00a0") in shown, said


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_html_needs_nothing_from_elsewhere(language: str) -> None:
    html = render(a_notice(language=language)).html
    read = _Read(html)
    assert f'<html lang="{language}">' in html
    assert not read.tags & {"img", "script", "style", "link", "iframe", "form", "object"}
    assert not read.attributes & {"src", "background", "srcset", "class"}
    assert "url(" not in html
    assert 'name="color-scheme" content="light dark"' in html
    assert "max-width:600px" in html


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Sunday 31 August 2025, end of day (Hanoi time) – 3 working days left"),
        ("vi", "hết ngày Chủ nhật, 31/08/2025 (giờ Hà Nội) – còn 3 ngày làm việc"),
        ("fr", "dimanche 31 août 2025, fin de journée (heure de Hanoï) – 3 jours ouvrés restants"),
    ],
)
def test_a_day_without_an_hour_lasts_to_its_end(language: str, said: str) -> None:
    assert said in render(a_notice(language=language)).text


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Tuesday 1 December 2026, 17:00 (Hanoi time) – 3 working days left"),
        ("vi", "17:00, thứ Ba, 01/12/2026 (giờ Hà Nội) – còn 3 ngày làm việc"),
        ("fr", "mardi 1er décembre 2026, 17 h (heure de Hanoï) – 3 jours ouvrés restants"),
    ],
)
def test_an_hour_is_said_with_whose_hour_it_is(language: str, said: str) -> None:
    notice = a_notice(language=language, last_day=date(2026, 12, 1), minute=time(17))
    assert said in render(notice).text


@pytest.mark.parametrize(
    ("stage", "days", "badge"),
    [
        ("before", 0, "No working day left"),
        ("before", 1, "1 working day left"),
        ("before", 2, "2 working days left"),
        ("before", None, "Due soon"),
        ("overdue", 1, "1 day overdue"),
        ("overdue", 2, "2 days overdue"),
        ("overdue", None, "Overdue"),
    ],
)
def test_the_subject_counts_as_people_do(stage: str, days: int | None, badge: str) -> None:
    assert render(a_notice(stage=stage, days=days)).subject.startswith(f"[{badge}] 412/TB-VPCP – ")


@pytest.mark.parametrize("length", [80, 120, 5000])
def test_a_long_title_gives_way_to_the_date_in_the_subject(length: int) -> None:
    notice = a_notice(task_title="w" * length)
    subject = render(notice).subject
    assert len(subject) <= 200
    assert subject.endswith(" – due 31 August 2025")
    assert ("…" in subject) == (length > 120)
    assert "w" * length in render(notice).text


@pytest.mark.parametrize("stage", [*STAGES, *NEWS])
def test_how_the_date_was_set_is_told_when_the_task_is_handed_over(stage: str) -> None:
    text = render(a_notice(stage=stage)).text
    assert ("How this date was set:" in text) == (stage == "assigned")
    told = "late from Monday 1 September 2025, 00:00 (Hanoi time)." in text
    assert told == (stage in ("assigned", "accepted"))


def test_the_ledger_position_is_short_to_the_eye() -> None:
    text = render(a_notice(seq=77, head="0123456789abcdef" * 4)).text
    assert "(77, 0123456789abcdef)" in text


def test_a_rehearsal_says_so_first_in_subject_text_and_html() -> None:
    rendered = render(a_notice(rehearsal=True))
    assert rendered.subject.startswith("[REHEARSAL] [3 working days left]")
    assert rendered.text.startswith("*** REHEARSAL: ")
    assert "REHEARSAL: " in "".join(_Read(rendered.html).said)


@pytest.mark.parametrize(("count", "last"), [(9, "Task 8"), (10, "Task 9"), (11, "and 1 more"), (40, "and 30 more")])
def test_a_long_list_of_peers_is_cut_and_counted(count: int, last: str) -> None:
    peers = tuple(Peer(title=f"Task {n}", agency="BTP", last_day=None, late=False) for n in range(count))
    lines = render(a_notice(waiting_for=(), waited_by=peers)).text.splitlines()
    said = [line.strip() for line in lines if re.search(r"BTP – Task|\band \d+ more", line)]
    assert len(said) == min(count, 10) + (count > 10)
    assert said[-1].endswith(last)


def test_what_is_absent_leaves_no_empty_label() -> None:
    bare: dict[str, Any] = {
        "words": None, "deliverable": None, "evidence_required": False, "waiting_for": (), "contact": "",
        "explanation": (), "late_from": None, "source": None, "sentence": None, "directive_title": "",
    }  # fmt: skip
    text = render(a_notice(stage="assigned", **bare)).text
    assert not re.search(r":\s*$", text, re.MULTILINE)
    for label in ("Date as printed", "Send", "Waiting", "Contact", "How this date"):
        assert label not in text


def test_another_zone_is_named_by_its_place() -> None:
    notice = a_notice(language="fr", zone="Europe/Paris", as_of=datetime(2025, 8, 27, 1, tzinfo=UTC))
    text = render(notice).text
    assert "(heure de Paris)" in text
    assert "mercredi 27 août 2025, 3 h (heure de Paris)" in text


@pytest.mark.parametrize(
    "evil", ["<script>alert(1)</script>", '"><img src=x onerror=a>', "{{ 7*7 }}", "&lt;b&gt;", "{days}"]
)
def test_no_text_of_a_directive_becomes_html_or_template(evil: str) -> None:
    peer = Peer(title=evil, agency=evil, last_day=None, late=True)
    notice = a_notice(
        task_title=evil, directive_title=evil, directive_number=evil, agency_name=evil, office=evil, words=evil,
        deliverable=evil, contact=evil, source=evil, waiting_for=(peer,), reference=evil, stage="assigned",
        explanation=(Phrase("skipped", {"day": date(2025, 9, 2), "why": Text(vi=evil, en=evil, fr=evil)}),),
        reason=Phrase("returned", {"day": date(2025, 8, 20), "missing": evil}),
    )  # fmt: skip
    plain = _Read(render(a_notice(stage="assigned")).html)
    read = _Read(render(notice).html)
    assert read.tags == plain.tags
    assert read.attributes == plain.attributes
    assert evil in render(notice).text
    assert evil in "".join(read.said)


@pytest.mark.parametrize("evil", ["Sign it\r\nBcc: all@moha.example", "Sign\u2028it", "Sign \u202eit", "Sign\x00it"])
def test_a_phrase_stays_on_its_line_whatever_fills_it(evil: str) -> None:
    notice = a_notice(
        stage="assigned",
        reason=Phrase("returned", {"day": date(2025, 8, 20), "missing": evil}),
        explanation=(Phrase("make_up", {"day": date(2025, 9, 6), "why": Text(vi=evil, en=evil, fr=evil)}),),
    )
    lines = render(notice).text.splitlines()
    assert sum("still missing: Sign" in line and " it" in line.lower() for line in lines) == 1
    assert sum("as a working day: Sign" in line and " it" in line.lower() for line in lines) == 1
    assert not [line for line in lines if line.startswith("Bcc") or not line.isprintable()]


def test_an_explanation_that_ends_elsewhere_says_from_when_it_is_late() -> None:
    moved = a_notice(stage="assigned", late_from=datetime(2025, 9, 30, 17, tzinfo=UTC))
    assert "Counts as late from Wednesday 1 October 2025, 00:00 (Hanoi time)." in render(moved).text
    assert "Counts as late" not in render(a_notice(stage="assigned")).text


def test_an_address_that_would_run_a_script_is_shown_but_not_clickable() -> None:
    read = _Read(render(replace(a_notice(), report_url="javascript:alert(1)")).html)
    assert not [link for link in read.links if link.startswith("javascript")]


# ── What tells of an entry ───────────────────────────────────────────────────────────────────────────────────

STEMS = {
    "assigned": ("[Giao nhiệm vụ]", "[New task]", "[Nouvelle mesure]"),
    "escalated": ("[Báo cáo cấp trên]", "[Escalated]", "[Remonté]"),
    "received": ("[Đã nhận]", "[Received]", "[Reçu]"),
    "returned": ("[Trả lại]", "[Returned]", "[À compléter]"),
    "accepted": ("[Đã xác nhận]", "[Accepted]", "[Validé]"),
    "unblocked": ("[Có thể bắt đầu]", "[You can start]", "[Vous pouvez commencer]"),
    "date_changed": ("[Thay đổi thời hạn]", "[Date changed]", "[Échéance modifiée]"),
}
# the fact that must not be missing, by stage: in every language
FACTS = {
    "received": {"vi": ("1230", "08:34, thứ Tư, 27/08/2025", "0123456789abcdef" * 4, "1234/BC-BNV"),
                 "en": ("1230", "27 August 2025, 08:34", "0123456789abcdef" * 4, "1234/BC-BNV"),
                 "fr": ("1230", "27 août 2025, 8 h 34", "0123456789abcdef" * 4, "1234/BC-BNV")},
    "returned": {"vi": ("Annex 2", "Vẫn tiếp tục tính.", "Còn 3 ngày làm việc"),
                 "en": ("Annex 2", "It goes on running.", "3 working days left"),
                 "fr": ("Annex 2", "Elle continue de courir.", "3 jours ouvrés restants")},
    "accepted": {"vi": ("đúng hạn", "Tính theo ngày nhận báo cáo"),
                 "en": ("came in time", "By the day the report was received, not the day it was accepted."),
                 "fr": ("dans les délais", "D’après le jour de réception")},
    "unblocked": {"vi": ("Bộ Tư pháp – Thẩm định pháp lý", "Còn 3 ngày làm việc"),
                  "en": ("Ministry of Justice – Legal review", "3 working days left"),
                  "fr": ("Ministère de la Justice – Examen juridique", "3 jours ouvrés restants")},
    "date_changed": {"vi": ("Chủ nhật, 31/08/2025", "thứ Sáu, 22/08/2025", "15/QĐ-TTg", "(le)", "15/08/2025"),
                     "en": ("Sunday 31 August 2025", "Friday 22 August 2025", "15/QĐ-TTg", "(le)", "15 August 2025"),
                     "fr": ("dimanche 31 août 2025", "vendredi 22 août 2025", "15/QĐ-TTg", "(le)", "15 août 2025")},
    "escalated": {"vi": ("cơ quan cấp trên của Bộ Nội vụ", "Sắp đến hạn – 08:00, thứ Tư, 27/08/2025", "15/08/2025"),
                  "en": ("the office above Ministry of Home Affairs", "Due soon – Wednesday 27 August 2025, 08:00"),
                  "fr": ("autorité supérieure de Ministère de l’Intérieur", "mercredi 27 août 2025, 8 h")},
    "decided": {"vi": ("Bộ Tư pháp", "the portal moved house"), "en": ("Ministry of Justice", "the portal moved house"),
                "fr": ("Ministère de la Justice", "the portal moved house")},
}  # fmt: skip


@pytest.mark.parametrize("stage", STEMS)
def test_the_subject_begins_with_what_happened(stage: str) -> None:
    for language, stem in zip(LANGUAGES, STEMS[stage], strict=True):
        assert render(a_notice(stage=stage, language=language)).subject.startswith(f"{stem} 412/TB-VPCP – ")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stage", FACTS)
def test_the_fact_that_must_not_be_missing_is_there(stage: str, language: str) -> None:
    text = render(a_notice(stage=stage, language=language)).text
    for fact in FACTS[stage][language]:
        assert fact in text, fact


@pytest.mark.parametrize(
    ("days", "as_of", "said"),
    [
        (1, datetime(2025, 8, 31, 16, 59, 59, tzinfo=UTC), "1 working day left"),
        (0, datetime(2025, 8, 31, 17, tzinfo=UTC) - DAY, "No working day left"),
        (1, datetime(2025, 8, 31, 17, tzinfo=UTC), "1 day overdue"),
        (2, datetime(2025, 9, 1, 17, tzinfo=UTC), "2 days overdue"),
    ],
)
def test_a_return_says_how_much_time_is_left_or_gone(days: int, as_of: datetime, said: str) -> None:
    assert said in render(a_notice(stage="returned", days=days, as_of=as_of)).text


def test_a_request_refused_says_so_and_that_the_date_stays() -> None:
    changes = {"kind": "extension_refused", "asked": date(2025, 9, 30), "new": date(2025, 8, 31), "why": "no reason"}
    rendered = render(a_notice(stage="date_changed", news=some_news(**changes)))
    assert rendered.subject.startswith("[More time refused] ")
    assert re.search("^The date stays: +Sunday 31 August 2025$", rendered.text, re.MULTILINE)
    assert re.search("^Asked for: +Tuesday 30 September 2025$", rendered.text, re.MULTILINE)
    assert "New date" not in rendered.text


@pytest.mark.parametrize(
    ("kind", "instrument"),
    [("calendar", "the official calendar, as it reads now"), ("date_set", "412/TB-VPCP, as it reads now")],
)
def test_a_date_that_no_instrument_of_its_own_moved_says_what_did(kind: str, instrument: str) -> None:
    notice = a_notice(stage="date_changed", news=some_news(kind=kind, old=date(2025, 8, 29), new=date(2025, 8, 31)))
    assert re.search(rf"^Instrument: +{instrument}$", render(notice).text, re.MULTILINE)


@pytest.mark.parametrize(
    ("kind", "stem", "button"),
    [
        ("contest_refused", "The task stays yours", "REPORT THE RESULT"),
        ("transferred", "Transferred", "SEE THE TASK"),
        ("excused", "Does not apply to you", "SEE THE TASK"),
        ("discontinued", "Discontinued", "SEE THE TASK"),
        ("suspended", "Suspended", "SEE THE TASK"),
        ("resumed", "Resumed", "REPORT THE RESULT"),
        ("reopened", "Reopened", "REPORT THE RESULT"),
    ],
)
def test_a_decision_says_which_and_whether_there_is_anything_to_do(kind: str, stem: str, button: str) -> None:
    rendered = render(a_notice(stage="decided", news=some_news(kind=kind, why="the reason")))
    assert rendered.subject.startswith(f"[{stem}] ")
    assert f"[ {button} ]" in rendered.text
    assert ("Need more time" in rendered.text) == (button == "REPORT THE RESULT")


@pytest.mark.parametrize("role", ["reporter", "with", "parent", "secretariat", "head"])
def test_who_is_not_the_lead_reads_why_the_mail_came(role: str) -> None:
    text = render(a_notice(stage="overdue", role=role, recipient_name="Ministry of Finance")).text
    assert text.startswith("To: Ministry of Finance (the lead is Ministry of Home Affairs)")
    assert "You receive it as the lead" not in text


def test_a_delay_says_when_it_goes_further_up() -> None:
    text = render(a_notice(stage="overdue", escalates_on=date(2025, 9, 9), first_day=date(2025, 8, 15))).text
    assert "Without an answer it is reported further up on 9 September 2025." in text
    assert re.search("^First date: +Friday 15 August 2025$", text, re.MULTILINE)


def some_news(**said: Any) -> News:
    return News(**{"seq": 1230, "at": datetime(2025, 8, 27, 1, tzinfo=UTC), "by": "Government Office", **said})
