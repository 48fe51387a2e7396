"""``python -m reporting outcomes``: whether the stored outcomes are what the check-ins say, and mending them."""

import json
from dataclasses import asdict

import typer

from reporting.clinic.act_outcomes import rebuild_outcomes, wrong_outcomes
from reporting.records.migrate import migrate

app = typer.Typer(help="The outcomes that dashboards and signals count.", no_args_is_help=True)


@app.command()
def compare(as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """Work every outcome out from its check-ins; exit code 1 names the treated areas stored otherwise."""
    migrate()
    wrong = wrong_outcomes()
    if as_json:
        print(json.dumps({"wrong": len(wrong), "treated_areas": wrong}))
    elif not wrong:
        print("Every stored outcome is what its check-ins say.")
    else:
        print(f"{len(wrong)} stored outcomes differ from their check-ins.")
        for area in wrong:
            print(f"Treated area {area}")
    raise typer.Exit(1 if wrong else 0)


@app.command()
def rebuild(
    todays_content: bool = typer.Option(
        False, "--todays-content", help="Judge every check-in again, by the content in use; else each keeps its own."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Write every outcome anew from its check-ins; before and after are printed and noted in the audit trail."""
    migrate()
    done = rebuild_outcomes(by_todays_content=todays_content)
    if as_json:
        print(json.dumps(asdict(done)))
    else:
        print(f"Outcomes of {done.treatments} treatments were written anew.")
        if done.judged is not None:
            print(f"Check-ins judged otherwise than before: {done.judged}.")
        print(f"Different from their check-ins: {done.wrong_before} before, {done.wrong_after} after.")
        for symptom, before in done.events_before.items():
            print(
                f"Treated areas with more {symptom} than expected: {before} before, {done.events_after[symptom]} after."
            )
    raise typer.Exit(1 if done.wrong_after else 0)
