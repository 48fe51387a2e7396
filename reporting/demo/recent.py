"""The last days of the demo clinic, played through the real actions so that the worklist has honest cases.

Drawn pictures that stand for photos in the demo: patches of colour, with the word SYNTHETIC across them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from random import Random
from typing import Any

from PIL import Image, ImageDraw, ImageFilter

from reporting import clock
from reporting.cases import act_cases
from reporting.demo.machines import MACHINES
from reporting.domain.actors import Actor
from reporting.domain.case_work import STATE_WORDS
from reporting.domain.questionnaire import NO_PROBLEMS, answered, next_question
from reporting.patient.act_check_ins import Receipt, submit_check_in
from reporting.patient.act_corrections import withdraw_check_in
from reporting.patient.act_photos import add_photo
from reporting.records import audit, check_ins
from reporting.records.clinic_facts import demo_staff
from reporting.records.columns import add_one
from reporting.records.engine import reading, transaction
from reporting.records.outcomes import recompute
from reporting.records.tables import Patient, TreatedArea, Treatment

SIZE = (900, 1200)
_SKIN = {1: "#f3d7c6", 2: "#ecc6ae", 3: "#dcae8e", 4: "#c08d68", 5: "#8d5c3d", 6: "#5a3a2a"}
"""One shade for each Fitzpatrick type."""
_MARKS = {"infection": "#b8323a", "swelling": "#d98b7f", "hyperpigmentation": "#4e3022"}


def drawn(fitzpatrick: int, symptom: str, strength: float, seed: int) -> bytes:
    """A JPEG of skin-coloured paper with marks; ``strength`` from 0 (none) to 1 (many and large)."""
    image, random = Image.new("RGB", SIZE, _SKIN[fitzpatrick]), Random(seed)
    layer = Image.new("L", SIZE, 0)
    pen = ImageDraw.Draw(layer)
    for _ in range(round(26 * strength)):
        x, y, radius = random.randrange(120, 780), random.randrange(150, 1050), random.randrange(14, 44)
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=random.randrange(110, 200))
    image.paste(Image.new("RGB", SIZE, _MARKS[symptom]), mask=layer.filter(ImageFilter.GaussianBlur(11)))
    word = ImageDraw.Draw(image)
    for y in range(60, SIZE[1], 380):
        word.text(
            (SIZE[0] // 2, y), "SYNTHETIC", fill="white", anchor="mm", font_size=64, stroke_width=3, stroke_fill="black"
        )
    written = BytesIO()
    image.save(written, "JPEG", quality=85)
    return written.getvalue()


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
    indication: str = ""
    """Empty: the first of the device's uses."""
    done: str = ""
    """How far the demo's clinician has come with the case: a state of it; empty: nobody has taken it."""
    photos: tuple[tuple[int, str, float], ...] = ()
    """Recovery day, symptom and how much of it a drawn picture shows; the clinic took them at visits."""
    before: Mapping[str, Any] = field(default_factory=dict)
    """Answers sent a day before ``wanted``."""
    is_withdrawn: bool = False
    """The patient has taken the report back half an hour later."""


CO2 = {"pulse_energy_mj": 30, "density_pct": 12, "passes": 1}
HEAVY_CO2 = {"pulse_energy_mj": 34, "density_pct": 24, "passes": 2}
FRAX = {"pulse_energy_mj": 14, "density_mtz_cm2": 190, "passes": 6}
IPL = {"fluence_j_cm2": 20, "pulse_width_ms": 4, "passes": 1}
SCENES = (
    Scene(3, "CO2-1", ("cheeks", "around_eyes"), CO2, 4, {}),
    Scene(
        5,
        "CO2-2",
        ("cheeks",),
        HEAVY_CO2,
        3,
        {
            "symptoms": ["infection", "infection_pus"],
            "severity_infection": "2",
            "how_soon": "wait_worried",
        },
        6,
        done="closed",
        photos=((1, "swelling", 0.6), (4, "infection", 0.5)),
    ),
    Scene(
        30,
        "CO2-2",
        ("cheeks",),
        HEAVY_CO2,
        5,
        {"symptoms": ["hyperpigmentation"], "severity_hyperpigmentation": "2"},
        20,
        photos=((1, "swelling", 0.5), (7, "hyperpigmentation", 0.2), (28, "hyperpigmentation", 0.8)),
    ),
    Scene(
        2,
        "ALEX-1",
        ("lower_legs",),
        {"fluence_j_cm2": 15, "spot_size_mm": 15, "pulse_width_ms": 3},
        3,
        {"symptoms": ["bumps"], "severity_bumps": "1"},
        5,
    ),
    Scene(4, "FRAX-1", ("full_face",), FRAX, 2, NO_PROBLEMS, 3),
    Scene(
        3,
        "ALEX-1",
        ("lower_legs",),
        {"fluence_j_cm2": 24, "spot_size_mm": 15, "pulse_width_ms": 3},
        4,
        {
            "symptoms": ["burning", "blister"],
            "severity_burning": "2/3",
            "how_soon": "soon_worried",
        },
        2,
    ),
    Scene(
        12,
        "CO2-2",
        ("neck",),
        HEAVY_CO2,
        2,
        {"symptoms": ["scarring"], "severity_scarring": "2", "follow_ups_scarring": ["scarring_firm_band"]},
        20,
        done="acknowledged",
        before={"symptoms": ["scarring"], "severity_scarring": "1"},
    ),
    Scene(
        1,
        "FRAX-1",
        ("full_face",),
        FRAX,
        4,
        {"symptoms": ["swelling", "swelling_breathing"], "severity_swelling": "3"},
        9,
        done="contacted",
    ),
    Scene(
        25,
        "IPL-1",
        ("cheeks",),
        IPL,
        3,
        {"symptoms": ["hyperpigmentation"], "severity_hyperpigmentation": "1"},
        7,
        "pigment",
        is_withdrawn=True,
    ),
    Scene(12, "FRAX-1", ("cheeks",), FRAX, 5, {"symptoms": ["bumps"], "severity_bumps": "2"}, 96),
    Scene(9, "IPL-1", ("chest",), IPL, 2, {"symptoms": ["swelling"], "severity_swelling": "2"}, 30, done="outcome"),
    Scene(
        6,
        "PEN-1",
        ("cheeks",),
        {},
        3,
        {"symptoms": ["something_else"], "follow_ups_other": ["itch_strong", "new_product"]},
        16,
    ),
    Scene(
        9,
        "RF-1",
        ("jawline",),
        {"energy_per_pin_mj": 46, "needle_depth_mm": 1.5, "passes": 2},
        5,
        {"symptoms": ["something_else"], "follow_ups_other": ["tip_marks"]},
        10,
        indication="laxity",
    ),
)
"""Played in this order; the first has no check-in yet: it is the one to try. Together they show every badge."""


_MACHINES = {machine.code: machine for machine in MACHINES}


def answers_for(context: Any, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Walk the questions of ``context`` and give ``wanted`` answers; elsewhere the mildest one offered."""
    given: dict[str, Any] = {}
    while (question := next_question(given, context)) is not None:
        if question.id in wanted:
            mildest: Any = wanted[question.id]
        elif question.kind == "grades":
            mildest = "0/1"
        elif question.kind == "multiple":
            mildest = [(question.exclusive or question.options)[0].value]
        else:
            mildest = question.options[0].value
        given = answered(given, question.id, mildest, context)
    return answered(given, "note", wanted["note"], context) if wanted.get("note") else given


def _add(scene: Scene, number: int, clinic_id: int, devices: dict[str, int], operator: int) -> tuple[int, int]:
    machine = _MACHINES[scene.device]
    indication = scene.indication or machine.uses[0].indication
    performed = clock.today("Europe/London") - timedelta(days=scene.days_ago)
    with transaction() as session:
        patient = add_one(
            session,
            Patient,
            clinic_id=clinic_id,
            reference=f"DEMO-NOW-{number}",
            year_of_birth=1980 + number,
            fitzpatrick=scene.fitzpatrick,
            pigmentation_history=False,
            language="en",
            timezone="",
            created_at=clock.now(),
        )
        treatment = add_one(
            session,
            Treatment,
            clinic_id=clinic_id,
            patient_id=patient,
            reference=f"DEMO-NOW-T{number}",
            performed_on=performed,
            operator_id=operator,
            device_id=devices[scene.device],
            procedure_class=machine.procedure_class(scene.areas[0], indication),
            session_number=1,
            source="demo",
            created_at=clock.now(),
        )
        for area in scene.areas:
            add_one(
                session,
                TreatedArea,
                treatment_id=treatment,
                clinic_id=clinic_id,
                area=area,
                pass_group=1,
                indication=indication,
                outside_typical=[],
                **scene.settings,
            )
        recompute(session, [treatment])
        audit.write(
            session, Actor(kind="system", label="system"), "demo.filled", "treatment", treatment, clinic_id=clinic_id
        )
    return patient, treatment


def play(clinic_id: int, _patients: list[int], devices: dict[str, int], operators: list[int]) -> None:
    """Add the scenes: their treatments, and their check-ins as the patients would have sent them."""
    for number, scene in enumerate(SCENES, start=1):
        patient, treatment = _add(scene, number, clinic_id, devices, operators[number % len(operators)])
        _take_photos(scene, treatment)
        if not scene.wanted:
            continue
        by = Actor(kind="patient", id=patient, clinic_id=clinic_id, label="synthetic patient", treatment_id=treatment)
        _report(by, treatment, scene)


def _report(by: Actor, treatment: int, scene: Scene) -> None:
    """What the patient sent, and what the clinic has done about it since."""
    sent = clock.now() - timedelta(hours=scene.sent_hours_ago)
    if scene.before:
        _send(by, treatment, scene.before, sent - timedelta(days=1))
    receipt = _send(by, treatment, scene.wanted, sent)
    if scene.is_withdrawn:
        with clock.fixed(sent + timedelta(minutes=30)):
            withdraw_check_in(by=by, check_in_id=receipt.check_in_id, reason="mistake")
    if scene.done and receipt.case_id is not None:
        with clock.fixed(sent + timedelta(hours=1)):
            _handle(receipt.case_id, 2 if scene.before else 1, scene.done)


def _send(by: Actor, treatment: int, wanted: Mapping[str, Any], at: datetime) -> Receipt:
    with clock.fixed(at):
        with reading() as session:
            about = check_ins.subject(session, treatment)
            assert about is not None
            context = check_ins.context(session, about, at)
        return submit_check_in(
            by=by,
            treatment_id=treatment,
            answers=answers_for(context, wanted),
            submission_key=f"demo-{treatment}-{at:%d%H%M}",
            source="demo",
        )


def _clinician() -> Actor:
    with reading() as session:
        account = next(one for one in demo_staff(session) if one.role == "clinician")
    return Actor(kind="staff", id=account.id, clinic_id=account.clinic_id, role="clinician", label=account.display_name)


def _take_photos(scene: Scene, treatment: int) -> None:
    for number, (day, symptom, strength) in enumerate(scene.photos):
        taken_at = clock.now() - timedelta(days=scene.days_ago - day)
        with clock.fixed(taken_at):
            add_photo(
                by=_clinician(),
                treatment_id=treatment,
                taken_at=taken_at,
                submission_key=f"demo-{treatment}-{number}",
                data=drawn(scene.fitzpatrick, symptom, strength, seed=scene.fitzpatrick),
            )


def _handle(case_id: int, version: int, done: str) -> None:
    """Take the case through its steps as far as ``done``, as the clinic would."""
    by, states = _clinician(), list(STATE_WORDS)
    version = act_cases.acknowledge(by=by, case_id=case_id, version=version)
    if states.index(done) >= states.index("contacted"):
        version = act_cases.record_contact(
            by=by,
            case_id=case_id,
            version=version,
            action_taken="referral" if done == "contacted" else "prescription",
            note="Synthetic: called the patient.",
        )
    if states.index(done) >= states.index("outcome"):
        term = "Skin infection" if done == "closed" else "Edema face"
        version = act_cases.record_outcome(
            by=by, case_id=case_id, version=version, confirmation="confirmed", term=term, grade=2
        )
    if done == "closed":
        act_cases.close(by=by, case_id=case_id, version=version)
