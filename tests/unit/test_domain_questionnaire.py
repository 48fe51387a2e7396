"""The flow of questions: what is asked when, what is refused, what comes out."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting.domain.answers import NOT_ASKED, Question
from reporting.domain.content_rows import SYMPTOMS
from reporting.domain.guidance import interruption, warned
from reporting.domain.questionnaire import (
    NO_PROBLEMS,
    CheckInContext,
    TreatedAreaRef,
    answered,
    complete,
    next_question,
    path,
    so_far,
    usable,
)
from reporting.errors import InvalidInput

ONE = (TreatedAreaRef(7, "cheeks", "Cheeks"),)
TWO = (*ONE, TreatedAreaRef(9, "neck", "Neck"))
ABOUT = CheckInContext("ablative", 3, ONE, 2, None, True, {})
SWELLING = {
    "symptoms": ["swelling", "swelling_eyes"],
    "severity_swelling": "2/3",
    "follow_ups_swelling": ["warm"],
    "how_soon": "wait",
}
SAFETY = [
    *("swelling_breathing", "faint", "hives", "rash_elsewhere", "infection_fever", "vomiting", "burning_eye_pain"),
    *("swelling_eyes", "eyelid_pulled", "face_weak", "blister", "skin_dead", "grouped_blisters", "infection_pus"),
    *("infection_spreading", "burning_getting_worse", "burning_not_eased", "bleeding", "wants_call"),
]
"""The safety lines of the first page on day 3."""


def ids(answers: dict[str, Any], about: CheckInContext = ABOUT) -> list[str]:
    return [question.id for question in path(answers, about)]


def refused(answers: dict[str, Any], about: CheckInContext = ABOUT) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        complete(answers, about)
    return caught.value


def lines(symptom: str, severity: str, about: CheckInContext = ABOUT, **more: Any) -> list[str]:
    """Keys of the checklist that is shown for one symptom."""
    answers = {"symptoms": [symptom], f"severity_{symptom}": severity, **more}
    asked = {question.id: question for question in path(answers, about)}
    question = asked.get(f"follow_ups_{symptom}")
    return [option.value for option in question.options] if question else []


def test_no_problems_is_one_answer() -> None:
    [first] = path({}, ABOUT)
    assert (first.id, first.kind) == ("symptoms", "multiple")
    assert [option.value for option in first.options] == [*SYMPTOMS, *SAFETY, "something_else", "not_sure"]
    assert {option.value: option.heading for option in first.options if option.heading} == {
        "swelling_breathing": "Do you have any of these?"
    }
    assert [option.value for option in first.exclusive] == ["none"]
    answers = answered({}, "symptoms", ["none"], ABOUT)
    assert answers == NO_PROBLEMS
    assert next_question(answers, ABOUT) is None
    done = complete(answers, ABOUT)
    assert done.severities == dict.fromkeys(SYMPTOMS, 0)
    assert (done.worried, done.can_wait, done.note, done.follow_up) == (False, None, "", {})


def test_swelling_is_graded_now_and_at_its_worst_and_asked_about_on_one_page() -> None:
    assert ids(SWELLING) == list(SWELLING)
    assert lines("swelling", "3") == ["warm", "lump", "bruise", "numb", "not_sure"]
    done = complete(SWELLING, ABOUT)
    assert (done.now["swelling"], done.severities["swelling"], done.grade_now("swelling")) == (2, 3, 2)
    assert done.follow_up == {"swelling_eyes": "yes", "warm": "yes", "lump": "no", "bruise": "no", "numb": "no"}
    assert done.can_wait is True


def test_one_grade_alone_was_never_worse() -> None:
    question = path(SWELLING, ABOUT)[1]
    assert (question.kind, [option.value for option in question.options]) == ("grades", ["0", "1", "2", "3", "4"])
    assert "now" in question.title
    assert "worst" in question.worst_title
    done = complete(SWELLING | {"severity_swelling": "3"}, ABOUT)
    assert (done.now["swelling"], done.severities["swelling"]) == (3, 3)
    gone = complete(SWELLING | {"severity_swelling": "0/2"}, ABOUT)
    assert (gone.now["swelling"], gone.severities["swelling"]) == (0, 2)


def test_none_of_these_is_said_of_every_line_of_a_checklist() -> None:
    question = next(one for one in path(SWELLING, ABOUT) if one.id == "follow_ups_swelling")
    assert [option.value for option in question.exclusive] == ["none"]
    done = complete(SWELLING | {"follow_ups_swelling": ["none"]}, ABOUT)
    assert done.follow_up == {"swelling_eyes": "yes", "warm": "no", "lump": "no", "bruise": "no", "numb": "no"}


def test_a_safety_line_needs_no_symptom() -> None:
    answers = {"symptoms": ["infection_fever"], "how_soon": "wait"}
    assert ids(answers) == ["symptoms", "how_soon"]
    done = complete(answers, ABOUT)
    assert done.severities == dict.fromkeys(SYMPTOMS, 0)
    assert done.follow_up == {"infection_fever": "yes"}, "what was not ticked on the first page is not stored"


def test_not_sure_leads_to_the_lines_that_were_not_ticked() -> None:
    answers = {"symptoms": ["hives", "not_sure"], "how_soon": "wait"}
    assert ids(answers) == ["symptoms", "unsure_symptoms", "how_soon"]
    page = path(answers, ABOUT)[1]
    assert [option.value for option in page.options] == [line for line in SAFETY if line != "hives"]
    assert [option.value for option in page.exclusive] == ["none"]
    assert not any(option.heading for option in page.options)
    done = complete(answers | {"unsure_symptoms": ["blister", "vomiting"]}, ABOUT)
    assert done.follow_up == {"hives": "yes", "blister": "not_sure", "vomiting": "not_sure"}
    assert complete(answers | {"unsure_symptoms": ["none"]}, ABOUT).follow_up == {"hives": "yes"}
    assert refused(answers).field == "unsure_symptoms"


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ({"symptoms": ["faint"]}, ["symptoms"]),
        ({"symptoms": ["faint", "not_sure"]}, ["symptoms", "unsure_symptoms"]),
        ({"symptoms": ["hives"]}, ["symptoms", "how_soon"]),
    ],
)
def test_nobody_who_has_an_emergency_is_asked_whether_it_can_wait(answers: dict[str, Any], asked: list[str]) -> None:
    assert ids(answers) == asked
    done = complete(answers | {"how_soon": "wait", "unsure_symptoms": ["none"], "note": "I am at home."}, ABOUT)
    assert done.note == "I am at home."
    assert done.can_wait is (None if "how_soon" not in asked else True)


def test_not_sure_of_a_checklist_asks_which_line_it_is() -> None:
    answers = SWELLING | {"follow_ups_swelling": ["warm", "not_sure"]}
    assert "unsure_follow_ups_swelling" in ids(answers)
    done = complete(answers | {"unsure_follow_ups_swelling": ["lump"]}, ABOUT)
    assert done.follow_up == {"swelling_eyes": "yes", "warm": "yes", "lump": "not_sure", "bruise": "no", "numb": "no"}


def test_not_sure_of_the_one_line_that_is_left_asks_nothing_more() -> None:
    answers = SWELLING | {"follow_ups_swelling": ["warm", "bruise", "numb", "not_sure"]}
    assert ids(answers) == list(SWELLING)
    done = complete(answers, ABOUT)
    assert done.follow_up == {"swelling_eyes": "yes", "warm": "yes", "lump": "not_sure", "bruise": "yes", "numb": "yes"}


def test_something_else_has_a_list_of_its_own_and_no_line_is_asked_twice() -> None:
    answers = {"symptoms": ["swelling", "something_else"], "severity_swelling": "3", "how_soon": "wait"}
    assert ids(answers) == ["symptoms", "follow_ups_other", "severity_swelling", "how_soon"]
    other = path(answers, ABOUT)[1]
    assert {"warm", "lump", "numb", "more_hair"} & {option.value for option in other.options} == {
        "warm",
        "lump",
        "numb",
    }, "new hair is asked about from day 14 on"
    assert other.options[-1].value == "not_sure"
    done = complete(answers | {"follow_ups_other": ["itch_strong"]}, ABOUT)
    assert {key for key, given in done.follow_up.items() if given == "yes"} == {"itch_strong"}


@pytest.mark.parametrize(
    ("how_soon", "can_wait", "worried"),
    [("wait", True, False), ("wait_worried", True, True), ("soon", False, False), ("soon_worried", False, True)],
)
def test_how_soon_says_whether_it_can_wait_and_whether_they_worry(how_soon: str, can_wait: bool, worried: bool) -> None:
    done = complete(SWELLING | {"how_soon": how_soon}, ABOUT)
    assert (done.can_wait, done.worried) == (can_wait, worried)


def test_mild_bumps_are_asked_less() -> None:
    about = CheckInContext("ablative", 7, ONE)
    assert {"raw_not_closed", "warm"} & set(lines("bumps", "1", about)) == set()
    assert {"raw_not_closed", "warm"} <= set(lines("bumps", "2", about))
    assert {"raw_not_closed", "warm"} <= set(lines("bumps", "0/2", about)), "the worst counts, also when it is over"
    assert lines("bumps", "0", about) == []


def test_a_follow_up_that_cannot_change_advice_is_not_asked() -> None:
    day_1, day_3 = CheckInContext("ablative", 1, ONE), CheckInContext("ablative", 3, ONE)
    first = [{option.value for option in path({}, about)[0].options} for about in (day_1, day_3)]
    assert "burning_getting_worse" in first[0], "it can be dead skin"
    assert first[0] - first[1] == {"numbing_reaction"}
    assert "pain_back" not in lines("burning", "2", day_1)
    assert "pain_back" in lines("burning", "2", day_3)
    assert "raw_not_closed" in lines("burning", "2", CheckInContext("hair_removal", 3, ONE))
    assert "raw_not_closed" in lines("burning", "2", CheckInContext("microneedling", 3, ONE))


def test_a_symptom_without_a_list_goes_on_without_one() -> None:
    off = tuple(rule for rule in ABOUT.rules if not rule.facts)
    about = replace(ABOUT, changed_rules=off)
    assert lines("scarring", "1", about) == []
    answers = {"symptoms": ["scarring"], "severity_scarring": "1"}
    assert ids(answers, about) == ["symptoms", "severity_scarring", "how_soon"]
    assert ids({"symptoms": ["something_else"]}, about) == ["symptoms", "how_soon"]


def test_a_list_that_changed_is_asked_again() -> None:
    """None of these was said of a shorter list: nothing may be stored as no that was never shown."""
    about = CheckInContext("ablative", 7, ONE)
    mild = answered({"symptoms": ["bumps"]}, "severity_bumps", "1", about)
    mild = answered(mild, "follow_ups_bumps", ["none"], about)
    same = answered(mild, "severity_bumps", "0/1", about)
    assert same["follow_ups_bumps"] == ["none"]
    worse = answered(mild, "severity_bumps", "3", about)
    assert "follow_ups_bumps" not in worse
    open_question = next_question(worse, about)
    assert open_question is not None
    assert open_question.id == "follow_ups_bumps"


def test_which_was_not_sure_is_asked_again_where_other_lines_are_left() -> None:
    answers = answered(SWELLING, "follow_ups_swelling", ["not_sure"], ABOUT)
    answers = answered(answers, "unsure_follow_ups_swelling", ["lump"], ABOUT)
    changed = answered(answers, "follow_ups_swelling", ["warm", "not_sure"], ABOUT)
    assert "unsure_follow_ups_swelling" not in changed
    assert "unsure_follow_ups_swelling" not in answered(answers, "follow_ups_swelling", ["none"], ABOUT)


def test_a_line_that_moves_to_another_list_is_asked_there() -> None:
    both = {
        "symptoms": ["burning", "swelling"],
        "severity_burning": "2",
        "severity_swelling": "2",
        "follow_ups_burning": ["none"],
        "follow_ups_swelling": ["none"],
    }
    fewer = answered(both, "symptoms", ["swelling"], ABOUT)
    assert "follow_ups_swelling" not in fewer, "a hot spot was asked with the burning and is asked here now"


def test_answers_from_another_day_or_shape_are_used_as_far_as_they_mean_the_same() -> None:
    old = {
        "start": "something",
        "symptoms": ["swelling"],
        "severity_swelling": "3",
        "swelling_eyes": "yes",
        "follow_ups_swelling": ["none"],
        "can_wait": "no",
        "note": "x",
    }
    assert set(usable(old, is_fresh=True)) == {"symptoms", "severity_swelling", "follow_ups_swelling", "note"}
    assert usable(old, is_fresh=False) == {"note": "x"}, "of another day the note alone"


def test_what_is_not_asked_cannot_be_answered() -> None:
    for name, value in (("severity_bumps", "1"), ("start", "no_problems"), ("note", "x")):
        with pytest.raises(InvalidInput) as caught:
            answered({}, name, value, ABOUT)
        assert (caught.value.field, caught.value.found) == (name, NOT_ASKED)
    assert answered(SWELLING, "note", " x ", ABOUT)["note"] == "x"


def test_a_question_that_two_symptoms_share_is_asked_once() -> None:
    both = {
        "symptoms": ["bumps", "infection"],
        "severity_bumps": "1",
        "severity_infection": "1",
    }
    shown = [option.value for question in path(both, ABOUT) for option in question.options]
    assert shown.count("pus_spots") == 1
    assert "follow_ups_bumps" in ids(both)


def test_the_place_is_asked_only_where_more_than_one_area_was_treated() -> None:
    about = CheckInContext("ablative", 3, TWO)
    assert "area_swelling" not in ids(SWELLING)
    assert "area_swelling" in ids(SWELLING, about)
    assert complete(SWELLING | {"area_swelling": ["9"]}, about).areas == {"swelling": (9,)}
    assert complete(SWELLING | {"area_swelling": ["9", "7"]}, about).areas == {"swelling": ()}
    assert complete(SWELLING | {"area_swelling": ["all"]}, about).areas == {"swelling": ()}
    assert refused(SWELLING | {"area_swelling": ["all", "7"]}, about).field == "area_swelling"
    assert refused(SWELLING | {"area_swelling": ["8"]}, about).field == "area_swelling"
    assert refused(SWELLING, about).field == "area_swelling"


def test_the_first_check_in_asks_since_the_treatment_and_later_ones_since_the_last_answer() -> None:
    assert "since your treatment" in path({}, ABOUT)[0].title
    later = CheckInContext("ablative", 5, ONE, first_check_in=False)
    assert "since you last" in path({}, later)[0].title


def test_answers_left_over_from_another_path_are_ignored() -> None:
    changed = SWELLING | {"symptoms": ["none"], "note": "\x00", "follow_ups_other": ["lump"]}
    assert complete(changed, ABOUT).severities["swelling"] == 0
    fewer = SWELLING | {"symptoms": ["bumps"], "severity_bumps": "1", "follow_ups_bumps": ["none"]}
    left = complete(fewer, ABOUT).follow_up
    assert left == dict.fromkeys(lines("bumps", "1")[:-1], "no")


@pytest.mark.parametrize(
    ("change", "field", "allowed"),
    [
        ({"severity_swelling": "5"}, "severity_swelling", "now and at its worst"),
        ({"severity_swelling": 3}, "severity_swelling", "now and at its worst"),
        ({"severity_swelling": None}, "severity_swelling", "0, 1, 2, 3, 4"),
        ({"severity_swelling": ["3"]}, "severity_swelling", "now and at its worst"),
        ({"severity_swelling": "0/0"}, "severity_swelling", "0/1 to 4/4"),
        ({"severity_swelling": "0"}, "severity_swelling", "0/1 to 4/4"),
        ({"severity_swelling": "3/2"}, "severity_swelling", "now not above it"),
        ({"severity_swelling": "1/2/3"}, "severity_swelling", "0/1 to 4/4"),
        ({"severity_swelling": "1/"}, "severity_swelling", "0/1 to 4/4"),
        ({"follow_ups_swelling": "warm"}, "follow_ups_swelling", "list"),
        ({"follow_ups_swelling": []}, "follow_ups_swelling", "at least one"),
        ({"follow_ups_swelling": ["none", "warm"]}, "follow_ups_swelling", "not_sure, none"),
        ({"follow_ups_swelling": ["infection_pus"]}, "follow_ups_swelling", "warm"),
        ({"symptoms": ["none", "swelling"]}, "symptoms", "each once"),
        ({"symptoms": ["none", "faint"]}, "symptoms", "each once"),
        ({"symptoms": ["swelling", "warm"]}, "symptoms", "each once"),
        ({"symptoms": []}, "symptoms", "at least one"),
        ({"symptoms": "swelling"}, "symptoms", "list"),
        ({"symptoms": ["swelling", "swelling"]}, "symptoms", "each once"),
        ({"symptoms": ["swelling", "hiccups"]}, "symptoms", "burning"),
        ({"symptoms": [3]}, "symptoms", "list"),
        ({"how_soon": "maybe"}, "how_soon", "wait_worried"),
        ({"how_soon": ""}, "how_soon", "wait_worried"),
        ({"how_soon": True}, "how_soon", "wait_worried"),
        ({"start": "something"}, "start", "a question"),
        ({"swelling_eyes": "yes"}, "swelling_eyes", "a question"),
        ({"note": "a\x00b"}, "note", "plain text"),
        ({"note": "a\x1b[31m"}, "note", "plain text"),
        ({"note": "\ud800"}, "note", "plain text"),
        ({"note": "x" * 1001}, "note", "1000 characters"),
        ({"note": ["x"]}, "note", "text"),
        ({"advice": "expected"}, "advice", "a question"),
        ({1: "x"}, "1", "a question"),
    ],
)
def test_what_the_form_would_not_allow_is_refused(change: dict[Any, Any], field: str, allowed: str) -> None:
    error = refused(SWELLING | change)
    assert error.field == field
    assert allowed in error.allowed
    assert field in error.message


@pytest.mark.parametrize("missing", list(SWELLING))
def test_a_missing_answer_is_named(missing: str) -> None:
    assert refused({k: v for k, v in SWELLING.items() if k != missing}).field == missing


def test_a_note_keeps_line_breaks_and_emoji() -> None:
    done = complete(SWELLING | {"note": "  it hurts\r\n\U0001f62d 👩🏾‍⚕️ "}, ABOUT)
    assert done.note == "it hurts\n\U0001f62d 👩🏾‍⚕️"
    assert complete(SWELLING, ABOUT).note == ""


def test_answers_must_be_a_mapping() -> None:
    with pytest.raises(InvalidInput):
        complete(["start"], ABOUT)  # type: ignore[arg-type]


def a_value(draw: st.DrawFn, question: Question) -> Any:
    values = [option.value for option in question.options]
    if question.kind == "single":
        return draw(st.sampled_from(values))
    if question.kind == "grades":
        now, worst = sorted((draw(st.integers(0, 4)), draw(st.integers(1, 4))))
        return f"{now}/{worst}"
    alone = [[option.value] for option in question.exclusive]
    several = st.lists(st.sampled_from(values), min_size=1, unique=True)
    return draw(several | st.sampled_from(alone)) if alone else draw(several)


@settings(max_examples=200)
@given(st.data())
def test_answering_question_by_question_always_ends_in_a_check_in(data: st.DataObject) -> None:
    about = CheckInContext(
        data.draw(st.sampled_from(["ablative", "ipl", "other"])),
        data.draw(st.integers(0, 200)),
        data.draw(st.sampled_from([(), ONE, TWO])),
        first_check_in=data.draw(st.booleans()),
    )
    answers: dict[str, Any] = {}
    asked: list[str] = []
    while (question := next_question(answers, about)) is not None:
        assert question.id not in asked, "no question is asked twice"
        asked.append(question.id)
        answers = answered(answers, question.id, a_value(data.draw, question), about)  # type: ignore[arg-type]
        so_far(answers, about)
    assert asked == ids(answers, about)
    done = complete(answers, about)
    assert set(done.severities) == set(SYMPTOMS)
    shown = {option.value for question in path(answers, about) for option in question.options}
    assert set(done.follow_up) <= shown
    assert all(done.now[symptom] <= worst for symptom, worst in done.severities.items())
    assert not {key for key in SAFETY if done.follow_up.get(key) == "no"}
    assert so_far(answers, about) == done


@settings(max_examples=300)
@given(
    st.dictionaries(
        st.sampled_from(
            [*SWELLING, "follow_ups_other", "unsure_symptoms", "note", "warned", "area_swelling", "nonsense"]
        ),
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(max_size=3)
        | st.lists(st.text(max_size=3), max_size=3)
        | st.sampled_from(["wait", "3", "1/3", ["swelling"], ["none"], ["not_sure"], ["something_else"], ["faint"]]),
    )
)
def test_hand_made_answers_never_break_the_flow(answers: dict[str, Any]) -> None:
    assert path(answers, ABOUT)
    interruption(warned(answers, ABOUT), ABOUT)
    open_question = next_question(answers, ABOUT)
    try:
        complete(answers, ABOUT)
    except InvalidInput as error:
        named = error.field
    else:
        named = open_question.id if open_question and open_question.required else ""
        assert not named
    assert named in {*SWELLING, "follow_ups_other", "unsure_symptoms", "note", "area_swelling", "nonsense", ""} or (
        named.startswith("unsure_")
    )
