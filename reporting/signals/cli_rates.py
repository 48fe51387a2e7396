"""``python -m reporting rates``."""

import json
import math
import sys
from datetime import datetime

import pandas as pd
import typer

from reporting.domain.actors import SYSTEM
from reporting.domain.vocabulary import SYMPTOMS
from reporting.errors import Problem
from reporting.records.migrate import migrate
from reporting.shell.read_scope import Filters
from reporting.shell.read_small_cells import HIDDEN_WORDS, example
from reporting.signals import read_rates as query

_SHOWN = (
    "n_treatments",
    "n_answered",
    "response_rate",
    "events",
    "rate",
    "lower",
    "upper",
    "adjusted_ratio",
    "ratio_lower",
    "ratio_upper",
)


def rates(
    by: str = typer.Option(..., "--by", help="One of: " + ", ".join(query.GROUPINGS)),
    symptom: str = typer.Option("", help="For example hyperpigmentation; every symptom without it."),
    first: datetime | None = typer.Option(None, "--from", formats=["%Y-%m-%d"], help="First day of treatment."),
    last: datetime | None = typer.Option(None, "--to", formats=["%Y-%m-%d"], help="Last day of treatment."),
    device_class: str = typer.Option("", help="Only this device class."),
    clinic: str = typer.Option("", help="Only this clinic."),
    parameter: str = typer.Option("", help="Setting of --by setting-band, for example density_pct."),
    hand_on: bool = typer.Option(False, "--hand-on", help="For readers outside the clinic: small counts hidden."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Rates of unexpected side effects by group: n, events, rate with 95 % interval, response rate, adjusted ratio."""
    migrate()
    filters = Filters(
        from_date=first.date() if first else None,
        to_date=last.date() if last else None,
        device_class=device_class,
        clinics=(clinic,) if clinic else (),
    )
    try:
        ask = query.rates_to_hand_on if hand_on else query.rates
        tables = [
            ask(SYSTEM, by, code, filters, parameter=parameter).assign(symptom=code)
            for code in ([symptom] if symptom else SYMPTOMS)
        ]
    except Problem as problem:
        print(f"{problem.message} {problem.what_to_do}", file=sys.stderr)
        raise typer.Exit(2) from problem
    table = pd.concat(tables, ignore_index=True)
    if as_json:
        rows = [
            {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()}
            for row in table.to_dict("records")
        ]
        print(json.dumps(rows, indent=1))
    elif table.empty:
        print(
            "No treatments yet: import a log or record one."
            if filters == query.EVERYTHING
            else "No treatments there: choose a longer period or other filters."
        )
    else:
        columns = ["group", *([] if symptom else ["symptom"]), *_SHOWN]
        print(table[columns].to_string(index=False, float_format=lambda v: f"{v:.3f}", na_rep="–"))
        print(f"Adjusted by: {'; '.join(table['adjustment'].unique())}.")
        if hand_on:
            print(f"To be handed on: {HIDDEN_WORDS.format(**example())}")


def register(app: typer.Typer) -> None:
    """Put the command on the command line."""
    app.command("rates")(rates)
