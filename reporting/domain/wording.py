"""Every string that patients can read, for translations and the reading-age test."""

from collections.abc import Iterator

from reporting.domain.content import Content, content
from reporting.domain.patient_words import WORDS


def _strings(of: Content) -> Iterator[str]:
    for symptom in of.symptoms.values():
        yield from (symptom.patient_label, symptom.patient_hint, symptom.severity_title)
        yield from (symptom.follow_ups_title, symptom.area_title)
    for word in of.severity_words:
        yield from (word.word, word.hint)
    for question in of.questions.values():
        yield from (question.title, question.title_first, question.hint)
    for options in of.options.values():
        for option in options:
            yield from (option.label, option.hint)
    for follow_up in of.follow_ups.values():
        yield from (follow_up.patient_label, follow_up.hint)
    yield from (window.words for window in of.course)
    yield from (rule.patient_words for rule in of.rules)
    for text in of.guidance.values():
        yield from (text.heading, text.opening, text.what_next, text.out_of_hours)
        yield from (text.heading_closed, text.opening_closed, text.what_next_closed, text.out_of_hours_closed)
    for consent in of.consents.values():
        yield from (consent.title, consent.agree, consent.text)
    yield from (message.text for message in of.messages.values())
    yield from (procedure.patient_label for procedure in of.procedure_classes.values())
    yield from (term.label for term in of.terms["area"].values())


def patient_strings() -> tuple[str, ...]:
    """All patient strings in English, each once: first the pages' own, then in the order of the tables."""
    return tuple(dict.fromkeys(text for text in (*WORDS.values(), *_strings(content())) if text))
