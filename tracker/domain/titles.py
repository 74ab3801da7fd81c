"""Titles held against each other: what the three languages of one title must share, and how an order begins.

Figures are compared, words are not: a translation may say things its own way, but "before 15 October" with another
day in another language is two orders.
"""

import re
import unicodedata
from collections.abc import Iterator

from tracker.domain.text import LANGUAGES, Text

_NUMBER = re.compile(r"\d+")
_GROUPED = re.compile(r"(?<=\d)[.,\u00a0\u202f ](?=\d{3}(?!\d))")
_WORD = re.compile(r"[^\W\d_]+")
_ROMAN = {roman: number for number, roman in enumerate("i ii iii iv v vi vii viii ix x xi xii".split(), 1)}  # noqa: SIM905


def _counted(*words: str) -> dict[str, int]:
    """Return each word with its number, from 1; several words for one number stand with strokes between."""
    return {one: number for number, some in enumerate(words, 1) for one in some.split("/")}


# words that say what another language may write in digits; Vietnamese 'năm' is five and also 'year'
_SAID: dict[str, dict[str, int]] = {
    "en": _counted(
        "one/first/single/a/an/january", "two/second/both/dual/twice/february", "three/third/march",
        "four/fourth/april", "five/fifth/may", "six/sixth/june", "seven/seventh/july", "eight/eighth/august",
        "nine/ninth/september", "ten/tenth/october", "eleven/november", "twelve/december",
    ),
    "fr": _counted(
        "un/une/premier/première/er/janvier", "deux/deuxième/second/seconde/février/double", "trois/troisième/mars",
        "quatre/quatrième/avril", "cinq/cinquième/mai", "six/sixième/juin", "sept/septième/juillet",
        "huit/huitième/août", "neuf/neuvième/septembre", "dix/dixième/octobre", "onze/novembre", "douze/décembre",
    ),
    "vi": _counted(
        "một/nhất/giêng/đầu", "hai/nhì/đôi", "ba", "bốn/tư", "năm", "sáu", "bảy/bẩy", "tám", "chín", "mười",
        "mốt", "chạp",
    ),
}  # fmt: skip


def figures_apart(title: Text) -> tuple[str, tuple[str, ...]] | None:
    """Return a number that some languages have and the others lack, with those others; None where all agree.

    >>> figures_apart(Text(vi="Báo cáo ngày 15/10", en="Report on 15 October", fr="Rendre compte le 16 octobre"))
    ('15', ('fr',))
    """
    written = {language: _written(title.in_language(language)) for language in LANGUAGES}
    if len(set(written.values())) == 1:  # as nearly always: then no words need to be read
        return None
    has = {language: written[language] | _said(title.in_language(language), language) for language in LANGUAGES}
    lacking: list[tuple[int, int, tuple[str, ...]]] = []
    for number in frozenset().union(*written.values()):
        without = tuple(language for language in LANGUAGES if number not in has[language])
        if without:
            lacking.append((len(without), number, without))
    if not lacking:
        return None
    # one language against two is the likelier slip, and the better sentence
    _, number, without = min(lacking)
    return str(number), without


def same_words(title: Text) -> tuple[str, str] | None:
    """Return two languages whose title is the same, word for word; None where all differ, or the title is a name.

    One word may be a name in every language; several that are equal are a translation not made.
    """
    folded = {language: _WORD.findall(title.in_language(language).casefold()) for language in LANGUAGES}
    for n, one in enumerate(LANGUAGES):
        for other in LANGUAGES[n + 1 :]:
            if len(folded[one]) > 1 and folded[one] == folded[other]:
                return one, other
    return None


def no_verb(title: Text) -> tuple[str, ...]:
    """Return the languages in which a title does not begin as an order does, with the act.

    >>> no_verb(Text(vi="Báo cáo kết quả", en="Report the results", fr="Rapport sur les résultats"))
    ('fr',)
    """
    tests = {"vi": _acts_vi, "en": _acts_en, "fr": _acts_fr}
    return tuple(language for language in LANGUAGES if not tests[language](_words(title.in_language(language))))


def _written(words: str) -> frozenset[int]:
    return frozenset(int(digits) for digits in _NUMBER.findall(_GROUPED.sub("", words)) if len(digits) < 19)


def _said(words: str, language: str) -> set[int]:
    said = _SAID[language]
    return {number for word in _words(words) for number in (said.get(word), _ROMAN.get(word)) if number}


def _words(words: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFC", words).casefold())


# ── How an order begins ───────────────────────────────────────────────────────────────────────────────────────
# Not a grammar: the few openings that make a noun of an act. What is not caught passes.

_NOUNS_VI = frozenset({"việc", "sự", "công", "các", "những", "một", "nhiệm", "tình", "cuộc", "nền", "bản"})
_NO_NOUN_VI = frozenset({("công", "bố"), ("công", "khai"), ("công", "nhận"), ("một", "mặt"), ("các", "định")})
_NO_VERB_EN = frozenset({"the", "a", "an", "this", "these", "of", "for", "on", "in", "at", "to", "all", "no"})
_NOUN_ENDS_EN = ("tion", "sion", "ment", "ness", "ity", "ance", "ence", "ing")
_VERBS_EN = frozenset((
    "implement", "supplement", "complement", "document", "comment", "experiment", "augment", "mention", "position",
    "commission", "function", "question", "station", "bring", "sanction", "condition", "petition", "partition",
    "finance", "advance", "balance", "enhance", "fence", "reference", "sequence", "audition", "provision", "envision",
    "caution", "ration", "transition", "apportion",
))  # fmt: skip
_VERB_ENDS_FR = ("er", "ir", "re", "ïr")
_NOUN_ENDS_FR = ("aire", "oire", "ère", "ière", "ure", "ibre", "embre", "ombre", "istre")
_VERBS_FR = frozenset((
    "faire", "refaire", "satisfaire", "extraire", "soustraire", "croire", "conclure", "inclure", "exclure",
    "acquérir", "enregistre",
))  # fmt: skip
_NOUNS_FR = frozenset((
    "cadre", "lettre", "dossier", "calendrier", "atelier", "cahier", "chantier", "courrier", "fichier", "centre",
    "autre", "notre", "votre", "entre", "contre", "ordre", "titre", "chapitre", "livre", "hier", "avenir", "offre",
    "chiffre", "poster", "papier", "métier", "financier", "premier", "dernier",
))  # fmt: skip


def _acts_vi(words: list[str]) -> bool:
    return len(words) > 1 and (words[0] not in _NOUNS_VI or (words[0], words[1]) in _NO_NOUN_VI)


def _acts_en(words: list[str]) -> bool:
    if len(words) < 2 or words[0] in _NO_VERB_EN:
        return False
    return words[0] in _VERBS_EN or not words[0].endswith(_NOUN_ENDS_EN) or len(words[0]) < 6


def _acts_fr(words: list[str]) -> bool:
    # "ne pas tarder à", "s'assurer de", "bien préparer": the verb may stand behind small words
    return len(words) > 1 and any(_is_infinitive(word) for word in _opening(words))


def _opening(words: list[str]) -> Iterator[str]:
    for word in words[:3]:
        yield word
        if len(word) > 4 and not word.endswith("ment"):
            return


def _is_infinitive(word: str) -> bool:
    if word in _VERBS_FR or word.endswith("ez"):
        return True
    return word.endswith(_VERB_ENDS_FR) and not word.endswith(_NOUN_ENDS_FR) and word not in _NOUNS_FR and len(word) > 3
