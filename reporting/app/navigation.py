"""Which pages there are for whom. A page that is not listed cannot be reached.

What stands around every page: whose clinic it is, that demo data is synthetic, and the way out.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

import streamlit as st

from reporting.domain.actors import Actor
from reporting.domain.language import ENGLISH
from reporting.domain.patient_words import say
from reporting.errors import OtherTreatment, SignInNeeded
from reporting.security.permissions import may
from reporting.settings import settings
from reporting.shell.pages import ADDRESSES, PATIENT, STAFF, WELCOME, Entry, Plain, page_at
from reporting.shell.read_scope import ClinicLine, clinic_line
from reporting.shell.ui_identity import actor_of_this_run, address_asked_for, asked_for, note_refused
from reporting.shell.ui_links import leave_link, page_link
from reporting.shell.ui_patient import language, not_this_page, sign_in_needed
from reporting.shell.ui_words import as_text

_HERE = "menu_page"


@contextmanager
def loading(actor: Actor | None) -> Iterator[None]:
    """Say so in a corner while the page is worked out, once that takes longer than half a second."""
    staff = actor is not None and actor.kind == "staff"
    with ExitStack() as until_drawn:
        with st.container(key="loading"):
            until_drawn.enter_context(st.spinner(say("loading", ENGLISH if staff else language())))
        yield


def _close_menu(here: str) -> None:
    """On a phone, once another page was chosen. Drawn after everything of the menu."""
    before = st.session_state.get(_HERE, here)
    st.session_state[_HERE] = here
    if before != here:
        st.html(f'<script src="/close-menu.js" data-place="{here}"></script>', unsafe_allow_javascript=True)


PILOT = "Supervised pilot: two reviewers have not signed the clinical content. Watch every report yourself."


def _pilot_part(words: str) -> None:
    st.markdown(f":orange-badge[:material/visibility: {words}]")


def _content_part(actor: Actor, line: ClinicLine) -> None:
    """That the clinical content is only tried, or cannot be used for anybody new."""
    if line.is_pilot:
        _pilot_part(say("pilot", language()) if actor.kind == "patient" else PILOT)
    if actor.kind == "staff" and line.stops:
        st.warning(f"**No patient can be invited yet:** {line.stops}.", icon=":material/emergency:")


def frame(actor: Actor | None, menu: Mapping[str, Sequence[st.Page]], here: str) -> None:
    """Draw the mark of synthetic data, and for staff the clinic's name, the menu and sign-out beside the page."""
    if actor is None:
        if settings().supervised_pilot:
            _pilot_part(say("pilot", language()))
        return
    line = clinic_line(actor)
    if line.is_synthetic:
        words = say("synthetic", language() if actor.kind == "patient" else ENGLISH)
        st.markdown(f":blue-badge[:material/science: {words}]")
    _content_part(actor, line)
    if actor.kind == "staff" and line.missing:
        st.warning(
            f"**No patient can be invited yet.** The clinic has not told: {', '.join(line.missing)}.",
            icon=":material/emergency:",
        )
        if may(actor, page_at("clinic").permission):
            page_link("clinic", "Add it in the clinic settings", icon=":material/settings:")
        else:
            st.markdown("An administrator of your clinic adds it in the clinic settings.")
    if actor.kind == "patient":
        with st.container(key="sign_out"):
            leave_link(say("sign_out", language()), Plain.SIGN_OUT, "small")
    if actor.kind == "staff":
        with st.sidebar:
            st.markdown(f"**{as_text(line.name)}**  \n{as_text(actor.label)}")
            leave_link("Sign out", Plain.SIGN_OUT, "small")
            for heading, pages in menu.items():
                st.markdown(f"**{heading}**")
                with st.container(gap="xsmall", key=f"menu_{heading}"):
                    for page in pages:
                        st.page_link(page)
            _close_menu(here)


MENU_PX = 264
"""Width of the menu; a phone begins with it closed."""


def pages_for(actor: Actor | None) -> list[Entry]:
    """The pages that this person may open, the first being where they begin."""
    if actor is None:
        # A patient whose session has ended is told on the page itself how to come back.
        return [WELCOME, *PATIENT]
    wanted = PATIENT if actor.kind == "patient" else STAFF
    return [entry for entry in wanted if may(actor, entry.permission)]


def _page(entry: Entry, default: bool) -> st.Page:
    return st.Page(entry.path, title=entry.title, url_path=entry.address, default=default)


def _menu(entries: list[Entry], drawn: list[st.Page]) -> dict[str, list[st.Page]]:
    """The pages of the menu under their headings. Streamlit's own menu with headings is no list to a reader."""
    found: dict[str, list[st.Page]] = {}
    for entry, page in zip(entries, drawn, strict=True):
        if entry.in_menu:
            found.setdefault(entry.section, []).append(page)
    return found


def draw() -> None:
    """One run of the application: who is there, what may they see, and the page they asked for."""
    st.set_page_config(page_title="Skin check-in", layout="wide", initial_sidebar_state=MENU_PX)
    try:
        actor = actor_of_this_run()
    except SignInNeeded:
        actor = None
    except OtherTreatment:
        frame(None, {}, "")
        not_this_page(language())
        return
    entries = pages_for(actor)
    if actor is not None and (asked := address_asked_for()) in ADDRESSES - {entry.address for entry in entries}:
        note_refused(asked)
    drawn = [_page(entry, number == 0) for number, entry in enumerate(entries)]
    chosen = st.navigation(drawn, position="hidden")
    with asked_for(actor):
        frame(actor, _menu(entries, drawn), chosen.url_path)
        try:
            with loading(actor):
                chosen.run()
        except SignInNeeded:
            if chosen.url_path not in {entry.address for entry in PATIENT}:
                raise
            sign_in_needed(language())
