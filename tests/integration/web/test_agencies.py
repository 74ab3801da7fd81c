"""Agencies: the scoreboard, the page of one agency, the heatmap; whose page it is decides what stands on it."""

import re
from datetime import date, timedelta

import pytest

from tests.integration.web.a_site import KEY, NOW, Site
from tests.simulation.an_office import the_registry
from tracker.domain.errors import NotFound
from tracker.domain.scope import Scope
from tracker.operations import accept, adopt_registry, send_back, submit
from tracker.operations.in_force import registry_in_force
from tracker.operations.reading import directive_in_force
from tracker.store.queries import Wanted
from tracker.store.store import Store
from tracker.views.agencies import Scoreboard, scoreboard
from tracker.views.heatmap import Heatmap, heatmap
from tracker.views.obligations import Obligations, obligations
from tracker.views.sight import sight

LATER = NOW + timedelta(days=40)


def board(store: Store, **asked: object) -> Scoreboard:
    with store.read() as connection:
        texts = lambda key: directive_in_force(connection, key)  # noqa: E731
        given = {"at": NOW, "registry": registry_in_force(connection), "texts": texts, **asked}
        return scoreboard(connection, **given)  # type: ignore[arg-type]


def weeks(store: Store, **asked: object) -> Heatmap:
    with store.read() as connection:
        given = {"at": NOW, "registry": registry_in_force(connection), **asked}
        return heatmap(connection, **given)  # type: ignore[arg-type]


def of(store: Store, code: str, **asked: object) -> Obligations:
    with store.read() as connection:
        texts = lambda key: directive_in_force(connection, key)  # noqa: E731
        given = {"at": NOW, "registry": registry_in_force(connection), "texts": texts, **asked}
        return obligations(connection, code, **given)  # type: ignore[arg-type]


def test_the_cells_of_all_agencies_add_up_to_those_of_today(site: Site) -> None:
    for at in (NOW, LATER):
        found = board(site.store, at=at)
        with site.store.read() as connection:
            seen = sight(connection, at=at, registry=registry_in_force(connection))
            assert found.cells.total == seen.count(Wanted())
    assert [score.name for score in found.agencies] == sorted(score.name for score in found.agencies)


def test_who_is_first_is_a_choice(site: Site) -> None:
    assert board(site.store, order="overdue").agencies[0].code == "BTC"
    assert board(site.store, order="rate").agencies[0].code == "BTC"
    assert board(site.store, order="total").agencies[0].cells.total == 2
    assert site.as_("le").get("/agencies?order=best").status_code == 400


def test_the_late_days_of_the_board_are_those_of_the_report(site: Site) -> None:
    late = {score.code: score.late.days for score in board(site.store, at=LATER).agencies if score.late}
    assert late["BTC"].days == (31 - 15 + 29) + (29 - 20)  # budget and accounts, on 29 September
    assert late["BNV"].upstream + late["BNV"].review + late["BNV"].own == late["BNV"].days


def test_an_agency_opens_its_obligations_and_sees_what_to_do_now(site: Site) -> None:
    page = site.as_("binh").get("/agencies/BTC").text
    assert "Our obligations" in page
    assert f'href="/tasks/{KEY}/budget/BTC/report"' in page
    assert "Overdue by 5 days" in page
    assert site.as_("binh").get("/").headers["location"] == "/agencies/BTC"


def test_who_oversees_reports_for_nobody(site: Site) -> None:
    page = site.as_("le").get("/agencies/BTC").text
    assert "Budget" in page
    assert "BTC/report" not in page


def test_the_page_of_another_agency_does_not_exist_for_a_member(site: Site) -> None:
    for path in ("/agencies/BTC", "/agencies/BTC?at=2025-08-12", "/agencies/XX", "/agencies/CP"):
        assert site.as_("anna").get(path).status_code == 404
    with pytest.raises(NotFound):
        of(site.store, "BTC", scope=Scope(frozenset({"BNV"})))
    listed = site.as_("anna").get("/agencies").text
    assert "/agencies/BNV" in listed
    assert "/agencies/BTC" not in listed
    assert "/agencies/BTC" not in site.as_("anna").get("/heatmap").text


def test_what_an_agency_waits_for_is_named_and_not_linked(site: Site) -> None:
    found = of(site.store, "BNV", scope=Scope(frozenset({"BNV"})))
    assert [(need.row.ref, [row.ref for row in need.others]) for need in found.waits_for] == [
        (f"{KEY}/training/BNV", [f"{KEY}/schools/BGDDT"])
    ]
    page = site.as_("anna").get("/agencies/BNV").text
    assert "Schools – BGDDT" in page
    assert "schools/BGDDT" not in page


def test_who_is_waited_for_sees_by_whom(site: Site) -> None:
    found = of(site.store, "BGDDT")
    assert [(need.row.ref, [row.ref for row in need.others]) for need in found.waited_by] == [
        (f"{KEY}/schools/BGDDT", [f"{KEY}/training/BNV"])
    ]


def test_a_returned_report_stands_first_until_it_is_completed(site: Site) -> None:
    ref = f"{KEY}/schools/BGDDT"
    assert of(site.store, "BGDDT").reported.total == 1
    send_back(site.store, ref, at=NOW, actor="secretariat:le", missing="the signature")
    found = of(site.store, "BGDDT")
    assert ([row.ref for row in found.returned.rows], found.reported.total) == ([ref], 0)
    submit(site.store, ref, at=NOW, actor="BGDDT:chi", words="signed")
    accept(site.store, ref, at=NOW, actor="secretariat:le")
    found = of(site.store, "BGDDT")
    assert (found.returned.total, found.cells.completed_on_time, found.waited_by) == (0, 1, ())


@pytest.mark.parametrize("at", [NOW, LATER])
def test_the_lists_of_a_page_hold_what_their_totals_say(site: Site, at: object) -> None:
    for code in ("BTC", "BNV", "BGDDT", "VPCP", "01", "22"):
        found = of(site.store, code, at=at)
        for listing in (found.returned, found.overdue, found.due_soon, found.review_due, found.fresh, found.reported):
            assert len(listing.rows) == listing.total


def test_an_office_sees_how_those_below_it_stand(site: Site) -> None:
    registry = the_registry(secretariat="VPCP")
    adopt_registry(site.store, registry, at=NOW, actor="test")
    assert of(site.store, "BNV").below == ()
    assert {one.code for one in of(site.store, "CP").below} == {"01", "04", "22", "BGDDT", "BNV", "BTC", "VPCP"}


def test_the_heatmap_counts_what_the_work_table_lists(site: Site) -> None:
    for at in (NOW, LATER):
        found = weeks(site.store, at=at)
        for row in found.rows:
            for week, heat in zip(found.weeks, row.weeks, strict=True):
                with site.store.read() as connection:
                    seen = sight(connection, at=at, registry=registry_in_force(connection))
                    wanted = Wanted(agencies=frozenset({row.code}), days=(week.monday, week.sunday))
                    there = [now.cell for _, now in seen.find(wanted, limit=100).seen if now.cell != "closed_out"]
                assert (heat is None) == (not there)
                if heat is not None:
                    assert (heat.due, heat.open) == (len(there), sum(cell.startswith("open") for cell in there))
                    assert (heat.level == 0) == (heat.open == 0)


def test_a_gap_of_the_heatmap_says_that_nothing_is_due(site: Site) -> None:
    page = site.as_("le").get("/heatmap").text
    assert page.count("nothing due") > 100
    assert re.search(
        r'class="h h1"><a href="/tasks\?agency=BTC&amp;due_from=2025-08-11&amp;due_to=2025-08-17">1<', page
    )


def test_the_heatmap_begins_where_one_asks_for_it(site: Site) -> None:
    found = weeks(site.store, since=date(2025, 9, 17))
    assert found.weeks[0].monday == date(2025, 9, 15)
    assert {row.code for row in found.rows} == {"BNV", "BTC", "01", "04", "22"}
    for query in ("since=tomorrow", "kind=x"):
        assert site.as_("le").get(f"/heatmap?{query}").status_code == 400


def test_a_ministry_or_a_province_is_asked_for(site: Site) -> None:
    assert {score.code for score in board(site.store, kind="ministry").agencies} == {"BNV", "BTC", "BGDDT"}
    assert {score.code for score in board(site.store, province="22").agencies} == {"22"}
    assert {row.code for row in weeks(site.store, kind="province").rows} == {"01", "04", "22"}


def test_pages_of_an_earlier_day_are_of_that_day(site: Site) -> None:
    for path in ("/agencies", "/agencies/BTC", "/heatmap"):
        page = site.as_("le").get(f"{path}?at=2025-08-12").text
        assert "You are looking at an earlier day" in page
        assert len(page) < 150_000
