"""``python -m reporting audit``: whether the trail is whole, and a clinic's part of it as a file."""

import json
import sys
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import typer

from reporting.clinic.read_audit_trail import MOST_IN_FILE, Search, trail_table
from reporting.domain.actors import SYSTEM
from reporting.errors import Problem
from reporting.records import audit as chain
from reporting.records import bulk
from reporting.records.engine import reading
from reporting.records.migrate import migrate
from reporting.shell.act_sessions import note_taken
from reporting.shell.file_csv import table_csv

app = typer.Typer(help="The audit trail.", no_args_is_help=True)
DAY = ["%Y-%m-%d"]


@app.command()
def verify(as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """Check the chain; exit code 1 names the first row that was changed, removed, reordered or cut off."""
    migrate()
    verdict = chain.verify()
    if as_json:
        print(json.dumps(verdict.__dict__))
    elif verdict.ok:
        print(f"The audit trail is whole: {verdict.rows} rows.")
    else:
        print(f"Row {verdict.sequence} of the audit trail: {verdict.reason}. {verdict.rows} rows before it are whole.")
    raise typer.Exit(0 if verdict.ok else 1)


def _written(clinic: str, first: date, last: date, out: Path) -> int:
    """Rows of the trail that are in the file now. Raises InvalidInput, OSError; LookupError: no such clinic."""
    with reading() as session:
        found = bulk.clinic_entry(session, clinic)
    if found is None:
        raise LookupError
    by = replace(SYSTEM, clinic_id=found.id)
    table = trail_table(by, Search(first, last))
    content = table_csv(table)
    out.write_bytes(content)
    note_taken(by=by, file_name=out.name, page="command line", content=content)
    return int(table["number"].nunique())


@app.command()
def export(
    clinic: str = typer.Option(..., help="Code of the clinic."),
    first: datetime = typer.Option(..., "--from", formats=DAY, help="First day, by the clinic's calendar."),
    last: datetime = typer.Option(..., "--to", formats=DAY, help="Last day, included."),
    out: Path = typer.Option(..., help="File to write, CSV."),
) -> None:
    """Write who did what on some days, with before and after. That it was taken is itself on the trail.

    Exit code 1: not all of it fits, the newest rows are in the file; 2: nothing was written.
    """
    migrate()
    try:
        rows = _written(clinic, first.date(), last.date(), out)
    except LookupError:
        print(f"There is no clinic {clinic!r}.", file=sys.stderr)
        raise typer.Exit(2) from None
    except Problem as problem:
        print(f"{problem.message} {problem.what_to_do}", file=sys.stderr)
        raise typer.Exit(2) from None
    except OSError as error:
        print(f"{out} cannot be written: {error.strerror}.", file=sys.stderr)
        raise typer.Exit(2) from None
    print(f"{out}: {rows} rows of the audit trail")
    if rows == MOST_IN_FILE:
        print("There are more: take fewer days.", file=sys.stderr)
        raise typer.Exit(1)
