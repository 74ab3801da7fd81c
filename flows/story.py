"""What the demo makes up: a handful of reports, some late, some returned. Every actor is labelled `demo:…`.

The directives, their tasks and dates are real; nothing said here of any agency ever happened.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Literal
from zoneinfo import ZoneInfo

from tracker.operations import accept, acknowledge, send_back, submit

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
# the orders of the demo; the others of the folder are checked with them, not played
PLAYED = ("2025/412-tb-vpcp", "2025/268-nq-cp", "2025/2179-qd-ttg")
FIRST, LAST = date(2025, 8, 11), date(2025, 10, 20)
OFFICE = "VPCP"  # the secretariat: it accepts and returns
LANGUAGES = {"BNG": "en", "BTC": "en", "BVHTTDL": "fr", "46": "fr"}  # all others are written to in Vietnamese

PORTAL = "2025/412-tb-vpcp/service-portal"
ERRORS = "2025/412-tb-vpcp/fix-system-errors"
REVIEW = "2025/412-tb-vpcp/legal-review"
RULES = "2025/268-nq-cp/advise-unit-classification"
STANDARDS = "2025/268-nq-cp/advise-unit-standards"
UNITS = "2025/268-nq-cp/guide-service-units"
STAFF = "2025/2179-qd-ttg/review-staff"

Verb = Literal["acknowledge", "submit", "accept", "send_back"]


@dataclass(frozen=True, slots=True)
class Move:
    """One made-up act: on which day and at which hour, which assignment, what, in which words."""

    day: date
    hour: int
    task: str
    agency: str
    verb: Verb
    words: str = ""

    @property
    def at(self) -> datetime:
        """Return the instant of the act."""
        return datetime.combine(self.day, time(self.hour), ZONE)

    def make(self, store: Any) -> None:
        """Do it: agencies take note and report, the secretariat accepts and returns."""
        ref = f"{self.task}/{self.agency}"
        match self.verb:
            case "acknowledge":
                acknowledge(store, ref, at=self.at, actor=f"demo:{self.agency}")
            case "submit":
                document = f"demo-{self.agency}-{self.day.isoformat()}.pdf"
                submit(store, ref, at=self.at, actor=f"demo:{self.agency}", words=self.words, document=document)
            case "accept":
                accept(store, ref, at=self.at, actor=f"demo:{OFFICE}")
            case "send_back":
                send_back(store, ref, at=self.at, actor=f"demo:{OFFICE}", missing=self.words)


def _on(month: int, day: int) -> date:
    return date(FIRST.year, month, day)


MOVES: tuple[Move, ...] = (
    Move(_on(8, 12), 9, PORTAL, "BNV", "acknowledge"),
    Move(_on(8, 13), 9, REVIEW, "BTP", "acknowledge"),
    Move(_on(8, 26), 10, PORTAL, "BNV", "submit", "The technical base is in use."),
    Move(_on(8, 27), 15, PORTAL, "BNV", "accept"),
    Move(_on(8, 28), 10, REVIEW, "BTP", "submit", "The list of documents to change is attached."),
    Move(_on(8, 29), 16, ERRORS, "BTC", "submit", "All known errors are repaired."),
    Move(_on(8, 29), 16, PORTAL, "BKHCN", "submit", "The portal answers in all units."),  # nobody reviews it
    Move(_on(9, 1), 9, ERRORS, "BTC", "send_back", "the record of the last test run"),
    Move(_on(9, 3), 11, REVIEW, "BTP", "accept"),  # reported in time, accepted after the date: on time
    Move(_on(9, 4), 10, PORTAL, "BYT", "submit", "Finished, after a delay with the contractor."),
    Move(_on(9, 5), 14, PORTAL, "BYT", "accept"),  # four days late
    Move(_on(9, 9), 9, ERRORS, "BTC", "submit", "The record of the test run is attached."),
    Move(_on(9, 10), 15, ERRORS, "BTC", "accept"),  # returned once, late in the end
    Move(_on(9, 15), 10, UNITS, "BNV", "submit", "The guide is sent to all provinces."),
    Move(_on(9, 16), 10, UNITS, "BNV", "accept"),  # undated, and thirty-four provinces may start
    Move(_on(9, 26), 10, RULES, "BNV", "submit", "The draft is before the Government."),
    Move(_on(9, 29), 10, RULES, "BNV", "accept"),
    Move(_on(9, 30), 16, STANDARDS, "BNV", "submit", "The draft is before the Government."),
    Move(_on(10, 2), 10, STANDARDS, "BNV", "send_back", "the opinion of the Ministry of Justice"),  # overdue since
    Move(_on(10, 10), 10, STAFF, "48", "submit", "Every commune was reviewed."),
    Move(_on(10, 13), 10, STAFF, "48", "accept"),
    Move(_on(10, 14), 15, STAFF, "79", "submit", "Every commune was reviewed."),  # awaits review
    Move(_on(10, 16), 15, STAFF, "01", "submit", "Two communes came late."),
    Move(_on(10, 17), 15, STAFF, "01", "accept"),
)
