"""Delivery, on both databases: what each outcome does to a reminder, and that nothing is lost or repeated."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.builders import a_directive, a_registry, a_task
from tracker import operations
from tracker.domain.outbox import BUNDLED
from tracker.domain.patience import GIVE_UP, TRIES, wait_after
from tracker.notify.digest import Digest
from tracker.notify.message import message_id
from tracker.notify.notice import Notice
from tracker.notify.outcome import Outcome
from tracker.operations.channels import set_service
from tracker.operations.deliver import LEASE, Delivered, deliver
from tracker.settings import Settings
from tracker.store import ledger, outbox
from tracker.store.adopted import Channel
from tracker.store.outbox import Reminder
from tracker.store.store import Store

AT = datetime(2025, 8, 11, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
ACCEPTED = Outcome("accepted", 250, "2.0.0 ok")
REF = "2025/412-tb-vpcp/report/BNV"


class Post:
    """A sender that answers from a list, then accepts, and keeps what it was given."""

    def __init__(self, *answers: Outcome | Exception | Callable[[], Outcome]) -> None:
        self.answers = list(answers)
        self.sent: list[tuple[str, Notice | Digest]] = []

    def send(self, channel: str, notice: Notice | Digest) -> Outcome:
        self.sent.append((channel, notice))
        answer = self.answers.pop(0) if self.answers else ACCEPTED
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer


class Died(BaseException):
    """The worker is gone: nothing after the send is done."""


def die() -> Outcome:
    raise Died


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A rehearsal with one ministry's task, reachable by mail and reminded once: of the assignment."""
    made = operations.init(database_url, rehearsal=True, at=AT, actor="test")
    operations.adopt_registry(made, a_registry(), at=AT, actor="test")
    channel = Channel(agency="BNV", name="mail", address="bnv@moha.example", language="en")
    operations.set_channel(made, [channel], at=AT, actor="test")
    operations.adopt_directive(made, a_directive(a_task()), at=AT, actor="test")
    operations.sweep(made, at=AT)
    yield made
    made.close()


def run(store: Store, post: Post, at: datetime = AT, *, limit: int | None = None) -> Delivered:
    return deliver(store, post, settings=Settings(), clock=lambda: at, limit=limit)


def only(store: Store) -> Reminder:
    """Return the only reminder of the ladder; what tells of an entry at once is none."""
    with store.read() as connection:
        (reminder,) = (one for one in outbox.reminders(connection) if one.stage in BUNDLED)
    return reminder


def stages(post: Post) -> list[str]:
    return [notice.stage for _, notice in post.sent]


def outcomes(store: Store) -> list[str]:
    with store.read() as connection:
        return [delivery.outcome for delivery in outbox.deliveries(connection)]


def test_an_accepted_reminder_is_finished_and_never_sent_again(store: Store) -> None:
    post = Post()
    assert run(store, post) == Delivered(accepted=1)
    assert run(store, post, AT + timedelta(days=1)) == Delivered()
    assert (only(store).state, only(store).due_at, outcomes(store)) == ("accepted", None, ["accepted"])
    assert [channel for channel, _ in post.sent] == ["bnv@moha.example"]


def test_every_outcome_is_an_entry_of_the_ledger(store: Store) -> None:
    run(store, Post(Outcome("temporary", 451, "4.7.1 greylisted")))
    run(store, Post(), AT + timedelta(minutes=2))
    with store.read() as connection:
        said = [entry.payload for entry in ledger.entries(connection, assignment=REF) if entry.kind == "delivery"]
    assert [(one["attempt"], one["outcome"], one["code"]) for one in said] == [
        (1, "temporary", 451),
        (2, "accepted", 250),
    ]


@pytest.mark.parametrize("kind", ["temporary", "unknown"])
def test_what_may_still_arrive_is_tried_again_after_the_wait_with_the_same_message_id(store: Store, kind: str) -> None:
    post = Post(Outcome(kind, None, "connection lost"))  # type: ignore[arg-type]
    run(store, post)
    due = only(store).due_at
    assert due is not None
    assert wait_after(1) <= due - AT <= wait_after(1) * 6 / 5
    assert run(store, post, due - TICK).attempts == 0
    assert run(store, post, due).accepted == 1
    assert len({message_id(notice) for _, notice in post.sent}) == 1
    assert outcomes(store) == [kind, "accepted"]


def test_a_refusal_for_good_is_set_aside_for_a_person_and_not_tried_again(store: Store) -> None:
    post = Post(Outcome("permanent", 550, "5.1.1 no such user"))
    assert run(store, post) == Delivered(permanent=1)
    assert run(store, post, AT + timedelta(days=9)).attempts == 0
    assert (only(store).state, only(store).why) == ("failed", "5.1.1 no such user")


@pytest.mark.parametrize(
    ("outcome", "shortest", "longest"),
    [
        (Outcome("unknown", None, "end of data: timed out"), timedelta(hours=17), timedelta(hours=21)),  # eight times
        (Outcome("temporary", 451, "RCPT: greylisted"), GIVE_UP, GIVE_UP),
    ],
    ids=["unknown", "later"],
)
def test_what_is_not_accepted_is_tried_until_patience_ends(
    store: Store, outcome: Outcome, shortest: timedelta, longest: timedelta
) -> None:
    post, at = Post(*[outcome] * 99), AT
    while (due_at := only(store).due_at) is not None:
        at = max(at, due_at)
        run(store, post, at)
    assert shortest <= at - AT <= longest
    assert len(post.sent) >= TRIES
    assert only(store).state == "failed"


def test_a_notice_that_cannot_be_made_is_a_failure_of_that_one_alone(store: Store) -> None:
    post = Post(RuntimeError("no such template"))
    assert run(store, post) == Delivered(temporary=1)
    assert "no such template" in str(only(store).why)


@pytest.mark.parametrize(
    ("passed", "sent"), [(LEASE - TICK, 0), (LEASE, 1), (LEASE + TICK, 1)], ids=["before", "at", "after"]
)
def test_a_worker_that_died_is_given_up_when_its_lease_ends(store: Store, passed: timedelta, sent: int) -> None:
    with pytest.raises(Died):
        run(store, Post(die))
    assert outcomes(store) == ["sending"]  # visible at once: somebody began and did not say how it ended
    post = Post()
    assert run(store, post, AT + passed).accepted == sent
    assert outcomes(store) == (["unknown", "accepted"] if sent else ["sending"])


def test_a_worker_that_comes_back_after_its_lease_changes_nothing_but_its_own_attempt(store: Store) -> None:
    second = Post()

    def slow() -> Outcome:
        run(store, second, AT + LEASE)
        return Outcome("permanent", 550, "too late to matter")

    run(store, Post(slow))
    assert (only(store).state, len(second.sent)) == ("accepted", 1)


def test_a_report_cancels_what_was_not_sent_yet(store: Store) -> None:
    operations.submit(store, REF, at=AT, actor="BNV", words="done")
    post = Post()
    assert run(store, post).attempts == 1
    assert (only(store).state, stages(post)) == ("cancelled", ["received"])


def test_a_report_while_a_retry_waits_leaves_nothing_to_send(store: Store) -> None:
    run(store, Post(Outcome("temporary", 451, "busy")))
    operations.submit(store, REF, at=AT, actor="BNV", words="done")
    post = Post()
    assert run(store, post, AT + timedelta(days=1)).attempts == 1
    assert (only(store).state, stages(post)) == ("cancelled", ["received"])


def test_a_moved_deadline_cancels_the_reminder_of_the_old_one(store: Store) -> None:
    from datetime import date

    from tracker.domain.deadline import By, Due

    moved = a_task(due=Due(rule=By(date(2025, 9, 30))))
    operations.adopt_directive(store, a_directive(moved), at=AT, actor="test")
    post = Post()
    assert run(store, post).attempts == 1
    assert (only(store).state, stages(post)) == ("cancelled", ["date_changed"])


def test_the_address_is_the_one_of_the_moment_of_sending(store: Store) -> None:
    new = Channel(agency="BNV", name="mail", address="vanthu@moha.example", language="fr")
    operations.set_channel(store, [new], at=AT, actor="test")
    post = Post()
    run(store, post)
    ((address, notice),) = post.sent
    assert (address, notice.language) == ("vanthu@moha.example", "fr")


def test_an_agency_without_a_channel_is_a_failure_that_somebody_sees(database_url: str) -> None:
    made = operations.init(database_url, rehearsal=True, at=AT, actor="test")
    operations.adopt_registry(made, a_registry(), at=AT, actor="test")
    operations.adopt_directive(made, a_directive(a_task()), at=AT, actor="test")
    assert operations.sweep(made, at=AT).reminders == 1
    assert only(made).state == "failed"
    assert "no channel" in str(only(made).why)
    made.close()


def test_each_channel_of_an_agency_is_told_on_its_own(store: Store) -> None:
    chat = Channel(agency="BNV", name="chat", address="chat@moha.example", language=None)
    operations.set_channel(store, [chat], at=AT, actor="test")
    later = datetime(2025, 8, 15, 1, tzinfo=UTC)
    assert operations.sweep(store, at=later).reminders == 2
    post = Post(ACCEPTED, Outcome("permanent", None, "gone"))
    run(store, post, later)
    assert "chat@moha.example" in [channel for channel, _ in post.sent]


def test_the_secret_part_of_a_channel_is_never_in_the_ledger(store: Store, tmp_path: Path) -> None:
    hook = Channel(agency="BNV", name="hook", address="", language=None, kind="webhook")
    fields = {"url": "http://127.0.0.1:9/token-abc", "secret": "whsec_" + "s3cret00" * 5}
    settings = Settings(secret=str(tmp_path / "secret"))
    set_service(store, hook, fields, settings=settings, at=AT, actor="test")
    with store.read() as connection:
        bodies = "\n".join(entry.body for entry in ledger.entries(connection))
    assert "s3cret" not in bodies
    assert "token-abc" not in bodies
    assert "webhook:127.0.0.1" in bodies


def test_a_limit_bounds_the_messages_of_one_run(store: Store) -> None:
    chat = Channel(agency="BNV", name="chat", address="chat@moha.example", language=None)
    operations.set_channel(store, [chat], at=AT, actor="test")
    operations.adopt_directive(store, a_directive(a_task(), a_task("survey")), at=AT, actor="test")
    operations.sweep(store, at=AT)
    assert run(store, Post(), limit=1).attempts == 1
    assert run(store, Post()).attempts == 1


def test_the_notice_says_where_the_ledger_stood(store: Store) -> None:
    position = store.position()
    post = Post()
    run(store, post)
    ((_, notice),) = post.sent
    assert (notice.seq, notice.head) == (position.seq, position.hash)
    assert notice.rehearsal
