"""The one reader of the wall clock.

A face or a flow reads the instant once and hands it down as `at`. Every other module is told what time it
is, so any day can be reckoned again and no test waits for one. The linter and `tests/test_architecture.py`
refuse a second reader.
"""

from datetime import UTC, datetime


def now() -> datetime:
    """Return this instant, aware and in UTC.

    >>> now().utcoffset()
    datetime.timedelta(0)
    """
    return datetime.now(UTC)
