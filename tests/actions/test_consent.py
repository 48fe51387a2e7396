"""Consent is a row with the version of its text, given once, taken back at any time."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from reporting import clock
from reporting.domain.actors import SYSTEM, Actor
from reporting.domain.content import content
from reporting.domain.content_rows import CONSENT_KINDS
from reporting.errors import InvalidInput, NotAllowed
from reporting.records.engine import reading, transaction
from reporting.records.tables import Consent, OutboxMessage
from reporting.shell import act_consent
from reporting.shell.act_consent import ConsentWithdrawn, agree, consent_state, disagree
from tests.accounts import together, trail
from tests.cast import House

pytestmark = pytest.mark.sqlite_first


def rows() -> list[Consent]:
    with reading() as session:
        return list(session.exec(select(Consent).order_by(Consent.id)).all())  # type: ignore[arg-type]


def first_use(clinic: House, by: Actor | None = None, **more: str) -> None:
    with transaction() as session:
        act_consent.record_first_use(
            session, by or clinic.patient, clinic_id=clinic.clinic_id, patient_id=clinic.patient_id, **more
        )


def standing(clinic: House, kind: str) -> bool:
    with reading() as session:
        return act_consent.has(session, clinic.patient_id, kind)


def test_nobody_has_agreed_to_anything_yet(clinic: House) -> None:
    state = consent_state(clinic.patient)
    assert tuple(state) == CONSENT_KINDS
    assert all(one.asks and not one.stands for one in state.values())


def test_the_first_answer_agrees_and_later_ones_write_nothing(clinic: House, stopped_clock: datetime) -> None:
    first_use(clinic, language="es")
    with clock.fixed(stopped_clock + timedelta(days=1)):
        first_use(clinic, language="en")
    (row,) = rows()
    assert (row.kind, row.language, row.source, row.given_at) == ("check_ins", "es", "patient", stopped_clock)
    assert row.text_version == content().consents["check_ins"].version
    assert trail("consent.") == [("consent.given", "patient", str(clinic.patient_id))]
    assert consent_state(clinic.patient)["check_ins"].given_at == stopped_clock


def test_a_new_version_of_the_text_is_agreed_to_anew(clinic: House) -> None:
    first_use(clinic)
    with transaction() as session:
        session.get_one(Consent, rows()[0].id).text_version = "2020-01"
    state = consent_state(clinic.patient)["check_ins"]
    assert (state.stands, state.asks, state.version) == (True, True, "2020-01")
    first_use(clinic)
    assert [row.text_version for row in rows()] == ["2020-01", state.text.version]
    assert not consent_state(clinic.patient)["check_ins"].asks


def test_taken_back_means_nothing_more_is_kept(clinic: House) -> None:
    first_use(clinic)
    disagree(by=clinic.patient, kind="check_ins")
    assert not standing(clinic, "check_ins")
    with pytest.raises(ConsentWithdrawn):
        first_use(clinic)
    with pytest.raises(ConsentWithdrawn):
        first_use(clinic, clinic.staff["front_desk"])
    agree(by=clinic.patient, kind="check_ins")
    first_use(clinic)
    assert [row.withdrawn_at is None for row in rows()] == [False, True]
    assert [row[0] for row in trail("consent.")] == ["consent.given", "consent.withdrawn", "consent.given"]


def test_saying_no_before_ever_agreeing_is_kept(clinic: House) -> None:
    disagree(by=clinic.patient, kind="sms_reminders")
    with reading() as session:
        assert act_consent.is_withdrawn(session, clinic.patient_id, "sms_reminders")
    state = consent_state(clinic.patient)["sms_reminders"]
    assert (state.stands, state.asks) == (False, False)


def test_kinds_stand_by_themselves(clinic: House) -> None:
    agree(by=clinic.patient, kind="photos")
    assert [standing(clinic, kind) for kind in CONSENT_KINDS] == [False, True, False, False]


def test_staff_who_ask_at_the_desk_are_named_as_source_and_the_system_agrees_for_nobody(clinic: House) -> None:
    first_use(clinic, SYSTEM)
    assert rows() == []
    first_use(clinic, clinic.staff["front_desk"])
    assert rows()[0].source == "staff"


@pytest.mark.parametrize(
    ("kind", "left"),
    [
        ("email_reminders", {"sms", "staff mail"}),
        ("sms_reminders", {"email", "staff mail"}),
        ("check_ins", {"staff mail"}),
        ("photos", {"email", "sms", "staff mail"}),
    ],
)
def test_waiting_reminders_end_with_the_consent(clinic: House, kind: str, left: set[str]) -> None:
    with transaction() as session:
        for name, channel, patient_id in (
            ("email", "email", clinic.patient_id),
            ("sms", "sms", clinic.patient_id),
            ("staff mail", "email", None),
        ):
            session.add(
                OutboxMessage(
                    clinic_id=clinic.clinic_id,
                    patient_id=patient_id,
                    channel=channel,
                    kind="reminder",
                    idempotency_key=name,
                )
            )
    disagree(by=clinic.patient, kind=kind)
    with reading() as session:
        waiting = session.exec(select(OutboxMessage).where(OutboxMessage.status == "waiting")).all()
        assert {message.idempotency_key for message in waiting} == left


def test_ten_taps_at_once_agree_once(clinic: House) -> None:
    assert together(*[lambda: agree(by=clinic.patient, kind="photos")] * 10) == [None] * 10
    assert len(rows()) == 1


def test_an_unknown_kind_and_another_person_are_refused(clinic: House) -> None:
    with pytest.raises(InvalidInput):
        agree(by=clinic.patient, kind="everything")
    with pytest.raises(NotAllowed):
        disagree(by=clinic.staff["administrator"], kind="photos")
    assert rows() == []
