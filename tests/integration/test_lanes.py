"""Lanes, on both databases: a server that is slow or away holds up nobody else's reminders."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.builders import a_directive, a_registry, a_task
from tests.simulation.a_store import told
from tracker import operations
from tracker.notify.digest import Digest
from tracker.notify.notice import Notice
from tracker.notify.outcome import Outcome
from tracker.notify.way import To, way_to
from tracker.operations import rebuild
from tracker.operations.channels import set_service
from tracker.operations.deliver import Delivered, deliver
from tracker.operations.lanes import FAILURES, REST
from tracker.settings import Settings
from tracker.store import outbox
from tracker.store.adopted import Channel
from tracker.store.store import Store

AT = datetime(2025, 8, 11, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ACCEPTED = Outcome("accepted", 250, "taken")
AWAY = Outcome("temporary", None, "no connection to slow.example: timed out")
HOOKS = {"BNV": "slow.example", "BTC": "fine.example"}


class Net:
    """A sender in front of several servers: what each answers, and who was asked in which order."""

    def __init__(self, **answers: Outcome) -> None:
        self.answers = answers
        self.sent: list[tuple[str, str]] = []
        self.gate: threading.Event | None = None

    def send(self, channel: To, notice: Notice | Digest) -> Outcome:
        server = self.server(channel)
        if server == "slow" and self.gate is not None:
            assert self.gate.wait(20), "the others never got through"
        self.sent += [(server, reference) for reference in told(notice)]
        if self.gate is not None and {name for name, _ in self.sent} >= {"mail", "fine"}:
            self.gate.set()
        return self.answers.get(server, ACCEPTED)

    def server(self, channel: To) -> str:
        way = way_to(channel)
        return "mail" if way.kind == "mail" else way.address.partition(":")[2].partition(".")[0]

    def asked(self, server: str) -> int:
        return sum(name == server for name, _ in self.sent)


def a_live_store(url: str, settings: Settings, hooks: int) -> Store:
    """Return a live store in which two ministries have some webhooks on a host of their own, and a third a mailbox."""
    made = operations.init(url, rehearsal=False, at=AT, actor="test")
    operations.adopt_registry(made, a_registry(), at=AT, actor="test")
    mailbox = Channel(agency="BGDDT", name="mail", address="bgddt@agencies.example", language="en")
    operations.set_channel(made, [mailbox], at=AT, actor="test")
    for code, host in HOOKS.items():
        for n in range(hooks):
            channel = Channel(agency=code, name=f"hook-{n}", address="", language="en", kind="webhook")
            set_service(made, channel, {"url": f"https://{host}/{n}"}, settings=settings, at=AT, actor="test")
    duties = [a_task(f"duty-{code.lower()}", lead=code) for code in (*HOOKS, "BGDDT")]
    operations.adopt_directive(made, a_directive(*duties), at=AT, actor="test")
    operations.sweep(made, at=AT)
    return made


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(secret=str(tmp_path / "secret"), journal=str(tmp_path / "sends.jsonl"))


@pytest.fixture
def store(database_url: str, settings: Settings) -> Iterator[Store]:
    made = a_live_store(database_url, settings, 6)
    yield made
    made.close()


Run = Callable[..., Delivered]


@pytest.fixture
def run(store: Store, settings: Settings) -> Run:
    """Deliver at an instant, by a net."""

    def deliver_now(net: Net, at: datetime = AT, **more: Any) -> Delivered:
        return deliver(store, net, settings=settings, clock=lambda: at, **more)

    return deliver_now


def states(store: Store) -> dict[str, set[str]]:
    with store.read() as connection:
        found = outbox.reminders(connection)
    return {code: {one.state for one in found if one.agency == code} for code in (*HOOKS, "BGDDT")}


def test_while_one_server_is_slow_the_others_get_theirs(store: Store, run: Run) -> None:
    net = Net()
    net.gate = threading.Event()
    assert run(net).accepted == 13
    servers = [server for server, _ in net.sent]
    assert servers.index("slow") > servers.index("fine")
    assert servers.index("slow") > servers.index("mail")
    assert rebuild(store, keep=False).differing == ()


def test_a_server_that_does_not_answer_rests_and_costs_the_others_nothing(store: Store, run: Run) -> None:
    net = Net(slow=AWAY)
    done = run(net)
    assert (done.accepted, done.temporary) == (7, FAILURES)
    assert states(store) == {"BNV": {"pending"}, "BTC": {"accepted"}, "BGDDT": {"accepted"}}


@pytest.mark.parametrize(("passed", "asked"), [(REST - MINUTE / 60, 0), (REST, 1), (REST + MINUTE / 60, 1)])
def test_after_its_rest_a_server_is_tried_by_one_message(store: Store, run: Run, passed: timedelta, asked: int) -> None:
    run(Net(slow=AWAY))
    net = Net(slow=AWAY)
    run(net, AT + passed)
    assert net.asked("slow") == asked


def test_a_server_that_answers_again_gets_all_it_missed(store: Store, run: Run) -> None:
    run(Net(slow=AWAY))
    net = Net()
    run(net, AT + 2 * MINUTE)
    assert net.asked("slow") == 6
    assert states(store)["BNV"] == {"accepted"}


def test_a_server_that_refuses_is_not_one_that_is_away(store: Store, run: Run) -> None:
    net = Net(slow=Outcome("temporary", 503, "busy", timedelta(minutes=10)))
    assert run(net).temporary == 6
    with store.read() as connection:
        waits = {one.due_at - AT for one in outbox.reminders(connection, agency="BNV") if one.due_at}
    assert min(waits) >= timedelta(minutes=10)


def test_a_limit_holds_for_all_lanes_together(store: Store, run: Run) -> None:
    net = Net()
    assert run(net, limit=4).attempts == 4
    assert run(net).attempts == 9


def test_the_mail_server_is_a_lane_too(store: Store, run: Run) -> None:
    net = Net(mail=Outcome("temporary", None, "connect: refused"))
    assert run(net).accepted == 12
    assert states(store)["BGDDT"] == {"pending"}
