"""The file of indicators: impossible figures are refused, and nothing of the sources is lost."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.builders import SHA256
from tracker.domain.finding import Finding
from tracker.domain.indicator import Indicator
from tracker.files.figures import number_of
from tracker.files.indicators import KEYS as INDICATOR_KEYS
from tracker.files.indicators import read_indicator_text, read_indicators
from tracker.files.observation import KEYS as OBSERVATION_KEYS
from tracker.files.reader import read_directives
from tracker.files.registry import read_registry

ROOT = Path(__file__).parents[3]
CORPUS = ROOT / "tests" / "corpus"
REGISTRY, _ = read_registry(CORPUS / "registry")
TASKS = ("2025/412-tb-vpcp/report",)
EXPECT = re.compile(r"^# expect: ([0-9]+) ([a-z0-9-]+)$", re.MULTILINE)
# findings of every file, which the section on findings explains
SHARED_CODES = {
    "alias", "bad-choice", "bad-date", "bad-id", "duplicate-item", "duplicate-key", "empty-value", "missing-key",
    "unknown-agency", "unknown-key", "unknown-set", "wrong-type",
}  # fmt: skip
HEAD = f"""sources: {{article: {{file: article.txt, language: fr, sha256: {SHA256}}}}}
units: {{tasks: {{en: tasks, vi: nhiệm vụ, fr: tâches}}}}
indicators:
  tasks-given:
    title: {{en: Tasks given, vi: Nhiệm vụ đã giao, fr: Tâches données}}
    unit: tasks
"""


def read(kind: str, figure: str) -> tuple[tuple[Indicator, ...], tuple[Finding, ...]]:
    observation = f"{{{figure}, as_of: 2025-08-23, source: {{in: article, sentence: 1, sha256: {SHA256}}}}}"
    text = HEAD + f"    kind: {kind}\n    direction: up\n    observations: [{observation}]\n"
    return read_indicator_text(text.encode(), "indicators.yaml")


def sentence(kind: str, figure: str) -> str:
    indicators, (finding,) = read(kind, figure)
    assert indicators == ()
    return finding.sentence


@pytest.mark.parametrize("file", sorted((CORPUS / "indicators" / "good").glob("*.yaml")), ids=lambda file: file.stem)
def test_a_good_file_has_no_findings(file: Path):
    indicators, findings = read_indicators(file, registry=REGISTRY, tasks=TASKS)
    assert findings == ()
    assert indicators


@pytest.mark.parametrize("file", sorted((CORPUS / "indicators" / "bad").glob("*.yaml")), ids=lambda file: file.stem)
def test_a_bad_file_has_exactly_the_findings_it_expects(file: Path):
    indicators, findings = read_indicators(file, registry=REGISTRY, tasks=TASKS)
    expected = sorted((int(line), code) for line, code in EXPECT.findall(file.read_text(encoding="utf-8")))
    assert sorted((finding.place.line, finding.code) for finding in findings) == expected
    assert (indicators == ()) == any(finding.severity == "error" for finding in findings)
    assert {finding.severity for finding in findings} == {"warning" if "warning-" in file.name else "error"}


def test_parts_that_fall_short_say_by_how_much():
    told = sentence("count", "value: 9831, parts: [done: 7892, open: 1602, overdue: 319]")
    assert told == "the parts add up to 9,813, the total is 9,831: 18 are missing"


def test_parts_that_exceed_the_total_say_by_how_much():
    assert sentence("count", "value: 10, parts: [a: 5, b: 6]").endswith("11, the total is 10: 1 too many")


@pytest.mark.parametrize(("total", "fits"), [(21913, False), (21914, True), (21915, False)])
def test_the_four_official_cells_add_up_to_the_total_and_to_no_other(total: int, fits: bool):
    parts = "parts: [on-time: 14068, late: 1983, open: 5640, overdue: 223]"
    assert (read("count", f"value: {total}, {parts}")[1] == ()) is fits


@pytest.mark.parametrize(("percent", "fits"), [("74.6", False), ("74.7", True), ("74.8", False)])
def test_a_printed_percentage_recomputes_within_its_rounding(percent: str, fits: bool):
    assert (read("ratio", f"numerator: 3277718, denominator: 4386106, percent: {percent}")[1] == ()) is fits


def test_a_percentage_that_does_not_recompute_is_shown_beside_the_right_one():
    told = sentence("ratio", "numerator: 3277718, denominator: 4386106, percent: 74.8")
    assert told == "74.8 % is printed, but the numbers give 74.7 %"


@pytest.mark.parametrize(("paid", "fits"), [(81409, True), (81410, True), (81411, False)])
def test_each_stage_of_a_funnel_is_at_most_the_one_before(paid: int, fits: bool):
    assert (read("funnel", f"stages: [approved: 81410, paid: {paid}]")[1] == ()) is fits


@pytest.mark.parametrize(("some", "fits"), [(33, True), (34, True), (35, False)])
def test_a_numerator_is_at_most_its_denominator(some: int, fits: bool):
    assert (read("ratio", f"numerator: {some}, denominator: 34")[1] == ()) is fits


def test_what_looks_grouped_and_like_a_decimal_is_asked_about():
    _, (finding,) = read("stock", "value: 3.321")
    assert finding.remedy == "write 3321 if the digits are grouped, or 3.3210 if they are decimals"
    assert number_of("3.3210") == Decimal("3.321")


@pytest.mark.parametrize("words", ["3 321", "3.321", "3,321", "3\u00a0321", "3\u202f321", "1.234.567", "12 345,6"])
def test_grouped_digits_are_never_read(words: str):
    with pytest.raises(ValueError, match="grouped"):
        number_of(words)


def test_a_month_stands_for_all_its_days():
    text = HEAD + "    kind: qualitative\n    direction: up\n    observations:\n"
    text += f"      - {{claim: denied, as_of: 2024-02, source: {{in: article, sentence: 1, sha256: {SHA256}}}}}\n"
    ((indicator,), _) = read_indicator_text(text.encode(), "indicators.yaml")
    (observation,) = indicator.observations
    assert (observation.first, observation.last) == (date(2024, 2, 1), date(2024, 2, 29))
    assert not observation.is_period


def test_a_long_file_is_read_in_bounded_time():
    source = f"source: {{in: article, sentence: %d, sha256: {SHA256}}}"
    rows = [f"      - {{value: 5, as_of: 2025-08-23, {source % n}}}" for n in range(1, 5001)]
    text = HEAD + "    kind: count\n    direction: up\n    observations:\n" + "\n".join(rows)
    ((indicator,), findings) = read_indicator_text(text.encode(), "indicators.yaml")
    assert (len(indicator.observations), findings) == (5000, ())


def test_a_file_that_is_not_there_is_a_finding(tmp_path: Path):
    indicators, findings = read_indicators(tmp_path / "indicators.yaml")
    assert (indicators, [finding.code for finding in findings]) == ((), ["missing-file"])


# ── The shipped file ────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def shipped() -> Mapping[str, Indicator]:
    registry, _ = read_registry(ROOT / "directives" / "registry")
    directives, _ = read_directives(ROOT / "directives", registry)
    tasks = {task.key for directive in directives for task in directive.tasks}
    file = ROOT / "directives" / "registry" / "indicators.yaml"
    indicators, findings = read_indicators(file, registry=registry, tasks=tasks)
    assert [finding.code for finding in findings] == [
        "ambiguous-percent",
        "contradicting-claims",
        "contradicting-claims",
    ]
    return {record: indicator for indicator in indicators for record in indicator.records}


# value or numerator, denominator, target; a funnel's denominator is its first stage
FACTS = {
    1: (32, 34, 32), 2: (3139, None, 3141), 3: (465, None, None), 4: (9916, None, None), 5: (2511, None, None),
    6: (4386106, None, None), 7: (3277718, 4386106, None), 8: (5, None, None), 9: (645566, None, None),
    10: (14922, None, None), 11: (30, None, None), 12: (66, None, None), 13: (94402, None, None),
    14: (81995, 94402, 94402), 15: (81410, 94402, 94402), 16: (50345, 94402, 81410), 17: (16124, None, 0),
    18: (6704, 16124, 0), 19: (354, 3321, 0), 20: (601, 3321, 0), 21: (3355, None, 3355), 22: (None, None, 34),
    23: (5, None, 34), 24: (None, None, None),
}  # fmt: skip


def test_all_24_facts_are_there_and_no_other(shipped: Mapping[str, Indicator]):
    assert sorted(shipped) == [f"IND-{number:02}" for number in range(1, 25)]


@pytest.mark.parametrize("number", FACTS)
def test_a_fact_keeps_its_numbers(shipped: Mapping[str, Indicator], number: int):
    indicator = shipped[f"IND-{number:02}"]
    first = indicator.observations[0] if indicator.observations else None
    below = first and (first.stages[0].value if first.stages else first.denominator)
    target = indicator.target and indicator.target.value
    assert (first and first.figure, below, target) == FACTS[number]


def test_every_figure_of_a_text_we_hold_has_its_sentence(shipped: Mapping[str, Indicator]):
    readings = [one.source for indicator in shipped.values() for one in indicator.observations]
    readings += [i.target.source for i in shipped.values() if i.target and i.target.source]
    assert all((reading.sentence is None) == (reading.origin.url is not None) for reading in readings)
    assert all((reading.sha256 is None) == (reading.sentence is None) for reading in readings)
    assert sum(reading.sentence is not None for reading in readings) >= 24


def test_32_of_34_localities_are_all_that_owe_a_service_centre(shipped: Mapping[str, Indicator]):
    assert shipped["IND-01"].owed == 32
    assert shipped["IND-02"].owed == 3141


def test_the_reference_shows_an_indicator_that_reads_and_names_every_key():
    reference = (ROOT / "directives" / "README.md").read_text(encoding="utf-8")
    section = reference[reference.index("\n## Indicators\n") :]
    example = section.split("```yaml\n")[1].split("```")[0]
    indicators, findings = read_indicator_text(example.encode(), "README.md")
    assert (len(indicators), findings) == (1, ())
    assert [key for key in (*INDICATOR_KEYS, *OBSERVATION_KEYS) if f"`{key}`" not in section] == []


def test_the_reference_names_every_finding_the_corpus_expects_of_indicators():
    reference = (ROOT / "directives" / "README.md").read_text(encoding="utf-8")
    section = reference[reference.index("\n## Indicators\n") :]
    files = (CORPUS / "indicators" / "bad").glob("*.yaml")
    codes = {code for file in files for _, code in EXPECT.findall(file.read_text(encoding="utf-8"))}
    assert sorted(code for code in codes - SHARED_CODES if f"`{code}`" not in section) == []
