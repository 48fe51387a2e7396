"""The language of a patient's Streamlit page: the one they chose, else the browser's."""

from html import escape
from urllib.parse import urlsplit

import streamlit as st

from reporting.domain.language import best_language, languages
from reporting.domain.patient_words import say

COOKIE = "language"


def language() -> str:
    """Code of the language in which this patient reads."""
    chosen, wanted = st.context.cookies.get(COOKIE), st.context.headers.get("Accept-Language")
    return best_language(wanted or "", chosen=chosen if isinstance(chosen, str) else "")


def language_links() -> None:
    """The other languages by their own names, each a form of its own so that no script is needed."""
    here = language()
    others = [known for known in languages().values() if known.code != here]
    if not others:
        return
    buttons = "".join(
        f'<button class="leave small" name="language" value="{known.code}" lang="{known.code}" dir="{known.direction}">'
        f"{known.name}</button>"
        for known in others
    )
    back = escape(urlsplit(st.context.url or "").path or "/", quote=True)
    name = escape(say("language", here), quote=True)
    st.html(
        f'<form class="languages" method="post" action="/language" aria-label="{name}">'
        f'<input type="hidden" name="back" value="{back}">{buttons}</form>'
    )
