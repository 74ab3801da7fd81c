"""The shelf: a page is printed once for those who ask for it at a time, and the oldest make room."""

from threading import Barrier, Thread

import pytest

from tracker.web.shelf import Shelf


def test_a_page_is_printed_once() -> None:
    shelf, printed = Shelf(), []
    for _ in range(3):
        assert shelf.page("a", lambda: printed.append(1) or b"page") == b"page"
    assert len(printed) == 1


def test_who_comes_while_a_page_is_printed_waits_for_it() -> None:
    shelf, printed, all_there = Shelf(), [], Barrier(4)

    def ask() -> None:
        all_there.wait(10)
        shelf.page("a", lambda: printed.append(1) or b"page")

    readers = [Thread(target=ask) for _ in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(10)
    assert len(printed) == 1


def test_the_page_asked_for_longest_ago_makes_room() -> None:
    shelf = Shelf(pages=2, size=1_000)
    for key in ("a", "b", "a", "c"):
        shelf.page(key, key.encode)
    assert shelf.page("a", lambda: b"again") == b"a"
    assert shelf.page("b", lambda: b"again") == b"again"


def test_pages_take_no_more_room_than_there_is() -> None:
    shelf = Shelf(pages=10, size=10)
    shelf.page("a", lambda: b"123456")
    shelf.page("b", lambda: b"123456")
    assert shelf.page("b", lambda: b"again") == b"123456"
    assert shelf.page("a", lambda: b"again") == b"again"


def test_a_page_that_could_not_be_printed_is_tried_again() -> None:
    shelf = Shelf()
    with pytest.raises(ZeroDivisionError):
        shelf.page("a", lambda: bytes(1 // 0))
    assert shelf.page("a", lambda: b"page") == b"page"
