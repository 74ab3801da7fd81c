"""What concerns an office is told at once: made with the entry that causes it, to whom it concerns, once."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests.builders import a_calendar, a_directive, a_registry, a_task
from tests.simulation.an_office import (
    KEY,
    LAST_DAY,
    SECRETARIAT,
    an_office,
    holds,
    notices,
    on,
    reminders,
    the,
    the_registry,
)  # fmt: skip
from tracker.domain.calendar import Span
from tracker.domain.deadline import Anchor, By, Due, Within
from tracker.domain.directive import Directive, Need
from tracker.domain.errors import NotFound
from tracker.domain.evidence import Proof
from tracker.notify.notice import LANGUAGES, Notice
from tracker.notify.outcome import Outcome
from tracker.notify.render import render
from tracker.operations import adopt_directive, adopt_registry, deliver, remove_channel, sweep
from tracker.operations.deputies import name_deputy
from tracker.operations.extensions import ask, grant, refuse, resume, suspend
from tracker.operations.ownership import contest, delegate, discontinue, excuse, take_back, transfer, uphold
from tracker.operations.progress import accept, acknowledge, note, reopen, send_back, start, submit
from tracker.operations.showing import show
from tracker.settings import Settings
from tracker.store import ledger, outbox
from tracker.store.store import Store

REF = f"{KEY}/report/BNV"
SURVEY = f"{KEY}/survey/BTC"
ANNA, LE = "BNV:anna", SECRETARIAT
IN_TIME, LATER = on(date(2025, 8, 20)), date(2025, 9, 30)
DAY = timedelta(days=1)


class Reader:
    """A sender that keeps every notice it is given."""

    def __init__(self, answer: str = "accepted") -> None:
        self.answer, self.notices = answer, list[Notice]()

    def send(self, channel: object, notice: Notice) -> Outcome:
        self.notices.append(notice)
        return Outcome(self.answer, 250, "taken")  # type: ignore[arg-type]


def sent(store: Store, at: Any = IN_TIME, answer: str = "accepted") -> list[Notice]:
    """Return what of all that leaves at an instant tells of an entry."""
    reader = Reader(answer)
    deliver(store, reader, settings=Settings(), clock=lambda: at)
    return [notice for notice in reader.notices if getattr(notice, "news", None)]


def said(store: Store) -> list[dict[str, Any]]:
    """Return what every notice says beside its assignment, in order."""
    with store.read() as connection:
        found = sorted(outbox.reminders(connection), key=lambda one: one.id)
    return [json.loads(one.payload) for one in found if one.key.startswith("n1|")]


def chained(**changes: Any) -> Directive:
    """Return a directive whose report needs the survey of another ministry."""
    survey = a_task("survey", lead="BTC", due=Due(rule=By(date(2025, 8, 15))))
    return a_directive(a_task(needs=(Need(f"{KEY}/survey"),), **changes), survey)


def report(store: Store, ref: str = REF, *, actor: str = ANNA, at: Any = IN_TIME, **more: Any) -> Any:
    return submit(store, ref, at=at, actor=actor, words="done", **more)


# ── Which entry is told, and to whom ─────────────────────────────────────────────────────────────────────────


def test_a_report_and_what_becomes_of_it_are_told_to_the_lead(database_url: str) -> None:
    store = an_office(database_url)
    report(store)
    send_back(store, REF, at=IN_TIME, actor=LE, missing="the annex")
    report(store)
    accept(store, REF, at=IN_TIME, actor=LE)
    told = [("BNV", stage, "pending") for stage in ("received", "returned", "received", "accepted")]
    assert notices(store) == told
    with store.read() as connection:
        kinds = {entry.seq: entry.kind for entry in ledger.entries(connection)}
        keys = [one.key for one in sorted(outbox.reminders(connection), key=lambda one: one.id)]
    assert [kinds[one["seq"]] for one in said(store)] == ["submitted", "returned", "submitted", "completed"]
    assert keys == [f"n1|{stage}|{one['seq']}|BNV|mail" for (_, stage, _), one in zip(told, said(store), strict=True)]
    assert holds(store)


@pytest.mark.parametrize(
    "move",
    [
        lambda store: acknowledge(store, REF, at=IN_TIME, actor=ANNA),
        lambda store: start(store, REF, at=IN_TIME, actor=ANNA),
        lambda store: note(store, REF, at=IN_TIME, actor=ANNA),
        lambda store: ask(store, REF, LATER, at=IN_TIME, actor=ANNA, why="the survey is late"),
        lambda store: contest(store, REF, at=IN_TIME, actor=ANNA, why="not ours"),
        lambda store: delegate(store, REF, "BNV-TC", at=IN_TIME, actor=ANNA),
    ],
)
def test_what_an_office_does_itself_is_not_told_to_it(database_url: str, move: Callable[[Store], Any]) -> None:
    store = an_office(database_url)
    move(store)
    assert notices(store) == []


def test_a_unit_and_the_deputies_of_both_hear_too(database_url: str) -> None:
    store = an_office(database_url)
    delegate(store, REF, "BNV-TC", at=IN_TIME, actor=ANNA)
    said = {"first": IN_TIME.date(), "last": IN_TIME.date(), "at": IN_TIME, "actor": ANNA, "why": "away"}
    name_deputy(store, "BNV", "BTC", **said)
    report(store, actor="BNV-TC:minh")
    assert [agency for agency, _, _ in notices(store)] == ["BNV", "BNV-TC", "BTC"]
    send_back(store, REF, at=IN_TIME + DAY, actor=LE, missing="the annex")
    assert [agency for agency, stage, _ in notices(store) if stage == "returned"] == ["BNV", "BNV-TC"]
    assert holds(store)


def test_who_made_a_report_hears_what_became_of_it_though_no_longer_in_charge(database_url: str) -> None:
    store = an_office(database_url)
    delegate(store, REF, "BNV-TC", at=IN_TIME, actor=ANNA)
    report(store, actor="BNV-TC:minh")
    take_back(store, REF, at=IN_TIME, actor=ANNA)
    send_back(store, REF, at=IN_TIME, actor=LE, missing="the annex")
    returned = {notice.recipient_name: notice for notice in sent(store) if notice.stage == "returned"}
    assert {name: notice.role for name, notice in returned.items()} == {"BNV": "lead", "BNV-TC": "reporter"}
    assert "because the report came from you" in render(returned["BNV-TC"]).text


def test_a_task_without_a_ladder_is_left_alone(database_url: str) -> None:
    store = an_office(database_url, a_directive(a_task(remind="none")))
    report(store)
    accept(store, REF, at=IN_TIME, actor=LE)
    assert notices(store) == []
    assert holds(store)


def test_an_office_without_a_channel_is_a_failure_that_somebody_sees(database_url: str) -> None:
    store = an_office(database_url)
    remove_channel(store, "BNV", "mail", at=IN_TIME, actor=LE)
    report(store)
    assert notices(store) == [("BNV", "received", "failed")]
    assert holds(store)


# ── What was waited for ──────────────────────────────────────────────────────────────────────────────────────


def test_who_waited_hears_when_the_last_of_it_is_done(database_url: str) -> None:
    other = a_task("census", lead="BGDDT")
    report_ = a_task(needs=(Need(f"{KEY}/survey"), Need(f"{KEY}/census")))
    store = an_office(database_url, a_directive(report_, a_task("survey", lead="BTC"), other))
    for name, office in (("survey", "BTC"), ("census", "BGDDT")):
        assert "unblocked" not in [stage for _, stage, _ in notices(store)]
        report(store, f"{KEY}/{name}/{office}", actor=f"{office}:x")
        accept(store, f"{KEY}/{name}/{office}", at=IN_TIME, actor=LE)
    assert ("BNV", "unblocked", "pending") in notices(store)
    (notice,) = [one for one in sent(store) if one.stage == "unblocked"]
    assert notice.news is not None
    assert [(peer.agency, peer.title) for peer in notice.news.done] == [("BGDDT", "Census")]
    assert notice.days == 7
    assert holds(store)


def test_who_waits_again_before_the_mail_left_is_not_told_to_start(database_url: str) -> None:
    store = an_office(database_url, chained())
    report(store, SURVEY, actor="BTC:x")
    accept(store, SURVEY, at=IN_TIME, actor=LE)
    reopen(store, SURVEY, at=IN_TIME, actor=LE, why="it is of another year")
    assert "unblocked" not in [notice.stage for notice in sent(store)]
    assert ("BNV", "unblocked", "cancelled") in notices(store)
    assert holds(store)


# ── Dates that move ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_granted_day_tells_old_and_new_by_whom_and_on_what(database_url: str) -> None:
    store = an_office(database_url)
    ask(store, REF, LATER, at=IN_TIME, actor=ANNA, why="the survey is late")
    grant(store, REF, at=IN_TIME, actor=LE, instrument="77/VPCP-TH")
    (notice,) = sent(store)
    news = notice.news
    assert news is not None
    assert (notice.stage, news.old, news.new, news.instrument) == ("date_changed", LAST_DAY, LATER, "77/VPCP-TH")
    assert (news.by, notice.version, notice.last_day) == ("Directive Tracking Office (le)", 2, LATER)
    assert holds(store)


def test_who_moves_along_hears_with_what(database_url: str) -> None:
    store = an_office(database_url, chained())
    ask(store, SURVEY, date(2025, 8, 29), at=on(date(2025, 8, 14)), actor="BTC:x", why="the forms are late")
    along = {REF: LATER}
    grant(store, SURVEY, at=on(date(2025, 8, 14)), actor=LE, instrument="77/VPCP-TH", along=along)
    told = {notice.agency: notice for notice in sent(store, on(date(2025, 8, 14)))}
    assert {agency: notice.stage for agency, notice in told.items()} == {"BTC": "date_changed", "BNV": "date_changed"}
    assert told["BNV"].news is not None
    assert told["BNV"].news.along == "Survey"
    assert "77/VPCP-TH" in render(told["BNV"]).text


def test_a_refusal_says_what_was_asked_and_that_the_date_stays(database_url: str) -> None:
    store = an_office(database_url)
    ask(store, REF, LATER, at=IN_TIME, actor=ANNA, why="the survey is late")
    refuse(store, REF, at=IN_TIME, actor=LE, why="it was promised")
    (notice,) = sent(store)
    assert notice.news is not None
    assert (notice.news.kind, notice.news.asked, notice.news.new) == ("extension_refused", LATER, LAST_DAY)
    assert notice.news.why == "it was promised"


def test_a_new_text_that_moves_a_date_is_told_and_one_that_does_not_is_not(database_url: str) -> None:
    store = an_office(database_url)
    adopt_directive(store, a_directive(a_task(deliverable="a report")), at=IN_TIME, actor="cli:root")
    assert notices(store) == []
    adopt_directive(store, a_directive(a_task(due=Due(rule=By(LATER)))), at=IN_TIME, actor="cli:root")
    (notice,) = sent(store)
    assert notice.news is not None
    assert (notice.stage, notice.news.old, notice.news.new) == ("date_changed", LAST_DAY, LATER)
    assert "412/TB-VPCP, as it reads now" in render(replace(notice, language="en")).text
    assert holds(store)


def test_a_new_calendar_is_told_to_whose_date_it_moves(database_url: str) -> None:
    within = a_task("within", due=Due(rule=Within(Span(20, "working days"))))
    store = an_office(database_url, a_directive(a_task(), within))
    calendar = a_calendar(days_off={})
    assert adopt_registry(store, the_registry(calendar=calendar), at=IN_TIME, actor="cli:root")
    (notice,) = sent(store)
    assert notice.news is not None
    assert (notice.task, notice.news.kind) == ("within", "calendar")
    assert notice.news.old is not None
    assert notice.news.new is not None
    assert notice.news.old > notice.news.new
    assert holds(store)


def test_a_first_date_is_announced_by_the_ladder_and_not_twice(database_url: str) -> None:
    after = Due(rule=Within(Span(60, "days"), Anchor("task", f"{KEY}/survey")))
    store = an_office(database_url, a_directive(a_task(due=after), a_task("survey", lead="BTC")))
    report(store, SURVEY, actor="BTC:x")
    accept(store, SURVEY, at=IN_TIME, actor=LE)
    assert the(store).facts.limit is not None
    assert [stage for agency, stage, _ in notices(store) if agency == "BNV"] == []
    sweep(store, at=IN_TIME)
    assert ("BNV", "assigned") in [(one.agency, one.rung) for one in reminders(store)]


def test_of_two_new_dates_before_the_mail_left_only_the_last_is_told(database_url: str) -> None:
    store = an_office(database_url)
    for day in (date(2025, 9, 10), LATER):
        adopt_directive(store, a_directive(a_task(due=Due(rule=By(day)))), at=IN_TIME, actor="cli:root")
    (notice,) = sent(store)
    assert notice.last_day == LATER
    assert [state for _, _, state in notices(store)] == ["cancelled", "accepted"]
    assert holds(store)


# ── Decisions ────────────────────────────────────────────────────────────────────────────────────────────────

DECISIONS: dict[str, Callable[[Store], Any]] = {
    "transferred": lambda store: transfer(store, REF, "BTC", at=IN_TIME, actor=LE, why="the portal moved"),
    "excused": lambda store: excuse(store, REF, at=IN_TIME, actor=LE, why="no portal here", agreed_by="VPCP"),
    "discontinued": lambda store: discontinue(store, REF, at=IN_TIME, actor=LE, why="over", instrument="9/QĐ"),
    "suspended": lambda store: suspend(store, REF, at=IN_TIME, actor=LE, why="a new law", instrument="9/QĐ"),
}


@pytest.mark.parametrize("kind", DECISIONS)
def test_a_decision_is_told_to_whom_it_relieves(database_url: str, kind: str) -> None:
    store = an_office(database_url)
    sweep(store, at=IN_TIME)
    DECISIONS[kind](store)
    assert {one.state for one in reminders(store) if one.agency == "BNV"} == {"cancelled"}
    (notice,) = sent(store)
    assert notice.news is not None
    assert (notice.stage, notice.news.kind, notice.agency) == ("decided", kind, "BNV")
    assert notice.news.why in ("the portal moved", "no portal here", "over", "a new law")
    assert notice.news.new_owner == ("BTC" if kind == "transferred" else None)
    assert holds(store)


def test_who_keeps_or_takes_up_a_task_again_is_told_too(database_url: str) -> None:
    store = an_office(database_url)
    contest(store, REF, at=IN_TIME, actor=ANNA, why="not ours")
    uphold(store, REF, at=IN_TIME, actor=LE, why="it is")
    suspend(store, REF, at=IN_TIME, actor=LE, why="a new law", instrument="9/QĐ")
    resume(store, REF, at=IN_TIME, actor=LE)
    report(store)
    accept(store, REF, at=IN_TIME, actor=LE)
    reopen(store, REF, at=IN_TIME, actor=LE, why="another year")
    kinds = [one["kind"] for one in said(store)]
    assert kinds == ["contest_refused", "suspended", "resumed", "submitted", "completed", "reopened"]
    assert holds(store)


# ── What became of it since ──────────────────────────────────────────────────────────────────────────────────


def test_a_receipt_is_sent_however_much_happened_since(database_url: str) -> None:
    store = an_office(database_url)
    proof = Proof(number="12/BC-BNV", dated=date(2025, 8, 19))
    report(store, document="12/BC-BNV", proofs=[proof], done_on=date(2025, 8, 19))
    accept(store, REF, at=IN_TIME, actor=LE)
    told = {notice.stage: notice for notice in sent(store, IN_TIME + DAY)}
    assert set(told) == {"received", "accepted"}
    news = told["received"].news
    assert news is not None
    assert (news.at, news.document, news.done_on, news.by) == (IN_TIME, "12/BC-BNV", date(2025, 8, 19), "BNV (anna)")
    assert f" {news.seq}\n" in render(told["received"]).text


def test_a_return_that_was_answered_before_the_mail_left_is_not_sent(database_url: str) -> None:
    store = an_office(database_url)
    report(store)
    send_back(store, REF, at=IN_TIME, actor=LE, missing="the annex")
    report(store)
    assert [notice.stage for notice in sent(store)] == ["received", "received"]
    assert [state for _, stage, state in notices(store) if stage == "returned"] == ["cancelled"]
    assert holds(store)


def test_an_acceptance_that_was_undone_before_the_mail_left_is_not_sent(database_url: str) -> None:
    store = an_office(database_url)
    report(store)
    accept(store, REF, at=IN_TIME, actor=LE)
    reopen(store, REF, at=IN_TIME, actor=LE, why="another year")
    assert [notice.stage for notice in sent(store)] == ["received", "decided"]


def test_each_goes_alone_and_is_tried_again_under_its_own_identity(database_url: str) -> None:
    store = an_office(database_url)
    sweep(store, at=IN_TIME)
    report(store)
    first = sent(store, IN_TIME, "temporary")
    second = sent(store, IN_TIME + timedelta(minutes=2))
    assert [notice.key for notice in first] == [notice.key for notice in second]
    assert notices(store) == [("BNV", "received", "accepted")]
    assert sent(store, IN_TIME + DAY) == []
    assert holds(store)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_is_written_in_the_readers_language(database_url: str, language: str) -> None:
    store = an_office(database_url)
    report(store)
    (notice,) = sent(store)
    stem = {"vi": "[Đã nhận]", "en": "[Received]", "fr": "[Reçu]"}[language]
    assert render(replace(notice, language=language)).subject.startswith(stem)


def test_it_needs_no_registry_of_today_to_be_told_again(database_url: str) -> None:
    store = an_office(database_url)
    report(store)
    adopt_registry(store, a_registry(), at=IN_TIME + DAY, actor="cli:root")
    assert holds(store)


@pytest.mark.parametrize("language", [None, "fr"])
def test_a_mail_can_be_read_again_without_being_sent(database_url: str, language: str | None) -> None:
    store = an_office(database_url)
    report(store)
    with store.read() as connection:
        (row,) = outbox.reminders(connection)
    before = store.position()
    mail = show(store, row.reference, settings=Settings(), at=IN_TIME + DAY, language=language)
    assert mail.subject.startswith("[Reçu] " if language else "[Received] ")
    assert store.position() == before
    (sent_one,) = sent(store)
    assert sent_one.reference == row.reference
    with pytest.raises(NotFound, match="there is no reminder 'ntf-none'"):
        show(store, "ntf-none", settings=Settings(), at=IN_TIME)
