"""A patient's Streamlit page that was drawn for one link and connects anew under another: nothing is kept or told."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from reporting.domain.actors import Actor
from reporting.patient.act_check_ins import save_draft, submit_check_in
from reporting.records.engine import reading
from reporting.records.tables import (
    AuditEvent,
    CheckIn,
    Consent,
    Draft,
    ErasureRequest,
    OutboxMessage,
    Patient,
    Photo,
    TriageCase,
)
from reporting.security.tokens import page_mark
from tests.answers import NO_PROBLEMS, filled
from tests.cast import House, house
from tests.pages.staff import open_page

PAGES = ("patient/page_home", "patient/page_check_in", "patient/page_data", "patient/page_correct")
WRITTEN = (CheckIn, Draft, Photo, Consent, ErasureRequest, OutboxMessage, Patient, TriageCase, AuditEvent)
MINE = {"symptoms": ["swelling"], "severity_swelling": "1"}


@pytest.fixture
def both(sqlite_database: str, stopped_clock: datetime) -> tuple[House, House]:
    """Two patients of two clinics; the first has sent a report and begun another."""
    one, other = house("A", areas=("cheeks",)), house("B", areas=("hands",))
    report = filled(one.treatment_id, **MINE)
    submit_check_in(by=one.patient, treatment_id=one.treatment_id, answers=report, submission_key="one")
    submit_check_in(by=other.patient, treatment_id=other.treatment_id, answers=NO_PROBLEMS, submission_key="other")
    for each in (one, other):
        about = {"by": each.patient, "treatment_id": each.treatment_id}
        save_draft(**about, answers={"symptoms": ["swelling"]}, submission_key=f"draft {each.treatment_id}")
    return one, other


def stored() -> list[list[dict[str, Any]]]:
    with reading() as session:
        return [[row.model_dump() for row in session.execute(select(table)).scalars()] for table in WRITTEN]  # type: ignore[attr-defined]


def becomes(monkeypatch: pytest.MonkeyPatch, actor: Actor) -> None:
    """The browser is signed in for somebody else now, and the page connects anew with that cookie."""
    monkeypatch.setattr("reporting.shell.ui_identity.actor_of", lambda _cookie, *, by_hand=True: actor)


def shown(page: AppTest) -> str:
    kinds = (page.title, page.header, page.subheader, page.markdown, page.caption, page.get("html"))
    return "\n".join(str(one.value) for kind in kinds for one in kind)


def opened(monkeypatch: pytest.MonkeyPatch, file: str, home: House, marked: bool) -> AppTest:
    address: dict[str, int | str] = {"of": page_mark(home.treatment_id)} if marked else {}
    if file == "patient/page_correct":
        with reading() as session:
            found = session.execute(select(CheckIn).where(CheckIn.treatment_id == home.treatment_id)).scalars().first()  # type: ignore[arg-type]
        address["report"] = found.id if found and found.id else 0
    return open_page(monkeypatch, file, home.patient, **address)


def controls(page: AppTest) -> list[Callable[[AppTest], Any]]:
    """A way to use each button, tick, switch and text of the page."""
    uses: dict[str, Callable[[Any], Any]] = {
        "button": lambda one: one.click(),
        "checkbox": lambda one: one.check(),
        "toggle": lambda one: one.set_value(not one.value),
        "text_area": lambda one: one.input("It began at night."),
    }

    def way(kind: str, at: int) -> Callable[[AppTest], Any]:
        return lambda page: uses[kind](getattr(page, kind)[at])

    return [way(kind, at) for kind in uses for at in range(len(getattr(page, kind)))]


@pytest.mark.parametrize("marked", [True, False], ids=["address with a mark", "its own state alone"])
@pytest.mark.parametrize("file", PAGES)
def test_no_control_of_a_page_writes_for_the_other(
    monkeypatch: pytest.MonkeyPatch, both: tuple[House, House], file: str, marked: bool
) -> None:
    one, other = both
    ways = controls(opened(monkeypatch, file, one, marked))
    assert ways
    for way in ways:
        page = opened(monkeypatch, file, one, marked)
        before = stored()
        way(page)
        becomes(monkeypatch, other.patient)
        page.run()
        assert stored() == before
        assert "hands" not in shown(page).lower()
        assert not [button for button in page.button if button.key and button.key.startswith("send")]


@pytest.mark.parametrize("file", PAGES)
def test_an_address_of_another_treatment_shows_nothing(
    monkeypatch: pytest.MonkeyPatch, both: tuple[House, House], file: str
) -> None:
    one, other = both
    monkeypatch.setattr("reporting.shell.ui_identity.cookie_value", lambda: "a cookie")
    becomes(monkeypatch, other.patient)
    page = AppTest.from_file(str(open_page.__globals__["PAGES"] / f"{file}.py"), default_timeout=20)
    page.query_params["of"] = page_mark(one.treatment_id)
    before = stored()
    page.run()
    assert "hands" not in shown(page).lower()
    assert stored() == before


def test_the_same_patient_goes_on_under_a_new_session(
    monkeypatch: pytest.MonkeyPatch, both: tuple[House, House]
) -> None:
    page = opened(monkeypatch, "patient/page_check_in", both[0], True)
    becomes(monkeypatch, both[0].patient)
    page.run()
    assert not page.exception
    assert "cheeks" in shown(page).lower()
