"""What a setting should be, shaded behind the data: the usual range, published guidelines, the clinic's protocol."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import altair as alt
import pandas as pd

from reporting.charts.theme import Look
from reporting.queries.setting_bands import GROUPS
from reporting.queries.setting_ranges import Range

_LINE_PX = 17
_LABEL_PX = 150
Along = Literal["x", "y"]


@dataclass(frozen=True)
class _Shade:
    colour: str
    opacity: float
    dash: list[int]
    """Dashes of the lines at both ends; empty: none are drawn."""


def range_layers(
    ranges: Sequence[Range], domain: Sequence[float], scale: Any, colours: Look, *, along: Along = "x"
) -> list[Any]:
    """Layers for the ranges as far as they are within ``domain`` of the axis of the setting.

    Shaded: each range; dashed: where a published one ends; solid: where the clinic's own ends. Every range has its
    name beside it. Ranges far away are not drawn: they would squeeze the data.
    """
    layers: list[Any] = []
    level = 0
    for each in ranges:
        low, high = _within(each, domain)
        if low >= high:
            continue
        row = pd.DataFrame({
            "low": [low], "high": [high], "words": [range_words(each)], "name": [_name(each)],
        })  # fmt: skip
        layers += _drawn(each, row, domain, scale, colours, along, level)
        level += 1
    return layers


def _within(each: Range, domain: Sequence[float]) -> tuple[float, float]:
    low = domain[0] if each.low is None else max(each.low, domain[0])
    high = domain[1] if each.high is None else min(each.high, domain[1])
    return low, high


def _shade(each: Range, colours: Look) -> _Shade:
    if each.kind == "typical":
        return _Shade(colours.band, 0.55, [])
    if each.kind == "protocol":
        return _Shade(colours.series[3], 0.13, [1, 0])
    return _Shade(colours.series[GROUPS.index(each.skin_group)] if each.skin_group else colours.quiet, 0.10, [6, 4])


def _drawn(
    each: Range, row: pd.DataFrame, domain: Sequence[float], scale: Any, colours: Look, along: Along, level: int
) -> list[Any]:
    look, base = _shade(each, colours), alt.Chart(row)
    tip = [alt.Tooltip("words:N", title="Range")]
    axis, second = (alt.X, "x2") if along == "x" else (alt.Y, "y2")

    def at(name: str) -> Any:
        return axis(f"{name}:Q", scale=scale)

    rect = base.mark_rect(color=look.colour, opacity=look.opacity)
    layers = [rect.encode(**{along: at("low"), second: "high", "tooltip": tip})]
    for name, end in (("low", each.low), ("high", each.high)):
        if look.dash and end is not None and domain[0] <= end <= domain[1]:
            line = base.mark_rule(color=look.colour, strokeDash=look.dash, strokeWidth=2)
            layers.append(line.encode(**{along: at(name), "tooltip": tip}))
    place: dict[str, Any] = {"y": alt.value(level * _LINE_PX + 4)} if along == "x" else {
        "x": alt.value(level * _LABEL_PX + 6)}  # fmt: skip
    words = base.mark_text(
        align="left", baseline="top", dx=5 if along == "x" else 0, dy=0 if along == "x" else 3, fontSize=13,
        color=colours.text, limit=_LABEL_PX,
    )  # fmt: skip
    layers.append(words.encode(**{along: at("low" if along == "x" else "high"), "text": "name:N"}, **place))
    return layers


def _name(each: Range) -> str:
    who = f" {each.skin_group}" if each.skin_group else ""
    return {"typical": "usual", "protocol": f"our protocol{who}"}.get(each.kind, f"guideline{who}")


def range_words(each: Range) -> str:
    """``Typical range 10 to 56``, ``Published range for skin types IV-VI: 25 to 40``, ``Clinic protocol: 8 to 14``."""
    if each.kind == "typical":
        return f"Typical {'range ' if None not in (each.low, each.high) else ''}{_ends(each)}"
    who = f" for skin types {each.skin_group}" if each.skin_group else ""
    if each.kind == "protocol":
        return f"Clinic protocol{who}: {_ends(each)}"
    if each.low is None:
        return f"Published highest value{who}: {each.high:g}"
    return f"Published range{who}: {_ends(each)}"


def _ends(each: Range) -> str:
    if each.low is None:
        return f"up to {each.high:g}"
    return f"{each.low:g} to {each.high:g}" if each.high is not None else f"from {each.low:g}"
