"""Which pages there are for whom. A page that is not listed cannot be reached."""

from pathlib import Path
from typing import NamedTuple

import streamlit as st

from reporting.domain.actors import Actor
from reporting.errors import SignInNeeded
from reporting.security.permissions import may
from reporting.ui import shell
from reporting.ui.identity import actor_of_this_run, address_asked_for, asked_for, note_refused
from reporting.ui.patient_language import language
from reporting.ui.patient_parts import sign_in_needed

_FOLDER = Path(__file__).resolve().parent.parent / "pages"


class Entry(NamedTuple):
    """A page: file, title, address, and the permission that opens it."""

    file: str
    title: str
    address: str
    permission: str
    in_menu: bool = True


STAFF = (
    Entry("clinician_worklist", "Worklist", "worklist", "worklist.read"),
    Entry("clinician_overview", "Overview", "overview", "overview.read"),
    Entry("clinician_settings", "Settings and side effects", "settings", "settings.read"),
    Entry("clinician_signals", "Signals", "signals", "signals.read"),
    Entry("clinician_units", "Operators and devices", "units", "overview.read"),
    Entry("clinician_report", "Monthly report", "safety-report", "report.read"),
    Entry("clinician_quality", "Data quality", "quality", "overview.read"),
    Entry("clinician_patients", "Patients", "patients", "timeline.read"),
    Entry("clinician_timeline", "Timeline", "timeline", "timeline.read", in_menu=False),
    Entry("clinician_plan", "Plan the next treatment", "plan", "settings.read", in_menu=False),
    Entry("clinician_record", "Record a treatment", "record", "treatment.record"),
    Entry("clinician_card", "Patient card", "card", "invitation.issue", in_menu=False),
    Entry("admin_messages", "Messages", "messages", "message.manage"),
    Entry("clinician_proxy", "Take a check-in", "proxy", "check_in.proxy"),
    Entry("admin_import", "Import", "import", "import.run"),
    Entry("admin_rules", "Rules", "rules", "content.read"),
    Entry("admin_schedules", "Schedules and deadlines", "schedules", "content.read"),
    Entry("admin_guidelines", "Guidelines and tolerances", "guidelines", "content.read"),
    Entry("admin_equipment", "Devices and operators", "equipment", "content.read"),
    Entry("admin_audit", "Audit trail", "audit", "audit.read"),
    Entry("admin_staff", "Staff", "staff", "staff.manage"),
    Entry("admin_review", "Wording and review", "review", "staff.manage"),
    Entry("admin_requests", "Requests of patients", "requests", "request.work"),
    Entry("admin_clinic", "Clinic settings", "clinic", "clinic.manage"),
)
PATIENT = (
    Entry("patient_check_in", "Check-in", "check-in", "check_in.submit"),
    Entry("patient_home", "Your recovery", "home", "check_in.submit"),
    Entry("patient_data", "Your data", "data", "consent.manage"),
    Entry("patient_correct", "Change or take back", "correct", "check_in.submit", in_menu=False),
)


MENU_PX = 264
"""Width of the menu; a phone begins with it closed."""
_SAFETY = ("overview.read", "settings.read", "signals.read", "report.read")
ADDRESSES = frozenset(entry.address for entry in (*STAFF, *PATIENT))


def pages_for(actor: Actor | None) -> list[Entry]:
    """The pages that this person may open, the first being where they begin."""
    if actor is None:
        # A patient whose session has ended is told on the page itself how to come back.
        return [Entry("home", "Welcome", "welcome", ""), *PATIENT]
    wanted = PATIENT if actor.kind == "patient" else STAFF
    return [entry for entry in wanted if may(actor, entry.permission)]


def section(entry: Entry) -> str:
    """Under which heading a staff page stands in the menu."""
    if entry.file.startswith("admin_"):
        return "Clinic"
    return "Safety" if entry.permission in _SAFETY else "Patients"


def _page(entry: Entry, default: bool) -> st.Page:
    return st.Page(_FOLDER / f"{entry.file}.py", title=entry.title, url_path=entry.address, default=default)


def _menu(entries: list[Entry], drawn: list[st.Page]) -> dict[str, list[st.Page]]:
    """The pages of the menu under their headings. Streamlit's own menu with headings is no list to a reader."""
    found: dict[str, list[st.Page]] = {}
    for entry, page in zip(entries, drawn, strict=True):
        if entry.in_menu:
            found.setdefault(section(entry), []).append(page)
    return found


def draw() -> None:
    """One run of the application: who is there, what may they see, and the page they asked for."""
    st.set_page_config(page_title="Skin check-in", layout="wide", initial_sidebar_state=MENU_PX)
    try:
        actor = actor_of_this_run()
    except SignInNeeded:
        actor = None
    entries = pages_for(actor)
    if actor is not None and (asked := address_asked_for()) in ADDRESSES - {entry.address for entry in entries}:
        note_refused(asked)
    drawn = [_page(entry, number == 0) for number, entry in enumerate(entries)]
    chosen = st.navigation(drawn, position="hidden")
    with asked_for(actor):
        shell.frame(actor, _menu(entries, drawn), chosen.url_path)
        try:
            with shell.loading(actor):
                chosen.run()
        except SignInNeeded:
            if chosen.url_path not in {entry.address for entry in PATIENT}:
                raise
            sign_in_needed(language())
