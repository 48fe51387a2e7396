"""The chart of the map: finding, words, places of limits between bands, shades, and a sound specification."""

from datetime import date
from typing import Any

import altair as alt
import pandas as pd
import pytest

from reporting.dashboards.chart_setting_map import place_of, setting_map_chart
from reporting.dashboards.read_bands import Band, Cut
from reporting.dashboards.read_ranges import Range
from reporting.dashboards.read_setting_map import SettingMap, Side
from reporting.shell.chart_look import COLOURS, DARK, LIGHT, PICK, Look, variables
from tests.unit.test_charts_overview import counted, drawn

ENERGY = (Band(None, 20.0), Band(20.0, 30.0), Band(30.0, None))
DENSITY = (Band(10.0, 10.0), Band(15.0, 15.0))
PROTOCOL = Range("protocol", None, 25, "IV-VI", "decided by the clinic")
GUIDELINE = Range("guideline", None, 10, "I-III", "a source")


def found(stands_out: int = 5) -> SettingMap:
    table = counted([2, 2, 3, 0, 0, 9], [70, 70, 70, 3, 0, 62])
    for at, (name, codes) in enumerate({"across": [0, 0, 1, 1, 2, 2], "up": [0, 1] * 3}.items()):
        bands = (ENERGY, DENSITY)[at]
        table.insert(2 * at, name, codes)
        table.insert(2 * at + 1, f"{name}_label", [bands[code].label for code in codes])
    table["n_treatments"] = [80, 80, 80, 4, 0, 70]
    table = table.assign(
        steadied=[0.04, 0.04, 0.05, None, None, 0.12],
        is_hidden=False,
        is_enough=table["n_answered"] >= 10,
        why=["", "", "", "too thin: 3 answered, 10 are needed", "no treatments", ""],
    )
    return SettingMap(
        "Fractional ablative CO2",
        "hyperpigmentation",
        Side("pulse_energy_mj", "Pulse energy", "mJ", Cut(ENERGY, date(2026, 1, 1)), (PROTOCOL,)),
        Side("density_pct", "Density", "%", Cut(DENSITY, None), (GUIDELINE,)),
        table,
        16 / 272,
        (7, 210),
        stands_out,
        12,
    )


def test_the_title_names_the_cell_that_stands_out_with_its_counts() -> None:
    assert setting_map_chart(found()).title == (
        "More reports of hyperpigmentation at pulse energy 30 and more mJ with density 15 %: 9 of 62 (15 %), "
        "elsewhere 7 of 210 (3.3 %)"
    )
    assert setting_map_chart(found(-1)).title == "No pair of pulse energy and density stands out for hyperpigmentation"


def test_without_any_cell_thick_enough_it_says_so() -> None:
    few = found(-1)
    few.table["is_enough"] = False
    assert setting_map_chart(few).title == "Not enough answers yet to see hyperpigmentation by pulse energy and density"


def test_the_alternative_states_each_cell_and_range() -> None:
    words = setting_map_chart(found()).alt
    assert "At pulse energy below 20 mJ with density 10 %: 2 of 70 who answered (2.9 %" in words
    assert "At pulse energy 20 to below 30 mJ with density 15 %: 0 of 3 who answered (not enough data)." in words
    assert "Pulse energy: Clinic protocol for skin types IV-VI: up to 25." in words


def test_cells_carry_rate_and_counts_and_thin_ones_counts_alone_in_grey() -> None:
    cells = {(row["across"], row["up"]): row for row in drawn(setting_map_chart(found()).chart, "rect")}
    assert (cells[2, 1]["big"], cells[2, 1]["small"]) == ("15 %", "9/62")
    assert (cells[1, 1]["big"], cells[1, 1]["small"], cells[1, 1]["shade"]) == ("", "0/3", COLOURS.grid)
    assert cells[2, 0]["small"] == ""
    assert cells[2, 1]["shade"] != cells[0, 0]["shade"]


def test_hidden_cells_say_so_and_nothing_else() -> None:
    hidden = found(-1)
    hidden.table.loc[5, ["events", "n_answered", "n_treatments", "rate", "lower", "upper"]] = float("nan")
    hidden.table.loc[5, ["is_hidden", "is_enough", "why"]] = [True, False, "hidden: too few"]
    figure = setting_map_chart(hidden)
    cell = drawn(figure.chart, "rect")[5]
    assert (cell["big"], cell["small"], cell["shade"]) == ("hidden", "", COLOURS.grid)
    assert "too few to show beyond the treating clinic" in figure.alt
    assert "9 of 62" not in figure.alt
    assert pd.isna(figure.table.iloc[-1]["Unexpected"])


@pytest.mark.parametrize(("value", "place"), [(20, 1), (25, 1.5), (30, 2), (35, 2.5), (15, 0.5), (-50, 0), (900, 3)])
def test_a_limit_stands_at_its_share_of_a_band(value: float, place: float) -> None:
    assert place_of(value, ENERGY, "high") == pytest.approx(place)


def test_a_limit_of_single_values_stands_beyond_what_it_allows() -> None:
    assert place_of(10, DENSITY, "high") == 1
    assert place_of(10, DENSITY, "low") == 0
    assert place_of(12, DENSITY, "high") == 1
    assert place_of(20, DENSITY, "high") == 2


def test_ranges_are_lines_with_their_names() -> None:
    chart = setting_map_chart(found()).chart
    assert {row["name"]: row["at"] for row in drawn(chart, "rule")} == {
        "our protocol IV-VI up to": 1.5,
        "guideline I-III up to": 1,
    }


def test_the_specification_is_sound_and_every_cell_can_be_pressed() -> None:
    spec: dict[str, Any] = setting_map_chart(found()).chart.to_dict()
    alt.Chart.from_dict(spec)
    [pick] = [param for param in spec["params"] if param["name"] == PICK]
    assert pick["select"]["fields"] == ["across", "up"]
    titles = {spec["layer"][0]["encoding"][name]["title"] for name in ("x", "y")}
    assert titles == {"Pulse energy, mJ", "Density, %"}


def test_words_in_a_cell_are_read_on_every_shade() -> None:
    for row in drawn(setting_map_chart(found()).chart, "rect"):
        for look in (LIGHT, DARK):
            shade, ink = (in_look(row[name], look) for name in ("shade", "ink"))
            assert _contrast(shade, ink) >= 4.5, (shade, ink)


def in_look(variable: str, look: Look) -> str:
    return variables(look)[variable.removeprefix("var(").partition(",")[0]]


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_table_leaves_empty_cells_out() -> None:
    table = setting_map_chart(found()).table
    assert len(table) == 5
    assert list(table["No rate because"]) == ["", "", "", "too thin: 3 answered, 10 are needed", ""]
