"""The demo: autumn 2025 in a minute or so, through the real monitor flow, with real mails that go nowhere.

    python -m flows.demo [--folder DIR] [--keep]

Three real directives are adopted on their days in a rehearsal store; every morning from 11 August
to 20 October the monitor runs; made-up reports come and go (`story.py`). At the end the board, and
whether the figures agree (`account.py`): the exit status is 1 when they do not.
"""

import argparse
import asyncio
import os
import shutil
import signal
import sys
import textwrap
import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Any, NoReturn

from flows.account import Account, account
from flows.catcher import Catcher
from flows.server import Server
from flows.story import FIRST, LANGUAGES, LAST, MOVES, PLAYED, ZONE
from tracker.domain.directive import fold
from tracker.operations import init, set_channel
from tracker.operations.newcomers import Newcomer, make_five
from tracker.operations.ticking import registry_of
from tracker.terminal.board import show
from tracker.terminal.page import console
from tracker.views import Channel, task_list

ROOT = Path(__file__).parent.parent
DIRECTIVES = ROOT / "directives"
MARK = ".tracker-demo"
MORNING = clock_time(8)
DAWN = clock_time(7)
ACTOR = "demo:tracker"
# a server that only records what we run: it neither schedules nor watches
OPTIONS = {
    f"PREFECT_SERVER_SERVICES_{name}_ENABLED": "false"
    for name in ("SCHEDULER", "LATE_RUNS", "CANCELLATION_CLEANUP", "PAUSE_EXPIRATIONS", "FOREMAN", "TRIGGERS")
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the demo and return 0 when every figure agrees."""
    wanted = _parser().parse_args(arguments)
    folder = Path(wanted.folder or ROOT / "var" / "demo").resolve()
    if wrong := _prepare(folder):
        print(f"demo: {wrong}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, _leave)
    begun = time.perf_counter()
    try:
        result, people = _play(folder)
    except KeyboardInterrupt:
        return 130
    finally:
        if not wanted.keep:
            shutil.rmtree(folder / "prefect", ignore_errors=True)
    _report(result, folder, time.perf_counter() - begun)
    _show_how_to_look(people, folder)
    return 1 if result.mistakes else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m flows.demo", description="Play autumn 2025 in a minute or so.")
    parser.add_argument("--folder", metavar="DIR", help="where the store and the mails go (var/demo); made anew")
    parser.add_argument("--keep", action="store_true", help="keep Prefect's own records of the runs, too")
    return parser


def _prepare(folder: Path) -> str | None:
    """Make the folder empty, and return why not where it holds something that is not an earlier demo."""
    if folder.exists() and not folder.is_dir():
        return f"{folder} is not a folder"
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARK).exists():
        return f"{folder} holds something else: name another folder"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "mails").mkdir(parents=True)
    (folder / MARK).touch()
    return None


def _leave(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _play(folder: Path) -> tuple[Account, tuple[Newcomer, ...]]:
    url = f"sqlite:///{folder / 'tracker.db'}"
    with Server(folder / "prefect", options=OPTIONS) as server, Catcher(folder / "mails") as catcher:
        for name in [name for name in os.environ if name.startswith(("PREFECT_", "TRACKER_"))]:
            del os.environ[name]  # the demo is the same for everybody
        os.environ |= server.environment
        os.environ |= {"TRACKER_SMTP_URL": catcher.url, "PREFECT_LOGGING_TO_API_ENABLED": "false"}
        store = init(url, rehearsal=True, at=_at(FIRST, clock_time(6)), actor=ACTOR)
        try:
            import flows.monitor  # noqa: F401 - a second and a half of Prefect, while its server starts

            server.ready()
            _until_the_end(store, url)
            people = make_five(store, at=_at(LAST, MORNING), actor=ACTOR)
            return account(store, folder / "mails", at=_at(LAST, MORNING), registry=registry_of(store)), people
        finally:
            store.close()


def _until_the_end(store: Any, url: str) -> None:
    from prefect.exceptions import TerminationSignal

    try:
        asyncio.run(_replay(store, url))
    except TerminationSignal:  # while a flow runs, SIGTERM is Prefect's to hear
        _leave()


async def _replay(store: Any, url: str) -> None:
    from prefect.context import AsyncClientContext, SyncClientContext

    from flows.adopt import adopt
    from flows.monitor import monitor

    bar, moves, mails = Bar((LAST - FIRST).days + 1), list(MOVES), 0
    # one client for all runs: each would otherwise read 140 certificates, twice, to speak to its own machine
    async with AsyncClientContext():
        with SyncClientContext():
            for day in _days():
                if _has_come(day):
                    adopted = await adopt(str(DIRECTIVES), _at(day, DAWN), url, actor=ACTOR, only=list(PLAYED))
                    _open_channels(store, _at(day, DAWN))
                    if adopted["added"]:
                        bar.note(f"{day:%d %b}: a directive is adopted, {adopted['added']} assignments")
                ticked = await monitor(url, _at(day, MORNING))
                mails += ticked["accepted"]
                while moves and moves[0].day <= day:
                    moves.pop(0).make(store)
                bar.show(f"{day:%d %b}  {mails:,} mails")
    bar.end()


def _days() -> list[date]:
    return [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]


def _has_come(day: date) -> bool:
    """Return whether a directive bears this date: 412 on 11 August, 268 on 31 August, 2179 on 6 October."""
    return any(
        f"issued: {day.isoformat()}" in (DIRECTIVES / f"{key}.yaml").read_text(encoding="utf-8") for key in PLAYED
    )


def _at(day: date, moment: clock_time) -> datetime:
    return datetime.combine(day, moment, ZONE)


def _open_channels(store: Any, at: datetime) -> None:
    """Give every office that owes something, communes aside, a made-up mailbox; some read English or French."""
    registry = registry_of(store)
    with store.read() as connection:
        owing = {row.agency for row in task_list(connection, at=at, registry=registry, limit=1_000_000).tasks}
    offices = sorted(code for code in owing if registry.agencies[code].kind != "commune")
    channels = [
        Channel(agency=code, name="mail", address=f"{fold(code)}@agency.example", language=LANGUAGES.get(code, "vi"))
        for code in offices
    ]
    set_channel(store, channels, at=at, actor=ACTOR)


class Bar:
    """A progress bar on a terminal; elsewhere only the notes."""

    WIDTH = 30

    def __init__(self, steps: int) -> None:
        self.steps, self.done = steps, 0
        self.drawn = sys.stderr.isatty()

    def show(self, words: str) -> None:
        """Go one step on."""
        self.done += 1
        full = self.WIDTH * self.done // self.steps
        self._draw(f"[{'█' * full}{'·' * (self.WIDTH - full)}] {words}")

    def note(self, words: str) -> None:
        """Say something that stays."""
        self._draw("")
        print(words, file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line to others."""
        self._draw("")

    def _draw(self, line: str) -> None:
        if self.drawn:
            print(f"\r\x1b[2K{line}", end="", file=sys.stderr, flush=True)


def _report(result: Account, folder: Path, seconds: float) -> None:
    show(result.board, console())
    boxes = " · ".join(f"{box.partition('@')[0].upper()} {number}" for box, number in result.mailboxes.items())
    total = sum(result.mailboxes.values())
    print(
        f"\nMails: {total:,} for {len(result.mailboxes)} offices (all @agency.example), as .eml in {folder / 'mails'}"
    )
    print(textwrap.fill(boxes, width=110, initial_indent="  ", subsequent_indent="  "))
    print(f"\nStore: {folder / 'tracker.db'}")
    for line in result.lines:
        print(f"  {line}")
    for mistake in result.mistakes[:20]:
        print(f"  WRONG: {mistake}")
    agree = "every figure agrees" if not result.mistakes else f"{len(result.mistakes)} figures do not agree"
    print(f"\nPlayed in {seconds:.0f} s; {agree}.")


def _show_how_to_look(people: Sequence[Newcomer], folder: Path) -> None:
    """Say how to open the pages, and as whom: the passwords stand nowhere else."""
    print("\nTo look at it as a page, run this, then log in at http://127.0.0.1:8000 as one of five:")
    print(f"  TRACKER_DATABASE_URL=sqlite:///{folder / 'tracker.db'} {Path(sys.executable).parent / 'tracker'} web")
    for one in people:
        whose = f"{one.role} {one.office}" if one.office else one.role
        print(f"  {one.name:5} {one.password}  {whose}")
    print("These passwords are shown this once; another: tracker account password NAME")


if __name__ == "__main__":
    sys.exit(main())
