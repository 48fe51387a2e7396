"""To keep answers as they are given, so that a locked phone or a lost connection loses nothing."""

import json
from collections.abc import Mapping
from typing import Any

from reporting import clock
from reporting.actions.check_ins import allowed_to_send
from reporting.domain.actors import Actor
from reporting.domain.answers import known_question_ids
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
    *, by: Actor, treatment_id: int, answers: Mapping[str, Any], submission_key: str, kind: str = drafts.CHECK_IN
) -> None:
    """Keep the answers given so far. They are not a report yet, so no audit row is written.

    ``kind`` is the next check-in, or a correction (``storage.drafts.correction_of``).
    Raises InvalidInput for questions that no check-in has, NotFound for a treatment that is not the sender's.
    """
    _checked(answers)
    with transaction() as session:
        about = check_ins.subject(session, treatment_id, lock=True)
        if about is None:
            raise NotFound()
        allowed_to_send(by, about)
        drafts.keep(session, about, answers, submission_key, clock.now(), kind)
