"""Advice over the answer space: every flag is an alert, and no worse answer is told something milder.

A rule looks at day, procedure, areas and person only through whether it may fire and what is expected (``places``), at
one symptom through its grades, and at lines through the facts they state; advice is the hardest of what fired. So the
space is walked whole for every symptom alone (grades now and worst, earlier grades), every line alone, every line with
every grade of every symptom, and every pair of lines. Whole reports of any size are drawn in test_domain_triage.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import combinations, product
from typing import Any

import pytest

from reporting.domain.content import content
from reporting.domain.content_rows import ADVICE_LEVELS, CASE_LEVELS, SYMPTOMS, Rule
from reporting.domain.course import expected_severity
from reporting.domain.guidance import interruption, warned
from reporting.domain.questionnaire import (
    HOW_SOON,
    CheckInContext,
    CompletedCheckIn,
    TreatedAreaRef,
    changes_advice,
    complete,
    could_fire,
    path,
)
from reporting.domain.triage import Assessment, assess

CLASSES = tuple(content().procedure_classes)
AREAS = ("cheeks", "eyelids", "neck", "hands", "lower_legs", "abdomen")
"""One of each kind that a rule tells from others; the last is of none."""
PEOPLE = (frozenset[str](), frozenset(code for rule in content().rules for code in rule.modifiers))
LINES = tuple(row.key for row in content().follow_ups.values() if row.shown_for)
FIRST_PAGE = tuple(row.key for row in content().follow_ups.values() if "first" in row.shown_for)
GRADES = tuple((now, worst) for worst in range(5) for now in range(worst + 1))
ANSWERS = ("no", "not_sure", "yes")
UNSURE, SURE = ANSWERS[1:], ANSWERS[2:]
INTACT = frozenset(
    (
        *("nonablative_fractional", "nonablative_fractional_1927", "qs_pico", "ipl", "hair_removal", "vascular"),
        *("leg_vein", "focused_ultrasound", "cryolipolysis"),
    )
)
EVERY = frozenset(CLASSES)
NOT_COLD = EVERY - {"cryolipolysis"}
EMERGENCY, TODAY, SOON, WEEK = (
    ("emergency", "emergency"),
    ("contact_today", "same_day"),
    ("unusual", "one_day"),
    ("unusual", "one_week"),
)

# Written from the published red-flag table (clinical content, R1 to R20), not from the rules file:
# line, answers that count, first and last day, classes, least advice and case.
Flag = tuple[str, tuple[str, ...], int, int, frozenset[str], tuple[str, str]]
FLAGS: tuple[Flag, ...] = (
    ("burning_eye_pain", SURE, 0, 400, EVERY, EMERGENCY),
    ("burning_eye_pain", UNSURE, 0, 400, EVERY, TODAY),
    ("swelling_breathing", SURE, 0, 400, EVERY, EMERGENCY),
    ("swelling_breathing", UNSURE, 0, 400, EVERY, TODAY),
    ("faint", SURE, 0, 400, EVERY, EMERGENCY),
    ("faint", UNSURE, 0, 400, EVERY, TODAY),
    ("numbing_reaction", UNSURE, 0, 1, EVERY, EMERGENCY),
    ("bleeding", SURE, 0, 400, EVERY, EMERGENCY),
    ("bleeding", UNSURE, 0, 400, EVERY, TODAY),
    ("hives", UNSURE, 0, 400, EVERY, TODAY),
    ("rash_elsewhere", UNSURE, 0, 400, EVERY, TODAY),
    ("infection_fever", UNSURE, 0, 400, EVERY, TODAY),
    ("vomiting", UNSURE, 0, 400, EVERY, TODAY),
    ("infection_pus", UNSURE, 0, 400, EVERY, TODAY),
    ("infection_spreading", UNSURE, 0, 400, EVERY, TODAY),
    ("grouped_blisters", UNSURE, 0, 400, EVERY, TODAY),
    ("burning_not_eased", UNSURE, 0, 400, EVERY, TODAY),
    ("burning_getting_worse", UNSURE, 2, 400, NOT_COLD, TODAY),
    ("blister", UNSURE, 0, 400, EVERY - {"tattoo"}, TODAY),
    ("blister", UNSURE, 15, 400, frozenset({"tattoo"}), TODAY),
    ("skin_dead", SURE, 0, 3, EVERY, EMERGENCY),
    ("skin_dead", UNSURE, 0, 400, EVERY, TODAY),
    ("burning_skin_change", UNSURE, 0, 400, EVERY - {"tattoo"}, TODAY),
    ("swelling_eyes", UNSURE, 0, 400, EVERY, TODAY),
    ("eyelid_pulled", UNSURE, 0, 400, EVERY, TODAY),
    ("face_weak", UNSURE, 0, 3, EVERY, TODAY),
    ("face_weak", UNSURE, 4, 400, EVERY, SOON),
    ("raw_not_closed", UNSURE, 0, 400, INTACT, TODAY),
    ("raw_not_closed", UNSURE, 10, 400, EVERY, SOON),
    ("scarring_firm_band", UNSURE, 7, 400, EVERY, SOON),
    ("hyperpigmentation_new_patch", UNSURE, 0, 400, EVERY, WEEK),
    ("wants_call", UNSURE, 0, 400, EVERY, SOON),
)
# The same of two lines that are true together.
PAIRED: tuple[tuple[str, str, tuple[str, str]], ...] = (
    ("infection_fever", "vomiting", EMERGENCY),
    ("infection_fever", "swelling_eyes", EMERGENCY),
    ("infection_fever", "rash_elsewhere", EMERGENCY),
    ("rash_elsewhere", "blister", EMERGENCY),
    ("hives", "vomiting", EMERGENCY),
    ("skin_dead", "blister", EMERGENCY),
    ("skin_dead", "burning_not_eased", EMERGENCY),
    ("skin_dead", "burning_getting_worse", EMERGENCY),
    ("bruise", "burning_not_eased", TODAY),
    ("bruise", "burning_getting_worse", TODAY),
)


def applies(flag: Flag, context: CheckInContext) -> bool:
    """Whether the published table counts the flag on that day after that procedure."""
    return flag[2] <= context.recovery_day <= flag[3] and context.procedure_class in flag[4]


def turns(procedure: str) -> list[int]:
    """The days, in order, on which anything becomes different; between them every day is like the one before."""
    first = {0, *(flag[2] for flag in FLAGS), *(flag[3] + 1 for flag in FLAGS)}
    windows = [(rule.from_day, rule.to_day) for rule in content().rules]
    windows += [(row.from_day, row.to_day) for row in content().course if row.procedure_class == procedure]
    return sorted(first | {start or 0 for start, _ in windows} | {end + 1 for _, end in windows if end is not None})


@cache
def every_place() -> tuple[tuple[CheckInContext, tuple[bool, ...]], ...]:
    """Every class on each of its different days, for each kind of area and person; which rules may fire there."""
    found = []
    for procedure in CLASSES:
        for day, area, person in product(turns(procedure), AREAS, PEOPLE):
            place = CheckInContext(procedure, day, (TreatedAreaRef(1, area, area),), modifiers=person)
            found.append((place, tuple(could_fire(rule, place) for rule in content().rules)))
    return tuple(found)


def places(rules: Iterable[int], more: Callable[[CheckInContext], object]) -> tuple[CheckInContext, ...]:
    """One place for each different way in which these rules may fire, or in which ``more`` is different."""
    numbers, found = tuple(rules), dict[object, CheckInContext]()
    for place, may_fire in every_place():
        found.setdefault((tuple(may_fire[number] for number in numbers), more(place)), place)
    return tuple(found.values())


def places_of_line(key: str) -> tuple[CheckInContext, ...]:
    """One place for each different way in which the line matters."""
    facts = frozenset(content().follow_ups[key].facts)
    numbers = [n for n, rule in enumerate(content().rules) if any(facts <= group for group in rule.fact_groups)]
    return places(numbers, lambda place: tuple(applies(flag, place) for flag in FLAGS if flag[0] == key))


def places_of_symptom(symptom: str) -> tuple[CheckInContext, ...]:
    """One place for each different way in which grades of the symptom matter."""
    numbers = [n for n, rule in enumerate(content().rules) if {symptom, "*"} & set(rule.symptoms)]

    def expected(place: CheckInContext) -> object:
        name, day = place.procedure_class, place.recovery_day
        before = [expected_severity(name, symptom, each) for each in range(day + 1)]
        return before[-1], before[-2:][0], max(before), day <= 30

    return places(numbers, expected)


@cache
def few_places() -> tuple[CheckInContext, ...]:
    """Few places in which, taken together, every rule may fire."""
    able = [{number for number, may in enumerate(may_fire) if may} for _, may_fire in every_place()]
    left, chosen = set(range(len(content().rules))), []
    while left:
        best = max(range(len(able)), key=lambda number: len(able[number] & left))
        assert able[best] & left, "a rule that can fire nowhere"
        left -= able[best]
        chosen.append(every_place()[best][0])
    return tuple(chosen)


def told(
    grades: Mapping[str, tuple[int, int]] | None = None,
    lines: Mapping[str, str] | None = None,
    how_soon: str = "wait",
) -> CompletedCheckIn:
    """A report: grades now and worst of some symptoms, answers to some lines."""
    can_wait, worried = HOW_SOON[how_soon]
    both = dict.fromkeys(SYMPTOMS, (0, 0)) | dict(grades or {})
    worst, now = ({symptom: pair[n] for symptom, pair in both.items()} for n in (1, 0))
    return CompletedCheckIn(worst, dict(lines or {}), {}, worried, can_wait, "", now)


def ranks(found: Assessment) -> tuple[int, int]:
    """Advice and case as numbers, milder first."""
    case = -1 if found.case_level is None else CASE_LEVELS.index(found.case_level)
    return ADVICE_LEVELS.index(found.advice), case


def never_milder(mild: tuple[int, int], hard: tuple[int, int], what: object) -> None:
    assert hard[0] >= mild[0], what
    assert hard[1] >= mild[1], what


def at_least(wanted: tuple[str, str]) -> tuple[int, int]:
    return ADVICE_LEVELS.index(wanted[0]), CASE_LEVELS.index(wanted[1])


def wanted_of(done: CompletedCheckIn, context: CheckInContext) -> Iterator[tuple[str, str]]:
    """What the published tables want for a report, flag by flag."""
    given = done.follow_up
    yield from (flag[5] for flag in FLAGS if given.get(flag[0]) in flag[1] and applies(flag, context))
    yield from (advice for one, other, advice in PAIRED if given.get(one) == given.get(other) == "yes")
    bad_now = {symptom for symptom in SYMPTOMS if done.grade_now(symptom) == 4}
    if bad_now:
        yield SOON
    if bad_now & {"burning", "swelling", "bumps", "infection"} and context.recovery_day <= 30:
        yield TODAY
    if done.grade_now("infection"):
        yield TODAY if done.grade_now("infection") > 1 else SOON
    if done.can_wait is False:
        yield TODAY if max(done.grade_now(symptom) for symptom in SYMPTOMS) > 1 else SOON
    if done.worried:
        yield WEEK


def flags_hold(done: CompletedCheckIn, context: CheckInContext, found: Assessment) -> int:
    """Every red flag in the answers is an alert with its advice; returns how many there were."""
    wanted = list(wanted_of(done, context))
    for advice in wanted:
        never_milder(at_least(advice), ranks(found), (done, context))
    assert found.guidance.emergency == (found.advice == "emergency")
    assert found.guidance.phone_first == (found.advice in ("contact_today", "emergency"))
    assert (found.case_level is None) == (found.advice == "expected")
    return len(wanted)


def one_worse(pair: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """The same grades with one of them a step worse; now is never above the worst."""
    now, worst = pair
    yield from (each for each in ((now + 1, worst), (now, worst + 1), (now + 1, worst + 1)) if each in GRADES)


@pytest.mark.parametrize("symptom", SYMPTOMS)
def test_every_way_to_grade_a_symptom_everywhere(symptom: str) -> None:
    """All grades now and worst, all earlier grades: worse ones and a greater rise are never told milder."""
    flags, is_pigment = 0, symptom == "hyperpigmentation"
    rises = any(rule.min_rise is not None and {symptom, "*"} & set(rule.symptoms) for rule in content().rules)
    for place in places_of_symptom(symptom):
        last: dict[tuple[int, int], tuple[int, int]] = {}
        for previous in (None, 4, 3, 2, 1, 0) if rises else (None, 0):
            context = about(place, {} if previous is None else {symptom: previous})
            found = {pair: assess(told({symptom: pair}), context) for pair in GRADES}
            for pair, here in found.items():
                flags += flags_hold(told({symptom: pair}), context, here)
                if here.unexpected[symptom] and not is_pigment and not is_better_now(pair):
                    assert here.advice != "expected", (pair, context)
                for worse in one_worse(pair):
                    never_milder(ranks(here), ranks(found[worse]), (symptom, pair, worse, context))
                    assert here.unexpected[symptom] <= found[worse].unexpected[symptom]
                if last:
                    never_milder(last[pair], ranks(here), (symptom, pair, context, "a greater rise"))
            last = {pair: ranks(here) for pair, here in found.items()} if previous is not None else {}
    assert flags > 0


def is_better_now(pair: tuple[int, int]) -> bool:
    """It was worse since the last answer than it is now: one grade above the course then is no call for help."""
    return pair[0] < pair[1]


def about(place: CheckInContext, previous: Mapping[str, int]) -> CheckInContext:
    """The place with an answer of the day before, or as the first one."""
    since = max(0, place.recovery_day - 1) if previous else None
    return replace(place, first_check_in=not previous, previous=previous, since_day=since)


@pytest.mark.parametrize("key", [*LINES, "burning_skin_change"])
def test_every_line_alone_everywhere(key: str) -> None:
    """No, not sure, yes: never milder, and every flag is an alert."""
    for place in places_of_line(key):
        last = ranks(assess(told(), place))
        for answer in UNSURE:
            done = told(lines={key: answer})
            found = assess(done, place)
            flags_hold(done, place, found)
            never_milder(last, ranks(found), (key, answer, place))
            last = ranks(found)


def reports_for(rule: Rule, key: str) -> Iterator[CompletedCheckIn]:
    """Reports that meet all of a rule but for the group of facts that the line proves."""
    follow_ups = content().follow_ups
    facts = frozenset(follow_ups[key].facts)
    groups = [group for group in rule.fact_groups if not facts <= group]
    others = [
        next(line for line in LINES if line != key and frozenset(follow_ups[line].facts) <= group) for group in groups
    ]
    if len(groups) < len(rule.fact_groups):
        lines = dict.fromkeys(others, "yes")
        symptoms = SYMPTOMS if "*" in rule.symptoms else rule.symptoms or ("",)
        grade = rule.min_severity or 0
        yield from (told({symptom: (grade, grade)} if symptom else {}, lines) for symptom in symptoms)


@pytest.mark.parametrize("key", LINES)
def test_no_line_is_asked_that_changes_nothing_and_none_is_left_out_that_would(key: str) -> None:
    """A line is asked where some report is advised more with it than without it, and nowhere else."""
    for place in places_of_line(key):
        may_fire = [rule for rule in content().rules if could_fire(rule, place)]
        changes = any(
            ranks(assess(with_line(done, key), place)) > ranks(assess(done, place))
            for rule in may_fire
            for done in reports_for(rule, key)
        )
        assert changes_advice(content().follow_ups[key], place) == changes, (key, place)


def with_line(done: CompletedCheckIn, key: str) -> CompletedCheckIn:
    return replace(done, follow_up={**done.follow_up, key: "yes"})


@pytest.mark.parametrize("one", LINES[:-1])
def test_every_pair_of_lines(one: str) -> None:
    """Two lines fire all that each fires alone, and what they mean together; one step worse is never milder."""
    others = LINES[LINES.index(one) + 1 :]
    for place in few_places():
        single = {(key, answer): told(lines={key: answer}) for key in (one, *others) for answer in ANSWERS}
        alone = {at: ranks(assess(done, place)) for at, done in single.items()}
        for other in others:
            found = {(first, "no"): alone[one, first] for first in ANSWERS}
            found |= {("no", second): alone[other, second] for second in ANSWERS}
            for pair in product(UNSURE, repeat=2):
                done = told(lines=dict(zip((one, other), pair, strict=True)))
                here = assess(done, place)
                flags_hold(done, place, here)
                found[pair] = ranks(here)
                for milder in ((step_down(pair[0]), pair[1]), (pair[0], step_down(pair[1]))):
                    never_milder(found[milder], found[pair], (one, other, milder, pair, place))
            never_milder(alone[one, "yes"], found["yes", "yes"], (one, other, place))


def step_down(answer: str) -> str:
    return {"yes": "not_sure", "not_sure": "no", "no": "no"}[answer]


@pytest.mark.parametrize("symptom", SYMPTOMS)
def test_every_line_with_every_grade_of_a_symptom(symptom: str) -> None:
    """Neither outvotes the other: together they are advised no less than each alone, and worse never milder."""
    for place in few_places():
        graded = {grade: assess(told({symptom: (grade, grade)}), place) for grade in range(5)}
        for key in LINES:
            last = {grade: ranks(found) for grade, found in graded.items()}
            for answer in ("not_sure", "yes"):
                lower = ranks(assess(told(lines={key: answer}), place))
                for grade in range(5):
                    done = told({symptom: (grade, grade)}, {key: answer})
                    found = assess(done, place)
                    flags_hold(done, place, found)
                    never_milder(last[grade], ranks(found), (symptom, grade, key, answer, place))
                    never_milder(lower, ranks(found), (symptom, grade, key, answer, place))
                    last[grade] = lower = ranks(found)


@pytest.mark.parametrize(("one", "other"), list(combinations(SYMPTOMS, 2)))
def test_two_symptoms_are_advised_no_less_than_each_alone(one: str, other: str) -> None:
    for place in few_places():
        context = replace(place, first_check_in=False, previous=dict.fromkeys(SYMPTOMS, 1), since_day=0)
        found = {
            pair: ranks(assess(told({one: (pair[0],) * 2, other: (pair[1],) * 2}), context))
            for pair in product(range(5), repeat=2)
        }
        for (first, second), mild in found.items():
            for worse in ((first + 1, second), (first, second + 1)):
                never_milder(mild, found.get(worse, mild), (one, other, (first, second), worse, context))


def test_needing_help_sooner_and_worry_reach_the_clinic_from_everywhere() -> None:
    """With nothing else, every grade or every line: each answer to how soon alone raises advice and opens a case."""
    steps = (("wait", "wait_worried"), ("wait", "soon"), ("wait_worried", "soon_worried"), ("soon", "soon_worried"))
    for place in few_places():
        reports: list[dict[str, Any]] = [{"grades": {symptom: pair}} for symptom in SYMPTOMS for pair in GRADES]
        reports += [{"lines": {key: answer}} for key in LINES for answer in UNSURE]
        for report in reports:
            found = {}
            for how_soon in HOW_SOON:
                done = told(**report, how_soon=how_soon)
                here = assess(done, place)
                flags_hold(done, place, here)
                found[how_soon] = ranks(here)
            for mild, hard in steps:
                never_milder(found[mild], found[hard], (place, report, mild, hard))


def shown(questions: Iterable[Any]) -> set[str]:
    return {option.value for question in questions for option in question.options}


@pytest.mark.parametrize("line", LINES)
def test_every_line_can_be_told_on_some_path(line: str) -> None:
    """As yes and as not sure, without choosing a symptom first: on the first page, or behind something else."""
    is_first = line in FIRST_PAGE
    page = "symptoms" if is_first else "follow_ups_other"
    begun: dict[str, Any] = {"how_soon": "wait"} | ({} if is_first else {"symptoms": ["something_else"]})
    reached = 0
    for place in places_of_line(line):
        is_wanted = any(flag[0] == line and applies(flag, place) for flag in FLAGS)
        is_asked = line in shown(path(begun, place))
        assert is_asked == changes_advice(content().follow_ups[line], place)
        assert is_asked or not is_wanted, place
        if is_asked:
            reached += 1
            sure = complete(begun | {page: [line]}, place)
            unsure = complete(begun | {page: ["not_sure"], f"unsure_{page}": [line]}, place)
            assert (sure.follow_up[line], unsure.follow_up[line]) == ("yes", "not_sure")
            assert not any(sure.severities.values())
    assert reached


@pytest.mark.parametrize("symptom", SYMPTOMS)
def test_a_worse_grade_never_takes_a_line_away(symptom: str) -> None:
    """The lines asked with a symptom only become more, and none of them stands on two pages."""
    for place in few_places():
        last: set[str] = set()
        for grade in range(1, 5):
            answers = {"symptoms": [symptom, "something_else"], f"severity_{symptom}": str(grade)}
            for ticks in ([symptom], [symptom, "something_else"]):
                offered = [
                    option.value
                    for question in path(answers | {"symptoms": ticks}, place)
                    for option in question.options
                    if option.value in LINES
                ]
                assert len(offered) == len(set(offered))
            asked = shown(path(answers | {"symptoms": [symptom]}, place)) & set(LINES)
            assert asked >= last
            last = asked


def test_an_emergency_interrupts_right_after_its_answer_and_nothing_else_does() -> None:
    """One or two lines of the first page, before anything else is asked."""
    for place in few_places():
        lines = sorted(shown(path({}, place)) & set(LINES))
        interrupted = 0
        for ticked in (*combinations(lines, 1), *combinations(lines, 2)):
            answers = {"symptoms": list(ticked)}
            card = interruption(answers, place)
            is_emergency = assess(told(lines=dict.fromkeys(ticked, "yes")), place).advice == "emergency"
            assert (card is not None) == is_emergency, (ticked, place)
            if card is not None:
                interrupted += 1
                assert card.emergency
                assert card.phone_first
                if len(ticked) == 1:
                    assert interruption(warned(answers, place), place) is None
        assert interrupted
        assert interruption({"symptoms": list(SYMPTOMS)}, place) is None


def test_what_is_unsafe_is_asked_whatever_was_treated() -> None:
    """Eyes, breath, faintness, fever and bleeding: on the first page of every class, on the leg as on the face."""
    always = {"burning_eye_pain", "swelling_breathing", "faint", "infection_fever", "bleeding", "skin_dead", "blister"}
    for procedure, area in product(CLASSES, (*AREAS, "not_recorded", "")):
        areas = (TreatedAreaRef(1, area, area),) if area else ()
        for day in (0, 2, 30, 180):
            assert shown(path({}, CheckInContext(procedure, day, areas))) >= always


def test_a_numb_patch_is_asked_in_the_first_days_where_a_limb_may_swell_or_nobody_knows() -> None:
    def asked(*areas: str) -> bool:
        treated = tuple(TreatedAreaRef(number, area, area) for number, area in enumerate(areas))
        context = CheckInContext("ipl", 2, treated)
        return "numb" in shown(path({"symptoms": ["something_else"]}, context))

    assert asked("lower_legs")
    assert asked("cheeks", "lower_legs")
    assert asked()
    assert not asked("cheeks")
