"""The chart of setting bands: finding, words, ranges, and a sound specification."""

from datetime import date
from typing import Any

import altair as alt
import pandas as pd

from reporting.dashboards.chart_settings import band_rates, finding, range_words
from reporting.dashboards.read_bands import Band, Cut, SettingBands
from reporting.dashboards.read_ranges import Range
from reporting.shell.chart_look import PICK
from tests.unit.test_charts_overview import counted, drawn

BANDS = (Band(None, 25.0), Band(25.0, 35.0), Band(35.0, None))
TYPICAL = Range("typical", 10, 36, "", "a source")
GUIDELINE = Range("guideline", None, 38, "IV-VI", "another source")


def result_of(verdict: str = "", ranges: tuple[Range, ...] = (TYPICAL, GUIDELINE)) -> SettingBands:
    table = counted([2, 2, 3, 0, 4, 9], [70, 70, 70, 3, 70, 62])
    table.insert(0, "band", [0, 0, 1, 1, 2, 2])
    table.insert(1, "band_label", [BANDS[i].label for i in table["band"]])
    table.insert(2, "skin_group", ["I-III", "IV-VI"] * 3)
    table.insert(3, "median", [20.0, 20.0, 30.0, 30.0, 40.0, 40.0])
    return SettingBands(
        device_class="frac_ablative_co2",
        device_class_name="Fractional ablative CO2",
        parameter="pulse_energy_mj",
        label="Pulse energy",
        unit="mJ",
        symptom="hyperpigmentation",
        cut=Cut(BANDS, date(2026, 1, 1)),
        table=table,
        ranges=ranges,
        n_without_setting=0,
        differences={"I-III": "", "IV-VI": verdict, "not recorded": ""},
    )


def marks(chart: Any, kind: str) -> list[dict[str, Any]]:
    return [layer for layer in chart.to_dict()["layer"] if layer["mark"]["type"] == kind]


def test_the_finding_names_the_group_and_both_ends() -> None:
    assert finding(result_of("more")) == (
        "More reports of hyperpigmentation at high than at low pulse energy in skin types IV-VI: "
        "9 of 62 (15 %) at 35 and more mJ; 2 of 70 (2.9 %) at below 25 mJ"
    )
    assert finding(result_of()) == "No clear difference in reported hyperpigmentation between low and high pulse energy"


def test_too_few_answers_are_no_finding() -> None:
    few = result_of("more")
    few.table["is_enough"] = False
    assert finding(few) == "Not enough answers yet to see hyperpigmentation by pulse energy"
    band_rates(few).chart.to_dict()


def test_the_alternative_states_counts_and_ranges() -> None:
    text = band_rates(result_of()).alt
    assert (
        "Pulse energy 35 and more, skin type IV-VI: 9 of 62 who answered (15 %, 95 % interval 7.8 % to 25 %)." in text
    )
    assert "Pulse energy 25 to below 35, skin type IV-VI: 0 of 3 who answered (not enough data)." in text
    assert "Typical range 10 to 36." in text
    assert "Published highest value for skin types IV-VI: 38." in text


def test_typical_range_is_shaded_and_cut_to_the_picture() -> None:
    typical, guideline = drawn(band_rates(result_of()).chart, "rect")
    assert (typical["low"], typical["high"]) == (10, 36)
    assert (guideline["low"], guideline["high"]) == (10, 38), "open at its lower end: from the edge of the picture"
    assert not marks(band_rates(result_of(ranges=())).chart, "rect")
    far = Range("typical", 100, 200, "", "a source")
    assert not marks(band_rates(result_of(ranges=(far,))).chart, "rect")


def test_the_guideline_is_a_line_with_its_name() -> None:
    labels = [row["name"] for row in drawn(band_rates(result_of()).chart, "text")]
    assert labels == ["usual", "guideline IV-VI"]
    lines = [row["high"] for row in drawn(band_rates(result_of()).chart, "rule") if "high" in row]
    assert lines == [38]


def test_thin_cells_are_grey_crosses_without_a_rate() -> None:
    chart = band_rates(result_of()).chart
    [thin] = drawn(chart, "point", "cross")
    assert (thin["band_label"], thin["n_answered"], thin["rate"]) == ("25 to below 35", 3, 0)


def test_groups_differ_in_shape_and_colour_and_stand_side_by_side() -> None:
    points = [m for m in marks(band_rates(result_of()).chart, "point") if "shape" in m["encoding"]]
    scale = points[0]["encoding"]["shape"]["scale"]
    assert len(set(scale["range"])) == len(scale["domain"]) == 3
    assert len({m["mark"]["xOffset"] for m in points}) == 3


def test_the_specification_is_sound() -> None:
    spec = band_rates(result_of()).chart.to_dict()
    alt.Chart.from_dict(spec)
    titles = {layer["encoding"]["x"].get("title") for layer in spec["layer"] if "x" in layer["encoding"]}
    assert "Pulse energy, mJ" in titles
    tips = {tip["title"] for layer in spec["layer"] for tip in layer["encoding"].get("tooltip", [])}
    assert {"Answered", "Treatments", "Response"} <= tips


def test_an_empty_table_still_draws() -> None:
    full = result_of()
    empty = SettingBands(**{**vars(full), "table": full.table.iloc[:0]})
    band_rates(empty).chart.to_dict()


def test_the_table_is_what_is_drawn() -> None:
    table = band_rates(result_of()).table
    assert list(table["Unexpected"]) == [2, 2, 3, 0, 4, 9]
    assert pd.isna(table.loc[3, "Rate %"])
    assert table.loc[5, "Rate %"] == 14.5


def test_the_clinics_protocol_is_shaded_with_lines_at_both_ends() -> None:
    own = Range("protocol", 15, 35, "I-III", "decided by the clinic")
    chart = band_rates(result_of(ranges=(own,))).chart
    [row] = drawn(chart, "rect")
    assert (row["low"], row["high"], row["name"]) == (15, 35, "our protocol I-III")
    assert sum(layer["mark"].get("strokeDash") == [1, 0] for layer in marks(chart, "rule")) == 2
    assert "Clinic protocol for skin types I-III: 15 to 35." in band_rates(result_of(ranges=(own,))).alt


def test_every_mark_can_be_pressed() -> None:
    spec = band_rates(result_of()).chart.to_dict()
    [pick] = [param for param in spec["params"] if param["name"] == PICK]
    assert pick["select"]["fields"] == ["band", "skin_group"]
    unseen = [layer for layer in marks(band_rates(result_of()).chart, "point") if layer["mark"].get("cursor")]
    assert len(unseen) == 3, "both groups, and the band with too few answers"
    assert all(layer["mark"]["size"] > 250 for layer in unseen)


def test_hidden_cells_have_no_mark_but_a_cross() -> None:
    hidden = result_of()
    hidden.table.loc[5, ["events", "n_answered", "rate", "lower", "upper"]] = float("nan")
    hidden.table["is_hidden"] = [False] * 5 + [True]
    hidden.table["is_enough"] &= ~hidden.table["is_hidden"]
    figure = band_rates(hidden)
    assert "skin type IV-VI: too few to show beyond the treating clinic." in figure.alt
    assert len(drawn(figure.chart, "point", "cross")) == 2
    assert pd.isna(figure.table.loc[5, "Unexpected"])


def test_words_for_open_ranges() -> None:
    assert range_words(Range("typical", None, 8, "", "s")) == "Typical up to 8"
    assert range_words(Range("typical", 2, None, "", "s")) == "Typical from 2"
