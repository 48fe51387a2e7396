"""Triage rules of the clinic: what each looks for, changed only after a try on the clinic's own past.

Parts of the page of rules: the list, the fields of one rule, and what a trial on past data found.
"""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from reporting.clinic import ui_content
from reporting.clinic.read_content import ContentPage, ContentRow, content_page
from reporting.clinic.read_rule_trial import DAYS, Fired, RuleTrial, try_rule
from reporting.clinic.ui_content import changed_words
from reporting.clinic.ui_rule_words import (
    ADVICE_WORDS,
    CASE_WORDS,
    COLUMN_WORDS,
    fixed_conditions,
    thresholds,
    value_words,
)
from reporting.domain.actors import Actor
from reporting.domain.clinic_content import IS_ON, RULES
from reporting.domain.content import content
from reporting.domain.content_reader import is_safety_rule
from reporting.domain.content_rows import Rule
from reporting.shell.read_scope import of_one_state
from reporting.shell.ui_filters import code_select
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_states import attempt, show_notice, shows_problems
from reporting.shell.ui_words import day
from reporting.shell.ui_words import day as day_words

LAST_DAY = 3650
_NUMBERS = ("min_severity", "min_rise", "min_excess")


def rule_of(row: ContentRow) -> Rule:
    """The rule of the content tables that the row is about."""
    return next(rule for rule in content().rules if rule.code == row.row)


def listed(rows: tuple[ContentRow, ...]) -> None:
    """Every rule as it is in force today."""
    st.dataframe(
        pd.DataFrame(
            {
                "Rule": [one.row for one in rows],
                "Kept strict": [one.group if one.group != "rule" else "" for one in rows],
                "In use": [one.in_force[IS_ON] for one in rows],
                "Changed here": [changed_words(one) for one in rows],
                "What it looks for": [one.words for one in rows],
                "Limits": [thresholds(one.in_force) for one in rows],
                "Patient is told": [value_words("advice", one.in_force["advice"]) for one in rows],
                "Case": [value_words("case_level", one.in_force["case_level"]) for one in rows],
            }
        ),
        column_config={"Limits": st.column_config.TextColumn(width="medium")},
        hide_index=True,
        key="rules_table",
        alt="Triage rules in force today",
    )


def about(row: ContentRow) -> None:
    """What of the rule cannot be changed here, and where it comes from."""
    rule = rule_of(row)
    st.markdown(f"**{row.words}**  \nLooks for: {fixed_conditions(rule)}.")
    st.caption(f"Source: {row.source}. The patient reads: {rule.patient_words}")
    if is_safety_rule(rule):
        kind = "a red flag" if rule.red_flag else "a rule of safety"
        st.info(
            f"This is {kind}. It can be made stricter, never milder, and never be switched off.",
            icon=":material/flag:",
        )


def fields(row: ContentRow, stamp: str) -> dict[str, str]:
    """Draw the fields of a rule, filled with what was decided last; what they say, as cells. ``stamp`` renews them."""
    rule, now = rule_of(row), row.decided
    given: dict[str, str] = {}
    if not is_safety_rule(rule):
        is_on = st.toggle(COLUMN_WORDS[IS_ON], now[IS_ON] == "yes", key=f"{IS_ON}_{stamp}")
        given[IS_ON] = "yes" if is_on else "no"
    with st.container(horizontal=True):
        for column in _NUMBERS if rule.symptoms else ():
            given[column] = _pick(column, ["", *("01234" if column == "min_rise" else "1234")], now[column], stamp)
    with st.container(horizontal=True):
        for column in ("from_day", "to_day"):
            given[column] = _day(column, now[column], stamp)
    with st.container(horizontal=True):
        given["advice"] = _pick("advice", list(ADVICE_WORDS), now["advice"], stamp)
        given["case_level"] = _pick("case_level", list(CASE_WORDS), now["case_level"], stamp)
    return given


def _pick(column: str, options: list[str], now: str, stamp: str) -> str:
    return st.selectbox(
        COLUMN_WORDS[column],
        options,
        options.index(now),
        key=f"{column}_{stamp}",
        format_func=lambda text: value_words(column, text),
    )


def _day(column: str, now: str, stamp: str) -> str:
    found = st.number_input(
        COLUMN_WORDS[column], 0, LAST_DAY, int(now) if now else None, key=f"{column}_{stamp}", placeholder="No limit"
    )
    return "" if found is None else str(found)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _became(found: Fired) -> str:
    if not found.fired:
        return "nobody"
    return (
        f"{found.acted_on:,} acted on, {found.decided - found.acted_on:,} coded as no contact needed, "
        f"{found.fired - found.decided:,} without a coded action; {found.confirmed:,} confirmed"
    )


def trial(found: RuleTrial) -> None:
    """What the trial found, the sentence first."""
    if not found.check_ins:
        st.info("There are no answered check-ins of the last year to try it on.", icon=":material/info:")
        return
    with st.container(border=True, key="trial"):
        st.markdown(
            f"**It would have fired {_times(found.then.fired)} (now {_times(found.now.fired)}); "
            f"{found.then.acted_on:,} of them {'was' if found.then.acted_on == 1 else 'were'} acted on.**"
        )
        st.markdown(_flags(found.red_flags))
        if found.lost.fired:
            st.markdown(f"Alerts of this rule that would be gone: {found.lost.fired:,} ({_became(found.lost)}).")
        if found.gained:
            st.markdown(f"Alerts of this rule that would be new: {found.gained:,}.")
        before, after = found.cases
        st.markdown(
            f"Check-ins that raise a case by any rule: {before:,} → {after:,}. Patients told something milder: "
            f"{found.milder:,}; harder: {found.harder:,}."
        )
        _later_part(found)
        st.caption(_basis(found))


def _hours(hours: float | None) -> str:
    return "never, no case" if hours is None else f"{hours:,.0f} h"


def _later_part(found: RuleTrial) -> None:
    """How much later each past alert would have been reached, the worst first."""
    if not found.later_alerts:
        st.markdown("No past alert would have been reached later.")
        return
    never = sum(one.after_hours is None for one in found.later)
    shown = f", the worst {len(found.later)} are shown" if found.later_alerts > len(found.later) else ""
    st.markdown(
        f"**Past alerts that would have been reached later: {found.later_alerts:,}**{shown}"
        f"{f'; {never:,} of those never' if never else ''}."
    )
    table = pd.DataFrame(
        {
            "Report": [one.check_in_id for one in found.later],
            "Answered": [f"{one.answered_at:%Y-%m-%d %H:%M} UTC" for one in found.later],
            "Contacted within, now": [_hours(one.before_hours) for one in found.later],
            "Contacted within, then": [_hours(one.after_hours) for one in found.later],
        }
    )
    st.dataframe(table, hide_index=True, key="rules_later", alt="Past alerts that would have been reached later")


def _flags(counts: tuple[int, int]) -> str:
    before, after = counts
    if before == after:
        return f"Red flags are unaffected: {before:,} check-ins with one, before and after."
    return f"Check-ins with a red flag: {before:,} → {after:,}."


def _basis(found: RuleTrial) -> str:
    cut = ", the newest of more" if found.is_cut else ""
    return (
        f"Replayed on {found.check_ins:,} answered check-ins of this clinic{cut}, since "
        f"{day_words(found.first_day) if found.first_day else '-'} (at most {DAYS} days). A question that was not "
        "asked then cannot count: a rule that would ask more may fire more often than this."
    )


def same(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether two sets of cells say the same where both speak."""
    return all(other.get(name, text) == text for name, text in one.items())


PLACE = "rules"
TRIED = "rules_tried"


def _try(row: str, cells: dict[str, str]) -> None:
    found: list[RuleTrial] = []
    st.session_state.pop(TRIED, None)
    if attempt(PLACE, "Tried on past data; nothing is saved yet.", lambda by: found.append(try_rule(by, row, cells))):
        st.session_state[TRIED] = (row, cells, found[0])


def _save(row: str, cells: dict[str, str], key: str) -> None:
    if ui_content.save(PLACE, RULES, row, cells, st.session_state[key]):
        st.session_state.pop(TRIED, None)


def _stamp(row: ContentRow) -> str:
    """Names the fields, so that they are filled anew when another version was saved."""
    return f"{row.row}_" + "_".join(f"{name}{text}" for name, text in row.decided.items())


def _change(row: ContentRow, page: ContentPage) -> None:
    st.subheader(f"{'Change' if page.may_change else 'Try a change of'} {row.row}", anchor=False)
    cells = fields(row, _stamp(row))
    if same(cells, row.decided):
        st.markdown("Change a value to try it on past data.")
        return
    st.markdown(ui_content.differences(row.decided, {**row.decided, **cells}))
    st.button("Try on past data", key="rules_try", icon=":material/history:", on_click=_try, args=(row.row, cells))
    tried = st.session_state.get(TRIED)
    if not tried or tried[:2] != (row.row, cells):
        if page.may_change:
            st.markdown("It can be saved once it was tried.")
        return
    trial(tried[2])
    if not page.may_change:
        st.markdown("An administrator can save it.")
        return
    key = f"rules_why_{row.row}"
    ui_content.reason(key)
    st.button(
        f"Save: it holds from {day(page.earliest)}",
        key="rules_save",
        type="primary",
        on_click=_save,
        args=(row.row, cells, key),
    )


def _one(actor: Actor, row: ContentRow, page: ContentPage) -> None:
    about(row)
    ui_content.state_line(row)
    _change(row, page)
    ui_content.history(actor, PLACE, RULES, row, page.timezone, may_change=page.may_change)


@shows_problems
@of_one_state
def page() -> None:
    st.title("Rules")
    actor = current_actor()
    found = content_page(actor, RULES)
    st.markdown(
        "Each rule that fires on a check-in decides what the patient is told and how soon the clinic must look. The "
        "hardest one wins, and a worse answer never gets milder advice. Words cannot be changed here."
    )
    listed(found.rows)
    rows = {one.row: one for one in found.rows}
    chosen = code_select("Rule", {code: f"{code}: {one.words}" for code, one in rows.items()}, "rule") if rows else ""
    show_notice(PLACE)
    if chosen in rows:
        _one(actor, rows[chosen], found)


if __name__ == "__main__":
    page()
