"""A correction begins with the answers that were given: read back, they make the same check-in."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.domain.answers import WARNED, Question
from reporting.domain.corrections import answers_of, is_worse, read_reason
from reporting.domain.guidance import interruption
from reporting.domain.questionnaire import (
    CheckInContext,
    TreatedAreaRef,
    complete,
    next_question,
)
from reporting.domain.triage import assess
from reporting.domain.vocabulary import procedure_classes
from reporting.errors import InvalidInput

AREAS = (TreatedAreaRef(7, "cheeks", "Cheeks"), TreatedAreaRef(8, "neck", "Neck"), TreatedAreaRef(9, "chin", "Chin"))


def a_context(data: st.DataObject) -> CheckInContext:
    return CheckInContext(
        procedure_class=data.draw(st.sampled_from(sorted(procedure_classes()))),
        recovery_day=data.draw(st.integers(0, 60)),
        areas=AREAS[: data.draw(st.integers(0, 3))],
        fitzpatrick=data.draw(st.sampled_from([None, 2, 5])),
        pigmentation_history=data.draw(st.booleans()),
        first_check_in=True,
        previous={},
    )


def an_answer(data: st.DataObject, question: Question) -> Any:
    values = [option.value for option in question.options]
    if question.kind == "single":
        return data.draw(st.sampled_from(values))
    if question.kind == "grades":
        now, worst = sorted((data.draw(st.integers(0, 4)), data.draw(st.integers(1, 4))))
        return f"{now}/{worst}"
    ticked = st.lists(st.sampled_from(values), min_size=1, unique=True)
    return data.draw(ticked | st.sampled_from([[option.value] for option in question.exclusive]))


@given(data=st.data())
def test_answers_read_back_make_the_same_check_in(data: st.DataObject) -> None:
    context, answers = a_context(data), {"note": data.draw(st.sampled_from(["", "It itches.\nA lot 😀"]))}
    while (question := next_question(answers, context)) is not None:
        answers[question.id] = an_answer(data, question)
    done = complete(answers, context)
    again = answers_of(done, context)
    if "symptoms" not in again:
        assert not any(done.severities.values())
        assert "yes" not in done.follow_up.values()
        assert set(again) - {WARNED} == {"note", "how_soon"}, "what was ticked without saying anything was not kept"
        return
    assert complete(again, context) == done
    assert interruption(again, context) is None, "what was warned of then interrupts no more"


def test_what_was_not_asked_then_is_asked_now() -> None:
    context = CheckInContext("ablative", 2, AREAS[:1], None, None, True, {})
    answers = {"symptoms": ["swelling"], "severity_swelling": "3", "follow_ups_swelling": ["none"], "how_soon": "wait"}
    done = complete(answers, context)
    open_question = next_question(answers_of(replace(done, follow_up={}), context), context)
    assert open_question is not None
    assert open_question.id == "follow_ups_swelling"
    unasked = answers_of(replace(done, can_wait=None), context)
    assert "how_soon" not in unasked
    assert WARNED in unasked


class TestWorse:
    CONTEXT = CheckInContext("ablative", 9, AREAS[:1], None, None, False, {})

    def judged(self, **severities: int) -> Any:
        answers: dict[str, Any] = {"symptoms": sorted(severities) or ["none"]}
        answers |= {f"severity_{code}": str(value) for code, value in severities.items()}
        while (question := next_question(answers, self.CONTEXT)) is not None:
            answers[question.id] = "wait" if question.kind == "single" else ["none"]
        done = complete(answers, self.CONTEXT)
        return assess(done, self.CONTEXT), done.severities

    @pytest.mark.parametrize(
        ("before", "after", "expected"),
        [
            ({}, {"infection": 2}, True),
            ({"infection": 1}, {"infection": 3}, True),
            ({"infection": 2}, {"infection": 2, "swelling": 3}, True),
            ({"infection": 2}, {"infection": 2}, False),
            ({"infection": 3}, {"infection": 2}, False),
            ({"infection": 2}, {}, False),
            ({}, {"bumps": 1}, False),
        ],
    )
    def test_worse_is_what_the_clinic_did_not_know(self, before: Any, after: Any, expected: bool) -> None:
        (judged_before, had), (judged_after, has) = self.judged(**before), self.judged(**after)
        assert is_worse(judged_before, judged_after, (had, has)) is expected


@pytest.mark.parametrize(
    ("given_reason", "read"),
    [
        ("mistake", ("mistake", "")),
        (" forgot ", ("forgot", "")),
        ("other", ("other", "")),
        ("other: two\nlines", ("other", "two\nlines")),
    ],
)
def test_a_reason_is_a_code_and_own_words(given_reason: str, read: tuple[str, str]) -> None:
    assert read_reason(given_reason) == read


def test_another_reason_is_refused() -> None:
    with pytest.raises(InvalidInput):
        read_reason("mistake: with words")
