"""The overview's numbers against plain pandas: totals, symptoms, weeks, comparison, and the cases."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from reporting.dashboards.read_expectations import last_mature_day, mature_after_days
from reporting.dashboards.read_overview import Overview, overview, overviews
from reporting.domain.actors import SYSTEM, Actor
from reporting.domain.course import SLOTS
from reporting.domain.vocabulary import SYMPTOMS, symptom
from reporting.errors import NotAllowed
from reporting.evidence.intervals import zero_events_upper
from reporting.records.engine import transaction
from reporting.records.outcomes import recompute
from reporting.records.tables import CheckIn, TriageCase
from reporting.shell import read_scope
from reporting.shell.read_scope import Filters, filter_choices
from tests.cast import PERFORMED, House, house
from tests.frames import many_rows

TODAY = date(2026, 3, 10)


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch, sqlite_database: str, stopped_clock: datetime) -> pd.DataFrame:
    frame = many_rows(3_000, seed=7, areas_per_treatment=1.5)
    frame["performed_on"] = frame["performed_on"] + pd.Timedelta(days=100)
    monkeypatch.setattr(read_scope, "outcome_frame", lambda: frame)
    return frame


def period(days: int) -> Filters:
    return Filters(from_date=TODAY - timedelta(days=days - 1))


def test_totals_count_treatments_and_not_areas(rows: pd.DataFrame) -> None:
    seen = overview(SYSTEM, Filters()).totals
    once = rows.drop_duplicates("treatment_id")
    assert seen.n_treatments == len(once) < len(rows)
    assert seen.due_check_ins == 7 * len(once)
    assert seen.answered_check_ins == sum(mask.bit_count() for mask in once["answered_mask"].tolist())
    assert seen.response_rate == seen.answered_check_ins / seen.due_check_ins


def test_each_symptom_has_its_own_denominator(rows: pd.DataFrame) -> None:
    table = overview(SYSTEM, Filters()).rates
    assert list(table["symptom"]) == list(SYMPTOMS)
    by_hand = rows.groupby("treatment_id").agg({"answered_mask": "first", **{f"first_{s}": "max" for s in SYMPTOMS}})
    for row in table.itertuples():
        event = by_hand[f"first_{row.symptom}"] >= 0
        window = sum(1 << i for i, d in enumerate(SLOTS) if d >= symptom(row.symptom).risk_from_day)
        heard = ((by_hand["answered_mask"] & window) != 0) | event
        assert (row.events, row.n_answered) == (event.sum(), heard.sum())


def test_the_period_before_stands_beside(rows: pd.DataFrame) -> None:
    seen = overview(SYSTEM, period(90))
    assert seen.previous is not None
    day = rows.drop_duplicates("treatment_id")["performed_on"].dt.date
    first = TODAY - timedelta(days=89)
    assert seen.totals.n_treatments == (day >= first).sum()
    assert seen.previous.n_treatments == ((day < first) & (day >= first - timedelta(days=90))).sum() > 0
    assert overview(SYSTEM, Filters()).previous is None


def test_the_clinics_own_baseline_is_all_that_was_before(rows: pd.DataFrame) -> None:
    table = overview(SYSTEM, period(90)).rates.set_index("symptom")
    before = rows[rows["performed_on"].dt.date < TODAY - timedelta(days=89)]
    events = before.groupby("treatment_id")["first_burning"].max() >= 0
    assert table.loc["burning", "baseline_events"] == events.sum() > 0
    assert not overview(SYSTEM, Filters()).rates["baseline_n_answered"].any()


def test_limits_are_those_of_a_p_chart(rows: pd.DataFrame) -> None:
    weeks = overview(SYSTEM, Filters(), "burning").weeks
    ripe = weeks[weeks["is_mature"] & weeks["is_enough"]]
    complete = weeks[weeks["is_mature"]]
    centre = complete["events"].sum() / complete["n_answered"].sum()
    reach = 3 * np.sqrt(centre * (1 - centre) / ripe["n_answered"])
    assert np.allclose(ripe["centre"], centre)
    assert np.allclose(ripe["limit_high"], centre + reach)
    assert np.allclose(ripe["limit_low"], np.maximum(centre - reach, 0))


def test_more_is_said_only_where_chance_does_not_explain_it(rows: pd.DataFrame) -> None:
    assert not overview(SYSTEM, period(200)).rates["difference"].any()
    lately = rows["performed_on"] >= pd.Timestamp(TODAY - timedelta(days=199))
    rows.loc[lately & (rows["answered_mask"] > 0), "first_burning"] = np.int16(7)
    table = overview(SYSTEM, period(200)).rates.set_index("symptom")
    assert table.loc["burning", "difference"] == "more"
    assert not table.loc["bumps", "difference"]


def test_nobody_with_it_is_an_upper_limit(rows: pd.DataFrame) -> None:
    rows["first_scarring"] = np.int16(-1)
    row = overview(SYSTEM, Filters()).rates.set_index("symptom").loc["scarring"]
    assert row["events"] == 0
    assert row["upper"] == zero_events_upper(row["n_answered"]) < 0.01


def test_too_few_answers_are_marked(rows: pd.DataFrame) -> None:
    rows["answered_mask"] = 0
    for code in SYMPTOMS:
        rows[f"first_{code}"] = np.int16(-1)
    assert not overview(SYSTEM, Filters()).rates["is_enough"].any()


def test_weeks_begin_on_mondays_and_add_up(rows: pd.DataFrame) -> None:
    seen = overview(SYSTEM, Filters(), "bumps")
    assert (seen.weeks["week"].dt.day_of_week == 0).all()
    assert seen.weeks["n_treatments"].sum() == seen.totals.n_treatments
    assert seen.weeks["events"].sum() == seen.rates.set_index("symptom").loc["bumps", "events"]
    one = seen.weeks.iloc[10]
    in_week = rows["performed_on"].between(one["week"], one["week"] + pd.Timedelta(days=6))
    assert one["n_treatments"] == rows.loc[in_week, "treatment_id"].nunique()


def test_weeks_of_late_symptoms_ripen_later(rows: pd.DataFrame) -> None:
    assert (mature_after_days("bumps"), mature_after_days("hyperpigmentation")) == (14, 56)
    weeks = overview(SYSTEM, Filters(), "hyperpigmentation").weeks
    last = pd.Timestamp(last_mature_day("hyperpigmentation", TODAY))
    assert (weeks["is_mature"] == (weeks["week"] + pd.Timedelta(days=6) <= last)).all()
    early = overview(SYSTEM, Filters(), "bumps")
    assert early.weeks["is_mature"].sum() > weeks["is_mature"].sum()
    share = early.weeks.loc[early.weeks["is_mature"], "n_treatments"].sum() / early.totals.n_treatments
    assert early.follow_up_complete == share


def test_the_weeks_of_several_symptoms_are_those_of_each_alone(rows: pd.DataFrame) -> None:
    together = overviews(SYSTEM, period(90), list(SYMPTOMS))
    assert list(together) == list(SYMPTOMS)
    for code, found in together.items():
        alone = overview(SYSTEM, period(90), code)
        pd.testing.assert_frame_equal(found.weeks, alone.weeks)
        pd.testing.assert_frame_equal(found.rates, alone.rates)
        assert (found.symptom, found.follow_up_complete) == (code, alone.follow_up_complete)


def test_no_treatments_at_all_is_told_from_none_that_fit(rows: pd.DataFrame) -> None:
    none_fit = overview(SYSTEM, Filters(devices=("nowhere",)))
    assert none_fit.totals.n_treatments == 0
    assert none_fit.totals.response_rate is None
    assert none_fit.weeks.empty
    assert not none_fit.is_empty_clinic


@pytest.mark.parametrize("role", ["front_desk"])
def test_who_may_not_look(rows: pd.DataFrame, role: str) -> None:
    for actor in (
        Actor(kind="staff", id=1, clinic_id=1, role=role),
        Actor(kind="patient", id=1, clinic_id=1),
    ):  # type: ignore[arg-type]
        with pytest.raises(NotAllowed):
            overview(actor, Filters())
        with pytest.raises(NotAllowed):
            filter_choices(actor)


def test_choices_are_what_occurs_for_this_reader(rows: pd.DataFrame) -> None:
    choices = filter_choices(Actor(kind="staff", id=1, clinic_id=1, role="clinician"))
    assert dict(choices.clinics) == {"C0": "C0"}
    assert set(choices.devices) == {"C0/D0", "C0/D1"}
    assert choices.device_classes["frac_ablative_co2"] == "Fractional ablative CO2"


def case(of: House, state: str, level: str, confirmation: str | None) -> None:
    moment = datetime(2026, 3, 9, tzinfo=UTC)
    with transaction() as session:
        check_in = CheckIn(
            clinic_id=of.clinic_id,
            patient_id=of.patient_id,
            treatment_id=of.treatment_id,
            scheduled_day=2,
            due_on=TODAY,
            created_at=moment,
        )
        session.add(check_in)
        session.flush()
        session.add(
            TriageCase(
                clinic_id=of.clinic_id,
                patient_id=of.patient_id,
                treatment_id=of.treatment_id,
                check_in_id=check_in.id,
                level=level,
                state=state,
                opened_at=moment,
                due_at=moment,
                confirmation=confirmation,
            )
        )


def seen_by(of: House, filters: Filters | None = None) -> Overview:
    return overview(of.staff["clinician"], filters or Filters())


def test_cases_are_counted_by_level_and_by_what_clinicians_found(database: str, stopped_clock: datetime) -> None:

    ours, theirs = house("A"), house("B")
    case(ours, "new", "same_day", None)
    case(ours, "closed", "one_day", "confirmed")
    case(theirs, "new", "emergency", None)
    with transaction() as session:
        recompute(session, [ours.treatment_id, theirs.treatment_id])
    found = seen_by(ours).cases
    assert found.open_by_level == {"emergency": 0, "same_day": 1, "one_day": 0, "one_week": 0}
    assert (found.n_cases, found.by_confirmation["confirmed"], found.n_undecided) == (2, 1, 1)
    assert seen_by(ours, Filters(procedure_class="ipl")).cases.n_cases == 0
    assert seen_by(ours, Filters(from_date=PERFORMED)).cases == found
    assert seen_by(ours, Filters(from_date=PERFORMED + timedelta(days=1))).cases.n_cases == 0
