"""Parts of the import page: the uploaded file, the choice of columns, the rehearsal, and what came of it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from reporting.domain.actors import Actor
from reporting.errors import UnreadableFile
from reporting.imports.act_import import Preview, Summary, preview, run_import
from reporting.imports.file_csv import CsvFile, open_csv
from reporting.imports.file_mapping import KindMapping, chosen, guess, parse_mapping, units_for
from reporting.imports.kind import Field, Kind
from reporting.imports.kinds import fields_of
from reporting.shell.ui_words import as_text

LARGEST_UPLOAD_BYTES = 50 * 1024 * 1024
NOT_USED = "not used"
OTHER_CLINICS = (
    "name another clinic. Your sign-in is of one clinic, so they are neither imported nor kept here: an administrator "
    "of that clinic imports them, or whoever runs the server imports the whole file by command."
)
_LOOKED, _REHEARSED, _DONE = "import_looked", "import_rehearsed", "import_done"


@dataclass(frozen=True)
class Done:
    """A finished import of one upload, with the refused rows as a file to download."""

    summary: Summary
    rejected: bytes


@contextmanager
def _on_disk(upload: Any) -> Iterator[Path]:
    """The upload as a file, gone again at the end: it holds what patients told their clinic."""
    with tempfile.TemporaryDirectory(prefix="import-") as folder:
        path = Path(folder) / "upload.csv"
        path.write_bytes(upload.getbuffer())
        yield path


def looked_at(upload: Any) -> CsvFile:
    """The upload's separator and columns. Raises UnreadableFile that names what is wrong with it."""
    if upload.size > LARGEST_UPLOAD_BYTES:
        raise UnreadableFile(
            f"{upload.name} is too large for the browser: {upload.size / 1e6:.0f} MB, at most "
            f"{LARGEST_UPLOAD_BYTES / 1e6:.0f} MB.",
            what_to_do="Import it on the server: `python -m reporting import treatments FILE.csv`.",
        )
    known = st.session_state.get(_LOOKED)
    if known is None or known[0] != upload.file_id:
        with _on_disk(upload) as path:
            known = st.session_state[_LOOKED] = (upload.file_id, open_csv(path, upload.name))
    source: CsvFile = known[1]
    return source


def _column(position: int, column: str, fields: dict[str, Field], first: str) -> tuple[str, str | None] | None:
    """Our field for one column of the file, with its unit; nothing where it is not used."""
    left, right = st.columns([2, 1])
    options = [NOT_USED, *fields]
    with left:
        name = st.selectbox(
            f"Column “{as_text(column)}” is", options, index=options.index(first), key=f"import_column_{position}"
        )
    units = units_for(fields[name]) if name in fields else ()
    with right:
        unit = st.selectbox("Unit in the file", units, key=f"import_unit_{position}_{name}") if units else None
    return None if name == NOT_USED else (name, unit)


def choose_columns(kind: Kind, source: CsvFile, *, create_missing: bool, judged: bool) -> KindMapping:
    """Let each column of the file be given one of our fields; names that look alike are chosen already."""
    fields = dict(fields_of(kind))
    guessed = {column: name for name, column in guess(kind, source.header).items()}
    choices = {}
    for position, column in enumerate(source.header):
        found = _column(position, column, fields, guessed.get(column, NOT_USED)) if column else None
        if found is not None:
            choices[column] = found
    return chosen(kind, choices, create_missing=create_missing, judged=judged)


def mapping_of(upload: Any, kind: Kind) -> KindMapping:
    """The mapping file that was uploaded. Raises WrongMapping, UnreadableFile."""
    try:
        text = upload.getvalue().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableFile(f"{upload.name} cannot be read: it is not UTF-8 text.") from None
    return parse_mapping(text, kind, upload.name)


def rehearsed(by: Actor, upload: Any, mapping: KindMapping) -> Preview:
    """What the import would do with the first rows; worked out once for each file and mapping."""
    key = (upload.file_id, repr(mapping), by.id)
    known = st.session_state.get(_REHEARSED)
    if known is None or known[0] != key:
        with _on_disk(upload) as path:
            shown = preview(by=by, path=path, mapping=mapping, file_name=upload.name)
        known = st.session_state[_REHEARSED] = (key, shown)
    result: Preview = known[1]
    return result


def show_preview(shown: Preview) -> None:
    """The first rows as they are in the file, what is wrong with each beside it; those with faults first."""
    checked = len(shown.lines)
    st.markdown(
        f"**{checked:,} of {shown.rows:,} rows checked:** {shown.imported:,} would go in, "
        f"{shown.unchanged:,} are there already, {shown.refused:,} would be refused."
    )
    header = [name or f"({position})" for position, name in enumerate(shown.source.header, start=1)]
    rows = []
    for line in sorted(shown.lines, key=lambda line: not line.faults):
        problem = "; ".join(f"{f.column}: found {f.value!r}; allowed is {f.allowed}" for f in line.faults)
        cells = [*line.cells, *[""] * len(header)][: len(header)]
        rows.append({"row": line.number, "problem": problem, **dict(zip(header, cells, strict=True))})
    st.dataframe(rows, hide_index=True, width="stretch", key="import_preview")


@dataclass(frozen=True)
class Offer:
    """What a press of the button would do; ``label`` empty: nothing, for the reason in ``words``."""

    label: str
    words: str


def draw_offer(shown: Preview) -> Offer:
    """What is left to do with a file after its rehearsal."""
    again = "An import that was interrupted can simply be run again."
    if not shown.rows:
        return Offer("", "There is no row in the file.")
    if len(shown.lines) < shown.rows:
        said = "The others are checked as they go in, about a minute for every 200,000."
        return Offer(f"Import {shown.rows:,} rows", f"{said} {again}")
    to_mend = shown.refused - shown.elsewhere
    kept = f"{to_mend:,} refused {'row' if to_mend == 1 else 'rows'}"
    if shown.imported:
        aside = f"The {kept} can be mended here afterwards. " if to_mend else ""
        return Offer(f"Import {shown.imported:,} {'row' if shown.imported == 1 else 'rows'}", aside + again)
    if to_mend:
        said = "No row would go in. Mend the file, choose the columns anew, or keep what was refused and mend it here."
        return Offer(f"Keep {kept} to mend", said)
    if shown.refused:
        return Offer("", f"No row would go in: those that are not there already {OTHER_CLINICS}")
    return Offer("", "Nothing is left to import: every row is there already.")


def take_in(by: Actor, upload: Any, mapping: KindMapping) -> None:
    """Import the upload and keep what came of it for this page."""
    with _on_disk(upload) as path:
        rejected = path.with_name("rejected.csv")
        summary = run_import(by=by, path=path, mapping=mapping, file_name=upload.name, rejected_path=rejected)
        content = rejected.read_bytes() if summary.rejected_file else b""
    st.session_state[_DONE] = (upload.file_id, Done(summary, content))
    st.session_state.pop(_REHEARSED, None)


def done_with(upload: Any) -> Done | None:
    """What came of the import of this upload, if it was imported."""
    known = st.session_state.get(_DONE)
    return known[1] if known and known[0] == upload.file_id else None


def show_done(done: Done) -> None:
    """Counts, the most common reasons, and the refused rows to download."""
    summary = done.summary
    words = (
        f"{summary.read:,} rows read: {summary.imported:,} imported, "
        f"{summary.unchanged:,} were there already, {summary.refused:,} refused."
    )
    (st.warning if summary.refused else st.success)(as_text(words))
    if not summary.refused:
        return
    if summary.elsewhere:
        st.markdown(f"{summary.elsewhere:,} of the refused rows {OTHER_CLINICS}")
    st.dataframe(
        [
            {"first row": first, "rows": rows, "column": column, "found": value, "allowed": allowed}
            for (column, value, allowed), (first, rows) in summary.faults.items()
        ],
        hide_index=True,
        width="stretch",
        key="import_faults",
    )
    st.download_button(
        "Download the refused rows",
        done.rejected,
        f"{Path(summary.file_name).stem}.rejected.csv",
        "text/csv",
        icon=":material/download:",
    )
