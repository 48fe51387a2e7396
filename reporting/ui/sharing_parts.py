"""A table as a file for readers outside the clinic, beside the one for the clinic itself."""

from collections.abc import Callable

import pandas as pd

from reporting.exchange.table_csv import table_csv
from reporting.queries.small_cells import HIDDEN_WORDS, example
from reporting.ui.downloads import csv_file


def to_hand_on(table: Callable[[], pd.DataFrame], *, key: str, file_name: str) -> None:
    """The file is made when it is asked for. ``table`` comes from ``queries.handed_on``."""
    csv_file(
        lambda: table_csv(table()), key=key, file_name=file_name, label="CSV to hand on outside the clinic",
        icon=":material/ios_share:", tip=HIDDEN_WORDS.format(**example()),
    )  # fmt: skip
