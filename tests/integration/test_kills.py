"""Two that sweep and deliver at once are killed again and again: the short form of `tests.simulation.kills`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.smtp import Taken
from tests.simulation.kill_points import MailServer
from tests.simulation.kills import judged, story
from tests.simulation.many_offices import owed


@pytest.fixture(scope="module")
def mail_server() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


def test_whoever_is_killed_beside_another_loses_nobody_and_repeats_one_mail_at_most(
    database_url: str, mail_server: MailServer, tmp_path: Path
) -> None:
    found = story(database_url, tmp_path, mail_server, kills=8, offices=10, seed=3)
    assert found.kept, found
    assert found.kills >= 8
    assert found.mails == found.weeks * 10 + found.copies


def letters(*sent: tuple[str, str]) -> list[Taken]:
    """Return a mail to each address under each Message-ID."""
    content = "Subject: x\r\nMessage-ID: <{}>\r\n\r\nx\r\n"
    return [Taken("tracker@directives.example", (to,), content.format(name).encode()) for to, name in sent]


ONE, TWO = owed(2)


@pytest.mark.parametrize(
    ("sent", "doubt", "wrong"),
    [
        ([(ONE, "a"), (TWO, "b")], 0, {}),
        ([(ONE, "a"), (TWO, "b"), (TWO, "b")], 1, {}),
        ([(ONE, "a"), (TWO, "b"), (TWO, "b")], 0, {"unexplained": 1}),
        ([(ONE, "a"), (TWO, "b"), (TWO, "c")], 1, {"twice": 1}),
        ([(ONE, "a")], 0, {"lost": 1}),
        ([(ONE, "a"), (TWO, "b"), ("stranger@agencies.example", "c")], 0, {"twice": 1}),
    ],
)
def test_the_judge_sees_what_is_lost_twice_or_unexplained(
    sent: list[tuple[str, str]], doubt: int, wrong: dict[str, int]
) -> None:
    found = judged(letters(*sent), 2, doubt)
    assert {name: getattr(found, name) for name in ("lost", "twice", "unexplained")} == {
        "lost": 0, "twice": 0, "unexplained": 0, **wrong,
    }  # fmt: skip
    assert found.kept == (not wrong)
