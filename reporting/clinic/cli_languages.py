"""``python -m reporting languages``: which there are, what is missing, and a catalogue for a further one."""

import json
import sys
from dataclasses import asdict

import typer
from babel import UnknownLocaleError

from reporting.clinic import file_catalogues


def languages(
    update: str = typer.Option("", help="Write or refresh the catalogue of this language, for example fr."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """List the languages of the patient's pages with what is translated and reviewed."""
    if update:
        try:
            print(f"Written: {file_catalogues.update(update)}")
        except (UnknownLocaleError, ValueError):
            print(f"There is no language {update!r}. Give a code such as fr or pt_BR.", file=sys.stderr)
            raise typer.Exit(2) from None
        return
    found = file_catalogues.states()
    if as_json:
        print(json.dumps([asdict(one) for one in found], ensure_ascii=False))
        return
    for one in found:
        print(f"{one.code:6} {one.name:12} {one.translated} of {one.sentences} translated, {one.reviewed} reviewed")
        for fault in one.faults:
            print(f"       {fault.problem}: {fault.sentence}")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(languages)
