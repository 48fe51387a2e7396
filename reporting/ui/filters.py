"""The filters of the dashboards. They live in the address, so that a colleague who gets it sees the same; none of them
names a person."""

from collections.abc import Mapping
from datetime import date, timedelta

import streamlit as st

from reporting.domain.symptoms import symptoms
from reporting.queries.filter_choices import FilterChoices
from reporting.queries.scope import SKIN_GROUPS, Filters
from reporting.ui.address import code_select
from reporting.ui.fold import folded_on_phones

PERIODS: Mapping[str, int] = {"30d": 30, "90d": 90, "6m": 182, "12m": 365}
"""Code to days, the day of today among them."""
EVERYTHING, OWN_DATES = "all", "own"
DEFAULT_PERIOD = "6m"
_PERIOD_WORDS = {
    "30d": "Last 30 days", "90d": "Last 90 days", "6m": "Last 6 months", "12m": "Last 12 months",
    EVERYTHING: "All treatments", OWN_DATES: "Own dates",
}  # fmt: skip


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
    begin = st.date_input("From", value=today - timedelta(days=89), max_value=today, key="from",
                          format="YYYY-MM-DD", bind="query-params")  # fmt: skip
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
        said += [period_words(begin, end), *chosen_words(
            (clinic, choices.clinics), (device, choices.devices), (procedure, choices.procedure_classes), (skin, {})
        )]  # fmt: skip
    return Filters(
        from_date=begin, to_date=end, clinics=only(clinic), devices=only(device), procedure_class=procedure,
        skin_group=skin,
    )  # fmt: skip


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
