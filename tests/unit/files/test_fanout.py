"""Who owes a task: its lead, or every agency of a set that exists on the day."""

from datetime import date

import pytest

from tests.builders import a_registry, a_task, an_agency
from tracker.domain.directive import ForEach
from tracker.domain.errors import NotFound
from tracker.domain.fanout import fan_out

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
