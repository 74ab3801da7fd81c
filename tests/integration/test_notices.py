"""Notices, on both databases: a mail says why and how in its reader's language, from the domain's own phrases."""

from datetime import UTC, datetime

import pytest

from tests.builders import a_directive, a_registry, a_task, a_text
from tracker import operations
from tracker.domain.directive import Directive, Need
from tracker.notify.notice import Notice
from tracker.notify.outcome import Outcome
from tracker.notify.render import render
from tracker.operations.deliver import deliver
from tracker.settings import Settings
from tracker.store.adopted import Channel

AT = datetime(2025, 8, 11, 1, tzinfo=UTC)
KEY = "2025/412-tb-vpcp"


def told(database_url: str, directive: Directive, *, language: str = "en") -> dict[str, Notice]:
    """Return the notices of a new directive by their task."""
    store = operations.init(database_url, rehearsal=True, at=AT, actor="test")
    operations.adopt_registry(store, a_registry(), at=AT, actor="test")
    channel = Channel(agency="BNV", name="mail", address="bnv@moha.example", language=language)
    operations.set_channel(store, [channel], at=AT, actor="test")
    operations.adopt_directive(store, directive, at=AT, actor="test")
    operations.sweep(store, at=AT)
    sent: list[Notice] = []

    class Post:
        def send(self, channel: str, notice: Notice) -> Outcome:
            sent.append(notice)
            return Outcome("accepted", 250, "ok")

    deliver(store, Post(), settings=Settings(), clock=lambda: AT, limit=None)
    store.close()
    return {notice.task: notice for notice in sent}


def that_waits(*needs: str) -> Directive:
    """Return a directive whose report needs these of its two surveys."""
    surveys = [a_task(f"survey-{n}", title=a_text(f"Survey {n}"), remind="none") for n in (1, 2)]
    return a_directive(a_task(needs=tuple(map(Need, needs))), *surveys)


@pytest.mark.parametrize(
    ("language", "reason", "step"),
    [
        ("en", "Cannot start yet: waits for Survey 1.",
         "31 August 2025 is a day off (weekly day off); reminders count back from 29 August 2025"),
        ("vi", "Chưa thể triển khai; đang chờ nhiệm vụ “Survey 1 (vi)”.",
         "Ngày 31/08/2025 là ngày nghỉ (ngày nghỉ hằng tuần); các lần nhắc tính lùi từ ngày 29/08/2025"),
        ("fr", "Ne peut pas encore commencer\u00a0; en attente de la mesure «\u00a0Survey 1 (fr)\u00a0».",
         "Le 31 août 2025 est un jour non ouvré (jour de repos hebdomadaire)"),
    ],
)  # fmt: skip
def test_a_mail_names_what_is_waited_for_by_its_title(database_url: str, language: str, reason: str, step: str) -> None:
    notice = told(database_url, that_waits(f"{KEY}/survey-1"), language=language)["report"]
    text = render(notice).text
    assert reason in text
    assert step in text


def test_a_mail_names_the_first_of_several_and_counts_the_others(database_url: str) -> None:
    notice = told(database_url, that_waits(f"{KEY}/survey-1", f"{KEY}/survey-2"))["report"]
    assert "Cannot start yet: waits for Survey 1 and 1 more." in render(notice).text


def test_a_mail_names_the_source_and_the_sentence_it_was_read_from(database_url: str) -> None:
    notice = told(database_url, a_directive(), language="vi")["report"]
    assert (notice.source, notice.sentence, notice.reason.code) == ("article", 1, "open")
    assert "article, câu 1" in render(notice).text
