"""Operators and devices: observed against expected, and one unit over time.

Parts of the page on operators and devices: what the charts mean, in words.
"""

import streamlit as st

from reporting.clock import now
from reporting.shell.read_scope import filter_choices, of_one_moment, today
from reporting.shell.ui_figures import chart, drawn, show
from reporting.shell.ui_filters import code_segments, code_select, overview_filters, symptom_choice
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_links import page_link
from reporting.shell.ui_states import empty, no_treatments, shows_problems
from reporting.shell.ui_words import as_text, day, span
from reporting.signals import read_peers
from reporting.signals.chart_peers import course, funnel, sequential
from reporting.signals.read_peers import LEAST_EXPECTED, Course, Rise, Units, UnitType, rises

SHOWN_EVENTS = 50


def kind_choice() -> UnitType:
    """Operators or devices."""
    chosen = code_segments("Compare", {"device": "Devices", "operator": "Operators"}, "kind")
    return "operator" if chosen == "operator" else "device"


def unit_choice(found: Units) -> str:
    """One of them, by name: at first one outside a limit if there is any, else the one that treated most."""
    names = {name: name for name in found.table["unit"]}
    above = found.table[found.table["zone"].astype(str).str.startswith("above")]
    first = (above if len(above) else found.table).nlargest(1, "expected")["unit"]
    return code_select(found.unit_type.capitalize(), names, f"unit_{found.unit_type}", default=str(first.iloc[0]))


def nothing(found: Units) -> None:
    """Why there is nothing to compare."""
    if found.only_own and not found.why_not:
        empty(
            "No treatments of your own here.",
            "Your account is not joined to an operator with treatments in this "
            "period. Operators are compared by the safety lead only.",
        )
    else:
        empty("Nothing to compare yet.", found.why_not or "No answered check-ins fit these filters.")


def funnel_words(found: Units) -> None:
    """How to read the funnel, and what it cannot say."""
    assert found.funnel is not None or not found.table["is_drawn"].any()
    few = found.table.loc[~found.table["is_drawn"], "unit"]
    left = f" Not drawn, with fewer than {LEAST_EXPECTED:g} expected: {', '.join(few)}." if len(few) else ""
    note = found.funnel.tau2_note if found.funnel else ""
    spread = f"The limits allow for harmless differences between units ({note})." if note else ""
    if found.as_of is not None:
        st.caption(f"The expected numbers were worked out {span(now() - found.as_of)} ago; newer answers come in next.")
    st.markdown(
        "Each point is one unit, by name and never ranked. *Expected* takes into account skin type, indication, area, "
        "procedure, age, season and the day of each answer, so those who treat difficult cases are not worse off. "
        "By chance alone one in forty lies above the inner limit, one in a thousand above the outer one. "
        f"{spread}{left}"
    )


def course_words(found: Course) -> None:
    """How to read the two lines."""
    every = found.years_between_false
    st.markdown(
        "The upper line rises with every unexpected report and falls a little with every treatment that went as "
        "expected: where it climbs, more was reported than expected. The lower line (risk-adjusted CUSUM for twice "
        f"the odds) forgets good times; past its limit something has likely changed. With nothing wrong, this chart "
        f"passes it about once in {every:.0f} years."
    )
    for on, words in found.marks:
        st.markdown(f"- {day(on)}: {as_text(words)}")


def rises_part(found: tuple[Rise, ...]) -> None:
    """The events behind each rise, with the way to each patient."""
    st.subheader("The events behind each rise", anchor=False)
    if not found:
        st.markdown("Nothing unexpected was reported in this time.")
    for number, rise in enumerate(found):
        how = "passed the limit" if rise.passed else "the highest, did not pass the limit"
        many = f"{rise.n_events} unexpected report{'' if rise.n_events == 1 else 's'}"
        with st.expander(f"{day(rise.first)} to {day(rise.last)}: {many}; {how}", key=f"rise_{number}"):
            for one in rise.events[:SHOWN_EVENTS]:
                page_link(
                    "timeline",
                    f"{one.patient}, treated {day(one.performed_on)} ({one.treatment})",
                    patient=one.patient_id,
                )
            if not rise.events:
                st.markdown("Your role may not open timelines.")
            elif len(rise.events) > SHOWN_EVENTS:
                st.markdown(f"The newest {SHOWN_EVENTS} are listed.")


@shows_problems
@of_one_moment
def page() -> None:
    st.title("Operators and devices")
    actor = current_actor()
    choices = filter_choices(actor)
    if not choices.procedure_classes:
        no_treatments()
        return
    kind, symptom = kind_choice(), symptom_choice()
    filters = overview_filters(choices, today(actor))
    with st.spinner("Comparing observed with expected …"):
        found = read_peers.units(actor, kind, symptom, filters)
    if found.table.empty:
        nothing(found)
        return
    if found.only_own:
        st.markdown("You see your own chart. Operators are compared by the safety lead only.")
    show(drawn(funnel, found), key="funnel", file_name=f"{kind}s.csv")
    funnel_words(found)
    st.subheader("One over time", anchor=False)
    unit = unit_choice(found)
    over_time = read_peers.course(actor, kind, unit, symptom, filters)
    show(drawn(course, over_time), key="course", file_name=f"{kind}-over-time.csv")
    chart(drawn(sequential, over_time), key="sequential")
    course_words(over_time)
    rises_part(rises(actor, over_time))


if __name__ == "__main__":
    page()
