"""The filters of the dashboards. They live in the address, so that a colleague who gets it sees the same; none of them
names a person.

Choices that live in the address by their code, so that a colleague who gets it sees the same, whatever the words.

Streamlit's own binding would put the words of a choice there. Addresses with words, from before, still open; what is
no choice is the default, which the address leaves out.

Filters that are folded on a phone, where they would fill the screen before anything is seen.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Literal

import streamlit as st

from reporting.domain.vocabulary import symptoms
from reporting.shell.read_scope import SKIN_GROUPS, FilterChoices, Filters


def code_select(
    label: str, words: Mapping[str, str], key: str, *, default: str = "", on_change: Callable[[], None] | None = None
) -> str:
    """Draw a select box of codes with their ``words``; ``default``, or else the first one, is chosen at first.

    ``words`` must not be empty. ``key`` is the name in the address.
    """
    default = _from_address(words, key, default)
    chosen: str = st.selectbox(
        label, list(words), key=key, format_func=lambda code: words.get(code, code), on_change=on_change
    )
    return _to_address(key, chosen, default)


def code_segments(
    label: str, words: Mapping[str, str], key: str, *, label_visibility: Literal["visible", "collapsed"] = "visible"
) -> str:
    """The same as buttons side by side; the first one is chosen at first."""
    default = _from_address(words, key, "")
    chosen = st.segmented_control(
        label,
        list(words),
        key=key,
        format_func=lambda code: words.get(code, code),
        required=True,
        label_visibility=label_visibility,
    )
    return _to_address(key, chosen or default, default)


def _from_address(words: Mapping[str, str], key: str, default: str) -> str:
    """Take over what the address asks for, where it is new or the choice is no more; returns the default."""
    default = default if default in words else next(iter(words))
    asked = st.query_params.get(key, "")
    if st.session_state.get(key) in words and asked == st.session_state.get(_written(key)):
        return default
    by_words = {said.casefold(): code for code, said in words.items()}
    code = asked if asked in words else by_words.get(asked.casefold(), default)
    st.session_state[key] = code if asked else default
    return default


def _to_address(key: str, chosen: str, default: str) -> str:
    wanted = "" if chosen == default else chosen
    if wanted != st.query_params.get(key, ""):
        if wanted:
            st.query_params[key] = wanted
        else:
            st.query_params.pop(key, None)
    st.session_state[_written(key)] = wanted
    return chosen


def _written(key: str) -> str:
    """Where it is kept what the address said last: another value in it was not put there by this page."""
    return f"{key}_in_address"


_OPEN = "filters_are_open"


@contextmanager
def folded_on_phones() -> Iterator[list[str]]:
    """What is drawn within lies behind a button on a narrow screen (staff.css says which); on a wide one there is no
    button. Put into the list what is chosen, in words: the button says it."""
    is_open = bool(st.session_state.get(_OPEN))
    head, said = st.container(key="fold_button"), list[str]()
    try:
        with st.container(key="fold_open" if is_open else "fold_shut"):
            yield said
    finally:
        label = "Fold the filters" if is_open else "Filters: " + " · ".join(said)
        head.button(
            label,
            key="fold_filters",
            icon=f":material/expand_{'less' if is_open else 'more'}:",
            width="stretch",
            on_click=st.session_state.__setitem__,
            args=(_OPEN, not is_open),
        )


PERIODS: Mapping[str, int] = {"30d": 30, "90d": 90, "6m": 182, "12m": 365}
"""Code to days, the day of today among them."""
EVERYTHING, OWN_DATES = "all", "own"
DEFAULT_PERIOD = "6m"
_PERIOD_WORDS = {
    "30d": "Last 30 days",
    "90d": "Last 90 days",
    "6m": "Last 6 months",
    "12m": "Last 12 months",
    EVERYTHING: "All treatments",
    OWN_DATES: "Own dates",
}


def code_choice(label: str, options: Mapping[str, str], key: str, everything: str) -> str:
    """A selection of one code; the empty code stands for everything."""
    return code_select(label, {"": everything, **options}, key)


def period_choice(today: date, default: str) -> tuple[date | None, date | None]:
    """Draw the period of treatment: first and last day, None where it is open."""
    chosen = code_select("Treated in", _PERIOD_WORDS, "period", default=default)
    if chosen in PERIODS:
        return today - timedelta(days=PERIODS[chosen] - 1), None
    if chosen != OWN_DATES:
        return None, None
    begin = st.date_input(
        "From", value=today - timedelta(days=89), max_value=today, key="from", format="YYYY-MM-DD", bind="query-params"
    )
    end = st.date_input("To", value=today, max_value=today, key="to", format="YYYY-MM-DD", bind="query-params")
    return _day(begin), _day(end)


def _day(value: object) -> date | None:
    return value if isinstance(value, date) else None


def overview_filters(choices: FilterChoices, today: date) -> Filters:
    """Draw period, clinic (where there are several), device, procedure and skin type."""
    with folded_on_phones() as said, st.container(horizontal=True):
        begin, end = period_choice(today, DEFAULT_PERIOD)
        clinic = code_choice("Clinic", choices.clinics, "clinic", "All clinics") if len(choices.clinics) > 1 else ""
        device = code_choice("Device", choices.devices, "device", "All devices")
        procedure = code_choice("Procedure", choices.procedure_classes, "procedure", "All procedures")
        skin = skin_choice()
        said += [
            period_words(begin, end),
            *chosen_words(
                (clinic, choices.clinics), (device, choices.devices), (procedure, choices.procedure_classes), (skin, {})
            ),
        ]
    return Filters(
        from_date=begin,
        to_date=end,
        clinics=only(clinic),
        devices=only(device),
        procedure_class=procedure,
        skin_group=skin,
    )


def period_words(begin: date | None, end: date | None) -> str:
    """The period that was chosen: ``Last 90 days``, or its own dates."""
    code = st.session_state["period"]
    return f"{begin} to {end}" if code == OWN_DATES else _PERIOD_WORDS[code]


def chosen_words(*narrowed: tuple[str, Mapping[str, str]]) -> list[str]:
    """The words for each code that is not empty."""
    return [words.get(code, code) for code, words in narrowed if code]


def skin_choice() -> str:
    """Draw the choice of a skin group; empty for every one."""
    return code_choice("Skin type", {group: f"{group}" for group in SKIN_GROUPS}, "skin", "All skin types")


def only(code: str) -> tuple[str, ...]:
    """The code as a filter that takes several; the empty code narrows nothing."""
    return (code,) if code else ()


def symptom_choice(label: str = "Symptom", default: str = "hyperpigmentation") -> str:
    """Draw the choice of one symptom."""
    return code_select(label, {each.code: each.label for each in symptoms()}, "symptom", default=default)
