"""Reminders from the schedule to the inbox: the right day, the right link, and never after a no."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from reporting import clock
from reporting.clinic.act_clinic import change_content
from reporting.domain.actors import Actor
from reporting.errors import InvalidInput, LinkNotValid, NotAllowed, NotFound
from reporting.messages.act_outbox import Sender
from reporting.patient.act_check_ins import submit_check_in
from reporting.records.engine import reading, transaction
from reporting.records.tables import Clinic, Consent, Patient, Treatment
from reporting.security.encryption import decrypt
from reporting.security.tokens import message_of
from reporting.settings import settings
from reporting.shell import act_consent
from reporting.shell.act_sessions import actor_of
from reporting.treatments.act_invitations import check_link, issue_invitation, open_link
from reporting.treatments.act_reminders import plan_due, reminder_state, set_reminders
from tests.accounts import together, trail
from tests.answers import NO_PROBLEMS
from tests.cast import PERFORMED, house
from tests.mail_server import MailServer
from tests.notify.cast import EMAIL, Invited, invited, rows, statuses
from tests.sms_gateway import Gateway

pytestmark = pytest.mark.sqlite_first


@pytest.fixture
def one(database: str, stopped_clock: datetime, mail: MailServer) -> Invited:
    return invited()


def send() -> dict[str, int]:
    with Sender(draw=lambda: 0.5) as sender:
        return dict(sender.run())


def link_in(text: str) -> str:
    return next(word for word in text.split() if "/c/" in word)


def change(table: type, key: int, **values: object) -> None:
    with transaction() as session:
        session.execute(update(table).where(col(table.id) == key).values(**values))  # type: ignore[attr-defined]


def test_the_clinics_own_schedule_says_when(one: Invited) -> None:
    with clock.fixed(clock.now() - timedelta(days=9)):
        change_content(
            by=one.house.staff["administrator"],
            table="schedules",
            row="ablative",
            cells={"days": "4|28"},
            reason="fewer questions",
        )
    assert plan_due() == {}
    with clock.fixed(clock.now() + timedelta(days=1)):
        assert plan_due() == {"email": 1}
    assert [row.payload["due_day"] for row in rows()] == [4]


def test_it_arrives_with_a_link_that_opens_the_check_in(one: Invited, mail: MailServer) -> None:
    assert plan_due() == {"email": 1}
    assert plan_due() == {}
    assert send() == {"sent": 1}
    [message], [text] = mail.arrived, mail.texts()
    assert message["To"] == EMAIL
    assert message["Subject"] == "Time for your check-in"
    assert text.count("/c/") == 1
    token = link_in(text).rsplit("/", 1)[1]
    assert link_in(text) == f"{settings().base_url}/c/{token}"
    assert token not in (one.card.token, one.card.code)
    by = actor_of(open_link(token).value)
    assert (by.id, by.strength, by.treatment_id) == (one.house.patient_id, "link", one.house.treatment_id)
    check_link(one.card.token)  # the card's own link still works


def test_it_says_nothing_about_health_and_names_nobody(one: Invited, mail: MailServer) -> None:
    change(Clinic, one.house.clinic_id, name="Demo Laser Clinic A")
    plan_due()
    send()
    raw = mail.raw[0].decode() + mail.texts()[0]
    for word in ("laser", "skin", "ablative", "cheek", "P-0001", "T-0001", "burn", "1980"):
        assert word.lower() not in raw.lower(), word


def test_every_reminder_of_a_card_has_the_same_link_and_a_new_card_ends_it(one: Invited, mail: MailServer) -> None:
    plan_due()
    send()
    with clock.fixed(clock.now() + timedelta(days=2)):  # day 5
        plan_due()
        send()
        first, second = (link_in(text) for text in mail.texts())
        assert first == second
        token = first.rsplit("/", 1)[1]
        old = open_link(token).value
        issue_invitation(by=one.house.staff["clinician"], treatment_id=one.house.treatment_id)
        with pytest.raises(LinkNotValid):
            check_link(token)
        with pytest.raises(Exception, match="signed in"):
            actor_of(old)
    with clock.fixed(clock.now() + timedelta(days=4)):  # day 7
        plan_due()
        send()
        third = link_in(mail.texts()[2]).rsplit("/", 1)[1]
        assert third != token
        check_link(third)


def test_it_comes_in_the_patients_time_zone(one: Invited) -> None:
    change(Patient, one.house.patient_id, timezone="Pacific/Kiritimati")
    assert plan_due() == {}  # 23:30 there
    with clock.fixed(datetime.fromisoformat("2026-03-09T18:00+00:00")):  # 10 March, 08:00 there
        assert plan_due() == {"email": 1}
    assert rows()[0].due_on == date(2026, 3, 10)


def answered(one: Invited) -> None:
    submit_check_in(by=one.house.patient, treatment_id=one.house.treatment_id, answers=NO_PROBLEMS, submission_key="k1")


def erased(one: Invited) -> None:
    change(Patient, one.house.patient_id, erased_at=clock.now())


def said_stop(one: Invited) -> None:
    act_consent.disagree(by=one.house.patient, kind="check_ins")


def new_card_expired(one: Invited) -> None:
    from reporting.records.tables import Invitation

    with transaction() as session:
        session.execute(update(Invitation).values(expires_at=clock.now()))


def withdrawn_behind_our_back(one: Invited) -> None:
    """As another process would have done a moment ago, without touching the message."""
    with transaction() as session:
        session.execute(update(Consent).values(withdrawn_at=clock.now()))


ENDS = [answered, erased, said_stop, new_card_expired, withdrawn_behind_our_back]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_none_is_written_after_the_end(one: Invited, end: object) -> None:
    end(one)  # type: ignore[operator]
    assert plan_due() == {}


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_and_one_that_waits_is_asked_again_before_it_leaves(one: Invited, mail: MailServer, end: object) -> None:
    assert plan_due() == {"email": 1}
    end(one)  # type: ignore[operator]
    assert send() in ({"cancelled": 1}, {})
    assert statuses() == ["cancelled"]
    assert mail.arrived == []


def test_an_outage_into_the_night_waits_for_the_morning(one: Invited, mail: MailServer) -> None:
    plan_due()
    with clock.fixed(clock.now() + timedelta(hours=10)):  # 20:30 in Madrid
        assert send() == {"later": 1}
        [row] = rows()
        assert row.next_attempt_at == datetime.fromisoformat("2026-03-11T07:00+00:00")
        assert send() == {}
    with clock.fixed(datetime.fromisoformat("2026-03-11T07:00+00:00")):
        assert send() == {"sent": 1}
    assert len(mail.arrived) == 1


def test_an_outage_for_days_ends_in_one_reminder_a_day_at_most(one: Invited, mail: MailServer) -> None:
    for day in range(5):  # days 3 and 5 become due, nothing is sent
        with clock.fixed(clock.now() + timedelta(days=day)):
            plan_due()
    assert statuses() == ["waiting", "waiting", "waiting"]
    with clock.fixed(clock.now() + timedelta(days=4)):  # day 7: 3 and 5 are overtaken
        assert send() == {"cancelled": 2, "sent": 1}
    assert [row.last_error for row in rows()] == ["too_late", "too_late", ""]


def test_two_planners_at_once_write_one(one: Invited) -> None:
    found = together(*([plan_due] * 4))
    assert sum(sum(count.values()) for count in found) == 1
    assert len(rows()) == 1


def test_by_text_message_where_both_are_chosen(
    database: str, stopped_clock: datetime, mail: MailServer, gateway: Gateway
) -> None:
    invited(sms=True)
    assert plan_due() == {"sms": 1}
    assert send() == {"sent": 1}
    [request] = gateway.requests
    assert request["To"] == "+447700900123"
    assert request["Body"].startswith("Demo clinic A: time for your check-in. http")
    assert request["Body"].endswith(" Reply STOP to end.")
    assert len(request["Body"]) <= 160
    assert mail.arrived == []


def test_a_number_that_is_refused_falls_back_to_e_mail(
    database: str, stopped_clock: datetime, mail: MailServer, gateway: Gateway
) -> None:
    invited(sms=True)
    gateway.plan = [(400, {})]
    plan_due()
    assert send() == {"dead": 1}
    assert plan_due() == {"email": 1}
    assert send() == {"sent": 1}
    assert plan_due() == {}


def test_nothing_is_planned_for_a_channel_that_is_not_set_up(database: str, stopped_clock: datetime) -> None:
    invited(sms=True)
    assert plan_due() == {}


def second_treatment(one: Invited, performed_on: date) -> int:
    """The same patient is treated once more, with the same device, and has a link to that too."""
    with transaction() as session:
        old = session.get_one(Treatment, one.house.treatment_id)
        new = Treatment(
            clinic_id=old.clinic_id,
            patient_id=old.patient_id,
            reference="T-0002",
            procedure_class="ipl",
            performed_on=performed_on,
            device_id=old.device_id,
        )
        session.add(new)
        session.flush()
        key = new.id or 0
    issue_invitation(by=one.house.staff["clinician"], treatment_id=key)
    return key


def test_one_a_day_over_two_treatments(one: Invited, mail: MailServer) -> None:
    key = second_treatment(one, PERFORMED + timedelta(days=2))
    for hours in (0, 2, 4):
        with clock.fixed(clock.now() + timedelta(hours=hours)):
            plan_due()
            send()
    assert [row.payload["treatment"] for row in rows()] == [key]  # day 1 of the fresh one before day 3
    with clock.fixed(clock.now() + timedelta(days=1)):
        plan_due()
        send()
    assert [row.payload["treatment"] for row in rows()] == [key, one.house.treatment_id]


def test_two_that_wait_after_an_outage_leave_on_two_days(one: Invited, mail: MailServer) -> None:
    plan_due()  # day 3 of the first treatment, on the 10th
    second_treatment(one, PERFORMED + timedelta(days=3))
    with clock.fixed(clock.now() + timedelta(days=1)):  # day 1 of the second one, on the 11th
        assert plan_due() == {"email": 1}
        assert send() == {"sent": 1, "later": 1}
        assert send() == {}
    assert sorted(statuses()) == ["sent", "waiting"]
    with clock.fixed(datetime.fromisoformat("2026-03-12T07:00+00:00")):
        assert send() == {"sent": 1}
    assert len({link_in(text) for text in mail.texts()}) == 2


def test_the_text_is_in_the_patients_language(one: Invited, mail: MailServer) -> None:
    change(Patient, one.house.patient_id, language="ar")
    plan_due()
    send()
    [message] = mail.arrived
    assert message["Content-Language"] == "ar"
    html = message.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert '<html lang="ar" dir="rtl">' in html


def test_the_unsubscribe_link_names_the_message_not_the_person(one: Invited, mail: MailServer) -> None:
    plan_due()
    send()
    address = str(mail.arrived[0]["List-Unsubscribe"]).strip("<>")
    assert address in mail.texts()[0]
    token = address.rsplit("/", 1)[1]
    assert message_of(token) == rows()[0].id
    for forged in (f"{rows()[0].id}-", token[:-1], f"9{token}", "", "x-y", f"{10**30}-{token.partition('-')[2]}"):
        assert message_of(forged) is None


def test_consent_is_kept_with_version_source_and_time(one: Invited) -> None:
    with reading() as session:
        [row] = session.execute(select(Consent).where(col(Consent.kind) == "email_reminders")).scalars()
    assert (row.source, row.given_at, row.withdrawn_at) == ("staff", clock.now(), None)
    assert row.text_version
    assert [action for action, _, _ in trail("consent", "contact")] == ["contact.changed", "consent.given"]


def test_a_patient_sees_and_changes_the_own_choice(one: Invited) -> None:
    by = one.house.patient
    state = reminder_state(by)
    assert (state.email.on, state.email.address, state.sms.on) == (True, "d…@patients.example", False)
    set_reminders(by=by, channel="email", on=False)
    set_reminders(by=by, channel="sms", on=True, address="+44 7700 900124")
    state = reminder_state(by)
    assert (state.email.on, state.sms.on, state.sms.address) == (False, True, "…124")
    with reading() as session:
        kept = session.get_one(Patient, by.id)
        assert decrypt(kept.phone_encrypted or "") == "+447700900124"
        assert kept.phone_hash
        assert "7700" not in (kept.phone_encrypted or "") + (kept.phone_hash or "")
    set_reminders(by=by, channel="sms", on=False, address="")
    with reading() as session:
        kept = session.get_one(Patient, by.id)
        assert (kept.phone_encrypted, kept.phone_hash) == (None, None)


def test_the_link_alone_may_switch_but_not_lead_messages_elsewhere(one: Invited) -> None:
    by = actor_of(open_link(one.card.token).value)
    assert by.strength == "link"
    assert reminder_state(by).email.address == ""
    set_reminders(by=by, channel="email", on=False)
    set_reminders(by=by, channel="email", on=True)
    with pytest.raises(NotAllowed):
        set_reminders(by=by, channel="email", on=True, address="thief@elsewhere.example")
    with reading() as session:
        assert decrypt(session.get_one(Patient, by.id).email_encrypted or "") == EMAIL


def test_who_may_not(one: Invited) -> None:
    other = house("B")
    for by in (*other.staff.values(), other.patient):
        with pytest.raises(NotFound):
            set_reminders(by=by, patient_id=one.house.patient_id, channel="email", on=False)
        with pytest.raises(NotFound):
            reminder_state(by, one.house.patient_id)
    with pytest.raises(InvalidInput):
        set_reminders(by=one.house.patient, channel="sms", on=True)
    with pytest.raises(InvalidInput):
        set_reminders(by=one.house.patient, channel="pigeon", on=True)  # type: ignore[arg-type]
    assert statuses() == []


def test_an_erased_patient_is_not_there(one: Invited) -> None:
    erased(one)
    with pytest.raises(NotFound):
        set_reminders(by=one.house.staff["administrator"], patient_id=one.house.patient_id, channel="email", on=True)


def test_a_number_without_country_code_is_of_the_clinics_country(database: str, stopped_clock: datetime) -> None:
    clinic = house("A")
    change(Clinic, clinic.clinic_id, telephone="+44 20 7946 0018")
    set_reminders(
        by=clinic.staff["front_desk"], patient_id=clinic.patient_id, channel="sms", on=True, address="07700 900123"
    )
    with reading() as session:
        assert decrypt(session.get_one(Patient, clinic.patient_id).phone_encrypted or "") == "+447700900123"


def test_an_actor_of_the_system_plans_for_everybody(one: Invited) -> None:
    assert Actor(kind="system").id is None
    invited("B")
    assert plan_due() == {"email": 2}
