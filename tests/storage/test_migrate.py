"""The schema: migrations match the tables, and two first starts do not race."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from reporting.storage import migrate
from reporting.storage.engine import reading

START = "from reporting.storage.migrate import migrate; migrate(); print('up')"


def test_migrations_and_tables_agree(database: str) -> None:
    assert migrate.differences() == []


def test_migrating_again_changes_nothing(database: str) -> None:
    migrate.migrate()
    with reading() as session:
        assert session.connection().execute(text("SELECT count(*) FROM audit_head")).scalar() == 1


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_first_starts_at_the_same_time_all_come_up(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    environment = dict(os.environ, REPORTING_DATA_DIR=str(tmp_path), REPORTING_DATABASE_URL="")
    if kind == "postgresql":
        address = request.getfixturevalue("postgres_cluster")
        with psycopg.connect(address, autocommit=True) as admin:
            admin.execute("CREATE DATABASE first_start")
        environment["REPORTING_DATABASE_URL"] = address.replace("/postgres", "/first_start")
    starts = [
        subprocess.Popen([sys.executable, "-c", START], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [start.communicate()[0].strip() for start in starts] == ["up"] * 3
