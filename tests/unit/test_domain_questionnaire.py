"""The flow of questions: what is asked when, what is refused, what comes out."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting.domain.answers import Question
from reporting.domain.questionnaire import CheckInContext, TreatedAreaRef, complete, next_question, path
from reporting.domain.records import SYMPTOMS
from reporting.errors import InvalidInput

ONE = (TreatedAreaRef(7, "cheeks", "Cheeks"),)
TWO = (*ONE, TreatedAreaRef(9, "neck", "Neck"))
ABOUT = CheckInContext("ablative", 3, ONE, 2, None, True, {})
SWELLING = {
    "start": "something", "symptoms": ["swelling"], "severity_swelling": "3", "swelling_breathing": "no",
    "swelling_eyes": "yes", "burning_eye_pain": "no", "can_wait": "yes", "worried": "no", "note": "",
}  # fmt: skip


def ids(answers: dict[str, Any], about: CheckInContext = ABOUT) -> list[str]:
    return [question.id for question in path(answers, about)]


def refused(answers: dict[str, Any], about: CheckInContext = ABOUT) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        complete(answers, about)
    return caught.value


def test_no_problems_is_one_tap() -> None:
    assert ids({}) == ["start"]
    answers = {"start": "no_problems"}
    assert next_question(answers, ABOUT) is None
    done = complete(answers, ABOUT)
    assert done.severities == dict.fromkeys(SYMPTOMS, 0)
    assert (done.worried, done.can_wait, done.note, done.follow_up) == (False, None, "", {})


def test_severe_swelling_is_asked_about_eyes_and_breathing() -> None:
    assert ids(SWELLING) == list(SWELLING)
    done = complete(SWELLING, ABOUT)
    assert done.severities["swelling"] == 3
    assert done.follow_up["swelling_eyes"] == "yes"
    assert done.can_wait is True


def test_mild_swelling_is_asked_less() -> None:
    assert "swelling_eyes" not in ids(SWELLING | {"severity_swelling": "1"})
    assert "swelling_breathing" not in ids(SWELLING | {"severity_swelling": "0"})


def test_a_follow_up_that_cannot_change_advice_is_not_asked() -> None:
    burning = {"start": "something", "symptoms": ["burning"], "severity_burning": "2"}
    assert "burning_getting_worse" not in ids(burning, CheckInContext("ablative", 1, ONE))
    assert "burning_getting_worse" in ids(burning, CheckInContext("ablative", 3, ONE))
    assert "raw_not_closed" not in ids(burning, CheckInContext("ablative", 3, ONE))
    assert "raw_not_closed" in ids(burning, CheckInContext("hair_removal", 3, ONE))


def test_a_question_that_two_symptoms_share_is_asked_once() -> None:
    both = {
        "start": "something",
        "symptoms": ["bumps", "infection"],
        "severity_bumps": "1",
        "severity_infection": "1",
    }
    assert ids(both).count("grouped_blisters") == 1


def test_the_place_is_asked_only_where_more_than_one_area_was_treated() -> None:
    about = CheckInContext("ablative", 3, TWO)
    assert "area_swelling" not in ids(SWELLING)
    assert "area_swelling" in ids(SWELLING, about)
    assert complete(SWELLING | {"area_swelling": ["9"]}, about).areas == {"swelling": (9,)}
    assert complete(SWELLING | {"area_swelling": ["9", "7"]}, about).areas == {"swelling": ()}
    assert refused(SWELLING | {"area_swelling": ["8"]}, about).field == "area_swelling"
    assert refused(SWELLING, about).field == "area_swelling"


def test_the_first_check_in_asks_since_the_treatment_and_later_ones_since_the_last_answer() -> None:
    assert "since your treatment" in path({}, ABOUT)[0].title
    later = CheckInContext("ablative", 5, ONE, first_check_in=False)
    assert "since you last" in path({}, later)[0].title


def test_answers_left_over_from_another_path_are_ignored() -> None:
    changed = SWELLING | {"start": "no_problems", "note": "\x00"}
    assert complete(changed, ABOUT).severities["swelling"] == 0
    fewer = SWELLING | {"symptoms": ["bumps"], "severity_bumps": "1", "grouped_blisters": "no"}
    assert complete(fewer, ABOUT).follow_up == {"grouped_blisters": "no"}


@pytest.mark.parametrize(
    ("change", "field", "allowed"),
    [
        ({"severity_swelling": "5"}, "severity_swelling", "0, 1, 2, 3, 4"),
        ({"severity_swelling": 3}, "severity_swelling", "0, 1, 2, 3, 4"),
        ({"severity_swelling": None}, "severity_swelling", "0, 1, 2, 3, 4"),
        ({"severity_swelling": ["3"]}, "severity_swelling", "0, 1, 2, 3, 4"),
        ({"swelling_eyes": "maybe"}, "swelling_eyes", "not_sure"),
        ({"swelling_breathing": "not_sure"}, "swelling_breathing", "no, yes"),
        ({"symptoms": []}, "symptoms", "at least one"),
        ({"symptoms": "swelling"}, "symptoms", "list"),
        ({"symptoms": ["swelling", "swelling"]}, "symptoms", "each once"),
        ({"symptoms": ["swelling", "hiccups"]}, "symptoms", "burning"),
        ({"symptoms": [3]}, "symptoms", "list"),
        ({"start": "maybe"}, "start", "no_problems"),
        ({"start": ""}, "start", "no_problems"),
        ({"worried": "yes!"}, "worried", "no, yes"),
        ({"can_wait": True}, "can_wait", "yes, no"),
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


@pytest.mark.parametrize("missing", [name for name in SWELLING if name != "note"])
def test_a_missing_answer_is_named(missing: str) -> None:
    assert refused({k: v for k, v in SWELLING.items() if k != missing}).field == missing


def test_a_note_keeps_line_breaks_and_emoji() -> None:
    done = complete(SWELLING | {"note": "  it hurts\r\n\U0001f62d 👩🏾‍⚕️ "}, ABOUT)
    assert done.note == "it hurts\n\U0001f62d 👩🏾‍⚕️"
    assert complete({k: v for k, v in SWELLING.items() if k != "note"}, ABOUT).note == ""


def test_answers_must_be_a_mapping() -> None:
    with pytest.raises(InvalidInput):
        complete(["start"], ABOUT)  # type: ignore[arg-type]


def a_value(draw: st.DrawFn, question: Question) -> Any:
    values = [option.value for option in question.options]
    if question.kind == "single":
        return draw(st.sampled_from(values))
    if question.kind == "multiple":
        return draw(st.lists(st.sampled_from(values), min_size=1, unique=True))
    return draw(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=50))


@settings(max_examples=200)
@given(st.data())
def test_answering_question_by_question_always_ends_in_a_check_in(data: st.DataObject) -> None:
    about = CheckInContext(
        data.draw(st.sampled_from(["ablative", "ipl", "other"])), data.draw(st.integers(0, 200)),
        data.draw(st.sampled_from([(), ONE, TWO])), first_check_in=data.draw(st.booleans()),
    )  # fmt: skip
    answers: dict[str, Any] = {}
    asked: list[str] = []
    while (question := next_question(answers, about)) is not None:
        assert question.id not in asked, "no question is asked twice"
        asked.append(question.id)
        answers[question.id] = a_value(data.draw, question)  # type: ignore[arg-type]
    assert asked == ids(answers, about)
    done = complete(answers, about)
    assert set(done.severities) == set(SYMPTOMS)
    assert set(done.follow_up) <= set(asked)


@settings(max_examples=300)
@given(
    st.dictionaries(
        st.sampled_from([*SWELLING, "area_swelling", "nonsense"]),
        st.none() | st.booleans() | st.integers() | st.text(max_size=3)
        | st.lists(st.text(max_size=3), max_size=3)
        | st.sampled_from(["something", "yes", "no", "3", ["swelling"]]),
    )
)  # fmt: skip
def test_hand_made_answers_never_break_the_flow(answers: dict[str, Any]) -> None:
    assert path(answers, ABOUT)
    open_question = next_question(answers, ABOUT)
    try:
        complete(answers, ABOUT)
    except InvalidInput as error:
        named = error.field
    else:
        named = open_question.id if open_question and open_question.required else ""
        assert not named
    assert named in {*SWELLING, "area_swelling", "nonsense", ""}
