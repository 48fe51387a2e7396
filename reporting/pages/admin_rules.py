"""Triage rules of the clinic: what each looks for, changed only after a try on the clinic's own past."""

import streamlit as st

from reporting.domain.actors import Actor
from reporting.domain.clinic_content import RULES
from reporting.queries.content_rows import ContentPage, ContentRow, content_page
from reporting.queries.rule_trial import RuleTrial, try_rule
from reporting.ui import content_parts, rule_parts
from reporting.ui.address import code_select
from reporting.ui.format import day
from reporting.ui.identity import current_actor
from reporting.ui.states import attempt, show_notice, shows_problems

PLACE = "rules"
TRIED = "rules_tried"


def _try(row: str, cells: dict[str, str]) -> None:
    found: list[RuleTrial] = []
    st.session_state.pop(TRIED, None)
    if attempt(PLACE, "Tried on past data; nothing is saved yet.", lambda by: found.append(try_rule(by, row, cells))):
        st.session_state[TRIED] = (row, cells, found[0])


def _save(row: str, cells: dict[str, str], key: str) -> None:
    if content_parts.save(PLACE, RULES, row, cells, st.session_state[key]):
        st.session_state.pop(TRIED, None)


def _stamp(row: ContentRow) -> str:
    """Names the fields, so that they are filled anew when another version was saved."""
    return f"{row.row}_" + "_".join(f"{name}{text}" for name, text in row.decided.items())


def _change(row: ContentRow, page: ContentPage) -> None:
    st.subheader(f"{'Change' if page.may_change else 'Try a change of'} {row.row}", anchor=False)
    cells = rule_parts.fields(row, _stamp(row))
    if rule_parts.same(cells, row.decided):
        st.markdown("Change a value to try it on past data.")
        return
    st.markdown(content_parts.differences(row.decided, {**row.decided, **cells}))
    st.button("Try on past data", key="rules_try", icon=":material/history:", on_click=_try, args=(row.row, cells))
    tried = st.session_state.get(TRIED)
    if not tried or tried[:2] != (row.row, cells):
        if page.may_change:
            st.markdown("It can be saved once it was tried.")
        return
    rule_parts.trial(tried[2])
    if not page.may_change:
        st.markdown("An administrator can save it.")
        return
    key = f"rules_why_{row.row}"
    content_parts.reason(key)
    st.button(f"Save: it holds from {day(page.earliest)}", key="rules_save", type="primary", on_click=_save,
              args=(row.row, cells, key))  # fmt: skip


def _one(actor: Actor, row: ContentRow, page: ContentPage) -> None:
    rule_parts.about(row)
    content_parts.state_line(row)
    _change(row, page)
    content_parts.history(actor, PLACE, RULES, row, page.timezone, may_change=page.may_change)


@shows_problems
def page() -> None:
    st.title("Rules")
    actor = current_actor()
    found = content_page(actor, RULES)
    st.markdown(
        "Each rule that fires on a check-in decides what the patient is told and how soon the clinic must look. The "
        "hardest one wins, and a worse answer never gets milder advice. Words stay as they were reviewed."
    )
    rule_parts.listed(found.rows)
    rows = {one.row: one for one in found.rows}
    chosen = code_select("Rule", {code: f"{code}: {one.words}" for code, one in rows.items()}, "rule") if rows else ""
    show_notice(PLACE)
    if chosen in rows:
        _one(actor, rows[chosen], found)


if __name__ == "__main__":
    page()
