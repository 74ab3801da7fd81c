"""Links that a mail carries: their keys, who may have which, and what they say.

A mail has links only where a secret was made: by whoever serves the page behind them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment
from tracker.domain.authority import Standpoint, may
from tracker.domain.errors import Refused
from tracker.domain.lifecycle import BY_KIND
from tracker.domain.link import Action, Link, expiry, is_of_page, page_stamp, sign
from tracker.domain.snooze import latest_snooze
from tracker.domain.standing import Progress
from tracker.operations.deputies import deputies_of
from tracker.operations.secrets import secretfile_of, vault_made, vault_of
from tracker.settings import Settings
from tracker.store.outbox import Reminder
from tracker.store.store import Connection, Store

LABEL = "links"
PATH = "/l/"
NOTED = BY_KIND["noted"]
Tokens = Mapping[Action, str]
_KNOWN: dict[tuple[object, ...], "Keys"] = {}


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of links, the newest first: it signs, all of them are accepted."""

    accepted: tuple[bytes, ...]

    @property
    def signing(self) -> bytes:
        """Return the key in force."""
        return self.accepted[0]

    def stamp(self, token: str, *, at: datetime) -> str:
        """Return what the form of a page shown at an instant carries beside its token."""
        return page_stamp(token, self.signing, at=at)

    def are_of_page(self, stamp: str, token: str, *, at: datetime) -> bool:
        """Return whether a form came from a page of ours."""
        return is_of_page(stamp, token, self.accepted, at=at)


def keys_of(store: Store, settings: Settings, *, make: bool = False) -> Keys | None:
    """Return the keys of links; None where no secret was made yet, unless it is to be made now.

    Raises Refused where the secret's file is not what it must be.
    """
    file = secretfile_of(store, settings)
    if make:
        vault_made(store, settings)
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    # read and derived once a change of the file: every mail asks
    mark = (str(file), found.st_ino, found.st_mtime_ns, found.st_size, found.st_mode)
    keys = _KNOWN.get(mark)
    if keys is None:
        keys = Keys(tuple(vault_of(store, settings).derived(LABEL)))
        _KNOWN.clear()
        _KNOWN[mark] = keys
    return keys


def links_of(
    connection: Connection,
    reminder: Reminder,
    assignment: Assignment,
    *,
    registry: Registry,
    keys: Keys,
    at: datetime,
) -> Tokens:
    """Return the tokens a reminder carries, by what they do: none for an office that may not, or nothing to do."""
    last_day = assignment.facts.limit.last_day if assignment.facts.limit else None
    link = Link(
        assignment=assignment.ref,
        office=reminder.agency,
        channel=reminder.channel,
        action=Action.ACKNOWLEDGE,
        version=assignment.version,
        expires=expiry(last_day, reminder.moment, registry.calendar),
        reminder=reminder.reference,
    )
    if at >= link.expires or not is_theirs(connection, link, assignment, registry, at):
        return {}
    return tokens_of(link, assignment, registry, keys, at)


def urls_of(
    connection: Connection,
    reminder: Reminder,
    assignment: Assignment,
    *,
    registry: Registry,
    settings: Settings,
    at: datetime,
) -> Mapping[Action, str]:
    """Return where a click acts without a login; nothing where no secret was made, or it cannot be read."""
    try:
        keys = keys_of(Store(connection.engine), settings)
    except Refused:  # whoever serves the pages hears of it; the mail goes out without
        return {}
    tokens = links_of(connection, reminder, assignment, registry=registry, keys=keys, at=at) if keys else {}
    return {action: f"{settings.base_url.rstrip('/')}{PATH}{token}" for action, token in tokens.items()}


def is_theirs(connection: Connection, link: Link, assignment: Assignment, registry: Registry, at: datetime) -> bool:
    """Return whether an assignment is with an office still: its own, delegated, below it, or covered for today."""
    if assignment.facts.progress == Progress.SUPERSEDED or link.office not in registry.agencies:
        return False
    if link.office == assignment.agency:
        return True
    covered = {assignment.agency, assignment.delegate or assignment.agency}
    deputies = deputies_of(connection, *covered, on=registry.calendar.civil_day(at))
    return may(NOTED, assignment, Standpoint("agency", link.office), registry, deputies)


def tokens_of(link: Link, assignment: Assignment, registry: Registry, keys: Keys, at: datetime) -> Tokens:
    """Return the tokens of the acts that are open where an assignment stands."""
    facts = assignment.facts
    if facts.progress not in NOTED.sources or facts.is_void(at):
        return {}
    latest = latest_snooze(facts, at=at, calendar=registry.calendar)
    acts = (Action.ACKNOWLEDGE,) if latest is None else (Action.ACKNOWLEDGE, Action.SNOOZE)
    return {action: sign(replace(link, action=action), keys.signing) for action in acts}
