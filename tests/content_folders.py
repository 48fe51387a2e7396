"""Copies of the content tables in which something stands that does not stand in ours, and using them."""

import csv
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reporting.domain import language
from reporting.settings import ROOT, settings

PACKAGED = ROOT / "data"
Change = Callable[[str, dict[str, str]], None]


def forget() -> None:
    """What is remembered of the folder that was in use."""
    settings.cache_clear()
    for known in (language.languages, language.catalogue, language.counting):
        known.cache_clear()


@contextmanager
def used(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[None]:
    """The content of that folder is the one in use."""
    with monkeypatch.context() as patch:
        patch.setenv("REPORTING_CONTENT_DIR", str(folder))
        forget()
        yield
    forget()


def copied(folder: Path, change: Change = lambda _table, _row: None) -> Path:
    """A copy of our content tables and catalogues; ``change`` may write into the cells of each row."""
    shutil.copytree(PACKAGED, folder, ignore=shutil.ignore_patterns("local", "*.md"))
    for file in folder.glob("*.csv"):
        with file.open(encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle))
        for row in rows:
            change(file.stem, row)
        written(file, rows)
    return folder


def written(file: Path, rows: list[dict[str, str]], newline: str = "\n") -> None:
    """Rows as a table."""
    with file.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, fieldnames=list(rows[0]), lineterminator=newline)
        writer.writeheader()
        writer.writerows(rows)
