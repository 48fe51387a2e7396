"""One look for every chart: colour-blind safe, legible on light and dark pages and in print.

Colours start from Okabe and Ito's set; those too faint on white (or on the dark page) are shifted until
they reach 3:1 against it, text until it reaches 4.5:1 (WCAG 2.2, 1.4.3 and 1.4.11).

A chart names its colours as variables of the page, so that it turns dark or light with the page, at once and without
being drawn anew, and is light on paper.

A chart as Vega-Lite reads it.

What Altair does with tables is a setting of the whole process, and pages are drawn and reports printed in several
threads: every chart becomes a specification here, one at a time.

The axes of two charts that stand side by side, so that they can be compared by eye.

How counts, rates and limits are put into words beside every chart.

What was done and when, as upright labelled lines in every chart that has time along it.
"""

import hashlib
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

import altair as alt
import pandas as pd
import pyarrow as pa

from reporting.domain.devices import printed
from reporting.domain.vocabulary import SYMPTOMS

FONT = "Source Sans, Source Sans Pro, Noto Sans, DejaVu Sans, sans-serif"
FONT_SIZE = 14
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")
"""Marks differ in shape as well, so that nothing is told by colour alone."""


NUMBERS = {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["", ""], "percent": "\N{NO-BREAK SPACE}%"}
"""How axes and tooltips write numbers: ``1,204`` and ``5 %``, as the words beside them do."""
PICK = "pick"
"""Name of the selection of a chart whose marks can be pressed to see what is behind them."""


@dataclass(frozen=True)
class Look:
    """Colours of one page background. ``series`` are for up to six things side by side."""

    page: str
    text: str
    quiet: str
    """Axis labels and reference lines."""
    grid: str
    band: str
    """Expected course, guideline range, interval: a filled area behind the data."""
    accent: str
    warning: str
    series: tuple[str, ...]
    shades: tuple[str, ...]
    """From none to most, of one hue: told apart without seeing colours, and in print."""
    inks: tuple[str, ...]
    """For words on each of ``shades``."""


LIGHT = Look(
    page="#ffffff",
    text="#17212b",
    quiet="#595959",
    grid="#e3e3e3",
    band="#c9d6df",
    accent="#0a5a73",
    warning="#b34700",
    series=("#0072b2", "#c75000", "#00825f", "#b0447f", "#a06c00", "#333333"),
    shades=("#dceaf5", "#9ecae1", "#5a9fd4", "#2171b5", "#08306b"),
    inks=("#111111", "#111111", "#111111", "#ffffff", "#ffffff"),
)
DARK = Look(
    page="#0f161b",
    text="#eef3f6",
    quiet="#b8bcc4",
    grid="#31363f",
    band="#3a4654",
    accent="#86d0e8",
    warning="#ff9d5c",
    series=("#56b4e9", "#f0873a", "#2bc79b", "#e39ac4", "#f0c040", "#eeeeee"),
    shades=("#16324a", "#1f5580", "#3a85bd", "#8cc3ea", "#e3f2fd"),
    inks=("#ffffff", "#ffffff", "#111111", "#111111", "#111111"),
)


def variables(look: Look) -> dict[str, str]:
    """Name of the variable to colour, for every colour of a look."""
    found: dict[str, str] = {}
    for part in fields(look):
        value = getattr(look, part.name)
        if isinstance(value, str):
            found[f"--chart-{part.name}"] = value
        else:
            found |= {f"--chart-{part.name}-{number}": each for number, each in enumerate(value)}
    return found


def _as_variables(name: str) -> str | tuple[str, ...]:
    value = getattr(LIGHT, name)
    if isinstance(value, str):
        return f"var(--chart-{name},{value})"
    return tuple(f"var(--chart-{name}-{number},{each})" for number, each in enumerate(value))


COLOURS = Look(**{part.name: _as_variables(part.name) for part in fields(Look)})  # type: ignore[arg-type]
"""What charts are drawn in: each colour is a variable of the page, with the light colour where a page has none."""
SYMPTOM_COLOURS = dict(zip(SYMPTOMS, COLOURS.series, strict=True))
"""The same colour for a symptom in every chart."""
_VARIABLE = re.compile(r"var\(--chart-[a-z0-9-]+,(#[0-9a-f]{6})\)")


def page_styles() -> str:
    """The style sheet that gives a page the colours of its charts; light where it is printed."""
    light, dark = (";".join(f"{name}:{value}" for name, value in variables(look).items()) for look in (LIGHT, DARK))
    return f":root{{{light}}}@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"


def on_paper(specification: str) -> str:
    """The specification of a chart, as text, in the light colours themselves: for what knows no style sheets."""
    return _VARIABLE.sub(r"\1", specification)


@dataclass(frozen=True)
class Figure:
    """A chart and everything that says the same without it.

    ``title`` says the finding, ``alt`` states the numbers, ``table`` is what is drawn, as people read it.
    """

    chart: Any
    title: str
    alt: str
    table: pd.DataFrame = field(default_factory=pd.DataFrame)


def themed(chart: Any) -> Any:
    """The chart in our colours, sizes and fonts. Call it last, on the outermost chart.

    All in one step: each step of Altair's copies the whole chart, which was half of the time that a chart took.
    """
    colours = COLOURS
    writing = {
        "labelColor": colours.quiet,
        "titleColor": colours.text,
        "labelFontSize": FONT_SIZE,
        "titleFontSize": FONT_SIZE,
        "labelFont": FONT,
        "titleFont": FONT,
    }
    shown = chart.configure(
        background="transparent",
        font=FONT,
        padding=6,
        locale={"number": NUMBERS},
        mark={"aria": False},  # the whole chart has one text alternative
        view={"stroke": None},
        axis=writing
        | {
            "gridColor": colours.grid,
            "domainColor": colours.quiet,
            "tickColor": colours.quiet,
            "titleFontWeight": "normal",
            "titlePadding": 8,
            "labelLimit": 240,
        },
        legend=writing | {"labelColor": colours.text, "orient": "top", "labelLimit": 240, "symbolSize": 120},
        header=writing,
        range={"category": list(colours.series)},
        title={"color": colours.text, "font": FONT, "fontSize": FONT_SIZE + 2},
    )
    shown.usermeta = {"embedOptions": {"renderer": "svg"}}  # a canvas knows no variables of the page
    return shown


_alone = threading.Lock()
_AS_ARROW = "reporting_arrow"


def with_arrow(chart: Any) -> dict[str, Any]:
    """The specification whose ``datasets`` are Arrow streams (bytes) by name: a page sends them as they are."""
    tables: dict[str, bytes] = {}
    with _alone, alt.data_transformers.enable(_AS_ARROW, tables=tables):
        found: dict[str, Any] = chart.to_dict(validate=False)
    return found | {"datasets": {**found.get("datasets", {}), **tables}}


def with_values(chart: Any) -> dict[str, Any]:
    """The specification with its tables as lists of values."""
    with _alone:
        found: dict[str, Any] = chart.to_dict(validate=False)
    return found


def _as_arrow(data: Any, tables: dict[str, bytes]) -> dict[str, str]:
    """Put a table aside under a name that stays the same while its contents do."""
    table = pa.Table.from_pandas(data if isinstance(data, pd.DataFrame) else pd.DataFrame(data["values"]))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as out:
        out.write_table(table)
    stream = sink.getvalue().to_pybytes()
    name = hashlib.sha256(stream).hexdigest()[:32]
    tables[name] = stream
    return {"name": name}


alt.data_transformers.register(_AS_ARROW, _as_arrow)


HEIGHT = 360


@dataclass(frozen=True)
class Axes:
    """From ``low`` to ``high`` of a setting, in its unit, and from zero to ``top``, a share."""

    low: float
    high: float
    top: float

    def beside(self, other: "Axes") -> "Axes":
        """Wide enough for both."""
        return Axes(min(self.low, other.low), max(self.high, other.high), max(self.top, other.top))

    def across_axis(self, unit: str) -> alt.Axis:
        """The axis of a setting in this unit; what is counted has no halves."""
        return alt.Axis(grid=False, tickCount=10, tickMinStep=alt.Undefined if printed(unit) else 1)

    def across_scale(self) -> alt.Scale:
        """The scale of the setting."""
        return alt.Scale(domain=[self.low, self.high], zero=False, nice=False)

    def up_scale(self) -> alt.Scale:
        """The scale of the share; what lies above is drawn at its upper end."""
        return alt.Scale(domain=[0, self.top], nice=False, clamp=True)


def with_unit(label: str, unit: str) -> str:
    """The title of an axis: ``Fluence, J/cm²``, or ``Passes`` for a plain count."""
    return f"{label}, {printed(unit)}" if printed(unit) else label


def after_value(unit: str) -> str:
    """What stands behind a value: `` J/cm²`` with its space, empty for a plain count."""
    return f" {printed(unit)}" if printed(unit) else ""


def rate_tooltips(first: Sequence[alt.Tooltip], last: Sequence[alt.Tooltip] = ()) -> list[alt.Tooltip]:
    """What a mark of a rate says: ``first`` where it is, then counts, rate and interval, then ``last``."""
    return [
        *first,
        alt.Tooltip("events:Q", title="Unexpected", format=","),
        alt.Tooltip("n_answered:Q", title="Answered", format=","),
        alt.Tooltip("n_treatments:Q", title="Treatments", format=","),
        alt.Tooltip("rate:Q", title="Rate", format=".1%"),
        alt.Tooltip("lower:Q", title="95 % from", format=".1%"),
        alt.Tooltip("upper:Q", title="95 % to", format=".1%"),
        *last,
    ]


def response_tooltip() -> alt.Tooltip:
    return alt.Tooltip("response_rate:Q", title="Response", format=".0%")


def percent(share: float) -> str:
    """``3.2 %``, ``15 %``."""
    value = share * 100
    return f"{value:.1f} %" if 0 < value < 9.95 else f"{value:.0f} %"


def rate_words(row: Any) -> str:
    """A rate with its counts first: ``9 of 62 who answered (15 %, 95 % interval 8.1 % to 25 %)``.

    ``row`` has events, n_answered, rate, lower, upper, is_enough, and is_hidden where small cells are hidden.
    """
    if getattr(row, "is_hidden", False):
        return "too few to show beyond the treating clinic"
    counts = f"{int(row.events):,} of {int(row.n_answered):,} who answered"
    if not row.is_enough:
        return f"{counts} (not enough data)" if row.n_answered else "nobody answered yet"
    if row.events == 0:
        return f"{counts} (at most {percent(row.upper)}, 95 % limit)"
    return f"{counts} ({percent(row.rate)}, 95 % interval {percent(row.lower)} to {percent(row.upper)})"


def response_words(answered: int, due: int) -> str:
    """``1,204 of 1,800 due check-ins answered (67 %)``."""
    if not due:
        return "no check-in was due"
    return f"{answered:,} of {due:,} due check-ins answered ({percent(answered / due)})"


def as_percent(share: float) -> float | None:
    """A share for a table: percent with one decimal, empty where there is none."""
    return None if share != share else round(share * 100, 1)


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
            "align": side,
            "baseline": "top",
            "dx": 5 if side == "left" else -5,
            "dy": int(level) * _LINE_PX + 2,
            "fontSize": 13,
            "limit": LABEL_PX,
        }
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
