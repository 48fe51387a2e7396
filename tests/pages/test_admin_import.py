"""The import page: choose a file and its columns, see faults beside the rows, import, take the rest home."""

from pathlib import Path

import pytest
from sqlmodel import func, select
from streamlit.testing.v1 import AppTest

from reporting.domain.actors import Role
from reporting.errors import StorageFull
from reporting.imports import ui_import, ui_mending
from reporting.imports.read_imports import refused_table
from reporting.records import outcomes
from reporting.records.engine import reading, transaction
from reporting.records.tables import ImportRun, Treatment
from reporting.shell.act_sessions import begin
from tests.cast import House, house

pytestmark = pytest.mark.usefixtures("sqlite_database", "stopped_clock")
PAGE = str(Path(__file__).parents[2] / "reporting" / "imports/page_import.py")
GOOD = "Treatment ID,Patient No,Date,Laser,Pulse energy\nT1,P-0001,2026-03-01,D1,30\nT2,P-0001,2026-03-02,D1,40\n"


@pytest.fixture
def clinic() -> House:
    return house("A")


def opened(clinic: House, monkeypatch: pytest.MonkeyPatch, role: Role = "administrator") -> AppTest:
    with transaction() as session:
        cookie = begin(session, hours=1, kind="staff", clinic_id=clinic.clinic_id, staff_id=clinic.staff[role].id)
    monkeypatch.setattr("reporting.shell.ui_identity.cookie_value", lambda: cookie.value)
    return AppTest.from_file(PAGE, default_timeout=30).run()


def uploaded(page: AppTest, content: str | bytes, name: str = "log.csv") -> AppTest:
    data = content.encode() if isinstance(content, str) else content
    page.file_uploader[0].upload(name, data, "text/csv")
    return page.run()


def treatments() -> int:
    with reading() as session:
        return int(session.exec(select(func.count()).select_from(Treatment)).one())


def text_of(page: AppTest) -> str:
    assert not page.exception
    parts = (page.title, page.markdown, page.error, page.warning, page.success)
    return " ".join(str(element.value) for kind in parts for element in kind)


def test_without_a_file_the_page_says_what_to_do(clinic: House, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(clinic, monkeypatch)
    assert "No file yet." in text_of(page)
    assert not page.button


def test_columns_are_guessed_and_the_file_goes_in_once(clinic: House, monkeypatch: pytest.MonkeyPatch) -> None:
    page = uploaded(opened(clinic, monkeypatch), GOOD)
    chosen = {box.label: box.value for box in page.selectbox}
    assert chosen["Column “Treatment ID” is"] == "treatment"
    assert chosen["Column “Laser” is"] == "device"
    assert chosen["Column “Pulse energy” is"] == "pulse_energy_mj"
    assert "2 of 2 rows checked:** 2 would go in, 0 are there already, 0 would be refused" in text_of(page)
    assert treatments() == 1
    assert page.button(key="import_run").label == "Import 2 rows"
    page.button(key="import_run").click().run()
    assert "2 rows read: 2 imported" in text_of(page)
    assert treatments() == 3
    with reading() as session:
        assert outcomes.compare(session) == []
    again = uploaded(page, GOOD)
    assert "0 would go in, 2 are there already" in text_of(again)
    assert "every row is there already" in text_of(again)
    assert not again.button


def test_a_unit_can_be_chosen(clinic: House, monkeypatch: pytest.MonkeyPatch) -> None:
    page = uploaded(opened(clinic, monkeypatch), GOOD.replace(",30", ",0.03").replace(",40", ",0.04"))
    assert "2 would be refused" in text_of(page)
    assert "No row would go in." in text_of(page)
    assert page.button(key="import_run").label == "Keep 2 refused rows to mend"
    unit = next(box for box in page.selectbox if box.label == "Unit in the file")
    unit.set_value("J").run()
    assert "2 would go in" in text_of(page)


def test_faults_stand_beside_their_rows_and_refused_rows_can_be_taken_home(
    clinic: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = uploaded(opened(clinic, monkeypatch), GOOD + "T3,P-0001,2026-02-30,D1,30\nT4,P-0001,2026-03-02,D1,9000\n")
    assert "2 would go in, 0 are there already, 2 would be refused" in text_of(page)
    assert page.button(key="import_run").label == "Import 2 rows"
    assert "2 refused rows can be mended here afterwards" in text_of(page)
    frame = page.dataframe[-1].value
    assert list(frame["row"]) == [4, 5, 2, 3]
    assert "Date: found '2026-02-30'" in frame["problem"][0]
    assert "from 1 to 300 mJ" in frame["problem"][1]
    page.button(key="import_run").click().run()
    assert "4 rows read: 2 imported, 0 were there already, 2 refused" in text_of(page)
    (button,) = [button for button in page.get("download_button") if "refused" in button.label]
    assert button
    assert treatments() == 3


def test_rows_of_another_clinic_are_not_kept_and_the_page_says_why(
    clinic: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house("B")
    head, first, second = GOOD.splitlines()
    abroad, slip = second.replace("T2", "T3"), second.replace("T2", "T4")
    content = f"{head},Site\n{first},A\n{abroad},B\n{slip},AA\n"
    page = uploaded(opened(clinic, monkeypatch), content)
    assert page.button(key="import_run").label == "Import 1 row"
    assert "The 1 refused row can be mended here afterwards" in text_of(page)
    page.button(key="import_run").click().run()
    assert "1 of the refused rows name another clinic. Your sign-in is of one clinic" in text_of(page)
    assert "Mend 1 refused row of log.csv" in text_of(opened(clinic, monkeypatch))
    only_abroad = uploaded(opened(clinic, monkeypatch), f"{head},Site\n{abroad},B\n")
    assert "an administrator of that clinic imports them" in text_of(only_abroad)
    assert not only_abroad.button


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"PK\x03\x04 a workbook", "spreadsheet"),
        (b"\xff\xfea\x00,\x00", "UTF-16"),
        (b"name,price\nsoap,3\n", "no column for"),
    ],
)
def test_a_wrong_file_is_named_and_nothing_can_be_imported(
    clinic: House, monkeypatch: pytest.MonkeyPatch, content: bytes, words: str
) -> None:
    page = uploaded(opened(clinic, monkeypatch), content)
    assert words in text_of(page)
    assert not page.button
    assert treatments() == 1


def test_a_file_that_is_too_large_is_refused_with_the_way_out(clinic: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ui_import, "LARGEST_UPLOAD_BYTES", 10)
    page = uploaded(opened(clinic, monkeypatch), GOOD)
    assert "too large for the browser" in text_of(page)
    assert "python -m reporting import" in text_of(page)


def test_one_field_for_two_columns_is_refused(clinic: House, monkeypatch: pytest.MonkeyPatch) -> None:
    page = uploaded(opened(clinic, monkeypatch), GOOD)
    page.selectbox(key="import_column_3").set_value("patient").run()
    assert "are chosen for patient" in text_of(page)


@pytest.mark.parametrize("role", ["clinician", "front_desk"])
def test_others_may_not(clinic: House, monkeypatch: pytest.MonkeyPatch, role: Role) -> None:
    page = opened(clinic, monkeypatch, role)
    assert "Your role does not allow this." in text_of(page)
    assert not page.file_uploader


def test_a_mapping_file_takes_the_place_of_choosing(clinic: House, monkeypatch: pytest.MonkeyPatch) -> None:
    page = uploaded(opened(clinic, monkeypatch), "Nr,Pat,Tag\nT1,P-0001,01.03.2026\n")
    text = (
        "[treatments]\ntreatment = 'Nr'\npatient = 'Pat'\n"
        "performed_on = { column = 'Tag', format = '%d.%m.%Y' }\nprocedure_class = { constant = 'other' }\n"
    )
    page.file_uploader[1].upload("m.toml", text.encode(), "application/toml")
    page.run()
    assert not page.selectbox
    page.button(key="import_run").click().run()
    assert "1 rows read: 1 imported" in text_of(page)


def test_a_full_disk_is_told_and_nothing_is_in(clinic: House, monkeypatch: pytest.MonkeyPatch) -> None:
    page = uploaded(opened(clinic, monkeypatch), GOOD)

    def full(*args: object) -> None:
        raise StorageFull()

    monkeypatch.setattr("reporting.imports.act_steps.recompute", full)
    page.button(key="import_run").click().run()
    assert "The import stopped: the disk is full" in text_of(page)
    assert treatments() == 1


def refused_run(page: AppTest) -> int:
    """Import a file with two bad rows and one good one; the number of that import."""
    page = uploaded(page, GOOD.replace("2026-03-02", "2026-02-30") + "T4,P-0001,2026-03-02,D1,9000\n")
    page.button(key="import_run").click().run()
    with reading() as session:
        return max(int(row.id or 0) for row in session.exec(select(ImportRun)).all())


def opened_run(clinic: House, monkeypatch: pytest.MonkeyPatch, run: int) -> AppTest:
    page = opened(clinic, monkeypatch)
    page.query_params["run"] = str(run)
    return page.run()


def test_the_history_leads_to_refused_rows_with_each_problem_named(
    clinic: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened(clinic, monkeypatch)
    assert "Nothing has been imported yet." in text_of(page)
    run = refused_run(page)
    page = opened(clinic, monkeypatch)
    history = page.dataframe[-1].value
    assert list(history[["Imported", "Refused", "Waiting"]].iloc[0]) == [1, 2, 2]
    assert "Mend 2 refused rows of log.csv" in text_of(page)
    page = opened_run(clinic, monkeypatch, run)
    table = page.dataframe[0].value
    assert list(table["Row"]) == [3, 4]
    assert list(table["Field"]) == ["Date", "Pulse energy"]
    assert "found '2026-02-30'" in table["What is wrong"].iloc[0]
    assert page.button(key="mend_changed").disabled


def test_trying_again_says_what_became_of_the_rows(clinic: House, monkeypatch: pytest.MonkeyPatch) -> None:
    run = refused_run(opened(clinic, monkeypatch))
    page = opened_run(clinic, monkeypatch, run)
    page.button(key="mend_all").click().run()
    assert "Tried again: 2 are still refused." in text_of(page)
    assert treatments() == 2


def test_an_import_of_another_clinic_is_not_there(clinic: House, monkeypatch: pytest.MonkeyPatch) -> None:
    run = refused_run(opened(clinic, monkeypatch))
    assert opened_run(house("B"), monkeypatch, run).error
    assert "Nothing" not in text_of(opened_run(clinic, monkeypatch, run))


def test_cells_that_were_changed_are_told_from_the_others(clinic: House, monkeypatch: pytest.MonkeyPatch) -> None:
    run = refused_run(opened(clinic, monkeypatch))
    found = refused_table(clinic.staff["administrator"], run)
    edited = ui_mending.editable(found)
    assert ui_mending.cells_of(found, edited, changed_only=True) == {}
    first, second = (row.id for row in found.rows)
    edited.loc[second, "Pulse energy"] = "30"
    edited.loc[first, "Dismiss"] = True
    assert ui_mending.cells_of(found, edited, changed_only=True) == {second: ["T4", "P-0001", "2026-03-02", "D1", "30"]}
    assert len(ui_mending.cells_of(found, edited, changed_only=False)) == 2
