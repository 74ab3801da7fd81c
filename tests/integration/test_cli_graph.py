"""The drafting check and the graph on the command line: what is printed, in which form, with which exit status."""

import json
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tracker.cli.drawing import MOST
from tracker.cli.main import app

REGISTRY = Path(__file__).parent.parent / "corpus/registry"
HEAD = """\
directive: 412/TB-VPCP
issued: 2025-08-11
issuer: VPCP
title: {vi: Kết luận về xã & phường, en: Conclusions on communes & wards, fr: Conclusions sur les communes}
tasks:
"""
TASK = """\
  {id}:
    title: {{vi: Rà soát {id}, en: Review the {id} & more, fr: Passer {id} en revue}}
    lead: BNV
"""
PLAN = (
    HEAD
    + TASK.format(id="draft")
    + "    takes: 5 days\n"
    + TASK.format(id="ask")
    + "    takes: 3 days\n    track: false\n"
    + TASK.format(id="sign")
    + "    takes: 1 day\n    needs: [draft, {task: ask, basis: inferred, kind: start-start, lag: 1 day}]\n"
    + TASK.format(id="follow")
    + "    due: {within: 10 days, of: sign}\n"
)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with four tasks, three of them with estimates, and the registry above it."""
    shutil.copytree(REGISTRY, tmp_path / "registry")
    found = tmp_path / "2025/412-tb-vpcp.yaml"
    found.parent.mkdir()
    found.write_text(PLAN, encoding="utf-8")
    return found


def run(*words: str | Path, status: int = 0) -> Any:
    said = CliRunner().invoke(app, [*map(str, words)])
    assert said.exception is None or isinstance(said.exception, SystemExit), said.exception
    assert said.exit_code == status, said.output
    return said


def graph(file: Path, *words: str) -> Any:
    return json.loads(run("directive", "graph", file, *words, "--format", "json").stdout)


# ── check ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_warnings_do_not_fail_a_check_unless_it_is_strict(file: Path) -> None:
    said = run("directive", "check", file)
    assert "warning: six-clears: not all is clear in 3 of 3 tasks: time 2, product 3" in said.stdout
    run("directive", "check", file, "--strict", status=3)


def test_errors_come_before_doubts(file: Path) -> None:
    (file.parent / "1-tb-vpcp.yaml").write_text("directive: 1/TB-VPCP\n", encoding="utf-8")
    lines = run("directive", "check", file.parent.parent, status=3).stdout.splitlines()
    errors = [n for n, line in enumerate(lines) if line and "warning: " not in line]
    assert max(errors[:-1]) < min(n for n, line in enumerate(lines) if "six-clears" in line)


def test_the_six_clears_are_a_table_and_a_document(file: Path) -> None:
    shown = run("directive", "check", file, "--six-clears").stdout
    assert "responsibility" in shown
    assert "none named" in shown
    found = json.loads(run("directive", "check", file, "--six-clears", "--format", "json").stdout)
    assert found["six_clears"]["2025/412-tb-vpcp"]["follow"] == {"product": "none named"}
    assert found["errors"] == 0


# ── graph ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_graph_times_every_task(file: Path) -> None:
    found = graph(file)
    assert (found["length"], found["unit"], found["critical_path"]) == (6, "days", ["draft", "sign", "follow"])
    names = ("earliest_start", "earliest_finish", "latest_start", "latest_finish", "slack")
    assert {task["id"]: tuple(task[name] for name in names) for task in found["tasks"]} == {
        "draft": (0, 5, 0, 5, 0),
        "ask": (0, 3, 3, 6, 3),
        "sign": (5, 6, 5, 6, 0),
        "follow": (6, 6, 6, 6, 0),
    }
    assert found["edges"] == [
        {"from": "draft", "to": "sign", "kind": "finish-start", "lag": None, "basis": "stated"},
        {"from": "ask", "to": "sign", "kind": "start-start", "lag": "1 day", "basis": "inferred"},
        {"from": "sign", "to": "follow", "kind": "finish-start", "lag": None, "basis": "deadline"},
    ]


def test_several_files_are_one_graph_of_full_keys(file: Path) -> None:
    more = PLAN.replace("412/TB-VPCP", "9/TB-VPCP").replace("needs: [draft,", "needs: [2025/412-tb-vpcp/sign,")
    (file.parent / "9-tb-vpcp.yaml").write_text(more, encoding="utf-8")
    found = graph(file.parent.parent)
    assert found["length"] == 7
    assert found["critical_path"][:3] == ["2025/412-tb-vpcp/draft", "2025/412-tb-vpcp/sign", "2025/9-tb-vpcp/sign"]


def test_a_deadline_changes_no_offset(file: Path) -> None:
    before = graph(file)
    file.write_text(PLAN.replace("takes: 5 days", "takes: 5 days\n    due: {by: 2025-08-12}"), encoding="utf-8")
    assert (graph(file)["length"], graph(file)["critical_path"]) == (before["length"], before["critical_path"])


def test_a_slip_tells_what_comes_later(file: Path) -> None:
    sign, ask, follow = (f"2025/412-tb-vpcp/{name}" for name in ("sign", "ask", "follow"))
    assert graph(file, "--slip", "ask=4")["slip"] == {ask: 4}
    assert graph(file, "--slip", "ask=6")["slip"] == {ask: 6, follow: 2, sign: 2}
    assert "no slip" in run("directive", "graph", file, "--slip", "ask", status=2).stderr


def test_the_drawing_is_well_formed_and_says_what_it_shows(file: Path) -> None:
    root = ElementTree.fromstring(run("directive", "graph", file, "--format", "svg").stdout)
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == "412/TB-VPCP: Conclusions on communes & wards"
    assert "Critical path: draft, then sign, then follow." in str(root.findtext(f"{SVG}desc"))
    marks = {
        str(box.findtext(f"{SVG}title")).partition(":")[0].rpartition("/")[2]: box.get("class")
        for box in root.iter(f"{SVG}g")
    }
    assert marks == {"draft": "critical", "ask": "untracked", "sign": "critical", "follow": "critical"}
    arrows = [path.get("class") for path in root.iter(f"{SVG}path") if str(path.get("class")).startswith("arrow")]
    assert sorted(map(str, arrows)) == ["arrow critical", "arrow critical", "arrow inferred"]
    assert [text.text for text in root.iter(f"{SVG}text") if text.get("class") == "how"] == ["start-start", "+ 1 day"]


def test_the_boxes_of_a_drawing_do_not_overlap(file: Path) -> None:
    tasks = "".join(
        TASK.format(id=f"t{n}") + (f"    needs: [t{n // 2}, t{n // 3}]\n" if n > 3 else "") for n in range(1, 80)
    )
    file.write_text(HEAD + tasks, encoding="utf-8")
    root = ElementTree.fromstring(run("directive", "graph", file, "--format", "svg").stdout)
    boxes = [
        tuple(float(str(rect.get(name))) for name in ("x", "y", "width", "height")) for rect in root.iter(f"{SVG}rect")
    ]
    assert len(boxes) == 79
    for n, (x, y, width, height) in enumerate(boxes):
        assert all(abs(x - a) >= width or abs(y - b) >= height for a, b, _, _ in boxes[n + 1 :])
    assert min(y for _, y, _, _ in boxes) > 60
    assert max(y + height for _, y, _, height in boxes) < float(str(root.get("height")))


@pytest.mark.parametrize(("count", "status"), [(MOST - 1, 0), (MOST, 0), (MOST + 1, 2)])
def test_what_nobody_could_read_is_not_drawn(file: Path, count: int, status: int) -> None:
    file.write_text(HEAD + "".join(TASK.format(id=f"t{n}") for n in range(count)), encoding="utf-8")
    said = run("directive", "graph", file, "--format", "svg", status=status)
    assert ("draw one directive at a time" in said.stderr) is (status == 2)
