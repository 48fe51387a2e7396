"""Parts of the settings page: which setting, how the bands were cut, and the treatments behind one."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from reporting.domain.actors import Actor
from reporting.domain.devices import setting_fields
from reporting.domain.vocabulary import areas
from reporting.queries.scope import Filters
from reporting.queries.setting_bands import SHOWN, SettingBands, treatments_in_band
from reporting.ui.format import day
from reporting.ui.links import page_link


def parameter_choice(recorded: Sequence[str]) -> str:
    """Draw the choice of one of the settings that were recorded."""
    fields = setting_fields()
    return st.selectbox(
        "Setting", recorded, key="setting", bind="query-params", format_func=lambda name: fields[name].label
    )


def bands_line(result: SettingBands) -> str:
    """How the bands were cut, and what was left out."""
    if result.cut.fixed_on:
        fixed_on = day(result.cut.fixed_on)
        how = f"The bands were fixed on {fixed_on} from all earlier treatments of this device class."
    else:
        how = "The bands still move with new treatments; they are fixed on 1 January."
    left = result.n_without_setting
    return how + (f" {left:,} treated areas without this setting are left out." if left else "")


def treatments_part(actor: Actor, filters: Filters, result: SettingBands) -> None:
    """Choose a band and skin type; list the treatments behind it with a link to each timeline."""
    rows = list(result.table.itertuples())
    words = [f"{row.band_label} {result.unit}, skin type {row.skin_group}" for row in rows]
    chosen = st.selectbox(
        "Band", range(len(rows)), format_func=lambda i: words[i], index=None, key="band",
        placeholder="Choose a band to list its treatments",
    )  # fmt: skip
    if chosen is None:
        return
    row = rows[chosen]
    found = treatments_in_band(
        actor, filters, result.parameter, result.symptom, int(str(row.band)), str(row.skin_group)
    )
    limit = f", the first {SHOWN}" if len(found) == SHOWN else ""
    st.markdown(f"{len(found)} treated areas{limit}. Choose a row to open the patient's timeline.")
    _list(found, result)


def _list(found: pd.DataFrame, result: SettingBands) -> None:
    shown = pd.DataFrame(
        {
            "Patient": found["patient"], "Treated on": found["performed_on"].dt.date,
            "Device": found["device"],
            "Area": [areas().get(code, code) for code in found["area"].astype(str)],
            f"{result.label} ({result.unit})": found["value"].round(3),
            "Unexpected report": found["event"].map({True: "yes", False: "no"}),
            "Answered": found["answered"].map({True: "yes", False: "no"}),
        }
    )  # fmt: skip
    picked = st.dataframe(
        shown, hide_index=True, on_select="rerun", selection_mode="single-row", key="band_treatments",
        alt="Treatments behind the band, those with an unexpected report first",
    )  # fmt: skip
    for number in picked["selection"]["rows"][:1]:
        if number < len(found):
            row = found.iloc[number]
            page_link("timeline", f"Timeline of {row['patient']}", icon=":material/timeline:",
                      patient=int(row["patient_id"]))  # fmt: skip
