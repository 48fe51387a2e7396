"""Charts of the overview: what they say in words, what they draw, and that the specification is sound."""

from datetime import date
from typing import Any

import altair as alt
import pandas as pd

from reporting.dashboards.chart_overview import symptom_rates, weekly_rates
from reporting.dashboards.read_overview import Cases, Overview, Totals, with_limits
from reporting.domain.vocabulary import SYMPTOMS, symptom
from reporting.evidence.intervals import wilson_bounds
from reporting.shell.chart_look import COLOURS, percent, response_words
from reporting.shell.file_csv import table_csv
from reporting.shell.read_counting import with_upper_limits

EVENTS = [2, 4, 0, 1, 0, 9]
ANSWERED = [60, 62, 62, 62, 3, 62]


def counted(events: list[int], answered: list[int]) -> pd.DataFrame:
    lower, upper = wilson_bounds(events, answered)
    rate = [e / n if n else float("nan") for e, n in zip(events, answered, strict=True)]
    return with_upper_limits(
        pd.DataFrame(
            {
                "n_treatments": 80,
                "n_at_risk": 70,
                "n_answered": answered,
                "due_check_ins": 400,
                "answered_check_ins": 268,
                "response_rate": 0.67,
                "events": events,
                "rate": rate,
                "lower": lower,
                "upper": upper,
            }
        )
    )


def overview_of(difference: str = "", weeks: pd.DataFrame | None = None) -> Overview:
    rates = counted(EVENTS, ANSWERED)
    rates.insert(0, "symptom", list(SYMPTOMS))
    rates.insert(1, "label", [symptom(code).label for code in SYMPTOMS])
    rates = rates.assign(
        previous_events=2,
        previous_n_answered=70,
        previous_rate=2 / 70,
        difference="",
        baseline_events=20,
        baseline_n_answered=400,
        baseline_rate=0.05,
        baseline_difference="",
    )
    rates.loc[5, "difference"] = difference
    return Overview(
        today=date(2026, 3, 10),
        totals=Totals(80, 400, 268, 0.67, date(2026, 1, 1), date(2026, 3, 1)),
        previous=None,
        rates=rates,
        symptom="hyperpigmentation",
        weeks=weekly() if weeks is None else weeks,
        cases=Cases({}, 0, 0, {}, 0),
        follow_up_complete=0.5,
    )


def weekly() -> pd.DataFrame:
    weeks = counted([1, 12, 0, 2, 1], [20, 22, 21, 3, 20])
    weeks.insert(0, "week", pd.date_range("2026-01-05", periods=5, freq="7D"))
    return with_limits(weeks.assign(is_mature=[True, True, True, True, False]))


def layers(chart: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = chart.to_dict()["layer"]
    return found


def drawn(chart: Any, mark: str, shape: str | None = None) -> list[dict[str, Any]]:
    spec = chart.to_dict()
    rows = []
    for layer in spec["layer"]:
        kind = layer["mark"]
        if kind["type"] == mark and (shape is None or kind.get("shape") == shape):
            rows += spec["datasets"][layer["data"]["name"]]
    return rows


def test_the_alternative_states_every_number() -> None:
    alt_text = symptom_rates(overview_of()).alt
    assert "Hyperpigmentation: 9 of 62 who answered (15 %, 95 % interval 7.8 % to 25 %)" in alt_text
    assert "the period before 2 of 70; own baseline 20 of 400" in alt_text
    assert "Swelling: 0 of 62 who answered (at most 4.7 %, 95 % limit)" in alt_text
    assert "Scarring: 0 of 3 who answered (not enough data)" in alt_text


def test_the_title_says_the_finding() -> None:
    assert symptom_rates(overview_of()).title == (
        "Most often reported as unexpected: hyperpigmentation, 9 of 62 who answered (15 %, 95 % interval 7.8 % to 25 %)"
    )
    assert symptom_rates(overview_of("more")).title == (
        "More reports of hyperpigmentation than in the period before: 9 of 62 against 2 of 70"
    )


def test_no_point_where_there_is_no_event_or_not_enough_data() -> None:
    chart = symptom_rates(overview_of()).chart
    assert {row["symptom"] for row in drawn(chart, "point", "triangle-left")} == {"swelling"}
    assert {row["words"] for row in drawn(chart, "text")} == {"not enough data (3 answered)"}
    intervals = {row["symptom"] for row in drawn(chart, "rule")}
    assert intervals == set(SYMPTOMS) - {"scarring"}


def test_the_weeks_say_mean_peak_and_what_is_missing() -> None:
    figure = weekly_rates(overview_of())
    assert figure.title == (
        "Hyperpigmentation by week of treatment: 23 % over the period, "
        "1 of 3 complete weeks above the limits (trial limits)"
    )
    assert "highest in the week from 12 Jan 2026: 12 of 22 who answered (55 %" in figure.alt
    assert "1 weeks still coming in, 1 weeks with too few answers are not drawn" in figure.alt


def test_thin_weeks_are_not_drawn_and_unripe_ones_are_marked() -> None:
    chart = weekly_rates(overview_of()).chart
    shown = drawn(chart, "point")
    assert 3 not in {row.get("n_answered") for row in shown}
    states = {row["week"][:10]: row["state"] for row in shown if "week" in row}
    assert states["2026-02-02"] == "still coming in"
    assert states["2026-01-05"] == "complete"


def test_a_week_that_breaks_a_rule_carries_a_ring_and_the_table_says_why() -> None:
    figure = weekly_rates(overview_of())
    odd = [layer for layer in layers(figure.chart) if layer["mark"].get("size") == 260]
    rows = figure.chart.to_dict()["datasets"][odd[0]["data"]["name"]]
    assert [row["week"][:10] for row in rows] == ["2026-01-12"]
    assert list(figure.table["Rules broken"]) == ["", "outside limits", "", "", ""]


def test_weeks_still_coming_in_set_no_limits() -> None:
    weeks = weekly()
    late = weeks.assign(events=weeks["events"].where(weeks["is_mature"], 20))
    assert list(with_limits(late)["centre"]) == list(weeks["centre"])
    assert set(with_limits(late)["rules"][4:]) == {""}
    nothing = with_limits(weeks.assign(is_mature=False))
    assert nothing["centre"].isna().all()
    assert weekly_rates(overview_of(weeks=nothing)).chart.to_dict()


def test_no_weeks_are_said_and_still_draw() -> None:
    figure = weekly_rates(overview_of(weeks=weekly().iloc[:0]))
    assert "not enough complete weeks" in figure.title
    assert figure.alt == "Hyperpigmentation by week: no treatments."
    figure.chart.to_dict()


def test_specifications_are_sound_have_one_axis_each_way_and_n_in_the_tooltips() -> None:
    for figure in (symptom_rates(overview_of()), weekly_rates(overview_of())):
        spec = figure.chart.to_dict()
        alt.Chart.from_dict(spec)
        assert "resolve" not in spec
        titles = {layer["encoding"]["y"].get("title", "") for layer in spec["layer"] if "y" in layer["encoding"]}
        assert len(titles - {None, ""}) <= 1
        tips = [tip["title"] for layer in spec["layer"] for tip in layer["encoding"].get("tooltip", [])]
        assert {"Answered", "Unexpected", "Treatments"} <= set(tips)
        assert spec["config"]["axis"]["titleColor"] == COLOURS.text


def test_the_table_keeps_rates_back_where_there_are_too_few() -> None:
    table = symptom_rates(overview_of()).table.set_index("Symptom")
    assert pd.isna(table.loc["Scarring", "Rate %"])
    assert table.loc["Scarring", "Answered"] == 3
    assert table.loc["Hyperpigmentation", "Rate %"] == 14.5


def test_words_for_shares() -> None:
    assert [percent(share) for share in (0, 0.004, 0.032, 0.0996, 0.15, 1)] == [
        "0 %",
        "0.4 %",
        "3.2 %",
        "10 %",
        "15 %",
        "100 %",
    ]
    assert response_words(0, 0) == "no check-in was due"
    assert response_words(1204, 1800) == "1,204 of 1,800 due check-ins answered (67 %)"


def test_no_cell_of_a_download_is_a_formula() -> None:
    table = pd.DataFrame({"Device": ["=HYPERLINK(1)", "@x", "-D1"], "n": [1, -2, 3], "=cmd": ["a", "b", None]})
    text = table_csv(table).decode("utf-8-sig")
    assert text.splitlines() == ["Device,n,'=cmd", "'=HYPERLINK(1),1,a", "'@x,-2,b", "'-D1,3,"]
