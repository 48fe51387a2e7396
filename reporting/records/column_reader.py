"""A process of its own that runs statements in one transaction and writes their columns in Arrow's format to a file.

Started by ``storage.apart`` and by nobody else. It reads only. On standard output it says at which revision of the
outcomes its transaction stood, so that what several of these read can be told to be of one state. It uses the
drivers' own interface: the one of Python's databases around it imports pandas, which takes longer than a table.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
from adbc_driver_manager import AdbcConnection, AdbcStatement

WHOLE = 100_000_000
"""Rows of one batch: SQLite tells no types, so they are taken from the values of the first batch."""
ONE_STATE = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


def _database(asked: dict[str, Any]) -> Any:
    if "sqlite" in asked:
        import adbc_driver_sqlite as sqlite

        return sqlite.connect(Path(asked["sqlite"]).resolve().as_uri() + "?mode=ro")
    import adbc_driver_postgresql as postgresql

    return postgresql.connect(asked["postgresql"])


def _run(connection: AdbcConnection, sql: str, options: dict[str, Any]) -> pa.RecordBatchReader:
    statement = AdbcStatement(connection)
    statement.set_options(**options)
    statement.set_sql_query(sql)
    return pa.RecordBatchReader.from_stream(statement.execute_query()[0])


def main() -> None:
    asked = json.load(sys.stdin)
    options = {"adbc.sqlite.query.batch_rows": WHOLE} if "sqlite" in asked else {}
    connection = AdbcConnection(_database(asked))
    connection.set_autocommit(False)
    if "postgresql" in asked:
        _run(connection, ONE_STATE, options).read_all()
    state = _run(connection, "SELECT value FROM revision", options).read_all()
    sys.stdout.write(str(state.column(0)[0].as_py()))
    with os.fdopen(asked["file"], "wb") as out:
        for sql in asked["statements"]:
            found = _run(connection, sql, options)
            with pa.ipc.new_stream(out, found.schema) as stream:
                for batch in found:
                    stream.write_batch(batch)


if __name__ == "__main__":
    main()
