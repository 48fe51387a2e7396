"""Everything that is kept of the signed-in patient, as one JSON document with its fields explained."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from reporting import clock
from reporting.domain.actors import Actor
from reporting.domain.content import content
from reporting.domain.devices import setting_fields
from reporting.domain.own_data_fields import FIELDS
from reporting.domain.patient_words import say, tell
from reporting.domain.recovery import step_name
from reporting.domain.symptoms import SYMPTOMS
from reporting.domain.vocabulary import area_label, procedure_classes
from reporting.errors import NotFound
from reporting.queries.photos import photo_bytes
from reporting.security.encryption import CannotDecrypt, decrypt
from reporting.security.permissions import require
from reporting.storage import audit, cases, consents, own_data, patients
from reporting.storage.engine import reading, transaction
from reporting.storage.photo_files import PhotoGone
from reporting.storage.tables import CheckIn, Clinic, Device, Patient, Photo, TreatedArea, Treatment

FORMAT = "skin-check-in own data, version 1"
UNREADABLE = "cannot be read any more"


@dataclass(frozen=True)
class OwnData:
    """The document, and the photos that go with it: name in the archive to what reads the JPEG."""

    document: dict[str, Any]
    photos: tuple[tuple[str, Callable[[], bytes]], ...]

    def pictures(self) -> Iterator[tuple[str, bytes]]:
        """(name, JPEG) one after the other; one whose file is lost becomes a line of text that says so."""
        for name, read in self.photos:
            try:
                yield name, read()
            except (PhotoGone, NotFound):
                yield f"{name}.txt", b"This photo cannot be read any more. Please tell the clinic."


def _moment(value: datetime | None) -> str | None:
    return value.isoformat(timespec="seconds") if value else None


def _clear(value: str | None) -> str | None:
    if not value:
        return None
    try:
        return decrypt(value)
    except CannotDecrypt:
        return UNREADABLE


def _person(patient: Patient, clinic: Clinic) -> dict[str, Any]:
    plain = ("reference", "year_of_birth", "fitzpatrick", "is_tanned", "isotretinoin_months_ago", "herpes_history",
             "keloid_history", "pigmentation_history", "language")  # fmt: skip
    return {
        "clinic": clinic.name, "clinic_telephone": clinic.telephone,
        **{name: getattr(patient, name) for name in plain},
        "name": _clear(patient.name_encrypted), "email": _clear(patient.email_encrypted),
        "telephone": _clear(patient.phone_encrypted), "timezone": patient.timezone or clinic.timezone,
        "recorded_at": _moment(patient.created_at),
    }  # fmt: skip


def _area(row: TreatedArea) -> dict[str, Any]:
    plain = ("area", "pass_group", "indication", "cooling", "immediate_endpoint", "test_spot_done")
    settings = {name: value for name in setting_fields() if (value := getattr(row, name)) is not None}
    return {name: getattr(row, name) for name in plain} | {"area_name": area_label(row.area), "settings": settings}


def _treatment(row: Treatment, device: Device | None, areas: list[TreatedArea]) -> dict[str, Any]:
    return {
        "number": row.id, "reference": row.reference, "performed_on": row.performed_on.isoformat(),
        "procedure_class": row.procedure_class,
        "procedure": procedure_classes()[row.procedure_class].patient_label,
        "device_class": device.device_class if device else None, "device_model": device.model if device else None,
        "session_number": row.session_number, "age_years": row.age_years, "areas": [_area(area) for area in areas],
    }  # fmt: skip


def _told(row: CheckIn, emergency: str) -> str | None:
    known = content().guidance.get(row.advice or "")
    return tell(known.heading, emergency=emergency) if known else None


def _reason(stored: str) -> str:
    """Why it was changed: a code, and the patient's own words after it."""
    code, _, words = stored.partition(":")
    return f"{code}: {_clear(words)}" if words else code


def _check_in(row: CheckIn, labels: dict[int, str], emergency: str) -> dict[str, Any]:
    where = {symptom: [labels.get(key, "") for key in ids] for symptom, ids in row.areas.items()}
    return {
        "number": row.id, "treatment": row.treatment_id, "due_on": row.due_on.isoformat(),
        "scheduled_day": row.scheduled_day, "answered_at": _moment(row.answered_at),
        "recovery_day": row.recovery_day, "severities": {symptom: getattr(row, symptom) for symptom in SYMPTOMS},
        "where": where, "follow_up": row.follow_up, "worried": row.worried, "can_wait": row.can_wait,
        "note": _clear(row.note_encrypted), "advice": row.advice, "advice_heading": _told(row, emergency),
        "source": row.source, "answered_by": row.answered_by or "patient", "language": row.language,
        "corrects": row.corrects_id, "replaced_at": _moment(row.replaced_at),
        "replaced_because": _reason(row.replaced_reason),
    }  # fmt: skip


def _photo_name(photo: Photo) -> str:
    return f"photos/{photo.taken_at:%Y-%m-%d}-{photo.id}.jpg"


def _photo(photo: Photo) -> dict[str, Any]:
    return {
        "file": _photo_name(photo), "treatment": photo.treatment_id, "check_in": photo.check_in_id,
        "taken_at": _moment(photo.taken_at), "width_px": photo.width_px, "height_px": photo.height_px,
        "size_bytes": photo.size_bytes,
    }  # fmt: skip


def _cases(session: Any, patient_id: int) -> list[dict[str, Any]]:
    """What the clinic did, as the patient may know it: never notes about them, outcomes and grades."""
    found = []
    for case in cases.of_patient(session, patient_id):
        steps = [(event.at, step_name(event.kind, event.details)) for event, _ in cases.events(session, [case.id or 0])]
        found.append({
            "treatment": case.treatment_id, "check_in": case.check_in_id, "opened_at": _moment(case.opened_at),
            "closed_at": _moment(case.closed_at),
            "steps": [{"at": _moment(at), "what": say(name)} for at, name in steps if name],
        })  # fmt: skip
    return found


def _dates(row: Any, *names: str) -> dict[str, Any]:
    found = {name: getattr(row, name) for name in names}
    return {
        name: value.isoformat() if isinstance(value, date) and not isinstance(value, datetime)
        else _moment(value) if isinstance(value, datetime) else value for name, value in found.items()
    }  # fmt: skip


def _rest(session: Any, patient_id: int) -> dict[str, Any]:
    consent = ("kind", "text_version", "language", "source", "given_at", "withdrawn_at")
    message = ("channel", "kind", "status", "due_on", "created_at", "sent_at")
    return {
        "unsent_answers": [_dates(one, "treatment_id", "kind", "answers", "updated_at")
                           for one in own_data.drafts(session, patient_id)],
        "consents": [_dates(one, *consent) for one in consents.all_of(session, patient_id)],
        "messages": [_dates(one, *message) for one in own_data.messages(session, patient_id)],
        "links": [_dates(one, "treatment_id", "created_at", "expires_at", "revoked_at")
                  for one in own_data.invitations(session, patient_id)],
        "sign_ins": [_dates(one, "strength", "created_at", "last_seen_at", "ended_at")
                     for one in own_data.sign_ins(session, patient_id)],
        "erasure_requests": [_dates(one, "state", "requested_at", "worked_at", "reason")
                             for one in own_data.requests(session, patient_id)],
    }  # fmt: skip


def _document(session: Any, patient: Patient, photos: list[Photo]) -> dict[str, Any]:
    patient_id = patient.id or 0
    rows = patients.treatments(session, patient_id)
    ids = [row[0].id or 0 for row in rows]
    areas, answers = patients.areas(session, ids), patients.check_ins(session, ids)
    labels = {area.id or 0: area_label(area.area) for found in areas.values() for area in found}
    clinic = session.get_one(Clinic, patient.clinic_id)
    return {
        "format": FORMAT,
        "made_at": _moment(clock.now()),
        "fields": FIELDS | {f"treatments.areas.settings.{name}": f"{of.label}, {of.unit}"
                            for name, of in setting_fields().items()},
        "patient": _person(patient, clinic),
        "treatments": [_treatment(row[0], row[1], areas[row[0].id or 0]) for row in rows],
        "check_ins": [_check_in(row, labels, clinic.emergency_telephone) for key in ids for row in answers[key]],
        "photos": [_photo(photo) for photo in photos],
        "clinic_steps": _cases(session, patient_id),
        **_rest(session, patient_id),
    }  # fmt: skip


def own_data_of(by: Actor) -> OwnData:
    """All data of the signed-in patient. That it was given out is in the audit trail first.

    Raises NotAllowed without the second factor, SignInNeeded.
    """
    require(by, "own_data.read")
    if by.kind != "patient":
        raise NotFound()
    with transaction() as session:
        audit.write(session, by, "own_data.downloaded", "patient", by.id, clinic_id=by.clinic_id)
    with reading() as session:
        patient = patients.by_id(session, by.id or 0)
        if patient is None or patient.clinic_id != by.clinic_id:
            raise NotFound()
        photos = list(own_data.photos(session, by.id or 0))
        document = _document(session, patient, photos)
    return OwnData(document, tuple((_photo_name(photo), _reader(by, photo.id or 0)) for photo in photos))


def _reader(by: Actor, photo_id: int) -> Callable[[], bytes]:
    return lambda: photo_bytes(by, photo_id)
