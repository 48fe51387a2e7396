"""A check-in that is being filled in: what is asked, where the person is, and how answers and problems read.

Both kinds of pages, with and without scripts, draw from this.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from reporting.domain.answers import Question, grades
from reporting.domain.guidance import interruption
from reporting.domain.language import beside, translator
from reporting.domain.patient_words import plain_words, say
from reporting.domain.questionnaire import CheckInContext, first_open, note_question, path
from reporting.domain.triage import Guidance, Reading, call_the_clinic
from reporting.errors import InvalidInput, Problem

NOTE, REVIEW = "note", "review"


@dataclass(frozen=True)
class CheckInForm:
    """The answers so far and the day's context. What follows from them is worked out once, when it is wanted."""

    answers: Mapping[str, Any]
    context: CheckInContext
    reading: Reading | None = None
    """Who at the clinic reads the answers so far, which it has before they are sent; None: it has none of them."""
    shown_before: Collection[str] = ()
    """Rules whose advice was read with the report that is being changed."""

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """Every question that applies now, in order."""
        return path(self.answers, self.context)

    @cached_property
    def warning(self) -> Guidance | None:
        """The card that comes before any question, until it was read; nothing said yet is no reason for one."""
        if not self.answers and self.reading is None:
            return None
        return interruption(self.answers, self.context, self.questions, self.reading, self.shown_before)

    def instead(self, place: str) -> Guidance | None:
        """What the first question says above it while the content in use is withdrawn: to call, and that signs of
        danger are still answered. None at other places, and while it is not."""
        return call_the_clinic() if self.context.is_withdrawn and not self.before(place) else None

    @cached_property
    def note(self) -> Question:
        """The question for a note, beside the review."""
        return note_question(self.context)

    def question(self, place: str) -> Question | None:
        """The question at a place, if it is asked now."""
        return next((question for question in self.questions if question.id == place), None)

    def place(self, wanted: str = "") -> str:
        """Where the person is: at the wanted question if it is asked, else at the next open one or the review."""
        if self.question(wanted) is not None:
            return wanted
        open_question = first_open(self.questions, self.answers)
        return open_question.id if open_question else REVIEW

    def before(self, place: str) -> str:
        """The place one step back; empty before the first question."""
        order = [question.id for question in self.questions]
        number = order.index(place) if place in order else len(order)
        return order[number - 1] if number else ""

    def written_note(self) -> str:
        """The note as it is kept."""
        return str(self.answers.get(NOTE) or "")

    def shown(self, question: Question, language: str) -> str:
        """The answer to a question as the review shows it."""
        given, translate = self.answers[question.id], translator(language)
        if question.kind == "grades" and (found := grades(given)):
            now, worst = (translate(question.options[grade].label) for grade in found)
            return now if found[0] == found[1] else say("grades", language, now=now, worst=worst)
        values = given if isinstance(given, list | tuple) else [given]
        offered = (*question.options, *question.exclusive)
        return beside((translate(option.label) for option in offered if option.value in values), language)

    def problem(self, problem: Problem, place: str, language: str) -> str:
        """What is told of a problem with the answer at a place; the note is a question of its own."""
        is_note = isinstance(problem, InvalidInput) and problem.field == NOTE
        return plain_words(problem, language, question=self.note if is_note else self.question(place))
