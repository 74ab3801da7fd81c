"""Pages of a list by place: every row once, in order, forwards and back, whatever came or went meanwhile."""

import re
from html import unescape

import pytest

from tests.integration.web.a_site import KEY, NOW, SECRETARIAT, Site
from tracker.operations import accept
from tracker.views import agencies
from tracker.web.pages import reviews


def link(html: str, rel: str) -> str | None:
    found = re.search(rf'<a rel="{rel}" href="([^"]+)"', html)
    return unescape(found[1]) if found else None


def listed(html: str) -> list[str]:
    return re.findall(r'<h2 id="review-\d+-title"><a href="/tasks/([^"]+)"', html)


def walked(client, path: str, rel: str) -> list[str]:  # type: ignore[no-untyped-def]
    """Return every page from an address on, as text."""
    pages = []
    while path:
        pages.append(client.get(path).text)
        path = link(pages[-1], rel) or ""
    return pages


def test_what_waits_is_gone_through_page_by_page(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    le = site.as_("le")
    everything = listed(le.get("/reviews").text)
    assert len(everything) == 3
    monkeypatch.setattr(reviews, "SHOWN", 1)
    pages = walked(le, "/reviews", "next")
    assert [listed(page) for page in pages] == [[ref] for ref in everything]
    assert link(pages[0], "prev") is None
    last = link(pages[1], "next")
    assert last
    assert [listed(page) for page in walked(le, last, "prev")] == [[ref] for ref in reversed(everything)]
    # the first page is decided meanwhile: the second stays what it was
    second = link(pages[0], "next")
    assert second
    accept(site.store, f"{KEY}/schools/BGDDT", at=NOW, actor=SECRETARIAT)
    assert listed(le.get(second).text) == [everything[1]]
    assert le.get("/reviews?after=nonsense").status_code == 400


@pytest.mark.parametrize("order", ["name", "overdue", "rate", "total"])
def test_agencies_are_gone_through_page_by_page(site: Site, monkeypatch: pytest.MonkeyPatch, order: str) -> None:
    def names(html: str) -> list[str]:
        return re.findall(r'<th scope="row"><a href="/agencies/([^"?]+)', html)

    le = site.as_("le")
    everything = names(le.get(f"/agencies?order={order}").text)
    assert len(everything) > 4
    monkeypatch.setattr(agencies, "PER_PAGE", 2)
    pages = walked(le, f"/agencies?order={order}&lang=en", "next")
    assert [name for page in pages for name in names(page)] == everything
    assert f"2 of {len(everything)} agencies; the figures are of all." in pages[0]
    back = walked(le, link(pages[-2], "next") or "", "prev")
    assert sorted(name for page in back for name in names(page)) == sorted(everything)
