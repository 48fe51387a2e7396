"""Patients who agreed to reminders, and what became of their messages."""

from dataclasses import dataclass

from sqlalchemy import select

from reporting.records.engine import reading
from reporting.records.tables import OutboxMessage
from reporting.treatments.act_invitations import IssuedInvitation, issue_invitation
from reporting.treatments.act_reminders import set_reminders
from tests.cast import House, house

EMAIL, PHONE = "demo0001@patients.example", "+44 7700 900123"


@dataclass(frozen=True)
class Invited:
    """A clinic whose patient has a card and gets reminders."""

    house: House
    card: IssuedInvitation


def invited(code: str = "A", email: bool = True, sms: bool = False, phone: str = PHONE) -> Invited:
    """PERFORMED is three days before the stopped clock, so day 3 is due."""
    clinic = house(code)
    card = issue_invitation(by=clinic.staff["front_desk"], treatment_id=clinic.treatment_id)
    for channel, on, address in (("email", email, EMAIL), ("sms", sms, phone)):
        if on:
            set_reminders(
                by=clinic.staff["front_desk"],
                patient_id=clinic.patient_id,
                channel=channel,
                on=True,  # type: ignore[arg-type]
                address=address,
            )
    return Invited(clinic, card)


def rows() -> list[OutboxMessage]:
    """Every message, oldest first."""
    with reading() as session:
        return list(session.execute(select(OutboxMessage).order_by(OutboxMessage.id)).scalars())


def statuses() -> list[str]:
    return [row.status for row in rows()]
