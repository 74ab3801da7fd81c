"""The directives that come with the tracker are the first to keep its rules."""

from pathlib import Path

from tracker.files.reader import read_directives
from tracker.files.registry import read_registry

SHIPPED = Path(__file__).parents[3] / "directives"


def test_the_shipped_directives_have_no_findings():
    registry, findings = read_registry(SHIPPED / "registry")
    assert [str(finding) for finding in findings] == []
    directives, findings = read_directives(SHIPPED, registry)
    assert [str(finding) for finding in findings if finding.severity == "error"] == []
    assert len(directives) == len(list(SHIPPED.glob("2*/*.yaml")))
