"""The chart of the settings page: observed rate by setting, per skin group, over the recommended ranges.

What a setting should be, shaded behind the data: the usual range, published guidelines, the clinic's protocol.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import altair as alt
import pandas as pd

from reporting.dashboards.chart_overview import rate_top
from reporting.dashboards.read_bands import GROUPS, SettingBands
from reporting.dashboards.read_ranges import Range
from reporting.domain.devices import printed
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
    rate_tooltips,
    rate_words,
    response_tooltip,
    themed,
    with_unit,
)

_LINE_PX = 17
_LABEL_PX = 150
Along = Literal["x", "y"]


@dataclass(frozen=True)
class _Shade:
    colour: str
    opacity: float
    dash: list[int]
    """Dashes of the lines at both ends; empty: none are drawn."""


def range_layers(
    ranges: Sequence[Range], domain: Sequence[float], scale: Any, colours: Look, *, along: Along = "x"
) -> list[Any]:
    """Layers for the ranges as far as they are within ``domain`` of the axis of the setting.

    Shaded: each range; dashed: where a published one ends; solid: where the clinic's own ends. Every range has its
    name beside it. Ranges far away are not drawn: they would squeeze the data.
    """
    layers: list[Any] = []
    level = 0
    for each in ranges:
        low, high = _within(each, domain)
        if low >= high:
            continue
        row = pd.DataFrame(
            {
                "low": [low],
                "high": [high],
                "words": [range_words(each)],
                "name": [_name(each)],
            }
        )
        layers += _drawn(each, row, domain, scale, colours, along, level)
        level += 1
    return layers


def _within(each: Range, domain: Sequence[float]) -> tuple[float, float]:
    low = domain[0] if each.low is None else max(each.low, domain[0])
    high = domain[1] if each.high is None else min(each.high, domain[1])
    return low, high


def _shade(each: Range, colours: Look) -> _Shade:
    if each.kind == "typical":
        return _Shade(colours.band, 0.55, [])
    if each.kind == "protocol":
        return _Shade(colours.series[3], 0.13, [1, 0])
    return _Shade(colours.series[GROUPS.index(each.skin_group)] if each.skin_group else colours.quiet, 0.10, [6, 4])


def _drawn(
    each: Range, row: pd.DataFrame, domain: Sequence[float], scale: Any, colours: Look, along: Along, level: int
) -> list[Any]:
    look, base = _shade(each, colours), alt.Chart(row)
    tip = [alt.Tooltip("words:N", title="Range")]
    axis, second = (alt.X, "x2") if along == "x" else (alt.Y, "y2")

    def at(name: str) -> Any:
        return axis(f"{name}:Q", scale=scale)

    rect = base.mark_rect(color=look.colour, opacity=look.opacity)
    layers = [rect.encode(**{along: at("low"), second: "high", "tooltip": tip})]
    for name, end in (("low", each.low), ("high", each.high)):
        if look.dash and end is not None and domain[0] <= end <= domain[1]:
            line = base.mark_rule(color=look.colour, strokeDash=look.dash, strokeWidth=2)
            layers.append(line.encode(**{along: at(name), "tooltip": tip}))
    place: dict[str, Any] = (
        {"y": alt.value(level * _LINE_PX + 4)} if along == "x" else {"x": alt.value(level * _LABEL_PX + 6)}
    )
    words = base.mark_text(
        align="left",
        baseline="top",
        dx=5 if along == "x" else 0,
        dy=0 if along == "x" else 3,
        fontSize=13,
        color=colours.text,
        limit=_LABEL_PX,
    )
    layers.append(words.encode(**{along: at("low" if along == "x" else "high"), "text": "name:N"}, **place))
    return layers


def _name(each: Range) -> str:
    who = f" {each.skin_group}" if each.skin_group else ""
    return {"typical": "usual", "protocol": f"our protocol{who}"}.get(each.kind, f"guideline{who}")


def range_words(each: Range) -> str:
    """``Typical range 10 to 56``, ``Published range for skin types IV-VI: 25 to 40``, ``Clinic protocol: 8 to 14``."""
    if each.kind == "typical":
        return f"Typical {'range ' if None not in (each.low, each.high) else ''}{_ranges_ends(each)}"
    who = f" for skin types {each.skin_group}" if each.skin_group else ""
    if each.kind == "protocol":
        return f"Clinic protocol{who}: {_ranges_ends(each)}"
    if each.low is None:
        return f"Published highest value{who}: {each.high:g}"
    return f"Published range{who}: {_ranges_ends(each)}"


def _ranges_ends(each: Range) -> str:
    if each.low is None:
        return f"up to {each.high:g}"
    return f"{each.low:g} to {each.high:g}" if each.high is not None else f"from {each.low:g}"


_SHIFT = dict(zip(GROUPS, (-5, 5, 0), strict=True))
"""Pixels beside the band's middle, so that the groups' intervals do not cover each other."""
_SHAPES = ("circle", "square", "diamond")


def band_rates(result: SettingBands, axes: Axes | None = None) -> Figure:
    """Rate per band at the band's median setting, with 95 % intervals, a mark and colour per skin group.

    Shaded: the typical range, published guidelines per skin group, and the clinic's protocol. Bands with fewer
    than five answers are drawn as a grey cross on the axis, without a rate. ``axes``: as of the chart beside it.
    """
    return Figure(
        chart=themed(_chart(result, axes or own_axes(result), COLOURS)),
        title=finding(result),
        alt=_alt(result),
        table=_table(result),
    )


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
    colour = alt.Color(
        "skin_group:N",
        title="Skin type",
        scale=alt.Scale(domain=list(GROUPS), range=[colours.series[0], colours.series[1], colours.quiet]),
    )
    shape = alt.Shape("skin_group:N", title="Skin type", scale=alt.Scale(domain=list(GROUPS), range=list(_SHAPES)))
    tips, few = _tooltips(), rows[~rows["is_enough"]].assign(rate=0.0)
    some, none = shown[shown["events"] > 0], shown[shown["events"] == 0]
    limits = alt.Chart(shown).mark_rule(strokeWidth=3, xOffset=shift)
    return [
        limits.encode(x=x, y=alt.Y("lower:Q", scale=scale), y2="upper:Q", color=colour, tooltip=tips),
        alt.Chart(some)
        .mark_point(filled=True, size=120, opacity=1, xOffset=shift)
        .encode(x=x, y=y, color=colour, shape=shape, tooltip=tips),
        alt.Chart(none)
        .mark_point(
            shape="triangle-down",
            filled=True,
            size=120,
            opacity=1,
            xOffset=shift,
        )
        .encode(x=x, y=alt.Y("upper:Q", scale=scale), color=colour, tooltip=tips),
        alt.Chart(few)
        .mark_point(
            shape="cross",
            size=70,
            color=colours.quiet,
            xOffset=shift,
            yOffset=-8,
        )
        .encode(x=x, y=y, tooltip=_few_tips(tips)),
    ]


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
                filled=True,
                size=320,
                opacity=0.001,
                xOffset=_SHIFT[group],
                cursor="pointer",
            )
            layers.append(disc.encode(x=x, y=alt.Y("at:Q", scale=scale), tooltip=tips).add_params(pick))
    return layers


def _tooltips() -> list[alt.Tooltip]:
    where = [alt.Tooltip("band_label:N", title="Band"), alt.Tooltip("skin_group:N", title="Skin type")]
    return rate_tooltips(where, [response_tooltip()])


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
            f"Band{_bracket(result)}": rows["band_label"],
            "Skin type": rows["skin_group"],
            "Median": rows["median"].round(3),
            "Treatments": rows["n_treatments"],
            "Answered": rows["n_answered"],
            "Unexpected": rows["events"],
            "Rate %": shown["rate"],
            "95 % from": shown["lower"],
            "95 % to": shown["upper"],
            "Response %": rows["response_rate"].map(as_percent),
        }
    )
