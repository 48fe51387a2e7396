"""A table as a CSV file that a spreadsheet opens as text and numbers, never as formulas."""

import pandas as pd

from reporting.exchange.rejects import safe_cell


def table_csv(table: pd.DataFrame) -> bytes:
    """UTF-8 with a byte order mark (so that spreadsheets read it right), CRLF, texts made harmless."""
    safe = table.rename(columns=lambda name: safe_cell(str(name)))
    for name in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[name]):
            safe[name] = [safe_cell("" if pd.isna(value) else str(value)) for value in safe[name]]
    return safe.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")
