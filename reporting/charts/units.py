"""Charts of operators and devices: the funnel, and one unit over time with the events behind each rise."""

from typing import Any

import altair as alt
import pandas as pd

from reporting.charts.theme import Figure, Look, look, themed
from reporting.domain.symptoms import symptom as symptom_of
from reporting.queries.units import Course, Units

ZONE_WORDS = {
    "inside": "as expected", "above 95 %": "above the 95 % limit", "above 99.8 %": "above the 99.8 % limit",
    "below 95 %": "below the 95 % limit", "below 99.8 %": "below the 99.8 % limit",
    "nothing expected": "nothing expected", "too few expected": "too few expected to tell",
}  # fmt: skip
_STATES = ["as expected", "outside a limit"]


def funnel(found: Units, *, dark: bool = False) -> Figure:
    """Observed over expected against what was expected, with 95 and 99.8 % limits; units by name, unranked."""
    chart = themed(_funnel_chart(found, look(dark=dark)), dark=dark)
    return Figure(chart, _funnel_title(found), _funnel_alt(found), _funnel_table(found.table))


def _funnel_chart(found: Units, colours: Look) -> Any:
    drawn = found.table[found.table["is_drawn"]]
    drawn = drawn.assign(
        state=[_STATES[zone != "inside"] for zone in drawn["zone"]],
        words=drawn["zone"].map(ZONE_WORDS),
    )
    x = alt.X("expected:Q", title="Expected events (how much this one has treated)", scale=alt.Scale(zero=False))
    axis = alt.Axis(format=".1f", grid=True)
    y = alt.Y("ratio:Q", title="Observed / expected", axis=axis)
    curve = alt.Chart(found.curve)
    tips = [
        alt.Tooltip("unit:N", title=found.unit_type.capitalize()), alt.Tooltip("events:Q", title="Unexpected reports"),
        alt.Tooltip("expected:Q", title="Expected", format=".1f"),
        alt.Tooltip("n_treatments:Q", title="Treatments", format=","),
        alt.Tooltip("ratio:Q", title="Observed / expected", format=".2f"),
        alt.Tooltip("lower:Q", title="95 % from", format=".2f"), alt.Tooltip("upper:Q", title="95 % to", format=".2f"),
        alt.Tooltip("words:N", title="Lies"),
    ]  # fmt: skip
    points = alt.Chart(drawn)
    shape = alt.Shape("state:N", title=None, scale=alt.Scale(domain=_STATES, range=["circle", "triangle-up"]))
    colour = alt.Color("state:N", title=None, scale=alt.Scale(domain=_STATES, range=[colours.accent, colours.warning]))
    return alt.layer(
        curve.mark_area(color=colours.band, opacity=0.35).encode(x=x, y=alt.Y("act_low:Q"), y2="act_high:Q"),
        curve.mark_area(color=colours.band, opacity=0.6).encode(x=x, y=alt.Y("warn_low:Q"), y2="warn_high:Q"),
        alt.Chart(pd.DataFrame({"one": [1.0]})).mark_rule(color=colours.text, strokeDash=[6, 4]).encode(y="one:Q"),
        points.mark_point(filled=True, size=110, opacity=1).encode(x=x, y=y, shape=shape, color=colour, tooltip=tips),
        points.mark_text(align="left", dx=9, color=colours.text, fontSize=13).encode(x=x, y=y, text="unit:N"),
    ).properties(height=380, width="container")  # fmt: skip


def _funnel_title(found: Units) -> str:
    label, kind = symptom_of(found.symptom).label, found.unit_type
    drawn = found.table[found.table["is_drawn"]]
    if drawn.empty:
        return f"{label}: too few expected events to compare {kind}s"
    high = drawn[drawn["zone"].str.startswith("above")]
    if high.empty:
        return f"{label}: no {kind} is above the limits, case mix taken into account"
    rows: list[Any] = list(high.itertuples())
    names = ", ".join(f"{row.unit} ({row.events:.0f} against {row.expected:.1f} expected)" for row in rows)
    return f"{label}: above the limits, case mix taken into account: {names}"


def _funnel_alt(found: Units) -> str:
    rows: list[Any] = list(found.table.itertuples())
    said = [
        f"{row.unit}: {row.events:.0f} observed, {row.expected:.1f} expected, ratio {row.ratio:.2f} "
        f"(95 % interval {row.lower:.2f} to {row.upper:.2f}), {ZONE_WORDS[row.zone]}."
        for row in rows
    ]
    return "Observed over expected unexpected reports, by name. " + " ".join(said)


def _funnel_table(table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({
        "Name": table["unit"], "Treatments": table["n_treatments"], "Unexpected": table["events"].astype(int),
        "Expected": table["expected"].round(1), "Observed / expected": table["ratio"].round(2),
        "95 % from": table["lower"].round(2), "95 % to": table["upper"].round(2),
        "Lies": table["zone"].map(ZONE_WORDS),
    })  # fmt: skip


def course(found: Course, *, dark: bool = False) -> Figure:
    """Observed less expected so far (VLAD) above, the risk-adjusted CUSUM with its limit below, one time axis.

    Each event is a tick; service of the device and actions taken are upright lines with their words.
    """
    chart = themed(_course_chart(found, look(dark=dark)), dark=dark)
    return Figure(chart, _course_title(found), _course_alt(found), _course_table(found))


def _course_chart(found: Course, colours: Look) -> Any:
    table = found.table.reset_index(drop=True)
    marks = pd.DataFrame(found.marks, columns=["day", "words"]).assign(day=lambda rows: pd.to_datetime(rows["day"]))
    marks = marks[marks["day"].between(table["day"].min(), table["day"].max())] if len(marks) else marks
    signals = table[table["day"].dt.date.isin(set(found.signals)) & (table["cusum"] > found.limit)]
    x = alt.X("day:T", title=None, axis=alt.Axis(format="%-d %b %y", grid=False, labelOverlap=True),
              scale=alt.Scale(type="utc"))  # fmt: skip
    tips = [
        alt.Tooltip("day:T", title="Treated on", format="%-d %b %Y"), alt.Tooltip("events:Q", title="Unexpected"),
        alt.Tooltip("expected:Q", title="Expected", format=".3f"),
        alt.Tooltip("excess:Q", title="Excess so far", format=".1f"),
        alt.Tooltip("cusum:Q", title="CUSUM", format=".2f"),
    ]  # fmt: skip
    base, events = alt.Chart(table), alt.Chart(table[table["events"] > 0])
    rules = (
        alt.Chart(marks)
        .mark_rule(color=colours.warning, strokeDash=[3, 3])
        .encode(
            x=x,
            tooltip=[alt.Tooltip("words:N", title="What"), alt.Tooltip("day:T", title="On", format="%-d %b %Y")],
        )
    )
    above = alt.layer(
        base.mark_line(interpolate="step-after", color=colours.accent, strokeWidth=2).encode(
            x=x, y=alt.Y("excess:Q", title="Excess events so far"), tooltip=tips),
        events.mark_tick(color=colours.text, size=10, thickness=1.5, yOffset=-4).encode(
            x=x, y=alt.value(150), tooltip=tips),
        rules,
    ).properties(height=150, width="container")  # fmt: skip
    limit = alt.Chart(pd.DataFrame({"limit": [found.limit]}))
    below = alt.layer(
        base.mark_line(interpolate="step-after", color=colours.accent, strokeWidth=2).encode(
            x=x, y=alt.Y("cusum:Q", title="CUSUM"), tooltip=tips),
        limit.mark_rule(color=colours.warning, strokeDash=[6, 4]).encode(y="limit:Q"),
        alt.Chart(signals).mark_point(shape="triangle-up", filled=True, size=120, color=colours.warning, opacity=1)
        .encode(x=x, y="cusum:Q", tooltip=tips),
        rules,
    ).properties(height=150, width="container")  # fmt: skip
    return alt.vconcat(above, below, spacing=12).resolve_scale(x="shared")


def _course_title(found: Course) -> str:
    label, table = symptom_of(found.symptom).label, found.table
    events, expected = int(table["events"].sum()), float(table["expected"].sum())
    counts = f"{events} observed, {expected:.1f} expected"
    if not found.signals:
        return f"{found.unit}, {label.lower()}: {counts}; the CUSUM has not passed its limit"
    day = found.signals[-1]
    times = "once" if len(found.signals) == 1 else f"{len(found.signals)} times"
    return f"{found.unit}, {label.lower()}: {counts}; the CUSUM passed its limit {times}, last on {day.day} {day:%b %Y}"


def _course_alt(found: Course) -> str:
    said = "".join(f" {day.day} {day:%b %Y}: {words}." for day, words in found.marks)
    return (
        f"{_course_title(found)}. Excess so far {float(found.table['excess'].iloc[-1]):.1f}; CUSUM now "
        f"{float(found.table['cusum'].iloc[-1]):.2f}, limit {found.limit:.2f}.{said}"
    )


def _course_table(found: Course) -> pd.DataFrame:
    rows = found.table
    return pd.DataFrame({
        "Treated on": rows["day"].dt.date, "Unexpected": rows["events"].astype(int),
        "Expected": rows["expected"].round(4), "Excess so far": rows["excess"].round(2),
        "CUSUM": rows["cusum"].round(3),
    })  # fmt: skip
