"""A site: an office at work, five people with an account, and the pages it is looked at through.

The store is a rehearsal that stands still on Wednesday 20 August 2025, 09:00 in Ha Noi, so that every
figure on a page is the same whenever the tests run.
"""

import atexit
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path

from starlette.testclient import TestClient

from tests.builders import a_directive, a_task, a_text
from tests.integration.links import AMPLE, settings_in
from tests.simulation.a_store import ADOPTED, mailboxes
from tests.simulation.an_office import OFFICES, the_registry
from tracker import clock
from tracker.domain.agency import Registry
from tracker.domain.calendar import Span
from tracker.domain.directive import Directive, ForEach, Need
from tracker.domain.rule import By, Due, Review
from tracker.notify.digest import Digest
from tracker.notify.notice import Notice
from tracker.notify.outcome import Outcome
from tracker.operations import (
    accept,
    adopt_directive,
    adopt_registry,
    deliver,
    init,
    open_store,
    set_channel,
    submit,
    sweep,
)
from tracker.operations.accounts import known, make_account
from tracker.operations.extensions import ask
from tracker.operations.ownership import contest
from tracker.operations.sessions import ONCE, Begun, begin, visitor_of
from tracker.settings import Settings
from tracker.store.store import Store
from tracker.web.app import create_app
from tracker.web.guard import Guard

KEY = "2025/412-tb-vpcp"
SECOND = "2025/500-qd-ttg"
HOST = "http://127.0.0.1:8000"
NOW = datetime(2025, 8, 20, 2, tzinfo=UTC)
TUESDAY = datetime(2025, 8, 19, 2, tzinfo=UTC)
SECRETARIAT = "secretariat:le"

# login name -> role, office
PEOPLE: Mapping[str, tuple[str, str | None]] = {
    "le": ("secretariat", None),
    "anna": ("agency", "BNV"),
    "binh": ("agency", "BTC"),
    "pham": ("auditor", None),
    "root": ("admin", None),
}
NEWCOMER = "binh, by a password that is good once"

Say = Callable[[str], str]


def the_directive() -> Directive:
    """Return a directive with a task of every kind."""
    by = {name: Due(rule=By(day)) for name, day in (("aug15", date(2025, 8, 15)), ("sep20", date(2025, 9, 20)))}
    return a_directive(
        a_task("report"),  # BNV, 31 August: nobody has touched it
        a_task("budget", lead="BTC", due=by["aug15"]),  # overdue
        a_task("accounts", lead="BTC", due=by["sep20"]),  # more time is asked for
        a_task("schools", lead="BGDDT"),  # reported on Tuesday
        a_task("training", lead="BNV", due=by["sep20"], needs=(Need(f"{KEY}/schools"),)),  # cannot start yet
        a_task("roads", for_each=ForEach(agencies=("provinces",)), due=by["sep20"]),  # 01 done, 22 says "not ours"
        a_task("supervision", lead="VPCP", due=Due(rule=Review(Span(30, "days")))),  # no date
    )


def the_second() -> Directive:
    """Return another directive, of one agency that has no mailbox."""
    key = SECOND
    return a_directive(
        a_task("pilot", directive=key, lead="CP", due=Due(rule=By(date(2025, 8, 29)))),
        number="500/QĐ-TTg",
        title=a_text("A pilot"),
    )


class _Sender:
    """A sender whose mail server takes everything but what is for one office."""

    def __init__(self, say: Say) -> None:
        self.say = say

    def send(self, channel: object, notice: Notice | Digest) -> Outcome:
        if "btc" in str(channel):
            return Outcome("permanent", 550, self.say("no such mailbox"))
        return Outcome("accepted", 250, self.say("taken"))


def an_office_at_work(
    url: str, *, say: Say = str, directives: Sequence[Directive] = (), registry: Registry | None = None
) -> Store:
    """Return the store of the site; `say` is put around everything that people write."""
    store = init(url, rehearsal=True, at=ADOPTED, actor="test")
    adopt_registry(store, registry or the_registry(secretariat="VPCP"), at=ADOPTED, actor="test")
    set_channel(store, mailboxes(*OFFICES), at=ADOPTED, actor="test")
    for directive in directives or (the_directive(), the_second()):
        adopt_directive(store, directive, at=ADOPTED, actor="test")
    sweep(store, at=ADOPTED)
    submit(store, f"{KEY}/schools/BGDDT", at=TUESDAY, actor="BGDDT:chi", words=say("All schools have water."))
    submit(store, f"{KEY}/roads/01", at=TUESDAY, actor="01:ha", words=say("Every road was mended."))
    accept(store, f"{KEY}/roads/01", at=TUESDAY, actor=SECRETARIAT)
    contest(store, f"{KEY}/roads/22", at=TUESDAY, actor="22:ky", why=say("There are no roads here."))
    ask(store, f"{KEY}/accounts/BTC", date(2025, 9, 30), at=TUESDAY, actor="BTC:binh", why=say("The books came late."))
    sweep(store, at=NOW)
    return store


@dataclass(frozen=True, slots=True)
class Site:
    """The pages of a store, and who may open them."""

    store: Store
    settings: Settings
    app: Guard
    sessions: dict[str, Begun] = field(default_factory=dict)

    def as_(self, name: str) -> TestClient:
        """Return a client that is logged in; redirects are not followed."""
        client = TestClient(self.app, base_url=HOST, follow_redirects=False)
        client.cookies.set("tracker", self.session(name).token, domain="127.0.0.1")
        return client

    def session(self, name: str) -> Begun:
        """Return the session of a person, begun without the work of a password."""
        if name not in self.sessions:
            with self.store.write() as connection:
                account, _ = known(connection, name.partition(",")[0])
                way = ONCE if name == NEWCOMER else "test"
                begun = begin(connection, self.settings, account, way=way, agent="", before="", at=clock.now())
            self.sessions[name] = begun
        return self.sessions[name]

    def nobody(self) -> TestClient:
        """Return a client that is not."""
        return TestClient(self.app, base_url=HOST, follow_redirects=False)

    def cookies(self, name: str, base: str) -> list[dict[str, str]]:
        """Return what a browser at an address shows to be taken for a person."""
        return [{"name": "tracker", "value": self.session(name).token, "url": base}]

    def csrf(self, name: str) -> str:
        """Return what the forms of a person carry."""
        found = visitor_of(self.store, self.settings, self.session(name).token, at=clock.now())
        assert found is not None
        return found.csrf


def a_site(folder: Path, store: Store | None = None, *, say: Say = str, **changes: str) -> Site:
    """Return the site of a store, by default of the office at work; its files lie in a folder.

    `changes` are settings that are otherwise.
    """
    url = f"sqlite:///{folder}/tracker.db"
    if store is None:
        shutil.copytree(_office(), folder, dirs_exist_ok=True)
    made = store or open_store(url)
    settings = replace(
        settings_in(folder), database_url=str(made.engine.url), base_url=HOST, evidence=str(folder / "evidence")
    )
    settings = replace(settings, **changes)
    if store is not None:
        _people(made, settings, say)
    return Site(made, settings, create_app(made, settings, AMPLE))


@lru_cache
def _office() -> Path:
    """Return a folder with the office at work, made once a process: copying it takes a tenth of the time."""
    folder = Path(tempfile.mkdtemp(prefix="tracker-site-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    store = an_office_at_work(f"sqlite:///{folder}/tracker.db")
    _people(store, replace(settings_in(folder), database_url=str(store.engine.url)))
    store.close()
    return folder


def _people(store: Store, settings: Settings, say: Say = str) -> None:
    """Send the mails of the office, and give everybody an account."""
    deliver(store, _Sender(say), settings=settings, clock=lambda: NOW)
    for name, (role, office) in PEOPLE.items():
        shown = say(name.capitalize())
        make_account(store, name, role, office=office, shown=shown, language="en", at=NOW, actor="test")
