"""Your account: one's own password."""

import secrets

import streamlit as st

from reporting.accounts.act_password import change_password
from reporting.security.permissions import require
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_states import attempt, show_notice, shows_problems
from reporting.shell.ui_words import as_text

PASSWORD_PLACE = "account_password"


def _key(field: str) -> str:
    return f"account_{field}_{st.session_state.setdefault('account_form', '0')}"


def _change() -> None:
    old, new = (st.session_state[_key(field)] for field in ("old", "new"))
    done = "Your password is changed. You are signed out everywhere else."
    if attempt(PASSWORD_PLACE, done, lambda by: change_password(by=by, old=old, new=new)):
        st.session_state["account_form"] = secrets.token_hex(4)  # new keys: an empty form


def _password() -> None:
    st.subheader("Password", anchor=False)
    show_notice(PASSWORD_PLACE)
    with st.form("account_password", enter_to_submit=False):
        st.text_input(
            "Present password", key=_key("old"), type="password", max_chars=128, autocomplete="current-password"
        )
        st.text_input(
            "New password (at least 12 characters; four words are good)",
            key=_key("new"),
            type="password",
            max_chars=128,
            autocomplete="new-password",
        )
        st.form_submit_button("Change the password", type="primary", on_click=_change)


@shows_problems
def page() -> None:
    st.title("Your account")
    by = current_actor()
    require(by, "account.own")
    st.markdown(as_text(by.label))
    _password()


if __name__ == "__main__":
    page()
