"""The adjusted dose-response curve with its band and ceiling, drawn beside the crude bands, never over them."""

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from reporting.dashboards.chart_settings import range_layers, range_words
from reporting.dashboards.read_dose_response import DoseResponse, GroupCurve
from reporting.domain.devices import setting_fields
from reporting.domain.vocabulary import SKIN_GROUPS
from reporting.domain.vocabulary import symptom as symptom_of
from reporting.shell.chart_look import (
    COLOURS,
    HEIGHT,
    PICK,
    Axes,
    Figure,
    Look,
    after_value,
    as_percent,
    percent,
    themed,
    with_unit,
)

_SHOWN_BEYOND = 1.1
"""The curve ends a little beyond the most aggressive setting that was used."""
_DASHES = ([1, 0], [7, 4])
"""By skin group, as its colour is."""


def dose_curve(found: DoseResponse, axes: Axes | None = None) -> Figure:
    """Risk by setting for a typical patient of each skin group, case mix held; ceilings as upright lines. ``axes``: as
    of the chart beside it."""
    rows = _rows(found)
    return Figure(
        themed(_chart(found, rows, axes or own_axes(found), COLOURS)), _title(found), _alt(found), _table(rows)
    )


def _rows(found: DoseResponse) -> pd.DataFrame:
    parts = []
    for curve in found.curves:
        drawn = curve.multiple <= max(curve.most_aggressive_used * _SHOWN_BEYOND, 1.0)
        parts.append(
            pd.DataFrame(
                {
                    "skin_group": curve.skin_group,
                    "value": curve.value,
                    "multiple": curve.multiple,
                    "risk": curve.risk,
                    "lower": curve.lower,
                    "upper": curve.upper,
                    "n_answered": _n_answered(found, curve),
                    "within": curve.multiple <= curve.most_aggressive_used,
                }
            )[drawn & np.isfinite(curve.value)]
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _n_answered(found: DoseResponse, curve: GroupCurve) -> int:
    """Of that skin group, over all settings: what its curve rests on."""
    if found.bands.empty:
        return 0
    return int(found.bands.loc[found.bands["skin_group"] == curve.skin_group, "n_answered"].sum())


def own_axes(found: DoseResponse) -> Axes:
    """All of the curves; of their intervals what is not far above the rest."""
    rows = _rows(found)
    if rows.empty:
        return Axes(0.0, 1.0, 0.1)
    top = min(1.0, float(rows["upper"].quantile(0.98)) * 1.05)
    return Axes(float(rows["value"].min()), float(rows["value"].max()), max(top, 0.02))


def _chart(found: DoseResponse, rows: pd.DataFrame, axes: Axes, colours: Look) -> Any:
    field = setting_fields()[found.parameter]
    title = with_unit(field.label, found.unit)
    groups = [curve.skin_group for curve in found.curves]
    scale, across = axes.up_scale(), axes.across_scale()
    x = alt.X("value:Q", title=title, scale=across, axis=axes.across_axis(found.unit))
    y = alt.Y("risk:Q", title="Adjusted risk (%)", axis=alt.Axis(format=".0%", tickCount=6), scale=scale)
    legend = alt.Legend(symbolOpacity=1, symbolType="stroke", symbolStrokeWidth=3, symbolSize=230)
    kinds = [SKIN_GROUPS.index(group) for group in groups]
    colour = alt.Color(
        "skin_group:N",
        title="Skin type",
        legend=legend,
        scale=alt.Scale(domain=groups, range=[colours.series[kind] for kind in kinds]),
    )
    tips = [
        alt.Tooltip("skin_group:N", title="Skin type"),
        alt.Tooltip("value:Q", title=field.label, format=".3~g"),
        alt.Tooltip("risk:Q", title="Adjusted risk", format=".1%"),
        alt.Tooltip("lower:Q", title="95 % from", format=".1%"),
        alt.Tooltip("upper:Q", title="95 % to", format=".1%"),
        alt.Tooltip("n_answered:Q", title="Answered, all settings", format=","),
    ]
    dashes = alt.Scale(domain=groups, range=[_DASHES[kind] for kind in kinds])
    dash = alt.StrokeDash("skin_group:N", title="Skin type", scale=dashes)
    base = alt.Chart(rows)
    pick = alt.selection_point(name=PICK, fields=["value", "skin_group"], on="click", clear=False)
    return alt.layer(
        *range_layers(found.ranges, [axes.low, axes.high], across, colours),
        base.mark_area(opacity=0.22).encode(x=x, y=alt.Y("lower:Q", scale=scale), y2="upper:Q", color=colour),
        base.mark_line(strokeWidth=2.5).encode(x=x, y=y, color=colour, strokeDash=dash, tooltip=tips),
        *_ceilings(found, axes, colour),
        base.mark_point(filled=True, size=260, opacity=0.001, cursor="pointer")
        .encode(x=x, y=y, color=colour, tooltip=tips)
        .add_params(pick),
    ).properties(height=HEIGHT, width="container")


def _ceilings(found: DoseResponse, axes: Axes, colour: Any) -> list[Any]:
    """Upright lines. Words of the lower of two stand at its left where there is room, so that no line crosses them."""
    layers: list[Any] = []
    room = axes.low + 0.35 * (axes.high - axes.low)
    highest = max((one.ceiling * one.reference for one in found.curves if one.ceiling is not None), default=0.0)
    for at, curve in enumerate(found.curves):
        if curve.ceiling is None:
            continue
        value = curve.ceiling * curve.reference
        row = {"skin_group": curve.skin_group, "value": value, "words": f"Ceiling {curve.skin_group}"}
        base = alt.Chart(pd.DataFrame([row])).encode(x="value:Q", color=colour)
        tips = [alt.Tooltip("words:N", title="What"), alt.Tooltip("value:Q", title="At", format=".3~g")]
        at_left = room < value < highest
        words = base.mark_text(
            align="right" if at_left else "left", dx=-4 if at_left else 4, dy=4 + 17 * at, fontSize=13, baseline="top"
        )
        layers += [
            base.mark_rule(strokeDash=[2, 3], strokeWidth=2).encode(tooltip=tips),
            words.encode(y=alt.value(0), text="words:N", color=alt.value(COLOURS.text)),
        ]
    return layers


def ceiling_words(found: DoseResponse, curve: GroupCurve) -> str:
    """``Ceiling for skin types IV-VI: 17 % (95 % interval 14 to 22), at most 1.5 times the risk at 15.``"""
    unit = after_value(found.unit)
    limit = f"at most {found.factor:g} times the risk at the reference of {curve.reference:.3g}{unit}"
    if curve.ceiling is None:
        return f"**Skin types {curve.skin_group}: no ceiling** ({limit}): {curve.ceiling_note}."
    at = curve.ceiling * curve.reference
    low = "below the data" if curve.ceiling_lower is None else f"{curve.ceiling_lower * curve.reference:.3g}"
    high = "beyond the data" if curve.ceiling_upper is None else f"{curve.ceiling_upper * curve.reference:.3g}{unit}"
    return (
        f"**Ceiling for skin types {curve.skin_group}: {at:.3g}{unit}** (95 % interval {low} to {high}), {limit}."
        + (f" {curve.ceiling_note}." if curve.ceiling_note else "")
    )


def _title(found: DoseResponse) -> str:
    label, setting = symptom_of(found.symptom).label, setting_fields()[found.parameter].label.lower()
    if not found.curves:
        return f"{label} by {setting}: the data does not carry an adjusted curve"
    with_ceiling = [curve for curve in found.curves if curve.ceiling is not None]
    if not with_ceiling:
        return f"{label} by {setting}, adjusted: no ceiling within the range of the data"
    unit = after_value(found.unit)
    said = ", ".join(f"{one.ceiling * one.reference:.3g}{unit} for {one.skin_group}" for one in with_ceiling)  # type: ignore[operator]
    return f"{label} by {setting}, adjusted: the ceiling is {said}"


def _alt(found: DoseResponse) -> str:
    said = []
    for curve in found.curves:
        at = int(np.argmin(np.abs(curve.multiple - 1)))
        end = int(np.searchsorted(curve.multiple, min(curve.most_aggressive_used, curve.multiple[-1])))
        end = min(end, len(curve.risk) - 1)
        said.append(
            f"Skin types {curve.skin_group}: {percent(curve.risk[at])} at the reference of {curve.reference:.3g}, "
            f"{percent(curve.risk[end])} at {curve.value[end]:.3g} (95 % interval {percent(curve.lower[end])} to "
            f"{percent(curve.upper[end])})."
        )
    ranges = [f"{range_words(each)}." for each in found.ranges]
    return f"{_title(found)}. {found.events} events. " + " ".join([*said, *ranges, *found.notes])


def _table(rows: pd.DataFrame) -> pd.DataFrame:
    if rows.empty:
        return rows
    return pd.DataFrame(
        {
            "Skin type": rows["skin_group"],
            "Setting": rows["value"].round(3),
            "Of the reference": rows["multiple"].round(3),
            "Adjusted risk %": rows["risk"].map(as_percent),
            "95 % from": rows["lower"].map(as_percent),
            "95 % to": rows["upper"].map(as_percent),
            "Within the data": rows["within"].map({True: "yes", False: "no"}),
        }
    )
