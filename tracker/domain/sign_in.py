"""Signing in: how long somebody who was wrong too often has to wait, and how long one who was right may stay."""

from dataclasses import dataclass
from datetime import datetime, timedelta

REMEMBERED = timedelta(days=30)  # attempts older than this are forgotten
OF_A_PAIR = timedelta(hours=24)
OF_MANY = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """How often it went wrong lately, and when last."""

    failures: int = 0
    last: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is known of a name typed at an address: the two together since they last got in, each alone for an hour.

    `known`: the name got in from this address before. Then others who try the name cannot keep its owner out.
    """

    pair: Tries
    name: Tries
    address: Tries
    known: bool = False


@dataclass(frozen=True, slots=True)
class _Patience:
    """After so many failures each further one doubles the wait, up to the longest."""

    free: int
    longest: timedelta

    def until(self, tries: Tries) -> datetime | None:
        over = tries.failures - self.free
        if tries.last is None or over < 0:
            return None
        return tries.last + min(timedelta(seconds=2 ** min(over, 20)), self.longest)


_PAIR = _Patience(5, timedelta(minutes=15))
_NAME = _Patience(30, timedelta(minutes=5))
_ADDRESS = _Patience(60, timedelta(minutes=15))


def held_until(record: Record) -> datetime | None:
    """Return until when no further attempt is heard; None where one may be made now.

    >>> from datetime import UTC
    >>> then, none = datetime(2025, 8, 11, tzinfo=UTC), Tries()
    >>> [held_until(Record(pair=Tries(failures=n, last=then), name=none, address=none)) for n in (0, 4)]
    [None, None]
    >>> [(held_until(Record(pair=Tries(failures=n, last=then), name=none, address=none)) - then).seconds
    ...  for n in (5, 6, 10, 40)]
    [1, 2, 32, 900]
    """
    found = [_PAIR.until(record.pair), _ADDRESS.until(record.address)]
    if not record.known:
        found.append(_NAME.until(record.name))
    return max((one for one in found if one is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """How long a session lasts: without a sign of life, and at the longest."""

    idle: timedelta
    longest: timedelta

    def is_over(self, *, made: datetime, seen: datetime, ends: datetime, at: datetime) -> bool:
        """Return whether a session is over at an instant; a setting made shorter holds for those there are too."""
        return at >= min(seen + self.idle, ends, made + self.longest)
