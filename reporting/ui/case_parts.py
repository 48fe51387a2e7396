"""A case as it is shown in the worklist, and the steps that can be taken on it."""

import streamlit as st

from reporting import clock
from reporting.actions import cases
from reporting.domain.case_work import LEVEL_WORDS, STATE_WORDS
from reporting.domain.symptoms import severity_word
from reporting.queries.settings_check import SettingLine
from reporting.queries.worklist import Reported, WorklistCase
from reporting.ui import format as words
from reporting.ui.links import page_link
from reporting.ui.states import attempt

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
        place, f"You have acknowledged the case of {case.patient_reference}.",
        lambda by: cases.acknowledge(by=by, case_id=case.case_id, version=case.version),
    )  # fmt: skip


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


def badges(case: WorklistCase) -> str:
    """Urgency, time, state and what else matters, each in words and not by colour alone."""
    found = [_LEVEL_BADGES[case.level].format(LEVEL_WORDS[case.level])]
    if case.state == "new":
        colour = "red" if case.is_overdue else "gray"
        left = words.due(case.due_at, clock.now())
        found.append(f":{colour}-badge[{f'New report: {left.lower()}' if case.owner else left}]")
    found.append(f":gray-badge[{STATE_WORDS[case.state]}]")
    if case.is_worried:
        found.append(":violet-badge[:material/sentiment_worried: Patient is worried]")
    if case.cannot_wait:
        found.append(":violet-badge[:material/timer: Patient says it cannot wait]")
    if case.is_withdrawn:
        found.append(":gray-badge[:material/undo: Taken back by the patient]")
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
    due = "" if case.state == "closed" else f" · due {words.moment(case.due_at, case.timezone)}"
    lines = [f"**{case.patient_reference}** · {case.procedure} · reported on day {case.recovery_day}"]
    if case.reported:
        lines.append("Reported: " + "; ".join(reported_words(each) for each in case.reported))
    lines.append(f"Why it is here: {_reasons(case, most_reasons)}")
    if case.above_guideline:
        lines.append("Settings: " + "; ".join(setting_words(line) for line in case.above_guideline))
    lines.append(f"{owner} · opened {words.moment(case.opened_at, case.timezone)}{due}")
    st.markdown(badges(case))
    st.markdown("  \n".join(lines))


def row(case: WorklistCase, *, is_first: bool = False) -> None:
    """One case of the list with what can be done about it at once."""
    with st.container(border=True, key=f"case_{case.case_id}"):
        summary(case, most_reasons=REASONS_IN_LIST)
        with st.container(horizontal=True, vertical_alignment="center"):
            if case.state == "new":
                st.button(
                    "Acknowledge", key=f"acknowledge_{case.case_id}",
                    type="primary",
                    help=f"Take the case of {case.patient_reference}",
                    on_click=acknowledge, args=(case, LIST),
                )  # fmt: skip
            else:
                st.empty()  # keeps the links in their places: a list drawn anew never shows the card's last one twice
            if st.button(
                "Open case", key=f"open_{case.case_id}", help=f"Work on the case of {case.patient_reference}",
                shortcut="Alt+O" if is_first else None,
            ):  # fmt: skip
                choose(case.case_id)
                st.rerun()
            page_link("timeline", "Timeline", icon=":material/timeline:", patient=case.patient_id)
