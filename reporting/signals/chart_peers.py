"""Charts of operators and devices: the funnel, and one unit over time.

Where names stand beside their points so that near ones do not cover each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from reporting.domain.vocabulary import symptom as symptom_of
from reporting.shell.chart_look import COLOURS, Figure, Look, dated_rules, dated_words, themed
from reporting.signals.read_peers import Course, Units

NARROW_PX, HEIGHT_PX = 300, 320
"""The plot of a phone: what does not overlap there overlaps nowhere."""
LETTER_PX, LINE_PX = 7.5, 15


@dataclass(frozen=True)
class Place:
    """Alignment of the text, and its distance from the point."""

    align: str
    dx_px: int
    dy_px: int


SIDES = (
    Place("left", 9, 0),
    Place("right", -9, 0),
    Place("center", 0, -15),
    Place("center", 0, 17),
    Place("left", 9, -15),
    Place("left", 9, 15),
    Place("right", -9, -15),
    Place("right", -9, 15),
)
"""In order of preference."""

Box = tuple[float, float, float, float]


def beside(across: ArrayLike, up: ArrayLike, names: Sequence[str]) -> list[Place]:
    """A place for each name; across and up are the points' places in the plot, 0 to 1.

    From left to right each takes the first side where it covers no point, no earlier name and no edge of the plot;
    where there is none, the side with the least overlap.
    """
    x, y = np.asarray(across, dtype=float) * NARROW_PX, (1 - np.asarray(up, dtype=float)) * HEIGHT_PX
    taken: list[Box] = [(px - 6, py - 6, px + 6, py + 6) for px, py in zip(x, y, strict=True)]
    found: dict[int, Place] = {}
    for at in np.argsort(x, kind="stable").tolist():
        others = [box for k, box in enumerate(taken) if k != at]
        boxes = [_box(x[at], y[at], names[at], side) for side in SIDES]
        cost = [sum(_overlap(box, other) for other in others) + _outside(box) for box in boxes]
        best = int(np.argmin(cost))
        found[at] = SIDES[best]
        taken.append(boxes[best])
    return [found[at] for at in range(len(names))]


def _box(x: float, y: float, name: str, side: Place) -> Box:
    width = LETTER_PX * len(name)
    left = {"left": x + side.dx_px, "right": x + side.dx_px - width, "center": x - width / 2}[side.align]
    middle = y + side.dy_px
    return left, middle - LINE_PX / 2, left + width, middle + LINE_PX / 2


def _overlap(one: Box, other: Box) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    return max(wide, 0.0) * max(high, 0.0)


def _outside(box: Box) -> float:
    """How much of a name would be cut off or lie on an axis."""
    return LINE_PX * (max(-box[0], 0.0) + max(box[2] - NARROW_PX, 0.0)) + 60 * (
        max(-box[1], 0.0) + max(box[3] - HEIGHT_PX, 0.0)
    )


ZONE_WORDS = {
    "inside": "as expected",
    "above 95 %": "above the 95 % limit",
    "above 99.8 %": "above the 99.8 % limit",
    "below 95 %": "below the 95 % limit",
    "below 99.8 %": "below the 99.8 % limit",
    "nothing expected": "nothing expected",
    "too few expected": "too few expected to tell",
}
_STATES = ["as expected", "outside a limit"]


def funnel(found: Units) -> Figure:
    """Observed over expected against what was expected, with 95 and 99.8 % limits; units by name, unranked."""
    chart = themed(_funnel_chart(found, COLOURS))
    return Figure(chart, _funnel_title(found), _funnel_alt(found), _funnel_table(found.table))


def _funnel_chart(found: Units, colours: Look) -> Any:
    drawn = found.table[found.table["is_drawn"]]
    drawn = drawn.assign(
        state=[_STATES[zone != "inside"] for zone in drawn["zone"]],
        words=drawn["zone"].map(ZONE_WORDS),
        name=_names(drawn["unit"]),
    )
    x = alt.X("expected:Q", title="Expected events (how much this one has treated)", scale=alt.Scale(zero=False))
    axis = alt.Axis(format=".1f", grid=True)
    y = alt.Y("ratio:Q", title="Observed / expected", axis=axis)
    curve = alt.Chart(found.curve)
    tips = [
        alt.Tooltip("unit:N", title=found.unit_type.capitalize()),
        alt.Tooltip("events:Q", title="Unexpected reports"),
        alt.Tooltip("expected:Q", title="Expected", format=".1f"),
        alt.Tooltip("n_treatments:Q", title="Treatments", format=","),
        alt.Tooltip("ratio:Q", title="Observed / expected", format=".2f"),
        alt.Tooltip("lower:Q", title="95 % from", format=".2f"),
        alt.Tooltip("upper:Q", title="95 % to", format=".2f"),
        alt.Tooltip("words:N", title="Lies"),
    ]
    points = alt.Chart(drawn)
    shape = alt.Shape("state:N", title=None, scale=alt.Scale(domain=_STATES, range=["circle", "triangle-up"]))
    colour = alt.Color("state:N", title=None, scale=alt.Scale(domain=_STATES, range=[colours.accent, colours.warning]))
    return alt.layer(
        curve.mark_area(color=colours.band, opacity=0.35).encode(x=x, y=alt.Y("act_low:Q"), y2="act_high:Q"),
        curve.mark_area(color=colours.band, opacity=0.6).encode(x=x, y=alt.Y("warn_low:Q"), y2="warn_high:Q"),
        alt.Chart(pd.DataFrame({"one": [1.0]})).mark_rule(color=colours.text, strokeDash=[6, 4]).encode(y="one:Q"),
        points.mark_point(filled=True, size=110, opacity=1).encode(x=x, y=y, shape=shape, color=colour, tooltip=tips),
        *_labels(drawn, found.curve, x, y, colours),
    ).properties(height=380, width="container")


def _names(units: "pd.Series[str]") -> list[str]:
    """Without the clinic's code where all are of one clinic: ``CO2-2``."""
    clinics = {unit.partition("/")[0] for unit in units}
    return [unit.partition("/")[2] or unit if len(clinics) == 1 else unit for unit in units]


def _labels(drawn: pd.DataFrame, curve: pd.DataFrame, x: Any, y: Any, colours: Look) -> list[Any]:
    """The names beside their points, near ones at different sides."""
    if drawn.empty:
        return []
    right, top = float(curve["expected"].max()), max(float(curve["act_high"].max()), float(drawn["ratio"].max()))
    left = float(curve["expected"].min())
    places = beside((drawn["expected"] - left) / (right - left), drawn["ratio"] / top, list(drawn["name"]))
    rows = drawn.assign(align=[p.align for p in places], dx=[p.dx_px for p in places], dy=[p.dy_px for p in places])
    groups: list[Any] = list(rows.groupby(["align", "dx", "dy"]))
    return [
        alt.Chart(part)
        .mark_text(align=align, dx=int(dx), dy=int(dy), color=colours.text, fontSize=13)
        .encode(x=x, y=y, text="name:N")
        for (align, dx, dy), part in groups
    ]


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
    return pd.DataFrame(
        {
            "Name": table["unit"],
            "Treatments": table["n_treatments"],
            "Unexpected": table["events"].astype(int),
            "Expected": table["expected"].round(1),
            "Observed / expected": table["ratio"].round(2),
            "95 % from": table["lower"].round(2),
            "95 % to": table["upper"].round(2),
            "Lies": table["zone"].map(ZONE_WORDS),
        }
    )


def course(found: Course) -> Figure:
    """Observed less expected so far (VLAD). Events are dots; service and actions are upright lines with their words."""
    colours, table = COLOURS, _drawn(found)
    x, tips = _time(), _course_tips()
    y = alt.Y("excess:Q", title="Excess events so far", axis=alt.Axis(minExtent=AXIS_PX))
    layers = [
        alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=colours.quiet).encode(y="zero:Q"),
        alt.Chart(table)
        .mark_line(interpolate="step-after", color=colours.accent, strokeWidth=2)
        .encode(x=x, y=y, tooltip=tips),
        alt.Chart(table[table["events"] > 0])
        .mark_point(filled=True, size=40, opacity=1, color=colours.accent)
        .encode(x=x, y=y, tooltip=tips),
    ]
    chart = _panel(layers, found, x, colours)
    return Figure(themed(chart), _course_title(found), _course_alt(found), _course_table(found))


def sequential(found: Course) -> Figure:
    """The risk-adjusted CUSUM with its limit, over the same time as ``course``; triangles where it passed."""
    colours, table = COLOURS, _drawn(found)
    signals = table[table["day"].dt.date.isin(set(found.signals)) & (table["cusum"] > found.limit)]
    x, tips = _time(), _course_tips()
    y = alt.Y("cusum:Q", title="CUSUM", axis=alt.Axis(minExtent=AXIS_PX))
    layers = [
        alt.Chart(table)
        .mark_line(interpolate="step-after", color=colours.accent, strokeWidth=2)
        .encode(x=x, y=y, tooltip=tips),
        alt.Chart(pd.DataFrame({"limit": [found.limit]}))
        .mark_rule(color=colours.warning, strokeDash=[6, 4])
        .encode(y="limit:Q"),
        alt.Chart(signals)
        .mark_point(shape="triangle-up", filled=True, size=120, color=colours.warning, opacity=1)
        .encode(x=x, y=y, tooltip=tips),
    ]
    chart = _panel(layers, found, x, colours)
    return Figure(themed(chart), _sequential_title(found), _course_alt(found))


AXIS_PX = 44
"""Room for the numbers of both panels, so that their times stand above each other."""


def _time() -> Any:
    axis = alt.Axis(format="%-d %b %y", grid=False, labelOverlap=True, tickCount=6)
    return alt.X("day:T", title=None, axis=axis, scale=alt.Scale(type="utc"))


def _course_tips() -> list[Any]:
    return [
        alt.Tooltip("day:T", title="Treated on", format="%-d %b %Y"),
        alt.Tooltip("events:Q", title="Unexpected"),
        alt.Tooltip("expected:Q", title="Expected", format=".3f"),
        alt.Tooltip("excess:Q", title="Excess so far", format=".1f"),
        alt.Tooltip("cusum:Q", title="CUSUM", format=".2f"),
    ]


def _panel(layers: list[Any], found: Course, x: Any, colours: Look) -> Any:
    first, last = found.table["day"].min(), found.table["day"].max()
    rules = dated_rules(found.marks, first, last, x, colours)
    return alt.layer(*layers, *rules).properties(height=200, width="container")


def _sequential_title(found: Course) -> str:
    if not found.signals:
        return f"The CUSUM has not passed its limit of {found.limit:.1f}"
    days = ", ".join(f"{day.day} {day:%b %Y}" for day in found.signals[-3:])
    earlier = ", and earlier" if len(found.signals) > 3 else ""
    return f"The CUSUM passed its limit of {found.limit:.1f} on {days}{earlier}"


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
    said = dated_words(found.marks, found.table["day"].min(), found.table["day"].max())
    return (
        f"{_course_title(found)}. Excess so far {float(found.table['excess'].iloc[-1]):.1f}; CUSUM now "
        f"{float(found.table['cusum'].iloc[-1]):.2f}, limit {found.limit:.2f}. {said}"
    )


MOST_AREAS = 1_000
"""With more treated areas a point of the chart and a row of its table is a day: more could not be told apart."""


def _drawn(found: Course) -> pd.DataFrame:
    """The rows of the course, or its days: sums of events and expected, both lines as the day ended; the CUSUM as high
    as it was on a day on which it passed the limit."""
    table = found.table[["day", "events", "expected", "excess", "cusum"]].reset_index(drop=True)
    if len(table) <= MOST_AREAS:
        return table
    days = table.groupby("day", sort=True)
    by_day = days.agg(
        events=("events", "sum"), expected=("expected", "sum"), excess=("excess", "last"), cusum=("cusum", "last")
    )
    highest = days["cusum"].max()
    return by_day.assign(cusum=by_day["cusum"].where(highest <= found.limit, highest)).reset_index()


def _course_table(found: Course) -> pd.DataFrame:
    rows = _drawn(found)
    return pd.DataFrame(
        {
            "Treated on": rows["day"].dt.date,
            "Unexpected": rows["events"].astype(int),
            "Expected": rows["expected"].round(4),
            "Excess so far": rows["excess"].round(2),
            "CUSUM": rows["cusum"].round(3),
        }
    )
