"""Sentences the domain says, as a code with values, so that every face can say them in its reader's language.

The English wording stands here once; the other languages translate these very strings
(gettext message ids in `tracker/locale`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

Value = str | int | date

ENGLISH: Mapping[str, str] = {
    # why an assignment stands where it stands (standing.py)
    "open": "in time: the last day is {last_day}",
    "due_soon": "due soon: the last day is {last_day}, {days} working days left",
    "overdue": "overdue by {days} days: the last day was {last_day}",
    "overdue_waiting": "overdue by {days} days: the last day was {last_day}; it still waits for {first}",
    "overdue_today": "overdue since {minute} today",
    "waiting": "cannot start yet: waits for {first}",
    "waiting_more": "cannot start yet: waits for {first} and {count} more",
    "undated": "no date was set: the next review is on {review_day}",
    "undated_free": "no date was set",
    "review_due": "no date was set and nothing was heard since {touched_day}: the review was due on {review_day}",
    "submitted": "reported on {day}, in time; awaits review",
    "submitted_late": "reported on {day}, {days} days late; awaits review",
    "returned": "returned on {day}: {missing}",
    "returned_late": "returned on {day}: {missing}; overdue by {days} days, the last day was {last_day}",
    "completed_on_time": "completed: the report of {day} came in time",
    "completed_late": "completed late: the report came on {day}, {days} days after the last day",
    "completed_undated": "completed: reported on {day}, no date had been set",
    "closed_out": "closed without completion: {why}",
    # how a deadline was set (deadline.py)
    "rule_before": "'before {day}' leaves that day out: the last day is the one before",
    "rule_before_inclusive": "'before {day}' is read in this directive as including that day",
    "rule_by": "'by {day}' includes that day",
    "rule_in": "'in {month}' ends with the last day of the month",
    "rule_written": "a written date does not move when it falls on a day off",
    "day_off_written": "{day} is a day off ({why}); reminders look at {working}, the working day before it",
    "anchor_issue": "the clock starts with the date of issue, {day}, which is not counted (Civil Code 2015, art. 147)",
    "count_days": "{count} calendar days later is {day}",
    "count_working": "{count} working days later is {day}",
    "skipped": "{day} is not counted: {why}",
    "make_up": "{day} is counted: {why}",
    "rolled": "{day} is a day off ({why}): it ends on the next working day, {working} (Civil Code 2015, art. 148)",
    "late_from_day": "the last day ends at midnight in {zone}: late from {instant}",
    "late_from_minute": "the last minute is {minute} in {zone}: late from {instant}",
    "weekend": "weekly day off",
}


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sentence by its code and the values that fill it; `str` says it in English.

    >>> str(Phrase("count_days", {"count": 20, "day": date(2025, 8, 31)}))
    '20 calendar days later is 2025-08-31'
    """

    code: str
    values: Mapping[str, Value]

    def __str__(self) -> str:
        return ENGLISH[self.code].format(**self.values)
