"""The advice of a report as it is shown again: in the words that were kept, with what is known now of who reads it."""

from collections.abc import Sequence
from dataclasses import replace

from reporting import clock
from reporting.domain.content_rows import ADVICE_LEVELS
from reporting.domain.kept_words import KeptWords, from_kept, ticked_lines, to_keep, without_calm
from reporting.domain.questionnaire import TreatedAreaRef
from reporting.domain.triage import Assessment, Guidance, Reading, assess, call_the_clinic
from reporting.patient.read_contact import contact_of
from reporting.records import cases, check_ins
from reporting.records.engine import Session
from reporting.records.tables import CheckIn, Clinic, TriageCase, id_of
from reporting.security.encryption import CannotDecrypt, decrypt, encrypt


def reading_of(session: Session, check_in_id: int, timezone: str) -> Reading | None:
    """Whether and by when a person reads a report: of the case that it went into; None where it went into none."""
    case_id = cases.case_of(session, check_in_id)
    case = None if case_id is None else session.get(TriageCase, case_id)
    if case is None:
        return None
    said, is_read = case.promised_at, case.state != "new"
    is_late = not is_read and said is not None and said < clock.now()
    return Reading(said, timezone, is_read=is_read, is_late=is_late)


def read_words(session: Session, check_in_id: int, guidance: Guidance, timezone: str) -> Guidance:
    """The guidance of a report with whether and by when a person reads it."""
    if guidance.advice == ADVICE_LEVELS[0]:
        return guidance  # no rule fired, so there is no case to look for
    found = reading_of(session, check_in_id, timezone)
    return guidance if found is None else replace(guidance, reading=found)


def kept_of(row: CheckIn) -> KeptWords | None:
    """What the patient read after that report; None where it was not kept or cannot be read any more."""
    if row.words_encrypted is None:
        return None
    try:
        return from_kept(decrypt(row.words_encrypted))
    except CannotDecrypt:
        return None


def keep_words(session: Session, row: CheckIn, about: check_ins.Subject, guidance: Guidance) -> None:
    """Keep in a report that was written, in its language, what the patient reads now that it is."""
    shown = contact_of(session.get_one(Clinic, row.clinic_id), about, clock.now()).tells(
        read_words(session, id_of(row), guidance, about.timezone), row.language
    )
    row.words_encrypted = encrypt(to_keep(guidance, shown, row.language, ticked_lines(row.follow_up)))
    session.add(row)
    session.flush()


def guidance_of(
    about: check_ins.Subject, row: CheckIn, before: Sequence[CheckIn], areas: tuple[TreatedAreaRef, ...]
) -> Guidance:
    """The advice of a report in the words that were kept; of one without, as the content of today puts it.

    ``before``: the reports that counted before it. Where the content in use was withdrawn nothing calm is repeated.
    """
    kept = kept_of(row)
    if kept is None:
        context, done = check_ins.as_it_was_from(about, row, before, areas)
        return assess(done, context).guidance
    return without_calm(kept.guidance, call_the_clinic()) if about.is_withdrawn else kept.guidance


def as_told(assessed: Assessment, row: CheckIn) -> Assessment:
    """The assessment of a report that had arrived before, with the words that were kept of it."""
    kept = kept_of(row)
    return assessed if kept is None else replace(assessed, guidance=kept.guidance)
