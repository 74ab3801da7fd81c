"""Copies of a store: a whole one made while others write, and one put back where nothing is.

SQLite copies itself (`VACUUM INTO`: one state, nothing of its log left out); a PostgreSQL server is
asked by its own programs, `pg_dump` and `pg_restore`, in the snapshot that is checked beside it.
"""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine import URL

from tracker.domain.errors import Broken, Conflict, Invalid, Refused, TryLater
from tracker.store import engine as engines
from tracker.store.store import Store

Check = Callable[[Connection], None]
_PLACES = "/usr/lib/postgresql"
_MAGIC = {b"SQLite format 3\0": "sqlite", b"PGDMP": "postgresql"}


def copy(store: Store, file: Path, *, check: Check) -> None:
    """Write one state of a store to a new file; `check` reads that same state, and what it raises leaves no file."""
    if store.engine.dialect.name == "sqlite":
        _vacuum(Path(str(store.engine.url.database)), file)
        _sound(file)
        copied = Store(engines.make_engine(f"sqlite:///{file}"))
        try:
            with copied.read() as connection:
                check(connection)
        finally:
            copied.close()  # the last to close puts its log into the file
        return
    with store.read() as connection:
        snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        # an owner for whom row-level security is forced is shown every row by its policy, and has to say it knows
        words = ("--format=custom", "--enable-row-security", f"--snapshot={snapshot}", f"--file={file}")
        _run("pg_dump", store.engine.url, *words)
        _run("pg_restore", None, "--list", str(file))  # a file that is cut short has no table of contents
        check(connection)


def put_back(file: Path, url: str) -> None:
    """Put a copy where nothing is; raises Conflict where something is, Invalid where the copy does not fit there."""
    engine = engines.make_engine(url)
    name = engine.dialect.name
    try:
        if (kind := kind_of(file)) != name:
            said = f"a copy for {kind}" if kind else "no backup"
            raise Invalid(f"{file} is {said}, not a copy for {name}", code="bad-file")
        if name == "sqlite":
            _put_file(file, Path(str(engine.url.database)))
            return
        with engine.connect() as connection:
            if inspect(connection).get_table_names():
                raise Conflict("there is something in this database: restore into an empty one", code="not-empty")
        with _without_rowlevel(file) as wanted:
            words = ("--single-transaction", "--exit-on-error", "--no-owner", f"--use-list={wanted}", str(file))
            _run("pg_restore", engine.url, *words)
    finally:
        engine.dispose()


@contextmanager
def _without_rowlevel(file: Path) -> Iterator[Path]:
    """Yield a list of what is in a copy, all but what names a role: another server may not have it.

    The upgrade that follows puts it in force again where it can.
    """
    with TemporaryDirectory() as folder:
        found = Path(folder) / "list"
        _run("pg_restore", None, "--list", f"--file={found}", str(file))
        lines = found.read_text(encoding="utf-8").splitlines()
        kept = (line for line in lines if not any(f" {kind} " in line for kind in ("POLICY", "ROW SECURITY", "ACL")))
        found.write_text("\n".join(kept) + "\n", encoding="utf-8")
        yield found


def kind_of(file: Path) -> str | None:
    """Return for which database a file is a copy, by its first bytes; None for anything else."""
    try:
        with file.open("rb") as stream:
            start = stream.read(16)
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror}", code="bad-file") from None
    return next((kind for magic, kind in _MAGIC.items() if start.startswith(magic)), None)


def _vacuum(database: Path, file: Path) -> None:
    try:
        with closing(sqlite3.connect(database, timeout=30)) as raw:
            raw.execute("VACUUM INTO ?", (str(file),))
    except sqlite3.Error as error:
        raise TryLater(f"the copy could not be written: {error}", code="no-copy") from None


def _sound(file: Path) -> None:
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as raw:
        found = raw.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise Broken(f"the copy is not sound: {found}")


def _put_file(file: Path, database: Path) -> None:
    """Copy a file beside the place it is for, and give it its name only when it is whole and on the disk."""
    beside = database.with_name(f".{database.name}.{os.getpid()}")
    for there in (database, *(Path(f"{database}-{end}") for end in ("wal", "shm", "journal"))):
        if there.exists():
            raise Conflict(f"{there} is there already: restore into an empty place", code="not-empty")
    try:
        shutil.copyfile(file, beside)
        _sound(beside)
        os.chmod(beside, 0o600)
        finish(beside, database)
    except OSError as error:
        raise TryLater(f"{database} cannot be written: {error.strerror}", code="no-copy") from None
    finally:
        beside.unlink(missing_ok=True)


def finish(beside: Path, file: Path) -> None:
    """Give a file that is whole its name, through to the disk; raises Conflict where the name is taken."""
    handle = os.open(beside, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    try:
        os.link(beside, file)  # never over a file that came there meanwhile
    except FileExistsError:
        raise Conflict(f"{file} is there already: nothing is written over", code="file-exists") from None
    beside.unlink()
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _run(name: str, url: URL | None, *words: str) -> None:
    program, where = _program(name), []
    environment = dict(os.environ)
    if url is not None:
        if url.password:
            environment["PGPASSWORD"] = str(url.password)  # never among the arguments, which everybody may read
        plain = URL.create("postgresql", url.username, None, url.host, url.port, url.database, _texts(url.query))
        where = [f"--dbname={plain.render_as_string(hide_password=False)}"]
    done = subprocess.run(
        [program, *where, "--no-password", *words] if url is not None else [program, *words],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        said = " ".join(done.stderr.decode(errors="replace").split())
        raise TryLater(f"{name} did not succeed: {said[:500]}", code="no-copy")


def _texts(query: Mapping[str, object]) -> dict[str, str]:
    return {key: value for key, value in query.items() if isinstance(value, str)}


def _program(name: str) -> str:
    """Return the path of a PostgreSQL program, the newest one where Debian keeps several beside the PATH."""
    folders = sorted(Path(_PLACES).glob("*/bin"), key=lambda folder: float(folder.parent.name), reverse=True)
    path = os.pathsep.join([*map(str, folders), os.environ.get("PATH", os.defpath)])
    found = shutil.which(name, path=path)
    if found is None:
        raise Refused(
            f"PostgreSQL's {name} is not installed here: install the client programs (Debian: postgresql-client)",
            code="no-program",
        )
    return found
