"""Backtest, signals, dose-response and adjusted rates from the command line, on simulated clinics in a database."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import typer
from typer.testing import CliRunner, Result

from reporting.app import cli
from reporting.domain.actors import SYSTEM
from reporting.evidence.backtest import replay, to_alarms
from reporting.records.engine import forget_engine
from reporting.signals.read_backtest import backtest, short_names
from reporting.signals.read_look import look
from tests.benchmarks.evidence import fill
from tests.conftest import _use
from tools.simulation.clinics import SimulatedNetwork, simulate
from tools.simulation.files import SYMPTOM_WORDS, network, read_network
from tools.simulation.imported import MAPPING, own_database, replayed, take_in
from tools.simulation.score_run import PATIENT, score_directory, write_network

pytestmark = pytest.mark.sqlite_first

SPAN = ("--from", "2023-09-01", "--to", "2024-09-27")
FROM, TO = date(2023, 9, 1), date(2024, 9, 27)
CARD = {
    "what",
    "kind",
    "clinic",
    "unit_type",
    "unit",
    "symptom",
    "skin_group",
    "since",
    "first_flagged",
    "probability",
    "q_value",
    "cells_tested",
    "expected_false_per_clinic_year",
    "response_rate",
    "if_none_of_the_silent",
    "if_all_of_the_silent",
    "tipping_point",
    "instead",
    "n_treatments",
    "treatments",
    "n_asked",
    "n_answered",
}
OUTCOME = {"observed", "expected", "excess", "ratio", "ratio_lower", "ratio_upper", "settings_share", "settings_words"}


def say(*words: str) -> Result:
    commands = typer.Typer()
    cli.all_commands(commands)
    return CliRunner().invoke(commands, list(words), catch_exceptions=False)


def told(*words: str) -> Any:
    done = say(*words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def drawn() -> SimulatedNetwork:
    return simulate(3, "op_technique", clinics=2, per_week=22.0)


@pytest.fixture(scope="module")
def filled(drawn: SimulatedNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clinics")
    fill(folder, drawn)
    return folder


@pytest.fixture
def clinics(filled: Path, tmp_path: Path) -> Iterator[Path]:
    """A database of two clinics over two years, fresh for every test."""
    forget_engine()
    shutil.copy(filled / "reporting.db", tmp_path / "reporting.db")
    _use(tmp_path, "")
    yield tmp_path
    forget_engine()


def test_a_backtest_writes_what_a_scorer_reads(clinics: Path, drawn: SimulatedNetwork) -> None:
    out = clinics / "alarms.json"
    printed = told("backtest", *SPAN, "--out", str(out), "--mapping", str(MAPPING))
    written = json.loads(out.read_text())
    assert written["alarms"] == printed
    assert set(written) == {"detector", "alarms", "rates", "curve", "thresholds", "predictions"}
    for alarm in written["alarms"]:
        assert set(alarm) == {"date", "unit_type", "unit_id", "symptom", "kind"}
        assert str(FROM) <= alarm["date"] <= str(TO)
        assert alarm["symptom"] in {"burn", "pih", "any"}
    known = set(drawn.files["treatments"]["treatment_id"])
    assert set(written["predictions"]["treatment_id"]) <= known
    assert {rate["unit_id"] for rate in written["rates"]} <= set(drawn.files["treatments"]["operator_id"])


def test_a_backtest_of_the_database_is_one_of_the_same_rows_in_memory(clinics: Path, drawn: SimulatedNetwork) -> None:
    files = drawn.files
    start = files["treatments"]["date"].min()
    read = network(files["treatments"], files["checkins"], files["devices"], start)
    first, last = ((pd.Timestamp(day) - start).days for day in (FROM, TO))
    in_memory = to_alarms(replay(read.areas, read.check_ins, first, last, patient=PATIENT), start, SYMPTOM_WORDS)
    found = backtest(SYSTEM, FROM, TO, words=SYMPTOM_WORDS, patient=PATIENT).alarms
    assert found["alarms"] == in_memory["alarms"]
    assert found["predictions"]["treatment_id"] == in_memory["predictions"]["treatment_id"]
    assert found["predictions"]["burn"] == pytest.approx(in_memory["predictions"]["burn"], abs=1e-9)
    for mine, theirs in zip(found["curve"], in_memory["curve"], strict=True):
        assert mine["risk"] == pytest.approx(theirs["risk"], abs=1e-8)


@pytest.mark.thorough
def test_files_imported_by_the_product_give_the_alarms_of_the_same_files_in_memory(tmp_path: Path) -> None:
    network_files, folder = tmp_path / "network", tmp_path / "data"
    network_files.mkdir()
    folder.mkdir()
    small = simulate(8, "dark_protocol", clinics=1, per_week=9.0)
    write_network(network_files, 8, "dark_protocol")
    for name, frame in small.files.items():
        frame.to_csv(network_files / f"{name}.csv", index=False, date_format="%Y-%m-%d")
    read = read_network(network_files)
    with own_database(folder):
        take_in(network_files)
        found = replayed(read.start.date(), 240, 600)
    expected = to_alarms(replay(read.areas, read.check_ins, 240, 600, patient=PATIENT), read.start, SYMPTOM_WORDS)
    assert found["alarms"] == expected["alarms"]
    assert found["predictions"]["pih"] == pytest.approx(expected["predictions"]["pih"], abs=1e-8)


@pytest.fixture(scope="module")
def said_before(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a backtest says of the clinics as they were drawn."""
    forget_engine()
    folder = tmp_path_factory.mktemp("before")
    shutil.copy(filled / "reporting.db", folder / "reporting.db")
    _use(folder, "")
    return backtest(SYSTEM, FROM, TO).alarms


def test_what_comes_later_changes_nothing_that_was_said(said_before: dict[str, Any], clinics: Path) -> None:
    """Everything after the day is changed: treatments go, answers turn into harm."""
    run = look(SYSTEM, TO)
    forget_engine()
    with sqlite3.connect(clinics / "reporting.db") as to:
        to.execute(
            "DELETE FROM outcome WHERE treatment_id IN (SELECT id FROM treatment WHERE performed_on > ?)", (str(TO),)
        )
        rows = to.execute(
            "SELECT o.treated_area_id, o.trail, julianday(?) - julianday(t.performed_on) FROM outcome o "
            "JOIN treatment t ON t.id = o.treatment_id",
            (str(TO),),
        ).fetchall()
        to.executemany(
            "UPDATE outcome SET trail = ? WHERE treated_area_id = ?",
            [(_harmed_after(trail, int(age)), key) for key, trail, age in rows],
        )
    assert backtest(SYSTEM, FROM, TO).alarms == said_before
    assert [(f, f.card.numbers) for f in look(SYSTEM, TO).findings] == [(f, f.card.numbers) for f in run.findings]


def _harmed_after(trail: bytes, age: int) -> bytes:
    """The trail with every answer after that recovery day a report of everything that was asked."""
    answers = [trail[at : at + 6] for at in range(0, len(trail), 6)]
    return b"".join(a if int.from_bytes(a[2:4], "little") <= age else a[:5] + a[4:5] for a in answers)


def test_the_order_in_which_rows_were_written_does_not_matter(
    said_before: dict[str, Any], clinics: Path, drawn: SimulatedNetwork, tmp_path: Path
) -> None:
    forget_engine()
    files = {name: frame.sample(frac=1, random_state=4) for name, frame in drawn.files.items() if name != "devices"}
    folder = tmp_path / "shuffled"
    folder.mkdir()
    fill(folder, SimulatedNetwork(drawn.files | {"checkins": files["checkins"]}, drawn.truth))
    _use(folder, "")
    assert backtest(SYSTEM, FROM, TO).alarms["alarms"] == said_before["alarms"]


def test_signals_are_run_twice_and_listed_once_with_everything_on_the_card(
    clinics: Path, drawn: SimulatedNetwork
) -> None:
    first = told("signals", "run", "--as-of", "2024-12-30")
    again = told("signals", "run", "--as-of", "2024-12-30")
    assert first["new"]
    assert again["new"] == []
    listed = told("signals", "list")
    assert len(listed) == first["signals"] == again["signals"]
    assert [row["rank"] for row in listed] == list(range(1, len(listed) + 1))
    outcome = [row for row in listed if row["kind"] == "outcome"]
    named = {row["card"]["unit"].rpartition("/")[2] for row in outcome}
    assert drawn.truth["injections"][0]["unit_id"] in named, "who is guilty is named"
    for row in listed:
        assert set(row["card"]) >= CARD
        assert row["card"]["cells_tested"] == first["cells_tested"] > 100
    for row in outcome:
        card = row["card"]
        assert set(card) >= OUTCOME
        assert card["ratio_lower"] < card["ratio"] < card["ratio_upper"]
        assert (
            card["if_none_of_the_silent"] <= card["n_with_event"] / card["n_answered"] <= card["if_all_of_the_silent"]
        )
        assert 0 <= card["q_value"] <= 1
    assert "observed" in say("signals", "list").stdout


def test_a_young_history_gives_an_empty_look_that_says_why(clinics: Path) -> None:
    run = told("signals", "run", "--as-of", "2023-03-01")
    assert run["signals"] == 0
    assert "180 days" in run["note"]
    assert "180 days" in say("signals", "run", "--as-of", "2023-03-01").stdout


def test_a_dose_response_has_curve_bands_ranges_and_ceiling(clinics: Path) -> None:
    found = told(
        "dose-response",
        "--symptom",
        "hyperpigmentation",
        "--parameter",
        "fluence_j_cm2",
        "--device-class",
        "ERYAG2940",
        "--skin-group",
        "I-III",
    )
    assert [group["skin_group"] for group in found["groups"]] == ["I-III"]
    size = len(found["grid"])
    assert size == len(found["risk"]) == len(found["lower"]) == len(found["upper"]) == len(found["value"]) > 10
    for low, risk, high in zip(found["lower"], found["risk"], found["upper"], strict=True):
        assert 0 <= low <= risk <= high <= 1
    at = found["grid"].index(1.0)
    assert found["value"][at] == found["reference"]
    assert found["ceiling"]["factor"] == 1.5
    assert found["ceiling"]["multiple"] is not None or found["ceiling"]["note"]
    assert sum(band["events"] for band in found["bands"]) > 0
    assert {"n_treatments", "n_answered", "events", "rate", "lower", "upper"} <= set(found["bands"][0])
    assert (
        "Ceiling"
        in say(
            "dose-response",
            "--symptom",
            "hyperpigmentation",
            "--parameter",
            "fluence_j_cm2",
            "--device-class",
            "ERYAG2940",
        ).stdout
    )


def test_a_setting_whose_rise_spares_is_turned_round(clinics: Path) -> None:
    found = told(
        "dose-response",
        "--symptom",
        "burning",
        "--parameter",
        "pulse_width_ms",
        "--device-class",
        "ERYAG2940",
        "--skin-group",
        "I-III",
    )
    assert found["grid"] == sorted(found["grid"])
    assert found["value"] == sorted(found["value"])
    ceiling = found["ceiling"]
    known = [end for end in (ceiling["lower"], ceiling["multiple"], ceiling["upper"]) if end is not None]
    assert known == sorted(known)


def test_rates_are_adjusted_by_the_hazard_model_and_say_so(clinics: Path, drawn: SimulatedNetwork) -> None:
    rows = told("rates", "--by", "operator", "--symptom", "burning", "--from", drawn.truth["injections"][0]["t0"])
    assert {row["adjustment"] for row in rows} == {"hazard model of the answers, case mix"}
    ratio = {row["group"].split("/")[1]: row["adjusted_ratio"] for row in rows}
    guilty = drawn.truth["injections"][0]["unit_id"]
    assert ratio[guilty] == max(ratio.values()) > 1.3
    whole = told("rates", "--by", "all", "--symptom", "burning")
    assert whole[0]["adjusted_ratio"] == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("backtest", "--from", "2024-09-01", "--to", "2024-02-01", "--out", "x.json"), "a day before the last one"),
        (("backtest", "--from", "2022-01-01", "--to", "2024-02-01", "--out", "x.json"), "after the first treatment"),
        (("backtest", *SPAN, "--out", "x.json", "--step-days", "0"), "1 to 91 days"),
        (("backtest", *SPAN, "--out", "x.json", "--mapping", "missing.toml"), "cannot be read"),
        (("dose-response", "--symptom", "itch", "--parameter", "passes", "--device-class", "X"), "hyperpigmentation"),
        (("dose-response", "--symptom", "burning", "--parameter", "x", "--device-class", "X"), "fluence_j_cm2"),
        (("dose-response", "--symptom", "burning", "--parameter", "passes", "--device-class", "X"), "ERYAG2940"),
        (("dose-response", "--symptom", "burning", "--parameter", "power_w", "--device-class", "KTP532"), "recorded"),
        (("rates", "--by", "device", "--symptom", "itch"), "hyperpigmentation"),
        (("rates", "--by", "device", "--symptom", "burning", "--device-class", "X"), "with treatments: "),
        (("rates", "--by", "device", "--symptom", "burning", "--clinic", "X"), "with treatments: "),
        (
            ("rates", "--by", "all", "--symptom", "burning", "--from", "2024-02-02", "--to", "2024-02-01"),
            "up to 2024-02-01",
        ),
        (("rates", "--by", "operator", "--symptom", "burning", "--hand-on"), "anything but operator"),
        (("backtest", *SPAN, "--out", "/nowhere/x.json"), "no folder /nowhere"),
    ],
)
def test_what_cannot_be_done_is_said_with_what_is_allowed(clinics: Path, words: tuple[str, ...], said: str) -> None:
    done = say(*words)
    assert done.exit_code == 2
    assert said in done.stderr
    assert not done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("backtest", *SPAN, "--out", "x.json"),
        ("signals", "run"),
        ("dose-response", "--symptom", "burning", "--parameter", "passes", "--device-class", "X"),
    ],
)
def test_an_empty_database_is_named(sqlite_database: str, words: tuple[str, ...]) -> None:
    done = say(*words)
    assert done.exit_code == 2
    assert "no treatments" in done.stderr
    assert "No signals" in say("signals", "list").stdout


def test_codes_that_two_clinics_share_keep_their_clinic() -> None:
    units = pd.Categorical(["A/1", "B/1", "A/2"])
    assert short_names(units, ["A", "B"]) == {"A/1": "A/1", "B/1": "B/1", "A/2": "2"}


@pytest.mark.thorough
def test_a_network_is_scored_through_a_database_and_in_memory_alike(tmp_path: Path) -> None:
    small = simulate(9, "op_technique", clinics=1, per_week=8.0)
    for name, frame in small.files.items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False, date_format="%Y-%m-%d")
    (tmp_path / "truth.json").write_text(json.dumps(small.truth))
    whole, fast = (score_directory(tmp_path, in_memory) for in_memory in (False, True))
    left_out = ("seconds",)
    for mine, theirs in zip(whole, fast, strict=True):
        assert {k: v for k, v in mine.items() if k not in left_out} == pytest.approx(
            {k: v for k, v in theirs.items() if k not in left_out}, abs=1e-6, nan_ok=True
        )
