"""Staff accounts: who may sign in, as what, and how that ends."""

import secrets
from collections.abc import Callable

import streamlit as st

from reporting.accounts.act_factor import reset_factor
from reporting.accounts.act_links import Handed, give_link
from reporting.clinic.act_staff import change_staff, create_staff
from reporting.clinic.read_content import Colleague, colleagues
from reporting.domain.actors import ROLES, Actor
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_states import attempt, show_notice, shows_problems, tell
from reporting.shell.ui_words import as_text

PLACE = "staff"
WORDS = {
    "administrator": "Administrator",
    "safety_lead": "Safety lead",
    "clinician": "Clinician",
    "front_desk": "Front desk (no notes, photos or dashboards)",
}
FIELDS = ("name", "email", "role")
LINK = "staff_link"
"""What is shown once: who a link is for, and the link."""


def _key(field: str) -> str:
    return f"staff_{field}_{st.session_state.setdefault('staff_form', '0')}"


def _create() -> None:
    given = {field: st.session_state[_key(field)] for field in FIELDS}
    if _hand(f"{given['name']} has an account now.", given["name"], lambda by: create_staff(by=by, **given)):
        st.session_state["staff_form"] = secrets.token_hex(4)  # new keys: an empty form


def _hand(done: str, name: str, make: Callable[[Actor], Handed]) -> bool:
    """Make a link; where it was not mailed it is kept for the next drawing, and no longer."""
    made: list[Handed] = []
    if not attempt(PLACE, done, lambda by: made.append(make(by))):
        return False
    if made[0].link:
        st.session_state[LINK] = name, made[0]
    else:
        tell("done", f"{done} A link to choose a password is on its way by e-mail.", place=PLACE)
    return True


def _show_link() -> None:
    if LINK not in st.session_state:
        return
    name, made = st.session_state.pop(LINK)
    with st.container(border=True, key="staff_link_once"):
        st.markdown(f"**Give this link to {as_text(name)}.** It is shown only now, and nobody else may have it:")
        st.code(made.link, language=None, wrap_lines=True)
        st.markdown(f"With it they choose a password. It works once, until {made.expires_at:%d %B %Y, %H:%M} UTC.")


def _new_password(one: Colleague) -> None:
    _hand(f"{one.name} gets a link.", one.name, lambda by: give_link(by=by, staff_id=one.staff_id))


def _reset_factor(one: Colleague) -> None:
    done = f"{one.name} has no second factor now, and is signed out everywhere."
    attempt(PLACE, done, lambda by: reset_factor(by=by, staff_id=one.staff_id))


def _change(one: Colleague, done: str, **change: object) -> None:
    given_back: list[str] = []

    def step(by: Actor) -> None:
        given_back.extend(change_staff(by=by, staff_id=one.staff_id, **change))  # type: ignore[arg-type]

    if attempt(PLACE, done, step) and given_back:
        freed = ", ".join(given_back)
        tell("done", f"{done} Nobody has these open cases now; they are on the worklist again: {freed}.", place=PLACE)


def _change_role(one: Colleague, key: str) -> None:
    role = st.session_state[key]
    _change(one, f"{one.name} has another role now: {WORDS[role]}. Open sessions have ended.", role=role)


def _row(one: Colleague) -> None:
    with st.container(border=True, key=f"staff_{one.staff_id}"):
        left, right = st.columns(2, vertical_alignment="center")
        with left:
            st.text(f"{one.name}\n{one.email}")
            st.markdown(WORDS[one.role] if one.is_active else f"{WORDS[one.role]}  \n**Cannot sign in.**")
        key = f"staff_role_{one.staff_id}_{one.role}"
        right.selectbox(
            f"Role of {as_text(one.name)}",
            ROLES,
            ROLES.index(one.role),
            format_func=WORDS.__getitem__,
            key=key,
            on_change=_change_role,
            args=(one, key),
        )
        done = f"{one.name} cannot sign in any more." if one.is_active else f"{one.name} can sign in again."
        right.button(
            f"{'Switch off' if one.is_active else 'Switch on'} the account of {as_text(one.name)}",
            key=f"staff_switch_{one.staff_id}",
            on_click=_change,
            args=(one, done),
            kwargs={"is_active": not one.is_active},
        )
        if one.has_factor:
            right.button(
                f"Reset the second factor of {as_text(one.name)}",
                key=f"staff_factor_{one.staff_id}",
                on_click=_reset_factor,
                args=(one,),
            )
        if one.is_active:
            right.button(
                f"Link to a new password for {as_text(one.name)}",
                key=f"staff_password_{one.staff_id}",
                on_click=_new_password,
                args=(one,),
            )


@shows_problems
def page() -> None:
    st.title("Staff")
    show_notice(PLACE)
    _show_link()
    for one in colleagues(current_actor()):
        _row(one)
    with st.form("staff_new", enter_to_submit=False):
        st.subheader("New colleague")
        st.text_input("Name", key=_key("name"), max_chars=120)
        st.text_input("E-mail", key=_key("email"), max_chars=254)
        st.selectbox("Role", ROLES, ROLES.index("clinician"), format_func=WORDS.__getitem__, key=_key("role"))
        st.markdown("They choose their own password by a link that works once.")
        st.form_submit_button("Create the account", type="primary", on_click=_create)


if __name__ == "__main__":
    page()
