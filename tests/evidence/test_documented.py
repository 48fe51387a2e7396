"""Every public function of the statistics is documented with the signature that it has."""

import importlib
import inspect

import pytest

from tests.evidence import signatures

MODULES = sorted((signatures.ROOT / "reporting" / "evidence").glob("*.py"))


def test_the_document_lists_every_public_function_as_it_is() -> None:
    missing = set(signatures.section().splitlines()) ^ set(signatures.written().splitlines())
    assert not missing, f"run python -m tests.evidence.signatures: {sorted(missing)[:5]}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_every_module_says_what_it_is_and_can_be_imported(path: object) -> None:
    module = importlib.import_module(f"reporting.evidence.{path.stem}")  # type: ignore[attr-defined]
    assert (module.__doc__ or "").strip()
    for function in signatures.public_functions(path):  # type: ignore[arg-type]
        assert inspect.isfunction(getattr(module, function.name))
