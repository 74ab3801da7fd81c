"""The dead man's switch: it looks whether the work was done, not whether programs run, and tells somebody else.

A live store nobody swept or sent from for the limit, a reminder due for longer than that, a hold, a
database that is away: each is an alarm. It goes by a road of its own (a mail relay named for this
alone), since the usual one may be what failed. While all is well an outside address is called, so
that silence alarms too. What was told is remembered in a small file, not in the database.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from tracker.domain.entry import instant, stamp
from tracker.domain.errors import Invalid, TrackerError
from tracker.notify.letter import Letter
from tracker.notify.ping import ping
from tracker.notify.send import Sender, check_channel
from tracker.operations.canary import missing
from tracker.operations.guard import look as guarded
from tracker.operations.journal import state_folder
from tracker.settings import Settings
from tracker.store import ledger, outbox, watches
from tracker.store.store import Store, open_store

AGAIN = timedelta(hours=1)  # while it lasts
ROOM = 1_000_000  # octets: with less a disk is as good as full
WORKS = (("sweep", "swept"), ("deliver", "sent reminders"))
LATE = "a reminder has been due, and not sent, since"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is wrong, in sentences; whether somebody was told of it or of its end now; what came of the call outside."""

    wrong: tuple[str, ...]
    told: bool = False
    ended: bool = False
    trouble: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """The road an alarm takes: a mail relay and who hears."""

    relay: str
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """Since when something is wrong, and when somebody was last told."""

    since: datetime
    at: datetime


def watch(settings: Settings, *, at: datetime) -> Found:
    """Look once, tell who is to be told, and return what was found; raises Invalid for a road that cannot be read."""
    road = road_of(settings.alarm)
    wrong, memory = tuple(look(settings, at=at)), memory_of(settings)
    before = _remembered(memory)
    if wrong:
        if before and at - before.at < AGAIN:
            return Found(wrong=wrong)
        since = before.since if before else at
        trouble = _tell(road, _alarm(wrong, settings, since=since, at=at))
        if road and not trouble:
            _remember(memory, _Told(since=since, at=at))
        return Found(wrong=wrong, told=road is not None and not trouble, trouble=trouble)
    trouble = ()
    if before:
        trouble = _tell(road, _all_clear(settings, since=before.since, at=at))
        if not trouble:
            memory.unlink(missing_ok=True)
    called = ping(settings.ping) if settings.ping else None
    return Found(wrong=(), ended=before is not None and not trouble, trouble=(*trouble, *([called] if called else [])))


def look(settings: Settings, *, at: datetime) -> Iterator[str]:
    """Yield what is wrong with the work on a store, a sentence each; a rehearsal is never late."""
    if (room := room_left(settings)) is not None and room < ROOM:
        yield f"the disk below the store is full: {room:,} octets are left"
    try:
        store = open_store(settings.database_url)
        try:
            now = store.clock(lambda: at)()
            yield from _lateness(store, now, settings.watch_limit)
            yield from _canary(store, now, settings)
            if held := guarded(store, settings).held:
                yield f"nothing is sent, the store is on hold: {held}"
        finally:
            store.close()
    except TrackerError as error:
        yield f"{error.code}: {error}"


def road_of(alarm: str) -> Road | None:
    """Return the road of TRACKER_ALARM, None where none is set; raises Invalid where it leads nowhere.

    >>> road_of("smtp://relay.example:2525?starttls=yes&to=duty@office.example")
    Road(relay='smtp://relay.example:2525?starttls=yes', to=('duty@office.example',))
    """
    if not alarm:
        return None
    parts = urlsplit(alarm)
    query = parse_qsl(parts.query)
    to = tuple(value for name, value in query if name == "to")
    rest = urlencode([(name, value) for name, value in query if name != "to"])
    if parts.scheme not in ("smtp", "smtps") or not to or any(map(check_channel, to)):
        raise Invalid("write TRACKER_ALARM as smtp://RELAY?to=NAME@HOST", code="bad-setting")
    return Road(relay=urlunsplit((parts.scheme, parts.netloc, parts.path, rest, "")), to=to)


def room_left(settings: Settings) -> int | None:
    """Return how many octets are left on the disk of an SQLite store; None where the store is not on ours."""
    url = settings.database_url
    if not url.startswith("sqlite:///"):
        return None
    with suppress(OSError):
        return shutil.disk_usage(Path(url.removeprefix("sqlite:///")).absolute().parent).free
    return None


def memory_of(settings: Settings) -> Path:
    """Return the file that remembers what was told: beside an SQLite store, else in the user's state folder."""
    url = settings.database_url
    if url.startswith("sqlite:///"):
        return Path(f"{url.removeprefix('sqlite:///')}.alarm")
    return state_folder() / f"{sha256(url.encode()).hexdigest()[:16]}.alarm"


def _lateness(store: Store, at: datetime, limit: timedelta) -> Iterator[str]:
    with store.read() as connection:
        if ledger.position(connection).is_rehearsal:
            return
        done = dict(watches.every(connection))
        if begun := watches.last_attempt(connection):  # a long run says so by its attempts
            done["deliver"] = max(begun, done.get("deliver", begun))
        due = outbox.next_due(connection)
    for work, did in WORKS:
        last = done.get(work)
        if last is None:
            yield f"nobody has {did} yet"
        elif abs(at - last) > limit:  # a clock that stepped back far tells no better who watched
            yield f"nobody has {did} since {stamp(last)}"
    if due is not None and at - due > limit:
        yield f"{LATE} {stamp(due)}"


def _canary(store: Store, at: datetime, settings: Settings) -> Iterator[str]:
    with store.read() as connection:
        if not ledger.position(connection).is_rehearsal:
            yield from missing(connection, settings=settings, at=at)


def _tell(road: Road | None, letter: Letter) -> tuple[str, ...]:
    """Return why somebody could not be told, a sentence each."""
    if road is None:
        return ()
    with Sender(road.relay, rehearsal=False) as sender:
        outcomes = [(to, sender.write(to, letter)) for to in road.to]
    return tuple(f"{to}: {outcome.detail or outcome.kind}" for to, outcome in outcomes if outcome.kind != "accepted")


def _alarm(wrong: tuple[str, ...], settings: Settings, *, since: datetime, at: datetime) -> Letter:
    lines = "\n".join(f"- {one}" for one in wrong)
    words = f"{_STOPPED}\n{lines}\n\ntracker doctor\n"
    subject = f"Ngừng nhắc việc · The tracker has stopped · Le suivi est arrêté ({settings.office})"
    return _letter("alarm", subject, words, settings, since=since, at=at)


def _all_clear(settings: Settings, *, since: datetime, at: datetime) -> Letter:
    subject = f"Đã hoạt động lại · The tracker works again · Le suivi a repris ({settings.office})"
    return _letter("clear", subject, f"{subject}\n\n{stamp(since)} – {stamp(at)}\n", settings, since=since, at=at)


def _letter(what: str, subject: str, text: str, settings: Settings, *, since: datetime, at: datetime) -> Letter:
    return Letter(
        key=f"{what}/{sha256(settings.database_url.encode()).hexdigest()}/{stamp(since)}/{stamp(at)}",
        subject=subject,
        text=text,
        office=settings.office,
        sender=settings.sender,
        at=at,
        seq=0,  # the database may be what is away
        head="",
    )


_STOPPED = """\
Hệ thống không nhắc việc nữa; xin xử lý ngay.
The tracker does not do its work; somebody has to look at it now.
Le suivi ne fait plus son travail ; une intervention est nécessaire.
"""


def _remembered(memory: Path) -> _Told | None:
    with suppress(OSError, ValueError, KeyError, TypeError):
        said = json.loads(memory.read_text())
        return _Told(since=instant(said["since"]), at=instant(said["told"]))
    return None


def _remember(memory: Path, told: _Told) -> None:
    """Write what was told; where that cannot be, somebody is told again next time, which is the better mistake."""
    with suppress(OSError):
        memory.parent.mkdir(parents=True, exist_ok=True)
        beside = memory.with_name(f".{memory.name}.{os.getpid()}")
        beside.write_text(json.dumps({"since": stamp(told.since), "told": stamp(told.at)}))
        beside.replace(memory)
