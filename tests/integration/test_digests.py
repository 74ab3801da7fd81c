"""Digests, on both databases: what one office is owed at once is one mail, whatever becomes of it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.builders import a_directive, a_registry, a_task
from tests.integration.test_delivery import Died, Post, die, run
from tests.simulation.a_store import told
from tracker import operations
from tracker.domain.outbox import BUNDLED
from tracker.domain.patience import TRIES
from tracker.notify.digest import Digest
from tracker.notify.message import message_id
from tracker.notify.notice import Notice
from tracker.notify.outcome import Outcome
from tracker.notify.render import render
from tracker.operations import rebuild
from tracker.operations.deliver import LEASE, Delivered
from tracker.store import ledger, outbox, watches
from tracker.store.adopted import Channel
from tracker.store.outbox import Reminder
from tracker.store.store import Store
from tracker.views.past import Past

AT = datetime(2025, 8, 11, 1, tzinfo=UTC)
LATER = AT + timedelta(minutes=2)
BUSY = Outcome("temporary", 451, "busy")
TASKS = ("report", "survey", "translation")
REFS = {task: f"2025/412-tb-vpcp/{task}/BNV" for task in TASKS}


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A rehearsal in which one ministry is owed three reminders at once, and another ministry one."""
    made = operations.init(database_url, rehearsal=True, at=AT, actor="test")
    operations.adopt_registry(made, a_registry(), at=AT, actor="test")
    ways = [Channel(agency=code, name="mail", address=f"{code.lower()}@agencies.example", language="en")
            for code in ("BNV", "BTC")]  # fmt: skip
    operations.set_channel(made, ways, at=AT, actor="test")
    tasks = [*map(a_task, TASKS), a_task("zoning", lead="BTC")]
    operations.adopt_directive(made, a_directive(*tasks), at=AT, actor="test")
    operations.sweep(made, at=AT)
    yield made
    made.close()


def reminders(store: Store) -> dict[str, Reminder]:
    with store.read() as connection:
        return {one.assignment.split("/")[2]: one for one in outbox.reminders(connection) if one.stage in BUNDLED}


def states(store: Store) -> dict[str, str]:
    return {task: one.state for task, one in reminders(store).items()}


def as_the_entries_say(store: Store) -> bool:
    found = rebuild(store, keep=False)
    return found.differing == ()


def mails_of(post: Post, address: str = "bnv@agencies.example") -> list[Notice | Digest]:
    """Return the mails of ladders to one address; what tells of an entry is another matter."""
    rungs = (notice for channel, notice in post.sent if channel == address)
    return [notice for notice in rungs if isinstance(notice, Digest) or notice.stage in BUNDLED]


def test_what_an_office_is_owed_at_once_is_one_mail(store: Store) -> None:
    post = Post()
    assert run(store, post) == Delivered(accepted=2)
    (digest,) = mails_of(post)
    assert isinstance(digest, Digest)
    assert sorted(item.task_title for item in digest.items) == ["Report", "Survey", "Translation"]
    (single,) = mails_of(post, "btc@agencies.example")
    assert isinstance(single, Notice)
    assert set(states(store).values()) == {"accepted"}
    assert as_the_entries_say(store)


def test_a_digest_is_one_attempt_and_one_entry_that_names_all_it_told(store: Store) -> None:
    run(store, Post())
    with store.read() as connection:
        said = [entry.payload for entry in ledger.entries(connection) if entry.kind == "delivery"]
        assert len(outbox.deliveries(connection)) == 2
        together = outbox.deliveries(connection, [one.id for one in outbox.reminders(connection, agency="BNV")])
    (digest,) = (one for one in said if "with" in one)
    named = {digest["reminder"], *digest["with"]}
    assert named == {reminders(store)[task].reference for task in TASKS}
    assert {one.bundle for task, one in reminders(store).items() if task in TASKS} == {digest["bundle"]}
    assert len(together) == 3, "each of its reminders shows the attempt"


def test_a_retry_is_the_same_mail_whatever_came_due_meanwhile(store: Store) -> None:
    post = Post(BUSY, BUSY)
    run(store, post)
    assert as_the_entries_say(store)
    more = a_directive(*map(a_task, (*TASKS, "added")), a_task("zoning", lead="BTC"))
    operations.adopt_directive(store, more, at=LATER, actor="test")
    operations.sweep(store, at=LATER)
    run(store, post, LATER)
    first, second, alone = mails_of(post)
    assert message_id(first) == message_id(second) != message_id(alone)
    assert sorted(told(first)) == sorted(told(second))
    assert isinstance(alone, Notice)
    assert as_the_entries_say(store)


def test_what_became_void_before_a_retry_is_left_out_of_it(store: Store) -> None:
    post = Post(BUSY, BUSY)
    run(store, post)
    operations.submit(store, REFS["report"], at=AT, actor="BNV", words="done")
    run(store, post, LATER)
    first, second = mails_of(post)
    assert message_id(first) == message_id(second)
    assert set(told(first)) - set(told(second)) == {reminders(store)["report"].reference}
    assert states(store) == {
        "report": "cancelled",
        "survey": "accepted",
        "translation": "accepted",
        "zoning": "accepted",
    }
    assert as_the_entries_say(store)


def test_a_digest_of_which_nothing_is_left_is_cancelled(store: Store) -> None:
    post = Post(BUSY, BUSY)
    run(store, post)
    for ref in REFS.values():
        operations.submit(store, ref, at=AT, actor="BNV", words="done")
    run(store, post, LATER)
    assert len(mails_of(post)) == 1
    assert {states(store)[task] for task in TASKS} == {"cancelled"}
    assert as_the_entries_say(store)


def test_a_digest_whose_worker_died_is_sent_again_as_the_same_mail(store: Store) -> None:
    first = Post(die)
    with pytest.raises(Died):
        run(store, first)
    assert as_the_entries_say(store), "an attempt under way has no entry yet"
    operations.submit(store, REFS["survey"], at=AT, actor="BNV", words="done")
    post = Post()
    assert run(store, post, AT + LEASE).cancelled == 1
    (again,) = mails_of(post)
    assert message_id(first.sent[0][1]) == message_id(again)
    assert states(store)["survey"] == "cancelled"
    assert states(store)["report"] == "accepted"
    assert as_the_entries_say(store)


def test_a_worker_that_comes_back_after_its_lease_changes_no_member(store: Store) -> None:
    second = Post()

    def slow() -> Outcome:
        run(store, second, AT + LEASE)
        return Outcome("permanent", 550, "too late to matter")

    run(store, Post(slow))
    assert set(states(store).values()) == {"accepted"}
    assert as_the_entries_say(store)


def test_a_refused_digest_fails_whole(store: Store) -> None:
    run(store, Post(Outcome("permanent", 550, "no such user")))
    assert [states(store)[task] for task in TASKS] == ["failed"] * 3
    assert as_the_entries_say(store)


def test_after_eight_tries_every_member_is_set_aside(store: Store) -> None:
    post, at = Post(*[BUSY] * 99), AT
    for _ in range(TRIES + 2):
        run(store, post, at)
        at += timedelta(days=1)
    assert len(mails_of(post)) == TRIES
    assert set(states(store).values()) == {"failed"}
    assert as_the_entries_say(store)


def test_a_digest_that_cannot_be_made_falls_apart_and_only_its_poison_fails_again(store: Store) -> None:
    poison = reminders(store)["survey"].reference

    class Fragile(Post):
        def send(self, channel: str, notice: Notice | Digest) -> Outcome:
            if poison in told(notice):
                raise RuntimeError("no such letter")
            return super().send(channel, notice)

    post, at = Fragile(), AT
    run(store, post)
    assert run(store, post, LATER) == Delivered(accepted=2, temporary=1)
    assert states(store) == {"report": "accepted", "survey": "pending", "translation": "accepted", "zoning": "accepted"}
    for _ in range(TRIES):
        at += timedelta(days=1)
        run(store, post, at)
    assert states(store)["survey"] == "failed"
    assert "no such letter" in str(reminders(store)["survey"].why)
    assert as_the_entries_say(store)


def test_the_past_shows_each_member_as_it_was(store: Store) -> None:
    post = Post(BUSY)
    run(store, post)
    operations.submit(store, REFS["report"], at=AT + timedelta(minutes=1), actor="BNV", words="done")
    run(store, post, LATER)
    then: dict[datetime, dict[str, tuple[str, bool, int]]] = {}
    with store.read() as connection:
        for at in (AT, LATER):
            rungs = [one for one in Past(connection, at).reminders() if one.stage in BUNDLED]
            then[at] = {
                one.assignment.split("/")[2]: (one.state, one.bundle is not None, one.attempts) for one in rungs
            }
    assert [then[AT][task] for task in TASKS] == [("pending", True, 1)] * 3
    assert [then[LATER][task] for task in TASKS] == [("cancelled", True, 1), *[("accepted", True, 2)] * 2]


@pytest.mark.parametrize(("after", "late"), [(59, False), (60, False), (61, True)])
def test_a_mail_that_leaves_more_than_an_hour_late_says_so(store: Store, after: int, late: bool) -> None:
    post = Post()
    run(store, post, AT + timedelta(minutes=after))
    assert [notice.late_by == timedelta(minutes=61) for _, notice in post.sent] == [late, late]
    assert ["it should have come 1 hour ago" in render(notice).text for _, notice in post.sent] == [late, late]


def test_each_reminder_of_a_digest_was_tried_when_the_digest_was(store: Store) -> None:
    run(store, Post(), LATER)
    with store.read() as connection:
        found = list(watches.prompts(connection, since=AT, until=LATER))
    assert {one.tried_at for one in found} == {LATER}
    assert len(found) == 4
