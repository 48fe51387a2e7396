"""Backups at an interval, and how old the last good one is: told by ``/healthz`` and ``/metrics``."""

from datetime import timedelta

from prometheus_client import Gauge

from reporting.clock import now
from reporting.records.backup.state import last_good
from reporting.records.engine import TROUBLES, reading
from reporting.records.trail.standing import standing
from reporting.settings import settings

NAME = "backup"
"""Its name among what ``/healthz`` tells."""
AGE = Gauge("reporting_backup_age_seconds", "Age of the last backup that was opened again; -1: there is none")
WHOLE = Gauge("reporting_audit_trail_whole", "1 while nothing is known to be wrong with the audit trail")


def _age() -> timedelta | None:
    with reading() as session:
        last = last_good(session)
    return None if last is None else now() - last


def backup_is_due() -> bool:
    """Whether one is to be taken now."""
    if settings().backup_dir is None:
        return False
    age = _age()
    return age is None or age >= timedelta(hours=settings().backup_hours)


def watch_backups() -> None:
    """Where they are to be taken, tell when two were missed."""
    age = _age() if settings().backup_dir is not None else timedelta()
    if age is None:
        TROUBLES[NAME] = "none was taken yet"
    elif age >= timedelta(hours=2 * settings().backup_hours):
        TROUBLES[NAME] = f"the last good one is {int(age.total_seconds()) // 3600} hours old"
    else:
        TROUBLES.pop(NAME, None)


def measure() -> None:
    """For ``/metrics``."""
    age = _age()
    AGE.set(-1 if age is None else age.total_seconds())
    with reading() as session:
        WHOLE.set(not standing(session).words)
