"""The drafting check on files: where each warning stands and what it says."""

from pathlib import Path

import pytest

from tests.builders import a_registry
from tracker.domain.finding import Finding
from tracker.files.drafting import CODES
from tracker.files.reader import read_directives, read_text

HEAD = """directive: {number}
issued: 2025-08-11
issuer: VPCP
title: {{vi: Kết luận, en: Conclusions, fr: Conclusions du comité}}
{more}tasks:
"""
TASK = """  {id}:
    title: {{vi: Báo cáo về {topic}, en: Report on {topic}, fr: Rendre compte de {topic}}}
    lead: BNV
    deliverable: report
    {more}
"""


def a_file(*tasks: str, number: str = "412/TB-VPCP", more: str = "") -> bytes:
    return (HEAD.format(number=number, more=more) + "".join(tasks)).encode()


def a_task(id: str = "report", topic: str = "staff", more: str = "due: {by: 2025-08-29}") -> str:
    return TASK.format(id=id, topic=topic, more=more)


def warned(data: bytes, **more: bool) -> list[Finding]:
    _, findings = read_text(data, "a.yaml", registry=a_registry(), drafting=True, **more)
    return list(findings)


def told(data: bytes) -> list[tuple[int, int, str]]:
    return [(one.place.line, one.place.column, one.code) for one in warned(data)]


def test_a_clear_text_raises_no_doubt() -> None:
    assert warned(a_file(a_task())) == []


def test_doubts_are_raised_only_when_asked_for() -> None:
    vague = a_file(a_task(more="lead_basis: inferred\n    due: {by: 2025-08-30}"))
    assert read_text(vague, "a.yaml", registry=a_registry())[1] == ()
    assert {one.code for one in warned(vague)} == {"six-clears", "not-clear", "due-on-day-off"}


def test_every_doubt_stands_where_it_is_about_and_is_a_warning() -> None:
    data = a_file(
        a_task("first", "homes", "due: {by: 2025-08-30}\n    takes: 30 days"),
        a_task("second", "34 homes", "due: {review: 7 days}"),
    )
    found = warned(data.replace(b"Rendre compte de 34 homes", b"Rendre compte de 35 homes"))
    assert [(one.place.line, one.code) for one in found] == [
        (1, "six-clears"),
        (10, "chain-too-long"),
        (10, "due-on-day-off"),
        (12, "not-clear"),
        (12, "translations-differ"),
    ]
    assert {one.severity for one in found} == {"warning"}


@pytest.mark.parametrize(
    ("task", "line"),
    [
        (
            a_task(more="due: {by: 2025-08-30}"),
            "a.yaml:10:10: due-on-day-off: 'report' is due on Saturday 2025-08-30, a day off (weekly day off);"
            " a written date does not move (write 2025-08-29, the working day before, if that is meant)",
        ),
        (
            a_task(more="takes: 20 days\n    due: {by: 2025-08-29}"),
            "a.yaml:11:10: chain-too-long: 'report' takes 20 days from its issue, 2 more than there are"
            " until 2025-08-29 (move the deadline, shorten 'takes', or let tasks run side by side)",
        ),
        (
            a_task(more="lead_basis: inferred\n    due: {by: 2025-08-29}"),
            "a.yaml:6:3: not-clear: 'report' is not clear on: person (the lead is inferred)"
            " (say it in the text, or keep it on purpose)",
        ),
    ],
)
def test_a_doubt_says_what_and_what_to_do(task: str, line: str) -> None:
    assert line in [str(one) for one in warned(a_file(task))]


def test_an_order_given_twice_names_the_other_as_the_file_would_write_it() -> None:
    data = a_file(a_task("one", "commune staff numbers"), a_task("two", "commune staff numbers"))
    (found,) = warned(data)
    assert (found.place.line, found.code) == (11, "ordered-twice")
    assert found.sentence == "'two' orders what 'one' orders"
    assert found.remedy == "add restates: [one], or tell the two apart"


def test_what_has_mistakes_is_left_out_and_cycles_come_first(tmp_path: Path) -> None:
    vague = a_task(more="lead_basis: inferred\n    due: {by: 2025-08-29}")
    put(tmp_path, "2025/1-tb-vpcp.yaml", a_file(vague, number="1/TB-VPCP", more="author: me\n"))
    put(tmp_path, "2025/2-tb-vpcp.yaml", a_file(vague, number="2/TB-VPCP"))
    assert codes(tmp_path) == ["unknown-key", "six-clears"]
    circle = "needs: [{}]\n    due: {{by: 2025-08-29}}"
    tasks = [a_task("a", "homes", circle.format("b")), a_task("b", "staff", circle.format("a"))]
    put(tmp_path, "2025/1-tb-vpcp.yaml", a_file(*tasks, number="1/TB-VPCP"))
    assert codes(tmp_path) == ["cycle"]


def test_a_folder_tells_what_is_signed_in_one_line_and_a_draft_task_by_task(tmp_path: Path) -> None:
    vague = a_task(more="lead_basis: inferred\n    due: {by: 2025-08-29}")
    put(tmp_path, "2025/1-tb-vpcp.yaml", a_file(vague, number="1/TB-VPCP"))
    assert codes(tmp_path) == ["six-clears", "not-clear"]  # alone, it is being worked on
    put(tmp_path, "2025/2-tb-vpcp.yaml", a_file(a_task(topic="money"), number="2/TB-VPCP"))
    assert codes(tmp_path) == ["six-clears"]
    put(tmp_path, "2025/1-tb-vpcp.yaml", a_file(vague, number="1/TB-VPCP", more="status: draft\n"))
    assert codes(tmp_path) == ["six-clears", "not-clear"]


def put(folder: Path, name: str, data: bytes) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def codes(folder: Path) -> list[str]:
    return [one.code for one in read_directives(folder, a_registry(), drafting=True)[1]]


def test_every_code_is_one_of_ten() -> None:
    assert len(CODES) == 10
