"""What benchmarks tell: figures beside their goals, fitted lines, and plots; no time is taken here."""

import doctest
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench import __main__ as every
from bench import figures, plot
from bench.figures import Figure, Point, fitted, read, tell

SVG = "{http://www.w3.org/2000/svg}"


def test_the_examples_of_fits_and_axes_hold() -> None:
    for module in (figures, plot):
        assert doctest.testmod(module).failed == 0


def test_nothing_is_kept_by_a_benchmark_that_runs_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BENCH_FIGURES", raising=False)
    tell(Figure(goal="P1", what="a sweep", figure="1 s"))


def test_what_is_told_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_FIGURES", str(tmp_path / "figures"))
    figure = Figure(goal="P4", what="verify", figure="1 s", floor="0.9 s", met=True)
    point = Point(plot="growth", line="Việc đang làm", x=1_000, y=2.5)
    tell(figure, point)
    assert read(tmp_path / "figures") == ([figure], [point])


def test_the_table_has_every_goal_also_those_not_measured() -> None:
    lines = list(every.table([Figure(goal="P4", what="verify", figure="1 s", met=False)]))
    assert "| P4 | verify | 1 s |  |  | no |" in lines
    assert [line.split(" | ")[0] for line in lines[2:]] == [f"| P{n}" for n in range(1, 14)]


def test_every_benchmark_that_is_run_is_there() -> None:
    assert [name for name in every.SHORT if not (Path(every.__file__).parent / f"{name}.py").exists()] == []
    assert every.main(["nonsense"]) == 2


def test_a_plot_names_its_lines_at_their_ends_apart() -> None:
    points = [Point(plot="p", line=f"<{n}>", x=x, y=y) for n, y in ((1, 5.0), (2, 5.1)) for x in (1_000, 100_000)]
    picture = ElementTree.fromstring(plot.plot("Growth & more", points))
    named = {one.text: float(one.attrib["y"]) for one in picture.iter(f"{SVG}text") if one.text}
    assert abs(named["<1>"] - named["<2>"]) >= plot.APART
    assert {"1,000", "100,000", "1 ms", "10 ms", "assignments", "Growth & more"} <= set(named)
    assert len(list(picture.iter(f"{SVG}polyline"))) == 2


def test_a_line_goes_on_as_it_was_fitted() -> None:
    assert round(fitted([(1_000, 1.0), (10_000, 1.0)], 1_000_000), 3) == 1


def test_a_run_ends_with_the_goals_and_lays_them_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(every, "FOLDER", tmp_path / "bench")
    monkeypatch.setattr(every, "SHORT", {"figures": ()})  # a module that does nothing when it is run
    assert every.main([]) == 0
    assert "| P13 |" in capsys.readouterr().out
    assert "| P1 | " in (tmp_path / "bench" / "summary.md").read_text(encoding="utf-8")


def test_what_fails_is_named_and_the_rest_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(every, "FOLDER", tmp_path)
    monkeypatch.setattr(every, "SHORT", {"gone": (), "figures": ()})
    assert every.main([]) == 1
    said = capsys.readouterr()
    assert "failed: gone" in said.err
    assert "── figures" in said.out


def test_the_pictures_are_laid_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(every, "FOLDER", tmp_path)
    points = [Point(plot="growth-sqlite", line="board", x=x, y=x / 100) for x in (1_000, 10_000)]
    assert "growth-sqlite.svg" in every.draw(points)
    assert "How each operation grows" in (tmp_path / "growth-sqlite.svg").read_text(encoding="utf-8")
