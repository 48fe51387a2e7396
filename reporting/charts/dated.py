"""What was done and when, as upright labelled lines in every chart that has time along it."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import altair as alt
import pandas as pd

from reporting.charts.theme import Look

Marks = Sequence[tuple[date, str]]
"""Service of devices and actions taken on signals: day and words."""
LABEL_PX = 170
_LINE_PX = 16
_LEVELS = 3
"""Labels that follow each other stand on so many lines, so that near ones do not cover each other."""


def dated_rules(marks: Marks, first: pd.Timestamp, last: pd.Timestamp, x: Any, colours: Look) -> list[Any]:
    """Layers for the marks from ``first`` to ``last``: a dashed rule each, its words beside its upper end.

    ``x`` is the chart's own ``alt.X``, of a field named ``day``. Without a mark in that time: no layers.
    """
    rows = _rows(marks, first, last)
    if rows.empty:
        return []
    tips = [alt.Tooltip("words:N", title="What"), alt.Tooltip("day:T", title="On", format="%-d %b %Y")]
    layers = [
        alt.Chart(rows).mark_rule(color=colours.warning, strokeDash=[3, 3], strokeWidth=1.5).encode(x=x, tooltip=tips)
    ]
    groups: list[Any] = list(rows.groupby(["side", "level"]))
    for (side, level), part in groups:
        place: dict[str, Any] = {
            "align": side, "baseline": "top", "dx": 5 if side == "left" else -5, "dy": int(level) * _LINE_PX + 2,
            "fontSize": 13, "limit": LABEL_PX,
        }  # fmt: skip
        for look in ({"color": colours.page, "stroke": colours.page, "strokeWidth": 5}, {"color": colours.text}):
            words = alt.Chart(part).mark_text(**place, **look)  # first the ground, so that no line runs through them
            layers.append(words.encode(x=x, y=alt.value(0), text="words:N", tooltip=tips))
    return layers


def _rows(marks: Marks, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    rows = pd.DataFrame(sorted(marks), columns=["day", "words"])
    rows["day"] = pd.to_datetime(rows["day"])
    rows = rows[rows["day"].between(first, last)].reset_index(drop=True)
    late = rows["day"] > first + (last - first) * 0.5
    return rows.assign(level=rows.index % _LEVELS, side=late.map({True: "right", False: "left"}))


def dated_words(marks: Marks, first: pd.Timestamp, last: pd.Timestamp) -> str:
    """The same for the text alternative: ``On 7 Mar 2026: handpiece change.``"""
    rows: list[Any] = list(_rows(marks, first, last).itertuples())
    return " ".join(f"On {row.day.day} {row.day:%b %Y}: {row.words}." for row in rows)
