"""The end of a patient's timeline: every contact, note and change of state, and a new note."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import streamlit as st

from reporting import clock
from reporting.actions.notes import add_note
from reporting.domain.actors import Actor
from reporting.domain.case_work import NOTE_CHARACTERS
from reporting.queries.patient_notes import NoteLine
from reporting.queries.timeline import Timeline
from reporting.queries.worklist import CaseStep
from reporting.security.permissions import may
from reporting.ui import format as words
from reporting.ui.case_window import step_words
from reporting.ui.states import attempt, show_notice

PLACE = "timeline_note"


def steps_part(actor: Actor, seen: Timeline) -> None:
    """Everything that was done about this patient, newest first, and the form for a note."""
    st.subheader("Contacts, notes and steps")
    show_notice(PLACE)
    if not seen.contacts and not seen.notes:
        st.markdown("No case was ever opened for this patient, and nobody wrote a note.")
    lines: list[tuple[date, datetime, CaseStep | NoteLine]] = [
        *((step.at.astimezone(ZoneInfo(seen.timezone)).date(), step.at, step) for step in seen.contacts),
        *((note.happened_on, note.written_at, note) for note in seen.notes),
    ]
    for _, _, line in sorted(lines, key=lambda each: each[:2], reverse=True):
        _line(line, seen.timezone)
    if may(actor, "case.work"):
        _form(seen)


def _line(line: CaseStep | NoteLine, timezone: str) -> None:
    if isinstance(line, CaseStep):
        st.markdown(f"- {words.moment(line.at, timezone)}: {step_words(line)}")
        return
    who = f" by {line.who}" if line.who else ""
    st.markdown(f"- {words.day(line.happened_on)}: Note{who}, written {words.moment(line.written_at, timezone)}")
    st.text(line.words)


def _form(seen: Timeline) -> None:
    with st.form(f"note_{seen.patient_id}", clear_on_submit=False, enter_to_submit=False):
        today: date = clock.today(seen.timezone)
        st.date_input("About the day", value=today, max_value=today, key="note_on", format="YYYY-MM-DD")
        st.text_area("Note", key="note_words", max_chars=NOTE_CHARACTERS,
                     help="The patient can ask to see it. It cannot be changed afterwards.")  # fmt: skip
        st.form_submit_button("Add the note", on_click=_add, args=(seen.patient_id,))


def _add(patient_id: int) -> None:
    on, said = st.session_state["note_on"], st.session_state["note_words"]
    done = attempt(
        PLACE, "The note is kept.", lambda by: add_note(by=by, patient_id=patient_id, happened_on=on, words=said)
    )  # fmt: skip
    if done:
        st.session_state["note_words"] = ""
