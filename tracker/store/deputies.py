"""Deputies in the store: which office covers for which, and when."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import Connection, delete, insert, select, update

from tracker.store.tables import DeputyRow

DEPUTY = DeputyRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deputy:
    """An office that covers for another from one day to another, both included; `seq` is the entry that named it."""

    seq: int
    agency: str
    deputy: str
    from_day: date
    until_day: date


def add(connection: Connection, deputy: Deputy) -> None:
    """Write a deputy."""
    connection.execute(insert(DEPUTY), [asdict(deputy)])


def end(connection: Connection, seq: int, *, until_day: date) -> None:
    """Let a deputy cover no longer than a day."""
    connection.execute(update(DEPUTY).where(DEPUTY.c.seq == seq).values(until_day=until_day))


def get(connection: Connection, seq: int) -> Deputy | None:
    """Return the deputy named by an entry."""
    row = connection.execute(select(DEPUTY).where(DEPUTY.c.seq == seq)).mappings().one_or_none()
    return Deputy(**row) if row else None


def listed(connection: Connection) -> tuple[Deputy, ...]:
    """Return every deputy that was ever named, in the order they were named."""
    return tuple(Deputy(**row) for row in connection.execute(select(DEPUTY).order_by(DEPUTY.c.seq)).mappings())


def covering(connection: Connection, agencies: Iterable[str], day: date) -> Mapping[str, tuple[Deputy, ...]]:
    """Return who covers for some agencies on a day, by agency, in the order they were named."""
    question = select(DEPUTY).where(
        DEPUTY.c.agency.in_(sorted(agencies)), DEPUTY.c.from_day <= day, DEPUTY.c.until_day >= day
    )
    found: dict[str, list[Deputy]] = {}
    for row in connection.execute(question.order_by(DEPUTY.c.seq)).mappings():
        found.setdefault(row["agency"], []).append(Deputy(**row))
    return {agency: tuple(named) for agency, named in found.items()}


def on_day(connection: Connection, agencies: Iterable[str], day: date) -> Mapping[str, tuple[str, ...]]:
    """Return the deputies that cover for some agencies on a day, by agency; agencies without one are left out."""
    found = covering(connection, agencies, day)
    return {agency: tuple(dict.fromkeys(one.deputy for one in named)) for agency, named in found.items()}


def covered_by(connection: Connection, deputy: str, day: date) -> tuple[str, ...]:
    """Return the agencies that an office covers for on a day, in the order of their codes."""
    question = select(DEPUTY.c.agency).distinct().where(DEPUTY.c.deputy == deputy)
    question = question.where(DEPUTY.c.from_day <= day, DEPUTY.c.until_day >= day)
    return tuple(connection.execute(question.order_by(DEPUTY.c.agency)).scalars())


def clear(connection: Connection) -> None:
    """Remove every row, for `rebuild`."""
    connection.execute(delete(DEPUTY))
