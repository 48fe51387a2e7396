"""What is older than the clinic keeps it goes, what is younger stays, and a dry run touches nothing."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select
from typer.testing import CliRunner

from reporting import clock
from reporting.app import cli
from reporting.app.cli import app
from reporting.domain.clinic_settings import checked, months_before
from reporting.errors import InvalidInput
from reporting.patient.act_check_ins import save_draft, submit_check_in
from reporting.patient.act_erasure import apply_retention, what_is_over
from reporting.patient.act_photos import add_photo
from reporting.records.engine import reading, transaction
from reporting.records.tables import CheckIn, Clinic, Draft, Patient, Photo, TriageCase
from reporting.records.trail.verify import verify
from reporting.settings import settings
from tests.accounts import trail
from tests.actions.test_erasure import picture
from tests.answers import filled
from tests.cast import House, house

pytestmark = pytest.mark.sqlite_first


@pytest.fixture
def clinic(database: str, stopped_clock: datetime) -> House:
    """A patient who sent a note and a photo today."""
    clinic = house("A")
    add_photo(by=clinic.patient, treatment_id=clinic.treatment_id, data=picture(), submission_key="photo")
    answers = {**filled(clinic.treatment_id, symptoms=["swelling"], severity_swelling="4"), "note": "a note"}
    submit_check_in(by=clinic.patient, treatment_id=clinic.treatment_id, answers=answers, submission_key="k")
    with transaction() as session:
        for case in session.exec(select(TriageCase)).all():
            case.state = "closed"
        session.get_one(Patient, clinic.patient_id).created_at = stopped_clock
    return clinic


def keeps(clinic: House, **months: int) -> None:
    with transaction() as session:
        session.get_one(Clinic, clinic.clinic_id).retention = months


def left(clinic: House) -> tuple[bool, bool, bool]:
    """Whether photo, note and person are still there."""
    files = list((settings().data_dir / "photos").rglob("*.bin"))
    with reading() as session:
        photo = session.exec(select(Photo)).one()
        assert bool(files) == (photo.removed_at is None)
        note = session.exec(select(CheckIn)).one().note_encrypted
        person = session.get_one(Patient, clinic.patient_id).erased_at is None
    return bool(files), note is not None, person


def after(moment: datetime, **length: float) -> dict[str, int]:
    with clock.fixed(moment + timedelta(**length)):
        over = what_is_over(clock.now())
        done = apply_retention()
    assert done == over
    assert verify().ok
    return dict(done)


def test_without_periods_everything_is_kept(clinic: House, stopped_clock: datetime) -> None:
    assert after(stopped_clock, days=9000) == {}
    assert left(clinic) == (True, True, True)


def test_each_kind_goes_when_its_months_are_over(clinic: House, stopped_clock: datetime) -> None:
    keeps(clinic, photos=1, notes=2, check_ins=3)
    assert after(stopped_clock, days=30) == {}
    assert after(stopped_clock, days=32) == {"photos": 1}
    assert left(clinic) == (False, True, True)
    assert after(stopped_clock, days=62) == {"notes": 1}
    assert left(clinic) == (False, False, True)
    assert after(stopped_clock, days=93) == {"check_ins": 1}
    assert left(clinic) == (False, False, False)
    assert after(stopped_clock, days=400) == {}
    assert [row[:2] for row in trail("retention.")] == [("retention.applied", "system")] * 3
    with reading() as session:
        assert session.exec(select(CheckIn)).one().swelling == 4


def test_a_dry_run_touches_nothing(clinic: House, stopped_clock: datetime) -> None:
    keeps(clinic, photos=1, notes=1, check_ins=1)
    with clock.fixed(stopped_clock + timedelta(days=100)):
        assert what_is_over(clock.now()) == {"photos": 1, "notes": 1, "check_ins": 1}
    assert left(clinic) == (True, True, True)
    assert trail("retention.") == []


def test_an_open_case_keeps_the_person(clinic: House, stopped_clock: datetime) -> None:
    keeps(clinic, check_ins=1)
    with transaction() as session:
        for case in session.exec(select(TriageCase)).all():
            case.state = "new"
        made = session.exec(select(TriageCase)).first()
    assert made is not None, "the fixture's answers open a case"
    assert after(stopped_clock, days=100) == {}
    assert left(clinic)[2]


def test_another_clinic_keeps_what_it_wants(clinic: House, stopped_clock: datetime) -> None:
    keeps(house("B"), photos=1, notes=1, check_ins=1)
    with transaction() as session:
        other = session.exec(select(Patient).where(Patient.clinic_id != clinic.clinic_id)).one()
        other.created_at = stopped_clock
    assert after(stopped_clock, days=100) == {"check_ins": 1}
    assert left(clinic) == (True, True, True)


def test_answers_never_sent_are_dropped_after_a_month(clinic: House, stopped_clock: datetime) -> None:
    save_draft(by=clinic.patient, treatment_id=clinic.treatment_id, answers={"symptoms": ["bumps"]}, submission_key="d")
    assert after(stopped_clock, days=29) == {}
    assert after(stopped_clock, days=31) == {"drafts": 1}
    with reading() as session:
        assert session.exec(select(Draft)).all() == []


def test_from_the_command_line(clinic: House, stopped_clock: datetime) -> None:
    keeps(clinic, photos=1)
    cli.all_commands(app)
    with clock.fixed(stopped_clock + timedelta(days=40)):
        looked = CliRunner().invoke(app, ["retention"])
        assert "Would be taken away: 1 photos" in looked.output
        assert left(clinic)[0]
        done = CliRunner().invoke(app, ["retention", "--apply", "--json"])
        assert json.loads(done.output) == {"photos": 1}
        assert "Nothing" in CliRunner().invoke(app, ["retention"]).output
    assert not left(clinic)[0]


@pytest.mark.parametrize(
    ("given_", "problem"),
    [({"photos": 0}, "months for photos"), ({"photos": 241}, "photos"), ({"names": 3}, "retention")],
)
def test_periods_that_cannot_be_are_refused(given_: dict[str, int], problem: str) -> None:
    with pytest.raises(InvalidInput, match=problem):
        checked(given_)
    assert checked({"photos": 12, "notes": None}) == {"photos": 12}


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)), st.integers(1, 240))
def test_months_back_is_so_many_months_and_at_most_the_same_day(moment: datetime, months: int) -> None:
    moment = moment.replace(tzinfo=UTC)
    before = months_before(moment, months)
    assert (moment.year - before.year) * 12 + moment.month - before.month == months
    assert before.day <= moment.day
    assert before.time() == moment.time()
    assert before.day == moment.day or (before + timedelta(days=1)).day == 1
