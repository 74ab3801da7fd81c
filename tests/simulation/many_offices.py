"""Many offices, each owed one mail; a worker that goes on whatever happens; and a judge who only saw the mails.

What the scripts of faults share: `disk_full`, `locked`, `restarts`, `restore`. Their clock is quick, so
that a lease of five minutes ends within seconds.
"""

import json
import os
import signal
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any

from tests.builders import a_directive, a_registry, a_task, an_agency
from tests.integration.smtp import SmtpServer
from tests.simulation.a_store import ADOPTED, SOON, mailboxes
from tracker.domain.deadline import By, Due
from tracker.domain.directive import ForEach
from tracker.domain.errors import TrackerError
from tracker.operations import adopt_directive, adopt_registry, deliver, init, open_store, rebuild, set_channel, sweep
from tracker.operations import verify as verified
from tracker.operations.deliver import open_sender
from tracker.settings import Settings
from tracker.store import outbox
from tracker.store.store import Store

OPEN_STATES = {"pending", "sending", "held"}
BREATH = 0.02  # seconds between two ticks
READ_HEADER = BytesHeaderParser()


def codes(count: int) -> list[str]:
    return [f"M{n:04d}" for n in range(count)]


def owed(count: int) -> list[str]:
    """Return the mailboxes that are owed a mail each."""
    return [f"office-{code.lower()}@agencies.example" for code in codes(count)]


def a_crowd(url: str, count: int, *, swept: bool = True) -> Store:
    """Return a live store in which so many offices have been given a duty each, and nobody was told yet."""
    store = init(url, rehearsal=False, at=ADOPTED, actor="test")
    more = (an_agency(code, "state", parent="CP") for code in codes(count))
    adopt_registry(store, a_registry(*more), at=ADOPTED, actor="test")
    set_channel(store, mailboxes(*codes(count)), at=ADOPTED, actor="test")
    everybody = a_task("duty", for_each=ForEach(agencies=tuple(codes(count))), due=Due(rule=By(SOON)))
    adopt_directive(store, a_directive(everybody), at=ADOPTED, actor="test")
    if swept:
        sweep(store, at=ADOPTED)
    return store


def freely(smtp: str, **changes: str) -> Settings:
    """Return settings in which neither a rate nor a large number holds anything back."""
    return Settings(smtp_url=smtp, rate="1000000", hold_above="1000000", **changes)


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock that every process of a story shares: from the adoption on, so many times as fast as the wall's."""

    started: float
    speed: float = 60

    def __call__(self) -> datetime:
        return ADOPTED + timedelta(seconds=(time.monotonic() - self.started) * self.speed)


def tick(url: str, settings: Settings, clock: Callable[[], datetime], *, limit: int | None = None) -> str | None:
    """Sweep and deliver once; return why that could not be, None where it could."""
    try:
        store = open_store(url)
        try:
            sweep(store, at=clock())
            with open_sender(store, settings) as sender:
                deliver(store, sender, settings=settings, clock=clock, limit=limit)
        finally:
            store.close()
    except TrackerError as error:
        return f"{error.code}: {error}"
    return None


def at_work(url: str, settings: Settings, clock: Callable[[], datetime], out: Path) -> None:
    """Tick for ever, as a scheduler has it done; write down why a tick could not be, and what was no refusal too."""
    while True:
        try:
            why = tick(url, settings, clock)
        except Exception:
            why = f"crash: {traceback.format_exc()}"
        if why:
            with out.open("a") as stream:
                stream.write(json.dumps(why) + "\n")
        time.sleep(BREATH)


@contextmanager
def worker(url: str, settings: Settings, clock: Callable[[], datetime], out: Path) -> Iterator[Callable[[], None]]:
    """Yield what kills a worker outright; it works in a process of its own until then."""
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            at_work(url, settings, clock, out)
        os._exit(1)
    alive = True

    def kill() -> None:
        nonlocal alive
        if alive:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            alive = False

    try:
        yield kill
    finally:
        kill()


def complaints(out: Path) -> list[str]:
    """Return what a worker wrote down."""
    return [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []


def wait_for(what: Callable[[], bool], *, seconds: float = 60, step: float = 0.005) -> bool:
    """Return whether something came true in time."""
    until = time.monotonic() + seconds
    while not what():
        if time.monotonic() > until:
            return False
        time.sleep(step)
    return True


@dataclass(frozen=True, slots=True)
class Judged:
    """What the mail server saw, and what the store is like at the end; only `extra` may be above zero."""

    lost: int = 0
    extra: int = 0
    renamed: int = 0  # a copy under another Message-ID
    stuck: int = 0
    chain: int = 0
    cache: int = 0

    def __add__(self, other: "Judged") -> "Judged":
        return Judged(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Judged)))

    @property
    def sound(self) -> bool:
        """Return whether nothing was lost, renamed, stuck or spoilt."""
        return not (self.lost or self.renamed or self.stuck or self.chain or self.cache)


def judged(server: SmtpServer, url: str, count: int) -> Judged:
    """Return what came of it all."""
    names: dict[str, list[str]] = defaultdict(list)
    for mail in list(server.messages):
        names[mail.recipients[0]].append(str(READ_HEADER.parsebytes(mail.content)["Message-ID"]))
    store = open_store(url)
    try:
        with store.read() as connection:
            states = Counter(one.state for one in outbox.reminders(connection))
        return Judged(
            lost=len(set(owed(count)) - set(names)),
            extra=sum(len(found) - 1 for found in names.values()),
            renamed=sum(len(set(found)) > 1 for found in names.values()),
            stuck=sum(number for state, number in states.items() if state in OPEN_STATES),
            chain=int(not verified(store).holds),
            cache=len(rebuild(store, keep=False).differing),
        )
    finally:
        store.close()


def all_sent(url: str) -> bool:
    """Return whether nothing is left to send; False where the store cannot say."""
    try:
        store = open_store(url)
    except TrackerError:
        return False
    try:
        with store.read() as connection:
            states = outbox.counts(connection)
        return bool(states) and not OPEN_STATES & set(states)
    except TrackerError:
        return False
    finally:
        store.close()


def row(*cells: Any, widths: Sequence[int] = ()) -> str:
    """Return one line of a table of figures."""
    return "".join(f"{cell!s:>{width}}" for cell, width in zip(cells, widths or [12] * len(cells), strict=False))
