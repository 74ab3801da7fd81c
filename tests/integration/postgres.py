"""A real PostgreSQL server for the tests that need one, and an empty database for each of them.

Every test process starts a cluster of its own the first time a test asks, in a temporary directory and on a
free port of the loopback interface, and stops it at the end. No server already on the machine is touched.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

START_SECONDS = 60
STOP_SECONDS = 20

# The cluster lives for one test run: no commit need wait for a disk, and a little log is enough.
CAREFREE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_wal_size=256MB")

# A disk that discards freed blocks takes 0.2 s to make a database after dropping one; memory takes 0.02 s.
MEMORY = Path("/dev/shm")
MEMORY_NEEDED = 2**30


class PostgresUnavailable(Exception):
    """The server cannot be started here; the sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server that trusts whoever reaches it on the loopback interface."""

    port: int
    server: subprocess.Popen[bytes]
    _numbers: Iterator[int] = field(default_factory=count)

    @contextmanager
    def database(self, like: str | None = None) -> Iterator[str]:
        """Yield the SQLAlchemy URL of a new database; drop it afterwards, whoever still uses it.

        It is empty, or holds what another database holds by now, to which nobody may be connected.
        """
        name = sql.Identifier(label := f"test_{next(self._numbers)}")
        model = sql.Identifier(like.rpartition("/")[2] if like else "template0")
        self._administer(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, model))
        try:
            yield f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{label}"
        finally:
            self._administer(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))

    def answers(self) -> bool:
        """Return whether the server takes connections yet."""
        try:
            self._administer(sql.SQL("SELECT 1"))
        except psycopg.OperationalError:
            return False
        return True

    def _administer(self, statement: sql.SQL | sql.Composed) -> None:
        with psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement)


def program(name: str) -> str:
    """Return the path of a PostgreSQL program, the newest one where Debian keeps several beside the PATH."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    path = os.pathsep.join([*map(str, reversed(versions)), os.environ.get("PATH", os.defpath)])
    found = shutil.which(name, path=path)
    if found is None:
        raise PostgresUnavailable(f"PostgreSQL's {name} is not installed; `make system` says how")
    return found


def server_account() -> pwd.struct_passwd | None:
    """Return whom to become to run the server, which refuses to be root; None where no change is needed."""
    return pwd.getpwnam("postgres") if os.geteuid() == 0 else None


def free_port() -> int:
    """Return a port of the loopback interface that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def roomy_memory() -> Path | None:
    """Return the folder kept in memory, if it has room; None leaves it to TMPDIR and its defaults."""
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK):
        return None
    return MEMORY if shutil.disk_usage(MEMORY).free > MEMORY_NEEDED else None


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Yield a fresh cluster, and leave neither its processes nor its files behind."""
    home = Path(tempfile.mkdtemp(prefix="tracker-postgres-", dir=roomy_memory()))
    if account := server_account():
        os.chown(home, account.pw_uid, account.pw_gid)
    try:
        make_data_directory(home)
        cluster = start(home)
        try:
            yield cluster
        finally:
            stop(cluster.server)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def make_data_directory(home: Path) -> None:
    """Run initdb; its words are shown only when it fails."""
    made = subprocess.run(
        [
            *(program("initdb"), "--pgdata", str(home / "data"), "--username=postgres", "--no-sync"),
            *("--auth=trust", "--encoding=UTF8", "--locale=C"),
        ],
        **plain_surroundings(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if made.returncode:
        raise PostgresUnavailable(f"initdb failed:\n{made.stdout.decode(errors='replace')}")


def start(home: Path) -> Cluster:
    """Return a server that answers; another process may take the free port first, so try a few."""
    for _ in range(3):
        cluster = launch(home, port=free_port())
        give_up = time.monotonic() + START_SECONDS
        while cluster.server.poll() is None and time.monotonic() < give_up:
            if cluster.answers():
                return cluster
            time.sleep(0.05)
        stop(cluster.server)
    words = (home / "log").read_text(errors="replace")[-4000:]
    raise PostgresUnavailable(f"postgres did not start:\n{words}")


def launch(home: Path, *, port: int) -> Cluster:
    """Start the server process itself (no pg_ctl in between, so its pid is ours to end)."""
    settings = ("listen_addresses=127.0.0.1", f"unix_socket_directories={home}", *CAREFREE)
    # Should this process be killed outright, Linux passes the word on and the server shuts down too.
    herald = ["setpriv", "--pdeathsig", "INT", "--"] if shutil.which("setpriv") else []
    command = [*herald, program("postgres"), "-D", str(home / "data"), "-p", str(port)]
    with (home / "log").open("ab") as log:
        server = subprocess.Popen(
            [*command, *(word for setting in settings for word in ("-c", setting))],
            **plain_surroundings(home),
            stdout=log,
            stderr=log,
        )
    return Cluster(port=port, server=server)


def stop(server: subprocess.Popen[bytes]) -> None:
    """End the server by its pid: at once for its clients, outright if it will not go."""
    server.send_signal(signal.SIGINT)  # PostgreSQL's "fast" shutdown; does nothing where it has ended
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def plain_surroundings(home: Path) -> dict[str, Any]:
    """Return where, as whom and in what environment a PostgreSQL program runs, as `subprocess` takes it."""
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
    plain = {"cwd": home, "env": environment, "stdin": subprocess.DEVNULL}
    if account := server_account():
        plain |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    return plain


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """A PostgreSQL server of this test process's own."""
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture
def postgres_url(postgres_cluster: Cluster) -> Iterator[str]:
    """The SQLAlchemy URL of an empty PostgreSQL database, this test's alone."""
    with postgres_cluster.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The SQLAlchemy URL of an empty database: the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'tracker.db'}"
    return str(request.getfixturevalue("postgres_url"))
