"""The check-in as pure functions: from the answers so far to the next question, or to the result.

Which rules can matter at all for a treatment on a day, before any answer is given.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reporting.domain.answers import NOT_ASKED, Option, Question, known_question_ids, read_answer
from reporting.domain.content import content
from reporting.domain.content_rows import SYMPTOMS, FollowUp, Rule
from reporting.domain.vocabulary import DARK
from reporting.errors import InvalidInput


@dataclass(frozen=True)
class TreatedAreaRef:
    """A treated area that the patient can point at."""

    id: int
    area: str
    label: str


@dataclass(frozen=True)
class CheckInContext:
    """What is known before the patient answers. ``previous`` severities are those of the last check-in."""

    procedure_class: str
    recovery_day: int
    areas: tuple[TreatedAreaRef, ...] = ()
    fitzpatrick: int | None = None
    pigmentation_history: bool | None = None
    first_check_in: bool = True
    previous: Mapping[str, int] = field(default_factory=dict)
    changed_rules: tuple[Rule, ...] | None = None
    """The rules of the patient's clinic on that day; None: those of the content tables."""

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The triage rules in force, in the order of the table."""
        return content().rules if self.changed_rules is None else self.changed_rules


def _darker_skin_or_pigment_history(context: CheckInContext) -> bool:
    """Fitzpatrick IV to VI or earlier pigment trouble; an unknown skin type counts as at risk."""
    return (context.fitzpatrick or 6) >= DARK or context.pigmentation_history is True


_CONDITIONS = {"": lambda _: True, "darker_skin_or_pigment_history": _darker_skin_or_pigment_history}


def could_fire(rule: Rule, context: CheckInContext) -> bool:
    """Whether day, procedure class and patient allow the rule to fire, whatever is answered."""
    if rule.from_day is not None and context.recovery_day < rule.from_day:
        return False
    if rule.to_day is not None and context.recovery_day > rule.to_day:
        return False
    if rule.procedure_classes and context.procedure_class not in rule.procedure_classes:
        return False
    return bool(_CONDITIONS[rule.condition](context))


def concerns_area(follow_up: FollowUp, context: CheckInContext) -> bool:
    """Whether it is asked for one of the treated areas; where none is known, everything is asked."""
    treated = {area.area for area in context.areas}
    return not follow_up.areas or not treated or not treated.isdisjoint(follow_up.areas)


def changes_advice(follow_up: FollowUp, context: CheckInContext) -> bool:
    """Whether some answer to the follow-up can make a rule fire on this day, for these areas."""
    return concerns_area(follow_up, context) and any(
        rule.follow_up == follow_up.key and could_fire(rule, context) for rule in context.rules
    )


__all__ = [
    "NO_PROBLEMS",
    "CheckInContext",
    "CompletedCheckIn",
    "Option",
    "Question",
    "TreatedAreaRef",
    "answered",
    "complete",
    "next_question",
    "note_question",
    "path",
    "so_far",
    "usable",
]

NO_PROBLEMS: Mapping[str, Any] = {"symptoms": ["none"]}
"""The whole answer of a person who has nothing to report."""
HOW_SOON = {"wait": (True, False), "wait_worried": (True, True), "soon": (False, False), "soon_worried": (False, True)}
"""Answer to ``can_wait`` and ``worried``."""


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


def _fixed(question_id: str, context: CheckInContext) -> Question:
    text = content().questions[question_id]
    title = text.title_first if context.first_check_in else text.title
    return Question(
        question_id, text.kind, title, text.hint, _options(text.options), text.required, max_length=text.max_length
    )


def _checklist(question_id: str, title: str, hint: str, options: tuple[Option, ...], symptom: str | None) -> Question:
    exclusive = _options(question_id.removesuffix(f"_{symptom}"))
    return Question(question_id, "multiple", title, hint, options, True, symptom, None, exclusive)


def _symptoms_question(context: CheckInContext) -> Question:
    text = content().questions["symptoms"]
    records = (content().symptoms[code] for code in SYMPTOMS)
    options = tuple(Option(row.code, row.patient_label, row.patient_hint) for row in records)
    title = text.title_first if context.first_check_in else text.title
    return _checklist("symptoms", title, text.hint, options, None)


def _severity_question(symptom: str) -> Question:
    words = tuple(Option(str(row.value), row.word, row.hint) for row in content().severity_words)
    record = content().symptoms[symptom]
    return Question(f"severity_{symptom}", "single", record.severity_title, record.patient_hint, words, True, symptom)


def _follow_ups_question(symptom: str, rows: list[FollowUp]) -> Question:
    options = tuple(Option(row.key, row.patient_label, row.hint) for row in rows)
    title, hint = content().symptoms[symptom].follow_ups_title, content().questions["symptoms"].hint
    return _checklist(f"follow_ups_{symptom}", title, hint, options, symptom)


def _area_question(symptom: str, context: CheckInContext) -> Question:
    places = tuple(Option(str(area.id), area.label) for area in context.areas)
    return _checklist(f"area_{symptom}", content().symptoms[symptom].area_title, "", places, symptom)


def note_question(context: CheckInContext) -> Question:
    """The note, which may stay empty: part of the review, not a step of the path."""
    return _fixed("note", context)


def _chosen(answers: Mapping[str, Any]) -> tuple[str, ...]:
    given = answers.get("symptoms")
    return tuple(s for s in SYMPTOMS if s in given) if isinstance(given, list | tuple) else ()


def _severity(answers: Mapping[str, Any], symptom: str) -> int:
    given = answers.get(f"severity_{symptom}")
    return int(given) if isinstance(given, str) and given in {"1", "2", "3", "4"} else 0


def _to_ask(symptom: str, severity: int, context: CheckInContext, asked: set[str]) -> list[FollowUp]:
    """Follow-ups of a symptom that can change advice and were not asked with an earlier symptom."""
    rows = []
    for row in content().follow_ups.values():
        lowest = row.lowest_severity(symptom)
        if lowest is not None and severity >= lowest and row.key not in asked and changes_advice(row, context):
            rows.append(row)
    asked.update(row.key for row in rows)
    return rows


def _about(symptom: str, answers: Mapping[str, Any], context: CheckInContext, asked: set[str]) -> Iterator[Question]:
    """Severity of a symptom, its checklist, and where it is."""
    yield _severity_question(symptom)
    severity = _severity(answers, symptom)
    if severity == 0:
        return
    if rows := _to_ask(symptom, severity, context, asked):
        yield _follow_ups_question(symptom, rows)
    if len(context.areas) > 1:
        yield _area_question(symptom, context)


def path(answers: Mapping[str, Any], context: CheckInContext) -> tuple[Question, ...]:
    """Every question that applies given the answers so far, in order. Answers to others are ignored."""
    questions = [_symptoms_question(context)]
    chosen = _chosen(answers)
    if not chosen:
        return tuple(questions)
    asked: set[str] = set()
    for symptom in chosen:
        questions.extend(_about(symptom, answers, context, asked))
    return (*questions, _fixed("how_soon", context))


def next_question(answers: Mapping[str, Any], context: CheckInContext) -> Question | None:
    """The first question on the path without a usable answer, or None when all are answered."""
    return first_open(path(answers, context), answers)


def first_open(questions: Sequence[Question], answers: Mapping[str, Any]) -> Question | None:
    """``next_question`` where the path is known already."""
    for question in questions:
        try:
            read_answer(question, answers.get(question.id))
        except InvalidInput:
            return question
    return None


def answered(answers: Mapping[str, Any], question_id: str, given: Any, context: CheckInContext) -> dict[str, Any]:
    """The answers with one more, checked against what is asked now.

    A checklist that now offers something else than when it was answered is asked again: "None of these" was
    said of the old list only. Raises InvalidInput for a question that is not asked and an answer not offered.
    """
    before = {question.id: question for question in path(answers, context)}
    question = note_question(context) if question_id == "note" and len(before) > 1 else before.get(question_id)
    if question is None:
        raise InvalidInput(field=question_id[:80], found=NOT_ASKED, allowed="a question on the path")
    value = read_answer(question, given)
    fresh = {**answers, question_id: list(value) if isinstance(value, tuple) else value}
    now = {question.id: question for question in path(fresh, context)}
    for name in [name for name in fresh if name.startswith("follow_ups_") and name != question_id]:
        if before.get(name) != now.get(name) or name not in now:
            del fresh[name]
    return fresh


def usable(stored: Mapping[str, Any], *, is_same_day: bool) -> dict[str, Any]:
    """Answers kept earlier that can still be used: of questions that exist and, for checklists, asked the same day."""
    known = known_question_ids()
    return {
        name: value
        for name, value in stored.items()
        if name in known and (is_same_day or not name.startswith("follow_ups_"))
    }


def so_far(
    answers: Mapping[str, Any], context: CheckInContext, questions: tuple[Question, ...] | None = None
) -> CompletedCheckIn:
    """What has been reported already, while questions are still open. Never raises.

    ``questions``: the path, where it is known already.
    """
    questions, read = path(answers, context) if questions is None else questions, {}
    for question in questions:
        try:
            read[question.id] = read_answer(question, answers.get(question.id))
        except InvalidInput:
            continue
    return _completed(read, questions, context)


def complete(answers: Mapping[str, Any], context: CheckInContext) -> CompletedCheckIn:
    """The check-in that these answers make.

    Answers to known questions that are not on the path are ignored. Raises InvalidInput naming field, found
    and allowed: for an unknown question, a missing answer, a value that is not offered, a bad note.
    """
    if not isinstance(answers, Mapping):
        raise InvalidInput(field="answers", found=type(answers).__name__, allowed="answers by question")
    known = known_question_ids()
    for name in answers:
        if name not in known:
            raise InvalidInput(field=str(name)[:80], found="an unknown question", allowed="a question of this check-in")
    questions = path(answers, context)
    values = {question.id: read_answer(question, answers.get(question.id)) for question in questions}
    if "how_soon" in values:
        values["note"] = read_answer(note_question(context), answers.get("note"))
    return _completed(values, questions, context)


def _completed(values: Mapping[str, Any], questions: tuple[Question, ...], context: CheckInContext) -> CompletedCheckIn:
    can_wait, worried = HOW_SOON.get(values.get("how_soon", ""), (None, False))
    follow_up: dict[str, str] = {}
    for question in questions:
        if question.id.startswith("follow_ups_") and question.id in values:
            follow_up |= _ticked_off(question, values[question.id])
    return CompletedCheckIn(
        severities={symptom: int(values.get(f"severity_{symptom}", "0")) for symptom in SYMPTOMS},
        follow_up=follow_up,
        areas={
            symptom: _places(values[f"area_{symptom}"], context) for symptom in SYMPTOMS if f"area_{symptom}" in values
        },
        worried=worried,
        can_wait=can_wait,
        note=values.get("note", ""),
    )


def _ticked_off(question: Question, chosen: tuple[str, ...]) -> dict[str, str]:
    """Each line of a checklist with yes or no, or all of them with not_sure."""
    if chosen == ("not_sure",):
        return {option.value: "not_sure" for option in question.options}
    return {option.value: "yes" if option.value in chosen else "no" for option in question.options}


def _places(chosen: tuple[str, ...], context: CheckInContext) -> tuple[int, ...]:
    """Ids of the chosen areas; empty when all of them were chosen."""
    ids = () if chosen == ("all",) else tuple(int(value) for value in chosen)
    return () if len(ids) == len(context.areas) else ids
