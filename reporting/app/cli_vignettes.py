"""``python -m reporting vignettes``: is the advice right for patients whose truth is known?"""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import typer

from reporting.demo import vignettes as runs
from reporting.demo.vignette_patient import BANDS, read_vignettes
from reporting.domain.content import ContentError
from reporting.domain.language import languages
from reporting.errors import InvalidInput


def _print(results: Sequence[runs.Answered]) -> None:
    print(f"{'':10}{'right':>7}{'under':>7}{'over':>7}")
    for band, counts in runs.summary(results).items():
        print(f"{band:10}" + "".join(f"{counts[verdict]:7}" for verdict in ("right", "under", "over")))
    for band in BANDS:
        for one in results:
            if one.band == band and one.verdict != "right":
                print(f"{one.id}  {band}: {one.verdict} by {one.by}, told {one.level}. Cause: {one.cause}.")
    late = [one.id for one in results if one.case_verdict == "under"]
    soon = [one.id for one in results if one.case_verdict == "over"]
    print(f"Clock, at the slowest of three moments: {len(late)} cases late or not opened, {len(soon)} too soon.")
    print("Late or not opened: " + (", ".join(late) or "none"))
    known = [one.contact_due_hours for one in results if one.contact_due_hours is not None]
    print(f"Contacted by: at the slowest moment {max(known, default=0):g} hours after the answer.")
    print("These are invented patients, read by no licensed clinician: a probe set, not a sample of practice.")


def vignettes(
    file: Path = typer.Argument(help="The vignettes, CSV."),
    facts: Path = typer.Option(..., help="The table of facts, CSV."),
    classes: Path | None = typer.Option(None, help="As which class to run one that the product does not have, CSV."),
    content: Path | None = typer.Option(None, help="Folder of content tables; default: those in use."),
    language: str = typer.Option("en", help="Language of the patient."),
    story: bool = typer.Option(False, "--story", help="Type the story into the note."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Walk invented patients through the check-in of a throw-away database and compare what they are told.

    Exit code 0: the bar holds; 1: it does not; 2: the files cannot be used.
    """
    try:
        if language not in languages():
            raise InvalidInput(field="language", found=language[:20], allowed=", ".join(languages()))
        told, mapped = read_vignettes(file, facts, classes)
        results = runs.answered(told, mapped, folder=content, language=language, story=story)
    except (OSError, UnicodeDecodeError, InvalidInput, ContentError) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    if as_json:
        rows = [asdict(one) for one in results]
        print(json.dumps({"summary": runs.summary(results), "vignettes": rows}, ensure_ascii=False))
    else:
        _print(results)
    if not runs.bar_holds(results):
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(vignettes)
