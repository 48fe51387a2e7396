"""The overview page: its numbers, its filters in the address, its empty state, and who may open it."""

from datetime import date, datetime

import pytest

from reporting.dashboards.read_overview import overview
from reporting.domain.actors import SYSTEM, Actor
from reporting.domain.signal_work import Card, Excess, Finding, Look, Place
from reporting.shell.read_scope import Filters
from reporting.signals.act_signals import explain, keep_look, take_action
from tests.cast import House, house
from tests.pages.clinic_data import fill
from tests.pages.staff import open_page, text

NEWCOMER = Actor(kind="staff", id=99, clinic_id=99, role="clinician", label="Demo newcomer")
"""Somebody of a clinic that has no treatment yet."""


@pytest.fixture
def clinic(sqlite_database: str, stopped_clock: datetime) -> House:
    made = house("A")
    fill(made)
    return made


def metric(page: object) -> dict[str, str]:
    return {each.label: each.value for each in page.metric}  # type: ignore[attr-defined]


def test_it_shows_what_the_query_counts(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    by = clinic.staff["clinician"]
    page = open_page(monkeypatch, "signals/page_overview", by, period="All treatments")
    counted = overview(by, Filters())
    assert metric(page)["Treatments"] == str(counted.totals.n_treatments) == "121"
    assert metric(page)["Check-ins answered"] == str(counted.totals.answered_check_ins)
    events = int(counted.rates.set_index("symptom").loc["hyperpigmentation", "events"])
    assert events > 20
    assert f"Most often reported as unexpected: hyperpigmentation, {events} of" in text(page)
    assert list(page.dataframe[0].value["Unexpected"]) == [0, 0, 0, 0, 0, events]
    assert len(page.get("vega_lite_chart")) == 2
    assert "A report is what a patient noticed" in text(page)


def test_a_file_to_hand_on_stands_beside_the_clinics_own(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = open_page(monkeypatch, "signals/page_overview", clinic.staff["clinician"], period="All treatments")
    [button] = [each for each in page.get("download_button") if "hand on" in each.proto.label]
    assert "Counts of 1 to 4" in button.proto.help


def test_charts_have_a_text_alternative_with_numbers(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = open_page(monkeypatch, "signals/page_overview", clinic.staff["clinician"], period="All treatments")
    for chart in page.get("vega_lite_chart"):
        assert any(letter.isdigit() for letter in chart.proto.alt)


def test_filters_come_from_the_address(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    by = clinic.staff["clinician"]
    page = open_page(
        monkeypatch,
        "signals/page_overview",
        by,
        period="Last 90 days",
        device="A/D1",
        skin="IV-VI",
        symptom="Bumps",
    )
    assert page.selectbox(key="period").value == "90d"
    assert page.selectbox(key="device").value == "A/D1"
    assert page.selectbox(key="symptom").value == "bumps"
    fold = page.button(key="fold_filters")
    assert fold.label == "Filters: Last 90 days · A/D1 · IV-VI"
    assert fold.click().run().button(key="fold_filters").label == "Fold the filters"
    assert page.selectbox(key="device").value == "A/D1"
    counted = overview(by, Filters(from_date=datetime(2025, 12, 11).date(), skin_group="IV-VI"))
    assert metric(page)["Treatments"] == str(counted.totals.n_treatments)
    assert "The period before: " in text(page)
    assert "Bumps by week" in text(page)


def test_own_dates_come_from_the_address(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = open_page(
        monkeypatch,
        "signals/page_overview",
        clinic.staff["clinician"],
        period="Own dates",
        **{"from": "2026-03-01", "to": "2026-03-05"},
    )
    assert metric(page)["Treatments"] == "3"
    assert "Treatments from 1 Mar 2026 to 5 Mar 2026." in text(page)


def test_nonsense_in_the_address_is_the_usual_view(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = open_page(
        monkeypatch, "signals/page_overview", clinic.staff["clinician"], period="evil", device="B/D1", skin="VII"
    )
    assert page.selectbox(key="period").value == "6m"
    assert page.selectbox(key="device").value == ""


def test_choosing_a_filter_draws_it_anew(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = open_page(monkeypatch, "signals/page_overview", clinic.staff["clinician"], period="All treatments")
    page.selectbox(key="skin").select("I-III").run()
    assert "No treatments fit these filters." in text(page)
    page.selectbox(key="skin").select("IV-VI").run()
    assert metric(page)["Treatments"] == "121"


def test_another_clinic_sees_nothing_of_it(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    other = house("B")
    page = open_page(monkeypatch, "signals/page_overview", other.staff["safety_lead"], clinic="A", device="A/D1")
    assert metric(page)["Treatments"] == "1"
    assert "A/D1" not in page.selectbox(key="device").options


def test_before_the_first_treatment_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, sqlite_database: str, stopped_clock: datetime
) -> None:
    page = open_page(monkeypatch, "signals/page_overview", NEWCOMER)
    assert "No treatments yet." in text(page)
    assert "Import a log" in text(page)


@pytest.mark.parametrize("who", ["front_desk", "patient", None])
def test_others_are_told_that_they_may_not(monkeypatch: pytest.MonkeyPatch, clinic: House, who: str | None) -> None:
    actor = clinic.patient if who == "patient" else clinic.staff.get(who) if who else None  # type: ignore[call-overload]
    page = open_page(monkeypatch, "signals/page_overview", actor)
    [error] = page.error
    assert ("not signed in" if who is None else "does not allow") in error.value
    assert not page.metric


def test_active_signals_stand_in_words_and_actions_in_the_weeks(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    by = clinic.staff["safety_lead"]
    assert "Nobody has looked over the data yet." in text(open_page(monkeypatch, "signals/page_overview", by))
    day, as_of = date(2026, 3, 2), date(2026, 3, 9)
    card = Card("outcome", Excess(9, 3.1, 2.9, 1.4, 5.0), Place(symptoms=("hyperpigmentation",)), as_of=as_of)
    found = Finding("A", "outcome", "device", "D1", "hyperpigmentation", "", day, day, day, card)
    [key] = keep_look(by=SYSTEM, look=Look(as_of, (found,), 120, 0.5, 1.0))
    words = text(open_page(monkeypatch, "signals/page_overview", by))
    assert "More side effects than expected: hyperpigmentation. Device D1" in words
    assert "9 observed, 3.1 expected" in words
    take_action(by=by, signal_id=key, version=1, happened_on=day, words="Recalibrated")
    words = text(open_page(monkeypatch, "signals/page_overview", by, period="All treatments"))
    assert "Action taken" in words
    assert "On 2 Mar 2026: Action: Recalibrated." in words
    explain(by=by, signal_id=key, version=2, words="Case mix")
    assert "None: nothing stands out" in text(open_page(monkeypatch, "signals/page_overview", by))
