"""Charts are made once for what they show, and never shown for anything else."""

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Thread

import altair as alt
import pandas as pd
import pyarrow as pa
import pytest

from reporting.shell import ui_figures
from reporting.shell.chart_look import Figure, with_arrow, with_values
from reporting.shell.ui_figures import drawn

made: list[float] = []


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    ui_figures._kept.clear()
    made.clear()
    yield
    ui_figures._kept.clear()


@dataclass(frozen=True)
class Result:
    rate: float
    table: pd.DataFrame


def figure(found: Result, *, words: str = "") -> Figure:
    made.append(found.rate)
    return Figure(alt.Chart(found.table).mark_point().encode(y="rate:Q"), f"{words}{found.rate}", "", found.table)


def no_figure(found: Result) -> Figure | None:
    return None


def result(rate: float) -> Result:
    return Result(rate, pd.DataFrame({"rate": [rate, 0.5]}))


def test_a_chart_is_made_once_for_the_same_numbers() -> None:
    assert drawn(figure, result(0.1)) is drawn(figure, result(0.1))
    assert made == [0.1]


def test_other_numbers_or_words_make_another_chart() -> None:
    titles = [drawn(figure, result(0.1)).title, drawn(figure, result(0.2)).title]
    assert [*titles, drawn(figure, result(0.1), words="so ").title] == ["0.1", "0.2", "so 0.1"]


def test_a_number_changed_within_a_table_makes_another_chart() -> None:
    before = drawn(figure, result(0.1))
    changed = result(0.1)
    changed.table.loc[1, "rate"] = 0.6
    assert drawn(figure, changed).specification != before.specification


def test_that_there_is_no_chart_is_kept_too() -> None:
    assert drawn(no_figure, result(0.1)) is None


def test_only_the_charts_used_last_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ui_figures, "KEPT", 2)
    for rate in (0.1, 0.2, 0.1, 0.3, 0.1, 0.2):
        drawn(figure, result(rate))
    assert made == [0.1, 0.2, 0.3, 0.2]


def test_the_table_of_a_chart_is_an_arrow_stream_with_its_numbers() -> None:
    found = with_arrow(figure(result(0.1)).chart)
    [(name, stream)] = found["datasets"].items()
    assert found["data"] == {"name": name}
    assert pa.ipc.open_stream(stream).read_all()["rate"].to_pylist() == [0.1, 0.5]


def test_a_page_and_a_report_drawn_at_the_same_time_do_not_take_each_others_way_with_tables() -> None:
    chart, found = figure(result(0.1)).chart, []
    pages = Thread(target=lambda: found.extend(with_arrow(chart)["datasets"] for _ in range(40)))
    pages.start()
    paper = [with_values(chart)["datasets"] for _ in range(40)]
    pages.join()
    assert all(isinstance(rows, list) for datasets in paper for rows in datasets.values())
    assert all(isinstance(rows, bytes) for datasets in found for rows in datasets.values())
