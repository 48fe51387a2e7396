"""``python -m reporting retention``: what has been kept long enough, and to take it away."""

import json

import typer

from reporting.clock import now
from reporting.patient.act_erasure import apply_retention, what_is_over
from reporting.records.migrate import migrate

WORDS = {
    "photos": "photos",
    "notes": "notes",
    "check_ins": "people taken out of their answers",
    "drafts": "answers that were never sent",
    "files": "files that no photo names",
}


def retention(
    apply: bool = typer.Option(False, "--apply", help="Take it away. Without this nothing is changed."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Say what is older than the clinics' retention periods; with --apply take it away, as the app does daily."""
    migrate()
    found = apply_retention() if apply else what_is_over(now())
    if as_json:
        print(json.dumps(dict(found)))
        return
    if not found:
        print("Nothing has been kept too long.")
    for kind, number in sorted(found.items()):
        print(f"{'Taken away' if apply else 'Would be taken away'}: {number} {WORDS[kind]}")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(retention)
