"""The patient's own data: what they agreed to, reminders, a copy of everything, the wish to be forgotten.

The patient's page about their data: what they agreed to, reminders, a copy, and the wish to be forgotten.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from html import escape
from zoneinfo import ZoneInfo

import streamlit as st
from babel import Locale

from reporting.domain.actors import Actor
from reporting.domain.content import content
from reporting.domain.guidance import emergency_words
from reporting.domain.language import isolated, translator
from reporting.domain.patient_words import long_day, say
from reporting.errors import Problem, SignInNeeded
from reporting.patient.act_erasure import request_erasure
from reporting.patient.read_own_data import MyData, my_data_page
from reporting.shell.act_consent import ConsentState, agree, consent_state, disagree
from reporting.shell.act_looks import Purpose, on_record
from reporting.shell.pages import Plain, path_of
from reporting.shell.read_scope import of_one_state
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_links import leave_link, page_link
from reporting.shell.ui_patient import language, language_links, patient_column, problem_part, said, sign_in_needed
from reporting.treatments.act_place import Place, place, set_place
from reporting.treatments.act_reminders import ChannelState, ReminderState, reminder_state, set_reminders

_NOTICE, _SURE = "data_notice", "data_sure"


def _day(moment: datetime, zone: str, language: str) -> str:
    return long_day(moment.astimezone(ZoneInfo(zone)).date(), language)


def show_notice(language: str) -> None:
    """What the last tap led to; shown once."""
    problem = st.session_state.pop(_NOTICE, None)
    if problem:
        st.error(problem)
    elif problem == "":
        st.success(say("consent_done", language))


def _do(language: str, action: Callable[[Actor], object]) -> None:
    """Callback: run an action of the patient; what became of it is said on top of the page."""
    try:
        action(current_actor())
    except Problem as problem:
        st.session_state[_NOTICE] = said(problem, language)
    else:
        st.session_state[_NOTICE] = ""


def _since(one: ConsentState, zone: str, language: str) -> str:
    if one.stands and one.given_at:
        return say("consent_since", language, day=_day(one.given_at, zone, language))
    if one.withdrawn_at:
        return say("consent_stopped", language, day=_day(one.withdrawn_at, zone, language))
    return say("consent_no", language)


def _text(one: ConsentState, language: str) -> None:
    translate = translator(language)
    with st.expander(say("consent_read_more", language)):
        st.write(translate(one.text.agree))
        st.write(translate(one.text.text))


def _plain_consent(one: ConsentState, zone: str, language: str) -> None:
    with st.container(border=True, key=f"data_{one.kind}"):
        st.subheader(translator(language)(one.text.title), anchor=False)
        st.write(_since(one, zone, language))
        _text(one, language)
        if not one.stands:
            give = partial(agree, kind=one.kind, language=language)
            st.button(
                say("consent_give", language),
                key=f"data_give_{one.kind}",
                width="stretch",
                on_click=_do,
                args=(language, lambda by: give(by=by)),
            )
            return
        stop = partial(disagree, kind=one.kind)
        is_all = one.kind == "check_ins"
        with st.expander(say("consent_check_ins_stop" if is_all else "consent_stop", language)):
            st.write(say("consent_sure", language))
            st.button(
                say("consent_stop", language),
                key=f"data_stop_{one.kind}",
                width="stretch",
                on_click=_do,
                args=(language, lambda by: stop(by=by)),
            )


def consents_part(found: Mapping[str, ConsentState], zone: str, language: str) -> None:
    """Check-ins and photos: since when, the text, and the way to stop or to start again."""
    st.header(say("consent_part", language), anchor=False)
    for kind in ("check_ins", "photos"):
        _plain_consent(found[kind], zone, language)


def _switch(channel: str, language: str, *, on: bool) -> None:
    typed = str(st.session_state.get(f"data_address_{channel}") or "").strip()
    _do(
        language,
        lambda by: set_reminders(
            by=by,
            channel=channel,  # type: ignore[arg-type]
            on=on,
            address=typed or None,
            language=language,
        ),
    )
    st.session_state.pop(f"data_address_{channel}", None)


def _channel(state: ChannelState, one: ConsentState, may_change: bool, zone: str, language: str) -> None:
    with st.container(border=True, key=f"data_{one.kind}"):
        st.subheader(translator(language)(one.text.title), anchor=False)
        st.write(_since(one, zone, language))
        if state.address:
            st.write(say("address_kept", language, address=isolated(state.address, language)))
        _text(one, language)
        if may_change:
            st.text_input(
                say(f"address_{state.channel}", language),
                key=f"data_address_{state.channel}",
                max_chars=254,
                placeholder=say("address_new", language) if state.address else None,
            )
        elif not state.on:
            st.write(say("address_locked", language))
        if may_change or not state.on:
            st.button(
                say("consent_give", language),
                key=f"data_on_{state.channel}",
                width="stretch",
                on_click=_switch,
                args=(state.channel, language),
                kwargs={"on": True},
            )
        if state.on:
            st.button(
                say("consent_stop", language),
                key=f"data_off_{state.channel}",
                width="stretch",
                on_click=_switch,
                args=(state.channel, language),
                kwargs={"on": False},
            )


def reminders_part(state: ReminderState, found: Mapping[str, ConsentState], zone: str, language: str) -> None:
    """Reminders by the ways that this clinic has; one that is on is always shown, so that it can be stopped."""
    shown = [one for one in (state.email, state.sms) if one.can_be_sent or one.on]
    if not shown:
        return
    st.header(say("reminders_part", language), anchor=False)
    for one in shown:
        _channel(one, found[f"{one.channel}_reminders"], state.may_change_address, zone, language)


def _move(language: str) -> None:
    chosen, zone = st.session_state["data_country"], st.session_state.get("data_zone", "")
    known = content().countries.get(chosen)
    fits = zone if known and zone in known.time_zones else ""
    _do(language, lambda by: set_place(by=by, country=chosen, timezone=fits))


def place_part(now: Place, language: str) -> None:
    """Where the patient is, for days, reminders and the number to call."""
    st.header(say("place_part", language), anchor=False)
    st.write(say("place_why", language))
    names = Locale(language).territories
    known = sorted(content().countries, key=lambda code: names.get(code, code))
    choices = ["", *known]
    chosen = st.selectbox(
        say("place_country", language),
        choices,
        choices.index(now.country) if now.country in choices else 0,
        format_func=lambda code: names.get(code, code) if code else say("place_home", language),
        key="data_country",
    )
    zones = content().countries[chosen].time_zones if chosen else ()
    if len(zones) > 1:
        st.selectbox(
            say("place_zone", language),
            zones,
            zones.index(now.timezone) if now.timezone in zones else 0,
            key="data_zone",
        )
    st.button(say("place_keep", language), key="data_place", width="stretch", on_click=_move, args=(language,))
    st.write(say("emergency", language, telephone=emergency_words(now.emergency_telephone, language)))


def copy_part(language: str) -> None:
    """The download: a form, so that it works as it does on the plain page."""
    st.header(say("copy_part", language), anchor=False)
    st.write(say("data_what", language))
    label = escape(say("data_download", language))
    st.html(f'<form method="post" action="{Plain.MY_DATA}"><button class="leave primary">{label}</button></form>')


def _ask(language: str) -> None:
    if not st.session_state.get(_SURE):
        st.session_state[_NOTICE] = say("erase_tick", language)
        return
    _do(language, lambda by: request_erasure(by=by))


def erasure_part(shown: MyData, language: str) -> None:
    """The wish to be forgotten: what goes, what stays, and what the clinic did about it."""
    st.header(say("erase_part", language), anchor=False)
    request = shown.request
    if request is not None and request.state == "open":
        asked = _day(request.requested_at, shown.timezone, language)
        st.info(say("erase_asked", language, day=asked))
        return
    if request is not None and request.state == "refused" and request.worked_at:
        worked = _day(request.worked_at, shown.timezone, language)
        st.text(say("erase_refused", language, day=worked, reason=request.reason))
    for name in ("erase_what", "erase_stays", "erase_may_stay"):
        st.write(say(name, language))
    st.checkbox(say("erase_sure", language), key=_SURE)
    st.button(say("erase_ask", language), key="data_erase", width="stretch", on_click=_ask, args=(language,))


def locked_part(language: str) -> None:
    """In place of copy and erasure for one who came by the link alone."""
    st.header(say("copy_part", language), anchor=False)
    st.write(say("data_locked", language))
    leave_link(say("unlock_link", language), f"{Plain.UNLOCK}?next={path_of('data')}", "primary")


@of_one_state
def _draw(by: Actor, spoken: str) -> None:
    shown = on_record(by, Purpose.OWN_DATA, "patient", by.key, lambda: my_data_page(by))
    consents, reminders = consent_state(by), reminder_state(by)
    show_notice(spoken)
    consents_part(consents, shown.timezone, spoken)
    reminders_part(reminders, consents, shown.timezone, spoken)
    place_part(place(by), spoken)
    if shown.may_read:
        copy_part(spoken)
        erasure_part(shown, spoken)
    else:
        locked_part(spoken)


def page() -> None:
    """Every part that the way of signing in opens, and the languages in any case."""
    spoken = language()
    with patient_column():
        try:
            by = current_actor()
        except SignInNeeded:
            sign_in_needed(spoken)
            return
        st.title(say("data_title", spoken), anchor=False)
        page_link("home", say("home", spoken))
        try:
            _draw(by, spoken)
        except Problem as problem:
            problem_part(problem, spoken)
        st.divider()
        language_links()


if __name__ == "__main__":
    page()
