"""Numbers: every code of the sources is read by its grammar; slips are mended, and what is no number stays none."""

import pytest

from tracker.domain.number import TYPES, kind_of, mend, parse

# number -> kind, type, issuer, year, unit: the codes of the sources and of the laws they stand on
CODES = {
    "2179/QĐ-TTg": ("state", "QĐ", "TTg", None, None),
    "412/TB-VPCP": ("state", "TB", "VPCP", None, None),
    "268/NQ-CP": ("state", "NQ", "CP", None, None),
    "303/NQ-CP": ("state", "NQ", "CP", None, None),
    "316/NQ-CP": ("state", "NQ", "CP", None, None),
    "406/NQ-CP": ("state", "NQ", "CP", None, None),
    "30c/NQ-CP": ("state", "NQ", "CP", None, None),
    "878/QĐ-BNV": ("state", "QĐ", "BNV", None, None),
    "339/QĐ-TTg": ("state", "QĐ", "TTg", None, None),
    "1683/QĐ-UBND": ("state", "QĐ", "UBND", None, None),
    "593/TB-VPCP": ("state", "TB", "VPCP", None, None),
    "9441/TB-BNV": ("state", "TB", "BNV", None, None),
    "33/CT-TTg": ("state", "CT", "TTg", None, None),
    "16/CV-BCĐ": ("state", "CV", "BCĐ", None, None),
    "17/CV-BCĐ": ("state", "CV", "BCĐ", None, None),
    "1270/BC-TCTTTg": ("state", "BC", "TCTTTg", None, None),
    "01/HNVB-VPCP": ("state", "HNVB", "VPCP", None, None),
    "178/2024/NĐ-CP": ("normative", "NĐ", "CP", 2024, None),
    "67/2025/NĐ-CP": ("normative", "NĐ", "CP", 2025, None),
    "66.1/2025/NQ-CP": ("normative", "NQ", "CP", 2025, None),
    "18/2016/QĐ-UBND": ("normative", "QĐ", "UBND", 2016, None),
    "42/2014/QĐ-TTg": ("normative", "QĐ", "TTg", 2014, None),
    "01/2015/TTLT-VPCP-BNV": ("normative", "TTLT", "VPCP-BNV", 2015, None),
    "203/2025/QH15": ("assembly", None, "QH15", 2025, None),
    "91/2015/QH13": ("assembly", None, "QH13", 2015, None),
    "6383/BNV-TCBC": ("dispatch", None, "BNV", None, "TCBC"),
    "12729/VPCP-KGVX": ("dispatch", None, "VPCP", None, "KGVX"),
    "18-NQ/TW": ("party", "NQ", "TW", None, None),
    "183-KL/TW": ("party", "KL", "TW", None, None),
    "186-KL/TW": ("party", "KL", "TW", None, None),
    "02-KH/BCĐTW": ("party", "KH", "BCĐTW", None, None),
    "322-CV/ĐU": ("party", "CV", "ĐU", None, None),
    "520-BC/BTCTW": ("party", "BC", "BTCTW", None, None),
}


@pytest.mark.parametrize("code", CODES)
def test_a_code_of_the_sources_is_read_by_its_grammar(code: str):
    number = parse(code)
    assert number is not None
    assert (number.kind, number.type, number.issuer, number.year, number.unit) == CODES[code]
    assert number.text == code


def test_there_are_thirty_three_of_them_and_one_that_is_none():
    assert len(CODES) == 33
    assert parse("TTg/unnumbered-2025-10") is None
    assert mend("TTg/unnumbered-2025-10") is None


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("170/KL-TW", "170-KL/TW"),
        ("02/KH-BCĐTW", "02-KH/BCĐTW"),
        ("322/CV-ĐU", "322-CV/ĐU"),
        ("2179-QĐ/TTg", "2179/QĐ-TTg"),
        ("412/TB/VPCP", "412/TB-VPCP"),
        ("412 TB VPCP", "412/TB-VPCP"),
        ("412TB-VPCP", "412/TB-VPCP"),
        ("QĐ 2179/TTg", "2179/QĐ-TTg"),
        ("2179/TTg-QĐ", "2179/QĐ-TTg"),
        ("178-2024-NĐ-CP", "178/2024/NĐ-CP"),
        ("203-2025-QH15", "203/2025/QH15"),
    ],
)
def test_a_slip_of_the_press_is_no_number_and_is_mended(slip: str, meant: str):
    assert parse(slip) is None
    assert mend(slip) == meant
    assert parse(meant)


@pytest.mark.parametrize("words", ["", "412", "878/QĐ", "02-KH", "a rumour", "Họp ĐUCP 23/8", "1/X", "///", "9" * 200])
def test_what_is_no_number_has_no_mend(words: str):
    assert parse(words) is None
    assert mend(words) is None


def test_a_number_is_never_mended():
    assert [mend(code) for code in CODES] == [None] * 33


@pytest.mark.parametrize("typed", ["2179/QĐ-TTg", "2179/QD-TTg", " 2179 / QĐ – TTg ", "02179/QĐ‑TTg", "2179/QÐ-TTg"])
def test_spaces_hyphens_and_the_letter_d_make_no_other_number(typed: str):
    number = parse(typed)
    assert number is not None
    assert number.key == "2179-qd-ttg"


def test_a_leading_zero_is_shown_and_does_not_count():
    number, other = parse("02-KH/BCĐTW"), parse("2-KH/BCĐTW")
    assert number is not None
    assert other is not None
    assert number.text == "02-KH/BCĐTW"
    assert number.key == other.key


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("2179/QĐ-TTg", "decision"),
        ("412/TB-VPCP", "notice"),
        ("268/NQ-CP", "resolution"),
        ("183-KL/TW", "conclusion"),
        ("6383/BNV-TCBC", "dispatch"),
        ("16/CV-BCĐ", "dispatch"),
        ("02-KH/BCĐTW", "plan"),
        ("178/2024/NĐ-CP", "decree"),
        ("203/2025/QH15", "law"),
        ("Họp ĐUCP 23/8", None),
    ],
)
def test_a_number_says_what_kind_of_document_it_is(code: str, kind: str | None):
    assert kind_of(code) == kind


def test_every_type_has_its_words_in_three_languages():
    assert all(one.name.vi and one.name.en and one.name.fr for one in TYPES.values())
    number = parse("2179/QD-TTg")
    assert number is not None
    assert number.document_type is not None
    assert number.document_type.name.fr == "décision"
