"""Filters live in the address so that a colleague gets the same view; nothing that names a person ever does."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from reporting.settings import ROOT
from reporting.shell.pages import page_at

PACKAGE = ROOT / "reporting"
DRAWN = sorted(path for kind in ("ui", "page") for path in PACKAGE.glob(f"*/{kind}_*.py"))
WITH_FILTERS = ("overview", "settings", "units", "quality")
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


def drawing(path: Path) -> set[Path]:
    """The modules with widgets that a module uses."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("reporting."):
            names = [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
            found |= {ROOT / f"{name.replace('.', '/')}.py" for name in names}
    return found & set(DRAWN)


def test_nothing_that_names_a_person_goes_into_the_address() -> None:
    for path in DRAWN:
        for widget, key in bound(path):
            assert widget not in TYPED, f"{path.name}: what is typed must not be in the address"
            assert key, f"{path.name}: a bound {widget} needs a key that stays"
            assert not any(word in key.strip("'\"").split("_") for word in PEOPLE), f"{path.name}: {key}"


@pytest.mark.parametrize("address", WITH_FILTERS)
def test_a_page_with_filters_keeps_them_in_the_address(address: str) -> None:
    path = page_at(address).path
    seen, left = {path}, [path]
    while left:
        for module in drawing(left.pop()) - seen:
            seen.add(module)
            left.append(module)
    assert any(list(bound(module)) for module in seen)
