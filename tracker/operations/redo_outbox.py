"""Reminders and attempts as entries determine them, but for what no entry says.

A lease has no entry: of a reminder that is being sent, its state, due time, reason and bundle are left
out, and so is its attempt.
"""

from collections.abc import Mapping
from dataclasses import asdict

from tracker.domain.outbox import Told, Tried
from tracker.operations.replay import Replay
from tracker.store.redo import Again, Compared, Key, Row, compare, leases, reminder_ids
from tracker.store.store import Connection

_OF_A_LEASE = frozenset({"state", "due_at", "why", "bundle"})


def compare_outbox(connection: Connection, replay: Replay, *, keep: bool) -> tuple[Compared, Compared]:
    """Return what came of reminders and of attempts; reminders are put right first, since attempts name them."""
    told = replay.outbox.reminders
    leased = leases(connection)
    held = {one.key for one in told.values() if leased.get(one.key, (0, 0))[1] == one.attempts + 1}
    rows: dict[Key, Again] = {(one.key,): _reminder(one, held=one.key in held) for one in told.values()}
    reminders = compare(connection, "reminder", ("key",), rows, keep=keep)
    known = reminder_ids(connection)
    ids = {one.reference: known[one.key] for one in told.values() if one.key in known}
    names = {number: reference for reference, number in ids.items()}
    under_way = {leased[key] for key in held}

    def label(key: Key) -> str:
        return f"{names.get(key[0], key[0])}/{key[1]}"

    def leave(row: Row) -> bool:
        return row["outcome"] == "sending" and (row["reminder"], row["attempt"]) in under_way

    attempts = _attempts(replay.outbox.attempts, ids)
    deliveries = compare(connection, "delivery", ("reminder", "attempt"), attempts, keep=keep, label=label, leave=leave)
    return reminders, deliveries


def _reminder(one: Told, *, held: bool) -> Again:
    columns = {**asdict(one), "token": one.attempts}
    if not held:
        return Again(columns)
    mine = {name: value for name, value in columns.items() if name not in _OF_A_LEASE}
    return Again({**mine, "attempts": one.attempts + 1, "token": one.attempts + 1})


def _attempts(tried: Mapping[tuple[str, int], Tried], ids: Mapping[str, int]) -> dict[Key, Again]:
    rows: dict[Key, Again] = {}
    for one in tried.values():
        columns = asdict(one)
        reminder = ids.get(columns.pop("reference"), one.reference)
        # entries before issue 4 did not say how an attempt began
        began = {name: columns.pop(name) for name in ("started_at", "address")}
        columns |= {name: value for name, value in began.items() if value is not None}
        otherwise = {"started_at": one.finished_at, "address": ""}
        rows[reminder, one.attempt] = Again({**columns, "reminder": reminder}, otherwise)
    return rows
