"""The package of the clinical content: the same everywhere, and no changed cell goes without a name."""

import csv
import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.domain.content_package import (
    KEYS,
    NOT_CLINICAL,
    Difference,
    Package,
    Rows,
    differences,
    from_file,
    is_for_safety,
    number_of,
    package,
    pinned_version,
    read_package,
    row_hash,
    to_file,
    words_of,
)
from reporting.domain.content_reader import ContentError
from reporting.domain.content_signatures import Signature, lacking, signers
from reporting.settings import ROOT
from tests.content_folders import copied, written

PACKAGED = read_package(ROOT / "data")
CELLS = [
    (table, place, column)
    for table, rows in PACKAGED.rows.items()
    for place, (_, cells) in enumerate(rows)
    for column in cells
]
TODAY = date(2026, 3, 10)


def test_every_table_has_a_name_for_each_row() -> None:
    tables = {file.stem for file in (ROOT / "data").glob("*.csv")} - set(NOT_CLINICAL)
    assert tables == set(KEYS)
    assert set(PACKAGED.rows) == tables | {"locales/ar", "locales/es"}
    for table, rows in PACKAGED.rows.items():
        keys = [key for key, _ in rows]
        assert len(set(keys)) == len(keys)
        assert not [key for key in keys if " #" in key], f"{table}: its key columns do not name a row"


def test_the_hash_is_that_of_the_cells_and_not_of_the_file(tmp_path: Path) -> None:
    folder = copied(tmp_path / "data")
    assert read_package(folder).hash == PACKAGED.hash
    for file in folder.glob("*.csv"):
        with file.open(encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle))
        turned = [dict(reversed(row.items())) for row in rows]
        written(file, turned, newline="\r\n")
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    for file in folder.glob("locales/*/LC_MESSAGES/patient.po"):
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert read_package(folder).hash == PACKAGED.hash


@pytest.mark.parametrize("table", ["triage_rules", "locales/es"])
def test_rows_in_another_order_are_another_hash_where_order_means_something(table: str) -> None:
    turned = {**PACKAGED.rows, table: PACKAGED.rows[table][::-1]}
    other = Package("x", "1.0.0", turned)
    assert other.hash != PACKAGED.hash
    assert {one.kind for one in differences(PACKAGED.rows, turned)} == {"moved"}


def changed(table: str, place: int, column: str, text: str) -> Rows:
    """Our rows with one other cell, read as a file would be."""
    rows = list(PACKAGED.rows[table])
    cells = {**rows[place][1], column: text}
    key = "|".join(cells[name] for name in KEYS[table]) if table in KEYS else rows[place][0]
    rows[place] = (key, cells)
    return {**PACKAGED.rows, table: rows}


@given(st.sampled_from(CELLS), st.text(min_size=1, max_size=30).filter(lambda text: text == text.strip()))
def test_any_single_changed_cell_is_named_with_old_and_new(cell: tuple[str, int, str], text: str) -> None:
    table, place, column = cell
    key, cells = PACKAGED.rows[table][place]
    other = changed(table, place, column, text)
    found = differences(PACKAGED.rows, other)
    if cells[column] == text:
        assert found == ()
        return
    assert Package("x", "1.0.0", other).hash != PACKAGED.hash
    assert [one for one in found if one.kind != "moved"] == [
        Difference(table, key, "changed", column, cells[column], text)
    ]
    said = words_of(found[0])
    assert table in said
    assert key in said


@given(st.sampled_from(CELLS))
def test_a_row_that_is_gone_or_new_is_named(cell: tuple[str, int, str]) -> None:
    table, place, _ = cell
    rows = list(PACKAGED.rows[table])
    key, _ = rows.pop(place)
    without = {**PACKAGED.rows, table: rows}
    assert [(one.table, one.row, one.kind) for one in differences(PACKAGED.rows, without)] == [(table, key, "removed")]
    assert [(one.table, one.row, one.kind) for one in differences(without, PACKAGED.rows)] == [(table, key, "added")]


def test_a_file_of_a_package_is_the_package_or_refused() -> None:
    text = to_file(PACKAGED)
    assert from_file(text).hash == PACKAGED.hash
    spoilt = json.loads(text)
    spoilt["rows"]["triage_rules"][0][1]["advice"] = "unusual"
    with pytest.raises(ValueError, match="changed since"):
        from_file(json.dumps(spoilt))
    with pytest.raises(ValueError, match="no package"):
        from_file('{"id": "x"}')


@pytest.mark.parametrize(
    ("text", "column"), [("id = 'x'", "version"), ("version = '1.0.0'", "id"), ("id = 'x'\nversion = '1.0'", "version")]
)
def test_a_name_that_is_none_is_refused(tmp_path: Path, text: str, column: str) -> None:
    shutil.copy(ROOT / "data" / "facts.csv", tmp_path)
    assert read_package(tmp_path).version == "0.0.0"
    (tmp_path / "package.toml").write_text(text)
    with pytest.raises(ContentError) as refused:
        read_package(tmp_path)
    assert (refused.value.file, refused.value.column) == ("package.toml", column)


def test_it_is_read_and_hashed_once() -> None:
    assert package() is package()


def test_versions_follow_each_other_as_numbers() -> None:
    assert number_of("1.10.0") > number_of("1.9.9")
    assert pinned_version("1.2.0", 0) == "1.2.0"
    assert pinned_version("1.2.0", 3) == "1.2.0+clinic.3"
    for wrong in ("1.2", "01.2.3", "1.2.3-rc1", ""):
        with pytest.raises(ValueError, match="not a version"):
            number_of(wrong)


def signature(staff_id: int, name: str, of: Package = PACKAGED, until: date = date(2027, 1, 1)) -> Signature:
    return Signature(staff_id, name, "dermatologist", datetime(2026, 1, 1, tzinfo=UTC), until, of.version, of.hashes)


def test_two_different_people_are_needed() -> None:
    def missing(*found: Signature) -> int:
        return len(lacking(PACKAGED, found, TODAY))

    everything = len(list(PACKAGED.safety_rows))
    ada, grace = signature(1, "Ada Example"), signature(2, "Grace Example")
    assert missing() == missing(ada) == missing(ada, ada) == everything
    assert missing(ada, signature(1, "Another Name")) == everything, "one account"
    assert missing(ada, signature(2, " ada  EXAMPLE ")) == everything, "one person with two accounts"
    assert missing(ada, grace) == 0
    assert missing(ada, signature(2, "Grace Example", until=date(2026, 3, 9))) == everything, "over since yesterday"
    assert missing(ada, signature(2, "Grace Example", until=TODAY)) == 0


@given(st.sampled_from(CELLS), st.text(min_size=1, max_size=10).filter(lambda text: text == text.strip()))
def test_a_changed_cell_voids_the_signatures_of_its_row_and_of_no_other(cell: tuple[str, int, str], text: str) -> None:
    table, place, column = cell
    key, cells = PACKAGED.rows[table][place]
    if text == cells[column] or column in KEYS.get(table, ()):
        return
    other = Package("x", "1.0.0", changed(table, place, column, text))
    signed = signers(other, (signature(1, "Ada"), signature(2, "Grace")), TODAY)
    assert [row for row, by in signed.items() if len(by) < 2] == [(table, key)]
    assert lacking(other, (signature(1, "Ada"), signature(2, "Grace")), TODAY) == (
        ((table, key),) if is_for_safety(table) else ()
    )


def test_a_row_hash_knows_no_order_of_columns() -> None:
    assert row_hash({"a": "1", "b": "2"}) == row_hash({"b": "2", "a": "1"})
    assert row_hash({"a": "1", "b": "2"}) != row_hash({"a": "2", "b": "1"})
