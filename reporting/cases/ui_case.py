"""A case as it is shown in the worklist, and the steps that can be taken on it.

The window in which one case is worked on: what happened so far, and the step that comes next.
"""

from datetime import datetime

import streamlit as st

from reporting import clock
from reporting.cases import act_cases, read_worklist
from reporting.cases.act_contact import Contact, show_contact
from reporting.cases.read_worklist import CaseStep, Reported, WorklistCase
from reporting.cases.ui_about import about, outcome_words
from reporting.domain.actors import Actor
from reporting.domain.case_work import (
    ACTIONS_TAKEN,
    CONFIRMATIONS,
    GRADES,
    LEVEL_WORDS,
    NOTE_CHARACTERS,
    STATE_WORDS,
    TERM_CHARACTERS,
    actions_for,
    complication_terms,
)
from reporting.domain.corrections import STAFF_REASONS
from reporting.domain.vocabulary import severity_word
from reporting.security.permissions import may
from reporting.shell import ui_words as words
from reporting.shell.act_looks import Purpose, on_record
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_links import page_link
from reporting.shell.ui_states import attempt, forget_notice, show_notice, shows_problems
from reporting.treatments.read_treatments import SettingLine

LIST = "worklist"
REASONS_IN_LIST = 3
_CHOSEN = "case_being_worked_on"
_LEVEL_BADGES = {
    "emergency": ":red-badge[:material/emergency: {}]",
    "same_day": ":orange-badge[:material/priority_high: {}]",
    "one_day": ":blue-badge[:material/schedule: {}]",
    "one_week": ":gray-badge[:material/calendar_month: {}]",
}


def chosen() -> int | None:
    """The case whose window is open, or None."""
    found: int | None = st.session_state.get(_CHOSEN)
    return found


def choose(case_id: int | None) -> None:
    """Open the window of a case; None closes it."""
    st.session_state[_CHOSEN] = case_id


def acknowledge(case: WorklistCase, place: str) -> None:
    """Callback: take the case on the version that was shown."""
    attempt(
        place,
        f"You have acknowledged the case of {case.patient_reference}.",
        lambda by: act_cases.acknowledge(by=by, case_id=case.case_id, version=case.version),
    )


def reported_words(each: Reported) -> str:
    """``Swelling: severe (worse: was mild)``."""
    if each.before is None:
        return f"**{each.words}**"
    before = severity_word(each.before).lower()
    if each.is_worse:
        return f"**{each.words}** (worse than last time: was {before})"
    return f"**{each.words}** ({'same as' if each.severity == each.before else 'better than'} last time)"


def setting_words(line: SettingLine) -> str:
    """``Density 25 %, guideline maximum 15 %``; where the guideline is kept, the clinic's own maximum."""
    of, highest = "guideline", line.guideline_maximum
    if not line.is_above_guideline and line.is_above_protocol:
        of, highest = "own protocol", line.protocol[1]
    limit = "" if highest is None else f", {of} maximum {words.quantity(highest, line.unit)}"
    return f"{line.label} {words.quantity(line.value, line.unit)}{limit}"


def _clock(what: str, due_at: datetime) -> str:
    """``To be contacted: due in 3 hours``."""
    left = words.due(due_at, clock.now())
    return f":{'red' if due_at < clock.now() else 'gray'}-badge[{what}: {left.lower()}]"


def badges(case: WorklistCase) -> str:
    """Urgency, time, state and what else matters, each in words and not by colour alone."""
    found = [_LEVEL_BADGES[case.level].format(LEVEL_WORDS[case.level])]
    if case.state == "new":
        found.append(_clock("New report, to be taken" if case.owner else "To be taken", case.due_at))
    if case.contacted_at is None and case.state != "closed":
        found.append(_clock("To be contacted", case.contact_due_at))
    found.append(f":gray-badge[{STATE_WORDS[case.state]}]")
    if case.state == "new" and case.told and case.told[-1].has_failed:
        found.append(":red-badge[:material/notifications_off: Nobody on call was reached]")
    if case.is_worried:
        found.append(":violet-badge[:material/sentiment_worried: Patient is worried]")
    if case.cannot_wait:
        found.append(":violet-badge[:material/timer: Patient says it cannot wait]")
    if case.is_withdrawn:
        found.append(":gray-badge[:material/undo: Taken back by the patient]")
    if case.begun_at is not None:
        found.append(":orange-badge[:material/edit_note: Unfinished report, not sent yet]")
    if case.taken_back:
        found.append(":gray-badge[:material/undo: An answer was taken back]")
    if case.above_guideline:
        of = "guideline" if any(line.is_above_guideline for line in case.above_guideline) else "own protocol"
        found.append(f":orange-badge[:material/tune: Settings above {of}]")
    return " ".join(found)


def _reasons(case: WorklistCase, most: int | None) -> str:
    """The rules that fired, hardest first; in the list only the first ones."""
    hidden = len(case.reasons) - (most or len(case.reasons))
    more = f"; and {hidden} more" if hidden > 0 else ""
    return "; ".join(case.reasons[:most]) + more


def summary(case: WorklistCase, *, most_reasons: int | None = None) -> None:
    """Everything that a clinician needs to decide whether to call now."""
    owner = f"Owner: {case.owner}" if case.owner else "Nobody has taken it yet"
    clocks = {"take by": case.due_at} if case.state == "new" else {}
    if case.contacted_at is None and case.state != "closed":
        clocks["contact by"] = case.contact_due_at
    due = "".join(f" · {what} {words.moment(at, case.timezone)}" for what, at in clocks.items())
    lines = [f"**{words.as_text(case.patient_reference)}** · {case.procedure} · reported on day {case.recovery_day}"]
    if case.known:
        lines.append(f"Known before the treatment: {', '.join(case.known)}")
    if case.reported:
        lines.append("Reported: " + "; ".join(reported_words(each) for each in case.reported))
    if case.begun_at is not None:
        begun = words.moment(case.begun_at, case.timezone)
        lines.append(f"Unfinished report, started at {begun}: these are the answers so far, and more may follow")
    lines.append(f"Why it is here: {_reasons(case, most_reasons)}")
    if case.taken_back:
        lines.append(f"Taken back by the patient since: {'; '.join(case.taken_back)}")
    if case.above_guideline:
        lines.append("Settings: " + "; ".join(setting_words(line) for line in case.above_guideline))
    if case.confirmation:
        lines.append(f"**Outcome:** {words.as_text(outcome_words(case))}")
    lines.append(f"{owner} · opened {words.moment(case.opened_at, case.timezone)}{due}")
    if case.state == "new" and case.told:
        then = f"; next {words.moment(case.next_notice_at, case.timezone)}" if case.next_notice_at else ""
        lines.append("Told on call: " + ", then ".join(each.words for each in case.told[-2:]) + then)
    st.markdown(badges(case))
    st.markdown("  \n".join(lines))


def row(case: WorklistCase, *, is_first: bool = False) -> None:
    """One case of the list with what can be done about it at once."""
    with st.container(border=True, key=f"case_{case.case_id}"):
        summary(case, most_reasons=REASONS_IN_LIST)
        with st.container(horizontal=True, vertical_alignment="center"):
            if case.state == "new":
                st.button(
                    "Acknowledge",
                    key=f"acknowledge_{case.case_id}",
                    type="primary",
                    help=f"Take the case of {words.as_text(case.patient_reference)}",
                    on_click=acknowledge,
                    args=(case, LIST),
                )
            else:
                st.empty()  # keeps the links in their places: a list drawn anew never shows the card's last one twice
            if st.button(
                "Open case",
                key=f"open_{case.case_id}",
                help=f"Work on the case of {words.as_text(case.patient_reference)}",
                shortcut="Alt+O" if is_first else None,
            ):
                choose(case.case_id)
                st.rerun()
            page_link("timeline", "Timeline", icon=":material/timeline:", patient=case.patient_id)


WINDOW = "case_window"
_OTHER_TERM = "Another term"
_CONTACT = "case_contact_shown"


def _key(case: WorklistCase, name: str) -> str:
    """Fields belong to a case; what is being typed outlives a refresh and a refused step."""
    return f"{name}_{case.case_id}"


def _given(case: WorklistCase, name: str) -> str:
    return str(st.session_state.get(_key(case, name)) or "")


def _clear(case: WorklistCase, *names: str) -> None:
    for name in names:
        st.session_state[_key(case, name)] = None if name != "note" else ""


def _contact(case: WorklistCase) -> None:
    if attempt(
        WINDOW,
        "The contact is recorded.",
        lambda by: act_cases.record_contact(
            by=by,
            case_id=case.case_id,
            version=case.version,
            action_taken=_given(case, "action"),
            note=_given(case, "note"),
        ),
    ):
        _clear(case, "note")


def _outcome(case: WorklistCase) -> None:
    term = _given(case, "other_term") if _given(case, "term") == _OTHER_TERM else _given(case, "term")
    if attempt(
        WINDOW,
        "The outcome is recorded. The case can be closed.",
        lambda by: act_cases.record_outcome(
            by=by,
            case_id=case.case_id,
            version=case.version,
            confirmation=_given(case, "confirmation"),
            term=term,
            grade=st.session_state.get(_key(case, "grade")),
            note=_given(case, "note"),
        ),
    ):
        _clear(case, "note")


def _close(case: WorklistCase) -> None:
    attempt(
        WINDOW,
        "The case is closed.",
        lambda by: act_cases.close(by=by, case_id=case.case_id, version=case.version, note=_given(case, "note")),
    )


def _reopen(case: WorklistCase) -> None:
    attempt(
        WINDOW,
        "The case is open again.",
        lambda by: act_cases.reopen(by=by, case_id=case.case_id, version=case.version, note=_given(case, "note")),
    )


def _take_over(case: WorklistCase) -> None:
    attempt(
        WINDOW,
        "The case is yours now.",
        lambda by: act_cases.take_over(by=by, case_id=case.case_id, version=case.version),
    )


def _give_back(case: WorklistCase) -> None:
    attempt(
        WINDOW,
        "Nobody has the case now; its deadline counts again.",
        lambda by: act_cases.give_back(by=by, case_id=case.case_id, version=case.version),
    )


def _add_note(case: WorklistCase) -> None:
    if attempt(
        WINDOW,
        "The note is kept.",
        lambda by: act_cases.add_note(by=by, case_id=case.case_id, version=case.version, note=_given(case, "note")),
    ):
        _clear(case, "note")


def _note_field(case: WorklistCase, label: str = "Note (optional)") -> None:
    st.text_area(label, key=_key(case, "note"), max_chars=NOTE_CHARACTERS, height=90)


def _contact_fields(case: WorklistCase) -> None:
    offered = ACTIONS_TAKEN if case.contacted_at else actions_for(case.level)
    st.pills("What was done", list(offered), format_func=ACTIONS_TAKEN.__getitem__, key=_key(case, "action"))
    st.button("Record contact", key=_key(case, "contact"), type="primary", on_click=_contact, args=(case,))


def _outcome_fields(case: WorklistCase) -> None:
    found = st.pills(
        "What it was",
        list(CONFIRMATIONS),
        format_func=CONFIRMATIONS.__getitem__,
        key=_key(case, "confirmation"),
    )
    if found == "confirmed":
        terms = [*complication_terms(), _OTHER_TERM]
        term = st.selectbox("What it turned out to be", terms, index=None, key=_key(case, "term"))
        if term == _OTHER_TERM:
            st.text_input("The term in your words", key=_key(case, "other_term"), max_chars=TERM_CHARACTERS)
        st.pills("Grade (CTCAE)", list(GRADES), format_func=GRADES.__getitem__, key=_key(case, "grade"))
    st.button("Record outcome", key=_key(case, "record_outcome"), type="primary", on_click=_outcome, args=(case,))


def _next_step(by: Actor, case: WorklistCase) -> None:
    if case.state == "new":
        st.button("Acknowledge", key=_key(case, "take"), type="primary", on_click=acknowledge, args=(case, WINDOW))
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
            st.button(
                "Give back",
                key=_key(case, "give_back"),
                on_click=_give_back,
                args=(case,),
                help="You took it by mistake, or somebody else should",
            )


def step_words(step: CaseStep) -> str:
    """A step in one line: what, with what result, who, and the note."""
    details = step.details
    more = [
        ACTIONS_TAKEN.get(str(details.get("action_taken")), ""),
        CONFIRMATIONS.get(str(details.get("confirmation")), ""),
        str(details.get("name") or ""),
        f"{details['term']}, grade {details.get('grade')}" if details.get("term") else "",
        STAFF_REASONS.get(str(details.get("reason")), ""),
    ]
    result = ", ".join(part for part in more if part)
    who = f" by {step.who}" if step.who else ""
    note = f": “{step.note}”" if step.note else ""
    return f"{step.words}{' (' + result + ')' if result else ''}{who}{note}"


def _show_contact(case_id: int) -> None:
    """Callback: keep what was looked up for as long as the window is open."""
    found: list[Contact] = []
    if attempt(WINDOW, "Kept in the audit trail.", lambda by: found.append(show_contact(by=by, case_id=case_id))):
        st.session_state[_CONTACT] = (case_id, found[0])


def _whom_to_ring(by: Actor, case: WorklistCase) -> None:
    """Name and numbers, shown on a press that the audit trail keeps, to whoever may speak to patients."""
    if not may(by, "case.work"):
        return
    shown_of, contact = st.session_state.get(_CONTACT, (None, None))
    if shown_of != case.case_id or contact is None:
        st.button(
            "Show name and numbers",
            key=_key(case, "show_contact"),
            icon=":material/call:",
            help="Whom to ring. It is kept in the audit trail that you looked.",
            on_click=_show_contact,
            args=(case.case_id,),
        )
        return
    if not contact.is_known:
        st.markdown("**No number and no address is on record.** Look into the practice system.")
    parts = (contact.name or "Name not on record", contact.telephone, contact.email)
    st.text("\n".join(part for part in parts if part))


def open_window(case_id: int) -> None:
    """Show the window of a case. It stays as it is while the list behind it is refreshed."""

    @shows_problems
    def inside() -> None:
        by = current_actor()
        case = on_record(
            by, Purpose.CASE, "case", case_id, lambda: read_worklist.case(by, case_id), lambda it: it.patient_id
        )
        show_notice(WINDOW)
        summary(case)
        _whom_to_ring(by, case)
        about(by, case)
        st.markdown("**What happened so far**")
        steps = read_worklist.case_steps(by, case_id)
        st.markdown("\n".join(f"- {words.moment(s.at, case.timezone)}: {words.as_text(step_words(s))}" for s in steps))
        if case.state != "new":
            st.markdown("**Next step**")
        _next_step(by, case)

    def dismissed() -> None:
        choose(None)
        st.session_state.pop(_CONTACT, None)
        forget_notice()

    st.dialog("Case", width="large", on_dismiss=dismissed)(inside)()
