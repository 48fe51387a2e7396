"""Parts of the worklist beside the open cases: who is silent, and what the alerts cost and bring."""

import pandas as pd
import streamlit as st

from reporting.charts.words import percent
from reporting.exchange.table_csv import table_csv
from reporting.queries.alert_budget import TARGET_ACTED_ON, TARGET_PER_100, AlertBudget
from reporting.queries.silent import AFTER_MISSED, SilentPatient
from reporting.ui import format as words
from reporting.ui.downloads import csv_file
from reporting.ui.links import page_link
from reporting.ui.states import empty

SHOWN = 50


def silent(found: list[SilentPatient]) -> None:
    """Patients who were asked and have not answered, with the way to their timeline."""
    if not found:
        empty("Nobody is silent.", f"Patients who miss {AFTER_MISSED} due check-ins in a row appear here.")
        return
    st.markdown(
        f"**{len(found)} patients have missed {AFTER_MISSED} or more due check-ins in a row.** "
        "Silence is neither good nor bad news: a call finds out."
    )
    for one in found[:SHOWN]:
        with st.container(border=True):
            at = one.last_answer_at
            last = f"last answer {words.moment(at, one.timezone)}" if at else "no answer yet"
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(
                    f"**{one.patient_reference}** · {one.procedure}, day {one.recovery_day} · "
                    f"{one.missed} check-ins missed · {last}"
                )
                page_link("timeline", f"Timeline of {one.patient_reference}", icon=":material/timeline:",
                          patient=one.patient_id)  # fmt: skip
    if len(found) > SHOWN:
        st.markdown(f"{len(found) - SHOWN} more, with fewer missed, are not shown.")


def budget(found: AlertBudget) -> None:
    """Alerts per 100 check-ins, how many led to action, how fast they were taken; each rule with its use."""
    st.markdown(f"**The last {found.days} days:** {found.check_ins:,} check-ins answered, {found.alerts:,} alerts.")
    with st.container(horizontal=True):
        per = "none yet" if found.per_100 is None else f"{found.per_100:.1f}"
        st.metric("Alerts per 100 check-ins", per, border=True, help=f"Below {TARGET_PER_100:g} is what others manage.")
        share = "none decided" if found.acted_on_share is None else percent(found.acted_on_share)
        st.metric("Acted on", share, border=True,
                  help=f"Of {found.decided} decided alerts; {percent(TARGET_ACTED_ON)} is a good mark.")  # fmt: skip
        usual = "none taken" if found.median_to_acknowledge is None else words.span(found.median_to_acknowledge)
        st.metric("Time to acknowledge, median", usual, border=True)
        st.metric("Not taken yet", f"{found.not_taken:,}", border=True)
    if found.slow_tenth_to_acknowledge is not None:
        st.markdown(f"Nine in ten were taken within {words.span(found.slow_tenth_to_acknowledge)}. "
                    f"{found.patient_urgent:,} patients said that it cannot wait.")  # fmt: skip
    table = pd.DataFrame([
        {"Rule": one.code, "Means": one.words, "Fired": one.fired, "Decided": one.decided,
         "Led to action": one.acted_on, "Confirmed": one.confirmed}
        for one in found.rules
    ])  # fmt: skip
    st.markdown("**Each rule.** A rule that fires often and hardly ever leads to action costs attention.")
    st.dataframe(table, hide_index=True, alt="Rules with how often each fired and led to action", key="budget_rules")
    csv_file(lambda: table_csv(table), key="budget_rules_csv", file_name="rules.csv")
