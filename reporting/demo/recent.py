"""The last days of the demo clinic, played through the real actions so that the worklist has honest cases."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from reporting import clock
from reporting.actions import cases
from reporting.actions.check_ins import submit_check_in
from reporting.actions.photos import add_photo
from reporting.demo.history import MACHINES
from reporting.demo.pictures import drawn
from reporting.domain.actors import Actor
from reporting.domain.questionnaire import NO_PROBLEMS, answered, next_question
from reporting.storage import audit, check_ins
from reporting.storage.demo import demo_staff
from reporting.storage.engine import reading, transaction
from reporting.storage.outcomes import recompute
from reporting.storage.rows import add_one
from reporting.storage.tables import Patient, TreatedArea, Treatment


@dataclass(frozen=True)
class Scene:
    """A treatment some days ago and, unless ``wanted`` is empty, one check-in with these answers."""

    days_ago: int
    device: str
    areas: tuple[str, ...]
    settings: Mapping[str, float]
    fitzpatrick: int
    wanted: Mapping[str, Any]
    sent_hours_ago: int = 1
    is_handled: bool = False
    """A clinician of the demo has already called, confirmed and closed the case."""
    photos: tuple[tuple[int, str, float], ...] = ()
    """Recovery day, symptom and how much of it a drawn picture shows; the clinic took them at visits."""


CO2 = {"pulse_energy_mj": 30, "density_pct": 12, "passes": 1}
HEAVY_CO2 = {"pulse_energy_mj": 34, "density_pct": 24, "passes": 2}
SCENES = (
    Scene(3, "CO2-1", ("cheeks", "around_eyes"), CO2, 4, {}),
    Scene(5, "CO2-2", ("cheeks",), HEAVY_CO2, 3,
          {"symptoms": ["infection"], "severity_infection": "2", "follow_ups_infection": ["infection_pus"],
           "how_soon": "wait_worried"}, 6, True, ((1, "swelling", 0.6), (4, "infection", 0.5))),
    Scene(30, "CO2-2", ("cheeks",), HEAVY_CO2, 5,
          {"symptoms": ["hyperpigmentation"], "severity_hyperpigmentation": "2"}, 20,
          photos=((1, "swelling", 0.5), (7, "hyperpigmentation", 0.2), (28, "hyperpigmentation", 0.8))),
    Scene(2, "ALEX-1", ("lower_legs",), {"fluence_j_cm2": 15, "spot_size_mm": 15, "pulse_width_ms": 3}, 3,
          {"symptoms": ["bumps"], "severity_bumps": "1"}, 5),
    Scene(4, "FRAX-1", ("full_face",),
          {"pulse_energy_mj": 14, "density_mtz_cm2": 190, "passes": 6}, 2, NO_PROBLEMS, 3),
)  # fmt: skip
"""Played in this order; the first has no check-in yet: it is the one to try."""


_PROCEDURES = {machine.code: machine.procedure_class for machine in MACHINES}


def answers_for(context: Any, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Walk the questions of ``context`` and give ``wanted`` answers; elsewhere the mildest one offered."""
    given: dict[str, Any] = {}
    while (question := next_question(given, context)) is not None:
        if question.id in wanted:
            mildest: Any = wanted[question.id]
        elif question.kind == "multiple":
            mildest = [(question.exclusive or question.options)[0].value]
        else:
            mildest = question.options[0].value
        given = answered(given, question.id, mildest, context)
    return answered(given, "note", wanted["note"], context) if wanted.get("note") else given


def _add(scene: Scene, number: int, clinic_id: int, devices: dict[str, int], operator: int) -> tuple[int, int]:
    performed = clock.today("Europe/London") - timedelta(days=scene.days_ago)
    with transaction() as session:
        patient = add_one(
            session, Patient, clinic_id=clinic_id, reference=f"DEMO-NOW-{number}", year_of_birth=1980 + number,
            fitzpatrick=scene.fitzpatrick, pigmentation_history=False, language="en", timezone="",
            created_at=clock.now(),
        )  # fmt: skip
        treatment = add_one(
            session, Treatment, clinic_id=clinic_id, patient_id=patient, reference=f"DEMO-NOW-T{number}",
            performed_on=performed, operator_id=operator, device_id=devices[scene.device],
            procedure_class=_PROCEDURES[scene.device], session_number=1, source="demo", created_at=clock.now(),
        )  # fmt: skip
        for area in scene.areas:
            add_one(
                session, TreatedArea, treatment_id=treatment, clinic_id=clinic_id, area=area, pass_group=1,
                indication="not_recorded", outside_typical=[], **scene.settings,
            )  # fmt: skip
        recompute(session, [treatment])
        audit.write(session, Actor(kind="system", label="system"), "demo.filled", "treatment", treatment,
                    clinic_id=clinic_id)  # fmt: skip
    return patient, treatment


def play(clinic_id: int, _patients: list[int], devices: dict[str, int], operators: list[int]) -> None:
    """Add the scenes: their treatments, and their check-ins as the patients would have sent them."""
    for number, scene in enumerate(SCENES, start=1):
        patient, treatment = _add(scene, number, clinic_id, devices, operators[number % len(operators)])
        _take_photos(scene, treatment)
        if not scene.wanted:
            continue
        by = Actor(kind="patient", id=patient, clinic_id=clinic_id, label="synthetic patient", treatment_id=treatment)
        with clock.fixed(clock.now() - timedelta(hours=scene.sent_hours_ago)):
            with reading() as session:
                about = check_ins.subject(session, treatment)
                assert about is not None
                context = check_ins.context(session, about, clock.now())
            receipt = submit_check_in(
                by=by, treatment_id=treatment, answers=answers_for(context, scene.wanted),
                submission_key=f"demo-{treatment}", source="demo",
            )  # fmt: skip
        if scene.is_handled and receipt.case_id is not None:
            with clock.fixed(clock.now() - timedelta(hours=scene.sent_hours_ago - 1)):
                _handle(receipt.case_id)


def _clinician() -> Actor:
    with reading() as session:
        account = next(one for one in demo_staff(session) if one.role == "clinician")
    return Actor(kind="staff", id=account.id, clinic_id=account.clinic_id, role="clinician", label=account.display_name)


def _take_photos(scene: Scene, treatment: int) -> None:
    for number, (day, symptom, strength) in enumerate(scene.photos):
        taken_at = clock.now() - timedelta(days=scene.days_ago - day)
        with clock.fixed(taken_at):
            add_photo(
                by=_clinician(), treatment_id=treatment, taken_at=taken_at, submission_key=f"demo-{treatment}-{number}",
                data=drawn(scene.fitzpatrick, symptom, strength, seed=scene.fitzpatrick),
            )  # fmt: skip


def _handle(case_id: int) -> None:
    """Take the case through its steps to the end, as the clinic would."""
    by = _clinician()
    version = cases.acknowledge(by=by, case_id=case_id, version=1)
    version = cases.record_contact(
        by=by,
        case_id=case_id,
        version=version,
        action_taken="prescription",
        note="Synthetic: called the patient.",
    )
    version = cases.record_outcome(
        by=by, case_id=case_id, version=version, confirmation="confirmed", term="Skin infection", grade=2
    )
    cases.close(by=by, case_id=case_id, version=version)
