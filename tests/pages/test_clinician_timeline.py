"""The timeline and the list of patients: what is seen, by whom, and what an address may not do."""

from datetime import date

import pytest

from reporting.cases import act_cases
from reporting.patient.act_check_ins import submit_check_in
from reporting.patient.act_corrections import correct_check_in, withdraw_check_in
from tests.answers import EYES_CLOSING, NO_PROBLEMS, filled
from tests.cast import House, house
from tests.pages.staff import open_page, text
from tests.reports import eyes_closing, send


def test_settings_reports_chart_and_steps_stand_together(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    case_id, by = eyes_closing(clinic), clinic.staff["clinician"]
    act_cases.acknowledge(by=by, case_id=case_id, version=1)
    page = open_page(monkeypatch, "cases/page_timeline", by, patient=clinic.patient_id)
    words = text(page)
    for expected in (
        "Patient P-0001",
        "skin type 4",
        "melasma or hyperpigmentation before",
        "7 Mar 2026",
        "Cheeks",
        "Swelling: severe at worst",
        "Answered 1 of 3",
        "Never reported: burning",
        "Acknowledged by",
        "Eye swollen shut: yes",
    ):
        assert expected in words, expected
    settings = page.dataframe[0].value
    assert list(settings["Setting"]) == ["Pulse energy", "Density (coverage)", "Passes"]
    assert list(settings["Used"]) == ["30 mJ", "15 %", "1"]
    assert len(page.get("vega_lite_chart")) == 1


def test_the_open_case_is_worked_on_from_here(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    case_id, by = eyes_closing(clinic), clinic.staff["clinician"]
    page = open_page(monkeypatch, "cases/page_timeline", by, patient=clinic.patient_id)
    page.button(key=f"timeline_case_{case_id}").click().run()
    page.button(key=f"take_{case_id}").click().run()
    assert "You have acknowledged" in page.success[0].value


def test_the_note_is_shown_as_plain_text(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    send(
        clinic,
        "k",
        **EYES_CLOSING,
        note="**see** <b>this</b>",
    )
    page = open_page(monkeypatch, "cases/page_timeline", clinic.staff["clinician"], patient=clinic.patient_id)
    note, told = (each.value for each in page.text)
    assert note == "Note: **see** <b>this</b>"
    assert told.startswith("Call the clinic today.\nPlease call now.")


def test_a_treatment_without_answers_says_so(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    by = clinic.staff["clinician"]
    words = text(open_page(monkeypatch, "cases/page_timeline", by, patient=clinic.patient_id))
    assert "No check-ins yet." in words
    assert "No case was ever opened" in words


@pytest.mark.parametrize("address", [{}, {"patient": "x"}, {"patient": "-1"}, {"patient": "²"}])
def test_without_a_patient_it_says_how_to_find_one(
    monkeypatch: pytest.MonkeyPatch, clinic: House, address: dict[str, str]
) -> None:
    page = open_page(monkeypatch, "cases/page_timeline", clinic.staff["clinician"], **address)
    assert "Choose a patient." in text(page)


def test_another_clinics_patient_and_an_unknown_one_are_alike(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    other = house("B")
    seen = [
        text(open_page(monkeypatch, "cases/page_timeline", other.staff["safety_lead"], patient=patient_id))
        for patient_id in (clinic.patient_id, 999_999)
    ]
    assert seen[0] == seen[1]
    assert "nothing here that you may see" in seen[0]


@pytest.mark.parametrize("file", ["cases/page_timeline", "treatments/page_patients"])
@pytest.mark.parametrize("role", ["patient", None])
def test_patients_and_strangers_are_refused(
    monkeypatch: pytest.MonkeyPatch, clinic: House, file: str, role: str | None
) -> None:
    actor = clinic.patient if role else None
    page = open_page(monkeypatch, file, actor, patient=clinic.patient_id)
    assert page.error
    assert "P-0001" not in text(page)


def test_the_front_desk_may_not_see_a_timeline(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = open_page(monkeypatch, "cases/page_timeline", clinic.staff["front_desk"], patient=clinic.patient_id)
    assert "Your role does not allow this." in text(page)


class TestPatients:
    def test_those_treated_last_are_listed_and_found_by_reference(
        self, monkeypatch: pytest.MonkeyPatch, clinic: House
    ) -> None:
        eyes_closing(clinic)
        page = open_page(monkeypatch, "treatments/page_patients", clinic.staff["clinician"])
        words = text(page)
        assert "P-0001" in words
        assert "1 treatment, last 7 Mar 2026" in words
        assert "1 open" in words
        page.text_input(key="patient_search").set_value("nobody").run()
        assert "No patient has such a reference." in text(page)
        assert "P-0001" not in text(page)

    def test_a_clinic_without_treatments_is_told_what_to_do(
        self, monkeypatch: pytest.MonkeyPatch, clinic: House
    ) -> None:
        from reporting.domain.actors import Actor
        from reporting.records.engine import transaction
        from reporting.records.tables import Clinic

        with transaction() as session:
            empty = Clinic(code="E", name="Demo empty")
            session.add(empty)
            session.flush()
        somebody = Actor(kind="staff", id=1, clinic_id=empty.id, role="clinician", label="Demo")
        assert "No treatments yet." in text(open_page(monkeypatch, "treatments/page_patients", somebody))


def test_a_corrected_and_a_withdrawn_report_keep_their_values_and_say_why(
    monkeypatch: pytest.MonkeyPatch, clinic: House
) -> None:
    case_id, by = eyes_closing(clinic), clinic.staff["clinician"]
    fresh = correct_check_in(
        by=clinic.patient, check_in_id=1, answers=NO_PROBLEMS, submission_key="c", reason="other: **my** words"
    )
    withdraw_check_in(by=clinic.patient, check_in_id=fresh.check_in_id, reason="wrong_treatment")
    page = open_page(monkeypatch, "cases/page_timeline", by, patient=clinic.patient_id)
    words = text(page)
    for expected in (
        "(corrected by the patient on 10 Mar 2026, 10:30: another reason): swelling severe",
        "(a correction) (taken back by the patient on 10 Mar 2026, 10:30: it was about something else): no problems",
        "The patient corrected a report (another reason)",
        "The patient took a report back (it was about something else)",
    ):
        assert expected in words, expected
    assert "In their words: **my** words" in [each.value for each in page.text]
    worklist = text(open_page(monkeypatch, "cases/page_worklist", by))
    assert "Taken back by the patient" in worklist
    assert case_id == 1


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("telephone", "asked by telephone"),
        ("desk", "asked at the desk"),
        ("carer", "somebody else with the link"),
    ],
)
def test_who_answered_is_told(monkeypatch: pytest.MonkeyPatch, clinic: House, how: str, words: str) -> None:
    by = clinic.patient if how == "carer" else clinic.staff["front_desk"]
    submit_check_in(
        by=by,
        treatment_id=clinic.treatment_id,
        answers=filled(clinic.treatment_id, **NO_PROBLEMS),
        submission_key="k",
        answered_by=how,
    )
    page = open_page(monkeypatch, "cases/page_timeline", clinic.staff["clinician"], patient=clinic.patient_id)
    assert words in text(page)


def test_a_dated_note_stands_among_the_steps(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    by = clinic.staff["clinician"]
    act_cases.acknowledge(by=by, case_id=eyes_closing(clinic), version=1)
    page = open_page(monkeypatch, "cases/page_timeline", by, patient=clinic.patient_id)
    page.date_input(key="note_on").set_value(date(2026, 3, 9))
    page.text_area(key="note_words").set_value("Rang: **calmer** today")
    next(one for one in page.button if one.label == "Add the note").click().run()
    assert not page.exception
    words = text(page)
    assert "The note is kept." in words
    assert "- 9 Mar 2026: Note by" in words
    assert "Rang: **calmer** today" in [each.value for each in page.text]
    assert page.text_area(key="note_words").value == ""
    assert "Acknowledged by" in words


def test_a_refused_note_is_not_lost(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = open_page(monkeypatch, "cases/page_timeline", clinic.staff["clinician"], patient=clinic.patient_id)
    page.text_area(key="note_words").set_value("   ")
    next(one for one in page.button if one.label == "Add the note").click().run()
    assert "Note is missing" in " ".join(each.value for each in page.error)
    assert "nobody wrote a note" in text(page)
