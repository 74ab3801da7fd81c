"""Fuzz: damaged files for as long as FUZZ_SECONDS says; whatever the bytes, only findings come back.

Case number n of a seed is always the same: `FUZZ_SEED=1 FUZZ_CASE=123` runs that one again, alone. Other seeds
walk other ways; the default is fixed, so that two runs of one length differ only in how far they come.
"""

import hashlib
import os
import random
import re
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import cache
from itertools import count
from pathlib import Path

from tracker.domain.finding import Finding
from tracker.files.coverage import read_coverage_text
from tracker.files.documents import fingerprint
from tracker.files.indicators import read_indicator_text
from tracker.files.layout import lay_out
from tracker.files.reader import read_directives, read_text
from tracker.files.registry import read_registry
from tracker.files.render import render

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "tests" / "corpus"
SMALL = CORPUS / "registry"
REGISTRY, _ = read_registry(SMALL)
# what the good files need of each other
KNOWN = {task.key for one in read_directives(CORPUS / "good", REGISTRY)[0] for task in one.tasks}

SECONDS = float(os.environ.get("FUZZ_SECONDS", "5"))
SEED = os.environ.get("FUZZ_SEED", "1")
CASE = os.environ.get("FUZZ_CASE")
SLOWEST = 2.0  # seconds of the processor, for one file
LARGEST = 20_000  # bytes a file is made of at first; larger ones are held to time in test_bad_inputs.py

Findings = tuple[Finding, ...]

# ── What is fuzzed ──────────────────────────────────────────────────────────────────────────────────────────


def a_directive(data: bytes) -> Findings:
    """Read a directive; what can be read can also be laid out and rendered, and says the same afterwards."""
    directive, findings = read_text(data, "a.yaml", registry=REGISTRY, known=KNOWN)
    assert directive is not None or any(finding.severity == "error" for finding in findings)
    if directive is not None:
        again, _ = read_text(render(directive).encode(), "a.yaml", known=KNOWN)
        assert again is not None
        assert fingerprint(again) == fingerprint(directive)
        laid = lay_out(data, "a.yaml").text
        assert laid is not None
        assert lay_out(laid.encode(), "a.yaml").text == laid
    return findings


def indicators(data: bytes) -> Findings:
    """Read a file of indicators."""
    found, findings = read_indicator_text(data, "a.yaml", registry=REGISTRY)
    assert not (found and any(finding.severity == "error" for finding in findings))
    return findings


def accounts(data: bytes) -> Findings:
    """Read a file of accounts."""
    book, findings = read_coverage_text(data, "a.yaml")
    assert book.texts or findings
    return findings


@cache
def desk() -> tempfile.TemporaryDirectory[str]:
    """Return the folder in which one file of a registry is damaged at a time; it goes when the tests end."""
    made = tempfile.TemporaryDirectory(prefix="fuzz-")
    shutil.copytree(SMALL, made.name, dirs_exist_ok=True)
    return made


def registry(name: str) -> Callable[[bytes], Findings]:
    """Return what reads a registry of which one file is damaged."""

    def read(data: bytes) -> Findings:
        file = Path(desk().name, name)
        try:
            file.write_bytes(data)
            found, findings = read_registry(file.parent)
        finally:
            shutil.copy(SMALL / name, file)
        assert found is not None or findings
        return tuple(one for one in findings if Path(one.place.file).name == name)

    read.__name__ = name
    return read


def some(folder: str) -> list[bytes]:
    found = [file.read_bytes() for file in sorted((CORPUS / folder).rglob("*.yaml"))]
    return [data for data in found if len(data) <= LARGEST]


def beginning(file: str, lines: int) -> list[bytes]:
    return [b"".join((ROOT / "directives" / file).read_bytes().splitlines(keepends=True)[:lines])]


TARGETS: list[tuple[Callable[[bytes], Findings], list[bytes]]] = [
    (a_directive, some("good")),
    (a_directive, some("good")),  # twice: only what can still be read goes on to be laid out and rendered
    (a_directive, some("bad")),
    (indicators, some("indicators")),
    (accounts, beginning("coverage.yaml", 60)),
    *((registry(name), [(SMALL / name).read_bytes()]) for name in sorted(file.name for file in SMALL.iterdir())),
]
LINES = sorted({line for _, files in TARGETS for data in files for line in data.splitlines() if line.strip()})

# ── How it is damaged ───────────────────────────────────────────────────────────────────────────────────────

PIECES = (
    b": ", b"- ", b"{", b"}", b"[", b"]", b"'", b'"', b"&a ", b"*a", b"!!map ", b"!t ", b"<<: ", b">\n", b"|\n",
    b"|-\n", b"---\n", b"...\n", b"? ", b"# ", b"%TAG ! x\n", b"%YAML 1.2\n", b"\t", b"\0", b"\r", b"\r\n", b"\n",
    b"  ", b"\\", b",", b"\xc4\x90", b"\xef\xbb\xbf", b"\xff", b"\xed\xa0\x80", b"\xe2\x80\xa8", b"\xc2\x85",
    b"\xcc\x81", b"\xe2\x80\x8b", b"\xe2\x80\xae", b"\xf0\x9f\x98\x80", b"\\ud800", b"\\0", b"\\L",
)  # fmt: skip
VALUES = (
    "null", "~", "true", "no", "''", "[]", "{}", "[[]]", "{a: b}", "0", "-1", "1e3", "999999", "08", "a", "Đ",
    "e\u0301", "2025-02-30", "9999-12-31", "1900-01-01", "2200-12-31", "2025-08-31T23:59", "2025-13", "2025-Q4",
    "2025", "0 days", "9999 days", "999 working days", "999 months", "12 weeks", "FREQ=DAILY",
    "FREQ=MONTHLY;BYMONTHDAY=31", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO",
    "FREQ=WEEKLY;BYDAY=MO,FR;INTERVAL=999", '"24:00"', "issue", "{event: a}", "report", "[report]",
    "[report, report]", "2025/1-qd-ttg/report", "BNV", "provinces", "communes", "[BNV, provinces]", '"01"', "all",
    "any", '"60 %"', "183-KL/TW", "170/KL-TW", "412/TB-VPCP", "{task: report}", "{from: 2025-08-31, to: 2025-08-01}",
    "{every: FREQ=DAILY}", "{within: 5 days, of: report}", "{by: 2025-08-31, cutoff: true}", "{done: 2025-08-31}",
    "1/0", "0.0001", "1" * 40,
)  # fmt: skip
_VALUE = re.compile(rb"(?<=: )[^\n]+")


def cut(chance: random.Random, data: bytes) -> bytes:
    start = chance.randrange(len(data) + 1)
    return data[:start] + data[start + chance.randrange(60) :]


def insert(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(PIECES) * chance.choice((1, 1, 1, 2, 50)) + data[at:]


def flip(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]


def noise(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.randbytes(chance.randrange(1, 20)) + data[at:]


def truncate(chance: random.Random, data: bytes) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def revalue(chance: random.Random, data: bytes) -> bytes:
    found = list(_VALUE.finditer(data))
    if not found:
        return data
    match = chance.choice(found)
    return data[: match.start()] + chance.choice(VALUES).encode() + data[match.end() :]


def reline(chance: random.Random, data: bytes) -> bytes:
    lines = data.split(b"\n")
    at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(6):
        case 0:
            lines[at], lines[other] = lines[other], lines[at]
        case 1:
            lines.insert(at, lines[other])
        case 2:
            del lines[at]
        case 3:
            lines[at] = b" " * chance.randrange(12) + lines[at].lstrip()
        case 4:
            lines.insert(at, chance.choice(LINES))
        case _:
            lines[at:at] = [lines[at]] * chance.randrange(2, 40)
    return b"\n".join(lines)


def respell(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + bytes([chance.choice(b"aeDz09-. ")]) + data[at + 1 :]


def remark(chance: random.Random, data: bytes) -> bytes:
    lines = data.split(b"\n")
    at = chance.randrange(len(lines))
    if chance.random() < 0.5:
        lines[at] += chance.choice((b" ", b"  # a remark", b"\n", b"\n\n# a remark"))
    else:
        lines.insert(at, b" " * chance.randrange(8) + chance.choice((b"# a remark", b"")))
    return b"\n".join(lines)


def nest(chance: random.Random, data: bytes) -> bytes:
    opened, closed = chance.choice(((b"[", b"]"), (b"{a: ", b"}"), (b"- ", b"")))
    at, depth = chance.randrange(len(data) + 1), chance.randrange(1, 30)
    return data[:at] + opened * depth + b"x" + closed * depth + data[at:]


DAMAGES = (
    cut,
    insert,
    insert,
    flip,
    noise,
    truncate,
    revalue,
    revalue,
    revalue,
    reline,
    reline,
    reline,
    nest,
    respell,
    remark,
    remark,
)


def case(number: int) -> tuple[Callable[[bytes], Findings], bytes]:
    """Return what case `number` of the seed reads, and with what."""
    chance = random.Random(f"{SEED}:{number}")  # a text: its way does not depend on the version of Python's hash
    target, files = chance.choice(TARGETS)
    if chance.random() < 0.05:
        return target, chance.randbytes(chance.randrange(400))
    data = chance.choice(files)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        data = chance.choice(DAMAGES)(chance, data)
    return target, data


# ── What must hold ──────────────────────────────────────────────────────────────────────────────────────────


def wrong_places(data: bytes, findings: Findings) -> list[str]:
    """Return the findings that stand outside of the file, or say nothing."""
    text = data.decode("utf-8-sig", "replace")
    lines = re.split(r"\r\n|\r|\n", text)
    return [
        str(one)
        for one in findings
        if not 1 <= one.place.line <= len(lines)
        or not 1 <= one.place.column <= len(lines[one.place.line - 1]) + 1
        or not (one.code and one.sentence and one.remedy)
        or "\n" in str(one)
    ]


def run(number: int) -> Findings:
    target, data = case(number)
    replay = f"FUZZ_SEED={SEED} FUZZ_CASE={number} ({target.__name__}, {len(data):,} bytes: {data[:200]!r})"
    started = time.process_time()
    try:
        findings = target(data)
    except Exception as error:
        raise AssertionError(f"{replay} raised {error!r}") from error
    took = time.process_time() - started
    assert took < SLOWEST, f"{replay} took {took:.1f} s"
    assert wrong_places(data, findings) == [], replay
    return findings


def test_damaged_files_bring_findings_and_nothing_else(record_property: Callable[[str, object], None]):
    if CASE is not None:
        run(int(CASE))
        return
    codes: Counter[str] = Counter()
    whole = 0
    end = time.perf_counter() + SECONDS
    for number in count(1):
        findings = run(number)
        codes.update({finding.code for finding in findings} or {""})
        whole += not any(finding.severity == "error" for finding in findings)
        if time.perf_counter() >= end:
            break
    record_property("told", f"fuzz: {number:,} executions in {SECONDS:.0f} s from seed {SEED}, "
                    f"{whole:,} files without an error, {len(codes) - ('' in codes)} different findings")  # fmt: skip
    assert number >= 20 * min(SECONDS, 1)  # it ran at all
    assert whole  # some damage must leave a file whole, or what comes after reading is never tried


def test_a_case_is_the_same_each_time():
    drawn = [hashlib.sha256(case(number)[1]).hexdigest() for number in range(1, 200)]
    assert drawn == [hashlib.sha256(case(number)[1]).hexdigest() for number in range(1, 200)]
    assert len(set(drawn)) > 150
