"""The check-in as pure functions: from the answers so far to the next question, or to the result."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reporting.domain.answers import Option, Question, known_question_ids, read_answer
from reporting.domain.content import content
from reporting.domain.records import SYMPTOMS, FollowUp
from reporting.domain.relevance import CheckInContext, TreatedAreaRef, changes_advice
from reporting.errors import InvalidInput

__all__ = [
    "CheckInContext", "CompletedCheckIn", "Option", "Question", "TreatedAreaRef", "complete",
    "next_question", "path",
]  # fmt: skip


@dataclass(frozen=True)
class CompletedCheckIn:
    """Validated answers. ``severities`` has all six symptoms, 0 to 4; ``areas`` symptom to treated area ids,
    an empty tuple for all of them; ``can_wait`` is None when it was not asked."""

    severities: dict[str, int]
    follow_up: dict[str, str]
    areas: dict[str, tuple[int, ...]]
    worried: bool
    can_wait: bool | None
    note: str


def _options(option_set: str) -> tuple[Option, ...]:
    return tuple(Option(row.value, row.label, row.hint) for row in content().options.get(option_set, ()))


def _fixed(question_id: str, context: CheckInContext, options: tuple[Option, ...] | None = None) -> Question:
    text = content().questions[question_id]
    return Question(
        id=question_id,
        kind=text.kind,
        title=text.title_first if context.first_check_in else text.title,
        hint=text.hint,
        options=_options(text.options) if options is None else options,
        required=text.required,
        max_length=text.max_length,
    )


def _symptoms_question(context: CheckInContext) -> Question:
    records = (content().symptoms[code] for code in SYMPTOMS)
    return _fixed("symptoms", context, tuple(Option(row.code, row.patient_label, row.patient_hint) for row in records))


def _severity_question(symptom: str) -> Question:
    words = tuple(Option(str(row.value), row.word, row.hint) for row in content().severity_words)
    record = content().symptoms[symptom]
    return Question(f"severity_{symptom}", "single", record.severity_title, record.patient_hint, words, True, symptom)


def _follow_up_question(row: FollowUp, symptom: str) -> Question:
    return Question(row.key, "single", row.title, row.hint, _options(row.options), True, symptom)


def _area_question(symptom: str, context: CheckInContext) -> Question:
    places = tuple(Option(str(area.id), area.label) for area in context.areas)
    title = content().symptoms[symptom].area_title
    return Question(f"area_{symptom}", "multiple", title, "", places, True, symptom)


def _chosen(answers: Mapping[str, Any]) -> tuple[str, ...]:
    given = answers.get("symptoms")
    return tuple(s for s in SYMPTOMS if s in given) if isinstance(given, list | tuple) else ()


def _severity(answers: Mapping[str, Any], symptom: str) -> int:
    given = answers.get(f"severity_{symptom}")
    return int(given) if isinstance(given, str) and given in {"1", "2", "3", "4"} else 0


def _about(symptom: str, answers: Mapping[str, Any], context: CheckInContext, asked: set[str]) -> Iterator[Question]:
    """Severity of a symptom, the follow-ups that can change advice, and where it is."""
    yield _severity_question(symptom)
    severity = _severity(answers, symptom)
    if severity == 0:
        return
    for row in content().follow_ups.values():
        lowest = row.lowest_severity(symptom)
        if lowest is None or severity < lowest or row.key in asked or not changes_advice(row, context):
            continue
        asked.add(row.key)
        yield _follow_up_question(row, symptom)
    if len(context.areas) > 1:
        yield _area_question(symptom, context)


def path(answers: Mapping[str, Any], context: CheckInContext) -> tuple[Question, ...]:
    """Every question that applies given the answers so far, in order. Answers to others are ignored."""
    questions = [_fixed("start", context)]
    if answers.get("start") != "something":
        return tuple(questions)
    questions.append(_symptoms_question(context))
    asked: set[str] = set()
    for symptom in _chosen(answers):
        questions.extend(_about(symptom, answers, context, asked))
    questions.extend(_fixed(name, context) for name in ("can_wait", "worried", "note"))
    return tuple(questions)


def next_question(answers: Mapping[str, Any], context: CheckInContext) -> Question | None:
    """The first question on the path without a usable answer, or None when all are answered.

    An optional question counts as answered once its id is among the answers, even if left empty.
    """
    for question in path(answers, context):
        if question.id not in answers:
            return question
        try:
            read_answer(question, answers[question.id])
        except InvalidInput:
            return question
    return None


def complete(answers: Mapping[str, Any], context: CheckInContext) -> CompletedCheckIn:
    """The check-in that these answers make.

    Answers to known questions that are not on the path are ignored. Raises InvalidInput naming field, found
    and allowed: for an unknown question, a missing answer, a value that is not offered, a bad note.
    """
    if not isinstance(answers, Mapping):
        raise InvalidInput(field="answers", found=type(answers).__name__, allowed="answers by question")
    for name in answers:
        if name not in known_question_ids():
            raise InvalidInput(field=str(name)[:80], found="an unknown question", allowed="a question of this check-in")
    read = {
        question.id: (question, read_answer(question, answers.get(question.id))) for question in path(answers, context)
    }
    values: dict[str, Any] = {name: value for name, (_, value) in read.items()}
    can_wait = values.get("can_wait")
    return CompletedCheckIn(
        severities={symptom: int(values.get(f"severity_{symptom}", "0")) for symptom in SYMPTOMS},
        follow_up={name: str(values[name]) for name in values if name in content().follow_ups},
        areas={
            symptom: _places(values[f"area_{symptom}"], context) for symptom in SYMPTOMS if f"area_{symptom}" in values
        },
        worried=values.get("worried") == "yes",
        can_wait=None if can_wait is None else can_wait == "yes",
        note=values.get("note", ""),
    )


def _places(chosen: tuple[str, ...], context: CheckInContext) -> tuple[int, ...]:
    """Ids of the chosen areas; empty when all of them were chosen."""
    ids = tuple(int(value) for value in chosen)
    return () if len(ids) == len(context.areas) else ids
