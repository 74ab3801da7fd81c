"""Reading: all mistakes of a folder in one run, each in its line; names checked against the registry."""

from datetime import date
from pathlib import Path

import pytest

from tests.builders import a_registry, an_agency
from tracker.domain.deadline import Before
from tracker.files.reader import read_directives, read_text
from tracker.files.registry import read_registry

HEAD = """directive: {number}
issued: 2025-08-11
issuer: VPCP
title: {{vi: a, en: a, fr: a}}
tasks:
  report:
    title: {{vi: b, en: b, fr: b}}
    lead: BNV
    due: {{by: 2025-08-31}}
"""


def a_file(number: str = "412/TB-VPCP", *edits: tuple[str, str]) -> bytes:
    text = HEAD.format(number=number)
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return text.encode()


def codes(data: bytes, **more) -> list[str]:
    _, findings = read_text(data, "a.yaml", registry=more.pop("registry", a_registry()), **more)
    return [finding.code for finding in findings]


def put(folder: Path, name: str, data: bytes) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def test_a_folder_with_ten_mistakes_in_ten_files_tells_ten_places(tmp_path):
    edits = [
        ("issued: 2025-08-11", "issued: 2025-06-31", 2, "bad-date"),
        ("issuer: VPCP", "issuer: VPCB", 3, "unknown-agency"),
        ("title: {vi: a, en: a, fr: a}", "title: {vi: a, en: a}", 4, "missing-language"),
        ("tasks:", "<<: {}\ntasks:", 5, "merge-key"),
        ("  report:", "  Report:", 6, "bad-id"),
        ("title: {vi: b, en: b, fr: b}", "title: {vi: b, en: b, fr: b, de: b}", 7, "unknown-key"),
        ("lead: BNV", "lead: [BNV, BTC]", 8, "several-leads"),
        ("lead: BNV", "needs: [survey]\n    lead: BNV", 8, "unknown-task"),
        ("due:", "due: !!map", 9, "tag"),
        ("by: 2025-08-31", "by: 2025-08-31, in: 2025-08", 9, "several-deadline-rules"),
    ]
    expected = []
    for number, (old, new, line, code) in enumerate(edits, 1):
        name = f"2025/{number}-tb-vpcp.yaml"
        put(tmp_path, name, a_file(f"{number}/TB-VPCP", (old, new)))
        expected.append(((tmp_path / name).as_posix(), line, code))
    directives, findings = read_directives(tmp_path, a_registry())
    assert directives == ()
    assert sorted((f.place.file, f.place.line, f.code) for f in findings) == sorted(expected)


def test_ten_mistakes_in_one_file_are_ten_findings():
    edits = [
        ("issued: 2025-08-11", "issued: 2025-06-31"),
        ("issuer: VPCP", "issuer: VPCB"),
        ("title: {vi: a, en: a, fr: a}", "title: {vi: a, en: }\nauthor: me"),
        ("title: {vi: b, en: b, fr: b}", "title: b"),
        ("    lead: BNV\n", "    needs: [survey, report]\n    with: [XYZ]\n"),
        ("by: 2025-08-31", "by: 31.8.2025"),
    ]
    assert sorted(codes(a_file("412/TB-VPCP", *edits))) == sorted([
        "bad-date", "unknown-agency", "empty-value", "missing-language", "unknown-key", "wrong-type", "unknown-task",
        "needs-itself", "unknown-agency", "no-owner", "bad-date",
    ])  # fmt: skip


def test_a_file_with_mistakes_holds_back_only_itself(tmp_path):
    put(tmp_path, "2025/1-tb-vpcp.yaml", a_file("1/TB-VPCP"))
    put(tmp_path, "2025/2-tb-vpcp.yaml", a_file("2/TB-VPCP", ("lead: BNV", "lead: BNW")))
    directives, findings = read_directives(tmp_path, a_registry())
    assert [directive.key for directive in directives] == ["2025/1-tb-vpcp"]
    assert [str(finding) for finding in findings] == [
        f"{tmp_path.as_posix()}/2025/2-tb-vpcp.yaml:8:11: unknown-agency: "
        "the registry has no agency 'BNW' (did you mean 'BNV'?)"
    ]


def test_the_registry_and_hidden_files_are_not_read_as_directives(tmp_path):
    put(tmp_path, "2025/1-tb-vpcp.yaml", a_file("1/TB-VPCP"))
    put(tmp_path, "registry/agencies.yaml", b"[")
    put(tmp_path, ".git/a.yaml", b"[")
    put(tmp_path, "2025/.1-tb-vpcp.yaml.swp.yaml", b"[")
    put(tmp_path, "README.md", b"[")
    directives, findings = read_directives(tmp_path, a_registry())
    assert (len(directives), findings) == (1, ())


def test_a_file_with_the_other_suffix_is_not_silently_left_out(tmp_path):
    put(tmp_path, "2025/412-tb-vpcp.yml", a_file())
    _, findings = read_directives(tmp_path, a_registry())
    assert [(f.code, f.remedy) for f in findings] == [("file-name", "move the file to 2025/412-tb-vpcp.yaml")]


def test_one_file_is_read_like_a_folder_of_one(tmp_path):
    put(tmp_path, "2025/412-tb-vpcp.yaml", a_file())
    alone = read_directives(tmp_path / "2025" / "412-tb-vpcp.yaml", a_registry())
    assert alone == read_directives(tmp_path, a_registry())


def test_without_a_registry_every_name_of_the_right_form_passes():
    edits = [("lead: BNV", "lead: WHO\n    remind: hourly"), ("VPCP", "UN")]
    assert codes(a_file("1/QĐ-TTg", *edits), registry=None) == []


def test_a_need_may_name_an_adopted_task_of_another_directive():
    data = a_file("412/TB-VPCP", ("lead: BNV", "lead: BNV\n    needs: [2024/9-qd-ttg/plan]"))
    assert codes(data) == ["unknown-task"]
    assert codes(data, known=["2024/9-qd-ttg/plan"]) == []


def test_an_adopted_task_that_the_file_no_longer_has_is_unknown():
    data = a_file("412/TB-VPCP", ("lead: BNV", "lead: BNV\n    needs: [survey]"))
    assert codes(data, known=["2025/412-tb-vpcp/survey"]) == ["unknown-task"]


def test_a_last_day_before_the_day_of_issue_is_worth_a_warning():
    by = "by: 2025-08-31"
    assert codes(a_file("1/QĐ-TTg", (by, "by: 2025-08-10"))) == ["deadline-before-issue"]
    assert codes(a_file("1/QĐ-TTg", (by, "by: 2025-08-11"))) == []
    assert codes(a_file("1/QĐ-TTg", (by, "by: 2025-08-12"))) == []


def test_an_agency_exists_from_its_first_day_until_the_day_before_its_last():
    def valid(**dates: date) -> list[str]:
        return codes(a_file("1/QĐ-TTg", ("lead: BNV", "lead: XYZ")), registry=a_registry(an_agency("XYZ", **dates)))

    assert valid(valid_from=date(2025, 8, 10)) == []
    assert valid(valid_from=date(2025, 8, 11)) == []
    assert valid(valid_from=date(2025, 8, 12)) == ["agency-not-valid"]
    assert valid(valid_to=date(2025, 8, 10)) == ["agency-not-valid"]
    assert valid(valid_to=date(2025, 8, 11)) == ["agency-not-valid"]
    assert valid(valid_to=date(2025, 8, 12)) == []


@pytest.mark.parametrize(
    ("span", "found"),
    [
        ("0 days", ["bad-span"]), ("1 day", []), ("2 days", []),
        ("9998 days", []), ("9999 days", []), ("10000 days", ["bad-span"]),
        ("998 working days", []), ("999 working days", []), ("1000 working days", ["bad-span"]),
    ],
)  # fmt: skip
def test_a_span_has_its_bounds(span: str, found: list[str]):
    assert codes(a_file("1/QĐ-TTg", ("by: 2025-08-31", f"within: {span}"))) == found


def test_a_day_that_never_was_in_the_zone_is_no_deadline():
    registry = a_registry()
    registry = a_registry(calendar=type(registry.calendar)(
        zone="Pacific/Apia", weekend=frozenset({5, 6}), days_off={}, make_up_days={}
    ))  # fmt: skip
    edits = [("2025-08-11", "2011-12-01"), ("2025-08-31", "2011-12-30")]
    assert codes(a_file("1/QĐ-TTg", *edits), registry=registry) == ["bad-date"]


def test_the_directive_reads_before_as_its_defaults_say():
    edits = [("by: 2025-08-31", "before: 2025-08-31"), ("tasks:", "defaults: {before: inclusive}\ntasks:")]
    directive, _ = read_text(a_file("1/QĐ-TTg", *edits), "a.yaml")
    assert directive is not None
    due = directive.tasks[0].due
    assert due is not None
    assert due.rule == Before(date(2025, 8, 31), inclusive=True)


def test_ten_thousand_unknown_names_are_told_in_seconds():
    tasks = "".join(f"  t{n}: {{lead: X{n}}}\n" for n in range(10_000))
    text = HEAD.format(number="1/QĐ-TTg").split("tasks:")[0] + "tasks:\n" + tasks
    assert codes(text.encode()).count("unknown-agency") == 10_000


# ── Names meant, numbers meant ──────────────────────────────────────────────────────────────────────────────

SMALL, _ = read_registry(Path(__file__).parents[2] / "corpus" / "registry")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Bộ Nội vụ", "BNV"),
        ("Bo Noi vu", "BNV"),
        ("bo noi vu", "BNV"),
        ("Ministry of Home Affairs", "BNV"),
        ("Ministery of Home Affair", "BNV"),
        ("Ministère de l'Intérieur", "BNV"),
        ("Ministere de l Interieur", "BNV"),
        ("BGDĐT", "BGDDT"),
        ("Quảng Ninh", "22"),
        ("quang ninh", "22"),
        ("Hanoï", "01"),
    ],
)
def test_a_name_in_any_language_with_or_without_accents_is_asked_back_as_its_code(written: str, meant: str):
    _, findings = read_text(a_file("1/QĐ-TTg", ("lead: BNV", f'lead: "{written}"')), "a.yaml", registry=SMALL)
    assert [(finding.code, finding.remedy) for finding in findings] == [("unknown-agency", f"did you mean '{meant}'?")]


def test_a_number_without_a_grammar_needs_numbered_false_and_then_a_kind():
    name = ("directive: 1/QĐ-TTg", "directive: Họp ĐUCP 23/8")
    assert codes(a_file("1/QĐ-TTg", name)) == ["bad-number"]
    assert codes(a_file("1/QĐ-TTg", name, ("issuer:", "numbered: false\nissuer:"))) == ["missing-key"]
    data = a_file("1/QĐ-TTg", name, ("issuer:", "numbered: false\nkind: meeting\nissuer:"))
    directive, findings = read_text(data, "a.yaml", registry=a_registry())
    assert findings == ()
    assert directive is not None
    assert (directive.key, directive.kind) == ("2025/hop-ducp-23-8", "meeting")


@pytest.mark.parametrize(
    ("kind", "found"), [("", "notice"), ("kind: notice\n", "notice"), ("kind: conclusion\n", "conclusion")]
)
def test_the_number_says_the_kind_unless_the_file_does(kind: str, found: str):
    directive, _ = read_text(a_file("412/TB-VPCP", ("issuer:", f"{kind}issuer:")), "a.yaml")
    assert directive is not None
    assert directive.kind == found


def test_saying_what_the_number_says_changes_no_fingerprint():
    one, _ = read_text(a_file(), "a.yaml")
    other, _ = read_text(a_file("412/TB-VPCP", ("issuer:", "kind: notice\nstatus: in_force\nissuer:")), "a.yaml")
    assert one == other


def test_any_of_is_a_fan_out_that_one_completes():
    data = a_file("1/QĐ-TTg", ("lead: BNV", "any_of: [provinces, BNV]"))
    same = a_file("1/QĐ-TTg", ("lead: BNV", "for_each: {agencies: [provinces, BNV], complete_when: any}"))
    assert read_text(data, "a.yaml", registry=a_registry()) == read_text(same, "a.yaml", registry=a_registry())


@pytest.mark.parametrize(("count", "found"), [(2, []), (3, []), (4, ["too-many-to-complete"])])
def test_no_more_agencies_can_complete_a_task_than_owe_it(count: int, found: list[str]):
    data = a_file("1/QĐ-TTg", ("lead: BNV", f"for_each: {{agencies: provinces, complete_when: {count}}}"))
    assert codes(data) == found


def test_a_directive_that_is_supervised_may_be_one_that_is_adopted_already():
    data = a_file("1/QĐ-TTg", ("due:", "supervises: [2025/2-qd-ttg]\n    due:"))
    assert codes(data) == ["unknown-directive"]
    assert codes(data, known={"2025/2-qd-ttg/report"}) == []
