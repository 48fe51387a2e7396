"""Patients of the clinic: find one by the clinic's own reference."""

import streamlit as st

from reporting.shell import ui_words as words
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_links import page_link
from reporting.shell.ui_states import empty, no_treatments, shows_problems
from reporting.treatments.read_treatments import SHOWN, PatientRow, find_patients


def _row(found: PatientRow) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"patient_{found.patient_id}"):
        facts = [f"**{words.as_text(found.reference)}**"]
        facts.append(f"born {found.year_of_birth}" if found.year_of_birth else "year of birth not recorded")
        facts.append(f"skin type {found.fitzpatrick}" if found.fitzpatrick else "skin type not recorded")
        many = f"{found.treatments} treatment{'s' if found.treatments != 1 else ''}"
        facts.append(f"{many}, last {words.day(found.last_treated_on)}" if found.last_treated_on else many)
        st.markdown(" · ".join(facts), width="stretch")
        if found.open_cases:
            st.markdown(f":orange-badge[{found.open_cases} open]")
        page_link("timeline", "Timeline", icon=":material/timeline:", patient=found.patient_id)
        page_link("proxy", "Take a check-in", icon=":material/call:", patient=found.patient_id)


@shows_problems
def page() -> None:
    st.title("Patients")
    actor = current_actor()
    wanted = st.text_input(
        "Find by reference",
        key="patient_search",
        max_chars=64,
        placeholder="For example 0042",
        icon=":material/search:",
    )
    found = find_patients(actor, wanted)
    page_link("record", "Record a treatment", icon=":material/add:")
    if not found and wanted:
        empty(
            "No patient has such a reference.",
            "Look for a shorter part of it. Names are not searched: they are kept encrypted.",
        )
    elif not found:
        no_treatments()
    elif not wanted:
        st.markdown("Treated last:")
    elif len(found) == SHOWN:
        st.markdown(f"The first {SHOWN} that fit; type more of the reference to narrow it down.")
    for each in found:
        _row(each)


if __name__ == "__main__":
    page()
