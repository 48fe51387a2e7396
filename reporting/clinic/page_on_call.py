"""On call: who is told at once of an emergency or of a case for the same day, and who next."""

import secrets
from datetime import time

import streamlit as st

from reporting.clinic.act_on_call import (
    LONGEST_WAIT,
    NAME_CHARACTERS,
    SHORTEST_WAIT,
    add_on_call,
    move_up_on_call,
    remove_on_call,
)
from reporting.clinic.read_on_call import OnCallRow, on_call_page
from reporting.domain.opening_hours import DAYS
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_states import attempt, empty, show_notice, shows_problems
from reporting.shell.ui_words import as_text

PLACE = "on_call"
DAY_WORDS = dict(zip(DAYS, ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), strict=True))
MIDNIGHT = time(0)


def _key(field: str) -> str:
    return f"on_call_{field}_{st.session_state.setdefault('on_call_form', '0')}"


def hours_of(days: list[str], begins: time, ends: time) -> dict[str, list[str]]:
    """Weekday to times in turn of a duty that begins on these days; one over midnight goes on the next day.

    Midnight as the end is the end of the day; the same time twice is the whole day.
    """
    found: dict[str, list[str]] = {}
    for day in days:
        start, end = f"{begins:%H:%M}", "24:00" if ends == MIDNIGHT else f"{ends:%H:%M}"
        if begins == ends:
            start, end = "00:00", "24:00"
        if start < end:
            found.setdefault(day, []).extend((start, end))
        else:
            after = DAYS[(DAYS.index(day) + 1) % len(DAYS)]
            found.setdefault(day, []).extend((start, "24:00"))
            found.setdefault(after, []).extend(("00:00", end))
    return {day: sorted(times) for day, times in found.items()}


def _add() -> None:
    state = {field: st.session_state[_key(field)] for field in ("name", "phone", "email", "days", "from", "to", "wait")}
    hours = hours_of(state["days"], state["from"], state["to"]) if state["days"] else {}
    done = f"{state['name']} is on the list."
    if attempt(
        PLACE,
        done,
        lambda by: add_on_call(
            by=by,
            name=state["name"],
            telephone=state["phone"],
            email=state["email"],
            hours=hours,
            wait_minutes=state["wait"],
        ),
    ):
        st.session_state["on_call_form"] = secrets.token_hex(4)  # new keys: an empty form


def _move_up(one: OnCallRow) -> None:
    attempt(PLACE, "The order is changed.", lambda by: move_up_on_call(by=by, entry_id=one.entry_id))


def _remove(one: OnCallRow) -> None:
    done = f"{one.name} is not on the list any more."
    attempt(PLACE, done, lambda by: remove_on_call(by=by, entry_id=one.entry_id))


def _row(place: int, one: OnCallRow) -> None:
    with st.container(border=True, key=f"on_call_{one.entry_id}"):
        ways = ", ".join(part for part in (one.telephone, one.email) if part)
        duty = " · **on duty now**" if one.is_on_duty else ""
        st.markdown(f"{place}. **{as_text(one.name)}** · {as_text(ways)} · {one.hours}{duty}")
        st.markdown(f"Not taken after {one.wait_minutes} minutes: the next person on duty is told.")
        if not one.is_reachable:
            st.markdown(":red-badge[Nothing reaches this person: the way out is not set up]")
        with st.container(horizontal=True):
            if place > 1:
                st.button(
                    "Tell earlier",
                    key=f"on_call_up_{one.entry_id}",
                    help=f"Tell {as_text(one.name)} before the one above",
                    on_click=_move_up,
                    args=(one,),
                )
            st.button(
                "Take off the list",
                key=f"on_call_remove_{one.entry_id}",
                help=f"Take {as_text(one.name)} off the list",
                on_click=_remove,
                args=(one,),
            )


def _form() -> None:
    with st.form("on_call_new", enter_to_submit=False):
        st.subheader("Add a person or a number", anchor=False)
        st.text_input("Name", key=_key("name"), max_chars=NAME_CHARACTERS)
        st.text_input("Mobile number for text messages", key=_key("phone"), max_chars=40)
        st.text_input("E-mail", key=_key("email"), max_chars=254)
        st.pills(
            "Days on which the duty begins; none: always",
            list(DAYS),
            format_func=DAY_WORDS.__getitem__,
            selection_mode="multi",
            key=_key("days"),
        )
        left, right = st.columns(2)
        left.time_input("From", time(0), key=_key("from"))
        right.time_input("Until (midnight: the end of the day)", time(0), key=_key("to"))
        st.number_input("Minutes until the next person is told", SHORTEST_WAIT, LONGEST_WAIT, 10, key=_key("wait"))
        st.form_submit_button("Add to the list", type="primary", on_click=_add)


@shows_problems
def page() -> None:
    st.title("On call")
    show_notice(PLACE)
    st.markdown(
        "An emergency or a case for the same day is told at once, by text message and e-mail, to the first person on "
        "duty; then to the next, until somebody takes it. The message says how urgent it is and where to look, and "
        "nothing about the patient."
    )
    found = on_call_page(current_actor())
    if not found.rows:
        empty("Nobody is on the list.", "An urgent case that comes in now is told to nobody until it is overdue.")
    elif not found.can_tell_somebody:
        st.error("Nobody on the list can be reached: no text message gateway and no mail server is set up.")
    for place, one in enumerate(found.rows, start=1):
        _row(place, one)
    _form()


if __name__ == "__main__":
    page()
