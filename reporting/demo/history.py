"""Two years of a synthetic clinic, drawn from a seed: patients, treatments with settings, answers by day.

Nothing here is a real person. Darker skin gets gentler settings, as careful operators do; the density of
one device crept up ten months ago and stayed there, and with it the harm that the dashboards should find.

How often things go wrong in the demo clinic: published incidences, each with its source, from ``data/``.
"""

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import numpy as np
from numpy.random import Generator

from reporting.domain.content import content
from reporting.domain.course import due_days, expected_severity, expected_since
from reporting.domain.devices import device_classes
from reporting.domain.questionnaire import CheckInContext, changes_advice
from reporting.domain.vocabulary import SYMPTOMS
from reporting.settings import ROOT


@dataclass(frozen=True)
class Incidence:
    """Share of treatments after which a symptom goes beyond what is expected, and when it begins (days)."""

    device_class: str
    symptom: str
    per_treatment: float
    onset_from_day: int
    onset_to_day: int
    source: str


def incidences(path: Path = ROOT / "data" / "demo_profile.csv") -> dict[tuple[str, str], Incidence]:
    """Incidence by (device class, symptom)."""
    with path.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    return {
        (row["device_class"], row["symptom"]): Incidence(
            device_class=row["device_class"],
            symptom=row["symptom"],
            per_treatment=float(row["incidence_per_treatment"]),
            onset_from_day=int(row["onset_from_day"]),
            onset_to_day=int(row["onset_to_day"]),
            source=row["source"],
        )
        for row in rows
    }


DAYS = 730
CREEP_DAYS = 300
"""How long ago the density of the one device began to creep up."""
RAMP_DAYS = 120
"""How long it crept; since then it has stayed up."""
CREEP = 0.5
"""Rise of its density at the end, as a share of its usual density."""
RISK_PER_LOG_DOSE = 2.2
"""Log odds of harm per log of dose over the usual one. Our estimate; only the direction is published."""
DARK_SKIN_LOG_ODDS = {"hyperpigmentation": 0.9}
"""Extra log odds for Fitzpatrick IV to VI (Graber 2008: more hyperpigmentation in darker skin; size ours)."""
RESPONSE = (0.86, 0.62)
"""Chance to answer the first and the last check-in of a schedule (ERAS and QoR-40 report 65 to 76 %)."""


@dataclass(frozen=True)
class Machine:
    """A device of the demo clinic with the settings usually chosen on it."""

    code: str
    device_class: str
    model: str
    share: float
    settings: dict[str, float]
    areas: tuple[str, ...]
    indications: tuple[str, ...]
    creeps: bool = False

    @property
    def procedure_class(self) -> str:
        """That of its device class in the content tables."""
        return device_classes()[self.device_class].procedure_class


MACHINES = (
    Machine(
        "CO2-1",
        "frac_ablative_co2",
        "Demo CO2 A",
        0.20,
        {"pulse_energy_mj": 30, "density_pct": 12, "passes": 1},
        ("cheeks", "full_face", "around_mouth"),
        ("acne_scars", "wrinkles"),
    ),
    Machine(
        "CO2-2",
        "frac_ablative_co2",
        "Demo CO2 A",
        0.20,
        {"pulse_energy_mj": 30, "density_pct": 12, "passes": 1},
        ("cheeks", "full_face", "around_mouth"),
        ("acne_scars", "wrinkles"),
        creeps=True,
    ),
    Machine(
        "FRAX-1",
        "frac_nonablative_1550",
        "Demo 1550",
        0.22,
        {"pulse_energy_mj": 14, "density_mtz_cm2": 190, "passes": 6},
        ("cheeks", "full_face", "neck"),
        ("acne_scars", "wrinkles"),
    ),
    Machine(
        "ALEX-1",
        "alexandrite_755_long_pulse",
        "Demo 755",
        0.22,
        {"fluence_j_cm2": 14, "spot_size_mm": 15, "pulse_width_ms": 3},
        ("lower_legs", "underarms", "bikini"),
        ("hair_removal",),
    ),
    Machine(
        "IPL-1",
        "ipl",
        "Demo IPL",
        0.16,
        {"fluence_j_cm2": 20, "pulse_width_ms": 4, "passes": 1},
        ("full_face", "cheeks", "chest"),
        ("vascular", "hair_removal"),
    ),
)
MAIN_SETTING = {
    "frac_ablative_co2": "density_pct",
    "frac_nonablative_1550": "density_mtz_cm2",
    "alexandrite_755_long_pulse": "fluence_j_cm2",
    "ipl": "fluence_j_cm2",
}
SKIN_SHARES = (0.06, 0.24, 0.30, 0.22, 0.12, 0.06)


@dataclass(frozen=True)
class Person:
    """A synthetic patient."""

    reference: str
    year_of_birth: int
    fitzpatrick: int
    pigmentation_history: bool
    herpes_history: bool


@dataclass(frozen=True)
class Told:
    """What one check-in says: the worst of each symptom since the last answer, how it is now, and the checklists."""

    worst: dict[str, int]
    now: dict[str, int]
    follow_up: dict[str, str]


@dataclass(frozen=True)
class Visit:
    """One treatment: whose, when, on what, with which settings, and the answers by scheduled day."""

    person: int
    reference: str
    performed_on: date
    machine: Machine
    operator: int
    area: str
    indication: str
    settings: dict[str, float]
    answers: dict[int, Told]
    session_number: int


def people(rng: Generator, count: int, today: date) -> list[Person]:
    """``count`` synthetic patients."""
    skin = rng.choice(6, size=count, p=SKIN_SHARES) + 1
    ages = rng.integers(19, 72, size=count)
    spots, herpes = rng.random(count) < 0.15, rng.random(count) < 0.2
    return [
        Person(f"DEMO-{i + 1:05d}", today.year - int(ages[i]), int(skin[i]), bool(spots[i]), bool(herpes[i]))
        for i in range(count)
    ]


def _settings(rng: Generator, machine: Machine, person: Person, operator: int, days_ago: int) -> dict[str, float]:
    gentler = 0.88 if person.fitzpatrick >= 5 else 0.94 if person.fitzpatrick == 4 else 1.0
    main = MAIN_SETTING[machine.device_class]
    habit = 1 + 0.03 * (operator - 1)
    chosen = {}
    for name, usual in machine.settings.items():
        if name in ("passes", "spot_size_mm"):
            chosen[name] = float(usual)
            continue
        value = usual * float(np.exp(rng.normal(0, 0.08)))
        if name == "pulse_width_ms":  # set in steps on the device
            value = usual
        if name == main:
            value *= gentler * habit * (1 + _creep(machine, days_ago))
        chosen[name] = float(f"{value:.3g}")
    return chosen


def _creep(machine: Machine, days_ago: int) -> float:
    if not machine.creeps or days_ago >= CREEP_DAYS:
        return 0.0
    return CREEP * min(1.0, (CREEP_DAYS - days_ago) / RAMP_DAYS)


def _log_odds_shift(machine: Machine, person: Person, settings: dict[str, float], symptom: str) -> float:
    main = MAIN_SETTING[machine.device_class]
    dose = float(np.log(settings[main] / machine.settings[main]))
    dark = DARK_SKIN_LOG_ODDS.get(symptom, 0.0) if person.fitzpatrick >= 4 else 0.0
    return RISK_PER_LOG_DOSE * dose + dark - 0.4 * DARK_SKIN_LOG_ODDS.get(symptom, 0.0)


def _onsets(
    rng: Generator, profile: dict[tuple[str, str], Incidence], visit: tuple[Machine, Person, dict[str, float]]
) -> dict[str, tuple[int, int, int]]:
    """Symptom to (first day, last day, severity) of what goes beyond the expected course."""
    machine, person, settings = visit
    found = {}
    for symptom in SYMPTOMS:
        usual = profile[machine.device_class, symptom]
        odds = usual.per_treatment / (1 - usual.per_treatment)
        odds *= float(np.exp(_log_odds_shift(machine, person, settings, symptom)))
        if rng.random() < odds / (1 + odds):
            start = int(rng.integers(usual.onset_from_day, usual.onset_to_day + 1))
            length = int(rng.integers(3, 9)) if usual.onset_to_day < 30 else int(rng.integers(30, 90))
            found[symptom] = (start, start + length, int(rng.choice((1, 2, 3), p=(0.3, 0.5, 0.2))))
    return found


def _answer(
    rng: Generator, procedure_class: str, day: int, previous: int | None, onsets: dict[str, tuple[int, int, int]]
) -> Told:
    """The expected course, or more where something went wrong since the last answer; less now where it has eased."""
    answer = Told({}, {}, {})
    for symptom in SYMPTOMS:
        usual = expected_severity(procedure_class, symptom, day)
        worst = now = int(rng.integers(0, usual + 1)) if usual else 0
        start, end, extra = onsets.get(symptom, (9999, 0, 0))
        if start <= day < end:
            worst = now = min(4, usual + extra)
            if 2 * (day - start) > end - start:
                now = max(min(4, usual + 1), worst - 1)
            answer.follow_up.update(_checklist(procedure_class, symptom, day, worst))
        elif start <= day and end > (previous or 0):
            worst = min(4, expected_since(procedure_class, symptom, previous, day) + extra)
            now = min(usual, worst)
        elif usual < expected_severity(procedure_class, symptom, previous or 0):
            now = max(0, worst - 1)
        answer.worst[symptom], answer.now[symptom] = worst, now
    return answer


SEEN = {"infection": "pus_spots", "scarring": "scarring_firm_band", "hyperpigmentation": "hyperpigmentation_new_patch"}
"""The line of a symptom's checklist that is ticked from severity 2 on, where something went wrong."""


@cache
def _checklist(procedure_class: str, symptom: str, day: int, worst: int) -> dict[str, str]:
    """Every line that is asked of the symptom, with yes or no."""
    context = CheckInContext(procedure_class, day)
    asked = [
        line.key
        for line in content().follow_ups.values()
        if (lowest := line.lowest_severity(symptom)) is not None and worst >= lowest and changes_advice(line, context)
    ]
    return {key: "yes" if worst >= 2 and key == SEEN.get(symptom) else "no" for key in asked}


def _answers(
    rng: Generator, machine: Machine, performed: date, today: date, onsets: dict[str, tuple[int, int, int]]
) -> dict[int, Told]:
    days = [day for day in due_days(machine.procedure_class) if performed + timedelta(days=day) < today]
    keen, given, previous = rng.normal(0, 0.8), dict[int, Told](), None
    for position, day in enumerate(days):
        share = RESPONSE[0] + (RESPONSE[1] - RESPONSE[0]) * position / max(1, len(days) - 1)
        if rng.random() < 1 / (1 + np.exp(-(np.log(share / (1 - share)) + keen))):
            given[day] = _answer(rng, machine.procedure_class, day, previous, onsets)
            previous = day
    return given


def visits(seed: int, treatments: int, today: date) -> tuple[list[Person], list[Visit]]:
    """Patients and their treatments over the two years before ``today``, oldest first."""
    rng = np.random.default_rng(seed)
    profile = incidences()
    everyone = people(rng, max(1, round(treatments / 2.4)), today)
    shares = np.array([machine.share for machine in MACHINES])
    days_ago = np.sort(rng.integers(1, DAYS, size=treatments))[::-1]
    usual_machine = rng.choice(len(MACHINES), size=len(everyone), p=shares / shares.sum())
    chosen, sessions = [], np.zeros(len(everyone), dtype=int)
    for number, ago in enumerate(days_ago):
        who = int(rng.integers(len(everyone)))
        person, machine, operator = everyone[who], MACHINES[usual_machine[who]], int(rng.integers(3))
        settings = _settings(rng, machine, person, operator, int(ago))
        performed = today - timedelta(days=int(ago))
        onsets = _onsets(rng, profile, (machine, person, settings))
        sessions[who] += 1
        chosen.append(
            Visit(
                person=who,
                reference=f"DEMO-T{number + 1:07d}",
                performed_on=performed,
                machine=machine,
                operator=operator,
                area=str(rng.choice(machine.areas)),
                indication=str(rng.choice(machine.indications)),
                settings=settings,
                answers=_answers(rng, machine, performed, today, onsets),
                session_number=int(sessions[who]),
            )
        )
    return everyone, chosen
