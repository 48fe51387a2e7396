"""Could we have seen a doubling by now? In words for each device, operator and clinic."""

import pandas as pd
import streamlit as st

from reporting.domain.actors import Actor
from reporting.domain.symptoms import symptom as symptom_of
from reporting.exchange.table_csv import table_csv
from reporting.queries.doubling import Chance, Doubling, doubling
from reporting.ui.downloads import csv_file
from reporting.ui.filters import symptom_choice


def words(chance: Chance) -> str:
    """``device CO2-2: 75 % within 6 months (40 % within 3), from 10.2 expected events in 6 months``."""
    return (
        f"{chance.unit_type} **{chance.unit}**: with **{_about(chance.within_6_months)}** probability within 6 months "
        f"({_about(chance.within_3_months)} within 3), from {chance.expected:.1f} expected events in 6 months"
    )


def _about(share: float) -> str:
    """To five percent, as far as the simulation tells."""
    if share < 0.05:
        return "less than 5 %"
    return "more than 95 %" if share > 0.95 else f"{round(share * 20) * 5} %"


def could_we_have_seen_it(actor: Actor) -> None:
    """The section of the signals page. Draws nothing before the first look."""
    st.header("Could we have seen a doubling by now?", anchor=False)
    symptom = symptom_choice()
    found = doubling(actor, symptom)
    if found is None:
        st.markdown(
            f"Not known yet for {symptom_of(symptom).label.lower()}: the charts begin once there is enough history "
            "with at least one unexpected report of it."
        )
        return
    st.markdown(
        "No signal can mean that all is well, or that there is too little to tell. From how much each has treated in "
        "the last 6 months, under the same budget of false signals, a doubling of "
        f"**{symptom_of(symptom).label.lower()}** would have been found at the following. A treatment counts for its "
        "device, its operator and the clinic alike, so these chances share treatments and cannot be added up."
    )
    st.markdown("\n".join(f"- {words(each)}" for each in found.chances))
    _table(found)


def _table(found: Doubling) -> None:
    rows = pd.DataFrame([
        {"Kind": each.unit_type.capitalize(), "Name": each.unit, "Expected in 6 months": round(each.expected, 1),
         "Found within 3 months, %": round(each.within_3_months * 100),
         "Found within 6 months, %": round(each.within_6_months * 100)}
        for each in found.chances
    ])  # fmt: skip
    with st.expander("Show the numbers as a table"):
        st.dataframe(rows, hide_index=True, alt="Chance to find a doubling", key="doubling_table")
        csv_file(lambda: table_csv(rows), key="doubling_csv", file_name="doubling.csv")
