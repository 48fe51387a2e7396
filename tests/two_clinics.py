"""Two clinics with one record of every kind, to ask for one of them as the other."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import event
from sqlmodel import Session

from reporting.domain.actors import ROLES, Actor
from reporting.imports.act_refused import sealed
from reporting.patient import act_check_ins, act_erasure, act_photos
from reporting.records.engine import transaction
from reporting.records.tables import (
    Clinic,
    Device,
    ImportRun,
    OnCallEntry,
    Operator,
    OutboxMessage,
    Patient,
    RefusedRow,
    ServiceEvent,
    Signal,
    Treatment,
)
from reporting.settings import ROOT
from reporting.shell import act_consent
from reporting.shell.file_csv import Fault
from reporting.treatments import act_invitations
from tests.answers import EYES_CLOSING, filled
from tests.cast import PERFORMED, House, house
from tests.photos import encoded, picture

SIGNAL_CARDS = ROOT / "tests/data/signal_cards.json"
AT = datetime(2026, 3, 10, tzinfo=UTC)
LINK, CODE, NOBODY, NOWHERE = "patient by link", "patient by code", "nobody", "staff of no clinic"
WHO = (*ROLES, LINK, CODE, NOBODY, NOWHERE)
UNKNOWN = 10_000_000
"""No record of any kind has this id."""


@dataclass(frozen=True)
class Side:
    """One of the two clinics: its cast, the id of a record of every kind by the name of the argument that takes it, and
    ``mark``, which stands in every word of its own."""

    house: House
    ids: dict[str, int]
    token: str
    mark: str

    def actor(self, who: str) -> Actor:
        """One of ``WHO``, here at home."""
        if who in self.house.staff:
            return self.house.staff[who]  # type: ignore[index]
        if who == NOWHERE:
            return replace(self.house.staff["administrator"], clinic_id=None)
        if who == NOBODY:
            return Actor(kind="patient", clinic_id=self.house.clinic_id)
        return replace(self.house.patient, strength="link" if who == LINK else "full")


def side(code: str) -> Side:
    """A clinic whose code and words are ``code``, with one record of every kind."""
    of = house(code)
    _mark(of, code)
    act_consent.agree(by=of.patient, kind="check_ins")
    act_consent.agree(by=of.patient, kind="photos")
    sent = act_check_ins.submit_check_in(
        by=of.patient,
        treatment_id=of.treatment_id,
        answers=filled(of.treatment_id, **EYES_CLOSING),
        submission_key=f"key of {code}",
    )
    assert sent.case_id is not None
    photo = act_photos.add_photo(
        by=of.patient,
        treatment_id=of.treatment_id,
        data=encoded(picture(), "JPEG"),
        submission_key=f"photo of {code}",
        check_in_id=sent.check_in_id,
    )
    of_staff = of.staff["administrator"]
    ids = {
        "patient_id": of.patient_id,
        "treatment_id": of.treatment_id,
        "device_id": of.device_id,
        "operator_id": of.operator_id,
        "staff_id": of.staff["clinician"].id or 0,
        "check_in_id": sent.check_in_id,
        "case_id": sent.case_id,
        "request_id": act_erasure.request_erasure(by=of.patient),
        "photo_id": photo.photo_id,
        **_written(of, code, of_staff.id or 0),
    }
    assert all(ids.values())
    token = act_invitations.issue_invitation(by=of_staff, treatment_id=of.treatment_id).token
    return Side(of, ids, token, code)


def _mark(of: House, code: str) -> None:
    """The clinic's own words all say whose they are."""
    with transaction() as session:
        for table, key, field in (
            (Clinic, of.clinic_id, "name"),
            (Device, of.device_id, "code"),
            (Device, of.device_id, "model"),
            (Device, of.device_id, "serial"),
            (Operator, of.operator_id, "code"),
            (Operator, of.operator_id, "name"),
            (Patient, of.patient_id, "reference"),
            (Treatment, of.treatment_id, "reference"),
        ):
            row = session.get(table, key)  # type: ignore[var-annotated]
            setattr(row, field, f"{field} {code}")
            session.add(row)


def _kept(session: Session, row: Any) -> int:
    session.add(row)
    session.flush()
    return int(row.id)


def _written(of: House, code: str, staff_id: int) -> dict[str, int]:
    """What no person makes in one step: a signal, a message that did not get through, an import, a service."""
    signal = Signal(
        clinic_id=of.clinic_id,
        code=f"signal {code}",
        kind="outcome",
        unit_type="device",
        unit_id=f"code {code}",
        symptom="burning",
        first_flagged_on=PERFORMED,
        last_seen_on=PERFORMED,
        rank=1,
        card=json.loads(SIGNAL_CARDS.read_text())["outcome"] | {"treatments": [of.treatment_id]},
    )
    message = OutboxMessage(
        clinic_id=of.clinic_id,
        patient_id=of.patient_id,
        channel="email",
        kind="reminder",
        idempotency_key=f"message {code}",
        status="dead",
        next_attempt_at=AT,
        created_at=AT,
    )
    run = ImportRun(
        clinic_id=of.clinic_id,
        kind="devices",
        file_name=f"{code}.csv",
        file_sha256="0",
        rows_read=1,
        rows_imported=0,
        rows_unchanged=0,
        rows_refused=1,
        details={"header": ["code"], "mapping": {"kind": "devices"}, "refused_kept": 1},
        created_at=AT,
        created_by=staff_id,
    )
    service = ServiceEvent(
        clinic_id=of.clinic_id, device_id=of.device_id, happened_on=PERFORMED, kind="calibration", note=f"note {code}"
    )
    with transaction() as session:
        for place in (1, 2):
            on_call = OnCallEntry(clinic_id=of.clinic_id, place=place, name=f"on call {code}", wait_minutes=10)
            entry_id = _kept(session, on_call)
        ids = {
            "entry_id": entry_id,
            "signal_id": _kept(session, signal),
            "message_id": _kept(session, message),
            "run_id": _kept(session, run),
            "service_id": _kept(session, service),
        }
        content = sealed([f"cell {code}"], [Fault(2, "code", f"cell {code}", "another")])
        refused = RefusedRow(
            clinic_id=of.clinic_id,
            run_id=ids["run_id"],
            line=2,
            kind="devices",
            state="waiting",
            content_encrypted=content,
            created_at=AT,
        )
        return ids | {"row_id": _kept(session, refused)}


class WouldWrite(Exception):
    """The action was let through to the point where its transaction ends."""


def _stop(_session: Any) -> None:
    raise WouldWrite()


@contextmanager
def nothing_is_kept() -> Iterator[None]:
    """Meanwhile, instead of keeping what it wrote, every transaction raises WouldWrite."""
    event.listen(Session, "before_commit", _stop)
    try:
        yield
    finally:
        event.remove(Session, "before_commit", _stop)
