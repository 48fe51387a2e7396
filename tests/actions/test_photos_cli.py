"""The administrator's commands about photo files."""

import json
from datetime import datetime

import pytest
from typer.testing import CliRunner

from reporting.patient.act_photos import add_photo
from reporting.patient.cli_photos import app
from reporting.records import photo_store
from tests import photos
from tests.actions.test_photos import files, grow_old
from tests.cast import House, house


@pytest.fixture
def clinic(sqlite_database: str, stopped_clock: datetime) -> House:
    made = house("A")
    add_photo(by=made.patient, treatment_id=made.treatment_id, data=photos.phone_jpeg(), submission_key="k")
    return made


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.stdout


def test_a_photo_that_cannot_be_opened_is_named(clinic: House) -> None:
    assert run("check") == (0, "1 of 1 photos can be opened.\n")
    files()[0].write_bytes(b"something else")
    assert run("check") == (1, "0 of 1 photos can be opened.\nPhoto 1: the file was changed.\n")
    files()[0].unlink()
    code, printed = run("check", "--json")
    assert (code, json.loads(printed)) == (1, {"photos": 1, "wrong": [{"photo": 1, "reason": "the file is missing"}]})


def test_leftovers_are_removed_and_photos_stay(clinic: House) -> None:
    photo_store.write(photo_store.new_name(), b"left over")
    for path in files():
        grow_old(path)
    assert run("sweep") == (0, "1 files removed.\n")
    assert run("check")[0] == 0
