"""Choices in the address: their codes, whatever their words; what is no choice is the default."""

import pytest
from streamlit.testing.v1 import AppTest


def script() -> None:
    import streamlit as st

    from reporting.shell.ui_filters import code_segments, code_select

    areas = {"": "All areas", "cheeks": "Cheeks", "neck": "Neck"}
    if st.session_state.get("fewer"):
        del areas["neck"]
    code_select("Area", areas, "area")
    code_select("Period", {"30d": "Last 30 days", "6m": "Last 6 months"}, "period", default="6m")
    code_segments("View", {"one": "One setting", "time": "Over time"}, "view")


def opened(**address: str) -> AppTest:
    page = AppTest.from_function(script)
    for name, value in address.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def chosen(page: AppTest) -> tuple[object, object, object]:
    return (
        page.selectbox(key="area").value,
        page.selectbox(key="period").value,
        page.segmented_control(key="view").value,
    )


@pytest.mark.parametrize(
    "address",
    [
        {"area": "neck", "period": "30d", "view": "time"},
        {"area": "Neck", "period": "Last 30 days", "view": "over time"},
    ],
    ids=["codes", "words of an older address"],
)
def test_an_address_opens_what_it_says(address: dict[str, str]) -> None:
    page = opened(**address)
    assert chosen(page) == ("neck", "30d", "time")
    assert dict(page.query_params) == {"area": "neck", "period": "30d", "view": "time"}


def test_nonsense_is_the_default_and_leaves_the_address() -> None:
    page = opened(area="B/D1", period="evil", view="<b>")
    assert chosen(page) == ("", "6m", "one")
    assert dict(page.query_params) == {}


def test_a_choice_goes_into_the_address_and_the_default_out_of_it() -> None:
    page = opened()
    page.selectbox(key="area").select("cheeks").run()
    assert page.query_params["area"] == "cheeks"
    assert chosen(page) == ("cheeks", "6m", "one")
    page.selectbox(key="area").select("").run()
    assert dict(page.query_params) == {}


def test_another_address_in_the_same_window_counts() -> None:
    """The way back of the browser."""
    page = opened(area="cheeks")
    page.query_params["area"] = "neck"
    page.run()
    assert page.selectbox(key="area").value == "neck"
    del page.query_params["area"]
    page.run()
    assert page.selectbox(key="area").value == ""


def test_a_choice_that_is_no_more_is_the_default() -> None:
    page = opened(area="neck")
    page.session_state["fewer"] = True
    page.run()
    assert page.selectbox(key="area").value == ""
    assert dict(page.query_params) == {}
