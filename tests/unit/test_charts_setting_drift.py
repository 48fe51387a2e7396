"""Charts of settings over time: finding, words, marks, few treatments, limits, and sound specifications."""

from datetime import date
from typing import Any

import altair as alt
import pandas as pd
import pytest

from reporting.dashboards.chart_setting_drift import drift_chart, share_chart
from reporting.dashboards.read_ranges import Range
from reporting.dashboards.read_setting_drift import SettingDrift, Unit
from reporting.shell.chart_look import PICK
from tests.unit.test_charts_overview import drawn

MONTHS = pd.to_datetime(["2026-01-01", "2026-02-01", "2026-03-01"])
WORDS = ["Jan 2026", "Feb 2026", "Mar 2026"]


def found(last: float = 16.0, *, is_relative: bool = False, kind: str = "guideline", **changed: Any) -> SettingDrift:
    times = {"period": [24312, 24313, 24314], "start": MONTHS, "middle": MONTHS + pd.Timedelta(days=14), "label": WORDS}
    table = pd.DataFrame(
        {
            **times,
            "n": [24, 3, 20],
            "median": [12.0, 13.0, last],
            "q1": [11.0, 12.0, last - 1],
            "q3": [13.0, 14.0, last + 1],
            "is_enough": [True, False, True],
            "is_hidden": False,
        }
    )
    above = pd.DataFrame(
        {
            **times,
            "kind": kind,
            "n": [24, 3, 20],
            "n_above": [0, 1, 12],
            "share": [0.0, 1 / 3, 0.6],
            "lower": [0.0, 0.06, 0.39],
            "upper": [0.14, 0.79, 0.78],
            "is_enough": [True, False, True],
            "is_hidden": False,
        }
    )
    values: dict[str, Any] = {
        "device_class_name": "Fractional ablative CO2",
        "parameter": "density_pct",
        "label": "Density",
        "unit": "%",
        "of": Unit("device", "DEMO/CO2-2"),
        "per": "month",
        "is_relative": is_relative,
        "table": table,
        "above": above,
        "ranges": (Range("protocol", 8, 14, "IV-VI", "the clinic"),),
        "marks": ((date(2026, 2, 10), "Handpiece change"),),
    }
    return SettingDrift(**values | changed)


def test_the_title_says_what_moved_with_both_ends() -> None:
    assert drift_chart(found()).title == (
        "Density, device DEMO/CO2-2, rose: median 12 % in Jan 2026 (24 treated areas), 16 % in Mar 2026 (20)"
    )
    assert "stayed about the same" in drift_chart(found(12.9)).title
    assert "fell: median 12 %" in drift_chart(found(9)).title
    assert "12.00 times the usual" in drift_chart(found(is_relative=True)).title


def test_one_period_with_enough_is_no_change() -> None:
    alone = found()
    alone.table["is_enough"] = [True, False, False]
    assert "too few months with enough treatments" in drift_chart(alone).title


def test_alternatives_state_every_number_the_ranges_and_the_marks() -> None:
    words = drift_chart(found()).alt
    assert "Jan 2026: median 12 %, middle half 11 to 13, 24 treated areas." in words
    assert "3 treated areas (few)." in words
    assert "Clinic protocol for skin types IV-VI: 8 to 14." in words
    assert "On 10 Feb 2026: Handpiece change." in words
    shares = share_chart(found())
    assert "Mar 2026: 12 of 20 above the published guideline (60 %, 95 % interval 39 % to 78 %)." in shares.alt
    assert shares.title == "Density, device DEMO/CO2-2: 13 of 47 treated areas (28 %) above the published guideline"


def test_marks_are_labelled_rules_in_both() -> None:
    for figure in (drift_chart(found()), share_chart(found())):
        assert [row["words"] for row in drawn(figure.chart, "text") if "words" in row][-1] == "Handpiece change"


def test_few_are_hollow_and_the_protocol_is_shaded() -> None:
    spec = drift_chart(found()).chart.to_dict()
    hollow = [layer for layer in spec["layer"] if layer["mark"].get("filled") is False]
    assert [row["label"] for row in spec["datasets"][hollow[0]["data"]["name"]]] == ["Feb 2026"]
    [shade] = drawn(drift_chart(found()).chart, "rect")
    assert shade["high"] == 14
    assert not drawn(drift_chart(found(ranges=())).chart, "rect")


def test_against_the_usual_a_line_stands_at_one() -> None:
    assert {"one": 1.0} in drawn(drift_chart(found(is_relative=True)).chart, "rule")
    assert {"one": 1.0} not in drawn(drift_chart(found()).chart, "rule")


def test_hidden_periods_are_neither_drawn_nor_counted() -> None:
    hidden = found()
    for table, names in ((hidden.table, ["n", "median", "q1", "q3"]), (hidden.above, ["n", "n_above", "share"])):
        table.loc[2, names] = float("nan")
        table["is_hidden"], table["is_enough"] = [False, False, True], [True, False, False]
    assert "Mar 2026: too few to show beyond the treating clinic." in drift_chart(hidden).alt
    assert "1 of 27 treated areas" in share_chart(hidden).title
    assert "Mar 2026" not in {row["label"] for row in drawn(drift_chart(hidden).chart, "point")}


@pytest.mark.parametrize("draw", [drift_chart, share_chart])
def test_the_specification_is_sound_and_a_period_can_be_pressed(draw: Any) -> None:
    spec = draw(found()).chart.to_dict()
    alt.Chart.from_dict(spec)
    [pick] = [param for param in spec["params"] if param["name"] == PICK]
    assert pick["select"]["fields"] == ["period"]
    tips = {tip["title"] for layer in spec["layer"] for tip in layer["encoding"].get("tooltip", [])}
    assert "Treated areas" in tips


def test_the_tables_are_what_is_drawn() -> None:
    assert list(drift_chart(found()).table["Median"]) == [12, 13, 16]
    assert list(share_chart(found(kind="protocol")).table["Above"].unique()) == ["the clinic's protocol"]
