"""What the page needs on which a report is changed or taken back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from reporting.domain.actors import Actor
from reporting.domain.corrections import answers_of
from reporting.domain.questionnaire import CheckInContext, usable
from reporting.domain.recovery_words import RECOVERY_WORDS
from reporting.errors import Conflict, NotFound
from reporting.queries.past import PastCheckIn, past_check_ins
from reporting.queries.patient import ClinicContact, check_in_page
from reporting.security.permissions import require
from reporting.storage import check_ins, drafts, patients
from reporting.storage.engine import reading


@dataclass(frozen=True)
class CorrectionPage:
    """A report that can be changed. ``answers`` are those kept so far, at first those of the report itself.

    ``context`` is that of the day on which it was answered; ``kind`` names the draft of the change.
    """

    sent: PastCheckIn
    treatment_id: int
    context: CheckInContext
    answers: Mapping[str, Any]
    kind: str
    draft_key: str | None
    contact: ClinicContact
    timezone: str


def correction_page(by: Actor, check_in_id: int) -> CorrectionPage:
    """One of the patient's own reports. Raises NotFound, NotAllowed without a second factor, and Conflict when
    it was changed or taken back before, or came from another system."""
    require(by, "history.read")
    page = check_in_page(by)
    with reading() as session:
        about = check_ins.subject(session, page.treatment_id)
        assert about is not None
        patient = patients.by_id(session, about.patient_id)
        rows = {row.id: row for row in check_ins.answered(session, page.treatment_id)}
        if check_in_id not in rows:
            raise NotFound(RECOVERY_WORDS["report_gone"], what_to_do=RECOVERY_WORDS["report_gone_do"])
        context, done = check_ins.as_it_was(session, about, rows[check_in_id])
        kind = drafts.correction_of(check_in_id)
        draft = drafts.draft_of(session, page.treatment_id, kind)
    past = {one.check_in_id: one for one in past_check_ins(list(rows.values()), context.areas)}
    sent = past.get(check_in_id)
    if sent is None or not sent.may_change:
        raise _cannot(rows[check_in_id].source)
    begun = usable(draft.answers, is_same_day=True) if draft else answers_of(replace(done, note=sent.note), context)
    return CorrectionPage(
        sent=sent, treatment_id=page.treatment_id, context=context, answers=begun, kind=kind,
        draft_key=draft.submission_key if draft else None, contact=page.contact,
        timezone=(patient.timezone if patient else "") or about.timezone,
    )  # fmt: skip


def _cannot(source: str) -> Conflict:
    name = "not_ours" if source == "import" else "already_changed"
    return Conflict(RECOVERY_WORDS[name], what_to_do=RECOVERY_WORDS[f"{name}_do"])
