"""The ground a page stands on: where the ledger ends, and the little that is written without an entry."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, case, func, or_, select

from tracker.store.adopted import REGISTRY
from tracker.store.assignments import ASSIGNMENT
from tracker.store.ledger import HEAD, Position
from tracker.store.outbox import DELIVERY
from tracker.store.seals import SEAL
from tracker.store.watches import WATCH


class Ground(NamedTuple):
    """What a transaction sees: where the ledger ends, the registry in force, and what is written without an entry.

    `swept` is when what came due was last looked for, `attempts` the last attempt that began, `sealed` how far
    seals go; `turned` is how many have turned by the clock alone by the present instant: more and more of them,
    until an entry says so. While none of these is another, nothing a page shows of an instant is.
    """

    seq: int
    hash: str
    high_water: datetime
    mode: str
    registry: str | None
    swept: datetime | None
    attempts: int | None
    sealed: int | None
    turned: int

    @property
    def head(self) -> Position:
        """Return where the ledger ends."""
        return Position(self.seq, self.hash, self.high_water, self.mode)

    def now(self, wall: datetime) -> datetime:
        """Return the present instant: that of a rehearsal is where it has got to, whatever the wall says."""
        return self.high_water if self.head.is_rehearsal else max(wall, self.high_water)


# the present instant, as `now` has it
_WALL = bindparam("wall", type_=HEAD.c.high_water.type)
_BEHIND = or_(HEAD.c.mode == "rehearsal", HEAD.c.high_water > _WALL)
_PRESENT = case((_BEHIND, HEAD.c.high_water), else_=_WALL)
_TURNED = select(func.count()).select_from(ASSIGNMENT).where(ASSIGNMENT.c.next_moment <= _PRESENT)
# one question: on a server each is a journey of its own
_GROUND = select(
    *(HEAD.c[name] for name in ("seq", "hash", "high_water", "mode")),
    select(REGISTRY.c.fingerprint).order_by(REGISTRY.c.version.desc()).limit(1).scalar_subquery(),
    select(WATCH.c.at).where(WATCH.c.work == "sweep").scalar_subquery(),
    select(func.max(DELIVERY.c.id)).scalar_subquery(),
    select(func.max(SEAL.c.size)).scalar_subquery(),
    _TURNED.correlate(HEAD).scalar_subquery(),
)


def ground(connection: Connection, wall: datetime) -> Ground:
    """Return the ground; `wall` is what time it is."""
    return Ground(*connection.execute(_GROUND, {"wall": wall}).one())
