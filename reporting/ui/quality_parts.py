"""Parts of the data quality page: tables with a sentence each that says what they mean."""

from typing import Any

import pandas as pd
import streamlit as st

from reporting.charts.words import as_percent, percent
from reporting.domain.actors import Actor
from reporting.exchange.table_csv import table_csv
from reporting.queries.data_quality import GROUPINGS, DataQuality
from reporting.queries.quality_behind import Count
from reporting.queries.scope import Filters
from reporting.ui.counted_parts import counted_table, treatments_behind_a_count
from reporting.ui.downloads import csv_file

GROUPING_KEY = "quality_by"
EVERYBODY = " "
"""Chosen for all groups together: no group is called that."""


def _table(table: pd.DataFrame, name: str, says: str) -> None:
    st.dataframe(table, hide_index=True, alt=says, key=f"quality_{name}")
    _file(table, name)


def _file(table: pd.DataFrame, name: str) -> None:
    csv_file(lambda: table_csv(table), key=f"quality_{name}_csv", file_name=f"{name}.csv")


def _rows(table: pd.DataFrame) -> list[Any]:
    return list(table.itertuples())


def silence(found: DataQuality) -> None:
    """What the rates would be if those who did not answer were all well, or all affected."""
    st.subheader("What silence could change", anchor=False)
    st.markdown(
        "Patients with trouble may answer less or more often than others. The true rate lies between *none of the "
        "silent affected* and *all of them*."
    )
    rows = found.sensitivity
    table = pd.DataFrame({
        "Symptom": rows["label"], "Unexpected": rows["events"], "Answered": rows["n_answered"],
        "At risk": rows["n_at_risk"], "Rate %": rows["rate"].astype(float).map(as_percent),
        "If none of the silent %": rows["if_none"].map(as_percent),
        "If all of the silent %": rows["if_all"].map(as_percent),
    })  # fmt: skip
    _table(table, "silence", "Rates among those who answered, and their bounds")
    with st.expander("What would have to be true for a rate to be twice as high?"):
        st.markdown("\n".join(f"- **{row.label}.** {row.sentence}" for row in rows.itertuples()))


def chosen_grouping() -> str:
    """By what the response is shown, as chosen below on the page."""
    return str(st.session_state.setdefault(GROUPING_KEY, "Skin type"))


def response(by: Actor, filters: Filters, found: DataQuality) -> None:
    """Who answers, by the one grouping that was asked for; and who never did."""
    st.subheader("Who answers", anchor=False)
    st.segmented_control("By", GROUPINGS, key=GROUPING_KEY, required=True)
    [(grouping, rows)] = found.response.items()
    asked = rows[rows["due_check_ins"] > 0]
    if len(asked) > 1:
        ordered = asked.sort_values("response_rate")
        low, high = ordered.iloc[0], ordered.iloc[-1]
        st.markdown(
            f"**From {percent(low['response_rate'])} ({low['group']}) to {percent(high['response_rate'])} "
            f"({high['group']}).** Where few answer, a low rate of side effects says little."
        )
    table = pd.DataFrame({
        grouping: rows["group"], "Treatments": rows["n_treatments"],
        "Never answered": rows["n_silent"], "Check-ins due": rows["due_check_ins"],
        "Answered": rows["answered_check_ins"], "Response %": rows["response_rate"].map(as_percent),
    })  # fmt: skip
    key, names = f"quality_silent_{grouping}", rows["group"].astype(str)
    counted_table(by, table, list(names), key="quality_response", behind=key, alt="Response by group")
    _file(table, "response")
    counts = {
        name: (f"{grouping} {name}: {n:,} never answered", Count("silent", grouping=grouping, group=name))
        for name, n in zip(names, rows["n_silent"], strict=True) if n
    }  # fmt: skip
    everybody = {EVERYBODY: (f"All: {found.n_silent:,} never answered", Count("silent"))} if found.n_silent else {}
    treatments_behind_a_count(by, filters, everybody | counts, key=key)


def settings(by: Actor, filters: Filters, found: DataQuality) -> None:
    """Settings that were not recorded, and values outside the typical range of the device class."""
    st.subheader("Settings", anchor=False)
    never = found.missing[found.missing["share"] == 1].sort_values(["label", "setting"])
    gaps = found.missing[found.missing["n_missing"].gt(0) & found.missing["share"].lt(1)]
    gaps = gaps.sort_values(["label", "setting"])
    if gaps.empty:
        st.markdown("**No gaps:** settings that are recorded here are recorded every time.")
    else:
        st.markdown("**Gaps.** A treatment without its settings cannot tell which settings hurt.")
        table = pd.DataFrame({
            "Device class": gaps["label"], "Setting": gaps["setting"], "Treated areas": gaps["n_areas"],
            "Not recorded": gaps["n_missing"], "%": gaps["share"].map(as_percent),
        })  # fmt: skip
        key, missing = "quality_gap", _rows(gaps)
        codes = [f"{row.device_class} {row.parameter}" for row in missing]
        counted_table(by, table, codes, key="quality_missing-settings", behind=key,
                      alt="Settings that were not recorded, by device class")  # fmt: skip
        _file(table, "missing-settings")
        treatments_behind_a_count(by, filters, {
            code: (f"{row.label}: {row.setting.lower()} not recorded, {row.n_missing:,}",
                   Count("missing", device_class=row.device_class, setting=row.parameter))
            for code, row in zip(codes, missing, strict=True)
        }, key=key)  # fmt: skip
    if len(never):
        pairs = zip(never["setting"].astype(str), never["label"].astype(str), strict=True)
        said = "; ".join(f"{setting.lower()} of {label}" for setting, label in pairs)
        st.markdown(f"**Never recorded in this period:** {said}.")
    st.markdown(
        "**Unusual values** lie outside the typical range of the device class. They were accepted: they may be right. "
        "Values that are impossible are refused when they are entered."
    )
    rows = found.unusual
    table = pd.DataFrame({
        "Device class": rows["label"], "Treated areas": rows["n_areas"], "Unusual": rows["n_unusual"],
        "%": rows["share"].map(as_percent),
    })  # fmt: skip
    key = "quality_outside"
    counted_table(by, table, list(rows["device_class"].astype(str)), key="quality_unusual-settings", behind=key,
                  alt="Treated areas with a setting outside the typical range, by device class")  # fmt: skip
    _file(table, "unusual-settings")
    treatments_behind_a_count(by, filters, {
        str(row.device_class): (f"{row.label}: {row.n_unusual:,} unusual",
                                Count("unusual", device_class=str(row.device_class)))
        for row in _rows(rows) if row.n_unusual
    }, key=key)  # fmt: skip
