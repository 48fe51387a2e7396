"""Dated marks in charts: which are drawn, on which line their words stand, and what is said of them."""

from datetime import date

import altair as alt
import pandas as pd

from reporting.shell.chart_look import LIGHT, Marks, dated_rules, dated_words

FIRST, LAST = pd.Timestamp("2026-01-01"), pd.Timestamp("2026-04-01")
MARKS: Marks = (
    (date(2026, 3, 30), "Action: density limited"),
    (date(2026, 2, 1), "Handpiece change"),
    (date(2025, 12, 31), "Before the first day"),
)


def drawn(marks: Marks) -> alt.LayerChart:
    return alt.layer(*dated_rules(marks, FIRST, LAST, alt.X("day:T"), LIGHT))


def test_each_mark_in_the_time_shown_is_a_rule_with_its_words() -> None:
    layers = drawn(MARKS).to_dict()["layer"]
    assert [layer["mark"]["type"] for layer in layers] == ["rule", *["text"] * 4]
    assert {layer["mark"]["align"] for layer in layers[1:]} == {"left", "right"}, "a late one to the left"
    tops = [layer["mark"]["dy"] for layer in layers[1:]]
    assert len(set(tops)) == 2, "one after the other, on lines of their own"


def test_without_a_mark_in_that_time_nothing_is_drawn() -> None:
    assert dated_rules(MARKS[2:], FIRST, LAST, alt.X("day:T"), LIGHT) == []
    assert dated_rules((), FIRST, LAST, alt.X("day:T"), LIGHT) == []
    assert dated_words((), FIRST, LAST) == ""


def test_the_words_say_the_same_in_order() -> None:
    assert (
        dated_words(MARKS, FIRST, LAST) == "On 1 Feb 2026: Handpiece change. On 30 Mar 2026: Action: density limited."
    )
