"""Reads the small published tables: comment lines with the citation, then comma-separated values."""

import csv
from pathlib import Path

FOLDER = Path(__file__).parent / "reference"


def rows(name: str) -> list[dict[str, str]]:
    """Rows of a table as text, to round as the publication does."""
    lines = [line for line in (FOLDER / name).read_text().splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


def columns(name: str) -> dict[str, list[float]]:
    """Columns of a table as numbers."""
    table = rows(name)
    return {key: [float(row[key]) for row in table] for key in table[0]}
