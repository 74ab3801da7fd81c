"""`tracker doctor`: one line a check, with what to do about it."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import typer

from tracker.cli.exits import FAILED
from tracker.cli.opened import opened, reading_at, settings_of
from tracker.cli.options import ZONE, Format, Shown

if TYPE_CHECKING:
    from tracker.settings import Settings
    from tracker.views import Health, Store

LATE = timedelta(hours=1)  # flows tick every few minutes: an hour without one is a fault
STEPPED_LATELY = timedelta(days=1)
PROBE_SECONDS = 3.0
NAMED = 5
# the kinds of work of a live store, and what does them
WORKS = (
    ("sweep", "run: tracker up, or: tracker sweep"),
    ("deliver", "run: tracker up, or: tracker deliver"),
    ("seal", "run: tracker up, or: tracker history seal"),
)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: its name, whether it is well, what was seen, what to do where it is not."""

    name: str
    fine: bool
    seen: str
    fix: str = ""


def doctor(ctx: typer.Context, shown: Shown = Format.TEXT) -> None:
    """Look at everything the tracker needs; leave with 1 when something is not well."""
    from dataclasses import asdict

    from tracker.terminal.page import console, print_json
    from tracker.terminal.tokens import CHECKS

    checks = [*_surroundings(), *_store(ctx), _mail(settings_of(ctx))]
    fine = all(check.fine for check in checks)
    if shown is Format.JSON:
        print_json({"fine": fine, "checks": [asdict(check) for check in checks]})
    else:
        out = console()
        for check in checks:
            mark = CHECKS[check.fine]
            fix = f" – {check.fix}" if check.fix and not check.fine else ""
            out.print(f"[{mark.style}]{mark.glyph}[/] ", end="")
            out.print(f"{check.name}: {check.seen}{fix}", markup=False, soft_wrap=True)
    if not fine:
        raise typer.Exit(FAILED)


def _surroundings() -> Iterator[Check]:
    import os
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    version = ".".join(map(str, sys.version_info[:3]))
    yield Check("Python", sys.version_info >= (3, 11), version, "install Python 3.11 or later")
    counted = os.environ.get("PREFECT_SERVER_ANALYTICS_ENABLED", "false").lower() in ("1", "true", "yes", "on")
    silent = not counted or os.environ.get("DO_NOT_TRACK", "").lower() in ("1", "true", "yes")
    seen = "off in everything the tracker starts" if silent else "on"
    yield Check("telemetry", silent, seen, "unset PREFECT_SERVER_ANALYTICS_ENABLED, or set DO_NOT_TRACK=1")
    try:
        ZoneInfo(ZONE)
        yield Check("zone data", True, f"{ZONE} is known")
    except ZoneInfoNotFoundError:
        yield Check("zone data", False, f"{ZONE} is unknown", "pip install tzdata")


def _store(ctx: typer.Context) -> Iterator[Check]:
    from tracker.domain.errors import TrackerError
    from tracker.operations import verify
    from tracker.views import health

    try:
        with opened(ctx) as store:
            at = reading_at(store, None)
            with store.read() as connection:
                found = health(connection, at=at)
            yield Check("database", True, f"reachable, at this program's migration, {found.mode}")
            yield _rows(store)
            yield _guarded(ctx, store)
            yield from _work(found, at)
            yield from _watched(found, at, settings_of(ctx).watch_limit)
            yield _alarm(settings_of(ctx), at)
            verdict = verify(store)
            head = f"{verdict.entries:,} entries hold, head {verdict.head[:12]}…"
            wrong = f"entry {verdict.broken_at}: {verdict.why}"
            yield Check("ledger", verdict.holds, head if verdict.holds else wrong, "tell the auditor; restore a backup")
            yield from _sealed(store, at, live=found.mode == "live")
            yield _evidence(ctx, store)
            yield _secrets(ctx, store)
    except TrackerError as error:
        yield Check("database", False, f"{error.code}: {error}", "see --database and TRACKER_DATABASE_URL")


def _rows(store: "Store") -> Check:
    """Return whether the database itself keeps the rows of other offices from who looks for one."""
    if store.engine.dialect.name != "postgresql":
        return Check("rows of offices", True, "kept apart by the queries; SQLite has no second lock")
    if store.is_protected:
        return Check("rows of offices", True, "kept apart by the queries and by row-level security")
    name = store.engine.url.username or "the tracker's user"
    fix = f"as an administrator of the server: CREATE ROLE tracker_reader NOLOGIN; GRANT tracker_reader TO {name};"
    seen = "kept apart by the queries alone: this user may not make the role of row-level security"
    return Check("rows of offices", False, seen, f"{fix} then: tracker db upgrade")


def _guarded(ctx: typer.Context, store: "Store") -> Check:
    """Return whether reminders may leave: the database is held against the journal of sends and the seals outside."""
    from tracker.operations.guard import look

    seen = look(store, settings_of(ctx))
    if seen.rehearsal:
        return Check("sends", True, "a rehearsal keeps no journal of them")
    lines = "is not begun yet" if not seen.tail else f"epoch {seen.tail[-1].epoch}"
    said = f"ON HOLD, nothing is sent: {seen.held}" if seen.held else f"journal {seen.file}, {lines}"
    return Check("sends", seen.held is None, said, "see: tracker db reconcile")


def _work(found: "Health", at: datetime) -> Iterator[Check]:
    adopted = f"{found.agencies:,} agencies, {found.directives:,} directives, {found.assignments:,} assignments"
    yield Check("registry", found.agencies > 0, adopted, "run: tracker directive apply directives")
    behind = at - found.oldest_moment if found.oldest_moment and found.oldest_moment <= at else timedelta()
    last = f"the last recorded one was {_age(at - found.last_sweep)} ago" if found.last_sweep else "none recorded yet"
    late = f"; something waits for one since {_age(behind)}" if behind else "; nothing waits for one"
    yield Check("sweep", behind <= LATE, last + late, "run: tracker up, or: tracker sweep")
    unsent = at - found.oldest_unsent if found.oldest_unsent else timedelta()
    seen = f"the oldest has been due for {_age(unsent)}" if found.oldest_unsent else "nothing is due"
    yield Check("delivery", unsent <= LATE, seen, "run: tracker up, or: tracker deliver")
    failed = found.failed_reminders
    yield Check("reminders", failed == 0, f"{failed:,} undelivered", "see: tracker reminder list --failed")
    held = f"{found.held_reminders:,} wait for a word of yours"
    yield Check("held back", not found.held_reminders, held, "see: tracker reminder list --held, release, drop")
    stepped = found.clock_stepped
    recent = stepped is not None and at - stepped <= STEPPED_LATELY
    seen = f"jumped {_age(at - stepped)} ago" if stepped else "went on evenly while reminders were sent"
    yield Check("clock", not recent, seen, "see: tracker history show --kind clock_stepped; is the time synchronised?")
    codes = found.unreachable
    named = ", ".join(codes[:NAMED]) + (f" and {len(codes) - NAMED:,} more" if len(codes) > NAMED else "")
    seen = f"{len(codes):,} agencies owe something and have none ({named})" if codes else "every agency has one"
    yield Check("channels", not codes, seen, "run: tracker channel set AGENCY ADDRESS")


def _watched(found: "Health", at: datetime, limit: timedelta) -> Iterator[Check]:
    """Yield when each kind of work was last done; nobody need watch a rehearsal, whose clock is chosen."""
    live = found.mode == "live"
    for work, fix in WORKS:
        last = found.watched.get(work)
        # a clock that stepped back far tells no better who watched
        fine = last is not None and abs(at - last) <= limit
        seen = "never done" if last is None else f"last done {_age(at - last)} ago"
        seen = f"last done at {last.isoformat()}, which is still to come" if last and last > at + limit else seen
        yield Check(f"last {work}", fine or not live, seen, fix)


def _alarm(settings: "Settings", at: datetime) -> Check:
    """Return what the watchdog would say now, and whether anybody would hear of it."""
    from tracker.operations.watchdog import look, road_of

    road = road_of(settings.alarm)
    heard = f"heard by {', '.join(road.to)}" if road else "nobody is told: set TRACKER_ALARM"
    heard += ", silence by TRACKER_PING" if settings.ping else ""
    wrong = tuple(look(settings, at=at))
    return Check("alarm", not wrong, f"{'; '.join(wrong) or 'none'} ({heard})", "run: tracker up, or: tracker monitor")


def _sealed(store: "Store", at: datetime, *, live: bool) -> Iterator[Check]:
    """Yield how much of the ledger no seal holds yet, and what each place outside holds."""
    from tracker.operations.sealing import last_seal, unsealed
    from tracker.operations.witnessing import public_place, witnesses

    last, (new, since) = last_seal(store), unsealed(store)
    age = at - since if since else timedelta()
    seen = f"the last one holds {last.size:,} entries, " if last else "none has been made yet, "
    seen += f"{new:,} are newer, the first of them {_age(age)} old" if new else "none is newer"
    yield Check("seals", age <= LATE or not live, seen, "run: tracker up, or: tracker key make, tracker history seal")
    places = witnesses(store)
    if not places:
        seen = "none is named: whoever has this machine and the key could rewrite the ledger unseen"
        yield Check("witnesses", True, f"{seen} (tracker witness add PLACE)")
    for one in places:
        held = f"holds the seal of {one.size:,} entries" if one.size else "holds no seal yet"
        why = f"{held}; the last try failed: {one.why}" if one.why else held
        yield Check(f"witness {public_place(one.place)}", one.why is None, why, "run: tracker history seal")


def _evidence(ctx: typer.Context, store: "Store") -> Check:
    from tracker.operations.evidence import evidence_folder, glance

    found = glance(store, evidence_folder(settings_of(ctx)))
    wrong = len(found.missing) + len(found.broken)
    seen = f"{found.files:,} files, {wrong:,} missing or changed" if wrong else f"{found.files:,} files, all there"
    for number, what in ((len(found.orphans), "without an entry"), (len(found.unfinished), "unfinished")):
        seen += f", {number:,} {what}" if number else ""
    return Check("evidence", not wrong, seen, "see: tracker evidence check")


def _secrets(ctx: typer.Context, store: "Store") -> Check:
    """Return how the secrets of channels are kept; never one of them."""
    from tracker.operations.channels import look

    found = look(store, settings_of(ctx))
    seen = f"{found.sealed:,} sealed" if found.sealed or found.clear else "no channel has one"
    if found.broken:
        return Check("secrets", False, f"{seen}; {'; '.join(found.broken[:NAMED])}", "see TRACKER_SECRET")
    clear = f"{seen}, {len(found.clear):,} in clear ({', '.join(found.clear[:NAMED])})"
    return Check("secrets", not found.clear, clear if found.clear else seen, "run: tracker channel rekey")


def _mail(settings: "Settings") -> Check:
    import socket
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(settings.smtp_url)
        host, port = parts.hostname or "127.0.0.1", parts.port or (465 if parts.scheme == "smtps" else 25)
        with socket.create_connection((host, port), timeout=PROBE_SECONDS):
            return Check("mail server", True, f"{host}:{port} answers")
    except (OSError, ValueError) as error:
        from tracker.cli.config import without_password

        seen = f"{without_password(settings.smtp_url)} does not answer ({error})"
        return Check("mail server", False, seen, "set TRACKER_SMTP_URL")


def _age(age: timedelta) -> str:
    """Return a length of time in one unit.

    >>> _age(timedelta(days=3, hours=2)), _age(timedelta(minutes=90)), _age(timedelta(seconds=5))
    ('3 days', '1 hour', '0 minutes')
    """
    from tracker.terminal.words import counted

    seconds = max(int(age.total_seconds()), 0)
    if seconds >= 2 * 86_400:
        return counted(seconds // 86_400, "day")
    return counted(seconds // 3600, "hour") if seconds >= 3600 else counted(seconds // 60, "minute")
