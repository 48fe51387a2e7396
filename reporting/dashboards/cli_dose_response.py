"""``python -m reporting dose-response``."""

import json
import math
import sys
from typing import Any

import typer

from reporting.dashboards import read_dose_response as query
from reporting.domain.actors import SYSTEM
from reporting.domain.clinic_content import TOLERATED_FACTOR
from reporting.errors import Problem
from reporting.records.migrate import migrate

_BAND = (
    "skin_group",
    "band_label",
    "median",
    "n_treatments",
    "n_answered",
    "response_rate",
    "events",
    "rate",
    "lower",
    "upper",
)


def dose_response(
    symptom: str = typer.Option(..., help="For example hyperpigmentation."),
    parameter: str = typer.Option(..., help="Setting, for example fluence_j_cm2."),
    device_class: str = typer.Option(..., help="One device class: settings are never pooled across them."),
    skin_group: str = typer.Option("", help="I-III or IV-VI; both without it."),
    factor: float = typer.Option(TOLERATED_FACTOR, min=1.01, help="Tolerated multiple of the reference's risk."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Risk by dose, adjusted for case mix and the other settings, with crude bands, ranges and the ceiling."""
    migrate()
    try:
        found = query.dose_response(SYSTEM, symptom, parameter, device_class, skin_group, factor)
    except Problem as problem:
        print(f"{problem.message} {problem.what_to_do}", file=sys.stderr)
        raise typer.Exit(2) from None
    print(json.dumps(as_object(found), indent=1) if as_json else _as_words(found))


def _number(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def as_object(found: query.DoseResponse) -> dict[str, Any]:
    """Plain JSON: the groups' curves; those of the first group stand at the top as well."""
    groups = [_group(curve, found.factor) for curve in found.curves]
    bands = [{k: _number(v) for k, v in row.items()} for row in found.bands[list(_BAND)].to_dict("records")]
    first = groups[0] if groups else {"grid": [], "risk": [], "lower": [], "upper": [], "ceiling": None}
    return {
        "symptom": found.symptom,
        "parameter": found.parameter,
        "unit": found.unit,
        "device_class": found.device_class,
        "events": found.events,
        **first,
        "groups": groups,
        "bands": bands,
        "reference_range": [
            {"kind": r.kind, "low": r.low, "high": r.high, "skin_group": r.skin_group, "source": r.source}
            for r in found.ranges
        ],
        "reference_source": found.reference_source,
        "held_at_no_effect": list(found.opposed),
        "notes": list(found.notes),
    }


def _group(curve: query.GroupCurve, factor: float) -> dict[str, Any]:
    return {
        "skin_group": curve.skin_group,
        "reference": _number(curve.reference),
        "grid": curve.multiple.tolist(),
        "value": [_number(v) for v in curve.value.tolist()],
        "risk": curve.risk.tolist(),
        "lower": curve.lower.tolist(),
        "upper": curve.upper.tolist(),
        "most_aggressive_used": curve.most_aggressive_used,
        "ceiling": {
            "factor": factor,
            "multiple": curve.ceiling,
            "lower": curve.ceiling_lower,
            "upper": curve.ceiling_upper,
            "note": curve.ceiling_note,
        },
    }


def _as_words(found: query.DoseResponse) -> str:
    lines = [f"{found.symptom} by {found.parameter} ({found.unit}), {found.device_class}; {found.events} events."]
    for curve in found.curves:
        lines.append(f"\nSkin {curve.skin_group}, adjusted risk (95 % interval); reference {curve.reference:g}:")
        risks = (100 * curve.risk, 100 * curve.lower, 100 * curve.upper)
        rows = zip(curve.multiple, curve.value, *risks, strict=True)
        lines += [f"  {m:5.2f} x  {v:8.4g}  {r:5.1f} %  ({a:.1f} % to {b:.1f} %)" for m, v, r, a, b in rows]
        lines.append(f"  Ceiling, {found.factor:g} times the risk at the reference: {_ceiling(curve)}")
    shown = found.bands[list(_BAND)]
    lines += [
        "\nAs observed, not adjusted:",
        shown.to_string(index=False, float_format=lambda v: f"{v:.3f}", na_rep="-"),
    ]
    lines += [
        f"{r.kind} range {r.low if r.low is not None else ''} to {r.high} {r.skin_group}: {r.source}"
        for r in found.ranges
    ]
    lines += [f"Not estimated: {note}" for note in found.notes]
    if found.opposed:
        lines.append(f"Held at no effect, since the data would call it protective: {', '.join(found.opposed)}")
    return "\n".join(lines)


def _ceiling(curve: query.GroupCurve) -> str:
    if curve.ceiling is None:
        return curve.ceiling_note or "none within the range of the data"
    ends = [
        f"{end:.2f}" if end is not None else "beyond the data" for end in (curve.ceiling_lower, curve.ceiling_upper)
    ]
    return f"{curve.ceiling:.2f} x ({ends[0]} to {ends[1]})"


def register(app: typer.Typer) -> None:
    """Put the command on the command line."""
    app.command("dose-response")(dose_response)
