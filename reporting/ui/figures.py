"""A chart as every page shows it: title with the finding, text alternative, table and CSV beside it."""

import streamlit as st

from reporting.charts.theme import Figure
from reporting.exchange.table_csv import table_csv


def is_dark() -> bool:
    """Whether the reader's page is dark now."""
    return st.context.theme.type == "dark"


def show(figure: Figure, *, key: str, file_name: str = "chart.csv") -> None:
    """Draw the figure, and under it the same numbers as a table and as a file."""
    st.markdown(f"**{figure.title}**")
    st.altair_chart(figure.chart, width="stretch", theme=None, alt=figure.alt, key=key)
    if figure.table.empty:
        return
    with st.expander("Show the numbers as a table"):
        st.write(figure.alt)
        st.dataframe(figure.table, hide_index=True, alt=figure.title, key=f"{key}_table")
        st.download_button(
            "Download as CSV", table_csv(figure.table), file_name=file_name,
            mime="text/csv", key=f"{key}_csv", on_click="ignore",
        )  # fmt: skip
