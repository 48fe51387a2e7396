"""Course, schedule, vocabulary, units, symptoms."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.domain import vocabulary
from reporting.domain.content import content
from reporting.domain.content_rows import SYMPTOMS
from reporting.domain.course import (
    SLOTS,
    due_days,
    expected_band,
    expected_severity,
    is_unexpected,
    people_usually,
    slot_for,
)
from reporting.domain.devices import UnknownUnit, convert, known_units
from reporting.domain.vocabulary import severity_word, symptom, symptoms
from reporting.errors import InvalidInput


def test_early_burning_is_expected_and_late_burning_is_not() -> None:
    assert not is_unexpected("ablative", "burning", 1, 3)
    assert is_unexpected("ablative", "burning", 14, 1)
    assert is_unexpected("hair_removal", "infection", 1, 1)
    assert expected_band("ablative", "burning", range(9)) == (3, 3, 2, 2, 1, 1, 1, 1, 0)
    assert not is_unexpected("ablative", "hyperpigmentation", 5, 1)
    assert is_unexpected("ablative", "hyperpigmentation", 15, 1)


def test_procedures_heal_as_differently_as_they_are() -> None:
    assert is_unexpected("ablative", "swelling", 2, 3)
    assert not is_unexpected("full_field_ablative", "swelling", 2, 3)
    assert not is_unexpected("leg_vein", "hyperpigmentation", 21, 1)
    assert is_unexpected("vascular", "hyperpigmentation", 21, 1)
    assert not is_unexpected("pdt", "burning", 1, 3)
    assert is_unexpected("microneedling", "burning", 1, 3)
    assert due_days("full_field_ablative")[-2:] == (180, 365)


def test_every_code_of_a_log_has_its_class() -> None:
    wanted = {
        "ablative",
        "full_field_ablative",
        "nonablative_fractional",
        "ipl",
        "hair_removal",
        "vascular",
        "leg_vein",
    }
    wanted |= {"qs_pico", "tattoo", "rf_microneedling", "microneedling", "peel", "pdt", "focused_ultrasound"}
    assert wanted | {"cryolipolysis", "plasma", "dermabrasion", "other"} <= set(content().procedure_classes)


def test_a_row_of_the_course_is_read_in_full_only_where_its_source_says_it() -> None:
    for row in content().course:
        assert row.evidence_mark != "FT" or ("Faghihi 2015" in row.source and row.symptom == "burning")
    sources = {(row.procedure_class, row.symptom): set[str]() for row in content().course}
    for row in content().course:
        sources[row.procedure_class, row.symptom].add(row.source)
    assert all(sources[name, "burning"].isdisjoint(sources[name, "scarring"]) for name, _ in sources)


@pytest.mark.parametrize("procedure", list(content().procedure_classes))
@pytest.mark.parametrize("name", SYMPTOMS)
def test_the_course_covers_every_day_of_a_year_and_ends_without_symptoms(procedure: str, name: str) -> None:
    assert all(people_usually(procedure, name, day) for day in range(366))
    assert expected_severity(procedure, name, 365) == expected_severity(procedure, name, 5000) == 0
    assert not is_unexpected(procedure, name, 0, 0)


def test_infection_and_scars_are_never_expected() -> None:
    for procedure in content().procedure_classes:
        assert set(expected_band(procedure, "infection", range(400))) == {0}
        assert set(expected_band(procedure, "scarring", range(400))) == {0}


def test_an_unknown_procedure_class_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidInput, match="ablative"):
        expected_severity("magic", "burning", 1)
    with pytest.raises(InvalidInput, match="ablative"):
        due_days("magic")


def test_slots_are_bit_positions_that_hold_every_schedule() -> None:
    assert list(SLOTS) == sorted(set(SLOTS))
    assert len(SLOTS) <= 31
    assert {1, 2, 3, 5, 7, 10, 14, 21, 28, 42, 56, 84, 90, 180} <= set(SLOTS)
    for procedure in content().procedure_classes:
        assert set(due_days(procedure)) <= set(SLOTS)
    # Stored masks mean these days for ever.
    assert SLOTS[:9] == (0, 1, 2, 3, 4, 5, 6, 7, 10)
    assert slot_for(365) == 25


@given(st.integers(-5, 2000))
def test_the_slot_is_the_nearest_day(day: int) -> None:
    assert abs(SLOTS[slot_for(day)] - day) == min(abs(slot - day) for slot in SLOTS)


def test_a_tie_goes_to_the_earlier_day() -> None:
    assert SLOTS[slot_for(12)] == 10


def test_what_is_due_when() -> None:
    assert due_days("ablative") == (0, 1, 2, 3, 5, 7, 10, 14, 21, 28, 42, 56, 90, 180, 365)


def test_words_have_labels() -> None:
    assert vocabulary.area_label("not_recorded") == "Area not recorded"
    assert "not_recorded" in vocabulary.indications()
    assert {
        "acne_scars",
        "wrinkles",
        "melasma",
        "vascular",
        "hair_removal",
        "tattoo",
        "scar",
        "other",
    } <= set(vocabulary.indications())
    assert vocabulary.is_warning_endpoint("marked_whitening")
    assert not vocabulary.is_warning_endpoint("erythema")
    assert vocabulary.procedure_label("ipl") == "Intense pulsed light"
    assert vocabulary.cooling_label("cold_air") == "Cold air"
    assert vocabulary.endpoint_label("grey") == "Grey or blanched skin"
    with pytest.raises(InvalidInput, match="cheeks"):
        vocabulary.area_label("elbow")
    with pytest.raises(InvalidInput, match="other"):
        vocabulary.procedure_label("magic")


def test_symptoms_have_codes_and_a_window_of_risk() -> None:
    assert tuple(record.code for record in symptoms()) == SYMPTOMS
    assert {record.code: record.risk_from_day for record in symptoms()} == {
        "burning": 1,
        "bumps": 1,
        "swelling": 1,
        "infection": 1,
        "scarring": 14,
        "hyperpigmentation": 14,
    }
    assert symptom("hyperpigmentation").icd10cm_code == "L81.0"
    assert symptom("infection").meddra_code == "10040872"
    assert [severity_word(value) for value in range(5)] == [
        "None",
        "Mild",
        "Moderate",
        "Severe",
        "Very severe",
    ]


@pytest.mark.parametrize(
    ("value", "source", "target", "wanted"),
    [
        (1500, "us", "ms", 1.5),
        (750, "ps", "ms", 7.5e-7),
        (6, "ns", "ms", 6e-6),
        (0.02, "J", "mJ", 20),
        (5, "kJ", "J", 5000),
        (0.25, "fraction", "%", 25),
        (25, "%", "fraction", 0.25),
        (1.2, "cm", "mm", 12),
        (120, "um", "mm", 0.12),
        (500, "MTZ/cm2", "MTZ/cm2", 500),
        (2, "MTZ/mm2", "MTZ/cm2", 200),
        (41, "degF", "degC", 5),
        (5, "degC", "degF", 41),
        (20, "µs", "us", 20),
        (7, "J/cm²", "J/cm2", 7),
        (20, "mJ/MTZ", "mJ", 20),
        (3, "count", "count", 3),
        (2, "kHz", "Hz", 2000),
        (500, "mJ/cm2", "J/cm2", 0.5),
    ],
)
def test_units_convert(value: float, source: str, target: str, wanted: float) -> None:
    assert convert(value, source, target) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize(
    ("source", "target", "listed"),
    [("furlong", "mm", "cm"), ("mJ", "ms", "us"), ("degC", "mm", "degF"), ("s", "parsec", "mJ")],
)
def test_an_unknown_or_other_kind_of_unit_lists_what_is_allowed(source: str, target: str, listed: str) -> None:
    with pytest.raises(UnknownUnit) as caught:
        convert(1, source, target)
    assert listed in caught.value.allowed
    assert listed in caught.value.message


@given(st.floats(1e-9, 1e9), st.sampled_from(known_units()), st.sampled_from(known_units()))
def test_there_and_back_is_the_same(value: float, source: str, target: str) -> None:
    try:
        there = convert(value, source, target)
    except UnknownUnit:
        return
    assert math.isclose(convert(there, target, source), value, rel_tol=1e-9, abs_tol=1e-6)


def test_every_setting_unit_can_be_imported() -> None:
    for field in content().setting_fields.values():
        assert convert(1.0, field.unit, field.unit) == 1.0
