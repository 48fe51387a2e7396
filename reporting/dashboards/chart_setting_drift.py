"""Settings over time: median and middle half by month or quarter, and the share above what is recommended."""

from typing import Any

import altair as alt
import pandas as pd

from reporting.dashboards.chart_settings import range_layers, range_words
from reporting.dashboards.read_setting_drift import SettingDrift
from reporting.shell.chart_look import (
    COLOURS,
    PICK,
    Figure,
    Look,
    after_value,
    as_percent,
    dated_rules,
    dated_words,
    percent,
    themed,
    with_unit,
)

HEIGHT = 320
KIND_WORDS = {
    "guideline": "the published guideline",
    "protocol": "the clinic's protocol",
    "typical": "the typical range",
}
_SHAPES = ("circle", "square", "diamond")


def drift_chart(found: SettingDrift) -> Figure:
    """Median and middle half of the setting per period; hollow where few treated areas are behind it."""
    chart = themed(_drift(found, COLOURS))
    return Figure(chart, _drift_title(found), _drift_alt(found), _drift_table(found))


def share_chart(found: SettingDrift) -> Figure:
    """Share of treated areas above each kind of limit per period, with 95 % intervals."""
    chart = themed(_shares(found, COLOURS))
    return Figure(chart, _share_title(found), _share_alt(found), _share_table(found))


def _time(table: pd.DataFrame) -> Any:
    domain = [day.isoformat() for day in _span(table)]
    return alt.X(
        "day:T",
        title=None,
        axis=alt.Axis(format="%b %Y", grid=False, labelOverlap=True),
        scale=alt.Scale(type="utc", domain=domain, nice=False),
    )


def _span(table: pd.DataFrame) -> tuple[pd.Timestamp, pd.Timestamp]:
    edge = pd.Timedelta(days=20)
    first, last = table["middle"].min(), table["middle"].max()
    return pd.Timestamp(first) - edge, pd.Timestamp(last) + edge


def _axis_title(found: SettingDrift) -> str:
    if found.is_relative:
        return "Times what is usual"
    return with_unit(found.label, found.unit)


def _drift(found: SettingDrift, colours: Look) -> Any:
    rows = found.table[~found.table["is_hidden"]].assign(day=found.table["middle"])
    low, high = float(rows["q1"].min()), float(rows["q3"].max())
    room = max((high - low) * 0.35, abs(high) * 0.03)
    domain = [max(low - room, 0.0), high + room]
    scale, x = alt.Scale(domain=domain, nice=False, zero=False), _time(found.table)
    y = alt.Y("median:Q", title=_axis_title(found), scale=scale, axis=alt.Axis(format=".3~g", tickCount=6))
    tips = [
        alt.Tooltip("label:N", title="Treated in"),
        alt.Tooltip("n:Q", title="Treated areas", format=","),
        alt.Tooltip("median:Q", title="Median", format=".3~g"),
        alt.Tooltip("q1:Q", title="Middle half from", format=".3~g"),
        alt.Tooltip("q3:Q", title="to", format=".3~g"),
    ]
    base, enough = alt.Chart(rows), alt.Chart(rows[rows["is_enough"]])
    pick = alt.selection_point(name=PICK, fields=["period"], on="click", clear=False)
    usual = alt.Chart(pd.DataFrame({"one": [1.0]})).mark_rule(color=colours.text, strokeDash=[6, 4])
    return alt.layer(
        *range_layers(found.ranges, domain, scale, colours, along="y"),
        *([usual.encode(y=alt.Y("one:Q", scale=scale))] if found.is_relative else []),
        enough.mark_rule(strokeWidth=9, opacity=0.35, color=colours.accent).encode(
            x=x, y=alt.Y("q1:Q", scale=scale), y2="q3:Q", tooltip=tips
        ),
        enough.mark_line(color=colours.accent, strokeWidth=2).encode(x=x, y=y),
        enough.mark_point(filled=True, size=90, opacity=1, color=colours.accent).encode(x=x, y=y, tooltip=tips),
        alt.Chart(rows[~rows["is_enough"]])
        .mark_point(filled=False, size=80, opacity=1, color=colours.quiet)
        .encode(x=x, y=y, tooltip=tips),
        *dated_rules(found.marks, *_span(found.table), x, colours),
        base.mark_point(filled=True, size=400, opacity=0.001, cursor="pointer")
        .encode(x=x, y=y, tooltip=tips)
        .add_params(pick),
    ).properties(height=HEIGHT, width="container")


def _shares(found: SettingDrift, colours: Look) -> Any:
    rows = found.above[~found.above["is_hidden"]]
    rows = rows.assign(day=rows["middle"], what=rows["kind"].map(KIND_WORDS))
    kinds = [KIND_WORDS[kind] for kind in KIND_WORDS if kind in set(found.above["kind"])]
    top = float(rows.loc[rows["is_enough"], "upper"].max()) if rows["is_enough"].any() else 0.1
    scale, x = alt.Scale(domain=[0, min(max(top * 1.05, 0.05), 1.0)], nice=False, clamp=True), _time(found.above)
    y = alt.Y("share:Q", title="Above it (%)", scale=scale, axis=alt.Axis(format=".0%", tickCount=5))
    colour = alt.Color(
        "what:N",
        title="Above",
        scale=alt.Scale(domain=kinds, range=[colours.accent, colours.series[3], colours.quiet][: len(kinds)]),
    )
    shape = alt.Shape("what:N", title="Above", scale=alt.Scale(domain=kinds, range=list(_SHAPES[: len(kinds)])))
    tips = [
        alt.Tooltip("label:N", title="Treated in"),
        alt.Tooltip("what:N", title="Above"),
        alt.Tooltip("n_above:Q", title="Above it", format=","),
        alt.Tooltip("n:Q", title="Treated areas", format=","),
        alt.Tooltip("share:Q", title="Share", format=".1%"),
        alt.Tooltip("lower:Q", title="95 % from", format=".1%"),
        alt.Tooltip("upper:Q", title="95 % to", format=".1%"),
    ]
    enough, few = alt.Chart(rows[rows["is_enough"]]), alt.Chart(rows[~rows["is_enough"]])
    pick = alt.selection_point(name=PICK, fields=["period"], on="click", clear=False)
    return alt.layer(
        enough.mark_rule(strokeWidth=3).encode(
            x=x, y=alt.Y("lower:Q", scale=scale), y2="upper:Q", color=colour, tooltip=tips
        ),
        enough.mark_point(filled=True, size=90, opacity=1).encode(x=x, y=y, color=colour, shape=shape, tooltip=tips),
        few.mark_point(filled=False, size=70, color=colours.quiet, opacity=1).encode(x=x, y=y, tooltip=tips),
        *dated_rules(found.marks, *_span(found.above), x, colours),
        alt.Chart(rows)
        .mark_point(filled=True, size=400, opacity=0.001, cursor="pointer")
        .encode(x=x, y=y, tooltip=tips)
        .add_params(pick),
    ).properties(height=220, width="container")


def _who(found: SettingDrift) -> str:
    return {
        "class": found.device_class_name,
        "device": f"device {found.of.code}",
        "operator": f"operator {found.of.code}",
    }[found.of.kind]


def _value(found: SettingDrift, value: float) -> str:
    if found.is_relative:
        return f"{value:.2f} times the usual"
    return f"{value:.3g}{after_value(found.unit)}"


def _drift_title(found: SettingDrift) -> str:
    enough = found.table[found.table["is_enough"]]
    if len(enough) < 2:
        return f"{found.label}, {_who(found)}: too few {found.per}s with enough treatments to see a change"
    first: Any = enough.iloc[0]
    last: Any = enough.iloc[-1]
    word = (
        "rose" if last["median"] > first["q3"] else "fell" if last["median"] < first["q1"] else "stayed about the same"
    )
    return (
        f"{found.label}, {_who(found)}, {word}: median {_value(found, first['median'])} in {first['label']} "
        f"({int(first['n'])} treated areas), {_value(found, last['median'])} in {last['label']} ({int(last['n'])})"
    )


def _drift_alt(found: SettingDrift) -> str:
    rows: list[Any] = list(found.table.itertuples())
    said = [
        f"{row.label}: too few to show beyond the treating clinic."
        if row.is_hidden
        else f"{row.label}: median {_value(found, row.median)}, middle half {row.q1:.3g} to {row.q3:.3g}, {int(row.n)} "
        f"treated areas{'' if row.is_enough else ' (few)'}."
        for row in rows
    ]
    ranges = [f"{range_words(each)}." for each in found.ranges]
    return " ".join([f"{_drift_title(found)}.", *said, *ranges, dated_words(found.marks, *_span(found.table))]).strip()


def _drift_table(found: SettingDrift) -> pd.DataFrame:
    rows = found.table
    return pd.DataFrame(
        {
            "Treated in": rows["label"],
            "Treated areas": rows["n"],
            "Median": rows["median"].round(3),
            "Middle half from": rows["q1"].round(3),
            "to": rows["q3"].round(3),
        }
    )


def _share_title(found: SettingDrift) -> str:
    shown = found.above[~found.above["is_hidden"]]
    said = []
    for kind, words in KIND_WORDS.items():
        rows = shown[shown["kind"] == kind]
        if len(rows):
            n, above = int(rows["n"].sum()), int(rows["n_above"].sum())
            said.append(f"{above} of {n} treated areas ({percent(above / n)}) above {words}")
    return f"{found.label}, {_who(found)}: " + ("; ".join(said) or "too few to show beyond the treating clinic")


def _share_alt(found: SettingDrift) -> str:
    rows: list[Any] = list(found.above.itertuples())
    said = [
        f"{row.label}, above {KIND_WORDS[row.kind]}: too few to show beyond the treating clinic."
        if row.is_hidden
        else f"{row.label}: {int(row.n_above)} of {int(row.n)} above {KIND_WORDS[row.kind]} ({percent(row.share)}, "
        f"95 % interval {percent(row.lower)} to {percent(row.upper)})."
        for row in rows
    ]
    return " ".join([f"{_share_title(found)}.", *said, dated_words(found.marks, *_span(found.above))]).strip()


def _share_table(found: SettingDrift) -> pd.DataFrame:
    rows = found.above
    return pd.DataFrame(
        {
            "Treated in": rows["label"],
            "Above": rows["kind"].map(KIND_WORDS),
            "Treated areas": rows["n"],
            "Above it": rows["n_above"],
            "Share %": rows["share"].map(as_percent),
            "95 % from": rows["lower"].map(as_percent),
            "95 % to": rows["upper"].map(as_percent),
        }
    )
