"""Row-level security of PostgreSQL: a second lock behind the scope of the query layer.

A reading of some offices goes on as the role `tracker_reader`, for which the database itself shows only the
rows of these offices; the policies are forced, so that they hold for the owner of the tables too. The role
belongs to the whole server. Where the database's user may not make it, an administrator does, once:

    CREATE ROLE tracker_reader NOLOGIN;
    GRANT tracker_reader TO the_user_of_the_tracker;

and `tracker db upgrade` finds it. Until then readings go on without; the scope of the query layer holds.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

ROLE = "tracker_reader"
_OFFICES = "tracker.offices"
_MINE = f"(SELECT string_to_array(current_setting('{_OFFICES}', true), chr(31)))::text[]"
_OF_ASSIGNMENT = "EXISTS (SELECT 1 FROM assignment mine WHERE mine.ref = {})"
# entries about no assignment that every account may read; of channels and accounts they may not
_PUBLIC = ("store_made", "registry_adopted", "directive_adopted", "event", "deputy_named", "deputy_ended")
_KINDS = ", ".join(f"'{kind}'" for kind in _PUBLIC)

# table -> which of its rows a reading of some offices sees; assignment is the one the others ask
POLICIES = {
    "assignment": f"agency = ANY ({_MINE}) OR delegate = ANY ({_MINE})",
    "reminder": f"agency = ANY ({_MINE})",
    "delivery": "EXISTS (SELECT 1 FROM reminder mine WHERE mine.id = delivery.reminder)",
    "mail": "EXISTS (SELECT 1 FROM reminder mine WHERE mine.reference = mail.reference)",
    "proof": _OF_ASSIGNMENT.format("proof.assignment"),
    "evidence": "EXISTS (SELECT 1 FROM proof mine WHERE mine.sha256 = evidence.sha256)",
    "entry": f"(assignment IS NULL AND kind IN ({_KINDS})) OR {_OF_ASSIGNMENT.format('entry.assignment')}",
    "channel": f"agency = ANY ({_MINE})",
}
# what every account may read, and what nobody reads in the name of an office: every table is of one of the three,
# and one that a migration adds is closed until it is put where it belongs (tests/integration/test_rowlevel.py)
OPEN = ("head", "registry", "agency", "directive", "task", "need", "event", "deputy", "seal", "witness", "watch")
CLOSED = ("account", "credential", "session", "token", "login_attempt", "idempotency", "hook", "hook_delivery")


def protect(connection: Connection) -> bool:
    """Put the policies in force and return whether readings can go on as the role; nothing to do on SQLite."""
    if connection.dialect.name != "postgresql" or not _role(connection):
        return False
    there = _there(connection)  # an early migration protects what there is by then
    for table in there & POLICIES.keys():
        for statement in _statements(table, POLICIES[table]):
            connection.execute(text(statement))
    for table in there & {*POLICIES, *OPEN}:
        connection.execute(text(f"GRANT SELECT ON {table} TO {ROLE}"))
    for table in there & set(CLOSED):
        connection.execute(text(f"REVOKE ALL ON {table} FROM {ROLE}"))
    return is_protected(connection)


def lay_open(connection: Connection) -> None:
    """Take the policies away again; the role stays, it may be another database's."""
    if connection.dialect.name != "postgresql":
        return
    for table in _there(connection) & POLICIES.keys():
        for name in ("everybody", "reader"):
            connection.execute(text(f"DROP POLICY IF EXISTS {name} ON {table}"))
        connection.execute(text(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY"))
        connection.execute(text(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"))


def is_protected(connection: Connection) -> bool:
    """Return whether policies are in force on every table that has one, and this user may go on as the role."""
    if connection.dialect.name != "postgresql":
        return False
    forced = text(
        "SELECT bool_and(relrowsecurity AND relforcerowsecurity) FROM pg_class"
        " WHERE relnamespace = current_schema()::regnamespace AND relname = ANY (:tables)"
    )
    return bool(connection.execute(forced, {"tables": list(POLICIES)}).scalar_one()) and _may_be(connection)


def narrow(connection: Connection, offices: Collection[str]) -> None:
    """Let the rest of a transaction read as the role, of some offices."""
    said = text(f"SELECT set_config('{_OFFICES}', :offices, true), set_config('role', '{ROLE}', true)")
    connection.execute(said, {"offices": "\x1f".join(sorted(offices))})


@contextmanager
def beyond(connection: Connection) -> Iterator[None]:
    """Look further for a moment than the rows of the offices that a reading is of: for what a mail tells of others."""
    if not _is_narrow(connection):
        yield
        return
    connection.execute(text("SELECT set_config('role', 'none', true)"))
    try:
        yield
    finally:
        if not connection.invalidated:  # else there is nothing left to be read by it
            connection.execute(text(f"SELECT set_config('role', '{ROLE}', true)"))


def _there(connection: Connection) -> set[str]:
    tables = text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    return set(connection.execute(tables).scalars())


def _is_narrow(connection: Connection) -> bool:
    if connection.dialect.name != "postgresql":
        return False
    return bool(connection.execute(text("SELECT current_user = :role"), {"role": ROLE}).scalar_one())


def _statements(table: str, rule: str) -> Iterator[str]:
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    yield f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
    yield f"DROP POLICY IF EXISTS everybody ON {table}"
    yield f"DROP POLICY IF EXISTS reader ON {table}"
    other = f"current_user <> '{ROLE}'"
    yield f"CREATE POLICY everybody ON {table} USING ({other}) WITH CHECK ({other})"
    yield f"CREATE POLICY reader ON {table} FOR SELECT TO {ROLE} USING ({rule})"


def _role(connection: Connection) -> bool:
    """Return whether the role is there and ours to take, making it where we may."""
    for statement in (f"CREATE ROLE {ROLE} NOLOGIN", f"GRANT {ROLE} TO CURRENT_USER"):
        if _exists(connection) if statement.startswith("CREATE") else _may_be(connection):
            continue
        try:
            with connection.begin_nested():
                connection.execute(text(statement))
        except DBAPIError:  # not allowed, or another database's migration was faster
            continue
    return _exists(connection) and _may_be(connection)


def _exists(connection: Connection) -> bool:
    return connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": ROLE}).first() is not None


def _may_be(connection: Connection) -> bool:
    if not _exists(connection):
        return False
    server = connection.dialect.server_version_info or (0,)
    how = "SET" if server >= (16,) else "MEMBER"  # from 16 on a member need not be allowed to become the role
    said = text("SELECT pg_has_role(session_user, :role, :how)")
    return bool(connection.execute(said, {"role": ROLE, "how": how}).scalar_one())
