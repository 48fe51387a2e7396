"""``python -m reporting content``: the clinical content as a package that is versioned, signed and withdrawn."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path

import typer

from reporting.accounts.act_factor import show as show_factor
from reporting.clinic.act_content_package import record_package, sign_content, withdraw_content
from reporting.clinic.read_content_package import Compared, PackageStatus, changed_since, compared, package_status
from reporting.domain.actors import SYSTEM
from reporting.domain.content_package import package, to_file, words_of
from reporting.errors import Problem
from reporting.records.migrate import migrate
from reporting.shell.act_sessions import actor_of, end, is_half, sign_in

app = typer.Typer(help="The clinical content: its version, its signatures, what was changed.", no_args_is_help=True)
JSON = typer.Option(False, "--json", help="Print JSON.")


@contextmanager
def _said() -> Iterator[None]:
    """A problem in one line, and exit code 2."""
    try:
        yield
    except Problem as problem:
        typer.echo(f"{problem.message} {problem.what_to_do}", err=True)
        raise typer.Exit(2) from None


@app.command()
def status(as_json: bool = JSON) -> None:
    """Version, hash and signatures. Exit code 1: no patient can be invited with it."""
    migrate()
    with _said():
        found = package_status(SYSTEM)
    if as_json:
        print(json.dumps(asdict(found), default=str, ensure_ascii=False))
    else:
        _print_status(found)
    raise typer.Exit(1 if found.stops else 0)


def _print_status(found: PackageStatus) -> None:
    print(f"{found.name} {found.version}")
    print(f"SHA-256 {found.sha256}")
    for code, (changes, digest) in found.overlays.items():
        print(f"Clinic {code}: {changes} changes of its own, SHA-256 {digest}")
    print(f"Safety-relevant rows: {found.safety_rows}, of which {found.lacking} lack two signatures")
    for table in found.tables:
        mark = "" if table.is_for_safety else " (not safety-relevant)"
        signed = f"{table.signed_twice} signed by two, {table.signed_once} by one"
        print(f"  {table.table}: {table.rows} rows, {signed}{mark}")
    for one in found.signatures:
        void = f", {one.changed} rows changed since" if one.changed else ""
        print(
            f"Signed by {one.name}, {one.role}, on {one.signed_at:%Y-%m-%d} until {one.valid_until} as version "
            f"{one.version}: counts for {one.holds} rows{void}"
        )
    for gone in found.withdrawn:
        print(f"Withdrawn: {gone.version} on {gone.at:%Y-%m-%d}: {gone.reason}")
    if found.is_pilot:
        print("Supervised pilot: patients are invited without signatures, and every page says so.")
    print(f"No patient can be invited: {found.stops}." if found.stops else "Patients can be invited with it.")


def _print(found: Compared, as_json: bool) -> None:
    if as_json:
        said = {"against": found.against, "differences": [asdict(one) for one in found.found]}
        print(json.dumps(said, ensure_ascii=False))
        return
    for one in found.found:
        print(words_of(one))
    total = f"{len(found.found)} differences from {found.against}."
    print(total if found.against else "There is nothing to compare with.")


@app.command()
def diff(
    against: str = typer.Option("", "--from", help="A version recorded here, a folder, or a file of a package."),
    as_json: bool = JSON,
) -> None:
    """What was added, removed and changed, cell by cell, since the version before. Exit code 1: something was."""
    migrate()
    with _said():
        found = compared(SYSTEM, against)
    _print(found, as_json)
    raise typer.Exit(1 if found.found else 0)


@app.command()
def verify(as_json: bool = JSON) -> None:
    """Work everything out anew. Exit code 1: a cell is not as it was signed, or recorded under this version."""
    migrate()
    with _said():
        found = changed_since(SYSTEM)
    _print(found, as_json)
    raise typer.Exit(1 if found.found or not found.against else 0)


@app.command()
def record(
    to: Path | None = typer.Option(None, "--to", help="Also write it as a file.", dir_okay=False),
) -> None:
    """Keep the content in use, so that later changes can be named. The server does so at each start."""
    migrate()
    with _said():
        is_new, of = record_package(), package()
        if to is not None:
            to.write_text(to_file(of), encoding="utf-8")
    print(f"{of.name} {of.version}, SHA-256 {of.hash}: {'recorded' if is_new else 'was recorded before'}.")


@app.command()
def sign(
    email: str = typer.Option(..., help="Account of the reviewer: safety lead or clinician."),
    role: str = typer.Option(..., help="Profession and registration: 'dermatologist, GMC 1234567'."),
    until: str = typer.Option(..., help="Last day on which the signature counts: 2027-11-30."),
    table: str = typer.Option("", help="Only this table, such as triage_rules or locales/es."),
    row: list[str] = typer.Option([], help="Only this row of it, by its key; again for a further one."),
    password_stdin: bool = typer.Option(
        False, help="Read the password from standard input, and in the next line the code of a second factor."
    ),
) -> None:
    """Sign rows as they stand, with the reviewer's own password. Two different people are needed for each."""
    migrate()
    password = sys.stdin.readline().rstrip("\n") if password_stdin else typer.prompt("Password", hide_input=True)
    try:
        last = date.fromisoformat(until)
    except ValueError:
        raise typer.BadParameter(f"{until!r} is not a date: 2027-11-30") from None
    with _said():
        cookie = sign_in(email=email, password=password, source="content sign")
        if is_half(cookie.value):
            code = sys.stdin.readline().strip() if password_stdin else typer.prompt("Code of the second factor")
            cookie = show_factor(cookie.value, code, source="content sign")
        by = actor_of(cookie.value)
        try:
            count = sign_content(by=by, role=role, until=last, table=table, rows=row)
        finally:
            end(by)
        found = package_status(SYSTEM)
    print(f"{count} rows of version {found.version} are signed by {by.label}.")
    print(f"Safety-relevant rows that lack two signatures: {found.lacking}.")


@app.command()
def withdraw(
    version: str = typer.Argument(..., help="The version: 1.4.2."),
    reason: str = typer.Option(..., help="Why; it is kept in the audit trail."),
) -> None:
    """From now on check-ins say *call your clinic*, red flags apart, and nobody is invited with that version."""
    migrate()
    with _said():
        withdraw_content(version=version, reason=reason)
    print(f"Version {version} is withdrawn. A newer version takes its place once it is in use.")
