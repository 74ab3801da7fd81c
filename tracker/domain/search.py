"""Search: words found whatever marks and case they are written in, in what a task says and what its agency is called.

Every word asked for must be said, by the task or by the agency: "bao cao noi vu" finds the reports of the
Ministry of Home Affairs. The result is a few pairs of sets, so that a store can look them up.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

MOST_WORDS = 8
_BARRED = str.maketrans("đĐ", "dD")  # the bar is no mark of Unicode's: nothing takes it off


@lru_cache(maxsize=16_384)
def folded(text: str) -> str:
    """Return a text without marks and case, as people type it in a hurry.

    >>> folded("Quyết định"), folded("ĐIỆN BIÊN"), folded("Thông\u00a0báo  412/TB-VPCP")
    ('quyet dinh', 'dien bien', 'thong bao 412/tb-vpcp')
    """
    apart = unicodedata.normalize("NFKD", text.translate(_BARRED))
    return " ".join("".join(char for char in apart if not unicodedata.combining(char)).casefold().split())


def words_of(query: str) -> tuple[str, ...]:
    """Return the words of a query, folded, each once; what comes after the first eight is not looked for.

    >>> words_of(" Quyết  định quyet ")
    ('quyet', 'dinh')
    """
    return tuple(dict.fromkeys(folded(query).split()))[:MOST_WORDS]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to say all the words: a task among these, with an agency among those; None: whichever."""

    tasks: frozenset[str] | None
    agencies: frozenset[str] | None

    def fits(self, task: str, agency: str) -> bool:
        """Return whether an assignment says the words in this way."""
        return (self.tasks is None or task in self.tasks) and (self.agencies is None or agency in self.agencies)


def ways(words: Iterable[str], *, tasks: Mapping[str, str], agencies: Mapping[str, str]) -> tuple[Way, ...]:
    """Return the ways in which words are said; `tasks` and `agencies` map each to what it says, folded.

    >>> ways(["bao", "noi"], tasks={"t": "bao cao", "u": "ke hoach"}, agencies={"BNV": "bo noi vu"})
    (Way(tasks=frozenset({'t'}), agencies=frozenset({'BNV'})),)
    """
    asked = frozenset(words)
    said = {key: frozenset(word for word in asked if word in text) for key, text in tasks.items()}
    named = {code: frozenset(word for word in asked if word in text) for code, text in agencies.items()}
    found = []
    for by_agency in {asked - words for words in {frozenset[str](), *said.values()}}:
        fit = (
            frozenset(key for key, words in said.items() if asked - by_agency <= words) if by_agency != asked else None
        )
        offices = frozenset(code for code, words in named.items() if by_agency <= words) if by_agency else None
        if fit != frozenset() and offices != frozenset():
            found.append(Way(fit, offices))
    return tuple(sorted(found, key=lambda way: (way.agencies is not None, sorted(way.agencies or ()))))
