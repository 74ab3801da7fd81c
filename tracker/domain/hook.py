"""Hooks: who asked to be told of entries as they are made, of which kinds, and how long silence is borne."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from tracker.domain.errors import Invalid
from tracker.domain.lifecycle import BY_KIND

# every kind of entry that a hook can be told of; what the tracker notes of its own mails and looks is not among them
TOLD: frozenset[str] = frozenset(BY_KIND) | {
    *("assigned", "date_set", "reinstated", "renamed", "directive_adopted", "registry_adopted", "calendar_changed"),
}
# after a failure it is tried again so much later, and after the last of these as often
STEPS = tuple(timedelta(minutes=n) for n in (1, 5, 30, 120, 360, 720))
GIVEN_UP = timedelta(days=5)  # a hook that took nothing for so long is told nothing more


def kinds_of(said: Iterable[str]) -> tuple[str, ...]:
    """Return the kinds a hook wants, in order; none for all of them. Raises Invalid for one there is not.

    >>> kinds_of(["submitted", "completed", "submitted"])
    ('completed', 'submitted')
    """
    found = sorted(set(said))
    unknown = [kind for kind in found if kind not in TOLD]
    if unknown:
        raise Invalid(f"no hook is told of '{unknown[0][:60]}'", code="unknown-kind")
    return tuple(found)


def wants(kinds: Collection[str], kind: str) -> bool:
    """Return whether a hook is told of an entry of a kind.

    >>> wants((), "completed"), wants(("submitted",), "completed"), wants((), "swept")
    (True, False, False)
    """
    return kind in TOLD and (not kinds or kind in kinds)


def next_try(at: datetime, attempts: int) -> datetime:
    """Return when a delivery is tried again after so many attempts."""
    return at + STEPS[min(max(attempts, 1), len(STEPS)) - 1]


def is_hopeless(failing_since: datetime | None, at: datetime) -> bool:
    """Return whether a hook has failed for so long that it is told nothing more."""
    return failing_since is not None and at - failing_since >= GIVEN_UP
