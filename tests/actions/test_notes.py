"""Dated notes about a patient: who may write them, what is kept of them, and that erasure takes them."""

from datetime import date

import pytest

from reporting.cases.act_cases import add_patient_note
from reporting.cases.read_timeline import timeline
from reporting.errors import InvalidInput, NotAllowed, NotFound
from reporting.records import patients, privacy
from reporting.records.engine import reading, transaction
from reporting.records.tables import PatientNote
from tests.accounts import trail
from tests.cast import House, house

pytestmark = [pytest.mark.sqlite_first, pytest.mark.usefixtures("stopped_clock")]
DAY = date(2026, 3, 9)


def test_a_note_is_kept_encrypted_dated_and_audited_without_its_words(clinic: House) -> None:
    by = clinic.staff["clinician"]
    key = add_patient_note(by=by, patient_id=clinic.patient_id, happened_on=DAY, words="  Rang, calmer today ")
    add_patient_note(by=by, patient_id=clinic.patient_id, happened_on=date(2026, 3, 8), words="Sent a photo")
    with reading() as session:
        row = session.get(PatientNote, key)
        assert row is not None
        assert "calmer" not in row.note_encrypted
    found = timeline(by, clinic.patient_id).notes
    assert [(note.happened_on, note.who, note.words) for note in found] == [
        (date(2026, 3, 8), by.label, "Sent a photo"),
        (DAY, by.label, "Rang, calmer today"),
    ]
    assert len(trail("patient.note_added")) == 2
    assert "calmer" not in str(trail("patient.note_added"))


def test_the_front_desk_writes_no_notes(clinic: House) -> None:
    with pytest.raises(NotAllowed):
        add_patient_note(by=clinic.staff["front_desk"], patient_id=clinic.patient_id, happened_on=DAY, words="x")


def test_another_clinics_patient_is_not_found(clinic: House) -> None:
    other = house("B")
    with pytest.raises(NotFound):
        add_patient_note(by=other.staff["clinician"], patient_id=clinic.patient_id, happened_on=DAY, words="x")


@pytest.mark.parametrize(
    ("happened_on", "words"), [(DAY, "   "), (DAY, "x" * 100_000), (date(2026, 3, 12), "tomorrow and later")]
)
def test_nothing_empty_too_long_or_of_a_day_to_come(clinic: House, happened_on: date, words: str) -> None:
    with pytest.raises(InvalidInput):
        add_patient_note(
            by=clinic.staff["clinician"], patient_id=clinic.patient_id, happened_on=happened_on, words=words
        )
    assert timeline(clinic.staff["clinician"], clinic.patient_id).notes == ()


def test_erasure_takes_the_notes(clinic: House) -> None:
    add_patient_note(by=clinic.staff["clinician"], patient_id=clinic.patient_id, happened_on=DAY, words="x")
    with transaction() as session:
        privacy.drop_words(session, clinic.patient_id)
        assert patients.of_patient(session, clinic.patient_id) == []
