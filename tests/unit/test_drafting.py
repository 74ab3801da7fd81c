"""The drafting check: what a text should say before it is signed, doubt by doubt."""

from datetime import date, timedelta

import pytest

from tests.builders import a_calendar, a_directive, a_registry, a_task, an_agency
from tracker.domain.agency import Registry
from tracker.domain.calendar import Span
from tracker.domain.clears import CLEARS, Clearness, may_order
from tracker.domain.deadline import Anchor, By, Due, Review, Within
from tracker.domain.directive import Directive, ForEach, Need, Task
from tracker.domain.drafting import PER_WEEK, Doubt, Drafts
from tracker.domain.text import Text
from tracker.domain.titles import figures_apart, no_verb, same_words

KEY = "2025/412-tb-vpcp"
OTHER = "2025/9-tb-vpcp"
CLEAR = {
    "title": Text(vi="Báo cáo kết quả", en="Report the results", fr="Rendre compte des résultats"),
    "deliverable": "report",
}


def doubts(*directives: Directive, registry: Registry | None = None, **more: int) -> list[Doubt]:
    return list(Drafts(directives, registry or a_registry(), **more).doubts())


def coded(code: str, *directives: Directive, **more: object) -> list[Doubt]:
    return [doubt for doubt in doubts(*directives, **more) if doubt.code == code]  # type: ignore[arg-type]


def due(day: str, **more: object) -> Due:
    return Due(rule=By(date.fromisoformat(day)), **more)  # type: ignore[arg-type]


def needing(id: str, *needs: str, directive: str = KEY, **changes: object) -> Task:
    wanted = tuple(Need(need if "/" in need else f"{directive}/{need}") for need in needs)
    return a_task(id, directive=directive, needs=wanted, **changes)


def other(*tasks: Task, **changes: object) -> Directive:
    return a_directive(*tasks, number="9/TB-VPCP", issued=date(2025, 8, 12), **changes)


# ── The six clears ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_task_that_says_everything_is_clear() -> None:
    assert Clearness(a_registry()).unclear(a_task(**CLEAR), a_directive()) == {}


@pytest.mark.parametrize(
    ("changes", "clear", "reason"),
    [
        ({"lead_basis": "inferred"}, "person", "the lead is inferred"),
        (
            {"title": Text(vi="Báo cáo kết quả", en="The results", fr="Rendre compte")},
            "task",
            "no act in the English title",
        ),
        ({"kind": "principle"}, "task", "no act: principle"),
        ({"due": None}, "time", "no deadline"),
        ({"due": Due(rule=Review(Span(30, "days")))}, "time", "only our review"),
        ({"supporting": ("BTC", "provinces")}, "responsibility", "all of 'provinces' cooperate, nobody by name"),
        ({"supporting": ("BNV",)}, "responsibility", "BNV leads and cooperates"),
        ({"deliverable": None}, "product", "none named"),
        ({"attribution": "narrator"}, "authority", "not the document's own word"),
        ({"lead": "politburo"}, "authority", "VPCP is not above politburo"),
    ],
)
def test_each_clear_has_its_reason(changes: dict[str, object], clear: str, reason: str) -> None:
    registry = a_registry(an_agency("politburo", "party"))
    assert Clearness(registry).unclear(a_task(**{**CLEAR, **changes}), a_directive()) == {clear: reason}


@pytest.mark.parametrize(
    "changes",
    [
        {"lead_basis": "inherited"},
        {"due": Due(rule=Review(Span(14, "days")), words="d'urgence")},
        {"due": Due(rule=Within(Span(5, "days"), Anchor("event", "flood")))},
        {"supporting": ("BTC", "BGDDT")},
        {"deliverable": None, "modality": "should"},
        {"deliverable": None, "kind": "supervision"},
        {"lead": None, "for_each": ForEach(agencies="provinces")},
    ],
)
def test_what_the_text_says_in_its_own_way_is_clear(changes: dict[str, object]) -> None:
    assert Clearness(a_registry()).unclear(a_task(**{**CLEAR, **changes}), a_directive()) == {}


def test_any_of_several_is_nobody() -> None:
    rule = ForEach(agencies=("provinces", "ministries"), complete_when="any")
    unclear = Clearness(a_registry()).unclear(a_task(**CLEAR, for_each=rule), a_directive())
    assert unclear == {"responsibility": "any of several may do it, so nobody answers"}


@pytest.mark.parametrize(
    ("issuer", "lead", "kind", "may"),
    [
        ("CP", "BNV", "resolution", True),
        ("BNV", "CP", "decision", False),
        ("VPCP", "BNV", "notice", True),  # it tells the Prime Minister's orders
        ("VPCP", "CP", "notice", True),
        ("BNV", "BTC", "decision", False),
        ("BNV", "04", "dispatch", True),
        ("BNV", "04273", "dispatch", True),
        ("04", "04273", "decision", True),
        ("04", "22652", "decision", False),
        ("04", "BNV", "report", False),
        ("BNV", "BNV", "plan", True),
    ],
)
def test_who_may_order_whom(issuer: str, lead: str, kind: str, may: bool) -> None:
    registry = a_registry()
    agencies = registry.agencies
    assert may_order(agencies[issuer], agencies[lead], registry, kind=kind) is may


def test_a_request_needs_no_power() -> None:
    task = a_task(**CLEAR, lead="CP", modality="request")
    assert Clearness(a_registry()).unclear(task, a_directive(issuer="BNV")) == {}


def test_a_directive_has_one_line_and_a_task_of_a_draft_its_own() -> None:
    vague = a_task("vague", title=CLEAR["title"], lead_basis="inferred")
    signed = a_directive(a_task("clear", **CLEAR), vague)
    found = coded("six-clears", signed)
    assert [(doubt.task, dict(doubt.values)) for doubt in found] == [
        (None, {"vague": 1, "tasks": 2, "counts": ("person 1", "product 1")})
    ]
    assert [doubt.task for doubt in coded("not-clear", signed)] == [vague.key]
    assert coded("not-clear", signed, each=False) == []
    draft = a_directive(vague, status="draft")
    (line,) = coded("not-clear", draft, each=False)
    assert line.values["missing"] == ("person (the lead is inferred)", "product (none named)")


def test_what_nobody_owes_is_not_asked() -> None:
    assert coded("six-clears", a_directive(a_task(tracked=False, lead=None, due=None))) == []


def test_the_clears_are_six() -> None:
    assert CLEARS == ("person", "task", "time", "responsibility", "product", "authority")


# ── Titles ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("vi", "en", "fr"),
    [
        ("chính quyền 2 cấp", "two-tier government", "les deux niveaux"),
        ("trước ngày 15/10", "before 15 October", "avant le 15 octobre"),
        ("3.321 xã", "3,321 communes", "3 321 communes"),
        ("66,1 %", "66.1 %", "66,1 %"),
        ("quý III năm 2025", "third quarter of 2025", "3e trimestre 2025"),
        ("từ ngày 1 tháng 9", "from 1 September", "à partir du 1er septembre"),
        ("một xã", "a commune", "une commune"),
    ],
)
def test_the_same_figure_may_be_written_each_languages_way(vi: str, en: str, fr: str) -> None:
    assert figures_apart(Text(vi=vi, en=en, fr=fr)) is None


@pytest.mark.parametrize(
    ("vi", "en", "fr", "found"),
    [
        ("trước ngày 15/10", "before 16 October", "avant le 15 octobre", ("15", ("en",))),
        ("34 tỉnh", "34 provinces", "les provinces", ("34", ("fr",))),
        ("tháng 8", "in September", "en août", ("8", ("en",))),
        ("3.321 xã", "3,312 communes", "3 321 communes", ("3321", ("en",))),
    ],
)
def test_figures_that_differ_are_told(vi: str, en: str, fr: str, found: tuple[str, tuple[str, ...]]) -> None:
    assert figures_apart(Text(vi=vi, en=en, fr=fr)) == found


def test_a_language_equal_to_another_is_not_translated() -> None:
    title = Text(vi="Report the results", en="report the  results", fr="Rendre compte")
    assert same_words(title) == ("vi", "en")
    assert same_words(Text(vi="VNeID", en="VNeID", fr="VNeID")) is None
    assert [d.values for d in coded("not-translated", a_directive(a_task(title=title)))] == [
        {"one": "vi", "other": "en"}
    ]


@pytest.mark.parametrize(
    ("language", "title", "acts"),
    [
        ("en", "Complement the staff", True),
        ("en", "Completion of the portal", False),
        ("en", "A report", False),
        ("en", "Bring order", True),
        ("fr", "S'assurer du respect", True),
        ("fr", "Ne pas dépasser les normes", True),
        ("fr", "Cadre de travail", False),
        ("fr", "Achèvement du portail", False),
        ("fr", "Territoire de la commune", False),
        ("vi", "Công bố kết quả", True),
        ("vi", "Việc hoàn thiện cổng", False),
        ("vi", "Các báo cáo tháng", False),
        ("vi", "Gửi", False),
    ],
)
def test_an_order_begins_with_an_act(language: str, title: str, acts: bool) -> None:
    words = {"vi": "Báo cáo kết quả", "en": "Report the results", "fr": "Rendre compte", language: title}
    assert no_verb(Text(**words)) == (() if acts else (language,))


# ── Ordered twice ───────────────────────────────────────────────────────────────────────────────────────────

TITLE = Text(vi="Rà soát toàn bộ cán bộ", en="Review all commune staff", fr="Passer en revue les agents")


def test_the_same_order_in_two_directives_is_told_with_what_differs() -> None:
    again = a_task("again", directive=OTHER, title=TITLE, lead="BTC", due=due("2025-09-12"))
    found = coded("ordered-twice", a_directive(a_task("first", title=TITLE)), other(again))
    assert [(doubt.task, dict(doubt.values)) for doubt in found] == [
        (
            again.key,
            {
                "other": f"{KEY}/first",
                "differs": ("due 2025-09-12 here, 2025-08-31 there", "led by BTC here, by BNV there"),
            },
        )
    ]


def test_a_restatement_is_not_a_second_order_but_must_say_the_same() -> None:
    first = a_directive(a_task("first", title=TITLE))
    same = a_task("again", directive=OTHER, title=TITLE, restates=(f"{KEY}/first",))
    assert {doubt.code for doubt in doubts(first, other(same))} & {"ordered-twice", "restated-otherwise"} == set()
    later = a_task("again", directive=OTHER, title=TITLE, restates=(f"{KEY}/first",), due=due("2025-09-12"))
    (found,) = coded("restated-otherwise", first, other(later))
    assert found.values["differs"] == ("due 2025-09-12 here, 2025-08-31 there",)


@pytest.mark.parametrize(
    ("deliverable", "lead", "twice"),
    [
        ("Report on commune staff", "BNV", True),
        ("report on COMMUNE staff", "BNV", True),
        ("Report on commune staff", "BTC", False),
        ("draft decree", "BNV", False),
    ],
)
def test_the_same_product_of_the_same_lead(deliverable: str, lead: str, twice: bool) -> None:
    mine = "draft decree" if deliverable == "draft decree" else "Report on commune staff"
    first = a_task("count", deliverable=mine)
    again = a_task("weigh", directive=OTHER, deliverable=deliverable, lead=lead)
    assert bool(coded("ordered-twice", a_directive(first), other(again))) is twice


# ── Time ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_date_before_that_of_what_stands_behind_an_undated_need() -> None:
    first, between = a_task("first", due=due("2025-09-30")), needing("between", "first", due=None)
    last = needing("last", "between", due=due("2025-09-15"))
    (found,) = coded("chain-due-later", a_directive(first, between, last))
    assert (found.task, found.values["source"], found.values["through"]) == (last.key, first.key, between.key)


@pytest.mark.parametrize("day", ["2025-09-30", "2025-10-01"])
def test_a_date_that_leaves_the_chain_its_time_is_no_doubt(day: str) -> None:
    first, between = a_task("first", due=due("2025-09-30")), needing("between", "first", due=None)
    assert coded("chain-due-later", a_directive(first, between, needing("last", "between", due=due(day)))) == []


def test_tasks_due_on_a_day_off_are_told_once_a_day() -> None:
    tasks = [a_task("a"), a_task("b"), a_task("c", due=due("2025-09-01")), a_task("d", due=due("2025-08-29"))]
    found = coded("due-on-day-off", a_directive(*tasks))
    assert [(doubt.values["tasks"], doubt.values["day"], doubt.values["working"]) for doubt in found] == [
        (("a", "b"), date(2025, 8, 31), date(2025, 8, 29)),
        (("c",), date(2025, 9, 1), date(2025, 8, 29)),
    ]
    assert "National Day" in str(found[1].values["why"])


def test_a_computed_period_rolls_and_is_no_doubt() -> None:
    computed = a_task(due=Due(rule=Within(Span(20, "days"))))  # ends on Sunday 31 August and rolls
    assert coded("due-on-day-off", a_directive(computed)) == []


def chained(takes: int, unit: str = "days") -> Directive:
    """Issued on 11 August: `draft` takes 10 days, `sign` the rest, due on 31 August, the 20th day."""
    draft = a_task("draft", takes=Span(10, unit), due=None)  # type: ignore[arg-type]
    return a_directive(draft, needing("sign", "draft", takes=Span(takes, unit), due=due("2025-08-31")))  # type: ignore[arg-type]


@pytest.mark.parametrize(("takes", "late"), [(9, None), (10, None), (11, 1)])
def test_a_chain_longer_than_the_time_left(takes: int, late: int | None) -> None:
    found = coded("chain-too-long", chained(takes))
    assert [doubt.values["late"] for doubt in found] == ([late] if late else [])
    if late:
        assert found[0].values["chain"] == (f"{KEY}/draft", f"{KEY}/sign")
        assert found[0].values["takes"] == 21


@pytest.mark.parametrize(("takes", "late"), [(3, 0), (4, 0), (5, 1)])
def test_working_days_are_counted_on_the_calendar(takes: int, late: int) -> None:
    # from 12 to 29 August there are 14 working days; 31 August is a Sunday
    found = coded("chain-too-long", chained(takes, "working days"))
    assert [doubt.values["late"] for doubt in found] == ([late] if late else [])


def test_only_the_first_of_a_chain_that_is_late_is_told() -> None:
    slow = a_task("slow", takes=Span(30, "days"))
    after = needing("after", "slow", takes=Span(1, "days"), due=due("2025-09-05"))
    assert [doubt.task for doubt in coded("chain-too-long", a_directive(slow, after))] == [slow.key]


def test_a_chain_starts_no_earlier_than_its_directive() -> None:
    slow = a_task("slow", directive=OTHER, takes=Span(10, "days"), due=due("2025-10-10"))
    late_issue = a_directive(slow, number="9/TB-VPCP", issued=date(2025, 10, 1))
    assert [doubt.values["late"] for doubt in coded("chain-too-long", a_directive(), late_issue)] == [1]


# ── Load ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("count", "told"), [(PER_WEEK - 1, False), (PER_WEEK, False), (PER_WEEK + 1, True)])
def test_a_week_in_which_one_agency_owes_too_much(count: int, told: bool) -> None:
    monday = date(2025, 8, 18)
    tasks = [a_task(f"t{n}", due=Due(rule=By(monday + timedelta(n % 7)))) for n in range(count)]
    found = coded("busy-week", a_directive(*tasks))
    assert [(doubt.values["monday"], doubt.values["agencies"]) for doubt in found] == [(monday, ("BNV",))] * told


def test_agencies_that_owe_the_same_share_a_line_and_another_week_is_another() -> None:
    rule = ForEach(agencies="provinces")
    tasks = [a_task(f"t{n}", for_each=rule, due=due("2025-08-20")) for n in range(2)]
    tasks += [a_task("more", lead="04", due=due("2025-08-22")), a_task("next", lead="01", due=due("2025-08-25"))]
    found = coded("busy-week", a_directive(*tasks), per_week=1)
    assert [(doubt.values["agencies"], doubt.values["tasks"]) for doubt in found] == [(("01", "22"), 2), (("04",), 3)]


def test_without_a_registry_only_the_words_are_judged() -> None:
    tasks = [a_task("a", takes=Span(90, "days"), title=Text(vi="34 tỉnh", en="35 provinces", fr="34 provinces"))]
    codes = {doubt.code for doubt in Drafts([a_directive(*tasks)]).doubts()}
    assert codes == {"six-clears", "not-clear", "translations-differ"}


def test_the_order_of_tasks_changes_nothing() -> None:
    tasks = [a_task("a"), needing("b", "a", due=None), needing("c", "b", due=due("2025-08-20"), takes=Span(40, "days"))]
    one, two = a_directive(*tasks), a_directive(*reversed(tasks))
    first, second = (sorted(doubts(of, registry=a_registry(calendar=a_calendar())), key=repr) for of in (one, two))
    assert first == second
