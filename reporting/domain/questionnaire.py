"""The check-in as pure functions: from the answers so far to the next question, or to the result."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from reporting.domain.answers import NOT_ASKED, OTHER, UNSURE, Option, Question, grades, known_question_ids, read_answer
from reporting.domain.check_in_context import (
    MOST_KEPT,
    CheckInContext,
    Circumstances,
    CompletedCheckIn,
    TreatedAreaRef,
    changes_advice,
    could_fire,
    firing,
    lines,
)
from reporting.domain.content import content
from reporting.domain.content_reader import FIRST
from reporting.domain.content_reader import OTHER as OTHER_LIST
from reporting.domain.content_rows import SYMPTOMS, FollowUp
from reporting.errors import InvalidInput

__all__ = [
    "NO_PROBLEMS",
    "CheckInContext",
    "CompletedCheckIn",
    "Option",
    "Question",
    "TreatedAreaRef",
    "answered",
    "changes_advice",
    "complete",
    "could_fire",
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


SOMETHING_ELSE, NOT_SURE = "something_else", "not_sure"
"""Lines of the first page that lead to a page of their own."""


def _lines(place: str, about: Circumstances) -> list[FollowUp]:
    """Lines that are shown at a place, ``first`` or ``other``, and can change advice."""
    return [row for row in lines(about) if place in row.shown_for]


def _as_options(rows: Sequence[FollowUp], heading: str = "") -> tuple[Option, ...]:
    """Lines as options; the heading stands above the first."""
    return tuple(
        Option(row.key, row.patient_label, row.hint, "" if number else heading) for number, row in enumerate(rows)
    )


def _first_question(context: CheckInContext) -> Question:
    return _first_of(context.circumstances, context.first_check_in)


@lru_cache(maxsize=MOST_KEPT)
def _first_of(about: Circumstances, is_first: bool) -> Question:
    """The six symptoms, the safety lines that everybody sees, and the two ways to say something else."""
    text, others = content().questions["symptoms"], _options("first_page")
    symptoms = tuple(
        Option(row.code, row.patient_label, row.patient_hint) for row in (content().symptoms[code] for code in SYMPTOMS)
    )
    safety = _as_options(_lines(FIRST, about), content().questions["safety"].title)
    title = text.title_first if is_first else text.title
    return _checklist("symptoms", title, text.hint, (*symptoms, *safety, *others), None)


def _severity_question(symptom: str) -> Question:
    words = tuple(Option(str(row.value), row.word, row.hint) for row in content().severity_words)
    record = content().symptoms[symptom]
    return Question(
        f"severity_{symptom}",
        "grades",
        record.now_title,
        record.patient_hint,
        words,
        True,
        symptom,
        worst_title=record.severity_title,
        name=record.patient_label,
    )


def _unsure_option() -> Option:
    return next(option for option in _options("first_page") if option.value == NOT_SURE)


def _list_of(question_id: str, title: str, hint: str, rows: Sequence[FollowUp], symptom: str | None = None) -> Question:
    """A checklist of lines, with *not sure about one of these* as the last to tick."""
    options = (*_as_options(rows), _unsure_option())
    return Question(question_id, "multiple", title, hint, options, True, symptom, None, _options("follow_ups"))


def _unsure_of(question: Question, answers: Mapping[str, Any]) -> Iterator[Question]:
    """Which of the lines that were not ticked it is, where more than one may be meant."""
    given = answers.get(question.id)
    left = lines_left(question, given) if isinstance(given, list | tuple) and NOT_SURE in given else ()
    if len(left) > 1:
        text = content().questions["unsure"]
        plain = tuple(replace(option, heading="") for option in left)
        yield Question(
            UNSURE + question.id, "multiple", text.title, text.hint, plain, True, None, None, _options("follow_ups")
        )


def lines_left(question: Question, given: Collection[str]) -> tuple[Option, ...]:
    """Lines of a list, symptoms apart, that were not ticked."""
    known = content().follow_ups
    return tuple(option for option in question.options if option.value in known and option.value not in given)


def _follow_ups_question(symptom: str, rows: list[FollowUp]) -> Question:
    title, hint = content().symptoms[symptom].follow_ups_title, content().questions["symptoms"].hint
    return _list_of(f"follow_ups_{symptom}", title, hint, rows, symptom)


def _area_question(symptom: str, context: CheckInContext) -> Question:
    places = tuple(Option(str(area.id), area.label) for area in context.areas)
    return _checklist(f"area_{symptom}", content().symptoms[symptom].area_title, "", places, symptom)


def note_question(context: CheckInContext) -> Question:
    """The note, which may stay empty: part of the review, not a step of the path."""
    return _fixed("note", context)


def _ticks(answers: Mapping[str, Any], question: Question) -> tuple[str, ...]:
    """What was ticked on the first page, in the order offered."""
    given = answers.get("symptoms")
    values = [option.value for option in question.options]
    return tuple(v for v in values if v in given) if isinstance(given, list | tuple) else ()


def _severity(answers: Mapping[str, Any], symptom: str) -> int:
    """The worst that was answered; 0 where nothing usable was."""
    found = grades(answers.get(f"severity_{symptom}"))
    return found[1] if found else 0


def _to_ask(symptom: str, severity: int, context: CheckInContext, asked: set[str]) -> list[FollowUp]:
    """Follow-ups of a symptom that can change advice and were not asked before."""
    rows = []
    for row in lines(context.circumstances):
        lowest = row.lowest_severity(symptom)
        if lowest is not None and severity >= lowest and row.key not in asked:
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
        question = _follow_ups_question(symptom, rows)
        yield question
        yield from _unsure_of(question, answers)
    if len(context.areas) > 1:
        yield _area_question(symptom, context)


def _something_else(answers: Mapping[str, Any], context: CheckInContext, asked: set[str]) -> Iterator[Question]:
    """What else there is, of all that was not asked before."""
    rows = [row for row in _lines(OTHER_LIST, context.circumstances) if row.key not in asked]
    asked.update(row.key for row in rows)
    text = content().questions["other"]
    if rows:
        question = _list_of(OTHER, text.title, text.hint, rows)
        yield question
        yield from _unsure_of(question, answers)


def path(answers: Mapping[str, Any], context: CheckInContext) -> tuple[Question, ...]:
    """Every question that applies given the answers so far, in order. Answers to others are ignored."""
    first = _first_question(context)
    ticks = _ticks(answers, first)
    if not ticks:
        return (first,)
    asked = {option.value for option in first.options}
    questions = [first, *_unsure_of(first, answers)]
    if SOMETHING_ELSE in ticks:
        questions.extend(_something_else(answers, context, asked))
    for symptom in (code for code in SYMPTOMS if code in ticks):
        questions.extend(_about(symptom, answers, context, asked))
    if _has_emergency(answers, context, tuple(questions)):
        return tuple(questions)
    return (*questions, _fixed("how_soon", context))


def _has_emergency(answers: Mapping[str, Any], context: CheckInContext, questions: tuple[Question, ...]) -> bool:
    """Whether what was answered so far is an emergency: nobody who has one is asked whether it can wait."""
    texts, done = content().guidance, so_far(answers, context, questions)
    return any(texts[rule.advice].emergency for rule in firing(done, context))


def is_report(answers: Mapping[str, Any], context: CheckInContext) -> bool:
    """Whether anything was reported: something other than *no problems* is ticked on the first page."""
    return bool(_ticks(answers, _first_question(context)))


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
    is_note = question_id == "note" and is_report(answers, context)
    question = note_question(context) if is_note else before.get(question_id)
    if question is None:
        raise InvalidInput(field=question_id[:80], found=NOT_ASKED, allowed="a question on the path")
    value = read_answer(question, given)
    fresh = {**answers, question_id: list(value) if isinstance(value, tuple) else value}
    now = {question.id: question for question in path(fresh, context)}
    for name in [name for name in fresh if name.startswith(_LISTS) and name != question_id]:
        if before.get(name) != now.get(name) or name not in now:
            del fresh[name]
    return fresh


_LISTS = ("follow_ups_", UNSURE)


def usable(stored: Mapping[str, Any], *, is_fresh: bool) -> dict[str, Any]:
    """Answers kept earlier that can still be used, of questions that exist. Those of another day told how it was then:
    of them the note alone is kept."""
    known = known_question_ids() if is_fresh else {"note"}
    return {name: value for name, value in stored.items() if name in known}


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
    if is_report(answers, context):
        values["note"] = read_answer(note_question(context), answers.get("note"))
    return _completed(values, questions, context)


def _completed(values: Mapping[str, Any], questions: tuple[Question, ...], context: CheckInContext) -> CompletedCheckIn:
    can_wait, worried = HOW_SOON.get(values.get("how_soon", ""), (None, False))
    follow_up: dict[str, str] = {}
    for question in questions:
        if question.kind == "multiple" and question.id in values and not question.id.startswith(("area_", UNSURE)):
            follow_up |= _ticked_off(question, values[question.id], values.get(UNSURE + question.id, ()))
    open_ones = {question.id for question in questions} - values.keys()
    read = {
        symptom: grades(values.get(f"severity_{symptom}")) or (0, 0)
        for symptom in SYMPTOMS
        if f"severity_{symptom}" not in open_ones  # ticked, and how bad it is was not said yet
    }
    return CompletedCheckIn(
        severities={symptom: worst for symptom, (_, worst) in read.items()},
        follow_up=follow_up,
        areas={
            symptom: _places(values[f"area_{symptom}"], context) for symptom in SYMPTOMS if f"area_{symptom}" in values
        },
        worried=worried,
        can_wait=can_wait,
        note=values.get("note", ""),
        now={symptom: now for symptom, (now, _) in read.items()},
    )


def _ticked_off(question: Question, chosen: tuple[str, ...], unsure: Collection[str]) -> dict[str, str]:
    """Each line of a checklist with yes, no or not_sure; of the first page only those that are not no."""
    left = lines_left(question, chosen)
    if NOT_SURE in chosen and len(left) == 1:
        unsure = [left[0].value]
    said = {line.value: "not_sure" if line.value in unsure else "no" for line in left}
    said |= {key: "yes" for key in chosen if key in content().follow_ups}
    return {key: given for key, given in said.items() if given != "no"} if question.id == "symptoms" else said


def _places(chosen: tuple[str, ...], context: CheckInContext) -> tuple[int, ...]:
    """Ids of the chosen areas; empty when all of them were chosen."""
    ids = () if chosen == ("all",) else tuple(int(value) for value in chosen)
    return () if len(ids) == len(context.areas) else ids
