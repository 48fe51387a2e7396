"""Filters live in the address so that a colleague gets the same view; nothing that names a person ever does."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from reporting.settings import ROOT

UI, PAGES = ROOT / "reporting" / "ui", ROOT / "reporting" / "pages"
WITH_FILTERS = ("clinician_overview", "clinician_settings", "clinician_units", "clinician_quality")
TYPED = {"text_input", "text_area"}
"""What somebody types may be a patient's reference, a name or a note."""
PEOPLE = ("patient", "name", "email", "search", "reference", "note", "phone")


def bound(path: Path) -> Iterator[tuple[str, str]]:
    """(widget, key) of every widget of a module whose value is written into the address."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            words = {each.arg: each.value for each in node.keywords}
            if "bind" in words:
                key = words.get("key")
                yield node.func.attr, ast.unparse(key) if key is not None else ""


def imports(path: Path) -> set[str]:
    """The modules of ``reporting.ui`` that a module uses, itself left out."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("reporting.ui"):
            names = {alias.name for alias in node.names} if node.module == "reporting.ui" else set()
            found |= names | {str(node.module).rpartition(".")[2]}
    return {name for name in found if (UI / f"{name}.py").is_file()}


@pytest.mark.parametrize("path", [*sorted(UI.glob("*.py")), *sorted(PAGES.glob("*.py"))], ids=lambda path: path.stem)
def test_nothing_that_names_a_person_goes_into_the_address(path: Path) -> None:
    for widget, key in bound(path):
        assert widget not in TYPED, f"{path.name}: what is typed must not be in the address"
        assert key, f"{path.name}: a bound {widget} needs a key that stays"
        assert not any(word in key.strip("'\"").split("_") for word in PEOPLE), f"{path.name}: {key}"


@pytest.mark.parametrize("page", WITH_FILTERS)
def test_a_page_with_filters_keeps_them_in_the_address(page: str) -> None:
    path = PAGES / f"{page}.py"
    seen, left = {path}, [path]
    while left:
        for name in imports(left.pop()):
            if (module := UI / f"{name}.py") not in seen:
                seen.add(module)
                left.append(module)
    assert any(list(bound(module)) for module in seen)
