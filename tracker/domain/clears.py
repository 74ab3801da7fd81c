"""The six clears: whether an order says who, what, when, who answers, what is handed in, and by what authority.

It is the drafting rule of Vietnamese administration, here as six questions over the fields of a task. Each is about
the text, not about our file: what the tracker added by itself (an owner we inferred, a review interval of ours) does
not make an order clear.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from tracker.domain.agency import Agency, Registry
from tracker.domain.deadline import Review
from tracker.domain.directive import Directive, ForEach, Task
from tracker.domain.fanout import parents
from tracker.domain.titles import no_verb

Clear = Literal["person", "task", "time", "responsibility", "product", "authority"]
CLEARS: tuple[Clear, ...] = ("person", "task", "time", "responsibility", "product", "authority")

_LANGUAGE = {"vi": "Vietnamese", "en": "English", "fr": "French"}
_DUTIES = frozenset({"task", "supervision", "reference"})
_MINISTERIAL = frozenset({"ministry", "ministerial-agency", "government-agency"})
_LOCAL = frozenset({"province", "commune"})
_ABOVE_ALL = "party"


@dataclass(frozen=True, slots=True)
class Clearness:
    """Answers the six questions for tasks under one registry; what one fan-out asks is worked out once."""

    registry: Registry | None
    _known: dict[tuple[str, str, ForEach, date], str | None] = field(default_factory=dict)
    _kinds: dict[tuple[str, str | None], str] = field(default_factory=dict)

    def unclear(self, task: Task, directive: Directive) -> Mapping[Clear, str]:
        """Return what a task is not clear on, each with the reason in a few words, in the order of `CLEARS`."""
        reasons: dict[Clear, str | None] = {
            "person": _person(task),
            "task": _task(task),
            "time": _time(task),
            "responsibility": self._responsibility(task),
            "product": _product(task),
            "authority": self._authority(task, directive),
        }
        return {clear: reason for clear, reason in reasons.items() if reason}

    def _responsibility(self, task: Task) -> str | None:
        if task.for_each and task.for_each.complete_when == "any" and len(task.for_each.named) > 1:
            return "any of several may do it, so nobody answers"
        if task.lead is not None and task.lead in task.supporting:
            return f"{task.lead} leads and cooperates"
        sets = self.registry.sets if self.registry else {}
        crowd = next((name for name in task.supporting if name in sets), None)
        return f"all of '{crowd}' cooperate, nobody by name" if crowd else None

    def _authority(self, task: Task, directive: Directive) -> str | None:
        if task.attribution != "explicit":
            return "not the document's own word"
        # a request or a plan needs no power over anybody
        if task.modality != "must" or self.registry is None or directive.issuer not in self.registry.agencies:
            return None
        issuer = self.registry.agencies[directive.issuer]
        kind = self._kind(directive)
        if task.lead is not None:
            lead = self.registry.agencies.get(task.lead)
            if lead and not may_order(issuer, lead, self.registry, kind=kind):
                return f"{issuer.code} is not above {lead.code}"
        if task.for_each is None:
            return None
        which = (issuer.code, kind, task.for_each, directive.issued)
        if which not in self._known:
            self._known[which] = self._not_below(issuer, task.for_each, directive.issued, kind=kind)
        return self._known[which]

    def _kind(self, directive: Directive) -> str:
        which = (directive.number, directive.stated_kind)
        if which not in self._kinds:  # reading it out of the number takes longer than all the rest
            self._kinds[which] = directive.kind
        return self._kinds[which]

    def _not_below(self, issuer: Agency, rule: ForEach, on: date, *, kind: str) -> str | None:
        assert self.registry is not None
        for code in parents(rule, self.registry, on):
            if not may_order(issuer, self.registry.agencies[code], self.registry, kind=kind):
                return f"{issuer.code} is not above {code}"
        return None


def may_order(issuer: Agency, lead: Agency, registry: Registry, *, kind: str) -> bool:
    """Return whether an agency may be ordered by an issuer, as far as the registry can tell.

    Itself and what stands below it; the Party everybody. A notice tells the orders of the body above its issuer, so
    that one's reach counts. A ministry guides provinces and communes in its field, but orders no other ministry.
    """
    if issuer.code == lead.code or issuer.kind == _ABOVE_ALL:
        return True
    head = issuer
    if kind == "notice" or issuer.kind in {"leader", "state"}:
        head = registry.agencies.get(issuer.parent or "", issuer)
    if _stands_below(lead, head, registry):
        return True
    return issuer.kind in _MINISTERIAL and lead.kind in _LOCAL


def _stands_below(agency: Agency, head: Agency, registry: Registry) -> bool:
    seen: set[str] = set()
    code: str | None = agency.code
    while code and code not in seen:
        if code == head.code:
            return True
        seen.add(code)
        code = registry.agencies[code].parent if code in registry.agencies else None
    return False


def _person(task: Task) -> str | None:
    return "the lead is inferred" if task.lead_basis == "inferred" else None


def _task(task: Task) -> str | None:
    if task.kind not in _DUTIES:
        return f"no act: {task.kind}"
    languages = [_LANGUAGE[language] for language in no_verb(task.title)]
    return f"no act in the {' and '.join(languages)} title" if languages else None


def _time(task: Task) -> str | None:
    if task.due is None:
        return "no deadline"
    if isinstance(task.due.rule, Review) and not task.due.words:
        return "only our review"
    return None


def _product(task: Task) -> str | None:
    orders = task.kind == "task" and task.modality == "must"
    return "none named" if orders and not task.deliverable else None
