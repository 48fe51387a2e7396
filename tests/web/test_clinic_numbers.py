"""A new clinic in any of twelve countries: its own numbers and hours on the card, the red-flag page and everywhere."""

from datetime import UTC, date, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from reporting import clock
from reporting.clinic.act_staff import set_up_clinic
from reporting.domain.actors import Actor
from reporting.domain.clinic_settings import proposed, typed_facts
from reporting.domain.content import content
from reporting.domain.opening_hours import OpenTimes, week_words
from reporting.domain.triage import Guidance
from reporting.patient.read_check_in import check_in_page
from reporting.records import check_ins
from reporting.records.engine import reading, transaction
from reporting.records.tables import Clinic, Patient, StaffAccount, TreatedArea, Treatment, id_of
from reporting.shell import web_pages
from reporting.treatments import file_card
from reporting.treatments.act_invitations import issue_invitation
from reporting.treatments.act_place import place, set_place
from reporting.treatments.page_card import card_of
from reporting.treatments.read_treatments import card_subject
from tests.accounts import PASSWORD, trail
from tests.cast import House, house
from tests.web.screen import Phone
from tests.web.site import words

COUNTRIES = ("US", "CA", "GB", "IE", "DE", "FR", "ES", "IT", "AE", "SA", "AU", "MX")
OURS = {"telephone": "+34 555 0100; +34 555 0101", "hours_mon": "08:00-12:00, 14:00-18:00", "hours_wed": "09:00-17:00"}
LINE = {"out_of_hours_name": "Demo doctor on call", "out_of_hours_telephone": "+34 555 0199"}
DEPARTMENT = "an emergency department"
PLACES = {"US": "an emergency room", "CA": "an emergency room", "GB": "A&E"}
"""Where somebody goes with an emergency, as it is called there."""
MONDAY = date(2026, 3, 9)
"""No public holiday in any of the countries."""


def told(code: str) -> dict[str, str]:
    """What an administrator sends: the proposals, and what nobody can propose."""
    proposals = {name: value for name, value in proposed(code).items() if value}
    return {"timezone": content().countries[code].time_zones[-1], **LINE, **proposals, **OURS}


def set_up(code: str, **other: str) -> tuple[Actor, int]:
    """A new clinic through the set-up action, with one patient treated three days before; who works there."""
    facts = told(code) | other
    set_up_clinic(
        clinic_name="Demo clinic", name="Demo first", email="first@demo.example", password=PASSWORD, facts=facts
    )
    with transaction() as session:
        clinic = session.exec(select(Clinic)).one()
        account = session.exec(select(StaffAccount)).one()
        patient = Patient(clinic_id=id_of(clinic), reference="P-1", year_of_birth=1980)
        session.add(patient)
        session.flush()
        treatment = Treatment(
            clinic_id=id_of(clinic),
            patient_id=id_of(patient),
            reference="T-1",
            performed_on=MONDAY - timedelta(days=3),
            procedure_class="ablative",
        )
        session.add(treatment)
        session.flush()
        session.add(TreatedArea(treatment_id=id_of(treatment), clinic_id=id_of(clinic), area="cheeks"))
        by = Actor(kind="staff", id=account.id, clinic_id=clinic.id, role="administrator", label="first")
        return by, id_of(treatment)


def red_flag(client: TestClient, link: str) -> Phone:
    """The page at which an emergency stops the questions."""
    fresh = TestClient(client.app, base_url=str(client.base_url), follow_redirects=False)
    return Phone(fresh, link).press("Continue", ["swelling", "swelling_breathing"])


@pytest.mark.parametrize("code", COUNTRIES)
def test_a_new_clinic_shows_its_own_numbers_and_hours(client: TestClient, code: str) -> None:
    web_pages.forget()
    facts = typed_facts(told(code))
    noon = datetime.combine(MONDAY, datetime.min.time(), ZoneInfo(facts.timezone)) + timedelta(hours=13)
    with clock.fixed(noon.astimezone(UTC)):
        by, treatment_id = set_up(code)
        made = issue_invitation(by=by, treatment_id=treatment_id)
        card = unescape(file_card.printable(card_of(card_subject(by, treatment_id), made)))
        numbers = (*facts.telephones, facts.out_of_hours_telephone, facts.emergency_telephone)
        assert [number for number in numbers if f">{number}</bdi>" not in card] == []
        assert f'href="tel:{facts.emergency_telephone}"' in card
        assert facts.out_of_hours_name in card
        assert week_words(facts.opening_hours) in card
        link = f"/c/{made.token}"
        phone = red_flag(client, link)
        assert phone.screen.heading == f"Call {facts.emergency_telephone} now, or go to {PLACES.get(code, DEPARTMENT)}."
        assert phone.screen.controls[0].value == f"tel:{facts.emergency_telephone}"
        page = words(phone.screen.body)
        shown = (*facts.telephones, facts.out_of_hours_name, facts.out_of_hours_telephone)
        assert [one for one in (*shown, week_words(facts.opening_hours)) if one not in unescape(page)] == []
        others = {row.emergency_number for row in content().countries.values()} - set(numbers)
        assert not {f"tel:{number}" for number in others} & {control.value for control in phone.screen.controls}


def test_the_red_button_of_a_closed_clinic_calls_the_line_that_answers(client: TestClient) -> None:
    """A same-day red flag at the noon break, and an hour later."""
    web_pages.forget()
    zone = ZoneInfo("Europe/London")
    for hour, first in ((13, "tel:111"), (15, "tel:+345550100")):
        with clock.fixed(datetime(2026, 3, 9, hour, tzinfo=zone).astimezone(UTC)):
            if hour == 13:
                by, treatment_id = set_up("GB")
            with reading() as session:
                clinic = session.exec(select(Clinic)).one()
            patient = Actor(
                kind="patient", id=1, clinic_id=clinic.id, label="p", strength="link", treatment_id=treatment_id
            )
            contact = check_in_page(patient).contact
            calls = contact.calls(is_urgent=True)
            assert "tel:" + calls[0].number.replace(" ", "") == first
            assert [call.is_urgent for call in calls] == [True] + [False] * (len(calls) - 1)
    assert by


def test_a_link_that_is_over_names_its_clinic_and_an_unknown_one_guesses_nothing(
    client: TestClient, clinic: House
) -> None:
    over = issue_invitation(by=clinic.staff["clinician"], treatment_id=clinic.treatment_id).token
    issue_invitation(by=clinic.staff["clinician"], treatment_id=clinic.treatment_id)
    known, unknown = (client.get(f"/c/{token}") for token in (over, "x" * 22))
    assert (known.status_code, unknown.status_code) == (410, 410)
    assert 'href="tel:112"' in known.text
    assert 'href="tel:+345550100"' in known.text
    assert "Call your local emergency number." in words(unknown.text)
    assert "tel:" not in unknown.text


def abroad(clinic: House, **columns: str) -> Patient:
    with transaction() as session:
        patient = session.get_one(Patient, clinic.patient_id)
        for name, value in columns.items():
            setattr(patient, name, value)
        session.add(patient)
    return patient


@pytest.mark.parametrize("who", ["patient", "clinician"])
def test_a_patient_abroad_has_the_days_and_numbers_of_the_place(client: TestClient, clinic: House, who: str) -> None:
    """At 02:30 in Madrid of day 3 it is 17:30 of day 2 in Los Angeles: there it is due tomorrow, and 911 answers."""
    by = clinic.patient if who == "patient" else clinic.staff["clinician"]
    patient_id = None if who == "patient" else clinic.patient_id
    with clock.fixed(datetime(2026, 3, 10, 1, 30, tzinfo=UTC)):
        page = check_in_page(clinic.patient)
        assert (page.recovery_day, page.contact.emergency_telephone) == (3, "112")
        assert set_place(by=by, country="US", timezone="America/Los_Angeles", patient_id=patient_id)
        page = check_in_page(clinic.patient)
        assert (page.recovery_day, page.contact.emergency_telephone) == (2, "911")
        assert page.contact.out_of_hours_telephone == "+34 555 0199", "with its country code it is reached from abroad"
        assert place(by, patient_id).timezone == "America/Los_Angeles"
        made = issue_invitation(by=clinic.staff["clinician"], treatment_id=clinic.treatment_id)
        subject = card_subject(clinic.staff["clinician"], clinic.treatment_id)
        assert 'href="tel:911"' in file_card.printable(card_of(subject, made))
        screen = red_flag(client, f"/c/{made.token}").screen
        assert (screen.controls[0].value, screen.heading) == ("tel:911", "Call 911 now, or go to an emergency room.")
        with reading() as session:
            about = check_ins.subject(session, clinic.treatment_id)
            assert about is not None
            assert check_ins.context(session, about, clock.now()).recovery_day == 2
        assert not set_place(by=by, country="US", timezone="America/Los_Angeles", patient_id=patient_id)
        assert set_place(by=by, country="", patient_id=patient_id)
        assert check_in_page(clinic.patient).recovery_day == 3
    assert [action for action, _, _ in trail("patient.")] == ["patient.place_changed"] * 2


@pytest.mark.parametrize(
    ("country", "language", "words_there"),
    [
        ("ES", "es", "Llame ahora al 112, o vaya a urgencias."),
        ("US", "es", "Llame ahora al 911, o vaya a una sala de emergencias."),
        ("GB", "es", "Llame ahora al 999, o vaya a urgencias (A&E)."),
        ("AE", "ar", "اتصل بالرقم \u2066998\u2069 الآن، أو اذهب إلى قسم الطوارئ."),
        ("US", "ar", "اتصل بالرقم \u2066911\u2069 الآن، أو اذهب إلى غرفة الطوارئ."),
        ("XX", "en", "Call your local emergency number now, or go to an emergency department."),
    ],
)
def test_where_to_go_is_called_as_in_the_country_in_each_language(
    client: TestClient, clinic: House, country: str, language: str, words_there: str
) -> None:
    abroad(clinic, country=country)
    text = content().guidance["emergency"]
    advice = Guidance("emergency", text.heading, (), (text.what_next,), emergency=True, phone_first=True)
    assert check_in_page(clinic.patient).contact.tells(advice, language).heading == words_there


def test_short_numbers_of_the_clinics_country_are_not_given_abroad(client: TestClient) -> None:
    home = house("B")
    with transaction() as session:
        row = session.get_one(Clinic, home.clinic_id)
        row.country, row.out_of_hours_name, row.out_of_hours_telephone = "GB", "NHS 111", "111"
        session.add(row)
    abroad(home, country="US", timezone="America/New_York")
    with clock.fixed(datetime(2026, 3, 10, 12, tzinfo=UTC)):
        contact = check_in_page(home.patient).contact
        assert (contact.out_of_hours_name, contact.out_of_hours_telephone) == ("", "")
        abroad(home, country="AU", timezone="Australia/Sydney")
        contact = check_in_page(home.patient).contact
        assert (contact.emergency_telephone, contact.out_of_hours_telephone) == ("000", "1800 022 222")


def test_holidays_of_a_region_close_the_clinic() -> None:
    facts = typed_facts(told("DE") | {"region": "BY"})
    home = OpenTimes(facts.opening_hours, facts.timezone, facts.country, facts.region)
    assert home.closed_for(date(2027, 1, 6)), "Epiphany is kept in Bavaria"
    assert not OpenTimes(facts.opening_hours, facts.timezone, "DE", "HH").closed_for(date(2027, 1, 6))
