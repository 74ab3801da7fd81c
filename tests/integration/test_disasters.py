"""Full disks, locks, restarts and restores: the short form of four scripts in `tests.simulation`."""

import random
from pathlib import Path

import pytest

from tests.integration.postgres import Cluster
from tests.simulation import disk_full, locked, restarts, restore


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_an_older_copy_put_back_sends_nothing_again(database: str, request: pytest.FixtureRequest) -> None:
    place: restore.Places = restore.sqlite_place
    if database == "postgresql":
        cluster: Cluster = request.getfixturevalue("postgres_cluster")

        def place() -> restore.AbstractContextManager[tuple[restore.Place, Path]]:
            return restore.postgres_place(cluster)

    (one,) = restore.rounds(place, 1, 60, seed=17)
    assert one.kept, one
    assert one.behind > 0


def test_a_full_disk_leaves_no_mail_unrecorded_and_needs_nobody_when_there_is_room_again() -> None:
    with disk_full.small_disk() as disk:
        found = disk_full.story(disk, 60, 2, seed=4)
    assert found.kept, found


def test_a_store_that_is_locked_for_long_sends_everything_once_right_after(tmp_path: Path) -> None:
    found = locked.story(tmp_path, 40, 2, busy=300)
    assert found.kept, found
    assert found.refused > 0


def test_a_server_that_is_stopped_outright_while_mails_leave_loses_none() -> None:
    found = restarts.story(60, 2, random.Random(7))
    assert found.kept, found
    assert found.refused > 0
