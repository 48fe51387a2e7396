"""Your account: one's own password and second factor."""

import secrets

import streamlit as st

from reporting.accounts.act_password import change_password
from reporting.accounts.read_account import OwnAccount, own_account
from reporting.security.permissions import require
from reporting.shell.pages import Plain
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_links import leave_link
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


def _factor(account: OwnAccount) -> None:
    st.subheader("Second factor", anchor=False)
    if account.factor_since is None:
        st.markdown("A code from your telephone, beside the password, keeps others out who learned your password.")
        leave_link("Set it up", Plain.SECOND_FACTOR, "small")
        return
    left = account.recovery_codes_left
    st.markdown(
        f"Set up on {account.factor_since:%d %B %Y}. {left} recovery codes are left. "
        "With a new telephone, an administrator of your clinic resets it and you set it up anew."
    )


@shows_problems
def page() -> None:
    st.title("Your account")
    by = current_actor()
    require(by, "account.own")
    st.markdown(as_text(by.label))
    _password()
    _factor(own_account(by))


if __name__ == "__main__":
    page()
