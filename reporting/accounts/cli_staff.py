"""``python -m reporting staff``: back in for the one who is locked out."""

import sys

import typer

from reporting.accounts.act_links import link_by_command
from reporting.errors import Problem
from reporting.records.migrate import migrate

app = typer.Typer(help="Accounts of staff.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Accounts of staff."""


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
