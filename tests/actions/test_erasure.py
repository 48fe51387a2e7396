"""Erasure: the person goes from every table and from the disk; figures and audit chain stay."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select, text
from sqlmodel import SQLModel
from sqlmodel import select as choose

from reporting import clock
from reporting.domain.actors import SYSTEM, Actor
from reporting.errors import Conflict, InvalidInput, LinkNotValid, NotAllowed, NotFound, SignInNeeded
from reporting.imports.act_import import Summary, run_import
from reporting.imports.file_mapping import KindMapping
from reporting.patient import act_erasure
from reporting.patient.act_check_ins import save_draft, submit_check_in
from reporting.patient.act_photos import add_photo
from reporting.patient.read_own_data import own_data_of
from reporting.records import tables
from reporting.records.engine import engine, reading, transaction
from reporting.records.privacy import band_of
from reporting.records.tables import (
    CaseEvent,
    CheckIn,
    Clinic,
    InboundMessage,
    OutboxMessage,
    Outcome,
    Patient,
    Photo,
    TreatedArea,
    Treatment,
    TriageCase,
)
from reporting.records.trail.verify import verify
from reporting.security.encryption import encrypt, keyed_hash
from reporting.settings import settings
from reporting.shell.act_consent import agree
from reporting.shell.act_second_factor import send_code
from reporting.shell.act_sessions import actor_of
from reporting.treatments import act_invitations
from tests.accounts import together, trail
from tests.answers import filled
from tests.cast import House, house

pytestmark = pytest.mark.sqlite_first

CANARY = "CANARY-PERSON"
PHONE_HASH = "f" * 64


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), (120, 20, 30)).save(out, "JPEG")
    return out.getvalue()


def lived_in(clinic: House) -> str:
    """A patient who left traces everywhere. Returns the cookie of a session that is open."""
    with transaction() as session:
        patient = session.get_one(Patient, clinic.patient_id)
        patient.reference, patient.name_encrypted = CANARY, encrypt(CANARY)
        patient.email_encrypted, patient.phone_encrypted = encrypt(f"{CANARY}@mail.example"), encrypt("+34 555 0199")
        patient.phone_hash = PHONE_HASH
        session.get_one(Clinic, clinic.clinic_id).second_factor = "email"
        session.get_one(Treatment, clinic.treatment_id).reference = f"T-{CANARY}"
        session.get_one(Treatment, clinic.treatment_id).age_years = 46
        session.add(InboundMessage(provider_id="in-1", phone_hash=PHONE_HASH, word="START"))
        session.add(
            OutboxMessage(
                clinic_id=clinic.clinic_id,
                patient_id=clinic.patient_id,
                channel="email",
                kind="reminder",
                payload={"x": CANARY},
                idempotency_key="waiting one",
            )
        )
        session.add(
            OutboxMessage(
                clinic_id=clinic.clinic_id,
                patient_id=clinic.patient_id,
                channel="sms",
                kind="reminder",
                payload={"x": CANARY},
                idempotency_key="sent one",
                status="sent",
                last_error=CANARY,
                provider_id=CANARY,
            )
        )
    made = act_invitations.issue_invitation(by=clinic.staff["clinician"], treatment_id=clinic.treatment_id)
    cookie = act_invitations.open_link(made.token).value
    send_code(by=actor_of(cookie), source="here")
    add_photo(by=clinic.patient, treatment_id=clinic.treatment_id, data=picture(), submission_key=CANARY)
    answers = {**filled(clinic.treatment_id, symptoms=["swelling"], severity_swelling="4"), "note": CANARY}
    submit_check_in(by=clinic.patient, treatment_id=clinic.treatment_id, answers=answers, submission_key=CANARY)
    with transaction() as session:
        session.exec(choose(CheckIn)).one().replaced_reason = f"other:{encrypt(CANARY)}"
    for by in (clinic.patient, clinic.staff["front_desk"]):
        save_draft(by=by, treatment_id=clinic.treatment_id, answers={"symptoms": ["bumps"]}, submission_key=by.label)
    agree(by=clinic.patient, kind="email_reminders")
    close_case(clinic, f"called {CANARY}")
    return cookie


def close_case(clinic: House, note: str) -> None:
    by = clinic.staff["clinician"]
    with reading() as session:
        case = session.exec(choose(TriageCase)).first()
    if case is None:
        return
    with transaction() as session:
        row = session.get_one(TriageCase, case.id)
        row.state, row.closed_at = "closed", row.opened_at
        session.add(
            CaseEvent(
                clinic_id=clinic.clinic_id,
                case_id=row.id or 0,
                kind="note",
                note=note,
                at=row.opened_at,
                staff_id=by.id,
            )
        )


def asked(clinic: House) -> int:
    return act_erasure.request_erasure(by=clinic.patient)


def erase(clinic: House) -> None:
    act_erasure.erase_patient(by=clinic.staff["administrator"], request_id=asked(clinic))


def everything() -> str:
    """Every cell of every table, as text."""
    with engine().connect() as connection:
        return "\n".join(
            str(tuple(row))
            for table in SQLModel.metadata.sorted_tables
            for row in connection.execute(text(f'SELECT * FROM "{table.name}"'))
        )


def counts() -> dict[str, int]:
    with reading() as session:
        return {
            table.__tablename__: session.execute(select(func.count()).select_from(table)).scalar_one()  # type: ignore[arg-type]
            for table in (Treatment, TreatedArea, CheckIn, Outcome, Photo, TriageCase, Patient)
        }  # type: ignore[return-value]


def answers() -> list[tuple[Any, ...]]:
    with reading() as session:
        return [
            (row.treatment_id, row.swelling, row.answered_at, row.advice, row.follow_up, row.worried)
            for row in session.exec(choose(CheckIn)).all()
        ]


def photo_files(tmp_path: Path) -> list[Path]:
    return list((settings().data_dir / "photos").rglob("*.bin"))


def test_no_name_is_left_in_any_table_or_file(clinic: House, tmp_path: Path) -> None:
    lived_in(clinic)
    assert CANARY in everything()
    assert len(photo_files(tmp_path)) == 1
    before, figures = counts(), answers()
    erase(clinic)
    left = everything()
    assert CANARY not in left
    assert PHONE_HASH not in left
    assert photo_files(tmp_path) == []
    assert (counts(), answers()) == (before, figures)
    assert verify().ok


def test_what_is_encrypted_is_gone_too(clinic: House) -> None:
    """A canary cannot be found in what is encrypted: the columns themselves must be empty."""
    lived_in(clinic)
    erase(clinic)
    with reading() as session:
        patient = session.get_one(Patient, clinic.patient_id)
        assert (patient.name_encrypted, patient.email_encrypted, patient.phone_encrypted) == (None, None, None)
        assert (patient.year_of_birth, patient.phone_hash, patient.fitzpatrick) == (None, None, 4)
        assert patient.reference.startswith("erased-")
        assert patient.erased_at is not None
        check_in = session.exec(choose(CheckIn)).one()
        assert (check_in.note_encrypted, check_in.replaced_reason, check_in.swelling) == (None, "other", 4)
        photo = session.exec(choose(Photo)).one()
        assert photo.removed_at is not None
        assert photo.sha256 == ""
        messages = session.exec(choose(OutboxMessage)).all()
        assert {message.status for message in messages} == {"cancelled", "sent"}
        assert all(not message.payload for message in messages)
        for table in (tables.Draft, tables.OneTimeCode):
            assert session.exec(choose(table)).all() == []  # type: ignore[call-overload]
        assert session.get_one(Treatment, clinic.treatment_id).age_years == 45


def test_nobody_comes_in_any_more(clinic: House) -> None:
    cookie = lived_in(clinic)
    made = act_invitations.issue_invitation(by=clinic.staff["clinician"], treatment_id=clinic.treatment_id)
    erase(clinic)
    with pytest.raises(SignInNeeded):
        actor_of(cookie)
    with pytest.raises(LinkNotValid):
        act_invitations.open_link(made.token)
    with pytest.raises(LinkNotValid):
        act_invitations.open_code(code=made.code, year_of_birth="1980", source="here")
    with pytest.raises(Conflict, match="erased"):
        act_invitations.issue_invitation(by=clinic.staff["clinician"], treatment_id=clinic.treatment_id)


def test_another_patient_keeps_everything(clinic: House) -> None:
    lived_in(clinic)
    other = house("B")
    submit_check_in(
        by=other.patient,
        treatment_id=other.treatment_id,
        submission_key="b",
        answers={**filled(other.treatment_id, symptoms=["bumps"]), "note": "THEIRS"},
    )
    add_photo(by=other.patient, treatment_id=other.treatment_id, data=picture(), submission_key="b photo")
    before = own_data_of(other.patient).document
    erase(clinic)
    after = own_data_of(other.patient)
    assert after.document == before
    assert len(list(after.pictures())) == 1


def test_an_open_case_comes_first(clinic: House) -> None:
    answers = filled(clinic.treatment_id, symptoms=["swelling"], severity_swelling="4")
    submit_check_in(by=clinic.patient, treatment_id=clinic.treatment_id, answers=answers, submission_key="k")
    with pytest.raises(Conflict, match="open case"):
        erase(clinic)
    with reading() as session:
        assert session.get_one(Patient, clinic.patient_id).erased_at is None
    close_case(clinic, "")
    erase(clinic)


def test_asking_twice_is_one_request(clinic: House) -> None:
    assert len({asked(clinic), asked(clinic)}) == 1
    found = together(*[lambda: asked(clinic)] * 5)
    assert set(found) == {asked(clinic)}
    assert [row[0] for row in trail("erasure.")] == ["erasure.requested"]


def test_two_who_erase_at_once_do_it_once(clinic: House) -> None:
    request_id, by = asked(clinic), clinic.staff["administrator"]
    found = together(*[lambda: act_erasure.erase_patient(by=by, request_id=request_id)] * 4)
    assert sorted(type(one).__name__ for one in found) == ["Conflict"] * 3 + ["NoneType"]
    assert [row[0] for row in trail("erasure.")] == ["erasure.requested", "erasure.done"]


def test_refused_with_a_reason_the_patient_can_read(clinic: House) -> None:
    request_id, by = asked(clinic), clinic.staff["administrator"]
    for empty in ("", "   ", "x" * 401):
        with pytest.raises(InvalidInput):
            act_erasure.refuse_request(by=by, request_id=request_id, reason=empty)
    act_erasure.refuse_request(by=by, request_id=request_id, reason="The law asks us to keep it until 2036.")
    with pytest.raises(Conflict):
        act_erasure.erase_patient(by=by, request_id=request_id)
    [request] = own_data_of(clinic.patient).document["erasure_requests"]
    assert (request["state"], request["reason"]) == ("refused", "The law asks us to keep it until 2036.")
    assert asked(clinic) != request_id


def test_a_request_by_telephone(clinic: House) -> None:
    by = clinic.staff["administrator"]
    assert act_erasure.record_request(by=by, reference=" p-0001 ") == asked(clinic)
    with pytest.raises(NotFound):
        act_erasure.record_request(by=by, reference="P-9999")


@pytest.mark.parametrize("role", ["safety_lead", "clinician", "front_desk"])
def test_administrators_alone_work_on_it(clinic: House, role: str) -> None:
    by, request_id = clinic.staff[role], asked(clinic)  # type: ignore[index]
    for step in (
        lambda: act_erasure.erase_patient(by=by, request_id=request_id),
        lambda: act_erasure.refuse_request(by=by, request_id=request_id, reason="no"),
        lambda: act_erasure.record_request(by=by, reference="P-0001"),
        lambda: act_erasure.request_erasure(by=by),
    ):
        with pytest.raises(NotAllowed):
            step()


def test_other_clinics_and_link_holders_cannot(clinic: House) -> None:
    other, request_id = house("B").staff["administrator"], asked(clinic)
    with pytest.raises(NotFound):
        act_erasure.erase_patient(by=other, request_id=request_id)
    with pytest.raises(NotFound):
        act_erasure.refuse_request(by=other, request_id=request_id, reason="no")
    weak = Actor(kind="patient", id=clinic.patient_id, clinic_id=clinic.clinic_id, strength="link")
    with pytest.raises(NotAllowed):
        act_erasure.request_erasure(by=weak)


@pytest.mark.parametrize(("age", "band"), [(0, 5), (9, 5), (10, 15), (49, 45), (50, 55)])
def test_ages_become_ten_year_bands(age: int, band: int) -> None:
    assert band_of(age) == band


def test_the_audit_trail_never_held_a_name(clinic: House) -> None:
    lived_in(clinic)
    erase(clinic)
    with reading() as session:
        events = session.exec(choose(tables.AuditEvent)).all()
    assert len(events) > 5
    assert CANARY not in " ".join(f"{event.actor_label} {event.details}" for event in events)
    assert keyed_hash(CANARY) not in everything()


def test_an_old_log_does_not_bring_the_person_back_and_a_new_visit_does(clinic: House, tmp_path: Path) -> None:
    lived_in(clinic)
    erase(clinic)
    before, again = clock.now().date() - timedelta(days=90), clock.now() + timedelta(days=30)

    def take_in(*rows: str) -> Summary:
        log = tmp_path / "log.csv"
        log.write_text("\n".join(["treatment,patient,performed_on,procedure_class,area", *rows]))
        return run_import(
            by=SYSTEM,
            path=log,
            mapping=KindMapping("treatments", create_missing=True),
            clinic="A",
            rejected_path=tmp_path / "log.rejected.csv",
        )

    with clock.fixed(again):
        old = take_in(f"T-old,{CANARY.lower()},{before},ipl,cheeks", f"T-else,somebody else,{before},ipl,cheeks")
        assert (old.imported, old.refused) == (1, 1)
        assert "Take the row out of the log" in next(iter(old.faults))[2]
        assert take_in(f"T-new,{CANARY.lower()},{again.date()},ipl,cheeks").imported == 1
