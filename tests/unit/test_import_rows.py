"""A mapping says which column is which; each cell is converted, or refused with what is allowed."""

from datetime import date, datetime
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.domain.devices import UnknownUnit
from reporting.errors import UnreadableFile
from reporting.imports import file_template as templates
from reporting.imports.file_mapping import KindMapping, WrongMapping, guess, parse_mapping
from reporting.imports.file_rows import RowReader
from reporting.imports.kind import Kind
from reporting.imports.kinds import fields_of
from reporting.shell.file_csv import Refused

NEEDED = "patient = 'P'\nperformed_on = 'D'\n"
SIMULATION = Path(__file__).parent.parent / "data" / "simulation.toml"


def treatment(extra: str, cells: dict[str, str]) -> dict[str, object]:
    """Values of one treatment row with a patient, a day and ``cells``."""
    mapping = parse_mapping(f"[treatments]\n{NEEDED}{extra}", "treatments")
    given = {"P": "1", "D": "2026-03-01"} | cells
    return RowReader(mapping, list(given)).read(2, list(given.values())).values


def refusal(extra: str, cells: dict[str, str]) -> str:
    with pytest.raises(Refused) as refused:
        treatment(extra, cells)
    return str(refused.value)


@pytest.mark.parametrize(
    ("field", "unit", "text", "ours"),
    [
        ("pulse_energy_mj", "J", "0.03", 30.0),
        ("pulse_energy_mj", "mJ", "30", 30.0),
        ("pulse_width_ms", "us", "250", 0.25),
        ("pulse_width_ms", "µs", "250", 0.25),
        ("density_pct", "fraction", "0.15", 15.0),
        ("density_mtz_cm2", "MTZ/cm2", "125", 125.0),
        ("spot_size_mm", "cm", "0.8", 8.0),
        ("contact_temp_c", "degF", "41", 5.0),
    ],
)
def test_units_become_ours(field: str, unit: str, text: str, ours: float) -> None:
    values = treatment(f'{field} = {{ column = "X", unit = "{unit}" }}', {"X": text})
    assert values[field] == pytest.approx(ours)


def test_a_unit_of_another_kind_is_refused_with_the_allowed_ones() -> None:
    with pytest.raises(UnknownUnit, match="ms"):
        treatment('pulse_width_ms = { column = "X", unit = "J" }', {"X": "1"})


def test_words_constants_and_date_formats() -> None:
    values = treatment(
        'indication = { column = "Why", values = { spots = "pigment" } }\narea = { constant = "cheeks" }\n'
        'year_of_birth = { column = "Born", format = "x" }\npass_group = { constant = 2 }\n',
        {"Why": "spots", "Born": "1980"},
    )
    assert (values["indication"], values["area"], values["pass_group"]) == ("pigment", "cheeks", 2)
    day = parse_mapping("[treatments]\npatient='P'\nperformed_on={column='D',format='%d.%m.%Y'}", "treatments")
    assert RowReader(day, ["P", "D"]).read(2, ["1", "07.03.2026"]).values["performed_on"] == date(2026, 3, 7)


def test_our_own_names_need_no_mapping_and_an_empty_cell_is_no_value() -> None:
    reader = RowReader(KindMapping("treatments"), ["patient", "performed_on", "fluence_j_cm2", "extra"])
    assert reader.read(2, ["7", "2026-03-01", "", "ignored"]).values == {
        "patient": "7",
        "performed_on": date(2026, 3, 1),
    }


def test_a_column_that_the_mapping_takes_elsewhere_is_not_read_twice() -> None:
    mapping = parse_mapping("[treatments]\npatient='area'\nperformed_on='D'", "treatments")
    assert "area" not in RowReader(mapping, ["area", "D"]).read(2, ["7", "2026-03-01"]).values


@pytest.mark.parametrize(
    ("extra", "cells", "words"),
    [
        ("", {"D": "2026-02-30"}, "row 2, column D: found '2026-02-30'; allowed is a date such as"),
        ("", {"D": "1889-01-01"}, "from 1990-01-01"),
        ("", {"P": ""}, "row 2, column P: found ''; allowed is text"),
        (
            "fluence_j_cm2 = 'F'",
            {"F": "twelve"},
            "column F: found 'twelve'; allowed is a number above 0 in J/cm2",
        ),
        ("fluence_j_cm2 = 'F'", {"F": "0"}, "above 0"),
        ("fluence_j_cm2 = 'F'", {"F": "nan"}, "a number"),
        ("fluence_j_cm2 = 'F'", {"F": "inf"}, "a number"),
        ("fluence_j_cm2 = 'F'", {"F": "12,5"}, "found '12,5'"),
        ("decimal_comma = true\nfluence_j_cm2 = 'F'", {"F": "12.5"}, "found '12.5'"),
        ("density_pct = 'X'", {"X": "101"}, "up to 100"),
        ("fitzpatrick = 'X'", {"X": "7"}, "a whole number from 1 to 6"),
        ("fitzpatrick = 'X'", {"X": "2.5"}, "a whole number from 1 to 6"),
        ("area = 'X'", {"X": "elbow"}, "cheeks"),
        ("is_tanned = 'X'", {"X": "maybe"}, "yes or no"),
        ("year_of_birth = 'X'", {"X": "2027"}, "up to that of the treatment, 2026"),
        ("operator = 'X'", {"X": "o" * 65}, "at most 64 characters"),
    ],
)
def test_a_bad_cell_is_refused_with_column_value_and_what_is_allowed(
    extra: str, cells: dict[str, str], words: str
) -> None:
    assert words in refusal(extra, cells)


def test_everything_wrong_with_a_row_is_told_at_once() -> None:
    told = refusal("fitzpatrick = 'F'\narea = 'A'", {"F": "9", "A": "elbow", "D": "soon"})
    assert all(f"column {column}" in told for column in ("F", "A", "D"))


def test_a_row_with_too_few_cells_is_refused() -> None:
    with pytest.raises(Refused, match="2 cells"):
        RowReader(KindMapping("treatments"), ["patient", "performed_on", "area"]).read(5, ["1", "2026-03-01"])


def test_decimal_commas_where_the_mapping_says_so() -> None:
    assert treatment("decimal_comma = true\nfluence_j_cm2 = 'F'", {"F": "12,5"})["fluence_j_cm2"] == 12.5


def check_in(**cells: str) -> dict[str, object]:
    given = {"treatment": "T", "scheduled_day": "3"} | cells
    return RowReader(KindMapping("check-ins"), list(given)).read(2, list(given.values())).values


def test_a_check_in_that_was_not_answered_is_kept_as_due() -> None:
    assert check_in(answered="0", burning="")["answered"] is False
    assert check_in(burning="", answered_on="")["answered"] is False


def test_an_answer_has_a_day_or_a_moment() -> None:
    assert check_in(burning="0", answered_on="2026-03-04")["answered_on"] == date(2026, 3, 4)
    assert check_in(burning="0", answered_on="2026-03-04 18:30")["answered_on"] == datetime(2026, 3, 4, 18, 30)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"answered": "1"}, "day of the answer"),
        ({"answered": "1", "answered_on": "2026-03-04"}, "at least one symptom"),
        ({"answered": "0", "burning": "2"}, "empty, because"),
        ({"answered": "0", "answered_on": "2026-03-04"}, "empty, because"),
        ({"answered": "1", "answered_on": "2026-03-04", "burning": "5"}, "from 0 to 4"),
    ],
)
def test_a_check_in_that_contradicts_itself_is_refused(cells: dict[str, str], words: str) -> None:
    with pytest.raises(Refused, match=words):
        check_in(**cells)


def test_limits_of_a_device_class_must_be_in_order() -> None:
    cells = {"device_class": "X", "ref_fluence_j_cm2": "50", "plausible_max_fluence_j_cm2": "40"}
    with pytest.raises(Refused, match="50 or more"):
        RowReader(KindMapping("devices"), list(cells)).read(2, list(cells.values()))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[treatment]\n", "allowed are devices, treatments, check-ins"),
        ("[treatments]\nfluence = 'F'", "the nearest is"),
        ("[treatments]\narea = { constant = 'a', column = 'b' }", "either a column or a constant"),
        ("[treatments]\narea = { colunm = 'b' }", "colunm"),
        ("[treatments]\narea = 5", "must be a column name or a table"),
        ("[treatments]\narea = { column = 'b', unit = 'mm' }", "no unit"),
        ("[treatments]\ncreate_missing = 'yes'", "true or false"),
        ("[treatments\n", "not valid TOML"),
    ],
)
def test_a_wrong_mapping_is_named_before_anything_is_read(text: str, words: str) -> None:
    with pytest.raises(WrongMapping, match=words):
        parse_mapping(text, "treatments")


def test_a_mapped_column_that_is_not_there_and_a_needed_one_without_a_column() -> None:
    with pytest.raises(UnreadableFile, match="no column 'D'"):
        RowReader(parse_mapping(f"[treatments]\n{NEEDED}", "treatments"), ["P", "Date"])
    with pytest.raises(UnreadableFile, match="no column for performed_on"):
        RowReader(KindMapping("treatments"), ["patient", "name"])


def test_columns_are_guessed_from_their_names() -> None:
    header = ["Treatment ID", "Patient No", "Date", "Skin type", "Fluence (J/cm2)", "Pulse width", "Remarks"]
    found = guess("treatments", header)
    assert found["treatment"] == "Treatment ID"
    assert found["patient"] == "Patient No"
    assert found["performed_on"] == "Date"
    assert found["fitzpatrick"] == "Skin type"
    assert found["fluence_j_cm2"] == "Fluence (J/cm2)"
    assert found["pulse_width_ms"] == "Pulse width"
    assert "Remarks" not in found.values()


@pytest.mark.parametrize("kind", get_args(Kind))
def test_a_template_names_every_column_and_reads_itself(kind: Kind) -> None:
    header = templates.header_line(kind).strip().split(",")
    assert header == list(fields_of(kind))
    RowReader(KindMapping(kind), header)
    assert all(name in templates.description(kind) for name in header)


def test_the_template_shows_units() -> None:
    line = next(line for line in templates.description("treatments").splitlines() if line.startswith("fluence_j_cm2"))
    assert "J/cm2" in line


@pytest.mark.parametrize("kind", get_args(Kind))
def test_the_mapping_of_the_sample_has_a_table_for_each_kind(kind: Kind) -> None:
    assert parse_mapping(SIMULATION.read_text(), kind).sources


@given(text=st.text(max_size=20))
def test_a_number_is_read_or_refused_and_never_anything_else(text: str) -> None:
    try:
        values = treatment("fluence_j_cm2 = 'F'", {"F": text})
    except Refused:
        return
    value = values.get("fluence_j_cm2")
    assert value is None or 0 < value < float("inf")  # type: ignore[operator]
