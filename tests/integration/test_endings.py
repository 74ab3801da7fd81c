"""What is owed no longer is told, once, to those who heard that they owe it, and to nobody else; on both databases."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.builders import a_directive, a_task
from tests.integration.test_guard import Back, back
from tests.simulation.a_store import ADOPTED, minutes
from tests.simulation.an_office import KEY, SECRETARIAT, an_office, holds, notices
from tracker.domain.directive import Directive, ForEach, Relation
from tracker.notify.digest import Digest
from tracker.notify.message import build, thread_id
from tracker.notify.notice import Notice
from tracker.notify.outcome import Outcome
from tracker.notify.render import render
from tracker.operations import accept, acknowledge, adopt_directive, deliver, submit, sweep
from tracker.operations.agencies import hand_on
from tracker.operations.deputies import name_deputy
from tracker.operations.forecast import preview
from tracker.operations.reconciling import reconcile
from tracker.settings import Settings
from tracker.store import outbox
from tracker.store.store import Store

__all__ = ["back"]

LATER, LATEST = ADOPTED + timedelta(days=1), ADOPTED + timedelta(days=2)
NEXT = a_directive(
    a_task("law", directive="2025/500-tb-vpcp", lead="BTC", restates=(f"{KEY}/law",)),
    number="500/TB-VPCP",
    issued=date(2025, 8, 12),
    relations=(Relation("supersedes", "412/TB-VPCP", date(2025, 8, 11)),),
)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Where one database will do: what is asked of both is asked above all of who is told."""
    return f"sqlite:///{tmp_path / 'store.db'}"


class Reader:
    """A sender that keeps what it is given, and answers as told."""

    def __init__(self, answer: str = "accepted") -> None:
        self.answer, self.seen = answer, list[Any]()

    def send(self, channel: object, notice: Any) -> Outcome:
        self.seen.append(notice)
        return Outcome(self.answer, 250 if self.answer == "accepted" else None, "said so")  # type: ignore[arg-type]


def sent(store: Store, at: datetime, *, answer: str = "accepted", settings: Settings | None = None) -> list[Any]:
    """Sweep and deliver at an instant, and return what left."""
    reader = Reader(answer)
    sweep(store, at=at)
    deliver(store, reader, settings=settings or Settings(), clock=lambda: at)
    return reader.seen


def endings(found: Sequence[Any]) -> list[tuple[str, str, str]]:
    """Return (office, assignment, how) of what tells that a task ended, alone or in a digest."""
    told = [
        (one.recipient_name, one.assignment, one.news.kind)
        for one in found
        if isinstance(one, Notice) and one.stage == "ended" and one.news
    ]
    items = [(one.recipient_name, item) for one in found if isinstance(one, Digest) for item in one.items]
    return told + [(name, item.assignment, item.ended) for name, item in items if item.stage == "ended"]


def amended(*tasks: Any) -> Directive:
    return a_directive(*(tasks or (a_task("study", lead="BTC"),)))


def adopt(store: Store, directive: Directive, at: datetime = LATER) -> Any:
    return adopt_directive(store, directive, at=at, actor=SECRETARIAT)


def test_who_was_told_of_a_task_hears_once_that_an_amendment_took_it_out(database_url: str) -> None:
    store = an_office(database_url)
    assert len(sent(store, ADOPTED)) == 1
    adopt(store, amended())
    with store.read() as connection:
        (row,) = (one for one in outbox.reminders(connection) if one.stage == "ended")
    assert row.key == f"e1|{KEY}/report/BNV|1|BNV|mail"
    found = sent(store, LATER)
    assert endings(found) == [("BNV", f"{KEY}/report/BNV", "withdrawn")]
    (notice,) = (one for one in found if one.stage == "ended")
    mail = build(notice, "bnv@moha.example")
    assert mail["References"] == mail["In-Reply-To"] == thread_id(notice)
    text = render(notice).text
    assert "asks the following task of your office no more" in text
    assert "412/TB-VPCP, as it reads now" in text
    assert "/report" not in text.replace(f"{KEY}/report", "")
    assert endings(sent(store, LATEST)) == []
    assert holds(store)


@pytest.mark.parametrize("answer", ["temporary", "permanent"])
def test_who_never_heard_of_a_task_hears_nothing_of_its_end(url: str, answer: str) -> None:
    store = an_office(url)
    sent(store, ADOPTED, answer=answer)
    adopt(store, amended())
    assert [one for one in notices(store) if one[1] == "ended"] == []
    assert endings(sent(store, LATER)) == []


@pytest.mark.parametrize("heard", ["unknown", "acknowledged"])
def test_who_may_have_heard_or_has_begun_hears_of_the_end(url: str, heard: str) -> None:
    store = an_office(url)
    if heard == "unknown":
        sent(store, ADOPTED, answer="unknown")
    else:
        acknowledge(store, f"{KEY}/report/BNV", at=ADOPTED, actor="BNV:anna")
    adopt(store, amended())
    assert endings(sent(store, LATER)) == [("BNV", f"{KEY}/report/BNV", "withdrawn")]


def test_a_province_that_is_exempted_hears_and_the_others_do_not(url: str) -> None:
    everybody = ForEach(agencies="provinces")
    store = an_office(url, a_directive(a_task("survey", for_each=everybody)))
    sent(store, ADOPTED)
    adopt(store, a_directive(a_task("survey", for_each=replace(everybody, exempt=frozenset({"04"})))))
    assert endings(sent(store, LATER)) == [("04", f"{KEY}/survey/04", "withdrawn")]


def test_a_directive_that_takes_the_place_of_another_is_named_with_what_goes_on_in_it(database_url: str) -> None:
    old = a_directive(a_task("study", lead="BTC"), a_task("law", lead="BTC"), a_task("report", lead="BNV"))
    store = an_office(database_url, old)
    sent(store, ADOPTED)
    adopt(store, NEXT)
    found = sent(store, LATER)
    assert sorted(endings(found)) == [
        ("BNV", f"{KEY}/report/BNV", "superseded"),
        ("BTC", f"{KEY}/law/BTC", "carried"),
        ("BTC", f"{KEY}/study/BTC", "superseded"),
    ]
    (alone,) = (one for one in found if isinstance(one, Notice) and one.stage == "ended")
    assert "500/TB-VPCP" in render(alone).text  # two of one office are one mail
    (digest,) = (one for one in found if isinstance(one, Digest))
    assert "2 no longer owed" in render(digest).subject
    assert render(digest).text.count("500/TB-VPCP") >= 2


def test_what_is_handed_on_or_done_by_another_says_so(url: str) -> None:
    anyone = ForEach(agencies="provinces", complete_when="any")
    store = an_office(url, a_directive(a_task("survey", for_each=anyone), a_task("report", lead="BNV")))
    sent(store, ADOPTED)
    hand_on(store, "BNV", "BTC", at=LATER, actor=SECRETARIAT, instrument="2179/QĐ-TTg")
    submit(store, f"{KEY}/survey/01", at=LATER, actor="01:an", words="done")
    accept(store, f"{KEY}/survey/01", at=LATER, actor=SECRETARIAT)
    found = sent(store, LATER)
    assert sorted(endings(found)) == [
        ("04", f"{KEY}/survey/04", "released"),
        ("22", f"{KEY}/survey/22", "released"),
        ("BNV", f"{KEY}/report/BNV", "handed_on"),
    ]
    told = {one.recipient_name: render(one).text for one in found if isinstance(one, Notice) and one.stage == "ended"}
    assert "2179/QĐ-TTg" in told["BNV"]
    assert "Completed by:          01" in told["04"]
    assert holds(store)


def test_what_is_given_again_before_its_end_was_told_is_told_as_ended_only_when_it_ends_again(
    url: str,
) -> None:
    store = an_office(url)
    sent(store, ADOPTED)
    adopt(store, amended())
    adopt(store, a_directive(), LATER + minutes(1))  # before anything left
    assert endings(sent(store, LATER + minutes(2), answer="temporary")) == []
    adopt(store, amended(), LATER + minutes(3))
    assert len(endings(sent(store, LATEST))) == 1
    adopt(store, a_directive(), LATEST + minutes(1))
    adopt(store, amended(), LATEST + minutes(2))  # nobody was told in between that it is owed again
    assert endings(sent(store, LATEST + minutes(3))) == []
    assert holds(store)


def test_a_deputy_hears_of_the_end_for_whom_it_covers(url: str) -> None:
    store = an_office(url)
    sent(store, ADOPTED)
    said = {"first": LATER.date(), "last": LATER.date(), "at": LATER, "actor": SECRETARIAT, "why": "away"}
    name_deputy(store, "BNV", "BTC", **said)
    adopt(store, amended())
    assert [name for name, _, _ in endings(sent(store, LATER))] == ["BNV", "BTC"]


def test_a_preview_shows_the_end_that_waits_to_be_told_in_the_mail_it_leaves_in(url: str) -> None:
    old = a_directive(a_task("law", lead="BTC"), a_task("report", lead="BTC"), a_task("plan", lead="BNV"))
    store = an_office(url, old)
    sent(store, ADOPTED)
    adopt(store, amended(a_task("plan", lead="BNV")))
    found = preview(store, at=LATER, end=LATER)
    shown = [(mail.agency, sorted(one.assignment for one in mail.reminders)) for mail in found.mails]
    left = sent(store, LATER)
    assert shown == [(one.recipient_name, sorted(item.assignment for item in one.items)) for one in left]
    assert [agency for agency, _ in shown] == ["BTC"]
    assert preview(store, at=LATEST, end=LATEST).mails == ()


def test_an_end_that_was_told_before_a_restore_is_not_told_again(back: Back, tmp_path: Any) -> None:
    settings, store = Settings(journal=str(tmp_path / "sends")), back.store
    end = ADOPTED + minutes(5)
    sent(store, ADOPTED, settings=settings)
    back.keep()
    adopt(store, amended(), end)
    assert endings(sent(store, end, settings=settings))
    store = back.put_back()
    reconcile(store, settings, at=end + minutes(2), actor="operator", lift=True)
    adopt(store, amended(), end + minutes(3))  # in another position
    assert endings(sent(store, end + minutes(4), settings=settings)) == []
    with store.read() as connection:
        told = {one.state for one in outbox.reminders(connection) if one.stage == "ended"}
    assert told == {"accepted"}
