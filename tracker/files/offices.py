"""Offices: how printed tables name agencies and sets of them, in three languages, to the codes of the registry."""

import re

from tracker.domain.directive import fold
from tracker.files.lexicon import Lexicon

# words before a name that only say which office of it: the People's Committee of a province is the province
_OFFICE = re.compile(r"^(?:ubnd|uy-ban-nhan-dan|people-s-committee-of|comite-populaire-de)-")
_PLACE = re.compile(r"^(?:tinh|thanh-pho|tp|the|province-of|city-of|la-province-de|la-ville-de)-")
# what tables call a set -> the names a registry may have for it
_SETS: dict[str, tuple[str, ...]] = {
    "ministries": ("cac-bo", "cac-bo-co-quan-ngang-bo", "bo-co-quan-ngang-bo", "ministeres", "les-ministeres"),
    "central": ("cac-bo-nganh", "cac-bo-nganh-trung-uong", "cac-bo-co-quan-ngang-bo-co-quan-thuoc-chinh-phu"),
    "provinces": (
        "cac-tinh-thanh-pho", "tinh-thanh-pho", "cac-dia-phuong", "dia-phuong", "localities", "localites",
        "cac-tinh-thanh-pho-truc-thuoc-trung-uong", "les-provinces", "les-localites", "provinces-and-cities",
    ),
    "communes": ("cac-xa", "cap-xa", "cac-xa-phuong", "cac-xa-phuong-dac-khu", "les-communes"),
}  # fmt: skip
_SET_OF = {words: name for name, several in _SETS.items() for words in several}
# several sets in one breath
_SETS_OF = dict.fromkeys(
    ("cac-bo-nganh-dia-phuong", "cac-bo-nganh-va-dia-phuong", "bo-nganh-dia-phuong", "cac-bo-dia-phuong"),
    ("central", "provinces"),
)
# "the agencies concerned": nobody can be told who that is
_CONCERNED = re.compile(
    r"(?:cac|mot-so|nhung|co-quan|don-vi|bo-nganh|dia-phuong)(?:-[a-z0-9]+)*-lien-quan"
    r"|(?:other-|the-)?(?:agencies|ministries|bodies|offices|authorities|localities)(?:-[a-z]+)*-concerned"
    r"|(?:other-)?relevant-[a-z-]+"
    r"|(?:les-|autres-)?(?:organismes|ministeres|services|autorites|localites)(?:-[a-z]+)*-concerne(?:e?s)?"
)


def codes_of(words: str, lexicon: Lexicon) -> tuple[str, ...]:
    """Return the agency or the sets that words name exactly, accents and case apart; () for a stranger."""
    plain = _OFFICE.sub("", fold(words))
    for name in (fold(words), plain, _PLACE.sub("", plain)):
        one = lexicon.exact(name) or _SET_OF.get(name)
        found = (one,) if one else _SETS_OF.get(name, ())
        if found and all(lexicon.is_agency(code) or lexicon.is_set(code) for code in found):
            return found
    return ()


def are_concerned(words: str) -> bool:
    """Return whether words speak of the agencies concerned, which names nobody.

    >>> are_concerned("các bộ, ngành liên quan"), are_concerned("Bộ Nội vụ")
    (True, False)
    """
    return bool(_CONCERNED.fullmatch(fold(words)))
