"""Whole tables read by processes of their own: the same rows, of one state, and none that is older than asked for."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import delete, text
from sqlmodel import col

from reporting.storage import apart, columns, evidence_ahead, evidence_columns, migrate
from reporting.storage.engine import is_sqlite, reading, transaction
from reporting.storage.evidence_frames import EngineFrames, engine_frames
from reporting.storage.schema import newest_version
from reporting.storage.tables import Outcome
from tests.cast import house

SECRETIVE = ("scipy.stats", "altair", "alembic", "fpdf", "streamlit", "reporting.queries.monthly")
"""What a look for signals does not need, and what takes long to import."""


def frames() -> EngineFrames:
    found = engine_frames()
    assert found is not None
    return found


@pytest.fixture
def large(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that counts as large."""
    house("A", areas=("cheeks", "neck"))
    house("B")
    for module in (columns, evidence_ahead):
        monkeypatch.setattr(module, "LARGE", 0)


class Fake(apart.Reading):
    """A reading that says another revision, so many times."""

    wrong = 0

    def tables(self) -> tuple[int, list[object]]:
        revision, tables = super().tables()
        if Fake.wrong and len(self._statements) == 1:
            Fake.wrong -= 1
            return revision - 1, tables
        return revision, tables


@pytest.mark.parametrize("wrong", [1, 100])
def test_parts_of_two_states_are_read_again(large: None, monkeypatch: pytest.MonkeyPatch, wrong: int) -> None:
    known = frames()
    monkeypatch.setattr(Fake, "wrong", wrong)
    monkeypatch.setattr(evidence_ahead, "Reading", Fake)
    again = frames()
    assert Fake.wrong == max(0, wrong - evidence_columns.TRIES)
    pd.testing.assert_frame_equal(again.areas, known.areas)


def test_an_area_without_an_outcome_is_left_out(large: None, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = frames().areas["treated_area_id"].tolist()
    with transaction() as session:
        session.execute(delete(Outcome).where(col(Outcome.treated_area_id) == ids[0]))
    assert frames().areas["treated_area_id"].tolist() == ids[1:]
    monkeypatch.setattr(columns, "LARGE", 10**6)
    assert frames().areas["treated_area_id"].tolist() == ids[1:]


def test_one_clinic_alone(large: None) -> None:
    whole = frames().areas
    clinic = int(whole["clinic_id"].iloc[0])
    own = engine_frames(clinic_id=clinic)
    assert own is not None
    wanted = whole[whole["clinic_id"] == clinic]
    assert own.areas["treated_area_id"].tolist() == wanted["treated_area_id"].tolist()


def test_what_was_begun_is_taken_once(large: None, monkeypatch: pytest.MonkeyPatch) -> None:
    evidence_ahead.begin()
    begun = evidence_ahead.begun()
    assert (begun is not None) == is_sqlite()
    assert evidence_ahead.begun() is None
    for reader in begun or ():
        reader.tables()


def test_nothing_is_begun_on_an_older_schema_or_a_small_database(
    large: None, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    with monkeypatch.context() as one:
        one.setattr(evidence_ahead, "newest_version", lambda: "9999")
        evidence_ahead.begin()
        assert evidence_ahead.begun() is None
    monkeypatch.setattr(evidence_ahead, "LARGE", 10**6)
    evidence_ahead.begin()
    assert evidence_ahead.begun() is None


def test_the_newest_version_is_the_one_a_migrated_database_has(database: str) -> None:
    with reading() as session:
        version = session.connection().execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    assert version == newest_version()


def test_a_database_of_the_newest_schema_is_left_alone(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "_alone", lambda: pytest.fail("there was nothing to do"))
    migrate.migrate()


def test_a_command_imports_what_it_needs() -> None:
    code = (
        "import sys; from reporting.cli import app, gather; gather.commands(app, 'signals'); "
        "import reporting.cli.signals, reporting.queries.signal_look, reporting.actions.signals; "
        f"print([name for name in {SECRETIVE!r} if name in sys.modules])"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
