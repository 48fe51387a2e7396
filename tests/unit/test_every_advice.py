"""Advice over the whole answer space: every flag is an alert, and no worse answer is told something milder.

The space is walked in parts that together are all of it. A rule looks at the day and the procedure only through
whether it may fire and what is expected (``places``), and at one symptom, one checklist line or one given answer
(``test_rules_do_not_look_at_each_other``); advice is the hardest of what fired. So every symptom is walked whole,
in every place: severities, all ways to fill its checklist, all earlier severities, all answers to how soon.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations

import pytest

from reporting.domain.answers import Question
from reporting.domain.content import content
from reporting.domain.content_rows import ADVICE_LEVELS, CASE_LEVELS, SYMPTOMS
from reporting.domain.course import expected_severity
from reporting.domain.guidance import interruption, warned
from reporting.domain.questionnaire import (
    HOW_SOON,
    CheckInContext,
    CompletedCheckIn,
    TreatedAreaRef,
    complete,
    could_fire,
    path,
)
from reporting.domain.triage import Assessment, assess

DAYS = range(401)
FACE = (TreatedAreaRef(1, "cheeks", "Cheeks"),)
LEG = (TreatedAreaRef(1, "lower_legs", "Lower legs"),)

# Written from the published red-flag table (clinical content, R1 to R10), not from the rules file:
# line of a checklist, answers that count, first day, classes (empty: all), least advice, least case.
SURE, UNSURE = frozenset({"yes"}), frozenset({"yes", "not_sure"})
INTACT = (
    *("nonablative_fractional", "nonablative_fractional_1927", "qs_pico", "ipl", "hair_removal", "vascular"),
    *("leg_vein", "focused_ultrasound", "cryolipolysis", "microneedling", "peel_superficial"),
)
FLAGS: tuple[tuple[str, frozenset[str], int, tuple[str, ...], str, str], ...] = (
    ("burning_eye_pain", SURE, 0, (), "emergency", "emergency"),
    ("burning_eye_pain", UNSURE, 0, (), "contact_today", "same_day"),
    ("swelling_breathing", SURE, 0, (), "emergency", "emergency"),
    ("swelling_breathing", UNSURE, 0, (), "contact_today", "same_day"),
    ("infection_fever", UNSURE, 0, (), "contact_today", "same_day"),
    ("infection_pus", UNSURE, 0, (), "contact_today", "same_day"),
    ("infection_spreading", UNSURE, 0, (), "contact_today", "same_day"),
    ("grouped_blisters", UNSURE, 0, (), "contact_today", "same_day"),
    ("burning_not_eased", SURE, 0, (), "contact_today", "same_day"),
    ("burning_getting_worse", SURE, 3, (), "contact_today", "same_day"),
    ("burning_skin_change", UNSURE, 0, (), "contact_today", "same_day"),
    ("swelling_eyes", UNSURE, 0, (), "contact_today", "same_day"),
    ("raw_not_closed", UNSURE, 0, INTACT, "contact_today", "same_day"),
    ("raw_not_closed", UNSURE, 10, (), "contact_today", "one_day"),
    ("scarring_firm_band", UNSURE, 14, (), "contact_today", "one_day"),
)


Flag = tuple[str, frozenset[str], int, tuple[str, ...], str, str]


def applies(flag: Flag, context: CheckInContext) -> bool:
    """Whether the published table counts the flag on that day after that procedure."""
    return context.recovery_day >= flag[2] and (not flag[3] or context.procedure_class in flag[3])


@cache
def places() -> tuple[CheckInContext, ...]:
    """One context for each different way in which class, day and skin matter to rules and questions."""
    found: dict[object, CheckInContext] = {}
    for name in content().procedure_classes:
        for day in DAYS:
            for fitzpatrick in (2, 5):
                context = CheckInContext(name, day, FACE, fitzpatrick)
                may_fire = tuple(could_fire(rule, context) for rule in content().rules)
                expected = tuple(expected_severity(name, symptom, day) for symptom in SYMPTOMS)
                wanted = tuple(flag for flag in FLAGS if applies(flag, context))
                found.setdefault((may_fire, expected, wanted), context)
    return tuple(found.values())


@dataclass(frozen=True)
class Way:
    """One way to report one symptom: severity and how its checklist was filled."""

    severity: int
    ticked: frozenset[str]
    done: CompletedCheckIn


def fillings(question: Question | None) -> Iterator[list[str]]:
    """Every answer that a checklist can be given."""
    if question is None:
        yield []
        return
    yield from ([option.value] for option in question.exclusive)
    values = [option.value for option in question.options]
    for count in range(1, len(values) + 1):
        yield from (list(chosen) for chosen in combinations(values, count))


@cache
def ways(symptom: str, place: int) -> tuple[Way, ...]:
    """Every way through the real flow to report this symptom alone in the place of that number."""
    return tuple(_ways(symptom, places()[place]))


def _ways(symptom: str, context: CheckInContext) -> Iterator[Way]:
    for severity in range(5):
        begun = {"symptoms": [symptom], f"severity_{symptom}": str(severity), "how_soon": "wait"}
        asked = {question.id: question for question in path(begun, context)}
        name = f"follow_ups_{symptom}"
        for filling in fillings(asked.get(name)):
            answers = begun | ({name: filling} if filling else {})
            yield Way(severity, frozenset(filling) - {"none"}, complete(answers, context))


def ranks(found: Assessment) -> tuple[int, int]:
    """Advice and case as numbers, milder first."""
    case = -1 if found.case_level is None else CASE_LEVELS.index(found.case_level)
    return ADVICE_LEVELS.index(found.advice), case


def flags_hold(done: CompletedCheckIn, context: CheckInContext, found: Assessment) -> int:
    """Every red flag in the answers is an alert with its advice; returns how many there were."""
    wanted = [flag[4:] for flag in FLAGS if done.follow_up.get(flag[0]) in flag[1] and applies(flag, context)]
    if max(done.severities.values()) == 4:
        wanted.append(("contact_today", "one_day"))
    if done.can_wait is False:
        wanted.append(("contact_today", "same_day"))
    if done.worried:
        wanted.append(("unusual", "one_day"))
    for advice, case in wanted:
        never_milder((ADVICE_LEVELS.index(advice), CASE_LEVELS.index(case)), ranks(found), (done, context))
    assert found.guidance.emergency == (found.advice == "emergency")
    assert found.guidance.phone_first == (found.advice in ("contact_today", "emergency"))
    assert (found.case_level is None) == (found.advice == "expected")
    return len(wanted)


def never_milder(mild: tuple[int, int], hard: tuple[int, int], what: object) -> None:
    assert hard[0] >= mild[0], what
    assert hard[1] >= mild[1], what


def worse_checklists(ticked: frozenset[str], offered: frozenset[str]) -> Iterator[frozenset[str]]:
    """The same checklist with one line a step worse: no, not sure, yes. Not sure is said of all lines at once."""
    if ticked == {"not_sure"}:
        yield offered
        return
    yield from (ticked | {line} for line in offered - ticked)
    if offered and not ticked:
        yield frozenset({"not_sure"})


Told = dict[tuple[int, frozenset[str]], tuple[int, int]]


def grows_with_severity_and_checklist(told: Told, offered: dict[int, frozenset[str]]) -> None:
    """A worse severity opens further lines, whose mildest answer is no: the same ticks are then no milder."""
    for (severity, ticked), mild in told.items():
        for worse in worse_checklists(ticked, offered[severity]):
            never_milder(mild, told[severity, worse], (severity, ticked, worse))
        if severity < 4:
            never_milder(mild, told[severity + 1, ticked], (severity, ticked))


@pytest.mark.parametrize("symptom", SYMPTOMS)
def test_every_way_to_report_a_symptom_everywhere(symptom: str) -> None:
    """Flags are alerts; worse severity, worse checklist and a worse change since last time are never told milder."""
    flags = 0
    for number, place in enumerate(places()):
        every = ways(symptom, number)
        offered = {way.severity: frozenset(way.done.follow_up) for way in every}
        last: Told = {}
        for previous in (None, 4, 3, 2, 1, 0):
            before = {} if previous is None else {symptom: previous}
            context = replace(place, first_check_in=previous is None, previous=before)
            told: Told = {}
            for way in every:
                found = assess(way.done, context)
                flags += flags_hold(way.done, context, found)
                assert not (found.unexpected[symptom] and found.advice == "expected"), (way, context)
                told[way.severity, way.ticked] = ranks(found)
            grows_with_severity_and_checklist(told, offered)
            for key, mild in last.items():
                never_milder(mild, told[key], (context, key, "a greater rise since the last check-in"))
            last = told
    assert flags > 0


@pytest.mark.parametrize("symptom", SYMPTOMS)
def test_needing_help_sooner_and_worry_reach_the_clinic_from_everywhere(symptom: str) -> None:
    """Every way to report a symptom with every answer to how soon: each alone raises advice and opens a case."""
    steps = (("wait", "wait_worried"), ("wait", "soon"), ("wait_worried", "soon_worried"), ("soon", "soon_worried"))
    for number, place in enumerate(places()):
        for way in ways(symptom, number):
            told = {}
            for name, (can_wait, worried) in HOW_SOON.items():
                done = replace(way.done, can_wait=can_wait, worried=worried)
                found = assess(done, place)
                flags_hold(done, place, found)
                told[name] = ranks(found)
            for mild, hard in steps:
                never_milder(told[mild], told[hard], (place, way, mild, hard))


def test_every_flag_can_be_told_on_some_path() -> None:
    """No red flag of the table is out of reach of the questions."""
    everywhere = (way for number in range(len(places())) for symptom in SYMPTOMS for way in ways(symptom, number))
    reached = {answer for way in everywhere for answer in way.done.follow_up.items()}
    assert {(flag[0], answer) for flag in FLAGS for answer in flag[1]} <= reached


@pytest.mark.parametrize("one", SYMPTOMS)
def test_rules_do_not_look_at_each_other(one: str) -> None:
    """Two symptoms reported together fire all that each fires alone: nothing is outvoted, nothing hides."""
    busiest = sorted(
        range(len(places())), key=lambda n: sum(could_fire(rule, places()[n]) for rule in content().rules)
    )[-3:]
    for number in busiest:
        context = replace(places()[number], first_check_in=False, previous=dict.fromkeys(SYMPTOMS, 1))
        mine, others = atoms(one, number, context), [name for name in SYMPTOMS if name != one]
        for way, alone in mine:
            for their, theirs in (atom for other in others for atom in atoms(other, number, context)):
                fired = {rule.code for rule in assess(together(way.done, their.done), context).fired}
                assert fired >= alone | theirs


def atoms(symptom: str, number: int, context: CheckInContext) -> list[tuple[Way, set[str]]]:
    """Ways to report a symptom with at most one line ticked, mild or very severe, and the rules that these fire."""
    chosen = (way for way in ways(symptom, number) if way.severity in (1, 4) and len(way.ticked) < 2)
    return [(way, {rule.code for rule in assess(way.done, context).fired}) for way in chosen]


def together(one: CompletedCheckIn, other: CompletedCheckIn) -> CompletedCheckIn:
    """Both reports in one; of a shared line the worse answer."""
    order = ("no", "not_sure", "yes")
    lines = {*one.follow_up, *other.follow_up}
    return replace(
        one,
        severities={name: max(one.severities[name], other.severities[name]) for name in SYMPTOMS},
        follow_up={
            line: max(one.follow_up.get(line, "no"), other.follow_up.get(line, "no"), key=order.index) for line in lines
        },
    )


def test_an_emergency_interrupts_right_after_its_answer_and_nothing_else_does() -> None:
    for number, place in enumerate(places()):
        for symptom in SYMPTOMS:
            for way in ways(symptom, number):
                answers = {"symptoms": [symptom], f"severity_{symptom}": str(way.severity)}
                if way.done.follow_up:
                    answers[f"follow_ups_{symptom}"] = sorted(way.ticked) or ["none"]
                card = interruption(answers, place)
                is_emergency = assess(way.done, place).advice == "emergency"
                assert (card is not None) == is_emergency
                if card is not None:
                    assert card.emergency
                    assert card.phone_first
                    assert interruption(warned(answers, place), place) is None
                    assert interruption({"symptoms": answers["symptoms"]}, place) is None


def test_eyes_are_asked_about_where_the_face_was_treated_or_nobody_knows() -> None:
    def asked(areas: tuple[TreatedAreaRef, ...]) -> bool:
        answers = {"symptoms": ["burning"], "severity_burning": "2"}
        questions = path(answers, CheckInContext("ipl", 2, areas))
        return any(option.value == "burning_eye_pain" for question in questions for option in question.options)

    assert asked(FACE)
    assert asked(())
    assert asked((*LEG, *FACE))
    assert asked((TreatedAreaRef(1, "not_recorded", "Area not recorded"),))
    assert not asked(LEG)
