"""Which day it is at each clinic: far east it is tomorrow already, far west still yesterday."""

from datetime import date

from sqlalchemy import text
from sqlmodel import Session

from reporting import clock

_ZONES = text("SELECT id, timezone FROM clinic")
_EPOCH = date(1970, 1, 1)


def clinic_days(session: Session) -> dict[int, int]:
    """Clinic id to the number of its own day now, counted from 1970-01-01."""
    return {
        int(key): (clock.today(zone) - _EPOCH).days for key, zone in session.connection().execute(_ZONES)
    }  # fmt: skip
