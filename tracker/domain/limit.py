"""The limit of an assignment: what is left of a deadline once it has been reckoned."""

from dataclasses import dataclass
from datetime import date, datetime, time

from tracker.domain.calendar import civil_day


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The last day in time, its minute if the directive names one, the zone, the first late instant (UTC).

    Before `opens_at` nobody is reminded. At the end of a `cutoff` the duty is void instead of late.
    """

    last_day: date
    zone: str
    late_from: datetime
    minute: time | None = None
    opens_at: datetime | None = None
    cutoff: bool = False

    def days_late(self, at: datetime) -> int:
        """Return the difference of civil days, in the deadline's zone, between an instant and the last day."""
        return (civil_day(self.zone, at) - self.last_day).days
