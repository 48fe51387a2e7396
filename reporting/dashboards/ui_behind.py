"""The treatments behind a band, a cell or a point: a select box beside what can be pressed in the chart.

Parts of the dashboards that stand beside the charts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from reporting.dashboards.read_behind import SHOWN, Part, treatments_behind
from reporting.dashboards.read_overview import Cases, Overview, Totals
from reporting.domain.actors import Actor
from reporting.domain.case_work import CONFIRMATIONS, LEVEL_WORDS
from reporting.domain.devices import printed, setting_fields
from reporting.domain.vocabulary import areas
from reporting.security.permissions import may
from reporting.shell.chart_look import percent, response_words
from reporting.shell.read_scope import Filters
from reporting.shell.ui_links import page_link
from reporting.shell.ui_words import day


@dataclass(frozen=True)
class Choice:
    """A part of a chart that can be chosen: its words, its treatments, and the values of its mark in the chart."""

    words: str
    part: Part
    mark: Mapping[str, Any]


@dataclass(frozen=True)
class Drilldown:
    """The treatments behind one of the ``choices``, chosen in the select box or by a press in the chart.

    ``key`` holds the position of the chosen one; ``what`` is one of them in words (``band``, ``cell``, ``month``).
    """

    key: str
    what: str
    choices: tuple[Choice, ...]

    def press(self, at: Mapping[str, Any]) -> None:
        """Choose what was pressed: the choice whose mark has these values, if it is one."""
        for place, choice in enumerate(self.choices):
            if all(at.get(name) == value for name, value in choice.mark.items()):
                st.session_state[self.key] = place
                return

    def treatments(self, by: Actor, filters: Filters, settings: Sequence[str], symptom: str) -> None:
        """The select box and the list of the treatments behind what is chosen, for those who may read timelines."""
        st.subheader("The treatments behind it", anchor=False)
        if not may(by, "timeline.read"):
            return
        if (st.session_state.get(self.key) or 0) >= len(self.choices):
            st.session_state[self.key] = None
        chosen = st.selectbox(
            f"Treatments behind a {self.what}",
            range(len(self.choices)),
            format_func=lambda at: self.choices[at].words,
            index=None,
            key=self.key,
            placeholder=f"Choose a {self.what} here, or press one in the chart",
        )
        if chosen is not None:
            _list(treatments_behind(by, filters, settings, symptom, self.choices[chosen].part), settings, self.key)


def _list(found: pd.DataFrame, settings: Sequence[str], key: str) -> None:
    limit = f", the first {SHOWN}" if len(found) == SHOWN else ""
    st.markdown(f"{len(found)} treated areas{limit}. Choose a row to open the patient's timeline.")
    used = {_named(name): found[name].astype(float).round(3) for name in settings}
    shown = pd.DataFrame(
        {
            "Patient": found["patient"],
            "Treated on": found["performed_on"].dt.date,
            "Device": found["device"],
            "Area": [areas().get(code, code) for code in found["area"].astype(str)],
            **used,
            "Unexpected report": found["event"].map({True: "yes", False: "no"}),
            "Answered": found["answered"].map({True: "yes", False: "no"}),
        }
    )
    picked_row(
        shown, found, key=f"{key}_treatments", alt="Treatments behind the choice, those with an unexpected report first"
    )


def picked_row(shown: pd.DataFrame, found: pd.DataFrame, *, key: str, alt: str) -> "pd.Series[Any] | None":
    """Draw ``shown``, one row per row of ``found``; under it the timeline of the row that is chosen, which is
    returned."""
    picked = st.dataframe(shown, hide_index=True, on_select="rerun", selection_mode="single-row", key=key, alt=alt)
    for number in picked["selection"]["rows"][:1]:
        if number < len(found):
            row = found.iloc[number]
            page_link(
                "timeline", f"Timeline of {row['patient']}", icon=":material/timeline:", patient=int(row["patient_id"])
            )
            return row
    return None


def _named(setting: str) -> str:
    field = setting_fields()[setting]
    unit = printed(field.unit)
    return f"{field.label} ({unit})" if unit else field.label


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
        st.markdown(
            f"The period before: {before.n_treatments:,} treatments; "
            f"{response_words(before.answered_check_ins, before.due_check_ins)}."
        )


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
