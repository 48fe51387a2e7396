"""Stops the clock of the application in every interpreter that starts with this folder in ``PYTHONPATH``.

The moment is what ``STOPPED_AT`` says (ISO 8601 with its offset from UTC). The application itself knows nothing of it.
"""

import os
import sys
from collections.abc import Sequence
from datetime import datetime
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

SOURCE = "_source"
"""Name in the application's clock of the function that says what time it is."""


class Stopped(PathFinder):
    """Finds the clock as everybody does, and stops it once it is loaded."""

    @classmethod
    def find_spec(
        cls, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not (fullname.startswith("reporting.") and fullname.endswith("clock")):
            return None
        spec = super().find_spec(fullname, path, target)
        if spec is None or spec.loader is None:
            return spec
        run = spec.loader.exec_module

        def run_and_stop(module: ModuleType) -> None:
            run(module)
            moment = datetime.fromisoformat(os.environ["STOPPED_AT"])
            if hasattr(module, SOURCE):
                setattr(module, SOURCE, lambda: moment)

        spec.loader.exec_module = run_and_stop  # type: ignore[method-assign]
        return spec


if os.environ.get("STOPPED_AT"):
    sys.meta_path.insert(0, Stopped)
