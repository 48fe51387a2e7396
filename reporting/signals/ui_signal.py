"""Parts of the signals page: the budget, a row of the list, the card, and the steps that can be taken.

Could we have seen a doubling by now? In words for each device, operator and clinic.
"""

from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from reporting.domain.actors import Actor
from reporting.domain.signal_work import STATE_WORDS, Response, Sureness
from reporting.domain.vocabulary import SYMPTOMS
from reporting.domain.vocabulary import symptom as symptom_of
from reporting.evidence.checks import NotEnoughData
from reporting.security.permissions import may
from reporting.shell.chart_look import Marks, percent
from reporting.shell.file_csv import table_csv
from reporting.shell.read_scope import today
from reporting.shell.ui_figures import csv_file, drawn, show
from reporting.shell.ui_filters import symptom_choice
from reporting.shell.ui_links import page_link
from reporting.shell.ui_states import attempt, tell
from reporting.shell.ui_words import as_text, day, moment
from reporting.signals import act_signals as actions
from reporting.signals.chart_signals import Subject, signal_course
from reporting.signals.read_look import Chance, Doubling, doubling, look
from reporting.signals.read_signals import (
    NewestLook,
    SignalCard,
    SignalRow,
    active_signals,
    headline,
    newest_look,
    numbers,
    where,
)

PLACE = "signals"
SHOWN_TREATMENTS = 50
SHOWN_SIGNALS = 5


def _look_now() -> None:
    attempt(PLACE, "The data was looked over.", lambda by: actions.keep_look(by=by, look=look(by)))


def budget(actor: Actor, newest: NewestLook | None) -> None:
    """How many false signals to expect, when was last looked, and the button to look now."""
    if newest is None:
        st.markdown("Nobody has looked over the data yet.")
    else:
        false = f"{newest.expected_false_per_clinic_year:g}"
        st.markdown(
            f"**Expected false signals at this clinic: {false} a year.** The charts are set so that chance alone "
            f"raises no more. Last look: {day(newest.as_of)}, {newest.cells_tested:,} cells tested."
        )
        if newest.controls_tested:
            st.markdown(_controls(newest))
        if newest.note:
            st.markdown(f"Note: {as_text(newest.note)}.")
    if may(actor, "signals.work"):
        st.button("Look over the data now", key="signals_look", icon=":material/search:", on_click=_look_now)


def _controls(newest: NewestLook) -> str:
    """What alarmed among groupings that no setting can have caused."""
    alarmed, chance = len(newest.controls_alarmed), newest.controls_by_chance
    which = f" ({'; '.join(newest.controls_alarmed)})" if alarmed else ""
    fits = alarmed <= chance + 2 * (chance * 0.9) ** 0.5
    verdict = "" if fits else " **That is more than chance allows: read the patterns with care.**"
    return (
        f"Negative controls: {alarmed} of {newest.controls_tested} alarmed{which}; by chance alone about {chance:.1f} "
        f"would. They deal the treatments out by weekday or at random and run through the same scan.{verdict}"
    )


def row(signal: SignalRow) -> None:
    """One signal of the list."""
    with st.container(border=True, key=f"signal_{signal.id}"):
        rank = f"{signal.rank}. " if signal.rank else ""
        st.markdown(f"**{rank}{as_text(headline(signal))}**")
        gone = "" if signal.rank else " Not found by the newest look any more."
        st.markdown(numbers(signal.card) + gone)
        since = f"since about {day(signal.since)}, " if signal.since else ""
        st.markdown(f":gray-badge[{STATE_WORDS[signal.state]}] {since}first flagged {day(signal.first_flagged_on)}")
        page_link("signals", "Open", icon=":material/open_in_new:", signal=signal.id)


def active(actor: Actor) -> None:
    """The active signals in words, for the overview; for those who may read signals."""
    if not may(actor, "signals.read"):
        return
    newest, found = newest_look(actor), active_signals(actor)
    st.subheader("Active signals", anchor=False)
    if newest is None:
        st.markdown("Nobody has looked over the data yet.")
    elif not found:
        st.markdown(f"None: nothing stands out beyond chance and case mix as of {day(newest.as_of)}.")
    for signal in found[:SHOWN_SIGNALS]:
        st.markdown(
            f"- **{as_text(headline(signal))}**: {numbers(signal.card)} {STATE_WORDS[signal.state]}, first flagged "
            f"{day(signal.first_flagged_on)}."
        )
    if len(found) > SHOWN_SIGNALS:
        st.markdown(f"And {len(found) - SHOWN_SIGNALS} more.")
    page_link("signals", "Signals", icon=":material/sensors:")


def _sure(found: Sureness) -> list[str]:
    said = []
    if (sure := found.probability) is not None:
        said.append(f"probability that it is this one: {'more than 99 %' if sure > 0.99 else percent(sure)}")
    if (q := found.q_value) is not None:
        said.append(f"q-value {'below 0.001' if q < 0.001 else f'{q:.3f}'} among {found.cells_tested:,} cells tested")
    if (allowed := found.expected_false_per_clinic_year) is not None:
        said.append(f"found under a budget of {allowed:g} false signals a year")
    return said


def card(found: SignalCard, marks: Marks = ()) -> None:
    """Everything that is known about the signal, numbers first."""
    signal, shown = found.signal, found.signal.card
    st.header(as_text(headline(signal)), anchor=False)
    st.markdown(f"**{numbers(shown)}**")
    since = f"Since about {day(signal.since)}. " if signal.since else ""
    _course(found, marks)
    st.markdown(
        f"{since}First flagged {day(signal.first_flagged_on)}, last seen {day(signal.last_seen_on)}. "
        f"State: **{STATE_WORDS[signal.state]}**."
    )
    if sure := _sure(shown.sure):
        st.markdown(f"How sure: {'; '.join(sure)}.")
    if shown.kind != "settings":
        _response(shown.response)
    if shown.settings:
        st.markdown(f"What the settings explain: {shown.settings.settings_words}")
    st.subheader("What it could be instead", anchor=False)
    st.markdown("\n".join(f"- {as_text(each)}" for each in [*_hands(found), *shown.instead]))
    _chart_link(signal)


def _hands(found: SignalCard) -> list[str]:
    """Whose hands the device was in, or which devices somebody used: it can be the one or the other."""
    if not found.shared_with:
        return []
    named = ", ".join(f"{name} {n:,}" for name, n in found.shared_with)
    if found.signal.unit_type == "operator":
        return [f"The device: treatments listed below by device: {named}."]
    return [f"The person: treatments listed below by operator: {named}."]


def _course(found: SignalCard, marks: Marks) -> None:
    """The chart that shows it, drawn from the numbers that its look kept."""
    signal = found.signal
    acted = [(s.happened_on, f"Action: {s.note}") for s in found.steps if s.kind == "action_taken" and s.happened_on]
    lines = sorted({*marks, *acted})
    subject = Subject(where(signal), signal.since, signal.first_flagged_on, signal.last_seen_on)
    shown = drawn(signal_course, signal.card.course, subject, lines)
    show(shown, key="signal_course", file_name="signal.csv")


def _response(found: Response) -> None:
    if found.response_rate is None:
        return
    words = f"{percent(found.response_rate)} of due check-ins behind it were answered."
    none, every = found.if_none_of_the_silent, found.if_all_of_the_silent
    if none is not None and found.n_asked and found.n_asked == found.n_answered:
        words += (
            " Everybody behind it answered at least once, so that nobody's silence hides what happened to "
            f"{percent(none)} of them."
        )
    elif none is not None and every is not None:
        words += (
            f" If none of the silent were affected the rate would be {percent(none)}, if all of them {percent(every)}."
        )
    st.markdown(f"{words} {found.tipping_point or ''}")


def _chart_link(signal: SignalRow) -> None:
    """The chart that shows it: the unit over time."""
    if signal.unit_type in ("device", "operator") and signal.kind != "scan":
        code = signal.symptom if signal.symptom in SYMPTOMS else "hyperpigmentation"
        unit = {f"unit_{signal.unit_type}": f"{signal.clinic}/{signal.unit_id}"}
        page_link("units", "Show it over time", icon=":material/timeline:", kind=signal.unit_type, symptom=code, **unit)


def steps(found: SignalCard) -> None:
    """What happened so far, oldest first."""
    st.subheader("What was done", anchor=False)
    for step in found.steps:
        who = step.who or "the evidence engine"
        on = f", on {day(step.happened_on)}" if step.happened_on else ""
        words = step.measured.words if step.measured else step.note
        kind = STATE_WORDS.get(step.kind, step.kind.replace("_", " ").capitalize())
        st.markdown(
            f"- {moment(step.at, found.timezone)}, {as_text(who)}: **{kind}**{on}"
            + (f": {as_text(words)}" if words else "")
        )


def _do(done: str, action: Any, signal: SignalRow, **values: Any) -> None:
    attempt(PLACE, done, lambda by: action(by=by, signal_id=signal.id, version=signal.version, **values))


def _explain(signal: SignalRow) -> None:
    _do("The explanation is kept.", actions.explain, signal, words=st.session_state[f"explain_{signal.id}"])


def _act(signal: SignalRow) -> None:
    on = st.session_state[f"act_on_{signal.id}"]
    words = st.session_state[f"act_words_{signal.id}"]
    _do("The action is kept; charts show its day.", actions.take_action, signal, happened_on=on, words=words)


def _measure(signal: SignalRow) -> None:
    try:
        _do("Measured again.", actions.re_measure, signal)
    except NotEnoughData as problem:
        tell("problem", f"**{problem.message}** Wait for more answers after the action.", place=PLACE)


def work(actor: Actor, found: SignalCard) -> None:
    """The steps that may follow, for those who may take them."""
    if not may(actor, "signals.work"):
        return
    signal, may_follow = found.signal, found.next_states
    if "reviewing" in may_follow:
        st.button(
            "I am looking into it",
            key=f"review_{signal.id}",
            on_click=_do,
            args=("You are reviewing this signal.", actions.review, signal),
        )
    if "action_taken" in may_follow:
        with st.form(f"act_{signal.id}", enter_to_submit=False):
            st.subheader("An action was taken", anchor=False)
            now: date = today(actor)
            st.date_input("On", value=now, max_value=now, key=f"act_on_{signal.id}", format="YYYY-MM-DD")
            st.text_area(
                "What was changed",
                key=f"act_words_{signal.id}",
                max_chars=2000,
                placeholder="Recalibrated; density 20 % lower for skin types IV to VI",
            )
            st.form_submit_button("Keep the action", on_click=_act, args=(signal,))
    if "explained" in may_follow:
        with st.form(f"explain_form_{signal.id}", enter_to_submit=False):
            st.subheader("Nothing needs to be changed", anchor=False)
            st.text_area("What it was", key=f"explain_{signal.id}", max_chars=2000)
            st.form_submit_button("Keep the explanation", on_click=_explain, args=(signal,))
    if "re_measured" in may_follow:
        st.button(
            "Did it help? Measure again", key=f"measure_{signal.id}", type="primary", on_click=_measure, args=(signal,)
        )


def treatments(found: SignalCard) -> None:
    """The treatments behind the signal with the way to each patient."""
    behind = found.signal.card.behind
    total = behind.n_treatments or len(found.treatments)
    of = f" of {behind.n_patients:,} patients" if behind.n_patients else ""
    with st.expander(f"The {total:,} treatments{of} behind it"):
        for one in found.treatments[:SHOWN_TREATMENTS]:
            page_link(
                "timeline", f"{one.patient}, treated {day(one.performed_on)} ({one.treatment})", patient=one.patient_id
            )
        if total > SHOWN_TREATMENTS:
            st.markdown(f"The first {SHOWN_TREATMENTS} are listed, those with an event first.")


def words(chance: Chance) -> str:
    """``device CO2-2: 75 % within 6 months (40 % within 3), from 10.2 expected events in 6 months``."""
    return (
        f"{chance.unit_type} **{chance.unit}**: with **{_about(chance.within_6_months)}** probability within 6 months "
        f"({_about(chance.within_3_months)} within 3), from {chance.expected:.1f} expected events in 6 months"
    )


def _about(share: float) -> str:
    """To five percent, as far as the simulation tells."""
    if share < 0.05:
        return "less than 5 %"
    return "more than 95 %" if share > 0.95 else f"{round(share * 20) * 5} %"


def could_we_have_seen_it(actor: Actor) -> None:
    """The section of the signals page. Draws nothing before the first look."""
    st.header("Could we have seen a doubling by now?", anchor=False)
    symptom = symptom_choice()
    found = doubling(actor, symptom)
    if found is None:
        st.markdown(
            f"Not known yet for {symptom_of(symptom).label.lower()}: the charts begin once there is enough history "
            "with at least one unexpected report of it."
        )
        return
    st.markdown(
        "No signal can mean that all is well, or that there is too little to tell. From how much each has treated in "
        "the last 6 months, under the same budget of false signals, a doubling of "
        f"**{symptom_of(symptom).label.lower()}** would have been found at the following. A treatment counts for its "
        "device, its operator and the clinic alike, so these chances share treatments and cannot be added up."
    )
    st.markdown("\n".join(f"- {words(each)}" for each in found.chances))
    _table(found)


def _table(found: Doubling) -> None:
    rows = pd.DataFrame(
        [
            {
                "Kind": each.unit_type.capitalize(),
                "Name": each.unit,
                "Expected in 6 months": round(each.expected, 1),
                "Found within 3 months, %": round(each.within_3_months * 100),
                "Found within 6 months, %": round(each.within_6_months * 100),
            }
            for each in found.chances
        ]
    )
    with st.expander("Show the numbers as a table"):
        st.dataframe(rows, hide_index=True, alt="Chance to find a doubling", key="doubling_table")
        csv_file(lambda: table_csv(rows), key="doubling_csv", file_name="doubling.csv")
