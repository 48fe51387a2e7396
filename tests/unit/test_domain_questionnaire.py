"""The flow of questions: what is asked when, what is refused, what comes out."""

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
    "symptoms": ["swelling"],
    "severity_swelling": "3",
    "follow_ups_swelling": ["swelling_eyes"],
    "how_soon": "wait",
}


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
    assert [option.value for option in first.options] == list(SYMPTOMS)
    assert [option.value for option in first.exclusive] == ["none"]
    answers = answered({}, "symptoms", ["none"], ABOUT)
    assert answers == NO_PROBLEMS
    assert next_question(answers, ABOUT) is None
    done = complete(answers, ABOUT)
    assert done.severities == dict.fromkeys(SYMPTOMS, 0)
    assert (done.worried, done.can_wait, done.note, done.follow_up) == (False, None, "", {})


def test_severe_swelling_is_asked_about_eyes_and_breathing_on_one_page() -> None:
    assert ids(SWELLING) == list(SWELLING)
    assert lines("swelling", "3") == ["swelling_breathing", "swelling_eyes", "burning_eye_pain"]
    done = complete(SWELLING, ABOUT)
    assert done.severities["swelling"] == 3
    assert done.follow_up == {"swelling_breathing": "no", "swelling_eyes": "yes", "burning_eye_pain": "no"}
    assert done.can_wait is True


@pytest.mark.parametrize(("exclusive", "stored"), [("none", "no"), ("not_sure", "not_sure")])
def test_one_tap_answers_every_line(exclusive: str, stored: str) -> None:
    question = next(one for one in path(SWELLING, ABOUT) if one.id == "follow_ups_swelling")
    assert [option.value for option in question.exclusive] == ["none", "not_sure"]
    done = complete(SWELLING | {"follow_ups_swelling": [exclusive]}, ABOUT)
    assert set(done.follow_up.values()) == {stored}
    assert len(done.follow_up) == 3


@pytest.mark.parametrize(
    ("how_soon", "can_wait", "worried"),
    [("wait", True, False), ("wait_worried", True, True), ("soon", False, False), ("soon_worried", False, True)],
)
def test_how_soon_says_whether_it_can_wait_and_whether_they_worry(how_soon: str, can_wait: bool, worried: bool) -> None:
    done = complete(SWELLING | {"how_soon": how_soon}, ABOUT)
    assert (done.can_wait, done.worried) == (can_wait, worried)


def test_mild_swelling_is_asked_less() -> None:
    assert "swelling_eyes" not in lines("swelling", "1")
    assert lines("swelling", "0") == []


def test_a_follow_up_that_cannot_change_advice_is_not_asked() -> None:
    day_1, day_3 = CheckInContext("ablative", 1, ONE), CheckInContext("ablative", 3, ONE)
    assert "burning_getting_worse" not in lines("burning", "2", day_1)
    assert "burning_getting_worse" in lines("burning", "2", day_3)
    assert "raw_not_closed" not in lines("burning", "2", day_3)
    assert "raw_not_closed" in lines("burning", "2", CheckInContext("hair_removal", 3, ONE))


def test_a_symptom_without_a_list_goes_on_without_one() -> None:
    assert lines("scarring", "1", CheckInContext("ablative", 3, ONE)) == []
    assert ids({"symptoms": ["scarring"], "severity_scarring": "1"}) == ["symptoms", "severity_scarring", "how_soon"]


def test_a_list_that_changed_is_asked_again() -> None:
    """None of these was said of a shorter list: nothing may be stored as no that was never shown."""
    mild = answered({"symptoms": ["swelling"]}, "severity_swelling", "1", ABOUT)
    mild = answered(mild, "follow_ups_swelling", ["none"], ABOUT)
    same = answered(mild, "severity_swelling", "1", ABOUT)
    assert same == mild
    worse = answered(mild, "severity_swelling", "3", ABOUT)
    assert "follow_ups_swelling" not in worse
    open_question = next_question(worse, ABOUT)
    assert open_question is not None
    assert open_question.id == "follow_ups_swelling"
    without = answered(mild, "severity_swelling", "0", ABOUT)
    assert "follow_ups_swelling" not in answered(without, "severity_swelling", "3", ABOUT)


def test_a_line_that_moves_to_another_list_is_asked_there() -> None:
    both = {
        "symptoms": ["burning", "swelling"],
        "severity_burning": "2",
        "severity_swelling": "2",
        "follow_ups_burning": ["none"],
        "follow_ups_swelling": ["none"],
    }
    fewer = answered(both, "symptoms", ["swelling"], ABOUT)
    assert "follow_ups_swelling" not in fewer, "eye pain was asked with the burning and is asked here now"


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
    assert set(usable(old, is_same_day=True)) == {"symptoms", "severity_swelling", "follow_ups_swelling", "note"}
    assert set(usable(old, is_same_day=False)) == {"symptoms", "severity_swelling", "note"}


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
    assert shown.count("grouped_blisters") == 1
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
    changed = SWELLING | {"symptoms": ["none"], "note": "\x00"}
    assert complete(changed, ABOUT).severities["swelling"] == 0
    fewer = SWELLING | {"symptoms": ["bumps"], "severity_bumps": "1", "follow_ups_bumps": ["none"]}
    assert complete(fewer, ABOUT).follow_up == {"grouped_blisters": "no"}


@pytest.mark.parametrize(
    ("change", "field", "allowed"),
    [
        ({"severity_swelling": "5"}, "severity_swelling", "0, 1, 2, 3, 4"),
        ({"severity_swelling": 3}, "severity_swelling", "0, 1, 2, 3, 4"),
        ({"severity_swelling": None}, "severity_swelling", "0, 1, 2, 3, 4"),
        ({"severity_swelling": ["3"]}, "severity_swelling", "0, 1, 2, 3, 4"),
        ({"follow_ups_swelling": "swelling_eyes"}, "follow_ups_swelling", "list"),
        ({"follow_ups_swelling": []}, "follow_ups_swelling", "at least one"),
        ({"follow_ups_swelling": ["none", "swelling_eyes"]}, "follow_ups_swelling", "none, not_sure"),
        ({"follow_ups_swelling": ["infection_pus"]}, "follow_ups_swelling", "swelling_eyes"),
        ({"symptoms": ["none", "swelling"]}, "symptoms", "each once"),
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
    assert so_far(answers, about) == done


@settings(max_examples=300)
@given(
    st.dictionaries(
        st.sampled_from([*SWELLING, "note", "warned", "area_swelling", "nonsense"]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(max_size=3)
        | st.lists(st.text(max_size=3), max_size=3)
        | st.sampled_from(["wait", "3", ["swelling"], ["none"], ["not_sure"], ["swelling_breathing"]]),
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
    assert named in {*SWELLING, "note", "area_swelling", "nonsense", ""}
