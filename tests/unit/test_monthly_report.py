"""The monthly report read back from its PDF: the pages' own numbers, nobody's name, one page first."""

import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from io import BytesIO
from typing import Any

import pandas as pd
import pytest
from pypdf import PdfReader
from sqlmodel import select

from reporting import clock
from reporting.dashboards.read_overview import overview
from reporting.dashboards.read_quality import data_quality
from reporting.dashboards.read_ranges import areas_above_guideline
from reporting.demo import fill
from reporting.domain.actors import SYSTEM, Actor
from reporting.domain.clinic_settings import Month
from reporting.domain.devices import guideline_maximum
from reporting.errors import NotAllowed
from reporting.records.engine import reading, transaction
from reporting.records.tables import Patient, Signal, SignalEvent, StaffAccount, Treatment
from reporting.report.pdf_monthly import monthly_pdf
from reporting.report.read_monthly import month_filters, monthly_report
from reporting.shell.chart_look import percent
from reporting.shell.read_scope import Filters, scoped_frame
from reporting.signals.read_peers import units
from tests.conftest import NOW

MONTH = Month(2026, 2)
CARD = {
    "kind": "outcome",
    "observed": 9.0,
    "expected": 3.2,
    "excess": 5.8,
    "ratio": 2.8,
    "ratio_lower": 1.4,
    "ratio_upper": 5.1,
    "n_treatments": 60,
    "response_rate": 0.7,
    "tipping_point": "",
    "instead": ["It could be operator O2 instead: probability 30 %."],
}


@pytest.fixture(scope="module")
def clinic_id(module_database: str) -> Iterator[int]:
    """A synthetic clinic with two signals, one of them about an operator."""
    with clock.fixed(NOW):
        made = fill.fill(treatments=400, seed=3)
        with transaction() as session:
            for kind, unit in (("device", "CO2-2"), ("operator", "O2")):
                signal = Signal(
                    clinic_id=made.clinic_id,
                    code=f"test:{unit}",
                    kind="outcome",
                    unit_type=kind,
                    unit_id=unit,
                    symptom="burning",
                    first_flagged_on=date(2026, 2, 20),
                    rank=1,
                    last_seen_on=date(2026, 3, 1),
                    state="action_taken",
                    card=CARD,
                )
                session.add(signal)
                session.flush()
                session.add(
                    SignalEvent(
                        clinic_id=made.clinic_id,
                        signal_id=signal.id or 0,
                        kind="action_taken",
                        happened_on=date(2026, 2, 22),
                        note=f"Energy of {unit} lowered",
                    )
                )
        yield made.clinic_id


def person(clinic_id: int, role: str) -> Actor:
    with reading() as session:
        found = select(StaffAccount).where(StaffAccount.clinic_id == clinic_id, StaffAccount.role == role)
        account = session.exec(found).one()
    return Actor(kind="staff", id=account.id, clinic_id=clinic_id, role=role, label=role)  # type: ignore[arg-type]


@cache
def read(clinic_id: int, role: str, *, operators: bool = False, hand_on: bool = False) -> PdfReader:
    with clock.fixed(NOW):
        report = monthly_report(person(clinic_id, role), MONTH, operators=operators)
        return PdfReader(BytesIO(monthly_pdf(report, hand_on=hand_on)))


@cache
def page_words(reader: PdfReader, number: int) -> str:
    """The text of one page, counted from nought; reading it takes longer than making it."""
    return re.sub(r"\s+", " ", reader.pages[number].extract_text())


def words(reader: PdfReader) -> str:
    return " ".join(page_words(reader, number) for number in range(len(reader.pages)))


def everything(reader: PdfReader) -> str:
    """Text, text alternatives, outline and what the file says of itself."""
    found: list[str] = [words(reader), str(reader.metadata)]
    for number in range(1, len(reader.xref[0]) + 1 if reader.xref.get(0) else 0):
        entry = reader.get_object(number)
        if isinstance(entry, dict):
            found += [str(entry[name]) for name in ("/Alt", "/Title", "/ActualText") if name in entry]
    return " ".join(found)


def test_the_first_page_is_one_page_and_says_it_all(clinic_id: int) -> None:
    first = page_words(read(clinic_id, "clinician"), 0)
    parts = ("To decide", "In numbers", "Active signals", "What was done")
    assert [part for part in parts if part not in first] == []
    assert "Side effects reported as unexpected" in page_words(read(clinic_id, "clinician"), 1)
    assert "Energy of CO2-2 lowered" in first
    assert "9 observed, 3.2 expected" in first
    assert "synthetic data: nobody in it is real" in first


def test_its_numbers_are_those_of_the_page_overview(clinic_id: int) -> None:
    first = page_words(read(clinic_id, "clinician"), 0)
    with clock.fixed(NOW):
        by = person(clinic_id, "clinician")
        now = overview(by, month_filters(MONTH, "DEMO"))
        january = overview(by, Filters(from_date=date(2026, 1, 1), to_date=date(2026, 1, 31)))
    assert now.totals.n_treatments > 5
    assert f"Treatments {now.totals.n_treatments} {january.totals.n_treatments} " in first
    answered, due = now.totals.answered_check_ins, now.totals.due_check_ins
    assert f"Due check-ins answered {answered:,} of {due:,} ({percent(answered / due)})" in first
    assert f"unexpected report {now.cases.n_reported} of {now.totals.n_treatments} (" in first
    for row in now.rates.itertuples():
        seen, before = f"{row.events} of {row.n_answered} (", f"{row.previous_events} of {row.previous_n_answered} ("
        own = f"{row.baseline_events} of {row.baseline_n_answered} ("
        assert re.search(
            rf"{row.label} .{{0,2}}{re.escape(seen)}[^)]*\) {re.escape(before)}[^)]*\) {re.escape(own)}", first
        )
        was = january.rates.set_index("symptom").loc[str(row.symptom)]
        assert (row.previous_events, row.previous_n_answered) == (was["events"], was["n_answered"])


@pytest.mark.thorough
def test_its_evidence_is_that_of_the_other_pages(clinic_id: int) -> None:
    text = words(read(clinic_id, "clinician"))
    with clock.fixed(NOW):
        by = person(clinic_id, "clinician")
        quality = data_quality(by, month_filters(MONTH, "DEMO"))
        year = Filters(from_date=date(2025, 3, 1), to_date=date(2026, 2, 28))
        report = monthly_report(by, MONTH)
    assert f"{quality.n_silent} of {quality.n_old_enough} treatments" in text
    for row in quality.sensitivity.itertuples():
        assert f"{row.label} {percent(row.rate)} {percent(row.if_none)} {percent(row.if_all)}" in text
    assert report.units
    for found in report.units:
        with clock.fixed(NOW):
            page = units(by, "device", found.symptom, year)
        pd.testing.assert_frame_equal(found.table, page.table)
        for row in page.table.itertuples():
            assert f"{row.unit} {row.n_treatments} {row.events:.0f} {row.expected:.1f} {row.ratio:.2f}" in text


@pytest.mark.thorough
def test_nobody_is_in_it(clinic_id: int) -> None:
    with reading() as session:
        names = [*session.exec(select(Patient.reference)).all(), *session.exec(select(Treatment.reference)).all()]
    assert len(names) > 300
    for said in (everything(read(clinic_id, "clinician")), everything(read(clinic_id, "safety_lead", operators=True))):
        assert [name for name in names if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", said)] == []


@pytest.mark.thorough
def test_operators_are_in_the_safety_leads_version_alone(clinic_id: int) -> None:
    usual, led = everything(read(clinic_id, "clinician")), everything(read(clinic_id, "safety_lead", operators=True))
    for said in ("DEMO/O1", "DEMO/O2", "Operator O2", "operator O2", "Energy of O2"):
        assert said not in usual
        assert said in led
    for role in ("clinician", "administrator"):
        with clock.fixed(NOW), pytest.raises(NotAllowed):
            monthly_report(person(clinic_id, role), MONTH, operators=True)


def test_what_is_handed_on_hides_small_counts(clinic_id: int) -> None:
    reader = read(clinic_id, "clinician", hand_on=True)
    assert len(reader.pages) == 1
    text = words(reader)
    assert "counts below 5 are hidden" in text
    assert "hidden (< 5)" in text
    assert [
        found for found in re.findall(r"(\d[\d,]*) of (\d[\d,]*) \(", text) if 0 < int(found[0].replace(",", "")) < 5
    ] == []
    shown = re.findall(r"(\d[\d,]*) of (\d[\d,]*) \(", text)
    assert shown
    assert all(number == "0" or int(number.replace(",", "")) % 5 == 2 for pair in shown for number in pair)
    assert "9 observed" not in text
    assert "Energy of" not in text, "what somebody wrote down stays in the clinic"
    assert "Device CO2-2: something was changed" in text


def test_it_can_be_read_out(clinic_id: int) -> None:
    reader = read(clinic_id, "clinician")
    root: Any = reader.trailer["/Root"]
    assert (root["/Lang"], root["/MarkInfo"]["/Marked"]) == ("en", True)
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata is not None
    assert reader.metadata.title == "Safety report, February 2026, Demo Clinic (synthetic)"
    said = everything(reader)
    assert "Unexpected reports per symptom, as a share of treatments that answered." in said
    for label in ("Burning", "Hyperpigmentation"):
        assert f"{label}, unexpected reports by week of treatment" in said
    pictures = sum(len(page.images) for page in reader.pages)
    assert said.count("by week of treatment, ") == 6
    assert pictures == said.count("by week of treatment, ") + said.count("Observed over expected") + 1
    fonts = {str(font["/FontDescriptor"].keys()) for page in reader.pages for font in _fonts(page)}
    assert all("/FontFile2" in keys for keys in fonts)
    assert fonts
    assert [entry.title for entry in reader.outline if not isinstance(entry, list)] == ["Safety report, February 2026"]  # type: ignore[union-attr]


def _fonts(page: Any) -> Iterator[Any]:
    for font in page["/Resources"]["/Font"].values():
        for inner in font.get_object()["/DescendantFonts"]:
            yield inner.get_object()


def test_settings_above_the_maximum_are_counted_one_by_one(clinic_id: int) -> None:
    found = areas_above_guideline(SYSTEM, Filters())
    assert len(found)
    frame = scoped_frame(SYSTEM)
    for row in found.itertuples():
        field = {"Fluence": "fluence_j_cm2", "Pulse energy": "pulse_energy_mj", "Density": "density_pct"}.get(
            str(row.setting)
        )
        if field is None:
            continue
        part = frame[(frame["device_class"] == row.device_class) & frame[field].notna()]
        limits = [
            guideline_maximum(
                str(one.device_class),
                field,
                int(one.fitzpatrick) or None,
                None if pd.isna(one.spot_size_mm) else float(one.spot_size_mm),
                str(one.area),
            )
            for one in part.itertuples()
        ]
        above = [value > limit.maximum for value, limit in zip(part[field].astype(float), limits, strict=True) if limit]
        assert (row.n_areas, row.n_above) == (len(above), sum(above))
