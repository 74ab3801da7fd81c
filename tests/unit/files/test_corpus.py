"""The corpus: good files have no findings, bad files have exactly those they expect, line by line."""

import re
from pathlib import Path

import pytest

from tracker.domain.finding import Finding
from tracker.files.reader import read_directives, read_text
from tracker.files.registry import read_registry

CORPUS = Path(__file__).parents[2] / "corpus"
EXPECT = re.compile(r"^# expect: ([0-9]+) ([a-z0-9-]+)$", re.MULTILINE)
REGISTRY, REGISTRY_FINDINGS = read_registry(CORPUS / "registry")

Expected = list[tuple[str, int, str]]


def expected(*files: Path) -> Expected:
    return sorted(
        (file.as_posix(), int(line), code)
        for file in files
        for line, code in EXPECT.findall(file.read_text(encoding="utf-8-sig"))
    )


def found(findings: tuple[Finding, ...]) -> Expected:
    return sorted((finding.place.file, finding.place.line, finding.code) for finding in findings)


def test_the_small_registry_has_no_findings():
    assert REGISTRY_FINDINGS == ()


def test_good_files_have_no_findings():
    directives, findings = read_directives(CORPUS / "good", REGISTRY)
    assert findings == ()
    assert len(directives) == len(list((CORPUS / "good").rglob("*.yaml")))


@pytest.mark.parametrize("file", sorted((CORPUS / "bad").glob("*.yaml")), ids=lambda file: file.stem)
def test_a_bad_file_has_exactly_the_findings_it_expects(file: Path):
    directive, findings = read_text(file.read_bytes(), file.as_posix(), registry=REGISTRY)
    assert found(findings) == expected(file)
    assert (directive is None) == any(finding.severity == "error" for finding in findings)


@pytest.mark.parametrize("folder", sorted(f for f in (CORPUS / "bad").iterdir() if f.is_dir()), ids=lambda f: f.name)
def test_a_bad_folder_has_exactly_the_findings_its_files_expect(folder: Path):
    _, findings = read_directives(folder, REGISTRY)
    assert found(findings) == expected(*folder.rglob("*.yaml"))
