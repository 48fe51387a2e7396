"""Parts of the page on operators and devices: what the charts mean, in words."""

import streamlit as st

from reporting.clock import now
from reporting.queries.unit_rises import Rise
from reporting.queries.units import LEAST_EXPECTED, Course, Units, UnitType
from reporting.ui.address import code_segments, code_select
from reporting.ui.format import day, span
from reporting.ui.links import page_link
from reporting.ui.states import empty

SHOWN_EVENTS = 50


def kind_choice() -> UnitType:
    """Operators or devices."""
    chosen = code_segments("Compare", {"device": "Devices", "operator": "Operators"}, "kind")
    return "operator" if chosen == "operator" else "device"


def unit_choice(found: Units) -> str:
    """One of them, by name."""
    names = {name: name for name in found.table["unit"]}
    return code_select(found.unit_type.capitalize(), names, f"unit_{found.unit_type}")


def nothing(found: Units) -> None:
    """Why there is nothing to compare."""
    if found.only_own and not found.why_not:
        empty("No treatments of your own here.", "Your account is not joined to an operator with treatments in this "
              "period. Operators are compared by the safety lead only.")  # fmt: skip
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
        st.markdown(f"- {day(on)}: {words}")


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
                page_link("timeline", f"{one.patient}, treated {day(one.performed_on)} ({one.treatment})",
                          patient=one.patient_id)  # fmt: skip
            if not rise.events:
                st.markdown("Your role may not open timelines.")
            elif len(rise.events) > SHOWN_EVENTS:
                st.markdown(f"The newest {SHOWN_EVENTS} are listed.")
