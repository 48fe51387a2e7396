"""``python -m tools.safety_file``: write the generated pages of ``docs/safety``, or check them and every link."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.safety_file import hazards, vignettes


def pages() -> dict[Path, str]:
    """Every generated page and what should stand in it."""
    return {
        hazards.HAZARDS.with_name("hazard-log.md"): hazards.hazard_log(hazards.read_hazards()),
        vignettes.path(): vignettes.page(),
    }


def faults() -> list[str]:
    """Everything that is not as it should be, a line each."""
    found = hazards.faults()
    found += [
        f"{path.name} is not what `make safety-file` writes"
        for path, text in pages().items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    if vignettes.HASHES.read_text(encoding="utf-8") != vignettes.hashes():
        found.append("the vignettes were changed after they were run: `make safety-file`")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0: all is well; 1: faults, printed."""
    parser = argparse.ArgumentParser(prog="python -m tools.safety_file")
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.add_argument("--vignettes", action="store_true", help="run the vignettes first: minutes")
    parser.add_argument("--touched", nargs="+", metavar="FILE", help="print the hazards that rest on these files")
    given = parser.parse_args(arguments)
    if given.touched:
        print("\n".join(hazards.touched(given.touched)))
        return 0
    if given.vignettes:
        vignettes.run()
    if not given.check:
        for path, text in pages().items():
            path.write_text(text, encoding="utf-8")
    found = faults()
    print("\n".join(found) or f"{len(hazards.read_hazards())} hazards, every link found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
