"""A new clinic in any of fourteen countries on six continents: every door of the patient names its own numbers.

The page of a link that is over, pages of problems, the reminder by e-mail and by text message, and the card in the
patient's language. Another country's number is on none of them, nor that of the demo.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from sqlmodel import col, delete, select
from starlette.testclient import TestClient

from reporting import clock
from reporting.cases.read_timeline import timeline
from reporting.domain.actors import Actor
from reporting.domain.clinic_settings import typed_facts
from reporting.domain.content import content
from reporting.domain.language import languages
from reporting.domain.opening_hours import SafetyFacts, week_words
from reporting.messages.act_outbox import message
from reporting.notify.email import Email
from reporting.notify.sms import Sms
from reporting.patient.read_recovery import recovery_page
from reporting.records.engine import reading, transaction
from reporting.records.tables import CheckIn, Draft, Patient
from reporting.shell import web_pages
from reporting.treatments import file_card
from reporting.treatments.act_invitations import IssuedInvitation, issue_invitation
from reporting.treatments.act_place import set_place
from reporting.treatments.act_reminders import Channel, plan_due, set_reminders
from reporting.treatments.page_card import card_of
from reporting.treatments.read_treatments import card_subject
from tests.cast import House
from tests.notify.cast import rows
from tests.web.screen import Phone
from tests.web.site import words
from tests.web.test_clinic_numbers import MONDAY, red_flag, set_up, told

COUNTRIES = {
    "US": "en",
    "CA": "en",
    "MX": "es",
    "AR": "es",
    "BR": "en",
    "GB": "en",
    "ES": "es",
    "DE": "en",
    "AE": "ar",
    "EG": "ar",
    "ZA": "en",
    "IN": "en",
    "JP": "en",
    "AU": "en",
}
"""With the language of the patient."""
DEMO = ("020 7946", "+44 20 7946", "555 0100")
TEL = re.compile(r'href="tel:([^"]+)"')


def telephones(code: str) -> str:
    """Two numbers of that country, as an administrator types them."""
    kinds = (phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE)
    examples = [phonenumbers.example_number_for_type(code, kind) for kind in kinds]
    how = phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return "; ".join(phonenumbers.format_number(one, how) for one in examples if one)


@dataclass(frozen=True)
class Abroad:
    """A new clinic, who made it, its patient and the patient's language."""

    facts: SafetyFacts
    by: Actor
    treatment_id: int
    patient_id: int
    language: str

    def issue(self) -> IssuedInvitation:
        return issue_invitation(by=self.by, treatment_id=self.treatment_id)

    @property
    def own(self) -> set[str]:
        """Everything that its pages may call."""
        numbers = (*self.facts.telephones, self.facts.emergency_telephone, self.facts.out_of_hours_telephone)
        return {re.sub(r"[^\d+]", "", number) for number in numbers}


def made(code: str) -> Abroad:
    own = {"telephone": telephones(code), "country": code}
    by, treatment_id = set_up(code, **own)
    with transaction() as session:
        patient = session.get_one(Patient, 1)
        patient.language = COUNTRIES[code]
    return Abroad(typed_facts(told(code) | own), by, treatment_id, 1, COUNTRIES[code])


def noon(code: str) -> datetime:
    zone = ZoneInfo(content().countries[code].time_zones[-1])
    return datetime.combine(MONDAY, datetime.min.time(), zone) + timedelta(hours=13)


def names_only_its_own(page: str, clinic: Abroad) -> None:
    called = {re.sub(r"[^\d+]", "", number) for number in TEL.findall(page)}
    assert called, "nobody can be called from here"
    assert called <= clinic.own, called - clinic.own
    assert f'href="tel:{clinic.facts.emergency_telephone}"' in page
    assert not [number for number in DEMO if number in page]


@pytest.mark.parametrize("code", COUNTRIES)
def test_every_door_names_the_clinics_own_numbers(client: TestClient, code: str) -> None:
    web_pages.forget()
    with clock.fixed(noon(code)):
        clinic = made(code)
        over, card = clinic.issue(), clinic.issue()
        client.headers["accept-language"] = clinic.language

        link_over = client.get(f"/c/{over.token}")
        assert link_over.status_code == 410
        names_only_its_own(link_over.text, clinic)

        flag = red_flag(client, f"/c/{card.token}")
        names_only_its_own(flag.screen.body, clinic)
        assert week_words(clinic.facts.opening_hours) in words(unescape(flag.screen.body))

        own = Phone(client, f"/c/{card.token}").post({})
        names_only_its_own(own.screen.body, clinic)
        hours = week_words(clinic.facts.opening_hours, clinic.language)
        assert hours in re.sub(r"[\u2066-\u2069]", "", words(unescape(own.screen.body)))
        lost, other = client.get("/check-in/photo?of=x"), client.get("/photo/999")
        assert (lost.status_code, other.status_code) == (409, 403)
        for page in (lost, other):
            names_only_its_own(page.text, clinic)
            assert f'dir="{languages()[clinic.language].direction}"' in page.text

        printed = file_card.printable(card_of(card_subject(clinic.by, clinic.treatment_id), card))
        names_only_its_own(printed, clinic)
        assert hours in re.sub(r"[\u2066-\u2069]", "", unescape(printed))
        assert clinic.facts.out_of_hours_name in unescape(printed)


@pytest.mark.parametrize("channel", ["email", "sms"])
@pytest.mark.parametrize("code", COUNTRIES)
def test_reminders_name_the_clinics_own_numbers(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, code: str, channel: Channel
) -> None:
    """At noon of the clinic's own day 3. A text message carries a link and no number; none of somebody else's."""
    monkeypatch.setattr("reporting.treatments.act_reminders.channels", lambda: (channel,))
    with clock.fixed(noon(code)):
        clinic = made(code)
        clinic.issue()
        address = "demo0001@patients.example" if channel == "email" else telephones(code).split("; ")[-1]
        set_reminders(by=clinic.by, patient_id=clinic.patient_id, channel=channel, on=True, address=address)
        assert plan_due() == {channel: 1}
        [row] = rows()
        with reading() as session:
            found = message(session, row, clock.now())
    assert isinstance(found, Email | Sms), found
    text = re.sub(r"https?://\S+", "", found.text)
    numbers = {re.sub(r"[^\d+]", "", one) for one in re.findall(r"\+?\d[\d ()-]+\d", text)}
    assert numbers <= clinic.own, numbers - clinic.own
    if channel == "email":
        assert clinic.facts.emergency_telephone in numbers
        assert re.sub(r"[^\d+]", "", clinic.facts.telephones[0]) in numbers


ABROAD = {
    "America/Los_Angeles": ("US", datetime(2026, 3, 11, 5, tzinfo=UTC), "911", 3, date(2026, 3, 10), 0),
    "Asia/Tokyo": ("JP", datetime(2026, 3, 10, 20, tzinfo=UTC), "119", 4, date(2026, 3, 11), 1),
}
"""Zone to country, moment, emergency number, the day there, its date, and by how many days the check of day 3 is late.

In Madrid, where the clinic is, it is the morning of day 4 and the evening of day 3.
"""


@pytest.mark.parametrize("zone", ABROAD)
def test_day_due_late_and_number_are_the_patients_everywhere(client: TestClient, clinic: House, zone: str) -> None:
    country, moment, emergency, day, today, late = ABROAD[zone]
    with clock.fixed(moment):
        assert set_place(by=clinic.patient, country=country, timezone=zone)
        card = issue_invitation(by=clinic.staff["clinician"], treatment_id=clinic.treatment_id)
        assert red_flag(client, f"/c/{card.token}").screen.controls[0].value == f"tel:{emergency}"
        phone = Phone(client, f"/c/{card.token}")
        assert f"Day {day} " in words(phone.screen.body)
        home = recovery_page(clinic.patient)
        assert (home.timezone, home.today, home.check_in.recovery_day) == (zone, today, day)
        assert home.check_in.contact.emergency_telephone == emergency
        assert plan_due() == {}
        with transaction() as session:
            session.execute(delete(Draft))
        sent = check_in_sent(client, f"/c/{card.token}")
        assert ("This check was due on day 3" in words(sent.screen.body)) == bool(late)
        with reading() as session:
            [row] = session.exec(select(CheckIn).where(col(CheckIn.answered_at).is_not(None))).all()
        assert (row.recovery_day, row.scheduled_day) == (day, 3)
        [treatment] = timeline(clinic.staff["clinician"], clinic.patient_id).treatments
        assert [one.recovery_day for one in treatment.reports if one.answered_at] == [day]
        assert recovery_page(clinic.patient).next_day == 5


def check_in_sent(client: TestClient, link: str) -> Phone:
    """No problems, in a browser of its own, by whatever is asked first."""
    fresh = TestClient(client.app, base_url=str(client.base_url), follow_redirects=False)
    phone = Phone(fresh, link).press("No problems")
    return phone if phone.here.endswith("/sent") else phone.press("No problems")
