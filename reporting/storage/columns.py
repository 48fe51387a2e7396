"""Whole tables as columns: what a million rows take as Python objects one by one is most of their time and memory.

Large results are read by a process of its own (``storage.column_reader``): its driver brings a second copy of
SQLite, and two copies in one process undo each other's file locks (sqlite.org/howtocorrupt.html, section 2.2.1).
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from sqlalchemy import text
from sqlmodel import Session

from reporting.storage.engine import engine, is_sqlite, reading

READER = Path(__file__).with_name("column_reader.py")
LARGE = 50_000
"""Treated areas from which a process of its own, 0.4 s to start, is the quicker way."""


def is_large(session: Session) -> bool:
    """Whether whole tables are better read apart."""
    newest = session.connection().execute(text("SELECT MAX(id) FROM treated_area")).scalar_one()
    return int(newest or 0) > LARGE


def are_many_treatments() -> bool:
    """Whether this database is so large that what is worked out from all of it takes seconds."""
    with reading() as session:
        return is_large(session)


def category(column: pa.ChunkedArray, missing: str = "") -> pd.Categorical:
    """Words as a category whose categories are in their order; ``missing`` stands where there is none."""
    coded = column.cast(pa.string()).fill_null(missing).combine_chunks().dictionary_encode()
    words = pd.Index(coded.dictionary.to_pylist(), dtype="str")
    order = words.argsort()
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    codes = place[coded.indices.to_numpy()] if len(words) else np.zeros(0, dtype=np.int64)
    return pd.Categorical.from_codes(codes, categories=words[order])


def read_here(session: Session, statement: str) -> pa.Table:
    """The result of a statement without bound values, read in this process and transaction."""
    result = session.connection().execute(text(statement))
    names, rows = list(result.keys()), result.fetchall()
    values = zip(*rows, strict=True) if rows else [()] * len(names)
    return pa.table({name: pa.array(column) for name, column in zip(names, values, strict=True)})


def read_apart(statement: str) -> pa.Table:
    """The same from a process of its own, as of what is committed now. Raises RuntimeError with the reader's words."""
    url = engine().url
    if is_sqlite():
        asked = {"sqlite": str(url.database)}
    else:
        asked = {"postgresql": url.set(drivername="postgresql").render_as_string(hide_password=False)}
    # -P: the folder of the script holds modules named as some of the standard library are.
    command = [sys.executable, "-P", str(READER)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None
        assert reader.stderr is not None
        reader.stdin.write(json.dumps(asked | {"statement": statement}).encode())
        reader.stdin.close()
        try:
            with pa.ipc.open_stream(reader.stdout) as stream:
                found = stream.read_all()
        except pa.ArrowInvalid as problem:
            raise RuntimeError(f"Columns could not be read: {reader.stderr.read().decode()[-500:]}") from problem
    if reader.returncode:
        raise RuntimeError(f"Columns could not be read: the reader ended with {reader.returncode}.")
    return found
