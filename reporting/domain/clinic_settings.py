"""What an administrator can set for the clinic, and which values are allowed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reporting.domain.messages import check_sender_name
from reporting.domain.retention import checked
from reporting.errors import InvalidInput

FACTORS = {
    "code": "The short code on the card, together with the year of birth",
    "email": "A code by e-mail, new each time (patients without an address use the card)",
}
"""Second factor to its words for staff."""
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


@dataclass(frozen=True)
class ClinicSettings:
    """Times are ``HH:MM`` in the patient's time zone; retention is in months by kind, None means kept."""

    second_factor: str
    reminders_from: str
    reminders_until: str
    message_name: str
    retention: Mapping[str, int | None]


def check_settings(given: ClinicSettings) -> dict[str, Any]:
    """The columns of the clinic that these settings make. Raises InvalidInput."""
    if given.second_factor not in FACTORS:
        allowed = "one of " + ", ".join(FACTORS)
        raise InvalidInput(field="second factor", found=given.second_factor[:20], allowed=allowed)
    for field, time in (("reminders from", given.reminders_from), ("reminders until", given.reminders_until)):
        if not _TIME.fullmatch(time):
            raise InvalidInput(field=field, found=time[:10], allowed="a time such as 08:00")
    if given.reminders_from >= given.reminders_until:
        found = f"{given.reminders_from} to {given.reminders_until}"
        raise InvalidInput(field="reminder hours", found=found, allowed="a beginning before the end")
    return {
        "second_factor": given.second_factor, "reminders_from": given.reminders_from,
        "reminders_until": given.reminders_until, "message_name": check_sender_name(given.message_name),
        "retention": checked(given.retention),
    }  # fmt: skip
