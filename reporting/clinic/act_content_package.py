"""To record, sign and withdraw the clinical content as a package; each is in the audit trail."""

from collections.abc import Collection
from datetime import date, timedelta

from reporting import clock
from reporting.domain.actors import SYSTEM, Actor
from reporting.domain.content_package import Package, number_of, package
from reporting.errors import Conflict, InvalidInput
from reporting.records import access, audit, packages
from reporting.records.engine import transaction
from reporting.records.tables import id_of
from reporting.security.permissions import require

LONGEST_DAYS = 5 * 366
"""Nobody can vouch for longer; our estimate."""


def record_package() -> bool:
    """Keep the content in use, whole, so that every later change can be named. Whether it was new."""
    of = package()
    with transaction() as session:
        row, is_new = packages.record(session, of)
        if is_new:
            audit.write(
                session, SYSTEM, "content.recorded", "content_package", id_of(row), version=of.version, sha256=of.hash
            )
    return is_new


def _line(field: str, text: str, longest: int) -> str:
    tidy = " ".join(text.split())
    if not 3 <= len(tidy) <= longest or not tidy.isprintable():
        raise InvalidInput(field=field, found=tidy[:60], allowed=f"3 to {longest} characters")
    return tidy


def _chosen(of: Package, table: str, rows: Collection[str]) -> dict[str, dict[str, str]]:
    """Table to row key to hash of what is signed: rows of a table, a table, or everything."""
    if table and table not in of.hashes:
        raise InvalidInput(field="table", found=table, allowed="one of " + ", ".join(of.hashes))
    if rows and not table:
        raise InvalidInput(field="table", found="", allowed="the table of the rows")
    for row in rows:
        if row not in of.hashes[table]:
            raise InvalidInput(field="row", found=row, allowed=f"a row of {table}")
    return {
        name: {key: value for key, value in hashes.items() if not rows or key in rows}
        for name, hashes in of.hashes.items()
        if table in ("", name)
    }


def sign_content(*, by: Actor, role: str, until: date, table: str = "", rows: Collection[str] = ()) -> int:
    """Sign rows of the content in use as they stand; returns how many. Empty ``table``: all of it.

    ``role``: profession and registration of the reviewer, as it is to be read; ``until``: the last day on which the
    signature counts. Raises InvalidInput naming the field, NotAllowed, Conflict for a version that was withdrawn.
    """
    require(by, "content.sign")
    said, of, today = _line("role", role, 200), package(), clock.today("UTC")
    if not today <= until <= today + timedelta(days=LONGEST_DAYS):
        latest = today + timedelta(days=LONGEST_DAYS)
        raise InvalidInput(field="until", found=until.isoformat(), allowed=f"{today} to {latest}")
    chosen = _chosen(of, table, rows)
    count = sum(map(len, chosen.values()))
    with transaction() as session:
        if of.version in {one.version for one in packages.withdrawals(session)}:
            raise Conflict(f"Version {of.version} was withdrawn.", what_to_do="Make a newer version and sign that.")
        account = access.account(session, by.key)
        name = account.display_name if account else by.label
        row, _ = packages.record(session, of, by.id)
        signature = packages.sign(session, row, by.key, name, said, until, chosen)
        audit.write(
            session,
            by,
            "content.signed",
            "content_signature",
            id_of(signature),
            version=of.version,
            sha256=of.hash,
            role=said,
            until=until.isoformat(),
            rows={name: len(keys) for name, keys in chosen.items()},
        )
    return count


def withdraw_content(*, version: str, reason: str) -> None:
    """Advise no patient by that version any more, for whoever runs the server.

    From then on check-ins say *call your clinic*, unless something urgent was answered, and nobody is invited until
    another version is in use. Raises InvalidInput, Conflict where it is withdrawn already.
    """
    try:
        number_of(version)
    except ValueError:
        raise InvalidInput(field="version", found=version[:20], allowed="three numbers: 1.4.2") from None
    why = _line("reason", reason, 500)
    with transaction() as session:
        if version in {one.version for one in packages.withdrawals(session)}:
            raise Conflict(f"Version {version} was withdrawn before.", what_to_do="Nothing more is needed.")
        if version != package().version and packages.found(session, version) is None:
            known = ", ".join([*packages.versions(session), package().version])
            raise InvalidInput(field="version", found=version, allowed=f"a version that was used: {known}")
        packages.withdraw(session, version, why, clock.now())
        audit.write(session, SYSTEM, "content.withdrawn", "content_package", version)
