"""The chart of the settings page: observed rate by setting, per skin group, over the recommended ranges."""

from typing import Any

import altair as alt
import pandas as pd

from reporting.charts.axes import HEIGHT, Axes
from reporting.charts.overview import rate_top
from reporting.charts.ranges import range_layers, range_words
from reporting.charts.theme import COLOURS, PICK, Figure, Look, themed
from reporting.charts.words import after_value, as_percent, percent, rate_words, with_unit
from reporting.domain.symptoms import symptom as symptom_of
from reporting.domain.units import printed
from reporting.queries.setting_bands import GROUPS, SettingBands

_SHIFT = dict(zip(GROUPS, (-5, 5, 0), strict=True))
"""Pixels beside the band's middle, so that the groups' intervals do not cover each other."""
_SHAPES = ("circle", "square", "diamond")


def band_rates(result: SettingBands, axes: Axes | None = None) -> Figure:
    """Rate per band at the band's median setting, with 95 % intervals, a mark and colour per skin group.

    Shaded: the typical range, published guidelines per skin group, and the clinic's protocol. Bands with fewer
    than five answers are drawn as a grey cross on the axis, without a rate. ``axes``: as of the chart beside it.
    """
    return Figure(
        chart=themed(_chart(result, axes or own_axes(result), COLOURS)), title=finding(result), alt=_alt(result),
        table=_table(result),
    )  # fmt: skip


def _axis_title(result: SettingBands) -> str:
    return with_unit(result.label, result.unit)


def own_axes(result: SettingBands) -> Axes:
    """The bands with room on both sides; limits near them are shown, far ones would squeeze the data."""
    middles, shown = result.table["median"], result.table[result.table["is_enough"]]
    low, high = float(middles.min()), float(middles.max())
    room = max((high - low) * 0.5, abs(high) * 0.1, 0.1)
    return Axes(max(low - room, 0.0), high + room, rate_top(shown))


def _chart(result: SettingBands, axes: Axes, colours: Look) -> Any:
    table, title = result.table, _axis_title(result)
    if not len(table):
        return alt.Chart(pd.DataFrame({"x": []})).mark_point().properties(height=HEIGHT, width="container")
    scale, across = axes.up_scale(), axes.across_scale()
    domain = [axes.low, axes.high]
    x = alt.X("median:Q", title=title, scale=across, axis=axes.across_axis(result.unit))
    axis = alt.Axis(format=".0%", tickCount=6)
    y = alt.Y("rate:Q", title="Rate (% of those who answered)", scale=scale, axis=axis)
    layers = range_layers(result.ranges, domain, across, colours)
    for group in GROUPS:
        layers += _group(table[table["skin_group"] == group], group, x, y, scale, colours)
    layers += _targets(table, x, scale)
    return alt.layer(*layers).properties(height=HEIGHT, width="container")


def _group(rows: pd.DataFrame, group: str, x: Any, y: Any, scale: Any, colours: Look) -> list[Any]:
    shift, shown = _SHIFT[group], rows[rows["is_enough"]]
    colour = alt.Color("skin_group:N", title="Skin type", scale=alt.Scale(
        domain=list(GROUPS), range=[colours.series[0], colours.series[1], colours.quiet]))  # fmt: skip
    shape = alt.Shape("skin_group:N", title="Skin type", scale=alt.Scale(domain=list(GROUPS), range=list(_SHAPES)))
    tips, few = _tooltips(), rows[~rows["is_enough"]].assign(rate=0.0)
    some, none = shown[shown["events"] > 0], shown[shown["events"] == 0]
    limits = alt.Chart(shown).mark_rule(strokeWidth=3, xOffset=shift)
    return [
        limits.encode(x=x, y=alt.Y("lower:Q", scale=scale), y2="upper:Q", color=colour, tooltip=tips),
        alt.Chart(some).mark_point(filled=True, size=120, opacity=1, xOffset=shift).encode(
            x=x, y=y, color=colour, shape=shape, tooltip=tips),
        alt.Chart(none).mark_point(
            shape="triangle-down", filled=True, size=120, opacity=1, xOffset=shift,
        ).encode(
            x=x, y=alt.Y("upper:Q", scale=scale), color=colour, tooltip=tips),
        alt.Chart(few).mark_point(
            shape="cross", size=70, color=colours.quiet, xOffset=shift, yOffset=-8,
        ).encode(x=x, y=y, tooltip=_few_tips(tips)),
    ]  # fmt: skip


def _few_tips(tips: list[alt.Tooltip]) -> list[alt.Tooltip]:
    return [*tips[:2], alt.Tooltip("n_answered:Q", title="Answered: not enough")]


def _targets(table: pd.DataFrame, x: Any, scale: Any) -> list[Any]:
    """What can be pressed: an unseen disc over every mark, larger than it. Pressing one chooses band and group."""
    pick = alt.selection_point(name=PICK, fields=["band", "skin_group"], on="click", clear=False)
    at = table["rate"].where(table["events"] > 0, table["upper"]).where(table["is_enough"], 0.0)
    rows, layers = table.assign(at=at), []
    for group in GROUPS:
        for is_enough, part in rows[rows["skin_group"] == group].groupby("is_enough"):
            tips = _tooltips() if is_enough else _few_tips(_tooltips())
            disc = alt.Chart(part).mark_point(
                filled=True, size=320, opacity=0.001, xOffset=_SHIFT[group], cursor="pointer",
            )  # fmt: skip
            layers.append(disc.encode(x=x, y=alt.Y("at:Q", scale=scale), tooltip=tips).add_params(pick))
    return layers


def _tooltips() -> list[alt.Tooltip]:
    return [
        alt.Tooltip("band_label:N", title="Band"), alt.Tooltip("skin_group:N", title="Skin type"),
        alt.Tooltip("events:Q", title="Unexpected", format=","),
        alt.Tooltip("n_answered:Q", title="Answered", format=","),
        alt.Tooltip("n_treatments:Q", title="Treatments", format=","),
        alt.Tooltip("rate:Q", title="Rate", format=".1%"),
        alt.Tooltip("lower:Q", title="95 % from", format=".1%"),
        alt.Tooltip("upper:Q", title="95 % to", format=".1%"),
        alt.Tooltip("response_rate:Q", title="Response", format=".0%"),
    ]  # fmt: skip


def finding(result: SettingBands) -> str:
    """The finding in one sentence; crude, so it speaks of reports and not of causes."""
    symptom, setting = symptom_of(result.symptom).label, result.label.lower()
    if not result.table["is_enough"].any():
        return f"Not enough answers yet to see {symptom.lower()} by {setting}"
    for verdict, word in (("more", "More"), ("less", "Fewer")):
        for group in reversed(GROUPS):
            if result.differences[group] == verdict:
                than = f"{word} reports of {symptom.lower()} at high than at low {setting}"
                return f"{than} in {_who(group)}: {_ends(result, group)}"
    return f"No clear difference in reported {symptom.lower()} between low and high {setting}"


def _who(group: str) -> str:
    return "patients whose skin type is not recorded" if group == "not recorded" else f"skin types {group}"


def _ends(result: SettingBands, group: str) -> str:
    rows = result.table[(result.table["skin_group"] == group) & result.table["is_enough"]]
    low, high = rows.iloc[0], rows.iloc[-1]
    unit = after_value(result.unit)
    return "; ".join(
        f"{int(row['events'])} of {int(row['n_answered'])} ({percent(row['rate'])}) at {row['band_label']}{unit}"
        for row in (high, low)
    )


def _bracket(result: SettingBands) -> str:
    return f" ({printed(result.unit)})" if printed(result.unit) else ""


def _alt(result: SettingBands) -> str:
    said = [
        f"{result.label} {row.band_label}, skin type {row.skin_group}: {rate_words(row)}."
        for row in result.table.itertuples()
    ]
    ranges = [f"{range_words(each)}." for each in result.ranges]
    return (
        f"Unexpected reports of {symptom_of(result.symptom).label.lower()} by {result.label.lower()}"
        f"{_bracket(result)}, {result.device_class_name}. " + " ".join([*said, *ranges])
    )


def _table(result: SettingBands) -> pd.DataFrame:
    rows = result.table
    shown = {name: rows[name].where(rows["is_enough"]).map(as_percent) for name in ("rate", "lower", "upper")}
    return pd.DataFrame(
        {
            f"Band{_bracket(result)}": rows["band_label"], "Skin type": rows["skin_group"],
            "Median": rows["median"].round(3), "Treatments": rows["n_treatments"],
            "Answered": rows["n_answered"],
            "Unexpected": rows["events"], "Rate %": shown["rate"], "95 % from": shown["lower"],
            "95 % to": shown["upper"], "Response %": rows["response_rate"].map(as_percent),
        }
    )  # fmt: skip
