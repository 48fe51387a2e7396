"""The chart of the settings page: observed rate by setting, per skin group, over the recommended ranges."""

from typing import Any

import altair as alt
import pandas as pd

from reporting.charts.overview import rate_scale
from reporting.charts.theme import Figure, Look, look, themed
from reporting.charts.words import as_percent, percent, rate_words
from reporting.domain.symptoms import symptom as symptom_of
from reporting.queries.setting_bands import GROUPS, Range, SettingBands

HEIGHT = 380
_SHIFT = dict(zip(GROUPS, (-7, 7, 0), strict=True))
"""Pixels beside the band's middle, so that the groups' intervals do not cover each other."""
_SHAPES = ("circle", "square", "diamond")


def band_rates(result: SettingBands, *, dark: bool = False) -> Figure:
    """Rate per band at the band's median setting, with 95 % intervals, a mark and colour per skin group.

    Shaded: the typical range of the device class. Dashed lines: published highest value per skin group.
    Bands with fewer than five answers are drawn as a grey cross on the axis, without a rate.
    """
    return Figure(
        chart=themed(_chart(result, look(dark=dark)), dark=dark), title=finding(result), alt=_alt(result),
        table=_table(result),
    )  # fmt: skip


def _axis_title(result: SettingBands) -> str:
    return f"{result.label}, {result.unit}" if result.unit not in ("", "count") else result.label


def _x_domain(result: SettingBands) -> list[float]:
    """The bands with room on both sides; limits near them are shown, far ones would squeeze the data."""
    middles = result.table["median"]
    low, high = float(middles.min()), float(middles.max())
    room = max((high - low) * 0.5, abs(high) * 0.1, 0.1)
    return [max(low - room, 0.0), high + room]


def _chart(result: SettingBands, colours: Look) -> Any:
    table, title = result.table, _axis_title(result)
    if not len(table):
        return alt.Chart(pd.DataFrame({"x": []})).mark_point().properties(height=HEIGHT, width="container")
    scale = rate_scale(table[table["is_enough"]])
    domain = _x_domain(result)
    across = alt.Scale(domain=domain, nice=False)
    x = alt.X("median:Q", title=title, scale=across, axis=alt.Axis(grid=False))
    axis = alt.Axis(format=".0%", tickCount=6)
    y = alt.Y("rate:Q", title="Rate (% of those who answered)", scale=scale, axis=axis)
    layers = _shading(result.ranges, domain, across, colours)
    for group in GROUPS:
        layers += _group(table[table["skin_group"] == group], group, x, y, scale, colours)
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
        ).encode(x=x, y=y, tooltip=[*tips[:2], alt.Tooltip("n_answered:Q", title="Answered: not enough")]),
    ]  # fmt: skip


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


def _shading(ranges: tuple[Range, ...], domain: list[float], scale: Any, colours: Look) -> list[Any]:
    layers: list[Any] = []
    for each in ranges:
        row = pd.DataFrame({"low": [each.low], "high": [each.high], "words": [range_words(each)]})
        tip = [alt.Tooltip("words:N", title="Range")]
        if each.kind == "typical":
            low = domain[0] if each.low is None else max(each.low, domain[0])
            high = domain[1] if each.high is None else min(each.high, domain[1])
            if low >= high:
                continue
            shade = alt.Chart(row.assign(low=low, high=high)).mark_rect(color=colours.band, opacity=0.6)
            layers.append(shade.encode(x=alt.X("low:Q", scale=scale), x2="high:Q", tooltip=tip))
        elif each.high is not None and domain[0] <= each.high <= domain[1]:
            index = GROUPS.index(each.skin_group)
            line = alt.Chart(row).encode(x=alt.X("high:Q", scale=scale), tooltip=tip)
            layers.append(line.mark_rule(color=colours.series[index], strokeDash=[6, 4], strokeWidth=2))
            layers.append(line.mark_text(
                text=f"guideline {each.skin_group}", angle=270, align="right", dy=-8, color=colours.text,
                fontSize=13,
            ).encode(y=alt.value(4)))  # fmt: skip
    return layers


def range_words(each: Range) -> str:
    """``Typical range 10 to 56``, ``Published highest value for skin types IV-VI: 40``."""
    if each.kind == "guideline":
        return f"Published highest value for skin types {each.skin_group}: {each.high:g}"
    if each.low is None:
        return f"Typical up to {each.high:g}"
    return f"Typical range {each.low:g} to {each.high:g}" if each.high is not None else f"Typical from {each.low:g}"


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
    unit = "" if result.unit in ("", "count") else f" {result.unit}"
    return "; ".join(
        f"{int(row['events'])} of {int(row['n_answered'])} ({percent(row['rate'])}) at {row['band_label']}{unit}"
        for row in (high, low)
    )


def _alt(result: SettingBands) -> str:
    said = [
        f"{result.label} {row.band_label}, skin type {row.skin_group}: {rate_words(row)}."
        for row in result.table.itertuples()
    ]
    ranges = [f"{range_words(each)}." for each in result.ranges]
    return (
        f"Unexpected reports of {symptom_of(result.symptom).label.lower()} by {result.label.lower()}"
        f" ({result.unit}), {result.device_class_name}. " + " ".join([*said, *ranges])
    )


def _table(result: SettingBands) -> pd.DataFrame:
    rows = result.table
    shown = {name: rows[name].where(rows["is_enough"]).map(as_percent) for name in ("rate", "lower", "upper")}
    return pd.DataFrame(
        {
            f"Band ({result.unit})": rows["band_label"], "Skin type": rows["skin_group"],
            "Median": rows["median"].round(3), "Treatments": rows["n_treatments"],
            "Answered": rows["n_answered"],
            "Unexpected": rows["events"], "Rate %": shown["rate"], "95 % from": shown["lower"],
            "95 % to": shown["upper"], "Response %": rows["response_rate"].map(as_percent),
        }
    )  # fmt: skip
