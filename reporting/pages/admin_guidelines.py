"""Published guidelines, the clinic's own protocol ranges, and the risk that it tolerates."""

import streamlit as st

from reporting.domain.actors import Actor
from reporting.domain.clinic_content import CEILING, RANGES, TOLERANCES, range_key
from reporting.domain.protocol_ranges import HIGHEST_FACTOR, LOWEST_FACTOR
from reporting.queries.content_rows import ContentPage, ContentRow, content_page
from reporting.queries.range_choices import range_choices
from reporting.ui import content_parts as parts
from reporting.ui import range_parts
from reporting.ui.format import number
from reporting.ui.identity import current_actor
from reporting.ui.states import show_notice, shows_problems

PLACE = "guidelines"


def _save_range(row: str, key: str) -> None:
    state = st.session_state
    cells = {name: "" if state[f"{name}_{key}"] is None else f"{state[f'{name}_{key}']:.10g}"
             for name in ("minimum", "maximum")}  # fmt: skip
    parts.save(PLACE, RANGES, row, cells | {"note": state[f"note_{key}"]}, state[f"why_{key}"])


def _take_away(row: str, key: str) -> None:
    parts.save(PLACE, RANGES, row, {}, st.session_state[f"why_{key}"])


def _save_factor(key: str) -> None:
    state = st.session_state
    parts.save(PLACE, TOLERANCES, CEILING, {"factor": f"{state[f'factor_{key}']:g}"}, state[f"why_{key}"])


def _own_ranges(actor: Actor, found: ContentPage) -> None:
    st.header("Protocol ranges of this clinic", anchor=False)
    choices = range_choices(actor)
    range_parts.own(found.rows, choices.names)
    if not found.may_change and not found.rows:
        return
    device_class, offered, group = range_parts.which(choices)
    row = range_key(device_class, offered.field, group)
    known = next((one for one in found.rows if one.row == row), None)
    now = known.decided if known else {}
    if found.may_change:
        key = "_".join((row, *now.values()))
        with st.form("range_form", enter_to_submit=False):
            range_parts.limits(offered, now, key)
            parts.reason(f"why_{key}")
            st.form_submit_button("Save the range", on_click=_save_range, args=(row, key), key="save_range")
            if known is not None:
                st.form_submit_button("Take the range away", on_click=_take_away, args=(row, key), key="drop_range")
    empty_row = ContentRow(row, row, "", "", "", {}, {}, {}, None)
    parts.history(actor, PLACE, RANGES, known or empty_row, found.timezone, may_change=found.may_change)


def _tolerance(actor: Actor, found: ContentPage) -> None:
    row = found.rows[0]
    factor = float(row.decided["factor"])
    st.header("Tolerated risk", anchor=False)
    st.markdown(
        f"The ceiling of a setting is the largest dose whose adjusted risk stays under **{number(factor)} times** the "
        "risk at the reference. A smaller factor gives a lower ceiling."
    )
    if found.may_change:
        key = row.decided["factor"]
        with st.form("factor_form", enter_to_submit=False):
            st.number_input("Tolerated multiple of the risk", LOWEST_FACTOR, HIGHEST_FACTOR, factor, 0.1,
                            key=f"factor_{key}")  # fmt: skip
            parts.reason(f"why_{key}")
            st.form_submit_button("Save the tolerance", on_click=_save_factor, args=(key,), key="save_factor")
    parts.history(actor, PLACE, TOLERANCES, row, found.timezone, may_change=found.may_change)


@shows_problems
def page() -> None:
    st.title("Guidelines and tolerances")
    actor = current_actor()
    show_notice(PLACE)
    _own_ranges(actor, content_page(actor, RANGES))
    _tolerance(actor, content_page(actor, TOLERANCES))
    st.header("Published guidelines", anchor=False)
    st.markdown(
        "They stay as they were published, each with its source. Where your protocol differs, set a range above."
    )
    choices = range_choices(actor)
    range_parts.published(choices.published, choices.names)


if __name__ == "__main__":
    page()
