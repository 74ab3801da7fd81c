"""Inputs that nobody should write: each key with a value of another type, and files made to cost time and memory."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.builders import SHA256
from tracker.files.document import KEYS as DOCUMENT_KEYS
from tracker.files.due import KEYS as DUE_KEYS
from tracker.files.links import NEED_KEYS, RELATION_KEYS
from tracker.files.owner import FOR_EACH_KEYS
from tracker.files.reader import read_directives, read_text
from tracker.files.registry import read_registry
from tracker.files.task import KEYS as TASK_KEYS

ROOT = Path(__file__).parents[3]
CORPUS = ROOT / "tests" / "corpus"
REGISTRY, _ = read_registry(CORPUS / "registry")

# ── Every key with a value of another type ──────────────────────────────────────────────────────────────────

NOTHING, TEXT, LIST, MAPPING = "null", "x", "[[x]]", "{x: y}"
EMPTY, WRONG, UNKNOWN = {"empty-value"}, {"wrong-type"}, {"unknown-key"}
SCALAR = {NOTHING: EMPTY, LIST: WRONG, MAPPING: WRONG}
LISTED = {NOTHING: EMPTY, TEXT: WRONG, LIST: WRONG, MAPPING: WRONG}
TABLE = {NOTHING: EMPTY, TEXT: WRONG, LIST: WRONG, MAPPING: UNKNOWN}
Row = dict[str, set[str]]


def table(*more: str) -> Row:
    return {**TABLE, MAPPING: UNKNOWN | set(more)}


def rows(keys: tuple[str, ...], **special: Row) -> list[tuple[str, str, set[str]]]:
    """Return a case for each key and each value that does not fit it: scalars by default."""
    return [(key, value, codes) for key in keys for value, codes in special.get(key, SCALAR).items()]


CASES: dict[str, list[tuple[str, str, set[str]]]] = {
    "document": rows(
        DOCUMENT_KEYS,
        title=table("missing-language"),
        relations=LISTED,
        sources={NOTHING: EMPTY, TEXT: WRONG, LIST: WRONG, MAPPING: WRONG},
        defaults=table(),
        tasks={NOTHING: EMPTY, TEXT: WRONG, LIST: WRONG, MAPPING: WRONG},
    ),
    "task": rows(
        TASK_KEYS,
        record={NOTHING: EMPTY, LIST: WRONG, MAPPING: WRONG},
        title=table("missing-language"),
        source=table("missing-key"),
        lead={NOTHING: EMPTY, LIST: {"several-leads"}, MAPPING: WRONG},
        for_each={NOTHING: EMPTY, TEXT: {"unknown-set"}, LIST: WRONG, MAPPING: UNKNOWN | {"missing-key"}},
        any_of=LISTED,
        due=table("no-deadline-rule"),
        needs=LISTED,
        restates=LISTED,
        supervises=LISTED,
        derives_from=LISTED,
        indicators=LISTED,
        **{"with": LISTED, "via": LISTED, "to": LISTED},
    ),
    "due": rows(DUE_KEYS, of={NOTHING: EMPTY, LIST: WRONG, MAPPING: UNKNOWN | {"missing-key"}}),
    "for_each": rows(
        FOR_EACH_KEYS,
        agencies={NOTHING: EMPTY, TEXT: {"unknown-set"}, LIST: WRONG, MAPPING: WRONG},
        exempt=LISTED,
    ),
    "source": rows(("in", "sentence", "sha256")),
    "needs": rows(NEED_KEYS),
    "relations": rows(RELATION_KEYS),
}
DOCUMENT = {
    "directive": "412/TB-VPCP",
    "issued": "2025-08-11",
    "issuer": "VPCP",
    "title": "{vi: Kết luận, en: Conclusions, fr: Conclusions}",
    "sources": f"{{article: {{file: a.txt, language: fr, sha256: {SHA256}}}}}",
    "tasks": "{report: {title: {vi: a, en: b, fr: c}, lead: BNV, due: {by: 2025-08-31}}}",
}
TASK = {"title": "{vi: Báo cáo, en: Report, fr: Rapport}", "lead": "BNV", "due": "{by: 2025-08-31}"}
# beside which a key has its meaning
COMPANY: dict[str, dict[str, str]] = {
    "due": {
        **dict.fromkeys(("of", "roll"), "within: 5 days"),
        **dict.fromkeys(("time", "first", "until"), "every: FREQ=DAILY"),
        **dict.fromkeys(("words", "scope", "alternative", "cutoff"), "by: 2025-08-31"),
        **{"bound": "before: 2025-08-31", "from": "to: 2025-08-31", "to": "from: 2025-08-01"},
    },
    "for_each": {key: "agencies: provinces" for key in FOR_EACH_KEYS if key != "agencies"},
    "needs": {"kind": "task: survey", "lag": "task: survey", "basis": "task: survey"},
    "relations": {"issued": "implements: 183-KL/TW"},
}
SOURCE = {"in": "article", "sentence": "5", "sha256": SHA256}


def lines_of(mapping: dict[str, str], indent: str = "") -> str:
    return "".join(f"{indent}{key}: {value}\n" for key, value in mapping.items())


def document(**changes: str) -> str:
    return lines_of({**DOCUMENT, **changes})


def with_task(task: dict[str, str]) -> str:
    survey = "  survey: {title: {vi: a, en: b, fr: c}, lead: BTC, due: {by: 2025-08-20}}\n"
    return lines_of({k: v for k, v in DOCUMENT.items() if k != "tasks"}) + (
        "tasks:\n" + survey + "  report:\n" + lines_of(task, "    ")
    )


def case(where: str, key: str, value: str) -> str:
    """Return a file in which one key has a value; all else in it is right."""
    inner = ", ".join(filter(None, (COMPANY.get(where, {}).get(key), f"{key}: {value}")))
    match where:
        case "document":
            return lines_of({**{k: v for k, v in DOCUMENT.items() if k != key}, key: value})
        case "task":
            owners = {"lead", "for_each", "any_of"}
            rest = {k: v for k, v in TASK.items() if k != key and not (key in owners and k in owners)}
            return with_task({**rest, key: value})
        case "source":
            place = ", ".join(f"{k}: {v}" for k, v in {**SOURCE, key: value}.items())
            return with_task({**TASK, "source": f"{{{place}}}"})
        case "for_each":
            return with_task({"title": TASK["title"], "due": TASK["due"], "for_each": f"{{{inner}}}"})
        case "needs":
            return with_task({**TASK, "needs": f"[{{{inner}}}]"})
        case "relations":
            return document(relations=f"[{{{inner}}}]")
        case _:
            return with_task({"title": TASK["title"], "lead": "BNV", "due": f"{{{inner}}}"})


ALL_CASES = [(where, *row) for where, some in CASES.items() for row in some]


def test_what_the_cases_start_from_is_right():
    for text in (
        document(),
        with_task(TASK),
        with_task({**TASK, "source": "{" + lines_of(SOURCE)[:-1].replace("\n", ", ") + "}"}),
    ):
        assert read_text(text.encode(), "a.yaml", registry=REGISTRY)[1] == ()


def name_of(value: object) -> str:
    """Name a case the same way in every process: the parallel run compares the names."""
    return "+".join(sorted(value)) if isinstance(value, set) else str(value)


@pytest.mark.parametrize(("where", "key", "value", "codes"), ALL_CASES, ids=name_of)
def test_a_value_of_another_type_is_a_finding_on_its_line(where: str, key: str, value: str, codes: set[str]):
    text = case(where, key, value)
    _, findings = read_text(text.encode(), "a.yaml", registry=REGISTRY)
    lines = text.splitlines()
    place = next(n for n, line in enumerate(lines, 1) if f"{key}: {value}" in line)
    assert {finding.code for finding in findings} == codes
    assert {finding.place.line for finding in findings} == {place}


# ── Files made to cost time and memory ──────────────────────────────────────────────────────────────────────

MOST_SECONDS, MOST_MEGABYTES = 2, 200
HEAD = lines_of({key: value for key, value in DOCUMENT.items() if key != "tasks"}) + "tasks:\n"
FIRST = HEAD.count("\n") + 1
START = "title: {vi: a, en: b, fr: c}, lead: BNV"
OWED = "due: {by: 2025-08-31}"


def tasks(count: int, rest: Callable[[int], str], start: str = START) -> bytes:
    return (HEAD + "".join(f"  t{n}: {{{start}, {rest(n)}}}\n" for n in range(count))).encode()


def listed(key: str, count: int, item: Callable[[int], str]) -> bytes:
    return tasks(1, lambda _: f"{OWED}, {key}: [{', '.join(map(item, range(count)))}]")


def numbered(piece: str, count: int) -> bytes:
    return "".join(piece.replace("#", str(n)) for n in range(count)).encode()


# name -> the bytes, and a finding that must be among the first hundred: its line and code
BOMBS: dict[str, tuple[bytes, tuple[int, str]]] = {
    "ten megabytes": (b"a" * 10_000_000, (1, "too-large")),
    "ten megabytes of lines": (b"a: b\n" * 2_000_000, (1, "too-large")),
    "a million lines": (b"a\n" * 1_000_000, (1, "too-large")),
    "a million empty lines": (b"\n" * 1_000_000, (1, "too-large")),
    "lines as many as fit": (b"a\n" * 130_000, (1, "wrong-type")),
    "empty lines as many as fit": (b"\n" * 262_000, (1, "empty-file")),
    "carriage returns": (b"a\r" * 131_000, (1, "wrong-type")),
    "comments": (b"#\n" * 130_000, (1, "empty-file")),
    "tabs": (b"\t" * 262_000, (1, "tab")),
    "opening brackets": (b"[" * 262_000, (1, "too-deep")),
    "opening braces": (b"{" * 262_000, (1, "too-deep")),
    "closing brackets": (b"]" * 262_000, (1, "yaml-syntax")),
    "dashes": (b"- " * 131_000, (1, "too-deep")),
    "question marks": (b"? " * 131_000, (1, "too-deep")),
    "colons": (b": " * 131_000, (1, "yaml-syntax")),
    "stairs": (b"".join(b" " * n + b"a:\n" for n in range(700)), (21, "too-deep")),
    "a quote never closed": (b'a: "' + b"x\n" * 130_000, (1, "yaml-syntax")),
    "quotes": (b"'" * 261_999, (1, "yaml-syntax")),
    "a billion laughs": (
        b"a: &a [x,x,x,x,x,x,x,x,x]\n" + numbered("b#: &b# [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n", 5_000), (1, "alias"),
    ),
    "aliases": (b"a: &a x\n" + b"b: *a\n" * 40_000, (1, "alias")),
    "anchors": (numbered("a#: &a# x\n", 15_000), (1, "alias")),
    "a long anchor": (b"&" + b"a" * 250_000 + b" x", (1, "alias")),
    "tags": (numbered("- !t# x\n", 20_000), (1, "tag")),
    "a long tag": (b"!" + b"a" * 250_000 + b" x", (1, "tag")),
    "tag lines": (numbered("%TAG !a#! b\n", 15_000), (1, "tag")),
    "version lines": (b"%YAML 1.1\n" * 20_000, (2, "yaml-syntax")),
    "documents": (b"---\n" * 65_000, (2, "several-documents")),
    "merge keys": (b"<<: {a: b}\n" * 20_000, (1, "merge-key")),
    "a key of 250,000 letters": (b"a" * 250_000 + b": b", (1, "yaml-syntax")),
    "equal keys": (b"a: b\n" * 24_000, (2, "duplicate-key")),
    "unknown keys": (numbered("k#: 1\n", 24_000), (1, "unknown-key")),
    "values as many as fit and one more": (b"[" + b"a," * 60_000 + b"]", (1, "too-large")),
    "accents upon one letter": (("a: a" + "\u0316\u0301" * 60_000).encode(), (1, "too-many-marks")),
    "accents upon a key": (("a" + "\u0316\u0301" * 60_000 + ": b").encode(), (1, "too-many-marks")),
    "accents escaped": (b'a: "a' + rb"\u0316\u0301" * 20_000 + b'"', (1, "too-many-marks")),
    "points of Hebrew": (("a: a" + "\u05b0\u05b1" * 60_000).encode(), (1, "too-many-marks")),
    "keys not composed": (numbered("a\u0301#: e\u0301\n", 17_000), (1, "not-nfc")),
    "not UTF-8 throughout": (b"\xff" * 262_000, (1, "not-utf8")),
    "not UTF-8 at the end": (b"a: b\n" * 50_000 + b"\xff", (50_001, "not-utf8")),
    "surrogates": (b"\xed\xa0\x80" * 80_000, (1, "not-utf8")),
    "overlong forms": (b"\xc0\x80" * 100_000, (1, "not-utf8")),
    "half a character": ("a: Đ".encode()[:-1], (1, "not-utf8")),
    "UTF-16": (("a: b\n" * 20_000).encode("utf-16"), (1, "not-utf8")),
    "UTF-32": (("a: b\n" * 10_000).encode("utf-32"), (1, "not-utf8")),
    "Latin-1": (HEAD.encode("utf-8").replace("Kết luận".encode(), b"R\xe9sum\xe9"), (4, "not-utf8")),
    "NUL throughout": (b"\0" * 262_000, (1, "control-character")),
    "NUL at the end": (b"#\n" * 130_000 + b"\0", (130_001, "control-character")),
    "a byte order mark twice": ("\ufeff\ufeffa: b\n".encode(), (1, "control-character")),
    "a number of strokes": (b"directive: " + b"/" * 200_000, (1, "bad-id")),
    "a number of digits": (b"directive: " + b"1" * 200_000 + b"/TB-VPCP", (1, "bad-id")),
    "an id of hyphens": (listed("needs", 1, lambda _: "a-" * 100_000 + "!"), (FIRST, "bad-id")),
    "a key of hyphens": (listed("needs", 1, lambda _: "2025/" + "a-" * 100_000 + "!"), (FIRST, "bad-id")),
    "a span of digits": (tasks(1, lambda _: f"due: {{within: {'9' * 200_000} days}}"), (FIRST, "bad-span")),
    "a date of digits": (tasks(1, lambda _: f"due: {{by: {'9' * 200_000}}}"), (FIRST, "bad-date")),
    "unknown agencies": (listed("with", 24_000, lambda n: f"A{n}"), (FIRST, "unknown-agency")),
    "unknown needs": (listed("needs", 20_000, lambda n: f"z{n}"), (FIRST, "unknown-task")),
    "slips of numbers": (listed("derives_from", 15_000, lambda n: f'"{n}/KL-TW"'), (FIRST, "bad-number")),
    "bad dates": (tasks(3_000, lambda _: "due: {by: x}"), (FIRST, "bad-date")),
    "recurrences that never come": (
        tasks(2_000, lambda n: f"due: {{every: FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;INTERVAL={n % 999 + 1}}}"),
        (FIRST, "bad-rrule"),
    ),
    "one cycle through 2,500 tasks": (tasks(2_500, lambda n: f"needs: [t{(n + 1) % 2_500}], {OWED}"), (FIRST, "cycle")),
    "1,250 cycles": (tasks(2_500, lambda n: f"needs: [t{n ^ 1}], {OWED}"), (FIRST, "cycle")),
    "every task needs every other": (
        tasks(150, lambda n: f"needs: [{', '.join(f't{m}' for m in range(150) if m != n)}], {OWED}"), (FIRST, "cycle"),
    ),
}  # fmt: skip

# reads each file of a folder in a process of its own, and says what that cost
CHILD = """
import json, os, resource, sys, time
from pathlib import Path
from tracker.files.reader import read_bytes, read_text
from tracker.files.registry import read_registry
from tracker.files.report import Report

def read(file):
    started = time.process_time()
    try:
        data = read_bytes(file, Report(file.name))
        directive, findings = read_text(data, file.name, registry=REGISTRY)
        first = list(dict.fromkeys((one.place.line, one.code) for one in findings[:20_000]))[:100]
        found = {"count": len(findings), "first": first, "directive": directive is not None}
    except BaseException as error:
        found = {"raised": repr(error)[:500]}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    megabytes = peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
    return {**found, "seconds": time.process_time() - started, "megabytes": megabytes}

REGISTRY, _ = read_registry(Path(sys.argv[1]))
for file in sorted(Path(sys.argv[2]).iterdir()):
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
        os.write(theirs, json.dumps(read(file)).encode())
        os._exit(0)
    os.close(theirs)
    with open(ours, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    print(json.dumps({"name": file.name, **json.loads(told or b'{"raised": "killed"}')}))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What became of each bomb, and of a file of ten gigabytes, in a process of its own."""
    folder = tmp_path_factory.mktemp("bombs")
    for name, (data, _) in BOMBS.items():
        (folder / name).write_bytes(data)
    with (folder / "ten gigabytes").open("wb") as stream:
        stream.truncate(10 * 1024**3)  # sparse: it takes no room on the disk
    words = [sys.executable, "-c", CHILD, CORPUS / "registry", folder]
    said = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert said.returncode == 0, said.stderr
    assert said.stderr == ""
    return {one["name"]: one for one in map(json.loads, said.stdout.splitlines())}


@pytest.mark.parametrize("name", [*BOMBS, "ten gigabytes"])
def test_a_bomb_is_a_finding_in_bounded_time_and_memory(told: dict[str, Any], name: str):
    line, code = BOMBS[name][1] if name in BOMBS else (1, "too-large")
    one = told[name]
    assert "raised" not in one
    assert [line, code] in one["first"]
    assert one["directive"] is False
    assert one["seconds"] < MOST_SECONDS
    assert one["megabytes"] < MOST_MEGABYTES


# ── Names of files ──────────────────────────────────────────────────────────────────────────────────────────

NAMES = {
    "a line break": (b"new\nline.yaml", "new<U+000A>line.yaml"),
    "a mark that turns the reading direction": ("\u202e412.yaml".encode(), "<U+202E>412.yaml"),
    **({"not UTF-8": (b"\xff.yaml", "<U+DCFF>.yaml")} if sys.platform == "linux" else {}),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", ["a: b\n", document()], ids=["bad", "good"])
def test_a_finding_shows_the_name_of_its_file_however_odd(tmp_path: Path, name: str, text: str):
    data, shown = NAMES[name]
    (tmp_path / os.fsdecode(data)).write_text(text, encoding="utf-8")
    _, findings = read_directives(tmp_path, REGISTRY)
    assert {Path(finding.place.file).name for finding in findings} == {shown}
    told = "\n".join(map(str, findings))
    assert len(told.encode().splitlines()) == len(findings)


def test_what_is_no_file_is_a_finding(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "zero.yaml").symlink_to("/dev/zero")
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    (tmp_path / "nowhere.yaml").symlink_to("not-there")
    (tmp_path / "above").symlink_to(tmp_path)
    _, findings = read_directives(tmp_path, REGISTRY)
    assert [finding.code for finding in findings] == ["missing-file"] * 4


# ── All of them together ────────────────────────────────────────────────────────────────────────────────────


def test_there_are_more_than_200_bad_inputs_and_no_two_are_the_same():
    files = [file.read_bytes() for file in (CORPUS / "bad").rglob("*.yaml")]
    figures = [file.read_bytes() for file in (CORPUS / "indicators" / "bad").glob("*.yaml")]
    typed = [case(where, key, value).encode() for where, key, value, _ in ALL_CASES]
    bombs = [data for data, _ in BOMBS.values()]
    assert len(files) >= 200
    assert len(bombs) >= 50
    every = [*files, *figures, *typed, *bombs]
    assert len(set(every)) == len(every) >= 600
