"""A patient's own severity by recovery day over the band that is expected after that procedure."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from reporting.cases.read_timeline import Report, TreatmentLine
from reporting.domain.course import expected_band, is_known
from reporting.domain.vocabulary import SEVERITIES, SYMPTOMS, severity_word, symptom
from reporting.shell.chart_look import COLOURS, Figure, Look, themed

KINDS = ("as expected", "more than expected", "not answered")
MARKS = dict(zip(KINDS, ("●", "▲", "✚"), strict=True))
"""How a point is drawn, for the legend in words: one inside the picture would be cut off on a phone."""
SHORTEST_AXIS_DAYS = 14
PANEL_HEIGHT_PX = 250


def _day(report: Report) -> int:
    return report.recovery_day if report.recovery_day is not None else report.scheduled_day


def _points(reports: Sequence[Report], code: str) -> pd.DataFrame:
    """One row per due check-in: day, severity (0 where not answered), word and kind."""
    rows = []
    for report in reports:
        severity = report.severities.get(code)
        if report.is_replaced or (report.answered_at is not None and severity is None):
            continue
        answered = report.answered_at is not None and severity is not None
        kind = KINDS[2] if not answered else KINDS[code in report.unexpected]
        rows.append(
            {
                "day": _day(report),
                "severity": severity or 0,
                "kind": kind,
                "word": severity_word(severity or 0) if answered else "not answered",
            }
        )
    return pd.DataFrame(rows, columns=["day", "severity", "kind", "word"]).sort_values("day", kind="stable")


def _band(procedure_class: str, code: str, last_day: int) -> pd.DataFrame:
    """Highest expected severity on each day; empty for a kind of procedure without an expected course."""
    if not is_known(procedure_class):
        return pd.DataFrame({"day": [], "expected": []})
    days = range(last_day + 2)
    return pd.DataFrame({"day": days, "expected": expected_band(procedure_class, code, days)})


def _title(code: str, points: pd.DataFrame) -> str:
    """What the chart shows, in one sentence."""
    label = symptom(code).label
    beyond = points[points["kind"] == KINDS[1]]
    if beyond.empty:
        worst = severity_word(int(points["severity"].max())).lower()
        return f"{label}: {worst} at worst, never more than expected"
    worst = severity_word(int(beyond["severity"].max())).lower()
    days = ", ".join(str(day) for day in beyond["day"].unique())
    return f"{label}: {worst} at worst, more than expected on day {days}"


def _alt(code: str, points: pd.DataFrame, band: pd.DataFrame) -> str:
    expected = dict(zip(band["day"], band["expected"], strict=True))
    said = [
        f"day {row.day} {str(row.word).lower()}"
        + (f" (expected up to {severity_word(int(expected[row.day])).lower()})" if row.day in expected else "")
        for row in points.itertuples()
        if row.kind != KINDS[2]
    ]
    missing = int((points["kind"] == KINDS[2]).sum())
    silent = f" {missing} due check-ins were not answered." if missing else ""
    return f"{symptom(code).label} by recovery day: {'; '.join(said)}.{silent}"


def _axes(last_day: int) -> dict[str, Any]:
    words = ", ".join(f"'{severity_word(value)}'" for value in SEVERITIES)
    return {
        "x": alt.X(
            "day:Q",
            title="Recovery day (days since treatment)",
            axis=alt.Axis(tickMinStep=1, format="d", grid=False),
            scale=alt.Scale(domain=[0, last_day + 1], nice=False),
        ),
        "y": alt.Y(
            "severity:Q",
            title="Severity",
            scale=alt.Scale(domain=[0, 4.2], nice=False),
            axis=alt.Axis(values=list(SEVERITIES), labelOverlap=False, labelExpr=f"[{words}][datum.value]"),
        ),
    }


def _layers(points: pd.DataFrame, band: pd.DataFrame, last_day: int, colours: Look) -> Any:
    axes = _axes(last_day)
    expected = (
        alt.Chart(band)
        .mark_area(color=colours.band, opacity=1, interpolate="step-after")
        .encode(x=axes["x"], y=alt.Y("expected:Q", title="Severity"))
    )
    answered = alt.Chart(points[points["kind"] != KINDS[2]])
    line = answered.mark_line(color=colours.quiet, strokeWidth=1.5).encode(**axes)
    marks = (
        alt.Chart(points)
        .mark_point(filled=True, size=130, opacity=1)
        .encode(
            **axes,
            shape=alt.Shape(
                "kind:N",
                legend=None,
                scale=alt.Scale(domain=list(KINDS), range=["circle", "triangle-up", "cross"]),
            ),
            color=alt.Color(
                "kind:N",
                legend=None,
                scale=alt.Scale(domain=list(KINDS), range=[colours.accent, colours.warning, colours.quiet]),
            ),
            tooltip=[
                alt.Tooltip("day:Q", title="Day"),
                alt.Tooltip("word:N", title="Reported"),
                alt.Tooltip("kind:N", title="That is"),
            ],
        )
    )
    return alt.layer(expected, line, marks).properties(height=PANEL_HEIGHT_PX)


def reported_symptoms(treatment: TreatmentLine) -> tuple[str, ...]:
    """Symptoms that the patient had at least once after this treatment."""
    current = [report for report in treatment.reports if not report.is_replaced]
    return tuple(code for code in SYMPTOMS if any(report.severities.get(code) for report in current))


def symptom_course(treatment: TreatmentLine, code: str) -> Figure:
    """Severity of one symptom by recovery day, the expected band behind it, silence marked."""
    points = _points(treatment.reports, code)
    last_day = max(SHORTEST_AXIS_DAYS, int(points["day"].max()) if len(points) else 0)
    band = _band(treatment.course, code, last_day)
    chart = themed(_layers(points, band, last_day, COLOURS))
    return Figure(chart, _title(code, points), _alt(code, points, band), course_table(treatment, (code,)))


def course_table(treatment: TreatmentLine, codes: Sequence[str]) -> pd.DataFrame:
    """What the charts draw, in words: one row per due check-in, one column per symptom."""
    rows = []
    for report in treatment.reports:
        if report.is_replaced:
            continue
        row: dict[str, object] = {"Recovery day": _day(report)}
        for code in codes:
            severity = report.severities.get(code)
            word = "not answered" if report.answered_at is None else "not asked"
            if severity is not None:
                word = severity_word(severity) + (", more than expected" if code in report.unexpected else "")
            row[symptom(code).label] = word
        rows.append(row)
    return pd.DataFrame(rows)
