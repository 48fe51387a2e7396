"""A simulated network in a database of its own, taken in by the product's import and replayed by its backtest."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from reporting.domain.actors import SYSTEM
from reporting.domain.vocabulary import SYMPTOMS
from reporting.errors import Problem
from reporting.imports.act_import import run_import
from reporting.imports.file_mapping import parse_mapping, scoring_words
from reporting.imports.kind import Kind
from reporting.records.engine import forget_engine
from reporting.records.migrate import migrate
from reporting.settings import settings
from reporting.signals.read_backtest import backtest

MAPPING = Path(__file__).with_name("network.toml")
FILES: tuple[tuple[Kind, str], ...] = (
    ("devices", "devices.csv"),
    ("treatments", "treatments.csv"),
    ("check-ins", "checkins.csv"),
)


class NotAllIn(Problem):
    """A file of a simulated network was not taken in whole, so that its score would mean nothing."""

    code = "not_all_in"


@contextmanager
def own_database(folder: Path) -> Iterator[None]:
    """Everything in here happens in a fresh SQLite database in ``folder``; afterwards in the one before."""
    before = {name: os.environ.get(name) for name in ("REPORTING_DATA_DIR", "REPORTING_DATABASE_URL")}
    _use({"REPORTING_DATA_DIR": str(folder), "REPORTING_DATABASE_URL": ""})
    try:
        migrate()
        yield
    finally:
        _use(before)


def _use(environment: dict[str, str | None] | dict[str, str]) -> None:
    forget_engine()
    for name, value in environment.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    settings.cache_clear()


def take_in(directory: Path) -> None:
    """Import the files of a network. Raises NotAllIn when a row was refused."""
    text = MAPPING.read_text()
    for kind, name in FILES:
        summary = run_import(
            by=SYSTEM,
            path=directory / name,
            mapping=parse_mapping(text, kind),
            rejected_path=directory / f"{kind}.rejected.csv",
        )
        if summary.refused or not summary.imported:
            raise NotAllIn(f"{name}: {summary.refused} rows refused, {summary.imported} imported.")


def replayed(start: date, first_day: int, last_day: int, step_days: int = 7) -> dict[str, Any]:
    """What the backtest of the database says: the object of alarms.json."""
    words = scoring_words(MAPPING.read_text(), SYMPTOMS)
    first, last = (start + timedelta(days=day) for day in (first_day, last_day))
    return backtest(SYSTEM, first, last, step_days, words=words.symptoms, patient=words.patient).alarms
