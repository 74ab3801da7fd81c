"""Single sign-on: which role and office the claims of an issuer give, where a rule says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tracker.domain.account import ROLES, Role
from tracker.domain.errors import Invalid

MATCHES = ("", "email", "preferred_username")


@dataclass(frozen=True, slots=True)
class Rule:
    """A claim that has a value, or has it among others, gives a role, and the office of an agency's member."""

    claim: str
    value: str
    role: Role
    office: str | None = None


def rules_of(text: str) -> tuple[Rule, ...]:
    """Return the rules of a setting; raises Invalid.

    >>> rules_of("groups=followers:secretariat, groups=moha:agency/BNV")[1]
    Rule(claim='groups', value='moha', role='agency', office='BNV')
    """
    found = []
    for one in filter(None, (part.strip() for part in text.split(","))):
        claim, equals, rest = one.partition("=")
        value, colon, gives = rest.rpartition(":")
        role, _, office = gives.strip().partition("/")
        known = next((each for each in ROLES if each == role), None)
        if not (equals and colon and claim.strip() and value.strip() and known) or (known == "agency") != bool(office):
            raise Invalid(f"'{one}' is no rule like groups=moha:agency/BNV: see TRACKER_OIDC_ROLES", code="bad-setting")
        found.append(Rule(claim.strip(), value.strip(), known, office or None))
    return tuple(found)


def rule_for(claims: Mapping[str, Any], rules: Sequence[Rule]) -> Rule | None:
    """Return the first rule that claims fit; a name with dots leads into claims within claims.

    >>> rules = rules_of("realm.roles=audit:auditor")
    >>> rule_for({"realm": {"roles": ["x", "audit"]}}, rules).role, rule_for({"realm": "audit"}, rules)
    ('auditor', None)
    """
    return next((rule for rule in rules if rule.value in _values(claims, rule.claim)), None)


def _values(claims: Any, name: str) -> Sequence[str]:
    found = claims
    if isinstance(found, Mapping) and name in found:  # a claim whose name has dots, such as a URL
        found = found[name]
    else:
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return (found,)
    return [one for one in found if isinstance(one, str)] if isinstance(found, list | tuple) else ()
