"""Which reminder is due for a patient at a moment: day, hours and limits in the patient's own time zone.

Limits: one reminder a day whatever the number of treatments, and after day 7 at most three in seven days
(the conditions of the FCC's exemption for health care texts; daily ones before that need consent, which is
asked for every reminder here).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from reporting.domain.content import content
from reporting.domain.course import due_days, due_from, is_known

LATE_DAYS = 2
"""A reminder that could not go out on its day (limits, an outage) may still go out so many days later."""
DAILY_UNTIL_DAY = 7
MOST_IN_A_WEEK = 3
CHANNELS = ("sms", "email")
"""In the order of preference where a patient agreed to both: one reminder is one message."""


@dataclass(frozen=True)
class Course:
    """A treatment that may be reminded of. ``link_until``: empty where no link works; answers newest first."""

    treatment_id: int
    procedure_class: str
    performed_on: date
    link_until: datetime | None
    answered_day: int | None = None
    """Latest day of the schedule that has an answer."""
    answered_at: datetime | None = None
    """Moment of the latest answer."""
    days: tuple[int, ...] | None = None
    """Its due days where the clinic changed the schedule; None: as in the content tables."""


@dataclass(frozen=True)
class Written:
    """A reminder written before: for which due day, by which channel, what became of it and when."""

    treatment_id: int
    due_day: int
    channel: str
    status: str
    at: datetime


@dataclass(frozen=True)
class Person:
    """A patient as the planner sees them. ``channels`` are those with consent and an address.

    ``opens`` and ``closes`` bound the hours of reminders in ``timezone``: ``08:00`` and ``20:00``.
    """

    patient_id: int
    clinic_id: int
    timezone: str
    opens: str
    closes: str
    channels: tuple[str, ...]
    courses: tuple[Course, ...]
    written: tuple[Written, ...] = ()
    may_be_written_to: bool = True
    """False for one who was erased or took back the consent to check-ins."""


@dataclass(frozen=True)
class Due:
    """A reminder to write now: for the check-in of ``due_day``, which was due on ``due_on``."""

    patient_id: int
    clinic_id: int
    treatment_id: int
    due_day: int
    due_on: date
    channel: str

    @property
    def key(self) -> str:
        """The same reminder has the same key, whoever plans it and how often."""
        return f"reminder:{self.patient_id}:{self.treatment_id}:{self.due_day}:{self.channel}"


def local_day(moment: datetime, timezone: str) -> date:
    return moment.astimezone(ZoneInfo(timezone)).date()


def is_quiet(opens: str, closes: str, timezone: str, at: datetime) -> bool:
    """Whether ``at`` is outside the hours of reminders, by the clock on the patient's wall."""
    here = at.astimezone(ZoneInfo(timezone)).time()
    return not time.fromisoformat(opens) <= here < time.fromisoformat(closes)


def next_opening(opens: str, closes: str, timezone: str, at: datetime) -> datetime:
    """The first moment from ``at`` on at which a reminder may go out, in UTC."""
    if not is_quiet(opens, closes, timezone, at):
        return at
    zone, start = ZoneInfo(timezone), time.fromisoformat(opens)
    day = local_day(at, timezone)
    opening = datetime.combine(day, start, zone).astimezone(UTC)
    if opening < at:
        opening = datetime.combine(day + timedelta(days=1), start, zone).astimezone(UTC)
    return opening


def days_that_may_be_due(at: datetime, days: Collection[int] | None = None) -> set[date]:
    """Every day of treatment that some schedule makes due around ``at``, in any time zone of the world.

    ``days``: every due day of any schedule; None: those of the content tables.
    """
    if days is None:
        days = {day for schedule in content().schedules.values() for day in {row.day for row in schedule}}
    utc = at.astimezone(UTC).date()
    return {utc + timedelta(days=shift - day) for day in days for shift in range(-LATE_DAYS - 1, 2)}


def due_slot(course: Course, here: datetime) -> int | None:
    """The latest scheduled day reached ``here``, by the patient's clock, that is not too long ago, or None."""
    if not is_known(course.procedure_class):
        return None
    elapsed = (here.date() - course.performed_on).days
    days = due_days(course.procedure_class, course.performed_on) if course.days is None else course.days
    reached = (day for day in days if day < elapsed or (day == elapsed and _has_begun(course, day, here)))
    day = max(reached, default=None)
    return day if day is not None and elapsed - day <= LATE_DAYS else None


def _has_begun(course: Course, day: int, here: datetime) -> bool:
    return here.time() >= due_from(course.procedure_class, day)


def is_answered(course: Course, due_day: int, timezone: str) -> bool:
    """Whether a check-in arrived that belongs to this due day or a later one."""
    if course.answered_day is not None and course.answered_day >= due_day:
        return True
    due_on = course.performed_on + timedelta(days=due_day)
    return course.answered_at is not None and local_day(course.answered_at, timezone) >= due_on


def why_not(person: Person, course: Course | None, due_day: int, channel: str, at: datetime) -> str:
    """Why the reminder of ``due_day`` must not go out at all; empty when it may."""
    if course is None or not person.may_be_written_to:
        return "closed"
    if channel not in person.channels:
        return "no_consent"
    if course.link_until is None or course.link_until <= at:
        return "no_link"
    if due_slot(course, at.astimezone(ZoneInfo(person.timezone))) != due_day:
        return "too_late"
    return "answered" if is_answered(course, due_day, person.timezone) else ""


def within_limits(due_day: int, earlier: Iterable[date], today: date) -> bool:
    """One a day; after day 7 at most three in seven days. ``earlier``: days on which reminders went out."""
    days = list(earlier)
    if today in days:
        return False
    week = sum(today - timedelta(days=7) < day <= today for day in days)
    return due_day <= DAILY_UNTIL_DAY or week < MOST_IN_A_WEEK


def _went_out(person: Person) -> list[date]:
    """Local days of reminders that arrived, may have arrived or are about to leave."""
    return [local_day(one.at, person.timezone) for one in person.written if one.status not in ("dead", "cancelled")]


def _channel(person: Person, course: Course, due_day: int) -> str | None:
    """The first channel by which this due day was not tried; another one only where the first was dead."""
    same = [one for one in person.written if (one.treatment_id, one.due_day) == (course.treatment_id, due_day)]
    if any(one.status != "dead" for one in same):
        return None
    tried = {one.channel for one in same}
    return next((channel for channel in CHANNELS if channel in person.channels and channel not in tried), None)


def due_reminder(person: Person, at: datetime) -> Due | None:
    """The one reminder to write for this patient at ``at``, or None. Of several the freshest treatment wins."""
    if not person.channels or is_quiet(person.opens, person.closes, person.timezone, at):
        return None
    today, earlier = local_day(at, person.timezone), _went_out(person)
    return next((due for due in _open(person, at) if within_limits(due.due_day, earlier, today)), None)


def _open(person: Person, at: datetime) -> Sequence[Due]:
    """What is due now if there were no limits, the shortest time after the treatment first."""
    found = []
    for course in person.courses:
        day = due_slot(course, at.astimezone(ZoneInfo(person.timezone)))
        channel = _channel(person, course, day) if day is not None else None
        if day is None or channel is None or why_not(person, course, day, channel, at):
            continue
        due_on = course.performed_on + timedelta(days=day)
        found.append(Due(person.patient_id, person.clinic_id, course.treatment_id, day, due_on, channel))
    return sorted(found, key=lambda due: (due.due_day, due.treatment_id))
