"""The imports so far, and the table in which refused rows are mended."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from reporting.domain.actors import Actor
from reporting.imports.act_refused import KEPT_ROWS, REASON_CHARACTERS, Mended, dismiss, fitted, mend
from reporting.imports.read_imports import SHOWN, ImportLine, RefusedTable, refused_table
from reporting.imports.ui_import import OTHER_CLINICS
from reporting.shell.file_csv import table_csv
from reporting.shell.ui_figures import csv_file
from reporting.shell.ui_links import page_link
from reporting.shell.ui_states import attempt, empty, show_notice, tell
from reporting.shell.ui_words import as_text, moment

PLACE = "mend"
FEW_ROWS = 5
DISMISS, ROW, FIELDS, WRONG = "Dismiss", "Row", "Field", "What is wrong"


def history(lines: Sequence[ImportLine], *, may_mend: bool) -> None:
    """The imports, newest first; those with refused rows lead to them."""
    st.subheader("Imports", anchor=False)
    if not lines:
        st.markdown("Nothing has been imported yet.")
        return
    table = history_table(lines)
    st.dataframe(table, hide_index=True, key="imports", alt="Imports, newest first")
    csv_file(lambda: table_csv(table), key="imports_csv", file_name="imports.csv")
    waiting = [line for line in lines if line.waiting]
    for line in waiting if may_mend else []:
        rows = "1 refused row" if line.waiting == 1 else f"{line.waiting:,} refused rows"
        page_link(
            "import",
            f"Mend {rows} of {line.file_name}, {moment(line.at, line.timezone)}",
            icon=":material/edit:",
            run=line.id,
        )
    if hidden := sum(line.hidden for line in lines) if may_mend else 0:
        st.markdown(f"{hidden:,} refused rows that name no known clinic wait for the one who imported them.")
    if waiting and not may_mend:
        total = sum(line.waiting for line in waiting)
        st.markdown(f"{total:,} refused rows wait to be mended: an administrator does that on the page *Import*.")


def history_table(lines: Sequence[ImportLine]) -> pd.DataFrame:
    """The imports as people read them."""
    return pd.DataFrame(
        [
            {
                "When": moment(one.at, one.timezone),
                "What": one.kind,
                "File": one.file_name,
                "By": one.by,
                "Rows": one.rows_read,
                "Imported": one.rows_imported,
                "There already": one.rows_unchanged,
                "Refused": one.rows_refused,
                "Waiting": one.waiting,
                "Mended since": one.mended,
                "Dismissed": one.dismissed,
                "Not kept": one.not_kept,
            }
            for one in lines
        ]
    )


def editable(found: RefusedTable) -> pd.DataFrame:
    """One line per refused row: a tick to dismiss it, its number, what is wrong, and its cells."""
    header = _header(found)
    rows = [
        {
            DISMISS: False,
            ROW: row.line,
            FIELDS: ", ".join(row.fields),
            WRONG: "; ".join(row.problems),
            **dict(zip(header, fitted(row.cells, len(header)), strict=True)),
        }
        for row in found.rows
    ]
    table = pd.DataFrame(rows, columns=[DISMISS, ROW, FIELDS, WRONG, *header], index=[row.id for row in found.rows])
    return table.astype(dict.fromkeys(header, "object"))


def _header(found: RefusedTable) -> list[str]:
    """The columns of the file, each with a name of its own."""
    taken: list[str] = [DISMISS, ROW, FIELDS, WRONG]
    for position, name in enumerate(found.header, start=1):
        taken.append(name if name and name not in taken else f"{name or 'column'} ({position})")
    return taken[4:]


def cells_of(found: RefusedTable, edited: pd.DataFrame, *, changed_only: bool) -> dict[int, list[str]]:
    """Id of a row to its cells as they are in the table now; of changed rows only, if so wanted."""
    header = _header(found)
    before = editable(found)[header].T.to_dict(orient="list")
    rows = {}
    for key, row in edited.iterrows():
        now = ["" if pd.isna(row[name]) else str(row[name]) for name in header]
        if not changed_only or now != before[key]:
            rows[int(str(key))] = now
    return rows


def table(found: RefusedTable) -> pd.DataFrame:
    """Let people mend the cells; returns the table as it is now."""
    said = "Refused rows: change a cell, or tick Dismiss"
    version = st.session_state.get("mend_version", 0)
    fixed = {name: st.column_config.Column(disabled=True, pinned=True) for name in (ROW,)}
    wide = {name: st.column_config.TextColumn(disabled=True, width="medium") for name in (FIELDS, WRONG)}
    st.caption(f"{said}. Cells are as in the file.")
    return st.data_editor(
        editable(found),
        hide_index=True,
        num_rows="fixed",
        width="stretch",
        height="auto",
        column_config={**fixed, **wide},
        key=f"mend_table_{found.run.id}_{version}",
    )


def problems(found: RefusedTable) -> None:
    """Each row's problems in full words: long ones do not fit into a cell."""
    with st.expander("What is wrong, row by row", expanded=len(found.rows) <= FEW_ROWS):
        for row in found.rows[:50]:
            st.markdown(f"**Row {row.line}**")
            for problem in row.problems:
                st.text(problem)


def field_choice(found: RefusedTable) -> str:
    """Which column's problems are shown; empty for all."""
    options = ["", *found.by_field]
    chosen = st.selectbox("Problem in", options, format_func=lambda name: name or "Any field", key="mend_field")
    counts = ", ".join(f"{name} {count:,}" for name, count in found.by_field.items())
    st.caption(f"Rows that wait: {found.n_waiting:,}. With a problem in: {as_text(counts)}.")
    return str(chosen)


def notes(found: RefusedTable) -> None:
    """What is not on the page."""
    if len(found.rows) == SHOWN:
        st.markdown(f"The first {SHOWN} rows are shown; the others follow when these are dealt with.")
    if found.run.elsewhere:
        st.markdown(f"{found.run.elsewhere:,} refused rows of this file {OTHER_CLINICS}")
    if found.run.hidden:
        st.markdown(
            f"{found.run.hidden:,} refused rows name no clinic that is there, so nobody knows whose patients they are "
            f"about. Only {as_text(found.run.by)}, who imported the file, sees and mends them."
        )
    if too_many := found.run.not_kept - found.run.elsewhere:
        st.warning(
            f"{too_many:,} further refused rows were not kept: of one import the first {KEPT_ROWS:,} are. "
            "So many refusals mean a wrong file or a wrong choice of columns more often than wrong rows: put that "
            "right and import the file again.",
            icon=":material/warning:",
        )


def _said(done: Mended) -> str:
    parts = [
        (done.imported, "went in"),
        (done.there, "were there already, the same"),
        (done.refused, "are still refused"),
        (done.gone, "somebody else had dealt with"),
    ]
    return ", ".join(f"{count:,} {words}" for count, words in parts if count) + "."


def try_again(found: RefusedTable, cells: dict[int, list[str]], create_missing: bool) -> None:
    """Callback: import these rows once more and say what became of them."""
    said: list[str] = []

    def work(by: Actor) -> None:
        said.append(_said(mend(by=by, run_id=found.run.id, cells=cells, create_missing=create_missing)))

    if attempt(PLACE, "", work):
        tell("done", f"Tried again: {said[0]}", place=PLACE)
        _fresh_table()


def dismiss_rows(found: RefusedTable, ids: list[int]) -> None:
    """Callback: take the ticked rows off the list."""
    reason = str(st.session_state.get("mend_reason", ""))
    words = "1 row is dismissed." if len(ids) == 1 else f"{len(ids):,} rows are dismissed."
    if attempt(PLACE, words, lambda by: dismiss(by=by, run_id=found.run.id, ids=ids, reason=reason)):
        _fresh_table()


def _fresh_table() -> None:
    """Edits belong to the rows as they were: the next table starts without them."""
    st.session_state["mend_version"] = st.session_state.get("mend_version", 0) + 1


def actions(found: RefusedTable, edited: pd.DataFrame) -> None:
    """Try again, or dismiss with a reason."""
    create = st.checkbox(
        "Make devices, operators and patients that are not there yet", found.create_missing, key="mend_create"
    )
    changed = cells_of(found, edited, changed_only=True)
    everything = cells_of(found, edited, changed_only=False)
    left, right, _ = st.columns([1, 1, 2])
    count = "1 changed row" if len(changed) == 1 else f"{len(changed) or ''} changed rows".strip()
    left.button(
        f"Try {count} again",
        type="primary",
        disabled=not changed,
        key="mend_changed",
        width="stretch",
        on_click=try_again,
        args=(found, changed, create),
    )
    right.button(
        f"Try all {len(everything):,} shown again",
        key="mend_all",
        width="stretch",
        on_click=try_again,
        args=(found, everything, create),
    )
    ticked = [int(str(key)) for key in edited.index[edited[DISMISS].astype(bool)]]
    if ticked:
        st.text_input(
            "Why are the ticked rows not needed?",
            max_chars=REASON_CHARACTERS,
            key="mend_reason",
            placeholder="For example: test entries of the practice system",
        )
        st.button(f"Dismiss {len(ticked):,} ticked", key="mend_dismiss", on_click=dismiss_rows, args=(found, ticked))


def one_import(actor: Actor, run_id: int) -> None:
    """The refused rows of one import, to be mended. Raises NotAllowed, NotFound."""
    page_link("import", "New import", icon=":material/arrow_back:")
    found = refused_table(actor, run_id, str(st.session_state.get("mend_field") or ""))
    st.subheader(f"Refused rows of {as_text(found.run.file_name)}", anchor=False)
    show_notice(PLACE)
    if not found.n_waiting:
        empty("Nothing waits here.", "All refused rows of this import were mended or dismissed, or none were kept.")
        notes(found)
        return
    field_choice(found)
    notes(found)
    edited = table(found)
    problems(found)
    actions(found, edited)
