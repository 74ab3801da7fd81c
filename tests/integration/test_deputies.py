"""Deputies: both offices act and are reminded while one is absent, and the lead stays answerable."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests.builders import a_directive, a_task
from tests.simulation.a_store import ADOPTED
from tests.simulation.an_office import KEY, SECRETARIAT, an_office, holds, kinds, notices, on, the, told
from tracker.domain.errors import Conflict, NotFound, Refused
from tracker.domain.outbox import NO_CHANNEL
from tracker.domain.standing import Progress
from tracker.notify.notice import LANGUAGES, Notice
from tracker.notify.outcome import Outcome
from tracker.notify.render import render
from tracker.operations import deliver, remove_channel, sweep
from tracker.operations.deputies import deputies_of, end_deputy, name_deputy
from tracker.operations.ownership import delegate
from tracker.operations.progress import start, submit
from tracker.settings import Settings
from tracker.store.store import Store

REF = f"{KEY}/report/BNV"
ANNA = "BNV:anna"
FIRST, LAST = date(2025, 8, 11), date(2025, 8, 22)
DAY = timedelta(days=1)


def code_of(move: Callable[[], Any]) -> str:
    with pytest.raises((Refused, Conflict, NotFound)) as refusal:
        move()
    return refusal.value.code


def named(store: Store, agency: str = "BNV", deputy: str = "BTC", **more: Any) -> Any:
    said = {"first": FIRST, "last": LAST, "at": ADOPTED, "actor": ANNA, "why": "the minister travels", **more}
    return name_deputy(store, agency, deputy, **said)


class Reader:
    """A sender that keeps every notice."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    def send(self, channel: str, notice: Notice) -> Outcome:
        self.notices.append(notice)
        return Outcome("accepted", 250, "taken")


def delivered(store: Store, at: Any) -> dict[str, Notice]:
    reader = Reader()
    deliver(store, reader, settings=Settings(), clock=lambda: at)
    return {notice.key.split("|")[-2]: notice for notice in reader.notices}


@pytest.mark.parametrize(
    ("day", "covers"),
    [
        (FIRST - DAY, False),
        (FIRST, True),
        (FIRST + DAY, True),
        (LAST - DAY, True),
        (LAST, True),
        (LAST + DAY, False),
    ],
)
def test_a_deputy_covers_from_its_first_day_to_its_last(database_url: str, day: date, covers: bool) -> None:
    store = an_office(database_url)
    named(store)
    with store.read() as connection:
        assert deputies_of(connection, "BNV", on=day) == (("BTC",) if covers else ())


def test_a_deputy_acts_for_the_lead_under_its_own_name_and_only_meanwhile(database_url: str) -> None:
    store = an_office(database_url)
    assert code_of(lambda: start(store, REF, at=ADOPTED, actor="BTC:binh")) == "not-yours"
    named(store)
    start(store, REF, at=on(LAST, 23, 59), actor="BTC:binh")
    assert code_of(lambda: submit(store, REF, at=on(LAST + DAY, 0), actor="BTC:binh", words="x")) == "not-yours"
    assert (the(store).agency, the(store).facts.progress) == ("BNV", Progress.IN_PROGRESS)
    assert holds(store)


def test_a_units_deputy_does_what_the_unit_may_and_not_what_is_for_the_lead(database_url: str) -> None:
    store = an_office(database_url)
    delegate(store, REF, "BNV-TC", at=ADOPTED, actor=ANNA)
    named(store, "BNV-TC", "BNV-VP")
    start(store, REF, at=ADOPTED, actor="BNV-VP:chi")
    assert code_of(lambda: delegate(store, REF, "BNV-VP", at=ADOPTED, actor="BNV-VP:chi")) == "not-yours"
    sweep(store, at=ADOPTED)
    assert [agency for agency, _, _ in told(store)] == ["BNV", "BNV-TC", "BNV-VP"]
    assert holds(store)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"deputy": "BNV"}, "same-agency"),
        ({"deputy": "XYZ"}, "unknown-agency"),
        ({"agency": "XYZ"}, "unknown-agency"),
        ({"first": date(2025, 8, 23)}, "bad-period"),
        ({"first": date(2025, 8, 1), "last": date(2025, 8, 10)}, "bad-period"),
        ({"why": " "}, "no-reason"),
        ({"actor": "BTC:binh"}, "not-yours"),
        ({"actor": "auditor:pham"}, "not-yours"),
    ],
)
def test_what_is_no_deputy_is_refused_and_not_written(database_url: str, change: dict[str, Any], code: str) -> None:
    store = an_office(database_url)
    end = store.position().seq
    assert code_of(lambda: named(store, **change)) == code
    assert store.position().seq == end


@pytest.mark.parametrize("actor", [ANNA, "CP:head", SECRETARIAT, "cli:root"])
def test_the_office_itself_those_above_it_and_the_secretariat_name_deputies(database_url: str, actor: str) -> None:
    store = an_office(database_url)
    assert named(store, actor=actor).deputy == "BTC"


def test_the_lead_and_its_deputy_are_both_reminded_once(database_url: str) -> None:
    store = an_office(database_url)
    named(store)
    for _ in range(2):
        sweep(store, at=ADOPTED)
    assert told(store) == [("BNV", "assigned", "pending"), ("BTC", "assigned", "pending")]
    sweep(store, at=on(date(2025, 8, 26)))
    assert [agency for agency, rung, _ in told(store) if rung != "assigned"] == ["BNV"], "its time is over"
    assert holds(store)


def test_an_office_that_is_told_as_the_lead_is_not_told_again_as_a_deputy(database_url: str) -> None:
    store = an_office(database_url, a_directive(a_task(), a_task("other", lead="BTC")))
    named(store)
    named(store, "BTC", "BNV", actor="BTC:binh")
    delegate(store, REF, "BNV-TC", at=ADOPTED, actor=ANNA)
    named(store, "BNV", "BNV-TC")
    sweep(store, at=ADOPTED)
    assert sorted(agency for agency, _, _ in told(store)) == ["BNV", "BNV", "BNV-TC", "BTC", "BTC"]
    assert holds(store)


def test_a_deputy_without_a_channel_fails_for_a_person_to_see_and_the_lead_is_told(database_url: str) -> None:
    store = an_office(database_url)
    remove_channel(store, "BTC", "mail", at=ADOPTED, actor="test")
    named(store)
    sweep(store, at=ADOPTED)
    assert told(store) == [("BNV", "assigned", "pending"), ("BTC", "assigned", "failed")]
    assert set(delivered(store, ADOPTED)) == {"BNV"}
    assert NO_CHANNEL == "none"
    assert holds(store)


def test_a_deputy_whose_time_is_ended_acts_and_hears_no_more(database_url: str) -> None:
    store = an_office(database_url)
    one = named(store)
    sweep(store, at=ADOPTED)
    end = store.position().seq
    end_deputy(store, one.seq, at=ADOPTED, actor=ANNA)
    assert kinds(store, end) == ["deputy_ended", "reminder_closed"]
    assert told(store) == [("BNV", "assigned", "pending"), ("BTC", "assigned", "cancelled")]
    assert code_of(lambda: start(store, REF, at=ADOPTED, actor="BTC:binh")) == "not-yours"
    assert code_of(lambda: end_deputy(store, one.seq, at=ADOPTED, actor=ANNA)) == "conflict"
    assert code_of(lambda: end_deputy(store, 1, at=ADOPTED, actor=ANNA)) == "not-found"
    assert holds(store)


def test_a_deputy_whose_time_is_ended_still_gets_the_receipt_for_its_report(database_url: str) -> None:
    store = an_office(database_url)
    one = named(store)
    submit(store, REF, words="sent", document="15/BC-BTC", at=ADOPTED, actor="BTC:binh")
    end_deputy(store, one.seq, at=ADOPTED, actor=ANNA)
    assert ("BTC", "received", "pending") in notices(store)
    assert holds(store)


def test_one_of_two_periods_ends_and_the_other_keeps_what_is_to_be_sent(database_url: str) -> None:
    store = an_office(database_url)
    one, _ = named(store), named(store, last=LAST + DAY)
    sweep(store, at=ADOPTED)
    end_deputy(store, one.seq, at=ADOPTED, actor=ANNA)
    assert told(store) == [("BNV", "assigned", "pending"), ("BTC", "assigned", "pending")]
    assert holds(store)


@pytest.mark.parametrize(
    ("at", "goes"), [(on(LAST, 23, 59, 59), True), (on(LAST + DAY, 0), False), (on(LAST + DAY, 0, 0, 1), False)]
)
def test_what_was_made_for_a_deputy_leaves_only_within_its_time(database_url: str, at: Any, goes: bool) -> None:
    store = an_office(database_url)
    named(store)
    sweep(store, at=on(LAST, 23, 59))
    sent = delivered(store, at)
    assert ("BTC" in sent) is goes
    assert "BNV" in sent
    assert {state for agency, _, state in told(store) if agency == "BTC"} == {"accepted" if goes else "cancelled"}
    assert holds(store)


def test_a_mail_says_why_its_reader_gets_it(database_url: str) -> None:
    store = an_office(database_url)
    delegate(store, REF, "BNV-TC", at=ADOPTED, actor=ANNA)
    named(store)
    sweep(store, at=ADOPTED)
    sent = delivered(store, ADOPTED)
    assert set(sent) == {"BNV", "BNV-TC", "BTC"}
    lead, unit, deputy = (render(sent[code]).text for code in ("BNV", "BNV-TC", "BTC"))
    assert "To: BNV (lead)" in lead
    assert "You receive it as the lead for this task: BNV." in lead
    assert "To: BNV-TC (the work was delegated to it by BNV, the lead)" in unit
    assert "You receive it because BNV, which stays answerable, delegated the work to you." in unit
    assert "To: BTC (deputy for BNV until 22 August 2025)" in deputy
    assert "You receive it as deputy for BNV until 22 August 2025; BNV stays answerable for this task." in deputy


SAID = {
    "vi": ("Kính gửi: BTC (thay mặt BNV đến hết ngày 22/08/2025)", "BNV vẫn chịu trách nhiệm về nhiệm vụ này."),
    "en": ("To: BTC (deputy for BNV until 22 August 2025)", "BNV stays answerable for this task."),
    "fr": ("À : BTC (suppléant de BNV jusqu’au 22 août 2025)", "BNV reste responsable de cette mesure."),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_so_in_the_readers_language(database_url: str, language: str) -> None:
    store = an_office(database_url)
    named(store)
    sweep(store, at=ADOPTED)
    notice = replace(delivered(store, ADOPTED)["BTC"], language=language)
    for words in SAID[language]:
        assert words in render(notice).text
        assert words in render(notice).html.replace("&#39;", "'")
