"""Text messages that come in: STOP works at once, START undoes it, and nothing else is read here."""

from reporting.clock import now
from reporting.domain.actors import Actor
from reporting.domain.message_kinds import SMS_REPLY
from reporting.domain.messages import Asked, asked, phone_number, sender_name, sms_text
from reporting.errors import InvalidInput
from reporting.records import due_check_ins, outbox, privacy
from reporting.records.engine import Session, transaction
from reporting.records.tables import Clinic, Patient, id_of
from reporting.security.encryption import encrypt
from reporting.security.tokens import phone_hash
from reporting.settings import settings
from reporting.shell import act_consent

KIND = "sms_reminders"


def receive(*, provider_id: str, number: str, text: str) -> Asked | None:
    """Act on one message. None when it is not new or its sender unknown: then nothing changes.

    The words themselves are not kept. The same number at several clinics stops at all of them.
    """
    try:
        sender = phone_number(number)
    except InvalidInput:
        return None
    word, key = asked(text), phone_hash(sender)
    with transaction() as session:
        if not outbox.is_new(session, provider_id[:128], key, word, now()):
            return None
        patients = [one for one in due_check_ins.by_phone(session, key) if one.erased_at is None]
        for patient in patients:
            _answer(session, patient, word, sender, key)
    return word if patients else None


def _answer(session: Session, patient: Patient, word: Asked, number: str, key: str) -> None:
    by = Actor(kind="patient", id=patient.id, clinic_id=patient.clinic_id, label=f"patient {patient.id}")
    clinic_id, patient_id = patient.clinic_id, id_of(patient)
    last = privacy.latest(session, patient_id, KIND)
    stands = last is not None and last.withdrawn_at is None
    if word == "stop":
        outbox.cancel(session, [patient_id], ["sms"], "stopped")
        if stands:
            act_consent.withdraw(session, by, clinic_id=clinic_id, patient_id=patient_id, kind=KIND, source="sms")
            _reply(session, patient, "sms_stopped", number, f"{last.id}" if last else "")
    elif word == "start":
        # Only somebody who had agreed once can start again by text: the number alone is no consent.
        if last is not None and not stands and last.given_at != last.withdrawn_at:
            act_consent.give(
                session,
                by,
                clinic_id=clinic_id,
                patient_id=patient_id,
                kind=KIND,
                language=patient.language,
                source="sms",
            )
            _reply(session, patient, "sms_started", number, f"{last.id}")
    else:
        _reply(
            session, patient, {"help": "sms_help", "other": "sms_unread"}[word], number, f"{key[:16]}:{now():%Y-%m-%d}"
        )


def _reply(session: Session, patient: Patient, code: str, number: str, occasion: str) -> None:
    """Answer once per occasion; where the gateway answers by itself, not at all."""
    if not settings().sms_replies:
        return
    clinic = session.get_one(Clinic, patient.clinic_id)
    name = sender_name(clinic.message_name, clinic.name, patient.language)
    text = sms_text(code, patient.language, name=name, telephone=clinic.telephone)
    outbox.add(
        session,
        clinic_id=id_of(clinic),
        kind=SMS_REPLY,
        patient_id=patient.id,
        key=f"{code}:{patient.id}:{occasion}",
        payload={"to_encrypted": encrypt(number), "body_encrypted": encrypt(text)},
    )
