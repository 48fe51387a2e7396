"""The map of two settings: a cell per pair of bands, its rate as a shade and in words, ranges drawn over it.

Bands are equally wide on the page whatever their width in the unit, so that each cell can be read; a limit within a
band stands at its place within it.
"""

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from reporting.dashboards.chart_settings import range_words
from reporting.dashboards.read_bands import GROUPS, Band
from reporting.dashboards.read_ranges import Range
from reporting.dashboards.read_setting_map import SettingMap, Side
from reporting.domain.vocabulary import symptom as symptom_of
from reporting.shell.chart_look import (
    COLOURS,
    PICK,
    Figure,
    Look,
    after_value,
    as_percent,
    percent,
    rate_tooltips,
    rate_words,
    themed,
    with_unit,
)

CELL_PX = 62


def setting_map_chart(found: SettingMap) -> Figure:
    """Rate per pair of bands; cells that are too thin are grey with their count, hidden ones say so."""
    chart = themed(_chart(found, COLOURS))
    return Figure(chart, _title(found), _alt(found), _table(found))


def _chart(found: SettingMap, colours: Look) -> Any:
    wide, high = len(found.across.cut.bands), len(found.up.cut.bands)
    x, y = _axis(alt.X, found.across, wide), _axis(alt.Y, found.up, high)
    cells = _cells(found.table, found.average, colours)
    base, pick = alt.Chart(cells), alt.selection_point(name=PICK, fields=["across", "up"], on="click", clear=False)
    place = {"x": x, "x2": "right", "y": y, "y2": "top"}
    return alt.layer(
        base.mark_rect(stroke=colours.page, strokeWidth=2, cursor="pointer")
        .encode(**place, color=alt.Color("shade:N", scale=None), tooltip=_tooltips(found))
        .add_params(pick),
        *_words(cells, wide),
        *_limits(found.across, wide, "x", colours),
        *_limits(found.up, high, "y", colours),
    ).properties(height=max(high, 2) * CELL_PX, width="container")


def _axis(channel: Any, side: Side, size: int) -> Any:
    """An axis of equal cells with the edges of the bands between them, or the single values under them."""
    bands, single = side.cut.bands, _is_single(side.cut.bands)
    places = [at + 0.5 for at in range(size)] if single else list(range(1, size))
    names = [f"{band.low:g}" for band in (bands if single else bands[1:])]
    words = ", ".join(f"'{name}'" for name in names)
    first = 0.5 if single else 1
    title = with_unit(side.label, side.unit)
    name = "left" if channel is alt.X else "bottom"
    return channel(
        f"{name}:Q",
        title=title,
        scale=alt.Scale(domain=[0, size], nice=False, zero=False),
        axis=alt.Axis(values=places, labelExpr=f"[{words}][datum.value - {first}]", grid=False, labelOverlap=False),
    )


def _is_single(bands: Sequence[Band]) -> bool:
    return bool(bands) and bands[0].low is not None and bands[0].low == bands[0].high


def place_of(value: float, bands: Sequence[Band], end: str) -> float:
    """Where a limit stands on an axis of equal cells, 0 to the number of bands.

    Within a band by its share of the band's width; an open band counts as wide as its neighbour. Single values: a
    highest value (``end`` high) after its cell, a lowest one (low) before it.
    """
    if _is_single(bands):
        values = [float(band.low or 0) for band in bands]
        return float(np.searchsorted(values, value, side="right" if end == "high" else "left"))
    edges = [float(band.low) for band in bands[1:] if band.low is not None]
    if not edges:
        return 0.5
    if len(edges) == 1:
        edges = [edges[0], edges[0] * 2]
    ends = [2 * edges[0] - edges[1], *edges, 2 * edges[-1] - edges[-2]]
    return float(np.clip(np.interp(value, ends, np.arange(len(ends))), 0, len(bands)))


def _limits(side: Side, size: int, along: str, colours: Look) -> list[Any]:
    """Lines where the ranges of one setting end, with their names; a range that reaches past every cell has none."""
    rows = [
        {
            "at": place_of(value, side.cut.bands, end),
            "name": _name(each, end),
            "words": range_words(each),
            "colour": _colour(each, colours),
            "dash": each.kind != "protocol",
        }
        for each in side.ranges
        for end, value in (("low", each.low), ("high", each.high))
        if value is not None
    ]
    layers: list[Any] = []
    for level, row in enumerate(each for each in rows if 0 < float(str(each["at"])) < size):
        base, tip = alt.Chart(pd.DataFrame([row])), [alt.Tooltip("words:N", title=side.label)]
        line = base.mark_rule(color=str(row["colour"]), strokeWidth=3, strokeDash=[6, 4] if row["dash"] else [1, 0])
        place: dict[str, Any] = {along: alt.X("at:Q") if along == "x" else alt.Y("at:Q")}
        layers.append(line.encode(**place, tooltip=tip))
        fixed: dict[str, Any] = {"y": alt.value(-4)} if along == "x" else {"x": alt.value("width")}
        words = base.mark_text(
            align="center" if along == "x" else "right",
            baseline="bottom",
            fontSize=12,
            color=colours.text,
            dy=-14 * (level % 3) if along == "x" else -3,
            dx=0 if along == "x" else -4,
        )
        layers.append(words.encode(**place, **fixed, text="name:N"))
    return layers


def _name(each: Range, end: str) -> str:
    who = f" {each.skin_group}" if each.skin_group else ""
    what = {"typical": "usual", "protocol": "our protocol"}.get(each.kind, "guideline")
    return f"{what}{who} {'from' if end == 'low' else 'up to'}"


def _colour(each: Range, colours: Look) -> str:
    if each.kind == "typical":
        return colours.quiet
    if each.kind == "protocol":
        return colours.series[3]
    return colours.series[GROUPS.index(each.skin_group)] if each.skin_group else colours.warning


def _cells(table: pd.DataFrame, average: float, colours: Look) -> pd.DataFrame:
    shades, inks = colours.shades, dict(zip(colours.shades, colours.inks, strict=True))
    highest = float(table["steadied"].max()) if table["is_enough"].any() else 0.0
    share = table["steadied"] / max(highest, 2 * average, 0.02)
    step = np.minimum((share.fillna(0) * len(shades)).astype(int), len(shades) - 1)
    shade = [shades[at] if enough else colours.grid for at, enough in zip(step, table["is_enough"], strict=True)]
    shade = [colours.page if why == "no treatments" else one for one, why in zip(shade, table["why"], strict=True)]
    return table.assign(
        left=table["across"],
        right=table["across"] + 1,
        bottom=table["up"],
        top=table["up"] + 1,
        x=table["across"] + 0.5,
        y=table["up"] + 0.5,
        shade=shade,
        ink=[inks.get(one, colours.text) for one in shade],
        big=[_big(row) for row in table.itertuples()],
        small=[_small(row) for row in table.itertuples()],
    )


def _big(row: Any) -> str:
    if row.is_hidden:
        return "hidden"
    return percent(row.rate) if row.is_enough else ""


def _small(row: Any) -> str:
    if row.is_hidden or not row.n_treatments:
        return ""
    return f"{int(row.events)}/{int(row.n_answered)}"


def _words(cells: pd.DataFrame, wide: int) -> list[Any]:
    """The rate and the counts in every cell; a cell without a rate has its counts alone."""
    layers, size = [], 15 if wide <= 6 else 13
    for field, dy, points in (("big", -7, size), ("small", 10, size - 2)):
        for ink, part in cells.groupby("ink"):
            words = alt.Chart(part).mark_text(color=str(ink), dy=dy, fontSize=points)
            layers.append(words.encode(x="x:Q", y="y:Q", text=f"{field}:N"))
    return layers


def _tooltips(found: SettingMap) -> list[alt.Tooltip]:
    return rate_tooltips(
        [
            alt.Tooltip("across_label:N", title=found.across.label),
            alt.Tooltip("up_label:N", title=found.up.label),
        ],
        [
            alt.Tooltip("steadied:Q", title="Steadied rate", format=".1%"),
            alt.Tooltip("why:N", title="No shade because"),
        ],
    )


def _where(found: SettingMap, row: Any) -> str:
    return (
        f"{found.across.label.lower()} {row.across_label}{after_value(found.across.unit)} with "
        f"{found.up.label.lower()} {row.up_label}{after_value(found.up.unit)}"
    )


def _title(found: SettingMap) -> str:
    label = symptom_of(found.symptom).label
    both = f"{found.across.label.lower()} and {found.up.label.lower()}"
    if not found.table["is_enough"].any():
        return f"Not enough answers yet to see {label.lower()} by {both}"
    if found.stands_out < 0:
        return f"No pair of {both} stands out for {label.lower()}"
    row: Any = found.table.loc[found.stands_out]
    events, answered = found.elsewhere
    return (
        f"More reports of {label.lower()} at {_where(found, row)}: {int(row['events'])} of {int(row['n_answered'])} "
        f"({percent(row['rate'])}), elsewhere {events} of {answered} ({percent(events / answered)})"
    )


def _alt(found: SettingMap) -> str:
    rows: list[Any] = [row for row in found.table.itertuples() if row.n_treatments or row.is_hidden]
    said = [f"At {_where(found, row)}: {rate_words(row)}." for row in rows]
    sides = (found.across, found.up)
    ranges = [f"{side.label}: {range_words(each)}." for side in sides for each in side.ranges]
    return (
        f"Unexpected reports of {symptom_of(found.symptom).label.lower()} by two settings, {found.device_class_name}. "
        + " ".join([*said, *ranges])
    )


def _table(found: SettingMap) -> pd.DataFrame:
    rows = found.table[(found.table["n_treatments"] != 0) | found.table["is_hidden"]]
    shown = {name: rows[name].where(rows["is_enough"]).map(as_percent) for name in ("rate", "lower", "upper")}
    return pd.DataFrame(
        {
            f"{found.across.label}{after_value(found.across.unit)}": rows["across_label"],
            f"{found.up.label}{after_value(found.up.unit)}": rows["up_label"],
            "Treatments": rows["n_treatments"],
            "Answered": rows["n_answered"],
            "Unexpected": rows["events"],
            "Rate %": shown["rate"],
            "Steadied %": rows["steadied"].map(as_percent),
            "95 % from": shown["lower"],
            "95 % to": shown["upper"],
            "Response %": rows["response_rate"].map(as_percent),
            "No rate because": rows["why"],
        }
    )
