"""Several procedures in one visit: what one of them explains is usual, and no danger of any is lost."""

from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest

from reporting.domain.clinic_content import SCHEDULES, Change, ClinicContent
from reporting.domain.content import content
from reporting.domain.content_rows import ADVICE_LEVELS, SYMPTOMS
from reporting.domain.course import (
    classes_of,
    course_window,
    due_days,
    due_from,
    expected_severity,
    is_report_unexpected,
    of_visit,
    self_care,
)
from reporting.domain.questionnaire import CheckInContext, CompletedCheckIn
from reporting.domain.triage import assess
from reporting.domain.vocabulary import visit_label
from reporting.errors import InvalidInput

CLASSES = tuple(content().procedure_classes)
PAIRS = tuple(pairwise(CLASSES))


def test_a_visit_of_one_class_is_that_class() -> None:
    assert of_visit("ablative") == "ablative"
    assert classes_of(of_visit("ablative", "ipl+peel")) == ("ablative", "ipl", "peel")
    assert visit_label("ablative+ipl").endswith(" with Intense pulsed light")


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_what_one_class_explains_is_expected_and_every_day_is_asked(one: str, other: str) -> None:
    course = of_visit(one, other)
    for day in range(120):
        for symptom in SYMPTOMS:
            highest = max(expected_severity(one, symptom, day), expected_severity(other, symptom, day))
            assert expected_severity(course, symptom, day) == highest
            window = course_window(course, symptom, day)
            assert window is None or window.highest_expected == highest
            assert not is_report_unexpected(course, symptom, highest, recovery_day=day, scheduled_day=day)
    assert set(due_days(course)) == set(due_days(one)) | set(due_days(other))
    assert self_care(course, 3) == self_care(one, 3)


@pytest.mark.parametrize(("one", "other"), PAIRS)
@pytest.mark.parametrize("day", [0, 1, 3, 10, 30])
def test_no_advice_on_a_fact_is_milder_than_for_one_of_the_classes(one: str, other: str, day: int) -> None:
    calm = CompletedCheckIn(dict.fromkeys(SYMPTOMS, 0), {}, {}, False, True, "", {})
    for key in content().follow_ups:
        done = replace(calm, follow_up={key: "yes"})
        alone = [assess(done, CheckInContext(code, day)).advice for code in (one, other)]
        together = assess(done, CheckInContext(of_visit(one, other), day)).advice
        assert ADVICE_LEVELS.index(together) >= max(map(ADVICE_LEVELS.index, alone)), key


def test_a_burn_early_after_the_milder_part_is_not_excused_by_the_harder_one() -> None:
    burning = dict.fromkeys(SYMPTOMS, 0) | {"burning": 3}
    done = CompletedCheckIn(burning, {}, {}, False, True, "", {})
    assert assess(done, CheckInContext("ablative", 0)).advice == "expected"
    assert assess(done, CheckInContext("ablative+ipl", 0)).advice == "contact_today"


def test_a_clinic_s_own_schedule_of_one_part_counts_with_the_other_s() -> None:
    own = ClinicContent((Change(SCHEDULES, "ipl", (("days", "2|5"),), from_day=date(2026, 1, 1)),))
    assert own.due_days("ipl", None) == (2, 5)
    assert set(own.due_days("ablative+ipl", None)) == {2, 5} | set(due_days("ablative"))


def test_the_evening_is_asked_from_the_earliest_hour_of_its_parts() -> None:
    assert due_from("ablative+ipl", 0).hour == 18
    assert due_from("ablative", 1).hour == 0


def test_an_unknown_part_is_refused_and_any_of_its_symptoms_counts() -> None:
    with pytest.raises(InvalidInput):
        due_days("ablative+own")
    assert is_report_unexpected("ablative+own", "burning", 1, recovery_day=1, scheduled_day=1)
