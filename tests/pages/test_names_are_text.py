"""No name, code or free text is read as Markdown: what somebody typed stands on every page as it was typed."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import streamlit as st
from google.protobuf.message import Message  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from reporting import clock
from reporting.dashboards import read_dose_response
from reporting.records.engine import transaction
from reporting.records.tables import (
    CaseEvent,
    Clinic,
    Device,
    OnCallEntry,
    Operator,
    Patient,
    ServiceEvent,
    Signal,
    StaffAccount,
    Treatment,
    TriageCase,
)
from reporting.shell.pages import PATIENT, STAFF, Entry
from reporting.shell.ui_words import as_text
from tests.conftest import NOW
from tests.pages.clinic_data import fill
from tests.pages.staff import open_page
from tests.pages.test_two_clinics import ENERGIES, NAMED, RECORDS, VIEWS, Visits
from tests.two_clinics import CODE, Side, side

LIVE = "12*34*56 [x](https://e.vil) :red[y] $z$ :material/lock: <b>`w`</b>"
PAGES = (*STAFF, *PATIENT)
WHO = ("administrator", "clinician", CODE)
PLAIN = ("Text.body", "Selectbox.options", "MultiSelect.options", "MultiSelect.raw_values", "Selectbox.raw_value")
"""What a browser shows as it is; ``value`` of a field and ``alt`` of a picture are so everywhere."""


def strings(message: Message, path: str) -> Iterator[tuple[str, str]]:
    """Every text of what is sent to the browser, with the names of the fields that lead to it."""
    for of, value in message.ListFields():
        for each in [value] if isinstance(value, str | bytes | int | float | Message) else value:
            if isinstance(each, Message):
                yield from strings(each, f"{path}.{of.name}")
            elif isinstance(each, str) and of.name not in ("id", "value", "alt", "placeholder"):
                yield f"{path}.{of.name}", each


def texts(page: AppTest) -> Iterator[tuple[str, str]]:
    for element in page._tree:
        proto = getattr(element, "proto", None)
        if isinstance(proto, Message):
            yield from strings(proto, proto.DESCRIPTOR.name)


@pytest.fixture(scope="module")
def clinic(module_database: str) -> Iterator[Side]:
    """A clinic in which every word that people typed would be something else in Markdown."""
    with clock.fixed(NOW):
        one = side("Aldebaran")
        fill(one.house, energies=ENERGIES)
        with transaction() as session:
            for table, fields in (
                (Clinic, ("name", "out_of_hours_name")),
                (Device, ("code", "model", "serial", "manufacturer")),
                (Operator, ("code", "name")),
                (Patient, ("reference",)),
                (StaffAccount, ("display_name",)),
                (OnCallEntry, ("name",)),
                (ServiceEvent, ("note",)),
                (Signal, ("unit_id",)),
                (CaseEvent, ("note",)),
            ):
                for row in session.execute(select(table)).scalars():
                    for field in fields:
                        setattr(row, field, LIVE)
            session.get_one(Treatment, one.ids["treatment_id"]).reference = LIVE
            session.get_one(TriageCase, one.ids["case_id"]).complication_term = LIVE
        yield one


@pytest.mark.parametrize("entry", PAGES, ids=lambda entry: entry.address)
def test_no_page_reads_a_name_as_markdown(clinic: Side, monkeypatch: pytest.MonkeyPatch, entry: Entry) -> None:
    """Wherever a name stands that is not plain text, each of its signs is escaped."""
    monkeypatch.setattr(read_dose_response, "WIDEST_INTERVAL", 1.0)  # a curve of so few is shown too
    monkeypatch.setattr(st, "page_link", lambda _page, *, label, **_how: st.markdown(label))
    visits = Visits(clinic)
    records: list[dict[str, Any]] = [{name: clinic.ids[NAMED[name]]} for name in RECORDS.get(entry.file, ())]
    for who in (one for one in WHO if visits.may_open(entry, one)):
        for address in (*VIEWS.get(entry.file, ({},)), *records):
            with clock.fixed(NOW):
                page = open_page(monkeypatch, entry.file, visits.by(who), **address)
            live = {(path, text) for path, text in texts(page) if "12*34*56" in text and not path.startswith(PLAIN)}
            assert not live, f"{entry.address} {address} as {who}"


def test_the_names_are_on_the_pages(clinic: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    """Escaped, and therefore shown as they were typed: else the test above would find nothing anywhere."""
    where: dict[str, dict[str, int]] = {
        "cases/page_worklist": {},
        "cases/page_timeline": {"patient": clinic.ids["patient_id"]},
        "clinic/page_staff": {},
        "patient/page_home": {},
    }
    for file, address in where.items():
        by = clinic.actor(CODE if file == "patient/page_home" else "administrator")
        with clock.fixed(NOW):
            page = open_page(monkeypatch, file, by, **address)
        assert any(as_text(LIVE) in text for _, text in texts(page)), file


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("12*34*56", r"12\*34\*56"),
        ("K~~77~~8", r"K\~\~77\~\~8"),
        ("[Sign in](https://e.vil)", "\\[Sign in\\](https\\:\u2060//e.vil)"),
        (":red[x]", "\\:\u2060red\\[x\\]"),
        (":material/lock:", "\\:\u2060material/lock:"),
        ("$x$", r"\$x\$"),
        ("<b>", r"\<b\>"),
        ("a@b.example", "a@\u2060b.example"),
        ("www.e.vil", "www\u2060.e.vil"),
        ("# x", r"\# x"),
        ("1. x", r"1\. x"),
        ("a -> b", "a \u2060-\\> b"),
        ("two\nlines", "two lines"),
        ("on 10 Mar, 10:30: so", "on 10 Mar, 10:30: so"),
        ("a :100: b", "a \\:\u2060100: b"),
        ("T-1000, 10:30 (a+b) O'Hara", "T-1000, 10:30 (a+b) O'Hara"),
    ],
)
def test_each_sign(typed: str, sent: str) -> None:
    assert as_text(typed) == sent


@given(some.text(some.characters(codec="ascii", categories=("L", "N", "P", "S", "Zs"))))
def test_every_text_is_shown_as_it_was_typed(typed: str) -> None:
    """What an escape says is the sign behind it (CommonMark 2.4), and nobody sees a word joiner (Unicode 23.2)."""
    assert re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", as_text(typed)).replace("\u2060", "") == typed
