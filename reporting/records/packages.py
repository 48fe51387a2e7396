"""Statements about packages of the clinical content: which were used here, who signed them, which were withdrawn."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import func, select, update
from sqlmodel import Session, col

from reporting import clock
from reporting.domain.content_package import Package, from_stored, package, stored
from reporting.domain.content_signatures import Signature, lacking
from reporting.records.tables import Clinic, ContentPackage, ContentSignature, ContentWithdrawal, id_of
from reporting.settings import settings

_LACKING: dict[tuple[str, str], tuple[tuple[int, date], int]] = {}
"""Database and hash of the content to the last signature and the day, and how many rows lacked one then."""


def found(session: Session, version: str, digest: str = "") -> ContentPackage | None:
    """The package of that version that was recorded first, or with that hash; nothing where there is none."""
    statement = select(ContentPackage).where(col(ContentPackage.version) == version)
    if digest:
        statement = statement.where(col(ContentPackage.hash) == digest)
    return session.execute(statement.order_by(col(ContentPackage.id)).limit(1)).scalar_one_or_none()


def versions(session: Session) -> list[str]:
    """Versions that were recorded, in their order, each once."""
    rows = session.execute(select(col(ContentPackage.version)).order_by(col(ContentPackage.id))).scalars()
    return list(dict.fromkeys(rows))


def newest_before(session: Session, version: str) -> ContentPackage | None:
    """The package of another version that was recorded last."""
    statement = select(ContentPackage).where(col(ContentPackage.version) != version)
    return session.execute(statement.order_by(col(ContentPackage.id).desc()).limit(1)).scalar_one_or_none()


def last_signed(session: Session) -> ContentPackage | None:
    """The package that was signed last."""
    statement = select(ContentPackage).join(
        ContentSignature, col(ContentSignature.package_id) == col(ContentPackage.id)
    )
    return session.execute(statement.order_by(col(ContentSignature.id).desc()).limit(1)).scalar_one_or_none()


def record(session: Session, of: Package, staff_id: int | None = None) -> tuple[ContentPackage, bool]:
    """The row of a package, and whether it is new."""
    known = found(session, of.version, of.hash)
    if known is not None:
        return known, False
    row = ContentPackage(
        name=of.name,
        version=of.version,
        hash=of.hash,
        recorded_at=clock.now(),
        recorded_by=staff_id,
        rows=stored(of.rows),
    )
    session.add(row)
    session.flush()
    return row, True


def as_package(row: ContentPackage) -> Package:
    """A recorded package as it was."""
    return Package(row.name, row.version, from_stored(row.rows))


def sign(
    session: Session, of: ContentPackage, staff_id: int, name: str, role: str, until: date, rows: Mapping[str, object]
) -> ContentSignature:
    """Keep a signature; ``rows``: table to row key to hash."""
    signature = ContentSignature(
        package_id=id_of(of),
        staff_id=staff_id,
        name=name,
        role=role,
        signed_at=clock.now(),
        valid_until=until,
        rows=dict(rows),
    )
    session.add(signature)
    session.flush()
    return signature


def signatures(session: Session) -> list[Signature]:
    """Every signature, oldest first."""
    rows = session.execute(
        select(ContentSignature, col(ContentPackage.version))
        .join(ContentPackage, col(ContentPackage.id) == col(ContentSignature.package_id))
        .order_by(col(ContentSignature.id))
    )
    return [
        Signature(one.staff_id, one.name, one.role, one.signed_at, one.valid_until, version, one.rows)
        for one, version in rows
    ]


def lacking_now(session: Session, today: date) -> int:
    """How many safety-relevant rows of the content in use lack two signatures; counted once per signature and day."""
    place = (settings().url, package().hash)
    newest = session.execute(select(func.max(col(ContentSignature.id)))).scalar() or 0
    known = _LACKING.get(place)
    if known is None or known[0] != (newest, today):
        known = _LACKING[place] = ((newest, today), len(lacking(package(), signatures(session), today)))
    return known[1]


def withdrawals(session: Session) -> list[ContentWithdrawal]:
    """Withdrawn versions, oldest first."""
    return list(session.execute(select(ContentWithdrawal).order_by(col(ContentWithdrawal.id))).scalars())


def withdraw(session: Session, version: str, reason: str, at: datetime) -> None:
    """No patient is advised by that version any more. Every clinic's row says so: check-ins read nothing else."""
    session.add(ContentWithdrawal(version=version, reason=reason, withdrawn_at=at))
    session.flush()
    session.execute(update(Clinic).values(content_withdrawn=withdrawn(session)))


def withdrawn(session: Session) -> str:
    """What ``clinic.content_withdrawn`` of a clinic says."""
    return "|".join(one.version for one in withdrawals(session))
