"""Numbers: the official number of a document, read by the grammars of the State and of the Party.

The order of the marks tells the two apart: the State writes number/type-issuer, the Party
number-type/issuer. The press confuses them; `mend` says what was meant.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from tracker.domain.text import Text

NumberKind = Literal["state", "normative", "assembly", "dispatch", "party"]

_SERIAL = r"[0-9]{1,6}(?:\.[0-9]+)?[a-z]?"
_WORD = r"[^\W\d_][^\W_]*"
_ASSEMBLY = re.compile(rf"({_SERIAL})/([0-9]{{4}})/(QH|UBTVQH)([0-9]{{1,2}})")
_NORMATIVE = re.compile(rf"({_SERIAL})/([0-9]{{4}})/({_WORD})-({_WORD}(?:-{_WORD})*)")
_STATE = re.compile(rf"({_SERIAL})/({_WORD})-({_WORD}(?:-{_WORD})*)")
_PARTY = re.compile(rf"({_SERIAL})-({_WORD})/({_WORD}(?:-{_WORD})*)")
_PIECES = re.compile(r"[0-9]+(?:\.[0-9]+)?[a-z]?(?![^\W_])|[^\W_]+")
_LONGEST = 80


def fold(words: str) -> str:
    """Return words as ASCII for keys and look-ups: no accents, Đ as d, lower case, hyphens between.

    >>> fold("Quyết định 42/QĐ-TTg")
    'quyet-dinh-42-qd-ttg'
    """
    plain = unicodedata.normalize("NFKD", words.replace("Đ", "D").replace("đ", "d"))
    ascii_only = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "-", ascii_only.lower()).strip("-")


@dataclass(frozen=True, slots=True)
class DocumentType:
    """A type of document: its printed mark, its name, and the kind of directive it makes."""

    mark: str
    name: Text
    kind: str


def _type(mark: str, kind: str, vi: str, *, en: str, fr: str) -> DocumentType:
    return DocumentType(mark, Text(vi=vi, en=en, fr=fr), kind)


TYPES: dict[str, DocumentType] = {
    fold(one.mark): one
    for one in (
        _type("NQ", "resolution", "nghị quyết", en="resolution", fr="résolution"),
        _type("QĐ", "decision", "quyết định", en="decision", fr="décision"),
        _type("CT", "instruction", "chỉ thị", en="directive", fr="directive"),
        _type("NĐ", "decree", "nghị định", en="decree", fr="décret"),
        _type("TT", "instruction", "thông tư", en="circular", fr="circulaire"),
        _type("TTLT", "instruction", "thông tư liên tịch", en="joint circular", fr="circulaire conjointe"),
        _type("TB", "notice", "thông báo", en="notice", fr="avis"),
        _type("KL", "conclusion", "kết luận", en="conclusion", fr="conclusion"),
        _type("KH", "plan", "kế hoạch", en="plan", fr="plan"),
        _type("HD", "instruction", "hướng dẫn", en="guidance", fr="guide"),
        _type("BC", "report", "báo cáo", en="report", fr="rapport"),
        _type("TTr", "report", "tờ trình", en="submission", fr="note de présentation"),
        _type("CĐ", "dispatch", "công điện", en="telegram", fr="télégramme"),
        _type("CV", "dispatch", "công văn", en="official letter", fr="lettre officielle"),
        _type("CTr", "plan", "chương trình", en="programme", fr="programme"),
        _type("ĐA", "plan", "đề án", en="scheme", fr="projet"),
        _type("PA", "plan", "phương án", en="option paper", fr="variante"),
        _type("VBHN", "law", "văn bản hợp nhất", en="consolidated text", fr="texte consolidé"),
        _type("HNVB", "law", "hợp nhất văn bản", en="consolidated text", fr="texte consolidé"),
    )
}

# offices of the Party; every issuer that ends in TW (Trung ương) is one as well
_PARTY_ISSUERS = frozenset({"bbt", "bct", "du", "hu", "tu", "tw"})
# a committee that the State and the Party both have
_BOTH = frozenset({"bcd"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number taken apart. `text` is its display form; `year` only where it is printed; `unit` drafted a dispatch."""

    text: str
    kind: NumberKind
    serial: str
    issuer: str
    type: str | None = None
    year: int | None = None
    unit: str | None = None

    @property
    def key(self) -> str:
        """Return what equal numbers share: folded, Đ as d, and without leading zeros.

        >>> parse("02-KH/BCĐTW").key == parse("2-KH/BCDTW").key == "2-kh-bcdtw"
        True
        """
        return fold(self.text.lstrip("0"))

    @property
    def document_type(self) -> DocumentType | None:
        """Return the type of the document, with its name; None where the number holds none."""
        return TYPES.get(fold(self.type)) if self.type else None

    @property
    def document_kind(self) -> str:
        """Return the kind of directive the number speaks of, for example 'decision' or 'notice'."""
        if found := self.document_type:
            return found.kind
        return "law" if self.kind == "assembly" else "dispatch"


def parse(words: str) -> Number | None:
    """Return the number that words are, or None where they follow no grammar.

    >>> number = parse("2179/QĐ-TTg")
    >>> number.kind, number.type, number.issuer
    ('state', 'QĐ', 'TTg')
    """
    text = _tidy(words)
    # a letter that folds to nothing is of another script, and would be missing in the key
    if len(text) > _LONGEST or not all(letter.isascii() or fold(letter) for letter in text if letter.isalpha()):
        return None
    if match := _ASSEMBLY.fullmatch(text):
        serial, year, body, term = match.groups()
        return Number(text=text, kind="assembly", serial=serial, issuer=body + term, year=int(year))
    if match := _NORMATIVE.fullmatch(text):
        serial, year, kind, issuer = match.groups()
        return _known(Number(text=text, kind="normative", serial=serial, type=kind, issuer=issuer, year=int(year)))
    if match := _PARTY.fullmatch(text):
        serial, kind, issuer = match.groups()
        return _known(Number(text=text, kind="party", serial=serial, type=kind, issuer=issuer))
    if match := _STATE.fullmatch(text):
        serial, first, second = match.groups()
        if fold(first) in TYPES:
            return _known(Number(text=text, kind="state", serial=serial, type=first, issuer=second))
        if fold(second) not in TYPES:
            return Number(text=text, kind="dispatch", serial=serial, issuer=first, unit=second)
    return None


def mend(words: str) -> str | None:
    """Return the number that a slip most likely stands for, or None.

    >>> mend("170/KL-TW"), mend("2179-QĐ/TTg"), mend("412 TB VPCP")
    ('170-KL/TW', '2179/QĐ-TTg', '412/TB-VPCP')
    """
    text = _tidy(words)
    if len(text) > _LONGEST or parse(text):
        return None
    pieces = [piece for word in words.split() for found in _PIECES.findall(_tidy(word)) for piece in _apart(found)]
    if pieces and fold(pieces[0]) in TYPES and len(pieces) > 1 and pieces[1][0].isdigit():
        pieces[:2] = [pieces[1], pieces[0]]  # QĐ 2179/TTg
    found = next((guess for guess in _guesses(pieces) if parse(guess)), None)
    return found if found and found != text else None


def kind_of(words: str) -> str | None:
    """Return the kind of directive a number speaks of, or None for words that are no number.

    >>> kind_of("183-KL/TW"), kind_of("Họp ĐUCP 23/8")
    ('conclusion', None)
    """
    number = parse(words)
    return number.document_kind if number else None


def _tidy(words: str) -> str:
    """Return words without spaces and with one kind of hyphen and stroke."""
    text = unicodedata.normalize("NFC", re.sub(r"\s+", "", words))
    text = re.sub("[\u00ad\u2010-\u2015\u2212\ufe58\ufe63\uff0d]", "-", text)
    return re.sub("[\u2044\u2215\uff0f]", "/", text).replace("Ð", "Đ")


def _known(number: Number) -> Number | None:
    """Return the number where its type is known and its order is that of its issuer."""
    if number.type is None or fold(number.type) not in TYPES:
        return None
    party = _is_party(number.issuer)
    if number.kind == "party":
        return number if party is not False else None
    return None if party is True or fold(number.type) == "kl" else number


def _is_party(issuer: str) -> bool | None:
    """Return whether an issuer belongs to the Party; None where it may be either."""
    folded = fold(issuer).partition("-")[0]
    if folded in _BOTH:
        return None
    # committees of the Party below the centre: ĐU (Đảng ủy), TU (tỉnh, thành ủy), HU (huyện ủy), with a name behind
    return folded in _PARTY_ISSUERS or folded.endswith("tw") or folded.startswith(("du", "bcdtw"))


def _apart(word: str) -> list[str]:
    """Take a word apart where the serial runs into the type: '412TB' is '412' and 'TB', 'QĐ42' 'QĐ' and '42'."""
    match = re.fullmatch(r"([0-9]+)([^\W\d_]{2,})", word)
    if match is None and (match := re.fullmatch(r"([^\W\d_]{2,})([0-9]+)", word)) and fold(match[1]) not in TYPES:
        return [word]
    return [match[1], match[2]] if match else [word]


def _guesses(pieces: list[str]) -> list[str]:
    match pieces:
        case [serial, year, rest] if re.fullmatch("[0-9]{4}", year):
            return [f"{serial}/{year}/{rest}"]
        case [serial, year, kind, *issuer] if re.fullmatch("[0-9]{4}", year):
            return [f"{serial}/{year}/{kind}-{'-'.join(issuer)}"]
        case [serial, first, *rest] if rest:
            second = "-".join(rest)
            swapped = [f"{serial}/{second}-{first}", f"{serial}-{second}/{first}"] if fold(second) in TYPES else []
            return [f"{serial}/{first}-{second}", f"{serial}-{first}/{second}", *swapped]
    return []
