"""The window in which one case is worked on: what happened so far, and the step that comes next."""

import streamlit as st

from reporting.actions import cases
from reporting.domain.actors import Actor
from reporting.domain.case_work import (
    ACTIONS_TAKEN,
    CONFIRMATIONS,
    GRADES,
    NOTE_CHARACTERS,
    TERM_CHARACTERS,
    complication_terms,
)
from reporting.domain.corrections import STAFF_REASONS
from reporting.queries import worklist
from reporting.queries.worklist import CaseStep, WorklistCase
from reporting.ui import case_parts
from reporting.ui import format as words
from reporting.ui.identity import current_actor
from reporting.ui.states import attempt, forget_notice, show_notice, shows_problems

WINDOW = "case_window"
_OTHER_TERM = "Another term"


def _key(case: WorklistCase, name: str) -> str:
    """Fields belong to a case; what is being typed outlives a refresh and a refused step."""
    return f"{name}_{case.case_id}"


def _given(case: WorklistCase, name: str) -> str:
    return str(st.session_state.get(_key(case, name)) or "")


def _clear(case: WorklistCase, *names: str) -> None:
    for name in names:
        st.session_state[_key(case, name)] = None if name != "note" else ""


def _contact(case: WorklistCase) -> None:
    if attempt(WINDOW, "The contact is recorded.", lambda by: cases.record_contact(
        by=by, case_id=case.case_id, version=case.version, action_taken=_given(case, "action"),
        note=_given(case, "note"),
    )):  # fmt: skip
        _clear(case, "note")


def _outcome(case: WorklistCase) -> None:
    term = _given(case, "other_term") if _given(case, "term") == _OTHER_TERM else _given(case, "term")
    if attempt(WINDOW, "The outcome is recorded. The case can be closed.", lambda by: cases.record_outcome(
        by=by, case_id=case.case_id, version=case.version, confirmation=_given(case, "confirmation"),
        term=term, grade=st.session_state.get(_key(case, "grade")), note=_given(case, "note"),
    )):  # fmt: skip
        _clear(case, "note")


def _close(case: WorklistCase) -> None:
    attempt(WINDOW, "The case is closed.", lambda by: cases.close(
        by=by, case_id=case.case_id, version=case.version, note=_given(case, "note")
    ))  # fmt: skip


def _reopen(case: WorklistCase) -> None:
    attempt(WINDOW, "The case is open again.", lambda by: cases.reopen(
        by=by, case_id=case.case_id, version=case.version, note=_given(case, "note")
    ))  # fmt: skip


def _take_over(case: WorklistCase) -> None:
    attempt(WINDOW, "The case is yours now.", lambda by: cases.take_over(
        by=by, case_id=case.case_id, version=case.version
    ))  # fmt: skip


def _give_back(case: WorklistCase) -> None:
    attempt(WINDOW, "Nobody has the case now; its deadline counts again.", lambda by: cases.give_back(
        by=by, case_id=case.case_id, version=case.version
    ))  # fmt: skip


def _add_note(case: WorklistCase) -> None:
    if attempt(WINDOW, "The note is kept.", lambda by: cases.add_note(
        by=by, case_id=case.case_id, version=case.version, note=_given(case, "note")
    )):  # fmt: skip
        _clear(case, "note")


def _note_field(case: WorklistCase, label: str = "Note (optional)") -> None:
    st.text_area(label, key=_key(case, "note"), max_chars=NOTE_CHARACTERS, height=90)


def _contact_fields(case: WorklistCase) -> None:
    st.pills("What was done", list(ACTIONS_TAKEN), format_func=ACTIONS_TAKEN.__getitem__, key=_key(case, "action"))
    st.button("Record contact", key=_key(case, "contact"), type="primary", on_click=_contact, args=(case,))


def _outcome_fields(case: WorklistCase) -> None:
    found = st.pills(
        "What it was", list(CONFIRMATIONS), format_func=CONFIRMATIONS.__getitem__,
        key=_key(case, "confirmation"),
    )  # fmt: skip
    if found == "confirmed":
        terms = [*complication_terms(), _OTHER_TERM]
        term = st.selectbox("Term (CTCAE)", terms, index=None, key=_key(case, "term"))
        if term == _OTHER_TERM:
            st.text_input("The term in your words", key=_key(case, "other_term"), max_chars=TERM_CHARACTERS)
        st.pills("Grade (CTCAE)", list(GRADES), format_func=GRADES.__getitem__, key=_key(case, "grade"))
    st.button("Record outcome", key=_key(case, "record_outcome"), type="primary", on_click=_outcome, args=(case,))


def _next_step(by: Actor, case: WorklistCase) -> None:
    if case.state == "new":
        st.button("Acknowledge", key=_key(case, "take"), type="primary", on_click=case_parts.acknowledge,
                  args=(case, WINDOW))  # fmt: skip
        return
    _note_field(case, "Why it is opened again" if case.state == "closed" else "Note (optional)")
    if case.state == "closed":
        st.button("Open again", key=_key(case, "reopen"), on_click=_reopen, args=(case,))
        return
    if case.state == "outcome":
        with st.expander("Another contact, or another action than the one coded"):
            st.markdown("What it was is then decided again.")
            _contact_fields(case)
    else:
        _contact_fields(case)
    if case.state in ("contacted", "outcome"):
        _outcome_fields(case)
    with st.container(horizontal=True):
        if case.state == "outcome":
            st.button("Close case", key=_key(case, "close"), type="primary", on_click=_close, args=(case,))
        st.button("Keep the note only", key=_key(case, "add_note"), on_click=_add_note, args=(case,))
        if case.owner_id != by.id:
            st.button("Take over", key=_key(case, "take_over"), on_click=_take_over, args=(case,))
        if case.state == "acknowledged":
            st.button("Give back", key=_key(case, "give_back"), on_click=_give_back, args=(case,),
                      help="You took it by mistake, or somebody else should")  # fmt: skip


def step_words(step: CaseStep) -> str:
    """A step in one line: what, with what result, who, and the note."""
    details = step.details
    more = [
        ACTIONS_TAKEN.get(str(details.get("action_taken")), ""),
        CONFIRMATIONS.get(str(details.get("confirmation")), ""),
        f"{details['term']}, grade {details.get('grade')}" if details.get("term") else "",
        STAFF_REASONS.get(str(details.get("reason")), ""),
    ]
    result = ", ".join(part for part in more if part)
    who = f" by {step.who}" if step.who else ""
    note = f": “{step.note}”" if step.note else ""
    return f"{step.words}{' (' + result + ')' if result else ''}{who}{note}"


def open_window(case_id: int) -> None:
    """Show the window of a case. It stays as it is while the list behind it is refreshed."""

    @shows_problems
    def inside() -> None:
        by = current_actor()
        case = worklist.case(by, case_id)
        show_notice(WINDOW)
        case_parts.summary(case)
        st.markdown("**What happened so far**")
        steps = worklist.case_steps(by, case_id)
        st.markdown("\n".join(f"- {words.moment(s.at, case.timezone)}: {step_words(s)}" for s in steps))
        if case.state != "new":
            st.markdown("**Next step**")
        _next_step(by, case)

    def dismissed() -> None:
        case_parts.choose(None)
        forget_notice()

    st.dialog("Case", width="large", on_dismiss=dismissed)(inside)()
