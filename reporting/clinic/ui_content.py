"""Parts of the pages on which an administrator changes the clinical content."""

from collections.abc import Mapping
from datetime import date

import pandas as pd
import streamlit as st

from reporting.clinic.act_clinic import LONGEST_REASON, change_content, undo_content
from reporting.clinic.read_content import ContentPage, ContentRow, Version, versions
from reporting.clinic.ui_rule_words import COLUMN_WORDS, value_words
from reporting.domain.actors import Actor
from reporting.shell import ui_words as words
from reporting.shell.ui_filters import code_select
from reporting.shell.ui_states import attempt, tell

NOTHING_NEW = "Nothing is different from what holds now."


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Each column that differs, before and after, in words."""
    names = [name for name in {**before, **after} if before.get(name, "") != after.get(name, "")]
    return "; ".join(
        f"{COLUMN_WORDS.get(name, name)}: {value_words(name, before.get(name, ''))} → "
        f"{value_words(name, after.get(name, ''))}"
        for name in names
    )


def state_line(row: ContentRow) -> None:
    """Whether the row is as in the file, what the clinic changed, and what waits for its day."""
    if not row.is_changed:
        st.markdown("As in the content tables.")
        return
    changed = differences(row.in_file, row.in_force)
    st.markdown(f"**Changed here.** {changed}." if changed else "In force today: as in the content tables.")
    if row.begins is not None:
        st.info(f"From {words.day(row.begins)}: {differences(row.in_force, row.decided)}.", icon=":material/schedule:")


def rows_table(found: ContentPage, heading: str, columns: tuple[str, ...], key: str) -> None:
    """The rows of a table as they are in force today."""
    table = {heading: [one.label for one in found.rows]}
    for column in columns:
        table[COLUMN_WORDS[column]] = [value_words(column, one.in_force[column]) for one in found.rows]
    table["Changed here"] = [changed_words(one) for one in found.rows]
    st.dataframe(pd.DataFrame(table), hide_index=True, key=key, alt=heading)


def changed_words(row: ContentRow) -> str:
    """Whether the clinic changed a row, or from when it will be."""
    if row.begins is not None:
        return f"from {words.day(row.begins)}"
    return "yes" if row.is_changed else ""


def chosen(found: ContentPage, label: str, key: str) -> ContentRow | None:
    """Draw the choice of one row, kept in the address."""
    rows = {one.row: one for one in found.rows}
    return rows[code_select(label, {code: one.label for code, one in rows.items()}, key)] if rows else None


def reason(key: str) -> str:
    """The field for why something is changed; it goes into the audit trail."""
    return st.text_input("Why (goes into the audit trail)", key=key, max_chars=LONGEST_REASON)


def save(place: str, table: str, row: str, cells: Mapping[str, str], why: str, from_day: date | None = None) -> bool:
    """Save a change from a button's callback; what it led to stands at ``place``. True when it was done."""
    done: list[date | None] = []

    def change(by: Actor) -> None:
        done.append(change_content(by=by, table=table, row=row, cells=cells, reason=why, from_day=from_day))

    if not attempt(place, "Saved.", change):
        return False
    _tell(place, done[0])
    return True


def _tell(place: str, begins: date | None) -> None:
    said = NOTHING_NEW if begins is None else f"Saved. It holds from {words.day(begins)}."
    tell("done", said, place=place)


def _undo(place: str, table: str, row: str, newest: int) -> None:
    done: list[date | None] = []
    why = st.session_state.get(f"undo_why_{table}_{row}", "")

    def undo(by: Actor) -> None:
        done.append(undo_content(by=by, table=table, row=row, newest=newest, reason=why))

    if attempt(place, "Saved.", undo):
        _tell(place, done[0])


def history(by: Actor, place: str, table: str, row: ContentRow, timezone: str, *, may_change: bool) -> None:
    """Every version of a row, newest first, and the way back to the one before."""
    found = versions(by, table, row.row)
    if not found:
        return
    with st.expander(f"History: {len(found)} version{'' if len(found) == 1 else 's'}"):
        st.dataframe(_table(found, row.in_file, timezone), hide_index=True, key=f"history_{table}_{row.row}")
        if not may_change:
            return
        earlier = found[1].values if len(found) > 1 else row.in_file
        st.markdown(f"Undo the newest: {differences(found[0].values, earlier) or 'nothing would be different'}.")
        reason(f"undo_why_{table}_{row.row}")
        st.button(
            "Undo the newest version",
            key=f"undo_{table}_{row.row}",
            icon=":material/undo:",
            on_click=_undo,
            args=(place, table, row.row, found[0].version_id),
        )


def _table(found: tuple[Version, ...], in_file: Mapping[str, str], timezone: str) -> pd.DataFrame:
    before = [*(one.values for one in found[1:]), in_file]
    return pd.DataFrame(
        {
            "Saved": [words.moment(one.changed_at, timezone) for one in found],
            "Holds from": [words.day(one.from_day) for one in found],
            "By": [one.who or "the system" for one in found],
            "Change": [differences(old, one.values) for one, old in zip(found, before, strict=True)],
            "Why": [one.reason for one in found],
        }
    )
