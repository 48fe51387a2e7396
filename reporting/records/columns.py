"""Whole tables as columns: what a million rows take as Python objects one by one is most of their time and memory.

Large results are read by a process of its own (``storage.apart``).

Many rows of one table in one statement, with the keys that the database gave them.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sqlalchemy import insert, select, text
from sqlmodel import Session, SQLModel, col

from reporting.records.engine import reading
from reporting.records.read_ahead import Reading
from reporting.records.tables import Clinic
from reporting.settings import LARGE


def is_large(session: Session) -> bool:
    """Whether whole tables are better read apart."""
    newest = session.connection().execute(text("SELECT MAX(id) FROM treated_area")).scalar_one()
    return int(newest or 0) > LARGE


def most_areas() -> int:
    """So many treated areas there are at most: the newest number given."""
    with reading() as session:
        newest = session.connection().execute(text("SELECT MAX(id) FROM treated_area")).scalar_one()
    return int(newest or 0)


def are_many_treatments() -> bool:
    """Whether this database is so large that what is worked out from all of it takes seconds."""
    return most_areas() > LARGE


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
    return Reading([statement]).tables()[1][0]


CHUNK = 2_000


def add_rows(session: Session, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert ``rows`` (same keys in each) and return their ids in the same order."""
    ids: list[int] = []
    for start in range(0, len(rows), CHUNK):
        part = list(rows[start : start + CHUNK])
        statement = insert(table).returning(table.id, sort_by_parameter_order=True)  # type: ignore[attr-defined]
        ids.extend(session.execute(statement, part).scalars())
    return ids


def add_one(session: Session, table: type[SQLModel], **values: Any) -> int:
    """Insert one row and return its id."""
    return add_rows(session, table, [values])[0]


def has_any(session: Session, table: type[SQLModel]) -> bool:
    """Whether the table holds a row."""
    return session.execute(select(table).limit(1)).first() is not None


def all_synthetic(session: Session) -> bool:
    """Whether there are clinics, and every one of them is synthetic."""
    flags: Iterable[bool] = session.execute(select(col(Clinic.is_synthetic))).scalars()
    found = list(flags)
    return bool(found) and all(found)
