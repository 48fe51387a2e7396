"""Data quality: what is missing, unusual or silent, and how far silence could move the rates.

The treatments behind a count of the data quality page: a select box beside the table whose rows can be chosen.

Parts of the data quality page: tables with a sentence each that says what they mean.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from reporting.dashboards.read_behind import BEHIND_SHOWN, Count, Counted, treatments_counted
from reporting.dashboards.read_quality import GROUPINGS, SILENT_AFTER_DAYS, DataQuality, data_quality
from reporting.dashboards.ui_behind import picked_row
from reporting.domain.actors import Actor
from reporting.domain.vocabulary import areas
from reporting.imports.ui_mending import history
from reporting.security.permissions import may
from reporting.shell.chart_look import as_percent, percent
from reporting.shell.file_csv import table_csv
from reporting.shell.read_scope import Filters, filter_choices, of_one_moment, today
from reporting.shell.ui_figures import csv_file
from reporting.shell.ui_filters import overview_filters
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_links import page_link
from reporting.shell.ui_states import empty, no_treatments, shows_problems
from reporting.shell.ui_words import as_text


def counted_table(by: Actor, table: pd.DataFrame, codes: Sequence[str], *, key: str, behind: str, alt: str) -> None:
    """A table of counts. Choosing a row chooses its code in the select box ``behind``."""
    if not may(by, "timeline.read"):
        st.dataframe(table, hide_index=True, alt=alt, key=key)
        return
    st.dataframe(
        table,
        hide_index=True,
        alt=alt,
        key=key,
        selection_mode="single-row",
        on_select=lambda: _choose(key, codes, behind),
    )


def _choose(key: str, codes: Sequence[str], behind: str) -> None:
    for number in st.session_state[key]["selection"]["rows"][:1]:
        if number < len(codes):
            st.session_state[behind] = codes[number]


def treatments_behind_a_count(
    by: Actor, filters: Filters, counts: Mapping[str, tuple[str, Count]], *, key: str
) -> None:
    """Choose one of ``counts`` (code to words and count), here or in the table above, and list its treatments."""
    if not may(by, "timeline.read"):
        return
    if st.session_state.get(key) not in counts:
        st.session_state[key] = None
    if not counts:
        return
    chosen = st.selectbox(
        "Treatments behind a count",
        list(counts),
        format_func=lambda code: counts[code][0],
        index=None,
        key=key,
        placeholder="Choose a count here, or its row in the table",
    )
    if chosen is not None:
        _list(by, filters, counts[chosen][1], f"{key}_{chosen}")


def _list(by: Actor, filters: Filters, count: Count, key: str) -> None:
    page = int(st.session_state.get(f"{key}_page", 1))
    found = treatments_counted(by, filters, count, page)
    if page > 1 and found.rows.empty:  # fewer than before
        page = st.session_state[f"{key}_page"] = 1
        found = treatments_counted(by, filters, count, page)
    what = "treatment" if count.kind == "silent" else "treated area"
    st.markdown(
        f"{found.n:,} {what}{'' if found.n == 1 else 's'}, newest first. Choose a row to open the patient's "
        "timeline or to correct the treatment."
    )
    row = picked_row(
        _shown(found, count),
        found.rows,
        key=f"{key}_treatments_{page}",
        alt="Treatments behind the count, newest first",
    )
    if row is not None and may(by, "treatment.record"):
        page_link(
            "record",
            f"Correct treatment {row['treatment']}",
            icon=":material/edit:",
            treatment=int(row["treatment_id"]),
        )
    pages = -(-found.n // BEHIND_SHOWN)
    if pages > 1:
        st.pagination(pages, key=f"{key}_page")


def _shown(found: Counted, count: Count) -> pd.DataFrame:
    rows = found.rows
    table = pd.DataFrame(
        {
            "Patient": rows["patient"],
            "Treated on": rows["performed_on"].dt.date,
            "Treatment": rows["treatment"],
            "Device": rows["device"].astype(str),
        }
    )
    if count.kind != "silent":
        table["Area"] = [areas().get(code, code) for code in rows["area"].astype(str)]
    return table.assign(Unusual=rows["unusual"]) if count.kind == "unusual" else table


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
    table = pd.DataFrame(
        {
            "Symptom": rows["label"],
            "Unexpected": rows["events"],
            "Answered": rows["n_answered"],
            "At risk": rows["n_at_risk"],
            "Rate %": rows["rate"].astype(float).map(as_percent),
            "If none of the silent %": rows["if_none"].map(as_percent),
            "If all of the silent %": rows["if_all"].map(as_percent),
        }
    )
    _table(table, "silence", "Rates among those who answered, and their bounds")
    with st.expander("What would have to be true for a rate to be twice as high?"):
        st.markdown(
            "\n".join(f"- **{as_text(str(row.label))}.** {as_text(str(row.sentence))}" for row in rows.itertuples())
        )


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
    table = pd.DataFrame(
        {
            grouping: rows["group"],
            "Treatments": rows["n_treatments"],
            "Never answered": rows["n_silent"],
            "Check-ins due": rows["due_check_ins"],
            "Answered": rows["answered_check_ins"],
            "Response %": rows["response_rate"].map(as_percent),
        }
    )
    key, names = f"quality_silent_{grouping}", rows["group"].astype(str)
    counted_table(by, table, list(names), key="quality_response", behind=key, alt="Response by group")
    _file(table, "response")
    counts = {
        name: (f"{grouping} {name}: {n:,} never answered", Count("silent", grouping=grouping, group=name))
        for name, n in zip(names, rows["n_silent"], strict=True)
        if n
    }
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
        table = pd.DataFrame(
            {
                "Device class": gaps["label"],
                "Setting": gaps["setting"],
                "Treated areas": gaps["n_areas"],
                "Not recorded": gaps["n_missing"],
                "%": gaps["share"].map(as_percent),
            }
        )
        key, missing = "quality_gap", _rows(gaps)
        codes = [f"{row.device_class} {row.parameter}" for row in missing]
        counted_table(
            by,
            table,
            codes,
            key="quality_missing-settings",
            behind=key,
            alt="Settings that were not recorded, by device class",
        )
        _file(table, "missing-settings")
        treatments_behind_a_count(
            by,
            filters,
            {
                code: (
                    f"{row.label}: {row.setting.lower()} not recorded, {row.n_missing:,}",
                    Count("missing", device_class=row.device_class, setting=row.parameter),
                )
                for code, row in zip(codes, missing, strict=True)
            },
            key=key,
        )
    if len(never):
        pairs = zip(never["setting"].astype(str), never["label"].astype(str), strict=True)
        said = "; ".join(f"{setting.lower()} of {label}" for setting, label in pairs)
        st.markdown(f"**Never recorded in this period:** {as_text(said)}.")
    st.markdown(
        "**Unusual values** lie outside the typical range of the device class. They were accepted: they may be right. "
        "Values that are impossible are refused when they are entered."
    )
    rows = found.unusual
    table = pd.DataFrame(
        {
            "Device class": rows["label"],
            "Treated areas": rows["n_areas"],
            "Unusual": rows["n_unusual"],
            "%": rows["share"].map(as_percent),
        }
    )
    key = "quality_outside"
    counted_table(
        by,
        table,
        list(rows["device_class"].astype(str)),
        key="quality_unusual-settings",
        behind=key,
        alt="Treated areas with a setting outside the typical range, by device class",
    )
    _file(table, "unusual-settings")
    treatments_behind_a_count(
        by,
        filters,
        {
            str(row.device_class): (
                f"{row.label}: {row.n_unusual:,} unusual",
                Count("unusual", device_class=str(row.device_class)),
            )
            for row in _rows(rows)
            if row.n_unusual
        },
        key=key,
    )


def _totals(found: DataQuality) -> None:
    share = percent(found.n_silent / found.n_old_enough) if found.n_old_enough else "none old enough"
    unusual = int(found.unusual["n_unusual"].sum())
    gaps = int((found.missing["n_missing"].gt(0) & found.missing["share"].lt(1)).sum())
    with st.container(horizontal=True):
        st.metric("Treatments", f"{found.n_treatments:,}", border=True)
        st.metric(
            "Never answered",
            f"{found.n_silent:,} ({share})",
            border=True,
            help=f"Of the treatments {SILENT_AFTER_DAYS} days ago or longer",
        )
        st.metric("Unusual settings", f"{unusual:,}", border=True, help="Treated areas")
        st.metric("Settings with gaps", f"{gaps:,}", border=True)


@shows_problems
@of_one_moment
def page() -> None:
    st.title("Data quality")
    actor = current_actor()
    choices = filter_choices(actor)
    if not choices.procedure_classes:
        no_treatments()
        return
    filters = overview_filters(choices, today(actor))
    found = data_quality(actor, filters, [chosen_grouping()])
    if not found.n_treatments:
        empty("No treatments fit these filters.", "Choose a longer period, or take a filter away.")
        return
    _totals(found)
    silence(found)
    response(actor, filters, found)
    settings(actor, filters, found)
    history(found.imports, may_mend=may(actor, "import.run"))


if __name__ == "__main__":
    page()
