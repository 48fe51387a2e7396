"""The command that works a published table out."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from typer import Typer
from typer.testing import CliRunner

from reporting.signals.cli_compare import register


def run(tmp_path: Path, text: str, *words: str) -> tuple[int, str, str]:
    app, file = Typer(), tmp_path / "table.csv"
    register(app)
    file.write_text(text)
    done = CliRunner().invoke(app, [str(file), *words])
    return done.exit_code, done.stdout, done.stderr


def facts(tmp_path: Path, text: str, *words: str) -> dict[str, Any]:
    code, printed, _ = run(tmp_path, text, "--json", *words)
    assert code == 0
    found: dict[str, Any] = json.loads(printed)
    return found


def test_tea_tasting(tmp_path: Path) -> None:
    """R's fisher.test on Fisher's tea: 0.4857 two-sided."""
    [row] = facts(tmp_path, "group,events,n\ntea,1,4\nmilk,3,4\n")["comparisons"]
    assert row["fisher"]["two_sided"] == pytest.approx(0.4857142857)
    assert row["odds_ratio"]["value"] == pytest.approx(9)


def test_a_trend_over_ordered_groups(tmp_path: Path) -> None:
    """The smokers of R's prop.trend.test, rows in any order: 8.2249, p 0.004132."""
    table = "group;events;n;order\nfour;70;82;4\none;83;86;1\ntwo;90;93;2\nthree;129;136;3\n"
    trend = facts(tmp_path, table)["trend"]
    assert trend["statistic"] == pytest.approx(8.2249, abs=5e-5)
    assert trend["p_value"] == pytest.approx(0.004132, abs=5e-7)


def test_strata_are_pooled_and_their_difference_is_tested(tmp_path: Path) -> None:
    table = "group,stratum,events,n\nold,x,10,40\nold,y,5,50\nnew,x,20,40\nnew,y,10,50\n"
    [row] = facts(tmp_path, table)["stratified"]
    odds = (20 * 30 / 80 + 10 * 45 / 100) / (20 * 10 / 80 + 40 * 5 / 100)
    assert (row["strata"], row["odds_ratio"]["value"]) == (2, pytest.approx(odds))
    apart = math.log(20 * 30 / (20 * 10)) - math.log(10 * 45 / (40 * 5))
    spread = 1 / 20 + 1 / 20 + 1 / 10 + 1 / 30 + 1 / 10 + 1 / 40 + 1 / 5 + 1 / 45
    assert row["homogeneity"]["statistic"] == pytest.approx(apart**2 / spread)


def test_sides_of_one_face_are_compared_in_pairs(tmp_path: Path) -> None:
    rows = [f"left,1,{name}\nright,0,{name}" for name in "abcdef"] + ["left,1,g\nright,1,g"]
    paired = facts(tmp_path, "group,event,pair\n" + "\n".join(rows) + "\n")["paired"]
    assert (paired["both"], paired["first_only"], paired["second_only"], paired["neither"]) == (1, 0, 6, 0)
    assert paired["test"]["two_sided"] == pytest.approx(2 / 2**6)
    assert paired["difference"]["upper"] < 0


def test_risk_by_a_day_counts_nobody_beyond_their_follow_up(tmp_path: Path) -> None:
    table = "group,event,day\na,1,2\na,0,5\na,1,8\na,0,9\nb,0,9\nb,0,9\nb,0,9\n"
    first, second = facts(tmp_path, table, "--by-day", "8")["groups"]
    assert first["risk_by_day"]["value"] == pytest.approx(1 - 3 / 4 * 1 / 2)
    assert (second["risk_by_day"]["value"], second["risk_by_day"]["lower"]) == (0, 0)
    assert second["risk_by_day"]["upper"] == pytest.approx(1 - 0.025 ** (1 / 3))


def test_an_empty_group_and_no_event_are_said_in_words(tmp_path: Path) -> None:
    code, printed, _ = run(tmp_path, "group,events,n\na,0,0\nb,0,5\n")
    assert code == 0
    assert "a: 0 of 0, none (no answers)" in printed
    assert "nan" not in printed.lower()


@pytest.mark.parametrize(
    ("table", "words", "said"),
    [
        ("group,events,n\na,x,3\nb,1,2\n", (), "Row 2: events: found 'x'"),
        ("group,events,n\na,1,3\nb,3,2\n", (), "Row 3: events: found 3; allowed is at most n = 2"),
        ("group,event\na,2\nb,1\n", (), "Row 2: event: found '2'"),
        ("group,event,n\na,1,1\nb,1,1\n", (), "events: found ['event', 'n']"),
        ("group,events,n,colour\na,1,1,red\n", (), "colour: found 'a column of this name'"),
        ("events,n\n1,1\n", (), "group: found 'no such column'"),
        ("group,event\na,1\na,0\n", (), "two groups or more"),
        ("group,event,pair\na,1,x\na,0,x\nb,1,x\n", (), "Row 3: pair: found 'x'"),
        ("group,event,pair\na,1,x\nb,0,y\n", (), "pair: found 'x'; allowed is a row in each"),
        ("group,event,day\na,1,-1\nb,0,2\n", (), "Row 2: day: found '-1'"),
        ("group,event,day\na,1,nan\nb,0,2\n", (), "Row 2: day: found 'nan'"),
        ("group,event,day\na,1,1\nb,0,2\n", ("--by-day", "inf"), "time: found inf"),
        ("group,event\na,1\nb,0\n", ("--by-day", "3"), "day: found 'no such column'"),
        ("group,events,n,order\na,1,2,1\na,1,2,2\nb,1,2,3\n", (), "Row 3: order: found 2.0"),
        ("group,events,n\na,1,10000000\nb,1,2\n", (), "Row 2: n: found '10000000'"),
    ],
)
def test_what_is_wrong_is_named_by_row_and_column(
    tmp_path: Path, table: str, words: tuple[str, ...], said: str
) -> None:
    code, printed, error = run(tmp_path, table, *words)
    assert (code, printed) == (2, "")
    assert said in error


def test_help_names_every_column(tmp_path: Path) -> None:
    _, printed, _ = run(tmp_path, "", "--help")
    for name in ("group", "events", "event", "stratum", "order", "pair", "day"):
        assert f"{name}:" in printed
