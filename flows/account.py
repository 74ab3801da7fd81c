"""The account of the demo: whether what the store says and what lies in the mailboxes agree, figure by figure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from email import policy
from email.message import Message
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any

from tracker.domain.agency import Registry
from tracker.operations import verify
from tracker.views import Board, board, reminder_list, task_list
from tracker.views.reminders import ReminderRow

ALL = 1_000_000
SHOWN = 10  # rows of a digest
_PARSER = BytesHeaderParser(policy=policy.compat32)
# how each language names a day of the week before a date; Vietnamese ones are numbered
_WEEKDAYS = {
    "vi": r"thứ (Hai|Ba|Tư|Năm|Sáu|Bảy)|[Cc]hủ [Nn]hật",
    "en": "(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day",
    "fr": "lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What was reckoned up, in sentences, the mistakes found, and how many mails lie in each mailbox."""

    board: Board
    lines: tuple[str, ...]
    mistakes: tuple[str, ...]
    mailboxes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Mail:
    file: Path
    headers: Message
    text: str

    @property
    def identity(self) -> str:
        return str(self.headers["Message-ID"])


def account(store: Any, mails: Path, *, at: datetime, registry: Registry) -> Account:
    """Return the account of a store and a folder of mails at an instant."""
    with store.read() as connection:
        seen = board(connection, at=at, registry=registry, limit=20)
        tasks = task_list(connection, at=at, registry=registry, limit=ALL).tasks
        reminders = reminder_list(connection, at=at, registry=registry, limit=ALL).reminders
    found = [_read(file) for file in sorted(mails.glob("*/*.eml"))]
    verdict = verify(store)
    taken = [one for row in reminders for one in row.attempts if one.outcome == "accepted"]
    mistakes = [
        *_sums(seen, len(tasks)),
        *_undelivered(reminders),
        *_unmatched({one.message_id for one in taken}, found),
        *_wanting(found, _by_mail(reminders), {row.ref: row.last_day for row in tasks}),
    ]
    if verdict.broken_at is not None:
        mistakes.append(f"the chain is broken at entry {verdict.broken_at}: {verdict.why}")
    lines = (
        f"{seen.cells.total:,} assignments in six cells, {len(tasks):,} listed one by one",
        f"{len(reminders):,} reminders, {len(taken):,} of them accepted, in {len({t.message_id for t in taken}):,} "
        f"messages; {len(found):,} mails on disk",
        f"history: {verdict.entries:,} entries, the chain is "
        + (f"whole, head {verdict.head[:16]}" if verdict.broken_at is None else "broken"),
    )
    return Account(board=seen, lines=lines, mistakes=tuple(mistakes), mailboxes=_mailboxes(found))


def _read(file: Path) -> _Mail:
    """Return a mail by its headers and its text part: to read all of it takes four times as long."""
    headers, _, parts = file.read_bytes().partition(b"\r\n\r\n")
    begin = parts.rfind(b"--", 0, parts.find(b"Content-Type: text/plain"))
    plain = parts[begin:].partition(b"\r\n--")[0].partition(b"\r\n")[2]  # between the two lines that bound it
    text: Any = _PARSER.parsebytes(plain).get_payload(decode=True)
    # a damaged mail is a mistake to be named, not one to stop at
    return _Mail(file, _PARSER.parsebytes(headers), text.decode("utf-8", "replace"))


def _sums(seen: Board, tasks: int) -> Iterator[str]:
    if seen.cells.total != tasks:
        yield f"the cells add up to {seen.cells.total}, but there are {tasks} assignments"
    parts = sum(one.cells.total for one in seen.directives)
    if parts != tasks:
        yield f"the directives add up to {parts}, but there are {tasks} assignments"


def _undelivered(reminders: tuple[ReminderRow, ...]) -> Iterator[str]:
    for row in reminders:
        if not row.attempts:
            yield f"{row.reference} about {row.assignment} was never tried: it is {row.state} ({row.why})"
        elif row.state != "accepted":
            yield f"{row.reference} about {row.assignment} is {row.state}: {row.why}"


def _by_mail(reminders: tuple[ReminderRow, ...]) -> Mapping[str, list[ReminderRow]]:
    """Return the reminders by the reference of the mail they left in."""
    mails: dict[str, list[ReminderRow]] = {}
    for row in reminders:
        mails.setdefault(row.bundle or row.reference, []).append(row)
    return mails


def _unmatched(taken: set[str], found: list[_Mail]) -> Iterator[str]:
    lying = {mail.identity for mail in found}
    for identity in sorted(taken - lying):
        yield f"{identity} was accepted, but no mail lies there"
    for identity in sorted(lying - taken):
        yield f"{identity} lies there, but no delivery says so"
    if len(taken) != len(found):
        yield f"{len(taken)} messages were accepted, {len(found)} mails lie there"


def _wanting(
    found: list[_Mail], reminders: Mapping[str, list[ReminderRow]], days: Mapping[str, date | None]
) -> Iterator[str]:
    """Yield a sentence for each mail that does not say what its reader needs."""
    for mail in found:
        rows = reminders.get(str(mail.headers["X-Reminder-Reference"]), [])
        if not rows:
            yield f"{mail.file.name} carries no reference of a reminder"
            continue
        if missing := [what for what, there in _needed(mail, rows, days) if not there]:
            yield f"{mail.file.name} lacks {', '.join(missing)}"


def _needed(mail: _Mail, rows: list[ReminderRow], days: Mapping[str, date | None]) -> Iterator[tuple[str, bool]]:
    text, headers = mail.text, mail.headers
    yield "its recipient's folder", mail.file.parent.name == str(headers["To"])
    yield "its reference", (rows[0].bundle or rows[0].reference) in text
    # each task leads to its page; a digest shows ten of them
    shown = sum(f"/tasks/{row.assignment}" in text for row in rows)
    yield f"the pages of its tasks ({shown} of {len(rows)})", shown >= min(SHOWN, len(rows))
    yield "its place in the ledger", f"({headers['X-Ledger-Seq']}, {str(headers['X-Ledger-Head'])[:16]}" in text
    last_day = days.get(rows[0].assignment) if len(rows) == 1 else None
    if last_day is not None:
        words = _WEEKDAYS[str(headers["Content-Language"])]
        yield "the weekday of its last day", re.search(rf"({words})[^\n]*\b{last_day.year}", text) is not None


def _mailboxes(found: list[_Mail]) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for mail in found:
        counts[mail.file.parent.name] = counts.get(mail.file.parent.name, 0) + 1
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))
