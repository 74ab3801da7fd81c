"""The flows on a real Prefect server: what a tick does, what it leaves behind there, and when it leaves at once."""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from flows.server import Server, free_port
from tests.integration.prefect_api import Api, prefect_api, prefect_server
from tests.integration.smtp import SmtpServer
from tests.simulation.a_store import ADOPTED, DUE, OWED, a_store
from tracker.domain.errors import Invalid, NotFound, Refused
from tracker.operations import init, open_store
from tracker.operations.ticking import store_name, tick_lock

__all__ = ["prefect_api", "prefect_server"]

ROOT = Path(__file__).parent.parent.parent
DIRECTIVES = ROOT / "directives"
ISSUED = [
    date.fromisoformat(line.split()[1])
    for file in DIRECTIVES.glob("2*/*.yaml")
    for line in file.read_text(encoding="utf-8").splitlines()
    if line.startswith("issued:")
]
NOTHING = dict.fromkeys(("claimed", "entries", "reminders", "accepted", "temporary", "permanent", "unknown"), 0)


@pytest.fixture
def mails(monkeypatch: pytest.MonkeyPatch) -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        monkeypatch.setenv("TRACKER_SMTP_URL", server.url)
        yield server


@pytest.fixture
def rehearsal(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'tracker.db'}"
    a_store(url, rehearsal=True).close()
    return url


def tick(url: str | None = None, at: datetime | None = None) -> dict[str, int]:
    from flows.monitor import monitor

    return asyncio.run(monitor(url, at))


def adopted(folder: Path, at: datetime, url: str) -> dict[str, int]:
    from flows.adopt import adopt

    return asyncio.run(adopt(str(folder), at, url))


def soon(found: Callable[[], bool]) -> bool:
    """Return whether something becomes true: Prefect writes events down a moment after they happened."""
    end = time.monotonic() + 30
    while not found():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def test_a_tick_sweeps_then_delivers_and_says_what_it_did(prefect_api: Api, mails: SmtpServer, rehearsal: str) -> None:
    tick(rehearsal, ADOPTED)
    before = len(mails.messages)
    done = tick(rehearsal, DUE)
    assert done == {**NOTHING, "claimed": 4, "entries": 4, "reminders": 4, "accepted": 4}
    assert {mail.recipients[0] for mail in mails.messages[before:]} == OWED


def test_a_second_tick_at_one_instant_finds_nothing_to_do(prefect_api: Api, mails: SmtpServer, rehearsal: str) -> None:
    tick(rehearsal, DUE)
    told = len(mails.messages)
    assert tick(rehearsal, DUE) == NOTHING
    assert len(mails.messages) == told


def test_a_tick_leaves_at_once_while_another_is_at_work(prefect_api: Api, mails: SmtpServer, rehearsal: str) -> None:
    store = open_store(rehearsal)
    with tick_lock(store):
        assert tick(rehearsal, DUE) == NOTHING
    store.close()
    assert not mails.messages
    assert tick(rehearsal, DUE)["accepted"] == 6  # nobody was told of the assignment before: one mail each, the latest


def test_a_burst_of_late_ticks_tells_everybody_once(prefect_api: Api, mails: SmtpServer, rehearsal: str) -> None:
    from flows.monitor import monitor

    async def burst() -> list[dict[str, int]]:
        return await asyncio.gather(*(monitor(rehearsal, DUE) for _ in range(4)))

    done = asyncio.run(burst())
    assert sum(one["accepted"] for one in done) == len(mails.messages) == 6
    assert sum(one != NOTHING for one in done) == 1


def test_a_live_store_is_told_no_instant(prefect_api: Api, mails: SmtpServer, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'live.db'}"
    a_store(url).close()
    with pytest.raises(Refused, match="reads its own clock"):
        tick(url, DUE)
    assert not mails.messages


def test_a_live_store_is_worked_by_the_clock_on_the_wall(
    prefect_api: Api, mails: SmtpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'live.db'}"
    a_store(url).close()
    monkeypatch.setenv("TRACKER_DATABASE_URL", url)
    assert tick()["accepted"] == 6
    assert open_store(url).position().high_water > datetime.now(UTC) - timedelta(minutes=5)  # noqa: TID251


def test_a_rehearsal_without_an_instant_goes_on_where_it_got_to(
    prefect_api: Api, mails: SmtpServer, rehearsal: str
) -> None:
    tick(rehearsal, DUE)
    tick(rehearsal)
    assert open_store(rehearsal).position().high_water == DUE


def test_a_tick_publishes_a_board_whose_cells_add_up(prefect_api: Api, mails: SmtpServer, rehearsal: str) -> None:
    tick(rehearsal, DUE)
    board = prefect_api.artifacts("board")[0]
    import json

    rows = json.loads(board["data"]) if isinstance(board["data"], str) else board["data"]
    *directives, everything = rows
    cells = [name for name in everything if name not in ("directive", "sum")]
    assert cells == [
        "completed_on_time", "completed_late", "open_in_time", "open_overdue", "undated", "closed_out",
    ]  # fmt: skip
    assert everything["directive"] == "all"
    assert sum(everything[cell] for cell in cells) == everything["sum"] == 6
    assert [row["directive"] for row in directives] == ["412/TB-VPCP"]


def test_a_store_without_a_registry_ticks_in_peace(prefect_api: Api, mails: SmtpServer, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    init(url, rehearsal=True, at=ADOPTED, actor="test").close()
    assert tick(url, DUE) == NOTHING


def test_a_tick_without_a_store_fails_and_says_so(prefect_api: Api, mails: SmtpServer, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="tracker init"):
        tick(f"sqlite:///{tmp_path / 'none.db'}", DUE)


def test_what_a_tick_did_is_an_event_of_its_store(prefect_api: Api, mails: SmtpServer, rehearsal: str) -> None:
    tick(rehearsal, DUE)
    name = f"tracker.store.{store_name(open_store(rehearsal))}"

    def mine() -> list[dict[str, object]]:
        events = prefect_api.events("tracker.sweep.finished")
        return [event["payload"] for event in events if event["resource"]["prefect.resource.id"] == name]

    assert soon(lambda: any(payload["accepted"] == 6 for payload in mine()))


def test_a_mail_refused_for_good_is_an_event_that_somebody_may_act_on(
    prefect_api: Api, mails: SmtpServer, rehearsal: str
) -> None:
    mails.rule("RCPT", "550 5.1.1 no such user", when="office-bnv@")
    done = tick(rehearsal, DUE)
    assert (done["accepted"], done["permanent"]) == (5, 1)
    assert soon(lambda: bool(prefect_api.events("tracker.delivery.failed")))


def test_a_folder_is_adopted_once_and_then_changes_nothing(prefect_api: Api, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'tracker.db'}"
    init(url, rehearsal=True, at=ADOPTED, actor="test").close()
    later = ADOPTED + timedelta(days=70)
    first, again = adopted(DIRECTIVES, later, url), adopted(DIRECTIVES, later, url)
    assert (first["directives"], first["registry"]) == (len(ISSUED), 1)
    assert first["added"] > 1000
    assert again == dict.fromkeys(first, 0)
    plans = [one["data"] for one in prefect_api.artifacts("plan")]
    assert "# Nothing changed" in plans[0]
    assert "2025/2179-qd-ttg" in plans[1]


def test_a_directive_waits_for_the_day_it_bears(prefect_api: Api, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'tracker.db'}"
    init(url, rehearsal=True, at=ADOPTED, actor="test").close()
    counts = [
        adopted(DIRECTIVES, datetime(2025, *day, tzinfo=UTC), url)["directives"]
        for day in ((8, 30, 16, 59), (8, 30, 17), (8, 31, 17))  # 17:00 UTC is midnight in Ha Noi
    ]
    assert counts == [sum(day <= date(2025, 8, 30) for day in ISSUED), ISSUED.count(date(2025, 8, 31)), 0]


def test_a_folder_with_a_mistake_is_refused_whole(prefect_api: Api, tmp_path: Path) -> None:
    folder, url = tmp_path / "directives", f"sqlite:///{tmp_path / 'tracker.db'}"
    shutil.copytree(DIRECTIVES, folder)
    broken = folder / "2025" / "412-tb-vpcp.yaml"
    broken.write_text(broken.read_text(encoding="utf-8").replace("issuer: VPCP", "issuer: NOBODY"), encoding="utf-8")
    init(url, rehearsal=True, at=ADOPTED, actor="test").close()
    with pytest.raises(Invalid, match=r"412-tb-vpcp\.yaml:\d+:\d+: .*NOBODY"):
        adopted(folder, ADOPTED, url)
    assert open_store(url).position().seq == 1


@pytest.mark.parametrize(
    ("address", "said"),
    [("", "no Prefect server is configured"), ("http://127.0.0.1:{port}/api", "does not answer")],
)
def test_serving_without_a_server_is_refused_in_one_line(address: str, said: str, tmp_path: Path) -> None:
    done = _serve({"PREFECT_API_URL": address.format(port=free_port())} if address else {}, tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_serving_without_a_store_is_refused_in_one_line(prefect_server: Server, tmp_path: Path) -> None:
    done = _serve(prefect_server.environment, tmp_path)
    assert done.returncode == 2
    assert done.stderr.strip() == "serve: there is no store here yet: run 'tracker init'"


def _serve(environment: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"}
    return subprocess.run(
        [sys.executable, "-m", "flows.serve", "--database", f"sqlite:///{folder / 'none.db'}"],
        env={**clean, "PREFECT_HOME": str(folder), **environment},
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
