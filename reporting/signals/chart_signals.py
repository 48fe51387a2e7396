"""The chart that shows a signal: excess events or settings week by week, with the change and what was done."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import altair as alt
import pandas as pd

from reporting.domain.signal_work import Course, EventCourse
from reporting.shell.chart_look import COLOURS, Figure, Look, Marks, dated_rules, dated_words, themed
from reporting.signals.read_signals import setting_words

HEIGHT_PX = 280
SMOOTHED_WEEKS = 5


@dataclass(frozen=True)
class Subject:
    """What the chart is about: the unit in words, the day of the change, the days first and last flagged."""

    unit: str
    since: date | None
    first_flagged: date
    last_flagged: date


def signal_course(course: Course | None, subject: Subject, marks: Marks = ()) -> Figure | None:
    """Observed less expected events so far, or settings by week; None without two weeks.

    Dashed upright lines: the likely change, the day the
    signal was first flagged, and ``marks``.
    """
    if course is None or len(course.weeks) < 2:
        return None
    table = _table(course)
    lines = [*marks, *([(subject.since, "Change, about")] if subject.since else []), (subject.first_flagged, "Flagged")]
    first, last = table["day"].min(), table["day"].max()
    colours = COLOURS
    x = alt.X(
        "day:T",
        title=None,
        axis=alt.Axis(format="%-d %b %y", grid=False, labelOverlap=True, tickCount=6),
        scale=alt.Scale(type="utc"),
    )
    drawn = _events(table, x, colours) if isinstance(course, EventCourse) else _settings(table, x, colours)
    chart = alt.layer(*drawn, *dated_rules(lines, first, last, x, colours)).properties(
        height=HEIGHT_PX, width="container"
    )
    title, shown = _words(course, table, subject)
    return Figure(themed(chart), title, f"{title}. {dated_words(lines, first, last)}", shown)


def _table(course: Course) -> pd.DataFrame:
    days = pd.to_datetime(list(course.weeks))
    if isinstance(course, EventCourse):
        table = pd.DataFrame({"day": days, "observed": course.observed, "expected": course.expected})
        return table.assign(excess=(table["observed"] - table["expected"]).cumsum())
    table = pd.DataFrame({"day": days, "mean": course.mean, "n": course.n})
    weighted = (table["mean"] * table["n"]).rolling(SMOOTHED_WEEKS, min_periods=1).sum()
    return table.assign(smooth=weighted / table["n"].rolling(SMOOTHED_WEEKS, min_periods=1).sum())


def _zero(colours: Look) -> Any:
    return alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=colours.quiet).encode(y="zero:Q")


def _events(table: pd.DataFrame, x: Any, colours: Look) -> list[Any]:
    tips = [
        alt.Tooltip("day:T", title="Week to", format="%-d %b %Y"),
        alt.Tooltip("observed:Q", title="Observed"),
        alt.Tooltip("expected:Q", title="Expected", format=".1f"),
        alt.Tooltip("excess:Q", title="Excess so far", format=".1f"),
    ]
    y = alt.Y("excess:Q", title="Observed less expected, so far")
    base = alt.Chart(table)
    return [
        _zero(colours),
        base.mark_line(interpolate="step-after", color=colours.accent, strokeWidth=2.5).encode(x=x, y=y),
        alt.Chart(table[table["observed"] > 0])
        .mark_point(filled=True, size=45, opacity=1, color=colours.accent)
        .encode(x=x, y=y, tooltip=tips),
    ]


def _settings(table: pd.DataFrame, x: Any, colours: Look) -> list[Any]:
    tips = [
        alt.Tooltip("day:T", title="Week to", format="%-d %b %Y"),
        alt.Tooltip("mean:Q", title="Mean of the week", format="+.2f"),
        alt.Tooltip("n:Q", title="Treatments"),
    ]
    title = "Above usual (standard deviations)"
    base = alt.Chart(table)
    return [
        _zero(colours),
        base.mark_point(size=45, opacity=0.9, color=colours.quiet).encode(
            x=x, y=alt.Y("mean:Q", title=title), tooltip=tips
        ),
        base.mark_line(color=colours.accent, strokeWidth=2.5).encode(x=x, y=alt.Y("smooth:Q", title=title)),
    ]


def _since(course: Course, until: pd.DataFrame, since: date | None) -> pd.DataFrame:
    """Weeks since the change. That of events is the day on which its first week ends, and the card counts that week."""
    if since is None:
        return until
    day = pd.Timestamp(since)
    return until[until["day"] >= day] if isinstance(course, EventCourse) else until[until["day"] > day]


def _words(course: Course, table: pd.DataFrame, subject: Subject) -> tuple[str, pd.DataFrame]:
    """The title and the table that people read."""
    until = table[table["day"] <= pd.Timestamp(subject.last_flagged)]
    since = _since(course, until, subject.since)
    when = f" since about {subject.since.day} {subject.since:%b %Y}" if subject.since else ""
    if isinstance(course, EventCourse):
        until_words = f"up to {subject.last_flagged.day} {subject.last_flagged:%b %Y}"
        counts = f"{since['observed'].sum():.0f} observed, {since['expected'].sum():.1f} expected"
        title = f"{subject.unit}: {counts}{when}, {until_words}"
        return title, pd.DataFrame(
            {
                "Week to": table["day"].dt.date,
                "Observed": table["observed"].astype(int),
                "Expected": table["expected"].round(2),
                "Excess so far": table["excess"].round(1),
            }
        )
    mean = float((since["mean"] * since["n"]).sum() / max(since["n"].sum(), 1))
    title = f"{subject.unit}: {setting_words(course.setting).lower()} {mean:+.1f} standard deviations from usual{when}"
    return title, pd.DataFrame(
        {
            "Week to": table["day"].dt.date,
            "Mean, standard deviations": table["mean"].round(2),
            "Treatments": table["n"].astype(int),
        }
    )
