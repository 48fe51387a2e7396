"""Refused rows are kept, mended in place through the same importer, dismissed for a reason, and forgotten."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import select

from reporting import clock
from reporting.domain.actors import SYSTEM, Actor
from reporting.errors import Conflict, InvalidInput, NotAllowed, NotFound, StorageFull
from reporting.imports import act_import as imports
from reporting.imports import act_refused as import_refused
from reporting.imports import act_steps as import_steps
from reporting.imports.act_import import Summary, run_import
from reporting.imports.act_refused import Mended, dismiss, mend
from reporting.imports.file_mapping import KindMapping, as_plain, from_plain, parse_mapping
from reporting.imports.read_imports import RefusedTable, import_history, refused_table
from reporting.patient.act_erasure import apply_retention, erase_patient, record_request, what_is_over
from reporting.records import outcomes
from reporting.records.engine import reading, transaction
from reporting.records.tables import AuditEvent, Clinic, RefusedRow, StaffAccount, Treatment
from reporting.records.trail.verify import verify
from tests.cast import House, house
from tests.conftest import NOW

pytestmark = [pytest.mark.usefixtures("stopped_clock"), pytest.mark.sqlite_first]
HEAD = "treatment,patient,performed_on,operator,device,area,pulse_energy_mj,density_pct,fitzpatrick"
GOOD = "T1,P-0001,2026-03-01,O1,D1,cheeks,30,15,4"
BAD_DAY = "T2,P-0001,2026-02-30,O1,D1,cheeks,30,15,4"
BAD_TWICE = "T3,P-0001,2026-03-02,O1,D1,elbow,9000,15,4"
SHORT = "T4,P-0001"
FILE = f"{HEAD}\n{GOOD}\n{BAD_DAY}\n{BAD_TWICE}\n{SHORT}\n"


def take_in(folder: Path, content: str, by: Actor, name: str = "log.csv", *, create_missing: bool = False) -> Summary:
    path = folder / name
    path.write_text(content)
    return run_import(
        by=by,
        path=path,
        mapping=KindMapping("treatments", create_missing=create_missing),
        rejected_path=folder / f"{name}.rejected.csv",
        clinic="A",
    )


def waiting(by: Actor, run: int = 0) -> RefusedTable:
    return refused_table(by, import_history(by)[run].id)


def changed(table: RefusedTable, line: int, **cells: str) -> dict[int, list[str]]:
    """The row of that line with some cells as they should be."""
    row = next(row for row in table.rows if row.line == line)
    values = import_refused.fitted(row.cells, len(table.header))
    for name, value in cells.items():
        values[table.header.index(name)] = value
    return {row.id: values}


def rows_by_line() -> dict[int, Any]:
    with reading() as session:
        return {row.line: row for row in session.exec(select(RefusedRow)).all()}


def references() -> list[str]:
    with reading() as session:
        return sorted(session.exec(select(Treatment.reference)).all())


def trail(prefix: str) -> list[AuditEvent]:
    with reading() as session:
        return [row for row in session.exec(select(AuditEvent)).all() if row.action.startswith(prefix)]


@pytest.fixture
def clinic(database: str) -> House:
    return house("A")


@pytest.fixture
def admin(clinic: House) -> Actor:
    return clinic.staff["administrator"]


def test_refused_rows_wait_with_their_problems_by_row_and_field(admin: Actor, tmp_path: Path) -> None:
    summary = take_in(tmp_path, FILE, admin)
    assert (summary.imported, summary.refused, summary.kept) == (1, 3, 3)
    table = waiting(admin)
    assert [row.line for row in table.rows] == [3, 4, 5]
    assert table.rows[0].cells == tuple(BAD_DAY.split(","))
    assert table.rows[0].fields == ("performed_on",)
    assert "performed_on: found '2026-02-30'" in table.rows[0].problems[0]
    assert table.rows[1].fields == ("area",)
    assert table.rows[2].problems == ("(row): found '2 cells'; allowed is 9, as in the header",)
    assert table.by_field == {"performed_on": 1, "area": 1, "(row)": 1}
    assert [row.line for row in refused_table(admin, table.run.id, "area").rows] == [4]


def test_what_is_kept_cannot_be_read_in_the_database(admin: Actor, tmp_path: Path) -> None:
    take_in(tmp_path, FILE, admin)
    with reading() as session:
        stored = session.connection().execute(text("SELECT content_encrypted FROM refused_row")).scalars().all()
        details = session.connection().execute(text("SELECT details FROM import_run")).scalars().all()
    assert len(stored) == 3
    assert not any("P-0001" in json.dumps(found) or "2026-02-30" in json.dumps(found) for found in (*stored, *details))
    assert not any("P-0001" in json.dumps(row.details) for row in trail(""))


def test_a_mended_row_goes_in_once_and_the_others_stay(admin: Actor, tmp_path: Path) -> None:
    take_in(tmp_path, FILE, admin)
    table = waiting(admin)
    rows = changed(table, 3, performed_on="2026-02-28") | changed(table, 4, area="nose")
    done = mend(by=admin, run_id=table.run.id, cells=rows, create_missing=False)
    assert done == Mended(imported=1, there=0, refused=1, gone=0)
    assert references() == ["T-0001", "T1", "T2"]
    with reading() as session:
        assert outcomes.compare(session) == []
    after = waiting(admin)
    assert [row.line for row in after.rows] == [4, 5]
    assert "nose" in after.rows[0].cells
    assert "pulse_energy_mj: found '9000'" in after.rows[0].problems[0]
    assert (after.run.waiting, after.run.mended) == (2, 1)
    kept = rows_by_line()[3]
    assert (kept.state, kept.content_encrypted, kept.worked_by, kept.worked_at) == ("mended", None, admin.id, NOW)
    again = mend(by=admin, run_id=table.run.id, cells=rows, create_missing=False)
    assert again == Mended(imported=0, there=0, refused=1, gone=1)
    assert references() == ["T-0001", "T1", "T2"]
    [first, _] = trail("import.mended")
    assert (first.details["imported"], first.details["lines"], first.actor_id) == (1, [3, 4], admin.id)
    assert verify().ok


def test_a_duplicate_says_so(admin: Actor, tmp_path: Path) -> None:
    take_in(tmp_path, FILE, admin)
    table = waiting(admin)
    same = dict(zip(table.header, GOOD.split(","), strict=True))
    other = {**same, "performed_on": "2026-03-05"}
    rows = changed(table, 3, **same) | changed(table, 4, **other)
    done = mend(by=admin, run_id=table.run.id, cells=rows, create_missing=False)
    assert done == Mended(imported=0, there=1, refused=1, gone=0)
    assert rows_by_line()[3].state == "there"
    left = next(row for row in waiting(admin).rows if row.line == 4)
    assert "it is there already with performed_on 2026-03-01 (now 2026-03-05)" in left.problems[0]


def test_what_is_missing_can_be_made_while_mending(admin: Actor, tmp_path: Path) -> None:
    take_in(tmp_path, f"{HEAD}\n{GOOD.replace('O1', 'O9')}\n", admin)
    table = waiting(admin)
    assert mend(by=admin, run_id=table.run.id, cells=changed(table, 2), create_missing=False).refused == 1
    assert mend(by=admin, run_id=table.run.id, cells=changed(table, 2), create_missing=True).imported == 1


def test_when_the_database_gives_up_the_row_waits_on_and_nothing_is_in(
    admin: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in(tmp_path, FILE, admin)
    table = waiting(admin)
    rows = changed(table, 3, performed_on="2026-02-28")

    def gives_up(_session: Any, _ids: Any) -> None:
        raise StorageFull()

    with monkeypatch.context() as broken, pytest.raises(StorageFull):
        broken.setattr(import_steps, "recompute", gives_up)
        mend(by=admin, run_id=table.run.id, cells=rows, create_missing=False)
    assert waiting(admin) == table
    assert references() == ["T-0001", "T1"]
    assert mend(by=admin, run_id=table.run.id, cells=rows, create_missing=False).imported == 1


def test_dismissing_needs_a_reason(admin: Actor, tmp_path: Path) -> None:
    take_in(tmp_path, FILE, admin)
    table = waiting(admin)
    ids = [row.id for row in table.rows[:2]]
    for reason in ("", "  ", "x" * 401):
        with pytest.raises(InvalidInput, match="reason"):
            dismiss(by=admin, run_id=table.run.id, ids=ids, reason=reason)
    assert dismiss(by=admin, run_id=table.run.id, ids=ids, reason="Test entries of the practice system") == 2
    assert [row.line for row in waiting(admin).rows] == [5]
    kept = rows_by_line()[3]
    assert (kept.state, kept.content_encrypted, kept.worked_by) == ("dismissed", None, admin.id)
    assert kept.reason_encrypted is not None
    assert "Test entries" not in kept.reason_encrypted
    [event] = trail("import.rows_dismissed")
    assert event.details == {"rows": 2, "lines": [3, 4]}
    with pytest.raises(Conflict):
        dismiss(by=admin, run_id=table.run.id, ids=ids, reason="again")


def test_only_those_who_may_import_and_only_their_own_clinic(clinic: House, admin: Actor, tmp_path: Path) -> None:
    take_in(tmp_path, FILE, admin)
    table = waiting(admin)
    rows = changed(table, 3)
    for role in ("clinician", "safety_lead", "front_desk"):
        by = clinic.staff[role]
        with pytest.raises(NotAllowed):
            mend(by=by, run_id=table.run.id, cells=rows, create_missing=False)
        with pytest.raises(NotAllowed):
            dismiss(by=by, run_id=table.run.id, ids=list(rows), reason="no")
        with pytest.raises(NotAllowed):
            refused_table(by, table.run.id)
    other = house("B").staff["administrator"]
    assert import_history(other) == ()
    for attempt in (
        lambda: mend(by=other, run_id=table.run.id, cells=rows, create_missing=False),
        lambda: dismiss(by=other, run_id=table.run.id, ids=list(rows), reason="no"),
        lambda: refused_table(other, table.run.id),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert waiting(admin) == table


MANY = f"""clinic,{HEAD}
A,{GOOD}
A,{BAD_DAY}
B,{BAD_TWICE.replace("P-0001", "P-0002")}
B,{GOOD}
C,{GOOD}
A,{SHORT}
,{BAD_DAY}
"""


def colleague_of(admin: Actor) -> Actor:
    """A second administrator of the same clinic."""
    with transaction() as session:
        account = StaffAccount(
            clinic_id=admin.clinic_id or 0,
            email="two@a.example",
            display_name="Demo colleague",
            password_hash="not a hash",
            role="administrator",
        )
        session.add(account)
        session.flush()
        return replace(admin, id=account.id)


def test_of_a_file_of_several_clinics_each_mends_its_own_rows(admin: Actor, tmp_path: Path) -> None:
    other = house("B").staff["administrator"]
    summary = take_in(tmp_path, MANY, SYSTEM)  # told: rows that name no clinic are of A
    assert (summary.imported, summary.refused, summary.kept, summary.elsewhere) == (2, 5, 3, 2)
    mine, theirs = waiting(admin), waiting(other)
    assert [row.line for row in mine.rows] == [3, 8]
    assert [row.line for row in theirs.rows] == [4]
    for table, counts in ((mine, (3, 1, 2)), (theirs, (2, 1, 1))):
        assert (table.run.rows_read, table.run.rows_imported, table.run.rows_refused) == counts
        assert (table.run.hidden, table.run.elsewhere, table.run.not_kept) == (0, 0, 0)
    assert len(import_history(admin)) == len(import_history(other)) == 1
    with pytest.raises(NotFound):
        mend(by=admin, run_id=theirs.run.id, cells=changed(theirs, 4, area="cheeks"), create_missing=True)
    gone = mend(by=admin, run_id=mine.run.id, cells=changed(theirs, 4, area="cheeks"), create_missing=True)
    assert gone == Mended(imported=0, there=0, refused=0, gone=1)
    abroad = changed(mine, 3, clinic="B", performed_on="2026-02-28")
    assert mend(by=admin, run_id=mine.run.id, cells=abroad, create_missing=True).refused == 1
    assert "your own clinic, A" in waiting(admin).rows[0].problems[0]
    home = changed(mine, 3, performed_on="2026-02-28")
    assert mend(by=admin, run_id=mine.run.id, cells=home, create_missing=False).imported == 1
    there = changed(theirs, 4, area="cheeks", pulse_energy_mj="30")
    assert mend(by=other, run_id=theirs.run.id, cells=there, create_missing=True).imported == 1
    assert {row.line: row.content_encrypted is None for row in rows_by_line().values()} == {3: True, 4: True, 8: False}
    again = take_in(tmp_path, MANY, SYSTEM)
    assert (again.kept, [line.waiting for line in import_history(admin)]) == (3, [1, 0])


def test_whose_clinic_is_a_guess_only_who_brought_the_file_sees(admin: Actor, tmp_path: Path) -> None:
    """Staff bring rows of their own clinic: what names another clinic is not kept, a slip of the pen for them alone."""
    other, colleague = house("B").staff["administrator"], colleague_of(admin)
    summary = take_in(tmp_path, MANY, admin)
    assert (summary.imported, summary.refused, summary.kept, summary.elsewhere) == (1, 6, 4, 2)
    assert import_history(other) == ()
    mine, theirs = waiting(admin), waiting(colleague)
    assert ([row.line for row in mine.rows], mine.run.hidden, mine.run.elsewhere) == ([3, 6, 7, 8], 0, 2)
    assert ([row.line for row in theirs.rows], theirs.run.waiting, theirs.run.hidden) == ([3, 8], 2, 2)
    slip = changed(mine, 6, clinic="A", treatment="T9")
    assert mend(by=colleague, run_id=mine.run.id, cells=slip, create_missing=True).gone == 1
    with pytest.raises(Conflict):
        dismiss(by=colleague, run_id=mine.run.id, ids=list(slip), reason="not mine to see")
    assert mend(by=admin, run_id=mine.run.id, cells=slip, create_missing=True).imported == 1
    with transaction() as session:
        session.get_one(Clinic, admin.clinic_id).retention = {"refused_rows": 2}
    with clock.fixed(NOW + timedelta(days=70)):
        assert apply_retention(NOW + timedelta(days=70))["refused_rows"] == 3


def test_a_check_in_without_a_clinic_belongs_to_that_of_its_treatment(clinic: House, tmp_path: Path) -> None:
    other = house("B")
    with transaction() as session:
        session.get_one(Treatment, clinic.treatment_id).reference = "ONLY-A"
    path = tmp_path / "answers.csv"
    path.write_text("treatment,scheduled_day,answered_on,burning\nONLY-A,1,2026-03-08,9\nNOBODYS,1,2026-03-08,1\n")
    summary = run_import(by=SYSTEM, path=path, mapping=KindMapping("check-ins"), rejected_path=tmp_path / "r.csv")
    assert (summary.kept, summary.elsewhere) == (1, 1)
    admin = clinic.staff["administrator"]
    table = waiting(admin)
    assert [row.line for row in table.rows] == [2]
    assert import_history(other.staff["administrator"]) == ()
    assert mend(by=admin, run_id=table.run.id, cells=changed(table, 2, burning="1"), create_missing=False).imported == 1


def test_the_command_line_keeps_them_too_even_if_nothing_went_in(admin: Actor, tmp_path: Path) -> None:
    take_in(tmp_path, f"{HEAD}\n{BAD_DAY}\n", SYSTEM)
    table = waiting(admin)
    assert (table.run.by, len(table.rows)) == ("command line", 1)
    done = mend(by=admin, run_id=table.run.id, cells=changed(table, 2, performed_on="2026-02-28"), create_missing=False)
    assert done.imported == 1


def test_the_same_file_again_asks_about_each_row_once(admin: Actor, tmp_path: Path) -> None:
    take_in(tmp_path, FILE, admin)
    table = waiting(admin)
    mend(by=admin, run_id=table.run.id, cells=changed(table, 3, performed_on="2026-02-28"), create_missing=False)
    take_in(tmp_path, FILE, admin)
    assert [line.waiting for line in import_history(admin)] == [2, 0]
    assert [row.line for row in waiting(admin).rows] == [4, 5]


def test_of_very_many_the_first_are_kept_and_the_rest_is_counted(
    admin: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "KEPT_ROWS", 3)
    monkeypatch.setattr(imports, "CHUNK_ROWS", 2)
    summary = take_in(tmp_path, f"{HEAD}\n" + f"{BAD_DAY}\n" * 8, admin)
    assert (summary.refused, summary.kept) == (8, 3)
    [line] = import_history(admin)
    assert (line.waiting, line.not_kept) == (3, 5)
    assert [row.line for row in waiting(admin).rows] == [2, 3, 4]


def test_they_go_when_the_clinic_says_so(clinic: House, admin: Actor, tmp_path: Path) -> None:
    take_in(tmp_path, FILE, admin)
    with transaction() as session:
        session.get_one(Clinic, clinic.clinic_id).retention = {"refused_rows": 2}
    assert apply_retention(NOW + timedelta(days=50)) == {}
    later = NOW + timedelta(days=70)
    assert what_is_over(later) == {"refused_rows": 3}
    with clock.fixed(later):
        assert apply_retention(later)["refused_rows"] == 3
    assert {(row.state, row.content_encrypted) for row in rows_by_line().values()} == {("over", None)}
    assert waiting(admin).n_waiting == 0


def test_who_is_erased_is_in_no_refused_row(clinic: House, admin: Actor, tmp_path: Path) -> None:
    take_in(tmp_path, FILE + BAD_DAY.replace("P-0001", "P-0002") + "\n", admin)
    erase_patient(by=admin, request_id=record_request(by=admin, reference="P-0001"))
    assert [row.line for row in waiting(admin).rows] == [6]
    assert {rows_by_line()[line].content_encrypted for line in (3, 4, 5)} == {None}


def test_a_mapping_comes_back_as_it_was() -> None:
    mapping = parse_mapping((Path(__file__).parent.parent / "data" / "simulation.toml").read_text(), "treatments")
    assert from_plain(json.loads(json.dumps(as_plain(mapping)))) == mapping
