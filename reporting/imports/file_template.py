"""Our column names with their units: what a file looks like that needs no mapping."""

import csv
import io

from reporting.imports.kind import Kind
from reporting.imports.kinds import fields_of


def header_line(kind: Kind) -> str:
    """The first line of a CSV file in our own columns."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(fields_of(kind))
    return line.getvalue()


def description(kind: Kind) -> str:
    """A table for people: column, unit, whether it is needed, what is allowed, what it means."""
    rows = [("column", "unit", "needed", "allowed", "meaning")]
    rows += [
        (field.name, field.unit or "-", "yes" if field.needed else "no", field.allowed, field.meaning)
        for field in fields_of(kind).values()
    ]
    widths = [max(len(row[index]) for row in rows) for index in range(3)]
    return "\n".join(
        f"{row[0]:{widths[0]}}  {row[1]:{widths[1]}}  {row[2]:{widths[2]}}  {row[3]}. {row[4]}".rstrip(". ")
        for row in rows
    )
