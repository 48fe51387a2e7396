"""Reads one content table into records and names file, line, column and reason when a row is wrong."""

import csv
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from reporting.errors import Problem

R = TypeVar("R")


class ContentError(Problem):
    """A clinical content table cannot be used. ``line`` counts from 1, the header being line 1."""

    code = "content_error"
    status = 500
    what_to_do = "Correct the table, then start again. Nothing was loaded."

    def __init__(self, file: str, line: int, column: str, reason: str) -> None:
        self.file, self.line, self.column, self.reason = file, line, column, reason
        super().__init__(f"{file}, line {line}, column {column}: {reason}")


@dataclass(frozen=True)
class Table(Generic[R]):
    """Records of one file, each with the line it began on."""

    file: str
    rows: tuple[tuple[int, R], ...]

    @property
    def records(self) -> tuple[R, ...]:
        return tuple(record for _, record in self.rows)

    def fail(self, line: int, column: str, reason: str) -> typing.NoReturn:
        raise ContentError(self.file, line, column, reason)

    def by(self, column: str, *columns: str) -> dict[Any, R]:
        """Records by the value of ``column`` (a tuple of values for several); refuses a second one alike."""
        found: dict[Any, R] = {}
        for line, record in self.rows:
            key: Any = getattr(record, column)
            if columns:
                key = (key, *(getattr(record, name) for name in columns))
            if key in found:
                self.fail(line, columns[-1] if columns else column, f"{key!r} is there twice")
            found[key] = record
        return found

    def known(self, column: str, allowed: typing.Collection[str]) -> None:
        """Refuses a row whose value (or one of several) in ``column`` is not in ``allowed``; empty passes."""
        for line, record in self.rows:
            value = getattr(record, column)
            for item in value if isinstance(value, tuple) else (value,):
                if item != "" and item not in allowed:
                    self.fail(line, column, f"{item!r} is not known; known: {', '.join(sorted(allowed))}")


def _boolean(text: str) -> bool:
    if text not in {"yes", "no"}:
        raise ValueError("must be yes or no")
    return text == "yes"


def _number(kind: type[int] | type[float]) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            raise ValueError(f"{text!r} is not a {'whole ' if kind is int else ''}number") from None
        if value != value or value in (float("inf"), float("-inf")):
            raise ValueError(f"{text!r} is not a number")
        return value

    return read


def _items(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("|"))


_PARSERS: dict[Any, Callable[[str], Any]] = {
    str: str,
    int: _number(int),
    float: _number(float),
    bool: _boolean,
    tuple[str, ...]: _items,
}


def _empty(of: Field[Any], optional: bool) -> Any:
    if of.default is not MISSING:
        return of.default
    if optional:
        return None
    raise ValueError("must not be empty")


def _value(of: Field[Any], hint: Any, text: str) -> Any:
    optional = isinstance(hint, types.UnionType)
    if not text:
        return _empty(of, optional)
    kind = next(arg for arg in typing.get_args(hint) if arg is not types.NoneType) if optional else hint
    value = _PARSERS[kind](text)
    _check(of.metadata, value)
    return value


def _check(rules: Any, value: Any) -> None:
    if "allowed" in rules and value not in rules["allowed"]:
        raise ValueError(f"{value!r} is not known; known: {', '.join(rules['allowed'])}")
    if "low" in rules and not rules["low"] <= value <= rules["high"]:
        raise ValueError(f"{value} is not from {rules['low']} to {rules['high']}")


def _records(path: Path, kind: type[R], columns: dict[str, tuple[Field[Any], Any]]) -> Iterator[tuple[int, R]]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        reader = csv.reader(handle, strict=True)
        header = next(reader, [])
        _check_header(path.name, header, columns)
        line = reader.line_num + 1
        for row in reader:
            if len(row) != len(header):
                raise ContentError(path.name, line, "-", f"has {len(row)} cells, the header {len(header)}")
            yield line, _record(path.name, line, kind, columns, dict(zip(header, row, strict=True)))
            line = reader.line_num + 1


def _check_header(file: str, header: list[str], columns: dict[str, Any]) -> None:
    for name in columns:
        if name not in header:
            raise ContentError(file, 1, name, "this column is missing")
    for name in header:
        if name not in columns or header.count(name) > 1:
            reason = "is there twice" if name in columns else "is not a column of this table"
            raise ContentError(file, 1, name, reason)


def _record(file: str, line: int, kind: type[R], columns: dict[str, Any], cells: dict[str, str]) -> R:
    values = {}
    for name, (of, hint) in columns.items():
        try:
            values[name] = _value(of, hint, cells[name].strip())
        except ValueError as error:
            raise ContentError(file, line, name, str(error)) from None
    return kind(**values)


def _columns(kind: type[Any]) -> dict[str, tuple[Field[Any], Any]]:
    hints = typing.get_type_hints(kind)
    return {of.name: (of, hints[of.name]) for of in fields(kind) if of.metadata.get("column", True)}


def with_cells(file: str, record: R, cells: Mapping[str, str], line: int = 0) -> R:
    """The record with these cells in the place of its own, read as those of the file. Raises ContentError."""
    columns, values = _columns(type(record)), {}
    for name, text in cells.items():
        if name not in columns:
            raise ContentError(file, line, name, "is not a column of this table")
        try:
            values[name] = _value(*columns[name], text.strip())
        except ValueError as error:
            raise ContentError(file, line, name, str(error)) from None
    return replace(record, **values)  # type: ignore[type-var]


def cells_of(record: object) -> dict[str, str]:
    """Every column of a record as it would stand in its file."""
    return {name: _text(getattr(record, name)) for name in _columns(type(record))}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "|".join(value) if isinstance(value, tuple) else str(value)


def read_table(path: Path, kind: type[R]) -> Table[R]:
    """The rows of a CSV file as records of dataclass ``kind``. Raises ContentError."""
    columns = _columns(kind)
    try:
        rows = tuple(_records(path, kind, columns))
    except FileNotFoundError:
        raise ContentError(path.name, 0, "-", f"there is no such file in {path.parent}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise ContentError(path.name, 0, "-", f"cannot be read as CSV in UTF-8: {error}") from None
    if not rows:
        raise ContentError(path.name, 1, "-", "has no rows")
    return Table(path.name, rows)
