"""Rows of a file to values of our fields. A bad row is refused with everything that is wrong with it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reporting.errors import UnreadableFile
from reporting.imports.file_cells import Reader, reader_of
from reporting.imports.file_mapping import KindMapping, Source, as_plain
from reporting.imports.kind import Field, Kind, Row, Values
from reporting.imports.kinds import IMPORTERS, fields_of
from reporting.shell.file_csv import Fault, Refused


@dataclass(frozen=True)
class _Column:
    index: int
    field: Field
    shown: str
    """Column name in the file."""
    words: Mapping[str, str]
    read: Reader


class RowReader:
    """Reads rows of one file by one mapping. Raises UnreadableFile where a column is missing."""

    def __init__(self, mapping: KindMapping, header: Sequence[str], name: str = "the file") -> None:
        self.kind: Kind = mapping.kind
        self.mapping = mapping
        self.width = len(header)
        self._shown: dict[str, str] = {}
        self._constants: Values = {}
        self._columns: list[_Column] = []
        fields = fields_of(mapping.kind)
        for field, source in _sources(mapping, fields, header):
            self._add(field, source, header, name)
        self._needed = [field for field in fields.values() if field.needed]
        _check_needed(self._needed, {*self._constants, *self._shown}, header, name)

    def _add(self, field: Field, source: Source, header: Sequence[str], name: str) -> None:
        read = reader_of(field, unit=source.unit, date_format=source.format, decimal_comma=self.mapping.decimal_comma)
        if source.constant is not None:
            self._constants[field.name] = _constant(field, source.constant, read)
            return
        column = source.column or ""
        if column not in header:
            has = ", ".join(filter(None, header))
            raise UnreadableFile(
                f"{name} has no column {column!r} for {field.name}; it has {has}.",
                what_to_do="Correct the mapping, or take the file that it was made for.",
            )
        self._shown[field.name] = column
        self._columns.append(_Column(header.index(column), field, column, source.values, read))

    @property
    def judged(self) -> bool:
        return self.mapping.judged

    def as_plain(self) -> dict[str, Any]:
        """The mapping as plain JSON, to read with it again later."""
        return as_plain(self.mapping)

    def shown(self, field: str) -> str:
        """Name of the column that a field was read from."""
        return self._shown.get(field, field)

    def allowed(self, field: str) -> str:
        """What may stand in a field, in words."""
        return fields_of(self.kind)[field].allowed

    def text(self, field: str, cells: Sequence[str]) -> str | None:
        """What a row says in a text field, whatever else is wrong with it; empty where nothing, None if unreadable."""
        column = next((one for one in self._columns if one.field.name == field), None)
        if column is None:
            return str(self._constants.get(field, ""))
        if len(cells) != self.width:
            return None
        text = cells[column.index].strip()
        try:
            return str(column.read(column.words.get(text, text))) if text else ""
        except ValueError:
            return None

    def read(self, number: int, cells: Sequence[str]) -> Row:
        """The row's values. Raises Refused."""
        if len(cells) != self.width:
            raise Refused(Fault(number, "(row)", f"{len(cells)} cells", f"{self.width}, as in the header"))
        values, faults = dict(self._constants), []
        for column in self._columns:
            text = cells[column.index].strip()
            if not text:
                continue
            try:
                values[column.field.name] = column.read(column.words.get(text, text))
            except (ValueError, OverflowError):
                faults.append(Fault(number, column.shown, text, _allowed(column)))
        faults += [
            self.fault(number, f.name, "", f.allowed)
            for f in self._needed
            if f.name not in values and not any(fault.column == self.shown(f.name) for fault in faults)
        ]
        if faults:
            raise Refused(*faults)
        row = Row(number, cells, values)
        self._check_together(row)
        return row

    def fault(self, number: int, field: str, value: object, allowed: str) -> Fault:
        """A fault of a row in the column that ``field`` was read from."""
        return Fault(number, self.shown(field), str(value), allowed)

    def _check_together(self, row: Row) -> None:
        faults = [self.fault(row.number, *found) for found in IMPORTERS[self.kind].contradictions(row.values)]
        if faults:
            raise Refused(*faults)


def _allowed(column: _Column) -> str:
    words = f" (or a word of the mapping: {', '.join(column.words)})" if column.words else ""
    return column.field.allowed + words


def _sources(
    mapping: KindMapping, fields: Mapping[str, Field], header: Sequence[str]
) -> Iterable[tuple[Field, Source]]:
    """Each field with its source: the mapping's, else the column of our own name unless it is mapped away."""
    taken = {source.column for source in mapping.sources.values()}
    for name, field in fields.items():
        if name in mapping.sources:
            yield field, mapping.sources[name]
        elif mapping.own_names and name in header and name not in taken:
            yield field, Source(column=name)


def _constant(field: Field, text: str, read: Reader) -> object:
    try:
        return read(text)
    except ValueError:
        raise UnreadableFile(
            f"The mapping gives {text!r} for {field.name}; allowed is {field.allowed}.",
            what_to_do="Correct the mapping and import again.",
        ) from None


def _check_needed(needed: Iterable[Field], known: set[str], header: Sequence[str], name: str) -> None:
    missing = [field.name for field in needed if field.name not in known]
    if missing:
        raise UnreadableFile(
            f"{name} has no column for {', '.join(missing)}; it has {', '.join(filter(None, header))}.",
            what_to_do="Take the right file, or say in a mapping which column it is.",
        )
