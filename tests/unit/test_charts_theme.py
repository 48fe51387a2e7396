"""The look can be read: contrast of every colour against the page and the band it is drawn on."""

import json
import re

import altair as alt
import pandas as pd
import pytest
import vl_convert

from reporting.shell.chart_look import (
    COLOURS,
    DARK,
    LIGHT,
    SHAPES,
    SYMPTOM_COLOURS,
    Look,
    on_paper,
    page_styles,
    themed,
    variables,
)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("look", [LIGHT, DARK], ids=["light", "dark"])
def test_marks_and_text_stand_out(look: Look) -> None:
    for colour in (*look.series, look.accent, look.warning):
        assert contrast(colour, look.page) >= 3
        assert contrast(colour, look.band) >= 3
    assert contrast(look.text, look.page) >= 4.5
    assert contrast(look.quiet, look.page) >= 4.5
    assert contrast(look.text, look.band) >= 4.5


def test_every_symptom_has_a_colour_and_a_shape_of_its_own() -> None:
    for look in (LIGHT, DARK):
        assert len(set(look.series)) == len(set(SYMPTOM_COLOURS.values())) == len(set(SHAPES)) == 6


def test_the_theme_goes_into_the_chart() -> None:
    plain = alt.Chart(pd.DataFrame({"day": [1], "severity": [2]})).mark_point().encode(x="day", y="severity")
    drawn = themed(plain).to_dict()
    assert drawn["usermeta"]["embedOptions"]["renderer"] == "svg", "where colours are variables"
    config = drawn["config"]
    assert config["background"] == "transparent"
    assert config["axis"]["titleColor"] == COLOURS.text
    assert config["axis"]["labelFontSize"] >= 12
    assert config["range"]["category"] == list(COLOURS.series)


def test_axes_write_percent_as_the_words_do() -> None:
    axis = alt.Axis(format=".0%", values=[0.05])
    plain = alt.Chart(pd.DataFrame({"rate": [0.05]})).mark_point().encode(y=alt.Y("rate:Q", axis=axis))
    svg = vl_convert.vegalite_to_svg(on_paper(json.dumps(themed(plain).to_dict())))
    assert ">5\N{NO-BREAK SPACE}%<" in svg


def test_the_look_costs_one_copy_of_the_chart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Altair copies a chart whole for every step, layer by layer."""
    plain, copies = alt.Chart(pd.DataFrame({"day": [1]})).mark_point().encode(x="day"), []
    copy = alt.Chart.copy
    monkeypatch.setattr(alt.Chart, "copy", lambda self, *of, **named: copies.append(self) or copy(self, *of, **named))
    themed(plain)
    assert len(copies) == 1


def test_a_page_gives_its_charts_both_colours_and_paper_the_light_ones() -> None:
    light, _, dark = page_styles().partition("@media screen and (prefers-color-scheme:dark)")
    for style, look in ((light, LIGHT), (dark, DARK)):
        assert all(f"{name}:{value}" in style for name, value in variables(look).items())
    plain = alt.Chart(pd.DataFrame({"day": [1]})).mark_point(color=COLOURS.series[5]).encode(x="day")
    drawn, printed = (text(themed(plain).to_json()) for text in (str, on_paper))
    used = set(re.findall(r"var\((--[a-z0-9-]+),(#[0-9a-f]{6})\)", drawn))
    assert used
    assert all(variables(LIGHT)[name] == colour for name, colour in used)
    assert "var(" not in printed
    assert LIGHT.series[5] in printed
