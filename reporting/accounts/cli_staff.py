"""``python -m reporting staff``: back in for the one who is locked out."""

import sys
from dataclasses import replace

import typer

from reporting.accounts.act_factor import require_of, reset_factor
from reporting.accounts.act_links import link_by_command
from reporting.domain.actors import ROLES, SYSTEM
from reporting.errors import Problem
from reporting.records import access, bulk
from reporting.records.engine import reading
from reporting.records.migrate import migrate
from reporting.records.tables import id_of

app = typer.Typer(help="Accounts of staff.", no_args_is_help=True)


@app.command("second-factor")
def second_factor(
    clinic: str = typer.Option(..., "--clinic", help="Code of the clinic."),
    role: list[str] = typer.Option([], help=f"A role that needs it; again for a further one. Of {', '.join(ROLES)}."),
) -> None:
    """Say which roles of a clinic need a second factor at sign-in; without --role nobody does."""
    migrate()
    with reading() as session:
        found = bulk.clinic_entry(session, clinic)
    if found is None:
        print(f"There is no clinic {clinic!r}.", file=sys.stderr)
        raise typer.Exit(2)
    try:
        require_of(by=replace(SYSTEM, clinic_id=found.id), roles=role)
    except Problem as problem:
        print(f"{problem.message} {problem.what_to_do}", file=sys.stderr)
        raise typer.Exit(2) from problem
    print(f"Needed by: {', '.join(role) or 'nobody'}.")


@app.command("reset-second-factor")
def reset_second_factor(email: str = typer.Argument(help="Address that the person signs in with.")) -> None:
    """Take the second factor of an account away, for the single administrator who lost theirs."""
    migrate()
    with reading() as session:
        account = access.account_by_email(session, email)
    if account is None:
        print("No account has this address.", file=sys.stderr)
        raise typer.Exit(2)
    reset_factor(by=replace(SYSTEM, clinic_id=account.clinic_id), staff_id=id_of(account))
    print("There is no second factor now. The password stays as it is.")


@app.command("reset-password")
def reset_password(email: str = typer.Argument(help="Address that the person signs in with.")) -> None:
    """Print a one-time link to a new password. Exit code 2: nobody has that address."""
    migrate()
    try:
        made = link_by_command(email)
    except Problem as problem:
        print(f"{problem.message} {problem.what_to_do}", file=sys.stderr)
        raise typer.Exit(2) from problem
    print(made.link)
    print(f"It works once, until {made.expires_at:%Y-%m-%d %H:%M} UTC.", file=sys.stderr)
