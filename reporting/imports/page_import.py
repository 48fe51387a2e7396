"""Import a CSV file of the practice system: choose the columns, look at a rehearsal, import."""

from dataclasses import replace
from typing import Any

import streamlit as st

from reporting.domain.actors import Actor
from reporting.imports import file_template as templates
from reporting.imports import ui_import as parts
from reporting.imports import ui_mending as mending
from reporting.imports.file_mapping import KindMapping
from reporting.imports.kind import Kind
from reporting.imports.kinds import KINDS, fields_of
from reporting.imports.read_imports import import_history
from reporting.security.permissions import require
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_links import number_in_address
from reporting.shell.ui_states import attempt, empty, show_notice, shows_problems
from reporting.shell.ui_words import as_text

PLACE = "import"


def _our_columns(kind: Kind) -> None:
    with st.expander("Our own columns and units"):
        st.write("A file with these column names needs no choosing. Dates are like 2026-03-07.")
        st.dataframe(
            [
                {
                    "column": f.name,
                    "unit": f.unit,
                    "needed": "yes" if f.needed else "",
                    "allowed": f.allowed,
                    "meaning": f.meaning,
                }
                for f in fields_of(kind).values()
            ],
            hide_index=True,
            width="stretch",
            key="import_template",
        )
        st.download_button("Download an empty file", templates.header_line(kind), f"{kind}.csv", "text/csv")


def _mapping(kind: Kind, upload: Any) -> KindMapping:
    source = parts.looked_at(upload)
    create_missing = st.checkbox(
        "Make devices, operators and patients that are not there yet", key="import_create_missing"
    )
    judged = kind == "check-ins" and st.checkbox(
        "The values are judged already: 1 or more means unexpected there", key="import_judged"
    )
    given = st.file_uploader("Mapping file, if there is one (TOML)", key="import_mapping")
    if given is not None:
        found = parts.mapping_of(given, kind)
        return replace(found, create_missing=found.create_missing or create_missing, judged=found.judged or judged)
    with st.expander(f"Columns of {as_text(upload.name)}", expanded=True):
        return parts.choose_columns(kind, source, create_missing=create_missing, judged=judged)


def _import(upload: Any, mapping: KindMapping) -> None:
    attempt(PLACE, "The import is finished.", lambda by: parts.take_in(by, upload, mapping))


def _one_file(actor: Actor, kind: Kind, upload: Any) -> None:
    done = parts.done_with(upload)
    if done is not None:
        parts.show_done(done)
        return
    mapping = _mapping(kind, upload)
    shown = parts.rehearsed(actor, upload, mapping)
    parts.show_preview(shown)
    offer = parts.draw_offer(shown)
    st.markdown(as_text(offer.words))
    if offer.label:
        st.button(
            offer.label,
            type="primary" if shown.imported else "secondary",
            key="import_run",
            icon=":material/upload:",
            on_click=_import,
            args=(upload, mapping),
        )


@shows_problems
def page() -> None:
    st.title("Import")
    actor = current_actor()
    require(actor, "import.run")
    chosen = number_in_address("run")
    if chosen is not None:
        mending.one_import(actor, chosen)
        return
    kind: Kind = st.radio("What is in the file?", KINDS, index=1, horizontal=True, key="import_kind")
    _our_columns(kind)
    upload = st.file_uploader("CSV file (at most 50 MB)", key=f"import_file_{kind}")
    show_notice(PLACE)
    if upload is None:
        empty("No file yet.", "Choose a CSV file. Nothing is imported before you have seen what would happen.")
    else:
        _one_file(actor, kind, upload)
    mending.history(import_history(actor), may_mend=True)


if __name__ == "__main__":
    page()
