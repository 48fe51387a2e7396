"""One look for every chart: colour-blind safe, legible on light and dark pages and in print.

Colours start from Okabe and Ito's set; those too faint on white (or on the dark page) are shifted until
they reach 3:1 against it, text until it reaches 4.5:1 (WCAG 2.2, 1.4.3 and 1.4.11).

A chart names its colours as variables of the page, so that it turns dark or light with the page, at once and without
being drawn anew, and is light on paper.
"""

import re
from dataclasses import dataclass, field, fields
from typing import Any

import pandas as pd

from reporting.domain.symptoms import SYMPTOMS

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
    page="#ffffff", text="#17212b", quiet="#595959", grid="#e3e3e3", band="#c9d6df", accent="#0a5a73",
    warning="#b34700", series=("#0072b2", "#c75000", "#00825f", "#b0447f", "#a06c00", "#333333"),
    shades=("#dceaf5", "#9ecae1", "#5a9fd4", "#2171b5", "#08306b"),
    inks=("#111111", "#111111", "#111111", "#ffffff", "#ffffff"),
)  # fmt: skip
DARK = Look(
    page="#0f161b", text="#eef3f6", quiet="#b8bcc4", grid="#31363f", band="#3a4654", accent="#86d0e8",
    warning="#ff9d5c", series=("#56b4e9", "#f0873a", "#2bc79b", "#e39ac4", "#f0c040", "#eeeeee"),
    shades=("#16324a", "#1f5580", "#3a85bd", "#8cc3ea", "#e3f2fd"),
    inks=("#ffffff", "#ffffff", "#111111", "#111111", "#111111"),
)  # fmt: skip


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
        "labelColor": colours.quiet, "titleColor": colours.text, "labelFontSize": FONT_SIZE,
        "titleFontSize": FONT_SIZE, "labelFont": FONT, "titleFont": FONT,
    }  # fmt: skip
    shown = chart.configure(
        background="transparent", font=FONT, padding=6, locale={"number": NUMBERS},
        mark={"aria": False},  # the whole chart has one text alternative
        view={"stroke": None},
        axis=writing | {
            "gridColor": colours.grid, "domainColor": colours.quiet, "tickColor": colours.quiet,
            "titleFontWeight": "normal", "titlePadding": 8, "labelLimit": 240,
        },
        legend=writing | {"labelColor": colours.text, "orient": "top", "labelLimit": 240, "symbolSize": 120},
        header=writing,
        range={"category": list(colours.series)},
        title={"color": colours.text, "font": FONT, "fontSize": FONT_SIZE + 2},
    )  # fmt: skip
    shown.usermeta = {"embedOptions": {"renderer": "svg"}}  # a canvas knows no variables of the page
    return shown
