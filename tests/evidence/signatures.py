"""The list of every public function of the statistics with its signature, as ``docs/statistics.md`` holds it.

python -m tests.evidence.signatures        writes the list anew
"""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "statistics.md"
TITLE = "## Signatures\n"
INTRODUCTION = "Every public function by module, with the first sentence of what it says about itself.\n"


def public_functions(path: Path) -> list[ast.FunctionDef]:
    """Functions of a module that other modules may call."""
    body = ast.parse(path.read_text()).body
    return [node for node in body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]


def line(function: ast.FunctionDef) -> str:
    """One line of the list."""
    returns = f" -> {ast.unparse(function.returns)}" if function.returns else ""
    said = " ".join((ast.get_docstring(function) or "").split("\n\n")[0].split())
    sentence = said.split(". ")[0].rstrip(".")
    return f"- `{function.name}({ast.unparse(function.args)}){returns}`" + (f": {sentence}." if sentence else "")


def section() -> str:
    """The whole section, its title included."""
    parts = [
        f"### `{path.name}`\n" + "\n".join(map(line, functions)) + "\n"
        for path in sorted((ROOT / "reporting" / "evidence").glob("*.py"))
        if (functions := public_functions(path))
    ]
    return "\n".join([TITLE, INTRODUCTION, *parts])


def written() -> str:
    """The section as the document holds it; empty where it has none."""
    _, title, rest = DOCUMENT.read_text().partition("\n" + TITLE)
    return TITLE + rest if title else ""


def main() -> None:
    before = DOCUMENT.read_text().partition("\n" + TITLE)[0].rstrip("\n")
    DOCUMENT.write_text(f"{before}\n\n{section()}")


if __name__ == "__main__":
    main()
