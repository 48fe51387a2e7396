"""``python -m reporting import`` and ``python -m reporting template``."""

import json
import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any, NoReturn, get_args

import typer
from tqdm import tqdm

from reporting.domain.actors import SYSTEM
from reporting.errors import Problem
from reporting.imports import file_template as templates
from reporting.imports.act_import import ImportStopped, Summary, run_import
from reporting.imports.file_mapping import KindMapping, mapping_text, parse_mapping
from reporting.imports.kind import Kind
from reporting.records.migrate import migrate
from reporting.shell.file_csv import Fault


class KindName(StrEnum):
    """The kinds of file, as the command line spells them."""

    devices = "devices"
    treatments = "treatments"
    check_ins = "check-ins"


assert {name.value for name in KindName} == set(get_args(Kind))
ALL_IN, SOME_REFUSED, NOTHING_READ = 0, 1, 2


def _mapping(path: Path | None, kind: Kind) -> KindMapping:
    if path is None:
        return KindMapping(kind=kind)
    return parse_mapping(mapping_text(path), kind, path.name)


def _stop(problem: Problem, as_json: bool) -> NoReturn:
    """Name the problem and the way out; 1 where rows are in already, else 2."""
    print(f"{problem.message}\n{problem.what_to_do}", file=sys.stderr)
    if as_json:
        print(json.dumps({"error": problem.code, "message": problem.message, "what_to_do": problem.what_to_do}))
    some_are_in = isinstance(problem, ImportStopped) and problem.summary.read > 0
    raise typer.Exit(SOME_REFUSED if some_are_in else NOTHING_READ)


def _as_json(summary: Summary) -> str:
    return json.dumps(
        {
            "kind": summary.kind,
            "file": summary.file_name,
            "read": summary.read,
            "imported": summary.imported,
            "unchanged": summary.unchanged,
            "refused": summary.refused,
            "rejected_file": summary.rejected_file or None,
            "kept": summary.kept,
            "elsewhere": summary.elsewhere,
            "created": dict(+summary.created),
            "seconds": round(summary.seconds, 3),
            "faults": [
                {"column": column, "value": value, "allowed": allowed, "first_row": first, "rows": count}
                for (column, value, allowed), (first, count) in summary.faults.items()
            ],
        }
    )


def _as_words(summary: Summary) -> str:
    lines = [
        f"{summary.file_name}: {summary.read} rows read, {summary.imported} imported, "
        f"{summary.unchanged} unchanged, {summary.refused} refused ({summary.seconds:.1f} s)."
    ]
    made = ", ".join(f"{count} {what}" for what, count in (+summary.created).items())
    if made:
        lines.append(f"New: {made}.")
    for (column, value, allowed), (first, count) in summary.faults.items():
        others = f" (and {count - 1} rows more)" if count > 1 else ""
        lines.append(f"  {Fault(first, column, value, allowed).sentence()}{others}")
    if summary.rejected_file:
        lines.append(f"Refused rows are in {summary.rejected_file}: correct them there and import that file.")
    if summary.kept:
        lines.append(f"Administrators can mend {summary.kept} of them under Import, each those of their own clinic.")
    if summary.elsewhere:
        lines.append(f"Of {summary.elsewhere} the clinic cannot be told, so nobody sees them there.")
    return "\n".join(lines)


def _advance(bar: Any, rows: int) -> None:
    bar.update(rows)


def import_file(
    kind: KindName,
    file: Path = typer.Argument(help="CSV file."),
    clinic: str | None = typer.Option(None, help="Code of the clinic of rows that name none."),
    mapping: Path | None = typer.Option(None, help="TOML file that says which column is which."),
    create_missing: bool = typer.Option(
        False, "--create-missing", help="Create clinics, devices, operators and patients that the file names."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Import a file. Exit code 0: all rows are in; 1: some were refused; 2: nothing was read."""
    name: Kind = kind.value
    migrate()
    bar = tqdm(unit=" rows", file=sys.stderr, disable=not sys.stderr.isatty(), dynamic_ncols=True)
    try:
        given = _mapping(mapping, name)
        if create_missing:
            given = replace(given, create_missing=True)
        with bar:
            summary = run_import(
                by=SYSTEM,
                path=file,
                mapping=given,
                clinic=clinic,
                progress=lambda rows: _advance(bar, rows),
                rejected_path=file.with_name(f"{file.stem}.rejected.csv"),
            )
    except Problem as problem:
        _stop(problem, as_json)
    print(_as_json(summary) if as_json else _as_words(summary))
    raise typer.Exit(SOME_REFUSED if summary.refused else ALL_IN)


def template(
    kind: KindName,
    header: bool = typer.Option(False, "--header", help="Print only the header line of such a CSV file."),
) -> None:
    """Print our column names with their units: a file with these columns needs no mapping."""
    name: Kind = kind.value
    print(templates.header_line(name).rstrip("\n") if header else templates.description(name))


def register(app: typer.Typer) -> None:
    """Put both commands onto the command line."""
    app.command("import")(import_file)
    app.command("template")(template)
