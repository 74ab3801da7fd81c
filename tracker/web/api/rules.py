"""Rules: what an operation declares of itself, next to its path: for whom it is, and what it asks of a request.

The router keeps them before anything else runs, the description of the API says them (`x-roles` and so on),
and the tests read them there: one table, and no second one to forget.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tracker.domain.account import ROLES, Role

OVERSEERS: tuple[Role, ...] = ("secretariat", "auditor", "admin")
EVERYBODY: tuple[Role, ...] = ROLES
_RULE = "x-rule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """For whom an operation is, and what it asks.

    `writes` asks for a token of that scope; `decides`: it changes what was looked at, and wants its ETag as
    If-Match; `repeats`: it takes an Idempotency-Key. `owned`: it is about one agency's work, and to everybody who
    may not see that it does not exist.
    """

    roles: frozenset[Role]
    writes: bool = False
    decides: bool = False
    repeats: bool = False
    owned: bool = False


def reads(*roles: Role, owned: bool = False) -> dict[str, Any]:
    """Return the declaration of an operation that changes nothing; without roles it is for everybody."""
    return {"openapi_extra": {_RULE: Rule(roles=frozenset(roles or EVERYBODY), owned=owned)}}


def writes(*roles: Role, decides: bool = False, repeats: bool = True, owned: bool = False) -> dict[str, Any]:
    """Return the declaration of an operation that changes something."""
    rule = Rule(roles=frozenset(roles), writes=True, decides=decides, repeats=repeats, owned=owned)
    return {"openapi_extra": {_RULE: rule}}


def rule_of(extra: Mapping[str, Any] | None) -> Rule:
    """Return the rule an operation was declared with; one without is for nobody."""
    found = (extra or {}).get(_RULE)
    return found if isinstance(found, Rule) else Rule(roles=frozenset())
