"""What a page shows is of one state of the data: it reads in one transaction, however many parts it has."""

from collections.abc import Iterator

import pytest
import streamlit as st

from reporting import clock
from reporting.shell import act_looks
from reporting.shell.pages import PATIENT, STAFF
from tests.conftest import NOW
from tests.pages.clinic_data import fill
from tests.pages.staff import open_page
from tests.pages.test_two_clinics import ENERGIES, NAMED, RECORDS, VIEWS
from tests.storage.test_one_reading import begun
from tests.two_clinics import CODE, Side, side


@pytest.fixture(scope="module")
def own(module_database: str) -> Iterator[Side]:
    with clock.fixed(NOW):
        made = side("Aldebaran")
        fill(made.house, energies=ENERGIES)
        yield made


def test_a_page_reads_in_one_transaction(own: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "page_link", lambda *_, **__: None)
    monkeypatch.setattr(act_looks, "_write", lambda *_: None)  # that somebody looked is a writing of its own
    more = []
    for entry in (*STAFF, *PATIENT):
        by = own.actor(CODE if entry in PATIENT else "administrator")
        records = [{name: own.ids[NAMED[name]]} for name in RECORDS.get(entry.file, ())]
        for address in (*VIEWS.get(entry.file, ({},)), *records):
            with clock.fixed(NOW), begun() as seen:
                open_page(monkeypatch, entry.file, by, **address)
            if len(seen) > 1:
                more.append(f"{entry.address} {address}: {len(seen)} transactions")
    assert not more, "wrap what draws these in shell.read_scope.of_one_state, or of_one_moment: " + "\n".join(more)
