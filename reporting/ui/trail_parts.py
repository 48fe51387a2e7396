"""Parts of the page of the audit trail: its filters in words, its rows, and what the check of the chain says."""

from collections.abc import Callable, Mapping, Sequence

import pandas as pd
import streamlit as st

from reporting.queries.audit_trail import TrailLine, TrailPage
from reporting.storage.audit import Verdict
from reporting.ui import format as words
from reporting.ui.address import code_select


def _said(code: str) -> str:
    return code.replace("_", " ").replace(".", ": ")


def action_words(codes: Sequence[str]) -> dict[str, str]:
    """Every action, and before the actions on one kind of thing all of them together."""
    found: dict[str, str] = {}
    for code in codes:
        group = code.split(".")[0] + "."
        found.setdefault(group, f"{_said(group[:-1])}: all")
        found[code] = _said(code)
    return found


def kind_words(codes: Sequence[str]) -> dict[str, str]:
    return {code: _said(code) for code in codes}


def choice(label: str, options: Mapping[str, str], key: str, changed: Callable[[], None]) -> str:
    """A selection that is kept in the address; empty is every one."""
    return code_select(label, {"": "All", **options}, key, on_change=changed)


def lines(found: TrailPage) -> None:
    """The rows of a page, newest first; one that is chosen stands under them in full."""
    chosen = st.dataframe(
        pd.DataFrame({
            "When": [words.moment(one.at, found.timezone) for one in found.lines],
            "Who": [one.who for one in found.lines],
            "Action": [_said(one.action) for one in found.lines],
            "Record": [f"{_said(one.record_kind)} {one.record_id}" for one in found.lines],
            "Before → after": [_changed(one) for one in found.lines],
            "More": [one.more for one in found.lines],
        }),
        hide_index=True, key=f"trail_table_{found.number}", alt="Rows of the audit trail", on_select="rerun",
        selection_mode="single-row",
    )  # fmt: skip
    rows = chosen.selection.rows
    if rows and rows[0] < len(found.lines):
        _in_full(found.lines[rows[0]], found.timezone)
    else:
        st.caption("Choose a row to read it in full.")


def _in_full(one: TrailLine, timezone: str) -> None:
    with st.container(border=True, key="trail_row"):
        record = f"{_said(one.record_kind)} {one.record_id}"
        st.text(f"Row {one.sequence}, {words.moment(one.at, timezone)}: {one.who}, {_said(one.action)}, {record}")
        if one.changes:
            st.table(pd.DataFrame(one.changes, columns=["Field", "Before", "After"]), hide_index=True)
        if one.more:
            st.text(one.more)


def _changed(one: TrailLine) -> str:
    return "; ".join(f"{field + ': ' if field else ''}{before} → {after}" for field, before, after in one.changes)


def verdict(found: Verdict) -> None:
    """What the check of the chain said."""
    if found.ok:
        st.success(
            f"The chain is whole: {found.rows:,} rows, each sealed with the one before.", icon=":material/verified:"
        )
    else:
        st.error(f"The chain is broken at row {found.sequence}: {found.reason}.", icon=":material/error:")
