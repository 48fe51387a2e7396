"""To take a check-in for a patient who cannot use the link: by telephone or at the desk."""

import streamlit as st

from reporting.domain.actors import Actor
from reporting.queries.patient import check_in_page
from reporting.queries.patients import find_patients
from reporting.queries.proxy import AskedPatient, asked_patient, patient_of
from reporting.ui import format as words
from reporting.ui import proxy_parts
from reporting.ui.identity import current_actor
from reporting.ui.links import number_in_address
from reporting.ui.patient_parts import patient_column
from reporting.ui.states import empty, show_notice, shows_problems


def _chosen_patient(by: Actor) -> int | None:
    wanted = st.text_input("Find by reference", key="proxy_search", max_chars=64, icon=":material/search:",
                           placeholder="For example 0042")  # fmt: skip
    if not wanted.strip():
        empty("Who is it?", "Type in the clinic's own number of the patient.")
        return None
    found = {row.patient_id: row.reference for row in find_patients(by, wanted)}
    if not found:
        empty("No patient has such a reference.", "Look for a shorter part of it.")
        return None
    chosen: int | None = st.selectbox("Patient", list(found), 0 if len(found) == 1 else None, key="proxy_patient",
                                      format_func=found.__getitem__, placeholder="Choose")  # fmt: skip
    return chosen


def _chosen_treatment(patient: AskedPatient) -> int | None:
    if patient.is_erased or not patient.treatments:
        empty("There is nothing to ask about.", "This patient has no treatment in the last year.")
        return None
    names = {one.treatment_id: f"{words.day(one.performed_on)}: {one.procedure}, {', '.join(one.areas)}".rstrip(", ")
             for one in patient.treatments}  # fmt: skip
    if len(names) == 1:
        return next(iter(names))
    chosen: int | None = st.selectbox("Treatment", list(names), 0, format_func=names.__getitem__, key="proxy_treatment")
    return chosen


def _check_in(by: Actor, treatment_id: int) -> None:
    shown = check_in_page(by, treatment_id)
    st.markdown(f"Day {shown.recovery_day} after: {shown.treatment_line}")
    show_notice(proxy_parts.PLACE)
    sent = proxy_parts.receipt(treatment_id)
    if sent is not None:
        proxy_parts.told(shown, sent)
    elif shown.is_stopped:
        empty("This patient asked us to stop.", "No new answers are kept. They can start again on their own page.")
    else:
        if shown.sent_today is not None:
            st.info("A check-in was sent today already. A further one is kept beside it.")
        proxy_parts.questions(shown)


@shows_problems
def page() -> None:
    st.title("Take a check-in")
    by = current_actor()
    treatment_id = number_in_address("treatment")
    with patient_column():
        if treatment_id is None:
            patient_id = number_in_address("patient") or _chosen_patient(by)
            if patient_id is None:
                return
            patient = asked_patient(by, patient_id)
        else:
            patient = asked_patient(by, patient_of(by, treatment_id))
        st.markdown(f"Patient **{patient.reference}**. You read the questions out and choose what they say.")
        treatment_id = treatment_id or _chosen_treatment(patient)
        if treatment_id is not None:
            _check_in(by, treatment_id)


if __name__ == "__main__":
    page()
