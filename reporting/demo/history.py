"""Two years of a synthetic clinic, drawn from a seed: patients, treatments with settings, answers by day.

Nothing here is a real person. What happens to them, how often and when, is drawn from ``profile``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.random import Generator

from reporting.demo.answers import Bout, Told, answers, bout
from reporting.demo.machines import MACHINES, Machine, chosen_settings, log_dose
from reporting.demo.profile import profile
from reporting.domain.course import due_days
from reporting.domain.treatment_record import VisitFacts

DAYS = 730
APART_DAYS = 27
"""A patient comes again after so many days at the earliest. Our estimate: sessions are four weeks apart or more."""
RISK_PER_LOG_DOSE = 2.2
"""Log odds of harm per log of dose over the usual one. Our estimate; only the direction is published."""
KNOWN_RISKS = {("is_tanned", "pih"): 0.7, ("keloid_history", "scar"): 1.1, ("is_immunosuppressed", "bacterial"): 0.9}
"""Extra log odds of what goes wrong where it is known of the patient. Our estimate; only the direction is published."""
SKIN_SHARES = (0.06, 0.24, 0.30, 0.22, 0.12, 0.06)
HISTORIES = {"herpes_history": 0.2, "keloid_history": 0.03, "eczema_history": 0.08, "is_immunosuppressed": 0.02}
"""Share of patients with it. Our estimate."""
LIVES_ALONE, TANNED = 0.15, 0.04
ISOTRETINOIN = (0.04, (7, 30))
"""Share of treatments of acne scars after isotretinoin, and how many months after: clinics wait for six."""


@dataclass(frozen=True)
class Person:
    """A synthetic patient."""

    reference: str
    year_of_birth: int
    fitzpatrick: int
    pigmentation_history: bool
    known: VisitFacts


@dataclass(frozen=True)
class Visit:
    """One treatment: whose, when, on what, with which settings, what came of it, and the answers by scheduled day."""

    person: int
    reference: str
    performed_on: date
    machine: Machine
    operator: int
    area: str
    indication: str
    settings: dict[str, float]
    known: VisitFacts
    bouts: tuple[Bout, ...]
    answers: dict[int, Told]
    session_number: int

    @property
    def procedure_class(self) -> str:
        """As the device proposes it for what it was used on."""
        return self.machine.procedure_class(self.area, self.indication)


def people(rng: Generator, count: int, today: date) -> list[Person]:
    """``count`` synthetic patients."""
    skin = rng.choice(6, size=count, p=SKIN_SHARES) + 1
    ages = rng.integers(19, 72, size=count)
    spots, alone = rng.random(count) < 0.15, rng.random(count) < LIVES_ALONE
    histories = {name: rng.random(count) < share for name, share in HISTORIES.items()}
    return [
        Person(
            f"DEMO-{i + 1:05d}",
            today.year - int(ages[i]),
            int(skin[i]),
            bool(spots[i]),
            VisitFacts(lives_alone=bool(alone[i]), **{name: bool(given[i]) for name, given in histories.items()}),
        )
        for i in range(count)
    ]


def _usual_machines(rng: Generator, everyone: Sequence[Person]) -> list[Machine]:
    """The device on which each patient is treated: one that suits the skin."""
    chances = np.array([[machine.share * machine.skin[skin] for machine in MACHINES] for skin in range(6)])
    chances /= chances.sum(axis=1, keepdims=True)
    return [MACHINES[int(rng.choice(len(MACHINES), p=chances[person.fitzpatrick - 1]))] for person in everyone]


def _known(rng: Generator, person: Person, indication: str) -> VisitFacts:
    """What is known before this visit: histories stay, a tan and a medicine are asked anew."""
    tanned, medicine, months = rng.random() < TANNED, rng.random(), int(rng.integers(*ISOTRETINOIN[1]))
    took = indication == "acne_scars" and medicine < ISOTRETINOIN[0]
    return VisitFacts(
        **{
            **vars(person.known),
            "is_tanned": bool(tanned),
            "is_pregnant": False,
            "isotretinoin_months_ago": months if took else None,
        }
    )


def _bouts(rng: Generator, visit: tuple[Machine, str, Person, dict[str, float], VisitFacts]) -> tuple[Bout, ...]:
    """What belongs to healing and what goes wrong, the likelier the more of the main setting was given."""
    machine, procedure_class, person, settings, known = visit
    dose, found = RISK_PER_LOG_DOSE * log_dose(machine, person.fitzpatrick, settings), []
    happenings = profile()[machine.device_class]
    for row, drawn in zip(happenings, rng.random(len(happenings)), strict=True):
        share = row.share(person.fitzpatrick)
        if not row.is_usual:
            risks = (
                more for (fact, happens), more in KNOWN_RISKS.items() if happens == row.happens and getattr(known, fact)
            )
            odds = share / (1 - share) * float(np.exp((dose if row.symptom else 0) + sum(risks)))
            share = odds / (1 + odds)
        if drawn < share:
            found.append(bout(rng, row, procedure_class))
    return tuple(found)


def _known_risk(known: VisitFacts, happens: str) -> float:
    """Extra log odds by what is known of the patient."""
    return sum(more for (fact, of), more in KNOWN_RISKS.items() if of == happens and getattr(known, fact))


def visits(seed: int, treatments: int, today: date) -> tuple[list[Person], list[Visit]]:
    """Patients and their treatments over the two years before ``today``, oldest first."""
    rng = np.random.default_rng(seed)
    everyone = people(rng, max(1, round(treatments / 2.4)), today)
    machines = _usual_machines(rng, everyone)
    days_ago = np.sort(rng.integers(1, DAYS, size=treatments))[::-1]
    chosen, sessions, seen = [], np.zeros(len(everyone), dtype=int), dict[int, int]()
    for number, ago in enumerate(int(day) for day in days_ago):
        who = _who(rng, len(everyone), seen, ago)
        seen[who], sessions[who] = ago, sessions[who] + 1
        drawn = _drawn(rng, everyone[who], machines[who], ago, today)
        session, reference = int(sessions[who]), f"DEMO-T{number + 1:07d}"
        chosen.append(Visit(person=who, reference=reference, machine=machines[who], session_number=session, **drawn))
    return everyone, chosen


def _who(rng: Generator, count: int, seen: dict[int, int], ago: int) -> int:
    """A patient who was not treated in the last weeks; anybody where few are left."""
    for _ in range(20):
        who = int(rng.integers(count))
        if seen.get(who, ago + DAYS) - ago > APART_DAYS:
            break
    return who


def _drawn(rng: Generator, person: Person, machine: Machine, ago: int, today: date) -> dict[str, Any]:
    """What is drawn of one treatment, by field of ``Visit``."""
    operator, performed = int(rng.integers(3)), today - timedelta(days=ago)
    use = machine.uses[int(rng.choice(len(machine.uses), p=[use.share for use in machine.uses]))]
    area = str(rng.choice(use.areas))
    settings, known = (
        chosen_settings(rng, machine, person.fitzpatrick, operator, ago),
        _known(rng, person, use.indication),
    )
    procedure_class = machine.procedure_class(area, use.indication)
    bouts = _bouts(rng, (machine, procedure_class, person, settings, known))
    due = [day for day in due_days(procedure_class, performed) if performed + timedelta(days=day) < today]
    return {
        "performed_on": performed,
        "operator": operator,
        "area": area,
        "indication": use.indication,
        "settings": settings,
        "known": known,
        "bouts": bouts,
        "answers": answers(rng, procedure_class, due, bouts),
    }
