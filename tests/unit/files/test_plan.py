"""Plans: what applying a version would change, and for whom."""

from dataclasses import replace
from datetime import date

import pytest

from tests.builders import a_calendar, a_directive, a_registry, a_task, a_text, an_agency
from tracker.domain.calendar import Span, SpecialDay
from tracker.domain.deadline import By, Due, Within
from tracker.domain.directive import ForEach
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
