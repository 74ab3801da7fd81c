"""Fill the disk below a store that sends, make room again, and see that no mail left unrecorded.

    python -m tests.simulation.disk_full [--offices 200] [--cycles 5] [--seed 4]

As root the store lies on a small tmpfs of its own, which a ballast file fills to the last few blocks;
otherwise the size of files is limited (RLIMIT_FSIZE). In each cycle the disk is filled to a random
remainder while mails leave, the work tried until it is refused, and room made again:

    sent        mails that still left on the full disk

    refused     ticks that could not be, and said that it is the disk
    silent      ticks that could not be and said something else
    unrecorded  mails that the server has, and neither the database nor the journal knows of
    noticed     whether the watchdog had something to say six minutes later
    extra       mails sent a second time, at the end: at most one a cycle
    lost        offices that never got theirs
"""

import argparse
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from tests.integration.smtp import SmtpServer
from tests.simulation.many_offices import READ_HEADER, Clock, Judged, a_crowd, freely, judged, row, tick, wait_for
from tracker.operations import journal as journals
from tracker.operations import open_store
from tracker.operations.watchdog import look
from tracker.settings import Settings
from tracker.store import outbox

SIZE = "8m"
BLOCK = 4096
TRIES = 3
HEADS = ("cycle", "room", "sent", "refused", "silent", "unrecorded", "noticed")
FULL = ("full", "No space left", "File too large", "disk I/O error")


class Disk(Protocol):
    """A disk that can be filled."""

    folder: Path

    def fill(self, left: int) -> None:
        """Leave so many octets free."""

    def clear(self) -> None:
        """Make room again."""


class Memory:
    """A small file system in memory, filled by a ballast file."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.ballast = folder, folder / "ballast"

    def fill(self, left: int) -> None:
        free = os.statvfs(self.folder).f_bavail * BLOCK
        with self.ballast.open("wb") as stream:
            os.posix_fallocate(stream.fileno(), 0, max(BLOCK, (free - left) // BLOCK * BLOCK))

    def clear(self) -> None:
        self.ballast.unlink()


class Limit:
    """A folder whose files may not grow any more than this process is allowed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]

    def fill(self, left: int) -> None:
        largest = max(file.stat().st_size for file in self.folder.iterdir())
        smallest = min(file.stat().st_size for file in self.folder.glob("*.sends"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (max(smallest, largest - BLOCK * 4) + left % BLOCK, self.hard))

    def clear(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (self.hard, self.hard))


@contextmanager
def small_disk() -> Iterator[Disk]:
    """Yield a disk that can be filled: a tmpfs where that can be mounted, else a limit on the size of files."""
    folder = Path(tempfile.mkdtemp(prefix="tracker-disk-"))
    mounted = False
    try:
        if os.geteuid() == 0 and shutil.which("mount"):
            words = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tracker-test", str(folder)]
            mounted = subprocess.run(words, check=False, capture_output=True).returncode == 0
        yield Memory(folder) if mounted else Limit(folder)
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Cycle:
    """What came of one disk that was full."""

    room: int
    sent: int
    refused: int
    silent: int
    unrecorded: int
    noticed: bool


@dataclass(frozen=True, slots=True)
class Story:
    """All cycles, and the end."""

    cycles: tuple[Cycle, ...]
    end: Judged

    @property
    def kept(self) -> bool:
        """Return whether every promise was kept."""
        told = all(c.refused and not c.silent and not c.unrecorded and c.noticed for c in self.cycles)
        return told and self.end.sound and self.end.extra <= len(self.cycles)


def story(disk: Disk, offices: int, cycles: int, seed: int) -> Story:
    """Return what came of filling a disk so many times while mails leave."""
    chance, url = random.Random(seed), f"sqlite:///{disk.folder / 'store.db'}"
    clock = Clock(time.monotonic())
    with SmtpServer() as server:
        settings = freely(server.url, database_url=url)
        a_crowd(url, offices).close()
        done = [one_cycle(disk, settings, clock, server, offices // (cycles + 1), chance) for _ in range(cycles)]
        late = Clock(clock.started - 3600 / clock.speed)
        for _ in range(3):
            assert tick(url, settings, late) is None
        return Story(tuple(done), judged(server, url, offices))


def one_cycle(
    disk: Disk, settings: Settings, clock: Clock, server: SmtpServer, share: int, chance: random.Random
) -> Cycle:
    """Fill the disk while mails leave, go on until nothing goes any more, and make room again."""
    url, said = settings.database_url, list[str | None]()
    room, start = chance.randrange(0, 64) * BLOCK, len(server.messages)
    open_elsewhere = open_store(url)  # as the pages have it: the log of the database is there to be written to
    with open_elsewhere.read():
        pass
    working = threading.Thread(target=lambda: said.append(tick(url, settings, clock)))
    working.start()
    wait_for(lambda: len(server.messages) >= start + share // 2 or not working.is_alive())
    before = len(server.messages)
    disk.fill(room)
    try:
        working.join()
        said += [tick(url, settings, clock) for _ in range(TRIES)]
        heard = list(look(settings, at=clock() + timedelta(minutes=6)))
    finally:
        disk.clear()
        open_elsewhere.close()
    told = [why for why in said if why]
    refused = [why for why in told if any(word in why for word in FULL)]
    return Cycle(
        room=room,
        sent=len(server.messages) - before,
        refused=len(refused),
        silent=len(told) - len(refused),
        unrecorded=unrecorded(server, url, settings),
        noticed=bool(heard),
    )


def unrecorded(server: SmtpServer, url: str, settings: Settings) -> int:
    """Return how many mails the server has whose attempt is not in the database, or not in the journal."""
    arrived = {str(READ_HEADER.parsebytes(mail.content)["Message-ID"]) for mail in list(server.messages)}
    store = open_store(url)
    with store.read() as connection:
        known = {one.message_id for one in outbox.deliveries(connection)}
    written = {line.message_id for line in journals.lines(journals.file_of(store, settings, ""))}
    store.close()
    return len(arrived - known) + len(arrived - written)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for, print a line a cycle, and return 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.disk_full", description=__doc__.split("\n")[0])
    parser.add_argument("--offices", type=int, default=200, metavar="N", help="mails in all (200)")
    parser.add_argument("--cycles", type=int, default=5, metavar="N", help="how often the disk is full (5)")
    parser.add_argument("--seed", type=int, default=4, help="what the remainders are drawn by (4)")
    asked = parser.parse_args(arguments)
    with small_disk() as disk:
        found = story(disk, asked.offices, asked.cycles, asked.seed)
    print(f"{type(disk).__name__.lower()} disk\n{row(*HEADS)}")
    for n, one in enumerate(found.cycles, 1):
        print(row(n, one.room, one.sent, one.refused, one.silent, one.unrecorded, one.noticed))
    print(f"end: {found.end}")
    print("every promise kept" if found.kept else "A PROMISE WAS BROKEN")
    return 0 if found.kept else 1


if __name__ == "__main__":
    sys.exit(main())
