"""The house keeps its order: rooms by feature, one way down, no circles, each outside library in its own place."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

from reporting.shell.pages import ADDRESSES, Plain

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "reporting"

GROUND = {"settings", "clock", "errors"}
LEVELS = {
    "domain": 0,
    "security": 1,
    **dict.fromkeys(("evidence", "records", "notify"), 2),
    "shell": 3,
    "accounts": 4,
    **dict.fromkeys(("backup", "clinic", "treatments", "imports"), 5),
    "patient": 6,
    "cases": 7,
    "dashboards": 8,
    "signals": 9,
    **dict.fromkeys(("report", "messages"), 10),
    "demo": 11,
    "app": 12,
}
"""A room may import rooms of a lower level, and itself."""

FEATURES = {room for room, level in LEVELS.items() if 3 <= level <= 10}
ROLES = {
    "page": 2,
    "web": 2,
    "cli": 2,
    "ui": 1,
    "pdf": 1,
    "act": 0,
    "read": 0,
    "chart": 0,
    "file": 0,
    "kind": 0,
    "kinds": 0,
}
"""What a file of a feature is, by the first word of its name; what is lower never imports what is higher."""

RECORDS, DRAWN = {"records"}, {"page_", "ui_"}
LIBRARIES = {
    **dict.fromkeys(("sqlmodel", "sqlalchemy", "alembic", "psycopg"), ({"records"}, set[str]())),
    **dict.fromkeys(("adbc_driver_sqlite", "adbc_driver_postgresql"), ({"records"}, set[str]())),
    "streamlit": ({"app"}, {"page_", "ui_"}),
    "starlette": ({"app"}, {"web_"}),
    **dict.fromkeys(("altair", "vl_convert"), (set[str](), {"chart_"})),
    "fpdf": (set[str](), {"file_pdf"}),
    **dict.fromkeys(("cryptography", "argon2", "zxcvbn", "pyotp"), ({"security"}, set[str]())),
    "typer": (set[str](), {"cli"}),
}
"""Who may import a library: every file of these rooms, and files whose name begins so."""

MOST_LINES, MOST_FILES = 420, 29


@cache
def modules() -> dict[str, Path]:
    """Dotted name to file, migrations left out: they stay as they were written."""
    found = sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in found}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in modules() else node.module for name in names)


def ours(path: Path) -> set[str]:
    return {name for name in imported(path) if name in modules()}


def room(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


def role(name: str) -> str:
    return name.rpartition(".")[2].partition("_")[0]


def test_every_file_has_its_room_and_says_what_it_is() -> None:
    for name, path in modules().items():
        if name.count(".") < 2:
            continue
        assert room(name) in LEVELS, f"{name}: {room(name)} has no place in the house"
        if room(name) in FEATURES and path.name not in ("__init__.py", "pages.py"):
            assert role(name) in ROLES, f"{name}: a file of a feature is named by what it is: {sorted(ROLES)}"


def test_imports_go_down() -> None:
    wrong = [
        f"{name} -> {other}"
        for name, path in modules().items()
        for other in ours(path)
        if room(name) in LEVELS and room(other) in LEVELS
        if room(other) != room(name) and LEVELS[room(other)] >= LEVELS[room(name)]
    ]
    assert not wrong


def test_inside_a_room_nothing_imports_what_draws_it() -> None:
    wrong = [
        f"{name} -> {other}"
        for name, path in modules().items()
        for other in ours(path)
        if room(name) in FEATURES and room(other) == room(name) and "_" in name.rpartition(".")[2]
        if ROLES.get(role(other), 0) > ROLES.get(role(name), 0)
    ]
    assert not wrong


def test_there_are_no_circles() -> None:
    """Between files, not only rooms: TopologicalSorter raises CycleError and names it."""
    graph = {name: ours(path) - {name} for name, path in modules().items()}
    TopologicalSorter(graph).prepare()


def test_each_library_stays_in_its_place() -> None:
    wrong = []
    for name, path in modules().items():
        for library in {each.split(".")[0] for each in imported(path)} & LIBRARIES.keys():
            rooms, beginnings = LIBRARIES[library]
            if room(name) not in rooms and not path.name.startswith(tuple(beginnings)):
                wrong.append(f"{name} imports {library}")
    assert not wrong


def test_what_is_below_knows_nothing_of_us() -> None:
    for name, path in modules().items():
        if room(name) in ("domain", "evidence"):
            there = {room(other) for other in ours(path)} - GROUND - {room(name), "domain"}
            assert not there, f"{name} reaches {sorted(there)}"


def test_pages_hold_no_session_of_the_database() -> None:
    for name, path in modules().items():
        if role(name) in ("page", "ui", "chart"):
            engine = {other for other in ours(path) if other == "reporting.records.engine"}
            assert not engine, f"{name} opens the database"


def test_files_and_rooms_can_be_taken_in() -> None:
    for name, path in modules().items():
        assert len(path.read_text().splitlines()) <= MOST_LINES, f"{name} is more than one thing"
    for folder in {path.parent for path in modules().values()} - {PACKAGE}:
        files = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
        assert len(files) <= MOST_FILES, f"{folder.name} holds {len(files)} files"


def test_a_session_is_named() -> None:
    """By its type, as ``records`` exports it; security knows no more of it than it asks."""
    wrong = [
        f"{name}: {node.arg}: {ast.unparse(node.annotation)}"
        for name, path in modules().items()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.arg) and node.arg.strip("_") == "session" and node.annotation
        if room(name) != "records" and ast.unparse(node.annotation) in ("Any", "object")
    ]
    assert not wrong


def test_a_missing_id_is_nobodys() -> None:
    """``records.tables.id_of`` raises; only a person who acts may have none (``Actor.key``)."""
    wrong = [
        f"{name}: {ast.unparse(node)}"
        for name, path in modules().items()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.BoolOp) and ast.unparse(node).endswith(".id or 0")
        if name != "reporting.domain.actors"
    ]
    assert not wrong


def test_addresses_stand_once() -> None:
    """Where the plain pages are is said in ``shell.pages``, and of what a template says each is one of them."""
    known = set(Plain)
    written = re.compile("|".join(f"{address.rstrip('/')}(?=[/?'\"]|$)" for address in known))
    wrong = [
        f"{name}: {node.value}"
        for name, path in modules().items()
        if name != "reporting.shell.pages"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and written.match(node.value)
    ]
    assert not wrong
    led = {
        found
        for path in (PACKAGE / "shell/templates").glob("*.html")
        for found in re.findall(r"""(?:href|action|value)="(?:{{ tab\(")?(/[a-z-]+(?:/[a-z-]+)?)""", path.read_text())
    }
    assert len(led) > 5
    assert led <= known | {f"/{address}" for address in ADDRESSES} | {"/plain.css"}


def test_the_formatter_is_on() -> None:
    switched = [path.name for path in modules().values() if "# fmt:" in path.read_text()]
    assert not switched


def test_the_entry_is_short() -> None:
    assert len((ROOT / "app.py").read_text().splitlines()) < 30
