"""How much of a body is read: up to the limit and not a byte beyond, and never for ever."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.exceptions import HTTPException

from tracker.web import intake
from tracker.web.intake import FORM, MARGIN, Intake

FILES = 1000
REPORT = "/tasks/2025/412-tb-vpcp/report/BNV/report"
MULTIPART = {b"content-type": b"multipart/form-data; boundary=x"}


class Reader:
    """An app that reads a body to its end."""

    def __init__(self) -> None:
        self.size = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            self.size += len(message.get("body", b""))
            if not message.get("more_body"):
                return


def read(*parts: bytes, path: str = "/x", headers: dict[bytes, bytes] | None = None, method: str = "POST") -> int:
    """Return how many bytes of a body came through."""
    reader = Reader()
    coming: Iterator[bytes] = iter(parts)
    left = len(parts)

    async def receive() -> Any:
        nonlocal left
        left -= 1
        return {"type": "http.request", "body": next(coming), "more_body": left > 0}

    async def send(message: Any) -> None:
        raise AssertionError

    scope = {"type": "http", "method": method, "path": path, "headers": list((headers or {}).items())}
    asyncio.run(Intake(reader, FILES)(scope, receive, send))
    return reader.size


def refused(*parts: bytes, **said: Any) -> int:
    with pytest.raises(HTTPException) as refusal:
        read(*parts, **said)
    return refusal.value.status_code


@pytest.mark.parametrize(("size", "fits"), [(FORM - 1, True), (FORM, True), (FORM + 1, False)])
def test_a_form_is_read_up_to_its_limit(size: int, fits: bool) -> None:
    parts = b"a" * 1000, b"a" * (size - 1000)
    if fits:
        assert read(*parts) == size
    else:
        assert refused(*parts) == 413


@pytest.mark.parametrize(("size", "fits"), [(FILES + MARGIN, True), (FILES + MARGIN + 1, False)])
def test_a_file_may_be_larger_where_one_is_taken(size: int, fits: bool) -> None:
    parts = b"a" * 1000, b"a" * (size - 1000)
    if fits:
        assert read(*parts, path=REPORT, headers=MULTIPART) == size
    else:
        assert refused(*parts, path=REPORT, headers=MULTIPART) == 413


def test_a_file_has_no_more_room_elsewhere() -> None:
    large = b"a" * (FORM + 1)
    assert refused(large, path="/reviews", headers=MULTIPART) == 413
    assert refused(large, path=REPORT) == 413


def test_what_says_that_it_is_too_big_is_not_read_at_all() -> None:
    assert refused(b"a", headers={b"content-length": str(FORM + 1).encode()}) == 413


def test_a_body_that_does_not_end_is_waited_for_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "FORM_SECONDS", 0.05)

    async def receive() -> Any:
        await asyncio.sleep(60)

    async def send(message: Any) -> None:
        raise AssertionError

    scope = {"type": "http", "method": "POST", "path": "/x", "headers": []}
    with pytest.raises(HTTPException) as refusal:
        asyncio.run(Intake(Reader(), FILES)(scope, receive, send))
    assert refusal.value.status_code == 408


def test_who_hangs_up_in_the_middle_of_a_body_is_no_mistake_of_ours() -> None:
    said = iter([{"type": "http.request", "body": b"a", "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> Any:
        return next(said)

    async def send(message: Any) -> None:
        raise AssertionError

    scope = {"type": "http", "method": "POST", "path": "/x", "headers": []}
    with pytest.raises(HTTPException) as refusal:
        asyncio.run(Intake(Reader(), FILES)(scope, receive, send))
    assert refusal.value.status_code == 400


def test_a_get_is_let_through_as_it_is() -> None:
    assert read(b"a" * (FORM + 1), method="GET") == FORM + 1
