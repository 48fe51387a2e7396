"""Check-ins as the patient reads them again: the answers, the advice of that day, and what became of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from reporting.domain.content import content
from reporting.domain.questionnaire import TreatedAreaRef
from reporting.domain.schedule import days_late
from reporting.domain.symptoms import SYMPTOMS
from reporting.security.encryption import CannotDecrypt, decrypt
from reporting.storage.check_ins import counting
from reporting.storage.tables import CheckIn

IMPORTED = "import"


@dataclass(frozen=True)
class Had:
    """One symptom of a check-in: how bad, where (empty: everywhere), and the signs that came with it."""

    symptom: str
    severity: int
    places: tuple[str, ...]


@dataclass(frozen=True)
class PastCheckIn:
    """A check-in that was sent. Texts are English sentences of the content tables.

    ``marks`` are names of words: late, telephone, desk, carer, corrected, withdrawn. ``earlier`` are the
    versions that corrections took the place of, newest first.
    """

    check_in_id: int
    answered_at: datetime
    changed_at: datetime | None
    recovery_day: int
    heading: str
    had: tuple[Had, ...]
    signs: tuple[str, ...]
    """Lines of checklists that were ticked."""
    is_worried: bool
    could_not_wait: bool
    note: str
    is_note_lost: bool
    marks: tuple[str, ...]
    may_change: bool
    may_put_back: bool
    earlier: tuple["PastCheckIn", ...] = ()


def _heading(row: CheckIn, had: Sequence[Had]) -> str:
    """Heading of the advice as it was given then; imported check-ins had none."""
    if row.advice is None:
        return ""
    nothing = row.advice == "expected" and not had
    return content().guidance["no_problems" if nothing else row.advice].heading


def _note(row: CheckIn) -> tuple[str, bool]:
    if not row.note_encrypted:
        return "", False
    try:
        return decrypt(row.note_encrypted), False
    except CannotDecrypt:
        return "", True


def _marks(row: CheckIn, *, is_further: bool) -> tuple[str, ...]:
    """``is_further``: the check-in that was due had been answered before, so that this one cannot be late."""
    is_late = not is_further and days_late(row.scheduled_day, row.recovery_day) > 0
    who = row.answered_by or ("telephone" if row.source == "proxy" else "")
    found = {
        "mark_withdrawn": row.replaced_at is not None, "mark_corrected": row.corrects_id is not None,
        "mark_late": is_late, f"mark_{who}": bool(who),
    }  # fmt: skip
    return tuple(name for name, holds in found.items() if holds)


def _past(row: CheckIn, labels: Mapping[int, str], *, is_further: bool) -> PastCheckIn:
    assert row.id is not None
    assert row.answered_at is not None
    had = tuple(
        Had(code, severity, tuple(labels[i] for i in row.areas.get(code, ()) if i in labels))
        for code in SYMPTOMS if (severity := getattr(row, code))
    )  # fmt: skip
    known = content().follow_ups
    note, is_lost = _note(row)
    return PastCheckIn(
        check_in_id=row.id, answered_at=row.answered_at, changed_at=row.created_at if row.corrects_id else None,
        recovery_day=row.recovery_day or 0, heading=_heading(row, had), had=had,
        signs=tuple(known[k].patient_label for k, given in row.follow_up.items() if given == "yes" and k in known),
        is_worried=row.worried, could_not_wait=row.can_wait is False, note=note, is_note_lost=is_lost,
        marks=_marks(row, is_further=is_further), may_change=row.replaced_at is None and row.source != IMPORTED,
        may_put_back=row.replaced_at is not None,
    )  # fmt: skip


def past_check_ins(answered: Sequence[CheckIn], areas: Sequence[TreatedAreaRef]) -> tuple[PastCheckIn, ...]:
    """One entry per check-in, newest first; what corrections replaced stands inside its successor."""
    labels = {area.id: area.label for area in areas}
    versions: dict[int, PastCheckIn] = {}
    # What a later import put right was never the patient's to take back.
    shown = [row for row in answered if row.replaced_at is None or row.source != IMPORTED]
    for row in sorted(shown, key=lambda row: row.id or 0):
        earlier = counting(answered, before=row.id)
        is_further = any(other.scheduled_day == row.scheduled_day for other in earlier)
        entry = _past(row, labels, is_further=is_further)
        before = versions.pop(row.corrects_id, None) if row.corrects_id else None
        if before is not None:
            entry = replace(entry, earlier=(replace(before, earlier=()), *before.earlier))
        versions[entry.check_in_id] = entry
    order = {row.id: place for place, row in enumerate(answered)}
    return tuple(sorted(versions.values(), key=lambda entry: order[entry.check_in_id], reverse=True))
