"""Whole tables read by processes of their own: the same rows, of one state, and none that is older than asked for."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import delete, text
from sqlmodel import col

from reporting.records import columns, evidence_frames, migrate, read_ahead
from reporting.records.engine import is_sqlite, reading, transaction
from reporting.records.evidence_frames import EngineFrames, engine_frames
from reporting.records.read_ahead import newest_version
from reporting.records.tables import Outcome
from tests.cast import house

SECRETIVE = ("scipy.stats", "altair", "alembic", "fpdf", "streamlit", "reporting.report.read_monthly")
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
    for module in (columns, read_ahead):
        monkeypatch.setattr(module, "LARGE", 0)


class Fake(read_ahead.Reading):
    """A reading that says another revision, so many times."""

    wrong = 0

    def tables(self) -> tuple[int, list[object]]:
        revision, tables = super().tables()
        if Fake.wrong and len(self._statements) == 1:
            Fake.wrong -= 1
            return revision - 1, tables
        return revision, tables


@pytest.mark.parametrize("wrong", [1, pytest.param(100, marks=pytest.mark.thorough)])
def test_parts_of_two_states_are_read_again(large: None, monkeypatch: pytest.MonkeyPatch, wrong: int) -> None:
    known = frames()
    monkeypatch.setattr(Fake, "wrong", wrong)
    monkeypatch.setattr(read_ahead, "Reading", Fake)
    again = frames()
    assert Fake.wrong == max(0, wrong - evidence_frames.TRIES)
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
    read_ahead.begin()
    begun = read_ahead.begun()
    assert (begun is not None) == is_sqlite()
    assert read_ahead.begun() is None
    for reader in begun or ():
        reader.tables()


def test_nothing_is_begun_on_an_older_schema_or_a_small_database(large: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as one:
        one.setattr(read_ahead, "newest_version", lambda: "9999")
        read_ahead.begin()
        assert read_ahead.begun() is None
    monkeypatch.setattr(read_ahead, "LARGE", 10**6)
    read_ahead.begin()
    assert read_ahead.begun() is None


def test_the_newest_version_is_the_one_a_migrated_database_has(database: str) -> None:
    with reading() as session:
        version = session.connection().execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    assert version == newest_version()


def test_a_database_of_the_newest_schema_is_left_alone(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "_alone", lambda: pytest.fail("there was nothing to do"))
    migrate.migrate()


def test_a_command_imports_what_it_needs() -> None:
    code = (
        "import sys; from reporting.app import cli; cli.commands(cli.app, 'signals'); "
        "import reporting.signals.cli_signals, reporting.signals.read_look, reporting.signals.act_signals; "
        f"print([name for name in {SECRETIVE!r} if name in sys.modules])"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
