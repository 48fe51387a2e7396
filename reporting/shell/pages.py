"""The pages: file, title, address, who may open it and where it stands in the menu. Told here and nowhere else."""

from enum import StrEnum
from pathlib import Path
from typing import Literal, NamedTuple

FOLDER = Path(__file__).resolve().parent.parent
Section = Literal["Patients", "Safety", "Clinic", "Patient"]


class Entry(NamedTuple):
    """A page. ``file`` is its room and name below ``reporting/``; ``permission`` opens it; ``section`` is its heading
    in the menu."""

    file: str
    title: str
    address: str
    permission: str
    section: Section
    in_menu: bool = True

    @property
    def path(self) -> Path:
        return FOLDER / f"{self.file}.py"

    @property
    def module(self) -> str:
        return f"reporting.{self.file.replace('/', '.')}"


STAFF = (
    Entry("cases/page_worklist", "Worklist", "worklist", "worklist.read", "Patients"),
    Entry("signals/page_overview", "Overview", "overview", "overview.read", "Safety"),
    Entry("dashboards/page_settings", "Settings and side effects", "settings", "settings.read", "Safety"),
    Entry("signals/page_signals", "Signals", "signals", "signals.read", "Safety"),
    Entry("signals/page_peers", "Operators and devices", "units", "overview.read", "Safety"),
    Entry("report/page_report", "Monthly report", "safety-report", "report.read", "Safety"),
    Entry("dashboards/page_quality", "Data quality", "quality", "overview.read", "Safety"),
    Entry("treatments/page_patients", "Patients", "patients", "timeline.read", "Patients"),
    Entry("cases/page_timeline", "Timeline", "timeline", "timeline.read", "Patients", in_menu=False),
    Entry("dashboards/page_plan", "Plan the next treatment", "plan", "settings.read", "Safety", in_menu=False),
    Entry("treatments/page_record", "Record a treatment", "record", "treatment.record", "Patients"),
    Entry("treatments/page_card", "Patient card", "card", "invitation.issue", "Patients", in_menu=False),
    Entry("messages/page_messages", "Messages", "messages", "message.manage", "Clinic"),
    Entry("patient/page_proxy", "Take a check-in", "proxy", "check_in.proxy", "Patients"),
    Entry("imports/page_import", "Import", "import", "import.run", "Clinic"),
    Entry("clinic/page_rules", "Rules", "rules", "content.read", "Clinic"),
    Entry("clinic/page_schedules", "Schedules and deadlines", "schedules", "content.read", "Clinic"),
    Entry("clinic/page_guidelines", "Guidelines and tolerances", "guidelines", "content.read", "Clinic"),
    Entry("treatments/page_equipment", "Devices and operators", "equipment", "content.read", "Clinic"),
    Entry("clinic/page_audit", "Audit trail", "audit", "audit.read", "Clinic"),
    Entry("clinic/page_staff", "Staff", "staff", "staff.manage", "Clinic"),
    Entry("clinic/page_review", "Wording and review", "review", "staff.manage", "Clinic"),
    Entry("patient/page_requests", "Requests of patients", "requests", "request.work", "Clinic"),
    Entry("clinic/page_on_call", "On call", "on-call", "clinic.manage", "Clinic"),
    Entry("clinic/page_clinic", "Clinic settings", "clinic", "clinic.manage", "Clinic"),
    Entry("accounts/page_account", "Your account", "account", "account.own", "Clinic"),
)
PATIENT = (
    Entry("patient/page_check_in", "Check-in", "check-in", "check_in.submit", "Patient"),
    Entry("patient/page_home", "Your recovery", "home", "check_in.submit", "Patient"),
    Entry("patient/page_data", "Your data", "data", "consent.manage", "Patient"),
    Entry("patient/page_correct", "Change or take back", "correct", "check_in.submit", "Patient", in_menu=False),
)
WELCOME = Entry("app/page_welcome", "Welcome", "welcome", "", "Patient")
ALL = (*STAFF, *PATIENT, WELCOME)
ADDRESSES = frozenset(entry.address for entry in (*STAFF, *PATIENT))
_BY_ADDRESS = {entry.address: entry for entry in ALL}


def page_at(address: str) -> Entry:
    """The page of an address. Raises KeyError where there is none: addresses are written by us, not by people."""
    return _BY_ADDRESS[address]


def path_of(address: str) -> str:
    """Path of a page, as a link or an answer that leads on has it. Raises KeyError where there is none."""
    return f"/{page_at(address).address}"


class Plain(StrEnum):
    """Where the plain pages and answers are, those that Streamlit does not draw. Told here and nowhere else.

    Those that end with a slash, and ``QUESTION``, are followed by what they are about.
    """

    LINK = "/c/"
    CODE = "/code"
    UNLOCK = "/unlock"
    MY_DATA = "/my-data"
    UNSUBSCRIBE = "/unsubscribe"
    SMS_INBOUND = "/sms/inbound"
    SIGN_IN = "/sign-in"
    SIGN_OUT = "/sign-out"
    FORGOT_PASSWORD = "/forgot-password"
    NEW_PASSWORD = "/new-password/"
    SECOND_FACTOR = "/second-factor"
    SET_UP = "/set-up"
    DEMO = "/demo"
    LANGUAGE = "/language"
    PHOTO = "/photo"
    REPORT = "/safety-report/"
    PHOTOS = "/check-in/photo"
    QUESTION = "/check-in/q"
    REVIEW = "/check-in/review"
    SENT = "/check-in/sent"
    NOW = "/check-in/now"
    HEALTH = "/healthz"
    METRICS = "/metrics"
