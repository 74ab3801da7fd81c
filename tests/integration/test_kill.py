"""A sweep-and-deliver killed at every boundary it passes loses nobody: the whole of `tests.simulation.kill_points`."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import pytest

from tests.apart import apart
from tests.integration.smtp import Taken
from tests.simulation.a_store import OWED, TOLD
from tests.simulation.kill_points import (
    COMMITTED,
    NOTED,
    SENT,
    Found,
    MailServer,
    in_doubt,
    in_short,
    judged,
)

CALM = {"stuck": 0, "chain": 0, "cache": 0}


@dataclass(frozen=True, slots=True)
class Short:
    """What came of the short form on one database."""

    points: dict[str, Found]
    triples: Found
    cuts: dict[str, Found]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def short(request: pytest.FixtureRequest) -> Short:
    """Run in a small process: each kill copies the process that it kills, and this one holds all tests there are."""
    with ProcessPoolExecutor(1, mp_context=apart()) as process:
        return Short(*process.submit(in_short, request.param).result())


def test_a_kill_at_any_boundary_loses_nobody_and_repeats_at_most_one_mail(short: Short) -> None:
    broken = {kind: counts for kind, counts in short.points.items() if not counts.kept}
    assert broken == {}
    total = sum(short.points.values(), Found())
    assert total.points > 40
    sent, noted, committed = (short.points[kind] for kind in (SENT, NOTED, COMMITTED))
    assert sent.extra == sent.points, "a mail the server has and our books do not is sent again"
    assert noted.extra == committed.extra == 0, "once the journal or the books say so, never"


def test_three_kills_in_a_row_lose_nobody(short: Short) -> None:
    assert short.triples.points == 10
    assert short.triples.kept, short.triples


def letters(*addresses: str, identity: str = "") -> MailServer:
    """Return a server that was sent one mail to each address."""
    server = MailServer()
    for n, address in enumerate(addresses):
        about = " ".join(f"https://directives.example/tasks/{task}" for task in sorted(TOLD.get(address, ())))
        content = f"Subject: x\r\nMessage-ID: <{identity or address}{n if identity else ''}>\r\n\r\n{about}\r\n"
        server.messages.append(Taken("tracker@directives.example", (address,), content.encode()))
    return server


def test_the_judge_sees_a_mail_that_never_came() -> None:
    for missing in OWED:
        assert judged(letters(*sorted(OWED - {missing})), 0, CALM).lost == len(TOLD[missing])


def test_the_judge_sees_a_digest_that_leaves_one_of_its_tasks_out() -> None:
    server = letters(*sorted(OWED))
    twice = next(n for n, message in enumerate(server.messages) if b"/other-btc/" in message.content)
    short = server.messages[twice].content.replace(b"/other-btc/", b"/duty-btc/")
    server.messages[twice] = Taken("tracker@directives.example", server.messages[twice].recipients, short)
    assert judged(server, 0, CALM).lost == 1


def test_the_judge_excuses_one_copy_for_a_kill_in_doubt_and_no_second_one() -> None:
    first, *_ = everybody = sorted(OWED)
    assert judged(letters(*everybody, first), 1, CALM).kept
    assert not judged(letters(*everybody, first), 0, CALM).kept
    assert not judged(letters(*everybody, first, first), 1, CALM).kept


def test_the_judge_sees_a_copy_under_another_identity_and_mail_to_somebody_who_is_owed_none() -> None:
    first, *_ = everybody = sorted(OWED)
    assert judged(letters(*everybody, first, identity="other"), 1, CALM).unexplained == len(TOLD[first])
    assert judged(letters(*everybody, "stranger@agencies.example"), 0, CALM).unexplained == 1


def test_a_mail_is_in_doubt_from_its_last_octet_to_our_note_of_its_end() -> None:
    passed = ["send: after RCPT", SENT, "send: returned", NOTED, SENT, NOTED, "commit: before", COMMITTED]
    assert in_doubt(passed) == [0, 1, 1, 0, 1, 0, 0, 0]
    assert in_doubt(passed, power=True) == [0, 1, 1, 1, 2, 2, 2, 0]


def test_a_power_cut_costs_at_most_one_copy_of_each_mail_of_a_group(short: Short) -> None:
    assert {kind: counts for kind, counts in short.cuts.items() if not counts.kept} == {}
    assert short.cuts[NOTED].extra > 0, "what the journal was told, and not the disk, is forgotten"
