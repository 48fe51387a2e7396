"""The audit trail: who did what, when, on which record, with what was there before and after."""

from datetime import date, timedelta

import streamlit as st

from reporting.exchange.table_csv import table_csv
from reporting.queries.audit_trail import MOST_IN_FILE, Search, TrailPage, check_chain, search_trail, trail_table
from reporting.queries.days import today
from reporting.ui import trail_parts as parts
from reporting.ui.downloads import csv_file
from reporting.ui.identity import actor_later, current_actor
from reporting.ui.links import number_in_address
from reporting.ui.states import empty, shows_problems

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
        action = parts.choice("Action", parts.action_words(known.actions), "action", _first_page)
        kind = parts.choice("Kind of record", parts.kind_words(known.record_kinds), "kind", _first_page)
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
            parts.verdict(verdict)
        else:
            st.markdown("Every row is sealed with the one before it. The check walks all of them.")


def _pages(found: TrailPage) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Newer", key="newer", disabled=found.number == 1, on_click=_go, args=(found.number - 1,))
        st.markdown(f"Page {found.number}")
        st.button("Older", key="older", disabled=not found.has_next, on_click=_go, args=(found.number + 1,))


@shows_problems
def page() -> None:
    st.title("Audit trail")
    actor = current_actor()
    last = today(actor)
    known = search_trail(actor, Search(last, last))
    search = _search(last, known)
    found = search_trail(actor, search, number_in_address("page") or 1)
    _chain()
    if not found.lines:
        empty("Nothing was done that fits this search.", "Choose more days, or take a filter away.")
        return
    parts.lines(found)
    _pages(found)
    asker = actor_later()
    csv_file(lambda: table_csv(trail_table(asker(), search)), key="audit_csv", file_name="audit-trail.csv")
    st.caption(f"The file has the newest {MOST_IN_FILE:,} rows of this search, one line for each changed field.")


if __name__ == "__main__":
    page()
