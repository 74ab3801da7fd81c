"""What one process of several does in the tests of concurrency; importable by a process that starts from nothing."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.simulation.a_store import ADOPTED, Recorder, mailboxes
from tracker.domain.errors import TrackerError
from tracker.operations import (
    accept,
    acknowledge,
    deliver,
    open_store,
    rebuild,
    remove_channel,
    set_channel,
    submit,
    sweep,
)
from tracker.settings import Settings

_gate: Any = None


def at_the_gate(gate: Any) -> None:
    """Keep the barrier at which all processes of a test start together."""
    global _gate  # noqa: PLW0603 - a pool hands its processes nothing but their first call
    _gate = gate


def sweeping(url: str, batch: int) -> int:
    """Return how many reminders this process made, sweeping with the others at one instant."""
    store = open_store(url)
    _gate.wait()
    return sweep(store, at=ADOPTED, batch=batch).reminders


def making_occurrences(url: str, at: datetime) -> tuple[int, int]:
    """Return how many occurrences and reminders this process made, sweeping with the others at a later instant."""
    store = open_store(url)
    _gate.wait()
    swept = sweep(store, at=at)
    return swept.occurrences, swept.reminders


def delivering(url: str, works: bool = True) -> list[str]:
    """Return the references this process sent, delivering with the others; one that does not work only waits."""
    store, sender = open_store(url), Recorder()
    _gate.wait()
    if not works:
        return []
    told = deliver(store, sender, settings=Settings(), clock=lambda: ADOPTED)
    assert told.accepted == sender.mails
    return [reference for _, reference in sender.sent]


def accepting(url: str, ref: str) -> str:
    """Return what became of accepting one report that all others accept too."""
    store = open_store(url)
    _gate.wait()
    try:
        accept(store, ref, at=ADOPTED, actor="secretariat")
    except TrackerError as error:
        return type(error).__name__
    return "accepted"


def one_of_a_crowd(url: str, role: tuple[str, str], tasks: Sequence[str], days: int) -> int:
    """Return how many things this process did in its role, all roles at work on the same tasks at once."""
    store = open_store(url)
    _gate.wait()
    match role:
        case "verbs", agency:
            return sum(_through(store, f"{task}/{agency}") for task in tasks)
        case "sweeps", _:
            return sum(sweep(store, at=ADOPTED + timedelta(days=day), batch=7).claimed for day in range(days))
        case "rebuilds", _:
            return sum(len(rebuild(store).differing) for _ in range(days))
        case "moves", agency:
            for _ in range(days):
                remove_channel(store, agency, "mail", at=ADOPTED, actor="secretariat")
                set_channel(store, mailboxes(agency), at=ADOPTED, actor="secretariat")
            return days
        case _:
            sender = Recorder()
            for day in range(days):
                deliver(store, sender, settings=Settings(), clock=lambda day=day: ADOPTED + timedelta(days=day))  # type: ignore[misc]
            return len(sender.sent)


def _through(store: Any, ref: str) -> int:
    """Take one assignment from its assignment to its completion."""
    acknowledge(store, ref, at=ADOPTED, actor="office")
    submit(store, ref, at=ADOPTED, actor="office", words="done")
    accept(store, ref, at=ADOPTED, actor="secretariat")
    return 3


def wait_for_all() -> None:
    """Return when every process of a test has come this far."""
    _gate.wait()
