"""The monthly report at its edges: nothing to tell, months that are not there, other scripts, small counts."""

import re
from dataclasses import replace
from datetime import date, datetime
from io import BytesIO

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from reporting.domain import clinic_settings
from reporting.domain.actors import SYSTEM
from reporting.domain.clinic_settings import Month
from reporting.errors import InvalidInput, NotAllowed
from reporting.records.engine import transaction
from reporting.records.tables import Clinic
from reporting.report.pdf_charts import Reader, together
from reporting.report.pdf_monthly import file_name, monthly_pdf
from reporting.report.read_monthly import MonthlyReport, monthly_report
from reporting.shell.read_scope import Filters
from tests.cast import house

MONTH = Month(2026, 2)


def read(report: MonthlyReport) -> PdfReader:
    return PdfReader(BytesIO(monthly_pdf(report)))


def words(reader: PdfReader) -> str:
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in reader.pages))


def test_a_report_of_a_running_month_says_so_and_holds_names_in_other_scripts(
    sqlite_database: str, stopped_clock: datetime
) -> None:
    clinic = house("A")
    with transaction() as session:
        session.get_one(Clinic, clinic.clinic_id).name = "Clínica Ñandú Łódź عيادة الجلد"
    reader = read(monthly_report(clinic.staff["clinician"], Month(2026, 3)))
    assert "Clínica Ñandú Łódź" in words(reader)
    assert "عيادة" in words(reader)
    assert "�" not in words(reader)
    assert "the month is not over" in words(reader)


def test_a_clinic_without_treatments_gets_one_honest_page(sqlite_database: str, stopped_clock: datetime) -> None:
    clinic = house("A")
    for month, said in (
        (Month(2026, 2), "No treatment is on record before it"),
        (Month(2025, 1), "No treatment of January"),
    ):
        reader = read(monthly_report(clinic.staff["clinician"], month))
        assert len(reader.pages) == 1
        assert said in words(reader)
        assert "In numbers" not in words(reader)


def test_a_month_that_has_not_begun_has_no_report(sqlite_database: str, stopped_clock: datetime) -> None:
    clinic = house("A")
    with pytest.raises(InvalidInput, match="month"):
        monthly_report(clinic.staff["clinician"], Month(2026, 4))


def test_only_the_own_clinic_is_in_it_and_the_front_desk_gets_none(
    sqlite_database: str, stopped_clock: datetime
) -> None:
    ours, theirs = house("A"), house("B")
    for actor in (ours.staff["clinician"], replace(SYSTEM, clinic_id=ours.clinic_id)):
        report = monthly_report(actor, Month(2026, 3))
        assert (report.clinic, report.overview.totals.n_treatments) == ("Demo clinic A", 1)
    for actor in (ours.staff["front_desk"], theirs.patient):
        with pytest.raises(NotAllowed):
            monthly_report(actor, Month(2026, 3))


@given(st.lists(st.integers(0, 30), min_size=1, max_size=8))
def test_no_small_group_is_left_alone(sizes: list[int]) -> None:
    table = pd.DataFrame({"group": [f"g{i}" for i in range(len(sizes))], "n_treatments": sizes})
    found = together(table, ["n_treatments"], 5)
    assert found["n_treatments"].sum() == sum(sizes)
    shown = found["n_treatments"].to_numpy()
    assert (shown >= 5).all() or len(found) == 1


@given(st.integers(0, 40), st.integers(0, 40))
def test_what_is_hidden_cannot_be_worked_out_of_the_pair(part: int, more: int) -> None:
    said = Reader(hand_on=True, threshold=5).of(part, part + more)
    small = any(0 < number < 5 for number in (part, more, part + more))
    assert ("hidden" in said) == (small and part + more > 0)


@given(st.dates(date(2001, 1, 1), date(2098, 12, 1)))
def test_months(day: date) -> None:
    month = clinic_settings.of(day)
    assert clinic_settings.parse(str(month)) == month
    assert month.next.previous == month
    assert month.first <= day <= month.last
    assert month.last < month.next.first
    before = Filters(from_date=month.first, to_date=month.last).previous_period(day)
    assert before is not None
    assert (before.from_date, before.to_date) == (month.previous.first, month.previous.last)


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "1999-01", "2026-01-01", "", "../x"])
def test_no_other_month_is_read(text: str) -> None:
    with pytest.raises(InvalidInput):
        clinic_settings.parse(text)


def test_versions_have_names_of_their_own() -> None:
    names = {file_name(MONTH, operators=o, hand_on=h) for o, h in ((False, False), (True, False), (False, True))}
    assert names == {
        "safety-report-2026-02.pdf",
        "safety-report-2026-02-with-operators.pdf",
        "safety-report-2026-02-to-hand-on.pdf",
    }
