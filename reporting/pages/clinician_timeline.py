"""One patient's timeline: settings and side effects side by side."""

import streamlit as st

from reporting.queries.photos import photos_of
from reporting.queries.timeline import Timeline, timeline
from reporting.ui import case_parts, case_window, staff_photos, timeline_parts, timeline_steps
from reporting.ui.identity import current_actor
from reporting.ui.links import number_in_address, page_link
from reporting.ui.states import empty, shows_problems


def _head(seen: Timeline) -> None:
    skin = f"skin type {seen.fitzpatrick}" if seen.fitzpatrick else "skin type not recorded"
    born = f"born {seen.year_of_birth}" if seen.year_of_birth else "year of birth not recorded"
    st.markdown(" · ".join([born, skin, *seen.risks]))
    with st.container(horizontal=True, vertical_alignment="center"):
        for case_id in seen.open_case_ids:
            if st.button("Open case", key=f"timeline_case_{case_id}", type="primary"):
                case_parts.choose(case_id)
        page_link("record", "Record a treatment", icon=":material/add:", patient=seen.patient_id)
        page_link("plan", "Plan the next treatment", icon=":material/tune:", patient=seen.patient_id)
        page_link("patients", "All patients", icon=":material/group:")


@shows_problems
def page() -> None:
    patient_id = number_in_address("patient")
    actor = current_actor()
    if patient_id is None:
        st.title("Timeline")
        empty("Choose a patient.", "Open a timeline from the worklist, or find the patient by reference.", "patients")
        return
    heading = st.empty()
    heading.title("Timeline")  # stays when the patient cannot be shown
    seen = timeline(actor, patient_id)
    heading.title(f"Patient {seen.reference}")
    _head(seen)
    if not seen.treatments:
        empty(
            "No treatments yet.",
            "Record a treatment of this patient, or import a log of your practice system.",
        )
    photos = photos_of(actor, patient_id=patient_id)
    for treatment in seen.treatments:
        timeline_parts.treatment_part(treatment, seen.timezone)
        staff_photos.photos_part([p for p in photos if p.treatment_id == treatment.treatment_id], seen.timezone)
        with st.container(horizontal=True):
            page_link("card", "Patient card", icon=":material/qr_code:", treatment=treatment.treatment_id)
            page_link("proxy", "Take a check-in", icon=":material/call:", treatment=treatment.treatment_id)
            page_link("record", "Correct this treatment", icon=":material/edit:", treatment=treatment.treatment_id)
        st.divider()
    timeline_steps.steps_part(actor, seen)
    if (case_id := case_parts.chosen()) is not None:
        case_window.open_window(case_id)


if __name__ == "__main__":
    page()
