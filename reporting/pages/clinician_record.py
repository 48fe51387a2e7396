"""Record a treatment with its settings, or correct one that was recorded."""

import streamlit as st

from reporting.actions.treatments import Recorded, correct_treatment, record_treatment, undo_treatment
from reporting.domain.actors import Actor
from reporting.domain.devices import setting_fields
from reporting.domain.vocabulary import areas
from reporting.errors import Problem
from reporting.queries.patients import RecordForm, record_form, recorded_treatment
from reporting.ui import record_parts
from reporting.ui.identity import current_actor
from reporting.ui.links import number_in_address, page_link
from reporting.ui.states import attempt, empty, show_notice, show_problem, shows_problems

PLACE = "record"


def _undo(treatment_id: int) -> None:
    if attempt(PLACE, "Taken back.", lambda by: undo_treatment(by=by, treatment_id=treatment_id)):
        record_parts.start_anew()
        st.query_params.clear()


def _confirmation(done: Recorded) -> None:
    st.success("The treatment is recorded.", icon=":material/check_circle:")
    for area, names in done.outside_typical.items():
        labels = ", ".join(setting_fields()[name].label for name in names)
        st.warning(f"{areas()[area].capitalize()}: outside the typical range: {labels}. Kept and marked.")
    page_link("card", "Make the patient's card", icon=":material/qr_code:", treatment=done.treatment_id)
    with st.container(horizontal=True):
        st.button("Take it back", key="undo", on_click=_undo, args=(done.treatment_id,))
        st.button("Record another", key="another", on_click=record_parts.start_anew)


def _form(by: Actor, form: RecordForm, treatment_id: int | None) -> None:
    given = recorded_treatment(by, treatment_id) if treatment_id is not None else None
    state = record_parts.state()
    record = record_parts.filled(by, form, given, number_in_address("patient"))
    if treatment_id is not None:
        st.button("Take this treatment back", key="undo", on_click=_undo, args=(treatment_id,),
                  help="One that was recorded by mistake, while no check-in, photo or case hangs on it")  # fmt: skip
    if not st.button("Keep the treatment", type="primary", key="keep", disabled=record is None) or record is None:
        return
    try:
        if treatment_id is not None:
            state.done = correct_treatment(by=by, treatment_id=treatment_id, record=record)
        else:
            state.done = record_treatment(by=by, record=record, submission_key=state.submission_key)
    except Problem as problem:
        show_problem(problem)
        return
    st.rerun()


@shows_problems
def page() -> None:
    treatment_id = number_in_address("treatment")
    st.title("Correct a treatment" if treatment_id is not None else "Record a treatment")
    by = current_actor()
    form = record_form(by)
    show_notice(PLACE)
    if (done := record_parts.state().done) is not None:
        _confirmation(done)
    elif not form.devices or not form.operators:
        empty(
            "There is no device or no operator yet.",
            "An administrator adds them, or imports a log or a list of devices.",
            "equipment",
            "import",
        )
    else:
        _form(by, form, treatment_id)


if __name__ == "__main__":
    page()
