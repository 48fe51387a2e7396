"""A chart as every page shows it: title with the finding, text alternative, table and CSV beside it."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from reporting.charts.theme import PICK, Figure
from reporting.exchange.table_csv import table_csv

Picked = Callable[[Mapping[str, Any]], None]
"""Called with what was chosen in a chart: field to value, as its ``PICK`` selection names them."""


def show(figure: Figure, *, key: str, file_name: str = "chart.csv", on_pick: Picked | None = None) -> None:
    """Draw the figure, and under it the same numbers as a table and as a file.

    ``on_pick`` is called when somebody presses a mark; give the same choice as a select box for the keyboard.
    """
    st.markdown(f"**{figure.title}**")
    if on_pick is None:
        st.altair_chart(figure.chart, width="stretch", theme=None, alt=figure.alt, key=key)
    else:
        st.altair_chart(
            figure.chart, width="stretch", theme=None, alt=figure.alt, key=key, selection_mode=PICK,
            on_select=lambda: _tell(key, on_pick),
        )  # fmt: skip
    if figure.table.empty:
        return
    with st.expander("Show the numbers as a table"):
        st.write(figure.alt)
        st.dataframe(figure.table, hide_index=True, alt=figure.title, key=f"{key}_table")
        st.download_button(
            "Download as CSV", table_csv(figure.table), file_name=file_name,
            mime="text/csv", key=f"{key}_csv", on_click="ignore",
        )  # fmt: skip


def _tell(key: str, on_pick: Picked) -> None:
    """Hand on what was pressed; pressing beside every mark, or a shade behind them, chooses nothing."""
    picked = st.session_state[key]["selection"].get(PICK, [])
    if picked and all(value is not None for value in picked[0].values()):
        on_pick(picked[0])
