"""``python -m reporting photos``: whether every photo can be opened, and what lies about that no photo names."""

import json

import typer

from reporting.patient.read_photos import faulty_photos
from reporting.records.migrate import migrate
from reporting.records.photo_store import sweep_orphans

app = typer.Typer(help="The files of patients' photos.", no_args_is_help=True)


@app.command()
def check(as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """Open every photo with the present key; exit code 1 names those whose file is missing or was changed."""
    migrate()
    looked_at, wrong = faulty_photos()
    if as_json:
        print(json.dumps({"photos": looked_at, "wrong": [{"photo": key, "reason": why} for key, why in wrong]}))
    else:
        print(f"{looked_at - len(wrong)} of {looked_at} photos can be opened.")
        for key, why in wrong:
            print(f"Photo {key}: {why}.")
    raise typer.Exit(1 if wrong else 0)


@app.command()
def sweep() -> None:
    """Remove files that no photo names any more: what a crash left. The application does it daily by itself."""
    migrate()
    print(f"{sweep_orphans()} files removed.")
