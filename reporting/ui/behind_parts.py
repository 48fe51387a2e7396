"""The treatments behind a band, a cell or a point: a select box beside what can be pressed in the chart."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from reporting.domain.actors import Actor
from reporting.domain.devices import setting_fields
from reporting.domain.units import printed
from reporting.domain.vocabulary import areas
from reporting.queries.behind import SHOWN, Part, treatments_behind
from reporting.queries.scope import Filters
from reporting.security.permissions import may
from reporting.ui.links import page_link


def behind(
    by: Actor, filters: Filters, settings: Sequence[str], symptom: str, parts: Sequence[tuple[str, Part]], *, key: str,
    what: str,
) -> None:  # fmt: skip
    """Choose one of ``parts`` (words and part), by select box or in the chart, and list its treatments.

    ``key`` holds the position of the chosen one; ``what`` is one of them in words (``band``, ``cell``, ``month``).
    """
    if not may(by, "timeline.read"):
        return
    if (st.session_state.get(key) or 0) >= len(parts):
        st.session_state[key] = None
    chosen = st.selectbox(
        f"Treatments behind a {what}", range(len(parts)), format_func=lambda at: parts[at][0], index=None, key=key,
        placeholder=f"Choose a {what} here, or press one in the chart",
    )  # fmt: skip
    if chosen is not None:
        _list(treatments_behind(by, filters, settings, symptom, parts[chosen][1]), settings, key)


def _list(found: pd.DataFrame, settings: Sequence[str], key: str) -> None:
    limit = f", the first {SHOWN}" if len(found) == SHOWN else ""
    st.markdown(f"{len(found)} treated areas{limit}. Choose a row to open the patient's timeline.")
    used = {_named(name): found[name].astype(float).round(3) for name in settings}
    shown = pd.DataFrame({
        "Patient": found["patient"], "Treated on": found["performed_on"].dt.date, "Device": found["device"],
        "Area": [areas().get(code, code) for code in found["area"].astype(str)], **used,
        "Unexpected report": found["event"].map({True: "yes", False: "no"}),
        "Answered": found["answered"].map({True: "yes", False: "no"}),
    })  # fmt: skip
    picked_row(shown, found, key=f"{key}_treatments",
               alt="Treatments behind the choice, those with an unexpected report first")  # fmt: skip


def picked_row(shown: pd.DataFrame, found: pd.DataFrame, *, key: str, alt: str) -> "pd.Series[Any] | None":
    """Draw ``shown``, one row per row of ``found``; under it the timeline of the row that is chosen, which is
    returned."""
    picked = st.dataframe(shown, hide_index=True, on_select="rerun", selection_mode="single-row", key=key, alt=alt)
    for number in picked["selection"]["rows"][:1]:
        if number < len(found):
            row = found.iloc[number]
            page_link("timeline", f"Timeline of {row['patient']}", icon=":material/timeline:",
                      patient=int(row["patient_id"]))  # fmt: skip
            return row
    return None


def _named(setting: str) -> str:
    field = setting_fields()[setting]
    unit = printed(field.unit)
    return f"{field.label} ({unit})" if unit else field.label
