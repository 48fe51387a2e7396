"""The treatments behind a count of the data quality page: a select box beside the table whose rows can be chosen."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from reporting.domain.actors import Actor
from reporting.domain.vocabulary import areas
from reporting.queries.quality_behind import SHOWN, Count, Counted, treatments_counted
from reporting.queries.scope import Filters
from reporting.security.permissions import may
from reporting.ui.behind_parts import picked_row
from reporting.ui.links import page_link


def counted_table(by: Actor, table: pd.DataFrame, codes: Sequence[str], *, key: str, behind: str, alt: str) -> None:
    """A table of counts. Choosing a row chooses its code in the select box ``behind``."""
    if not may(by, "timeline.read"):
        st.dataframe(table, hide_index=True, alt=alt, key=key)
        return
    st.dataframe(table, hide_index=True, alt=alt, key=key, selection_mode="single-row",
                 on_select=lambda: _choose(key, codes, behind))  # fmt: skip


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
        "Treatments behind a count", list(counts), format_func=lambda code: counts[code][0], index=None, key=key,
        placeholder="Choose a count here, or its row in the table",
    )  # fmt: skip
    if chosen is not None:
        _list(by, filters, counts[chosen][1], f"{key}_{chosen}")


def _list(by: Actor, filters: Filters, count: Count, key: str) -> None:
    page = int(st.session_state.get(f"{key}_page", 1))
    found = treatments_counted(by, filters, count, page)
    if page > 1 and found.rows.empty:  # fewer than before
        page = st.session_state[f"{key}_page"] = 1
        found = treatments_counted(by, filters, count, page)
    what = "treatment" if count.kind == "silent" else "treated area"
    st.markdown(f"{found.n:,} {what}{'' if found.n == 1 else 's'}, newest first. Choose a row to open the patient's "
                "timeline or to correct the treatment.")  # fmt: skip
    row = picked_row(_shown(found, count), found.rows, key=f"{key}_treatments_{page}",
                     alt="Treatments behind the count, newest first")  # fmt: skip
    if row is not None and may(by, "treatment.record"):
        page_link("record", f"Correct treatment {row['treatment']}", icon=":material/edit:",
                  treatment=int(row["treatment_id"]))  # fmt: skip
    pages = -(-found.n // SHOWN)
    if pages > 1:
        st.pagination(pages, key=f"{key}_page")


def _shown(found: Counted, count: Count) -> pd.DataFrame:
    rows = found.rows
    table = pd.DataFrame({
        "Patient": rows["patient"], "Treated on": rows["performed_on"].dt.date, "Treatment": rows["treatment"],
        "Device": rows["device"].astype(str),
    })  # fmt: skip
    if count.kind != "silent":
        table["Area"] = [areas().get(code, code) for code in rows["area"].astype(str)]
    return table.assign(Unusual=rows["unusual"]) if count.kind == "unusual" else table
