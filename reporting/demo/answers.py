"""What a synthetic patient feels from day to day, and says of it in each check-in.

Healing rises at once and fades, each patient at an own pace and never above the expected course; what goes wrong
stands above it while it lasts. Lines of the lists are ticked by those whom they concern.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from reporting.demo.profile import Happening
from reporting.domain.content import content
from reporting.domain.course import due_from, expected_severity
from reporting.domain.questionnaire import CheckInContext, changes_advice
from reporting.domain.vocabulary import SYMPTOMS

RESPONSE = (0.86, 0.62)
"""Chance to answer the first and the last check-in of a schedule (ERAS and QoR-40 report 65 to 76 %)."""
WITH_TROUBLE = 0.93
"""Chance to answer while something acute is wrong: who has something to tell tells it. Our estimate."""
ACUTE = frozenset({"infection", "burning", "swelling", ""})
MORE = ((1, 2, 3), (0.62, 0.32, 0.06))
"""By how many grades it goes beyond the expected course, and how often. Our estimate."""
UNSURE = 0.05
"""Share of ticks that are *not sure*. Our estimate."""
WORRIED, CANNOT_WAIT = (0.01, 0.08, 0.2, 0.4), (0.001, 0.01, 0.05, 0.2)
"""Share that is worried, and that cannot wait, by grades beyond the expected course. Our estimate."""


@dataclass(frozen=True)
class Bout:
    """One thing that happened to one patient, from its first to its last recovery day.

    ``grade``: how bad it is at its worst; of what went wrong, by how much it goes beyond the expected course.
    """

    of: Happening
    first: int
    last: int
    grade: float
    ticks: tuple[str, ...] = ()

    def since(self, previous: int | None, day: int) -> bool:
        """Whether it was there on ``day`` or on a day after the last answer."""
        return self.first <= day and self.last > (-1 if previous is None else previous)


@dataclass(frozen=True)
class Told:
    """What one check-in says: the worst of each symptom since the last answer, how it is now, and the lists."""

    worst: dict[str, int]
    now: dict[str, int]
    follow_up: dict[str, str]
    minute: int = 0
    """Minute of the day at which it was sent."""
    worried: bool = False
    can_wait: bool | None = None


@dataclass(frozen=True)
class Felt:
    """Grade of each symptom by recovery day, 0 to 4; ``worst`` of the day, ``now`` in the hour of an answer."""

    worst: dict[str, NDArray[np.int8]] = field(default_factory=dict)
    now: dict[str, NDArray[np.int8]] = field(default_factory=dict)


def bout(rng: Generator, of: Happening, procedure_class: str) -> Bout:
    """One patient's own course of what happens."""
    from_day, mode, to_day = of.onset
    first = (
        from_day if from_day == to_day else int(np.clip(round(rng.triangular(from_day, mode, to_day)), *of.onset[::2]))
    )
    shortest, longest = of.lasts
    length = round(rng.triangular(shortest, shortest + (longest - shortest) / 3, longest)) if longest else 0
    if not of.is_usual:
        more = int(rng.choice(MORE[0], p=MORE[1]))
        return Bout(of, first, first + length, more, tuple(key for key, p in of.ticks.items() if rng.random() < p))
    most = max(expected_severity(procedure_class, of.symptom, day) for day in range(first, first + length + 1))
    return Bout(of, first, first + length, float(rng.uniform(0.8, most + 0.4)))


def felt(bouts: Sequence[Bout], procedure_class: str, until: int) -> Felt:
    """What the bouts together feel like on each recovery day up to ``until``."""
    found = Felt()
    for symptom in SYMPTOMS:
        own = [each for each in bouts if each.of.symptom == symptom]
        if not own:
            continue
        worst, now = np.zeros(until + 1, dtype=np.int8), np.zeros(until + 1, dtype=np.int8)
        for each in own:
            for day in range(each.first, min(each.last, until) + 1):
                of_day, in_hour = _grades(each, day, expected_severity(procedure_class, symptom, day))
                worst[day], now[day] = max(worst[day], of_day), max(now[day], in_hour)
        found.worst[symptom], found.now[symptom] = worst, now
    return found


def _grades(of: Bout, day: int, expected: int) -> tuple[int, int]:
    """Worst of a day, and as it is when the patient answers: eased in the second half of what went wrong."""
    passed = (day - of.first) / (of.last - of.first + 1)
    if of.of.is_usual:
        grade = min(expected, max(1, round(of.grade * (1 - passed))))
        return grade, grade
    worst = min(4, expected + round(of.grade))
    return worst, max(min(4, expected + 1), worst - 1) if passed > 0.5 else worst


@cache
def _context(procedure_class: str, day: int) -> CheckInContext:
    return CheckInContext(procedure_class, day)


@cache
def _first_page(procedure_class: str, day: int) -> frozenset[str]:
    """Lines that everybody is shown on the first page."""
    lines = content().follow_ups.values()
    return frozenset(
        x.key for x in lines if "first" in x.shown_for and changes_advice(x, _context(procedure_class, day))
    )


@cache
def _checklist(procedure_class: str, day: int, symptom: str, worst: int) -> tuple[str, ...]:
    """Lines that are asked of a symptom; without one, those behind *something else*."""
    context, found = _context(procedure_class, day), []
    for line in content().follow_ups.values():
        lowest = line.lowest_severity(symptom) if symptom else 0 if "other" in line.shown_for else None
        if lowest is not None and worst >= lowest and changes_advice(line, context):
            found.append(line.key)
    return tuple(found)


def lists(
    procedure_class: str, day: int, worst: Mapping[str, int], lines: Collection[str], unsure: Collection[str] = ()
) -> dict[str, str]:
    """The lists as stored: lines of the first page that were ticked, and every line of the others with yes or no."""
    words = {key: "not_sure" if key in unsure else "yes" for key in lines}
    found = {key: words[key] for key in words if key in _first_page(procedure_class, day)}
    for symptom in (code for code in SYMPTOMS if worst[code]):
        asked = _checklist(procedure_class, day, symptom, worst[symptom])
        found |= {key: words.get(key, "no") for key in asked}
    rest = _checklist(procedure_class, day, "", 0)
    if any(key in rest and key not in found for key in words):
        found |= {key: words.get(key, "no") for key in rest}
    return found


def _minute(rng: Generator, from_hour: int) -> int:
    """People answer over breakfast, at midday and most of all in the evening, once they are asked. Our estimate."""
    start, end = ((450, 600), (720, 840), (1020, 1320))[int(rng.choice(3, p=(0.35, 0.2, 0.45)))]
    return int(rng.integers(start, end)) if start >= 60 * from_hour else int(rng.integers(60 * from_hour, 1380))


def _told(
    rng: Generator, procedure_class: str, day: int, previous: int | None, feels: Felt, wrong: Sequence[Bout]
) -> Told:
    since = slice(0 if previous is None else previous + 1, day + 1)
    now = {symptom: int(feels.now[symptom][day]) if symptom in feels.now else 0 for symptom in SYMPTOMS}
    worst = {symptom: int(feels.worst[symptom][since].max()) if symptom in feels.worst else 0 for symptom in SYMPTOMS}
    active = [each for each in wrong if each.since(previous, day)]
    lines = dict.fromkeys(key for each in active for key in each.ticks)
    follow_up = lists(procedure_class, day, worst, lines, [key for key in lines if rng.random() < UNSURE])
    minute = _minute(rng, due_from(procedure_class, day).hour)
    if not any(worst.values()) and set(follow_up.values()) <= {"no"}:
        return Told(worst, now, {}, minute)
    beyond = min(3, max((round(each.grade) for each in active), default=0))
    worried, waits = rng.random() < WORRIED[beyond], rng.random() >= CANNOT_WAIT[beyond]
    return Told(worst, now, follow_up, minute, bool(worried), bool(waits))


def answers(rng: Generator, procedure_class: str, days: Sequence[int], bouts: Sequence[Bout]) -> dict[int, Told]:
    """The check-ins that were answered, by recovery day; ``days`` are those on which one was due, rising."""
    keen, given, previous = rng.normal(0, 0.8), dict[int, Told](), None
    feels = felt(bouts, procedure_class, max(days, default=0))
    wrong = [each for each in bouts if not each.of.is_usual]
    acute = [each for each in wrong if each.of.symptom in ACUTE]
    for position, day in enumerate(days):
        share = RESPONSE[0] + (RESPONSE[1] - RESPONSE[0]) * position / max(1, len(days) - 1)
        chance = 1 / (1 + np.exp(-(np.log(share / (1 - share)) + keen)))
        if any(each.since(previous, day) for each in acute):
            chance = max(chance, WITH_TROUBLE)
        if rng.random() < chance:
            given[day] = _told(rng, procedure_class, day, previous, feels, wrong)
            previous = day
    return given
