"""Data quality against plain pandas: gaps, unusual values, silence, response by group, bounds, imports."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from reporting.dashboards.read_behind import BEHIND_SHOWN, Count, treatments_counted
from reporting.dashboards.read_quality import SILENT_AFTER_DAYS, DataQuality, data_quality
from reporting.domain.actors import SYSTEM, Actor
from reporting.domain.vocabulary import SYMPTOMS
from reporting.errors import NotAllowed
from reporting.records.engine import transaction
from reporting.records.tables import ImportRun
from reporting.shell import read_scope
from reporting.shell.read_scope import Filters
from tests.cast import house
from tests.frames import many_rows

TODAY = date(2026, 3, 10)


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch, sqlite_database: str, stopped_clock: datetime) -> pd.DataFrame:
    frame = many_rows(2_000, seed=3, areas_per_treatment=1.5)
    frame["performed_on"] = frame["performed_on"] + pd.Timedelta(days=100)
    frame.loc[frame.index[::7], "answered_mask"] = 0
    frame["answered_mask"] = frame.groupby("treatment_id")["answered_mask"].transform("min")
    monkeypatch.setattr(read_scope, "outcome_frame", lambda: frame)
    return frame


def seen() -> DataQuality:
    return data_quality(SYSTEM, Filters())


def test_silent_treatments_are_old_and_never_answered(rows: pd.DataFrame) -> None:
    once = rows.drop_duplicates("treatment_id")
    old = once["performed_on"] <= pd.Timestamp(TODAY - timedelta(days=SILENT_AFTER_DAYS))
    found = seen()
    assert (found.n_treatments, found.n_old_enough) == (len(once), old.sum())
    assert found.n_silent == (old & (once["answered_mask"] == 0)).sum() > 0


@pytest.mark.parametrize("by", ["Clinic", "Skin type", "Language", "Device class"])
def test_response_by_group_adds_up(rows: pd.DataFrame, by: str) -> None:
    asked = data_quality(SYSTEM, Filters(), [by]).response
    assert list(asked) == [by]
    table = asked[by]
    pd.testing.assert_frame_equal(table, seen().response[by])
    once = rows.drop_duplicates("treatment_id")
    assert table["n_treatments"].sum() == len(once)
    assert table["due_check_ins"].sum() == np.bitwise_count(once["due_mask"].to_numpy()).sum()
    assert table["n_silent"].sum() == seen().n_silent
    assert ((table["response_rate"] >= 0) & (table["response_rate"] <= 1)).all()


def test_a_gap_is_a_setting_the_class_needs_and_nobody_wrote_down(rows: pd.DataFrame) -> None:
    before = seen().missing
    name = before.iloc[0]
    rows.loc[rows["device_class"] == name["device_class"], "pulse_energy_mj"] = np.float32("nan")
    after = seen().missing
    emptied = after[(after["device_class"] == name["device_class"]) & (after["share"] == 1)]
    assert len(emptied) >= 1
    assert (after["n_missing"] <= after["n_areas"]).all()


def test_every_count_opens_as_many_treatments(rows: pd.DataFrame) -> None:
    rows.loc[rows.index[::9], "pulse_energy_mj"] = np.float32("nan")
    rows.loc[rows.index[::11], "is_over_typical"] = 1
    found, opened = seen(), lambda count: treatments_counted(SYSTEM, Filters(), count).n
    assert opened(Count("silent")) == found.n_silent > 0
    for grouping, table in found.response.items():
        for row in table.itertuples():
            assert opened(Count("silent", grouping=grouping, group=row.group)) == row.n_silent
    for row in found.missing.itertuples():
        assert opened(Count("missing", row.device_class, row.parameter)) == row.n_missing
    for row in found.unusual.itertuples():
        assert opened(Count("unusual", row.device_class)) == row.n_unusual > 0


def test_pages_hold_every_treatment_once_newest_first(rows: pd.DataFrame) -> None:
    n = treatments_counted(SYSTEM, Filters(), Count("silent")).n
    pages = [
        treatments_counted(SYSTEM, Filters(), Count("silent"), page).rows for page in range(1, n // BEHIND_SHOWN + 3)
    ]
    listed = pd.concat(pages)
    assert len(pages[0]) == BEHIND_SHOWN < n == listed["treatment_id"].nunique() == len(listed)
    assert listed["performed_on"].is_monotonic_decreasing


def test_one_opens_only_what_one_may_see(rows: pd.DataFrame) -> None:
    doctor = Actor(kind="staff", id=1, clinic_id=2, role="clinician")
    found = treatments_counted(doctor, Filters(), Count("silent"))
    silent = rows[(rows["clinic_id"] == 2) & (rows["answered_mask"] == 0)]
    assert set(found.rows["patient_id"]) <= set(silent["patient_id"])
    assert 0 < found.n <= silent["treatment_id"].nunique() < rows["treatment_id"].nunique()
    for role in ("front_desk", None):
        with pytest.raises(NotAllowed):
            treatments_counted(replace(doctor, role=role), Filters(), Count("silent"))


def test_bounds_hold_the_rate(rows: pd.DataFrame) -> None:
    table = seen().sensitivity
    assert list(table["symptom"]) == list(SYMPTOMS)
    answered = table[table["n_answered"] > 0]
    assert (answered["if_none"] <= answered["rate"]).all()
    assert (answered["rate"] <= answered["if_all"]).all()
    assert answered["sentence"].str.len().min() > 10


def test_imports_are_those_of_the_clinic(sqlite_database: str, stopped_clock: datetime) -> None:
    ours, theirs = house("A"), house("B")
    with transaction() as session:
        for clinic, name in ((ours, "ours.csv"), (theirs, "theirs.csv")):
            session.add(
                ImportRun(
                    clinic_id=clinic.clinic_id,
                    kind="treatments",
                    file_name=name,
                    file_sha256="0" * 64,
                    rows_read=3,
                    rows_imported=1,
                    rows_unchanged=1,
                    rows_refused=1,
                    created_by=clinic.staff["administrator"].id,
                )
            )
    [line] = data_quality(ours.staff["clinician"], Filters()).imports
    assert (line.file_name, line.rows_refused, line.by) == ("ours.csv", 1, ours.staff["administrator"].label)


def test_patients_and_the_front_desk_are_refused(sqlite_database: str, stopped_clock: datetime) -> None:
    clinic = house("A")
    for actor in (clinic.staff["front_desk"], Actor(kind="patient", id=clinic.patient_id, clinic_id=clinic.clinic_id)):
        with pytest.raises(NotAllowed):
            data_quality(actor, Filters())
