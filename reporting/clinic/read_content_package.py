"""The clinical content as a package: what it is called, who signed which rows, what was changed since."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from reporting import clock
from reporting.domain.actors import Actor
from reporting.domain.content_package import (
    Difference,
    Package,
    differences,
    from_file,
    is_for_safety,
    overlay_hash,
    package,
    read_package,
)
from reporting.domain.content_signatures import REVIEWERS_NEEDED, Row, Signature, signers
from reporting.errors import InvalidInput
from reporting.records import access, clinic_facts, packages
from reporting.records.engine import Session, reading
from reporting.records.tables import id_of
from reporting.security.permissions import require
from reporting.security.scope import Scope
from reporting.settings import settings
from reporting.shell.read_scope import content_stops


@dataclass(frozen=True)
class SignedTable:
    """Rows of a table, and how many of them one and two people have signed as they stand."""

    table: str
    is_for_safety: bool
    rows: int
    signed_once: int
    signed_twice: int


@dataclass(frozen=True)
class SignatureLine:
    """One signature. ``holds``: rows for which it counts; ``changed``: rows that were changed since."""

    name: str
    role: str
    signed_at: datetime
    valid_until: date
    version: str
    holds: int
    changed: int


@dataclass(frozen=True)
class Withdrawn:
    version: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class PackageStatus:
    """``lacking``: safety-relevant rows without two signatures. ``stops``: why nobody can be invited; empty: one can.

    ``overlays``: code of each clinic that changed something for itself, to how often and the hash of its changes.
    """

    name: str
    version: str
    sha256: str
    tables: tuple[SignedTable, ...]
    signatures: tuple[SignatureLine, ...]
    safety_rows: int
    lacking: int
    is_withdrawn: bool
    withdrawn: tuple[Withdrawn, ...]
    is_pilot: bool
    environment: str
    stops: str
    overlays: Mapping[str, tuple[int, str]]


def _table(table: str, of: Package, signed: Mapping[Row, tuple[Signature, ...]]) -> SignedTable:
    counts = Counter(min(len(signed[table, key]), REVIEWERS_NEEDED) for key, _ in of.rows[table])
    return SignedTable(table, is_for_safety(table), len(of.rows[table]), counts[1], counts[REVIEWERS_NEEDED])


def _line(one: Signature, of: Package, today: date) -> SignatureLine:
    rows = [(table, key) for table, keys in one.rows.items() for key in keys]
    changed = sum(of.hashes.get(table, {}).get(key) != one.rows[table][key] for table, key in rows)
    holds = sum(one.holds_for(of, row, today) for row in rows)
    return SignatureLine(one.name, one.role, one.signed_at, one.valid_until, one.version, holds, changed)


def _overlays(session: Session, by: Actor) -> dict[str, tuple[int, str]]:
    found, scope = {}, Scope.of(by)
    for clinic in access.clinics(session):
        if scope.holds(id_of(clinic)):
            changes = clinic_facts.of(session, clinic).changes
            if changes:
                found[clinic.code] = (len(changes), overlay_hash(changes))
    return found


def package_status(by: Actor) -> PackageStatus:
    """The content in use. Raises NotAllowed, ContentError."""
    require(by, "content.read")
    of, today = package(), clock.today("UTC")
    with reading() as session:
        signatures, gone = packages.signatures(session), packages.withdrawals(session)
        overlays, stops = _overlays(session, by), content_stops(session)
    signed = signers(of, signatures, today)
    tables = tuple(_table(table, of, signed) for table in of.rows)
    safe = [each for each in tables if each.is_for_safety]
    return PackageStatus(
        name=of.name,
        version=of.version,
        sha256=of.hash,
        tables=tables,
        signatures=tuple(_line(one, of, today) for one in signatures),
        safety_rows=sum(each.rows for each in safe),
        lacking=sum(each.rows - each.signed_twice for each in safe),
        is_withdrawn=of.version in {one.version for one in gone},
        withdrawn=tuple(Withdrawn(one.version, one.reason, one.withdrawn_at) for one in gone),
        is_pilot=settings().supervised_pilot,
        environment=settings().environment,
        stops=stops,
        overlays=overlays,
    )


@dataclass(frozen=True)
class Compared:
    """What the content in use differs in from an earlier state; ``against`` empty: there is none."""

    against: str
    found: tuple[Difference, ...]


def _named(session: Session, name: str) -> tuple[str, Package]:
    """A folder of content tables, a file of a package, or a version that was recorded here."""
    path = Path(name)
    if path.is_dir():
        return f"the folder {name}", read_package(path)
    if path.is_file():
        try:
            return f"the file {name}", from_file(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise InvalidInput(
                field="from", found=name, allowed=f"a package written by `content record`: {error}"
            ) from None
    row = packages.found(session, name)
    if row is None:
        known = ", ".join(packages.versions(session)) or "none is recorded yet"
        raise InvalidInput(field="from", found=name, allowed=f"a folder, a file, or a version recorded here: {known}")
    return f"version {row.version}, recorded {row.recorded_at:%Y-%m-%d}", packages.as_package(row)


def compared(by: Actor, against: str = "") -> Compared:
    """The content in use against ``against``; empty: the version before it. Raises InvalidInput, NotAllowed."""
    require(by, "content.read")
    with reading() as session:
        if against:
            said, old = _named(session, against)
        else:
            row = packages.newest_before(session, package().version)
            if row is None:
                return Compared("", ())
            said, old = f"version {row.version}, recorded {row.recorded_at:%Y-%m-%d}", packages.as_package(row)
    return Compared(said, differences(old.rows, package().rows))


def changed_since(by: Actor) -> Compared:
    """What was changed since the content was signed last; never signed: since this version was recorded.

    A version says the same for ever, so a changed cell under the number of an earlier one is named. Raises NotAllowed.
    """
    require(by, "content.read")
    with reading() as session:
        signed = packages.last_signed(session)
        row = signed or packages.found(session, package().version)
        if row is None:
            return Compared("", ())
        said = f"version {row.version} as it was {'signed' if signed else 'recorded'}"
        old = packages.as_package(row)
    return Compared(said, differences(old.rows, package().rows))
