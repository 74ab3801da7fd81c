"""A walk: verbs of every kind, drawn by chance, over two linked directives and half a year."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from random import Random

from tests.builders import a_calendar, a_directive, a_registry, a_task
from tests.simulation.a_store import ADOPTED, Recorder, mailboxes
from tracker.domain.agency import Registry
from tracker.domain.calendar import Span
from tracker.domain.deadline import Anchor, By, Due, Every, Within
from tracker.domain.directive import Directive, ForEach, Need, Relation, Task
from tracker.domain.errors import TrackerError
from tracker.domain.evidence import Proof
from tracker.notify.notice import Notice
from tracker.notify.outcome import Outcome
from tracker.operations import (
    accept,
    acknowledge,
    adopt_directive,
    adopt_registry,
    deliver,
    init,
    record_event,
    remove_channel,
    send_back,
    set_channel,
    submit,
    sweep,
)
from tracker.operations.agencies import hand_on
from tracker.operations.channels import rekey, set_service
from tracker.operations.deputies import end_deputy, name_deputy
from tracker.operations.evidence import EvidenceFolder, add_evidence
from tracker.operations.extensions import ask, grant, refuse, resume, suspend
from tracker.operations.ownership import contest, delegate, discontinue, excuse, take_back, transfer, uphold
from tracker.operations.progress import reopen, start
from tracker.settings import Settings
from tracker.store import assignments, deputies
from tracker.store.adopted import Channel
from tracker.store.store import Store

KEY, LATER_KEY = "2025/412-tb-vpcp", "2025/500-tb-vpcp"
OFFICES = ("BNV", "BTC", "BGDDT", "01", "04", "22")
PROVINCES = ForEach(agencies="provinces")
SHORTAGE, SURVEY = Anchor("event", "shortage"), Anchor("task", f"{KEY}/survey")
MONTHLY = Due(rule=Every("FREQ=MONTHLY;BYMONTHDAY=25"))
SECRET: Mapping[str, str] = {"host": "push.moha.example", "token": "AbCdEf123456789"}


class PowerCut(BaseException):
    """The worker dies with a message on its way."""


class Fickle(Recorder):
    """A sender whose servers refuse, time out and accept as the dice fall; now and then the power goes."""

    def __init__(self, chance: Random) -> None:
        super().__init__()
        self.chance = chance

    def send(self, channel: str, notice: Notice) -> Outcome:
        super().send(channel, notice)
        if self.chance.random() < 0.05:
            raise PowerCut
        kinds = [Outcome("accepted", 250, ""), Outcome("temporary", 451, "later"), Outcome("permanent", 550, "nobody")]
        return self.chance.choice([*kinds, Outcome("unknown", None, "the line fell silent")])


class Walk:
    """A live store to which things happen; `done` counts what was allowed, by name."""

    def __init__(self, url: str, folder: Path, seed: int) -> None:
        self.chance = Random(seed)
        self.at = ADOPTED
        self.files = EvidenceFolder(folder, limit=1_000)
        self.settings = Settings(secret=str(folder.with_name("walk.secret")))
        self.done: dict[str, int] = {}
        self.store = init(url, rehearsal=False, at=ADOPTED, actor="test")
        adopt_registry(self.store, a_registry(), at=ADOPTED, actor="test")
        set_channel(self.store, mailboxes(*OFFICES), at=ADOPTED, actor="test")
        adopt_directive(self.store, first(), at=ADOPTED, actor="test")

    def go(self, steps: int) -> "Walk":
        """Take so many steps."""
        for _ in range(steps):
            self.at += timedelta(minutes=self.chance.choice([0, 1, 2, 90, 700, 3_000]))
            with self.store.read() as connection:
                refs = sorted(assignments.rows(connection))
            name = self.chance.choice(STEPS)
            try:
                VERBS[name](self, self.chance.choice(refs))
            except (TrackerError, PowerCut):
                continue
            self.done[name] = self.done.get(name, 0) + 1
        return self

    def day(self, ahead: int) -> date:
        return (self.at + timedelta(days=ahead)).date()

    def coin(self) -> bool:
        return self.chance.random() < 0.5


def first(chance: Random | None = None) -> Directive:
    """Return the first directive: as it was, or with tasks moved, renamed, left out as the dice fall."""
    days = [date(2025, 8, 31), date(2025, 9, 30), date(2025, 12, 31)]
    pick: Callable[[], date] = (lambda: chance.choice(days)) if chance else (lambda: days[0])
    survey = "census" if chance and chance.random() < 0.3 else "survey"
    tasks = [
        *(a_task(f"duty-{code.lower()}", lead=code, due=Due(rule=By(pick()))) for code in OFFICES[:3]),
        a_task(survey, for_each=PROVINCES, records=("R-1",), due=Due(rule=By(pick()))),
        a_task("summary", needs=(Need(f"{KEY}/{survey}"), Need(f"{KEY}/duty-bnv")), due=None),
        a_task("answer", lead="BTC", due=Due(rule=Within(Span(9, "working days"), SHORTAGE))),
        a_task("follow-up", lead="BTC", due=Due(rule=Within(Span(5, "days"), Anchor("task", f"{KEY}/{survey}")))),
        a_task("monthly", for_each=PROVINCES, due=MONTHLY),
        a_task("void", lead="BGDDT", due=Due(rule=By(pick()), cutoff=True)),
        a_task("any", for_each=replace(PROVINCES, complete_when="any"), due=Due(rule=By(pick()))),
    ]
    kept = [task for task in tasks if chance is None or task.id in (survey, "duty-bnv") or chance.random() < 0.85]
    return a_directive(*kept)


def second(chance: Random) -> Directive:
    """Return a directive that needs tasks of the first one, and may put it out of force, restating some."""
    plain = a_directive(number="500/TB-VPCP")
    over = chance.random() < 0.3
    tasks: list[Task] = [
        a_task("report", directive=plain.key, needs=(Need(f"{KEY}/survey"), Need(f"{KEY}/duty-bnv"))),
        a_task("after", directive=plain.key, due=Due(rule=Within(Span(3, "days"), SURVEY))),
        a_task("again", directive=plain.key, for_each=PROVINCES, due=MONTHLY),
    ]
    if over:
        tasks[0] = replace(tasks[0], restates=(f"{KEY}/duty-bnv",), needs=())
    relations = (Relation("supersedes", "412/TB-VPCP"),) if over else ()
    return replace(plain, tasks=tuple(sorted(tasks, key=lambda task: task.id)), relations=relations)


def another_registry(chance: Random) -> Registry:
    """Return the registry with a day off more, or without provinces, or as it was."""
    plain = a_registry()
    calendar = a_calendar()
    if chance.random() < 0.5:
        name = next(iter(calendar.days_off.values()))
        extra = replace(name, day=date(2025, 9, chance.choice([3, 4, 5])))
        return replace(plain, calendar=replace(calendar, days_off={**calendar.days_off, extra.day: extra}))
    if chance.random() < 0.5:
        agencies = {
            code: replace(agency, valid_to=date(2025, 10, 1)) if agency.kind == "province" else agency
            for code, agency in plain.agencies.items()
        }
        return replace(plain, agencies=agencies)
    return plain


def _deliver(walk: Walk, ref: str) -> None:
    deliver(walk.store, Fickle(walk.chance), settings=walk.settings, clock=lambda: walk.at)


def _channel(walk: Walk, ref: str) -> None:
    code, name = walk.chance.choice(OFFICES), walk.chance.choice(["mail", "chat"])
    language = walk.chance.choice([None, "vi", "en"])
    if name == "chat":
        a_chat(walk.store, code, walk.settings, at=walk.at, language=language)
        return
    address = f"new-{code.lower()}@agencies.example"
    channel = Channel(agency=code, name=name, address=address, language=language)
    set_channel(walk.store, [channel], at=walk.at, actor="test")


def a_chat(store: Store, agency: str, settings: Settings, *, at: datetime, language: str | None = "vi") -> None:
    """Give an agency a channel with a secret."""
    channel = Channel(agency=agency, name="chat", address="", language=language, kind="gotify")
    set_service(store, channel, SECRET, settings=settings, at=at, actor="test")


def _rekey(walk: Walk, ref: str) -> None:
    rekey(walk.store, settings=walk.settings, at=walk.at, actor="test", forget=walk.coin())


def _remove(walk: Walk, ref: str) -> None:
    name = walk.chance.choice(["mail", "chat"])
    remove_channel(walk.store, walk.chance.choice(OFFICES), name, at=walk.at, actor="test")


def _submit(walk: Walk, ref: str) -> None:
    proofs = [Proof(number=f"{walk.chance.randrange(9)}/BC", dated=walk.day(-1))] if walk.coin() else []
    if walk.coin():
        content = BytesIO(b"%PDF-1.4\n%%EOF\n" + bytes([48 + walk.chance.randrange(3)]))
        added = add_evidence(walk.store, walk.files, content, name="report.pdf", at=walk.at, actor="test")
        proofs.append(Proof(sha256=added.sha256))
    submit(walk.store, ref, at=walk.at, actor="test", words="đã làm xong", done_on=walk.day(-2), proofs=proofs)


def _event(walk: Walk, ref: str) -> None:
    agency = walk.chance.choice([None, "BTC"])
    record_event(walk.store, KEY, "shortage", walk.day(-1), agency=agency, at=walk.at, actor="test")


def _hand_on(walk: Walk, ref: str) -> None:
    one, other = walk.chance.sample(OFFICES, 2)
    hand_on(walk.store, one, other, at=walk.at, actor="test", instrument="Decree 1")


def _name(walk: Walk, ref: str) -> None:
    one, other = walk.chance.sample(OFFICES, 2)
    name_deputy(
        walk.store, one, other, first=walk.day(0), last=walk.day(20), at=walk.at, actor="test", why="on a mission"
    )


def _end(walk: Walk, ref: str) -> None:
    with walk.store.read() as connection:
        named = deputies.listed(connection)
    if named:
        end_deputy(walk.store, walk.chance.choice(named).seq, at=walk.at, actor="test")


def _resume(walk: Walk, ref: str) -> None:
    day = walk.day(40) if walk.coin() else None
    resume(walk.store, ref, at=walk.at, actor="test", day=day, instrument="Notice 2")


def _transfer(walk: Walk, ref: str) -> None:
    transfer(walk.store, ref, walk.chance.choice(OFFICES), at=walk.at, actor="test", why="theirs")


VERBS: Mapping[str, Callable[[Walk, str], object]] = {
    "sweep": lambda w, ref: sweep(w.store, at=w.at, batch=w.chance.choice([1, 3, 500])),
    "deliver": _deliver,
    "acknowledge": lambda w, ref: acknowledge(w.store, ref, at=w.at, actor="test"),
    "start": lambda w, ref: start(w.store, ref, at=w.at, actor="test"),
    "submit": _submit,
    "accept": lambda w, ref: accept(w.store, ref, at=w.at, actor="test"),
    "send back": lambda w, ref: send_back(w.store, ref, at=w.at, actor="test", missing="the annex"),
    "reopen": lambda w, ref: reopen(w.store, ref, at=w.at, actor="test", why="it does not hold"),
    "adopt": lambda w, ref: adopt_directive(w.store, first(w.chance), at=w.at, actor="test"),
    "adopt another": lambda w, ref: adopt_directive(w.store, second(w.chance), at=w.at, actor="test"),
    "registry": lambda w, ref: adopt_registry(w.store, another_registry(w.chance), at=w.at, actor="test"),
    "channel": _channel,
    "remove": _remove,
    "rekey": _rekey,
    "event": _event,
    "hand on": _hand_on,
    "deputy": _name,
    "end deputy": _end,
    "ask": lambda w, ref: ask(w.store, ref, w.day(60), at=w.at, actor="test", why="more time"),
    "grant": lambda w, ref: grant(w.store, ref, at=w.at, actor="test", instrument="Notice 3"),
    "refuse": lambda w, ref: refuse(w.store, ref, at=w.at, actor="test", why="no"),
    "suspend": lambda w, ref: suspend(w.store, ref, at=w.at, actor="test", why="a flood", instrument="Notice 4"),
    "resume": _resume,
    "contest": lambda w, ref: contest(w.store, ref, at=w.at, actor="test", why="not ours"),
    "uphold": lambda w, ref: uphold(w.store, ref, at=w.at, actor="test", why="yours"),
    "transfer": _transfer,
    "excuse": lambda w, ref: excuse(w.store, ref, at=w.at, actor="test", why="not here", agreed_by="VPCP"),
    "discontinue": lambda w, ref: discontinue(w.store, ref, at=w.at, actor="test", why="over", instrument="Notice 5"),
    "delegate": lambda w, ref: delegate(w.store, ref, "01004", at=w.at, actor="test", words="please"),
    "take back": lambda w, ref: take_back(w.store, ref, at=w.at, actor="test"),
}
# what happens often is drawn often
STEPS = [*VERBS, *["sweep"] * 8, *["deliver"] * 8, *["submit"] * 5, *["accept"] * 4, *["ask", "grant", "suspend"] * 2]
