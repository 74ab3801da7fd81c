"""Plans: what applying a version would change, and for whom."""

from dataclasses import replace
from datetime import date

import pytest

from tests.builders import a_calendar, a_directive, a_registry, a_task, a_text, an_agency
from tracker.domain.calendar import Span, SpecialDay
from tracker.domain.deadline import By, Due, Within
from tracker.domain.directive import ForEach, Need, Relation
from tracker.files.plan import Field, plan

ON = date(2025, 8, 12)
EVERY_PROVINCE = ForEach(agencies="provinces")


def test_an_unchanged_directive_gives_no_changes():
    assert plan(a_directive(), a_directive(), registry=a_registry(), on=ON).is_empty


def test_a_new_directive_adds_every_task_and_tells_every_agency():
    new = a_directive(a_task("report"), a_task("survey", for_each=EVERY_PROVINCE))
    changes = plan(None, new, registry=a_registry(), on=ON).changes
    assert [(c.sign, c.task, c.added) for c in changes] == [
        ("+", "2025/412-tb-vpcp/report", ("BNV",)),
        ("+", "2025/412-tb-vpcp/survey", ("01", "04", "22")),
    ]
    assert changes[0].old_deadline is None
    assert changes[0].new_deadline is not None
    assert changes[0].new_deadline.last_day == date(2025, 8, 31)


def test_a_withdrawn_directive_removes_every_task():
    (change,) = plan(a_directive(), None, registry=a_registry(), on=ON).changes
    assert (change.sign, change.added, change.removed, change.new_deadline) == ("-", (), ("BNV",), None)


def test_a_changed_task_tells_each_field_with_its_old_and_new_text():
    old = a_directive(a_task(title=a_text("Report")))
    new = a_directive(a_task(title=replace(a_text("Report"), fr="Rendre compte"), due=Due(rule=By(date(2025, 9, 30)))))
    (change,) = plan(old, new, registry=a_registry(), on=ON).changes
    assert change.sign == "~"
    assert change.fields == (
        Field("title.fr", "Report (fr)", "Rendre compte"),
        Field("due.by", "2025-08-31", "2025-09-30"),
    )
    assert change.old_deadline is not None
    assert change.new_deadline is not None
    assert (change.old_deadline.last_day, change.new_deadline.last_day) == (date(2025, 8, 31), date(2025, 9, 30))


def test_an_exempt_province_is_removed_and_the_others_stay():
    old = a_directive(a_task(for_each=EVERY_PROVINCE))
    new = a_directive(a_task(for_each=ForEach(agencies="provinces", exempt=("04",))))
    (change,) = plan(old, new, registry=a_registry(), on=ON).changes
    assert (change.added, change.removed) == ((), ("04",))
    assert change.fields == (Field("for_each.exempt", "", "04"),)


def test_a_task_that_is_no_longer_tracked_frees_its_agencies():
    (change,) = plan(a_directive(), a_directive(a_task(tracked=False)), registry=a_registry(), on=ON).changes
    assert (change.sign, change.removed) == ("~", ("BNV",))


def test_a_new_title_of_the_directive_is_told_without_any_task():
    found = plan(a_directive(), a_directive(title=a_text("Other")), registry=a_registry(), on=ON)
    assert found.changes == ()
    assert [field.name for field in found.fields] == ["title.vi", "title.en", "title.fr"]


def test_a_new_day_off_moves_the_deadline_of_an_unchanged_directive():
    directive = a_directive(a_task(due=Due(rule=Within(Span(5, "working days")))))
    name = a_text("Swapped")
    off = a_calendar(days_off={date(2025, 8, 14): SpecialDay(day=date(2025, 8, 14), name=name, source="notice")})
    (change,) = plan(directive, directive, registry=a_registry(calendar=off), old_registry=a_registry(), on=ON).changes
    assert change.old_deadline is not None
    assert change.new_deadline is not None
    assert (change.old_deadline.last_day, change.new_deadline.last_day) == (date(2025, 8, 18), date(2025, 8, 19))
    assert change.fields == ()


def test_a_new_province_is_added_to_an_unchanged_directive():
    directive = a_directive(a_task(for_each=EVERY_PROVINCE))
    more = a_registry(an_agency("96", "province"))
    (change,) = plan(directive, directive, registry=more, old_registry=a_registry(), on=ON).changes
    assert change.added == ("96",)


def test_two_different_directives_are_not_compared():
    with pytest.raises(ValueError, match="one directive"):
        plan(a_directive(), a_directive(number="413/TB-VPCP"), registry=a_registry(), on=ON)
    with pytest.raises(ValueError, match="one directive"):
        plan(None, None, registry=a_registry(), on=ON)


# ── What binds a task to others ─────────────────────────────────────────────────────────────────────────────


def test_a_cascade_tells_those_below_too():
    old, new = a_directive(a_task(for_each=EVERY_PROVINCE)), replace(EVERY_PROVINCE, then="communes")
    (change,) = plan(old, a_directive(a_task(for_each=new)), registry=a_registry(), on=ON).changes
    assert (change.added, change.removed) == (("01004", "04273", "22652"), ())
    assert change.fields == (Field("for_each.then", "", "communes"),)


def test_a_need_of_another_kind_is_told_with_all_that_differs():
    def two(need: Need):
        return a_directive(a_task("report", needs=(need,)), a_task("survey"))

    survey = "2025/412-tb-vpcp/survey"
    old, new = two(Need(survey)), two(Need(survey, "inferred", "during", Span(5, "days")))
    (change,) = plan(old, new, registry=a_registry(), on=ON).changes
    assert change.fields == (Field("needs", survey, f"{survey} (during, 5 days, inferred)"),)


def test_what_the_document_is_to_others_is_told_of_its_head():
    relations = (Relation("implements", "183-KL/TW", date(2025, 8, 1)), Relation("refers_to", "303/NQ-CP"))
    new = a_directive(stated_kind="conclusion", status="draft", relations=relations)
    found = plan(a_directive(), new, registry=a_registry(), on=ON)
    assert found.changes == ()
    assert found.fields == (
        Field("kind", "", "conclusion"),
        Field("status", "", "draft"),
        Field("relations", "", "implements 183-KL/TW 2025-08-01, refers_to 303/NQ-CP"),
    )


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("restates", ("2025/1-qd-ttg/report",), "2025/1-qd-ttg/report"),
        ("supervises", ("2025/1-qd-ttg", "2025/2-qd-ttg"), "2025/1-qd-ttg, 2025/2-qd-ttg"),
        ("derives_from", ("183-KL/TW",), "183-KL/TW"),
        ("indicators", ("IND-19",), "IND-19"),
    ],
)
def test_what_a_task_points_at_is_told(name: str, value: tuple[str, ...], told: str):
    new = a_directive(a_task(**{name: value}))
    (change,) = plan(a_directive(), new, registry=a_registry(), on=ON).changes
    assert change.fields == (Field(name, "", told),)
