"""What has been kept as long as the clinic wants goes: daily in the background, or by the command line."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from reporting import clock
from reporting.actions.erasure import erase_person, remove_files
from reporting.domain.actors import SYSTEM
from reporting.domain.retention import DRAFT_DAYS, months_before
from reporting.storage import audit, photo_files, refused_rows, retention, throttle
from reporting.storage.engine import after_commit, reading, transaction
from reporting.storage.tables import Clinic

_DAY = timedelta(days=1)


def what_is_over(at: datetime) -> Counter[str]:
    """What would go at that moment, by kind, without touching anything."""
    found: Counter[str] = Counter()
    with reading() as session:
        for clinic in retention.clinics(session):
            for kind, months in clinic.retention.items():
                before = months_before(at, months)
                found[kind] += _COUNT[kind](session, clinic.id or 0, before)
        found["drafts"] += retention.count_old_drafts(session, at - timedelta(days=DRAFT_DAYS))
    return +found


_COUNT: dict[str, Any] = {
    "photos": lambda session, clinic_id, before: len(retention.old_photos(session, clinic_id, before)),
    "notes": retention.old_notes,
    "refused_rows": refused_rows.count_old,
    "check_ins": lambda session, clinic_id, before: len(retention.people_long_gone(session, clinic_id, before)),
}


def apply_retention(at: datetime | None = None) -> Counter[str]:
    """Take away everything that is over, clinic by clinic, each in transactions of its own; returns how many.

    ``check_ins`` counts people who were taken out of their answers. Files that no photo names go as well.
    """
    moment = at or clock.now()
    done: Counter[str] = Counter()
    with reading() as session:
        clinics = retention.clinics(session)
    for clinic in clinics:
        done.update(_of_clinic(clinic, moment))
    with transaction() as session:
        done["drafts"] += retention.drop_old_drafts(session, moment - timedelta(days=DRAFT_DAYS))
        retention.drop_old_codes(session, moment - _DAY)
        throttle.forget_before(session, moment - _DAY)
    done["files"] += photo_files.sweep_orphans()
    return +done


def _of_clinic(clinic: Clinic, moment: datetime) -> Counter[str]:
    done: Counter[str] = Counter()
    before = {kind: months_before(moment, months) for kind, months in clinic.retention.items()}
    with transaction() as session:
        if "photos" in before:
            done["photos"] = _drop_photos(session, clinic, before["photos"], moment)
        if "notes" in before:
            done["notes"] = retention.drop_notes(session, clinic.id or 0, before["notes"])
        if "refused_rows" in before:
            done["refused_rows"] = refused_rows.drop_old(session, clinic.id or 0, before["refused_rows"], moment)
        _note(session, clinic, done)
    if "check_ins" in before:
        done.update(_people(clinic, before["check_ins"]))
    return +done


def _note(session: Any, clinic: Clinic, done: Counter[str]) -> None:
    if +done:
        audit.write(session, SYSTEM, "retention.applied", "clinic", clinic.id, clinic_id=clinic.id,
                    taken_away=dict(+done))  # fmt: skip


def _drop_photos(session: Any, clinic: Clinic, before: datetime, moment: datetime) -> int:
    rows = retention.old_photos(session, clinic.id or 0, before)
    for row in rows:
        row.removed_at, row.submission_key, row.sha256 = moment, None, ""
        row.details = row.details | {"removed_because": "retention"}
        session.add(row)
    names = [row.stored_name for row in rows]
    after_commit(lambda: remove_files(names))
    return len(rows)


def _people(clinic: Clinic, before: datetime) -> Counter[str]:
    """One transaction per person: a long list must not hold up the clinic's work."""
    with reading() as session:
        found = retention.people_long_gone(session, clinic.id or 0, before)
    done: Counter[str] = Counter(check_ins=sum(erase_person(patient_id) for patient_id in found))
    with transaction() as session:
        _note(session, clinic, done)
    return done
