"""Layout: keys in the order of the format, comments beside what they are about, and nothing said differently."""

import random
import re
from pathlib import Path

import pytest

from tracker.domain.errors import Refused
from tracker.files import document, layout, task
from tracker.files.documents import fingerprint
from tracker.files.layout import lay_out
from tracker.files.reader import read_text

ROOT = Path(__file__).parents[3]
FILES = [
    *sorted((ROOT / "tests" / "corpus" / "good").rglob("*.yaml")),
    *sorted((ROOT / "directives" / "2025").glob("*.yaml")),
]

UNTIDY = b"""# the head of the file

# yaml-language-server: $schema=../schema.json


tasks:   # the duties
    # about the report
    report:
        note: |
            # no comment

            two


            three
        due:
            words: a   # as printed
            by: 2025-08-31
        # about the lead
        lead: BNV
        title: {vi: a,
                en: b, fr: "c"}
        needs:
        # the first
        - survey
          # to the right: about what stands above
    survey: {title: {vi: a, en: b, fr: c}, due: {by: 2025-08-31}, lead: BNV}
issuer: VPCP
# about the date
issued: 2025-08-11
title: {vi: a, en: b, fr: c}
directive: 412/TB-VPCP
# the end
"""
TIDY = """# the head of the file

# yaml-language-server: $schema=../schema.json

directive: 412/TB-VPCP
# about the date
issued: 2025-08-11
issuer: VPCP
title: {vi: a, en: b, fr: c}
tasks:   # the duties
  # about the report
  report:
    title: {vi: a,
            en: b, fr: "c"}
    # about the lead
    lead: BNV
    needs:
      # the first
      - survey
        # to the right: about what stands above
    due:
      by: 2025-08-31
      words: a   # as printed
    note: |
        # no comment

        two


        three
  survey: {title: {vi: a, en: b, fr: c}, due: {by: 2025-08-31}, lead: BNV}
# the end
"""


def told(data: bytes) -> str:
    directive, _ = read_text(data, "a.yaml")
    assert directive is not None
    return fingerprint(directive)


def test_an_untidy_file_is_laid_out():
    assert lay_out(UNTIDY, "a.yaml").text == TIDY


def test_a_tidy_file_stays_as_it_is():
    assert lay_out(TIDY.encode(), "a.yaml").text == TIDY


def test_line_ends_and_a_byte_order_mark_are_made_plain():
    data = b"\xef\xbb\xbf" + TIDY.replace("\n", "\r\n").encode()
    assert lay_out(data, "a.yaml").text == TIDY


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_file_laid_out_says_the_same_keeps_every_comment_and_stays(file: Path):
    data = file.read_bytes()
    text = lay_out(data, file.name).text
    assert text is not None
    assert lay_out(text.encode(), file.name).text == text
    assert comments(text) == comments(data.decode("utf-8-sig"))
    after, _ = read_text(text.encode(), "a.yaml", known=known(data))
    before, _ = read_text(data, "a.yaml", known=known(data))
    assert after == before


def comments(text: str) -> list[str]:
    return sorted(re.findall(r"(?:^|\s)#[^\n]*", text.replace("\r\n", "\n")), key=str.strip)


def known(data: bytes) -> set[str]:
    """Every reference to another file counts as known: this is about layout."""
    return set(re.findall(r"[0-9]{4}/[a-z0-9-]+/[a-z0-9-]+", data.decode("utf-8-sig")))


@pytest.mark.parametrize("seed", range(20))
def test_keys_in_any_order_come_out_in_one(seed: int):
    chance = random.Random(seed)
    lines = {
        "title": "title: {vi: a, en: b, fr: c}", "lead": "lead: BNV", "due": "due: {by: 2025-08-31}",
        "note": "note: x", "takes": "takes: 3 days", "with": "with: [BTC]", "evidence": "evidence: required",
    }  # fmt: skip
    mixed = list(lines.values())
    chance.shuffle(mixed)
    head = ["directive: 412/TB-VPCP", "issued: 2025-08-11", "issuer: VPCP", "title: {vi: a, en: b, fr: c}"]
    body = ["tasks:\n  report:\n" + "\n".join("    " + line for line in mixed)]
    whole = head + body
    chance.shuffle(whole)
    text = lay_out("\n".join(whole).encode(), "a.yaml").text
    assert text is not None
    keys = re.findall(r"^([a-z]+):", text, re.MULTILINE)
    assert keys == [key for key in document.KEYS if key in keys]
    inner = re.findall(r"^    ([a-z_]+):", text, re.MULTILINE)
    assert inner == [key for key in task.KEYS if key in lines]


def test_a_file_with_mistakes_is_not_touched():
    laid = lay_out(b"directive: 412/TB-VPCP\nissued: soon\n", "a.yaml")
    assert laid.text is None
    assert {finding.code for finding in laid.findings} >= {"bad-date", "missing-key"}


def test_a_layout_that_says_something_else_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(layout, "_laid", lambda text: text.replace("BNV", "BTC"))
    with pytest.raises(Refused):
        lay_out(UNTIDY, "a.yaml")


def test_a_file_whose_needs_stand_in_another_file_can_be_laid_out():
    data = UNTIDY.replace(b"- survey", b"- 2025/1-qd-ttg/survey")
    assert lay_out(data, "a.yaml").text == TIDY.replace("- survey", "- 2025/1-qd-ttg/survey")


def test_what_is_told_does_not_change_with_the_layout():
    assert told(UNTIDY) == told(TIDY.encode())


@pytest.mark.parametrize("file", sorted((ROOT / "directives" / "2025").glob("*.yaml")), ids=lambda file: file.stem)
def test_a_shipped_file_is_laid_out_and_points_to_the_schema(file: Path):
    text = file.read_text(encoding="utf-8")
    assert lay_out(text.encode(), file.name).text == text
    assert text.startswith("# yaml-language-server: $schema=../schema.json\n")


def test_a_blank_that_quotes_keep_at_a_line_s_end_stays():
    data = (
        "directive: 7/CT-TTg\nissued: 2026-01-05\nissuer: TTg\n"
        'title:\n  vi: Chỉ thị\n  en: Directive\n  fr: "Directive \\ \n    sept"\ntasks: {}\n'
    )
    laid = lay_out(data.encode(), "a.yaml").text
    assert laid is not None
    assert '"Directive \\ \n' in laid
