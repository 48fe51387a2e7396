"""The patient's own chart: the worst severity of each day over what people usually have after that procedure."""

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

import altair as alt
import pandas as pd

from reporting.domain.language import ENGLISH, beside, languages, translator
from reporting.domain.patient_words import listed, say
from reporting.domain.vocabulary import SEVERITIES, SYMPTOMS, severity_word, symptom
from reporting.patient.read_recovery import Course
from reporting.shell.chart_look import COLOURS, Figure, Look, themed

SHORTEST_AXIS_DAYS, DAYS_AHEAD = 14, 7
HEIGHT_PX = 260
USUAL, MORE = "usual", "more"


def _word(severity: int, language: str) -> str:
    return translator(language)(severity_word(severity))


def _inside(severity: int, language: str) -> str:
    """The word as it stands inside a sentence."""
    return _word(severity, language).lower()


def _label(code: str, language: str) -> str:
    return translator(language)(symptom(code).patient_label)


def _points(course: Course, codes: Sequence[str], language: str) -> pd.DataFrame:
    """One row per day with an answer: day, severity, word, kind, expected."""
    rows = []
    for each in course.days:
        asked = [code for code in codes if code in each.severities]
        if not asked:
            continue
        severity = max(each.severities[code] for code in asked)
        rows.append(
            {
                "day": each.day,
                "severity": severity,
                "word": _word(severity, language),
                "kind": MORE if each.unexpected.intersection(asked) else USUAL,
                "expected": course.expected(each.day, codes),
            }
        )
    return pd.DataFrame(rows, columns=["day", "severity", "word", "kind", "expected"])


def _finding(points: pd.DataFrame, what: str, language: str) -> str:
    """How it was at its worst and how it is now, in one sentence."""
    worst, now = int(points["severity"].max()), int(points["severity"].iloc[-1])
    if worst == 0:
        return say("chart_none", language)
    day = int(points.loc[points["severity"] == worst, "day"].iloc[0])
    name = "chart_course"
    if len(points) == 1:
        name = "chart_once"
    elif now == 0:
        name = "chart_gone"
    elif now == worst:
        name = "chart_steady" if points["severity"].min() == worst else "chart_now"
    return say(name, language, what=what, worst=_inside(worst, language), day=day, now=_inside(now, language))


def _title(course: Course, codes: Sequence[str], points: pd.DataFrame, what: str, language: str) -> str:
    finding = _finding(points, what, language)
    if not points["severity"].max():
        return finding
    days = {code: [str(day.day) for day in course.days if code in day.unexpected] for code in codes}
    beyond = {code: listed(found, language) for code, found in days.items() if found}
    if not beyond:
        return f"{finding} {say('chart_within', language)}"
    if len(codes) == 1:
        only = codes[0]
        return f"{finding} {say('chart_beyond_one', language, days=beyond[only], number=len(days[only]))}"
    # Together a symptom can be more than usual and still lie inside the band of another one: it is named.
    which = [
        say("chart_which", language, symptom=_label(code, language).lower(), days=said, number=len(days[code]))
        for code, said in beyond.items()
    ]
    return f"{finding} {say('chart_beyond', language, which=beside(which, language, sign=';'))}"


def _alt(points: pd.DataFrame, title: str, language: str) -> str:
    """The finding and then every day in words."""
    said = [title]
    for row in points.to_dict("records"):
        usual = say("point_no_usual", language)
        if row["expected"]:
            usual = say("point_usual", language, word=_inside(row["expected"], language))
        said.append(f"{say('point', language, day=row['day'], word=_inside(row['severity'], language))} {usual}")
    return " ".join(said)


def _table(points: pd.DataFrame, language: str) -> pd.DataFrame:
    words = partial(say, language=language)
    usual = [_word(0, language) if not e else words("up_to", word=_inside(e, language)) for e in points["expected"]]
    return pd.DataFrame(
        {words("day_column"): points["day"], words("your_answer"): points["word"], words("usual"): usual}
    )


def _band(course: Course, codes: Sequence[str], last_day: int) -> pd.DataFrame:
    days = range(last_day + 2)
    return pd.DataFrame({"day": days, "expected": [course.expected(day, codes) for day in days]})


def _axes(last_day: int, language: str) -> dict[str, Any]:
    """Day and severity; the words of the severities come from the page's language, as does the direction."""
    words = json.dumps([_word(value, language) for value in SEVERITIES], ensure_ascii=False)
    is_rtl = languages()[language].direction == "rtl"
    return {
        "x": alt.X(
            "day:Q",
            title=say("axis_days", language),
            axis=alt.Axis(tickMinStep=1, format="d", grid=False),
            scale=alt.Scale(domain=[-0.5, last_day + 0.5], nice=False, reverse=is_rtl),
        ),
        "y": alt.Y(
            "severity:Q",
            title=None,
            scale=alt.Scale(domain=[0, 4.2], nice=False),
            axis=alt.Axis(
                values=list(SEVERITIES),
                labelOverlap=False,
                orient="right" if is_rtl else "left",
                labelExpr=f"{words}[datum.value]",
            ),
        ),
    }


def _today(today: int, axes: dict[str, Any], language: str, colours: Look) -> Any:
    frame = alt.Chart(pd.DataFrame({"day": [today], "word": [say("today", language)]}))
    rule = frame.mark_rule(color=colours.quiet, strokeDash=[3, 3]).encode(x=axes["x"])
    words = frame.mark_text(align="center", baseline="bottom", dy=-4, color=colours.quiet, fontSize=13)
    return rule + words.encode(x=axes["x"], y=alt.value(0), text="word:N")


def _layers(points: pd.DataFrame, band: pd.DataFrame, today: int, language: str, colours: Look) -> Any:
    axes = _axes(int(band["day"].max()) - 1, language)
    expected = (
        alt.Chart(band)
        .mark_area(
            color=colours.band,
            opacity=1,
            interpolate="step",
            clip=True,
            line={"color": colours.quiet, "strokeWidth": 1},
        )
        .encode(x=axes["x"], y=alt.Y("expected:Q", title=None))
    )
    answered = alt.Chart(points)
    line = answered.mark_line(color=colours.accent, strokeWidth=1.5).encode(**axes)
    marks = answered.mark_point(filled=True, size=150, opacity=1).encode(
        **axes,
        shape=alt.Shape("kind:N", legend=None, scale=alt.Scale(domain=[USUAL, MORE], range=["circle", "triangle-up"])),
        color=alt.Color(
            "kind:N", legend=None, scale=alt.Scale(domain=[USUAL, MORE], range=[colours.accent, colours.warning])
        ),
        tooltip=[
            alt.Tooltip("day:Q", title=say("day_column", language)),
            alt.Tooltip("word:N", title=say("your_answer", language)),
        ],
    )
    return alt.layer(expected, _today(today, axes, language, colours), line, marks).properties(height=HEIGHT_PX)


def recovery_chart(course: Course, code: str = "", *, language: str = ENGLISH) -> Figure:
    """Severity by recovery day of one symptom, or the worst of all that were reported (``code`` empty).

    ``course`` must have at least one day. The band is what is expected of the same symptoms.
    """
    codes = (code,) if code else (course.reported or SYMPTOMS)
    what = _label(codes[0], language) if len(codes) == 1 else say("all_symptoms", language)
    points = _points(course, codes, language)
    last_day = max(SHORTEST_AXIS_DAYS, course.today + DAYS_AHEAD, int(points["day"].max()))
    title = _title(course, codes, points, what, language)
    chart = _layers(points, _band(course, codes, last_day), course.today, language, COLOURS)
    return Figure(themed(chart), title, _alt(points, title, language), _table(points, language))
