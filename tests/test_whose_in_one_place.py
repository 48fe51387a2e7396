"""Whose a record is, is decided in ``security.scope`` alone: nobody else holds an actor's clinic against anything."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "reporting"

THE_PLACE = {"security/scope.py", "security/permissions.py"}
"""Whose a record is, and that without a clinic nobody has any permission."""
AS_STATEMENTS = {"records/audit.py", "records/import_runs.py"}
"""The row of the trail says where somebody is; the refused rows that one may see are told apart in the database."""
ABOUT_PEOPLE = {"shell/act_consent.py", "shell/read_small_cells.py"}
"""The system is no person: it consents for nobody, and small counts are hidden from people alone."""


def actors(tree: ast.AST) -> set[str]:
    """Names of arguments that are actors."""
    args = (arg for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) for arg in ast.walk(node.args))
    named = {
        arg.arg
        for arg in args
        if isinstance(arg, ast.arg) and arg.annotation and "Actor" in ast.unparse(arg.annotation)
    }
    return named | {"by", "actor"}


def is_actors(node: ast.AST, attribute: str, names: set[str]) -> bool:
    if not (isinstance(node, ast.Attribute) and node.attr == attribute):
        return False
    return ast.unparse(node.value).rpartition(".")[2] in names


def harmless(tree: ast.AST) -> Iterator[ast.AST]:
    """``by.clinic_id or 0``, which is no clinic's id, unless it is compared; and what is written into the trail."""
    compared = {id(part) for node in ast.walk(tree) if isinstance(node, ast.Compare) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.BoolOp) and ast.unparse(node).endswith(" or 0") and id(node) not in compared:
            yield from node.values
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.write":
            yield from (given.value for given in node.keywords if given.arg == "clinic_id")


def faults(source: str, file: str = "") -> list[str]:
    """What in a file decides by itself whose something is."""
    tree = ast.parse(source)
    names, allowed = actors(tree), {id(node) for node in harmless(tree)}
    found = []
    for node in ast.walk(tree):
        if is_actors(node, "clinic_id", names) and id(node) not in allowed and file not in AS_STATEMENTS:
            found.append(f"{file}:{node.lineno}: {ast.unparse(node)}: ask own() or Scope.of()")  # type: ignore[attr-defined]
        is_kind = (
            isinstance(node, ast.Compare) and is_actors(node.left, "kind", names) and "'system'" in ast.unparse(node)
        )
        if is_kind and file not in AS_STATEMENTS | ABOUT_PEOPLE:
            found.append(f"{file}:{node.lineno}: {ast.unparse(node)}: ask own() or Scope.of()")  # type: ignore[attr-defined]
    return found


def files() -> dict[str, str]:
    found = (path for path in sorted(PACKAGE.rglob("*.py")) if "migrations" not in path.parts)
    return {path.relative_to(PACKAGE).as_posix(): path.read_text() for path in found}


def test_nobody_else_holds_an_actors_clinic_against_anything() -> None:
    assert [fault for file, source in files().items() if file not in THE_PLACE for fault in faults(source, file)] == []


def test_every_exception_is_still_one() -> None:
    assert files().keys() >= THE_PLACE | AS_STATEMENTS | ABOUT_PEOPLE
    for file in AS_STATEMENTS | ABOUT_PEOPLE:
        assert faults(files()[file]), f"{file} needs no exception any more"


@pytest.mark.parametrize(
    "spelling",
    [
        "if row is None or (by.clinic_id is not None and row.clinic_id != by.clinic_id): raise NotFound()",
        "if row is None or row.clinic_id != by.clinic_id: raise NotFound()",
        "if row.clinic_id != (by.clinic_id or 0): raise NotFound()",
        "if by.kind != 'system' and row.clinic_id != clinic_id: raise NotFound()",
        "rows = cases.listed(session, by.clinic_id)",
        "frames = engine_frames(clinic_id=by.clinic_id)",
        "codes = [code for code, key in found if actor.clinic_id in (None, key)]",
        "bound = None if self.by.kind == 'system' else 1",
        "def shown(asker: Actor) -> bool: return asker.clinic_id == row.clinic_id",
        "clinic_id = by.clinic_id",
    ],
)
def test_the_spellings_that_were_are_caught(spelling: str) -> None:
    assert faults(spelling)


@pytest.mark.parametrize(
    "spelling",
    [
        "row = own(session, Patient, key, by, 'timeline.read')",
        "rows = cases.listed(session, Scope.of(by).clinic_id)",
        "clinic = session.get(Clinic, by.clinic_id or 0)",
        "audit.write(session, by, 'export.taken', 'file', name, clinic_id=by.clinic_id)",
        "if by.kind == 'patient': pass",
    ],
)
def test_what_may_be_written_is_not(spelling: str) -> None:
    assert faults(spelling) == []
