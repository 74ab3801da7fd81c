"""Five faults in one place, each with its figures; fails when a goal is missed.

python -m tests.simulation.faults [processes] [clock] [mail] [poison] [downtime] [--short]

processes   one, two and eight processes sweep and deliver at once: no mail twice          (F5)
clock       the clock steps 20 times while a mail is on its way: no mail twice, none late   (F9)
mail        a server that fails in every way, 20 recipients each: the truth is told of all   (F10)
poison      one reminder in a thousand cannot be made: the others leave, it is given up      (F12)
downtime    nobody swept for 72 hours: one digest an office, nothing stale, skips recorded   (F13)
"""

import argparse
import json
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.apart import apart
from tests.builders import a_directive, a_registry, a_task, an_agency
from tests.integration.postgres import roomy_memory, running_cluster
from tests.integration.smtp import SmtpServer
from tests.integration.test_mail_outcomes import MODES
from tests.simulation import workers
from tests.simulation.a_store import ADOPTED, Recorder, a_store
from tests.simulation.a_year_oracle import Days, Ladder, limit_of
from tests.simulation.a_year_world import LADDERS
from tests.unit.notify.a_notice import a_notice
from tracker.domain.deadline import By, Due
from tracker.domain.directive import ForEach
from tracker.notify.outcome import Outcome
from tracker.notify.send import Sender
from tracker.operations import adopt_directive, adopt_registry, deliver, init, open_store, set_channel, submit, sweep
from tracker.operations.holding import release
from tracker.settings import Settings
from tracker.store.adopted import Channel
from tracker.store.store import Store

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OPEN = Settings(rate="1000000", hold_above="1000000", watch_every="1000000")
SECRETARIAT = "VPCP"
BOOT = datetime(2020, 1, 1, tzinfo=UTC)


def many_offices(url: str, offices: int) -> Store:
    """Return a live store with one task at each of many offices, which all have a mailbox."""
    codes = [f"{n:05d}" for n in range(offices)]
    registry = a_registry(*(an_agency(code, "commune", parent="01") for code in codes), secretariat=SECRETARIAT)
    store = init(url, rehearsal=False, at=ADOPTED, actor="test")
    adopt_registry(store, registry, at=ADOPTED, actor="test")
    ways = [
        Channel(agency=code, name="mail", address=f"{code}@agencies.example", language="en")
        for code in (SECRETARIAT, *codes)
    ]
    set_channel(store, ways, at=ADOPTED, actor="test")
    text = a_directive(a_task(for_each=ForEach(agencies=tuple(codes))))
    adopt_directive(store, text, at=ADOPTED, actor="test")
    return store


def rows(url: str, question: str) -> list[Any]:
    """Return what a file says, by a connection of its own."""
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    try:
        return connection.execute(question).fetchall()
    finally:
        connection.close()


# ── F5 ───────────────────────────────────────────────────────────────────────────────────────────────────────


def at_once(url: str, journal: str) -> list[str]:
    """Return what this process sent, sweeping and delivering beside others."""
    store, sender = open_store(url), Recorder()
    workers.wait_for_all()
    sweep(store, at=ADOPTED, batch=50)
    deliver(store, sender, settings=replace(OPEN, journal=journal), clock=lambda: ADOPTED)
    return [reference for _, reference in sender.sent]


def processes(folder: Path, *, short: bool) -> tuple[str, bool]:
    """Return the figures of F5, and whether they are as they should be."""
    if short:
        return _together(f"sqlite:///{folder}/processes.db", 60, 2)
    words, good = [], True
    with ExitStack() as stack:
        cluster = stack.enter_context(running_cluster())
        settings = str(folder / "{}.sends")
        for name in ("sqlite", "postgresql"):
            for count in (1, 2, 8):  # a process takes long to begin
                url = f"sqlite:///{folder}/processes-{count}.db"
                if name == "postgresql":
                    url = stack.enter_context(cluster.database())
                said, held = _together(url, 1_000, count, settings.format(f"{name}-{count}"))
                words.append(f"{name}, {said}")
                good = good and held
    return "; ".join(words), good


def _together(url: str, offices: int, count: int, journal: str = "") -> tuple[str, bool]:
    """Return what came of some processes that sweep and deliver at once."""
    many_offices(url, offices).close()
    context = apart()
    gate = context.Barrier(count)
    with context.Pool(count, initializer=workers.at_the_gate, initargs=(gate,)) as pool:
        began = time.monotonic()
        parts = pool.starmap(at_once, [(url, journal)] * count, chunksize=1)
    sent = Counter(reference for part in parts for reference in part)
    # who came when all was on its way has nothing left; what a process still held is sent by the next
    store, last = open_store(url), Recorder()
    deliver(store, last, settings=replace(OPEN, journal=journal), clock=lambda: ADOPTED + 10 * MINUTE)
    store.close()
    sent.update(reference for _, reference in last.sent)
    extra = sum(sent.values()) - len(sent)
    words = f"{count}: {len(sent):,} of {offices:,}, {extra} twice, {time.monotonic() - began:.1f} s"
    return words, extra == 0 and len(sent) == offices


# ── F9 ───────────────────────────────────────────────────────────────────────────────────────────────────────

STEPS = (HOUR, -HOUR, DAY, -DAY, 10 * MINUTE, -10 * MINUTE, 6 * HOUR, -6 * HOUR, 20 * MINUTE, -HOUR)


class Interrupted(Recorder):
    """A sender in the middle of whose first mail something happens."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        super().__init__()
        self.meanwhile: Callable[[], None] | None = meanwhile

    def send(self, channel: Any, notice: Any) -> Outcome:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()
        return super().send(channel, notice)


def clock(folder: Path, *, short: bool) -> tuple[str, bool]:
    """Return the figures of F9, and whether they are as they should be."""
    url = f"sqlite:///{folder}/clock.db"
    store, other, steps = many_offices(url, 42), open_store(url), STEPS[:4] if short else STEPS * 2
    true, skew = ADOPTED, timedelta()

    def go(sender: Any, by: Store) -> int:
        up, read = true - BOOT, true + skew
        return deliver(by, sender, settings=OPEN, clock=lambda: read, uptime=lambda: up).attempts

    sweep(store, at=true)
    go(Recorder(), store)
    sent: Counter[str] = Counter()
    waited = 0
    for number, step in enumerate(steps):
        true += 2 * MINUTE
        for office in (2 * number, 2 * number + 1):
            ref = f"2025/412-tb-vpcp/report/{office:05d}"
            submit(store, ref, at=true + skew, actor="cli:test", words="done")
        beside = Recorder()

        def jump(step: timedelta = step, beside: Recorder = beside) -> None:
            nonlocal skew
            skew += step
            go(beside, other)

        first = Interrupted(jump)
        go(first, store)
        true += MINUTE
        late = Recorder()
        waited += go(late, store)  # what a step held up leaves with the next tick at the latest
        sent.update(reference for one in (first, beside, late) for _, reference in one.sent)
    extra = sum(sent.values()) - len(sent)
    stepped = len(rows(url, "SELECT 1 FROM entry WHERE kind = 'clock_stepped'"))
    left = rows(url, "SELECT count(*) FROM reminder WHERE state NOT IN ('accepted', 'cancelled')")[0][0]
    words = f"{len(steps)} steps: {len(sent)} of {2 * len(steps)}, {extra} twice, {waited} a tick late, {left} left"
    store.close()
    other.close()
    good = extra == 0 and len(sent) == 2 * len(steps) and left == 0 and stepped >= len(steps)
    return f"{words}, {stepped} entries about the clock", good


# ── F10 ──────────────────────────────────────────────────────────────────────────────────────────────────────


def patient(server: SmtpServer) -> Sender:
    """Return a sender that does not wait long for a server that hangs."""
    return Sender(server.url, rehearsal=False, connect_timeout=0.3, read_timeout=0.3)


def mail(folder: Path, *, short: bool) -> tuple[str, bool]:
    """Return the figures of F10, and whether they are as they should be."""
    recipients, modes = (4, MODES[::4]) if short else (20, MODES)
    told_right = others = 0
    wrong = []
    for verb, act, kind, _ in modes:
        with (
            SmtpServer() as server,
            Sender(server.url, rehearsal=False, connect_timeout=0.3, read_timeout=0.3) as sender,
        ):
            for number in range(recipients):
                victim = f"office-{number}@agencies.example"
                server.behave()
                server.hang_up()
                server.rule(verb, act)
                if verb == "EHLO" and act.startswith("5"):
                    server.rule("HELO", act)
                said = sender.send(victim, a_notice(key=f"r1|{number}")).kind
                server.behave()
                took = victim in {to for message in server.messages for to in message.recipients}
                true = {"accepted": took, "unknown": True}.get(said, not took)
                told_right += said == kind and true
                if said != kind or not true:
                    wrong.append(f"{verb} {act}: {said}, the server {'took' if took else 'did not take'} it")
                good = f"good-{number}@agencies.example"
                others += sender.send(good, a_notice(key=f"r1|good {number}")).kind == "accepted"
    total = recipients * len(modes)
    words = f"{len(modes)} modes x {recipients}: {told_right:,} of {total:,} told truly, {others:,} others not delayed"
    return "; ".join([words, *wrong[:3]]), told_right == others == total


# ── F12 ──────────────────────────────────────────────────────────────────────────────────────────────────────


class Choking(Recorder):
    """A sender that one mail breaks."""

    def send(self, channel: Any, notice: Any) -> Outcome:
        if channel == "00007@agencies.example":
            raise ValueError("a header that cannot be written")
        return super().send(channel, notice)


def poison(folder: Path, *, short: bool) -> tuple[str, bool]:
    """Return the figures of F12, and whether they are as they should be."""
    offices, url = 60 if short else 2_000, f"sqlite:///{folder}/poison.db"
    store, sender, at = many_offices(url, offices), Choking(), ADOPTED
    sweep(store, at=at)
    file = sqlite3.connect(url.removeprefix("sqlite:///"))
    with file:  # a row that no notice can be made of
        file.execute("UPDATE reminder SET stage = 'nonsense', assignment = '' WHERE agency = '00009'")
    file.close()
    deliver(store, sender, settings=OPEN, clock=lambda: at)
    on_time = len(sender.sent)
    ticks = 0
    while ticks < 200 and (due := rows(url, "SELECT min(due_at) FROM reminder")[0][0]):
        ticks += 1
        at = datetime.fromisoformat(due).replace(tzinfo=UTC)
        deliver(store, sender, settings=OPEN, clock=lambda at=at: at)  # type: ignore[misc]
    store.close()
    failed = rows(url, "SELECT agency, attempts FROM reminder WHERE state = 'failed' AND stage <> 'alarm'")
    alarm = [channel for channel, _ in sender.sent if channel == f"{SECRETARIAT}@agencies.example"]
    named = {
        one
        for row in rows(url, "SELECT payload FROM reminder WHERE stage = 'alarm'")
        for one in json.loads(row[0])["failed"]
    }
    tries = max((attempts for _, attempts in failed), default=0)
    words = f"{on_time:,} of {offices - 2:,} others at once, {len(failed)} given up after {tries} tries at most"
    good = on_time == offices - 2 and len(failed) == 2 == len(named) and tries <= 8 and bool(alarm)
    return f"{words}, {len(alarm)} alarms name {len(named)}", good


# ── F13 ──────────────────────────────────────────────────────────────────────────────────────────────────────

DOWN = 72 * HOUR


def downtime(folder: Path, *, short: bool) -> tuple[str, bool]:
    """Return the figures of F13, and whether they are as they should be."""
    per_office, url = 60 if short else 3_334, f"sqlite:///{folder}/downtime.db"
    plain = a_directive()
    last_days = {n: date(2025, 8, 20) + n % 45 * DAY for n in range(per_office)}
    tasks = tuple(
        a_task(f"duty-{n:04d}", for_each=ForEach(agencies="provinces"), due=Due(rule=By(day)))
        for n, day in last_days.items()
    )
    store = a_store(url, replace(plain, tasks=tasks))
    left, back = ADOPTED + 23 * DAY, ADOPTED + 23 * DAY + DOWN
    at, before = ADOPTED, Recorder()
    while at <= left:
        sweep(store, at=at)
        deliver(store, before, settings=OPEN, clock=lambda at=at: at)  # type: ignore[misc]
        at += DAY
    sender = Recorder()
    sweep(store, at=back)
    deliver(store, sender, settings=OPEN, clock=lambda: back)
    urgent, mails = len(sender.sent), {channel for channel, _ in sender.sent}
    held = len(rows(url, "SELECT 1 FROM reminder WHERE state = 'held'"))
    release(store, at=back + HOUR, actor="operator")
    after = Recorder()
    deliver(store, after, settings=OPEN, clock=lambda: back + HOUR)
    store.close()
    mails_after = after.mails
    stale, unrecorded, skipped = _against_the_oracle(url, last_days, left, back)
    words = (
        f"{3 * per_office:,} tasks, {urgent:,} urgent reminders in {sender.mails} mails to {len(mails)} offices at once"
    )
    words += f", {held:,} held, later {mails_after} mails; {stale} stale, {skipped:,} skips, {unrecorded} unrecorded"
    good = sender.mails <= 3 and mails_after <= 3 and not stale and not unrecorded and urgent > 0 and held > 0
    return words, good


def _against_the_oracle(
    url: str, last_days: Mapping[int, date], left: datetime, back: datetime
) -> tuple[int, int, int]:
    """Return how many reminders made after the pause were not the latest, how many skips no entry tells, and all."""
    days, zone = Days([date(2025, 9, 1), date(2025, 9, 2)]), 7 * HOUR
    since, until = (left + zone).replace(tzinfo=None), (back + zone).replace(tzinfo=None)
    wanted: dict[str, list[str]] = {}
    for number, day in last_days.items():
        limit = limit_of({"rule": ("by", day)}, days)
        assert limit is not None
        reckoning = Ladder(LADDERS["standard"], days, (ADOPTED + zone).replace(tzinfo=None))
        wanted[f"duty-{number:04d}"] = [m.rung for m in reckoning.dated(limit, None, until) if m.at > since]
    made = rows(url, f"SELECT assignment, rung FROM reminder WHERE made_at >= '{back:%Y-%m-%d %H:%M:%S}'")
    stale = sum(rung != wanted[ref.split("/")[2]][-1] for ref, rung in made)
    said: dict[str, list[str]] = {}
    question = f"SELECT assignment, body FROM entry WHERE kind = 'swept' AND recorded_at >= '{back:%Y-%m-%d %H:%M:%S}'"
    for ref, body in rows(url, question):
        payload = json.loads(body)["payload"]
        said[ref] = [*payload["skipped"], *([payload["rung"]] if payload["rung"] else [])]
    missed = [
        (name, rungs, f"2025/412-tb-vpcp/{name}/{office}")
        for name, rungs in wanted.items()
        for office in ("01", "04", "22")
        if rungs
    ]
    unrecorded = sum(len(set(rungs) - set(said.get(ref, ()))) for _, rungs, ref in missed)
    return stale, unrecorded, sum(len(rungs) - 1 for _, rungs, _ in missed)


FAULTS: Mapping[str, Callable[..., tuple[str, bool]]] = {
    "processes": processes, "clock": clock, "mail": mail, "poison": poison, "downtime": downtime,
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faults", nargs="*", choices=[*FAULTS, []], help="which; all by default")
    parser.add_argument("--short", action="store_true")
    chosen = parser.parse_args(arguments)
    failed = 0
    for name in chosen.faults or FAULTS:
        with tempfile.TemporaryDirectory(prefix="tracker-fault-", dir=roomy_memory()) as folder:
            began = time.monotonic()
            words, good = FAULTS[name](Path(folder), short=chosen.short)
        print(f"{name}: {words} ({time.monotonic() - began:.0f} s){'' if good else '  FAILED'}", flush=True)
        failed += not good
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
