"""Deputies: an office that covers for another while that one is absent. Both hear of every reminder meanwhile.

A deputy answers in the lead's place, under its own name; the lead stays answerable.
"""

from datetime import date, datetime, timedelta

from tracker.domain.authority import standpoint
from tracker.domain.entry import Draft
from tracker.domain.errors import Conflict, NotFound, Refused
from tracker.domain.waiting import above
from tracker.operations.recipients import recall
from tracker.operations.recording import registry_in_force
from tracker.store import deputies, ledger
from tracker.store.deputies import Deputy
from tracker.store.store import Connection, Store

NAMED, ENDED = "deputy_named", "deputy_ended"


def deputies_of(connection: Connection, *agencies: str, on: date) -> tuple[str, ...]:
    """Return the offices that cover for one of some agencies on a day."""
    found = deputies.on_day(connection, agencies, on)
    return tuple(dict.fromkeys(deputy for agency in agencies for deputy in found.get(agency, ())))


def name_deputy(
    store: Store, agency: str, deputy: str, *, first: date, last: date, at: datetime, actor: str, why: str
) -> Deputy:
    """Name the office that covers for an agency from one day to another, both included.

    The agency itself, an office above it or the secretariat may. Raises Refused for a past period
    and for an office that covers for itself.
    """
    if not why.strip():
        raise Refused("say why: an absence has a reason", code="no-reason")
    with store.write() as connection:
        at = ledger.settle(connection, at)
        registry = registry_in_force(connection)
        today = registry.calendar.civil_day(at)
        for code in (agency, deputy):
            if code not in registry.agencies:
                raise NotFound(f"the registry has no agency '{code}'", code="unknown-agency")
        _check_actor(connection, agency, actor)
        if agency == deputy:
            raise Refused(f"{agency} cannot be its own deputy", code="same-agency")
        if last < first or last < today:
            raise Refused(f"the period from {first} to {last} is over or upside down", code="bad-period")
        if not registry.agencies[deputy].is_valid(first):
            raise Refused(f"{deputy} does not exist on {first}: it cannot cover for anybody", code="agency-ended")
        payload = {
            "agency": agency,
            "deputy": deputy,
            "from": first.isoformat(),
            "until": last.isoformat(),
            "why": why.strip(),
        }
        end = ledger.append(connection, [Draft(kind=NAMED, effective_at=at, actor=actor, payload=payload)], at=at)
        named = Deputy(seq=end.seq, agency=agency, deputy=deputy, from_day=first, until_day=last)
        deputies.add(connection, named)
        return named


def end_deputy(store: Store, seq: int, *, at: datetime, actor: str) -> Deputy:
    """Let a deputy, known by the entry that named it, cover no longer: from now on only the agency answers."""
    with store.write() as connection:
        at = ledger.settle(connection, at)
        named = deputies.get(connection, seq)
        if named is None:
            raise NotFound(f"entry {seq} named no deputy")
        _check_actor(connection, named.agency, actor)
        yesterday = registry_in_force(connection).calendar.civil_day(at) - timedelta(days=1)
        if named.until_day <= yesterday:
            raise Conflict(f"{named.deputy} has not covered for {named.agency} since {named.until_day}")
        payload = {"named": seq, "agency": named.agency, "deputy": named.deputy, "until": yesterday.isoformat()}
        ledger.append(connection, [Draft(kind=ENDED, effective_at=at, actor=actor, payload=payload)], at=at)
        deputies.end(connection, seq, until_day=yesterday)
        recall(connection, named.deputy, at=at, actor=actor)
        return Deputy(seq=seq, agency=named.agency, deputy=named.deputy, from_day=named.from_day, until_day=yesterday)


def _check_actor(connection: Connection, agency: str, actor: str) -> None:
    registry = registry_in_force(connection)
    who = standpoint(actor, registry)
    may = who.role in ("secretariat", "operator") or who.office in (agency, *above(agency, registry))
    if not may:
        raise Refused(f"{actor} may not speak for {agency}", code="not-yours")
