"""Who heals as slowly as most people may is never flagged: always at the upper edge of the expected course."""

import pytest

from reporting.domain.content import content
from reporting.domain.content_rows import SYMPTOMS
from reporting.domain.course import due_days, expected_severity
from reporting.domain.questionnaire import CheckInContext, CompletedCheckIn, complete, path
from reporting.domain.triage import assess


def edge(procedure: str, day: int) -> dict[str, int]:
    """The highest expected grade of every symptom on a day."""
    return {symptom: expected_severity(procedure, symptom, day) for symptom in SYMPTOMS}


def highest(procedure: str, first: int, last: int) -> dict[str, int]:
    """The highest expected grade of every symptom on any of the days."""
    days = [edge(procedure, day) for day in range(first, last + 1)]
    return {symptom: max(grades[symptom] for grades in days) for symptom in SYMPTOMS}


@pytest.mark.parametrize("procedure", content().procedure_classes)
def test_the_edge_of_the_course_is_never_flagged(procedure: str) -> None:
    """On every due day, whether all, some or none of those before it were answered: of them the last alone matters.

    All symptoms at once: whatever a single one of them fired, all of them would.
    """
    days = due_days(procedure)
    for day in days:
        for since in (None, *(earlier for earlier in days if earlier < day)):
            now, worst = edge(procedure, day), highest(procedure, since or 0, day)
            context = CheckInContext(
                procedure,
                day,
                first_check_in=since is None,
                previous={} if since is None else edge(procedure, since),
                since_day=since,
            )
            has = any(worst.values())
            found = assess(CompletedCheckIn(worst, {}, {}, False, True if has else None, "", now), context)
            assert (found.fired, found.advice, found.case_level) == ((), "expected", None), (day, since)
            assert not any(found.unexpected.values()), (day, since)


@pytest.mark.parametrize("procedure", content().procedure_classes)
def test_the_edge_can_be_told_and_nothing_that_is_asked_then_need_be_ticked(procedure: str) -> None:
    """The same through the questions themselves, from one due day to the next, with no line ticked."""
    since, previous = None, {}
    for day in due_days(procedure):
        now, worst = edge(procedure, day), highest(procedure, since or 0, day)
        context = CheckInContext(procedure, day, first_check_in=since is None, previous=previous, since_day=since)
        had = [symptom for symptom in SYMPTOMS if worst[symptom]]
        answers = {f"severity_{symptom}": f"{now[symptom]}/{worst[symptom]}" for symptom in had}
        answers |= {"symptoms": had or ["none"], "how_soon": "wait"}
        answers |= {
            question.id: ["none"] for question in path(answers, context) if question.id.startswith("follow_ups_")
        }
        done = complete(answers, context)
        assert (done.severities, done.now) == (worst, now)
        found = assess(done, context)
        assert (found.fired, found.advice) == ((), "expected"), (day, since)
        since, previous = day, now


@pytest.mark.parametrize("procedure", content().procedure_classes)
def test_one_grade_above_the_edge_is_unexpected(procedure: str) -> None:
    """Now or in the days since the last answer: the edge is where it is said to be, and nothing above is usual."""
    days = due_days(procedure)
    for since, day in zip((None, *days), days, strict=False):
        now, worst = edge(procedure, day), highest(procedure, since or 0, day)
        context = CheckInContext(procedure, day, first_check_in=since is None, since_day=since)
        for symptom in SYMPTOMS:
            more_now = now | {symptom: now[symptom] + 1}
            least = {each: max(worst[each], more_now[each]) for each in SYMPTOMS}
            for grades_now, grades_worst in (
                (more_now, least),
                (now, worst | {symptom: worst[symptom] + 1}),
            ):
                if max(grades_worst.values()) > 4:
                    continue
                done = CompletedCheckIn(grades_worst, {}, {}, False, True, "", grades_now)
                assert assess(done, context).unexpected[symptom], (day, symptom)
