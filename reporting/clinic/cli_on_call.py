"""``python -m reporting on-call``: who is told of urgent cases at once."""

import json
import sys
from dataclasses import asdict, replace

import typer

from reporting.clinic.act_on_call import add_on_call, remove_on_call
from reporting.clinic.read_on_call import on_call_page
from reporting.domain.actors import SYSTEM, Actor
from reporting.domain.opening_hours import DAYS
from reporting.errors import Problem
from reporting.records import bulk
from reporting.records.engine import reading
from reporting.records.migrate import migrate

app = typer.Typer(help="Who is told of urgent cases at once, and who next.", no_args_is_help=True)
CLINIC = typer.Option(..., "--clinic", help="Code of the clinic.")


def _by(code: str) -> Actor:
    """The system, working for the clinic of that code."""
    migrate()
    with reading() as session:
        found = bulk.clinic_entry(session, code)
    if found is None:
        print(f"There is no clinic {code!r}.", file=sys.stderr)
        raise typer.Exit(2)
    return replace(SYSTEM, clinic_id=found.id)


def _hours(given: list[str]) -> dict[str, list[str]]:
    """``mon-fri 18:00-24:00`` and ``sat 00:00-24:00`` as weekday to times in turn."""
    found: dict[str, list[str]] = {}
    for text in given:
        days, _, times = text.strip().lower().partition(" ")
        first, _, last = days.partition("-")
        if first not in DAYS or (last and last not in DAYS):
            print(f"{text!r}: write days and times such as 'mon-fri 18:00-24:00'.", file=sys.stderr)
            raise typer.Exit(2)
        for day in DAYS[DAYS.index(first) : DAYS.index(last or first) + 1]:
            found.setdefault(day, []).extend(times.split("-"))
    return {day: sorted(times) for day, times in found.items()}


@app.command("list")
def list_(clinic: str = CLINIC, as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """Print the list in its order; exit code 1 if an urgent case would reach nobody."""
    found = on_call_page(_by(clinic))
    if as_json:
        print(json.dumps([asdict(row) for row in found.rows], ensure_ascii=False))
    for row in () if as_json else found.rows:
        ways = ", ".join(part for part in (row.telephone, row.email) if part)
        print(f"{row.entry_id:4} {row.name}: {ways}; {row.hours}; next person after {row.wait_minutes} minutes")
    if not found.can_tell_somebody:
        print("An urgent case would reach nobody.", file=sys.stderr)
        raise typer.Exit(1)


@app.command()
def add(
    name: str = typer.Argument(help="Name of the person or of the number."),
    clinic: str = CLINIC,
    phone: str = typer.Option("", help="Mobile number for text messages."),
    email: str = typer.Option("", help="E-mail address."),
    hours: list[str] = typer.Option([], help="'mon-fri 18:00-24:00'; may be repeated; none: always."),
    minutes: int = typer.Option(10, help="Minutes until the next person is told."),
) -> None:
    """Put somebody at the end of the list."""
    try:
        key = add_on_call(
            by=_by(clinic),
            name=name,
            telephone=phone,
            email=email,
            hours=_hours(hours),
            wait_minutes=minutes,
        )
    except Problem as problem:
        print(f"{problem.message} {problem.what_to_do}", file=sys.stderr)
        raise typer.Exit(2) from None
    print(f"Added as number {key}.")


@app.command()
def remove(entry: int = typer.Argument(help="Number of the entry, as 'list' prints it."), clinic: str = CLINIC) -> None:
    """Take an entry off the list."""
    try:
        remove_on_call(by=_by(clinic), entry_id=entry)
    except Problem as problem:
        print(f"{problem.message} {problem.what_to_do}", file=sys.stderr)
        raise typer.Exit(2) from None
    print("Removed.")
