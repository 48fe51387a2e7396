"""Advice for any mix of answers, and single rules by example. The whole space is walked in test_every_advice."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting.domain.content import content
from reporting.domain.content_rows import ADVICE_LEVELS, CASE_LEVELS, SYMPTOMS
from reporting.domain.questionnaire import CheckInContext, CompletedCheckIn, TreatedAreaRef
from reporting.domain.triage import Assessment, assess, fires
from tests.reading import GRADE, reading_grade
from tests.unit.test_every_advice import flags_hold

CHEEKS = (TreatedAreaRef(1, "cheeks", "Cheeks"),)
CLASSES = tuple(content().procedure_classes)
DAYS = (0, 1, 2, 3, 4, 6, 7, 9, 10, 14, 30, 84, 85, 400)
OTHERS = tuple(name for name in CLASSES if name not in {"ablative", "rf_microneedling", "other"})


def context(procedure: str = "ablative", day: int = 3, **more: Any) -> CheckInContext:
    return CheckInContext(procedure, day, CHEEKS, **more)


def advice_rank(found: Assessment) -> int:
    return ADVICE_LEVELS.index(found.advice)


def case_rank(found: Assessment) -> int:
    return -1 if found.case_level is None else CASE_LEVELS.index(found.case_level)


@pytest.mark.parametrize("procedure", CLASSES)
@pytest.mark.parametrize("day", DAYS)
def test_every_severity_of_every_symptom_on_every_kind_of_day(procedure: str, day: int) -> None:
    """Exhaustive over single symptoms, classes and days: unexpected is never told as usual."""
    about = context(procedure, day, fitzpatrick=2)
    for symptom in SYMPTOMS:
        last = 0
        for severity in range(5):
            found = assess(made({symptom: severity}, now={symptom: severity}), about)
            assert advice_rank(found) >= last
            last = advice_rank(found)
            if found.unexpected[symptom] and symptom != "hyperpigmentation":
                assert found.advice != "expected"
                assert found.case_level is not None


def made(severities: dict[str, int], **more: Any) -> CompletedCheckIn:
    base = CompletedCheckIn(dict.fromkeys(SYMPTOMS, 0) | severities, {}, {}, False, True, "")
    return replace(base, **more)


contexts = st.builds(
    CheckInContext,
    procedure_class=st.sampled_from(CLASSES),
    recovery_day=st.sampled_from(DAYS) | st.integers(0, 200),
    areas=st.sampled_from(
        [(), *((TreatedAreaRef(1, area, area),) for area in ("cheeks", "eyelids", "neck", "hands", "lower_legs"))]
    ),
    fitzpatrick=st.none() | st.integers(1, 6),
    pigmentation_history=st.none() | st.booleans(),
    first_check_in=st.booleans(),
    previous=st.dictionaries(st.sampled_from(SYMPTOMS), st.integers(0, 4)),
    since_day=st.none() | st.integers(0, 200),
    modifiers=st.frozensets(st.sampled_from(sorted({code for rule in content().rules for code in rule.modifiers}))),
)


@st.composite
def completed(draw: st.DrawFn) -> CompletedCheckIn:
    """Any mix of all six symptoms and any answered follow-ups."""
    follow_up = {
        row.key: draw(st.sampled_from([option.value for option in content().options[row.options]]))
        for row in content().follow_ups.values()
        if draw(st.booleans())
    }
    severities = {symptom: draw(st.integers(0, 4)) for symptom in SYMPTOMS}
    now = {symptom: draw(st.integers(0, worst)) for symptom, worst in severities.items()} if draw(st.booleans()) else {}
    return CompletedCheckIn(severities, follow_up, {}, draw(st.booleans()), draw(st.booleans()), "", now)


@st.composite
def worsened(draw: st.DrawFn) -> tuple[CompletedCheckIn, CompletedCheckIn]:
    """A check-in and the same with any of its answers worse, follow-ups that this opens included."""
    mild = draw(completed())
    severities = {name: draw(st.integers(value, 4)) for name, value in mild.severities.items()}
    follow_up = {}
    for row in content().follow_ups.values():
        values = [option.value for option in content().options[row.options]]
        start = values.index(mild.follow_up[row.key]) if row.key in mild.follow_up else 0
        if row.key in mild.follow_up or draw(st.booleans()):
            follow_up[row.key] = draw(st.sampled_from(values[start:]))
    worried = mild.worried or draw(st.booleans())
    can_wait = bool(mild.can_wait) and draw(st.booleans())
    now = {name: draw(st.integers(value, severities[name])) for name, value in mild.now.items()}
    return mild, CompletedCheckIn(severities, follow_up, {}, worried, can_wait, "", now)


@settings(max_examples=600)
@given(worsened(), contexts)
def test_a_worse_answer_never_makes_the_advice_milder(
    pair: tuple[CompletedCheckIn, CompletedCheckIn], about: CheckInContext
) -> None:
    mild, hard = (assess(done, about) for done in pair)
    assert advice_rank(hard) >= advice_rank(mild)
    assert case_rank(hard) >= case_rank(mild)
    before, after = ({rule.code for rule in about.rules if fires(rule, done, about)} for done in pair)
    assert before <= after
    assert {rule.red_flag for rule in mild.fired} <= {rule.red_flag for rule in hard.fired}


@settings(max_examples=600)
@given(completed(), contexts)
def test_a_flag_is_never_outvoted_by_whatever_else_is_answered(done: CompletedCheckIn, about: CheckInContext) -> None:
    found = assess(done, about)
    flags_hold(done, about, found)
    if found.guidance.phone_first:
        usual = {row.words for row in content().course}
        assert not usual & set(found.guidance.paragraphs), "reassurance beside a red flag"


@settings(max_examples=300)
@given(completed(), contexts)
def test_what_the_patient_reads_is_easy_whatever_was_answered(done: CompletedCheckIn, about: CheckInContext) -> None:
    guidance = assess(done, about).guidance
    whole = " ".join([guidance.heading, *guidance.paragraphs, *guidance.next_steps])
    assert reading_grade(whole) <= GRADE


def test_severe_swelling_with_eyes_closing_is_a_call_today_with_the_telephone_first() -> None:
    found = assess(made({"swelling": 3}, follow_up={"swelling_eyes": "yes"}), context("ablative", 3))
    assert (found.advice, found.case_level) == ("contact_today", "same_day")
    assert found.guidance.phone_first
    assert not found.guidance.emergency
    assert found.fired[0].code == "R8"
    both = assess(made({"swelling": 3}, follow_up={"swelling_eyes": "yes", "swelling_breathing": "yes"}), context())
    assert (both.advice, both.case_level) == ("emergency", "emergency")
    assert both.guidance.emergency
    assert {"R2", "R8"} <= {rule.red_flag for rule in both.fired}


def test_expected_early_burning_is_usual_and_says_what_people_have() -> None:
    found = assess(made({"burning": 2, "swelling": 2}), context("ablative", 1))
    assert (found.advice, found.case_level, found.fired) == ("expected", None, ())
    assert any("common now" in words for words in found.guidance.paragraphs)


def test_nothing_reported_has_a_page_of_its_own() -> None:
    found = assess(made({}, can_wait=None), context())
    assert found.advice == "expected"
    assert found.guidance.heading == content().guidance["no_problems"].heading


@pytest.mark.parametrize("fitzpatrick", [None, 1, 4, 6])
def test_a_new_dark_patch_matters_for_every_skin(fitzpatrick: int | None) -> None:
    about = context("ipl", 28, fitzpatrick=fitzpatrick)
    found = assess(made({"hyperpigmentation": 1}, follow_up={"hyperpigmentation_new_patch": "yes"}), about)
    assert "R11" in {rule.code for rule in found.fired}
    assert (found.advice, found.case_level) == ("unusual", "one_week")


def test_a_modifier_makes_a_rule_of_its_own_fire() -> None:
    report = made({}, follow_up={"tingling": "not_sure"})
    plain, known = (
        assess(report, context(modifiers=codes)) for codes in (frozenset(), frozenset({"herpes_history", "child"}))
    )
    assert (plain.advice, plain.case_level) == ("unusual", "one_day")
    assert (known.advice, known.case_level) == ("contact_today", "same_day")


def test_an_old_line_of_two_facts_proves_only_what_either_would() -> None:
    """Blister or dead skin, as one line had it: an alert, but not the emergency of dead skin."""
    old = assess(made({}, follow_up={"burning_skin_change": "yes"}), context())
    assert (old.advice, [rule.red_flag for rule in old.fired]) == ("contact_today", ["R7"])
    assert assess(made({}, follow_up={"skin_dead": "yes"}), context()).advice == "emergency"


def test_the_worst_and_now_are_judged_apart() -> None:
    about = context("ablative", 5, first_check_in=False, since_day=1)
    over = assess(made({"burning": 3}, now={"burning": 1}), about)
    assert (over.fired, over.unexpected["burning"]) == ((), False), "it was as bad as that on day 1"
    still = assess(made({"burning": 3}, now={"burning": 3}), about)
    assert (still.advice, still.unexpected["burning"]) == ("contact_today", True)
    bad = assess(made({"burning": 4}, now={"burning": 1}), about)
    assert ([rule.code for rule in bad.fired], bad.advice) == (["R12_worst"], "unusual")
    assert assess(made({"burning": 3}), about).unexpected["burning"], "one grade stands for now"


def test_of_two_rules_about_the_same_facts_the_harder_one_speaks_alone() -> None:
    fired = assess(made({}, follow_up={"faint": "yes"}), context()).fired
    assert [rule.code for rule in fired] == ["R13"]
    assert [rule.code for rule in assess(made({}, follow_up={"faint": "not_sure"}), context()).fired] == ["R13_unsure"]


def test_a_rule_names_the_symptoms_that_it_fired_on() -> None:
    found = assess(made({"burning": 4, "swelling": 4, "bumps": 1}), context())
    [rule] = [rule for rule in found.fired if rule.code == "R12"]
    assert rule.symptoms == ("burning", "swelling")
    assert found.guidance.named[rule.patient_words] == ("burning", "swelling")


def test_a_rise_since_the_last_check_in_counts_only_where_there_was_one() -> None:
    rising = context("ablative", 5, first_check_in=False, previous={"swelling": 1})
    assert "R8_rise" in {rule.code for rule in assess(made({"swelling": 2}), rising).fired}
    assert "R8_rise" not in {rule.code for rule in assess(made({"swelling": 2}), context("ablative", 5)).fired}
    assert "R8_rise" not in {rule.code for rule in assess(made({"swelling": 2}), replace(rising, recovery_day=3)).fired}


def test_worry_and_urgency_reach_the_clinic() -> None:
    worried = assess(made({}, worried=True), context())
    assert (worried.advice, worried.case_level) == ("unusual", "one_week")
    mild = assess(made({"burning": 1}, can_wait=False), context())
    assert (mild.advice, mild.case_level) == ("unusual", "one_day")
    bothered = assess(made({"burning": 2}, can_wait=False), context())
    assert (bothered.advice, bothered.case_level) == ("contact_today", "same_day")
    over = assess(made({"burning": 2}, now={"burning": 1}, can_wait=False), context())
    assert (over.advice, over.case_level) == ("unusual", "one_day")
