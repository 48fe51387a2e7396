"""The audit trail: who did what, when, on which record, with what was there before and after.

Parts of the page of the audit trail: its filters in words, its rows, and what the check of the chain says.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta

import pandas as pd
import streamlit as st

from reporting.clinic.read_audit_trail import (
    MOST_IN_FILE,
    Search,
    TrailLine,
    TrailPage,
    check_chain,
    last_backup,
    search_trail,
    trail_standing,
    trail_table,
)
from reporting.clock import now
from reporting.records.trail.findings import Verdict
from reporting.records.trail.standing import Standing
from reporting.shell import ui_words as words
from reporting.shell.file_csv import table_csv
from reporting.shell.read_scope import of_one_state, today
from reporting.shell.ui_figures import csv_file
from reporting.shell.ui_filters import code_select
from reporting.shell.ui_identity import actor_later, current_actor
from reporting.shell.ui_links import number_in_address
from reporting.shell.ui_states import empty, shows_problems


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
        pd.DataFrame(
            {
                "When": [words.moment(one.at, found.timezone) for one in found.lines],
                "Who": [one.who for one in found.lines],
                "Action": [_said(one.action) for one in found.lines],
                "Record": [f"{_said(one.record_kind)} {one.record_id}" for one in found.lines],
                "Before → after": [_changed(one) for one in found.lines],
                "More": [one.more for one in found.lines],
            }
        ),
        hide_index=True,
        key=f"trail_table_{found.number}",
        alt="Rows of the audit trail",
        on_select="rerun",
        selection_mode="single-row",
    )
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
            changes = [[words.as_text(str(cell)) for cell in change] for change in one.changes]
            st.table(pd.DataFrame(changes, columns=["Field", "Before", "After"]), hide_index=True)
        if one.more:
            st.text(one.more)


def _changed(one: TrailLine) -> str:
    return "; ".join(f"{field + ': ' if field else ''}{before} → {after}" for field, before, after in one.changes)


def draw_verdict(found: Verdict) -> None:
    """What the check of the chain said."""
    if found.ok:
        st.success(
            f"The chain is whole: {found.rows:,} rows, each sealed with the one before.", icon=":material/verified:"
        )
    else:
        place = f" at row {found.sequence}" if found.sequence else ""
        st.error(f"The chain is broken{place}: {found.reason}.", icon=":material/error:")
    for note in found.notes:
        st.caption(f"{note[0].upper()}{note[1:]}.")


def draw_standing(found: Standing, timezone: str) -> None:
    """What is known to be wrong with the trail, and when it was checked last."""
    if found.words:
        st.error(
            f"Something is wrong with the audit trail: {found.words}. Whoever runs the server finds out why, and then "
            "uses the command `audit settle`.",
            icon=":material/error:",
        )
    if found.checked_at is not None:
        rows = "1 row" if found.rows == 1 else f"{found.rows:,} rows"
        st.caption(f"Checked last {words.moment(found.checked_at, timezone)}: {rows}.")
    else:
        st.caption("Not checked yet: that is done each night.")


def draw_backup(at: datetime | None, timezone: str) -> None:
    """How old the last good backup is."""
    if at is None:
        st.caption("No backup was taken here with the command of the application.")
    else:
        hours = int((now() - at).total_seconds()) // 3600
        st.caption(f"Last good backup: {words.moment(at, timezone)}, {hours:,} hours ago.")


DAYS = 30
CHECKED = "audit_checked"


def _go(number: int) -> None:
    st.query_params["page"] = str(number)


def _first_page() -> None:
    st.query_params.pop("page", None)


def _check() -> None:
    st.session_state[CHECKED] = check_chain(current_actor())


def _day(value: object, default: date) -> date:
    return value if isinstance(value, date) else default


def _search(last: date, known: TrailPage) -> Search:
    with st.container(horizontal=True):
        first = last - timedelta(days=DAYS - 1)
        begin = st.date_input(
            "From", first, key="from", format="YYYY-MM-DD", bind="query-params", on_change=_first_page
        )
        end = st.date_input("To", last, key="to", format="YYYY-MM-DD", bind="query-params", on_change=_first_page)
        action = choice("Action", action_words(known.actions), "action", _first_page)
        kind = choice("Kind of record", kind_words(known.record_kinds), "kind", _first_page)
        # Names and record numbers stay out of the address.
        who = st.text_input(
            "Who", key="audit_who", max_chars=120, placeholder="Part of the name", on_change=_first_page
        )
        record = st.text_input("Record number", key="audit_record", max_chars=64, on_change=_first_page)
    return Search(_day(begin, first), _day(end, last), who, action, kind, record)


def _chain() -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Check the whole chain", key="audit_check", icon=":material/link:", on_click=_check)
        if (verdict := st.session_state.get(CHECKED)) is not None:
            draw_verdict(verdict)
        else:
            st.markdown("Every row is sealed with the one before it. The check walks all of them.")


def _pages(found: TrailPage) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Newer", key="newer", disabled=found.number == 1, on_click=_go, args=(found.number - 1,))
        st.markdown(f"Page {found.number}")
        st.button("Older", key="older", disabled=not found.has_next, on_click=_go, args=(found.number + 1,))


@shows_problems
@of_one_state
def page() -> None:
    st.title("Audit trail")
    actor = current_actor()
    last = today(actor)
    known = search_trail(actor, Search(last, last))
    search = _search(last, known)
    found = search_trail(actor, search, number_in_address("page") or 1)
    _chain()
    draw_standing(trail_standing(actor), found.timezone)
    draw_backup(last_backup(actor), found.timezone)
    if not found.lines:
        empty("Nothing was done that fits this search.", "Choose more days, or take a filter away.")
        return
    lines(found)
    _pages(found)
    asker = actor_later()
    csv_file(lambda: table_csv(trail_table(asker(), search)), key="audit_csv", file_name="audit-trail.csv")
    st.caption(f"The file has the newest {MOST_IN_FILE:,} rows of this search, one line for each changed field.")


if __name__ == "__main__":
    page()
