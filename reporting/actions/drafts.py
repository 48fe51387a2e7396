"""To keep answers as they are given, so that a locked phone or a lost connection loses nothing."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from reporting import clock
from reporting.actions.check_ins import allowed_to_send
from reporting.actions.consent import record_first_use
from reporting.domain.actors import Actor
from reporting.domain.answers import known_question_ids
from reporting.domain.guidance import warned
from reporting.domain.language import ENGLISH
from reporting.domain.questionnaire import CheckInContext, answered, usable
from reporting.errors import InvalidInput, NotFound
from reporting.storage import check_ins, drafts
from reporting.storage.engine import transaction

MAX_CHARACTERS = 8_000


def _checked(answers: Mapping[str, Any]) -> None:
    for name in answers:
        if name not in known_question_ids():
            raise InvalidInput(field=str(name)[:80], found="an unknown question", allowed="a question of this check-in")
    length = len(json.dumps(dict(answers)))
    if length > MAX_CHARACTERS:
        raise InvalidInput(field="answers", found=f"{length} characters", allowed=f"up to {MAX_CHARACTERS}")


def save_draft(
    *, by: Actor, treatment_id: int, answers: Mapping[str, Any], submission_key: str,
    kind: str = drafts.CHECK_IN, language: str = ENGLISH,
) -> None:  # fmt: skip
    """Keep the answers given so far. They are not a report yet, so no audit row is written.

    ``kind`` is the next check-in, or a correction (``storage.drafts.correction_of``).
    The first answer that is kept also keeps that the patient agreed. Staff always write a draft of their own.
    Raises ConsentWithdrawn, InvalidInput for questions that no check-in has, NotFound for a treatment that is not
    the sender's.
    """
    _checked(answers)
    with transaction() as session:
        about = check_ins.subject(session, treatment_id, lock=True)
        if about is None:
            raise NotFound()
        allowed_to_send(by, about)
        record_first_use(session, by, clinic_id=about.clinic_id, patient_id=about.patient_id, language=language)
        kept_as = drafts.PROXY if by.kind == "staff" else kind
        drafts.keep(session, about, answers, submission_key, clock.now(), kept_as)


def keep_answer(
    *, by: Actor, treatment_id: int, question_id: str, given: Any, submission_key: str, language: str = ENGLISH
) -> None:
    """Add one answer to those that are kept, whichever tab or device gave them.

    Raises as ``save_draft`` does, and InvalidInput for a question that is not asked now or an answer not offered.
    """
    _change(by, treatment_id, submission_key, language, lambda old, now: answered(old, question_id, given, now))


def keep_warned(*, by: Actor, treatment_id: int, submission_key: str, language: str = ENGLISH) -> None:
    """Keep that the emergency card was read, so that it is shown once. Raises as ``save_draft`` does."""
    _change(by, treatment_id, submission_key, language, warned)


def _change(
    by: Actor, treatment_id: int, key: str, language: str,
    change: Callable[[Mapping[str, Any], CheckInContext], dict[str, Any]],
) -> None:  # fmt: skip
    moment = clock.now()
    with transaction() as session:
        about = check_ins.subject(session, treatment_id, lock=True)
        if about is None:
            raise NotFound()
        allowed_to_send(by, about)
        kind = drafts.kind_of(by.kind)
        context = check_ins.context(session, about, moment)
        draft = drafts.draft_of(session, treatment_id, kind)
        is_same_day = draft is not None and check_ins.recovery_day(about, draft.updated_at) == context.recovery_day
        answers = change(usable(draft.answers, is_same_day=is_same_day) if draft else {}, context)
        _checked(answers)
        record_first_use(session, by, clinic_id=about.clinic_id, patient_id=about.patient_id, language=language)
        if draft is None:
            drafts.keep(session, about, answers, key, moment, kind)
        else:
            drafts.put(session, draft, answers, moment)
