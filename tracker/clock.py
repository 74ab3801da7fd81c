"""The one reader of the wall clock.

A face or a flow reads the instant once and hands it down as `at`. Every other module is told what time it
is, so any day can be reckoned again and no test waits for one. The linter and `tests/test_architecture.py`
refuse a second reader.
"""

import time
from datetime import UTC, datetime, timedelta


def now() -> datetime:
    """Return this instant, aware and in UTC.

    >>> now().utcoffset()
    datetime.timedelta(0)
    """
    return datetime.now(UTC)


def uptime() -> timedelta:
    """Return how long this machine has been up: it goes on evenly, however the wall clock is set.

    >>> uptime() <= uptime()
    True
    """
    kind = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # which goes on while the machine sleeps
    return timedelta(seconds=time.clock_gettime(kind))
