"""A file is made outside of every run, as Streamlit makes it; the audit trail keeps who took it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import streamlit as st

from reporting.errors import SignInNeeded
from reporting.shell import ui_identity
from tests.accounts import trail
from tests.cast import House
from tests.pages.clinic_data import fill
from tests.pages.staff import open_page


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[], bytes]]:
    """File name to what makes the file, of every button that is drawn."""
    found: dict[str, Callable[[], bytes]] = {}
    monkeypatch.setattr(st, "download_button", lambda _label, data, file_name, **_: found.update({file_name: data}))
    return found


def taken(make: Callable[[], bytes]) -> str:
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(make).result().decode("utf-8-sig")


def test_every_file_of_the_overview_is_on_record(
    monkeypatch: pytest.MonkeyPatch, clinic: House, offered: dict[str, Callable[[], bytes]]
) -> None:
    fill(clinic)
    open_page(monkeypatch, "signals/page_overview", clinic.staff["clinician"], period="all", symptom="burning")
    assert trail("export.") == []
    files = list(offered)
    assert len(files) >= 3
    for name in files:
        assert "," in taken(offered[name])
    assert trail("export.") == [("export.taken", "Demo clinician A", name) for name in files]


def test_the_audit_trail_can_be_taken_until_the_session_ends(
    monkeypatch: pytest.MonkeyPatch, clinic: House, offered: dict[str, Callable[[], bytes]]
) -> None:
    fill(clinic)
    lead = clinic.staff["safety_lead"]
    open_page(monkeypatch, "signals/page_overview", lead)
    taken(next(iter(offered.values())))
    open_page(monkeypatch, "clinic/page_audit", lead)
    assert "export.taken" in taken(offered["audit-trail.csv"])

    def gone(_cookie: str | None, *, by_hand: bool = True) -> None:
        raise SignInNeeded()

    monkeypatch.setattr(ui_identity, "actor_of", gone)
    with pytest.raises(SignInNeeded):
        taken(offered["audit-trail.csv"])
    assert len(trail("export.")) == 2
