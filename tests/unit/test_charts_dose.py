"""The adjusted curve's chart: words for ceilings, what lies beyond the data, and a sound specification."""

from typing import Any

import numpy as np
import pandas as pd

from reporting.dashboards.chart_dose import ceiling_words, dose_curve, own_axes
from reporting.dashboards.chart_settings import band_rates
from reporting.dashboards.chart_settings import own_axes as bands_axes
from reporting.dashboards.read_dose_response import DoseResponse, GroupCurve
from reporting.shell.chart_look import Axes
from tests.unit.test_charts_settings import result_of

MULTIPLE = np.linspace(0.5, 2.0, 31)


def curve(group: str = "IV-VI", **changed: Any) -> GroupCurve:
    risk = 0.05 * MULTIPLE**2
    values: dict[str, Any] = {
        "skin_group": group,
        "reference": 20.0,
        "multiple": MULTIPLE,
        "value": 20 * MULTIPLE,
        "risk": risk,
        "lower": risk * 0.7,
        "upper": risk * 1.4,
        "most_aggressive_used": 1.5,
        "ceiling": 1.2,
        "ceiling_lower": 1.1,
        "ceiling_upper": 1.3,
        "ceiling_note": "",
    }
    return GroupCurve(**values | changed)


def found(*curves: GroupCurve, notes: tuple[str, ...] = ()) -> DoseResponse:
    return DoseResponse(
        "hyperpigmentation",
        "density_pct",
        "%",
        "frac_ablative_co2",
        curves,
        pd.DataFrame(),
        (),
        "device class",
        120,
        notes=notes,
    )


def test_the_ceiling_is_said_in_the_settings_unit() -> None:
    words = ceiling_words(found(), curve())
    assert "**Ceiling for skin types IV-VI: 24 %** (95 % interval 22 to 26 %)" in words
    assert "at most 1.5 times the risk at the reference of 20" in words


def test_no_ceiling_is_an_answer() -> None:
    words = ceiling_words(found(), curve(ceiling=None, ceiling_note="none within the range of the data"))
    assert "no ceiling" in words
    assert "none within the range of the data" in words
    assert "no ceiling within the range" in dose_curve(found(curve(ceiling=None))).title


def test_an_open_interval_is_said() -> None:
    assert "22 to beyond the data" in ceiling_words(found(), curve(ceiling_upper=None))


def test_title_alternative_and_table_state_the_numbers() -> None:
    figure = dose_curve(found(curve("I-III"), curve()))
    assert (
        figure.title
        == "Hyperpigmentation by density (coverage), adjusted: the ceiling is 24 % for I-III, 24 % for IV-VI"
    )
    assert "Skin types IV-VI: 5.0 % at the reference of 20" in figure.alt
    assert set(figure.table["Skin type"]) == {"I-III", "IV-VI"}


def test_the_line_ends_a_little_beyond_what_was_used() -> None:
    table = dose_curve(found(curve())).table
    assert table["Of the reference"].max() <= 1.5 * 1.1
    assert set(table.loc[table["Of the reference"] > 1.5, "Within the data"]) == {"no"}


def test_without_a_curve_it_says_so_and_still_draws() -> None:
    figure = dose_curve(found(notes=("too few events",)))
    assert "does not carry an adjusted curve" in figure.title
    figure.chart.to_dict()


def test_the_specification_is_sound() -> None:
    spec = dose_curve(found(curve("I-III"), curve(ceiling=None))).chart.to_dict()
    assert len(str(spec)) < 200_000
    assert "resolve" not in spec


def test_beside_the_bands_both_have_the_same_axes() -> None:
    shown, crude = found(curve("IV-VI")), result_of()
    axes = bands_axes(crude).beside(own_axes(shown))
    drawn = [dose_curve(shown, axes).chart.to_dict(), band_rates(crude, axes).chart.to_dict()]
    scales = {
        (channel, str(layer["encoding"][channel]["scale"]["domain"]))
        for spec in drawn
        for layer in spec["layer"]
        for channel in ("x", "y")
        if "scale" in layer["encoding"].get(channel, {})
    }
    assert scales == {("x", str([axes.low, axes.high])), ("y", str([0, axes.top]))}
    assert (axes.low, axes.top) == (own_axes(shown).low, max(own_axes(shown).top, bands_axes(crude).top))


def test_no_ceiling_crosses_the_words_of_another() -> None:
    spec = dose_curve(found(curve("I-III", ceiling=1.1), curve(ceiling=1.2)), Axes(10, 30, 1)).chart.to_dict()
    assert [layer["mark"]["align"] for layer in spec["layer"] if layer["mark"]["type"] == "text"] == ["right", "left"]


def test_a_group_alone_keeps_its_colour_and_dashes() -> None:
    [alone, both] = (dose_curve(found(*each)).chart.to_dict() for each in ([curve()], [curve("I-III"), curve()]))
    for channel in ("color", "strokeDash"):
        ranges = [
            next(
                layer["encoding"][channel]["scale"]["range"]
                for layer in spec["layer"]
                if layer["mark"]["type"] == "line"
            )
            for spec in (alone, both)
        ]
        assert ranges[0] == ranges[1][1:]


def test_an_interval_over_nearly_everything_is_too_wide_to_draw() -> None:
    assert not curve().is_too_wide
    assert curve(lower=np.zeros(31), upper=np.ones(31)).is_too_wide
