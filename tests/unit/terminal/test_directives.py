"""Plans, graphs and findings as text."""

from io import StringIO

from rich.console import Console

from tests.builders import a_directive, a_task
from tracker.cli import graphs, sources
from tracker.domain.directive import Need
from tracker.domain.finding import Finding, Place
from tracker.terminal.directives import PlanLine, findings_count, show_findings, show_plan

KEY = "2025/412-tb-vpcp"
CHAIN = a_directive(
    a_task("a"),
    a_task("b", needs=(Need(f"{KEY}/a"),)),
    a_task("c", needs=(Need(f"{KEY}/b", "inferred"), Need(f"{KEY}/a"))),
)


def a_console(width: int = 80) -> tuple[Console, StringIO]:
    stream = StringIO()
    return Console(file=stream, width=width, no_color=True, highlight=False), stream


def test_findings_are_one_line_each_the_errors_first_and_a_warning_says_so() -> None:
    warning = Finding(Place("a.yaml", 1, 1), "no-deadline", "'x' has no deadline", "add 'due'", "warning")
    error = Finding(Place("b.yaml", 14, 3), "unknown-task", "there is no task 'y'" + " and more" * 20, "write 'z'")
    out, stream = a_console(40)
    show_findings([warning, error], out)
    first, second = stream.getvalue().splitlines()
    assert first.startswith("b.yaml:14:3: unknown-task: there is no task 'y'")
    assert first.endswith("(write 'z')")
    assert second == "a.yaml:1:1: warning: no-deadline: 'x' has no deadline (add 'due')"
    assert findings_count([warning, error], 2) == "2 directives read, 1 error, 1 warning"


def test_a_task_stands_below_what_it_needs_with_its_other_needs_named() -> None:
    out, stream = a_console()
    graphs.show([CHAIN], None, out)
    lines = [line.rstrip() for line in stream.getvalue().splitlines()]
    assert lines[0].endswith("3 tasks, 3 needs")
    assert [line.index(name) for line, name in zip(lines[1:], ("a (", "b (", "c ("), strict=False)] == [8, 12, 16]
    assert "also needs a" in lines[3]
    assert "inferred" in " ".join(lines[3:5])


def test_the_graph_as_json_tells_near_and_far_needs() -> None:
    found = graphs.document([CHAIN], None)
    assert found["order"] == [f"{KEY}/{name}" for name in "abc"]
    first, _, last = found["tasks"]
    assert first["needed_by"] == first["waited_by"] == [f"{KEY}/b", f"{KEY}/c"]
    assert [need["basis"] for need in last["needs"]] == ["inferred", "stated"]
    assert last["waits_for"] == [f"{KEY}/a", f"{KEY}/b"]


def test_mermaid_draws_an_arrow_a_need_dotted_where_it_is_inferred() -> None:
    lines = graphs.mermaid([CHAIN], "en").splitlines()
    assert lines[0] == "flowchart LR"
    assert lines[-3:] == ["  t1 --> t2", "  t2 -.-> t3", "  t1 --> t3"]


def test_a_plan_counts_who_is_told() -> None:
    out, stream = a_console()
    line = PlanLine(sign="~", task="report", note="", words=("title.en: a → b",), told=1)
    show_plan("412/TB-VPCP", "Conclusions", [line], out)
    assert "~ report · 1 agency" in stream.getvalue()
    assert "title.en: a → b" in stream.getvalue()


def test_directives_come_after_those_they_need_then_by_date() -> None:
    first = a_directive(a_task("x", directive="2025/9-ct-ttg"), number="9/CT-TTg")
    needs = (Need("2025/9-ct-ttg/x"),)
    second = a_directive(a_task("y", directive="2025/1-ct-ttg", needs=needs), number="1/CT-TTg")
    assert [one.number for one in sources.in_order([second, first])] == ["9/CT-TTg", "1/CT-TTg"]


def test_two_directives_that_need_each_other_are_taken_by_their_date_and_key() -> None:
    one = a_directive(a_task("x", directive="2025/1-ct-ttg", needs=(Need("2025/2-ct-ttg/y"),)), number="1/CT-TTg")
    two = a_directive(a_task("y", directive="2025/2-ct-ttg", needs=(Need("2025/1-ct-ttg/z"),)), number="2/CT-TTg")
    assert [d.number for d in sources.in_order([two, one])] == ["1/CT-TTg", "2/CT-TTg"]
