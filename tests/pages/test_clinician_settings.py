"""The settings page: bands, what cannot be concluded, the treatments behind a band, and who may open it."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, update

from reporting.domain.actors import Actor
from reporting.records import columns
from reporting.records.engine import transaction
from reporting.records.outcomes import recompute
from reporting.records.tables import Clinic, ContentChange, TreatedArea, Treatment
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


def test_the_finding_stands_over_the_chart(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = open_page(monkeypatch, "dashboards/page_settings", clinic.staff["clinician"], setting="pulse_energy_mj")
    words = text(page)
    assert "More reports of hyperpigmentation at high than at low pulse energy in skin types IV-VI" in words
    assert "confounding by indication" in words
    assert "Typical range 10 to 56 mJ" in words
    table = page.dataframe[0].value
    assert list(table["Band (mJ)"]) == ["30", "50"]
    assert list(table["Skin type"]) == ["IV-VI", "IV-VI"]
    assert table["Unexpected"].iloc[0] == 0 < table["Unexpected"].iloc[1]
    [chart] = page.get("vega_lite_chart")
    assert "Pulse energy 50, skin type IV-VI: " in chart.proto.alt


def test_without_a_choice_it_is_the_main_setting_of_the_class(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = open_page(monkeypatch, "dashboards/page_settings", clinic.staff["clinician"])
    assert page.selectbox(key="class").value == "frac_ablative_co2"
    assert page.selectbox(key="setting").value == "density_pct"


def test_what_is_pressed_in_the_chart_is_chosen_below_it(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = open_page(monkeypatch, "dashboards/page_settings", clinic.staff["clinician"], setting="pulse_energy_mj")
    page.selectbox(key="band").select_index(0).run()
    [chart] = page.get("vega_lite_chart")
    assert chart.proto.selection_mode == ["pick"]


def test_choices_come_from_the_address(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    address = {
        "class": "Fractional ablative CO2",
        "setting": "Density (coverage)",
        "symptom": "Scarring",
        "period": "Last 90 days",
        "area": "Cheeks",
        "skin": "IV-VI",
    }
    page = open_page(monkeypatch, "dashboards/page_settings", clinic.staff["clinician"], **address)
    assert page.selectbox(key="setting").value == "density_pct"
    assert page.selectbox(key="symptom").value == "scarring"
    assert page.selectbox(key="area").value == "cheeks"
    assert page.selectbox(key="period").value == "90d"
    assert "scarring" in text(page)


def test_a_band_lists_the_treatments_behind_it(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = open_page(monkeypatch, "dashboards/page_settings", clinic.staff["clinician"], setting="pulse_energy_mj")
    counted = page.dataframe[0].value
    page.selectbox(key="band").select_index(1).run()
    assert not page.exception
    listed = page.dataframe[1].value
    assert len(listed) == counted["Treatments"].iloc[1]
    assert (listed["Unexpected report"] == "yes").sum() == counted["Unexpected"].iloc[1]
    assert set(listed["Pulse energy (mJ)"]) == {50}
    assert set(listed["Patient"]) == {"P-0001"}


def test_filters_that_fit_nothing_say_so(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = open_page(monkeypatch, "dashboards/page_settings", clinic.staff["clinician"], skin="I-III")
    assert "No treatments fit these filters." in text(page)


def test_before_the_first_treatment_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, sqlite_database: str, stopped_clock: datetime
) -> None:
    page = open_page(monkeypatch, "dashboards/page_settings", NEWCOMER)
    assert "No treatments yet." in text(page)


@pytest.mark.parametrize("who", ["front_desk", "patient", None])
def test_others_are_told_that_they_may_not(monkeypatch: pytest.MonkeyPatch, clinic: House, who: str | None) -> None:
    actor = clinic.patient if who == "patient" else clinic.staff.get(who) if who else None  # type: ignore[call-overload]
    page = open_page(monkeypatch, "dashboards/page_settings", actor)
    assert len(page.error) == 1
    assert not page.get("vega_lite_chart")


def test_the_adjusted_curve_or_why_there_is_none(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = open_page(monkeypatch, "dashboards/page_settings", clinic.staff["clinician"], period="All treatments")
    crude, adjusted = page.columns[-2:]
    assert (crude.subheader[0].value, len(crude.get("vega_lite_chart"))) == ("As reported (crude)", 1)
    assert adjusted.subheader[0].value == "Adjusted for case mix"
    words = text(page)
    assert "does not carry an adjusted curve" in words or "No adjusted curve." in words


def test_of_many_treatments_the_curve_is_worked_out_when_asked(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    monkeypatch.setattr(columns, "LARGE", 0)
    page = open_page(monkeypatch, "dashboards/page_settings", clinic.staff["clinician"])
    assert "takes up to a minute" in text(page)
    assert "No adjusted curve." not in text(page)
    page.button(key="dose_wanted_button").click().run()
    assert not page.exception
    assert "takes up to a minute" not in text(page)
    assert "does not carry an adjusted curve" in text(page) or "No adjusted curve." in text(page)


def test_the_map_of_two_settings_lists_what_is_behind_a_cell(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = open_page(monkeypatch, "dashboards/page_settings", clinic.staff["clinician"], view="two")
    assert page.selectbox(key="second").value == "pulse_energy_mj"
    words = text(page)
    assert "More reports of hyperpigmentation at density (coverage) 10 % with pulse energy 50 mJ" in words
    counted = page.dataframe[0].value
    assert list(counted["Pulse energy mJ"])[:2] == ["30", "50"]
    page.selectbox(key="cell").select_index(1).run()
    assert not page.exception
    listed = page.dataframe[1].value
    assert len(listed) == counted["Treatments"].iloc[1]
    assert set(listed["Pulse energy (mJ)"]) == {50}


def test_one_setting_has_no_map(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    with transaction() as session:
        session.execute(update(TreatedArea).values(density_pct=None, passes=None))
        recompute(session, list(session.execute(select(Treatment.id)).scalars()))
    page = open_page(monkeypatch, "dashboards/page_settings", clinic.staff["clinician"], view="two")
    assert "Only one setting was recorded for this device class." in text(page)


def test_over_time_a_month_lists_its_treatments(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = open_page(
        monkeypatch, "dashboards/page_settings", clinic.staff["safety_lead"], view="time", setting="pulse_energy_mj"
    )
    words = text(page)
    assert "Pulse energy, Fractional ablative CO2, " in words
    assert "0 of 121 treated areas (0 %) above the typical range" in words
    counted = page.dataframe[0].value
    page.selectbox(key="chosen_period").select_index(1).run()
    assert not page.exception
    assert len(page.dataframe[2].value) == counted["Treated areas"].iloc[1]


def test_over_time_one_sees_operators_only_as_the_safety_lead(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    lead = open_page(monkeypatch, "dashboards/page_settings", clinic.staff["safety_lead"], view="time")
    assert [name for name in lead.selectbox(key="unit").options if name.startswith("Operator ")]
    other = open_page(monkeypatch, "dashboards/page_settings", clinic.staff["clinician"], view="time")
    assert not [name for name in other.selectbox(key="unit").options if name.startswith("Operator ")]
    assert "compared by the safety lead only" in text(other)


def test_a_protocol_of_the_clinic_is_shaded_and_counted(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    with transaction() as session:
        session.add(
            ContentChange(
                clinic_id=clinic.clinic_id,
                content_table="protocol_ranges",
                row_key="frac_ablative_co2|pulse_energy_mj|",
                cells={"minimum": "10", "maximum": "40", "note": "Team decision"},
                from_day=date(2026, 1, 1),
                changed_at=datetime(2026, 1, 1, tzinfo=UTC),
            )
        )
        session.execute(update(Clinic).values(content_version=1))
    address = {"setting": "pulse_energy_mj", "view": "time"}
    words = text(open_page(monkeypatch, "dashboards/page_settings", clinic.staff["clinician"], **address))
    assert "Clinic protocol: 10 to 40 mJ. Source: Team decision." in words
    assert "60 of 121 treated areas (50 %) above the clinic's protocol" in words
    bands = open_page(monkeypatch, "dashboards/page_settings", clinic.staff["clinician"], setting="pulse_energy_mj")
    assert "Clinic protocol: 10 to 40." in bands.get("vega_lite_chart")[0].proto.alt
