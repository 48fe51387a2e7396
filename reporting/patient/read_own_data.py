"""Everything that is kept of the signed-in patient, as one JSON document with its fields explained.

Requests to be forgotten, as the administrator works on them.

What the fields of a patient's own data mean, in the file that they download.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from reporting import clock
from reporting.domain.actors import Actor
from reporting.domain.content import content
from reporting.domain.course import classes_of
from reporting.domain.devices import setting_fields
from reporting.domain.guidance import department_words, emergency_words, step_name
from reporting.domain.patient_words import say, tell
from reporting.domain.treatment_record import VISIT_FACTS
from reporting.domain.vocabulary import SYMPTOMS, area_label, procedure_classes
from reporting.errors import NotFound
from reporting.patient.read_photos import photo_bytes
from reporting.patient.read_words import kept_of
from reporting.records import audit, cases, clinic_facts, patients, privacy
from reporting.records.engine import Session, reading, transaction
from reporting.records.photo_store import PhotoGone
from reporting.records.tables import CheckIn, Clinic, Device, Patient, Photo, TreatedArea, Treatment, id_of
from reporting.security.encryption import CannotDecrypt, decrypt
from reporting.security.permissions import may, require
from reporting.security.scope import own


@dataclass(frozen=True)
class RequestRow:
    """One request. ``open_cases``: cases of the patient that must be closed before erasing."""

    request_id: int
    patient_id: int
    reference: str
    state: str
    requested_at: datetime
    worked_at: datetime | None
    reason: str
    open_cases: int
    photos: int
    """Photos that erasing would delete."""


@dataclass(frozen=True)
class Requests:
    """Open requests, oldest first, then those that were worked on, newest first."""

    timezone: str
    rows: tuple[RequestRow, ...]

    @property
    def is_open(self) -> tuple[RequestRow, ...]:
        return tuple(row for row in self.rows if row.state == "open")

    @property
    def done(self) -> tuple[RequestRow, ...]:
        return tuple(row for row in self.rows if row.state != "open")


def erasure_requests(by: Actor) -> Requests:
    """Every request of the actor's clinic. Raises NotAllowed."""
    require(by, "request.work")
    with reading() as session:
        clinic = patients.clinic(session, by.clinic_key)
        rows = tuple(
            RequestRow(
                request_id=id_of(row),
                patient_id=row.patient_id,
                reference=reference,
                state=row.state,
                requested_at=row.requested_at,
                worked_at=row.worked_at,
                reason=row.reason,
                open_cases=len(privacy.open_cases(session, row.patient_id)) if row.state == "open" else 0,
                photos=len(privacy.photos(session, row.patient_id)) if row.state == "open" else 0,
            )
            for row, reference in privacy.requests_of_clinic(session, id_of(clinic))
        )
    return Requests(clinic.timezone, rows)


@dataclass(frozen=True)
class MyData:
    """What the patient's page about their data says. ``request`` is their newest one, after a second factor."""

    timezone: str
    may_read: bool
    request: RequestRow | None


def my_data_page(by: Actor) -> MyData:
    """Raises NotAllowed for staff, NotFound for one who is not there any more."""
    require(by, "consent.manage")
    with reading() as session:
        if by.kind != "patient":
            raise NotFound()
        patient = own(session, Patient, by.key, by, "consent.manage")
        zone = clinic_facts.place_of(patients.clinic(session, patient.clinic_id), patient).timezone
        may_read = may(by, "own_data.read")
        rows = privacy.requests(session, by.key) if may_read else ()
    newest = rows[-1] if rows else None
    request = (
        RequestRow(
            request_id=id_of(newest),
            patient_id=newest.patient_id,
            reference="",
            state=newest.state,
            requested_at=newest.requested_at,
            worked_at=newest.worked_at,
            reason=newest.reason,
            open_cases=0,
            photos=0,
        )
        if newest
        else None
    )
    return MyData(zone, may_read, request)


FIELDS = {
    "patient.reference": "Your number at the clinic.",
    "patient.fitzpatrick": "Skin type after Fitzpatrick, 1 to 6.",
    "patient.pigmentation_history": "Melasma or dark spots after inflammation before.",
    "patient.country": "Where you are: two letters of ISO 3166.",
    "patient.timezone": "IANA time zone in which your days are counted and your reminders are sent.",
    "treatments.number": "Number of the treatment in this file; check-ins and photos point to it.",
    "treatments.performed_on": "Date of the treatment at the clinic, YYYY-MM-DD.",
    "treatments.age_years": "Your age at the treatment, years.",
    "treatments.known": "What the clinic knew before: true, false, or null where it was not asked; isotretinoin in "
    "months since the last dose, 0 = taking it.",
    "treatments.areas": "Each treated area with the settings used there; the unit is in the setting's name.",
    "treatments.areas.pass_group": "Number of the group of passes with the same settings.",
    "check_ins.due_on": "Day on which the check-in was due, YYYY-MM-DD.",
    "check_ins.scheduled_day": "The same as days after the treatment.",
    "check_ins.answered_at": "Moment of your answer, UTC (ISO 8601); null: not answered, or not sent.",
    "check_ins.begun_at": "When an answer was kept that the clinic was told at once, before you sent the rest.",
    "check_ins.recovery_day": "Days from the treatment to your answer, in the clinic's time zone.",
    "check_ins.severities": "The worst since the answer before: "
    "0 none, 1 mild, 2 moderate, 3 severe, 4 very severe; null: not asked.",
    "check_ins.severities_now": "The same at the moment of the answer; null: not asked apart from the worst.",
    "check_ins.where": "Areas where a symptom was; a symptom that is missing was everywhere.",
    "check_ins.follow_up": "Answers to follow-up questions: yes, no or not_sure.",
    "check_ins.advice": "What you were told: expected, unusual, contact_today or emergency.",
    "check_ins.words_read": "What you read after sending, word for word; null: it was not kept.",
    "check_ins.content_version": "Version of the questions, rules and words then; null: it was not kept.",
    "check_ins.content_sha256": "SHA-256 of them.",
    "check_ins.source": "patient: sent with your link; proxy: staff asked you; import: from another system.",
    "check_ins.answered_by": "patient, carer, telephone or desk.",
    "check_ins.corrects": "Number of the check-in that this one took the place of.",
    "check_ins.replaced_at": "Set when a correction took its place or you took it back.",
    "photos.file": "The picture in this archive.",
    "photos.taken_at": "When it was taken or sent, UTC.",
    "clinic_steps": "What the clinic did about your reports.",
    "unsent_answers": "Answers that are kept and that you have not sent yet.",
    "consents": "What you agreed to: kind, version of the text, language, who said so, when, and when taken back.",
    "messages": "Messages to you: way, kind, what became of them, and when. Their words are not kept.",
    "links": "Links and codes that the clinic made for you. The secret parts are not kept anywhere.",
    "sign_ins": "When your link or code was used: link = may send a check-in; full = may also read.",
    "erasure_requests": "Your requests to be forgotten and what the clinic did.",
}
"""Path in the document to its meaning. Moments are in UTC."""


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
    plain = (
        "reference",
        "year_of_birth",
        "fitzpatrick",
        "pigmentation_history",
        "language",
    )
    return {
        "clinic": clinic.name,
        "clinic_telephone": clinic.telephone,
        **{name: getattr(patient, name) for name in plain},
        "name": _clear(patient.name_encrypted),
        "email": _clear(patient.email_encrypted),
        "telephone": _clear(patient.phone_encrypted),
        "country": patient.country or clinic.country,
        "timezone": clinic_facts.place_of(clinic, patient).timezone,
        "recorded_at": _moment(patient.created_at),
    }


def _area(row: TreatedArea) -> dict[str, Any]:
    plain = ("area", "pass_group", "indication", "cooling", "immediate_endpoint", "test_spot_done")
    settings = {name: value for name in setting_fields() if (value := getattr(row, name)) is not None}
    return {name: getattr(row, name) for name in plain} | {"area_name": area_label(row.area), "settings": settings}


def _treatment(row: Treatment, device: Device | None, areas: list[TreatedArea]) -> dict[str, Any]:
    return {
        "number": row.id,
        "reference": row.reference,
        "performed_on": row.performed_on.isoformat(),
        "procedure_class": row.procedure_class,
        "also_classes": list(classes_of(row.course)[1:]),
        "procedure": procedure_classes()[row.procedure_class].patient_label,
        "device_class": device.device_class if device else None,
        "device_model": device.model if device else None,
        "session_number": row.session_number,
        "age_years": row.age_years,
        "known": {name: getattr(row, name) for name in VISIT_FACTS},
        "areas": [_area(area) for area in areas],
    }


def _told(row: CheckIn, parts: Mapping[str, str]) -> str | None:
    if kept := kept_of(row):
        return kept.heading
    known = content().guidance.get(row.advice or "")
    return tell(known.heading, **parts) if known else None


def _words(row: CheckIn) -> dict[str, Any] | None:
    kept = kept_of(row)
    if kept is None:
        return None
    return {name: getattr(kept, name) for name in ("language", "heading", "paragraphs", "next_steps")}


def _reason(stored: str) -> str:
    """Why it was changed: a code, and the patient's own words after it."""
    code, _, words = stored.partition(":")
    return f"{code}: {_clear(words)}" if words else code


def _check_in(row: CheckIn, labels: dict[int, str], parts: Mapping[str, str]) -> dict[str, Any]:
    where = {symptom: [labels.get(key, "") for key in ids] for symptom, ids in row.areas.items()}
    return {
        "number": row.id,
        "treatment": row.treatment_id,
        "due_on": row.due_on.isoformat(),
        "scheduled_day": row.scheduled_day,
        "answered_at": _moment(row.answered_at),
        "begun_at": _moment(row.begun_at),
        "recovery_day": row.recovery_day,
        "severities": {symptom: getattr(row, symptom) for symptom in SYMPTOMS},
        "severities_now": {symptom: getattr(row, f"now_{symptom}") for symptom in SYMPTOMS},
        "where": where,
        "follow_up": row.follow_up,
        "worried": row.worried,
        "can_wait": row.can_wait,
        "note": _clear(row.note_encrypted),
        "advice": row.advice,
        "advice_heading": _told(row, parts),
        "words_read": _words(row),
        "content_version": row.package_version,
        "content_sha256": row.package_hash,
        "source": row.source,
        "answered_by": row.answered_by or "patient",
        "language": row.language,
        "corrects": row.corrects_id,
        "replaced_at": _moment(row.replaced_at),
        "replaced_because": _reason(row.replaced_reason),
    }


def _photo_name(photo: Photo) -> str:
    return f"photos/{photo.taken_at:%Y-%m-%d}-{photo.id}.jpg"


def _photo(photo: Photo) -> dict[str, Any]:
    return {
        "file": _photo_name(photo),
        "treatment": photo.treatment_id,
        "check_in": photo.check_in_id,
        "taken_at": _moment(photo.taken_at),
        "width_px": photo.width_px,
        "height_px": photo.height_px,
        "size_bytes": photo.size_bytes,
    }


def _cases(session: Session, patient_id: int) -> list[dict[str, Any]]:
    """What the clinic did, as the patient may know it: never notes about them, outcomes and grades."""
    found = []
    for case in cases.of_patient(session, patient_id):
        steps = [(event.at, step_name(event.kind, event.details)) for event, _ in cases.events(session, [id_of(case)])]
        found.append(
            {
                "treatment": case.treatment_id,
                "check_in": case.check_in_id,
                "opened_at": _moment(case.opened_at),
                "closed_at": _moment(case.closed_at),
                "steps": [{"at": _moment(at), "what": say(name)} for at, name in steps if name],
            }
        )
    return found


def _dates(row: Any, *names: str) -> dict[str, Any]:
    found = {name: getattr(row, name) for name in names}
    return {
        name: value.isoformat()
        if isinstance(value, date) and not isinstance(value, datetime)
        else _moment(value)
        if isinstance(value, datetime)
        else value
        for name, value in found.items()
    }


def _rest(session: Session, patient_id: int) -> dict[str, Any]:
    consent = ("kind", "text_version", "language", "source", "given_at", "withdrawn_at")
    message = ("channel", "kind", "status", "due_on", "created_at", "sent_at")
    return {
        "unsent_answers": [
            _dates(one, "treatment_id", "kind", "answers", "updated_at") for one in privacy.drafts(session, patient_id)
        ],
        "consents": [_dates(one, *consent) for one in privacy.all_of(session, patient_id)],
        "messages": [_dates(one, *message) for one in privacy.messages(session, patient_id)],
        "links": [
            _dates(one, "treatment_id", "created_at", "expires_at", "revoked_at")
            for one in privacy.invitations(session, patient_id)
        ],
        "sign_ins": [
            _dates(one, "strength", "created_at", "last_seen_at", "ended_at")
            for one in privacy.sign_ins(session, patient_id)
        ],
        "erasure_requests": [
            _dates(one, "state", "requested_at", "worked_at", "reason") for one in privacy.requests(session, patient_id)
        ],
    }


def _document(session: Session, patient: Patient, photos: list[Photo]) -> dict[str, Any]:
    patient_id = id_of(patient)
    rows = patients.treatments(session, patient_id)
    ids = [row.id for row in rows]
    areas, answers = patients.areas(session, ids), patients.check_ins(session, ids)
    labels = {id_of(area): area_label(area.area) for found in areas.values() for area in found}
    clinic = session.get_one(Clinic, patient.clinic_id)
    where = clinic_facts.place_of(clinic, patient)
    parts = {"emergency": emergency_words(where.emergency_telephone), "department": department_words(where.country)}
    return {
        "format": FORMAT,
        "made_at": _moment(clock.now()),
        "fields": FIELDS
        | {f"treatments.areas.settings.{name}": f"{of.label}, {of.unit}" for name, of in setting_fields().items()},
        "patient": _person(patient, clinic),
        "treatments": [_treatment(row.treatment, row.device, areas[row.id]) for row in rows],
        "check_ins": [_check_in(row, labels, parts) for key in ids for row in answers[key]],
        "photos": [_photo(photo) for photo in photos],
        "clinic_steps": _cases(session, patient_id),
        **_rest(session, patient_id),
    }


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
        patient = own(session, Patient, by.key, by, "own_data.read")
        photos = list(privacy.photos(session, by.key))
        document = _document(session, patient, photos)
    return OwnData(document, tuple((_photo_name(photo), _reader(by, id_of(photo))) for photo in photos))


def _reader(by: Actor, photo_id: int) -> Callable[[], bytes]:
    return lambda: photo_bytes(by, photo_id)
