"""Plan the next treatment: settings beside the guideline, and what happened after comparable ones."""

import streamlit as st

from reporting.queries.planner import last_treatments, plan
from reporting.queries.timeline import timeline
from reporting.ui import planner_parts as parts
from reporting.ui.identity import current_actor
from reporting.ui.links import number_in_address, page_link
from reporting.ui.states import empty, shows_problems


@shows_problems
def page() -> None:
    st.title("Plan the next treatment")
    patient_id, actor = number_in_address("patient"), current_actor()
    if patient_id is None:
        empty("Choose a patient.", "Open a timeline, then press Plan the next treatment.")
        page_link("patients", "Patients", icon=":material/group:")
        return
    last = last_treatments(actor, patient_id)
    seen = timeline(actor, patient_id)
    page_link("timeline", f"Timeline of {seen.reference}", icon=":material/arrow_back:", patient=patient_id)
    if not last:
        empty("No treatment with a known device yet.", "Record the first treatment; the next one can be planned here.")
        return
    chosen = parts.choose(last)
    st.markdown(f"**{chosen.area_label}, {chosen.device_class_name}**, skin type {seen.fitzpatrick or 'not recorded'}")
    st.markdown(parts.last_line(chosen))
    settings = parts.settings_form(chosen)
    if not settings:
        empty("No settings to compare.", "Enter at least one setting.")
        return
    found = plan(
        actor, device_class=chosen.device_class, fitzpatrick=seen.fitzpatrick, area=chosen.area, settings=settings,
        last=chosen.settings,
    )  # fmt: skip
    parts.settings_lines(found)
    st.subheader("What happened here", anchor=False)
    parts.outcome(found)
    parts.ceiling(actor, found, chosen.device_class)


if __name__ == "__main__":
    page()
