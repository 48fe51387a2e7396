"""One patient's timeline: settings and side effects side by side.

The parts of a patient's timeline: settings beside the guideline, the recovery charts, reports, steps.

The end of a patient's timeline: every contact, note and change of state, and a new note.

A patient's photos for clinicians: any two days of a treatment side by side, and each one large.
"""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import streamlit as st

from reporting import clock
from reporting.cases import ui_case
from reporting.cases.act_cases import add_patient_note
from reporting.cases.chart_timeline import MARKS, course_table, reported_symptoms, symptom_course
from reporting.cases.read_timeline import NoteLine, Timeline, TreatmentLine, timeline
from reporting.cases.read_worklist import CaseStep
from reporting.cases.ui_about import (
    area_part,
    caption,
    change_words,
    pictures,
    report_words,
    told_part,
    unfinished_words,
)
from reporting.cases.ui_case import step_words
from reporting.domain.actors import Actor
from reporting.domain.case_work import NOTE_CHARACTERS
from reporting.domain.vocabulary import symptoms
from reporting.patient.act_photos import remove_photo
from reporting.patient.read_photos import PhotoLine, photos_of
from reporting.security.permissions import may
from reporting.shell import ui_words as words
from reporting.shell.act_looks import Purpose, looks_at, on_record
from reporting.shell.file_csv import table_csv
from reporting.shell.read_scope import of_one_state
from reporting.shell.ui_figures import chart, csv_file, drawn
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_links import number_in_address, page_link
from reporting.shell.ui_states import attempt, empty, show_notice, shows_problems


def _course(treatment: TreatmentLine) -> None:
    had = reported_symptoms(treatment)
    never = [each.label.lower() for each in symptoms() if each.code not in had]
    if not treatment.reports:
        empty(
            "No check-ins yet.",
            "Answers appear here, over the band that is expected for this procedure.",
        )
        return
    st.markdown(f"Answered {treatment.answered} of {treatment.due} check-ins that came due.")
    for code in had:
        chart(drawn(symptom_course, treatment, code), key=f"course_{treatment.treatment_id}_{code}")
    if had:
        legend = ", ".join(f"{mark} {kind}" for kind, mark in MARKS.items())
        st.markdown(f"{legend}. The shaded band is what is expected after this procedure on that day.")
        with st.expander("Show the numbers as a table"):
            table = course_table(treatment, had)
            st.dataframe(table, hide_index=True, alt="Severity by recovery day")
            csv_file(lambda: table_csv(table), key=f"csv_{treatment.treatment_id}", file_name="recovery.csv")
    if never:
        st.markdown(f"Never reported: {', '.join(never)}.")


def _reports(treatment: TreatmentLine, timezone: str) -> None:
    for report in treatment.unfinished:
        st.markdown(f"- {unfinished_words(report, timezone)}")
    for report in treatment.reports:
        if report.answered_at is None:
            st.markdown(f"- **Day {report.scheduled_day}**: not answered")
            continue
        replaced = f" ({change_words(report.change, timezone)})" if report.change else ""
        if report.is_correction:
            replaced = f" (a correction){replaced}"
        st.markdown(
            f"- **Day {report.recovery_day}**, {words.moment(report.answered_at, timezone)}{words.as_text(replaced)}: "
            f"{report_words(report)}"
        )
        if report.change and report.change.own_words:
            st.text(f"In their words: {report.change.own_words}")
        if report.note:
            st.text(f"Note: {report.note}")
        elif report.has_note:
            st.markdown("There is a note that your role may not read.")


def treatment_part(treatment: TreatmentLine, timezone: str) -> None:
    """One treatment: how it was done, how it went, and every report."""
    st.subheader(f"{words.day(treatment.performed_on)}: {treatment.procedure}")
    session = f" · session {treatment.session_number}" if treatment.session_number else ""
    kind = f" ({treatment.device_class})" if treatment.device_class else ""
    st.markdown(
        f"Device: {words.as_text(treatment.device)}{kind} · operator: {words.as_text(treatment.operator)}{session}"
    )
    for area in treatment.areas:
        area_part(area)
    _course(treatment)
    if treatment.reports:
        with st.expander(f"All check-ins ({treatment.answered} answered)"):
            _reports(treatment, timezone)
        with st.expander("What the patient was told"):
            told_part(treatment.reports, timezone)


PLACE = "timeline_note"


def steps_part(actor: Actor, seen: Timeline) -> None:
    """Everything that was done about this patient, newest first, and the form for a note."""
    st.subheader("Contacts, notes and steps")
    show_notice(PLACE)
    if not seen.contacts and not seen.notes:
        st.markdown("No case was ever opened for this patient, and nobody wrote a note.")
    lines: list[tuple[date, datetime, CaseStep | NoteLine]] = [
        *((step.at.astimezone(ZoneInfo(seen.timezone)).date(), step.at, step) for step in seen.contacts),
        *((note.happened_on, note.written_at, note) for note in seen.notes),
    ]
    for _, _, line in sorted(lines, key=lambda each: each[:2], reverse=True):
        _line(line, seen.timezone)
    if may(actor, "case.work"):
        _form(seen)


def _line(line: CaseStep | NoteLine, timezone: str) -> None:
    if isinstance(line, CaseStep):
        st.markdown(f"- {words.moment(line.at, timezone)}: {words.as_text(step_words(line))}")
        return
    who = f" by {words.as_text(line.who)}" if line.who else ""
    st.markdown(f"- {words.day(line.happened_on)}: Note{who}, written {words.moment(line.written_at, timezone)}")
    st.text(line.words)


def _form(seen: Timeline) -> None:
    with st.form(f"note_{seen.patient_id}", clear_on_submit=False, enter_to_submit=False):
        today: date = clock.today(seen.timezone)
        st.date_input("About the day", value=today, max_value=today, key="note_on", format="YYYY-MM-DD")
        st.text_area(
            "Note",
            key="note_words",
            max_chars=NOTE_CHARACTERS,
            help="The patient can ask to see it. It cannot be changed afterwards.",
        )
        st.form_submit_button("Add the note", on_click=_add, args=(seen.patient_id,))


def _add(patient_id: int) -> None:
    on, said = st.session_state["note_on"], st.session_state["note_words"]
    done = attempt(
        PLACE,
        "The note is kept.",
        lambda by: add_patient_note(by=by, patient_id=patient_id, happened_on=on, words=said),
    )
    if done:
        st.session_state["note_words"] = ""


def _chosen(photos: Sequence[PhotoLine], label: str, index: int, timezone: str, key: str) -> PhotoLine:
    captions = {photo.photo_id: caption(photo, timezone) for photo in photos}
    chosen = st.selectbox(label, list(captions), index=index, key=key, format_func=captions.__getitem__)
    return next((photo for photo in photos if photo.photo_id == chosen), photos[index])


def _remove(photo_id: int, reason_key: str, place: str) -> None:
    reason = str(st.session_state.get(reason_key) or "")
    attempt(place, "The photo is removed.", lambda by: remove_photo(by=by, photo_id=photo_id, reason=reason))


def _remove_part(photos: Sequence[PhotoLine], timezone: str, place: str) -> None:
    with st.popover("Remove a photo"):
        photo = _chosen(photos, "Photo", 0, timezone, f"{place}_which")
        reason_key = f"{place}_reason"
        st.text_input("Reason", key=reason_key, max_chars=200, help="For example: it shows somebody else.")
        st.button("Remove for good", key=f"{place}_remove", on_click=_remove, args=(photo.photo_id, reason_key, place))


def photos_part(photos: Sequence[PhotoLine], timezone: str) -> None:
    """Photos of one treatment: the first beside the newest, or any two. Nothing where there are none."""
    if not photos:
        return
    place = f"photos_{photos[0].treatment_id}"
    st.markdown("**Photos**")
    show_notice(place)
    pair = list(photos)
    if len(photos) > 1:
        left, right = st.columns(2)
        with left:
            first = _chosen(photos, "Photo on the left", 0, timezone, f"{place}_left")
        with right:
            second = _chosen(photos, "Photo on the right", len(photos) - 1, timezone, f"{place}_right")
        pair = [first, second] if first != second else [first]
    pictures(pair, timezone)
    st.markdown("A click on a photo shows it large. Each look is kept in the audit trail.")
    _remove_part(photos, timezone, place)


def _head(seen: Timeline) -> None:
    skin = f"skin type {seen.fitzpatrick}" if seen.fitzpatrick else "skin type not recorded"
    born = f"born {seen.year_of_birth}" if seen.year_of_birth else "year of birth not recorded"
    st.markdown(" · ".join([born, skin, *seen.risks]))
    with st.container(horizontal=True, vertical_alignment="center"):
        for case_id in seen.open_case_ids:
            if st.button("Open case", key=f"timeline_case_{case_id}", type="primary"):
                ui_case.choose(case_id)
        page_link("record", "Record a treatment", icon=":material/add:", patient=seen.patient_id)
        page_link("plan", "Plan the next treatment", icon=":material/tune:", patient=seen.patient_id)
        page_link("patients", "All patients", icon=":material/group:")


def _looks(actor: Actor, seen: Timeline) -> None:
    """Who has looked, for who may read the audit trail."""
    found = looks_at(actor, seen.patient_id) if may(actor, "audit.read") else ()
    if found:
        with st.expander("Who has looked"):
            for one in found:
                st.markdown(f"- {words.moment(one.at, seen.timezone)}: {words.as_text(one.who)}, {one.purpose}")


@shows_problems
@of_one_state
def page() -> None:
    patient_id = number_in_address("patient")
    actor = current_actor()
    if patient_id is None:
        st.title("Timeline")
        empty("Choose a patient.", "Open a timeline from the worklist, or find the patient by reference.", "patients")
        return
    heading = st.empty()
    heading.title("Timeline")  # stays when the patient cannot be shown
    seen = on_record(
        actor, Purpose.TIMELINE, "patient", patient_id, lambda: timeline(actor, patient_id), lambda it: it.patient_id
    )
    heading.title(f"Patient {words.as_text(seen.reference)}")
    _head(seen)
    if not seen.treatments:
        empty(
            "No treatments yet.",
            "Record a treatment of this patient, or import a log of your practice system.",
        )
    photos = photos_of(actor, patient_id=patient_id)
    for treatment in seen.treatments:
        treatment_part(treatment, seen.timezone)
        photos_part([p for p in photos if p.treatment_id == treatment.treatment_id], seen.timezone)
        with st.container(horizontal=True):
            page_link("card", "Patient card", icon=":material/qr_code:", treatment=treatment.treatment_id)
            page_link("proxy", "Take a check-in", icon=":material/call:", treatment=treatment.treatment_id)
            page_link("record", "Correct this treatment", icon=":material/edit:", treatment=treatment.treatment_id)
        st.divider()
    steps_part(actor, seen)
    _looks(actor, seen)
    if (case_id := ui_case.chosen()) is not None:
        ui_case.open_window(case_id)


if __name__ == "__main__":
    page()
