"""The house keeps its order: one way down, no circles, each outside library in its own room."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "reporting"

LEVELS = {
    "domain": 0,
    "storage": 1, "security": 1, "notify": 1,
    "evidence": 2, "charts": 3, "exchange": 3, "actions": 3, "queries": 3, "simulation": 4,
    "demo": 4, "reports": 4, "ui": 5, "pages": 6, "web": 7, "cli": 7,
}  # fmt: skip
"""A part may import parts of a lower level, and itself."""

BESIDE = {("charts", "queries"), ("actions", "exchange"), ("simulation", "evidence")}
"""The pairs on one level that may: a chart draws a query's result, an import action reads rows."""

EVERYBODY = {"settings", "clock", "errors"}

ROOMS = {
    "sqlmodel": {"storage"}, "sqlalchemy": {"storage"}, "alembic": {"storage"}, "psycopg": {"storage"},
    "adbc_driver_sqlite": {"storage"}, "adbc_driver_postgresql": {"storage"},
    "streamlit": {"pages", "ui"}, "starlette": {"web"}, "altair": {"charts"}, "vl_convert": {"charts"},
    "fpdf": {"exchange"},
    "cryptography": {"security"}, "argon2": {"security"}, "typer": {"cli"},
}  # fmt: skip

STATISTICS_KNOW_NOTHING_OF = {
    "storage",
    "queries",
    "actions",
    "ui",
    "pages",
    "web",
    "security",
    "notify",
    "charts",
}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def ours(path: Path) -> set[str]:
    """Parts of our own package that a file imports, itself left out."""
    named = {name.split(".")[1] for name in imports_of(path) if name.startswith("reporting.")}
    return named - {part_of(path)} - EVERYBODY


def allowed(here: str, there: str) -> bool:
    return LEVELS[there] < LEVELS[here] or (here, there) in BESIDE


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down(path: Path) -> None:
    here = part_of(path)
    if here in EVERYBODY | {"__init__", "__main__"}:
        return
    assert here in LEVELS, f"{here} has no place in the house"
    upward = {there for there in ours(path) & LEVELS.keys() if not allowed(here, there)}
    assert not upward, f"{path.relative_to(ROOT)} reaches up or sideways to {sorted(upward)}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_each_library_stays_in_its_room(path: Path) -> None:
    used = {name.split(".")[0] for name in imports_of(path)} & ROOMS.keys()
    strangers = {library for library in used if part_of(path) not in ROOMS[library]}
    assert not strangers, f"{path.relative_to(ROOT)} imports {sorted(strangers)}"


def test_there_are_no_circles_between_parts() -> None:
    graph: dict[str, set[str]] = {}
    for path in modules():
        graph.setdefault(part_of(path), set()).update(ours(path) & LEVELS.keys())
    TopologicalSorter(graph).prepare()


def test_the_statistics_know_no_database_and_no_page() -> None:
    for path in (PACKAGE / "evidence").rglob("*.py"):
        assert not ours(path) & STATISTICS_KNOW_NOTHING_OF, path


def test_the_domain_imports_nothing_of_ours() -> None:
    for path in (PACKAGE / "domain").rglob("*.py"):
        assert not ours(path) & LEVELS.keys(), path


def test_pages_are_thin() -> None:
    for path in (PACKAGE / "pages").glob("*.py"):
        assert len(path.read_text().splitlines()) <= 100, f"{path.name} is more than a page"
        assert not {"storage"} & ours(path), f"{path.name} reaches into storage"


def test_the_entry_is_short() -> None:
    assert len((ROOT / "app.py").read_text().splitlines()) < 30
