"""The database's shape, of SQLite: tables with their columns, indexes and triggers, all sorted."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from tools.words.kept import Shelf
from tools.words.started import MOMENT


def _of_table(database: sqlite3.Connection, table: str) -> list[str]:
    columns = [
        f"    {name} {kind}{' not null' if needed else ''}{f' default {default}' if default is not None else ''}"
        f"{f' primary key {place}' if place else ''}"
        for _, name, kind, needed, default, place in database.execute(f"pragma table_info('{table}')")
    ]
    foreign = [
        f"    {row[3]} -> {row[2]}.{row[4]} on delete {row[6]}"
        for row in database.execute(f"pragma foreign_key_list('{table}')")
    ]
    return [table, *sorted(columns), *sorted(foreign)]


def _sorted(sql: str) -> str:
    """A statement on one line, the parts of a table sorted: in which order constraints stand is chance."""
    words = " ".join(sql.split())
    head, bracket, parts = words.partition("(")
    if not words.startswith("CREATE TABLE") or not bracket:
        return words
    # A comma within brackets or quotes parts nothing.
    found = re.split(r", (?=(?:[^()]*\([^()]*\))*[^()]*$)", parts.removesuffix(")"))
    return f"{head}({', '.join(sorted(part.strip() for part in found))})"


def take(shelf: Shelf, path: Path) -> None:
    """Keep the shape of the database at ``path``, and how many rows each table has."""
    with closing(sqlite3.connect(path)) as database:
        everything = sorted(
            database.execute("select type, name, coalesce(sql, '') from sqlite_master where name not like 'sqlite_%'")
        )
        tables = [name for kind, name, _ in everything if kind == "table"]
        shape = [line for table in tables for line in _of_table(database, table)]
        others = [f"{kind} {name}: {_sorted(sql)}" for kind, name, sql in everything]
        counts = [f"{table} {database.execute(f'select count(*) from {table}').fetchone()[0]}" for table in tables]
    shelf.keep("schema/columns", "\n".join(shape))
    shelf.keep("schema/statements", "\n".join(others))
    shelf.keep("schema/rows", "\n".join(counts))


def check_clock(path: Path) -> None:
    """Raise RuntimeError unless what was written bears the chosen moment."""
    with closing(sqlite3.connect(path)) as database:
        (made,) = database.execute("select created_at from clinic order by id limit 1").fetchone()
    if str(made)[:16].replace(" ", "T") != MOMENT[:16]:
        raise RuntimeError(f"the clock is not stopped: the clinic was made at {made}, it should be {MOMENT}")
