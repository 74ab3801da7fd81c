"""A small store to sweep: tasks at six agencies with one mailbox each.

Four of the agencies come due at one instant, two of them with two tasks: they are owed one mail about both.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from tests.builders import a_directive, a_registry, a_task
from tracker.domain.deadline import By, Due
from tracker.domain.directive import Directive, ForEach, Task
from tracker.notify.digest import Digest
from tracker.notify.notice import Notice
from tracker.notify.outcome import Outcome
from tracker.operations import adopt_directive, adopt_registry, deliver, init, set_channel, sweep
from tracker.settings import Settings
from tracker.store.adopted import Channel
from tracker.store.store import Store

ADOPTED = datetime(2025, 8, 11, 1, tzinfo=UTC)  # Monday, 08:00 in Ha Noi
DUE = datetime(2025, 8, 15, 1, tzinfo=UTC)  # ten working days before the last working day of August
SOON, LATER = date(2025, 8, 31), date(2025, 12, 31)

LAST_DAYS: Mapping[str, date] = {
    "BNV": SOON, "BTC": SOON, "BGDDT": SOON, "01": SOON, "04": LATER, "22": LATER,
}  # fmt: skip
TWICE = ("BTC", "01")  # these are owed two reminders at once
OWED = frozenset(f"office-{agency.lower()}@agencies.example" for agency, day in LAST_DAYS.items() if day == SOON)
# what each mailbox is to be told of: the tasks
TOLD: Mapping[str, frozenset[str]] = {
    f"office-{agency.lower()}@agencies.example": frozenset(
        f"2025/412-tb-vpcp/{task}/{agency}"
        for task in [f"duty-{agency.lower()}", *([f"other-{agency.lower()}"] if agency in TWICE else [])]
    )
    for agency, day in LAST_DAYS.items()
    if day == SOON
}


class Recorder:
    """A sender that takes every mail and remembers what was told in it as (channel, reference)."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.mails = 0

    def send(self, channel: str, notice: Notice | Digest) -> Outcome:
        self.sent += [(channel, reference) for reference in told(notice)]
        self.mails += 1
        return Outcome("accepted", 250, "taken")


def told(notice: Notice | Digest) -> tuple[str, ...]:
    """Return the references of the reminders that a mail tells."""
    return tuple(item.reference for item in notice.items) if isinstance(notice, Digest) else (notice.reference,)


def a_duty(agency: str, last_day: date, **changes: object) -> Task:
    return a_task(f"duty-{agency.lower()}", lead=agency, due=Due(rule=By(last_day)), **changes)


def six_duties() -> Directive:
    return a_directive(*(a_duty(agency, day) for agency, day in LAST_DAYS.items()))


def eight_duties() -> Directive:
    """Return six duties at six agencies, and two more at agencies that have one of the same day already."""
    more = (a_task(f"other-{code.lower()}", lead=code, due=Due(rule=By(LAST_DAYS[code]))) for code in TWICE)
    return a_directive(*six_duties().tasks, *more)


def mailboxes(*agencies: str) -> tuple[Channel, ...]:
    return tuple(
        Channel(agency=code, name="mail", address=f"office-{code.lower()}@agencies.example", language="en")
        for code in agencies
    )


def an_empty_store(url: str, *, at: datetime = ADOPTED, rehearsal: bool = False) -> Store:
    """Return a store with a registry and no directive."""
    store = init(url, rehearsal=rehearsal, at=at, actor="test")
    adopt_registry(store, a_registry(), at=at, actor="test")
    return store


def a_store(url: str, directive: Directive | None = None, *, rehearsal: bool = False) -> Store:
    """Return a store with one directive in force and a mailbox for each of six agencies; nothing was swept yet."""
    store = an_empty_store(url, rehearsal=rehearsal)
    set_channel(store, mailboxes(*LAST_DAYS), at=ADOPTED, actor="test")
    adopt_directive(store, directive or six_duties(), at=ADOPTED, actor="test")
    return store


def a_store_before_the_day(url: str) -> Store:
    """Return the small store with every notice of assignment already delivered: at `DUE`, six more are owed.

    Somebody swept and delivered until shortly before: nothing of what is owed waits for an operator.
    """
    store = a_store(url, eight_duties())
    for at in (ADOPTED, DUE - minutes(5)):
        sweep(store, at=at)
        deliver(store, Recorder(), settings=Settings(), clock=lambda at=at: at)  # type: ignore[misc]
    return store


def many_duties(tasks: int, *, last_day: date = SOON, number: str = "7/CT-TTg") -> Directive:
    """Return a directive with `tasks` duties, each of three provinces."""
    plain = a_directive(number=number)
    duties = (
        a_task(f"duty-{n:04d}", directive=plain.key, for_each=ForEach(agencies="provinces"), due=Due(rule=By(last_day)))
        for n in range(tasks)
    )
    return replace(plain, tasks=tuple(duties))


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)
