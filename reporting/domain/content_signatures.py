"""Which rows of the clinical content count as signed: by two people, for as long as they said, as the rows stand."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from reporting.domain.content_package import Package, is_for_safety

REVIEWERS_NEEDED = 2
Row = tuple[str, str]
"""Table and key of a row."""


@dataclass(frozen=True)
class Signature:
    """Somebody signed rows: ``rows`` is table to row key to the hash that the row had. ``version``: of the package."""

    staff_id: int
    name: str
    role: str
    signed_at: datetime
    valid_until: date
    version: str
    rows: Mapping[str, Mapping[str, str]]

    def holds_for(self, of: Package, row: Row, today: date) -> bool:
        """Whether it still counts: not over, and no cell of the row is another one."""
        table, key = row
        signed = self.rows.get(table, {}).get(key)
        return today <= self.valid_until and signed is not None and of.hashes.get(table, {}).get(key) == signed


def _person(name: str) -> str:
    return " ".join(name.casefold().split())


def signers(of: Package, signatures: Iterable[Signature], today: date) -> dict[Row, tuple[Signature, ...]]:
    """Every row to the people whose signature counts, each once. Two accounts of one name are one person."""
    found: dict[Row, tuple[Signature, ...]] = {(table, key): () for table, rows in of.rows.items() for key, _ in rows}
    for one in signatures:
        for table, keys in one.rows.items():
            for key in keys:
                row = (table, key)
                if row not in found or not one.holds_for(of, row, today):
                    continue
                known = found[row]
                if all(one.staff_id != other.staff_id and _person(one.name) != _person(other.name) for other in known):
                    found[row] = (*known, one)
    return found


def lacking(of: Package, signatures: Iterable[Signature], today: date) -> tuple[Row, ...]:
    """Safety-relevant rows that fewer than two people have signed as they stand."""
    found = signers(of, signatures, today)
    return tuple(row for row, by in found.items() if is_for_safety(row[0]) and len(by) < REVIEWERS_NEEDED)
