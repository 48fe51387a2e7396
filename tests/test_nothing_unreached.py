"""No second statistics library: what ``reporting/evidence`` defines, the product or a tool uses."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EVIDENCE = ROOT / "reporting" / "evidence"
PACKAGE = "reporting.evidence"

Named = tuple[str, str]
"""A module of the statistics, and a name at its top level."""


def defined(module: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    """Functions, classes and constants at the top level of a module."""
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (
                (name.id, node) for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)
            )


def imported(module: ast.Module) -> tuple[dict[str, Named], dict[str, str]]:
    """What a module calls the names, and the modules, that it imports from the statistics."""
    names: dict[str, Named] = {}
    modules: dict[str, str] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and node.module == PACKAGE:
            modules |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{PACKAGE}."):
            of = str(node.module).rpartition(".")[2]
            names |= {alias.asname or alias.name: (of, alias.name) for alias in node.names}
    return names, modules


def used(part: ast.AST, names: dict[str, Named], modules: dict[str, str]) -> Iterator[Named]:
    """Names of the statistics that a part of a file speaks of."""
    for node in ast.walk(part):
        if isinstance(node, ast.Name) and node.id in names:
            yield names[node.id]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            yield modules[node.value.id], node.attr


def unreached(inside: dict[str, ast.Module], outside: list[ast.Module]) -> set[Named]:
    """Names of the modules `inside` that none of the modules `outside` reaches, even by way of others."""
    uses: dict[Named, set[Named]] = defaultdict(set)
    every: set[Named] = set()
    for of, module in inside.items():
        names, modules = imported(module)
        own = list(defined(module))
        names |= {name: (of, name) for name, _ in own}
        for name, node in own:
            every.add((of, name))
            uses[of, name] |= set(used(node, names, modules))
    waiting = [found for module in outside for found in used(module, *imported(module))]
    reached: set[Named] = set()
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += uses[name]
    return every - reached


def test_everything_in_the_statistics_is_used_by_the_product_or_a_tool() -> None:
    inside = {path.stem: ast.parse(path.read_text()) for path in EVIDENCE.glob("*.py") if path.stem != "__init__"}
    files = [path for folder in ("reporting", "tools") for path in (ROOT / folder).rglob("*.py")]
    outside = [ast.parse(path.read_text()) for path in files if EVIDENCE not in path.parents]
    assert not unreached(inside, outside)


def test_what_only_the_unused_uses_is_unused() -> None:
    inside = ast.parse(
        "LEAST = 1\ndef used(): return helper()\ndef helper(): return 1\n"
        "def unused(): return below()\ndef below(): return LEAST"
    )
    outside = ast.parse("from reporting.evidence.part import used as what\nfrom reporting import evidence\nwhat()")
    assert unreached({"part": inside}, [outside]) == {("part", name) for name in ("unused", "below", "LEAST")}
    by_module = ast.parse("from reporting.evidence import part\npart.unused()")
    assert unreached({"part": inside}, [outside, by_module]) == set()
