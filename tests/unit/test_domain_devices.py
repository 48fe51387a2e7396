"""Device classes: limits, guidelines and relative dose."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.domain.content import content
from reporting.domain.devices import (
    DeviceClass,
    Parameter,
    check_setting,
    device_class,
    device_classes,
    guideline_maximum,
    guideline_ratio,
    over_guideline,
    reference_value,
    relative_dose,
    setting_fields,
)

FIELDS = (
    "fluence_j_cm2",
    "pulse_energy_mj",
    "energy_per_pin_mj",
    "density_pct",
    "density_mtz_cm2",
    "pulse_width_ms",
    "spot_size_mm",
    "passes",
    "stacks",
    "power_w",
    "dwell_time_us",
    "spacing_um",
    "needle_depth_mm",
    "ablation_depth_um",
    "treatment_level",
    "repetition_rate_hz",
    "cutoff_filter_nm",
    "pulse_delay_ms",
    "sub_pulses",
    "overlap_pct",
    "contact_temp_c",
    "cryogen_spray_ms",
    "cryogen_delay_ms",
    "total_energy_kj",
    "total_shots",
    "treated_area_cm2",
)
CO2 = device_classes()["frac_ablative_co2"]
ALEX = device_classes()["alexandrite_755_long_pulse"]


def test_the_settings_are_the_columns_of_a_treated_area() -> None:
    assert tuple(setting_fields()) == FIELDS


def test_every_device_class_has_parameters_with_limits_and_a_source() -> None:
    assert len(device_classes()) == 31
    for found in device_classes().values():
        assert found.parameters or not found.wavelength_nm, found.code
        for parameter in found.parameters.values():
            assert parameter.plausible_min is not None
            assert parameter.plausible_max is not None
            assert parameter.source
            assert parameter.unit == setting_fields()[parameter.field].unit


@pytest.mark.parametrize(
    ("field", "value", "verdict"),
    [
        ("pulse_energy_mj", 20, "ok"),
        ("pulse_energy_mj", 10, "ok"),
        ("pulse_energy_mj", 56, "ok"),
        ("pulse_energy_mj", 57, "outside_typical"),
        ("pulse_energy_mj", 301, "implausible"),
        ("pulse_energy_mj", 0.5, "implausible"),
        ("pulse_energy_mj", math.nan, "implausible"),
        ("pulse_energy_mj", math.inf, "implausible"),
        ("density_pct", 25, "outside_typical"),
        ("needle_depth_mm", 1, "not_a_setting"),
        ("total_energy_kj", 5, "ok"),
        ("total_energy_kj", 500, "implausible"),
    ],
)
def test_a_value_is_judged_by_its_device_class(field: str, value: float, verdict: str) -> None:
    assert check_setting(CO2, field, value) == verdict


def test_pulse_widths_are_in_milliseconds_whatever_the_source_used() -> None:
    assert check_setting(device_classes()["picosecond"], "pulse_width_ms", 5e-7) == "ok"
    assert check_setting(device_classes()["qs_nd_yag_1064"], "pulse_width_ms", 6e-6) == "ok"
    assert check_setting(device_classes()["er_yag"], "pulse_width_ms", 0.3) == "ok"
    assert check_setting(device_classes()["er_yag"], "pulse_width_ms", 300) == "implausible"


@given(st.sampled_from(list(device_classes())), st.sampled_from(FIELDS), st.floats(0, 1e6))
def test_no_guideline_or_typical_value_is_implausible(code: str, field: str, value: float) -> None:
    found = device_classes()[code]
    parameter = found.parameters.get(field)
    if parameter is None:
        return
    for edge in (parameter.typical_low, parameter.typical_high):
        assert edge is None or check_setting(found, field, edge) == "ok"
    if check_setting(found, field, value) == "ok" and parameter.typical_high is not None:
        assert value <= parameter.typical_high


def test_guidelines_lie_inside_the_plausible_limits() -> None:
    for row in content().guidelines:
        assert check_setting(device_classes()[row.device_class], row.field, row.maximum) != "implausible"


@pytest.mark.parametrize(
    ("fitzpatrick", "spot", "maximum"),
    [
        (1, 8, 40),
        (2, 18, 20),
        (3, 10, 30),
        (4, 12, 20),
        (5, 8, 26),
        (5, 10, 20),
        (5, 12, None),
        (6, 8, None),
        (None, 8, None),
        (3, 9, None),
        (3, None, None),
        (4, 18.0, 16),
    ],
)
def test_the_755_nm_table_by_spot_and_skin_type(
    fitzpatrick: int | None, spot: float | None, maximum: float | None
) -> None:
    """Published maxima; no value is invented between spots or for a skin type that the table leaves out."""
    row = guideline_maximum(ALEX, "fluence_j_cm2", fitzpatrick, spot, "lower_legs")
    assert (row.maximum if row else None) == maximum


def test_darker_skin_never_has_a_higher_755_nm_maximum() -> None:
    for spot in (8, 10, 12, 15, 18):
        rows = [guideline_maximum(ALEX, "fluence_j_cm2", skin, spot) for skin in range(1, 7)]
        maxima = [row.maximum for row in rows if row]
        assert maxima == sorted(maxima, reverse=True)


def test_nd_yag_maximum_depends_on_skin_type() -> None:
    for skin, maximum in ((1, 50), (3, 50), (4, 40), (6, 40)):
        row = guideline_maximum("nd_yag_long_pulse", "fluence_j_cm2", skin, 10, None)
        assert row is not None
        assert row.maximum == maximum
    assert over_guideline("nd_yag_long_pulse", "fluence_j_cm2", 45, 5)
    assert not over_guideline("nd_yag_long_pulse", "fluence_j_cm2", 45, 2)


def test_neck_and_chest_have_a_lower_density() -> None:
    assert over_guideline(CO2, "density_pct", 25, 2, None, "neck")
    assert over_guideline(CO2, "density_pct", 25, None, None, "chest")
    assert not over_guideline(CO2, "density_pct", 15, 2, None, "neck")
    assert not over_guideline(CO2, "density_pct", 25, 2, None, "cheeks")
    assert guideline_ratio(CO2, "density_pct", 30, 2, None, "neck") == 2
    assert guideline_ratio(CO2, "density_pct", 30, 2, None, "cheeks") is None


def test_a_clinic_may_define_its_own_class() -> None:
    own = DeviceClass(
        code="our_laser",
        name="Our laser",
        procedure_class="other",
        parameters={"fluence_j_cm2": Parameter(field="fluence_j_cm2", unit="J/cm2", typical_high=20, reference=14)},
    )
    assert check_setting(own, "fluence_j_cm2", 15) == "ok"
    assert check_setting(own, "fluence_j_cm2", 21) == "outside_typical"
    assert check_setting(own, "pulse_width_ms", 3) == "not_a_setting"
    assert own.source == "defined by the clinic"
    assert guideline_maximum(own, "fluence_j_cm2", 2, 10) is None
    assert device_class("our_laser") is None


def test_relative_dose_is_zero_at_the_reference_and_has_the_right_scale() -> None:
    assert relative_dose("fluence_j_cm2", 28, 14) == pytest.approx(math.log(2))
    assert relative_dose("pulse_width_ms", 1.5, 3) == pytest.approx(-math.log(2))
    assert relative_dose("density_pct", 25, 20) == pytest.approx(0.25)
    assert relative_dose("passes", 3, 2) == 1
    assert relative_dose("spot_size_mm", 3, 2) is None
    assert relative_dose("fluence_j_cm2", 0, 2) is None
    for field in ("fluence_j_cm2", "density_pct", "passes"):
        assert relative_dose(field, 5, 5) == 0


def test_the_reference_is_as_defined_or_the_middle_of_the_typical_range() -> None:
    parameters = {
        "passes": Parameter(field="passes", reference=2, typical_low=1, typical_high=9),
        "stacks": Parameter(field="stacks", typical_low=1, typical_high=4),
        "power_w": Parameter(field="power_w", typical_high=4),
    }
    own = DeviceClass(code="own", name="Own", procedure_class="other", parameters=parameters)
    assert reference_value(own, "passes") == 2
    assert reference_value(own, "stacks") == 2.5
    assert reference_value(own, "power_w") is None
    assert reference_value(own, "fluence_j_cm2") is None
