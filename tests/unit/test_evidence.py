"""The name of a file is made safe whatever was said, and two documents are the same when people would say so."""

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.errors import Invalid
from tracker.domain.evidence import NAME_BYTES, Proof, byte_count, extension_of, is_hash, marks, proof_from, safe_name

SHA = "ab" * 32


@pytest.mark.parametrize(
    ("said", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("Báo cáo kết quả 8/2025.pdf", "2025.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..", "unnamed"),
        ("/etc/shadow", "shadow"),
        ("/", "unnamed"),
        ("C:\\Users\\le\\báo cáo.docx", "báo cáo.docx"),
        ("\\\\server\\share\\a.txt", "a.txt"),
        ("a.pdf\0.exe", "a.pdf.exe"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\u200b\u2066b\ufeff.txt", "ab.txt"),
        ("line\nbreak\tand\u2028more.txt", "line break and more.txt"),
        (".bashrc", "bashrc"),
        ("...", "unnamed"),
        ("", "unnamed"),
        (" . .hidden.txt . ", "hidden.txt"),
        ("con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ("com1.tar.gz", "_com1.tar.gz"),
        ("LPT³.txt", "_LPT³.txt"),
        ("aux .txt", "_aux .txt"),
        ("console.txt", "console.txt"),
        ("a.txt:hidden", "a.txt_hidden"),
        ('what<>"|?*.txt', "what______.txt"),
        ("Ba\u0301o ca\u0301o.pdf", "Báo cáo.pdf"),
    ],
)
def test_a_name_is_fit_for_any_machine(said: str, safe: str) -> None:
    assert safe_name(said) == safe


@pytest.mark.parametrize(("length", "kept"), [(199, 199), (200, 200), (201, 200)])
def test_a_name_has_at_most_200_bytes_and_keeps_its_extension(length: int, kept: int) -> None:
    found = safe_name("x" * (length - 4) + ".pdf")
    assert (len(found), found[-4:]) == (kept, ".pdf")


def test_a_long_name_is_cut_between_letters() -> None:
    found = safe_name("Đ" * 150 + ".pdf")
    assert found == "Đ" * 98 + ".pdf"


@given(st.text(st.characters(codec=None), max_size=300))
def test_whatever_is_said_the_name_is_safe_and_stays_as_it_is(said: str) -> None:
    name = safe_name(said)
    assert safe_name(name) == name
    assert 0 < len(name.encode()) <= NAME_BYTES
    assert unicodedata.is_normalized("NFC", name)
    assert not set('/\\\0<>:"|?*').intersection(name)
    assert not any(unicodedata.category(c)[0] == "C" for c in name)
    assert name[0] not in ". "
    assert name[-1] not in ". "


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (SHA, True),
        (SHA.upper(), False),
        (SHA[1:], False),
        (SHA + "0", False),
        ("../" + SHA, False),
        (SHA + "\n", False),
    ],
)
def test_only_64_digits_are_a_hash(text: str, is_one: bool) -> None:
    assert is_hash(text) is is_one


@pytest.mark.parametrize("words", ["", "0", "0 MB", "-1", "many", "1.5 MB", "50 TB", "9" * 16])
def test_what_is_no_size_is_refused(words: str) -> None:
    with pytest.raises(Invalid):
        byte_count(words)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Proof(number="12/BC-BNV", dated=date(2025, 8, 1)), Proof(number="12 / bc-bnv", dated=date(2025, 8, 1)), True),
        (Proof(number="12/QĐ-UBND"), Proof(number="12/QD-UBND"), True),
        (Proof(number="12/BC-BNV", dated=date(2025, 8, 1)), Proof(number="12/BC-BNV", dated=date(2024, 8, 1)), False),
        (Proof(number="12/BC-BNV", dated=date(2025, 8, 1)), Proof(number="12/BC-BNV"), False),
        (Proof(number="12/BC-BNV"), Proof(number="13/BC-BNV"), False),
        (Proof(sha256=SHA, number="12/BC-BNV"), Proof(sha256=SHA), True),
        (Proof(sha256=SHA), Proof(sha256="cd" * 32), False),
    ],
)
def test_a_document_is_known_by_its_bytes_or_its_number_and_date(one: Proof, other: Proof, same: bool) -> None:
    assert bool(set(marks(one, "BNV")) & set(marks(other, "BNV"))) is same


def test_a_number_is_of_its_agency_and_bytes_are_of_nobody() -> None:
    numbered, file = Proof(number="12/BC"), Proof(sha256=SHA)
    assert not set(marks(numbered, "01")) & set(marks(numbered, "04"))
    assert set(marks(file, "01")) & set(marks(file, "04"))


@pytest.mark.parametrize("proof", [Proof(), Proof(SHA), Proof(number="1/a"), Proof(SHA, "1/a", date(2025, 8, 1))])
def test_a_proof_comes_back_from_its_entry(proof: Proof) -> None:
    assert proof_from(proof.payload) == proof


def test_an_extension_is_of_letters_and_digits() -> None:
    assert [extension_of(name) for name in ("a.PDF", "a.tar.gz", "a", "a.", "12.BC-BNV", "a.b c")] == [
        "pdf", "gz", "", "", "", "",
    ]  # fmt: skip
