"""``rates`` on imported logs of another system, against a plain recomputation from the CSV files."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from reporting.app import cli
from reporting.domain.actors import SYSTEM
from reporting.domain.vocabulary import SYMPTOMS
from reporting.errors import InvalidInput, NotAllowed, SignInNeeded
from reporting.evidence.intervals import wilson
from reporting.records.engine import is_sqlite
from reporting.shell.read_scope import Filters
from reporting.signals.read_rates import GROUPINGS, rates
from tests.cast import house

pytestmark = pytest.mark.sqlite_first

DATA = Path(__file__).resolve().parent.parent / "data"
SAMPLE = DATA / "simulation"
PIGMENT_FROM_DAY = 14


def reporting(*words: str) -> str:
    """Give the command line these words, as a person would; returns what it printed."""
    commands = typer.Typer()
    cli.all_commands(commands)
    done = CliRunner().invoke(commands, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def sample(name: str) -> Path:
    return next(DATA.rglob(f"{name}.csv"))


@pytest.fixture
def imported(database: str) -> str:
    for kind, name in (("devices", "devices"), ("treatments", "treatments"), ("check-ins", "checkins")):
        reporting("import", kind, str(sample(name)), "--mapping", str(DATA / "simulation.toml"))
    return database


def by_device() -> pd.DataFrame:
    """n, events, rate, interval and response by device, straight from the files."""
    treatments, check_ins = pd.read_csv(sample("treatments")), pd.read_csv(sample("checkins"))
    whole = treatments.merge(check_ins, on="treatment_id", how="left")
    whole["heard"] = (whole["answered"] == 1) & (whole["scheduled_day"] >= PIGMENT_FROM_DAY)
    whole["event"] = (whole["answered"] == 1) & (whole["pih"] == 1)
    each = whole.groupby(["clinic_id", "device_id", "treatment_id"]).agg(
        heard=("heard", "any"),
        event=("event", "any"),
        due=("answered", "count"),
        answered=("answered", "sum"),
    )
    each["heard"] |= each["event"]
    return (
        each.groupby(["clinic_id", "device_id"])
        .agg(
            n_treatments=("heard", "size"),
            n_answered=("heard", "sum"),
            events=("event", "sum"),
            due_check_ins=("due", "sum"),
            answered_check_ins=("answered", "sum"),
        )
        .reset_index()
    )


def test_rates_of_an_imported_log_are_those_of_its_files(imported: str) -> None:
    printed = json.loads(reporting("rates", "--by", "device", "--symptom", "hyperpigmentation", "--json"))
    found = {row["group"]: row for row in printed}
    wanted = by_device()
    assert len(found) == len(wanted) > 1
    assert sum(row["events"] for row in printed) > 0
    for row in wanted.to_dict("records"):
        mine = found[f"{row['clinic_id']}/{row['device_id']}"]
        for name in ("n_treatments", "n_answered", "events", "due_check_ins", "answered_check_ins"):
            assert mine[name] == row[name], (name, row)
        if row["n_answered"]:
            assert mine["rate"] == row["events"] / row["n_answered"]
            interval = wilson(row["events"], row["n_answered"])
            assert (mine["lower"], mine["upper"]) == pytest.approx((interval.lower, interval.upper), abs=1e-12)
        assert mine["response_rate"] == row["answered_check_ins"] / row["due_check_ins"]


def test_the_adjusted_ratio_is_observed_over_expected(imported: str) -> None:
    """Indirect standardisation recomputed with a plain group-by."""
    treatments, check_ins = pd.read_csv(sample("treatments")), pd.read_csv(sample("checkins"))
    answered = check_ins[check_ins["answered"] == 1]
    event = answered.groupby("treatment_id")["pih"].max()
    late = answered[answered["scheduled_day"] >= PIGMENT_FROM_DAY]["treatment_id"].unique()
    treatments["event"] = treatments["treatment_id"].map(event).fillna(0)
    heard = treatments[treatments["treatment_id"].isin(late) | (treatments["event"] == 1)].copy()
    found = rates(SYSTEM, "clinic", "hyperpigmentation").set_index("group")
    strata = found_strata(heard)
    heard["expected"] = heard.groupby(strata)["event"].transform("mean")
    wanted = heard.groupby("clinic_id").agg(events=("event", "sum"), expected=("expected", "sum"))
    np.testing.assert_allclose(found["expected"], wanted["expected"], atol=1e-9)
    np.testing.assert_allclose(found["adjusted_ratio"], wanted["events"] / wanted["expected"], atol=1e-9)


def found_strata(heard: pd.DataFrame) -> list[str]:
    """The sample's device model decides its procedure class, so it stands for it here."""
    return ["device_model", "indication", "fitzpatrick"]


@pytest.mark.parametrize("grouping", [name for name in GROUPINGS if name != "setting-band"])
def test_every_grouping_holds_every_treatment_once(imported: str, grouping: str) -> None:
    if is_sqlite():
        table = rates(SYSTEM, grouping, "hyperpigmentation")
        assert table["n_treatments"].sum() == len(pd.read_csv(sample("treatments")))


def test_bands_are_never_pooled_over_device_classes(imported: str) -> None:
    with pytest.raises(InvalidInput, match="never pooled"):
        rates(SYSTEM, "setting-band", "hyperpigmentation", parameter="fluence_j_cm2")
    frame_class = json.loads(reporting("rates", "--by", "device-class", "--symptom", "burning", "--json"))[0]["group"]
    table = rates(SYSTEM, "setting-band", "burning", Filters(device_class=frame_class), parameter="fluence_j_cm2")
    assert len(table) >= 3
    assert table["n_treatments"].sum() > 0
    with pytest.raises(InvalidInput, match="none, but with setting-band"):
        rates(SYSTEM, "device", "burning", Filters(device_class=frame_class), parameter="fluence_j_cm2")


def test_without_a_symptom_there_is_a_row_for_each(imported: str) -> None:
    rows = json.loads(reporting("rates", "--by", "clinic", "--json"))
    clinics = {row["group"] for row in rows}
    assert [row["symptom"] for row in rows] == [code for code in SYMPTOMS for _ in clinics]
    one = json.loads(reporting("rates", "--by", "clinic", "--symptom", "hyperpigmentation", "--json"))
    assert one == [row for row in rows if row["symptom"] == "hyperpigmentation"]
    assert "No treatments there" in reporting("rates", "--by", "clinic", "--from", "2031-01-01")


@pytest.mark.parametrize(
    ("grouping", "symptom", "field"), [("moon", "burning", "by"), ("device", "itching", "symptom")]
)
def test_unknown_words_are_named(database: str, grouping: str, symptom: str, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        rates(SYSTEM, grouping, symptom)
    assert refused.value.field == field


def test_who_may_ask(database: str) -> None:
    clinic = house("A")
    house("B")
    with pytest.raises(NotAllowed):
        rates(clinic.staff["front_desk"], "device", "burning")
    with pytest.raises((NotAllowed, SignInNeeded)):
        rates(clinic.patient, "device", "burning")
    assert list(rates(clinic.staff["clinician"], "clinic", "burning")["group"]) == ["A"]


def test_what_is_handed_on_has_no_small_count_and_is_rounded(imported: str) -> None:
    printed = json.loads(reporting("rates", "--by", "month", "--symptom", "hyperpigmentation", "--hand-on", "--json"))
    exact = {
        row["group"]: row
        for row in json.loads(reporting("rates", "--by", "month", "--symptom", "hyperpigmentation", "--json"))
    }
    hidden = [row for row in printed if row["is_hidden"]]
    assert len(printed) == len(exact) > len(hidden) > 1
    for row in printed:
        counts = [row[name] for name in ("events", "n_answered", "n_treatments", "observed")]
        assert counts == [None] * 4 if row["is_hidden"] else all(count == 0 or count % 5 == 2 for count in counts)
        assert row["is_hidden"] == (row["rate"] is None) == (row["adjusted_ratio"] is None)
        assert row["is_hidden"] or abs(row["events"] - exact[row["group"]]["events"]) <= 2.5
    assert {group for group, row in exact.items() if 0 < row["events"] < 5} <= {row["group"] for row in hidden}
    said = reporting("rates", "--by", "month", "--symptom", "hyperpigmentation", "--hand-on")
    assert "Counts of 1 to 4" in said
    assert "5 to 9 as 7" in said


def test_an_empty_database_is_an_empty_table(database: str) -> None:
    assert rates(SYSTEM, "device", "burning").empty
    assert "No treatments yet" in reporting("rates", "--by", "device", "--symptom", "burning")
