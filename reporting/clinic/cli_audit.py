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
from reporting.records import bulk
from reporting.records.engine import reading
from reporting.records.migrate import migrate
from reporting.records.trail import standing
from reporting.records.trail import verify as chain
from reporting.records.trail.anchor import line_of_now, lines_of
from reporting.records.trail.findings import Verdict
from reporting.records.trail.standing import check
from reporting.settings import settings
from reporting.shell.act_sessions import note_taken
from reporting.shell.file_csv import table_csv

app = typer.Typer(help="The audit trail.", no_args_is_help=True)
DAY = ["%Y-%m-%d"]


@app.command()
def verify(
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
    anchor: Path | None = typer.Option(None, help="File of an anchor: every line of it is held against the trail."),
    line: list[str] = typer.Option([], help="A line of an anchor, as it was mailed; again for a further one."),
    nightly: bool = typer.Option(False, "--nightly", help="Write the result into the trail; with the anchor's file."),
) -> None:
    """Check the trail; exit code 1 names the first thing that is wrong: a row that was changed, removed, reordered,
    written anew or cut off the end, an older copy put back, a head file taken away; 2: the anchor cannot be read."""
    migrate()
    set_file = settings().audit_anchor_file if nightly and anchor is None else None
    if set_file is not None and not set_file.exists():
        print(f"{set_file} is not there: no line of an anchor was checked.", file=sys.stderr)
        set_file = None
    try:
        lines = [*line, *(lines_of(path) if (path := anchor or set_file) else [])]
    except OSError as error:
        print(f"{anchor or set_file} cannot be read: {error.strerror}.", file=sys.stderr)
        raise typer.Exit(2) from None
    verdict = check(lines) if nightly else chain.verify(lines)
    print(json.dumps(verdict.__dict__) if as_json else _said(verdict))
    raise typer.Exit(0 if verdict.ok else 1)


def _said(verdict: Verdict) -> str:
    if verdict.ok:
        first = f"The audit trail is whole: {verdict.rows} rows."
    else:
        place = f"Row {verdict.sequence} of the audit trail" if verdict.sequence else "The audit trail"
        first = f"{place}: {verdict.reason}. {verdict.rows} rows are whole."
    return "\n".join([first, *(f"Note: {note}." for note in verdict.notes)])


@app.command("anchor")
def print_anchor() -> None:
    """Print the line that remembers the newest row, to be kept elsewhere. Exit code 1: there is no row yet."""
    migrate()
    with reading() as session:
        line = line_of_now(session)
    if line:
        print(line)
    raise typer.Exit(0 if line else 1)


@app.command()
def settle() -> None:
    """Take what was found off the list once its cause is known; that it was found and settled stays in the trail.

    A row of the table that is wrong stays wrong: only a restored backup mends it.
    """
    migrate()
    print(f"{standing.settle()} findings of the audit trail settled.")


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
