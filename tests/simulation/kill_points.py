"""Kill a sweep-and-deliver at every boundary it passes, start again, and see that nobody was forgotten.

    python -m tests.simulation.kill_points [--database sqlite|postgresql] [--short] [--triples N]

A child process does the work and is killed with SIGKILL at its n-th boundary: before and after
each SQL statement and each COMMIT, and between the steps of each SMTP conversation. A fresh
process then goes on, its clock past the lease. A real SMTP server in this process counts what
arrived; it shares no code with the tracker. With `power` the machine dies with it: what the journal of sends was
told since it last waited for the disk is gone. For each point:

    lost        an owed reminder that never arrived, alone or in a digest with others
    extra       a copy of a message, under its Message-ID
    unexplained a copy that was not between the server's acceptance and our note of it at the kill (of the power:
                and our commit), a second one for the same crash, a task told again by another message, or mail to
                somebody who is owed nothing
    chain       a ledger whose chain does not hold
    stuck       a reminder neither accepted nor closed at the end
    cache       a row that `rebuild` finds different from what entries say

Only `extra` may be above zero.
"""

import argparse
import gc
import json
import os
import random
import re
import shutil
import signal
import smtplib
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, fields
from email import message_from_bytes
from functools import partial, wraps
from pathlib import Path
from typing import Any, Protocol
from unittest.mock import patch

import psycopg
from psycopg import sql
from sqlalchemy import Engine, event

from tests.integration.postgres import Cluster, roomy_memory, running_cluster
from tests.integration.smtp import SmtpServer
from tests.simulation.a_store import DUE, TOLD, a_store_before_the_day, minutes
from tracker.notify.send import Sender
from tracker.operations import deliver, open_store, rebuild, sweep, verify
from tracker.operations import journal as journals
from tracker.operations.deliver import open_sender
from tracker.operations.journal import state_folder
from tracker.settings import Settings
from tracker.store import outbox
from tracker.store.store import Store

REFUSED_ONCE = "office-btc@agencies.example"
OPEN_STATES = {"pending", "sending"}
# when each process of a story works, in minutes after DUE: its own two ticks, the next one past the lease of five
STARTS = (0, 10, 30, 60)
SECOND_TICK = 8
LATER, DAY = 60, 24 * 60
STRIDE = 7  # of a short run: one point in seven

SENT, NOTED, COMMITTED = "send: whole message sent", "journal: told what became of it", "commit: after"


@dataclass
class Boundaries:
    """The boundaries one process passes, in order; at the n-th it dies."""

    die_at: int | None = None
    passed: list[str] = field(default_factory=list)

    def reach(self, kind: str) -> None:
        self.passed.append(kind)
        if len(self.passed) == self.die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch_database(self, engine: Engine) -> None:
        event.listen(engine, "before_cursor_execute", lambda *_: self.reach("statement: before"))
        event.listen(engine, "after_cursor_execute", lambda *_: self.reach("statement: after"))
        engine.dialect.do_commit = self._around(  # type: ignore[method-assign]
            engine.dialect.do_commit, before="commit: before", after=COMMITTED
        )

    def watch_mail(self) -> None:
        """Watch every SMTP conversation of this process."""
        smtp: Any = smtplib.SMTP
        smtp.connect = self._around(smtp.connect, before="send: before connecting")
        smtp.mail = self._around(smtp.mail, after="send: after MAIL")
        smtp.rcpt = self._around(smtp.rcpt, after="send: after RCPT")
        smtp.send = self._after_message(smtp.send)
        smtp.getreply = self._after_answer(smtp.getreply)
        sender: Any = Sender
        sender.send = self._around(sender.send, after="send: returned")
        journal: Any = journals.Journal
        journal.about_to_send = self._around(
            journal.about_to_send, before="journal: before a group leaves", after="journal: a group may leave"
        )
        journal.ended = self._around(journal.ended, after=NOTED)

    def watch_disk(self, durable: Path) -> None:
        """Keep in a file how much of the journal of sends is on the disk."""
        plain = journals._sync

        def sync(handle: int) -> None:
            plain(handle)
            durable.write_text(str(os.fstat(handle).st_size))

        journals._sync = sync

    def _around(self, call: Callable[..., Any], *, before: str = "", after: str = "") -> Callable[..., Any]:
        @wraps(call)
        def watched(*given: Any, **named: Any) -> Any:
            if before:
                self.reach(before)
            answer = call(*given, **named)
            if after:
                self.reach(after)
            return answer

        return watched

    def _after_message(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def send(client: Any, octets: bytes | str) -> None:
            call(client, octets)
            client.at_end_of_data = isinstance(octets, bytes) and octets.endswith(b"\r\n.\r\n")
            if client.at_end_of_data:
                self.reach(SENT)

        return send

    def _after_answer(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def getreply(client: Any) -> tuple[int, bytes]:
            answer: tuple[int, bytes] = call(client)
            if getattr(client, "at_end_of_data", False):
                client.at_end_of_data = False
                self.reach("send: accepted, answer unread")
            return answer

        return getreply


class MailServer(SmtpServer):
    """The test server, which also knows when every conversation has ended."""

    def __init__(self) -> None:
        super().__init__()
        self.talking = 0

    def _serve(self, connection: Any) -> None:
        self.talking += 1
        try:
            super()._serve(connection)
        finally:
            self.talking -= 1

    def forget(self) -> None:
        """Begin a new story: no messages, and one recipient will be refused once."""
        self.wait()
        self.messages.clear()
        self.behave()
        self.rule("RCPT", "451 4.7.1 try again later", when=REFUSED_ONCE, times=1)

    def wait(self) -> None:
        """Return when all has arrived that was sent; a killed client's connection ends by itself."""
        until = time.monotonic() + 5
        while self.talking and time.monotonic() < until:
            time.sleep(0.0005)


class Stores(Protocol):
    """Where each story gets a copy of the prepared store.

    All copies have one URL and so one `Store`, without a connection: a child inherits compiled
    statements and read documents, as a warm worker has them, and nothing of the database.
    """

    name: str
    store: Store
    journal: Path

    def fresh(self) -> AbstractContextManager[None]:
        """Put a copy in place, and remove it afterwards."""


class SqliteStores:
    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.prepared, self.copy = folder / "prepared.db", folder / "copy.db"
        self.journal = folder / "copy.db.sends"
        a_store_before_the_day(f"sqlite:///{self.prepared}").close()
        with self.fresh():
            self.store = open_store(f"sqlite:///{self.copy}")
            self.store.close()

    @contextmanager
    def fresh(self) -> Iterator[None]:
        shutil.copyfile(self.prepared, self.copy)
        shutil.copyfile(f"{self.prepared}.sends", f"{self.copy}.sends")
        try:
            yield
        finally:
            for file in self.copy.parent.glob(f"{self.copy.name}*"):
                file.unlink()


class PostgresStores:
    name = "postgresql"

    def __init__(self, cluster: Cluster) -> None:
        where = {"host": "127.0.0.1", "port": cluster.port, "user": "postgres", "dbname": "postgres"}
        self.admin = psycopg.connect(**where, autocommit=True)  # type: ignore[arg-type]
        url = f"postgresql+psycopg://postgres@127.0.0.1:{cluster.port}"
        self._run("CREATE DATABASE kill_prepared TEMPLATE template0")
        a_store_before_the_day(f"{url}/kill_prepared").close()
        # every copy goes by one name, and so has one journal of sends, which starts each story as it was
        kept = max(state_folder().glob("*-kill_prepared.sends"), key=lambda file: file.stat().st_mtime_ns)
        self.journal = kept.with_name(kept.name.replace("kill_prepared", "kill_copy"))
        self.sends = kept.read_bytes()
        kept.unlink()
        with self.fresh():
            self.store = open_store(f"{url}/kill_copy")
            self.store.close()

    @contextmanager
    def fresh(self) -> Iterator[None]:
        self._run("CREATE DATABASE kill_copy TEMPLATE kill_prepared")
        self.journal.write_bytes(self.sends)
        try:
            yield
        finally:
            self._run("DROP DATABASE kill_copy WITH (FORCE)")

    def close(self) -> None:
        self._run("DROP DATABASE kill_prepared WITH (FORCE)")
        self.admin.close()
        self.journal.unlink()

    def _run(self, statement: str) -> None:
        self.admin.execute(sql.SQL(statement))  # type: ignore[arg-type]


def work(stores: Stores, smtp: str, start: float, boundaries: Boundaries) -> list[str]:
    """Do what a scheduler does twice: sweep, then deliver. Returns the boundaries passed."""
    boundaries.watch_database(stores.store.engine)
    boundaries.watch_mail()
    boundaries.watch_disk(durable(stores))
    ticks(stores.store, smtp, start)
    return boundaries.passed


def durable(stores: Stores) -> Path:
    """Return the file that says how much of the journal of sends is on the disk."""
    return stores.journal.with_suffix(".durable")


def lose_power(stores: Stores) -> None:
    """Take from the journal what never reached the disk."""
    if durable(stores).exists():
        os.truncate(stores.journal, int(durable(stores).read_text()))


def ticks(store: Store, smtp: str, start: float) -> None:
    settings = Settings(smtp_url=smtp)
    with open_sender(store, settings) as sender:
        for minute in (start, start + SECOND_TICK):
            at = DUE + minutes(minute)
            sweep(store, at=at)
            deliver(store, sender, settings=settings, clock=lambda at=at: at)  # type: ignore[misc]


def finish(store: Store, smtp: str) -> dict[str, Any]:
    """Go on in a fresh process until nothing is left to do, and say what the store is like then."""
    at = STARTS[-1]
    while True:
        ticks(store, smtp, at)
        with store.read() as connection:
            states = [reminder.state for reminder in outbox.reminders(connection)]
        at += LATER  # a server that says "later" is asked the less often the more tries there were
        if at > DAY or OPEN_STATES.isdisjoint(states):
            break
    return {
        "stuck": sum(state in OPEN_STATES for state in states),
        "chain": int(not verify(store).holds),
        "cache": len(rebuild(store, keep=False).differing),
    }


def forked(call: Callable[[], Any]) -> Any:
    """Return what a call returns in a child process of its own; None when the child was killed."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(out)
        _report(into, call)
    os.close(into)
    with os.fdopen(out, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL, f"the child died of signal {os.WTERMSIG(status)}"
        return None
    answer = json.loads(said)
    if os.waitstatus_to_exitcode(status):
        raise RuntimeError(answer)
    return answer


def _report(into: int, call: Callable[[], Any]) -> None:
    """Write what a call returns, or why it failed, and leave without the parent's farewells."""
    code = 1
    with suppress(BaseException):
        try:
            said, code = json.dumps(call()), 0
        except BaseException:
            said = json.dumps(traceback.format_exc())
        with os.fdopen(into, "w") as pipe:
            pipe.write(said)
    os._exit(code)


@dataclass(frozen=True, slots=True)
class Found:
    """What one story, or many together, came to."""

    points: int = 0
    lost: int = 0
    extra: int = 0
    unexplained: int = 0
    chain: int = 0
    stuck: int = 0
    cache: int = 0

    def __add__(self, other: "Found") -> "Found":
        return Found(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Found)))

    @property
    def kept(self) -> bool:
        """Return whether every promise was kept."""
        return not (self.lost or self.unexplained or self.chain or self.stuck or self.cache)


def story(stores: Stores, server: MailServer, crashes: Sequence[int], excused: int, *, power: bool = False) -> Found:
    """Return what came of working, being killed at these boundaries one after the other, and going on.

    `excused` is how many extra copies the crashes can explain.
    """
    server.forget()
    durable(stores).unlink(missing_ok=True)
    with stores.fresh():
        for start, n in zip(STARTS, crashes, strict=False):
            forked(partial(work, stores, server.url, start, Boundaries(n)))
            server.wait()
            if power:
                lose_power(stores)
        state = forked(partial(finish, stores.store, server.url))
    server.wait()
    return judged(server, excused, state, crashes=len(crashes))


def judged(server: SmtpServer, excused: int, state: dict[str, int], *, crashes: int = 1) -> Found:
    """Return what the mail server saw, and the state of the store, as counts."""
    arrived = Counter((message.recipients[0], message_id(message.content)) for message in server.messages)
    extra = sum(arrived.values()) - len(arrived)
    strangers = sum(count for (address, _), count in arrived.items() if address not in TOLD)
    too_often = sum(max(0, count - 1 - crashes) for count in arrived.values())
    unexplained = max(0, extra - excused) + too_often + strangers + told_twice(server)
    return Found(points=1, lost=len(untold(server)), extra=extra, unexplained=unexplained, **state)


def told_twice(server: SmtpServer) -> int:
    """Return how often a mailbox was told of a task by a mail that is no copy of the first that told it."""
    told = {(m.recipients[0], task, message_id(m.content)) for m in server.messages for task in tasks_in(m.content)}
    return len(told) - len({(address, task) for address, task, _ in told})


def untold(server: SmtpServer) -> set[tuple[str, str]]:
    """Return every mailbox and task of which no mail told it."""
    told = {(message.recipients[0], task) for message in server.messages for task in tasks_in(message.content)}
    return {(address, task) for address, tasks in TOLD.items() for task in tasks} - told


def tasks_in(content: bytes) -> set[str]:
    """Return the tasks a mail is about, as its links name them."""
    (text,) = (part for part in message_from_bytes(content).walk() if part.get_content_type() == "text/plain")
    said = text.get_payload(decode=True)
    assert isinstance(said, bytes)
    return {found.decode() for found in re.findall(rb"/tasks/([\w-]+/[\w-]+/[\w-]+/\w+)", said)}


def message_id(content: bytes) -> bytes:
    """Return the Message-ID of a message as it went over the wire."""
    found = re.search(rb"^Message-ID:\s*(<[^>]+>)", content, re.MULTILINE | re.IGNORECASE)
    assert found, "a mail without a Message-ID"
    return found[1]


def warm_up(stores: Stores, server: MailServer) -> None:
    """Do the work once in this process, so that no child has to import, compile and parse everything again."""
    server.forget()
    with stores.fresh():
        finish(stores.store, server.url)
        stores.store.close()
    gc.collect()
    gc.freeze()  # a child neither walks nor copies what it only inherits


def undisturbed(stores: Stores, server: MailServer) -> tuple[list[str], Found]:
    """Return every boundary of the work in order, and what came of it without a crash."""
    server.forget()
    with stores.fresh():
        passed = forked(partial(work, stores, server.url, STARTS[0], Boundaries()))
        state = forked(partial(finish, stores.store, server.url))
    server.wait()
    return passed, judged(server, 0, state)


def in_doubt(passed: Sequence[str], *, power: bool = False) -> list[int]:
    """Return for each boundary how many messages are then with the server and nobody here knows it afterwards.

    Whoever is killed has told the journal of every message but the last one; who loses power too knows what is
    committed.
    """
    doubt, found = 0, []
    for kind in passed:
        if kind == SENT:
            doubt += 1
        elif kind == COMMITTED or (kind == NOTED and not power):
            doubt = 0
        found.append(doubt)
    return found


def every_point(
    stores: Stores, server: MailServer, *, stride: int = 1, leave_out: Collection[str] = (), power: bool = False
) -> dict[str, Found]:
    """Return what came of a kill at every boundary (one in `stride` and all of the sends), by kind."""
    warm_up(stores, server)
    passed, calm = undisturbed(stores, server)
    assert calm.kept, calm
    assert calm.extra == 0, calm
    found: dict[str, Found] = {}
    for n, (kind, doubt) in enumerate(zip(passed, in_doubt(passed, power=power), strict=True), 1):
        if kind not in leave_out and (n % stride == 0 or kind.startswith(("send", "journal"))):
            found[kind] = found.get(kind, Found()) + story(stores, server, [n], doubt, power=power)
    return found


def random_triples(stores: Stores, server: MailServer, count: int, *, seed: int) -> Found:
    """Return what came of `count` stories with three crashes each, at boundaries drawn by the seed."""
    passed, _ = undisturbed(stores, server)
    chance = random.Random(seed)
    stories = ([chance.randint(1, len(passed)) for _ in range(3)] for _ in range(count))
    return sum((story(stores, server, crashes, 3) for crashes in stories), Found())


def in_short(database: str) -> tuple[dict[str, Found], Found, dict[str, Found]]:
    """Return what the suite asks of one database: kills at boundaries, three in a row, and cuts of the power.

    After a statement nothing happens before the next boundary but thought: the second kill in the same state is
    spared here, and so is every other statement. `python -m tests.simulation.kill_points` makes them all the same.
    """
    with open_stores(database) as (stores,), MailServer() as server:
        return (
            every_point(stores, server, stride=4, leave_out={"statement: after"}),
            random_triples(stores, server, 10, seed=412),
            every_point(stores, server, stride=1000, leave_out={"statement: before", "statement: after"}, power=True),
        )


@contextmanager
def open_stores(*names: str) -> Iterator[list[Stores]]:
    """Yield the prepared stores of some databases."""
    with ExitStack() as stack:
        made: list[Stores] = []
        if "sqlite" in names:
            memory = stack.enter_context(tempfile.TemporaryDirectory(prefix="tracker-kill-", dir=roomy_memory()))
            made.append(SqliteStores(Path(memory)))
        if "postgresql" in names:
            # the journal of its sends: another run of this script beside this one has a store of the same origin
            state = stack.enter_context(tempfile.TemporaryDirectory(prefix="tracker-kill-", dir=roomy_memory()))
            stack.enter_context(patch.dict(os.environ, XDG_STATE_HOME=state))
            stores = PostgresStores(stack.enter_context(running_cluster()))
            stack.callback(stores.close)
            made.append(stores)
        yield made


def table(database: str, found: dict[str, Found], *, out: Callable[[str], object] = print) -> None:
    """Print one line a kind of boundary."""
    for kind, counts in sorted(found.items()):
        figures = "".join(f"{getattr(counts, f.name):>12}" for f in fields(Found))
        out(f"{database:<12}{kind:<32}{figures}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for, print the table, and return 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.kill_points", description=__doc__.split("\n")[0])
    parser.add_argument("--database", choices=["sqlite", "postgresql"], help="one database only; both by default")
    parser.add_argument("--short", action="store_true", help=f"one statement or commit in {STRIDE}; every send")
    parser.add_argument("--triples", type=int, metavar="N", default=30, help="random stories of three crashes (30)")
    parser.add_argument("--seed", type=int, default=412, help="what the random stories are drawn by (412)")
    asked = parser.parse_args(arguments)
    names = [asked.database] if asked.database else ["sqlite", "postgresql"]
    total, started = Found(), time.perf_counter()
    print(f"{'database':<12}{'boundary':<32}" + "".join(f"{f.name:>12}" for f in fields(Found)))
    with open_stores(*names) as prepared, MailServer() as server:
        for stores in prepared:
            found = every_point(stores, server, stride=STRIDE if asked.short else 1)
            found["three crashes in a row"] = random_triples(stores, server, asked.triples, seed=asked.seed)
            cut = every_point(stores, server, leave_out={"statement: before", "statement: after"}, power=True)
            found["power cut"] = sum(cut.values(), Found())
            table(stores.name, found)
            total = sum(found.values(), total)
    table("total", {"": total})
    print(f"{time.perf_counter() - started:.0f} s; {'every promise kept' if total.kept else 'A PROMISE WAS BROKEN'}")
    return 0 if total.kept else 1


if __name__ == "__main__":
    sys.exit(main())
