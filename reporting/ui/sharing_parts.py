"""A table as a file for readers outside the clinic, beside the one for the clinic itself."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from reporting.exchange.table_csv import table_csv
from reporting.queries.small_cells import HIDDEN_WORDS, example


def to_hand_on(table: Callable[[], pd.DataFrame], *, key: str, file_name: str) -> None:
    """The file is made when it is asked for. ``table`` comes from ``queries.handed_on``."""
    st.download_button(
        "CSV to hand on outside the clinic", lambda: table_csv(table()), file_name=file_name, mime="text/csv", key=key,
        on_click="ignore", icon=":material/ios_share:",
        help=HIDDEN_WORDS.format(**example()),
    )  # fmt: skip
