"""Text in the three languages of the tracker."""

from dataclasses import dataclass

LANGUAGES = ("vi", "en", "fr")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One short text in Vietnamese, English and French; `str` gives the English.

    >>> Text(vi="Cấm", en="Ban", fr="Interdire").in_language("fr")
    'Interdire'
    """

    vi: str
    en: str
    fr: str

    def __str__(self) -> str:
        return self.en

    def in_language(self, language: str) -> str:
        """Return the wording in a language of `LANGUAGES`; Vietnamese, the language of the orders, for any other."""
        return str(getattr(self, language)) if language in LANGUAGES else self.vi
