"""Files as other programs write them can be read; others are named for what they are."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reporting.errors import UnreadableFile
from reporting.imports.file_csv import PIECE_BYTES, open_csv
from reporting.shell.file_csv import Fault, RejectedFile, safe_cell

cell = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=12)
names = st.lists(st.from_regex(r"[A-Za-z][A-Za-z_ ]{0,8}[A-Za-z]", fullmatch=True), min_size=2, max_size=5, unique=True)


def write(folder: Path, content: bytes | str) -> Path:
    path = folder / "log.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    header=names,
    data=st.data(),
    separator=st.sampled_from([",", ";", "\t"]),
    newline=st.sampled_from(["\n", "\r\n"]),
    bom=st.booleans(),
)
def test_what_was_written_is_read(
    tmp_path: Path, header: list[str], data: st.DataObject, separator: str, newline: str, bom: bool
) -> None:
    rows = data.draw(st.lists(st.lists(cell, min_size=len(header), max_size=len(header)), min_size=1, max_size=6))
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator=newline, quoting=csv.QUOTE_ALL).writerows([header, *rows])
    path = write(tmp_path, ("\ufeff" if bom else "").encode() + text.getvalue().encode())
    source = open_csv(path)
    assert (source.separator, list(source.header), source.rows) == (separator, header, len(rows))
    assert [cells for _, cells in source.records()] == rows


def test_separators_inside_quotes_do_not_count(tmp_path: Path) -> None:
    path = write(tmp_path, 'a;"b,c,d,e";f\n1;"2,3,4,5";6\n')
    assert open_csv(path).separator == ";"


def test_rows_are_numbered_as_a_spreadsheet_shows_them_and_blank_lines_are_no_rows(tmp_path: Path) -> None:
    source = open_csv(write(tmp_path, 'a,b\n1,"two\nlines"\n\n3,4\n'))
    assert source.rows == 2
    assert list(source.records()) == [(2, ["1", "two\nlines"]), (4, ["3", "4"])]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \n", "empty"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04rest", "spreadsheet"),
        (b"%PDF-1.7", "PDF"),
        (b"a,b\n1,\x00\n", "zero bytes"),
        ("a,b\n1,2\nJos\u00e9,3\n".encode("latin-1"), "line 3 is not UTF-8"),
        (b"a,b\n1,2\nJos\xc3", "cut off"),
        (b"a,a\n1,2\n", "'a' is there twice"),
        (b"a,b\n", "no rows"),
        (b'a,b\n1,2\n3,"never closed\n5,6\n', "quoting is broken after row 2"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_for_what_is_wrong(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(UnreadableFile, match=words):
        open_csv(write(tmp_path, content))


def test_a_wrong_byte_far_down_is_found_before_any_row_is_handed_out(tmp_path: Path) -> None:
    content = b"a,b\n" + b"1,2\n" * (PIECE_BYTES // 4) + b"\xff,2\n"
    with pytest.raises(UnreadableFile, match=f"line {PIECE_BYTES // 4 + 2} is not UTF-8"):
        open_csv(write(tmp_path, content))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="no such file"):
        open_csv(tmp_path / "not_there.csv")


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\tx"])
def test_formulas_are_made_harmless(text: str) -> None:
    assert safe_cell(text) == "'" + text


@pytest.mark.parametrize("text", ["-5", "+34", "-5.5", "12,5", "plain", ""])
def test_numbers_and_words_stay_as_they_are(text: str) -> None:
    assert safe_cell(text) == text


def test_refused_rows_come_with_their_columns_number_and_reason(tmp_path: Path) -> None:
    path = tmp_path / "log.rejected.csv"
    with RejectedFile(path, ("a", "b"), ";") as rejected:
        rejected.add(["=HYPERLINK(1)", "two\nlines"], [Fault(7, "a", "=HYPERLINK(1)", "a number")])
        rejected.add(["only one"], [Fault(9, "(row)", "1 cells", "2, as in the header")])
    source = open_csv(path)
    assert source.header == ("a", "b", "refused_row", "refused_because")
    assert [cells for _, cells in source.records()] == [
        ["'=HYPERLINK(1)", "two\nlines", "7", "a: found '=HYPERLINK(1)'; allowed is a number"],
        ["only one", "", "9", "(row): found '1 cells'; allowed is 2, as in the header"],
    ]


def test_without_refused_rows_there_is_no_file_and_an_old_one_goes(tmp_path: Path) -> None:
    path = tmp_path / "log.rejected.csv"
    path.write_text("from the last run")
    with RejectedFile(path, ("a",), ","):
        pass
    assert not path.exists()
