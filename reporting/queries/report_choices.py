"""What the page of the monthly report offers: months, and who is told when one is ready."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from reporting import clock
from reporting.domain.actors import Actor
from reporting.domain.months import Month, of
from reporting.domain.report_schedule import ReportSchedule, from_plain
from reporting.queries.scope import Filters, scoped_frame
from reporting.security.permissions import may, require
from reporting.storage import patients, sessions
from reporting.storage.engine import reading

MOST_MONTHS = 36


@dataclass(frozen=True)
class ReportChoices:
    """``months``, the one just over first; ``readers``: staff id to name, for those who may change the schedule."""

    months: tuple[Month, ...]
    schedule: ReportSchedule
    readers: dict[int, str]
    timezone: str


def report_choices(by: Actor) -> ReportChoices:
    """What the actor may choose. Raises NotAllowed."""
    require(by, "report.read")
    with reading() as session:
        clinic = patients.clinic(session, by.clinic_id or 0)
        accounts = sessions.accounts_of(session, clinic.id or 0) if may(by, "report.schedule") else []
    this = of(clock.now().astimezone(ZoneInfo(clinic.timezone)).date())
    days = scoped_frame(by, Filters(), ["performed_on"])["performed_on"]
    first = of(days.min().date()) if len(days) else this.previous
    older = [this.previous]
    while older[-1] > first and len(older) < MOST_MONTHS:
        older.append(older[-1].previous)
    months = [older[0], this, *older[1:]]
    readers = {
        one.id or 0: f"{one.display_name} ({one.role.replace('_', ' ')})" for one in accounts
        if one.is_active and may(Actor("staff", one.id, one.clinic_id, one.role), "report.read")  # type: ignore[arg-type]
    }  # fmt: skip
    return ReportChoices(tuple(months), from_plain(clinic.report_schedule), readers, clinic.timezone)
