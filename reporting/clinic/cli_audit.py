"""``python -m reporting audit verify``."""

import json

import typer

from reporting.records import audit as chain
from reporting.records.migrate import migrate

app = typer.Typer(help="The audit trail.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """The audit trail."""


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
