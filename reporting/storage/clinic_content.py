"""What clinics changed of the clinical content: read once per version, however many patients answer."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlmodel import Session, col

from reporting.domain.clinic_content import UNCHANGED, Change, ClinicContent
from reporting.domain.records import CaseLevel
from reporting.settings import settings
from reporting.storage.tables import Clinic, ContentChange, StaffAccount

_READ: dict[tuple[str, int], tuple[int, ClinicContent]] = {}
"""Database and clinic to the version that was read last, and what it says."""
_UNSAVED = "content_changed"


def of(session: Session, clinic: Clinic) -> ClinicContent:
    """The content of a clinic in the version that its row names."""
    return of_version(session, clinic.id or 0, clinic.content_version)


def of_clinic(session: Session, clinic_id: int | None) -> ClinicContent:
    """The content of the clinic with that id; that of the files where there is none (the system)."""
    clinic = session.get(Clinic, clinic_id) if clinic_id is not None else None
    return of(session, clinic) if clinic is not None else UNCHANGED


def of_version(session: Session, clinic_id: int, version: int) -> ClinicContent:
    """The first ``version`` changes of a clinic. A version never means anything else, so it is read once."""
    if version == 0:
        return UNCHANGED
    if _UNSAVED in session.info:  # may be rolled back, and its number given to another change
        return _read(session, clinic_id, version)
    place = (settings().url, clinic_id)
    known = _READ.get(place)
    if known is None or known[0] != version:
        known = _READ[place] = (version, _read(session, clinic_id, version))
    return known[1]


def _read(session: Session, clinic_id: int, version: int) -> ClinicContent:
    rows = session.execute(
        select(ContentChange)
        .where(col(ContentChange.clinic_id) == clinic_id)
        .order_by(col(ContentChange.id))
        .limit(version)
    ).scalars()
    return ClinicContent(tuple(_change(row) for row in rows))


def _change(row: ContentChange) -> Change:
    return Change(row.content_table, row.row_key, tuple(sorted(row.cells.items())), row.from_day, row.changed_at)


def levels_at(session: Session, clinic: Clinic, at: datetime) -> Mapping[str, CaseLevel]:
    """The case levels of a clinic, for a case raised at that moment."""
    return of(session, clinic).case_levels(at.astimezone(ZoneInfo(clinic.timezone)).date())


def all_changed(session: Session) -> list[ClinicContent]:
    """The content of every clinic that changed something."""
    rows = session.execute(
        select(col(Clinic.id), col(Clinic.content_version)).where(col(Clinic.content_version) > 0)
    ).all()
    return [of_version(session, int(key or 0), version) for key, version in rows]


def add(session: Session, clinic: Clinic, change: Change, staff_id: int | None, reason: str) -> None:
    """Write a version; the clinic's row, which the caller holds, names it from the commit on."""
    session.add(
        ContentChange(
            clinic_id=clinic.id or 0, content_table=change.table, row_key=change.row, cells=dict(change.cells),
            from_day=change.from_day, staff_id=staff_id, reason=reason,
        )
    )  # fmt: skip
    clinic.content_version += 1
    session.info[_UNSAVED] = True
    session.add(clinic)
    session.flush()


def history(session: Session, clinic_id: int, table: str, row: str) -> list[tuple[ContentChange, str]]:
    """Versions of one row, newest first, each with the name of who made it."""
    statement = (
        select(ContentChange, col(StaffAccount.display_name))
        .outerjoin(StaffAccount, col(StaffAccount.id) == ContentChange.staff_id)
        .where(
            col(ContentChange.clinic_id) == clinic_id, col(ContentChange.content_table) == table,
            col(ContentChange.row_key) == row,
        )
        .order_by(col(ContentChange.id).desc())
    )  # fmt: skip
    return [(version, name or "") for version, name in session.execute(statement)]
