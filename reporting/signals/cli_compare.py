"""``python -m reporting compare``: a table of counts or subjects worked out, so that a published one can be checked."""

import json
import sys
from pathlib import Path
from typing import Any

import typer

from reporting.errors import Problem
from reporting.signals.file_compare import COLUMNS, read_comparison
from reporting.signals.read_compare import compared

_HELP = (
    "Compare groups of a CSV file: rates, difference, ratios, exact tests; strata, trend, pairs, risk by a day.\n\n"
    "Columns: " + "; ".join(f"{name}: {words}" for name, words in COLUMNS.items()) + "."
)


def compare(
    file: Path = typer.Argument(..., exists=True, dir_okay=False, help="The CSV file."),
    level: float = typer.Option(0.95, min=0.5, max=0.999, help="Level of the intervals."),
    by_day: float | None = typer.Option(None, "--by-day", min=0, help="Risk by this day (needs the column day)."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Compare groups of a CSV file."""
    try:
        found = compared(read_comparison(file), level, by_day)
    except Problem as problem:
        print(f"{problem.message} {problem.what_to_do}", file=sys.stderr)
        raise typer.Exit(2) from None
    print(json.dumps(found, ensure_ascii=False, allow_nan=False) if as_json else _as_words(found))


def _as_words(found: dict[str, Any]) -> str:
    lines = [f"Intervals: {found['level']:g}. Reference: {found['reference']}."]
    for row in found["groups"]:
        lines.append(f"{row['group']}: {row['events']} of {row['n']}, {_value(row | row['wilson'], 'rate')} (Wilson)")
        lines.append(f"  exact {row['exact']['lower']:.4f} to {row['exact']['upper']:.4f}")
        if "risk_by_day" in row:
            lines.append(f"  risk by day {row['risk_by_day']['day']:g}: {_value(row['risk_by_day'])} (Kaplan-Meier)")
    for row in found["comparisons"]:
        lines.append(f"{row['group']} against {found['reference']}:")
        lines += [
            f"  {what.replace('_', ' ')} {_value(row[what])}" for what in ("difference", "risk_ratio", "odds_ratio")
        ]
        lines.append(f"  Fisher p {row['fisher']['two_sided']:.4g}, mid-P {row['fisher']['mid_p']:.4g}")
    for row in found.get("stratified", []):
        lines.append(f"{row['group']} against {found['reference']} within {row['strata']} strata (Mantel-Haenszel):")
        lines += [f"  {what.replace('_', ' ')} {_value(row[what])}" for what in ("risk_ratio", "odds_ratio")]
        lines.append(f"  no association: {_test(row['test'])}")
        lines.append(f"  same odds ratio in all strata: {_test(row['homogeneity'])}")
    if "trend" in found:
        lines.append(f"Trend (Cochran-Armitage): {_test(found['trend'])}")
    if "paired" in found:
        lines += _pairs(found["paired"])
    return "\n".join(lines)


def _pairs(row: dict[str, Any]) -> list[str]:
    counts = f"both {row['both']}, {row['first']} only {row['first_only']}, {row['second']} only {row['second_only']}"
    return [
        f"Pairs: {counts}, neither {row['neither']}",
        f"  difference {row['difference']['lower']:.4f} to {row['difference']['upper']:.4f} (Newcombe, paired)",
        f"  risk ratio {_value(row['risk_ratio'])}",
        f"  McNemar exact p {row['test']['two_sided']:.4g}, mid-P {row['test']['mid_p']:.4g}",
    ]


def _value(row: dict[str, Any], name: str = "value") -> str:
    if row[name] is None:
        return f"none ({row['note']})"
    return f"{row[name]:.4f} ({row['lower']:.4f} to {row['upper']:.4f})" + (f", {row['note']}" if row["note"] else "")


def _test(test: dict[str, Any]) -> str:
    if test["p_value"] is None:
        return f"none ({test['note']})"
    return f"chi-square {test['statistic']:.4f}, p {test['p_value']:.4g}"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=_HELP)(compare)
