"""One tick at a time on a store, on both databases; whoever dies with the lock leaves it open."""

import signal
import subprocess
import sys
from pathlib import Path

from tests.simulation.a_store import an_empty_store
from tracker.operations import open_store
from tracker.operations.ticking import tick_lock

ROOT = Path(__file__).parent.parent.parent
HOLDER = """
import sys, time
from tracker.operations import open_store
from tracker.operations.ticking import tick_lock
with tick_lock(open_store(sys.argv[1])) as alone:
    print("holds" if alone else "left", flush=True)
    time.sleep(60)
"""


def test_the_first_tick_works_and_the_second_leaves_until_it_is_done(database_url: str) -> None:
    store, other = an_empty_store(database_url), open_store(database_url)
    with tick_lock(store) as first:
        with tick_lock(other) as second:
            assert (first, second) == (True, False)
        with tick_lock(store) as third:
            assert not third
    with tick_lock(other) as later:
        assert later
    store.close(), other.close()


def test_a_tick_that_is_killed_leaves_nothing_locked(database_url: str) -> None:
    store = an_empty_store(database_url)
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, database_url], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "holds"
        with tick_lock(store) as alone:
            assert not alone
        holder.send_signal(signal.SIGKILL)
        holder.wait(10)
        assert _free_soon(store)
    finally:
        holder.kill()
        holder.communicate()
        store.close()


def test_two_stores_do_not_wait_for_each_other(tmp_path: Path) -> None:
    one, two = (an_empty_store(f"sqlite:///{tmp_path / name}.db") for name in ("one", "two"))
    with tick_lock(one) as first, tick_lock(two) as second:
        assert (first, second) == (True, True)
    one.close(), two.close()


def test_one_file_by_two_names_is_one_store(tmp_path: Path) -> None:
    store = an_empty_store(f"sqlite:///{tmp_path / 'tracker.db'}")
    (tmp_path / "linked").symlink_to(tmp_path)
    other = open_store(f"sqlite:///{tmp_path / 'linked' / 'tracker.db'}")
    with tick_lock(store), tick_lock(other) as second:
        assert not second
    store.close(), other.close()


def _free_soon(store: object) -> bool:
    import time

    for _ in range(100):  # PostgreSQL notices a dead client within milliseconds, but not at once
        with tick_lock(store) as alone:  # type: ignore[arg-type]
            if alone:
                return True
        time.sleep(0.05)
    return False


def test_a_machine_that_is_lost_keeps_no_lock_for_a_minute(postgres_url: str) -> None:
    an_empty_store(postgres_url).close()
    store = open_store(f"{postgres_url}?options=-c%20work_mem%3D8MB")
    with store.read() as connection:
        shown = {
            name: connection.exec_driver_sql(f"SHOW {name}").scalar_one()
            for name in ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "work_mem")
        }
    store.close()
    assert shown.pop("work_mem") == "8MB"  # what the URL asks for as well
    idle, interval, times = (int(value) for value in shown.values())
    assert idle + interval * times < 60
