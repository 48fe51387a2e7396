"""Signals: a short ranked list under a stated budget of false alarms, and what people do about each."""

import streamlit as st

from reporting.shell.read_marks import dated_marks
from reporting.shell.read_scope import of_one_state
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_links import number_in_address, page_link
from reporting.shell.ui_states import empty, show_notice, shows_problems
from reporting.signals import ui_signal as parts
from reporting.signals.read_signals import newest_look, signal_card, signals_of
from reporting.signals.ui_signal import could_we_have_seen_it


def _one(signal_id: int) -> None:
    actor = current_actor()
    page_link("signals", "All signals", icon=":material/arrow_back:")
    card = signal_card(actor, signal_id)
    signal = card.signal
    served = [f"{signal.clinic}/{signal.unit_id}"] if signal.unit_type == "device" else []
    parts.card(card, dated_marks(actor, served))
    parts.steps(card)
    parts.work(actor, card)
    parts.treatments(card)


@shows_problems
@of_one_state
def page() -> None:
    st.title("Signals")
    actor = current_actor()
    show_notice(parts.PLACE)
    chosen = number_in_address("signal")
    if chosen is not None:
        _one(chosen)
        return
    newest, found = newest_look(actor), signals_of(actor)
    parts.budget(actor, newest)
    if not found and newest is not None:
        empty("No signals.", "Nothing stands out beyond what chance and case mix explain. New ones appear here.")
    for signal in found:
        parts.row(signal)
    if newest is not None:
        could_we_have_seen_it(actor)


if __name__ == "__main__":
    page()
