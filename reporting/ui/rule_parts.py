"""Parts of the page of rules: the list, the fields of one rule, and what a trial on past data found."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from reporting.domain.clinic_content import IS_ON
from reporting.domain.content import content
from reporting.domain.records import Rule
from reporting.domain.rule_words import (
    ADVICE_WORDS,
    CASE_WORDS,
    COLUMN_WORDS,
    fixed_conditions,
    thresholds,
    value_words,
)
from reporting.queries.content_rows import ContentRow
from reporting.queries.rule_trial import DAYS, Fired, RuleTrial
from reporting.ui.content_parts import changed_words
from reporting.ui.format import day as day_words

LAST_DAY = 3650
_NUMBERS = ("min_severity", "min_rise", "min_excess")


def rule_of(row: ContentRow) -> Rule:
    """The rule of the content tables that the row is about."""
    return next(rule for rule in content().rules if rule.code == row.row)


def listed(rows: tuple[ContentRow, ...]) -> None:
    """Every rule as it is in force today."""
    st.dataframe(
        pd.DataFrame({
            "Rule": [one.row for one in rows],
            "Red flag": ["yes" if one.group == "red flag" else "" for one in rows],
            "In use": [one.in_force[IS_ON] for one in rows],
            "Changed here": [changed_words(one) for one in rows],
            "What it looks for": [one.words for one in rows],
            "Limits": [thresholds(one.in_force) for one in rows],
            "Patient is told": [value_words("advice", one.in_force["advice"]) for one in rows],
            "Case": [value_words("case_level", one.in_force["case_level"]) for one in rows],
        }),
        column_config={"Limits": st.column_config.TextColumn(width="medium")}, hide_index=True, key="rules_table",
        alt="Triage rules in force today",
    )  # fmt: skip


def about(row: ContentRow) -> None:
    """What of the rule cannot be changed here, and where it comes from."""
    rule = rule_of(row)
    st.markdown(f"**{row.words}**  \nLooks for: {fixed_conditions(rule)}.")
    st.caption(f"Source: {row.source}. The patient reads: {rule.patient_words}")
    if rule.red_flag:
        st.info("This is a red flag. It can be made stricter, never milder, and never be switched off.",
                icon=":material/flag:")  # fmt: skip


def fields(row: ContentRow, stamp: str) -> dict[str, str]:
    """Draw the fields of a rule, filled with what was decided last; what they say, as cells. ``stamp`` renews them."""
    rule, now = rule_of(row), row.decided
    given: dict[str, str] = {}
    if not rule.red_flag:
        is_on = st.toggle(COLUMN_WORDS[IS_ON], now[IS_ON] == "yes", key=f"{IS_ON}_{stamp}")
        given[IS_ON] = "yes" if is_on else "no"
    with st.container(horizontal=True):
        for column in _NUMBERS if rule.symptom else ():
            given[column] = _pick(column, ["", "1", "2", "3", "4"], now[column], stamp)
    with st.container(horizontal=True):
        for column in ("from_day", "to_day"):
            given[column] = _day(column, now[column], stamp)
    with st.container(horizontal=True):
        given["advice"] = _pick("advice", list(ADVICE_WORDS), now["advice"], stamp)
        given["case_level"] = _pick("case_level", list(CASE_WORDS), now["case_level"], stamp)
    return given


def _pick(column: str, options: list[str], now: str, stamp: str) -> str:
    return st.selectbox(COLUMN_WORDS[column], options, options.index(now), key=f"{column}_{stamp}",
                        format_func=lambda text: value_words(column, text))  # fmt: skip


def _day(column: str, now: str, stamp: str) -> str:
    found = st.number_input(COLUMN_WORDS[column], 0, LAST_DAY, int(now) if now else None, key=f"{column}_{stamp}",
                            placeholder="No limit")  # fmt: skip
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
        st.markdown(f"Check-ins that raise a case by any rule: {before:,} → {after:,}. Patients told something milder: "
                    f"{found.milder:,}; harder: {found.harder:,}.")  # fmt: skip
        st.caption(_basis(found))


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
