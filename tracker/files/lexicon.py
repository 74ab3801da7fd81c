"""Lexicon: the names a registry knows, and the code an author meant by another spelling."""

from tracker.domain.agency import Agency, Registry
from tracker.domain.directive import fold
from tracker.files.words import nearest

# a near miss is sought among some hundred words; a file full of them must not take minutes
_MAX_GUESSES = 100


class Lexicon:
    """Answers which names exist, and guesses at the others: by symbol, by name in three languages, by spelling."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._names: dict[str, str] | None = None
        self._guesses: dict[str, str | None] = {}

    def is_agency(self, name: str) -> bool:
        """Return whether the name is the code of an agency."""
        return name in self.registry.agencies

    def is_set(self, name: str) -> bool:
        """Return whether the name is that of a set."""
        return name in self.registry.sets

    def is_ladder(self, name: str) -> bool:
        """Return whether the name is that of a ladder, or 'none'."""
        return name == "none" or name in self.registry.ladders

    def exact(self, word: str) -> str | None:
        """Return the code or set of that name, symbol or spelling, accents and case apart; None where it has none."""
        if self._names is None:
            self._names = _names(self.registry)
        return self._names.get(fold(word))

    def guess(self, word: str) -> str | None:
        """Return the code or set name most likely meant."""
        if word not in self._guesses:
            self._guesses[word] = self._guess(word)
        return self._guesses[word]

    def _guess(self, word: str) -> str | None:
        if found := self.exact(word):
            return found
        assert self._names is not None
        if len(self._guesses) >= _MAX_GUESSES:
            return None
        agencies = self.registry.agencies
        few = {name: code for name, code in self._names.items() if not _is_commune(agencies.get(code))}
        near = nearest(word, few)
        return few[near] if near else None


def _is_commune(agency: Agency | None) -> bool:
    return agency is not None and agency.kind == "commune"


def _names(registry: Registry) -> dict[str, str]:
    """Return every folded spelling with its code; codes win over names, higher offices over communes."""
    found: dict[str, str] = {}
    for agency in sorted(registry.agencies.values(), key=_is_commune):
        for name in (agency.symbol, agency.name.vi, agency.name.en, agency.name.fr):
            if name:
                found.setdefault(fold(name), agency.code)
    for code in (*registry.agencies, *registry.sets):
        found[fold(code)] = code
    return found
