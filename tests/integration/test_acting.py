"""Acting from a mail, on both databases: a link does one small thing, once, while it holds, and is dead after that."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest

from tests.builders import a_directive, a_task
from tests.integration.links import Reader, mails, settings_in, token_of
from tests.simulation.a_store import ADOPTED
from tests.simulation.an_office import KEY, LAST_DAY, SECRETARIAT, an_office, holds, kinds, on, reminders, the
from tracker.domain.errors import NotFound, Refused
from tracker.domain.link import Action, Link, expiry, read, sign
from tracker.domain.standing import Progress
from tracker.notify.notice import Notice
from tracker.notify.outcome import Outcome
from tracker.operations import adopt_directive, sweep
from tracker.operations.acting import Receipt, act, look
from tracker.operations.agencies import hand_on
from tracker.operations.deliver import deliver
from tracker.operations.deputies import end_deputy, name_deputy
from tracker.operations.extensions import ask, grant, suspend
from tracker.operations.links import Keys, keys_of
from tracker.operations.ownership import delegate, discontinue, take_back, transfer
from tracker.operations.progress import accept, note, submit
from tracker.operations.secrets import add_key, forget_keys, secretfile_of
from tracker.settings import Settings
from tracker.store import ledger
from tracker.store.store import Store

REF = f"{KEY}/report/BNV"
ANNA = "BNV:anna"
LATER = ADOPTED + timedelta(hours=1)
NEXT, LATEST = date(2025, 8, 12), date(2025, 8, 29)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Office:
    """A store whose ministry has had a mail, and what it may press."""

    store: Store
    settings: Settings
    notice: Notice

    @property
    def keys(self) -> Keys:
        found = keys_of(self.store, self.settings)
        assert found is not None
        return found

    @property
    def acknowledging(self) -> str:
        return token_of(self.notice.acknowledge_url)

    @property
    def snoozing(self) -> str:
        return token_of(self.notice.snooze_url)

    @property
    def link(self) -> Link:
        found = read(self.acknowledging, self.keys.accepted, at=ADOPTED)
        assert found is not None
        return found

    def press(self, token: str, *, at: datetime = LATER, until: date | None = None) -> Receipt:
        return act(self.store, token, keys=self.keys, until=until, at=at)

    def refusal(self, token: str, *, at: datetime = LATER, until: date | None = None) -> str:
        with pytest.raises((NotFound, Refused)) as refused:
            self.press(token, at=at, until=until)
        return refused.value.code

    def is_dead(self, token: str, *, at: datetime = LATER) -> bool:
        """Return whether a link shows nothing, and then does nothing either; every dead link says the same."""
        try:
            self.open_acts(token, at=at)
        except NotFound as shown:
            with pytest.raises(NotFound) as pressed:
                self.press(token, at=at, until=NEXT)
            said = {(error.code, str(error)) for error in (shown, pressed.value)}
            assert said == {("dead-link", "this link does not work, or no longer")}
            return True
        return False

    def open_acts(self, token: str, *, at: datetime = LATER) -> set[Action]:
        seen = look(self.store, token, keys=self.keys, settings=self.settings, language=None, at=at)
        return set(seen.tokens)


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Office:
    """A ministry that was told of its task on 11 August, due on the 31st."""
    return told(database_url, tmp_path)


def told(database_url: str, folder: Path, **changes: object) -> Office:
    store, settings = an_office(database_url, a_directive(a_task(**changes))), settings_in(folder)
    sweep(store, at=ADOPTED)
    return Office(store, settings, mails(store, settings)[REF])


def test_each_row_of_a_digest_has_the_link_of_its_task(database_url: str, tmp_path: Path) -> None:
    store, settings = an_office(database_url, a_directive(a_task(), a_task("survey"))), settings_in(tmp_path)
    sweep(store, at=ADOPTED)
    keys, digests = keys_of(store, settings, make=True), []

    class Post:
        def send(self, channel: object, notice: object) -> Outcome:
            digests.append(notice)
            return Outcome("accepted", 250, "ok")

    deliver(store, Post(), settings=settings, clock=lambda: ADOPTED)
    assert keys is not None
    (digest,) = digests
    for item in digest.items:
        receipt = act(store, token_of(item.act_url), keys=keys, until=None, at=LATER)
        assert last_entry(store).assignment == item.assignment
        assert last_entry(store).seq == receipt.seq
    assert len(digest.items) == 2


def last_entry(store: Store) -> ledger.Entry:
    with store.read() as connection:
        return list(ledger.entries(connection))[-1]


def test_a_mail_has_links_only_where_a_secret_was_made(database_url: str, tmp_path: Path) -> None:
    store, reader = an_office(database_url), Reader()
    sweep(store, at=ADOPTED)
    deliver(store, reader, settings=settings_in(tmp_path), clock=lambda: ADOPTED)
    assert [(one.acknowledge_url, one.snooze_url) for one in reader.notices] == [(None, None)]
    assert list(tmp_path.glob("secret*")) == []


def test_a_secret_that_others_may_read_signs_nothing_and_stops_no_mail(database_url: str, tmp_path: Path) -> None:
    store, settings, reader = an_office(database_url), settings_in(tmp_path), Reader()
    sweep(store, at=ADOPTED)
    keys_of(store, settings, make=True)
    secretfile_of(store, settings).chmod(0o640)
    deliver(store, reader, settings=settings, clock=lambda: ADOPTED)
    assert [one.acknowledge_url for one in reader.notices] == [None]


def test_a_mail_sent_again_has_the_same_links(database_url: str, tmp_path: Path) -> None:
    store, settings = an_office(database_url), settings_in(tmp_path)
    sweep(store, at=ADOPTED)
    keys_of(store, settings, make=True)

    class Deferring(Reader):
        def send(self, channel: object, notice: object) -> Outcome:
            super().send(channel, notice)
            return Outcome("temporary", 451, "later")

    reader = Deferring()
    for hour in range(3):
        deliver(store, reader, settings=settings, clock=lambda: ADOPTED + timedelta(hours=hour))  # noqa: B023
    assert len(reader.notices) == 3
    assert len({(one.acknowledge_url, one.snooze_url) for one in reader.notices}) == 1


def test_acknowledging_by_a_link_is_recorded_as_such(office: Office) -> None:
    receipt = office.press(office.acknowledging)
    entry, now = last_entry(office.store), the(office.store)
    assert now.facts.progress == Progress.ACKNOWLEDGED
    assert (entry.kind, entry.actor, entry.assignment) == ("acknowledged", "BNV:link", REF)
    assert entry.payload == {
        "assurance": "link", "action": "acknowledge", "channel": "mail", "reminder": office.notice.reference,
    }  # fmt: skip
    assert (receipt.seq, receipt.hash, receipt.recorded_at) == (entry.seq, entry.hash, LATER)
    assert holds(office.store)


def test_the_same_link_twice_is_the_same_receipt(office: Office) -> None:
    first = office.press(office.acknowledging)
    before = office.store.position()
    assert office.press(office.acknowledging, at=LATER + timedelta(days=3)) == first
    assert office.store.position() == before


def test_once_acknowledged_a_later_reminder_is_noted(office: Office) -> None:
    first = office.press(office.acknowledging)
    soon = on(date(2025, 8, 15), 8)
    sweep(office.store, at=soon)
    notice = mails(office.store, office.settings, at=soon)[REF]
    assert notice.acknowledge_url != office.notice.acknowledge_url
    second = office.press(token_of(notice.acknowledge_url), at=soon)
    assert second.seq > first.seq
    assert last_entry(office.store).kind == "noted"
    assert the(office.store).facts.progress == Progress.ACKNOWLEDGED
    assert office.press(office.acknowledging, at=soon) == first
    assert holds(office.store)


def test_a_snooze_puts_reminders_off_and_the_deadline_stays(office: Office) -> None:
    receipt = office.press(office.snoozing, until=LATEST)
    entry, now = last_entry(office.store), the(office.store)
    assert (entry.kind, entry.payload["until"], receipt.until) == ("noted", "2025-08-29", LATEST)
    assert (now.facts.progress, now.facts.snoozed_until) == (Progress.ASSIGNED, LATEST)
    assert now.facts.limit is not None
    assert now.facts.limit.last_day == LAST_DAY
    assert office.press(office.snoozing, until=NEXT) == receipt
    assert holds(office.store)


@pytest.mark.parametrize(
    ("until", "code"),
    [(None, "bad-snooze"), (date(2025, 8, 11), "bad-snooze"), (NEXT, None), (LATEST, None),
     (date(2025, 8, 30), "bad-snooze"), (LAST_DAY, "bad-snooze")],
    ids=["no day", "today", "tomorrow", "the last working day before", "a Saturday after it", "the deadline"],
)  # fmt: skip
def test_a_snooze_ends_before_the_deadline(office: Office, until: date | None, code: str | None) -> None:
    if code is None:
        assert office.press(office.snoozing, until=until).until == until
    else:
        before = office.store.position()
        assert office.refusal(office.snoozing, until=until) == code
        assert office.store.position() == before


def test_what_is_due_or_overdue_cannot_be_put_off(office: Office) -> None:
    last_working, late = on(date(2025, 8, 29)), on(date(2025, 9, 3))
    assert office.open_acts(office.snoozing, at=on(date(2025, 8, 28))) == set(Action)
    for at in (last_working, late):
        assert office.open_acts(office.snoozing, at=at) == {Action.ACKNOWLEDGE}
        assert office.refusal(office.snoozing, at=at, until=date(2025, 9, 10)) == "no-snooze"
    sweep(office.store, at=late)
    notice = mails(office.store, office.settings, at=late)[REF]
    assert notice.snooze_url is None
    assert notice.acknowledge_url is not None


def test_taking_note_does_not_wake_who_asked_to_be_left_alone(office: Office) -> None:
    note(office.store, REF, at=LATER, actor=ANNA)
    office.press(office.snoozing, until=NEXT)
    office.press(office.acknowledging)  # merely assigned: this is the first sign of life in its progress
    assert the(office.store).facts.snoozed_until == NEXT
    soon = on(date(2025, 8, 15), 8)
    sweep(office.store, at=soon)
    later = replace(office, notice=mails(office.store, office.settings, at=soon)[REF])
    later.press(later.snoozing, at=soon, until=date(2025, 8, 21))
    receipt = later.press(later.acknowledging, at=soon)
    assert the(office.store).facts.snoozed_until == receipt.until == date(2025, 8, 21)


@pytest.mark.parametrize(
    ("passed", "dead"), [(-SECOND, False), (timedelta(), True), (SECOND, True)], ids=["before", "at", "after"]
)
def test_a_link_ends_30_days_after_the_last_day(office: Office, passed: timedelta, dead: bool) -> None:
    assert office.link.expires == on(date(2025, 9, 30), 0)
    assert office.is_dead(office.acknowledging, at=office.link.expires + passed) is dead


def test_a_mail_that_leaves_after_the_end_of_its_links_has_none(office: Office) -> None:
    at = on(date(2025, 10, 6))
    sweep(office.store, at=at)
    notice = mails(office.store, office.settings, at=at)[REF]
    assert (notice.stage, notice.acknowledge_url, notice.snooze_url) == ("overdue", None, None)


def test_a_task_without_a_date_has_links_for_60_days(database_url: str, tmp_path: Path) -> None:
    office = told(database_url, tmp_path, due=None)
    assert office.link.expires == ADOPTED + timedelta(days=60)
    assert office.press(office.snoozing, until=date(2025, 9, 9)).until == date(2025, 9, 9)


# ---- revoked -----------------------------------------------------------------------------------------------


def transferred(store: Store) -> None:
    transfer(store, REF, "BTC", at=LATER, actor=SECRETARIAT, why="it is theirs")


def given_more_time(store: Store) -> None:
    ask(store, REF, date(2025, 9, 30), at=LATER, actor=ANNA, why="floods")
    grant(store, REF, at=LATER, actor=SECRETARIAT, instrument="Decision 2")


def amended(store: Store) -> None:
    from tracker.domain.deadline import By, Due

    directive = a_directive(a_task(due=Due(rule=By(date(2025, 9, 15)))))
    adopt_directive(store, directive, at=LATER, actor="test")


def handed_on(store: Store) -> None:
    hand_on(store, "BNV", "BTC", at=LATER, actor="secretariat", instrument="2179/QĐ-TTg")


REVOKING: dict[str, Callable[[Store], None]] = {
    "transferred": transferred, "more time": given_more_time, "amended": amended,
    "handed on": handed_on,
}  # fmt: skip


@pytest.mark.parametrize("how", REVOKING)
@pytest.mark.parametrize("used", [False, True], ids=["unused", "used"])
def test_a_link_is_revoked_with_what_it_was_about(office: Office, how: str, used: bool) -> None:
    if used:
        office.press(office.acknowledging)
    REVOKING[how](office.store)
    assert office.is_dead(office.acknowledging)
    assert office.is_dead(office.snoozing)


def test_a_link_of_a_unit_is_dead_once_the_lead_takes_the_work_back(office: Office) -> None:
    delegate(office.store, REF, "BNV-TC", at=LATER, actor=ANNA)
    unit = replace(office.link, office="BNV-TC", reminder=sent_to(office, "BNV-TC").reference)
    token = sign(unit, office.keys.signing)
    assert not office.is_dead(token)
    take_back(office.store, REF, at=LATER, actor=ANNA)
    assert office.is_dead(token)
    assert not office.is_dead(office.acknowledging)


def sent_to(office: Office, code: str) -> object:
    soon = on(date(2025, 8, 15), 8)
    sweep(office.store, at=soon)
    return next(one for one in reminders(office.store) if one.agency == code)


@pytest.mark.parametrize(
    ("change", "value"),
    [("office", "BTC"), ("office", "nobody"), ("channel", "other"), ("version", 2), ("reminder", "ntf-other"),
     ("assignment", f"{KEY}/report/BTC"), ("assignment", "report/BNV")],
)  # fmt: skip
def test_even_well_signed_a_link_must_be_of_a_mail_that_was_owed(office: Office, change: str, value: object) -> None:
    other = replace(office.link, **{change: value})
    assert office.is_dead(sign(other, office.keys.signing))


def test_a_link_of_an_old_key_works_until_the_key_is_forgotten(office: Office) -> None:
    file, link = secretfile_of(office.store, office.settings), office.link
    add_key(file)
    assert sign(link, office.keys.signing) != office.acknowledging
    receipt = office.press(office.acknowledging)
    forget_keys(file)
    assert office.is_dead(office.acknowledging)
    assert office.press(sign(link, office.keys.signing)) == receipt


@pytest.mark.parametrize(
    "settle",
    [
        lambda store: submit(store, REF, at=LATER, actor=ANNA, words="done"),
        lambda store: accept(submitted(store), REF, at=LATER, actor=SECRETARIAT),
        lambda store: suspend(store, REF, at=LATER, actor=SECRETARIAT, why="rest", instrument="Decision 3"),
        lambda store: discontinue(store, REF, at=LATER, actor=SECRETARIAT, why="given up", instrument="Decision 4"),
    ],
    ids=["reported", "completed", "suspended", "discontinued"],
)
def test_where_nothing_is_left_to_do_a_link_shows_it_and_does_nothing(
    office: Office, settle: Callable[[Store], object]
) -> None:
    settle(office.store)
    assert office.open_acts(office.acknowledging) == set()
    before = office.store.position()
    assert office.refusal(office.acknowledging) == "refused"
    assert office.refusal(office.snoozing, until=NEXT) == "refused"
    assert office.store.position() == before


def submitted(store: Store) -> Store:
    submit(store, REF, at=LATER, actor=ANNA, words="done")
    return store


def test_two_who_press_at_once_get_one_receipt(office: Office) -> None:
    barrier = Barrier(2)

    def press(_: int) -> Receipt:
        barrier.wait()
        return office.press(office.acknowledging)

    before = office.store.position().seq
    with ThreadPoolExecutor(2) as both:
        first, second = both.map(press, range(2))
    assert first == second
    assert kinds(office.store, before) == ["acknowledged"]


# ---- the verb ----------------------------------------------------------------------------------------------


def test_an_agency_may_note_a_reminder_without_a_link(office: Office) -> None:
    noted = note(office.store, REF, at=LATER, actor=ANNA, until=NEXT, reminder=office.notice.reference)
    assert last_entry(office.store).payload == {"until": "2025-08-12", "reminder": office.notice.reference}
    assert (noted.facts.progress, noted.facts.snoozed_until) == (Progress.ASSIGNED, NEXT)
    assert note(office.store, REF, at=LATER, actor=ANNA).facts.snoozed_until is None
    assert holds(office.store)


@pytest.mark.parametrize(
    ("actor", "until", "seen", "code"),
    [("BTC:binh", None, None, "not-yours"), (SECRETARIAT, None, None, "not-yours"),
     (ANNA, LAST_DAY, None, "bad-snooze"), (ANNA, ADOPTED.date(), None, "bad-snooze")],
)  # fmt: skip
def test_a_note_that_may_not_be_made_is_refused(
    office: Office, actor: str, until: date | None, seen: int | None, code: str
) -> None:
    with pytest.raises(Refused) as refusal:
        note(office.store, REF, at=LATER, actor=actor, until=until, seen=seen)
    assert refusal.value.code == code


def test_a_deputy_may_use_its_own_link_while_it_covers(office: Office) -> None:
    named = name_deputy(
        office.store, "BNV", "BTC", first=date(2025, 8, 11), last=date(2025, 8, 22), at=LATER, actor=ANNA, why="away"
    )
    token = sign(replace(office.link, office="BTC", reminder=sent_to(office, "BTC").reference), office.keys.signing)
    assert not office.is_dead(token)
    end_deputy(office.store, named.seq, at=LATER, actor=ANNA)
    assert office.is_dead(token)


def test_an_expiry_does_not_depend_on_when_the_mail_left() -> None:
    from tests.builders import a_calendar

    assert expiry(LAST_DAY, ADOPTED, a_calendar()) == expiry(LAST_DAY, LATER, a_calendar())
