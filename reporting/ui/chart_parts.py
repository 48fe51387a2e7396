"""Parts of the dashboards that stand beside the charts."""

import streamlit as st

from reporting.charts.words import percent, response_words
from reporting.domain.case_work import CONFIRMATIONS, LEVEL_WORDS
from reporting.queries.overview import Cases, Overview, Totals
from reporting.ui.format import day

NOT_CAUSES = (
    "**These are raw (crude) rates.** Bands differ in more than the setting: stronger settings are chosen "
    "for other skin, scars or areas (confounding by indication), by other people, in other years. A higher "
    "rate in a band does not show that the setting caused it, nor an equal rate that it is safe. Patients "
    "with trouble may answer less or more often than others: look at the response rate too."
)


def totals(result: Overview) -> None:
    """Treatments, due and answered check-ins and response rate beside those of the period before."""
    now, before = result.totals, result.previous
    with st.container(horizontal=True):
        st.metric("Treatments", f"{now.n_treatments:,}", border=True)
        st.metric("Check-ins due", f"{now.due_check_ins:,}", border=True)
        st.metric("Check-ins answered", f"{now.answered_check_ins:,}", border=True)
        st.metric("Response rate", _rate(now), border=True)
    if before is not None:
        st.markdown(f"The period before: {before.n_treatments:,} treatments; "
                    f"{response_words(before.answered_check_ins, before.due_check_ins)}.")  # fmt: skip


def _rate(totals: Totals) -> str:
    return "no check-in due" if totals.response_rate is None else percent(totals.response_rate)


def cases(found: Cases) -> None:
    """Open cases by level, and what was reported against what clinicians confirmed."""
    open_now = sum(found.open_by_level.values())
    levels = ", ".join(f"{LEVEL_WORDS[level].lower()} {n}" for level, n in found.open_by_level.items() if n)
    st.markdown(f"**{open_now} open case{'' if open_now == 1 else 's'}**" + (f": {levels}." if levels else "."))
    decided = ", ".join(f"{words.lower()} {found.by_confirmation[code]}" for code, words in CONFIRMATIONS.items())
    st.markdown(
        f"**Reported against confirmed:** {found.n_reported:,} treatments with an unexpected report; "
        f"{found.n_cases:,} cases, of them {decided}, not yet decided {found.n_undecided}. "
        "A report is what a patient noticed; only a clinician's outcome makes it a complication."
    )


def period_line(totals: Totals) -> str:
    """First and last treatment of the period."""
    if totals.first_day is None or totals.last_day is None:
        return "No treatments in this selection."
    return f"Treatments from {day(totals.first_day)} to {day(totals.last_day)}."


def follow_up_line(result: Overview) -> str:
    """How much of the follow-up is complete for the chosen symptom."""
    if result.follow_up_complete is None:
        return ""
    return (
        f"Follow-up {percent(result.follow_up_complete)} complete. Grey weeks are still coming in: their "
        "rates will change. The dashed line is the rate of the complete weeks, the band its three-sigma limits "
        "for the number of answers in that week; a ring marks a week that breaks one of the four rules of "
        "Making Data Count (outside the limits; seven on one side; seven rising or falling; two of three near a "
        "limit). A triangle is an upper limit where nobody reported it. These limits know nothing of case mix: "
        "signals do."
    )
