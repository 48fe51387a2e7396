"""When patients are asked, and by when the clinic must have looked at a case."""

from datetime import date

import streamlit as st

from reporting.clinic import ui_content as parts
from reporting.clinic.read_content import ContentPage, content_page
from reporting.clinic.ui_rule_words import COLUMN_WORDS, COUNTED_WORDS
from reporting.domain.actors import Actor
from reporting.domain.clinic_content import CLOCKS, EDITABLE, LEVELS, SCHEDULES
from reporting.domain.course import SLOTS
from reporting.shell.read_scope import of_one_state
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_states import show_notice, shows_problems
from reporting.shell.ui_words import day

PLACE = "schedules"
HOURS = 24 * 365


def _save_schedule(row: str, key: str) -> None:
    state = st.session_state
    cells = {"days": "|".join(map(str, sorted(state[f"days_{key}"])))}
    begins = state[f"from_{key}"]
    parts.save(PLACE, SCHEDULES, row, cells, state[f"why_{key}"], begins if isinstance(begins, date) else None)


def _schedule(actor: Actor, found: ContentPage) -> None:
    st.header("Check-in days", anchor=False)
    st.markdown(
        "Days after the treatment on which a patient is asked. A change counts for later treatments only, so "
        "that nobody counts as silent who was never asked."
    )
    parts.rows_table(found, "Procedure", ("days",), "schedules_table")
    row = parts.chosen(found, "Procedure", "procedure")
    if row is None:
        return
    parts.state_line(row)
    if found.may_change:
        key = f"{row.row}_{row.decided['days']}"
        now = [int(each) for each in row.decided["days"].split("|")]
        with st.form("schedule_form", enter_to_submit=False):
            st.multiselect(COLUMN_WORDS["days"], SLOTS, now, key=f"days_{key}")
            st.date_input(
                "For treatments from", found.earliest, min_value=found.earliest, key=f"from_{key}", format="YYYY-MM-DD"
            )
            parts.reason(f"why_{key}")
            st.form_submit_button(
                "Save the schedule", on_click=_save_schedule, args=(row.row, key), key="save_schedule"
            )
    parts.history(actor, PLACE, SCHEDULES, row, found.timezone, may_change=found.may_change)


def _save_level(row: str, key: str) -> None:
    state = st.session_state
    cells = {name: str(state[f"{name}_{key}"]) for name in EDITABLE[LEVELS]}
    parts.save(PLACE, LEVELS, row, cells, state[f"why_{key}"])


def _level(actor: Actor, found: ContentPage) -> None:
    st.header("Deadlines of cases", anchor=False)
    st.markdown(
        "By when somebody must have taken a case, and by when somebody must have spoken to the patient. Cases that are "
        "open keep theirs."
    )
    parts.rows_table(found, "Case", EDITABLE[LEVELS], "levels_table")
    row = parts.chosen(found, "Case", "case")
    if row is None:
        return
    parts.state_line(row)
    if found.may_change:
        now = row.decided
        key = "_".join((row.row, *now.values()))
        with st.form("level_form", enter_to_submit=False):
            for hours, counted, ceiling in CLOCKS:
                st.number_input(COLUMN_WORDS[hours], 1, HOURS, int(now[hours]), key=f"{hours}_{key}")
                st.selectbox(
                    COLUMN_WORDS[counted],
                    list(COUNTED_WORDS),
                    list(COUNTED_WORDS).index(now[counted]),
                    format_func=COUNTED_WORDS.__getitem__,
                    key=f"{counted}_{key}",
                )
                st.number_input(COLUMN_WORDS[ceiling], 1, HOURS, int(now[ceiling]), key=f"{ceiling}_{key}")
            parts.reason(f"why_{key}")
            st.form_submit_button(
                f"Save: it holds from {day(found.earliest)}",
                on_click=_save_level,
                args=(row.row, key),
                key="save_level",
            )
    parts.history(actor, PLACE, LEVELS, row, found.timezone, may_change=found.may_change)


@shows_problems
@of_one_state
def page() -> None:
    st.title("Schedules and deadlines")
    actor = current_actor()
    show_notice(PLACE)
    _schedule(actor, content_page(actor, SCHEDULES))
    _level(actor, content_page(actor, LEVELS))


if __name__ == "__main__":
    page()
