"""Who owes a task: its lead, or every agency of a set that exists on the day."""

from datetime import date

import pytest

from tests.builders import a_registry, a_task, an_agency
from tracker.domain.directive import ForEach
from tracker.domain.errors import NotFound
from tracker.domain.fanout import cascade, fan_out

ON = date(2025, 8, 11)


def test_a_lead_answers_alone():
    assert fan_out(a_task(lead="BNV"), a_registry(), ON) == ("BNV",)


def test_an_untracked_task_is_owed_by_nobody():
    assert fan_out(a_task(lead="BNV", tracked=False), a_registry(), ON) == ()
    assert fan_out(a_task(lead=None, tracked=False), a_registry(), ON) == ()


def test_a_set_is_owed_by_each_of_its_agencies_but_the_exempt():
    rule = ForEach(agencies="provinces", exempt=("04",))
    assert fan_out(a_task(for_each=rule), a_registry(), ON) == ("01", "22")


def test_a_list_is_owed_by_its_agencies_in_the_order_of_their_codes():
    rule = ForEach(agencies=("BTC", "BNV", "01"), exempt=("BTC",))
    assert fan_out(a_task(for_each=rule), a_registry(), ON) == ("01", "BNV")


@pytest.mark.parametrize("agencies", ["provinces", ("96", "01")])
def test_an_agency_is_asked_from_its_first_day_and_no_longer_on_its_last(agencies: str | tuple[str, ...]):
    registry = a_registry(an_agency("96", "province", valid_from=date(2025, 8, 10), valid_to=date(2025, 8, 12)))
    task = a_task(for_each=ForEach(agencies=agencies))
    asked = ["96" in fan_out(task, registry, date(2025, 8, day)) for day in (9, 10, 11, 12)]
    assert asked == [False, True, True, False]


def test_a_set_the_registry_does_not_have_is_refused():
    with pytest.raises(NotFound):
        fan_out(a_task(for_each=ForEach(agencies="planets")), a_registry(), ON)


def test_sets_and_codes_can_be_mixed():
    rule = ForEach(agencies=("provinces", "BNV"), exempt=("04",))
    assert fan_out(a_task(for_each=rule), a_registry(), ON) == ("01", "22", "BNV")


# ── Cascades ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_cascade_is_owed_by_each_agency_and_by_those_below_it():
    task = a_task(for_each=ForEach(agencies="provinces", then="communes"))
    assert fan_out(task, a_registry(), ON) == ("01", "01004", "04", "04273", "22", "22652")
    assert cascade(task, a_registry(), ON) == {"01": ("01004",), "04": ("04273",), "22": ("22652",)}


def test_an_exempt_agency_takes_those_below_it_out_and_an_exempt_office_only_itself():
    task = a_task(for_each=ForEach(agencies="provinces", then="communes", exempt=("04", "01004")))
    assert fan_out(task, a_registry(), ON) == ("01", "22", "22652")
    assert cascade(task, a_registry(), ON) == {"01": (), "22": ("22652",)}


def test_an_office_belongs_to_the_nearest_agency_above_it():
    registry = a_registry(an_agency("D1", "district", parent="01"), an_agency("01005", "commune", parent="D1"))
    task = a_task(for_each=ForEach(agencies=("CP", "provinces"), then="communes"))
    assert cascade(task, registry, ON)["01"] == ("01004", "01005")
    assert cascade(task, registry, ON)["CP"] == ()


def test_an_office_below_asks_only_while_it_exists():
    registry = a_registry(an_agency("01009", "commune", parent="01", valid_from=date(2025, 8, 12)))
    task = a_task(for_each=ForEach(agencies="provinces", then="communes"))
    assert [("01009" in fan_out(task, registry, date(2025, 8, day))) for day in (11, 12, 13)] == [False, True, True]


def test_parents_that_go_in_a_circle_end():
    registry = a_registry(an_agency("A", "x", parent="B"), an_agency("B", "x", parent="A"))
    task = a_task(for_each=ForEach(agencies=("BNV",), then="A"))
    assert cascade(task, registry, ON) == {"BNV": ()}


def test_what_is_no_cascade_has_nobody_below_it():
    assert cascade(a_task(lead="BNV"), a_registry(), ON) == {}
    assert cascade(a_task(for_each=ForEach(agencies="provinces")), a_registry(), ON) == {}
    task = a_task(tracked=False, for_each=ForEach(agencies="provinces", then="communes"))
    assert cascade(task, a_registry(), ON) == {}


# ── When enough have completed ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("complete_when", "count", "quorum"),
    [
        ("all", 34, 34),
        ("all", 0, 0),
        ("any", 34, 1),
        ("any", 0, 0),
        ("20", 34, 20),
        ("60 %", 34, 21),
        ("50 %", 34, 17),
        ("51 %", 34, 18),
        ("1 %", 34, 1),
        ("100 %", 34, 34),
    ],
)
def test_a_number_or_a_share_says_how_many_are_enough(complete_when: str, count: int, quorum: int):
    assert ForEach(agencies="provinces", complete_when=complete_when).quorum(count) == quorum
