"""Signals: a short ranked list under a stated budget of false alarms, and what people do about each."""

import streamlit as st

from reporting.queries.dated import dated_marks
from reporting.queries.signals import newest_look, signal_card, signals_of
from reporting.ui import signal_parts as parts
from reporting.ui.doubling_parts import could_we_have_seen_it
from reporting.ui.identity import current_actor
from reporting.ui.links import number_in_address, page_link
from reporting.ui.states import empty, show_notice, shows_problems


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
