"""Agencies and the registry: who can owe a task, and the reference data a deadline is reckoned with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time

from tracker.domain.calendar import Calendar, Span
from tracker.domain.errors import NotFound
from tracker.domain.extension import NO_RULES, ExtensionRules
from tracker.domain.ladder import Ladder
from tracker.domain.standing import Policy
from tracker.domain.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """An office of the registry, valid from a day (included) to a day (excluded)."""

    code: str
    kind: str
    name: Text
    parent: str | None = None
    symbol: str | None = None
    language: str = "vi"
    valid_from: date | None = None
    valid_to: date | None = None

    def is_valid(self, on: date) -> bool:
        """Return whether the office exists on that day."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on < self.valid_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencySet:
    """A named set: every agency of these kinds, then the codes listed."""

    kinds: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """The reference data that directives point to: agencies, sets, calendar, ladders.

    `secretariat` is the office that follows all tasks up, `head` the head of the office, to whom
    ladders escalate that name no other. `lists` is the hour at which lists are sent on Monday; None: none are.
    """

    agencies: Mapping[str, Agency]
    sets: Mapping[str, AgencySet]
    calendar: Calendar
    ladders: Mapping[str, Ladder]
    due_soon: Span = field(default_factory=lambda: Span(3, "working days"))
    extensions: ExtensionRules = NO_RULES
    secretariat: str | None = None
    head: str | None = None
    lists: time | None = None

    def members(self, name: str, *, on: date) -> tuple[str, ...]:
        """Return the codes of the agencies of a set that exist on a day, in the order of their codes.

        Raises NotFound for a name that is neither a set nor an agency; an agency is a set of itself.
        """
        if name in self.agencies:
            return (name,)
        if name not in self.sets:
            raise NotFound(f"the registry has no agency or set '{name}'")
        group = self.sets[name]
        listed = set(group.codes) | {a.code for a in self.agencies.values() if a.kind in group.kinds}
        return tuple(sorted(code for code in listed if self.agencies[code].is_valid(on)))

    def ladder(self, name: str) -> Ladder | None:
        """Return the ladder of that name, or None for the name 'none': no reminders."""
        if name == "none":
            return None
        if name not in self.ladders:
            raise NotFound(f"the registry has no ladder '{name}'")
        return self.ladders[name]

    def policy(self, ladder: str) -> Policy:
        """Return what standings are reckoned with for assignments of that ladder."""
        return Policy(calendar=self.calendar, due_soon=self.due_soon, ladder=self.ladder(ladder))
