"""The signals page: the list under its budget, a card, the steps on it, who sees operators, nothing found."""

from datetime import date, datetime
from typing import Any

import pytest
from sqlmodel import select

from reporting.domain.actors import Actor
from reporting.records import signals as stored
from reporting.records.engine import reading, transaction
from reporting.records.tables import Signal, SignalRun
from tests.accounts import trail
from tests.cast import House
from tests.pages.staff import open_page, text

CARD: dict[str, Any] = {
    "kind": "outcome",
    "observed": 9,
    "expected": 3.1,
    "excess": 5.9,
    "ratio": 2.9,
    "ratio_lower": 1.4,
    "ratio_upper": 5.0,
    "probability": 0.82,
    "q_value": 0.013,
    "cells_tested": 120,
    "expected_false_per_clinic_year": 0.5,
    "response_rate": 0.7,
    "if_none_of_the_silent": 0.1,
    "if_all_of_the_silent": 0.4,
    "tipping_point": "To be as expected: none.",
    "settings_words": "Half of it.",
    "course": {
        "kind": "events",
        "weeks": ["2025-12-29", "2026-01-12", "2026-02-02", "2026-03-02", "2026-03-09"],
        "observed": [1, 2, 3, 4, 1],
        "expected": [1.0, 1.1, 1.0, 1.0, 1.0],
    },
    "instead": ["It could be operator O1 instead: probability 12%."],
    "n_treatments": 1,
}


RECORD: dict[str, Any] = {
    "controls": {"tested": 12, "alarmed": [], "by_chance": 1.2},
    "doubling": {
        "ratio": 2.0,
        "symptoms": ["hyperpigmentation"],
        "grid": [0.02, 10.0],
        "found": {"13": [0.0, 0.5], "26": [0.0, 0.9]},
        "units": {"A": [["device", "A/D1", [8.0]], ["operator", "A/O1", [0.1]]], "B": [["device", "B/D9", [8.0]]]},
    },
}


def raised(clinic: House, unit_type: str = "device", unit_id: str = "D1") -> int:
    with transaction() as session:
        signal = Signal(
            clinic_id=clinic.clinic_id,
            code=f"outcome:{unit_type}:{unit_id}",
            kind="outcome",
            unit_type=unit_type,
            unit_id=unit_id,
            symptom="hyperpigmentation",
            since=date(2026, 1, 5),
            first_flagged_on=date(2026, 2, 2),
            last_seen_on=date(2026, 3, 2),
            rank=1,
            card=CARD | {"treatments": [clinic.treatment_id]},
        )
        session.add(signal)
        session.add(
            SignalRun(as_of=date(2026, 3, 9), cells_tested=120, expected_false_per_clinic_year=0.5, details=RECORD)
        )
        stored.add_event(session, signal, "raised", at=datetime.fromisoformat("2026-02-02T08:00:00+00:00"))
        return signal.id or 0


def opened(monkeypatch: pytest.MonkeyPatch, actor: Actor, **address: int) -> Any:
    return open_page(monkeypatch, "signals/page_signals", actor, **address)


def test_the_list_says_the_budget_and_the_numbers(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    raised(clinic)
    words = text(opened(monkeypatch, clinic.staff["clinician"]))
    assert "Expected false signals at this clinic: 0.5 a year." in words
    assert "1. More side effects than expected: hyperpigmentation. Device D1" in words
    assert "9 observed, 3.1 expected, 5.9 in excess; 2.9 times" in words


def test_a_card_says_how_sure_what_else_and_who_is_behind_it(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    words = text(opened(monkeypatch, clinic.staff["safety_lead"], signal=raised(clinic)))
    for part in (
        "q-value 0.013 among 120 cells",
        "82 %",
        "To be as expected: none.",
        "operator O1 instead",
        "70 % of due check-ins",
        "if all of them 40 %",
        "Half of it.",
    ):
        assert part in words


def test_whose_hands_the_device_was_in_is_told_to_the_safety_lead_alone(
    monkeypatch: pytest.MonkeyPatch, clinic: House
) -> None:
    key = raised(clinic)
    assert "by operator: O1 1." in text(opened(monkeypatch, clinic.staff["safety_lead"], signal=key))
    assert "by operator:" not in text(opened(monkeypatch, clinic.staff["clinician"], signal=key))


def test_a_signal_about_an_operator_names_the_devices(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    key = raised(clinic, "operator", "O1")
    assert "by device: D1 1." in text(opened(monkeypatch, clinic.staff["safety_lead"], signal=key))


def test_it_is_worked_from_new_to_action_taken(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    key = raised(clinic)
    page = opened(monkeypatch, clinic.staff["safety_lead"], signal=key)
    page.button(key=f"review_{key}").click().run()
    assert "Being reviewed" in text(page)
    page.text_area(key=f"act_words_{key}").set_value("Recalibrated")
    page.button[-2 if page.button[-1].label == "Keep the explanation" else -1].click().run()
    with reading() as session:
        signal = session.exec(select(Signal)).one()
    assert signal.state == "action_taken", text(page)
    assert "Recalibrated" in text(page)


def test_an_action_without_words_is_refused_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    key = raised(clinic)
    page = opened(monkeypatch, clinic.staff["safety_lead"], signal=key)
    next(one for one in page.button if one.label == "Keep the action").click().run()
    assert page.error
    with reading() as session:
        assert session.exec(select(Signal)).one().state == "new"


def test_clinicians_read_and_do_not_work(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic.staff["clinician"], signal=raised(clinic))
    assert not [one for one in page.button if "Keep" in one.label or "Look" in one.label]


@pytest.mark.parametrize("role", ["clinician", "administrator"])
def test_a_card_about_a_device_names_its_other_suspect_to_the_safety_lead_alone(
    monkeypatch: pytest.MonkeyPatch, clinic: House, role: str
) -> None:
    key = raised(clinic)
    assert "operator O1 instead" in text(opened(monkeypatch, clinic.staff["safety_lead"], signal=key))
    assert "O1" not in text(opened(monkeypatch, clinic.staff[role], signal=key))


def test_a_signal_about_an_operator_is_for_the_safety_lead(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    key = raised(clinic, "operator", "O1")
    assert "No signals." in text(opened(monkeypatch, clinic.staff["clinician"]))
    assert opened(monkeypatch, clinic.staff["clinician"], signal=key).error
    assert "Operator O1" in text(opened(monkeypatch, clinic.staff["safety_lead"]))


def test_nothing_found_is_said_calmly(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    words = text(opened(monkeypatch, clinic.staff["safety_lead"]))
    assert "Nobody has looked over the data yet." in words
    assert "No signals." not in words


def test_looking_now_is_one_button(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic.staff["safety_lead"])
    page.button(key="signals_look").click().run()
    assert not page.exception
    assert "Last look: 10 Mar 2026" in text(page)
    assert trail("signals.run")[0][1] == clinic.staff["safety_lead"].label


def test_where_everybody_answered_nobody_is_silent(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    monkeypatch.setitem(CARD, "n_asked", 20)
    monkeypatch.setitem(CARD, "n_answered", 20)
    words = text(opened(monkeypatch, clinic.staff["safety_lead"], signal=raised(clinic)))
    assert "Everybody behind it answered at least once" in words
    assert "of the silent were affected" not in words


def test_the_front_desk_is_refused(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    assert opened(monkeypatch, clinic.staff["front_desk"]).error


def test_the_chart_shows_the_course_with_the_actions_from_then_on(
    monkeypatch: pytest.MonkeyPatch, clinic: House
) -> None:
    key = raised(clinic)
    page = opened(monkeypatch, clinic.staff["safety_lead"], signal=key)
    assert "Device D1: 9 observed, 3.1 expected since about 5 Jan 2026, up to 2 Mar 2026" in text(page)
    page.date_input(key=f"act_on_{key}").set_value(date(2026, 3, 4))
    page.text_area(key=f"act_words_{key}").set_value("Recalibrated")
    next(one for one in page.button if one.label == "Keep the action").click().run()
    assert "On 4 Mar 2026: Action: Recalibrated." in text(page)


def test_the_controls_stand_beside_the_budget(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    raised(clinic)
    words = text(opened(monkeypatch, clinic.staff["clinician"]))
    assert "Negative controls: 0 of 12 alarmed; by chance alone about 1.2 would." in words
    assert "read the patterns with care" not in words


def test_too_many_alarming_controls_are_said(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    monkeypatch.setitem(RECORD, "controls", {"tested": 12, "alarmed": list("abcde"), "by_chance": 1.2})
    raised(clinic)
    assert "read the patterns with care" in text(opened(monkeypatch, clinic.staff["clinician"]))


def test_a_doubling_is_said_in_words_for_the_own_clinic(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    raised(clinic)
    words = text(opened(monkeypatch, clinic.staff["safety_lead"]))
    assert "device **D1**: with **70 %** probability within 6 months (40 % within 3), from 208.0 expected" in words
    assert "operator **O1**: with **less than 5 %** probability" in words
    assert "D9" not in words
    assert "O1" not in text(opened(monkeypatch, clinic.staff["clinician"]))


def test_a_symptom_that_is_not_watched_says_so(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    raised(clinic)
    page = opened(monkeypatch, clinic.staff["safety_lead"])
    page.selectbox(key="symptom").set_value("burning").run()
    assert "Not known yet for burning" in text(page)
