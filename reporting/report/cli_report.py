"""``python -m reporting report``: the monthly safety report of one clinic as a PDF file."""

import sys
from dataclasses import replace
from pathlib import Path

import typer

from reporting.domain import clinic_settings
from reporting.domain.actors import SYSTEM
from reporting.errors import NotFound, Problem
from reporting.records import bulk
from reporting.records.engine import reading
from reporting.records.migrate import migrate
from reporting.report.act_reports import note_made
from reporting.report.pdf_monthly import file_name, monthly_pdf
from reporting.report.read_monthly import monthly_report


def report(
    clinic: str = typer.Option(..., help="Code of the clinic."),
    month: str = typer.Option(..., help="For example 2026-10."),
    out: Path | None = typer.Option(None, help="File to write; without it, a name of its own in this folder."),
    operators: bool = typer.Option(False, "--operators", help="With the parts about operators, for the safety lead."),
    hand_on: bool = typer.Option(False, "--hand-on", help="For readers outside the clinic: small counts hidden."),
) -> None:
    """Write the monthly safety report as PDF. Exit code 2: no such clinic or month, or it cannot be written."""
    if operators and hand_on:
        print("Operators are never in a report that is handed on: choose one of the two.", file=sys.stderr)
        raise typer.Exit(2)
    migrate()
    try:
        content = _made(clinic, month, operators=operators, hand_on=hand_on)
    except Problem as problem:
        print(f"{problem.message} {problem.what_to_do}", file=sys.stderr)
        raise typer.Exit(2) from problem
    path = out or Path(file_name(month, operators=operators, hand_on=hand_on))
    try:
        path.write_bytes(content)
    except OSError as error:
        print(f"{path} cannot be written: {error.strerror}.", file=sys.stderr)
        raise typer.Exit(2) from error
    print(f"{path}: {len(content) / 1000:,.0f} kB")


def _made(code: str, month: str, *, operators: bool, hand_on: bool) -> bytes:
    with reading() as session:
        found = bulk.clinic_entry(session, code)
    if found is None:
        raise NotFound(f"There is no clinic with the code {code!r}.", what_to_do="Look at the spelling.")
    by, when = replace(SYSTEM, clinic_id=found.id), clinic_settings.parse(month)
    content = monthly_pdf(monthly_report(by, when, operators=operators), hand_on=hand_on)
    note_made(by=by, month=when, operators=operators, hand_on=hand_on, content=content)
    return content


def register(app: typer.Typer) -> None:
    """Put the command on the command line."""
    app.command("report")(report)
