"""Sentences the domain says, as a code with values, so that every face can say them in its reader's language.

The English wording stands here once; the other languages translate these very strings
(gettext message ids in `tracker/locale`). A number of days is a `Span`, so that no sentence
has to agree with a number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from tracker.domain.calendar import Span
from tracker.domain.text import Text

# an instant is an aware datetime in the zone it is told in
Value = str | int | float | date | datetime | time | Span | Text

ENGLISH: Mapping[str, str] = {
    # why an assignment stands where it stands (standing.py)
    "open": "in time: the last day is {last_day}",
    "due_soon": "due soon: the last day is {last_day}, {left} left",
    "due_soon_last": "the last day is {last_day}: no working day is left after today",
    "overdue": "overdue by {late}: the last day was {last_day}",
    "overdue_waiting": "overdue by {late}: the last day was {last_day}; it still waits for {first}",
    "overdue_today": "overdue: it was due by {minute} today",
    "not_open_yet": "not open yet: it opens on {opens_day}, and the last day is {last_day}",
    "waiting": "cannot start yet: waits for {first}",
    "waiting_more": "cannot start yet: waits for {first} and {count} more",
    "undated": "no date was set: the next review is on {review_day}",
    "undated_free": "no date was set",
    "unresolved_task": "no date yet: it is set when '{first}' is completed",
    "unresolved_event": "no date yet: it is set when the event '{event}' is recorded",
    "review_due": "no date was set and nothing was heard since {touched_day}: the review was due on {review_day}",
    "submitted": "reported on {day}, in time; awaits review",
    "submitted_late": "reported on {day}, late by {late}; awaits review",
    "submitted_undated": "reported on {day}; awaits review",
    "suspended": "suspended on {day}, the clock stands still: {why}",
    "suspended_late": "suspended on {day}, when it was overdue by {late}: {why}",
    "returned": "returned on {day} for completion; still missing: {missing}",
    "returned_late": (
        "overdue by {late}: the last day was {last_day}; returned on {day} for completion, still missing: {missing}"
    ),
    "completed_on_time": "completed: the report of {day} came in time",
    "completed_late": "completed late: the report came on {day}, late by {late}",
    "completed_undated": "completed: reported on {day}, no date had been set",
    "completed_reported": "completed on {day}, as the source itself reports",
    "closed_out": "closed without completion: {why}",
    "cut_off": "closed without completion: the cut-off of {last_day} passed",
    "measured": "lateness is measured on the day a report is received, whatever day it says the work was done",
    # what late days are charged to (fairness.py)
    "late_impossible": "{late}, up to {day}: the date set left too little time, or had passed when it was set",
    "late_suspended": "{late}, up to {day}: the task was suspended",
    "late_suspended_before": "{late}, up to {day}: given back for days lost before, when the task was suspended",
    "late_delivery": "{late}, up to {day}: the order had not reached the agency",
    "late_delivery_before": (
        "{late}, up to {day}: given back for days lost before, when the order had not reached the agency"
    ),
    "late_review": "{late}, up to {day}: the report lay with the reviewer before it was returned",
    "late_review_before": (
        "{late}, up to {day}: given back for days lost before, when the report lay with the reviewer"
    ),
    "late_upstream": "{late}, up to {day}: it waited for {agencies}, who was late",
    "late_upstream_before": (
        "{late}, up to {day}: given back for days lost before, when it waited for {agencies}, who was late"
    ),
    "late_own": "{late}, up to {day}: the agency's own delay",
    # how a deadline was set (deadline.py)
    "rule_before": "'before {day}' leaves that day out: the last day is the one before",
    "rule_before_inclusive": "'before {day}' is read in this directive as including that day",
    "rule_by": "'by {day}' includes that day",
    "rule_in": "a month named without a day ends with its last day, {last_day}",
    "rule_in_quarter": "a quarter named without a day ends with its last day, {last_day}",
    "rule_in_year": "a year named without a day ends with its last day, {last_day} (Civil Code 2015, art. 146)",
    "rule_window": "'from {start} to {day}' includes both days; it opens with the first",
    "rule_every": "the duty recurs ({rule}): this time its day is {day}",
    "rule_written": "a written date does not move when it falls on a day off",
    "day_off_written": "{day} is a day off ({why}); reminders count back from {working}, the working day before it",
    "anchor_issue": "the period runs from the date of issue, {day}, which is not counted (Civil Code 2015, art. 147)",
    "anchor_task": (
        "the period runs from {day}, when '{first}' was completed; that day is not counted (Civil Code 2015, art. 147)"
    ),
    "anchor_event": (
        "the period runs from {day}, the day of the event '{event}', which is not counted (Civil Code 2015, art. 147)"
    ),
    "count_days": "{span} later is {day}; days off are counted too",
    "count_working": "{span} later is {day}",
    "count_corresponding": "{span} later the corresponding day is {day} (Civil Code 2015, art. 148)",
    "count_months_short": (
        "{span} later there is no corresponding day: the period ends with the last of the month, {day} "
        "(Civil Code 2015, art. 148)"
    ),
    "skipped": "{day} is not counted: {why}",
    "make_up": "{day} is counted as a working day: {why}",
    "rolled": (
        "{day} is a day off ({why}): the period ends on the next working day, {working} (Civil Code 2015, art. 148)"
    ),
    "passed_over": "{day} is a day off too: {why}",
    "rolled_back": "{day} is a day off ({why}): the period ends on the working day before, {working}",
    "not_rolled": "{day} is a day off ({why}), and the date stays; reminders count back from {working}",
    "void_from": "the date is a cut-off: from {late_from} the duty is void, not late",
    "late_from_day": "the last day ends at midnight: late from {late_from}",
    "late_from_minute": "a report at {minute} is still in time: late from {late_from}",
    # where an auditor may want to begin (patterns.py)
    "closing_burst": "{count} assignments were closed on {day}; on the {back} days before it {average} on average",
    "closing_before_report": (
        "{count} assignments were closed from {start} to {day}, the day of a report; "
        "in {days} days of the {back} before {average} on average"
    ),
    "serial_extension": "the last day of {ref} was moved {times} times, from {old} to {new}",
    "moved_after_expiry": "the last day of {ref} was {old}; after it had passed, {actor} moved it to {new}",
    "quick_acceptances": "within a minute, from {moment}, {actor} accepted {count} reports",
    # what does not hold in a receipt (audit/receipt.py)
    "receipt_key": "it names the key {key}, not the one given",
    "receipt_seal_key": "its seal does not hold: it was made with the key {seal}, not with {key}",
    "receipt_seal_text": "its seal does not hold: the signature by {seal} does not fit the text of the seal",
    "receipt_ledger": "its key is one of another ledger",
    "receipt_hash": "the text of the entry does not give its hash",
    "receipt_text": "the text of the entry is not the canonical JSON of one",
    "receipt_position": "the entry says another position than the receipt",
    "receipt_proof": "the proof does not lead from the entry to the sealed root",
}


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sentence by its code and the values that fill it; `str` says it in English, with ISO dates.

    >>> str(Phrase("count_working", {"span": Span(20, "working days"), "day": date(2025, 9, 10)}))
    '20 working days later is 2025-09-10'
    """

    code: str
    values: Mapping[str, Value]

    def __str__(self) -> str:
        return ENGLISH[self.code].format_map({name: _english(value) for name, value in self.values.items()})


def _english(value: Value) -> str:
    match value:
        case datetime():  # before `date`, of which it is a kind
            return f"{value:%Y-%m-%d %H:%M} ({value.tzinfo})"
        case time():
            return f"{value:%H:%M}"
        case float():
            return f"{value:.1f}"
    return str(value)
