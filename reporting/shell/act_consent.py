"""Consent: given with the first answer, per kind, with the version of its text; withdrawn at any time.

The language a patient has chosen, kept for reminders and for the next visit from another phone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from reporting import clock
from reporting.domain.actors import Actor
from reporting.domain.content import content
from reporting.domain.content_rows import CONSENT_KINDS, ConsentText
from reporting.domain.language import languages
from reporting.domain.patient_words import RIGHTS_WORDS
from reporting.errors import InvalidInput, NotFound, Problem
from reporting.records import audit, privacy
from reporting.records.engine import Session, reading, transaction
from reporting.records.tables import Consent, Patient
from reporting.security.permissions import require

Given = Literal["patient", "staff", "sms"]
_CHANNELS = {"email_reminders": ("email",), "sms_reminders": ("sms",), "check_ins": ("email", "sms"), "photos": ()}
"""Kind of consent to the channels whose waiting reminders end with it."""


class ConsentWithdrawn(Problem):
    code = "consent_withdrawn"
    status = 403
    message = RIGHTS_WORDS["consent_withdrawn"]
    what_to_do = RIGHTS_WORDS["consent_withdrawn_do"]


@dataclass(frozen=True)
class ConsentState:
    """One kind of consent of one patient: the text of today, and since when they agree to which version.

    ``stands`` is false before the first consent and after it was withdrawn. ``asks``: the text of today has
    not been agreed to yet.
    """

    kind: str
    text: ConsentText
    stands: bool
    asks: bool
    version: str
    given_at: datetime | None
    withdrawn_at: datetime | None


def _state(kind: str, last: Consent | None) -> ConsentState:
    text = content().consents[kind]
    stands = last is not None and last.withdrawn_at is None
    return ConsentState(
        kind=kind,
        text=text,
        stands=stands,
        asks=last is None or (stands and last.text_version != text.version),
        version=last.text_version if last else "",
        given_at=last.given_at if last else None,
        withdrawn_at=last.withdrawn_at if last else None,
    )


def _known(kind: str) -> str:
    if kind not in CONSENT_KINDS:
        raise InvalidInput(field="consent", found=kind[:40], allowed="one of " + ", ".join(CONSENT_KINDS))
    return kind


def has(session: Session, patient_id: int, kind: str) -> bool:
    """Whether a consent of that kind stands, whatever the version of its text."""
    return _state(_known(kind), privacy.latest(session, patient_id, kind)).stands


def is_withdrawn(session: Session, patient_id: int, kind: str) -> bool:
    """Whether the patient took the consent back: then nothing of that kind is kept or sent."""
    last = privacy.latest(session, patient_id, _known(kind))
    return last is not None and last.withdrawn_at is not None


def give(
    session: Session,
    by: Actor,
    *,
    clinic_id: int,
    patient_id: int,
    kind: str,
    language: str = "en",
    source: Given = "patient",
) -> None:
    """Keep a consent to the text of today, in the caller's transaction; once is enough."""
    state = _state(_known(kind), privacy.latest(session, patient_id, kind))
    if state.stands and not state.asks:
        return
    session.add(
        Consent(
            clinic_id=clinic_id,
            patient_id=patient_id,
            kind=kind,
            text_version=state.text.version,
            language=language,
            source=source,
            given_at=clock.now(),
        )
    )
    audit.write(
        session,
        by,
        "consent.given",
        "patient",
        patient_id,
        clinic_id=clinic_id,
        kind=kind,
        version=state.text.version,
        language=language,
        source=source,
    )


def withdraw(
    session: Session, by: Actor, *, clinic_id: int, patient_id: int, kind: str, source: Given = "patient"
) -> bool:
    """End a consent in the caller's transaction; reminders that wait under it are cancelled.

    False when none stood. A patient who never agreed is then marked as having said no.
    """
    moment = clock.now()
    stood = privacy.end(session, patient_id, _known(kind), moment) > 0
    privacy.cancel_reminders(session, patient_id, _CHANNELS[kind])
    if not stood and privacy.latest(session, patient_id, kind) is None:
        session.add(
            Consent(
                clinic_id=clinic_id,
                patient_id=patient_id,
                kind=kind,
                source=source,
                given_at=moment,
                text_version=content().consents[kind].version,
                withdrawn_at=moment,
            )
        )
    audit.write(
        session,
        by,
        "consent.withdrawn",
        "patient",
        patient_id,
        clinic_id=clinic_id,
        kind=kind,
        source=source,
        stood=stood,
    )
    return stood


def record_first_use(
    session: Session, by: Actor, *, clinic_id: int, patient_id: int, kind: str = "check_ins", language: str = "en"
) -> None:
    """Keep the consent that the first stored answer (or photo) gives, in the transaction that stores it.

    A new version of the text is agreed to in the same way. Imports and the demo (the system) agree for nobody.
    Raises ConsentWithdrawn when the patient has taken it back: then nothing may be stored.
    """
    if by.kind == "system":
        return
    last = privacy.latest(session, patient_id, _known(kind))
    if last is not None and last.withdrawn_at is not None:
        raise ConsentWithdrawn()
    if not _state(kind, last).asks:
        return
    source: Given = "patient" if by.kind == "patient" else "staff"
    give(session, by, clinic_id=clinic_id, patient_id=patient_id, kind=kind, language=language, source=source)


def consent_state(by: Actor) -> Mapping[str, ConsentState]:
    """The signed-in patient's consents by kind. Raises NotAllowed for anybody else."""
    require(by, "consent.manage")
    with reading() as session:
        return {kind: _state(kind, privacy.latest(session, by.key, kind)) for kind in CONSENT_KINDS}


def agree(*, by: Actor, kind: str, language: str = "en") -> None:
    """The patient agrees on their own page."""
    _own(by, kind)
    with transaction() as session:
        _there(session, by)
        give(session, by, clinic_id=by.clinic_key, patient_id=by.key, kind=kind, language=language)


def disagree(*, by: Actor, kind: str) -> None:
    """The patient takes a consent back on their own page."""
    _own(by, kind)
    with transaction() as session:
        _there(session, by)
        withdraw(session, by, clinic_id=by.clinic_key, patient_id=by.key, kind=kind)


def _own(by: Actor, kind: str) -> None:
    require(by, "consent.manage")
    _known(kind)


def _there(session: Session, by: Actor) -> None:
    """Two taps at once write one consent: the second waits for the first."""
    if not privacy.lock_patient(session, by.key):
        raise NotFound()


def set_language(*, by: Actor, code: str) -> None:
    """Keep the patient's language. Nothing is kept for staff. Raises InvalidInput for one without a catalogue."""
    if code not in languages():
        raise InvalidInput(field="language", found=code[:12], allowed="one of " + ", ".join(languages()))
    if by.kind != "patient":
        return
    with transaction() as session:
        patient = session.get(Patient, by.id)
        if patient is None or patient.language == code:
            return
        before, patient.language = patient.language, code
        session.add(patient)
        audit.write(
            session, by, "language.chosen", "patient", by.id, clinic_id=patient.clinic_id, before=before, after=code
        )
