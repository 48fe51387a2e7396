"""A process of its own that runs statements in one transaction and writes their columns in Arrow's format to a file.

Started by ``storage.apart`` and by nobody else. It reads only. On standard output it says at which revision of the
outcomes its transaction stood, so that what several of these read can be told to be of one state.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa

WHOLE = 100_000_000
"""Rows of one batch: SQLite tells no types, so they are taken from the values of the first batch."""
SQLITE = {"adbc.sqlite.query.batch_rows": WHOLE}
ONE_STATE = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


def _connection(asked: dict[str, Any]) -> Any:
    if "sqlite" in asked:
        from adbc_driver_sqlite import dbapi as sqlite

        return sqlite.connect(Path(asked["sqlite"]).resolve().as_uri() + "?mode=ro")
    from adbc_driver_postgresql import dbapi as postgresql

    return postgresql.connect(asked["postgresql"])


def main() -> None:
    asked = json.load(sys.stdin)
    options = SQLITE if "sqlite" in asked else {}
    with _connection(asked) as connection, os.fdopen(asked["file"], "wb") as out:
        with connection.cursor() as cursor:
            if "postgresql" in asked:
                cursor.execute(ONE_STATE)
            cursor.execute("SELECT value FROM revision")
            sys.stdout.write(str(cursor.fetchone()[0]))
        for statement in asked["statements"]:
            with connection.cursor(adbc_stmt_kwargs=options) as cursor:
                cursor.execute(statement)
                found = cursor.fetch_record_batch()
                with pa.ipc.new_stream(out, found.schema) as stream:
                    for batch in found:
                        stream.write_batch(batch)


if __name__ == "__main__":
    main()
