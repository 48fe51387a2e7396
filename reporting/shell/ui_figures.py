"""A chart as every page shows it: title with the finding, text alternative, table and CSV beside it.

Making a chart takes longer than working out what it shows, and most reruns change nothing of it. So a chart is made
once for what it is made of: it is found again by all of that, and can never be out of date.

Files that the staff take from a page. Each is made when somebody asks for it, and the audit trail keeps who did.

A table as a file for readers outside the clinic, beside the one for the clinic itself.
"""

import hashlib
import pickle
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, overload
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from reporting.settings import settings
from reporting.shell.act_sessions import note_taken
from reporting.shell.chart_look import PICK, Figure, with_arrow
from reporting.shell.file_csv import table_csv
from reporting.shell.read_small_cells import HIDDEN_WORDS, example
from reporting.shell.ui_identity import actor_later, address_asked_for
from reporting.shell.ui_words import as_text


def csv_file(
    make: Callable[[], bytes],
    *,
    key: str,
    file_name: str,
    label: str = "Download as CSV",
    icon: str | None = None,
    tip: str | None = None,
) -> None:
    """The button for a file, which ``make`` makes outside of every run: it cannot ask for the page's state."""
    asker, page = actor_later(), f"{address_asked_for()}?{urlencode(st.query_params.to_dict())}".rstrip("?")

    def content() -> bytes:
        by, made = asker(), make()
        note_taken(by=by, file_name=file_name, page=page, content=made)
        return made

    st.download_button(
        label, content, file_name=file_name, mime="text/csv", key=key, on_click="ignore", icon=icon, help=tip
    )


Picked = Callable[[Mapping[str, Any]], None]
"""Called with what was chosen in a chart: field to value, as its ``PICK`` selection names them."""
KEPT = 200
"""Charts kept in memory, of some 40 kB each."""


@dataclass(frozen=True)
class Drawn:
    """A chart that is ready to be sent, and all that stands beside it."""

    specification: dict[str, Any]
    title: str
    alt: str
    table: pd.DataFrame
    csv: bytes


_lock = threading.Lock()
_kept: OrderedDict[bytes, Drawn | None] = OrderedDict()


@overload
def drawn(make: Callable[..., Figure], *of: Any, **named: Any) -> Drawn: ...


@overload
def drawn(make: Callable[..., Figure | None], *of: Any, **named: Any) -> Drawn | None: ...


def drawn(make: Callable[..., Figure | None], *of: Any, **named: Any) -> Drawn | None:
    """The chart that ``make`` makes of these, which with the content tables must be all that it depends on; None where
    it makes none."""
    key = hashlib.sha256(pickle.dumps((make.__module__, make.__qualname__, settings().content_dir, of, named))).digest()
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    found = _ready(make(*of, **named))
    with _lock:
        _kept[key] = found
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return found


def _ready(figure: Figure | None) -> Drawn | None:
    if figure is None:
        return None
    csv = b"" if figure.table.empty else table_csv(figure.table)
    return Drawn(with_arrow(figure.chart), figure.title, figure.alt, figure.table, csv)


def chart(shown: Drawn | None, *, key: str, on_pick: Picked | None = None, with_title: bool = True) -> None:
    """Draw the chart alone, under its title unless that stands there already."""
    if shown is None:
        return
    if with_title:
        st.markdown(f"**{as_text(shown.title)}**")
    if on_pick is None:
        st.vega_lite_chart(None, shown.specification, width="stretch", theme=None, alt=shown.alt, key=key)
    else:
        st.vega_lite_chart(
            None,
            shown.specification,
            width="stretch",
            theme=None,
            alt=shown.alt,
            key=key,
            selection_mode=PICK,
            on_select=lambda: _tell(key, on_pick),
        )


def show(shown: Drawn | None, *, key: str, file_name: str = "chart.csv", on_pick: Picked | None = None) -> None:
    """Draw the chart, and under it the same numbers as a table and as a file.

    ``on_pick`` is called when somebody presses a mark; give the same choice as a select box for the keyboard.
    """
    chart(shown, key=key, on_pick=on_pick)
    numbers(shown, key=key, file_name=file_name)


def numbers(shown: Drawn | None, *, key: str, file_name: str) -> None:
    """What a chart shows, as a table and as a file."""
    if shown is None or shown.table.empty:
        return
    with st.expander("Show the numbers as a table"):
        st.markdown(as_text(shown.alt))
        st.dataframe(shown.table, hide_index=True, alt=shown.title, key=f"{key}_table")
        csv_file(lambda: shown.csv, key=f"{key}_csv", file_name=file_name)


def _tell(key: str, on_pick: Picked) -> None:
    """Hand on what was pressed; pressing beside every mark, or a shade behind them, chooses nothing."""
    picked = st.session_state[key]["selection"].get(PICK, [])
    if picked and all(value is not None for value in picked[0].values()):
        on_pick(picked[0])


def to_hand_on(table: Callable[[], pd.DataFrame], *, key: str, file_name: str) -> None:
    """The file is made when it is asked for. ``table`` comes from ``queries.handed_on``."""
    csv_file(
        lambda: table_csv(table()),
        key=key,
        file_name=file_name,
        label="CSV to hand on outside the clinic",
        icon=":material/ios_share:",
        tip=HIDDEN_WORDS.format(**example()),
    )
