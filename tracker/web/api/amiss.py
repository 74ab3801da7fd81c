"""What is amiss with a field of a request: pydantic's word for it, said in the language of the answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tracker.notify.tongue import catalogue
from tracker.web.tokens import N_

_MISSING = N_("is missing")
_UNKNOWN = N_("is not known here")
_TYPE = N_("is of the wrong kind")
_NUMBER = N_("is no number")
_DAY = N_("is no day, such as 2025-08-31")
NO_INSTANT = N_("is no instant, such as 2025-08-31T17:00:00+07:00")
_OTHER = N_("does not fit the description of the API")

# what pydantic calls it, or the beginning of that -> what is said; a name in braces is of its context
SAID: Mapping[str, str] = {
    "missing": _MISSING,
    "extra_forbidden": _UNKNOWN,
    "literal_error": N_("is none of these: {expected}"),
    "enum": N_("is none of these: {expected}"),
    "string_pattern_mismatch": N_("does not have the form {pattern}"),
    "string_too_long": N_("is too long; characters at most: {max_length}"),
    "string_too_short": N_("is too short; characters at least: {min_length}"),
    "too_long": N_("has too many parts; at most: {max_length}"),
    "too_short": N_("has too few parts; at least: {min_length}"),
    "greater_than_equal": N_("is too small; at least: {ge}"),
    "less_than_equal": N_("is too large; at most: {le}"),
    "int_": _NUMBER,
    "float_": _NUMBER,
    "bool_": N_("is neither true nor false"),
    "datetime_": NO_INSTANT,
    "date_": _DAY,
    "json_invalid": N_("is no JSON"),
    "string_type": _TYPE,
    "list_type": _TYPE,
    "dict_type": _TYPE,
    "model_": _TYPE,
}


@dataclass(frozen=True, slots=True)
class Amiss:
    """One thing amiss: what it is called, what pydantic says of it in English, and what both are about."""

    kind: str
    english: str
    about: Mapping[str, Any]

    @classmethod
    def of(cls, error: Mapping[str, Any]) -> "Amiss":
        """Return what an error of pydantic says; one of our own says its sentence itself."""
        about = error.get("ctx", {})
        return cls(error["type"], str(about["error"]) if error["type"] == "value_error" else error["msg"], about)

    def told(self, language: str) -> str:
        """Return it in a language."""
        words = catalogue(language)
        if self.kind == "value_error" or language == "en":
            return words.gettext(self.english)
        known = SAID.get(self.kind) or next((said for name, said in SAID.items() if self.kind.startswith(name)), _OTHER)
        return words.gettext(known).format_map(self.about)


NOT_KNOWN = Amiss("extra_forbidden", "not known", {})
