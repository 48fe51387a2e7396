"""Reminders: who gets which now, and what a patient or the clinic chooses about them."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from reporting.clock import now
from reporting.domain.actors import Actor
from reporting.domain.clinic_content import scheduled_days
from reporting.domain.message_kinds import REMINDER
from reporting.domain.messages import email_address, hidden, phone_number, region_of
from reporting.domain.reminders import Due, days_that_may_be_due, due_reminder
from reporting.errors import InvalidInput, NotFound
from reporting.notify.handed_over import channels
from reporting.records import audit, clinic_facts, due_check_ins, outbox, privacy
from reporting.records.engine import Session, reading, transaction
from reporting.records.tables import Clinic, Patient, id_of
from reporting.security.encryption import decrypt, encrypt
from reporting.security.permissions import require
from reporting.security.scope import mine
from reporting.security.tokens import phone_hash
from reporting.shell import act_consent

Channel = Literal["email", "sms"]
KIND = {"email": "email_reminders", "sms": "sms_reminders"}
AT_ONCE = 500
"""Reminders written in one transaction, so that patients who send meanwhile do not wait."""


@dataclass(frozen=True)
class ChannelState:
    """Reminders of one channel. ``address`` is mostly hidden; ``can_be_sent``: the way out is set up here."""

    channel: str
    on: bool
    address: str
    since: datetime | None
    can_be_sent: bool


@dataclass(frozen=True)
class ReminderState:
    """What a patient gets. ``may_change_address``: false for one who came by the link alone."""

    email: ChannelState
    sms: ChannelState
    may_change_address: bool


def due_now(at: datetime) -> list[Due]:
    """The reminders to write at ``at``, at most one per patient; nothing is written."""
    found, ways_out = [], channels()
    with reading() as session:
        days = days_that_may_be_due(at, scheduled_days(clinic_facts.all_changed(session)))
        for batch in due_check_ins.agreed(session, days, at):
            for person in due_check_ins.people(session, batch, days):
                kept = tuple(channel for channel in person.channels if channel in ways_out)
                due = due_reminder(replace(person, channels=kept), at)
                if due is not None:
                    found.append(due)
    return found


def plan_due(at: datetime | None = None) -> Counter[str]:
    """Write every reminder that is due now, once. Returns how many were written, by channel."""
    moment, done = at or now(), Counter[str]()
    found = due_now(moment)
    for start in range(0, len(found), AT_ONCE):
        part = found[start : start + AT_ONCE]
        with transaction() as session:
            new = due_check_ins.add_reminders(session, [_row(due, moment) for due in part])
        done.update(due.channel for due in part[:new])
    return done


def _row(due: Due, at: datetime) -> dict[str, Any]:
    return {
        "clinic_id": due.clinic_id,
        "patient_id": due.patient_id,
        "channel": due.channel,
        "kind": REMINDER.code,
        "due_on": due.due_on,
        "payload": {"treatment": due.treatment_id, "due_day": due.due_day},
        "idempotency_key": due.key,
        "next_attempt_at": at,
        "created_at": at,
    }


def _patient(session: Session, by: Actor, patient_id: int | None, *, lock: bool) -> Patient:
    """The patient whom this is about: oneself, or one of the own clinic. Raises NotFound, NotAllowed."""
    permission = "consent.manage" if by.kind == "patient" else "reminder.manage"
    require(by, permission)
    key = by.id if by.kind == "patient" else patient_id
    row: Patient | None = privacy.lock_patient(session, key or 0) if lock else session.get(Patient, key or 0)
    if row is None or row.erased_at is not None or (by.kind == "patient" and patient_id not in (None, by.id)):
        raise NotFound()
    return mine(row, by, permission)


def _may_change_address(by: Actor) -> bool:
    """The link alone must not lead messages, and with them codes, to somebody else."""
    return by.kind != "patient" or by.strength == "full"


def _address(patient: Patient, channel: str) -> str | None:
    return patient.email_encrypted if channel == "email" else patient.phone_encrypted


def _state(session: Session, by: Actor, patient: Patient, channel: str) -> ChannelState:
    last, kept = privacy.latest(session, id_of(patient), KIND[channel]), _address(patient, channel)
    on = last is not None and last.withdrawn_at is None and kept is not None
    shown = hidden(decrypt(kept)) if kept and _may_change_address(by) else ""
    return ChannelState(channel, on, shown, last.given_at if on and last else None, channel in channels())


def reminder_state(by: Actor, patient_id: int | None = None) -> ReminderState:
    """What the signed-in patient, or a patient of the clinic, gets. Raises NotFound, NotAllowed."""
    with reading() as session:
        patient = _patient(session, by, patient_id, lock=False)
        return ReminderState(
            email=_state(session, by, patient, "email"),
            sms=_state(session, by, patient, "sms"),
            may_change_address=_may_change_address(by),
        )


def keep_contact(patient: Patient, clinic: Clinic, channel: str, typed: str) -> None:
    """Keep an address on the row, in one spelling and encrypted; empty removes it. Raises InvalidInput."""
    if channel == "email":
        patient.email_encrypted = encrypt(email_address(typed)) if typed.strip() else None
        return
    number = phone_number(typed, region_of(clinic.telephone)) if typed.strip() else ""
    patient.phone_encrypted = encrypt(number) if number else None
    patient.phone_hash = phone_hash(number) if number else None


def set_reminders(
    *,
    by: Actor,
    channel: Channel,
    on: bool,
    address: str | None = None,
    patient_id: int | None = None,
    language: str = "",
) -> None:
    """Turn reminders of a channel on or off, and keep another address if one is given (``""`` removes it).

    On is a consent to the text of today, off takes it back at once: messages that wait are cancelled. Staff
    write down what the patient said. A patient with the link alone may switch, not change the address.
    Raises InvalidInput, NotFound, NotAllowed.
    """
    if channel not in KIND:
        raise InvalidInput(field="channel", found=channel, allowed="email or sms")
    with transaction() as session:
        patient = _patient(session, by, patient_id, lock=True)
        if address is not None:
            _change_address(session, by, patient, channel, address)
        if on and _address(patient, channel) is None:
            field = "e-mail" if channel == "email" else "telephone"
            raise InvalidInput(field=field, found="", allowed="an address that reminders can go to")
        stands = act_consent.has(session, id_of(patient), KIND[channel])
        source: act_consent.Given = "patient" if by.kind == "patient" else "staff"
        clinic_id, key, kind = patient.clinic_id, id_of(patient), KIND[channel]
        if on:
            act_consent.give(
                session,
                by,
                clinic_id=clinic_id,
                patient_id=key,
                kind=kind,
                language=language or patient.language,
                source=source,
            )
        elif stands:
            act_consent.withdraw(session, by, clinic_id=clinic_id, patient_id=key, kind=kind, source=source)


def _change_address(session: Session, by: Actor, patient: Patient, channel: str, typed: str) -> None:
    if not _may_change_address(by):
        require(by, "own_data.read")
    before = _address(patient, channel)
    keep_contact(patient, session.get_one(Clinic, patient.clinic_id), channel, typed)
    after = _address(patient, channel)
    if (decrypt(before) if before else "") == (decrypt(after) if after else ""):
        return
    session.add(patient)
    audit.write(session, by, "contact.changed", "patient", patient.id, clinic_id=patient.clinic_id, channel=channel)


def stop_by_mail(*, message_id: int) -> None:
    """The unsubscribe link of an e-mail was used: no more e-mails, at once. Unknown messages change nothing."""
    with transaction() as session:
        row = outbox.by_id(session, message_id)
        patient = privacy.lock_patient(session, row.patient_id) if row and row.patient_id else None
        if patient is None or not act_consent.has(session, id_of(patient), KIND["email"]):
            return
        by = Actor(kind="patient", id=patient.id, clinic_id=patient.clinic_id, label=f"patient {patient.id}")
        act_consent.withdraw(session, by, clinic_id=patient.clinic_id, patient_id=id_of(patient), kind=KIND["email"])
