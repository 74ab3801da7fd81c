"""Coverage: every sentence and every obligation is accounted for, or a finding says which is not."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from tests.builders import a_directive, a_task
from tracker.domain.coverage import Account, Book, Claim, Coverage, Expected, Text, compare, cover, sentences
from tracker.domain.coverage import fingerprint as sentence_fingerprint
from tracker.domain.directive import Locator, Source
from tracker.domain.finding import Finding, Place
from tracker.files.coverage import check_texts, read_coverage, read_coverage_text, task_claims
from tracker.files.indicators import read_indicators
from tracker.files.reader import read_directives
from tracker.files.registry import read_registry

SHIPPED = Path(__file__).parents[3] / "directives"
WORDS = ("First, report.", "Then the end.", "Praise.")
REAL = "First, report. Then the end.\n\nPraise.\n"
HASHES = tuple(hashlib.sha256(sentence.encode()).hexdigest() for sentence in WORDS)
FILE_SHA256 = hashlib.sha256(REAL.encode()).hexdigest()
HERE = Place("coverage.yaml")
THERE = Place("2025/412-tb-vpcp.yaml", 9)


def an_account(sentence: int, **changes: object) -> Account:
    return Account(
        **{"sentence": sentence, "sha256": HASHES[sentence - 1], "place": Place("coverage.yaml", sentence), **changes}
    )


def a_claim(sentence: int | None = 1, **changes: object) -> Claim:
    plain = {
        "kind": "task",
        "key": "2025/412-tb-vpcp/report",
        "records": ("TB412-01",),
        "place": THERE,
        "file": "a.txt",
        "file_sha256": FILE_SHA256,
        "sentence": sentence,
        "sha256": HASHES[(sentence or 1) - 1] if (sentence or 1) <= len(HASHES) else HASHES[0],
    }
    return Claim(**{**plain, **changes})


def a_text(*accounts: Account) -> Text:
    return Text(id="article", file="a.txt", language="en", sha256=FILE_SHA256, place=HERE, accounts=accounts)


def a_book(*accounts: Account, records: tuple[str, ...] = ("TB412-01",)) -> Book:
    return Book((a_text(*accounts),), tuple(Expected(record=record, place=HERE) for record in records))


WHOLE = a_book(
    an_account(1), an_account(2, restates=("TB412-01",)), an_account(3, context="Praise of the policy")
)  # one sentence of each kind, nothing wrong


def codes(findings: tuple[Finding, ...] | Coverage) -> list[tuple[str, int, str]]:
    found = findings.findings if isinstance(findings, Coverage) else findings
    return [(finding.place.file, finding.place.line, finding.code) for finding in found]


# ── Sentences ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("\n \n\t\n", ()),
        ("One", ("One",)),
        ("One. Two", ("One.", "Two")),
        ("One! Two? Three.", ("One!", "Two?", "Three.")),
        ("One.\u00a0Two", ("One.", "Two")),
        ("One.\tTwo", ("One.", "Two")),
        ("One.Two", ("One.Two",)),
        ("One. two", ("One. two",)),
        ("Decision No. 2179 holds.", ("Decision No. 2179 holds.",)),
        ("One. Đặng", ("One.", "Đặng")),
        ("One. Être", ("One.", "Être")),
        ('One. "Two', ('One. "Two',)),
        ('"One." Two', ('"One." Two',)),
        ("One...  Two", ("One...", "Two")),
        ("One\nTwo", ("One", "Two")),
        ("one\r\ntwo\rthree\nfour", ("one", "two", "three", "four")),
        ("One.\n\n\n  Two.  ", ("One.", "Two.")),
        ("One.\u2028Two", ("One.", "Two")),  # white space before a capital letter
        ("one\u2028two", ("one\u2028two",)),  # but no end of a line
    ],
)
def test_a_sentence_ends_before_a_capital_letter_and_at_the_end_of_a_line(text: str, expected: tuple[str, ...]):
    assert sentences(text) == expected


def test_a_fingerprint_is_taken_over_the_utf8_bytes_of_a_sentence():
    assert sentence_fingerprint("Đặng") == hashlib.sha256("Đặng".encode()).hexdigest()


def test_a_long_text_is_split_without_taking_long():
    assert len(sentences("A. " * 200_000)) == 200_000
    assert len(sentences("." * 1_000_000)) == 1
    assert len(sentences("a" + " " * 1_000_000)) == 1


# ── What agrees and what does not ───────────────────────────────────────────────────────────────────────────


def test_what_is_accounted_for_has_no_findings():
    found = cover(WHOLE, [a_claim(1)])
    assert codes(found) == []
    assert (found.found, len(found.expected)) == (1, 1)
    assert (found.accounted, len(found.sentences)) == (3, 3)
    assert [one.fate for one in found.sentences] == ["tasks", "restates", "context"]
    assert [claim.key for claim in found.records["TB412-01"]] == ["2025/412-tb-vpcp/report"]


def test_a_sentence_of_figures_is_accounted_for_by_its_indicators():
    figure = a_claim(3, kind="indicator", key="share", records=("IND-01",))
    found = cover(a_book(an_account(1), an_account(2, context="x"), an_account(3)), [a_claim(1), figure])
    assert codes(found) == []
    assert found.sentences[2].fate == "indicators"


@pytest.mark.parametrize(
    ("book", "claims", "expected"),
    [
        pytest.param(
            a_book(an_account(1), an_account(2)), [a_claim(1)],
            [("coverage.yaml", 2, "unaccounted-sentence")], id="a sentence that became nothing",
        ),
        pytest.param(
            a_book(an_account(1), an_account(3, context="x")), [a_claim(1)],
            [("coverage.yaml", 3, "unaccounted-sentence")], id="a number left out",
        ),
        pytest.param(
            a_book(an_account(2, context="x")), [a_claim(None, file=None)],
            [("coverage.yaml", 2, "unaccounted-sentence")], id="the first number left out",
        ),
        pytest.param(
            a_book(an_account(1)), [a_claim(1), a_claim(2)],
            [(THERE.file, 9, "unknown-sentence")], id="a task from a sentence that is not there",
        ),
        pytest.param(
            a_book(an_account(1)), [a_claim(1, sha256=HASHES[1])],
            [(THERE.file, 9, "wrong-fingerprint")], id="a task with the fingerprint of another sentence",
        ),
        pytest.param(
            a_book(an_account(1)), [a_claim(1, file_sha256=HASHES[1])],
            [(THERE.file, 9, "wrong-fingerprint")], id="a task read from another version of the text",
        ),
        pytest.param(
            a_book(an_account(1)), [a_claim(1), a_claim(1, file="b.txt")],
            [(THERE.file, 9, "unknown-text")], id="a task from a text without accounts",
        ),
        pytest.param(
            a_book(an_account(1), records=("TB412-01", "TB412-02")), [a_claim(1)],
            [("coverage.yaml", 1, "missing-record")], id="a record without a task",
        ),
        pytest.param(
            a_book(an_account(1)), [a_claim(1, records=("TB412-01", "TB421-01"))],
            [(THERE.file, 9, "unknown-record")], id="a record that nobody expects",
        ),
        pytest.param(
            a_book(an_account(1), an_account(2, restates=("TB412-09",))), [a_claim(1)],
            [("coverage.yaml", 2, "unknown-record")], id="restating a record of no task",
        ),
        pytest.param(
            a_book(an_account(1, context="x")), [a_claim(1)],
            [("coverage.yaml", 1, "task-and-context")], id="context that became a task",
        ),
        pytest.param(
            a_book(an_account(1, restates=("TB412-01",))), [a_claim(1)],
            [("coverage.yaml", 1, "task-and-context")], id="a restatement that became a task",
        ),
        pytest.param(
            a_book(an_account(1), an_account(2, context="x", indicators=("IND-01",))), [a_claim(1)],
            [("coverage.yaml", 2, "unknown-indicator")], id="a figure that no indicator was read from",
        ),
        pytest.param(
            a_book(an_account(1), records=("TB412-01", "IND-01")),
            [a_claim(1), a_claim(1, kind="indicator", records=("IND-01",))],
            [("coverage.yaml", 1, "missing-record")], id="an indicator is no task",
        ),
    ],
)  # fmt: skip
def test_what_does_not_agree_is_a_finding_where_it_stands(book: Book, claims: list[Claim], expected: object):
    found = cover(book, claims)
    assert codes(found) == expected
    assert all(finding.remedy and finding.severity == "error" for finding in found.findings)


def test_the_order_of_tasks_changes_nothing():
    claims = [a_claim(1, key=f"2025/1-a/{name}", records=(name.upper(),)) for name in "cab"]
    assert cover(WHOLE, claims) == cover(WHOLE, list(reversed(claims)))


# ── The real texts ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_text_that_is_as_its_account_says_has_no_findings(tmp_path: Path):
    (tmp_path / "a.txt").write_bytes(REAL.encode())
    assert check_texts(WHOLE, tmp_path) == ()


@pytest.mark.parametrize(
    ("real", "expected"),
    [
        (REAL.replace("end", "END"), [(1, "wrong-fingerprint"), (2, "wrong-fingerprint")]),
        (REAL + "\n", [(1, "wrong-fingerprint")]),  # the same sentences in another file
        ("\ufeff" + REAL, [(1, "wrong-fingerprint")]),
        (REAL + "More.", [(1, "unaccounted-sentence"), (1, "wrong-fingerprint")]),
        (REAL.replace("Praise.", ""), [(1, "wrong-fingerprint"), (3, "unknown-sentence")]),
        ("", [(1, "unknown-sentence"), (1, "wrong-fingerprint"), (2, "unknown-sentence"), (3, "unknown-sentence")]),
    ],
)
def test_a_changed_text_is_found_sentence_by_sentence(tmp_path: Path, real: str, expected: list[tuple[int, str]]):
    (tmp_path / "a.txt").write_bytes(real.encode())
    assert [(finding.place.line, finding.code) for finding in check_texts(WHOLE, tmp_path)] == expected


def test_a_text_that_is_missing_or_unreadable_is_a_finding(tmp_path: Path):
    assert [finding.code for finding in check_texts(WHOLE, tmp_path)] == ["missing-file"]
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe")
    assert [finding.code for finding in check_texts(WHOLE, tmp_path)] == ["not-utf8", "wrong-fingerprint"]


def test_a_text_far_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tracker.files.coverage.MAX_TEXT_BYTES", len(REAL) - 1)
    (tmp_path / "a.txt").write_bytes(REAL.encode())
    assert [finding.code for finding in check_texts(WHOLE, tmp_path)] == ["too-large"]


def test_no_finding_repeats_the_words_of_a_source():
    told = " ".join(str(finding) for finding in compare(a_text(an_account(1, sha256=HASHES[1])), REAL))
    assert "wrong-fingerprint" in told
    assert not any(word in told for word in WORDS)


# ── The file ────────────────────────────────────────────────────────────────────────────────────────────────

GOOD = f"""\
records: [TB412-01..03, CV16-01]
sources:
  article:
    file: a.txt
    language: en
    sha256: {FILE_SHA256}
    sentences:
      2: {{sha256: {HASHES[1]}, restates: [TB412-01]}}
      1: {{sha256: {HASHES[0]}}}
      3: {{sha256: {HASHES[2]}, context: Praise, indicators: [IND-01]}}
"""


def test_the_file_says_what_the_book_holds():
    book, findings = read_coverage_text(GOOD.encode(), "coverage.yaml")
    assert findings == ()
    assert [one.record for one in book.records] == ["TB412-01", "TB412-02", "TB412-03", "CV16-01"]
    (text,) = book.texts
    assert [(one.sentence, one.place.line) for one in text.accounts] == [(1, 9), (2, 8), (3, 10)]
    assert (text.accounts[2].context, text.accounts[2].indicators) == ("Praise", ("IND-01",))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("records: [TB412-01..03, CV16-01]\n", "", [(1, "missing-key")]),
        ("[TB412-01..03, CV16-01]", "TB412-01", [(1, "wrong-type")]),
        ("TB412-01..03", "TB412-03..03", [(1, "bad-id")]),
        ("TB412-01..03", "TB412-03..01", [(1, "bad-id")]),
        ("TB412-01..03", "TB412-1..03", [(1, "bad-id")]),
        ("TB412-01..03", "TB412-01..99999", [(1, "bad-id")]),
        ("TB412-01..03", "null", [(1, "empty-value")]),
        ("TB412-01..03, CV16-01", "TB412-01..03, TB412-02", [(1, "duplicate-item")]),
        ("  article:", "  Article:", [(3, "bad-id")]),
        ("a.txt", "../a.txt", [(4, "bad-file")]),
        ("a.txt", "/etc/passwd", [(4, "bad-file")]),
        (f"sha256: {FILE_SHA256}", "sha256: x", [(6, "bad-sha256")]),
        ("      2:", "      two:", [(8, "bad-number")]),
        ("      2:", "      0:", [(8, "bad-number")]),
        ("      2:", "      1:", [(9, "duplicate-key")]),
        ("restates:", "restate:", [(8, "unknown-key")]),
        ("restates: [TB412-01]", "restates: TB412-01", [(8, "wrong-type")]),
        ("context: Praise", "context: ", [(10, "empty-value")]),
    ],
)
def test_a_mistake_in_the_file_is_a_finding(old: str, new: str, expected: list[tuple[int, str]]):
    assert GOOD.count(old) == 1
    _, findings = read_coverage_text(GOOD.replace(old, new).encode(), "coverage.yaml")
    assert [(finding.place.line, finding.code) for finding in findings] == expected


@pytest.mark.parametrize("data", [b"", b"- a", b"sources: *a", b"\xff", b"records: []", b"[" * 100_000])
def test_what_is_no_coverage_file_is_a_finding(data: bytes):
    book, findings = read_coverage_text(data, "coverage.yaml")
    assert findings
    assert book.texts == ()


def test_a_folder_without_a_coverage_file_is_a_finding(tmp_path: Path):
    book, findings = read_coverage(tmp_path / "coverage.yaml")
    assert (book, [finding.code for finding in findings]) == (Book(), ["missing-file"])


def test_a_claim_keeps_the_line_of_its_source(tmp_path: Path):
    file = tmp_path / "2025" / "412-tb-vpcp.yaml"
    file.parent.mkdir()
    file.write_text("# x\ntasks:\n  report:\n    title: x\n    source:\n      in: article\n")
    directive = a_directive(a_task("report", records=("TB412-01",)), a_task("other", source=None))
    directive = replace(directive, sources=(Source(id="article", file="a.txt", language="en", sha256=FILE_SHA256),))
    report, other = sorted(task_claims(tmp_path, [directive]), key=lambda claim: claim.key, reverse=True)
    assert (report.place, report.file, report.sentence) == (Place(file.as_posix(), 5, 5), "a.txt", 1)
    assert (other.place, other.file) == (Place(file.as_posix(), 2, 1), None)
    assert isinstance(directive.tasks[1].source, Locator)


# ── What ships ──────────────────────────────────────────────────────────────────────────────────────────────


def test_all_97_obligations_and_all_101_sentences_are_accounted_for():
    from tracker.files.coverage import indicator_claims

    registry, _ = read_registry(SHIPPED / "registry")
    directives, _ = read_directives(SHIPPED, registry)
    file = SHIPPED / "registry" / "indicators.yaml"
    indicators, _ = read_indicators(file, registry=registry)
    book, findings = read_coverage(SHIPPED / "coverage.yaml")
    assert findings == ()
    found = cover(book, [*task_claims(SHIPPED, directives), *indicator_claims(file, indicators)])
    assert [str(finding) for finding in found.findings] == []
    assert (found.found, len(found.expected)) == (97, 97)
    assert (found.accounted, len(found.sentences)) == (101, 101)
    assert all(found.records[record] for record in found.expected)
    fates = [one.fate for one in found.sentences]
    assert [fates.count(word) for word in ("tasks", "restates", "context")] == [56, 11, 34]
