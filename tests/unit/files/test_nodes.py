"""Bytes that no corpus file can hold: every one ends in a tree or in a finding, never in a traceback."""

import pytest

from tests.builders import a_registry
from tracker.files.nodes import MAX_BYTES, MAX_DEPTH, Mapping, Scalar, parse
from tracker.files.reader import read_directives, read_text
from tracker.files.report import Report


def codes(data: bytes) -> list[tuple[int, int, str]]:
    _, findings = read_text(data, "a.yaml")
    return [(finding.place.line, finding.place.column, finding.code) for finding in findings]


def values(data: bytes) -> dict[str, tuple[str, bool]]:
    report = Report("a.yaml")
    root = parse(data, report)
    assert isinstance(root, Mapping)
    assert not report.findings
    return {key: (node.text, node.absent) for key, (_, node) in root.entries.items() if isinstance(node, Scalar)}


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"", (1, 1, "empty-file")),
        (b"\xef\xbb\xbf", (1, 1, "empty-file")),
        (b"# only a comment\n", (1, 1, "empty-file")),
        (b"a: b\nc: d\xff\n", (2, 5, "not-utf8")),
        ("a: é\nb: ".encode() + b"\xe9\n", (2, 4, "not-utf8")),
        ("a: b\n".encode("utf-16"), (1, 1, "not-utf8")),
        (b"a: b\r\nc: \x00\n", (2, 4, "control-character")),
        (b"a: \x1b[31m\n", (1, 4, "control-character")),
        ("a: x\u2028b: y\n".encode(), (1, 5, "control-character")),
        ("a: \u202eb\n".encode(), (1, 4, "control-character")),
        ("\ufeff\ufeffa: b\n".encode(), (1, 1, "control-character")),
        (b"a: b\n\tc: d\n", (2, 1, "tab")),
        (b"a" * (MAX_BYTES + 1), (1, 1, "too-large")),
        (b"a" * 10_000_000, (1, 1, "too-large")),
        (b"[" * 120_000, (1, MAX_DEPTH + 1, "too-deep")),
        (b"- " * 120_000, (1, 2 * MAX_DEPTH + 1, "too-deep")),
        (b"{a: " * 30_000, (1, 4 * MAX_DEPTH + 1, "too-deep")),
        (b"[" + b"a," * 60_000 + b"]", (1, 100_000, "too-large")),
    ],
    ids=lambda value: repr(value[:16]) if isinstance(value, bytes) else value[2],
)
def test_unreadable_bytes_are_one_finding_with_a_place(data: bytes, place: tuple[int, int, str]):
    assert codes(data) == [place]


def test_thousands_of_tag_lines_are_refused_before_they_cost_time():
    assert codes(b"".join(b"%%TAG !a%d! b\n" % n for n in range(15_000)))[0] == (1, 1, "tag")


def test_nesting_as_deep_as_allowed_is_read_and_one_deeper_is_not():
    def nested(depth: int) -> list[str]:
        report = Report("a.yaml")
        parse(b"[" * depth + b"]" * depth, report)
        return [finding.code for finding in report.findings]

    assert nested(MAX_DEPTH - 1) == []
    assert nested(MAX_DEPTH) == []
    assert nested(MAX_DEPTH + 1) == ["too-deep"]


def test_a_file_as_large_as_allowed_is_read_and_one_byte_more_is_not():
    def padded(size: int) -> list[str]:
        report = Report("a.yaml")
        parse(b"a: b\n#" + b"x" * (size - 6), report)
        return [finding.code for finding in report.findings]

    assert padded(MAX_BYTES - 1) == []
    assert padded(MAX_BYTES) == []
    assert padded(MAX_BYTES + 1) == ["too-large"]


def test_every_scalar_stays_the_text_it_is():
    data = b"a: 04\nb: 17:00\nc: no\nd: 2026-02-30\ne: 1e3\nf: 0x1F\ng: .inf\nh: 9:30\n"
    texts = ["04", "17:00", "no", "2026-02-30", "1e3", "0x1F", ".inf", "9:30"]
    assert [text for text, _ in values(data).values()] == texts


def test_a_plain_null_is_the_absence_of_a_value_and_a_quoted_one_is_text():
    data = b"a: null\nb: ~\nc:\nd: NULL\ne: 'null'\nf: \"~\"\ng: ''\nh: nUll\n"
    assert [absent for _, absent in values(data).values()] == [True, True, True, True, False, False, False, False]


def test_a_byte_order_mark_and_windows_line_ends_change_no_place():
    assert codes(b"\xef\xbb\xbfa: &x b\r\nc: *x\r\n")[:2] == [(1, 1, "missing-key")] * 2
    assert (2, 4, "alias") in codes(b"\xef\xbb\xbfa: &x b\r\nc: *x\r\n")


def test_places_count_characters_and_not_bytes():
    text = "{ghi chú: Đặng 😀 ậ, lead: &x y}"
    assert (1, text.index("&") + 1, "alias") in codes(text.encode())


def test_a_missing_or_unreadable_file_is_a_finding(tmp_path):
    _, findings = read_directives(tmp_path / "none.yaml", a_registry())
    assert [finding.code for finding in findings] == ["missing-file"]


def test_a_folder_named_like_a_file_is_no_file(tmp_path):
    (tmp_path / "2025" / "1.yaml").mkdir(parents=True)
    _, findings = read_directives(tmp_path, a_registry())
    assert [finding.code for finding in findings] == ["missing-file"]
