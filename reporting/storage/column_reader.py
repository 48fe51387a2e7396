"""A process of its own that runs one statement and hands back its columns in Arrow's format on standard output.

Started by ``storage.columns`` and by nobody else. It reads only.
"""

import json
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa

WHOLE = 100_000_000
"""Rows of one batch: SQLite tells no types, so they are taken from the values of the first batch."""


def _connection(asked: dict[str, str]) -> Any:
    if "sqlite" in asked:
        from adbc_driver_sqlite import dbapi as sqlite

        return sqlite.connect(Path(asked["sqlite"]).resolve().as_uri() + "?mode=ro")
    from adbc_driver_postgresql import dbapi as postgresql

    return postgresql.connect(asked["postgresql"])


def main() -> None:
    asked = json.load(sys.stdin)
    options = {"adbc.sqlite.query.batch_rows": WHOLE} if "sqlite" in asked else {}
    with _connection(asked) as connection, connection.cursor(adbc_stmt_kwargs=options) as cursor:
        cursor.execute(asked["statement"])
        found = cursor.fetch_record_batch()
        with pa.ipc.new_stream(sys.stdout.buffer, found.schema) as out:
            for batch in found:
                out.write_batch(batch)


if __name__ == "__main__":
    main()
