"""Which clinical content a qualified person has reviewed: counted from the tables' own status column."""

import csv
from collections import Counter
from dataclasses import dataclass

from reporting.domain.actors import Actor
from reporting.domain.records import REVIEW_STATUSES
from reporting.exchange.catalogues import LanguageState, states
from reporting.security.permissions import require
from reporting.settings import settings


@dataclass(frozen=True)
class TableReview:
    """One content table: its rows, and how many of them have each review status."""

    table: str
    rows: int
    by_status: dict[str, int]


@dataclass(frozen=True)
class WordingReview:
    """What patients read: the languages, and the tables behind the questions and the advice."""

    languages: tuple[LanguageState, ...]
    tables: tuple[TableReview, ...]


def wording_review(by: Actor) -> WordingReview:
    """For the administrator. Raises NotAllowed for anybody else."""
    require(by, "staff.manage")
    return WordingReview(states(), content_reviews())


def content_reviews() -> tuple[TableReview, ...]:
    """Every content table that carries a review status, in the order of the file names."""
    found = []
    for file in sorted(settings().content_dir.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle))
        if rows and "review_status" in rows[0]:
            counts = Counter(row["review_status"] for row in rows)
            by_status = {status: counts[status] for status in REVIEW_STATUSES}
            found.append(TableReview(file.stem, len(rows), by_status))
    return tuple(found)
