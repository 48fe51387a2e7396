"""The clinic's settings: whom patients call, second factor, reminders, and how long things are kept."""

import calendar
from datetime import date, time

import streamlit as st

from reporting import clock
from reporting.accounts.act_factor import require_of
from reporting.accounts.read_account import roles_with_factor
from reporting.clinic.act_clinic import change_clinic, change_facts
from reporting.domain.actors import ROLES, Actor
from reporting.domain.clinic_settings import (
    FACT_FIELDS,
    FACTORS,
    HIGHEST,
    KINDS,
    LOWEST,
    ClinicSettings,
    proposed,
    regions,
)
from reporting.domain.content import content
from reporting.domain.messages import NAME_CHARACTERS
from reporting.domain.opening_hours import DAYS, SafetyFacts, public_holidays
from reporting.shell.read_scope import clinic_safety, clinic_settings, of_one_state
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_states import attempt, show_notice, shows_problems

PLACE, FACTS_PLACE, FACTOR_PLACE = "clinic", "clinic_facts", "clinic_staff_factor_place"


def _time(text: str) -> time:
    hour, _, minute = text.partition(":")
    return time(int(hour), int(minute))


def _given() -> ClinicSettings:
    state = st.session_state
    return ClinicSettings(
        second_factor=state["clinic_factor"],
        reminders_from=f"{state['clinic_from']:%H:%M}",
        reminders_until=f"{state['clinic_until']:%H:%M}",
        message_name=state["clinic_name"],
        retention={kind: state[f"clinic_keep_{kind}"] for kind in KINDS},
    )


def _save() -> None:
    def save(by: Actor) -> None:
        change_clinic(by=by, given=_given())

    attempt(PLACE, "The settings are saved.", save)


def _form(now: ClinicSettings) -> None:
    with st.form("clinic_form", enter_to_submit=False):
        st.subheader("What opens a patient's history", anchor=False)
        st.markdown("The link alone lets a patient send a check-in. History, photos and data need this as well:")
        factors = list(FACTORS)
        st.selectbox(
            "Second factor",
            factors,
            factors.index(now.second_factor),
            format_func=FACTORS.__getitem__,
            key="clinic_factor",
        )
        st.subheader("Reminders", anchor=False)
        st.markdown("They go out between these hours of the patient's time zone.")
        left, right = st.columns(2)
        left.time_input("From", _time(now.reminders_from), key="clinic_from")
        right.time_input("Until", _time(now.reminders_until), key="clinic_until")
        st.text_input(
            "Name in messages",
            now.message_name,
            max_chars=NAME_CHARACTERS,
            key="clinic_name",
            placeholder="Empty: the clinic's name where it is neutral",
        )
        st.markdown("Other people may see a message. A name that says nothing about skin or treatments is best.")
        st.subheader("How long things are kept", anchor=False)
        st.markdown("Months; empty means kept. What is over is taken away every day and cannot be brought back.")
        for kind, words in KINDS.items():
            st.number_input(
                words, LOWEST, HIGHEST, now.retention.get(kind), key=f"clinic_keep_{kind}", placeholder="Kept"
            )
        st.form_submit_button("Save the settings", type="primary", on_click=_save)


def _save_facts() -> None:
    given = {name: st.session_state.get(f"fact_{name}", "") for name in FACT_FIELDS}

    def save(by: Actor) -> None:
        change_facts(by=by, given=given)

    attempt(FACTS_PLACE, "Saved. New cards and all pages of advice say it from now on.", save)


def _propose() -> None:
    """Fill in what is usual in the chosen country, where nothing stands yet."""
    for name, value in proposed(st.session_state["fact_country"]).items():
        if not st.session_state.get(f"fact_{name}"):
            st.session_state[f"fact_{name}"] = value


def _facts(now: SafetyFacts) -> None:
    for name, value in now.typed().items():
        st.session_state.setdefault(f"fact_{name}", value)
    st.subheader("Whom patients call, and when you are open", anchor=False)
    st.markdown("It stands on the patient's card and on every page of advice. Without all of it nobody can be invited.")
    if now.missing:
        st.warning(f"Missing: {', '.join(now.missing)}.", icon=":material/emergency:")
    countries = {"": "Choose", **{row.code: row.name for row in content().countries.values()}}
    chosen = st.session_state["fact_country"]
    others = [] if chosen in countries else [chosen]
    st.selectbox(
        "Country",
        [*countries, *others],
        format_func=lambda code: countries.get(code, code),
        key="fact_country",
        on_change=_propose,
    )
    with st.form("facts_form", enter_to_submit=False):
        left, right = st.columns(2)
        allowed = ", ".join(regions(chosen)) if chosen else ""
        left.text_input("Region, for its public holidays", key="fact_region", help=allowed or None)
        row = content().countries.get(chosen)
        right.text_input("Time zone", key="fact_timezone", help=", ".join(row.time_zones) if row else None)
        left.text_input("Telephones of the clinic, apart by a semicolon", key="fact_telephone")
        right.text_input("Emergency number", key="fact_emergency_telephone")
        left.text_input("Out-of-hours line: name", key="fact_out_of_hours_name")
        right.text_input("Out-of-hours line: number", key="fact_out_of_hours_telephone")
        st.markdown("Opening hours, such as 08:00-12:00, 14:00-18:00; empty means closed.")
        for column, (day, name) in zip(st.columns(len(DAYS)), zip(DAYS, calendar.day_name, strict=True), strict=True):
            column.text_input(name, key=f"fact_hours_{day}")
        st.text_area("Closed days, one a line: 2026-12-24 and the reason", key="fact_closed_days")
        st.text_area("Public holidays on which you are open, one date a line", key="fact_open_holidays")
        st.form_submit_button("Save whom patients call", type="primary", on_click=_save_facts)
    coming = _coming_holidays(now)
    if coming:
        st.markdown(f"Public holidays to come, closed unless listed above: {coming}.")


def _coming_holidays(now: SafetyFacts) -> str:
    """The public holidays of the next twelve months: ``2026-12-25 Christmas Day``."""
    if not now.country:
        return ""
    today = clock.today(now.timezone or "UTC")
    last = date(today.year + 1, today.month, 1)
    years = (public_holidays(now.country, now.region, year) for year in (today.year, last.year))
    found = sorted((day, name) for year in years for day, name in year.items() if today <= day < last)
    return ", ".join(f"{day.isoformat()} {name}" for day, name in found)


def _save_factor() -> None:
    roles = st.session_state["clinic_staff_factor"]
    attempt(FACTOR_PLACE, "Saved. It is asked for at the next sign-in.", lambda by: require_of(by=by, roles=roles))


def _staff_factor(roles: list[str]) -> None:
    st.subheader("Who needs a second factor to sign in", anchor=False)
    st.markdown("A code from the telephone beside the password. It is set up at the next sign-in.")
    with st.form("clinic_staff_factor_form", enter_to_submit=False):
        st.multiselect(
            "Roles",
            ROLES,
            roles,
            format_func=lambda role: role.replace("_", " ").capitalize(),
            key="clinic_staff_factor",
        )
        st.form_submit_button("Save who needs it", on_click=_save_factor)


@shows_problems
@of_one_state
def page() -> None:
    st.title("Clinic settings")
    show_notice(FACTS_PLACE)
    _facts(clinic_safety(current_actor()))
    st.divider()
    show_notice(PLACE)
    _form(clinic_settings(current_actor()))
    st.divider()
    show_notice(FACTOR_PLACE)
    _staff_factor(roles_with_factor(current_actor()))


if __name__ == "__main__":
    page()
