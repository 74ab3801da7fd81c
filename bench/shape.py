"""Data of any size from one seed, in the real shape: the true registry, many directives, needs, what became of them.

    python -m bench.shape SIZE URL      makes a store, and says how long that took

Made by the product's own verbs: the store, the registry with its 34 provinces and 3,321 communes, where the offices
are reached, every directive, its fan-out and its entries. Made in bulk, by one UPDATE: what became
of the assignments since (`draw`: nine in ten of what fell due completed on time, as the official report has
it), for which the product would record several entries each. So the ledger holds and can be verified, and a
`rebuild` would forget what became of them.

The last directive falls due in batches, on working days one after the other: a sweep at the moment of a batch finds
just that many due, in a store of whatever size.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import md5
from typing import Any

from sqlalchemy import create_engine, event, text

from bench.sweep import REGISTRY
from tests.builders import a_directive, a_task
from tracker.domain.agency import Registry
from tracker.domain.deadline import By, Due
from tracker.domain.directive import Directive, ForEach, Need, Task
from tracker.domain.text import Text
from tracker.files.registry import read_registry
from tracker.operations import adopt_directive, adopt_registry, init, set_channel, sweep
from tracker.store.adopted import Channel
from tracker.store.store import Store

SEED = 6
ISSUED = date(2025, 8, 11)
ADOPTED = datetime(2025, 8, 11, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 29, 5, tzinfo=UTC)  # a Sunday, before two weeks without days off
FIRST_DUE = date(2026, 4, 13)  # its first reminder is ten working days before: on Monday 30 March
BATCHES = 7  # from the eighth on, the first would be due again
BATCH = 100
TASKS_A_FILE = 12
COMMUNES, PROVINCES = 3_321, 34
QUIET = (-3, 40)  # days from now in which only the batches fall due
WORDS = (
    ("Báo cáo", "Report on", "Rendre compte de"),
    ("Rà soát", "Review", "Passer en revue"),
    ("Hoàn thiện", "Complete", "Achever"),
    ("Trình phê duyệt", "Submit for approval", "Soumettre à l’approbation"),
)
THINGS = (
    ("quyết định phân cấp", "the decision on delegation", "la décision de délégation"),
    ("hạ tầng số", "digital infrastructure", "l’infrastructure numérique"),
    ("trụ sở dôi dư", "surplus offices", "les bureaux excédentaires"),
    ("dữ liệu đất đai", "land data", "les données foncières"),
    ("dịch vụ công trực tuyến", "online public services", "les services publics en ligne"),
)

DRAWN = """
UPDATE assignment SET
  progress = CASE WHEN {draw} < {done} THEN 'completed' WHEN {draw} % 250 = 7 THEN 'submitted' ELSE progress END,
  received_at = CASE WHEN {draw} < {done} OR {draw} % 250 = 7 THEN {received} END,
  cell = CASE WHEN {draw} < {done} AND {draw} < {timely} THEN 'completed_on_time'
    WHEN {draw} < {done} THEN 'completed_late' WHEN {draw} % 250 = 7 OR late_from > {now} THEN 'open_in_time'
    ELSE 'open_overdue' END,
  standing = CASE WHEN {draw} < {done} AND {draw} < {timely} THEN 'completed_on_time'
    WHEN {draw} < {done} THEN 'completed_late' WHEN {draw} % 250 = 7 THEN 'open'
    WHEN late_from <= {now} THEN 'overdue' WHEN late_from <= {soon} THEN 'due_soon' ELSE 'open' END,
  next_moment = CASE WHEN {draw} < {done} OR {draw} % 250 = 7 OR late_from <= {now} THEN NULL ELSE late_from END,
  touched_at = {touched}
"""


@dataclass(frozen=True, slots=True)
class Made:
    """A store in the real shape: how many assignments it has, and the moments at which its batches are due."""

    url: str
    size: int
    moments: tuple[datetime, ...]


def make(url: str, size: int, *, batches: Sequence[int] = (BATCH,) * BATCHES, seed: int = SEED) -> Made:
    """Make a store of `size` assignments, of which the batches are due one after the other."""
    registry, _ = read_registry(REGISTRY)
    assert registry is not None
    store = init(url, rehearsal=False, at=ADOPTED, actor="bench")
    adopt_registry(store, registry, at=ADOPTED, actor="bench")
    communes = registry.members("communes", on=ISSUED)
    reached = communes[: max(batches)]
    ways = [Channel(agency=code, name="mail", address=f"{code}@agencies.example", language="vi") for code in reached]
    set_channel(store, ways, at=ADOPTED, actor="bench")
    for directive in directives(size - sum(batches), registry, seed=seed):
        adopt_directive(store, directive, at=ADOPTED, actor="bench")
    draw(store, NOW)
    adopt_directive(store, due_in_batches(communes, batches), at=NOW, actor="bench")
    sweep(store, at=NOW)
    with store.write() as connection:  # the letters that announce the batches: sent, as what they cost is known
        connection.execute(text("UPDATE reminder SET state = 'accepted', due_at = NULL, attempts = 1"))
    made = Made(url, _count(store), _moments(store, len(batches)))
    assert made.size == size, made
    store.close()
    return made


def directives(size: int, registry: Registry, *, seed: int = SEED) -> Iterator[Directive]:
    """Yield directives that make `size` assignments: of communes the most, of provinces and ministries some."""
    chance = random.Random(seed)
    communes = registry.members("communes", on=ISSUED)
    left, number = size, 0
    while left > 0:
        number += 1
        plain = a_directive(number=f"{number}/QĐ-TTg", issued=ISSUED)
        tasks: list[Task] = []
        while left > 0 and len(tasks) < TASKS_A_FILE:
            kind = chance.random()
            whom: str | tuple[str, ...] = "communes" if kind < 0.8 else "provinces"
            count = COMMUNES if kind < 0.8 else PROVINCES
            if count > left or left < COMMUNES // 2:
                # the communes of some districts, so that small stores have many tasks as well
                count = min(left, PROVINCES)
                first = chance.randrange(COMMUNES - count)
                whom = communes[first : first + count]
            tasks.append(_task(plain.key, len(tasks), whom, tasks, chance))
            left -= count
        yield replace(plain, tasks=tuple(tasks))


def _task(key: str, number: int, whom: str | tuple[str, ...], before: Sequence[Task], chance: random.Random) -> Task:
    verb, thing = chance.choice(WORDS), chance.choice(THINGS)
    day = chance.choice((chance.randrange(-200, QUIET[0]), chance.randrange(QUIET[1], 365)))
    needs = (Need(chance.choice(before).key),) if before and chance.random() < 0.3 else ()
    return a_task(
        f"task-{number:02d}",
        directive=key,
        title=Text(**{tongue: f"{verb[n]} {thing[n]} ({number})" for n, tongue in enumerate(("vi", "en", "fr"))}),
        for_each=ForEach(agencies=whom),
        due=Due(rule=By(NOW.date() + timedelta(days=day))),
        needs=needs,
        remind="none",
    )


def due_in_batches(communes: Sequence[str], batches: Sequence[int]) -> Directive:
    """Return the directive whose tasks fall due on working days one after the other."""
    assert len(batches) <= BATCHES
    plain = a_directive(number="999/QĐ-TTg", issued=NOW.date())
    days = [FIRST_DUE + timedelta(days=n) for n in range(14)]
    working = [day for day in days if day.weekday() < 5]
    tasks = (
        a_task(
            f"due-{n}",
            directive=plain.key,
            for_each=ForEach(agencies=tuple(communes[:count])),
            due=Due(rule=By(working[n])),
        )
        for n, count in enumerate(batches)
    )
    return replace(plain, tasks=tuple(tasks))


def draw(store: Store, now: datetime) -> None:
    """Draw what became of each assignment, by the digest of its reference: the same on both databases."""
    lite = store.engine.dialect.name == "sqlite"
    engine = create_engine(store.engine.url)
    if lite:

        @event.listens_for(engine, "connect")
        def _(raw: Any, _record: object) -> None:
            raw.create_function("draw", 1, lambda ref: int(md5(ref.encode()).hexdigest()[:6], 16) % 1000)

    draw = "draw(ref)" if lite else "(('x' || substr(md5(ref), 1, 6))::bit(24)::int % 1000)"
    stamp: Callable[[datetime], str] = lambda at: f"'{at:%Y-%m-%d %H:%M:%S.%f}{'' if lite else '+00'}'"  # noqa: E731
    late, early = ("late_from", "3 days"), ("late_from", "-3 days")
    moved = (
        (lambda m: f"datetime({m[0]}, '{m[1]}') || '.000000'") if lite else (lambda m: f"{m[0]} + interval '{m[1]}'")
    )
    statement = DRAWN.format(
        draw=draw,
        now=stamp(now),
        soon=stamp(now + timedelta(days=3)),
        done=f"(CASE WHEN late_from <= {stamp(now)} THEN 985 ELSE 240 END)",
        timely=f"(CASE WHEN late_from <= {stamp(now)} THEN 880 ELSE 1000 END)",
        received=f"CASE WHEN {draw} >= 880 AND {draw} < 985 THEN {moved(late)} ELSE {moved(early)} END",
        touched=stamp(now - timedelta(days=1)),
    )
    with engine.begin() as db:
        db.execute(text(statement.replace(":", "\\:")))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        with suppress(Exception):
            db.execute(text("VACUUM" if lite else "VACUUM ANALYZE"))
        db.execute(text("ANALYZE"))
    engine.dispose()


def _count(store: Store) -> int:
    with store.read() as connection:
        return int(connection.execute(text("SELECT count(*) FROM assignment")).scalar_one())


def _moments(store: Store, batches: int) -> tuple[datetime, ...]:
    from tracker.store.assignments import ASSIGNMENT, func, select

    with store.read() as connection:
        day = func.min(ASSIGNMENT.c.next_moment)
        like = ASSIGNMENT.c.task.like("%/due-%")
        found = connection.execute(select(day).where(like).group_by(ASSIGNMENT.c.task).order_by(ASSIGNMENT.c.task))
        moments = tuple(found.scalars())
    assert len(set(moments)) == batches, moments
    return moments


def main() -> int:
    """Make one store."""
    parser = argparse.ArgumentParser(prog="python -m bench.shape", description=__doc__.partition("\n")[0])
    parser.add_argument("size", type=int)
    parser.add_argument("url")
    asked = parser.parse_args()
    began = time.perf_counter()
    made = make(asked.url, asked.size)
    print(f"{made.size:,} assignments in {time.perf_counter() - began:.1f} s; {BATCH} due at each of {BATCHES} moments")
    return 0


if __name__ == "__main__":
    sys.exit(main())
