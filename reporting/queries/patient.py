"""What the patient's pages show: the treatment, the questions' context, the draft, and what was sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from reporting import clock
from reporting.domain.actors import Actor
from reporting.domain.devices import device_classes
from reporting.domain.questionnaire import CheckInContext
from reporting.domain.schedule import next_due
from reporting.domain.triage import Guidance, assess
from reporting.domain.vocabulary import procedure_classes
from reporting.errors import NotFound
from reporting.security.permissions import may, require
from reporting.storage import check_ins
from reporting.storage.drafts import draft_of
from reporting.storage.engine import reading
from reporting.storage.tables import Clinic, Device, Treatment


@dataclass(frozen=True)
class ClinicContact:
    """Whom to call, and when somebody is there."""

    name: str
    telephone: str
    emergency_telephone: str
    opening_hours: Mapping[str, list[str]]


@dataclass(frozen=True)
class Sent:
    """A check-in that was sent: its number, its moment, and the advice that belongs to it."""

    check_in_id: int
    answered_at: datetime
    recovery_day: int
    guidance: Guidance


@dataclass(frozen=True)
class CheckInPage:
    """Everything the check-in page draws. ``sent_today`` is the newest check-in of this recovery day."""

    treatment_id: int
    treatment_line: str
    recovery_day: int
    context: CheckInContext
    answers: Mapping[str, Any]
    draft_key: str | None
    sent_today: Sent | None
    contact: ClinicContact


def _line(session: Any, treatment: Treatment, context: CheckInContext) -> str:
    """``Fractional CO2, cheeks and neck``; without a known device, the kind of procedure."""
    device = session.get(Device, treatment.device_id) if treatment.device_id else None
    known = device_classes().get(device.device_class) if device else None
    procedure = procedure_classes()[treatment.procedure_class].patient_label
    where = " and ".join(_inside(area.label) for area in context.areas if area.area != "not_recorded")
    name = _inside(known.name if known and may_name_device(known.name) else procedure)
    return f"{name}, {where}" if where else name


def _inside(label: str) -> str:
    """A label as it stands inside a sentence; short forms such as IPL stay as they are."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


def may_name_device(name: str) -> bool:
    """Names of device classes with wavelengths are for clinicians; patients get the plain procedure."""
    return not any(sign.isdigit() for sign in name.replace("CO2", ""))


def _sent(session: Any, about: check_ins.Subject) -> Sent | None:
    earlier = check_ins.current(session, about.treatment_id)
    if not earlier:
        return None
    last = earlier[-1]
    context, done = check_ins.as_it_was(session, about, last)
    assert last.id is not None
    assert last.answered_at is not None
    return Sent(last.id, last.answered_at, last.recovery_day or 0, assess(done, context).guidance)


def check_in_page(by: Actor) -> CheckInPage:
    """The signed-in patient's check-in. Raises NotFound when their link names no treatment, NotAllowed."""
    require(by, "check_in.submit")
    moment = clock.now()
    with reading() as session:
        about = check_ins.subject(session, by.treatment_id or 0)
        if about is None or about.patient_id != by.id:
            raise NotFound()
        context = check_ins.context(session, about, moment)
        treatment = session.get(Treatment, about.treatment_id)
        clinic = session.get(Clinic, about.clinic_id)
        assert treatment is not None
        assert clinic is not None
        draft = draft_of(session, about.treatment_id)
        sent = _sent(session, about)
        return CheckInPage(
            treatment_id=about.treatment_id,
            treatment_line=_line(session, treatment, context),
            recovery_day=context.recovery_day,
            context=context,
            answers=dict(draft.answers) if draft else {},
            draft_key=draft.submission_key if draft else None,
            sent_today=sent if sent and sent.recovery_day == context.recovery_day else None,
            contact=ClinicContact(
                clinic.name, clinic.telephone, clinic.emergency_telephone, dict(clinic.opening_hours)
            ),
        )


@dataclass(frozen=True)
class RecoveryPage:
    """The patient's home: the next check-in and, after a second factor, what was sent."""

    check_in: CheckInPage
    next_due_on: date | None
    may_read_history: bool
    history: tuple[tuple[datetime, int, str], ...]
    """Moment, recovery day and the heading of the advice, newest first."""


def recovery_page(by: Actor) -> RecoveryPage:
    """The signed-in patient's home. A link alone shows no history; a code with the year of birth does."""
    page = check_in_page(by)
    with reading() as session:
        about = check_ins.subject(session, page.treatment_id)
        assert about is not None
        due = next_due(about.procedure_class, page.recovery_day)
        reads = may(by, "history.read")
        rows = []
        for row in check_ins.current(session, page.treatment_id) if reads else []:
            context, done = check_ins.as_it_was(session, about, row)
            assert row.answered_at is not None
            rows.append((row.answered_at, row.recovery_day or 0, assess(done, context).guidance.heading))
    on = date.fromordinal(about.performed_on.toordinal() + due) if due is not None else None
    return RecoveryPage(page, on, reads, tuple(reversed(rows)))
