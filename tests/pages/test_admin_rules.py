"""The page of rules: tried on the clinic's own past, then saved, then undone; the safety lead reads."""

from datetime import datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from reporting import clock
from reporting.clinic.read_content import content_row, versions
from reporting.domain.actors import Actor
from reporting.domain.content import content
from reporting.records.engine import transaction
from reporting.records.tables import TriageCase
from tests.accounts import trail
from tests.cast import House
from tests.pages.staff import open_page, text
from tests.reports import send

WHY = "too many alerts that led to nothing"


def opened(monkeypatch: pytest.MonkeyPatch, actor: Actor | None, rule: str = "I1") -> AppTest:
    words = next(one.clinician_words for one in content().rules if one.code == rule)
    return open_page(monkeypatch, "clinic/page_rules", actor, rule=f"{rule}: {words}")


def field(page: AppTest, kind: str, label: str) -> object:
    return next(one for one in getattr(page, kind) if one.label == label)


def press(page: AppTest, key: str) -> AppTest:
    page.button(key=key).click().run()
    assert not page.exception, page.exception
    return page


def keys(page: AppTest) -> set[str | None]:
    return {one.key for one in page.button}


def test_a_rule_is_tried_then_saved_then_undone(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    case = send(clinic, "mild", symptoms=["infection"], severity_infection="1")
    with transaction() as session:
        session.get_one(TriageCase, case).action_taken = "none_needed"
    by = clinic.staff["administrator"]
    page = opened(monkeypatch, by)
    assert "rules_try" not in keys(page)
    field(page, "selectbox", "Lowest severity").set_value("3").run()  # type: ignore[attr-defined]
    assert "Lowest severity: 1 (Mild) → 3 (Severe)" in text(page)
    assert "rules_save" not in keys(page)
    press(page, "rules_try")
    said = text(page)
    assert "It would have fired 0 times (now once); 0 of them were acted on." in said
    assert "Red flags are unaffected: 0 check-ins with one, before and after." in said
    assert "1 coded as no contact needed" in said
    assert "Past alerts that would have been reached later: 1" in said
    assert versions(by, "triage_rules", "I1") == ()
    page.text_input(key="rules_why_I1").set_value(WHY)
    press(page, "rules_save")
    assert page.success[0].value == "Saved. It holds from 11 Mar 2026."
    row = content_row(by, "triage_rules", "I1")
    assert (row.in_force["min_severity"], row.decided["min_severity"]) == ("1", "3")
    assert "From 11 Mar 2026" in page.info[0].value
    page.text_input(key="undo_why_triage_rules_I1").set_value("a mistake")
    press(page, "undo_triage_rules_I1")
    assert not content_row(by, "triage_rules", "I1").is_changed
    assert [one.reason for one in versions(by, "triage_rules", "I1")] == ["a mistake", WHY]
    assert [action for action, _, _ in trail("content.")] == ["content.changed"] * 2


def test_what_was_tried_is_what_is_saved(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic.staff["administrator"])
    field(page, "selectbox", "Lowest severity").set_value("2").run()  # type: ignore[attr-defined]
    press(page, "rules_try")
    assert "rules_save" in keys(page)
    field(page, "selectbox", "Lowest severity").set_value("4").run()  # type: ignore[attr-defined]
    assert "rules_save" not in keys(page)
    assert "It can be saved once it was tried." in text(page)


def test_a_red_flag_is_not_made_milder_and_has_no_switch(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic.staff["administrator"], rule="R6")
    assert not page.toggle
    assert "never be switched off" in text(page)
    field(page, "selectbox", "Lowest severity").set_value("4").run()  # type: ignore[attr-defined]
    press(page, "rules_try")
    assert "R6, min severity: found '4'; R6 is a red flag: it may only be made stricter than 3." in page.error[0].value
    assert "rules_save" not in keys(page)


def test_a_change_needs_its_reason(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic.staff["administrator"])
    page.toggle[0].set_value(False).run()
    press(page, "rules_try")
    press(page, "rules_save")
    assert "Reason is missing" in page.error[0].value
    assert page.toggle[0].value is False
    assert trail("content.") == []


def test_the_list_shows_what_is_in_force_today(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic.staff["administrator"], rule="U1")
    page.toggle[0].set_value(False).run()
    press(page, "rules_try")
    page.text_input(key="rules_why_U1").set_value(WHY)
    press(page, "rules_save")
    table = page.dataframe[0].value.set_index("Rule")
    assert (table.loc["U1", "In use"], table.loc["U1", "Changed here"]) == ("yes", "from 11 Mar 2026")
    with clock.fixed(datetime(2026, 3, 11, 9, tzinfo=clock.now().tzinfo) + timedelta(hours=1)):
        table = opened(monkeypatch, clinic.staff["administrator"]).dataframe[0].value.set_index("Rule")
    assert (table.loc["U1", "In use"], table.loc["U1", "Changed here"]) == ("no", "yes")


def test_the_safety_lead_reads_and_tries_and_changes_nothing(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic.staff["safety_lead"])
    assert not page.exception
    assert "As in the content tables." in text(page)
    page.toggle[0].set_value(False).run()
    press(page, "rules_try")
    assert "An administrator can save it." in text(page)
    assert not keys(page) & {"rules_save", "undo_triage_rules_I1"}


@pytest.mark.parametrize("role", ["clinician", "front_desk", "patient", None])
@pytest.mark.parametrize(
    "file",
    [
        "clinic/page_rules",
        "clinic/page_schedules",
        "clinic/page_guidelines",
        "treatments/page_equipment",
        "clinic/page_audit",
    ],
)
def test_others_are_told_and_shown_nothing(
    monkeypatch: pytest.MonkeyPatch, clinic: House, role: str | None, file: str
) -> None:
    actor = None if role is None else clinic.patient if role == "patient" else clinic.staff[role]  # type: ignore[index]
    page = open_page(monkeypatch, file, actor)
    assert page.error
    assert not page.dataframe
    assert not page.button
