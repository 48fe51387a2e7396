"""``python -m reporting signals run`` and ``signals list``."""

import json
import sys
from datetime import datetime
from typing import TYPE_CHECKING

import typer

from reporting.domain.actors import SYSTEM
from reporting.domain.signal_work import Card, Shift
from reporting.errors import Problem
from reporting.records import read_ahead

if TYPE_CHECKING:
    from reporting.signals.read_signals import SignalRow

app = typer.Typer(help="Signals of the evidence engine.", no_args_is_help=True)


@app.command()
def run(
    as_of: datetime | None = typer.Option(None, "--as-of", formats=["%Y-%m-%d"], help="As of this day; today."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Look over the data as of a day and keep what is found. Running it again changes nothing."""
    read_ahead.begin()  # reads beside the imports, which take as long
    from reporting.records.migrate import migrate
    from reporting.signals.act_signals import keep_look
    from reporting.signals.read_look import look

    migrate()
    try:
        found = look(SYSTEM, as_of.date() if as_of else None)
        fresh = keep_look(by=SYSTEM, look=found)
    except Problem as problem:
        print(f"{problem.message} {problem.what_to_do}", file=sys.stderr)
        raise typer.Exit(2) from None
    if as_json:
        print(
            json.dumps(
                {
                    "as_of": found.as_of.isoformat(),
                    "signals": len(found.findings),
                    "new": fresh,
                    "cells_tested": found.cells_tested,
                    "seconds": round(found.seconds, 3),
                    "expected_false_per_clinic_year": found.expected_false_per_clinic_year,
                    **found.details,
                }
            )
        )
        return
    print(
        f"As of {found.as_of}: {len(found.findings)} signals, {len(fresh)} of them new; "
        f"{found.cells_tested} cells tested in {found.seconds:.1f} s."
    )
    if note := found.details.get("note"):
        print(f"Note: {note}.")


@app.command("list")
def list_signals(as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """The signals, ranked, with everything that a signal's card shows."""
    from reporting.records.migrate import migrate
    from reporting.signals.read_signals import signals_of

    migrate()
    rows = signals_of(SYSTEM)
    if as_json:
        print(json.dumps([vars(row) | {"card": row.card.to_json()} for row in rows], default=str, indent=1))
    elif not rows:
        print("No signals. `python -m reporting signals run` looks over the data.")
    else:
        print("\n".join(_line(row) for row in rows))


def _line(row: "SignalRow") -> str:
    where = f"{row.clinic} {row.unit_type} {row.unit_id}"
    return (
        f"{row.rank or '-':>3}  {row.state:12} {row.card.what}: {where}, {row.symptom}"
        f"{', skin ' + row.skin_group if row.skin_group else ''}; since {row.since}, flagged {row.first_flagged_on}; "
        + _numbers(row.card)
    )


def _numbers(card: Card) -> str:
    found, sure = card.numbers, f"probability {card.sure.probability or 0:.2f}"
    if isinstance(found, Shift):
        return f"settings {found.shift_sd:+.1f} sd ({card.detail}), {sure}"
    ratio = (
        "" if found.ratio is None else f"ratio {found.ratio:.1f} ({found.ratio_lower:.1f} to {found.ratio_upper:.1f}), "
    )
    sure = f"q {card.sure.q_value or 0:.3f}" if card.kind == "scan" else sure
    return f"{found.observed:g} observed, {found.expected:.1f} expected, {ratio}{sure}"
